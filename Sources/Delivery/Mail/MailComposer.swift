internal import CGMime
internal import Crypto
internal import Foundation
public import Outreach
internal import Platform

// A mail is composed in two steps. First the draft becomes texts: Markdown is read once and written twice, as HTML in
// the shop's look and as plain text. Then GMime turns them into bytes: transfer encodings, parameters, multiparts;
// headers are written by `HeaderField`. Nothing in the bytes comes from chance or a clock: Date is the draft's, and the
// boundaries are derived from the Message-ID, so the same draft always gives the same bytes, and a repeat after a crash
// is recognised as the same mail.
//
//     multipart/mixed            only with attachments
//     ├── multipart/alternative
//     │   ├── text/plain; format=flowed
//     │   └── text/html
//     └── application/pdf
//
// What values may contain is settled before GMime sees them: subjects and names are put on one line, further headers
// with control characters are refused, and boundaries begin with `=_`, which no line of quoted-printable or base64 can
// contain.

/// Composes the bytes of a mail from a draft.
public struct MailComposer: Sendable {
    /// The time zone in which `Date` is written.
    public var zone: Zone
    /// `Feedback-ID` (as Google defines it: at most four fields, no personal data), if the shop's mail should be
    /// counted by it: the same text for all mails of this composer.
    public var feedbackID: String?

    /// True if a mail may use it as its `Message-ID` or in `References`, without angle brackets.
    public static func isMessageID(_ id: String) -> Bool { MailHeaders.isMessageID(id) }

    /// No mail is larger: most relays have a limit of 25 MB, measured after base64.
    public static let maximumBytes = 25_000_000

    public init(zone: Zone = .utc, feedbackID: String? = nil) {
        self.zone = zone
        self.feedbackID = feedbackID
    }

    /// The mail, frozen: composing the same draft again gives the same bytes.
    ///
    /// The bytes have CRLF line endings and no line over 998 bytes; they are ASCII unless an address is not (RFC 6531).
    /// Throws if the draft cannot be a mail; no text of an order can cause that, only configuration and templates'
    /// headers.
    public func compose(_ draft: MailDraft) throws(MailFault) -> Message {
        guard MailHeaders.isMessageID(draft.messageID), draft.references.allSatisfy(MailHeaders.isMessageID) else {
            throw .messageID
        }
        guard draft.sender.isEmpty || MailAddress(address: draft.sender)?.address == draft.sender else { throw .sender }
        var headers = draft.headers
        if let feedbackID, !headers.contains(where: { $0.name.lowercased() == "feedback-id" }) {
            headers.append(MailDraft.Header("Feedback-ID", feedbackID))
        }
        headers = try MailHeaders.checked(headers)
        let attached = draft.attachments.reduce(0) { $0 + $1.bytes.count }
        guard attached < Self.maximumBytes / 4 * 3 else { throw .tooLarge(limit: Self.maximumBytes) }

        let subject = MailHeaders.subject(draft.subject)
        let language = MailLanguage(draft)
        let bodies = MailBodies(draft, subject: subject, language: language)
        let root = part(of: draft, bodies)
        let bytes = GMime.exclusively {
            write(draft, subject: subject, language: language, headers: headers, root: root)
        }
        guard bytes.count <= Self.maximumBytes else { throw .tooLarge(limit: Self.maximumBytes) }
        guard Self.longestLine(bytes) <= 998 else { throw .lineTooLong }
        return .mail(
            id: draft.messageID, sender: draft.sender, recipient: draft.to.address, bytes: bytes, summary: subject)
    }

    private func part(of draft: MailDraft, _ bodies: MailBodies) -> MIMEPart {
        let alternative = MIMEPart.multipart(
            subtype: "alternative", boundary: Self.boundary(draft.messageID, "alternative"),
            [
                .text(subtype: "plain", bodies.text, isFlowed: true),
                .text(subtype: "html", bodies.html, isFlowed: false),
            ])
        guard !draft.attachments.isEmpty else { return alternative }
        let files = draft.attachments.map { file in
            let (type, subtype) = MailHeaders.mediaType(file.type)
            return MIMEPart.file(
                name: MailHeaders.fileName(file.name), type: type, subtype: subtype, bytes: file.bytes)
        }
        return .multipart(
            subtype: "mixed", boundary: Self.boundary(draft.messageID, "mixed"), [alternative] + files)
    }

    /// `=_` cannot result from quoted-printable or base64, so no encoded line can be taken for a boundary (RFC 2045,
    /// 6.7).
    private static func boundary(_ messageID: String, _ part: String) -> String {
        let digest = SHA256.hash(data: Data("bookbag boundary \(part) \(messageID)".utf8))
        return "=_" + digest.prefix(16).hexadecimal
    }

    private func write(
        _ draft: MailDraft, subject: String, language: MailLanguage, headers: [MailDraft.Header], root: MIMEPart
    ) -> [UInt8] {
        let message = OwnedObject(g_mime_message_new(0))
        func set(_ name: String, _ folded: String) {
            g_mime_object_set_header(message.cast(), name, "-", nil)
            guard let list = g_mime_object_get_header_list(message.cast()),
                let header = g_mime_header_list_get_header(list, name)
            else { return }
            g_mime_header_set_raw_value(header, folded)
        }
        func add(_ name: String, _ mailbox: MailAddress) {
            // GMime writes a domain beyond ASCII in its DNS form (IDNA 2008).
            let address = OwnedObject(internet_address_mailbox_new(nil, mailbox.address))
            let plain = internet_address_mailbox_get_idn_addr(address.cast()).map { String(cString: $0) }
            set(
                name,
                HeaderField.mailbox(name, name: mailbox.name?.onOneLine, address: plain ?? mailbox.address))
        }
        func set(plain name: String, _ value: String) { set(name, HeaderField.unstructured(name, value)) }
        set(plain: "Date", MailHeaders.date(draft.date, in: zone))
        add("From", draft.from)
        if let replyTo = draft.replyTo { add("Reply-To", replyTo) }
        add("To", draft.to)
        set(plain: "Subject", subject)
        set(plain: "Message-ID", "<\(draft.messageID)>")
        if let last = draft.references.last {
            set(plain: "In-Reply-To", "<\(last)>")
            set(plain: "References", draft.references.map { "<\($0)>" }.joined(separator: " "))
        }
        if !draft.isPersonal {
            // RFC 3834, 5: vacation notices should not answer this. The second is Exchange's equivalent.
            set(plain: "Auto-Submitted", draft.isAnswer ? "auto-replied" : "auto-generated")
            set(plain: "X-Auto-Response-Suppress", "All")
        }
        set(plain: "Content-Language", language.tag)
        for header in headers { set(plain: header.name, header.value) }
        set(plain: "MIME-Version", "1.0")
        let root = root.object()
        g_mime_message_set_mime_part(message.cast(), root.cast())

        let options = g_mime_format_options_new()
        defer { g_mime_format_options_free(options) }
        g_mime_format_options_set_newline_format(options, GMIME_NEWLINE_FORMAT_DOS)
        let stream = OwnedObject(g_mime_stream_mem_new())
        g_mime_object_write_to_stream(message.cast(), options, stream.cast())
        guard let array = g_mime_stream_mem_get_byte_array(stream.cast()), let data = array.pointee.data else {
            return []
        }
        return Array(UnsafeBufferPointer(start: data, count: Int(array.pointee.len)))
    }

    private static func longestLine(_ bytes: [UInt8]) -> Int {
        var longest = 0
        var start = 0
        for (index, byte) in bytes.enumerated() where byte == 0x0A {
            longest = max(longest, index - start - 1)
            start = index + 1
        }
        return max(longest, bytes.count - start)
    }
}

/// The two forms of a draft's body.
public struct MailBodies: Sendable {
    /// A complete document.
    public let html: String
    /// Plain text in lines, `format=flowed`.
    public let text: String

    /// Creates both from a draft: what `preview` shows without a mail around it.
    public init(_ draft: MailDraft) {
        self.init(
            draft, subject: MailHeaders.subject(draft.subject), language: MailLanguage(draft))
    }

    init(_ draft: MailDraft, subject: String, language: MailLanguage) {
        let unsubscribe = MailHeaders.unsubscribe(in: draft.headers)
        switch draft.body {
        case .markdown(let markdown):
            let blocks = MarkdownReader.blocks(of: markdown.cleanedText)
            let shown = unsubscribe.flatMap { markdown.contains($0.url) ? nil : $0 }
            let preview = draft.preview?.onOneLine ?? Self.preview(of: blocks)
            html = MailFrame(draft, language: language)
                .html(blocks, title: subject, preview: preview, unsubscribe: shown)
            text = Self.withFoot(MailTextWriter.text(blocks), draft, shown, language)
        case .html(let source):
            let source = source.cleanedText
            let noted = Self.noting(MailFrame(draft, language: language).answerNote, in: source)
            html = ParcelMarkup.adding(
                draft.parcels, to: Self.inserting(preview: draft.preview?.onOneLine ?? "", into: noted))
            let words = MailTextWriter.text(HTMLReader.blocks(of: source))
            let note = Self.answerNote(draft, language)
            text = note.isEmpty ? words : words + "\n-- \n" + note.map { $0 + "\n" }.joined()
        }
    }

    /// The first words of the mail, if the template has no preview text of its own.
    private static func preview(of blocks: [MailBlock]) -> String {
        var words: [String] = []
        for block in blocks {
            if case .paragraph(let inlines) = block { words.append(inlines.plainText.onOneLine) }
            if words.reduce(0, { $0 + $1.count }) > 120 { break }
        }
        return String(words.joined(separator: " ").prefix(140))
    }

    private static func withFoot(
        _ text: String, _ draft: MailDraft, _ unsubscribe: LinkTarget?, _ language: MailLanguage
    ) -> String {
        let brand = draft.brand
        var lines = [brand.name.onOneLine]
        if let address = brand.address?.cleanedText {
            lines += address.split(separator: "\n").map { String($0).onOneLine }.filter { !$0.isEmpty }
        }
        if let page = brand.url.flatMap({ LinkTarget($0) }) { lines.append(page.url) }
        if let sentence = draft.occasion.flatMap({ language.sentence($0, shop: brand.name.onOneLine) }) {
            lines += ["", sentence]
        }
        lines += draft.answerButtons(language).map { "\($0.words): \($0.target.url)" }
        if let unsubscribe { lines.append("\(language.unsubscribe): \(unsubscribe.url)") }
        // "-- " begins a signature (RFC 3676, 4.3).
        return text + "\n-- \n"
            + lines.map { ($0.hasPrefix("From ") || $0.hasPrefix(">") ? " " : "") + $0 + "\n" }.joined()
    }

    /// What an automatic answer says of itself, in lines; empty for other mail.
    private static func answerNote(_ draft: MailDraft, _ language: MailLanguage) -> [String] {
        guard draft.occasion == .answer,
            let sentence = language.sentence(.answer, shop: draft.brand.name.onOneLine)
        else { return [] }
        return [sentence] + draft.answerButtons(language).map { "\($0.words): \($0.target.url)" }
    }

    /// The merchant's own HTML, with a note as the last thing in its body.
    private static func noting(_ note: String?, in html: String) -> String {
        guard let note else { return html }
        let bytes = Array(html.utf8)
        let tag = Array("</body".utf8)
        var index = bytes.count - tag.count
        while index >= 0 {
            if zip(bytes[index...], tag).allSatisfy({ $0 == $1 || $0 | 0x20 == $1 }) {
                return String(decoding: bytes[..<index], as: UTF8.self) + note
                    + String(decoding: bytes[index...], as: UTF8.self)
            }
            index -= 1
        }
        return html + note
    }

    /// The merchant's own HTML, with the preview text as the first thing in its body.
    private static func inserting(preview: String, into html: String) -> String {
        guard !preview.isEmpty else { return html }
        let hidden = MailFrame.hiddenPreview(preview)
        let bytes = Array(html.utf8)
        let tag = Array("<body".utf8)
        var index = 0
        while index + tag.count < bytes.count {
            let isTag = bytes[index] == tag[0] && zip(bytes[index...], tag).allSatisfy { $0 == $1 || $0 | 0x20 == $1 }
            if isTag, let end = bytes[index...].firstIndex(of: UInt8(ascii: ">")) {
                return String(decoding: bytes[...end], as: UTF8.self) + hidden
                    + String(decoding: bytes[(end + 1)...], as: UTF8.self)
            }
            index += 1
        }
        return hidden + html
    }
}
