// Everything that the sandbox answers over HTTP, by path: the shop's Admin API, webhooks, the page, and its JSON API.
// The page and the API answer only to names of this machine, and change nothing for another site's script: a browser on
// a hostile page must not be able to read the mails or change the orders.

internal import FoundationEssentials

struct SandboxSite: Sendable {
    let shop: SandboxShop
    let admin: FakeAdmin
    let carriers: SandboxCarriers
    let mailbox: Mailbox
    let hooks: WebhookReceiver
    let twilio: FakeTwilio
    let zendesk: FakeZendesk
    let gorgias: FakeGorgias
    let brokers: FakeBrokers
    let relayFaults: SandboxFaults<RelayFault>
    let relayRules: RelayRules
    let teller: StoryTeller
    let smtpPort: @Sendable () -> Int

    func respond(_ request: WebRequest) async -> WebResponse {
        let parts = request.parts
        switch parts.first {
        case "admin": return admin.respond(request)
        case "2010-04-01": return twilio.respond(request)
        case "zendesk" where parts.count > 3: return zendesk.respond(request)
        case "gorgias" where parts.count > 2: return gorgias.respond(request)
        case "easypost" where parts.count > 2: return brokers.easyPost(request)
        case "shippo" where parts.count > 1: return brokers.shippo(request)
        case "brokers" where parts.count == 2: return brokers.label(parts[1])
        case "hooks" where parts.count == 2: return hooks.respond(request, endpoint: parts[1])
        case "labels" where parts.count == 2: return label(parts[1])
        case "track" where parts.count == 2: return tracking(parts[1])
        case "site" where request.method == "GET": return shopPage(Array(parts.dropFirst()))
        case "status" where parts.count == 2: return orderPage(parts[1])
        case "unsubscribe" where request.method == "GET":
            return .html(Pages.notice("In a real shop, this link would unsubscribe you."))
        case "favicon.ico" where request.method == "GET": return Self.picture(PackageResources.favicon_ico)
        default: break
        }
        guard isOurs(request) else { return .refusal("this page is for 127.0.0.1 and localhost only", status: 403) }
        switch (request.method, parts.first) {
        case ("GET", nil): return page(PackageResources.page_html, "text/html")
        case ("GET", "page.js"): return page(PackageResources.page_js, "text/javascript")
        case ("GET", "page.css"): return page(PackageResources.page_css, "text/css")
        case ("GET", "api"): return await read(request, Array(parts.dropFirst()))
        case ("POST", "api") where parts == ["api", "texts"]: return await textBack(request)
        case ("POST", "api"), ("DELETE", "api"): return write(request, Array(parts.dropFirst()))
        default: return .refusal("there is nothing at \(request.path)", status: 404)
        }
    }

    private func isOurs(_ request: WebRequest) -> Bool {
        func isLocal(_ host: some StringProtocol) -> Bool {
            let name = host.hasPrefix("[") ? String(host.prefix { $0 != "]" }) + "]" : String(host.prefix { $0 != ":" })
            return name == "127.0.0.1" || name == "localhost" || name == "[::1]"
        }
        guard let host = request.headers["host"], isLocal(host) else { return false }
        guard let origin = request.headers["origin"] else { return true }
        return origin == "http://\(host)"
    }

    private func page(_ bytes: [UInt8], _ type: String) -> WebResponse {
        var response = WebResponse(type: type + "; charset=utf-8", bytes)
        response.headers += [
            (
                "Content-Security-Policy",
                "default-src 'none'; script-src 'self'; style-src 'self'; connect-src 'self'; frame-src 'self'; "
                    + "img-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
            ), ("X-Content-Type-Options", "nosniff"), ("Referrer-Policy", "no-referrer"), ("Cache-Control", "no-store"),
        ]
        return response
    }

    // MARK: The shop's own pages

    private func label(_ name: String) -> WebResponse {
        guard name.hasSuffix(".pdf"), let id = Int64(name.dropLast(4)) else {
            return .html(Pages.notice("There is no such label."), status: 404)
        }
        let found = shop.read { state -> (String, String)? in
            guard let order = state.order(owning: ShopID(.reverseDelivery, id)) else { return nil }
            let delivery = order.returns.lazy.flatMap { $0.reverse?.deliveries ?? [] }.first { $0.id == id }
            return (order.name, delivery?.trackingNumber ?? "")
        }
        guard let (order, number) = found else { return .html(Pages.notice("There is no such label."), status: 404) }
        let pdf = LabelPDF.make(
            lines: ["Order \(order)", "To: \(shop.profile.name)", "12 Fig Lane", "Bristol BS1 4DJ", "United Kingdom"],
            bars: number)
        var response = WebResponse(type: "application/pdf", pdf)
        response.headers.append(("Content-Disposition", "inline; filename=\"return-label.pdf\""))
        return response
    }

    private func tracking(_ number: String) -> WebResponse {
        .html(Pages.notice("This would be the carrier's page about parcel \(Pages.escaped(number))."))
    }

    private func orderPage(_ id: String) -> WebResponse {
        guard let id = Int64(id), let order = shop.read({ $0.orders[id]?.name }) else {
            return .html(Pages.notice("There is no such order."), status: 404)
        }
        return .html(Pages.notice("This would be the shop's page about order \(Pages.escaped(order))."))
    }

    /// Content of the shop's own site: its logo, and a placeholder for every other page.
    private func shopPage(_ path: [String]) -> WebResponse {
        guard path != ["logo.png"] else { return Self.picture(PackageResources.logo_png) }
        let name = Pages.escaped(shop.profile.name)
        return .html(
            Pages.notice("This would be \(name)'s page /\(Pages.escaped(path.joined(separator: "/")))."))
    }

    private static func picture(_ bytes: [UInt8]) -> WebResponse {
        let isIcon = bytes.starts(with: [0, 0, 1, 0])
        var response = WebResponse(type: isIcon ? "image/x-icon" : "image/png", bytes)
        response.headers += [("Cache-Control", "max-age=3600"), ("X-Content-Type-Options", "nosniff")]
        return response
    }

    // MARK: JSON API, reading

    private func read(_ request: WebRequest, _ parts: [String]) async -> WebResponse {
        switch parts.first {
        case "status": return .json(status)
        case "mails": return mail(request, Array(parts.dropFirst()))
        case "discounts": return .json(.array(shop.discounts.map(\.json)))
        case "acts": return .json(ShopVerbs(shop: shop).acts())
        case "duplicates":
            return .json(
                .object(
                    mailbox.duplicates.sorted { $0.key < $1.key }.map { id, mails in
                        JSON.Member(id, .array(mails.map { .int(Int64($0)) }))
                    }))
        case "webhooks":
            let hooks = hooks.webhooks
            if parts.count == 2, let id = Int(parts[1]) {
                guard let hook = hooks.first(where: { $0.id == id }) else {
                    return .refusal("there is no webhook \(id)", status: 404)
                }
                return .json(Self.json(hook))
            }
            let since = request.query["since"].flatMap { Int($0) } ?? 0
            return .json(.array(hooks.filter { $0.id > since }.suffix(limit(request)).map(Self.json)))
        case "texts":
            return .json(
                .array(
                    twilio.texts.suffix(limit(request)).map {
                        [
                            "id": .int(Int64($0.id)), "sid": .string($0.sid), "to": .string($0.to),
                            "from": .string($0.from), "body": .string($0.body),
                            "sentAt": .string(ShopTime.iso($0.sentAt)),
                        ]
                    }))
        case "labels":
            return .json(
                .array(
                    brokers.labels.map {
                        [
                            "broker": .string($0.broker), "reference": .string($0.reference), "id": .string($0.id),
                            "tracking": .string($0.tracking), "price": .int(Int64($0.price)),
                            "currency": .string($0.currency), "voided": .bool($0.isVoided),
                            "scanned": .bool($0.isScanned),
                        ]
                    }))
        case "shop": return .json(ShopVerbs(shop: shop).list(limit: limit(request)))
        case "story":
            return .json(
                .array(
                    teller.lines.map {
                        ["time": .string(ShopTime.iso($0.time)), "order": .string($0.order), "text": .string($0.text)]
                    }))
        case "verdict": return .json(teller.ledger.verdict.json)
        case "changes": return changes
        default: return .refusal("there is nothing at \(request.path)", status: 404)
        }
    }

    private func limit(_ request: WebRequest) -> Int {
        min(max(request.query["limit"].flatMap { Int($0) } ?? 200, 1), 10_000)
    }

    private var status: JSON {
        let spent = admin.service.spent
        return [
            "shop": .string(shop.profile.name), "domain": .string(shop.profile.domain),
            "endpoint": .string(shop.baseURL),
            "smtp": .int(Int64(smtpPort())), "now": .string(ShopTime.iso(shop.clock.now())),
            "orders": .int(Int64(shop.orderCount)), "mails": .int(Int64(mailbox.count)),
            "webhooks": .int(Int64(hooks.webhooks.count)), "texts": .int(Int64(twilio.texts.count)),
            "polls": .int(Int64(shop.polls)),
            "queries": .int(Int64(spent.queries)), "points": .int(Int64(spent.points)),
            "story": .int(Int64(teller.lines.count)),
            "carriers": .object(
                carriers.counts.filter { $0.calls + $0.logins > 0 }.map { count in
                    JSON.Member(
                        count.carrier,
                        [
                            "calls": .int(Int64(count.calls)), "numbers": .int(Int64(count.numbers)),
                            "logins": .int(Int64(count.logins)),
                        ])
                }),
            "faults": [
                "shop": Self.counts(admin.faults), "relay": Self.counts(relayFaults),
                "hooks": Self.counts(hooks.faults), "texts": Self.counts(twilio.faults),
            ],
        ]
    }

    private static func counts<Fault>(_ faults: SandboxFaults<Fault>) -> JSON {
        .object(
            faults.counts.map { JSON.Member($0.key.rawValue, .int(Int64($0.value))) }.sorted { $0.name < $1.name })
    }

    /// A line of text per change, as server-sent events, and at least every 15 seconds.
    private var changes: WebResponse {
        var response = WebResponse(type: "text/event-stream", [])
        response.headers.append(("Cache-Control", "no-store"))
        let bells = [shop.bell, mailbox.bell, hooks.bell, twilio.bell]
        response.stream = AsyncStream(bufferingPolicy: .bufferingNewest(1)) { continuation in
            let task = Task {
                continuation.yield(Array("retry: 1000\ndata: changed\n\n".utf8))
                await withTaskGroup(of: Void.self) { group in
                    for bell in bells {
                        group.addTask {
                            for await _ in bell.rings() {
                                continuation.yield(Array("data: changed\n\n".utf8))
                                // A burst of changes counts as one for a page.
                                try? await Task.sleep(for: .milliseconds(200))
                            }
                        }
                    }
                    group.addTask {
                        while !Task.isCancelled {
                            try? await Task.sleep(for: .seconds(15))
                            continuation.yield(Array(": still here\n\n".utf8))
                        }
                    }
                }
            }
            continuation.onTermination = { _ in task.cancel() }
        }
        return response
    }

    // MARK: JSON API, changing

    private func write(_ request: WebRequest, _ parts: [String]) -> WebResponse {
        if request.method == "DELETE" {
            switch parts {
            case ["mails"]: mailbox.clear()
            case ["webhooks"]: hooks.clear()
            case ["texts"]: twilio.clear()
            default: return .refusal("only mails, texts and webhooks can be deleted", status: 404)
            }
            return .json(["ok": true])
        }
        // Another site's form cannot send this type without a preflight.
        guard request.headers["content-type"]?.hasPrefix("application/json") == true else {
            return .refusal("send Content-Type: application/json", status: 415)
        }
        let body: JSON
        do throws(JSON.Fault) {
            body = request.body.isEmpty ? .object([]) : try JSON.parse(request.body)
        } catch {
            return .refusal("the body is not JSON: \(error.message) at byte \(error.offset)", status: 400)
        }
        do throws(SandboxRefusal) {
            switch parts.first {
            case "shop" where parts.count == 2: return .json(try ShopVerbs(shop: shop).call(parts[1], body))
            case "labels":
                if let number = body["scan"]?.string { brokers.scan(number) }
                if let currency = body["currency"] { brokers.setCurrency(currency.string) }
                if let refuses = body["refuse_voids"]?.bool { brokers.setRefusesVoids(refuses) }
                return .json(["ok": true])
            case "faults":
                try FaultSwitch(site: self).apply(body)
                return .json(["ok": true])
            case "helpdesk": return try writeToHelpdesk(body)
            default: return .refusal("there is nothing at \(request.path)", status: 404)
            }
        } catch {
            return .refusal(error.description, status: 422)
        }
    }

    /// A customer's mail arrives in a helpdesk: {"at": "zendesk", "from": "robin@shopper.example", "text": "Hi",
    /// "subject": "The apron"}; with "ticket" it answers that one.
    private func writeToHelpdesk(_ body: JSON) throws(SandboxRefusal) -> WebResponse {
        guard let from = body["from"]?.string, let text = body["text"]?.string, !text.isEmpty else {
            throw SandboxRefusal("send {\"at\": \"zendesk\", \"from\": …, \"text\": …}")
        }
        let subject = body["subject"]?.string ?? ""
        let ticket = body["ticket"]?.int
        let id: Int64
        switch body["at"]?.string {
        case "zendesk": id = zendesk.receive(text, subject: subject, from: from, in: ticket)
        case "gorgias": id = gorgias.receive(text, subject: subject, from: from, in: ticket)
        default: throw SandboxRefusal("'at' is zendesk or gorgias")
        }
        return .json(["ticket": .int(id)])
    }

    /// A shopper texts: {"from": "+44…", "body": "STOP", "hook": "http://127.0.0.1:PORT/sms/SHOP"}. `url` is what the
    /// signature is made for, if a proxy would call it something else; `sid` repeats a text.
    private func textBack(_ request: WebRequest) async -> WebResponse {
        guard request.headers["content-type"]?.hasPrefix("application/json") == true,
            let body = try? JSON.parse(request.body), let number = body["from"]?.string,
            let words = body["body"]?.string, let hook = body["hook"]?.string,
            let parts = URLParts(loopback: hook)
        else { return .refusal("send {\"from\": …, \"body\": …, \"hook\": \"http://127.0.0.1:PORT/…\"}", status: 422) }
        let url = body["url"]?.string ?? hook
        let made = twilio.incoming(
            from: number, to: body["to"]?.string ?? "+447700900000", body: words, hook: url, sid: body["sid"]?.string)
        let host = url.split(separator: "/").dropFirst().first.map(String.init) ?? "127.0.0.1:\(parts.port)"
        let status = await LoopbackPost.status(
            port: parts.port, path: parts.path, host: host, headers: made.headers, body: made.body)
        guard let status else { return .refusal("nobody answers at \(hook)", status: 502) }
        return .json(["ok": .bool(status == 200), "status": .int(Int64(status))])
    }

    /// The port and path of an address of this machine.
    private struct URLParts {
        var port: UInt16
        var path: String

        init?(loopback url: String) {
            guard url.hasPrefix("http://127.0.0.1:") else { return nil }
            let rest = url.dropFirst("http://127.0.0.1:".count)
            guard let port = UInt16(rest.prefix { $0 != "/" }) else { return nil }
            self.port = port
            path = String(rest.drop { $0 != "/" })
            if path.isEmpty { path = "/" }
        }
    }

    private static func json(_ hook: KeptWebhook) -> JSON {
        [
            "id": .int(Int64(hook.id)), "endpoint": .string(hook.endpoint),
            "receivedAt": .string(ShopTime.iso(hook.receivedAt)), "signature": .string(hook.signature.rawValue),
            "status": .int(Int64(hook.status)), "webhookId": .text(hook.webhookID),
            "headers": .object(hook.headers.sorted { $0.key < $1.key }.map { JSON.Member($0.key, .string($0.value)) }),
            "body": .string(String(decoding: hook.body, as: UTF8.self)),
        ]
    }

    // MARK: Mails

    private func mail(_ request: WebRequest, _ parts: [String]) -> WebResponse {
        guard let first = parts.first else {
            let since = request.query["since"].flatMap { Int($0) } ?? 0
            return .json(.array(mailbox.mails.filter { $0.id > since }.suffix(limit(request)).map(Self.summary)))
        }
        guard let id = Int(first), let mail = mailbox.mail(id), let bytes = mailbox.bytes(of: id) else {
            return .refusal("there is no mail \(first)", status: 404)
        }
        switch parts.count > 1 ? parts[1] : "" {
        case "": return .json(MailView.json(mail, summary: Self.summary(mail), bytes: bytes))
        case "raw": return WebResponse(type: "text/plain; charset=utf-8", bytes)
        case "html":
            return MailView.html(bytes, id: id, sites: [shop.profile.website: "/site", shop.baseURL: ""])
        case "parts" where parts.count == 3: return MailView.part(bytes, parts[2])
        case "cid" where parts.count == 3: return MailView.inline(bytes, contentID: parts[2])
        default: return .refusal("a mail has raw, html, parts/N and cid/ID", status: 404)
        }
    }

    private static func summary(_ mail: KeptMail) -> JSON {
        [
            "id": .int(Int64(mail.id)), "receivedAt": .string(ShopTime.iso(mail.receivedAt)),
            "sender": .string(mail.sender), "recipients": .array(mail.recipients.map(JSON.string)),
            "from": .string(mail.from), "to": .string(mail.to), "subject": .string(mail.subject),
            "messageId": .text(mail.messageID), "trigger": .text(mail.trigger), "order": .text(mail.order),
            "size": .int(Int64(mail.size)), "attachments": .bool(mail.hasAttachments),
        ]
    }
}
