import Daemon
import Foundation
import Outreach
import Store

// Files that came with messages, and those that go out with answers. What a stranger sent is never shown: it is
// downloaded as bytes without a type, in a sandbox, so that no browser runs it under the desk's address. Of a picture a
// small one is shown that a process of its own has made (`Thumbnails`); no byte of the original is in it.

extension DeskSite {
    /// Whether a message's mail, and its files, can be found.
    static func hasFiles(_ message: ConversationMessage, now: Moment) -> Bool {
        message.channel == .mailbox && (message.observationID != nil || message.effectID != nil)
            && now < message.at + ConversationRules.keepsFiles
    }

    /// The files of a message as its conversation lists them.
    static func files(
        of message: ConversationMessage, conversation path: String, now: Moment
    ) -> [ConversationPage.File] {
        let isKept = hasFiles(message, now: now)
        return message.files.enumerated().map { place, file in
            let facts = [file.type, file.size > 0 ? size(file.size) : ""].filter { !$0.isEmpty }
            return ConversationPage.File(
                name: file.name, facts: facts.joined(separator: ", "),
                path: isKept ? "\(path)/file/\(message.id)-\(place)" : nil,
                small: isKept && place < mostShown && message.direction == .incoming && isPicture(file)
                    ? "\(path)/small/\(message.id)-\(place)" : nil,
                isGone: !isKept && message.channel == .mailbox)
        }
    }

    static func size(_ bytes: Int) -> String {
        switch bytes {
        case ..<1000: "\(bytes) bytes"
        case ..<1_000_000: "\((bytes + 500) / 1000) KB"
        default: "\(bytes / 1_000_000).\(bytes / 100_000 % 10) MB"
        }
    }

    /// So many pictures of a message are shown.
    static let mostShown = 12

    /// Whether a thumbnail can be made of a file, by what the sender calls it.
    static func isPicture(_ file: MessageFile) -> Bool {
        let name = file.name.lowercased()
        switch file.type.lowercased() {
        case "image/jpeg", "image/jpg", "image/pjpeg", "image/png": return true
        case "application/octet-stream", "": return [".jpg", ".jpeg", ".png"].contains { name.hasSuffix($0) }
        default: return false
        }
    }

    /// A small picture of a picture that came with a message.
    func thumbnail(_ name: String, of conversation: String, _ visit: Visit) async throws -> WebResponse {
        guard let (id, place, talk) = Self.place(name, of: conversation),
            let message = try await store.message(id, of: talk, shop: visit.shop),
            message.direction == .incoming, message.files.indices.contains(place)
        else { return notFound(visit.visitor) }
        guard Self.hasFiles(message, now: core.now()) else { return .text("It is not kept any more.", status: 410) }
        let key = Thumbnails.Key(shop: visit.shop, message: id, place: place)
        var thumbnail = await thumbnails.known(key)
        if thumbnail == nil,
            let bytes = try await store.mailBytes(ofMessage: id, of: talk, shop: visit.shop)?.bytes,
            let found = MailedFiles.read(place, of: bytes)
        {
            thumbnail = await thumbnails.thumbnail(key, of: found.content)
        }
        guard let thumbnail, !thumbnail.isEmpty else {
            return .text("No small picture can be made of this file.", status: 415)
        }
        return WebResponse(
            200,
            headers: [
                "content-type": "image/jpeg", "content-disposition": "inline",
                "content-security-policy": Self.filePolicy,
            ], body: .bytes(thumbnail))
    }

    /// The message, the place among its files and the conversation that an address names.
    private static func place(_ name: String, of conversation: String) -> (id: Int64, place: Int, talk: Int64)? {
        let numbers = name.split(separator: "-", omittingEmptySubsequences: false).map { Int64($0) }
        guard numbers.count == 2, let id = numbers[0], let place = numbers[1].flatMap({ Int(exactly: $0) }),
            let talk = Int64(conversation), id > 0, talk > 0, (0..<1000).contains(place)
        else { return nil }
        return (id, place, talk)
    }

    /// A file of a conversation's message, to be saved.
    func file(_ name: String, of conversation: String, _ visit: Visit) async throws -> WebResponse {
        guard let (id, place, talk) = Self.place(name, of: conversation),
            let (message, bytes) = try await store.mailBytes(ofMessage: id, of: talk, shop: visit.shop),
            message.files.indices.contains(place)
        else { return notFound(visit.visitor) }
        guard Self.hasFiles(message, now: core.now()), let found = MailedFiles.read(place, of: bytes) else {
            return notice(
                "This file is not kept any more",
                ["Files are kept for 90 days. The mailbox may still have the mail."], visit: visit, status: 410)
        }
        return WebResponse(
            200,
            headers: [
                "content-type": "application/octet-stream", "content-disposition": Self.disposition(found.file.name),
                "content-security-policy": Self.filePolicy,
            ], body: .bytes(found.content))
    }

    /// Nothing may be done with a file but to save it.
    static let filePolicy = "sandbox; default-src 'none'; frame-ancestors 'none'"

    /// Names the file for saving (RFC 6266): in plain letters for those that know no other, and as it is.
    static func disposition(_ name: String) -> String {
        let plain = name.map { letter in
            letter.isASCII && (letter.isLetter || letter.isNumber || " ._-()".contains(letter)) ? letter : "_"
        }
        return "attachment; filename=\"\(String(plain))\"; filename*=UTF-8''\(name.escapedForURL)"
    }

    /// The most that a form with an answer and files may have.
    static let greatestAnswer = MailedFiles.mostBytes + (1 << 20)

    /// Whether a request is an answer of somebody who answers, and may bring files.
    func bringsFiles(_ request: WebRequest) async -> Bool {
        guard MultipartForm.isType(request.headers["content-type"]), let parts = request.parts, parts.count == 4,
            parts[1] == "inbox", Self.isAct(parts[3], onConversation: parts[2]), gate.refusal(of: request) == nil,
            gate.isOwn(request), let visitor = try? await visitor(of: request)
        else { return false }
        return visitor.may(DeskPage.inbox.roles)
    }

    /// The files that somebody chose, to be attached; or why they cannot be, as a sentence.
    static func attachments(_ files: [MultipartForm.File]) -> (files: [MailDraft.Attachment], problem: String?) {
        guard files.count <= MailedFiles.most,
            files.reduce(0, { $0 + $1.bytes.count }) <= MailedFiles.mostBytes
        else {
            return (
                [],
                "Nothing was sent: at most \(MailedFiles.most) files go with an answer, and \(size(MailedFiles.mostBytes)) in all."
            )
        }
        return (files.map { MailedFiles.attached(name: $0.name, type: $0.type, bytes: $0.bytes) }, nil)
    }
}
