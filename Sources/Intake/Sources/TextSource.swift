// Texts (SMS) that a provider hands over by calling us. What came is an observation as it came; here it is read.

internal import Foundation
package import Outreach
internal import Platform

/// The source of incoming texts. It is pushed to, and its texts are judged by the daemon, since what they mean depends on
/// what was sent before.
package struct TextSource: ObservationSource {
    package static let sourceName = "sms"
    package var name: String { Self.sourceName }

    package init() {}

    package func poll(from cursor: String?, now: Moment) async throws -> SourcePage { SourcePage([], cursor: nil) }

    package func judge(_ observation: RawObservation) throws(SourceFailure) -> [JudgedEvent] { [] }
}

/// How the body of a hook is written, which is the kind of its observation.
package enum TextHookFormat: String, Sendable {
    /// Twilio's form.
    case twilio = "sms.twilio"
    /// Our own JSON, for gateways (docs/sms.md).
    case gateway = "sms.gateway"
}

extension IncomingText {
    /// Reads the body of a hook. Throws what is missing, without personal data.
    package init(_ bytes: [UInt8], _ format: TextHookFormat, receivedAt: Moment) throws(SourceFailure) {
        switch format {
        case .twilio:
            guard let form = FormFields(bytes) else { throw SourceFailure("its body is no form") }
            guard let id = form["MessageSid"] ?? form["SmsSid"], !id.isEmpty, id.utf8.count <= 100 else {
                throw SourceFailure("it has no 'MessageSid'")
            }
            guard let from = form["From"], let text = form["Body"] else {
                throw SourceFailure("it has no 'From' or no 'Body'")
            }
            self.init(
                from: PhoneNumber(from), to: form["To"] ?? "", text: text, receivedAt: receivedAt, providerID: id)
            media = max(0, min(10, form["NumMedia"].flatMap { Int($0) } ?? 0))
            isAnswered = form["OptOutType"].map { !$0.isEmpty } ?? false
        case .gateway:
            struct Body: Decodable {
                var id: String
                var from: String
                var to: String?
                var text: String
            }
            guard let body = try? JSONDecoder().decode(Body.self, from: Data(bytes)) else {
                throw SourceFailure("its body is not JSON with 'id', 'from' and 'text'")
            }
            guard !body.id.isEmpty, body.id.utf8.count <= 100 else {
                throw SourceFailure("its 'id' is empty or too long")
            }
            self.init(
                from: PhoneNumber(body.from), to: body.to ?? "", text: body.text, receivedAt: receivedAt,
                providerID: body.id)
        }
    }

    /// Reads an observation of `TextSource`.
    package init(_ observation: RawObservation) throws(SourceFailure) {
        guard let format = TextHookFormat(rawValue: observation.kind) else {
            throw SourceFailure("'\(observation.kind)' is no kind of text")
        }
        try self.init(observation.bytes, format, receivedAt: observation.receivedAt)
    }
}
