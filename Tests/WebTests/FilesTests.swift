import Daemon
import Delivery
import Foundation
import Outreach
import Store
import Testing

@testable import Web

private let cleo = "answer@juniperfig.example"

@Suite("Files in the inbox")
struct FilesTests {
    /// The bytes of a form, as a browser sends it.
    private static func body(
        _ fields: [String: String], _ files: [(name: String, type: String, bytes: [UInt8])], boundary: String = "x7"
    ) -> [UInt8] {
        var body: [UInt8] = []
        for (name, value) in fields {
            body += Array("--\(boundary)\r\nContent-Disposition: form-data; name=\"\(name)\"\r\n\r\n\(value)\r\n".utf8)
        }
        for file in files {
            body += Array(
                "--\(boundary)\r\nContent-Disposition: form-data; name=\"files\"; filename=\"\(file.name)\"\r\nContent-Type: \(file.type)\r\n\r\n"
                    .utf8)
            body += file.bytes + Array("\r\n".utf8)
        }
        return body + Array("--\(boundary)--\r\n".utf8)
    }

    private static func type(_ boundary: String = "x7") -> [String: String] {
        ["content-type": "multipart/form-data; boundary=\(boundary)", "sec-fetch-site": "same-origin"]
    }

    /// Answers with files, as the page has it.
    private func answer(
        _ bench: DeskBench, _ id: Int64, _ form: [String: String],
        _ files: [(name: String, type: String, bytes: [UInt8])], cookies: [String: String]
    ) async throws -> WebResponse {
        let record = try await bench.conversation(id)
        var whole = ["version": "\(record.version)", "last": "\(record.messages.last?.id ?? 0)", "to": "order"]
        whole.merge(form) { _, mine in mine }
        return await bench.ask(
            "/juniperfig/inbox/\(id)/reply", method: "POST", cookies: cookies, headers: Self.type(),
            body: Self.body(whole, files))
    }

    private func replies(_ bench: DeskBench) async throws -> [Message] {
        var found: [Message] = []
        for line in try await bench.store.outbox(shop: figs, limit: 99) where line.effect.origin == .person {
            if let message = try await bench.store.writtenMessage(line.effect.id, shop: figs) { found.append(message) }
        }
        return found
    }

    @Test("a customer's file is listed with its type and size, and is only ever saved")
    func saved() async throws {
        let bench = try await DeskBench()
        let name = "<b>Schürze \"1\"\r\nSet-Cookie: x.html"
        let talk = try await bench.wrote(files: [name, "bill.pdf"])
        let cookies = try await bench.login(cleo)
        let page = await bench.ask("/juniperfig/inbox/\(talk.id)", cookies: cookies).text
        let links = page.matches(of: /href="([^"]+\/file\/[^"]+)"/).map { String($0.1) }
        #expect(links.count == 2 && page.contains("84 KB") && page.contains("text/html") && !page.contains("<b>Sch"))
        let file = await bench.ask(links[0], cookies: cookies)
        #expect(file.status == 200 && file.text == "file 0 of <script>alert(1)</script>")
        #expect(file.headers["content-type"] == "application/octet-stream")
        #expect(file.headers["content-security-policy"]?.hasPrefix("sandbox; default-src 'none'") == true)
        #expect(file.headers["x-content-type-options"] == "nosniff" && file.headers["cache-control"] == "no-store")
        let said = try #require(file.headers["content-disposition"])
        #expect(said.hasPrefix("attachment; filename=\"") && !said.contains("\r") && !said.contains("<"))
        #expect(said.contains("filename*=UTF-8''") && said.contains("Sch%C3%BCrze"))
        #expect(await bench.ask(links[1], cookies: cookies).text == "file 1 of <script>alert(1)</script>")
        // Of another conversation, beyond the list, or nonsense.
        let other = try await bench.wrote(from: "mina@example.com")
        let message = try #require(talk.messages.last?.id)
        for path in [
            "\(other.id)/file/\(message)-0", "\(talk.id)/file/\(message)-2", "\(talk.id)/file/\(message)--1",
            "\(talk.id)/file/x", "\(talk.id)/file/999-0", "0/file/\(message)-0",
            "\(talk.id)/file/\(message)-99999999999999999999",
        ] {
            #expect(await bench.ask("/juniperfig/inbox/\(path)", cookies: cookies).status == 404, "\(path)")
        }
    }

    @Test("of a picture a small one is shown that was made anew, and of nothing else")
    func thumbnails() async throws {
        let bench = try await DeskBench()
        let talk = try await bench.wrote(files: ["<i>torn.jpg", "seam.png"], types: "image/jpeg")
        let cookies = try await bench.login(cleo)
        let page = await bench.ask("/juniperfig/inbox/\(talk.id)", cookies: cookies).text
        let links = page.matches(of: /<img src="([^"]+)" alt="([^"]+)" loading="lazy">/)
        #expect(links.count == 2 && links.first?.2 == "The file &lt;i&gt;torn.jpg, made small", "\(links)")
        let path = String(try #require(links.first).1)
        for _ in 1...2 {
            let small = await bench.ask(path, cookies: cookies)
            #expect(small.status == 200 && small.text == "small" && small.headers["content-type"] == "image/jpeg")
            #expect(small.headers["content-security-policy"]?.hasPrefix("sandbox; default-src 'none'") == true)
            #expect(small.headers["x-content-type-options"] == "nosniff")
        }
        // Of the second none can be made; then it is only listed.
        #expect(await bench.ask(String(links[1].1), cookies: cookies).status == 415)
        let message = try #require(talk.messages.last?.id)
        for wrong in ["\(message)-2", "\(message)--1", "x", "999-0"] {
            #expect(await bench.ask("/juniperfig/inbox/\(talk.id)/small/\(wrong)", cookies: cookies).status == 404)
        }
        let other = try await bench.wrote(files: ["bill.pdf"], types: "application/pdf")
        #expect(await !bench.ask("/juniperfig/inbox/\(other.id)", cookies: cookies).text.contains("<img"))
        bench.now = bench.now + .days(91)
        let again = try await bench.login(cleo)
        #expect(await bench.ask(path, cookies: again).status == 410)
        #expect(await !bench.ask("/juniperfig/inbox/\(talk.id)", cookies: again).text.contains("<img"))
    }

    @Test("after 90 days the mail has no files, the page says so, and its words stay")
    func old() async throws {
        let bench = try await DeskBench()
        let talk = try await bench.wrote(files: ["torn.jpg"])
        let cookies = try await bench.login(cleo)
        let path = "/juniperfig/inbox/\(talk.id)/file/\(talk.messages[0].id)-0"
        #expect(try await bench.store.mailWithOldFiles(shop: figs, now: bench.now + .days(90) - .seconds(1)) == nil)
        #expect(await bench.ask(path, cookies: cookies).status == 200)
        bench.now = benchStart + .days(91)
        let later = try await bench.login(cleo)
        #expect(await bench.ask(path, cookies: later).status == 410)
        let page = await bench.ask("/juniperfig/inbox/\(talk.id)", cookies: later).text
        #expect(page.contains("torn.jpg") && page.contains("not kept any more") && !page.contains("/file/"))
        #expect(try await bench.removeOldFiles() == 1)
        #expect(try await bench.removeOldFiles() == 0)
        let mail = try #require(
            try await bench.store.mailBytes(ofMessage: talk.messages[0].id, of: talk.id, shop: figs)?.bytes)
        let text = String(decoding: mail, as: UTF8.self)
        #expect(!text.contains("file 0 of") && text.contains("Where is my order?"))
    }

    @Test("files go out with an answer as parts of the mail, are listed with it, and go after 90 days as well")
    func attached() async throws {
        let bench = try await DeskBench()
        try await bench.order(1001)
        let talk = try await bench.wrote(about: 1001)
        let cookies = try await bench.login(cleo)
        let label = (0..<3000).map { UInt8(truncatingIfNeeded: $0) } + Array("\r\n--x7x\r\n--x".utf8)
        let sent = try await answer(
            bench, talk.id, ["text": "Here is the label.", "then": "send"],
            [
                ("../label%22é.pdf", "application/pdf", label), ("", "application/octet-stream", []),
                ("a.txt", "text/<x>", Array("hi".utf8)),
            ], cookies: cookies)
        #expect(sent.status == 303, "\(sent.text)")
        let message = try #require(try await replies(bench).first)
        let mail = try #require(OpenedMail(message.bytes))
        #expect(mail.text.hasPrefix("Here is the label."))
        #expect(mail.attachments.map(\.name) == ["labelé.pdf", "a.txt"])
        #expect(mail.attachments.map(\.bytes) == [label, Array("hi".utf8)])
        #expect(mail.attachments.map(\.type) == ["application/pdf", "application/octet-stream"])
        let page = await bench.ask("/juniperfig/inbox/\(talk.id)", cookies: cookies).text
        let links = page.matches(of: /href="([^"]+\/file\/[^"]+)"/).map { String($0.1) }
        #expect(links.count == 2)
        let back = await bench.ask(links[0], cookies: cookies)
        if case .bytes(let bytes) = back.body { #expect(bytes == label) }
        #expect(try await bench.store.auditLines(limit: 1).first?.entry.detail == "2 files")
        bench.now = benchStart + .days(91)
        #expect(try await bench.removeOldFiles() == 1)
        let left = try #require(try await replies(bench).first)
        #expect(left.bytes.count < message.bytes.count - 3000 && OpenedMail(left.bytes)?.text == mail.text)
    }

    @Test("too many files, or too large, or with a text, send nothing, and what was typed stays")
    func refused() async throws {
        let bench = try await DeskBench()
        let talk = try await bench.wrote()
        let cookies = try await bench.login(cleo)
        let one = (name: "a.bin", type: "", bytes: [UInt8](repeating: 7, count: 10))
        for files in [
            Array(repeating: one, count: 11),
            [(name: "a.bin", type: "", bytes: [UInt8](repeating: 7, count: 10_000_001))],
        ] {
            let answer = try await answer(bench, talk.id, ["text": "Look at these."], files, cookies: cookies)
            #expect(answer.status == 409 && answer.text.contains("at most 10 files") && answer.text.contains("Look at"))
        }
        // Somebody was faster: the words stay, and the files have to be chosen again.
        let stale = try await answer(
            bench, talk.id, ["text": "Look at this.", "version": "0"], [one], cookies: cookies)
        #expect(stale.status == 409 && stale.text.contains("Choose your files again") && stale.text.contains("Look at"))
        #expect(try await replies(bench).isEmpty)
    }

    @Test("a form with files may be large for those who answer alone, and only where one answers")
    func bounds() async throws {
        let bench = try await DeskBench()
        let talk = try await bench.wrote()
        func most(_ path: String, _ cookies: [String: String], type: String = "multipart/form-data; boundary=x") async
            -> Int
        {
            await bench.desk.greatestBody(
                of: WebRequest(
                    method: "POST", path: path, host: "desk.juniperfig.example",
                    headers: [
                        "content-type": type, "sec-fetch-site": "same-origin",
                        "cookie": cookies.map { "\($0.key)=\($0.value)" }.joined(separator: "; "),
                    ]))
        }
        let cookies = try await bench.login(cleo)
        let path = "/juniperfig/inbox/\(talk.id)/reply"
        #expect(await most(path, cookies) == DeskSite.greatestAnswer)
        #expect(await most(path, [:]) == WebRequest.greatestBody)
        #expect(await most(path, try await bench.login("shop@juniperfig.example")) == WebRequest.greatestBody)
        #expect(await most("/juniperfig/find", cookies) == WebRequest.greatestBody)
        #expect(await most(path, cookies, type: "text/plain") == WebRequest.greatestBody)
        #expect(await most("/juniperfig/inbox/\(talk.id)/nosuch", cookies) == WebRequest.greatestBody)
    }

    @Test("a damaged form is read as far as it goes, and never further")
    func damaged() {
        let whole = Self.body(
            ["text": "Hello\r\n--x", "version": "3"], [("a\"; b.txt", "text/plain", [0, 13, 10, 45])])
        let form = MultipartForm(whole, contentType: "multipart/form-data; boundary=\"x7\"")
        #expect(form.fields == ["text": "Hello\r\n--x", "version": "3"] && form.files.count == 1)
        #expect(form.files.first?.bytes == [0, 13, 10, 45])
        for type in [
            "", "multipart/form-data", "multipart/form-data; boundary=", "multipart/form-data; boundary=other",
        ] {
            #expect(MultipartForm(whole, contentType: type).fields.isEmpty)
        }
        var random = SystemRandomNumberGenerator()
        for _ in 0..<500 {
            var bytes = Array(whole.prefix(Int.random(in: 0...whole.count, using: &random)))
            if !bytes.isEmpty { bytes[Int.random(in: bytes.indices, using: &random)] = 0x0D }
            let form = MultipartForm(bytes, contentType: "multipart/form-data; boundary=x7")
            #expect(form.fields.count + form.files.count <= 3)
        }
    }
}

extension DeskBench {
    /// What the daemon's loop does with files that are too old: how many mails it changed.
    fileprivate func removeOldFiles() async throws -> Int {
        var count = 0
        while try await MailedFiles.removeOld(shop: figs, in: store, now: now) { count += 1 }
        return count
    }
}
