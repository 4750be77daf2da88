import Outreach
import Platform
import Store
import Testing

@testable import Daemon

@Suite("Who stands first among those that need a person", .timeLimit(.minutes(5)))
struct PriorityServiceTests {
    private static let policy = """
        amounts_in: GBP
        priority:
          - message.mood == "angry"
          - message.asks contains "damaged"
        """

    private func service(_ mails: MailBench, _ context: ShopContext) -> PriorityService {
        PriorityService(
            store: mails.store, contexts: [benchShop: context], clock: mails.bench.clock, wake: Wake(),
            heartbeats: mails.bench.heartbeats, logger: mails.bench.lines.logger())
    }

    @Test(
        "is whom the policy puts there; within one line, whoever waits longest; and all as they came without a policy")
    func order() async throws {
        let mails = try await MailBench(["policy.yaml": Self.policy])
        // No trigger listens, so each is a person's at once.
        for (index, (sender, text)) in [
            ("ada", "Do you sell aprons in blue?"), ("ben", "The candle arrived broken."),
            ("cleo", "This is the THIRD time I ask. I am furious, you liars!"),
            ("dora", "My candle came in pieces, it is broken."),
        ].enumerated() {
            mails.bench.pass(.minutes(1))
            try await mails.judge(letter(text, from: "\(sender)@shopper.example", id: "\(index)@s"), id: "\(index)")
        }
        func order() async throws -> [String] {
            try await mails.store.inbox(shop: benchShop, list: .needsPerson)
                .map { String(($0.address ?? "").prefix { $0 != "@" }) }
        }
        #expect(try await order() == ["ada", "ben", "cleo", "dora"])
        let service = service(mails, mails.context)
        #expect(try await service.turn(benchShop, now: mails.bench.now))
        #expect(try await order() == ["cleo", "ben", "dora", "ada"])

        // Who writes again may stand elsewhere from then on.
        try await mails.judge(
            letter(
                "Now I am furious. Answer me, you liars!", from: "ada@shopper.example", id: "9@s", answering: ["0@s"]),
            id: "9")
        #expect(try await service.turn(benchShop, now: mails.bench.now))
        #expect(try await order() == ["ada", "cleo", "ben", "dora"])

        let plain = try await MailBench([:])
        #expect(try await !self.service(mails, plain.context).turn(benchShop, now: mails.bench.now))
        #expect(try await order() == ["ada", "ben", "cleo", "dora"])
    }
}
