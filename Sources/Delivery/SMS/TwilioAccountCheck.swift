internal import Foundation
package import Platform

/// Asks Twilio for the account itself, which sends nothing: for `doctor`.
package enum TwilioAccountCheck {
    /// What it said.
    package enum Answer: Hashable, Sendable {
        case active
        /// What is wrong, in words without a secret.
        case other(String)
    }

    package static func ask(_ account: TwilioAccount, over transport: any HTTPTransport) async -> Answer {
        struct Answered: Decodable { var status: String? }
        let login = Data("\(account.sid):\(account.token.reveal())".utf8).base64EncodedString()
        let request = HTTPRequest(
            .get, "\(account.endpoint)/2010-04-01/Accounts/\(account.sid).json",
            headers: [HTTPField("Authorization", "Basic \(login)"), HTTPField("Accept", "application/json")],
            timeout: TwilioChannel.timeout)
        do {
            let response = try await transport.send(request)
            guard response.status == 200 else {
                return .other("Twilio does not accept our login (HTTP \(response.status))")
            }
            let status = (try? JSONDecoder().decode(Answered.self, from: Data(response.body)))?.status
            return status == "active" ? .active : .other("Twilio says that the account is '\(status ?? "unknown")'")
        } catch {
            return .other("Twilio could not be reached: \(error.kind.rawValue)")
        }
    }
}
