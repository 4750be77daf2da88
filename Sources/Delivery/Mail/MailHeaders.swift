internal import Outreach
internal import Platform

/// Why a mail cannot be composed. The template or the configuration is at fault, and trying again changes nothing. Says
/// what is wrong, and never contains an address or a value.
public enum MailFault: Error, Hashable, Sendable, CustomStringConvertible {
    /// A header's name is invalid (RFC 5322, 2.2), or is one that the composer writes itself.
    case headerName(String)
    /// A header's value contains a newline or another control character.
    case headerValue(String)
    /// `Message-ID`, or one of `References`, is not `something@domain` of plain letters.
    case messageID
    /// The envelope sender is neither empty nor an address.
    case sender
    /// A text without spaces is longer than a line may be (998 bytes; RFC 5322, 2.1.1).
    case lineTooLong
    /// More bytes than relays accept.
    case tooLarge(limit: Int)

    /// One sentence for people.
    public var description: String {
        switch self {
        case .headerName(let name):
            "'\(name)' cannot be used as a custom header; choose a name that begins with X-"
        case .headerValue(let name): "the header '\(name)' contains a line break or a control character"
        case .messageID: "a Message-ID must look like id@domain, in plain letters"
        case .sender: "the envelope sender must be empty or an e-mail address"
        case .lineTooLong: "a header has a word longer than a line of mail may be (998 bytes)"
        case .tooLarge(let limit): "the mail is larger than \(limit / 1_000_000) MB; send the file as a link"
        }
    }
}

/// The rules for a mail's headers.
enum MailHeaders {
    /// Headers that the composer writes itself; a second one would make the mail ambiguous.
    private static let own: Set<String> = [
        "from", "to", "cc", "bcc", "sender", "reply-to", "subject", "date", "message-id", "in-reply-to", "references",
        "mime-version", "auto-submitted", "x-auto-response-suppress", "return-path", "received", "dkim-signature",
    ]

    /// Checks the headers in addition to those that every mail has, and adds `List-Unsubscribe-Post` (RFC 8058, 3.1) if
    /// `List-Unsubscribe` contains an https URL that a mail program can post to.
    static func checked(_ headers: [MailDraft.Header]) throws(MailFault) -> [MailDraft.Header] {
        var seen: Set<String> = []
        for header in headers {
            let name = header.name.lowercased()
            let isName =
                (1...60).contains(name.utf8.count)
                && header.name.utf8.allSatisfy { (0x21...0x7E).contains($0) && $0 != UInt8(ascii: ":") }
            let shown = isName ? header.name : String(header.name.onOneLine.prefix(60))
            guard isName, !own.contains(name), !name.hasPrefix("content-"), !name.hasPrefix("resent-"),
                seen.insert(name).inserted
            else { throw .headerName(shown) }
            let isClean = header.value.unicodeScalars.allSatisfy {
                $0.properties.generalCategory != .control && $0.value != 0x2028 && $0.value != 0x2029
            }
            guard isClean else { throw .headerValue(shown) }
            guard header.value.split(separator: " ").allSatisfy({ $0.utf8.count <= 900 }) else { throw .lineTooLong }
        }
        let unsubscribe = headers.first { $0.name.lowercased() == "list-unsubscribe" }
        guard let unsubscribe, unsubscribe.value.contains("<https://"), !seen.contains("list-unsubscribe-post") else {
            return headers
        }
        return headers + [MailDraft.Header("List-Unsubscribe-Post", "List-Unsubscribe=One-Click")]
    }

    /// The web page in `List-Unsubscribe`, otherwise its mail address.
    static func unsubscribe(in headers: [MailDraft.Header]) -> LinkTarget? {
        guard let value = headers.first(where: { $0.name.lowercased() == "list-unsubscribe" })?.value else {
            return nil
        }
        let targets = value.split(separator: ",").compactMap { part in
            LinkTarget(String(part.drop { $0 == " " || $0 == "<" }.prefix { $0 != ">" }))
        }
        return targets.first(where: \.isWeb) ?? targets.first
    }

    /// Whether a text is a `msg-id` without its angle brackets (RFC 5322, 3.6.4, in its plain form).
    static func isMessageID(_ id: String) -> Bool {
        let parts = id.utf8.split(separator: UInt8(ascii: "@"), omittingEmptySubsequences: false)
        return id.utf8.count <= 250 && parts.count == 2 && parts.allSatisfy { !$0.isEmpty }
            && id.utf8.allSatisfy { (0x21...0x7E).contains($0) && !"<>()[]\\,;:\"".utf8.contains($0) }
    }

    /// `Sat, 21 Nov 2026 03:53:54 +0000` (RFC 5322, 3.3).
    static func date(_ moment: Moment, in zone: Zone) -> String {
        let offset = zone.offset(at: moment)
        let day = zone.day(at: moment)
        let clock = zone.secondOfDay(at: moment)
        let (year, month, number) = day.components
        func two(_ number: Int) -> String { number < 10 ? "0\(number)" : "\(number)" }
        let weekdays = ["Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun"]
        let months = ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"]
        let minutes = abs(offset) / 60
        return "\(weekdays[day.weekday - 1]), \(number) \(months[month - 1]) \(year) "
            + "\(two(clock / 3600)):\(two(clock / 60 % 60)):\(two(clock % 60)) "
            + "\(offset < 0 ? "-" : "+")\(two(minutes / 60))\(two(minutes % 60))"
    }

    /// A subject on one line, cut off where nobody would read on.
    static func subject(_ text: String) -> String {
        let line = text.onOneLine
        return line.count <= 300 ? line : String(line.prefix(299)) + "…"
    }

    /// A name under which a file can be saved on any system.
    static func fileName(_ text: String) -> String {
        let kept = text.onOneLine.map { "/\\:*?\"<>|".contains($0) ? "_" : $0 }
        let name = String(String(kept.drop { $0 == "." }).prefix(120))
        return name.isEmpty ? "attachment" : name
    }

    /// A type and subtype (RFC 2045, 5.1), or that of arbitrary bytes.
    static func mediaType(_ text: String) -> (type: String, subtype: String) {
        let parts = text.split(separator: "/", omittingEmptySubsequences: false)
        let isToken: (Substring) -> Bool = { part in
            (1...60).contains(part.utf8.count)
                && part.utf8.allSatisfy {
                    (0x61...0x7A).contains($0 | 0x20) || (0x30...0x39).contains($0) || "+-.".utf8.contains($0)
                }
        }
        guard parts.count == 2, parts.allSatisfy(isToken), parts[0] != "multipart", parts[0] != "message" else {
            return ("application", "octet-stream")
        }
        return (String(parts[0]), String(parts[1]))
    }
}
