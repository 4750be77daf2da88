// All outgoing traffic uses one libcurl multi handle, so that connections, TLS sessions and resolved names are shared,
// and bounded in one place. A multi handle belongs to one thread at a time; here it belongs to one thread for its whole
// life. That thread sleeps in curl_multi_poll, which wakes for a socket, a timer, or curl_multi_wakeup. Everybody else
// talks to it through an inbox: append a command under a lock, wake the thread. It answers by resuming the caller's
// continuation. No thread of Swift's pool ever waits for the network.

internal import CCurl
import Synchronization

/// Carries HTTP requests, mail, and lines to mail servers on one thread, through one libcurl multi handle, over kept
/// connections.
///
/// One engine serves the whole program. End it with ``shutdown(within:)``; if it is just released, its transfers end as
/// cancelled.
public final class TransferEngine: HTTPTransport, Sendable {
    /// The most connections. Beyond a bound, transfers wait their turn; waiting counts towards their timeout.
    public struct Limits: Sendable {
        /// Open connections to one host and port, mail sessions included.
        public var connectionsPerHost: Int
        /// Open connections in all. At the limit, the longest idle one is closed.
        public var connections: Int
        /// Idle connections kept for the next request.
        public var idleConnections: Int

        /// Makes limits; the defaults suit a daemon with a few dozen far ends.
        public init(connectionsPerHost: Int = 24, connections: Int = 128, idleConnections: Int = 32) {
            self.connectionsPerHost = connectionsPerHost
            self.connections = connections
            self.idleConnections = idleConnections
        }
    }

    /// The engine's counters since it started.
    public struct Statistics: Sendable, Equatable {
        /// HTTP requests ended, one per redirect hop.
        public var requests: Int
        /// Connections opened for them.
        public var connections: Int
        /// Mail sessions opened.
        public var mailSessions: Int
        /// How often the thread woke: shows that it does not spin.
        public var turns: Int
    }

    let inbox = TransferInbox()

    /// Starts the thread.
    ///
    /// - Parameters:
    ///   - authorities: a PEM file of the certificate authorities for HTTPS servers, instead of the system's.
    public init(limits: Limits = Limits(), authorities: String? = nil) {
        let inbox = inbox
        startThread {
            TransferLoop(inbox: inbox, limits: limits, authorities: authorities).run()
        }
    }

    deinit { inbox.append(.stop(by: .now, nil)) }

    /// The engine's counters so far.
    public var statistics: Statistics {
        Statistics(
            requests: inbox.requests.load(ordering: .relaxed), connections: inbox.connections.load(ordering: .relaxed),
            mailSessions: inbox.mailSessions.load(ordering: .relaxed), turns: inbox.turns.load(ordering: .relaxed))
    }

    /// Refuses new work, lets current transfers end, cancels those that do not end in time, says goodbye to the relays
    /// and closes all connections; open lines are closed once the rest is done. Returns when the thread is done. A
    /// second call waits for the same end.
    public func shutdown(within grace: Duration) async {
        await withCheckedContinuation { continuation in
            inbox.append(.stop(by: .now + grace, continuation))
        }
    }

    /// Sends a request; see ``HTTPTransport/send(_:)``. The time limit covers all hops of a redirect.
    public func send(_ request: HTTPRequest) async throws(TransferFailure) -> HTTPResponse {
        let deadline = ContinuousClock.now + request.timeout
        var request = request
        var url = try ParsedURL(request.url)
        var redirectsLeft = request.method == .get || request.method == .head ? max(0, request.redirects) : 0
        var isRedirect = false
        while true {
            var response = try await exchange(HTTPHop(request: request, url: url, isRedirect: isRedirect))
            guard redirectsLeft > 0, [301, 302, 303, 307, 308].contains(response.status),
                let location = response["Location"]
            else {
                if request.redirects > 0, [301, 302, 303, 307, 308].contains(response.status),
                    response["Location"] != nil, request.method == .get || request.method == .head
                {
                    throw TransferFailure(.redirect, phase: .answering, detail: "too many redirects")
                }
                response.url = url.text
                return response
            }
            let next: ParsedURL
            do { next = try ParsedURL(location, relativeTo: url) } catch {
                throw TransferFailure(
                    .redirect, phase: .answering, detail: "the redirect leads nowhere: \(error.detail)")
            }
            if url.scheme == "https", next.scheme != "https" {
                throw TransferFailure(.redirect, phase: .answering, detail: "the redirect leads from https to http")
            }
            if next.origin != url.origin {
                request.headers.removeAll {
                    !$0.name.equalsIgnoringASCIICase("accept") && !$0.name.equalsIgnoringASCIICase("user-agent")
                }
            }
            redirectsLeft -= 1
            isRedirect = true
            url = next
            request.timeout = deadline - .now
        }
    }

    private func exchange(_ hop: HTTPHop) async throws(TransferFailure) -> HTTPResponse {
        let ticket = inbox.nextTicket()
        let inbox = inbox
        let result = await withTaskCancellationHandler {
            await withCheckedContinuation { continuation in
                inbox.append(.request(ticket, hop, continuation))
            }
        } onCancel: {
            inbox.append(.cancel(ticket))
        }
        return try result.get()
    }
}

/// One request to one URL, with redirects left to the caller.
struct HTTPHop: Sendable {
    let request: HTTPRequest
    let url: ParsedURL
    let isRedirect: Bool
}

/// Identifies one transfer, so that its cancellation can find it.
final class TransferTicket: Sendable {
    /// Set before the cancel command is sent: a cancellation may overtake its own request.
    let isCancelled = Atomic(false)
}

/// The inbox of a ``TransferEngine``'s thread.
final class TransferInbox: Sendable {
    typealias Answer = CheckedContinuation<Result<HTTPResponse, TransferFailure>, Never>

    enum Command: Sendable {
        case request(TransferTicket, HTTPHop, Answer)
        case deliver(TransferTicket, RelayKey, SMTPSettings, SMTPJob)
        case cancel(TransferTicket)
        case closeRelay(RelayKey)
        case openLine(LinePipe, LineTarget)
        case writeLine(LinePipe, [UInt8])
        case readLine(LinePipe, until: ContinuousClock.Instant)
        case closeLine(LinePipe)
        case stop(by: ContinuousClock.Instant, CheckedContinuation<Void, Never>?)
    }

    private struct State {
        var commands: [Command] = []
        var waker: Waker?
        var isClosed = false
    }

    /// The multi handle, only for waking.
    ///
    /// Safe to send: curl_multi_wakeup is the one function of libcurl that any thread may call at any time on a living
    /// multi handle, and it is called only under the inbox's lock, under which the handle is taken out before it dies.
    private struct Waker: @unchecked Sendable {
        let multi: UnsafeMutableRawPointer
    }

    private let state = Mutex(State())
    let requests = Atomic(0)
    let connections = Atomic(0)
    let mailSessions = Atomic(0)
    let turns = Atomic(0)

    func nextTicket() -> TransferTicket { TransferTicket() }

    /// Passes a command to the thread, or answers it at once if the thread is gone.
    func append(_ command: Command) {
        if case .cancel(let ticket) = command { ticket.isCancelled.store(true, ordering: .sequentiallyConsistent) }
        let refused = state.withLock { state in
            if state.isClosed { return true }
            state.commands.append(command)
            // The thread takes all commands at once, so only the first one needs to wake it.
            if state.commands.count == 1, let waker = state.waker { curl_multi_wakeup(waker.multi) }
            return false
        }
        if refused { Self.refuse(command) }
    }

    /// Takes all commands, in order.
    func takeAll() -> [Command] {
        state.withLock { state in
            guard !state.commands.isEmpty else { return [] }
            let commands = state.commands
            state.commands.removeAll(keepingCapacity: true)
            return commands
        }
    }

    /// Starts waking this multi handle.
    func open(_ multi: UnsafeMutableRawPointer) {
        let waker = Waker(multi: multi)
        state.withLock { $0.waker = waker }
    }

    /// Stops waking; later commands, and those not taken, are answered as cancelled.
    func close() {
        let left = state.withLock { state in
            state.isClosed = true
            state.waker = nil
            let commands = state.commands
            state.commands = []
            return commands
        }
        for command in left { Self.refuse(command) }
    }

    /// Answers a command that will not be carried out.
    static func refuse(_ command: Command) {
        switch command {
        case .request(_, _, let answer):
            answer.resume(returning: .failure(TransferFailure(.cancelled, detail: "the engine has shut down")))
        case .deliver(_, _, _, let job): job.answer.resume(returning: .unsent(.cancelled, "the engine has shut down"))
        case .openLine(let pipe, _), .readLine(let pipe, _):
            pipe.end(LineFailure(kind: .cancelled, reason: "the engine has shut down"))
        case .cancel, .closeRelay, .writeLine, .closeLine: break
        case .stop(_, let waiter): waiter?.resume()
        }
    }
}
