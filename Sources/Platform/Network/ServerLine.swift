// A line of bytes to a server that speaks a protocol of its own. libcurl resolves, connects and secures it on the
// engine's thread (CURLOPT_CONNECT_ONLY), as it does for mail relays; then bytes go back and forth, and what they mean
// is the business of whoever holds the line. Reading waits on Swift's side, by a continuation; only so many bytes are
// taken off the network ahead of the reader.

internal import CCurl
import Synchronization

/// Where a line goes, and how it is secured.
struct LineTarget: Sendable {
    /// `imap://host:port/` or `imaps://host:port/`, as libcurl reads it; without a user, so that libcurl does not log
    /// in.
    var url: String
    /// The schemes that are let through.
    var schemes: String
    /// libcurl's CURLUSESSL value.
    var useSSL: Int
    /// How long resolving, connecting, TLS and the greeting may take together.
    var timeout: Duration
    /// A PEM file of authorities to trust instead of the system's.
    var authorities: String?
    /// A PEM file with our certificate.
    var certificate: String?
    /// A PEM file with the key of ``certificate``.
    var key: String?
}

/// Why a line was not opened, or ended.
struct LineFailure: Error, Sendable, Equatable {
    enum Kind: Sendable, Equatable {
        case resolve, connect, tls, timeout, dropped, cancelled, settings, unsupported, refused, other
    }

    var kind: Kind
    /// libcurl's words.
    var reason: String
    /// The last line that the server said while the line was being opened, if any.
    var said = ""
}

/// What an attempt to read brought.
enum LineRead: Sendable, Equatable {
    /// At least one byte.
    case bytes([UInt8])
    /// Nothing came in time; the line stands.
    case timedOut
    /// There will be nothing more.
    case ended(LineFailure)
}

/// Whatever carries bytes to a server and back; ``ServerLine`` is the real one, tests script another.
protocol ByteLine: Sendable {
    /// Puts bytes on their way.
    func write(_ bytes: [UInt8])
    /// The next bytes. One reader at a time. Cancelling the task ends the wait as `.ended` with `cancelled`.
    func read(within patience: Duration) async -> LineRead
    /// Closes the line once what was written has left, if the network takes it at once.
    func close()
}

/// An open line over the engine.
final class ServerLine: ByteLine {
    private let inbox: TransferInbox
    private let pipe: LinePipe

    private init(inbox: TransferInbox, pipe: LinePipe) {
        self.inbox = inbox
        self.pipe = pipe
    }

    deinit { inbox.append(.closeLine(pipe)) }

    /// Opens a line.
    static func open(_ target: LineTarget, engine: TransferEngine) async throws(LineFailure) -> ServerLine {
        let inbox = engine.inbox
        let pipe = LinePipe()
        let failure = await withTaskCancellationHandler {
            await withCheckedContinuation { continuation in
                pipe.expectOpening(continuation)
                inbox.append(.openLine(pipe, target))
            }
        } onCancel: {
            pipe.opened(LineFailure(kind: .cancelled, reason: "the task was cancelled"))
            inbox.append(.closeLine(pipe))
        }
        if let failure { throw failure }
        return ServerLine(inbox: inbox, pipe: pipe)
    }

    func write(_ bytes: [UInt8]) { inbox.append(.writeLine(pipe, bytes)) }

    func read(within patience: Duration) async -> LineRead {
        let deadline = ContinuousClock.now + patience
        let pipe = pipe
        let inbox = inbox
        return await withTaskCancellationHandler {
            await withCheckedContinuation { continuation in
                if pipe.expectBytes(continuation) { inbox.append(.readLine(pipe, until: deadline)) }
            }
        } onCancel: {
            pipe.cancelRead()
        }
    }

    func close() { inbox.append(.closeLine(pipe)) }
}

/// What the engine's thread and the holder of a line share.
final class LinePipe: Sendable {
    /// So many bytes are taken off the network ahead of the reader.
    static let ahead = 256 << 10

    private struct State {
        var incoming: [UInt8] = []
        var end: LineFailure?
        var reader: CheckedContinuation<LineRead, Never>?
        var opening: CheckedContinuation<LineFailure?, Never>?
        var wasOpened = false
    }

    private let state = Mutex(State())

    /// Whether it is over: a cancellation may overtake its own opening.
    var isEnded: Bool { state.withLock { $0.end != nil } }

    /// Whether the engine should leave the rest on the network.
    var isFull: Bool { state.withLock { $0.incoming.count >= Self.ahead } }

    func expectOpening(_ continuation: CheckedContinuation<LineFailure?, Never>) {
        // A cancellation may have come first.
        let end: LineFailure? = state.withLock { state in
            if state.wasOpened { return state.end ?? LineFailure(kind: .cancelled, reason: "the task was cancelled") }
            state.opening = continuation
            return nil
        }
        if let end { continuation.resume(returning: end) }
    }

    /// Says that the line stands, or why it does not. Only the first word counts.
    func opened(_ failure: LineFailure?) {
        let waiter = state.withLock { state in
            guard !state.wasOpened else { return nil as CheckedContinuation<LineFailure?, Never>? }
            state.wasOpened = true
            state.end = failure
            defer { state.opening = nil }
            return state.opening
        }
        waiter?.resume(returning: failure)
    }

    /// Answers a reader from what is here, or lets it wait.
    ///
    /// - Returns: whether it waits.
    func expectBytes(_ continuation: CheckedContinuation<LineRead, Never>) -> Bool {
        let answer: LineRead? = state.withLock { state in
            if Task.isCancelled { return .ended(LineFailure(kind: .cancelled, reason: "the task was cancelled")) }
            if !state.incoming.isEmpty {
                defer { state.incoming = [] }
                return .bytes(state.incoming)
            }
            if let end = state.end { return .ended(end) }
            precondition(state.reader == nil, "a line has one reader at a time")
            state.reader = continuation
            return nil
        }
        if let answer { continuation.resume(returning: answer) }
        return answer == nil
    }

    func cancelRead() {
        takeReader()?.resume(returning: .ended(LineFailure(kind: .cancelled, reason: "the task was cancelled")))
    }

    func timeOut() { takeReader()?.resume(returning: .timedOut) }

    func push(_ bytes: ArraySlice<UInt8>) {
        let (reader, all): (CheckedContinuation<LineRead, Never>?, [UInt8]) = state.withLock { state in
            state.incoming += bytes
            guard let reader = state.reader else { return (nil, []) }
            defer {
                state.incoming = []
                state.reader = nil
            }
            return (reader, state.incoming)
        }
        reader?.resume(returning: .bytes(all))
    }

    func end(_ failure: LineFailure) {
        opened(failure)
        let reader = state.withLock { state in
            if state.end == nil { state.end = failure }
            defer { state.reader = nil }
            return state.reader
        }
        reader?.resume(returning: .ended(failure))
    }

    private func takeReader() -> CheckedContinuation<LineRead, Never>? {
        state.withLock { state in
            defer { state.reader = nil }
            return state.reader
        }
    }
}

/// The engine's end of a line. Lives on the engine's thread and never blocks it.
final class LineSession {
    enum State { case opening, open, closed }

    let easy: EasyHandle
    private let pipe: LinePipe
    private let isImplicit: Bool
    private(set) var state = State.opening
    private(set) var socket: curl_socket_t = CURL_SOCKET_BAD
    /// When the reader's patience ends; nil while nobody waits.
    var deadline: ContinuousClock.Instant?
    private var outgoing: [UInt8] = []
    private var sent = 0
    private var buffer = [UInt8](repeating: 0, count: 65536)
    private var heard: [UInt8] = []

    /// Prepares the handle; adding it to the multi handle begins the connection.
    init(_ target: LineTarget, _ pipe: LinePipe) throws(LineFailure) {
        guard let easy = EasyHandle() else { throw LineFailure(kind: .other, reason: "out of memory") }
        self.easy = easy
        self.pipe = pipe
        isImplicit = target.url.hasPrefix("imaps:")
        easy.set(CURLOPT_URL, target.url)
        easy.set(CURLOPT_PROTOCOLS_STR, target.schemes)
        easy.set(CURLOPT_CONNECT_ONLY, 1)
        easy.set(CURLOPT_USE_SSL, target.useSSL)
        easy.set(CURLOPT_CONNECTTIMEOUT_MS, target.timeout)
        easy.set(CURLOPT_TIMEOUT_MS, target.timeout)
        easy.set(CURLOPT_SERVER_RESPONSE_TIMEOUT, max(1, Int(target.timeout.components.seconds)))
        if let authorities = target.authorities { easy.set(CURLOPT_CAINFO, authorities) }
        if let certificate = target.certificate { easy.set(CURLOPT_SSLCERT, certificate) }
        if let key = target.key { easy.set(CURLOPT_SSLKEY, key) }
        easy.check(bookbag_on_debug(easy.raw, onLineDebug, Unmanaged.passUnretained(self).toOpaque()))
        if easy.firstRefusal != CURLE_OK {
            throw LineFailure(kind: .settings, reason: easy.reason(easy.firstRefusal))
        }
    }

    /// Whether bytes wait for the line to take them.
    var wantsToWrite: Bool { sent < outgoing.count }
    /// Whether bytes are taken off the network at present.
    var wantsToRead: Bool { !pipe.isFull }

    fileprivate func hear(_ kind: curl_infotype, _ bytes: UnsafeRawBufferPointer) {
        guard state == .opening, kind == CURLINFO_HEADER_IN else { return }
        heard = Array(bytes.prefix(500))
    }

    /// Takes over the line that libcurl has opened.
    ///
    /// - Returns: whether it stands.
    func opened(_ code: CURLcode) -> Bool {
        easy.set(CURLOPT_VERBOSE, 0)
        guard code == CURLE_OK else {
            end(failure(code))
            return false
        }
        guard bookbag_getinfo_socket(easy.raw, &socket) == CURLE_OK, socket != CURL_SOCKET_BAD else {
            end(LineFailure(kind: .dropped, reason: "the connection was lost", said: said))
            return false
        }
        state = .open
        pipe.opened(nil)
        // The first read also ties the line to this handle, so that libcurl does not take it for an idle one.
        pump()
        return true
    }

    func write(_ bytes: [UInt8]) {
        guard state != .closed else { return }
        if sent == outgoing.count {
            outgoing = bytes
            sent = 0
        } else {
            outgoing += bytes
        }
        if state == .open { flush() }
    }

    /// Writes and reads whatever the line lets through.
    func pump() {
        guard state == .open else { return }
        flush()
        while state == .open, !pipe.isFull {
            var count = 0
            let code = buffer.withUnsafeMutableBytes { curl_easy_recv(easy.raw, $0.baseAddress, $0.count, &count) }
            if code == CURLE_AGAIN { return }
            guard code == CURLE_OK, count > 0 else {
                return end(LineFailure(kind: .dropped, reason: "the server closed the connection"))
            }
            deadline = nil
            pipe.push(buffer[..<count])
        }
    }

    private func flush() {
        while sent < outgoing.count {
            var count = 0
            let code = outgoing.withUnsafeBytes { bytes in
                curl_easy_send(easy.raw, bytes.baseAddress! + sent, bytes.count - sent, &count)
            }
            if code == CURLE_AGAIN { return }
            // What the server said before it hung up is read first, and then the end is found there.
            guard code == CURLE_OK else {
                outgoing = []
                sent = 0
                return
            }
            sent += count
        }
        outgoing = []
        sent = 0
    }

    /// The reader waited long enough.
    func expire() {
        deadline = nil
        pipe.timeOut()
    }

    func end(_ failure: LineFailure) {
        guard state != .closed else { return }
        state = .closed
        pipe.end(failure)
    }

    private var said: String { String(decoding: heard, as: UTF8.self).boundedLine(300) }

    private func failure(_ code: CURLcode) -> LineFailure {
        let isConnected = easy.size(CURLINFO_CONNECT_TIME_T) > 0
        let isSecured = easy.size(CURLINFO_APPCONNECT_TIME_T) > 0
        let kind: LineFailure.Kind =
            switch code {
            case CURLE_COULDNT_RESOLVE_HOST: .resolve
            case CURLE_COULDNT_CONNECT: .connect
            case CURLE_OPERATION_TIMEDOUT: .timeout
            case CURLE_USE_SSL_FAILED: isConnected && !isSecured ? .unsupported : .tls
            case CURLE_SSL_CONNECT_ERROR, CURLE_PEER_FAILED_VERIFICATION, CURLE_SSL_CIPHER, CURLE_SSL_ISSUER_ERROR,
                CURLE_SSL_INVALIDCERTSTATUS:
                .tls
            case CURLE_SSL_CERTPROBLEM, CURLE_SSL_CACERT_BADFILE, CURLE_URL_MALFORMAT, CURLE_UNSUPPORTED_PROTOCOL:
                .settings
            case CURLE_RECV_ERROR, CURLE_SEND_ERROR, CURLE_GOT_NOTHING: .dropped
            case CURLE_WEIRD_SERVER_REPLY, CURLE_REMOTE_ACCESS_DENIED, CURLE_LOGIN_DENIED:
                heard.isEmpty ? .dropped : .refused
            default: .other
            }
        return LineFailure(kind: kind, reason: easy.reason(code), said: said)
    }
}

private let onLineDebug: curl_debug_callback = { _, kind, bytes, count, context in
    Unmanaged<LineSession>.fromOpaque(context!).takeUnretainedValue()
        .hear(kind, UnsafeRawBufferPointer(start: bytes, count: count))
    return 0
}
