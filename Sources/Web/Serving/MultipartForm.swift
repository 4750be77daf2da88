import Foundation

/// A form with files, `multipart/form-data` (RFC 7578), as browsers send it. What is broken is left out.
struct MultipartForm: Sendable {
    /// A file that somebody chose.
    struct File: Sendable {
        /// As the browser names it.
        var name: String
        /// The type that the browser takes it for.
        var type: String
        var bytes: [UInt8]
    }

    /// The first value of each name, as in other forms.
    private(set) var fields: [String: String] = [:]
    /// In the order in which they were chosen.
    private(set) var files: [File] = []

    /// Parts that are looked at, and the bytes of one part's header.
    private static let mostParts = 64
    private static let mostHeader = 4096

    /// Whether a request says that its body is such a form.
    static func isType(_ contentType: String?) -> Bool {
        contentType?.lowercased().hasPrefix("multipart/form-data") ?? false
    }

    init(_ body: [UInt8], contentType: String) {
        guard let boundary = Self.parameter("boundary", of: contentType), (1...70).contains(boundary.utf8.count) else {
            return
        }
        let delimiter = Array("\r\n--\(boundary)".utf8)
        // The first delimiter has no line before it.
        guard body.starts(with: delimiter.dropFirst(2)) else { return }
        var start = delimiter.count - 2
        for _ in 0..<Self.mostParts {
            // "--" after a delimiter ends the form.
            guard body[start...].starts(with: "\r\n".utf8) else { return }
            start += 2
            guard let end = Self.findEnd(delimiter, in: body, from: start) else { return }
            take(body[start..<end])
            start = end + delimiter.count
        }
    }

    private mutating func take(_ part: ArraySlice<UInt8>) {
        let gap = Array("\r\n\r\n".utf8)
        guard let end = Self.find(gap, in: Array(part.prefix(Self.mostHeader)), from: 0) else { return }
        let header = String(decoding: part.prefix(end), as: UTF8.self)
        let content = part.dropFirst(end + gap.count)
        var disposition = ""
        var type = ""
        for line in header.split(separator: "\r\n") {
            let pair = line.split(separator: ":", maxSplits: 1)
            guard pair.count == 2 else { continue }
            let value = pair[1].drop { $0 == " " }
            switch pair[0].lowercased() {
            case "content-disposition": disposition = String(value)
            case "content-type": type = String(value)
            default: break
            }
        }
        guard disposition.lowercased().hasPrefix("form-data"), let name = Self.parameter("name", of: disposition) else {
            return
        }
        if let file = Self.parameter("filename", of: disposition) {
            // A field in which nothing was chosen.
            if file.isEmpty, content.isEmpty { return }
            files.append(File(name: file, type: type, bytes: Array(content)))
        } else if fields[name] == nil {
            fields[name] = String(decoding: content, as: UTF8.self)
        }
    }

    /// A parameter of a header's value. Browsers escape quotes and line ends in it as `%22`, `%0D` and `%0A`.
    private static func parameter(_ name: String, of value: String) -> String? {
        for piece in pieces(of: value).dropFirst() {
            let pair = piece.split(separator: "=", maxSplits: 1)
            guard let key = pair.first?.trimmed, key.lowercased() == name else { continue }
            var text = pair.count > 1 ? pair[1].trimmed : ""
            if text.count >= 2, text.hasPrefix("\""), text.hasSuffix("\"") {
                text = String(text.dropFirst().dropLast())
            }
            return text.replacing("%22", with: "\"").replacing("%0D", with: " ").replacing("%0A", with: " ")
        }
        return nil
    }

    /// What stands between semicolons, those in quotes aside.
    private static func pieces(of value: String) -> [Substring] {
        var isQuoted = false
        return value.split(omittingEmptySubsequences: false) { character in
            if character == "\"" { isQuoted.toggle() }
            return character == ";" && !isQuoted
        }
    }

    /// Where the next line begins that is the delimiter, and not only begins as it does.
    private static func findEnd(_ delimiter: [UInt8], in body: [UInt8], from start: Int) -> Int? {
        var from = start
        while let found = find(delimiter, in: body, from: from) {
            let rest = body[(found + delimiter.count)...]
            if rest.starts(with: "\r\n".utf8) || rest.starts(with: "--".utf8) { return found }
            from = found + 1
        }
        return nil
    }

    /// Where some bytes begin that are not empty.
    private static func find(_ bytes: [UInt8], in body: [UInt8], from start: Int) -> Int? {
        body.withUnsafeBufferPointer { whole in
            guard let base = whole.baseAddress else { return nil }
            var index = start
            while index + bytes.count <= whole.count,
                let found = memchr(base + index, Int32(bytes[0]), whole.count - bytes.count - index + 1)
            {
                index = UnsafeRawPointer(found) - UnsafeRawPointer(base)
                if memcmp(found, bytes, bytes.count) == 0 { return index }
                index += 1
            }
            return nil
        }
    }
}

extension Substring {
    fileprivate var trimmed: String {
        String(drop { $0 == " " || $0 == "\t" }.reversed().drop { $0 == " " || $0 == "\t" }.reversed())
    }
}

extension WebRequest {
    /// The fields of the form, and the files that came with it.
    var uploaded: (form: [String: String], files: [MultipartForm.File]) {
        guard let type = headers["content-type"], MultipartForm.isType(type) else { return (form, []) }
        let form = MultipartForm(body, contentType: type)
        return (form.fields, form.files)
    }
}
