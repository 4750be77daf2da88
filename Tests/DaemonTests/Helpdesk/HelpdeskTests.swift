import Delivery
import Doubles
import Foundation
import Intake
import Outreach
import Platform
import Sandbox
import Store
import Synchronization
import Testing

@testable import Daemon

private let robin = "robin@shopper.example"
private let anna = "anna@juniperfig.example"
private let route = Route(shop: benchShop, channel: .helpdesk)

/// A shop whose conversations go to a helpdesk of the sandbox's, over HTTP.
struct HelpBench {
    let mails: MailBench
    let server: SandboxServer
    let settings: HelpdeskSettings
    let engine: TransferEngine
    let pace = HelpdeskPace()
    private let source: HelpdeskSource
    let channel: any Outreach.Channel

    static let robin = "robin@shopper.example"
    static let kinds = [HelpdeskSettings.Kind.zendesk, .gorgias]

    var store: Store { mails.store }
    var now: Moment { mails.bench.now }
    var faults: SandboxFaults<HelpdeskFault> {
        settings.kind == .zendesk ? server.zendesk.faults : server.gorgias.faults
    }
    var tickets: [KeptTicket] { settings.kind == .zendesk ? server.zendesk.tickets : server.gorgias.tickets }

    /// Runs `body` beside a helpdesk of its own.
    static func with(
        _ kind: HelpdeskSettings.Kind, _ files: [String: String] = [:], login: String? = nil,
        hasMail: Bool = false, configure: @Sendable (inout Configuration.Shop) -> Void = { _ in },
        _ body: @Sendable (HelpBench) async throws -> Void
    ) async throws {
        // The sandbox's clock is the bench's.
        let late = Late()
        var configuration = SandboxConfiguration()
        configuration.print = { _ in }
        configuration.clock = SandboxClock {
            Date(timeIntervalSince1970: Double((late.clock?() ?? benchStart).milliseconds) / 1000)
        }
        let server = try SandboxServer(configuration)
        let engine = TransferEngine()
        try await withThrowingTaskGroup(of: Void.self) { group in
            group.addTask { _ = try await server.run() }
            let ports = try #require(await server.ports())
            let token = kind == .zendesk ? FakeZendesk.token : FakeGorgias.token
            let settings = HelpdeskSettings(
                kind, url: "\(ports.url)/\(kind.rawValue)", email: FakeZendesk.email,
                token: SecretString(login ?? token))
            var end = FarEnd(target: "", limit: 2) { try settings.open($0) }
            end.helpdesk = settings
            let mails = try await MailBench(files) { shop in
                shop.farEnds[.helpdesk] = [end]
                shop.handsOverToHelpdesk = true
                if hasMail {
                    shop.mailbox = nil
                    shop.mailboxBelongsToHelpdesk = true
                }
                configure(&shop)
            }
            late.set { mails.bench.now }
            try await body(HelpBench(mails, server, settings, engine))
            group.cancelAll()
            while let _ = try? await group.next() {}
        }
        await engine.shutdown(within: .seconds(1))
    }

    private init(
        _ mails: MailBench, _ server: SandboxServer, _ settings: HelpdeskSettings, _ engine: TransferEngine
    ) throws {
        self.mails = mails
        self.server = server
        self.settings = settings
        self.engine = engine
        channel = try settings.open(engine)
        source = HelpdeskLine.source(
            settings, benchShop, mails.store, pace, mails.bench.clock,
            hasMail: mails.context.configuration.mailboxBelongsToHelpdesk, over: engine)
    }

    private var journal: ConversationJournal {
        ConversationJournal(
            metrics: mails.bench.metrics, newEvents: Wake(), newMail: Wake(), logger: mails.bench.lines.logger())
    }

    var service: HelpdeskService {
        let context = mails.context
        let maker = MessageMaker(configuration: context.configuration, labels: nil)
        return HelpdeskService(
            context: context, store: store,
            answers: ShopAnswers([
                benchShop: ShopAnswers.Office(planner: { context.rules.planner }, maker: maker)
            ]), desk: "https://desk.example", clock: mails.bench.clock, wake: Wake(), newMessages: Broadcast(),
            heartbeats: mails.bench.heartbeats, logger: mails.bench.lines.logger())
    }

    /// Sends what is ready and due, as the outbox does.
    ///
    /// - Parameter forgets: whether the daemon dies once the helpdesk has answered.
    func deliver(forgets: Bool = false) async throws -> [Verdict] {
        let claims = try await store.claim(route, limit: 9, owner: "d", lease: .minutes(5), now: now)
        guard !claims.isEmpty else { return [] }
        var verdicts: [Verdict] = []
        for claim in try await store.begin(claims, lease: .minutes(5), now: now).begun {
            let answer = try await channel.attempt(claim.message, inDoubt: claim.effect.attemptsInDoubt, at: now)
            verdicts.append(answer.verdict)
            if forgets { continue }
            _ = try await store.finish(
                [
                    AttemptOutcome(
                        claim: claim, verdict: answer.verdict, nextAttemptAt: now + .seconds(1),
                        results: answer.results)
                ], now: now)
        }
        if forgets { _ = try await store.recover(owner: "next", now: now) }
        return verdicts
    }

    /// Goes on until the helpdesk has all.
    @discardableResult
    func settle() async throws -> [Verdict] {
        var verdicts: [Verdict] = []
        for _ in 0..<200 {
            let moved = try await service.turn(now: now)
            let some = try await deliver()
            verdicts += some
            mails.bench.pass(.seconds(2))
            if !moved, some.isEmpty, try await store.nextAttempt(route) == nil { return verdicts }
        }
        Issue.record("it never ends")
        return verdicts
    }

    /// Looks at what happened there, and judges it.
    @discardableResult
    func look() async throws -> SourceFailure? {
        pace.call()
        let judge = HelpdeskJudge(
            context: mails.context, store: store, journal: journal, logger: mails.bench.lines.logger(),
            newMessages: Broadcast(), letters: letters)
        let journal = StoreObservations(
            context: mails.context, store: store, learning: mails.bench.learning(), helpdesk: judge)
        let report = try await SourceReader(source, journal: journal).turn(now: now)
        #expect(report.faults.isEmpty, "\(report.faults)")
        return report.failure
    }

    /// Judges what customers write there, if their mail arrives there.
    private var letters: MailJudge? {
        guard mails.context.configuration.mailboxBelongsToHelpdesk else { return nil }
        return MailJudge(
            read: { _, _ in MailJudge.ReadMail(mail: IncomingMail(.person), parked: "no ticket") },
            context: mails.context, store: store, learning: mails.bench.learning(),
            logger: mails.bench.lines.logger(), newMail: Wake())
    }

    /// Everything that is to be decided is, as the loops would.
    func plan() async throws {
        let context = mails.context
        let planning = PlanningService(
            store: store, contexts: [benchShop: context],
            makers: [benchShop: MessageMaker(configuration: context.configuration, labels: nil)],
            trouble: TemplateTrouble(store: store, reloaders: [:], logger: mails.bench.lines.logger()),
            clock: mails.bench.clock, wake: Wake(), newMessages: Broadcast(), heartbeats: mails.bench.heartbeats,
            metrics: mails.bench.metrics, logger: mails.bench.lines.logger(), storeTrouble: mails.bench.trouble)
        let conversations = ConversationService(
            context: context, store: store, journal: journal, clock: mails.bench.clock, wake: Wake(),
            heartbeats: mails.bench.heartbeats, logger: mails.bench.lines.logger())
        while try await planning.turn() {}
        _ = try await conversations.turn()
        while try await planning.turn() {}
    }

    /// A customer's mail arrives in the helpdesk.
    @discardableResult
    func arrives(
        _ text: String, from address: String = HelpBench.robin, subject: String = "Question", in ticket: Int64? = nil
    ) -> Int64 {
        settings.kind == .zendesk
            ? server.zendesk.receive(text, subject: subject, from: address, in: ticket)
            : server.gorgias.receive(text, subject: subject, from: address, in: ticket)
    }

    func assign(_ ticket: Int64, to agent: String?) {
        if settings.kind == .zendesk {
            server.zendesk.assign(ticket, to: agent)
        } else {
            server.gorgias.assign(ticket, to: agent)
        }
    }

    /// Robin writes a mail.
    func writes(_ text: String, id: String, answers: String? = nil) async throws {
        var mail = IncomingMail(.person)
        mail.sender = Self.robin
        mail.text = text
        mail.subject = "The apron"
        mail.messageID = "\(id)@shopper.example"
        if let answers { mail.references = ["\(answers)@shopper.example"] }
        try await mails.judge(mail, id: id)
    }

    func say(_ text: String, by agent: String?, isPublic: Bool = true) {
        let id = tickets.last?.id ?? 0
        if settings.kind == .zendesk {
            server.zendesk.say(text, in: id, by: agent, isPublic: isPublic)
        } else {
            server.gorgias.say(text, in: id, by: agent, isPublic: isPublic)
        }
    }

    /// An agent is done with the ticket.
    func solve() {
        let id = tickets.last?.id ?? 0
        if settings.kind == .zendesk {
            server.zendesk.set("solved", of: id)
        } else {
            server.gorgias.set("closed", of: id)
        }
    }
}

/// A clock that is there later than whoever reads it.
private final class Late: Sendable {
    private let kept = Mutex<(@Sendable () -> Moment)?>(nil)
    var clock: (@Sendable () -> Moment)? { kept.withLock { $0 } }
    func set(_ clock: @escaping @Sendable () -> Moment) { kept.withLock { $0 = clock } }
}

@Suite("Conversations in a helpdesk", .timeLimit(.minutes(5))) struct HelpdeskTests {
    @Test(
        "one that is handed over is one ticket: her words as hers, then a note, and later words",
        arguments: HelpBench.kinds)
    func oneTicket(_ kind: HelpdeskSettings.Kind) async throws {
        try await HelpBench.with(kind) { bench in
            try await bench.writes("Can I exchange it?", id: "a")
            #expect(try await bench.mails.forwards().isEmpty, "nobody gets it by mail as well")
            let verdicts = try await bench.settle()
            #expect(verdicts.allSatisfy { $0.name == "accepted" })
            var ticket = try #require(bench.tickets.first)
            #expect(bench.tickets.count == 1 && ticket.subject == "The apron" && ticket.requester == robin)
            #expect(ticket.comments.map(\.isPublic) == [true, false])
            #expect(ticket.comments[0].author == robin && !ticket.comments[0].isAgents)
            #expect(ticket.comments[0].text == "Can I exchange it?")
            let note = ticket.comments[1].text
            #expect(ticket.comments[1].isAgents && note.hasPrefix("Bookbag handed this over to a person"), "\(note)")
            #expect(note.contains("https://desk.example/juniperfig/inbox/"))
            let record = try await bench.mails.conversation()
            let kept = try #require(try await bench.store.ticket(of: record.id, shop: benchShop))
            #expect(
                kept.number == "\(ticket.id)" && kept.url?.hasSuffix("/\(ticket.id)") == true && kept.state == .open)
            #expect(ticket.externalID == TicketPost.externalID(of: record))
            // She writes again, and somebody leaves a note at the desk.
            bench.mails.bench.pass(.minutes(5))
            try await bench.writes("And by when?", id: "b", answers: "a")
            let held = try await bench.mails.conversation()
            let noted = ConversationRules.note("She is a friend.", by: anna, in: held, now: bench.now)
            _ = try await bench.store.commit(noted, now: bench.now)
            try await bench.settle()
            ticket = try #require(bench.tickets.first)
            #expect(bench.tickets.count == 1 && ticket.comments.map(\.isPublic) == [true, false, true, false])
            #expect(ticket.comments[2].text == "And by when?" && ticket.comments[2].author == robin)
            #expect(ticket.comments[3].text.contains("She is a friend."))
            // Nothing more, however often it is looked at.
            #expect(try await bench.settle().isEmpty)
            try await bench.look()
            bench.mails.bench.pass(.minutes(2))
            try await bench.look()
            #expect(try await bench.mails.conversation().messages.count == 3, "our own words are not hers again")
            #expect(try await bench.settle().isEmpty && bench.tickets[0].comments.count == 4)
        }
    }

    @Test("the note has the order's story and the answer that waits", arguments: HelpBench.kinds)
    func story(_ kind: HelpdeskSettings.Kind) async throws {
        let files = [
            "where.yaml": "on: message.received\nsend: answer\n",
            "templates/where.md": "---\nsubject: Your apron\n---\nIt is on its way.\n",
        ]
        try await HelpBench.with(kind, files) { bench in
            var mail = IncomingMail(.person)
            (mail.sender, mail.text) = (robin, "Where is my order #1?")
            mail.isAuthenticated = true
            try await bench.mails.judge(mail, id: "a")
            let record = try await bench.mails.conversation()
            try await bench.mails.answer(record, state: .waiting, reason: .draft)
            let change = try #require(ConversationRules.handOver(record, because: .draft))
            #expect(try await bench.store.commit(change, now: bench.now) != nil)
            try await bench.settle()
            let comments = try #require(bench.tickets.first).comments
            #expect(comments.count == 2 && comments[0].text == "Where is my order #1?")
            #expect(comments[1].text.contains("(draft)") && comments[1].text.contains("Order #1 of"))
        }
    }

    @Test(
        "whatever is lost on the way, nothing is there twice, and nothing is missing", arguments: HelpBench.kinds,
        [1, 2, 3])
    func lost(_ kind: HelpdeskSettings.Kind, _ seed: Int) async throws {
        try await HelpBench.with(kind) { bench in
            bench.faults.next(
                [[.dropped, .dropAndForget], [.dropAndForget, .dropped, .dropped], [.tooManyRequests, .dropped]][
                    seed - 1])
            for (fault, chance) in [
                (HelpdeskFault.dropped, 0.3), (.dropAndForget, 0.15), (.tooManyRequests, 0.1), (.serverError, 0.1),
            ] { bench.faults.chance(fault, chance) }
            var last: String?
            let words = (1...4).map { "Question \($0) of \(seed)?" }
            for (index, text) in words.enumerated() {
                try await bench.writes(text, id: "m\(index)", answers: last)
                last = "m0"
                try await bench.settle()
                bench.mails.bench.pass(.minutes(3))
            }
            #expect(bench.tickets.count == 1)
            let comments = try #require(bench.tickets.first).comments
            #expect(comments.filter(\.isPublic).map(\.text) == words)
            #expect(comments.filter { !$0.isPublic }.count == 1, "one note for one hand-over")
            #expect(bench.faults.counts.values.reduce(0, +) >= 2)
        }
    }

    @Test("a daemon that dies before it heard the answer opens no second ticket", arguments: HelpBench.kinds)
    func dies(_ kind: HelpdeskSettings.Kind) async throws {
        try await HelpBench.with(kind) { bench in
            try await bench.writes("Can I exchange it?", id: "a")
            for _ in 0..<12 {
                _ = try await bench.service.turn(now: bench.now)
                // Each is done, and nobody heard of it.
                _ = try await bench.deliver(forgets: true)
                bench.mails.bench.pass(.minutes(1))
                _ = try await bench.deliver()
                bench.mails.bench.pass(.seconds(5))
            }
            #expect(bench.tickets.count == 1 && bench.tickets[0].comments.map(\.isPublic) == [true, false])
            #expect(try await bench.store.ticket(of: 1, shop: benchShop) != nil || bench.tickets.count == 1)
        }
    }

    @Test(
        "an agent's reply takes it over, withdraws drafts, and is no answer to what she wrote since",
        arguments: HelpBench.kinds)
    func replied(_ kind: HelpdeskSettings.Kind) async throws {
        try await HelpBench.with(
            kind,
            [
                "listens.yaml": "on: message.received\nsend: answer\n",
                "templates/listens.md": "---\nsubject: x\n---\nHi\n",
            ]
        ) { bench in
            try await bench.writes("Can I exchange it?", id: "a")
            let fresh = try await bench.mails.conversation()
            try await bench.mails.answer(fresh, state: .waiting, reason: .draft)
            let change = try #require(ConversationRules.handOver(fresh, because: .draft))
            #expect(try await bench.store.commit(change, now: bench.now) != nil)
            try await bench.settle()
            #expect(try await bench.store.drafts(of: fresh.id, shop: benchShop).count == 1)
            bench.say("between us: is she right?", by: anna, isPublic: false)
            try await bench.look()
            #expect(try await bench.mails.conversation().holder == nil, "a note is no answer")
            bench.mails.bench.pass(.minutes(3))
            bench.say("Yes, send it back.", by: anna)
            bench.mails.bench.pass(.seconds(1))
            try await bench.look()
            let record = try await bench.mails.conversation()
            #expect(record.state == .person && record.holder == anna && record.waitsSince == nil)
            #expect(record.messages.last?.author == .person(anna) && record.messages.last?.text == "Yes, send it back.")
            #expect(try await bench.store.drafts(of: fresh.id, shop: benchShop).isEmpty)
            #expect(record.takeOvers == 1)
            // It is read once, though the ticket is read again while it is young.
            try await bench.look()
            bench.mails.bench.pass(.minutes(2))
            try await bench.look()
            #expect(try await bench.mails.conversation().messages.count == 2)
            // She writes at ten, and an agent's reply of nine is read after that.
            bench.say("Tomorrow.", by: anna)
            bench.mails.bench.pass(.minutes(1))
            try await bench.writes("Wait, it is broken too!", id: "b", answers: "a")
            try await bench.look()
            let waiting = try await bench.mails.conversation()
            #expect(waiting.waitsSince == waiting.lastIncomingAt && waiting.messages.count == 4)
            try await bench.settle()
            #expect(bench.tickets.count == 1)
            #expect(bench.tickets[0].comments.last { $0.isPublic }?.text == "Wait, it is broken too!")
        }
    }

    @Test(
        "one that is solved there is closed, unless she wrote since; what she writes there is hers",
        arguments: HelpBench.kinds)
    func solved(_ kind: HelpdeskSettings.Kind) async throws {
        try await HelpBench.with(kind) { bench in
            try await bench.writes("Can I exchange it?", id: "a")
            try await bench.settle()
            bench.mails.bench.pass(.minutes(2))
            bench.solve()
            bench.mails.bench.pass(.seconds(5))
            try await bench.writes("Hello?", id: "b", answers: "a")
            try await bench.look()
            #expect(try await bench.mails.conversation().state == .person, "she wrote after that")
            try await bench.settle()
            #expect(bench.tickets.count == 1 && bench.tickets[0].status == "open")
            bench.mails.bench.pass(.minutes(2))
            try await bench.look()
            bench.solve()
            bench.mails.bench.pass(.seconds(5))
            try await bench.look()
            let closed = try await bench.mails.conversation()
            #expect(closed.state == .closed && closed.reason == .done && closed.closings == 1)
            #expect(try await bench.store.ticket(of: closed.id, shop: benchShop)?.state == .solved)
            // She answers the agent's mail: it comes to the helpdesk.
            bench.mails.bench.pass(.minutes(5))
            bench.say("One more thing.", by: nil)
            try await bench.look()
            let again = try await bench.mails.conversation()
            #expect(again.state == .person && again.messages.last?.text == "One more thing.")
            #expect(again.messages.last?.channel == .helpdesk && again.waitsSince != nil)
            try await bench.settle()
            let said = bench.tickets[0].comments.filter { $0.text == "One more thing." }
            #expect(said.count == 1, "it is not written back")
        }
    }

    @Test("an agent's reply to whom the helpdesk has no address of goes where she wrote", arguments: HelpBench.kinds)
    func relayed(_ kind: HelpdeskSettings.Kind) async throws {
        let number = "+447700900123"
        try await HelpBench.with(
            kind,
            configure: { shop in
                let settings = SMSSettings(
                    .gateway(url: "https://gw.example", secrets: [], from: nil, allowPrivate: false),
                    confirmsStops: true)
                var end = FarEnd(target: "", limit: 1) { try settings.open($0) }
                end.sms = settings
                shop.farEnds[.sms] = [end]
            }
        ) { bench in
            var opening = ConversationRecord(shop: benchShop, channel: .sms, openedAt: bench.now)
            opening.address = number
            var said = ConversationMessage(
                .incoming, by: .shopper, at: bench.now, text: "Is it lost?", channel: .sms)
            said.sender = number
            let change = ConversationRules.receive(said, into: nil, opening: opening, answers: false, now: bench.now)
            _ = try await bench.store.commit(change, now: bench.now)
            try await bench.settle()
            let first = try #require(bench.tickets.first?.comments.first)
            #expect(first.text.hasSuffix("Is it lost?") && first.isPublic == (kind == .zendesk))
            bench.mails.bench.pass(.minutes(2))
            bench.say("No, it comes *today*.", by: anna)
            try await bench.look()
            try await bench.look()
            let texts = try await bench.store.claim(
                Route(shop: benchShop, channel: .sms), limit: 9, owner: "t", lease: .minutes(5), now: bench.now)
            #expect(texts.map(\.message.envelope.recipient) == [number])
            #expect(texts.first?.message.asText?.text == "No, it comes *today*.")
            #expect(try await bench.mails.conversation().holder == anna)
        }
    }

    @Test("what Zendesk has closed goes on in a follow-up, once")
    func followUp() async throws {
        try await HelpBench.with(.zendesk) { bench in
            try await bench.writes("Can I exchange it?", id: "a")
            try await bench.settle()
            bench.server.zendesk.set("closed", of: bench.tickets[0].id)
            bench.mails.bench.pass(.minutes(2))
            try await bench.look()
            let closed = try await bench.mails.conversation()
            #expect(closed.state == .closed)
            bench.mails.bench.pass(.days(1))
            bench.faults.next([.dropped, .dropped])
            try await bench.writes("It came back!", id: "b", answers: "a")
            let record = try await bench.mails.conversation()
            if record.state != .person {
                let change = try #require(ConversationRules.handOver(record, because: .nobodyAnswers))
                _ = try await bench.store.commit(change, now: bench.now)
            }
            try await bench.settle()
            #expect(bench.tickets.count == 2)
            #expect(bench.tickets[1].comments.map(\.text).first == "It came back!")
            #expect(bench.tickets[1].comments.map(\.isPublic) == [true, false])
            let ticket = try #require(try await bench.store.ticket(of: record.id, shop: benchShop))
            #expect(ticket.number == "\(bench.tickets[1].id)" && ticket.state == .open)
        }
    }

    @Test("in shadow mode nothing is written", arguments: HelpBench.kinds)
    func shadow(_ kind: HelpdeskSettings.Kind) async throws {
        let shop =
            "mode: shadow\nnotify: owner@juniperfig.example\nbrand: { name: Fig, from: orders@juniperfig.example }\n"
        try await HelpBench.with(kind, ["shop.yaml": shop]) { bench in
            try await bench.writes("Can I exchange it?", id: "a")
            #expect(try await bench.mails.conversation().state == .person)
            #expect(try await bench.settle().isEmpty && bench.tickets.isEmpty)
        }
    }

    @Test("a refusal is for a person to see, a wrong login and a busy helpdesk for later", arguments: HelpBench.kinds)
    func verdicts(_ kind: HelpdeskSettings.Kind) async throws {
        try await HelpBench.with(kind) { bench in
            try await bench.writes("Can I exchange it?", id: "a")
            _ = try await bench.service.turn(now: bench.now)
            bench.faults.next([.tooManyRequests, .unauthorized, .serverError, .unprocessable])
            var verdicts: [Verdict] = []
            for _ in 0..<4 {
                verdicts += try await bench.deliver()
                bench.mails.bench.pass(.seconds(5))
            }
            #expect(verdicts.map(\.name) == ["deferred", "unavailable", "deferred", "refused"])
            #expect(verdicts[0].failure?.retryAfter == .seconds(2) && verdicts[0].failure?.code == 429)
            #expect(verdicts.allSatisfy { $0.failure?.detail.contains(robin) == false })
            try await bench.settle()
            let record = try await bench.mails.conversation()
            #expect(try await bench.store.ticket(of: record.id, shop: benchShop)?.state == .refused)
            #expect(bench.tickets.isEmpty)
        }
        try await HelpBench.with(kind, login: "wrong") { bench in
            try await bench.writes("Can I exchange it?", id: "a")
            _ = try await bench.service.turn(now: bench.now)
            let verdict = try #require(try await bench.deliver().first)
            #expect(verdict.name == "unavailable" && verdict.failure?.reason == "auth")
            #expect(verdict.failure?.inDoubt == false)
            let answer = await HelpdeskCheck.ask(bench.settings, over: bench.engine)
            guard case .other(let words)? = answer else {
                Issue.record("doctor is content")
                return
            }
            #expect(words.contains("does not accept our login") && !words.contains("wrong"))
        }
    }

    @Test("doctor asks who we are", arguments: HelpBench.kinds)
    func doctor(_ kind: HelpdeskSettings.Kind) async throws {
        try await HelpBench.with(kind) { bench in
            let answer = await HelpdeskCheck.ask(bench.settings, over: bench.engine)
            #expect(answer == .welcome(role: kind == .zendesk ? "admin" : nil))
        }
    }

    @Test("whoever is erased leaves no ticket behind here, and its number is named", arguments: HelpBench.kinds)
    func erased(_ kind: HelpdeskSettings.Kind) async throws {
        try await HelpBench.with(kind) { bench in
            try await bench.writes("Can I exchange it?", id: "a")
            try await bench.settle()
            bench.say("Yes, Robin of Fig Lane.", by: anna)
            bench.say("Thanks, says Robin.", by: nil)
            try await bench.look()
            #expect(try await bench.mails.conversation().messages.count == 3)
            let erased = try await bench.store.erase(address: robin, shop: benchShop, now: bench.now)
            #expect(erased.tickets == ["\(bench.tickets[0].id)"])
            #expect(try await bench.mails.conversations().isEmpty)
            #expect(try await bench.store.ticket(numbered: "\(bench.tickets[0].id)", shop: benchShop) == nil)
            for kept in ["helpdesk.comment", "helpdesk.standing"] {
                #expect(
                    try await bench.store.unjudged(shop: benchShop, source: "helpdesk", limit: 9).isEmpty, "\(kept)")
            }
            try await bench.look()
            #expect(try await bench.mails.conversations().isEmpty && bench.tickets.count == 1)
        }
    }

    @Test("a helpdesk that cannot be read is told of, and read again later", arguments: HelpBench.kinds)
    func unreadable(_ kind: HelpdeskSettings.Kind) async throws {
        try await HelpBench.with(kind) { bench in
            try await bench.writes("Can I exchange it?", id: "a")
            try await bench.settle()
            let ticket = try #require(
                try await bench.store.openTickets(shop: benchShop, since: .distantPast, limit: 9).first)
            let gone = HelpdeskSettings(bench.settings.kind, url: "http://127.0.0.1:1", email: "a@b.example")
            let source = HelpdeskLine.source(
                gone, benchShop, bench.store, HelpdeskPace(), bench.mails.bench.clock, over: bench.engine)
            let page = try await source.poll(from: nil, now: bench.now)
            #expect(page.failure?.description.contains("could not be reached") == true && ticket.number != nil)
            // A deleted ticket is a closed one.
            if kind == .zendesk {
                bench.server.zendesk.delete(bench.tickets[0].id)
                try await bench.look()
                #expect(try await bench.mails.conversation().state == .closed)
            }
        }
    }
}

@Suite("Calls of a helpdesk's") struct HelpdeskHooksTests {
    private static let secret = "whsec_" + Data(repeating: 7, count: 32).base64EncodedString()

    private func hooks(
        _ settings: HelpdeskSettings, _ bench: MailBench, _ wake: Wake = Wake()
    ) -> HelpdeskHooks {
        HelpdeskHooks(
            desks: [benchShop: HelpdeskHooks.Desk(settings: settings, pace: HelpdeskPace(), wake: wake)],
            store: bench.store, logger: bench.bench.lines.logger(), now: { bench.bench.now })
    }

    @Test("are believed by their signature alone, and only have us look sooner")
    func signed() async throws {
        let bench = try await MailBench([:])
        var zendesk = HelpdeskSettings(.zendesk, url: "https://fig.example")
        zendesk.hookSecrets = [SecretString("old"), SecretString("new")]
        let body = Array("{\"ticket\":\"7\"}".utf8)
        func call(_ secret: String, at moment: Moment, path: String = "/helpdesk/\(benchShop)") async -> Int {
            let signature = ZendeskSignature.signature(
                timestamp: moment.iso8601, body: body, secret: SecretString(secret))
            return await hooks(zendesk, bench).receive(
                path: path,
                headers: [
                    "x-zendesk-webhook-signature": signature,
                    "x-zendesk-webhook-signature-timestamp": moment.iso8601,
                ], body: body
            ).status
        }
        #expect(await call("new", at: bench.bench.now) == 204)
        #expect(await call("old", at: bench.bench.now - .minutes(4)) == 204)
        #expect(await call("other", at: bench.bench.now) == 403)
        #expect(await call("new", at: bench.bench.now - .minutes(6)) == 403)
        #expect(await call("new", at: bench.bench.now, path: "/helpdesk/other") == 404)
        #expect(
            await hooks(zendesk, bench).receive(path: "/helpdesk/\(benchShop)", headers: [:], body: []).status == 403)
        // The example of Zendesk's own documentation is of this form: base64, over timestamp and body without a sign between.
        #expect(
            ZendeskSignature.isValid(
                ZendeskSignature.signature(timestamp: "2026-11-20T09:00:00Z", body: [], secret: SecretString("s")),
                timestamp: "2026-11-20T09:00:00Z", body: [], secret: SecretString("s"), now: benchStart))
        var gorgias = HelpdeskSettings(.gorgias, url: "https://fig.example")
        gorgias.hookSecrets = [SecretString("s3cret")]
        for (given, status) in [("s3cret", 204), ("S3cret", 403), ("", 403)] {
            let answer = await hooks(gorgias, bench).receive(
                path: "/helpdesk/\(benchShop)", headers: ["x-bookbag-secret": given], body: body)
            #expect(answer.status == status)
        }
        gorgias.hookSecrets = []
        let open = await hooks(gorgias, bench).receive(path: "/helpdesk/\(benchShop)", headers: [:], body: body)
        #expect(open.status == 403)
    }

    @Test("of any other kind say what happened, and get what is written in the same form")
    func hook() async throws {
        var made = HelpdeskSettings(.hook, url: "https://desk.example/bookbag")
        made.secrets = [SecretString(Self.secret)]
        let settings = made
        var end = FarEnd(target: "", limit: 2) { try settings.open($0) }
        end.helpdesk = settings
        let mails = try await MailBench([:]) { shop in
            shop.farEnds[.helpdesk] = [end]
            shop.handsOverToHelpdesk = true
        }
        let bench = mails.bench
        let store = mails.store
        var mail = IncomingMail(.person)
        (mail.sender, mail.text, mail.messageID) = (robin, "Can I exchange it?", "a@shopper.example")
        try await mails.judge(mail, id: "a")
        let context = mails.context
        let service = HelpdeskService(
            context: context, store: store, answers: ShopAnswers(), desk: nil, clock: bench.clock, wake: Wake(),
            newMessages: Broadcast(), heartbeats: bench.heartbeats, logger: bench.lines.logger())
        let http = ScriptedHTTPAnswers()
        let channel = try settings.open(http)
        for _ in 0..<4 {
            _ = try await service.turn(now: bench.now)
            let claims = try await store.claim(route, limit: 9, owner: "d", lease: .minutes(5), now: bench.now)
            for claim in try await store.begin(claims, lease: .minutes(5), now: bench.now).begun {
                let answer = try await channel.attempt(claim.message, at: bench.now)
                _ = try await store.finish(
                    [AttemptOutcome(claim: claim, verdict: answer.verdict, results: answer.results)], now: bench.now)
            }
            bench.pass(.seconds(5))
        }
        let sent = http.requests
        #expect(sent.map { $0.json["type"] as? String } == ["ticket.open", "ticket.note"])
        let verifier = try WebhookVerifier(try WebhookSecret(Self.secret))
        for request in sent {
            try verifier.verify(request.body ?? [], at: bench.now) { name in
                request.headers.first { $0.name == name }?.value
            }
        }
        let data = try #require(sent[0].json["data"] as? [String: Any])
        #expect(data["text"] as? String == "Can I exchange it?" && data["public"] as? Bool == true)
        #expect((data["customer"] as? [String: Any])?["email"] as? String == robin)
        let ticket = try #require(try await store.ticket(numbered: "T-7", shop: benchShop))
        #expect(ticket.url == "https://desk.example/T-7")
        // It says what happened there.
        let judge = HelpdeskJudge(
            context: context, store: store,
            journal: ConversationJournal(
                metrics: bench.metrics, newEvents: Wake(), newMail: Wake(), logger: bench.lines.logger()),
            logger: bench.lines.logger(), newMessages: Broadcast())
        func tells(_ body: String, secret: String = Self.secret) async throws -> Int {
            let bytes = Array(body.utf8)
            let signed = WebhookSignature(
                id: "msg_1", at: bench.now, body: bytes, secrets: [try WebhookSecret(secret)])
            let answer = await hooks(settings, mails).receive(
                path: "/helpdesk/\(benchShop)",
                headers: [
                    "webhook-id": signed.id, "webhook-timestamp": signed.timestamp,
                    "webhook-signature": signed.signature,
                ], body: bytes)
            for one in try await store.unjudged(shop: benchShop, source: "helpdesk", limit: 9) {
                #expect(try await judge.judge(one, now: bench.now) == nil)
            }
            return answer.status
        }
        #expect(try await tells(#"{"id":"0","ticket":"T-7","event":"taken_over","by":"\#(anna)"}"#) == 204)
        var record = try await mails.conversation()
        #expect(record.holder == anna && record.waitsSince != nil, "she still waits")
        bench.pass(.seconds(5))
        let reply = #"{"id":"1","ticket":"T-7","event":"replied","by":"\#(anna)","text":"Yes."}"#
        #expect(try await tells(reply) == 204)
        #expect(try await tells(reply) == 204, "the same twice is once")
        record = try await mails.conversation()
        #expect(record.messages.map(\.text) == ["Can I exchange it?", "Yes."] && record.waitsSince == nil)
        bench.pass(.seconds(5))
        #expect(try await tells(#"{"id":"2","ticket":"T-7","event":"closed"}"#) == 204)
        #expect(try await mails.conversation().state == .closed)
        bench.pass(.seconds(5))
        #expect(try await tells(#"{"id":"3","ticket":"T-7","event":"wrote","by":"\#(robin)","text":"Thanks!"}"#) == 204)
        record = try await mails.conversation()
        #expect(record.state == .person && record.messages.last?.author == .shopper)
        #expect(try await tells(#"{"id":"4","ticket":"T-8","event":"closed"}"#) == 404)
        #expect(try await tells(#"{"id":"5","ticket":"T-7","event":"exploded"}"#) == 400)
        #expect(try await tells("[]") == 400)
        let other = "whsec_" + Data(repeating: 8, count: 32).base64EncodedString()
        #expect(try await tells(reply, secret: other) == 403)
    }
}

/// A receiver that has every ticket as T-7.
private final class ScriptedHTTPAnswers: HTTPTransport {
    private let seen = Mutex<[HTTPRequest]>([])
    var requests: [HTTPRequest] { seen.withLock { $0 } }

    func send(_ request: HTTPRequest) async throws(TransferFailure) -> HTTPResponse {
        seen.withLock { $0.append(request) }
        return HTTPResponse(
            status: 200, body: Array(#"{"ticket": "T-7", "url": "https://desk.example/T-7"}"#.utf8))
    }
}
