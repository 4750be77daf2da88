// Parses a mail for display: RFC 2045 and 2046, as much as the daemon's own mails use, and tolerant of the rest.

internal import FoundationEssentials

struct MIMEMessage: Sendable {
    /// A leaf of the mail.
    struct Part: Sendable {
        let type: String
        let charset: String
        let name: String?
        let isAttachment: Bool
        let contentID: String?
        let bytes: [UInt8]

        var text: String { Charset.text(bytes, charset) }
    }

    let header: MailHeader
    private(set) var parts: [Part] = []

    init(_ bytes: [UInt8]) {
        let (header, body) = MailHeader.parse(bytes[...])
        self.header = header
        add(header, body, depth: 0)
    }

    var html: Part? { parts.first { $0.type == "text/html" && !$0.isAttachment } }
    var plain: Part? { parts.first { $0.type == "text/plain" && !$0.isAttachment } }

    /// Indices in `parts` of everything that is neither the text nor shown inside it.
    var attachments: [(index: Int, part: Part)] {
        parts.enumerated().filter { _, part in
            part.isAttachment || (part.contentID == nil && !part.type.hasPrefix("text/"))
        }.map { ($0, $1) }
    }

    private mutating func add(_ header: MailHeader, _ body: ArraySlice<UInt8>, depth: Int) {
        let (type, parameters) = Self.parameters(header["Content-Type"] ?? "text/plain")
        if type.hasPrefix("multipart/"), depth < 16, let boundary = parameters["boundary"], !boundary.isEmpty {
            for piece in Self.pieces(of: body, boundary: boundary) {
                let (inner, rest) = MailHeader.parse(piece)
                add(inner, rest, depth: depth + 1)
            }
            return
        }
        guard parts.count < 200 else { return }
        let (disposition, more) = Self.parameters(header["Content-Disposition"] ?? "")
        parts.append(
            Part(
                type: type, charset: parameters["charset"] ?? "utf-8", name: more["filename"] ?? parameters["name"],
                isAttachment: disposition == "attachment",
                contentID: header["Content-ID"].map { String($0.filter { $0 != "<" && $0 != ">" }) },
                bytes: Self.decode(body, header["Content-Transfer-Encoding"] ?? "7bit")))
    }

    private static func decode(_ body: ArraySlice<UInt8>, _ encoding: String) -> [UInt8] {
        switch encoding.lowercased().filter({ !$0.isWhitespace }) {
        case "quoted-printable": QuotedPrintable.decoded(body)
        case "base64":
            Data(base64Encoded: String(decoding: body.filter { $0 > 0x20 }, as: UTF8.self)).map(Array.init)
                ?? Array(body)
        default: Array(body)
        }
    }

    /// `text/plain; charset="utf-8"; filename*=utf-8''Z%C3%BC.pdf`: the value, in lower case, and its parameters (RFC
    /// 2231).
    static func parameters(_ text: String) -> (value: String, parameters: [String: String]) {
        var pieces: [String] = [""]
        var quoted = false
        var escaped = false
        for character in text {
            if escaped {
                pieces[pieces.count - 1].append(character)
                escaped = false
            } else if quoted, character == "\\" {
                escaped = true
            } else if character == "\"" {
                quoted.toggle()
            } else if character == ";", !quoted {
                pieces.append("")
            } else {
                pieces[pieces.count - 1].append(character)
            }
        }
        func trimmed(_ text: some StringProtocol) -> String {
            var text = text.drop { $0.isWhitespace }
            while text.last?.isWhitespace == true { text = text.dropLast() }
            return String(text)
        }
        var values: [String: String] = [:]
        for piece in pieces.dropFirst() {
            guard let equals = piece.firstIndex(of: "=") else { continue }
            var name = trimmed(piece[..<equals]).lowercased()
            var value = trimmed(piece[piece.index(after: equals)...])
            if name.hasSuffix("*") {
                name.removeLast()
                let sides = value.split(separator: "'", maxSplits: 2, omittingEmptySubsequences: false)
                let encoded = sides.count == 3 ? String(sides[2]) : value
                value = WebRequest.form("v=" + encoded.replacing("+", with: "%2B"))["v"] ?? encoded
            }
            // name*0=…; name*1=… are joined in order of appearance.
            if let star = name.firstIndex(of: "*") { name = String(name[..<star]) }
            values[name, default: ""] += value
        }
        return (trimmed(pieces[0]).lowercased(), values)
    }

    private static func pieces(of body: ArraySlice<UInt8>, boundary: String) -> [ArraySlice<UInt8>] {
        let mark = Array("--\(boundary)".utf8)
        var pieces: [ArraySlice<UInt8>] = []
        var begin: Int?
        var at = body.startIndex
        while at < body.endIndex {
            let end = body[at...].firstIndex(of: 0x0A).map { $0 + 1 } ?? body.endIndex
            let line = body[at..<end]
            if line.starts(with: mark) {
                if let begin {
                    // The line end before the boundary belongs to the boundary.
                    var piece = body[begin..<at]
                    if piece.last == 0x0A { piece = piece.dropLast() }
                    if piece.last == 0x0D { piece = piece.dropLast() }
                    pieces.append(piece)
                }
                begin = end
                if line.dropFirst(mark.count).starts(with: "--".utf8) { return pieces }
            }
            at = end
        }
        if let begin, begin < body.endIndex { pieces.append(body[begin...]) }
        return pieces
    }
}
