internal import CGMime
internal import Foundation
internal import Platform

/// A mail's bytes, parsed for display: what `outbox show` and `preview` print. Read by GMime, as any mail program would
/// read them.
public struct OpenedMail: Hashable, Sendable {
    public var subject: String
    public var from: String
    public var to: String
    /// Without angle brackets.
    public var messageID: String
    /// The plain-text part; empty if there is none.
    public var text: String
    /// The HTML part; empty if there is none.
    public var html: String
    /// The attached files.
    public var attachments: [Attachment]

    /// A file attached to a mail.
    public struct Attachment: Hashable, Sendable {
        public var name: String
        /// `application/pdf`.
        public var type: String
        public var bytes: [UInt8]
    }

    /// Parses a mail; nil if the bytes are not one.
    public init?(_ bytes: [UInt8]) {
        guard let opened = GMime.exclusively({ Self.read(bytes) }) else { return nil }
        self = opened
    }

    private init(message: OwnedObject, bytes: [UInt8]) {
        subject = Self.subject(of: bytes)
        from = Self.shown(g_mime_message_get_from(message.cast()))
        to = Self.shown(g_mime_message_get_to(message.cast()))
        messageID = Self.copied(g_mime_message_get_message_id(message.cast()))
        text = ""
        html = ""
        attachments = []
    }

    private static func read(_ bytes: [UInt8]) -> OpenedMail? {
        let stream = bytes.withUnsafeBufferPointer { buffer in
            buffer.withMemoryRebound(to: CChar.self) {
                OwnedObject(g_mime_stream_mem_new_with_buffer($0.baseAddress, $0.count))
            }
        }
        let parser = OwnedObject(g_mime_parser_new_with_stream(stream.cast()))
        guard let pointer = g_mime_parser_construct_message(parser.cast(), nil) else { return nil }
        let message = OwnedObject(pointer)
        guard let root = g_mime_message_get_mime_part(message.cast()) else { return nil }
        var mail = OpenedMail(message: message, bytes: bytes)
        let iterator = g_mime_part_iter_new(root)
        defer { g_mime_part_iter_free(iterator) }
        repeat {
            if let part = g_mime_part_iter_get_current(iterator) { mail.take(part) }
        } while g_mime_part_iter_next(iterator) != 0
        return mail
    }

    private mutating func take(_ part: UnsafeMutablePointer<GMimeObject>) {
        let type = Self.owned(g_mime_content_type_get_mime_type(g_mime_object_get_content_type(part))).lowercased()
        // These are not a `GMimePart`: the iterator descends into them by itself.
        if type.hasPrefix("multipart/") || type.hasPrefix("message/") { return }
        let isAttached = g_mime_object_get_disposition(part).map { String(cString: $0) } == "attachment"
        if type.hasPrefix("text/"), !isAttached {
            // The parser makes every part of type text/… a `GMimeTextPart`, whose struct begins with its parents'.
            let words = part.withMemoryRebound(to: GMimeTextPart.self, capacity: 1) {
                Self.owned(g_mime_text_part_get_text($0)).replacing("\r\n", with: "\n")
            }
            if type == "text/html" { html += words } else { text += words }
            return
        }
        part.withMemoryRebound(to: GMimePart.self, capacity: 1) { file in
            let stream = OwnedObject(g_mime_stream_mem_new())
            guard let content = g_mime_part_get_content(file) else { return }
            g_mime_data_wrapper_write_to_stream(content, stream.cast())
            var bytes: [UInt8] = []
            if let array = g_mime_stream_mem_get_byte_array(stream.cast()), let data = array.pointee.data {
                bytes = Array(UnsafeBufferPointer(start: data, count: Int(array.pointee.len)))
            }
            attachments.append(
                Attachment(name: Self.copied(g_mime_part_get_filename(file)), type: type, bytes: bytes))
        }
    }

    /// The subject, with folding and encoded words (RFC 2047) undone: GMime stops at the end of a folded one.
    private static func subject(of bytes: [UInt8]) -> String {
        let header = String(decoding: bytes.prefix(65_536), as: UTF8.self).replacing("\r\n", with: "\n")
        let lines = header.split(separator: "\n", omittingEmptySubsequences: false).prefix { !$0.isEmpty }
        guard let first = lines.firstIndex(where: { $0.lowercased().hasPrefix("subject:") }) else { return "" }
        let folded = lines[(first + 1)...].prefix { $0.hasPrefix(" ") || $0.hasPrefix("\t") }
        let raw = lines[first].dropFirst("subject:".count) + folded.joined()
        // White space between two encoded words does not belong to the text.
        let joined = raw.replacing(/\?=\s+=\?/) { _ in "?==?" }
        let text = joined.replacing(/=\?[^?\s]+\?([BbQq])\?([^?\s]*)\?=/) { word in
            let content = String(word.2)
            if word.1.lowercased() == "b" {
                return Data(base64Encoded: content).map { String(decoding: $0, as: UTF8.self) } ?? content
            }
            let percent = content.replacing("%", with: "%25").replacing("_", with: "%20").replacing("=", with: "%")
            return percent.removingPercentEncoding ?? content
        }
        return String(text).onOneLine
    }

    /// A text that GMime still owns.
    private static func copied(_ text: UnsafePointer<CChar>?) -> String { text.map { String(cString: $0) } ?? "" }

    /// A text that we have to free.
    private static func owned(_ text: UnsafeMutablePointer<CChar>?) -> String {
        guard let text else { return "" }
        defer { g_free(text) }
        return String(cString: text)
    }

    private static func shown(_ list: UnsafeMutablePointer<InternetAddressList>?) -> String {
        guard let list else { return "" }
        let options = g_mime_format_options_new()
        defer { g_mime_format_options_free(options) }
        return owned(internet_address_list_to_string(list, options, 0))
    }
}
