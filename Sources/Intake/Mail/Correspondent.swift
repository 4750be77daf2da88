internal import Platform

/// One mailbox of a header field: `"Ada" <ada@shopper.example>`.
package struct Correspondent: Hashable, Sendable {
    /// As people see it, on one line; empty where there is none.
    package var name: String
    /// As it was written, without brackets.
    package var address: String

    package init(name: String = "", address: String) {
        self.name = name
        self.address = address
    }

    /// What stands after the last `@`, in lower case.
    package var domain: String {
        address.lastIndex(of: "@").map { address[address.index(after: $0)...].lowercased() } ?? ""
    }

    /// What stands before the last `@`, in lower case.
    package var local: String {
        address.lastIndex(of: "@").map { address[..<$0].lowercased() } ?? address.lowercased()
    }

    /// How addresses are compared.
    package var key: String { address.lowercased() }
}

/// Reads lists of mailboxes (RFC 5322, 3.4) as they come: with groups, comments, quotes that do not close. Names are
/// decoded only after the list was read, so that nothing encoded in a name becomes an address.
enum AddressList {
    /// The mailboxes of a field, no more than so many.
    static func read(_ field: [UInt8], limit: Int = 100) -> [Correspondent] {
        var found: [Correspondent] = []
        var phrase: [UInt8] = []
        var comment: [UInt8] = []
        var angle: [UInt8]?
        var isQuoted = false
        var commentDepth = 0
        var index = 0
        func end() {
            defer {
                phrase = []
                comment = []
                angle = nil
            }
            if let angle {
                let address = String(decoding: angle, as: UTF8.self).filter { !$0.isWhitespace }
                // A route before the address (RFC 5322, 4.4).
                let bare = address.hasPrefix("@") ? address.split(separator: ":").last.map(String.init) ?? "" : address
                found.append(Correspondent(name: name(phrase), address: bare))
            } else {
                let text = String(decoding: phrase, as: UTF8.self).trimmed
                guard !text.isEmpty else { return }
                let words = text.split { $0.isWhitespace }
                if let address = words.first(where: { $0.contains("@") }) {
                    found.append(Correspondent(name: name(comment), address: String(address)))
                } else {
                    // No address at all, which a bounce may be from: `MAILER-DAEMON`.
                    found.append(Correspondent(name: words.count > 1 ? name(phrase) : "", address: String(words[0])))
                }
            }
        }
        while index < field.count, found.count < limit {
            let byte = field[index]
            index += 1
            if isQuoted {
                if byte == UInt8(ascii: "\\"), index < field.count {
                    phrase.append(field[index])
                    index += 1
                } else if byte == UInt8(ascii: "\"") {
                    isQuoted = false
                } else {
                    phrase.append(byte)
                }
                continue
            }
            if commentDepth > 0 {
                if byte == UInt8(ascii: "(") { commentDepth += 1 }
                if byte == UInt8(ascii: ")") { commentDepth -= 1 }
                if commentDepth > 0 { comment.append(byte) }
                continue
            }
            if angle != nil {
                if byte == UInt8(ascii: ">") {
                    // What follows belongs to no name; a comma ends the mailbox.
                    while index < field.count, field[index] != UInt8(ascii: ","), field[index] != UInt8(ascii: ";"),
                        field[index] != UInt8(ascii: "<")
                    {
                        index += 1
                    }
                    end()
                    if index < field.count, field[index] != UInt8(ascii: "<") { index += 1 }
                } else {
                    angle?.append(byte)
                }
                continue
            }
            switch byte {
            case UInt8(ascii: "\""): isQuoted = true
            case UInt8(ascii: "("): commentDepth = 1
            case UInt8(ascii: "<"): angle = []
            case UInt8(ascii: ","), UInt8(ascii: ";"): end()
            case UInt8(ascii: ":") where !phrase.contains(UInt8(ascii: "@")): phrase = []  // a group's name
            default: phrase.append(byte)
            }
        }
        if found.count < limit, angle != nil || !phrase.isEmpty { end() }
        return found
    }

    private static func name(_ bytes: [UInt8]) -> String {
        String(EncodedWords.reading(bytes).onOneLine.prefix(200)).trimmed
    }

    /// Something that looks like an address and nothing else: one `@`, letters before it and a domain after it.
    static func isAddress(_ text: some StringProtocol) -> Bool {
        let parts = text.split(separator: "@", omittingEmptySubsequences: false)
        guard parts.count == 2, !parts[0].isEmpty, parts[0].utf8.count <= 128, !parts[1].isEmpty,
            parts[1].utf8.count <= 255
        else { return false }
        let isDomain = parts[1].unicodeScalars.allSatisfy {
            $0.properties.isAlphabetic || $0.properties.numericType != nil || $0 == "-" || $0 == "."
        }
        return isDomain && parts[1].first != "." && parts[1].last != "." && parts[1].last != "-"
            && !parts[0].contains { $0.isWhitespace || "<>()[]\\,;:\"".contains($0) }
    }

    /// The addresses that stand in a text, in their order, each once.
    static func addresses(in text: some StringProtocol, limit: Int = 50) -> [String] {
        var found: [String] = []
        for word in text.split(whereSeparator: { $0.isWhitespace || "<>()[]\",;:'`=|«»".contains($0) })
        where word.contains("@") {
            var bare = word
            while let last = bare.last, ".!?*_".contains(last) { bare = bare.dropLast() }
            guard isAddress(bare) else { continue }
            if !found.contains(where: { $0.lowercased() == bare.lowercased() }) { found.append(String(bare)) }
            if found.count == limit { break }
        }
        return found
    }
}
