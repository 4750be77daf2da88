import Daemon
import Delivery
import Foundation
import Intake
import Logging
import Outreach
import Platform
import Synchronization
import Testing

@testable import Store
@testable import Web

let figs = "juniperfig.myshopify.com"
let looms = "northloom.myshopify.com"
let benchStart = Moment(iso8601: "2026-11-29T09:00:00Z")!

/// A text that breaks out of every place of a page where it is not escaped.
let hostile = #""><script>alert(1)</script><img src=x onerror=alert(2)>'{{ 7 | times: 191 }}{% raw %}"#

/// The files that are shipped, which tests read and do not write.
let shippedTriggers = URL(fileURLWithPath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
    .deletingLastPathComponent().appendingPathComponent("triggers").path

/// Two shops with a store in memory, a clock that a test moves, and both sites over them.
final class DeskBench: Sendable {
    let store: Store
    let desk: DeskSite
    let shopper: PublicSite
    let people: PeopleBook
    private let moment = Mutex(benchStart)
    /// What pages had the daemon learn.
    let learned: LearnedEvents

    /// The events that were to be learned.
    final class LearnedEvents: Sendable {
        private let kept = Mutex<[JudgedEvent]>([])
        var all: [JudgedEvent] { kept.withLock(\.self) }
        func add(_ events: [JudgedEvent]) { kept.withLock { $0 += events } }
    }
    /// What ran in the store since this was emptied.
    let statements: Lines
    /// What the journal was told.
    let journal: Lines

    var now: Moment {
        get { moment.withLock { $0 } }
        set { moment.withLock { $0 = newValue } }
    }

    /// The number of the conversation that was stored last.
    let talk = Mutex<Int64>(0)
    /// The number of the offer that was stored last.
    let offer = Mutex<Int64>(1)
    /// Where the file of a message is that was stored last, below the inbox.
    let file = Mutex<String>("")

    /// Who is listed: somebody for each role of the first shop, one of the other shop, one of all.
    static let listed = People([
        Person(email: "shop@juniperfig.example", name: "Ada Shop", roles: [.shop], shops: [figs]),
        Person(email: "edit@juniperfig.example", name: "Ben Edit", roles: [.edit], shops: [figs]),
        Person(
            email: "answer@juniperfig.example", name: "Cleo Answer", roles: [.answer], shops: [figs],
            teams: ["returns"]),
        Person(
            email: "approve@juniperfig.example", name: "Dan Approve", roles: [.approve], shops: [figs],
            approveUpTo: 100),
        Person(email: "operate@juniperfig.example", name: "Eve Operate", roles: [.operate], shops: [figs]),
        Person(
            email: "all@juniperfig.example", name: "Fay All", roles: Set(Role.allCases), shops: [figs],
            approveUpTo: 50),
        Person(
            email: "other@northloom.example", name: "Gus Other", roles: Set(Role.allCases), shops: [looms],
            approveUpTo: 100),
    ])

    init(
        url: String = "https://desk.juniperfig.example", authority: String = "desk.juniperfig.example",
        userHeader: String? = nil, store given: Store? = nil, pages designs: [String: String] = [:],
        state: String? = nil, triggers: String = "/nowhere", savesEdits: Bool = true,
        trials: EditTrials = EditTrials(), checkups: Checkups = Checkups(), answering: [String: String] = [:],
        model: (any HTTPTransport)? = nil, returns line: String = "{ hand_over: one of us looks }"
    ) async throws {
        let (statements, journal) = (Lines(), Lines())
        self.statements = statements
        self.journal = journal
        let onDisk = try state.map { try Store.open(path: $0 + "/bookbag.db", role: .daemon, now: benchStart) }
        let store =
            try given ?? onDisk ?? Store.inMemory(now: benchStart, onStatement: { statements.add($0) })
        for shop in [figs, looms] { _ = try await store.openShop(shop, now: benchStart) }
        self.store = store
        var chat = FarEnd(target: "", limit: 1) { _ in throw CancellationError() }
        chat.chat = ChatSettings(origins: ["https://juniperfig.example", "https://www.juniperfig.example"])
        let shops = [figs, looms].map {
            Configuration.Shop(
                domain: $0, endpoint: "https://\($0)", access: .token(SecretString("x")), pollEvery: .seconds(60),
                triggers: $0 == figs ? triggers : "/nowhere", smtp: nil, webhooks: [:],
                farEnds: $0 == figs ? [.chat: [chat]] : [:])
        }
        var deskSite = Configuration.Site(
            place: .port(host: "127.0.0.1", port: 0), url: url, authority: authority, userHeader: userHeader)
        deskSite.savesEdits = savesEdits
        let pagesSite = Configuration.Site(
            place: .port(host: "127.0.0.1", port: 0), url: "https://track.juniperfig.example",
            authority: "track.juniperfig.example")
        var configuration = Configuration(
            file: "bookbag.yaml", state: state ?? "", shops: shops, carriers: [], listen: nil)
        configuration.desk = deskSite
        configuration.pages = pagesSite
        let brand = Brand(name: "Juniper & Fig", from: MailAddress(address: "orders@juniperfig.example")!)
        let templates = try Self.templates(designs)
        let office = ShopPost.Office(
            brand: { brand }, sender: nil, wake: Wake(),
            design: { page, locale in templates?.design(page, locale: locale) })
        let box = Ticking()
        let learned = LearnedEvents()
        self.learned = learned
        var core = DaemonCore(
            configuration: configuration, store: store, logger: Logger(label: "test") { _ in Handler(lines: journal) },
            now: { box.now() }, post: ShopPost([figs: office, looms: office]),
            answers: try Self.answers(answering, shop: shops[0]), hangup: Broadcast(),
            actedByHand: Broadcast(), learn: { events, _ in learned.add(events) },
            ratings: Dictionary(
                uniqueKeysWithValues: [figs, looms].map { shop in
                    let learner = Learner(
                        live: LiveSince(shop: .distantPast), shopZone: .utc, rereadEvery: .seconds(60))
                    return (shop, RatingJudge(store: store, learner: { learner }))
                }),
            answerButtons: Dictionary(
                uniqueKeysWithValues: [figs, looms].map { ($0, AnswerButtons(store: store)) }))
        if let model {
            let set = TriggerSet(settings: ShopSettings(brand: brand), triggers: [], templates: TemplateSet())
            let planner = Planner(
                triggers: set, inForceSince: [:], live: LiveSince(shop: .distantPast), shop: ShopProfile(domain: figs))
            core.writers = [
                figs: ReplyWriter(
                    Configuration.Model(url: "http://127.0.0.1:1/v1", model: "qwen3"), shop: figs, store: store,
                    planner: { planner }, transport: model, logger: core.logger)
            ]
        }
        let offering = try Self.planner(returns: line)
        core.offers = OfferDesk(store: store, planner: { _ in offering })
        var serving = offering
        var ceiling = ActionCeiling()
        ceiling.each = 200
        serving.actionCeilings["cancel"] = ceiling
        core.pageDesk = PageDesk(store: store, planner: { [serving] _ in serving })
        core.returns = ReturnDesk(store: store, planner: { _ in offering })
        core.chats = [figs: ChatDesk(settings: try #require(chat.chat), wake: Wake())]
        let pages = try Pages()
        people = PeopleBook(Self.listed, core: core)
        desk = DeskSite(
            core: core, site: deskSite, people: people, pages: pages, lookAgain: LookAgain(),
            edits: EditDesk(wake: Wake(), trials: trials), checkups: checkups,
            thumbnails: Thumbnails(making: { file in
                file.starts(with: Array("file 0".utf8)) ? Array("small".utf8) : nil
            }))
        shopper = PublicSite(
            core: core, site: pagesSite, pages: pages, patience: PublicSite.Patience(looks: 0, pause: .zero))
        box.bench.withLock { $0 = self }
    }

    /// The designs of a shop with these files of `pages/`, by their names.
    private static func templates(_ designs: [String: String]) throws -> TemplateSet? {
        guard !designs.isEmpty else { return nil }
        var files = ["shop.yaml": "brand: { name: Juniper & Fig, from: orders@juniperfig.example }\n"]
        for (name, text) in designs { files["pages/\(name)"] = text }
        let (set, faults) = TriggerSet.load(TriggerFolder(files: files.mapValues { Array($0.utf8) }))
        return try #require(set, "\(faults)").templates
    }

    /// Writes drafts with these triggers, by name: each its template.
    private static func answers(_ templates: [String: String], shop: Configuration.Shop) throws -> ShopAnswers {
        guard !templates.isEmpty else { return ShopAnswers() }
        var files = ["shop.yaml": "mode: live\nbrand: { name: Juniper & Fig, from: orders@juniperfig.example }\n"]
        for (name, text) in templates {
            if name.hasPrefix("replies/") {
                files["\(name).md"] = text
                continue
            }
            files["\(name).yaml"] = "on: message.received\nsend: answer\nanswers_even: no_order\n"
            files["templates/\(name).md"] = text
        }
        let (loaded, faults) = TriggerSet.load(TriggerFolder(files: files.mapValues { Array($0.utf8) }))
        let set = try #require(loaded, "\(faults)")
        let planner = Planner(
            triggers: set, inForceSince: [:], live: LiveSince(shop: .distantPast), shop: ShopProfile(domain: figs))
        return ShopAnswers([
            figs: ShopAnswers.Office(planner: { planner }, maker: MessageMaker(configuration: shop, labels: nil))
        ])
    }

    /// Lines in the order in which they came.
    final class Lines: Sendable {
        private let all = Mutex<[String]>([])

        func add(_ line: String) { all.withLock { $0.append(line) } }

        /// Those that are there, which are gone then.
        func taken() -> [String] {
            all.withLock { lines in
                defer { lines = [] }
                return lines
            }
        }
    }

    /// Keeps what the journal is told.
    private struct Handler: LogHandler {
        let lines: Lines
        var logLevel = Logger.Level.trace
        var metadata: Logger.Metadata = [:]
        subscript(metadataKey key: String) -> Logger.Metadata.Value? {
            get { metadata[key] }
            set { metadata[key] = newValue }
        }
        func log(event: LogEvent) { lines.add("\(event.level) \(event.message) \(event.metadata ?? [:])") }
    }

    private final class Ticking: Sendable {
        let bench = Mutex<DeskBench?>(nil)
        func now() -> Moment { bench.withLock { $0?.now } ?? benchStart }
    }

    // MARK: - Browsing

    /// A request of the desk's own page, as a browser sends it.
    func ask(
        _ path: String, method: String = "GET", form: [String: String] = [:], cookies: [String: String] = [:],
        headers: [String: String]? = nil, host: String? = nil, peer: WebRequest.Peer = .address("127.0.0.1"),
        body: [UInt8]? = nil
    ) async -> WebResponse {
        var request = request(
            path, method, form, cookies, headers ?? ["sec-fetch-site": "same-origin"], host ?? desk.site.authority, peer
        )
        if let body { request.body = body }
        return await desk.respond(to: request)
    }

    /// A request to the shopper's pages, as a mail program sends it.
    func visit(
        _ path: String, method: String = "GET", form: [String: String] = [:], headers: [String: String] = [:],
        host: String = "track.juniperfig.example"
    ) async -> WebResponse {
        await shopper.respond(to: request(path, method, form, [:], headers, host, .address("127.0.0.1")))
    }

    private func request(
        _ path: String, _ method: String, _ form: [String: String], _ cookies: [String: String],
        _ headers: [String: String], _ host: String, _ peer: WebRequest.Peer
    ) -> WebRequest {
        let parts = path.split(separator: "?", maxSplits: 1).map(String.init)
        var headers = headers
        if !cookies.isEmpty { headers["cookie"] = cookies.map { "\($0.key)=\($0.value)" }.joined(separator: "; ") }
        let body = form.map { name, value in
            "\(name)=\(value.addingPercentEncoding(withAllowedCharacters: .alphanumerics) ?? "")"
        }.joined(separator: "&")
        return WebRequest(
            method: method, path: parts[0], query: parts.count > 1 ? WebRequest.fields(parts[1]) : [:], host: host,
            headers: headers, body: Array(body.utf8), peer: peer)
    }

    /// Logs somebody in by a command's link, and returns the cookies.
    func login(_ email: String) async throws -> [String: String] {
        let (path, digest) = WebServices.newLogin()
        try await store.openLogin(
            DeskLogin(person: email, linkDigest: digest, mailed: nil, endsAt: now + .minutes(15)), now: now)
        let response = await ask(path, method: "POST")
        return Self.cookies(response)
    }

    /// The cookies that an answer sets, by name.
    static func cookies(_ response: WebResponse) -> [String: String] {
        var found: [String: String] = [:]
        for cookie in response.cookies {
            let pair = cookie.split(separator: ";")[0].split(separator: "=", maxSplits: 1).map(String.init)
            if pair.count == 2 { found[pair[0]] = pair[1] }
        }
        return found
    }

    // MARK: - Filling

    /// An order with a parcel on its way, and one event.
    @discardableResult
    func order(
        _ number: Int, shop: String = figs, name: String? = nil, first: String = "Robin", last: String = "Ashdown",
        locale: String? = "en", title: String = "Linen apron", place: String? = "Leeds", words: String? = "Sorted",
        carrier: String? = "Royal Mail", deliveredAt: Moment? = nil, at moment: Moment = benchStart
    ) async throws -> Event {
        var facts = OrderFacts(
            id: "gid://shopify/Order/\(number)", name: name ?? "#\(number)", createdAt: moment, updatedAt: moment)
        facts.email = "robin@example.com"
        facts.locale = locale
        facts.customer = CustomerFacts(id: "gid://shopify/Customer/7", firstName: first, lastName: last)
        var line = LineItemFacts(id: "l1", title: title, quantity: 2)
        line.unitPrice = Money(amount: 15, currency: "GBP")
        line.total = Money(amount: 30, currency: "GBP")
        facts.lineItems = [line]
        facts.total = Money(amount: 45, currency: "GBP")
        let tracking = TrackingFacts(company: carrier, number: "RM000001094GB", url: "https://carrier.example/1094")
        facts.fulfillments = [
            FulfillmentFacts(
                id: "gid://shopify/Fulfillment/\(number)", name: "F1", status: .success, createdAt: moment,
                updatedAt: moment, tracking: [tracking], lineItems: [QuantityFacts(lineItemID: "l1", quantity: 2)])
        ]
        var record = OrderRecord(shop: shop, facts: facts, seenAt: moment)
        var shipment = Shipment(
            id: "\(number)/1", fulfillmentID: "gid://shopify/Fulfillment/\(number)", tracking: tracking)
        shipment.scans = [
            Scan(
                id: "s1", source: "royalmail", time: moment, state: .inTransit,
                estimate: Zone.utc.day(at: moment).adding(days: 2), words: words, place: place)
        ]
        if let deliveredAt {
            shipment.scans.append(
                Scan(id: "s2", source: "royalmail", time: deliveredAt, state: .delivered, place: place))
        }
        record.shipments = [shipment]
        let event = Event(
            shop: shop, orderID: facts.id, kind: .shipmentInTransit,
            occurrences: [Event.Occurrence(subject: "shipment:\(number)/1", n: 1, mark: "m")], happenedAt: moment,
            recordedAt: moment, silence: nil, source: "royalmail", daysLate: nil, delayReason: nil,
            orderName: facts.name)
        record.events = [event]
        let outcome = try await store.commit(
            [Learned(record: record, events: [event], nextMoment: nil, rereads: [], changed: true)], now: moment)
        return outcome.events[0]
    }

    /// A message about an event, in that state.
    @discardableResult
    func message(
        about event: Event, trigger: String = "on-its-way", state: Effect.State = .ready, reason: Reason? = nil,
        detail: String? = nil, subject: String = "Your parcel is on its way", html: String = "<p>Hello</p>",
        at moment: Moment? = nil
    ) async throws -> Effect {
        let moment = moment ?? now
        var effect = Effect(
            to: .mail(shop: event.shop), isContact: true, trigger: trigger, line: "email",
            keys: ["\(event.id) \(trigger)"], event: event, dueAt: moment, createdAt: moment, reason: reason)
        effect.state = state
        effect.detail = detail
        effect.decidedAt = state == .waiting ? nil : moment
        var message: Message?
        if state == .ready {
            let brand = Brand(name: "Juniper & Fig", from: MailAddress(address: "orders@juniperfig.example")!)
            message = try MailComposer().compose(
                MailDraft(
                    from: brand.from, to: MailAddress(address: "robin@example.com")!, sender: brand.from.address,
                    subject: subject, body: .html(html), language: "en",
                    messageID: "\(event.id)-\(trigger)@juniperfig.example", date: moment, brand: brand))
        }
        let outcome = try await store.commitPlan(
            [
                Plan(
                    shop: event.shop, doneEvents: [event.id],
                    changes: [
                        PlannedChange(
                            effect: effect,
                            note: DecisionNote(at: moment, state: state, reason: reason, detail: detail),
                            message: message)
                    ])
            ], now: moment)
        return try #require(outcome.effects.first)
    }

    /// Somebody wrote: a new conversation, or a further message of one.
    @discardableResult
    func wrote(
        _ text: String = "Where is my order?", into id: Int64? = nil, about order: Int? = nil, shop: String = figs,
        from address: String = "robin@example.com", name: String? = "Robin Ashdown", subject: String = "My order",
        understood: Understood? = DeskBench.understood, files: [String] = [], types: String = "text/html",
        answers: Bool = false
    ) async throws -> ConversationRecord {
        var message = ConversationMessage(.incoming, by: .shopper, at: now, text: text, channel: .mailbox)
        message.sender = address
        message.recipient = "orders@juniperfig.example"
        message.messageID = "\(UUID().uuidString)@example.com"
        message.subject = subject
        message.understood = understood
        if !files.isEmpty {
            let mail = Self.mail(text, files: files, from: address)
            let kept = try await store.keep(
                [
                    RawObservation(
                        shop: shop, source: "mailbox", externalID: message.messageID ?? "", receivedAt: now,
                        kind: "mail.inbox", bytes: mail, address: address)
                ], now: now)
            message.observationID = try #require(kept.first).id
            message.files = files.map { MessageFile(name: $0, type: types, size: 84_000) }
        }
        message.trust = 1
        var opening = ConversationRecord(shop: shop, channel: .mailbox, openedAt: now)
        opening.address = address
        opening.name = name
        opening.subject = subject
        opening.orderID = order.map { "gid://shopify/Order/\($0)" }
        var known: ConversationRecord?
        if let id { known = try await conversation(id, shop: shop) }
        let change = ConversationRules.receive(
            message, into: known, opening: opening, answers: answers, now: now)
        let written = try #require(try await store.commit(change, judged: [], incoming: nil, now: now))
        talk.withLock { $0 = written.id }
        let record = try await conversation(written.id, shop: shop)
        if !files.isEmpty { file.withLock { $0 = "\(written.id)/file/\(record.messages.last?.id ?? 0)-0" } }
        return record
    }

    /// A letter that is read for the story alone, with what would have been answered.
    func before(
        _ text: String, about order: Int? = nil, from address: String = "robin@example.com",
        answer: String = "It is in Leeds.", name: String? = "Robin Ashdown", asking intent: String? = nil
    ) async throws {
        var message = ConversationMessage(.incoming, by: .shopper, at: now, text: text, channel: .mailbox)
        message.sender = address
        message.understood = Self.understood
        if let intent { message.understood?.asks = [intent] }
        var opening = ConversationRecord(shop: figs, channel: .mailbox, openedAt: now)
        (opening.address, opening.name) = (address, name)
        opening.orderID = order.map { "gid://shopify/Order/\($0)" }
        var change = ConversationRules.receive(
            message, into: nil, opening: opening, isSilent: true, answers: true, now: now)
        change.past = PastAnswer(message.understood, because: nil, text: answer)
        _ = try #require(try await store.commit(change, now: now))
    }

    /// A mail with files of those names, whatever is in these.
    private static func mail(_ text: String, files: [String], from address: String) -> [UInt8] {
        var lines = [
            "From: \(address)", "MIME-Version: 1.0", "Content-Type: multipart/mixed; boundary=part", "", "--part",
            "Content-Type: text/plain; charset=utf-8", "", text,
        ]
        for (place, name) in files.enumerated() {
            let escaped = name.addingPercentEncoding(withAllowedCharacters: .alphanumerics) ?? ""
            lines += [
                "--part", "Content-Type: text/html",
                "Content-Disposition: attachment; filename*=utf-8''\(escaped)", "",
                "file \(place) of <script>alert(1)</script>",
            ]
        }
        return Array((lines + ["--part--", ""]).joined(separator: "\r\n").utf8)
    }

    /// A conversation as it is now.
    func conversation(_ id: Int64, shop: String = figs) async throws -> ConversationRecord {
        try #require(try await store.conversations([id], shop: shop, now: now)[id])
    }

    /// What was understood of a simple question.
    static var understood: Understood {
        var understood = Understood()
        understood.asks = ["where_is_my_order"]
        understood.language = "en"
        understood.confidence = 0.9
        understood.isCertain = true
        understood.author = "built-in 1"
        return understood
    }

    /// A trigger's answer to the last message of a conversation: a draft, or one that goes out.
    @discardableResult
    func answered(
        _ id: Int64, by trigger: String = "where-is-it", state: Effect.State = .waiting, reason: Reason? = .draft,
        text: String = "It is in Leeds.", shop: String = figs
    ) async throws -> Effect {
        let record = try await conversation(id, shop: shop)
        let event = try #require(
            try await store.pendingEvents(shop: shop, limit: 200).last {
                $0.aggregate == record.aggregate && $0.kind == .messageReceived
            })
        var effect = Effect(
            to: .mail(shop: shop), isContact: false, trigger: trigger, line: "answer", keys: ["\(event.id)"],
            event: event, dueAt: now, createdAt: now, reason: state == .waiting ? reason : nil)
        effect.state = state
        effect.decidedAt = state == .waiting ? nil : now
        var message: Message?
        if state == .ready {
            let brand = Brand(name: "Juniper & Fig", from: MailAddress(address: "orders@juniperfig.example")!)
            var draft = MailDraft(
                from: brand.from, to: MailAddress(address: "robin@example.com")!, sender: brand.from.address,
                subject: "Re: My order", body: .markdown(text), language: "en",
                messageID: "answer-\(event.id)@juniperfig.example", date: now, brand: brand)
            draft.occasion = .answer
            message = try MailComposer().compose(draft)
        }
        let outcome = try await store.commitPlan(
            [
                Plan(
                    shop: shop,
                    changes: [
                        PlannedChange(
                            effect: effect, note: DecisionNote(at: now, state: state, reason: effect.reason),
                            message: message)
                    ])
            ], now: now)
        return try #require(outcome.effects.first)
    }

    /// What is to be done in the shop comes to that.
    func act(_ verdict: Verdict, results: [String: String] = [:]) async throws {
        let claims = try await store.claim(
            Route(shop: figs, channel: .shop), limit: 9, owner: "a", lease: .minutes(1), now: now)
        let begun = try await store.begin(claims, lease: .minutes(1), now: now).begun
        #expect(begun.count == 1)
        _ = try await store.finish(
            begun.map { AttemptOutcome(claim: $0, verdict: verdict, results: results) }, now: now)
    }

    /// An order of which nothing was sent, or the same as the shop shows it now.
    func unsent(
        _ number: Int, locale: String = "en", country: String = "GB", change: (inout OrderFacts) -> Void = { _ in }
    ) async throws {
        var facts = OrderFacts(
            id: "gid://shopify/Order/\(number)", name: "#\(number)", createdAt: benchStart, updatedAt: now)
        facts.email = "robin@example.com"
        facts.locale = locale
        facts.customer = CustomerFacts(id: "gid://shopify/Customer/7", firstName: "Robin", lastName: "Ashdown")
        var line = LineItemFacts(id: "l1", title: "Linen apron", quantity: 2)
        line.unitPrice = Money(amount: 15, currency: "GBP")
        facts.lineItems = [line]
        facts.total = Money(amount: 45, currency: "GBP")
        facts.payment = .paid
        facts.fulfillment = .unfulfilled
        facts.deliveryMethod = "shipping"
        var address = AddressFacts()
        (address.firstName, address.lastName) = ("Robin", "Ashdown")
        (address.address1, address.city, address.zip) = ("12 Fig Lane", "Bath", "BA1 1AA")
        (address.countryCode, address.phone) = (country, "07700 900123")
        if country == "US" { (address.zip, address.provinceCode) = ("94105", "CA") }
        facts.shippingAddress = address
        change(&facts)
        var record = OrderRecord(shop: figs, facts: facts, seenAt: now)
        let known = try await store.load(shop: figs, orderIDs: [facts.id])[facts.id]
        if let known {
            record = known
            record.facts = facts
        }
        _ = try await store.commit(
            [Learned(record: record, events: [], nextMoment: nil, rereads: [], changed: true)], now: now)
    }

    /// The relay takes whatever is ready.
    func sendAll() async throws {
        let claims = try await store.claim(.mail(shop: figs), limit: 50, owner: "a", lease: .minutes(1), now: now)
        let begun = try await store.begin(claims, lease: .minutes(1), now: now).begun
        _ = try await store.finish(
            begun.map { AttemptOutcome(claim: $0, verdict: .accepted(receipt: "ok")) }, now: now)
    }

    /// A mail about an event that asks for a rating.
    @discardableResult
    func asking(
        about event: Event, to address: String = "robin@example.com", customer: String? = "gid://shopify/Customer/7"
    ) async throws -> Effect {
        var effect = Effect(
            to: .mail(shop: event.shop), isContact: true, trigger: "ask", line: "email", keys: ["ask \(event.id)"],
            event: event, dueAt: now, createdAt: now)
        effect.state = .ready
        effect.decidedAt = now
        var change = PlannedChange(
            effect: effect, note: DecisionNote(at: now, state: .ready, reason: nil),
            message: .mail(
                id: "ask-\(event.id)@juniperfig.example", sender: "orders@juniperfig.example", recipient: address,
                bytes: Array("Hi".utf8), summary: "How was it?"))
        change.asks = RatingRequest(
            kind: RatingKind(of: event.aggregate.kind), address: address, customerID: customer)
        let outcome = try await store.commitPlan(
            [Plan(shop: event.shop, doneEvents: [event.id], changes: [change])], now: now)
        return try #require(outcome.effects.first)
    }

    /// The link in such a mail.
    func ratingLink(_ effect: Effect, address: String = "robin@example.com") -> String {
        PublicLinks(url: "", store: store).rating(
            request: effect.id, shop: effect.shop, address: address, now: now)!
    }

    /// The link by which whoever gets such a mail is asked no more.
    func stopRatingsLink(_ effect: Effect, address: String = "robin@example.com") -> String {
        PublicLinks(url: "", store: store).stopRatings(
            effect.id, shop: effect.shop, address: address, now: now)!
    }

    /// A conversation that somebody answered and closed, with the event that says so.
    func talkedOver(_ text: String = "Where is it?", language: String? = "en", about order: Int? = nil) async throws
        -> (id: Int64, event: Event)
    {
        var understood = DeskBench.understood
        understood.language = language
        let talk = try await wrote(text, about: order, understood: understood, answers: true)
        try await answered(talk.id, state: .ready)
        try await sendAll()
        let record = try await conversation(talk.id)
        let change = ConversationRules.close(record, because: .done, now: now)
        let written = try await store.commit(try #require(change), judged: [], incoming: nil, now: now)
        return (talk.id, try #require(written?.events.first))
    }

    /// The link below an automatic answer.
    func answerLink(_ effect: Effect, address: String = "robin@example.com") -> String {
        PublicLinks(url: "", store: store).answer(effect.id, shop: effect.shop, address: address, now: now)!
    }

    /// A link to the page of that purpose, which opens it.
    ///
    /// - Parameter asking: the question that is rated.
    func page(_ purpose: SealedLink.Purpose, rating asking: Effect) async throws -> String {
        switch purpose {
        case .rate: return ratingLink(asking)
        case .stopRatings: return stopRatingsLink(asking)
        case .answer:
            let talk = try await wrote(answers: true)
            return answerLink(try await answered(talk.id, state: .ready))
        case .remedy: return offerLink(try await offered(about: 1001, approveBy: nil))
        default: return link(purpose, order: 1001)
        }
    }

    /// What is offered about an order that is known.
    @discardableResult
    func offered(
        about number: Int, shop: String = figs, options: [Offer.Option]? = nil, also: Offer.Option? = nil,
        approveBy: Moment? = benchStart + .days(1), why: String = "'lost-parcel' of policy.yaml, line 7"
    ) async throws -> OfferRecord {
        let id = "gid://shopify/Order/\(number)"
        let key = "\(number) \(UUID().uuidString)"
        var effect = Effect(
            to: Route(shop: shop, channel: .desk), origin: .person, isContact: false, by: "lost",
            line: "remedy:lost-parcel", keys: [key], about: .order(id), dueAt: now, createdAt: now)
        effect.state = .ready
        effect.decidedAt = now
        let act = DeskAct(ActionLine("remedy", object: "lost-parcel", through: .desk), of: effect)
        var change = PlannedChange(
            effect: effect, note: DecisionNote(at: now, state: .ready, reason: nil),
            message: try act.message(id: "remedy \(key)"))
        change.offer = Offer(
            "lost-parcel", about: id,
            options: options ?? [
                Offer.Option(.refund, 4500), Offer.Option(.reship, 3000), Offer.Option(.gift("sorry"), 1500),
            ],
            alsoGive: also, currency: "GBP", items: [QuantityFacts(lineItemID: "l1", quantity: 2)],
            approveBy: approveBy, why: why)
        let outcome = try await store.commitPlan([Plan(shop: shop, changes: [change])], now: now)
        let made = try #require(outcome.effects.first)
        offer.withLock { $0 = made.id }
        return try #require(try await store.offer(made.id, shop: shop))
    }

    /// The link to an offer's page.
    func offerLink(_ offer: OfferRecord, address: String = "robin@example.com") -> String {
        PublicLinks(url: "", store: store).remedy(offer.number, shop: offer.shop, address: address, now: now)!
    }

    /// What the shops of benches may offer.
    static let policy = """
        amounts_in: GBP
        gifts: { sorry: { discount: 10%, counts_as: 15.00, valid_for: 60 days } }
        budgets: { gifts: [300.00 per month], remedies: [1000.00 per month] }
        remedies: { lost-parcel: { at_most: 150.00, first_that_fits: [{ offer: [refund, reship] }] } }
        """

    /// - Parameter line: what becomes of returns; empty where nothing is said of them.
    private static func planner(returns line: String) throws -> Planner {
        let files = [
            "shop.yaml": "mode: live\nbrand: { name: Juniper & Fig, from: orders@juniperfig.example }\n",
            "policy.yaml": line.isEmpty ? policy : "\(policy)\nreturns: { first_that_fits: [\(line)] }\n",
        ]
        let (loaded, faults) = TriggerSet.load(TriggerFolder(files: files.mapValues { Array($0.utf8) }))
        return Planner(
            triggers: try #require(loaded, "\(faults)"), inForceSince: [:], live: LiveSince(shop: .distantPast),
            shop: ShopProfile(domain: figs))
    }

    /// The key of a customer's page.
    func customer(_ address: String = "robin@example.com") -> String { CustomerKey(store.addressKey(address)).text }

    /// The parcel of an order is late, by a carrier of that name, and arrives.
    func delayed(
        _ number: Int, carrier: String = "DPD", reason: String = "no_scan", outcome: Journey.Outcome = .late
    ) async throws {
        let id = "gid://shopify/Order/\(number)"
        var record = try #require(try await store.load(shop: figs, orderIDs: [id])[id])
        for index in record.shipments.indices { record.shipments[index].tracking.company = carrier }
        let event = Event(
            shop: figs, orderID: id, kind: .shipmentDelayed,
            occurrences: [Event.Occurrence(subject: "shipment:\(number)/1", n: 1, mark: "late")], happenedAt: now,
            recordedAt: now, silence: nil, source: "time", daysLate: 1, delayReason: reason,
            orderName: record.facts.name)
        record.events.append(event)
        var learned = Learned(record: record, events: [event], nextMoment: nil, rereads: [], changed: true)
        learned.journeys = [
            Journey(
                shipment: "\(number)/1", carrier: record.carrier(of: event), day: Zone.utc.day(at: now),
                outcome: outcome, days: outcome == .underway ? nil : 3)
        ]
        _ = try await store.commit([learned], now: now)
    }

    /// A link to a page of the shopper.
    func link(_ purpose: SealedLink.Purpose, order number: Int, shop: String = figs) -> String {
        PublicLinks(url: "", store: store).link(
            purpose, shop: shop, orderID: "gid://shopify/Order/\(number)", address: "robin@example.com", now: now)!
    }

    /// The mails that wait to go out, by kind.
    func mails(_ kind: String, shop: String = figs) async throws -> [Message] {
        try await store.claim(.mail(shop: shop), limit: 50, owner: UUID().uuidString, lease: .seconds(0), now: now)
            .filter { $0.effect.trigger == kind }.map(\.message)
    }

    /// The code in the newest mail that brings one.
    func mailedCode() async throws -> String {
        let mail = try #require(try await mails("page_code").last)
        // A quoted-printable line may end within the code.
        let text = String(decoding: mail.bytes, as: UTF8.self).replacing("=\r\n", with: "")
        let body = text.split(separator: "\r\n\r\n", maxSplits: 1).last ?? ""
        return String(try #require(body.firstMatch(of: /\b([0-9]{6})\b/)).1)
    }
}
