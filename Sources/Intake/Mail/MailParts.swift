// How a mail falls into its parts (RFC 5322 for the header, RFC 2045 and 2046 for what follows it).
//
// GMime, which writes our mails, makes an object of each part and of each header line, however many there are, under
// the one lock that sending needs too. A stranger's mail is therefore taken apart here: over the bytes as they came,
// without copying them, no deeper and into no more parts than `MailLimits` allows. What is broken is read as mail
// programs read it: a header ends at the first line that is none, a part ends where its parent does, a boundary that is
// not there is looked for, and what cannot be split stays one text.

internal import Glibc
internal import Platform

/// How much of one mail is looked at.
package struct MailLimits: Hashable, Sendable {
    /// The bytes of a mail. Of a longer one only the first `head` are read.
    package var bytes = 25 << 20
    /// The bytes that are read of a mail that is too long: its header, and mostly its text.
    package var head = 1 << 20
    /// Parts inside parts.
    package var depth = 10
    /// Parts in all.
    package var parts = 300
    /// Header fields of one part.
    package var fields = 500
    /// The bytes of one header field's value; the rest of it is dropped.
    package var fieldBytes = 32_768
    /// The bytes of one part's text that are read as words.
    package var textBytes = 1 << 20

    package init() {}
}

/// One header field.
struct MailField: Hashable, Sendable {
    /// In lower case.
    var name: String
    /// On one line, without the white space around it; encoded words are not read yet.
    var value: [UInt8]

    /// The value, with bytes beyond ASCII as what they most likely are.
    var text: String { MailCharset.text(value[...], label: nil) }
}

/// The header of a part.
struct MailFields: Hashable, Sendable {
    var fields: [MailField] = []

    /// The first field of a name (in lower case), as it came.
    func first(_ name: String) -> String? { fields.first { $0.name == name }?.text }

    /// The fields of a name, from the top.
    func all(_ name: String) -> [String] { fields.filter { $0.name == name }.map(\.text) }

    /// The first field of a name with its encoded words read, on one line.
    func words(_ name: String) -> String? {
        fields.first { $0.name == name }.map { EncodedWords.reading($0.value).onOneLine }
    }

    func has(_ name: String) -> Bool { fields.contains { $0.name == name } }
}

/// A part of a mail, with the parts in it.
struct MailPart: Hashable, Sendable {
    var fields: MailFields
    /// `text/plain`, in lower case.
    var type: String
    var parameters: [String: String]
    /// The bytes below the header, as they came.
    var content: ArraySlice<UInt8>
    /// Of a multipart its parts, of a `message/rfc822` the one message in it.
    var children: [MailPart] = []

    var isMessage: Bool { type == "message/rfc822" || type == "message/global" }

    /// How the content is encoded (RFC 2045, 6).
    var encoding: String {
        (fields.first("content-transfer-encoding") ?? "").lowercased().trimmed
    }

    /// The content decoded, no more than so many bytes of it.
    func decoded(limit: Int) -> ArraySlice<UInt8> {
        switch encoding {
        case "base64": TransferEncoding.base64(content.prefix(limit + limit / 2))[...].prefix(limit)
        case "quoted-printable": TransferEncoding.quotedPrintable(content.prefix(3 * limit))[...].prefix(limit)
        default: content.prefix(limit)
        }
    }

    /// The bytes that the content has once it is decoded, without decoding it.
    var decodedSize: Int {
        guard encoding == "base64" else { return content.count }
        var letters = 0
        for byte in content.prefix(4096) where byte > 0x20 && byte != UInt8(ascii: "=") { letters += 1 }
        guard content.count > 4096 else { return letters * 3 / 4 }
        return Int(Double(content.count) * Double(letters) / 4096 * 0.75)
    }

    /// Whether a mail program shows it as a file beside the text.
    var isAttachment: Bool {
        let disposition = (fields.first("content-disposition") ?? "").lowercased().trimmed
        return disposition.hasPrefix("attachment")
    }

    /// The name of the file that the part is, if it has one.
    var fileName: String? {
        let disposition = HeaderParameters.read(fields.fields.first { $0.name == "content-disposition" }?.value ?? [])
        return (disposition.parameters["filename"] ?? parameters["name"]).flatMap { $0.isEmpty ? nil : $0 }
    }

    /// The part and all parts in it, in the order in which they stand. Goes into a message within only where told to.
    func walk(intoMessages: Bool = false, _ visit: (MailPart) -> Void) {
        visit(self)
        guard intoMessages || !isMessage else { return }
        for child in children { child.walk(intoMessages: intoMessages, visit) }
    }
}

/// Takes a mail apart.
struct MailPartReader {
    private let limits: MailLimits
    private var parts = 0
    /// Whether something was left unsplit because it was too deep, or too much.
    private(set) var isCut = false

    init(_ limits: MailLimits) { self.limits = limits }

    /// The mail that the bytes are.
    mutating func read(_ bytes: [UInt8]) -> MailPart { part(bytes[...], depth: 0, isMail: true) }

    /// - Parameter isMail: whether the lines that mailbox files put before a mail may be there.
    private mutating func part(_ slice: ArraySlice<UInt8>, depth: Int, isMail: Bool, type other: String = "text/plain")
        -> MailPart
    {
        parts += 1
        let (fields, content) = header(slice, isMail: isMail)
        let head = HeaderParameters.read(fields.fields.first { $0.name == "content-type" }?.value ?? [])
        let isType = head.value.contains("/")
        var part = MailPart(
            fields: fields, type: isType ? head.value : other, parameters: isType ? head.parameters : [:],
            content: content)
        guard part.type.hasPrefix("multipart/") || part.isMessage else { return part }
        guard depth < limits.depth else {
            isCut = true
            return part
        }
        if part.isMessage {
            // It must not be encoded (RFC 2046, 5.2.1), and is at times.
            let isEncoded = part.encoding == "base64" || part.encoding == "quoted-printable"
            let message = isEncoded ? part.decoded(limit: limits.bytes) : content
            part.children = [self.part(message, depth: depth + 1, isMail: true)]
            return part
        }
        let inner = part.type == "multipart/digest" ? "message/rfc822" : "text/plain"
        var pieces = part.parameters["boundary"].map { self.pieces(of: content, boundary: Array($0.utf8)) } ?? []
        if pieces.isEmpty, let boundary = Self.guessedBoundary(in: content) {
            pieces = self.pieces(of: content, boundary: boundary)
        }
        for piece in pieces {
            guard parts < limits.parts else {
                isCut = true
                break
            }
            part.children.append(self.part(piece, depth: depth + 1, isMail: false, type: inner))
        }
        if part.children.isEmpty { part.type = "text/plain" }
        return part
    }

    // MARK: The header

    private func header(_ slice: ArraySlice<UInt8>, isMail: Bool) -> (MailFields, ArraySlice<UInt8>) {
        var fields: [MailField] = []
        var index = slice.startIndex
        if isMail {
            // Empty lines and the lines of mailbox files before the header.
            while index < slice.endIndex {
                let line = Self.line(slice, at: index)
                let isEnvelope = line.text.starts(with: "From ".utf8) || line.text.starts(with: ">From ".utf8)
                guard isEnvelope || line.text.allSatisfy({ $0 == 0x20 || $0 == 0x09 }), index < line.next else { break }
                index = line.next
            }
        }
        while index < slice.endIndex {
            let line = Self.line(slice, at: index)
            if line.text.isEmpty { return (MailFields(fields: fields), slice[line.next...]) }
            if line.text.first == 0x20 || line.text.first == 0x09, !fields.isEmpty {
                // A line of white space alone ends a header that is followed by something else.
                let more = line.text.drop { $0 == 0x20 || $0 == 0x09 }
                let last = fields.count - 1
                if !more.isEmpty, fields[last].value.count < limits.fieldBytes {
                    if !fields[last].value.isEmpty { fields[last].value.append(0x20) }
                    fields[last].value += more.prefix(limits.fieldBytes)
                }
                index = line.next
                continue
            }
            guard let colon = line.text.prefix(80).firstIndex(of: UInt8(ascii: ":")), colon > line.text.startIndex
            else {
                break
            }
            let name = line.text[..<colon]
            let bare = name.prefix { $0 > 0x20 && $0 < 0x7F }
            guard !bare.isEmpty, name[bare.endIndex...].allSatisfy({ $0 == 0x20 || $0 == 0x09 }) else { break }
            if fields.count < limits.fields {
                let value = line.text[(colon + 1)...].drop { $0 == 0x20 || $0 == 0x09 }
                fields.append(
                    MailField(
                        name: String(decoding: bare, as: UTF8.self).lowercased(),
                        value: Array(value.prefix(limits.fieldBytes).trimmingEnd)))
            }
            index = line.next
        }
        return (MailFields(fields: fields), slice[index...])
    }

    // MARK: Parts

    /// The pieces between the delimiter lines of a boundary (RFC 2046, 5.1.1).
    private func pieces(of content: ArraySlice<UInt8>, boundary: [UInt8]) -> [ArraySlice<UInt8>] {
        guard !boundary.isEmpty else { return [] }
        var pieces: [ArraySlice<UInt8>] = []
        var start: Int?
        var index = content.startIndex
        while index < content.endIndex {
            let next = Self.nextLine(content, after: index)
            if content[index] == UInt8(ascii: "-"), content[index...].starts(with: "--".utf8),
                content[(index + 2)...].starts(with: boundary)
            {
                let rest = content[(index + 2 + boundary.count)..<next]
                let isLast = rest.starts(with: "--".utf8)
                if isLast || rest.allSatisfy({ $0 <= 0x20 }) {
                    if let start { pieces.append(Self.withoutLastLineEnd(content[start..<index])) }
                    start = isLast ? nil : next
                    if isLast { return pieces }
                    // One beyond what is read, so that the reader sees that there was more.
                    if pieces.count > limits.parts { return pieces }
                }
            }
            index = next
        }
        if let start, start < content.endIndex { pieces.append(content[start...]) }
        return pieces
    }

    /// The boundary that stands in a multipart whose header names none, or another.
    private static func guessedBoundary(in content: ArraySlice<UInt8>) -> [UInt8]? {
        var index = content.startIndex
        var lines = 0
        while index < content.endIndex, lines < 200 {
            let line = line(content, at: index)
            if line.text.starts(with: "--".utf8), line.text.count > 4 {
                let after = Self.line(content, at: line.next).text
                if after.starts(with: "Content-".utf8) || after.starts(with: "content-".utf8) {
                    return Array(line.text.dropFirst(2).trimmingEnd)
                }
            }
            index = line.next
            lines += 1
        }
        return nil
    }

    // MARK: Lines

    /// The line that begins at an index, without its end, and where the next one begins.
    static func line(_ slice: ArraySlice<UInt8>, at index: Int) -> (text: ArraySlice<UInt8>, next: Int) {
        guard index < slice.endIndex else { return (slice[slice.endIndex...], slice.endIndex) }
        let next = nextLine(slice, after: index)
        var end = next
        if end > index, slice[end - 1] == 0x0A { end -= 1 }
        while end > index, slice[end - 1] == 0x0D { end -= 1 }
        return (slice[index..<end], next)
    }

    private static func nextLine(_ slice: ArraySlice<UInt8>, after index: Int) -> Int {
        slice.withUnsafeBufferPointer { buffer in
            let from = index - slice.startIndex
            guard let base = buffer.baseAddress, from < buffer.count,
                let found = memchr(base + from, 0x0A, buffer.count - from)
            else { return slice.endIndex }
            return slice.startIndex + (found - UnsafeMutableRawPointer(mutating: base)) + 1
        }
    }

    private static func withoutLastLineEnd(_ slice: ArraySlice<UInt8>) -> ArraySlice<UInt8> {
        var slice = slice
        if slice.last == 0x0A { slice = slice.dropLast() }
        if slice.last == 0x0D { slice = slice.dropLast() }
        return slice
    }
}

extension ArraySlice<UInt8> {
    /// Without spaces and tabs at its end.
    var trimmingEnd: ArraySlice<UInt8> {
        var slice = self
        while let last = slice.last, last == 0x20 || last == 0x09 || last == 0x0D { slice = slice.dropLast() }
        return slice
    }
}

extension StringProtocol {
    /// Without white space around it.
    var trimmed: String {
        var scalars = Substring(self).unicodeScalars
        while let first = scalars.first, first.properties.isWhitespace || first == "\u{FEFF}" { scalars.removeFirst() }
        while let last = scalars.last, last.properties.isWhitespace || last == "\u{200B}" { scalars.removeLast() }
        return String(Substring(scalars))
    }
}
