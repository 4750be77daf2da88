// How text beyond ASCII is written in a header (RFC 2047), and how long headers are folded (RFC 5322, 2.2.3). GMime
// does both, but its encoded words exceed the 75 characters that RFC 2047 allows when the text has no spaces, as in a
// Japanese subject, and it breaks long words such as URLs in two. Mail programs tolerate the former but not the latter.

/// One header field, ready to be written: folded, and ASCII (except for addresses that are not).
enum HeaderField {
    /// RFC 5322, 2.1.1 asks for at most 78; RFC 2047 for 76 on lines with encoded words.
    private static let width = 76
    /// RFC 2047, 2.
    private static let longestWord = 75

    /// A text without meaning to machines: a subject. Encoded as a whole if it is not plain ASCII, or could be taken
    /// for an encoded word.
    static func unstructured(_ name: String, _ text: String) -> String {
        let words =
            isPlain(text)
            ? text.split(separator: " ", omittingEmptySubsequences: false).map(String.init)
            : encodedWords(text, firstRoom: width - name.utf8.count - 2)
        return fold(words, after: name)
    }

    /// A mailbox: `"Ada, Lady" <ada@shopper.example>`.
    static func mailbox(_ header: String, name: String?, address: String) -> String {
        guard let name, !name.isEmpty else { return fold([address], after: header) }
        let words: [String]
        if !isPlain(name) {
            words = encodedWords(name, firstRoom: width - header.utf8.count - 2)
        } else if name.utf8.allSatisfy({ isAtom($0) || $0 == 0x20 }) {
            words = name.split(separator: " ").map(String.init)
        } else {
            let escaped = name.replacing("\\", with: "\\\\").replacing("\"", with: "\\\"")
            words = "\"\(escaped)\"".split(separator: " ", omittingEmptySubsequences: false).map(String.init)
        }
        return fold(words + ["<\(address)>"], after: header)
    }

    /// Words separated by a space, or by a newline and a space where the line would be too long.
    static func fold(_ words: [String], after name: String) -> String {
        var out = ""
        var column = name.utf8.count + 1
        for (index, word) in words.enumerated() {
            let length = word.utf8.count
            // A line must not consist of spaces only (RFC 5322, 3.2.2), so only a non-empty word is moved to the next
            // line.
            if index > 0, length > 0, column + 1 + length > width {
                out += "\r\n"
                column = 0
            }
            out += " " + word
            column += 1 + length
        }
        return out + "\r\n"
    }

    /// Printable ASCII that no reader would decode.
    private static func isPlain(_ text: String) -> Bool {
        text.utf8.allSatisfy { (0x20...0x7E).contains($0) } && !text.contains("=?")
            && !text.split(separator: " ").contains { $0.utf8.count > 900 }
    }

    /// RFC 5322, 3.2.3: what a name may contain without quotes.
    private static func isAtom(_ byte: UInt8) -> Bool {
        (0x61...0x7A).contains(byte | 0x20) || (0x30...0x39).contains(byte) || "!#$%&'*+-/=?^_`{|}~".utf8.contains(byte)
    }

    /// The text as encoded words in UTF-8, in the shorter of the two encodings, split between whole characters. A
    /// reader removes the spaces between them.
    private static func encodedWords(_ text: String, firstRoom: Int) -> [String] {
        let bytes = text.utf8
        let literal = bytes.count { isLiteral($0) }
        let isQ = literal + 3 * (bytes.count - literal) <= (bytes.count + 2) / 3 * 4
        let frame = "=?UTF-8?Q??=".utf8.count
        var words: [String] = []
        var chunk: [UInt8] = []
        var cost = 0
        var room = min(longestWord, firstRoom) - frame
        func close() {
            guard !chunk.isEmpty else { return }
            words.append("=?UTF-8?\(isQ ? "Q" : "B")?\(isQ ? quoted(chunk) : base64(chunk))?=")
            chunk = []
            cost = 0
            room = longestWord - frame
        }
        // What people see as one character may consist of many scalars, and an emoji family of more than fit into a
        // word: so the split is between characters if possible, otherwise between scalars.
        for character in text {
            let whole = Array(character.utf8)
            let pieces = whole.count <= 30 ? [whole] : character.unicodeScalars.map { Array(String($0).utf8) }
            for piece in pieces {
                let count = chunk.count + piece.count
                let more = isQ ? cost + piece.reduce(0) { $0 + (isLiteral($1) ? 1 : 3) } : (count + 2) / 3 * 4
                if more > room { close() }
                chunk += piece
                cost = isQ ? cost + piece.reduce(0) { $0 + (isLiteral($1) ? 1 : 3) } : 0
            }
        }
        close()
        return words
    }

    /// RFC 2047, 5 (3): characters that may stand for themselves everywhere, and the space, which is written `_`.
    private static func isLiteral(_ byte: UInt8) -> Bool {
        (0x61...0x7A).contains(byte | 0x20) && byte >= 0x41 || (0x30...0x39).contains(byte) || byte == 0x20
            || "!*+-/".utf8.contains(byte)
    }

    private static func quoted(_ bytes: [UInt8]) -> String {
        let digits = Array("0123456789ABCDEF".utf8)
        var out: [UInt8] = []
        for byte in bytes {
            if byte == 0x20 {
                out.append(UInt8(ascii: "_"))
            } else if isLiteral(byte) {
                out.append(byte)
            } else {
                out += [UInt8(ascii: "="), digits[Int(byte >> 4)], digits[Int(byte & 15)]]
            }
        }
        return String(decoding: out, as: UTF8.self)
    }

    private static func base64(_ bytes: [UInt8]) -> String { Base64.text(bytes) }
}
