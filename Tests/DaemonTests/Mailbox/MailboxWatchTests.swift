import Intake
import Platform
import Testing

@testable import Daemon

@Suite("Waiting for word of new mail") struct MailboxWatchTests {
    @Test(
        "a mailbox that cannot be reached wakes the reading at once, and then is left to its ticks",
        .timeLimit(.minutes(5)))
    func unreachable() async throws {
        let engine = TransferEngine()
        let settings = MailboxSettings(
            shop: "fig.example",
            server: IMAPSettings(
                host: "127.0.0.1", port: 1, security: .off, user: "hello", replyTimeout: .seconds(5)),
            login: .password(SecretString("p")), addresses: ShopAddresses(["hello@fig.example"]))
        let reading = Wake()
        let pauses = Wakes(of: reading)
        let watch = MailboxWatch(
            watcher: MailboxWatcher(settings, engine: engine), reading: reading,
            sleep: { pause in try await pauses.note(pause) })
        try await watch.run()
        let noted = await pauses.noted
        #expect(noted.map(\.pause) == [.seconds(15), .seconds(30), .seconds(60)])
        #expect(noted.map(\.wasWoken) == [true, false, false])
    }
}

/// The pauses that were asked for, each with whether the reading had been woken before it; ends with the third.
private actor Wakes {
    private let reading: Wake
    private(set) var noted: [(pause: Duration, wasWoken: Bool)] = []

    init(of reading: Wake) { self.reading = reading }

    func note(_ pause: Duration) async throws {
        noted.append((pause, await reading.wait(atMost: .milliseconds(1))))
        if noted.count == 3 { throw CancellationError() }
    }
}
