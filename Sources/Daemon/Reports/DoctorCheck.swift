package import DNS
import Delivery
import Foundation
import Intake
package import Outreach
package import Platform
import Shopify
import Store

/// How checks reach the outside. Passed in, so that tests need no network.
package struct DoctorReach: Sendable {
    var transport: any HTTPTransport
    /// Logs in to a relay and sends nothing.
    var probe: @Sendable (Configuration.SMTP) async -> SMTPReply
    /// The newest mails in a mailbox that belong to the shop, read without being stored.
    var newestMail: @Sendable (Configuration.Mailbox, String, Moment) async throws -> [RawObservation]
    var dns: DNSResolver
    var now: @Sendable () -> Moment
    /// Whether shoppers have pages of their own.
    var servesPages = false

    package init(
        transport: any HTTPTransport, probe: @escaping @Sendable (Configuration.SMTP) async -> SMTPReply,
        newestMail: @escaping @Sendable (Configuration.Mailbox, String, Moment) async throws -> [RawObservation] = {
            _, _, _ in []
        },
        dns: DNSResolver = DNSResolver(), now: @escaping @Sendable () -> Moment = DaemonClock.system
    ) {
        self.newestMail = newestMail
        self.dns = dns
        self.transport = transport
        self.probe = probe
        self.now = now
    }

    /// Over the network.
    package init(_ engine: TransferEngine) {
        self.init(
            transport: engine, probe: { await SMTPRelay($0, engine: engine).probe() },
            newestMail: { mailbox, shop, now in
                guard let settings = MailboxSettings(mailbox, shop: shop, engine: engine) else { return [] }
                let reader = MailboxReader(settings, identity: MailIdentity { _ in "" }, engine: engine)
                do {
                    let newest = try await reader.latest(50, now: now)
                    await reader.close()
                    return newest
                } catch {
                    await reader.close()
                    throw error
                }
            })
    }
}

/// One thing that `doctor` checks. It changes nothing, sends nothing, and its findings contain no secret.
package struct DoctorCheck: Sendable {
    package typealias Finding = DoctorReport.Finding

    /// What a check applies to; it runs once for each.
    package enum Look: Sendable {
        case machine(@Sendable (Configuration, DoctorReach) async -> [Finding])
        case shop(@Sendable (Configuration.Shop, DoctorReach) async -> [Finding])
        case carrier(@Sendable (Configuration.Carrier, DoctorReach) async -> [Finding])
    }

    package var look: Look

    package init(_ look: Look) { self.look = look }

    /// All checks, in the order in which they are reported for a shop. To add one, add an entry here.
    package static let standard: [DoctorCheck] = [
        store, triggers, shop, approvals, shopifyMails, relay, sender, mailbox, hearing, sms, chat, helpdesk, labels,
        model, webhooks, carriers,
    ]
}

// MARK: - This machine

extension DoctorCheck {
    /// Whether the store can be read and written.
    static let store = DoctorCheck(
        .machine { configuration, reach in
            let place = configuration.store
            let path = place.description
            guard place.isServer || FileManager.default.fileExists(atPath: path) else {
                return [Finding(.fine, "store", "there is none yet; the daemon creates \(path) when it first starts")]
            }
            do throws(StoreFailure) {
                let store = try Store.open(place, role: .command, create: false, now: reach.now())
                try await store.probe()
                let server = try await store.server(now: reach.now())
                try store.close()
                return [Finding(.fine, "store", "\(path) can be read and written")] + (server.map(findings) ?? [])
            } catch {
                if place.isServer, error.cause == .missing {
                    return [Finding(.fine, "store", "\(error)")]
                }
                return [Finding(.broken, "store", "\(error)")]
            }
        })

    /// What is worth knowing about the server that has the store.
    static func findings(_ server: StoreServer) -> [Finding] {
        var findings = [Finding(.fine, "store's server", server.words)]
        if !server.isPrimary {
            findings.append(
                Finding(
                    .broken, "store's server", "it is a standby, which takes no writes",
                    fix: "name all hosts in 'store:', so that the one that takes writes is found"))
        }
        if server.clockDifference > .seconds(2) || server.clockDifference < .seconds(-2) {
            findings.append(
                Finding(
                    .poor, "store's server",
                    "its clock differs from this machine's by \(abs(server.clockDifference.components.seconds)) seconds",
                    fix: "set both right (timedatectl); leases go by the server's"))
        }
        switch server.replication {
        case .none:
            findings.append(
                Finding(
                    .poor, "store's server", "no standby follows it: with its disk, everything is lost",
                    fix: "docs/scale.md says how two are set up; a managed server has its own way"))
        case .asynchronous:
            findings.append(
                Finding(
                    .poor, "store's server",
                    "its standbys follow without being waited for: after a failover, what was sent last may be sent again",
                    fix: "set synchronous_standby_names = 'ANY 1 (…)' on the server"))
        case .synchronous, .unknown: break
        }
        return findings
    }

    /// Whether the trigger files are free of errors.
    static let triggers = DoctorCheck(
        .shop { shop, _ in
            let what = "triggers of \(shop.domain)"
            guard let folder = try? TriggerFolder(readingFrom: shop.triggers, name: shop.triggers) else {
                return [
                    Finding(
                        .broken, what, "the folder \(shop.triggers) cannot be read",
                        fix: "check 'triggers:' and who may read it")
                ]
            }
            let (set, faults) = TriggerSet.load(folder, webhooks: Set(shop.webhooks.keys))
            guard let set else {
                let count = faults.count { $0.severity == .error }
                return [
                    Finding(
                        .broken, what, "\(counted(count, "mistake")) in \(shop.triggers)",
                        fix: "'bookbag check \(shop.triggers)' shows them all")
                ]
            }
            let mode = set.settings.mode
            let rest = mode == .live ? "" : "; shop.yaml says '\(mode.rawValue)', so nothing goes out"
            return [Finding(.fine, what, "\(set.triggers.count) are right\(rest)")]
        })
}

// MARK: - The outside

extension DoctorCheck {
    /// Whether the shop is the right one, accepts our login and lets us read what is needed.
    static let shop = DoctorCheck(
        .shop { shop, reach in
            let what = "shop \(shop.domain)"
            let credentials: ShopifyCredentials =
                switch shop.access {
                case .token(let token): .token(token)
                case .clientCredentials(let id, let secret): .client(id: id, secret: secret)
                }
            let client = ShopifyClient(
                endpoint: ShopifyEndpoint(base: shop.endpoint), credentials: credentials, transport: reach.transport,
                clock: .system, bucket: nil)
            do throws(ShopifyFailure) {
                return findings(try await client.inspect(), of: shop, servesPages: reach.servesPages)
            } catch {
                let usual = "check the domain, and whether this machine reaches \(shop.endpoint)"
                return [Finding(.broken, what, error.what, fix: error.fix.isEmpty ? usual : error.fix)]
            }
        })

    private static func findings(
        _ inspection: ShopInspection, of shop: Configuration.Shop, servesPages: Bool
    ) -> [Finding] {
        var findings: [Finding] = []
        if inspection.domain.lowercased() != shop.domain.lowercased() {
            findings.append(
                Finding(
                    .broken, "shop \(shop.domain)", "the shop at this address is \(inspection.domain)",
                    fix: "write 'domain: \(inspection.domain)', or fix 'endpoint:'"))
        } else {
            findings.append(
                Finding(
                    .fine, "shop \(shop.domain)",
                    "it is \"\(inspection.name)\" (\(inspection.timeZone), \(inspection.currency)), and accepts the credentials"
                ))
        }
        if let fault = inspection.versionFault {
            findings.append(Finding(.broken, "version of \(shop.domain)", fault.what, fix: fault.fix))
        }
        let scopes = "scopes of \(shop.domain)"
        let missing = inspection.missingScopes
        for scope in missing {
            findings.append(
                Finding(
                    scope.isRequired ? .broken : .poor, scopes, "the app lacks \(scope.name): \(scope.purpose)",
                    fix: "grant it to the app in Shopify's Dev Dashboard and install the app again"))
        }
        findings += actions(inspection, of: shop, servesPages: servesPages)
        if inspection.scopes == nil {
            findings.append(Finding(.poor, scopes, "Shopify does not say what the app may read"))
        } else if missing.isEmpty {
            findings.append(Finding(.fine, scopes, "the app may read everything it needs"))
        }
        return findings
    }

    /// Whether the relay accepts our login over an encrypted connection.
    static let relay = DoctorCheck(
        .shop { shop, reach in
            let what = "relay of \(shop.domain)"
            guard let smtp = shop.smtp else {
                return [
                    Finding(
                        .poor, what, "none is configured, so no mail goes out", fix: "add 'smtp:' to bookbag.yaml")
                ]
            }
            let reply = await reach.probe(smtp)
            guard reply.failure == nil, reply.code.map({ $0 / 100 == 2 }) == true else {
                let said = Verdict.verdict(for: reply).failure
                let code = reply.code.map { " (\($0))" } ?? ""
                return [
                    Finding(
                        .broken, what, "\(smtp.url): \(said?.detail ?? "no answer")\(code)",
                        fix: fix(reply.phase, smtp))
                ]
            }
            let redirect = smtp.redirectTo == nil ? "" : "; everything is redirected to one inbox"
            if smtp.password != nil, takesNoPassword(smtp) {
                return [
                    Finding(
                        .poor, what,
                        "\(smtp.url) lets us in by password\(redirect), which Microsoft has refused since 30 April 2026 and may end at any time",
                        fix:
                            "write 'oauth: { provider: microsoft, … }' (XOAUTH2, docs/mailbox.md) in place of 'password'"
                    )
                ]
            }
            // The probe does not say whether TLS was offered; what matters is that it is not required.
            guard smtp.startTLS != .opportunistic else {
                return [
                    Finding(
                        .poor, what, "\(smtp.url) accepts our login\(redirect), and does not require encryption",
                        fix: "remove 'starttls: opportunistic', or mail and password may travel in the clear")
                ]
            }
            let answer = smtp.username == nil ? "answers; no login is configured" : "accepts our login"
            return [Finding(.fine, what, "\(smtp.url) \(answer)\(redirect)")]
        })

    private static func fix(_ phase: SMTPReply.Phase, _ smtp: Configuration.SMTP) -> String {
        switch phase {
        case .auth where smtp.password != nil && takesNoPassword(smtp):
            "Microsoft has taken no passwords since 30 April 2026: write 'oauth: { provider: microsoft, … }' (XOAUTH2, docs/mailbox.md)"
        case .auth: "check 'username' and 'password' of 'smtp'"
        case .tls: "check 'starttls' and 'ca' of 'smtp', and the relay's certificate"
        default: "check 'url' of 'smtp', and whether this machine may reach it"
        }
    }

    private static func takesNoPassword(_ smtp: Configuration.SMTP) -> Bool {
        SenderRecords.known(URLComponents(string: smtp.url)?.host ?? "")?.takesNoPassword == true
    }

    /// Whether mailboxes will trust the shop's mail: what DNS says about the domain in From.
    static let sender = DoctorCheck(
        .shop { shop, reach in
            guard let smtp = shop.smtp, let settings = settings(of: shop) else { return [] }
            let relay = URLComponents(string: smtp.url)?.host ?? ""
            // A relay on this machine is for trying things out, or signs as its own administrator set it up: the domain
            // is checked anyway, unless it is one that DNS does not know (RFC 2606).
            let own = [settings.brand.from, settings.brand.marketingFrom, settings.brand.ratingsFrom].compactMap(\.self)
            var findings: [Finding] = []
            for domain in Set(own.map { $0.domain.lowercased() }).sorted() {
                if domain.hasSuffix(".example") || domain.hasSuffix(".test") || domain == "localhost" { continue }
                findings += await SenderRecords.ask(
                    reach.dns, domain: domain, relay: relay, selectors: smtp.dkimSelectors
                ).findings
            }
            if !findings.isEmpty, let name = await RelayName.ask(reach.dns, relay: relay) { findings += name.findings }
            return findings
        })

    /// Whether anybody hears of a customer who waits for a person: by mail, for nobody watches a page.
    static let hearing = DoctorCheck(
        .machine { configuration, _ in
            configuration.shops.filter { $0.mailbox != nil || $0.farEnds[.sms]?.isEmpty == false }.compactMap {
                shop -> Finding? in
                let told = configuration.people.all.contains { person in
                    person.alert != nil && person.roles.contains(.answer) && person.serves(shop.domain)
                }
                let isTold = told && configuration.desk != nil
                guard !isTold, shop.handOverTo == nil, !shop.handsOverToHelpdesk,
                    let settings = settings(of: shop), settings.notify == nil
                else {
                    return nil
                }
                return Finding(
                    .poor, "people of \(shop.domain)",
                    "nobody hears of customers who wait: nobody has an 'alert', and nobody is notified",
                    fix:
                        "give somebody who answers an 'alert' in people.yaml, or write 'notify' in shop.yaml, or 'hand_over_to' in bookbag.yaml"
                )
            }
        })

    /// shop.yaml; nil if the trigger files have errors, which another check reports.
    private static func settings(of shop: Configuration.Shop) -> ShopSettings? {
        set(of: shop)?.settings
    }

    /// Whether the mailbox accepts our login, whether people's mails reach somebody, and what its newest mails would
    /// have been taken for.
    static let mailbox = DoctorCheck(
        .shop { shop, reach in
            let what = "mailbox of \(shop.domain)"
            if shop.mailboxBelongsToHelpdesk, let settings = shop.helpdesk {
                return [
                    Finding(
                        .fine, what,
                        "customers' mail arrives in \(settings.kind.title); mail that comes back is not read")
                ]
            }
            guard let mailbox = shop.mailbox else {
                return [
                    Finding(
                        .poor, what, "none is configured, so bounces and answers are not read",
                        fix: "add 'mailbox:' to bookbag.yaml (docs/mailbox.md)")
                ]
            }
            let settings = settings(of: shop)
            var findings: [Finding] = []
            if let settings, settings.notify == nil, shop.handOverTo == nil, !shop.handsOverToHelpdesk {
                findings.append(
                    Finding(
                        .poor, what, "what people write there is forwarded to nobody",
                        fix: "write 'notify: you@your-shop.example' in shop.yaml"))
            }
            guard let imap = mailbox.imap else {
                let way = mailbox.lmtp.map { "over LMTP at \($0)" } ?? "by 'bookbag mail --deliver'"
                return findings + [
                    Finding(.fine, what, "mail to \(mailbox.onlyTo.joined(separator: ", ")) is delivered \(way)")
                ]
            }
            do {
                let newest = try await reach.newestMail(mailbox, shop.domain, reach.now())
                let style = settings.map { MailSettings(mailbox, settings: $0) } ?? MailSettings()
                let kinds = newest.map { MailReading.read($0.bytes, settings: style).kind }
                let counts = Dictionary(grouping: kinds, by: \.self).mapValues(\.count)
                let words = counts.sorted { ($1.value, $0.key.rawValue) < ($0.value, $1.key.rawValue) }
                    .map { "\($0.value) \($0.key.rawValue)" }
                let seen =
                    newest.isEmpty
                    ? "no mail to \(mailbox.onlyTo.joined(separator: ", ")) was found among the newest"
                    : "of the newest \(newest.count) mails: \(words.joined(separator: ", "))"
                return findings + [Finding(.fine, what, "\(imap.host) accepts our login; \(seen)")]
            } catch {
                return findings + [Finding(.broken, what, "\(error)")]
            }
        })

    /// Whether texts can be sent: Twilio accepts our login, or a gateway is configured; and whether a trigger sends any.
    static let sms = DoctorCheck(
        .shop { shop, reach in
            let what = "SMS of \(shop.domain)"
            guard let settings = shop.farEnds[.sms]?.first?.sms else {
                let folder = try? TriggerFolder(readingFrom: shop.triggers, name: "")
                let set = folder.flatMap { TriggerSet.load($0, webhooks: Set(shop.webhooks.keys)).set }
                let names =
                    set?.triggers.filter { trigger in
                        trigger.lines.contains(where: \.isText) && trigger.mode != .off
                    }.map(\.name) ?? []
                guard !names.isEmpty else { return [] }
                return [
                    Finding(
                        .broken, what,
                        "these triggers send texts, and nothing carries them: \(names.joined(separator: ", "))",
                        fix: "add 'sms:' to bookbag.yaml (docs/sms.md)")
                ]
            }
            guard case .twilio(let account) = settings.provider else {
                return [
                    Finding(.fine, what, "a gateway at \(settings.host) is configured; it is not called from here")
                ]
            }
            let answer = await TwilioAccountCheck.ask(account, over: reach.transport)
            switch answer {
            case .active: return [Finding(.fine, what, "Twilio accepts our login, and the account is active")]
            case .other(let words):
                return [
                    Finding(.broken, what, words, fix: "check 'account' and 'token' of 'sms', and Twilio's console")
                ]
            }
        })

    /// Whether the helpdesk accepts our login.
    static let helpdesk = DoctorCheck(
        .shop { shop, reach in
            guard let settings = shop.helpdesk else { return [] }
            let what = "helpdesk of \(shop.domain)"
            switch await HelpdeskCheck.ask(settings, over: reach.transport) {
            case nil:
                return [
                    Finding(.fine, what, "a webhook at \(settings.host) is configured; it is not called from here")
                ]
            case .welcome(let role)?:
                let whose = role.map { ", as \($0)" } ?? ""
                return [Finding(.fine, what, "\(settings.kind.title) accepts our login\(whose)")]
            case .other(let words)?:
                return [
                    Finding(
                        .broken, what, words,
                        fix: "check 'url', 'email' and 'token' of 'helpdesk' (docs/helpdesk.md)")
                ]
            }
        })

    /// Whether somebody sells the labels that triggers buy, and takes our key.
    static let labels = DoctorCheck(
        .shop { shop, reach in
            let what = "labels of \(shop.domain)"
            guard let broker = shop.broker else {
                let folder = try? TriggerFolder(readingFrom: shop.triggers, name: "")
                let set = folder.flatMap { TriggerSet.load($0, webhooks: Set(shop.webhooks.keys)).set }
                let buyer = set?.triggers.first { trigger in
                    trigger.mode != .off
                        && trigger.lines.contains { $0.action?.verb == ShopVerb.buyLabel.rawValue }
                }
                guard let buyer else { return [] }
                return [
                    Finding(
                        .broken, what, "'buy_label' of \(buyer.file) buys return labels, and nobody sells them",
                        fix: "add 'labels: { broker: easypost, key: credential:NAME }' to bookbag.yaml")
                ]
            }
            if let objection = await broker.objection(over: reach.transport) {
                return [Finding(.broken, what, objection, fix: "check 'broker' and 'key' of 'labels'")]
            }
            guard broker.isTest == true else {
                return [Finding(.fine, what, "\(broker.kind.title) accepts our key")]
            }
            return [
                Finding(
                    .poor, what, "\(broker.kind.title) accepts our key, which is a test key: its labels carry nothing",
                    fix: "write the production key once you have tried it")
            ]
        })

    /// Where chats are embedded, and whether what that needs is there.
    static let chat = DoctorCheck(
        .machine { configuration, _ in
            configuration.shops.compactMap { shop in
                guard let settings = shop.chat else { return nil }
                let what = "chat of \(shop.domain)"
                guard let pages = configuration.pages else {
                    return Finding(
                        .broken, what, "the chat's script and what it calls are served nowhere",
                        fix: "add 'public:' to bookbag.yaml")
                }
                guard shop.smtp != nil else {
                    return Finding(
                        .broken, what, "no code can be mailed, so nobody in the chat is told of an order",
                        fix: "add 'smtp:' to bookbag.yaml")
                }
                let script = "\(pages.url)/chat/\(ShopDomain.short(shop.domain))/widget.js"
                return Finding(.fine, what, "\(settings.origins.joined(separator: ", ")) may embed \(script)")
            }
        })

    /// Whether the model for second opinions answers, and takes a plain question for what it is. Nobody's words are sent.
    static let model = DoctorCheck(
        .shop { shop, reach in
            guard let endpoint = shop.understanding else { return [] }
            let what = "model of \(shop.domain)"
            let asked = "Where is my order?"
            do throws(ModelFailure) {
                let opinion = try await ChatCompletions(endpoint, transport: reach.transport).opinion(
                    on: asked, intents: Intents.all)
                guard opinion.intent == "where_is_my_order" else {
                    return [
                        Finding(
                            .poor, what,
                            "\(endpoint.model) takes \"\(asked)\" for '\(opinion.intent)', so few answers would go out by themselves",
                            fix: "choose another 'model' under 'understanding'")
                    ]
                }
                return [Finding(.fine, what, "\(endpoint.model) answers, and understands a plain question")]
            } catch {
                return [
                    Finding(
                        .poor, what, "\(endpoint.url): \(error); messages are read by the built-in model alone",
                        fix: "check 'endpoint', 'model' and 'key' of 'understanding'")
                ]
            }
        })

    /// Which webhooks there are: only a real message shows how they answer.
    static let webhooks = DoctorCheck(
        .shop { shop, _ in
            shop.webhooks.keys.sorted().map {
                Finding(.fine, "webhook \($0) of \(shop.domain)", "configured; it is not called from here")
            }
        })

    /// Which carriers there are: asking one costs a call.
    static let carriers = DoctorCheck(
        .carrier { carrier, _ in
            [
                Finding(
                    .fine, "carrier \(carrier.name)",
                    "configured, and not asked from here; 'bookbag track NUMBER --carrier \(carrier.name)' asks it")
            ]
        })
}
