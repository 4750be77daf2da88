import Delivery
import Foundation
package import Outreach

/// A mail's parts, in the form that a page shows.
package struct MailShown: Encodable, Sendable {
    package struct Attachment: Encodable, Sendable {
        package var name: String
        package var type: String
        package var kilobytes: Int
    }

    package var from: String
    package var to: String
    package var subject: String
    package var text: String
    package var hasHTML: Bool
    package var attachments: [Attachment]

    /// Opens a mail; nil for a webhook, or bytes that are not a mail.
    package init?(_ message: Message) {
        guard message.kind == .email, let mail = OpenedMail(message.bytes) else { return nil }
        from = mail.from
        to = mail.to
        subject = mail.subject
        text = mail.text
        hasHTML = !mail.html.isEmpty
        attachments = mail.attachments.map {
            Attachment(name: $0.name, type: $0.type, kilobytes: ($0.bytes.count + 1023) / 1024)
        }
    }

    /// The HTML as a mail program shows it in dark or light mode, whatever the reader's own browser prefers.
    package static func asShown(_ html: String, dark: Bool) -> String {
        html.replacing(/(?i)\(\s*prefers-color-scheme\s*:\s*(dark|light)\s*\)/) { match in
            (match.1.lowercased() == "dark") == dark ? "(min-width: 0px)" : "(max-width: 0px)"
        }
    }

    /// The HTML without image URLs, so that a browser does not try to load them. This only keeps its console quiet:
    /// what actually prevents requests is the page's policy.
    package static func withoutCalls(_ html: String) -> String {
        html.replacing(/(?i)(<(?:img|source|video|audio|input|embed)\b[^>]*?\s)(src|srcset|poster)=/) {
            "\($0.1)data-\($0.2)="
        }.replacing(/(?i)<link\b[^>]*>/, with: "").replacing(/(?i)(\sbackground)=/) { "\($0.1)-of=" }
    }
}
