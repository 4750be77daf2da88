internal import CCurl
import Glibc
import Synchronization

/// The loop of the engine's thread. Created on that thread, used on no other.
final class TransferLoop {
    private let inbox: TransferInbox
    private let authorities: String?
    private let multi: UnsafeMutableRawPointer
    private var exchanges: [UnsafeMutableRawPointer: HTTPExchange] = [:]
    private var handles: [ObjectIdentifier: UnsafeMutableRawPointer] = [:]
    private let sessionsPerRelay: Int
    private var pools: [ObjectIdentifier: SMTPPool] = [:]
    /// Pools whose relay nobody holds any more: they finish their work.
    private var orphans: Set<ObjectIdentifier> = []
    private var lines: [ObjectIdentifier: LineSession] = [:]
    private var stopBy: ContinuousClock.Instant?
    private var waits: [curl_waitfd] = []
    private var stopWaiters: [CheckedContinuation<Void, Never>] = []

    private static let isReady = bookbag_global_init() == CURLE_OK

    init(inbox: TransferInbox, limits: TransferEngine.Limits, authorities: String?) {
        precondition(Self.isReady, "libcurl could not be initialised")
        guard let multi = curl_multi_init() else { preconditionFailure("libcurl has no memory for a multi handle") }
        self.inbox = inbox
        self.authorities = authorities
        self.multi = multi
        sessionsPerRelay = limits.connectionsPerHost
        bookbag_multi_setopt_long(multi, CURLMOPT_MAX_HOST_CONNECTIONS, limits.connectionsPerHost)
        bookbag_multi_setopt_long(multi, CURLMOPT_MAX_TOTAL_CONNECTIONS, limits.connections)
        bookbag_multi_setopt_long(multi, CURLMOPT_MAXCONNECTS, limits.idleConnections)
    }

    /// Runs until told to stop.
    func run() {
        inbox.open(multi)
        while true {
            inbox.turns.wrappingAdd(1, ordering: .relaxed)
            for command in inbox.takeAll() { carryOut(command) }
            var running: Int32 = 0
            curl_multi_perform(multi, &running)
            collect()
            tick()
            if let stopBy {
                if stopBy <= .now { cancelAll() }
                let isDone = exchanges.isEmpty && pools.values.allSatisfy(\.isIdle)
                if isDone { pools.values.forEach { $0.leave() } }
                if isDone, stopBy <= .now || pools.values.allSatisfy(\.isEmpty) { break }
            }
            sleep()
        }
        inbox.close()
        pools.values.forEach { $0.closeAll() }
        for line in lines.values { line.end(LineFailure(kind: .cancelled, reason: "the engine is shutting down")) }
        sweepLines()
        curl_multi_cleanup(multi)
        for waiter in stopWaiters { waiter.resume() }
    }

    /// Waits for a socket, a timer or a command, and works on the mail sessions and lines whose sockets are ready.
    private func sleep() {
        var watched: [(SMTPPool, SMTPSession)] = []
        for pool in pools.values {
            for session in pool.sessions where session.isWatched { watched.append((pool, session)) }
        }
        waits.removeAll(keepingCapacity: true)
        for (_, session) in watched {
            let events = Int16(CURL_WAIT_POLLIN) | (session.wantsToWrite ? Int16(CURL_WAIT_POLLOUT) : 0)
            waits.append(curl_waitfd(fd: session.socket, events: events, revents: 0))
        }
        let open = lines.values.filter { $0.state == .open && ($0.wantsToRead || $0.wantsToWrite) }
        for line in open {
            let events =
                (line.wantsToRead ? Int16(CURL_WAIT_POLLIN) : 0) | (line.wantsToWrite ? Int16(CURL_WAIT_POLLOUT) : 0)
            waits.append(curl_waitfd(fd: line.socket, events: events, revents: 0))
        }
        let milliseconds = Int32(pause().wholeMilliseconds)
        waits.withUnsafeMutableBufferPointer { waits in
            _ = curl_multi_poll(multi, waits.baseAddress, UInt32(waits.count), milliseconds, nil)
        }
        var ready: [ObjectIdentifier: (SMTPPool, [SMTPSession])] = [:]
        for (index, (pool, session)) in watched.enumerated() where waits[index].revents != 0 {
            ready[ObjectIdentifier(pool), default: (pool, [])].1.append(session)
        }
        for (pool, sessions) in ready.values { pool.pump(sessions) }
        for (index, line) in open.enumerated() where waits[watched.count + index].revents != 0 { line.pump() }
        sweepLines()
    }

    /// Does the due work of the pools, and releases those that nobody holds.
    private func tick() {
        guard !pools.isEmpty || !lines.isEmpty else { return }
        let now = ContinuousClock.now
        for line in lines.values where line.deadline.map({ $0 <= now }) == true { line.expire() }
        for pool in pools.values where pool.nextDeadline.map({ $0 <= now }) == true { pool.tick(now) }
        for key in orphans {
            guard let pool = pools[key] else { continue }
            if pool.isIdle { pool.leave() }
            if pool.isEmpty {
                pools[key] = nil
                orphans.remove(key)
            }
        }
    }

    /// How long to sleep when neither a socket nor a command comes; libcurl shortens it for its own timers.
    private func pause() -> Duration {
        var next = pools.values.lazy.compactMap(\.nextDeadline).min()
        if let line = lines.values.lazy.compactMap(\.deadline).min() { next = min(next ?? line, line) }
        if let stopBy { next = min(next ?? stopBy, stopBy) }
        guard let next else { return .seconds(3600) }
        // Plus one millisecond: it is rounded down, and the thread would otherwise wake a few times for nothing.
        return max(.zero, next - .now) + .milliseconds(1)
    }

    private func carryOut(_ command: TransferInbox.Command) {
        switch command {
        case .request(let ticket, let hop, let answer): start(ticket, hop, answer)
        case .cancel(let ticket):
            if let handle = handles[ObjectIdentifier(ticket)] {
                remove(handle)?.finishCancelled("the task was cancelled")
            } else {
                pools.values.forEach { $0.cancel(ticket) }
            }
        case .deliver(_, let key, let settings, let job):
            guard stopBy == nil else {
                return job.answer.resume(returning: .unsent(.cancelled, "the engine is shutting down"))
            }
            pool(key, settings).add(job)
        case .closeRelay(let key): if pools[ObjectIdentifier(key)] != nil { orphans.insert(ObjectIdentifier(key)) }
        case .openLine(let pipe, let target): openLine(pipe, target)
        case .writeLine(let pipe, let bytes): lines[ObjectIdentifier(pipe)]?.write(bytes)
        case .readLine(let pipe, let deadline):
            // What was left on the network while the reader was behind may be in TLS's own buffer, which no poll sees.
            lines[ObjectIdentifier(pipe)]?.deadline = deadline
            lines[ObjectIdentifier(pipe)]?.pump()
            sweepLines()
        case .closeLine(let pipe):
            lines[ObjectIdentifier(pipe)]?.end(LineFailure(kind: .dropped, reason: "the line was closed"))
            sweepLines()
        case .stop(let time, let waiter):
            stopBy = min(stopBy ?? time, time)
            if let waiter { stopWaiters.append(waiter) }
        }
    }

    private func pool(_ key: RelayKey, _ settings: SMTPSettings) -> SMTPPool {
        if let pool = pools[ObjectIdentifier(key)] { return pool }
        let pool = SMTPPool(settings, key: key, multi: multi, maximumSessions: sessionsPerRelay)
        pools[ObjectIdentifier(key)] = pool
        return pool
    }

    private func openLine(_ pipe: LinePipe, _ target: LineTarget) {
        guard stopBy == nil else {
            return pipe.end(LineFailure(kind: .cancelled, reason: "the engine is shutting down"))
        }
        if pipe.isEnded { return }
        do throws(LineFailure) {
            let line = try LineSession(target, pipe)
            let code = curl_multi_add_handle(multi, line.easy.raw)
            guard code == CURLM_OK else {
                throw LineFailure(kind: .other, reason: String(cString: curl_multi_strerror(code)))
            }
            lines[ObjectIdentifier(pipe)] = line
        } catch {
            pipe.end(error)
        }
    }

    /// Lets go of the lines that are closed.
    private func sweepLines() {
        for (key, line) in lines where line.state == .closed {
            curl_multi_remove_handle(multi, line.easy.raw)
            lines[key] = nil
        }
    }

    private func start(_ ticket: TransferTicket, _ hop: HTTPHop, _ answer: TransferInbox.Answer) {
        if stopBy != nil || ticket.isCancelled.load(ordering: .sequentiallyConsistent) {
            let detail = stopBy == nil ? "the task was cancelled" : "the engine is shutting down"
            return answer.resume(returning: .failure(TransferFailure(.cancelled, detail: detail)))
        }
        do throws(TransferFailure) {
            let exchange = try HTTPExchange(ticket, hop, authorities: authorities, answer: answer)
            let code = curl_multi_add_handle(multi, exchange.easy.raw)
            guard code == CURLM_OK else {
                throw TransferFailure(.other, detail: String(cString: curl_multi_strerror(code)))
            }
            exchanges[exchange.easy.raw] = exchange
            handles[ObjectIdentifier(ticket)] = exchange.easy.raw
        } catch {
            answer.resume(returning: .failure(error))
        }
    }

    /// Removes finished transfers from the multi handle and answers their callers.
    private func collect() {
        var left: Int32 = 0
        while let message = curl_multi_info_read(multi, &left) {
            guard message.pointee.msg == CURLMSG_DONE, let handle = message.pointee.easy_handle else { continue }
            // Removing the handle frees the message, so read its result first.
            let code = bookbag_message_result(message)
            if let exchange = remove(handle) {
                exchange.finish(code)
            } else if let pool = pools.values.first(where: { $0.holds(handle) }) {
                if pool.opened(handle, code) { inbox.mailSessions.wrappingAdd(1, ordering: .relaxed) }
            } else if let line = lines.values.first(where: { $0.easy.raw == handle }) {
                if line.opened(code) { inbox.mailSessions.wrappingAdd(1, ordering: .relaxed) }
                sweepLines()
            }
        }
    }

    private func cancelAll() {
        for handle in Array(exchanges.keys) { remove(handle)?.finishCancelled("the engine is shutting down") }
        pools.values.forEach { $0.cancelAll("the engine is shutting down") }
    }

    private func remove(_ handle: UnsafeMutableRawPointer) -> HTTPExchange? {
        guard let exchange = exchanges.removeValue(forKey: handle) else { return nil }
        handles[ObjectIdentifier(exchange.ticket)] = nil
        inbox.requests.wrappingAdd(1, ordering: .relaxed)
        inbox.connections.wrappingAdd(exchange.easy.info(CURLINFO_NUM_CONNECTS), ordering: .relaxed)
        curl_multi_remove_handle(multi, handle)
        return exchange
    }
}
