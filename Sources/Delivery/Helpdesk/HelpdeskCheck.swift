internal import Foundation
package import Platform

/// Asks a helpdesk who we are, which changes nothing: for `doctor`.
package enum HelpdeskCheck {
    package enum Answer: Hashable, Sendable {
        /// It lets us in as that person, by role: `admin`, `agent`; nil where it names none.
        case welcome(role: String?)
        /// What is wrong, in words without a secret.
        case other(String)
    }

    /// A hook is not called.
    package static func ask(_ settings: HelpdeskSettings, over transport: any HTTPTransport) async -> Answer? {
        struct Person: Decodable { var role: String? }
        struct Me: Decodable { var user: Person }
        let path: String
        switch settings.kind {
        case .zendesk: path = "/api/v2/users/me"
        case .gorgias: path = "/api/account"
        case .hook: return nil
        }
        let name = settings.kind.title
        do {
            let response = try await settings.service(over: transport).send(.get, path)
            guard response.status == 200 else {
                return .other("\(name) does not accept our login (HTTP \(response.status))")
            }
            guard settings.kind == .zendesk else { return .welcome(role: nil) }
            let role = (try? JSONDecoder().decode(Me.self, from: Data(response.body)))?.user.role
            // A wrong login to an open account is an anonymous visitor's.
            guard let role, role != "end-user" else {
                return .other("Zendesk takes our login for no agent's; it cannot write tickets")
            }
            return .welcome(role: role)
        } catch {
            return .other("\(name) could not be reached: \(error.kind.rawValue)")
        }
    }
}
