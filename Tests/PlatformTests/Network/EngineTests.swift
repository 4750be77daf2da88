import Synchronization
import Testing

@testable import Platform

@Suite("the transfer engine", .timeLimit(.minutes(5)))
struct EngineTests {
    /// Says when a server's line has ended.
    private func silent(_ began: Signal, _ ended: Signal) -> @Sendable (ScriptedServer.Line) -> Void {
        { line in
            _ = line.read(upTo: "\r\n\r\n")
            began.send()
            line.waitForEnd()
            ended.send()
        }
    }

    @Test("ends a transfer when its task is cancelled")
    func cancelled() async throws {
        let engine = TransferEngine()
        let (began, ended) = (Signal(), Signal())
        try await ScriptedServer.run(silent(began, ended)) { server in
            let url = server.url
            let task = Task {
                await outcome { () throws(TransferFailure) in try await engine.send(HTTPRequest(.get, url)) }
            }
            await began.wait()
            task.cancel()
            let result = await task.value
            #expect(result.kind == .cancelled)
            #expect(result.phase == .requesting)
            await ended.wait()
        }
    }

    @Test("starts nothing for a task that is cancelled already")
    func cancelledBefore() async throws {
        let engine = TransferEngine()
        try await ScriptedServer.run(answering(ok("x"))) { server in
            let url = server.url
            let go = Signal()
            let task = Task {
                await go.wait()
                return await outcome { () throws(TransferFailure) in try await engine.send(HTTPRequest(.get, url)) }
            }
            task.cancel()
            go.send()
            #expect(await task.value.kind == .cancelled)
            #expect(server.accepted == 0)
        }
    }

    @Test("sleeps while nothing happens")
    func noSpinning() async throws {
        let engine = TransferEngine()
        let (began, ended) = (Signal(), Signal())
        try await ScriptedServer.run(silent(began, ended)) { server in
            _ = await outcome { () throws(TransferFailure) in
                try await engine.send(HTTPRequest(.get, server.url, timeout: .milliseconds(500)))
            }
            #expect(engine.statistics.turns < 30)
        }
    }

    @Test("lets transfers end when it is shut down, and takes no new one")
    func shutdown() async throws {
        let engine = TransferEngine()
        let (began, go) = (Signal(), Signal())
        try await ScriptedServer.run({ line in
            _ = line.read(upTo: "\r\n\r\n")
            began.send()
            go.blockingWait()
            line.send(ok("done"))
        }) { server in
            let url = server.url
            let task = Task {
                await outcome { () throws(TransferFailure) in try await engine.send(HTTPRequest(.get, url)) }
            }
            await began.wait()
            let end = Task { await engine.shutdown(within: .seconds(30)) }
            // A refusal shows that the shutdown has begun.
            while await outcome({ () throws(TransferFailure) in
                try await engine.send(HTTPRequest(.get, url, timeout: .milliseconds(20)))
            }).kind
                != .cancelled
            { await Task.yield() }
            go.send()
            #expect(await task.value.map(\.text) == .success("done"))
            await end.value
            let late = await outcome { () throws(TransferFailure) in try await engine.send(HTTPRequest(.get, url)) }
            #expect(late.kind == .cancelled)
        }
    }

    @Test("cancels what has not ended by the end of a shutdown")
    func impatientShutdown() async throws {
        let engine = TransferEngine()
        let (began, ended) = (Signal(), Signal())
        try await ScriptedServer.run(silent(began, ended)) { server in
            let url = server.url
            let task = Task {
                await outcome { () throws(TransferFailure) in try await engine.send(HTTPRequest(.get, url)) }
            }
            await began.wait()
            await engine.shutdown(within: .milliseconds(50))
            #expect(await task.value.kind == .cancelled)
            await ended.wait()
        }
    }

    @Test("ends what it carries when it is let go of")
    func letGo() async throws {
        let (began, ended) = (Signal(), Signal())
        try await ScriptedServer.run(silent(began, ended)) { server in
            let url = server.url
            let request = HTTPRequest(.get, url)
            let task: Task<TransferFailure.Kind?, Never> = {
                let engine = TransferEngine()
                return Task { await outcome { () throws(TransferFailure) in try await engine.send(request) }.kind }
            }()
            await began.wait()
            task.cancel()
            #expect(await task.value == .cancelled)
            await ended.wait()
        }
    }

    @Test("carries a thousand requests at once")
    func many() async throws {
        let engine = TransferEngine()
        try await ScriptedServer.run(answering(ok("x"))) { server in
            let total = try await withThrowingTaskGroup(of: Int.self) { group in
                for _ in 0..<1000 {
                    group.addTask { try await engine.send(HTTPRequest(.get, server.url)).body.count }
                }
                return try await group.reduce(into: 0) { $0 += $1 }
            }
            #expect(total == 1000)
        }
    }

    @Test(
        "trusts no certificate that nobody known has signed, and the authority that it is given",
        .enabled(if: Fixtures.has("openssl", of: "openssl")))
    func certificates() async throws {
        let server = try TLSServer()
        defer { server.stop() }
        let url = "https://localhost:\(server.port)/"
        let strict = await outcome { () throws(TransferFailure) in
            try await TransferEngine().send(HTTPRequest(.get, url))
        }
        #expect(strict.kind == .tls)
        #expect(strict.phase == .securing)
        let trusting = TransferEngine(authorities: server.certificate)
        let response = try await trusting.send(HTTPRequest(.get, url))
        #expect(response.status == 200)
        // The certificate is for localhost, not for the address.
        let other = await outcome { () throws(TransferFailure) in
            try await trusting.send(HTTPRequest(.get, "https://127.0.0.1:\(server.port)/"))
        }
        #expect(other.kind == .tls)
    }
}
