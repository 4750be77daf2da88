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
