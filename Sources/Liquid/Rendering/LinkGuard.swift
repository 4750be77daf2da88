/// The last check of rendered HTML: no followed attribute can run anything.
///
/// Values are escaped where they are printed, but a scheme can also be assembled from several: `href="{{ a }}{{ b }}"`,
/// a space before the output, an entity that `escape_once` leaves alone. So we check the complete attribute as a
/// browser would read it. Tags and attributes are parsed as in the HTML standard (13.2.5), character references are
/// decoded, and anything that a browser or an old mail program skips in a URL is skipped.
///
/// The author's text stays, except for schemes that run something: a template may link `whatsapp:`, a value may not.
struct LinkGuard {
    /// Whether the author wrote these words somewhere in the template.
    let isAuthored: ([UInt8]) -> Bool

    private static let schemes: Set<String> = ["http", "https", "mailto", "tel", "sms", "cid"]
    /// Refused even if the author wrote them.
    private static let running: Set<String> = [
        "javascript", "vbscript", "livescript", "mocha", "jscript", "data", "blob", "filesystem", "view-source", "jar",
    ]
    private static let links: Set<String> = [
        "href", "src", "action", "formaction", "background", "poster", "cite", "data", "srcset", "imagesrcset",
        "lowsrc",
        "dynsrc", "longdesc", "codebase", "ping", "manifest", "profile", "usemap", "classid", "archive", "icon", "from",
        "to", "by", "values",
    ]
    /// Elements whose content a browser treats as text, up to their end tag.
    private static let raw: Set<String> = [
        "script", "style", "title", "textarea", "xmp", "iframe", "noembed", "noframes",
    ]

    /// The page with `#` in place of each address that would run something, and without anything else that would.
    func guarded(_ html: [UInt8]) -> [UInt8] {
        var changes: [(Range<Int>, String)] = []
        html.withUnsafeBufferPointer { find(in: $0, &changes) }
        guard !changes.isEmpty else { return html }
        var out: [UInt8] = []
        out.reserveCapacity(html.count)
        var at = 0
        for (range, text) in changes {
            out.append(contentsOf: html[at..<range.lowerBound])
            out.append(contentsOf: text.utf8)
            at = range.upperBound
        }
        out.append(contentsOf: html[at...])
        return out
    }

    private struct Attribute {
        var name: Range<Int>
        var value: Range<Int>
    }

    private func find(in bytes: UnsafeBufferPointer<UInt8>, _ changes: inout [(Range<Int>, String)]) {
        func text(_ range: Range<Int>) -> String {
            String(decoding: UnsafeBufferPointer(rebasing: bytes[range]), as: UTF8.self)
        }
        var at = 0
        // An element without an end tag here has none later either.
        var unclosed: Set<String> = []
        while at + 1 < bytes.count {
            guard bytes[at] == 0x3C, bytes[at + 1].isLetter else {
                at += 1
                continue
            }
            at += 1
            let nameStart = at
            while at < bytes.count, !bytes[at].isHTMLSpace, bytes[at] != 0x2F, bytes[at] != 0x3E { at += 1 }
            let tag = text(nameStart..<min(at, nameStart + 32)).lowercased()
            var attributes: [Attribute] = []
            while let attribute = Self.attribute(in: bytes, &at) { attributes.append(attribute) }
            for attribute in attributes where !attribute.value.isEmpty {
                let name = text(attribute.name.prefix(64)).lowercased()
                guard let new = judge(tag, name, bytes, attribute, text) else { continue }
                changes.append((attribute.value, new))
            }
            at = min(at + 1, bytes.count)
            if Self.raw.contains(tag), !unclosed.contains(tag), !Self.skip(tag, in: bytes, &at) { unclosed.insert(tag) }
        }
    }

    /// The next attribute of a tag; nil at its end, where `at` is the `>`.
    private static func attribute(in bytes: UnsafeBufferPointer<UInt8>, _ at: inout Int) -> Attribute? {
        while at < bytes.count, bytes[at].isHTMLSpace || bytes[at] == 0x2F { at += 1 }
        guard at < bytes.count, bytes[at] != 0x3E else { return nil }
        let start = at
        // A leading `=` belongs to the name.
        at += 1
        while at < bytes.count, !bytes[at].isHTMLSpace, bytes[at] != 0x3D, bytes[at] != 0x3E, bytes[at] != 0x2F {
            at += 1
        }
        let name = start..<at
        while at < bytes.count, bytes[at].isHTMLSpace { at += 1 }
        guard at < bytes.count, bytes[at] == 0x3D else { return Attribute(name: name, value: at..<at) }
        at += 1
        while at < bytes.count, bytes[at].isHTMLSpace { at += 1 }
        guard at < bytes.count else { return Attribute(name: name, value: at..<at) }
        let quote = bytes[at]
        if quote == 0x22 || quote == 0x27 {
            at += 1
            let start = at
            while at < bytes.count, bytes[at] != quote { at += 1 }
            defer { at = min(at + 1, bytes.count) }
            return Attribute(name: name, value: start..<at)
        }
        let valueStart = at
        while at < bytes.count, !bytes[at].isHTMLSpace, bytes[at] != 0x3E { at += 1 }
        return Attribute(name: name, value: valueStart..<at)
    }

    /// Moves to the end tag of an element. False if there is none; the rest is checked anyway.
    private static func skip(_ tag: String, in bytes: UnsafeBufferPointer<UInt8>, _ at: inout Int) -> Bool {
        let end = Array(("</" + tag).utf8)
        var place = at
        while place + end.count <= bytes.count {
            if bytes[place] == 0x3C,
                zip(bytes[place..<place + end.count], end).allSatisfy({ $0 == $1 || $0 | 0x20 == $1 })
            {
                at = place
                return true
            }
            place += 1
        }
        return false
    }

    /// The replacement for an attribute's value; nil if it may stay.
    private func judge(
        _ tag: String, _ name: String, _ bytes: UnsafeBufferPointer<UInt8>, _ attribute: Attribute,
        _ text: (Range<Int>) -> String
    ) -> String? {
        let local = name.split(separator: ":").last.map(String.init) ?? name
        if Self.links.contains(local) {
            let value = Self.read(bytes, attribute.value)
            let separator: UInt8? =
                switch local {
                case "srcset", "imagesrcset": 0x2C
                case "ping", "archive": 0x20
                case "values": 0x3B
                default: nil
                }
            let isPicture =
                ["src", "srcset", "imagesrcset", "background", "poster", "lowsrc", "href"].contains(local)
                && [
                    "img", "image", "source", "td", "th", "table", "body", "input", "video", "v:fill", "v:image",
                    "v:imagedata",
                ]
                .contains(tag)
            let parts = separator.map { separator in value.split { $0 == separator } } ?? [value[...]]
            return parts.contains { runs($0, isPicture: isPicture) } ? "#" : nil
        }
        switch local {
        case "style":
            return Self.isActiveStyle(Self.read(bytes, attribute.value)) ? "" : nil
        case "content" where tag == "meta", "srcdoc":
            let value = String(decoding: Self.dense(Self.read(bytes, attribute.value)[...]), as: UTF8.self)
            return ["javascript:", "vbscript:", "livescript:", "url=data:", "url='data:"].contains(
                where: value.contains) ? "" : nil
        default:
            // Event handlers, which a browser runs; no value may add one.
            guard name.hasPrefix("on"), !isAuthored(Array(text(attribute.name).utf8)) else { return nil }
            return ""
        }
    }

    /// Whether an address has a scheme that no mail may follow.
    private func runs(_ value: ArraySlice<UInt8>, isPicture: Bool) -> Bool {
        let value = Self.dense(value.prefix(512))
        guard let colon = value.firstIndex(of: UInt8(ascii: ":")) else { return false }
        let scheme = value[..<colon]
        if scheme.contains(where: { $0 == 0x2F || $0 == 0x3F || $0 == 0x23 }) { return false }
        let name = String(decoding: scheme, as: UTF8.self)
        if Self.schemes.contains(name) { return false }
        if name == "data", isPicture, value[colon...].starts(with: ":image/".utf8) { return false }
        return Self.running.contains(name) || !isAuthored(Array(scheme) + [UInt8(ascii: ":")])
    }

    /// In lower case, without the characters that browsers and mail programs skip: spaces, control and zero-width
    /// characters.
    private static func dense(_ bytes: ArraySlice<UInt8>) -> [UInt8] {
        var out: [UInt8] = []
        for scalar in String(decoding: bytes, as: UTF8.self).unicodeScalars {
            switch scalar.value {
            case 0...0x20, 0x7F...0xA0, 0xAD, 0x61C, 0x180E, 0x2000...0x200F, 0x2028...0x202F, 0x2060...0x206F, 0xFEFF,
                0xFFFD:
                continue
            case 0x41...0x5A: out.append(UInt8(scalar.value) | 0x20)
            default: out.append(contentsOf: String(scalar).utf8)
            }
        }
        return out
    }

    /// Whether a style has an address that runs something, or code that Internet Explorer and Outlook ran.
    private static func isActiveStyle(_ value: [UInt8]) -> Bool {
        // Without comments, and with `\6a` and `\j` decoded.
        var plain: [UInt8] = []
        var at = 0
        while at < value.count {
            if value[at] == 0x2F, at + 1 < value.count, value[at + 1] == 0x2A {
                at += 2
                while at + 1 < value.count, !(value[at] == 0x2A && value[at + 1] == 0x2F) { at += 1 }
                at += 2
            } else if value[at] == 0x5C {
                var code: UInt32 = 0
                var digits = 0
                at += 1
                while at < value.count, digits < 6, let digit = value[at].hexDigit {
                    code = code << 4 | UInt32(digit)
                    digits += 1
                    at += 1
                }
                if digits > 0 {
                    if at < value.count, value[at].isHTMLSpace { at += 1 }
                    if code < 0x80 { plain.append(UInt8(code)) }
                }
            } else {
                plain.append(value[at])
                at += 1
            }
        }
        let style = dense(plain[...])
        let text = String(decoding: style, as: UTF8.self)
        return ["javascript:", "vbscript:", "livescript:", "expression(", "-moz-binding"].contains(where: text.contains)
            || text.split(separator: ";").contains { $0.hasPrefix("behavior:") }
    }

    // MARK: References

    /// The value with its references decoded, as far as they matter for a scheme.
    private static func read(_ bytes: UnsafeBufferPointer<UInt8>, _ range: Range<Int>) -> [UInt8] {
        var out: [UInt8] = []
        var at = range.lowerBound
        while at < range.upperBound {
            if bytes[at] == UInt8(ascii: "&"), let (text, end) = reference(bytes, at + 1, range.upperBound) {
                out.append(contentsOf: text.utf8)
                at = end
            } else {
                out.append(bytes[at])
                at += 1
            }
        }
        return out
    }

    /// The named references for characters in a scheme, before it, or after it.
    private static let named: [String: String] = [
        "amp": "&", "colon": ":", "Tab": "\t", "NewLine": "\n", "sol": "/", "bsol": "\\", "period": ".", "num": "#",
        "quest": "?", "comma": ",", "semi": ";", "lpar": "(", "rpar": ")", "ast": "*", "hyphen": "-", "dash": "-",
        "nbsp": " ", "ensp": " ", "emsp": " ", "thinsp": " ", "hairsp": " ", "shy": "\u{AD}", "zwnj": "\u{200C}",
        "zwj": "\u{200D}", "lrm": "\u{200E}", "rlm": "\u{200F}", "ZeroWidthSpace": "\u{200B}", "NoBreak": "\u{2060}",
        "lowbar": "_", "plus": "+", "equals": "=", "fjlig": "fj", "quot": "\"", "apos": "'", "lt": "<", "gt": ">",
    ]

    /// The character reference after a `&`, and where it ends. A number needs no `;`.
    private static func reference(_ bytes: UnsafeBufferPointer<UInt8>, _ from: Int, _ to: Int) -> (String, Int)? {
        var at = from
        guard at < to else { return nil }
        if bytes[at] == UInt8(ascii: "#") {
            at += 1
            let isHex = at < to && bytes[at] | 0x20 == UInt8(ascii: "x")
            if isHex { at += 1 }
            let start = at
            var code: UInt32 = 0
            while at < to, let digit = bytes[at].hexDigit, isHex || digit < 10 {
                code = min(code &* (isHex ? 16 : 10) &+ UInt32(digit), 0x11_0000)
                at += 1
            }
            guard at > start else { return nil }
            if at < to, bytes[at] == UInt8(ascii: ";") { at += 1 }
            return (String(Unicode.Scalar(code) ?? "\u{FFFD}"), at)
        }
        while at < to, at - from < 24, bytes[at].isLetter { at += 1 }
        guard let text = named[String(decoding: UnsafeBufferPointer(rebasing: bytes[from..<at]), as: UTF8.self)] else {
            return nil
        }
        if at < to, bytes[at] == UInt8(ascii: ";") { at += 1 }
        return (text, at)
    }
}

extension LinkGuard {
    /// A guard that knows the source of a template and of the partials that it may use.
    init(_ program: Program, _ partials: PartialSet?) {
        isAuthored = { words in
            let sources = [program.source] + (partials?.sources ?? [])
            return sources.contains { source in
                Bytes.find(words, in: source.map { $0 >= 0x41 && $0 <= 0x5A ? $0 | 0x20 : $0 }, from: 0) != nil
            }
        }
    }
}

extension UInt8 {
    /// White space as in the HTML standard.
    fileprivate var isHTMLSpace: Bool { self == 0x20 || self == 0x09 || self == 0x0A || self == 0x0C || self == 0x0D }
}
