import Delivery
import Foundation
package import Outreach

extension Message {
    /// A mail's bytes, or a webhook's body.
    package var bytes: [UInt8] {
        switch content {
        case .mail(let mail): mail.bytes
        case .webhook(let webhook): webhook.body
        }
    }

    /// The HTML of a mail; nil for a webhook.
    package var html: [UInt8]? {
        guard case .mail(let mail) = content, let opened = OpenedMail(mail.bytes), !opened.html.isEmpty else {
            return nil
        }
        return Array(opened.html.utf8)
    }
}

/// JSON for people.
package enum JSONText {
    /// The same, one key a line; as it is where it is no JSON.
    package static func pretty(_ body: [UInt8]) -> [UInt8] {
        guard let value = try? JSONSerialization.jsonObject(with: Data(body)),
            let data = try? JSONSerialization.data(
                withJSONObject: value, options: [.prettyPrinted, .sortedKeys, .withoutEscapingSlashes])
        else { return body }
        return Array(data)
    }
}
