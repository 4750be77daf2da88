internal import CCurl
import Glibc
import Synchronization

/// What the engine's thread runs. Made on that thread, used on no other.
final class TransferLoop {
    private let inbox: TransferInbox
    private let authorities: String?
    private let multi: UnsafeMutableRawPointer
    private var exchanges: [UnsafeMutableRawPointer: HTTPExchange] = [:]
    private var handles: [ObjectIdentifier: UnsafeMutableRawPointer] = [:]
    private var stopBy: ContinuousClock.Instant?
    private var stopWaiters: [CheckedContinuation<Void, Never>] = []

    private static let isReady = bookbag_global_init() == CURLE_OK

    init(inbox: TransferInbox, limits: TransferEngine.Limits, authorities: String?) {
        precondition(Self.isReady, "libcurl could not be initialised")
        guard let multi = curl_multi_init() else { preconditionFailure("libcurl has no memory for a multi handle") }
        self.inbox = inbox
        self.authorities = authorities
        self.multi = multi
        bookbag_multi_setopt_long(multi, CURLMOPT_MAX_HOST_CONNECTIONS, limits.connectionsPerHost)
        bookbag_multi_setopt_long(multi, CURLMOPT_MAX_TOTAL_CONNECTIONS, limits.connections)
        bookbag_multi_setopt_long(multi, CURLMOPT_MAXCONNECTS, limits.idleConnections)
    }

    /// Works until it is told to stop.
    func run() {
        inbox.open(multi)
        while true {
            inbox.turns.wrappingAdd(1, ordering: .relaxed)
            for command in inbox.takeAll() { carryOut(command) }
            var running: Int32 = 0
            curl_multi_perform(multi, &running)
            collect()
            if let stopBy {
                if exchanges.isEmpty { break }
                if stopBy <= .now { cancelAll() }
                if exchanges.isEmpty { break }
            }
            curl_multi_poll(multi, nil, 0, Int32(pause().wholeMilliseconds), nil)
        }
        inbox.close()
        curl_multi_cleanup(multi)
        for waiter in stopWaiters { waiter.resume() }
    }

    /// How long to sleep when neither a socket nor a command comes; libcurl shortens it for its own timers.
    private func pause() -> Duration {
        guard let stopBy else { return .seconds(3600) }
        // One millisecond more, since libcurl rounds down and would turn a few times for nothing.
        return max(.zero, stopBy - .now) + .milliseconds(1)
    }

    private func carryOut(_ command: TransferInbox.Command) {
        switch command {
        case .request(let ticket, let hop, let answer): start(ticket, hop, answer)
        case .cancel(let ticket):
            guard let handle = handles[ObjectIdentifier(ticket)] else { return }
            remove(handle)?.finishCancelled("the task was cancelled")
        case .stop(let time, let waiter):
            stopBy = min(stopBy ?? time, time)
            if let waiter { stopWaiters.append(waiter) }
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

    /// Takes the transfers that have ended out of the multi handle and answers their callers.
    private func collect() {
        var left: Int32 = 0
        while let message = curl_multi_info_read(multi, &left) {
            guard message.pointee.msg == CURLMSG_DONE, let handle = message.pointee.easy_handle else { continue }
            // The message dies with the handle's removal, so its result is read first.
            let code = bookbag_message_result(message)
            remove(handle)?.finish(code)
        }
    }

    private func cancelAll() {
        for handle in Array(exchanges.keys) { remove(handle)?.finishCancelled("the engine is shutting down") }
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
