import Delivery
import Foundation
import Intake
import Outreach
import Platform
import Sandbox
import Store
import Testing

@testable import Daemon

private let robin = "robin@shopper.example"
private let anna = "anna@juniperfig.example"

/// Triggers that answer where the parcel is, by themselves.
private let answers = [
    "shop.yaml":
        "mode: live\nnotify: owner@juniperfig.example\nbrand: { name: Fig, from: orders@juniperfig.example }\nanswers: { others: live }\n",
    "where.yaml": "on: message.received\nif: message.asks contains \"where_is_my_order\"\nsend: answer\n",
    "templates/where.md":
        "---\nsubject: Your order\n---\nYour order {{ order.name }} is **on its way**, and it is so with a line that is longer than any mail's line may be:\nhttps://track.example/1\n\nFig\n",
    "received.yaml": "on: conversation.handed_over\nonce_per: conversation\nsend: answer\n",
    "templates/received.md": "---\nsubject: Your message\n---\nOne of us has it.\n",
]

private let question = "Where is my order #1?"

@Suite("Mail that arrives in the helpdesk", .timeLimit(.minutes(5))) struct HelpdeskMailTests {
    /// Runs `body` beside a helpdesk in which mail arrives, and which was looked at before.
    private func with(
        _ kind: HelpdeskSettings.Kind, _ files: [String: String] = answers,
        _ body: @Sendable (HelpBench) async throws -> Void
    ) async throws {
        try await HelpBench.with(kind, files, hasMail: true) { bench in
            try await bench.mails.bench.see(1, parcels: ["RM1"])
            try await bench.look()
            bench.mails.bench.pass(.minutes(1))
            try await body(bench)
        }
    }

    @Test("a question is answered in its ticket, once, and the ticket waits for her", arguments: HelpBench.kinds)
    func answered(_ kind: HelpdeskSettings.Kind) async throws {
        try await with(kind) { bench in
            let id = bench.arrives(question, subject: "My apron")
            try await bench.look()
            let asked = try await bench.mails.conversation()
            #expect(asked.state == .undecided && asked.channel == .helpdesk && asked.ticket == "\(id)")
            #expect(asked.address == robin && asked.subject == "My apron" && asked.orderID?.hasSuffix("/1") == true)
            #expect(asked.messages.map(\.trust) == [1] && asked.messages[0].channel == .helpdesk)
            try await bench.plan()
            let verdicts = try await bench.settle()
            #expect(verdicts.map(\.name) == ["accepted"])
            let ticket = try #require(bench.tickets.first)
            #expect(bench.tickets.count == 1 && ticket.comments.map(\.isPublic) == [true, true])
            #expect(ticket.comments[1].isAgents && ticket.status == (kind == .zendesk ? "pending" : "closed"))
            let words = ticket.comments[1].text
            #expect(words.hasPrefix("Your order #1 is on its way, and it is so with a line that is longer than any"))
            #expect(words.hasSuffix("Automated reply. Write PERSON, and one of us takes over."), "\(words)")
            #expect(words.split(separator: "\n").first?.hasSuffix("https://track.example/1") == true, "\(words)")
            try await bench.plan()
            var record = try await bench.mails.conversation()
            #expect(record.state == .ours && record.messages.map(\.direction) == [.incoming, .outgoing])
            #expect(record.messages.last?.text == words && record.messages.last?.channel == .helpdesk)
            // What we wrote is not hers, and no agent's, however often it is looked at.
            for _ in 0..<3 {
                bench.mails.bench.pass(.minutes(1))
                try await bench.look()
                try await bench.plan()
                #expect(try await bench.settle().isEmpty)
            }
            record = try await bench.mails.conversation()
            #expect(record.state == .ours && record.messages.count == 2 && record.takeOvers == 0)
            #expect(bench.tickets[0].comments.count == 2)
        }
    }

    @Test(
        "what nothing answers is a note in the ticket that it came in, and no second ticket", arguments: HelpBench.kinds
    )
    func noted(_ kind: HelpdeskSettings.Kind) async throws {
        try await with(kind) { bench in
            let id = bench.arrives("My cat ate the box, can you believe it?")
            try await bench.look()
            try await bench.plan()
            bench.mails.bench.pass(.minutes(2))
            try await bench.plan()
            try await bench.settle()
            #expect(try await bench.mails.conversation().state == .person)
            let ticket = try #require(bench.tickets.first)
            let notes = ticket.comments.filter { !$0.isPublic }
            #expect(bench.tickets.count == 1 && ticket.id == id && notes.count == 1)
            #expect(notes.first?.text.hasPrefix("Bookbag handed this over to a person") == true)
            // Word that a person has it leaves the ticket to that person.
            let told = ticket.comments.filter { $0.isPublic && $0.isAgents }.map(\.text)
            #expect(told.count == 1 && told.first?.hasPrefix("One of us has it.") == true)
            #expect(ticket.status == (kind == .zendesk ? "new" : "open"))
            // She writes again: nothing is answered by itself, and her words are not written back.
            bench.mails.bench.pass(.minutes(3))
            bench.arrives(question, in: id)
            try await bench.look()
            try await bench.plan()
            #expect(try await bench.settle().isEmpty && bench.tickets[0].comments.count == 4)
            #expect(try await bench.mails.conversation().messages.map(\.direction).last == .incoming)
        }
    }

    @Test("a draft is part of the note", arguments: HelpBench.kinds)
    func drafted(_ kind: HelpdeskSettings.Kind) async throws {
        var files = answers
        files["shop.yaml"] = files["shop.yaml"]?.replacing("others: live", with: "others: drafts")
        files["received.yaml"] = nil
        try await with(kind, files) { bench in
            bench.arrives(question)
            try await bench.look()
            try await bench.plan()
            bench.mails.bench.pass(.minutes(2))
            try await bench.plan()
            try await bench.settle()
            #expect(bench.tickets[0].comments.map(\.isPublic) == [true, false])
            #expect(try await bench.mails.conversation().reason == .draft)
        }
    }

    @Test("whatever is lost on the way, an answer and a note are there once", arguments: HelpBench.kinds, [1, 2, 3])
    func lost(_ kind: HelpdeskSettings.Kind, _ seed: Int) async throws {
        try await with(kind) { bench in
            bench.faults.next(
                [[.dropped], [.dropAndForget, .dropped], [.tooManyRequests, .dropped, .dropped]][seed - 1])
            let first = bench.arrives(question)
            try await bench.look()
            try await bench.plan()
            try await bench.settle()
            bench.mails.bench.pass(.minutes(1))
            bench.faults.next([.dropped])
            let second = bench.arrives("The cat ate it.", from: "kim@shopper.example")
            try await bench.look()
            bench.mails.bench.pass(.minutes(2))
            try await bench.plan()
            try await bench.settle()
            let said = bench.tickets.map { ticket in ticket.comments.filter(\.isAgents).map(\.isPublic) }
            #expect(bench.tickets.map(\.id) == [first, second] && said[0] == [true])
            #expect(said[1].filter { !$0 }.count == 1 && said[1].filter { $0 }.count == 1)
            #expect(bench.tickets[0].status == (kind == .zendesk ? "pending" : "closed"))
        }
    }

    @Test("an agent who is quicker is the only one who answers", arguments: HelpBench.kinds)
    func race(_ kind: HelpdeskSettings.Kind) async throws {
        try await with(kind) { bench in
            bench.arrives(question)
            try await bench.look()
            try await bench.plan()
            // The answer is ready, and Anna writes hers.
            bench.say("It comes tomorrow.", by: anna)
            let verdict = try #require(try await bench.deliver().first)
            #expect(verdict.name == "deferred" && verdict.failure?.reason == "answered_by_person")
            bench.mails.bench.pass(.seconds(2))
            try await bench.look()
            let record = try await bench.mails.conversation()
            #expect(record.state == .person && record.holder == anna && record.waitsSince == nil)
            #expect(bench.tickets[0].comments.map(\.text) == [question, "It comes tomorrow."])
            // From here on it is hers.
            bench.mails.bench.pass(.minutes(2))
            bench.arrives(question, in: bench.tickets[0].id)
            try await bench.look()
            try await bench.plan()
            #expect(try await bench.mails.conversation().messages.count == 3)
            #expect(bench.tickets[0].comments.count == 3)
        }
    }

    @Test(
        "what she adds meanwhile, a change of hands or a solved ticket stops an answer too",
        arguments: HelpBench.kinds)
    func stopped(_ kind: HelpdeskSettings.Kind) async throws {
        for reason in ["newer", "held_by_person", "answered_by_person"] {
            try await with(kind) { bench in
                let id = bench.arrives(question)
                try await bench.look()
                try await bench.plan()
                switch reason {
                case "newer": bench.arrives("And cancel it!", in: id)
                case "held_by_person": bench.assign(id, to: anna)
                default: bench.solve()
                }
                let verdict = try #require(try await bench.deliver().first)
                #expect(verdict.failure?.reason == reason && verdict.name == "deferred")
                #expect(bench.tickets[0].comments.allSatisfy { !$0.isAgents })
                bench.mails.bench.pass(.seconds(5))
                try await bench.look()
                let record = try await bench.mails.conversation()
                switch reason {
                case "newer": #expect(record.messages.count == 2 && record.state == .undecided)
                case "held_by_person": #expect(record.state == .person && record.holder == anna)
                default: #expect(record.state == .closed)
                }
            }
        }
    }

    @Test("what is an agent's when it is first seen stays theirs, without a note", arguments: HelpBench.kinds)
    func taken(_ kind: HelpdeskSettings.Kind) async throws {
        try await with(kind) { bench in
            let assigned = bench.arrives(question)
            bench.assign(assigned, to: anna)
            bench.mails.bench.pass(.seconds(1))
            bench.arrives(question, from: "kim@shopper.example")
            bench.say("I am on it.", by: anna)
            try await bench.look()
            try await bench.plan()
            bench.mails.bench.pass(.minutes(2))
            try await bench.plan()
            #expect(try await bench.settle().isEmpty)
            let records = try await bench.mails.conversations()
            #expect(records.count == 2 && records.allSatisfy { $0.state == .person && $0.holder == anna })
            #expect(records.contains { $0.waitsSince == nil } && records.contains { $0.waitsSince != nil })
        }
    }

    @Test("a closed ticket closes the conversation, and her next words are answered again", arguments: HelpBench.kinds)
    func solved(_ kind: HelpdeskSettings.Kind) async throws {
        var files = answers
        files["received.yaml"] = nil
        try await with(kind, files) { bench in
            let id = bench.arrives("My cat ate the box.")
            try await bench.look()
            bench.mails.bench.pass(.minutes(2))
            try await bench.plan()
            try await bench.settle()
            bench.mails.bench.pass(.minutes(1))
            bench.solve()
            try await bench.look()
            #expect(try await bench.mails.conversation().state == .closed)
            bench.mails.bench.pass(.days(9))
            try await bench.mails.bench.see(1, parcels: ["RM1"])
            bench.arrives(question, in: id)
            try await bench.look()
            #expect(try await bench.mails.conversation().state == .undecided)
            try await bench.plan()
            #expect(try await bench.settle().map(\.name) == ["accepted"])
            #expect(bench.tickets[0].comments.last?.text.hasPrefix("Your order #1 is on its way") == true)
        }
    }

    @Test("facts go to the order's own address alone", arguments: HelpBench.kinds)
    func strangers(_ kind: HelpdeskSettings.Kind) async throws {
        try await with(kind) { bench in
            try await bench.mails.bench.see(1002, parcels: ["RM2"], email: "kim@shopper.example")
            try await bench.mails.bench.see(1003, parcels: ["RM3"], email: "lou@shopper.example")
            // Lou, Robin and a stranger ask for Kim's order.
            for who in ["lou@shopper.example", robin, "stranger@elsewhere.example"] {
                bench.arrives("Where is my order #1002?", from: who)
            }
            try await bench.look()
            try await bench.plan()
            bench.mails.bench.pass(.minutes(2))
            try await bench.plan()
            try await bench.settle()
            let records = try await bench.mails.conversations()
            #expect(records.count == 3 && records.allSatisfy { $0.state == .person })
            for ticket in bench.tickets {
                #expect(!ticket.comments.contains { $0.isPublic && $0.text.contains("on its way") })
            }
        }
    }

    @Test("a third party, copies and what Zendesk warns of get a person; a program gets nothing")
    func doubted() async throws {
        try await with(.zendesk) { bench in
            let zendesk = bench.server.zendesk
            let copied = zendesk.receive(question, from: robin)
            zendesk.copy(copied, to: "boss@elsewhere.example")
            zendesk.receive(question, from: robin, flags: [3])
            zendesk.receive("Out of office until May", subject: "x", from: robin, flags: [4])
            zendesk.receive("Undelivered: user unknown", from: "mailer-daemon@elsewhere.example")
            zendesk.receive(question, from: robin, via: "chat")
            try await bench.look()
            var records = try await bench.mails.conversations()
            #expect(records.count == 2 && records.allSatisfy { $0.state == .person && $0.reason == .unknownSender })
            #expect(records.allSatisfy { $0.messages[0].trust == 0 })
            // Somebody else writes in Robin's ticket.
            bench.mails.bench.pass(.minutes(2))
            let third = zendesk.receive("Hello, a question of another kind.", from: robin)
            try await bench.look()
            zendesk.receive(question, from: "stranger@elsewhere.example", in: third)
            try await bench.look()
            records = try await bench.mails.conversations().filter { $0.ticket == "\(third)" }
            #expect(records.count == 1 && records[0].state == .person && records[0].reason == .unknownSender)
            #expect(records[0].messages.map(\.trust) == [1, 0])
        }
    }

    @Test("an answer on its way is a person's once others would get copies of it")
    func copied() async throws {
        try await with(.zendesk) { bench in
            let id = bench.arrives(question)
            try await bench.look()
            try await bench.plan()
            bench.mails.bench.pass(.seconds(1))
            bench.server.zendesk.copy(id, to: "boss@elsewhere.example")
            #expect(try await bench.deliver().first?.failure?.reason == "copies")
            bench.mails.bench.pass(.seconds(5))
            try await bench.look()
            let record = try await bench.mails.conversation()
            #expect(record.state == .person && record.reason == .unknownSender)
            // Even if it were tried again.
            bench.mails.bench.pass(.seconds(5))
            #expect(try await bench.deliver().first?.failure?.reason == "copies")
            #expect(bench.tickets[0].comments.allSatisfy { !$0.text.contains("on its way") })
        }
    }

    @Test("what was there before is old, whether it is ours or not; an agent's ticket is no customer's")
    func old() async throws {
        try await HelpBench.with(.zendesk, answers, hasMail: true) { bench in
            let before = bench.arrives(question)
            bench.mails.bench.pass(.seconds(2))
            try await bench.look()
            bench.mails.bench.pass(.minutes(1))
            bench.arrives("And now?", in: before)
            bench.assign(before, to: anna)
            let agents = bench.arrives("Hello Robin, we have a recall.", from: anna)
            try await bench.look()
            #expect(try await bench.mails.conversations().isEmpty)
            // She asks again after a week in which nobody looked: all of that is for people.
            bench.mails.bench.pass(.days(8))
            bench.arrives(question)
            try await bench.look()
            #expect(try await bench.mails.conversations().isEmpty)
            bench.mails.bench.pass(.minutes(1))
            bench.arrives(question)
            try await bench.look()
            #expect(try await bench.mails.conversations().count == 1 && agents > before)
        }
    }

    @Test("however many tickets changed, each is found, and none twice", arguments: HelpBench.kinds)
    func many(_ kind: HelpdeskSettings.Kind) async throws {
        try await with(kind) { bench in
            for number in 0..<130 {
                bench.arrives("Question \(number)", from: "n\(number)@shopper.example")
                if number % 10 == 0 { bench.mails.bench.pass(.seconds(30)) }
            }
            for _ in 0..<4 {
                try await bench.look()
                bench.mails.bench.pass(.minutes(1))
            }
            let numbers = bench.tickets.map { "\($0.id)" }
            let known = try await bench.store.tickets(numbered: numbers, shop: benchShop)
            #expect(numbers.count == 130 && Set(known.values.map(\.conversation)).count == 130)
        }
    }

    @Test("a stop word, and a mail's unsubscribe button, work as in a mailbox")
    func stop() async throws {
        try await with(.zendesk) { bench in
            bench.arrives("STOP")
            try await bench.look()
            #expect(try await bench.mails.conversations().isEmpty)
            let silences = try await bench.store.silences(of: .address(robin), shop: benchShop, now: bench.now)
            #expect(silences.contains { $0.reason == IncomingOutcome.Silencing.optOut })
        }
    }

    @Test("her words are read without what she quotes")
    func quoted() async throws {
        try await with(.zendesk) { bench in
            bench.arrives(
                "Thanks, that is late!\n\nOn Mon, 2 Mar 2026 at 09:00, Fig <orders@juniperfig.example> wrote:\n> Your order #2 is late.\n> Sorry!"
            )
            try await bench.look()
            #expect(try await bench.mails.conversation().messages.map(\.text) == ["Thanks, that is late!"])
        }
    }
}
