internal import Platform

/// What a mail shows to its reader: its text, and the files beside it.
struct MailBody: Hashable, Sendable {
    /// As it was written, quotes and all; lines end in line feeds.
    var text = ""
    /// What the markup of an HTML text calls quotes and signatures, over the text.
    var marks: [MailCut] = []
    var files: [MailFile] = []
    /// The parts that the files are.
    var parts: [MailPart] = []
    /// Whether the text is packed in a `winmail.dat` (TNEF), which only Outlook opens.
    var isInTNEF = false
    /// The method of a calendar part: `reply`, `request`.
    var calendarMethod: String?

    init(_ mail: MailPart, limits: MailLimits) {
        take(mail, limits: limits)
        text = text.trimmedEnd
    }

    private mutating func take(_ part: MailPart, limits: MailLimits) {
        switch part.type {
        case "multipart/alternative":
            takeBest(of: part.children, limits: limits)
            return
        case _ where part.type.hasPrefix("multipart/"):
            for child in part.children { take(child, limits: limits) }
            return
        case "text/calendar":
            calendarMethod = calendarMethod ?? part.parameters["method"]?.lowercased() ?? ""
        case "application/ms-tnef", "application/vnd.ms-tnef":
            isInTNEF = true
        case "message/delivery-status", "message/global-delivery-status", "message/feedback-report",
            "message/disposition-notification", "text/rfc822-headers", "message/rfc822-headers":
            return
        case "text/plain", "text/html", "text/enriched":
            guard part.isAttachment || part.fileName != nil && !text.isEmpty else {
                append(part, limits: limits)
                return
            }
        default:
            // An unknown kind of text is text (RFC 2046, 4.1.4).
            if part.type.hasPrefix("text/"), !part.isAttachment, part.fileName == nil {
                append(part, limits: limits)
                return
            }
        }
        addFile(part)
    }

    private mutating func addFile(_ part: MailPart) {
        let name = MailFile.cleaned(part.fileName ?? (part.isMessage ? "message.eml" : ""))
        if name.lowercased() == "winmail.dat" { isInTNEF = true }
        guard files.count < 100 else { return }
        parts.append(part)
        files.append(
            MailFile(
                name: name.isEmpty ? "file \(files.count + 1)" : name, type: MailFile.cleanedType(part.type),
                size: part.decodedSize,
                isInline: !part.isAttachment && part.fields.has("content-id")))
    }

    /// The plain one of several forms of the same text, unless it has no words of its own.
    private mutating func takeBest(of parts: [MailPart], limits: MailLimits) {
        func has(_ type: String, _ part: MailPart) -> Bool {
            var found = false
            part.walk { found = found || $0.type == type && !$0.isAttachment }
            return found
        }
        let plain = parts.first { has("text/plain", $0) }
        let rich = parts.first { has("text/html", $0) && $0 != plain }
        let other = parts.filter { $0 != plain && $0 != rich }
        guard let plain else {
            if let rich { take(rich, limits: limits) }
            for part in other { take(part, limits: limits) }
            return
        }
        var withPlain = self
        withPlain.take(plain, limits: limits)
        let words = withPlain.text.dropFirst(text.count).trimmed
        let isStub = words.isEmpty || words.count < 200 && words.lowercased().contains("html") && rich != nil
        if isStub, let rich {
            take(rich, limits: limits)
        } else {
            self = withPlain
            // Pictures and files may hang on the other form alone.
            rich?.walk { if !$0.type.hasPrefix("multipart/"), $0 != rich, $0.type != "text/html" { addFile($0) } }
        }
        for part in other { take(part, limits: limits) }
    }

    private mutating func append(_ part: MailPart, limits: MailLimits) {
        guard text.utf8.count < 2 * limits.textBytes else { return }
        let source = MailCharset.text(part.decoded(limit: limits.textBytes), label: part.parameters["charset"])
        let looksLikeHTML = part.type == "text/html" || part.type == "text/plain" && Self.isHTML(source)
        var addition: String
        if looksLikeHTML {
            let words = HTMLWords(source)
            let offset = text.isEmpty ? 0 : text.unicodeScalars.count + 1
            marks += words.marks.map { MailCut(start: $0.start + offset, end: $0.end + offset, why: $0.why) }
            addition = words.text
        } else if part.parameters["format"]?.lowercased() == "flowed" {
            addition = FlowedText.unfolded(source, joinsWithoutSpace: part.parameters["delsp"]?.lowercased() == "yes")
        } else {
            addition = source
        }
        while addition.hasSuffix("\n") { addition.removeLast() }
        guard !addition.isEmpty else { return }
        text += text.isEmpty ? addition : "\n" + addition
    }

    private static func isHTML(_ text: String) -> Bool {
        let start = text.prefix(200).trimmed.lowercased()
        return start.hasPrefix("<!doctype html") || start.hasPrefix("<html")
    }
}

/// A file that came with a mail.
package struct MailFile: Hashable, Sendable {
    /// Without folders, controls and letters that turn the reading direction.
    package var name: String
    package var type: String
    /// In bytes, once decoded; of large ones nearly.
    package var size: Int
    /// Whether it belongs into the text, as a picture in a signature does.
    package var isInline: Bool

    /// A type as a stranger gave it; that of arbitrary bytes where it is none.
    package static func cleanedType(_ type: String) -> String {
        let bare = type.prefix { $0 != ";" }.lowercased().trimmed
        let parts = bare.split(separator: "/", omittingEmptySubsequences: false)
        let isType =
            parts.count == 2 && bare.utf8.count <= 100
            && parts.allSatisfy { part in
                !part.isEmpty
                    && part.utf8.allSatisfy {
                        (0x61...0x7A).contains($0) || (0x30...0x39).contains($0) || "+-._".utf8.contains($0)
                    }
            }
        return isType ? bare : "application/octet-stream"
    }

    /// A name as a stranger gave it, made harmless: the last part of a path, at most 120 letters, its ending kept.
    package static func cleaned(_ name: String) -> String {
        let last = name.onOneLine.split { $0 == "/" || $0 == "\\" || $0 == "\0" }.last.map(String.init) ?? ""
        var bare = last.filter { !"<>:\"|?*".contains($0) }.trimmed
        while bare.hasPrefix(".") || bare.hasPrefix("-") { bare.removeFirst() }
        guard bare.count > 120 else { return bare }
        let ending = bare.lastIndex(of: ".").map { bare[$0...] } ?? ""
        return String(bare.prefix(120 - min(ending.count, 12))) + (ending.count <= 12 ? String(ending) : "")
    }
}

/// `format=flowed` (RFC 3676): lines that end in a space go on in the next.
enum FlowedText {
    static func unfolded(_ text: String, joinsWithoutSpace: Bool) -> String {
        var out: [String] = []
        var depthOfRun: Int?
        var run = ""
        for line in text.split(separator: "\n", omittingEmptySubsequences: false) {
            let depth = line.prefix { $0 == ">" }.count
            var words = line.dropFirst(depth)
            if words.first == " " { words = words.dropFirst() }  // stuffed, so that it begins with no `>`
            let isSignature = words == "-- "
            if let open = depthOfRun, open != depth || isSignature {
                out.append(shown(open, run))
                run = ""
                depthOfRun = nil
            }
            let goesOn = words.hasSuffix(" ") && !isSignature
            if goesOn, joinsWithoutSpace { words = words.dropLast() }
            run += words
            depthOfRun = depth
            if !goesOn {
                out.append(shown(depth, run))
                run = ""
                depthOfRun = nil
            }
        }
        if let open = depthOfRun { out.append(shown(open, run)) }
        return out.joined(separator: "\n")
    }

    private static func shown(_ depth: Int, _ words: String) -> String {
        depth == 0 ? words : String(repeating: ">", count: min(depth, 20)) + " " + words
    }
}

extension String {
    /// Without line ends and white space at its end.
    var trimmedEnd: String {
        var scalars = Substring(self).unicodeScalars
        while let last = scalars.last, last.properties.isWhitespace { scalars.removeLast() }
        return String(Substring(scalars))
    }
}
