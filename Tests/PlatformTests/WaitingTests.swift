import Testing

@testable import Platform

@Suite("waiting and hiding")
struct WaitingTests {
    @Test("waits longer each time, never longer than the cap, anywhere below by chance")
    func backoff() {
        let backoff = Backoff(base: .seconds(5), cap: .seconds(3600))
        let almostOne = 0.999_999_999
        var last = Duration.zero
        for attempt in 1...200 {
            let most = backoff.delay(afterAttempt: attempt, chance: almostOne)
            #expect(most >= last)
            #expect(most <= .seconds(3600))
            #expect(backoff.delay(afterAttempt: attempt, chance: 0) == .zero)
            last = most
        }
        #expect(backoff.delay(afterAttempt: 1, chance: 0.5) == .milliseconds(2500))
        #expect(backoff.delay(afterAttempt: 4, chance: 0.5) == .seconds(20))
        #expect(last > .seconds(3599))
        #expect(
            Backoff(base: .seconds(60), cap: .seconds(10)).delay(afterAttempt: 1, chance: almostOne) <= .seconds(10))
        #expect(backoff.delay(afterAttempt: .min, chance: 0.5) == .milliseconds(2500))
    }

    @Test("comes back no sooner than asked, and never later than the cap")
    func retryAfterFloor() {
        let backoff = Backoff(base: .seconds(5), cap: .seconds(600))
        for chance in [0, 0.5, 0.99] {
            let delay = backoff.delay(afterAttempt: 10, chance: chance, retryAfter: .seconds(120))
            #expect(delay >= .seconds(120))
            #expect(delay <= .seconds(125))
            #expect(backoff.delay(afterAttempt: 1, chance: chance, retryAfter: .seconds(86400)) == .seconds(600))
        }
    }

    @Test(
        "reads Retry-After in every form that RFC 9110 knows",
        arguments: [
            ("120", RetryAfter.seconds(120)), (" 0 ", .seconds(0)), ("99999999999999999999", .seconds(Int(Int32.max))),
            ("Sun, 06 Nov 1994 08:49:37 GMT", .date(784_111_777)),
            ("Sunday, 06-Nov-94 08:49:37 GMT", .date(784_111_777)),
            ("Sun Nov  6 08:49:37 1994", .date(784_111_777)), ("Thu, 01 Jan 1970 00:00:00 GMT", .date(0)),
            ("Thu, 29 Feb 2024 23:59:60 GMT", .date(1_709_251_200)),
            ("Sat, 21 Nov 2026 10:00:01 GMT", .date(1_795_255_201)),
        ])
    func retryAfter(_ text: String, _ expected: RetryAfter) {
        #expect(RetryAfter(text) == expected)
    }

    @Test(
        "takes nothing else for a Retry-After",
        arguments: [
            "", "soon", "-5", "1.5", "Sun, 06 Nov 1994 08:49:37 PST", "Sun, 06 Nov 1994 24:49:37 GMT",
            "Sun, 32 Nov 1994 08:49:37 GMT",
            "Sun, 06 Nev 1994 08:49:37 GMT", "Sun, 06 Nov 1994 08:49 GMT", "6 Nov 1994",
        ])
    func badRetryAfter(_ text: String) {
        #expect(RetryAfter(text) == nil)
    }

    @Test("counts a date from now, and a past one as no wait")
    func retryAfterDelay() {
        #expect(RetryAfter.seconds(7).delay(from: 1000) == .seconds(7))
        #expect(RetryAfter.date(1060).delay(from: 1000) == .seconds(60))
        #expect(RetryAfter.date(940).delay(from: 1000) == .zero)
    }

    @Test("shows a secret to nobody who does not ask for it")
    func secret() {
        struct Settings { var password = SecretString("hunter2") }
        var dumped = ""
        dump(Settings(), to: &dumped)
        let all = "\(SecretString("hunter2")) \(String(reflecting: SecretString("hunter2"))) \(Settings()) \(dumped)"
        #expect(!all.contains("hunter2"))
        #expect(SecretString("hunter2").reveal() == "hunter2")
        #expect("\(SMTPSettings(url: "smtp://relay.example", password: SecretString("hunter2")))".contains("•••"))
    }
}
