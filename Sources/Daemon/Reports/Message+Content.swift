import Delivery
import Foundation
package import Outreach

extension Message {
    /// The HTML of a mail; nil for a webhook.
    package var html: [UInt8]? {
        guard kind == .email, let opened = OpenedMail(bytes), !opened.html.isEmpty else {
            return nil
        }
        return Array(opened.html.utf8)
    }
}

extension Message {
    /// What a mail says as plain text, without its foot; nil for a webhook, or one that says nothing.
    package var words: String? {
        guard kind == .email, let text = OpenedMail(bytes)?.text, !text.isEmpty else { return nil }
        // "-- " begins a signature (RFC 3676, 4.3).
        let body = text.split(separator: "\n-- \n", maxSplits: 1, omittingEmptySubsequences: false)[0]
        return body.trimmingCharacters(in: .whitespacesAndNewlines)
    }
}

/// JSON for people.
package enum JSONText {
    /// The same with indentation; unchanged if it is not JSON.
    package static func pretty(_ body: [UInt8]) -> [UInt8] {
        guard let value = try? JSONSerialization.jsonObject(with: Data(body)),
            let data = try? JSONSerialization.data(
                withJSONObject: value, options: [.prettyPrinted, .sortedKeys, .withoutEscapingSlashes])
        else { return body }
        return Array(data)
    }
}
