import Outreach
import Platform
import Synchronization
import Testing

@testable import Delivery

@Suite("A return label")
struct LabelFetcherTests {
    private func fetch(
        _ answer: Result<HTTPResponse, TransferFailure>
    ) async throws -> Result<
        MailDraft.Attachment, LabelFailure
    > {
        try await LabelFetcher(ScriptedHTTP { _ in answer }, shops: ["https://Shop.example/"]).fetch(
            "https://labels.example/l/secret", name: "Return label 1001")
    }

    static let png: [UInt8] = [
        0x89, 0x50, 0x4E, 0x47, 0x0D, 0x0A, 0x1A, 0x0A, 0, 0, 0, 0, 0x49, 0x45, 0x4E, 0x44, 0xAE, 0x42, 0x60, 0x82,
    ]

    @Test("is what its bytes are")
    func kinds() async throws {
        let cases: [([UInt8], String, String)] = [
            (Drafts.pdf, "Return label 1001.pdf", "application/pdf"), (Self.png, "Return label 1001.png", "image/png"),
            (Array("GIF89a......;".utf8), "Return label 1001.gif", "image/gif"),
            ([0xFF, 0xD8, 0xFF, 0xE0, 1, 2, 0xFF, 0xD9], "Return label 1001.jpg", "image/jpeg"),
        ]
        for (bytes, name, type) in cases {
            let file = try await fetch(
                .success(
                    HTTPResponse(
                        status: 200, headers: [HTTPField("Content-Type", "application/octet-stream")], body: bytes))
            ).get()
            #expect(file == .init(name: name, type: type, bytes: bytes))
        }
    }

    @Test("is refused where it is none, or not whole")
    func notALabel() async throws {
        let cases: [([UInt8], LabelFailure.Reason)] = [
            (Array("<!DOCTYPE html><p>Please log in %PDF- %%EOF".utf8), .notALabel), ([], .notALabel),
            (Array("%PD".utf8), .notALabel),
            (Array("%PDF-1.4 cut".utf8), .cut),
            (Array("%PDF-1.4\n%%EOF".utf8) + [UInt8](repeating: 0x20, count: 2000), .cut),
            (Array(Self.png.dropLast(8)), .cut), ([0xFF, 0xD8, 0xFF], .cut), (Array("GIF89a".utf8), .cut),
        ]
        for (bytes, reason) in cases {
            let result = try await fetch(
                .success(
                    HTTPResponse(status: 200, headers: [HTTPField("Content-Type", "application/pdf")], body: bytes)))
            guard case .failure(let failure) = result else { Issue.record("attached \(bytes.count) bytes"); continue }
            #expect(failure.reason == reason)
        }
    }

    @Test(
        "fails with a reason that never has the link in it",
        arguments: [
            (TransferFailure(.forbiddenAddress), LabelFailure.Reason.link, false),
            (TransferFailure(.tooLarge), .tooLarge, false),
            (TransferFailure(.timeout), .network, true), (TransferFailure(.dropped), .network, true),
            (TransferFailure(.redirect), .network, true),
        ])
    func failures(_ transfer: TransferFailure, _ reason: LabelFailure.Reason, _ again: Bool) async throws {
        guard case .failure(let failure) = try await fetch(.failure(transfer)) else { return }
        #expect(failure.reason == reason && failure.isWorthAnotherTry == again && !failure.detail.contains("secret"))
    }

    @Test(
        "is no page that is not there",
        arguments: [(404, LabelFailure.Reason.gone), (403, .gone), (500, .status), (302, .status), (206, .status)])
    func statuses(_ status: Int, _ reason: LabelFailure.Reason) async throws {
        guard case .failure(let failure) = try await fetch(.success(HTTPResponse(status: status, body: Drafts.pdf)))
        else { return }
        #expect(failure.reason == reason && failure.status == status)
    }

    @Test("is asked for in public, but for the shop's own host, and within bounds")
    func request() async throws {
        let transport = ScriptedHTTP { _ in .success(HTTPResponse(status: 200, body: Drafts.pdf)) }
        _ = try await LabelFetcher(transport, shops: ["https://Shop.example/"]).fetch("https://a.example/l", name: "x")
        let request = try #require(transport.requests.withLock { $0.first })
        #expect(request.addressPolicy == .publicOnly(exceptOrigins: [WebOrigin("https://shop.example:443")!]))
        #expect(request.timeout == .seconds(20) && request.maximumResponseBytes == 5_000_000 && request.redirects == 3)
        for url in ["file:///etc/passwd", "javascript:x", "", "mailto:a@b.example"] {
            guard case .failure(let failure) = try await LabelFetcher(transport).fetch(url, name: "x") else {
                Issue.record("\(url)"); continue
            }
            #expect(failure.reason == .link)
        }
        #expect(transport.requests.withLock { $0.count } == 1)
    }
}

@Suite("The next attempt")
struct RetryScheduleTests {
    private let failure = Failure(reason: "busy", detail: "")

    @Test(
        "comes soon at first, then later, and never after the news is old",
        arguments: [(1, 5), (2, 30), (3, 120), (4, 600), (5, 1800), (6, 3600), (60, 3600)])
    func mail(_ attempt: Int, _ seconds: Int64) {
        func delay(_ chance: Double, age: Duration = .zero) -> Duration? {
            RetrySchedule.mail.delay(
                afterAttempt: attempt, age: age, limit: .hours(48), failure: failure, chance: chance)
        }
        #expect(delay(1) == .seconds(seconds))
        #expect(delay(0) == .seconds(1))
        #expect(delay(0.5)! == .seconds(seconds) * 0.5)
        #expect(delay(1, age: .hours(48)) == nil)
    }

    @Test("waits as long as the far end asks, but not for ever")
    func retryAfter() {
        func delay(_ asked: Duration, attempt: Int = 1) -> Duration? {
            let failure = Failure(reason: "busy", detail: "", retryAfter: asked)
            return RetrySchedule.webhook.delay(
                afterAttempt: attempt, age: .zero, limit: .days(5), failure: failure, chance: 0.5)
        }
        #expect(delay(.seconds(600))! >= .seconds(600) && delay(.seconds(600))! < .seconds(700))
        #expect(delay(.days(30)) == .hours(24))
        #expect(delay(.seconds(1), attempt: 10)! == .hours(12))
    }

    @Test("of a closed channel comes within 5 s, and every 15 minutes at the latest")
    func reopening() {
        func delay(_ times: Int, _ chance: Double) -> Duration {
            ReopeningSchedule.channel.delay(afterTimes: times, failure: failure, chance: chance)
        }
        #expect(
            delay(1, 1) == .seconds(5) && delay(1, 0) == .seconds(4) && delay(2, 1) == .seconds(15)
                && delay(3, 1) == .minutes(1))
        for times in 1...100 { #expect(delay(times, 1) <= .minutes(15) && delay(times + 1, 0.5) >= delay(times, 0.5)) }
    }
}
