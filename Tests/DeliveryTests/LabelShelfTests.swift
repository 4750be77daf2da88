import Outreach
import Platform
import Synchronization
import Testing

@testable import Delivery

/// A server that answers when the test says so.
private final class HeldHTTP: HTTPTransport {
    let asked: AsyncStream<String>
    private let tell: AsyncStream<String>.Continuation
    private let waiting = Mutex<[CheckedContinuation<HTTPResponse, Never>]>([])

    init() { (asked, tell) = AsyncStream.makeStream() }

    func send(_ request: HTTPRequest) async throws(TransferFailure) -> HTTPResponse {
        await withCheckedContinuation { continuation in
            waiting.withLock { $0.append(continuation) }
            tell.yield(request.url)
        }
    }

    func answer(_ response: HTTPResponse) { waiting.withLock { $0.removeFirst() }.resume(returning: response) }
}

@Suite("The labels that mails wait for", .timeLimit(.minutes(5)))
struct LabelShelfTests {
    private static let start = Moment(iso8601: "2026-11-21T10:00:00Z")!
    private static let link = "https://labels.example/l/secret"

    private func label(_ shelf: LabelShelf, _ link: String = link, at now: Moment) -> LabelShelf.Standing {
        shelf.label(link, name: "return-label", order: "#1001", now: now)
    }

    @Test("are asked for once, and nobody waits for the answer")
    func asked() async throws {
        let server = HeldHTTP()
        let shelf = LabelShelf(LabelFetcher(server))
        let (settled, tell) = AsyncStream.makeStream(of: LabelShelf.Missing?.self)
        let running = Task { await shelf.run(now: { Self.start }) { tell.yield($0) } }
        var asked = server.asked.makeAsyncIterator()
        var outcomes = settled.makeAsyncIterator()
        for _ in 0..<3 {
            guard case .asked = label(shelf, at: Self.start) else {
                Issue.record("it cannot be there")
                return
            }
        }
        #expect(await asked.next() == Self.link)
        server.answer(HTTPResponse(status: 200, body: Drafts.pdf))
        guard let outcome = await outcomes.next() else {
            Issue.record("the shelf ended")
            return
        }
        #expect(outcome == nil)
        guard case .there(let file) = label(shelf, at: Self.start) else {
            Issue.record("it is not there")
            return
        }
        #expect(file.name == "return-label.pdf" && file.bytes == Drafts.pdf)
        running.cancel()
        await running.value
    }

    @Test("that fail are fetched again after a minute, and say since when they are asked for")
    func failed() async throws {
        let server = HeldHTTP()
        let shelf = LabelShelf(LabelFetcher(server))
        let clock = Mutex(Self.start)
        let (settled, tell) = AsyncStream.makeStream(of: LabelShelf.Missing?.self)
        let running = Task { await shelf.run(now: { clock.withLock { $0 } }) { tell.yield($0) } }
        var asked = server.asked.makeAsyncIterator()
        var outcomes = settled.makeAsyncIterator()
        for attempt in 0..<3 {
            let now = Self.start + .minutes(attempt * 2)
            clock.withLock { $0 = now }
            _ = label(shelf, at: now)
            #expect(await asked.next() == Self.link)
            server.answer(HTTPResponse(status: 404, body: []))
            let missing = try #require(await outcomes.next() ?? nil)
            #expect(missing.isNews == (attempt == 0) && missing.order == "#1001" && missing.failure.reason == .gone)
            guard case .failed(_, let since) = label(shelf, at: now + .seconds(59)) else {
                Issue.record("it was asked for again at once")
                return
            }
            #expect(since == Self.start)
        }
        running.cancel()
        await running.value
    }

    @Test("that failed by a clock which ran ahead are fetched again when it is put back")
    func clockBack() async throws {
        let server = HeldHTTP()
        let shelf = LabelShelf(LabelFetcher(server))
        let ahead = Self.start + .days(30)
        let (settled, tell) = AsyncStream.makeStream(of: LabelShelf.Missing?.self)
        let running = Task { await shelf.run(now: { ahead }) { tell.yield($0) } }
        var asked = server.asked.makeAsyncIterator()
        var outcomes = settled.makeAsyncIterator()
        _ = label(shelf, at: ahead)
        _ = await asked.next()
        server.answer(HTTPResponse(status: 404, body: []))
        _ = await outcomes.next()
        shelf.clockWasPutBack(to: Self.start)
        guard case .asked = label(shelf, at: Self.start) else {
            Issue.record("it waits for a time that was never meant")
            return
        }
        _ = await asked.next()
        server.answer(HTTPResponse(status: 404, body: []))
        _ = await outcomes.next()
        guard case .failed(_, let since) = label(shelf, at: Self.start) else {
            Issue.record("it did not fail")
            return
        }
        #expect(since == Self.start)
        running.cancel()
        await running.value
    }

    @Test("are few at once, however many are asked for")
    func bounded() async throws {
        let server = HeldHTTP()
        let shelf = LabelShelf(LabelFetcher(server))
        for number in 0..<2000 { _ = label(shelf, "https://labels.example/\(number)", at: Self.start) }
        let running = Task { await shelf.run(now: { Self.start }) { _ in } }
        var asked = server.asked.makeAsyncIterator()
        for _ in 0..<LabelShelf.parallel { _ = await asked.next() }
        // The fifth is asked for when one of the four has come.
        server.answer(HTTPResponse(status: 200, body: Drafts.pdf))
        #expect(await asked.next() != nil)
        running.cancel()
        for _ in 0..<LabelShelf.parallel { server.answer(HTTPResponse(status: 200, body: Drafts.pdf)) }
        await running.value
    }
}
