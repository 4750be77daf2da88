import Foundation
import Synchronization
import Testing

@testable import Sandbox

@Suite("Stories")
struct StoryTests {
    private func keep(_ mailbox: Mailbox, _ due: DueMessage, id: String) {
        let header = "Message-ID: <\(id)>\r\nX-Bookbag-Trigger: \(due.trigger)\r\nX-Bookbag-Order: \(due.order)\r\n\r\n"
        mailbox.keep(ReceivedMail(sender: "", recipients: [due.recipient], bytes: Array(header.utf8)))
    }

    @Test("tell missing, doubled, repeated and unexpected messages apart")
    func ledger() throws {
        let mailbox = try Mailbox(folder: nil, clock: .system)
        let ledger = StoryLedger(mailbox: mailbox)
        let due = ["a", "b", "c", "c"].map { DueMessage(order: "#1", trigger: $0, recipient: "X@x.example") }
        due.forEach(ledger.expect)
        keep(mailbox, due[0], id: "1")
        keep(mailbox, due[0], id: "1")
        #expect(ledger.verdict.repeated == 1 && ledger.verdict.missing.map(\.trigger) == ["b", "c", "c"])
        keep(mailbox, due[1], id: "2")
        keep(mailbox, due[2], id: "3")
        #expect(!ledger.verdict.isGood && ledger.verdict.missing.map(\.trigger) == ["c"])
        keep(mailbox, due[2], id: "4")
        #expect(ledger.verdict.isGood && ledger.verdict.arrived == 4)
        keep(mailbox, due[1], id: "5")
        #expect(ledger.verdict.doubled.map(\.trigger) == ["b"])
        keep(mailbox, DueMessage(order: "#9", trigger: "a", recipient: "y@x.example"), id: "6")
        #expect(ledger.verdict.unexpected.map(\.order) == ["#9"])
    }

    /// A teller that has been polled, whose pauses take no time, before a daemon that answers each line at once with
    /// all that is due and not yet sent.
    private func teller(answers: Bool) throws -> StoryTeller {
        let shop = SandboxShop()
        let mailbox = try Mailbox(folder: nil, clock: .system)
        shop.notePoll()
        shop.notePoll()
        let box = Mutex<StoryTeller?>(nil)
        let sent = Mutex(0)
        let teller = StoryTeller(
            shop: shop, mailbox: mailbox, seed: 5, print: { _ in },
            pause: { _ in
                guard answers, let teller = box.withLock({ $0 }) else { return }
                for due in teller.ledger.verdict.missing {
                    let number = sent.withLock { sent in
                        sent += 1
                        return sent
                    }
                    self.keep(mailbox, due, id: "\(number)")
                }
                await Task.yield()
            })
        box.withLock { $0 = teller }
        return teller
    }

    @Test("the demo is good when every message comes once, and speaks of nobody who must stay silent")
    func demo() async throws {
        let teller = try teller(answers: true)
        let verdict = try await teller.tell(.demo(DemoPlan(chapterPatience: .seconds(5), bound: .seconds(5))))
        #expect(verdict.isGood && verdict.isOver && verdict.due == 28, "\(verdict)")
        #expect(!teller.mailbox.mails.flatMap(\.recipients).contains { $0.hasPrefix("oda") || $0.hasPrefix("tess") })
        #expect(verdict.isFinal && teller.ledger.verdict.json["final"] == true)
        #expect(teller.lines.last?.text == "28 of 28 messages came; none is missing, none came twice")
    }

    @Test("the demo fails, and names what is missing, when nothing comes")
    func silence() async throws {
        let teller = try teller(answers: false)
        let verdict = try await teller.tell(.demo(DemoPlan(chapterPatience: .zero, bound: .zero)))
        #expect(!verdict.isGood && verdict.missing.count == 28)
    }

    @Test("a story is not told to a shop that nobody polls")
    func nobody() async throws {
        let mailbox = try Mailbox(folder: nil, clock: .system)
        let teller = StoryTeller(shop: SandboxShop(), mailbox: mailbox, seed: 1, print: { _ in }, pause: { _ in })
        await #expect(throws: SandboxRefusal.self) {
            try await teller.tell(.demo(DemoPlan(patience: .milliseconds(10))))
        }
    }

    @Test("a load takes every order to its end, and waits for what is due")
    func load() async throws {
        let teller = try teller(answers: true)
        let verdict = try await teller.tell(
            .load(LoadPlan(orders: 300, duration: .zero, pace: .zero, bound: .seconds(600))))
        #expect(verdict.isGood && verdict.due > 600, "\(verdict.due)")
        #expect(teller.lines.contains { $0.text == "every order has come to its end" })
    }
}

@Suite("The sandbox as a whole", .timeLimit(.minutes(5)))
struct SandboxServerTests {
    @Test("serves shop, relay and page on free ports, and drops a connection in the middle when told")
    func serves() async throws {
        let lines = Mutex<[String]>([])
        var configuration = SandboxConfiguration()
        configuration.print = { line in lines.withLock { $0.append(line) } }
        let server = try SandboxServer(configuration)
        try await withThrowingTaskGroup(of: Void.self) { group in
            group.addTask { _ = try await server.run() }
            let ports = try #require(await server.ports())
            #expect(ports.http > 0 && ports.smtp > 0)
            let shop =
                "POST /admin/api/2026-07/graphql.json HTTP/1.1\r\nHost: a\r\nConnection: close\r\n"
                + "X-Shopify-Access-Token: shpat_sandbox\r\nContent-Length: 24\r\n\r\n" + #"{"query":"{shop{name}}"}"#
            let whole = try await Wire.exchange(port: ports.http, shop)
            #expect(whole.hasPrefix("HTTP/1.1 200") && whole.contains("Juniper & Fig") && whole.contains("\r\nDate: "))
            server.shopFaults.next([.dropped])
            let cut = try await Wire.exchange(port: ports.http, shop)
            #expect(cut.hasPrefix("HTTP/1.1 200") && !cut.hasSuffix("}") && cut.count < whole.count)
            let mail = "EHLO a\r\nMAIL FROM:<>\r\nRCPT TO:<a@x.example>\r\nDATA\r\nSubject: x\r\n\r\ny\r\n.\r\nQUIT\r\n"
            let talk = try await Wire.exchange(port: ports.smtp, mail)
            #expect(talk.hasPrefix("220 ") && talk.contains("221 2.0.0 bye"))
            #expect(server.mailbox.mails.map(\.subject) == ["x"])
            #expect(lines.withLock { $0.first?.contains("\"smtp\":\(ports.smtp)") } == true)
            group.cancelAll()
            try? await group.waitForAll()
        }
    }
}
