import Foundation
import Outreach
import Platform
import Synchronization
import Testing

@testable import Delivery

private func text(_ words: String = "Your parcel is there.") -> Message {
    Message.sms(id: "sms_1", recipient: "+447700900123", text: TextMessage(words))
}

private let now = Moment(iso8601: "2026-03-10T10:00:00Z")!

@Suite("Texts through Twilio")
struct TwilioChannelTests {
    private let account = TwilioAccount(
        sid: "AC0123456789abcdef0123456789abcdef", token: SecretString("t0ken"), sender: .from("+447700900000"))

    private func answer(_ status: Int, _ body: String = "{}", headers: [HTTPField] = []) -> ScriptedHTTP {
        ScriptedHTTP { _ in .success(HTTPResponse(status: status, headers: headers, body: Array(body.utf8))) }
    }

    @Test("are a form to the account's messages, with its login")
    func request() async throws {
        let http = answer(201, #"{"sid": "SM1", "status": "queued"}"#)
        let verdict = try await TwilioChannel(account, over: http).send(text("50 % off & more + \u{E9}"), at: now)
        #expect(verdict == .accepted(receipt: "SM1"))
        let sent = http.requests.withLock { $0[0] }
        #expect(
            sent.url
                == "https://api.twilio.com/2010-04-01/Accounts/AC0123456789abcdef0123456789abcdef/Messages.json")
        #expect(
            String(decoding: sent.body ?? [], as: UTF8.self)
                == "To=%2B447700900123&Body=50+%25+off+%26+more+%2B+%C3%A9&From=%2B447700900000")
        let login = Data("AC0123456789abcdef0123456789abcdef:t0ken".utf8).base64EncodedString()
        #expect(sent.headers.contains(HTTPField("Authorization", "Basic \(login)")))
        var service = account
        service.sender = .service("MG1")
        let second = answer(201)
        _ = try await TwilioChannel(service, over: second).send(text(), at: now)
        #expect(
            second.requests.withLock { String(decoding: $0[0].body ?? [], as: UTF8.self) }
                .hasSuffix("&MessagingServiceSid=MG1"))
    }

    @Test(
        "mean what Twilio says",
        arguments: [
            (201, "{\"sid\": \"SM1\"}", "accepted", ""), (400, "{\"code\": 21610}", "refused", "opted_out"),
            (400, "{\"code\": 21211}", "refused", "number"), (400, "{\"code\": 21614}", "refused", "number"),
            (400, "{\"code\": 21408}", "refused", "region"), (400, "{\"code\": 21617}", "refused", "content"),
            (400, "{\"code\": 21606}", "unavailable", "sender"), (401, "{\"code\": 20003}", "unavailable", "auth"),
            (401, "<html>", "unavailable", "auth"), (403, "{}", "unavailable", "auth"),
            (404, "{}", "unavailable", "auth"),
            (429, "{\"code\": 20429}", "deferred", "busy"), (429, "", "deferred", "busy"),
            (500, "{}", "deferred", "status"), (503, "oops", "deferred", "status"),
        ])
    func verdicts(_ status: Int, _ body: String, _ name: String, _ reason: String) async throws {
        let verdict = try await TwilioChannel(
            account, over: answer(status, body, headers: [HTTPField("Retry-After", "7")])
        ).send(text(), at: now)
        #expect(verdict.name == name && (verdict.failure?.reason ?? "") == reason)
        #expect(verdict.failure?.isOptOut ?? false == (reason == "opted_out"))
        #expect(verdict.failure.map { $0.retryAfter == .seconds(7) } ?? true)
        #expect(verdict.failure?.detail.contains("447700900123") != true)
    }

    @Test("are in doubt when the answer was lost, and looked up before they are repeated")
    func lost() async throws {
        let broken = ScriptedHTTP { _ in
            .failure(TransferFailure(.dropped, phase: .requesting, detail: "gone"))
        }
        let verdict = try await TwilioChannel(account, over: broken).send(text(), at: now)
        #expect(verdict.name == "deferred" && verdict.failure?.inDoubt == true)

        func list(_ body: String, _ date: String, _ status: String = "sent", direction: String = "outbound-api")
            -> ScriptedHTTP
        {
            answer(
                200,
                """
                {"messages": [{"sid": "SM7", "body": "\(body)", "status": "\(status)", "direction": "\(direction)",
                    "date_sent": null, "date_created": "\(date)"}]}
                """)
        }
        let recent = "Tue, 10 Mar 2026 09:58:00 +0000"
        func precedent(_ http: ScriptedHTTP) async throws -> Precedent {
            try await TwilioChannel(account, over: http).precedent(of: text(), at: now)
        }
        let found = list("Your parcel is there.", recent)
        #expect(try await precedent(found) == .done(receipt: "SM7", results: [:]))
        #expect(found.requests.withLock { $0[0].url.hasSuffix("Messages.json?To=%2B447700900123&PageSize=50") })
        #expect(try await precedent(list("Something else", recent)) == .notDone)
        #expect(try await precedent(list("Your parcel is there.", recent, "undelivered")) == .notDone)
        #expect(try await precedent(list("Your parcel is there.", recent, direction: "inbound")) == .notDone)
        #expect(
            try await precedent(list("Your parcel is there.", "Sun, 08 Mar 2026 09:58:00 +0000")) == .notDone)
        for unclear in [answer(500), broken] {
            guard case .unclear = try await precedent(unclear) else {
                Issue.record("repeated without knowing")
                continue
            }
        }
        // The whole way: nothing is posted a second time.
        let whole = list("Your parcel is there.", recent)
        let again = try await TwilioChannel(account, over: whole).attempt(text(), inDoubt: 1, at: now)
        #expect(again.verdict == .accepted(receipt: "SM7"))
        #expect(whole.requests.withLock { $0.allSatisfy { $0.method == .get } })
    }
}

@Suite("Twilio's signature")
struct TwilioSignatureTests {
    /// The example of Twilio's own documentation.
    private let url = "https://mycompany.com/myapp.php?foo=1&bar=2"
    private let body =
        "Digits=1234&To=%2B18005551212&From=%2B12349013030&Caller=%2B12349013030&CallSid=CA1234567890ABCDE"
    private let known = "0/KCTR6DLpKmkAf8muzZqo1nDgQ="

    private func isValid(_ header: String, url: String, body: String, token: String = "12345") -> Bool {
        guard let form = FormFields(Array(body.utf8)) else { return false }
        return TwilioSignature.isValid(header, url: url, form: form, token: SecretString(token))
    }

    @Test("is over the URL and the fields, sorted, with and without the port")
    func valid() throws {
        #expect(isValid(known, url: url, body: body))
        #expect(isValid(known, url: "https://mycompany.com:443/myapp.php?foo=1&bar=2", body: body))
        let form = try #require(FormFields(Array(body.utf8)))
        let withPort = TwilioSignature.signature(
            url: "https://mycompany.com:443/myapp.php?foo=1&bar=2", form: form, token: SecretString("12345"))
        #expect(withPort != known && isValid(withPort, url: url, body: body))
    }

    @Test("is no other's: another field, token, URL or no base64")
    func forged() {
        #expect(!isValid(known, url: url, body: body + "&Extra=1"))
        #expect(!isValid(known, url: url, body: body.replacing("1234&", with: "1235&")))
        #expect(!isValid(known, url: url, body: body, token: "12346"))
        #expect(!isValid(known, url: "https://mycompany.com/myapp.php", body: body))
        #expect(!isValid(known, url: url.replacing("https", with: "http"), body: body))
        for header in ["", "nothing", "0/KCTR6DLpKmkAf8muzZqo1nDgQ", "AAAA"] {
            #expect(!isValid(header, url: url, body: body))
        }
        #expect(!isValid(known, url: url, body: "Body=%zz"))
    }
}

@Suite("Texts through a gateway")
struct GatewayChannelTests {
    private static let secret = "whsec_" + Data(repeating: 7, count: 32).base64EncodedString()

    private func send(_ status: Int, _ body: String) async throws -> (Verdict, HTTPRequest) {
        let http = ScriptedHTTP { _ in .success(HTTPResponse(status: status, body: Array(body.utf8))) }
        let gateway = TextGateway(
            url: "https://gateway.example/sms", secrets: [try WebhookSecret(Self.secret)], from: "FIG")
        let verdict = try await GatewayChannel(gateway, over: http).send(text(), at: now)
        return (verdict, http.requests.withLock { $0[0] })
    }

    @Test("are signed JSON with an idempotency key")
    func request() async throws {
        let (verdict, sent) = try await send(200, #"{"id": "g-7"}"#)
        #expect(verdict == .accepted(receipt: "g-7"))
        #expect(
            String(decoding: sent.body ?? [], as: UTF8.self)
                == #"{"encoding":"GSM-7","from":"FIG","id":"sms_1","segments":1,"text":"Your parcel is there.","to":"+447700900123"}"#
        )
        #expect(sent.headers.contains(HTTPField("Idempotency-Key", "sms_1")))
        try WebhookVerifier(try WebhookSecret(Self.secret)).verify(sent.body ?? [], at: now) { name in
            sent.headers.first { $0.name == name }?.value
        }
    }

    @Test(
        "mean what the gateway says",
        arguments: [
            (202, "", "accepted", ""), (422, "{\"error\": \"opted_out\"}", "refused", "opted_out"),
            (422, "{\"error\": \"number\"}", "refused", "number"), (422, "no", "refused", "content"),
            (401, "", "unavailable", "auth"), (429, "", "deferred", "busy"), (500, "", "deferred", "status"),
        ])
    func verdicts(_ status: Int, _ body: String, _ name: String, _ reason: String) async throws {
        let (verdict, _) = try await send(status, body)
        #expect(verdict.name == name && (verdict.failure?.reason ?? "") == reason)
        #expect(verdict.failure?.isOptOut ?? false == (reason == "opted_out"))
    }
}

@Suite("The short form of shipped templates")
struct ShippedTextTests {
    /// The words of what cmark reads, apart from headings and pictures.
    private static func words(_ blocks: [MailBlock]) -> [String] {
        blocks.flatMap { block -> [String] in
            switch block {
            case .heading, .rule: []
            case .paragraph(let inlines): words(inlines)
            case .button(let target, let inlines): words(inlines) + split(target.url)
            case .quote(let inner): words(inner)
            case .list(_, _, let items): items.flatMap { words($0) }
            case .code(let text): split(text)
            }
        }
    }

    private static func words(_ inlines: [MailInline]) -> [String] {
        var out = ""
        func write(_ inlines: [MailInline]) {
            for inline in inlines {
                switch inline {
                case .text(let text), .code(let text): out += text
                case .emphasis(let inner), .strong(let inner): write(inner)
                case .link(let target, let inner):
                    write(inner)
                    if inner.plainText != target.shown { out += " \(target.shown) " }
                case .image: break
                case .softBreak, .lineBreak: out += " "
                }
            }
        }
        write(inlines)
        return split(out)
    }

    private static func split(_ text: String) -> [String] {
        text.split { $0.isWhitespace || ":-()".contains($0) }.map(String.init)
            // The number of a list's item is no word to cmark.
            .filter { $0.wholeMatch(of: /\d+\./) == nil }
    }

    @Test("has the words that cmark reads, in every language", arguments: ShippedMail.all)
    func words(_ mail: ShippedMail) {
        guard case .markdown(let markdown) = mail.draft.body else { return }
        let blocks = MarkdownReader.blocks(of: markdown)
        let short = TextMessage.shortForm(ofMarkdown: markdown)
        #expect(Self.split(short) == Self.words(blocks), "\(short)")
    }
}
