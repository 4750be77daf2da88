internal import CCurl
import Glibc

/// One HTTP request under way: its easy handle, and what has come back so far. Lives on the engine's thread.
final class HTTPExchange {
    /// No honest answer has a longer head.
    static let maximumHeadBytes = 128 << 10

    let easy: EasyHandle
    let ticket: TransferTicket
    private let hop: HTTPHop
    private let answer: TransferInbox.Answer
    private let allowsEverything: Bool

    private var phase = TransferFailure.Phase.resolving
    /// Why we ourselves ended the transfer; libcurl then only says that a callback did.
    private var ended: TransferFailure.Kind?
    private var headBytes = 0
    private var status = 0
    private var headers: [HTTPField] = []
    private var body: [UInt8] = []

    /// Prepares the transfer.
    ///
    /// - Throws: if the request is impossible; nothing was sent, and the caller has not been answered yet.
    init(_ ticket: TransferTicket, _ hop: HTTPHop, authorities: String?, answer: TransferInbox.Answer)
        throws(TransferFailure)
    {
        guard let easy = EasyHandle() else { throw TransferFailure(.other, detail: "out of memory") }
        self.easy = easy
        self.ticket = ticket
        self.hop = hop
        self.answer = answer
        allowsEverything = hop.request.addressPolicy.allowsEverything(hop.url.webOrigin, isRedirect: hop.isRedirect)
        try prepare(authorities)
    }

    private func prepare(_ authorities: String?) throws(TransferFailure) {
        let request = hop.request
        guard request.timeout > .zero else { throw TransferFailure(.timeout, detail: "no time was left") }
        easy.set(CURLOPT_URL, hop.url.text)
        easy.set(CURLOPT_PROTOCOLS_STR, "http,https")
        easy.set(CURLOPT_FOLLOWLOCATION, 0)
        easy.set(CURLOPT_CONNECTTIMEOUT_MS, request.connectTimeout)
        easy.set(CURLOPT_TIMEOUT_MS, request.timeout)
        easy.set(CURLOPT_ACCEPT_ENCODING, "gzip, deflate")
        if let authorities { easy.set(CURLOPT_CAINFO, authorities) }
        setMethod(request)
        easy.set(CURLOPT_HTTPHEADER, list: try headerLines(request))

        let context = Unmanaged.passUnretained(self).toOpaque()
        easy.check(bookbag_on_body(easy.raw, onBody, context))
        easy.check(bookbag_on_header(easy.raw, onHeader, context))
        easy.check(bookbag_on_socket(easy.raw, onSocket, context))
        easy.check(bookbag_on_connected(easy.raw, onConnected, context))
        if easy.firstRefusal != CURLE_OK {
            throw TransferFailure(.other, detail: "libcurl refused an option: \(easy.reason(easy.firstRefusal))")
        }
    }

    private func setMethod(_ request: HTTPRequest) {
        switch request.method {
        case .get: easy.set(CURLOPT_HTTPGET, 1)
        case .head: easy.set(CURLOPT_NOBODY, 1)
        case .delete where request.body == nil: easy.set(CURLOPT_CUSTOMREQUEST, "DELETE")
        case .post, .put, .patch, .delete:
            easy.set(CURLOPT_POST, 1)
            let body = request.body ?? []
            easy.check(
                body.withUnsafeBytes { bytes in
                    bytes.count == 0
                        ? bookbag_setopt_copied_body(easy.raw, "", 0)
                        : bookbag_setopt_copied_body(easy.raw, bytes.baseAddress, curl_off_t(bytes.count))
                })
            if request.method != .post { easy.set(CURLOPT_CUSTOMREQUEST, request.method.rawValue) }
        }
    }

    private func headerLines(_ request: HTTPRequest) throws(TransferFailure) -> [String] {
        var lines: [String] = []
        for field in request.headers {
            guard !field.name.isEmpty, field.name.utf8.allSatisfy(isTokenByte),
                field.value.utf8.allSatisfy({ $0 >= 0x20 && $0 != 0x7F || $0 == 0x09 })
            else { throw TransferFailure(.malformedRequest, detail: "a header is not well-formed") }
            // libcurl's way to say "send this header although it is empty".
            lines.append(field.value.isEmpty ? "\(field.name);" : "\(field.name): \(field.value)")
        }
        func lacks(_ name: String) -> Bool { !request.headers.contains { $0.name.equalsIgnoringASCIICase(name) } }
        // Suppress libcurl's own additions: waiting for "100 Continue", and a content type that the caller did not
        // give.
        if lacks("Expect") { lines.append("Expect:") }
        if lacks("Content-Type") { lines.append("Content-Type:") }
        return lines
    }

    // MARK: What libcurl tells

    fileprivate func takeBody(_ bytes: UnsafeRawBufferPointer) -> Bool {
        guard body.count + bytes.count <= hop.request.maximumResponseBytes else {
            ended = .tooLarge
            return false
        }
        body.append(contentsOf: bytes)
        return true
    }

    fileprivate func takeHeader(_ line: UnsafeRawBufferPointer) -> Bool {
        phase = .answering
        headBytes += line.count
        guard headBytes <= Self.maximumHeadBytes else {
            ended = .tooLarge
            return false
        }
        if line.starts(with: Array("HTTP/".utf8)) {
            headers.removeAll(keepingCapacity: true)
        } else if let colon = line.firstIndex(of: UInt8(ascii: ":")), colon > 0 {
            let name = String(decoding: line[..<colon], as: UTF8.self)
            let value = String(decoding: line[(colon + 1)...].trimmingSpace(), as: UTF8.self)
            headers.append(HTTPField(name, value))
        }
        return true
    }

    fileprivate func openSocket(_ address: UnsafeMutablePointer<curl_sockaddr>) -> curl_socket_t {
        phase = max(phase, .connecting)
        if !allowsEverything {
            guard
                let ip = IPAddress(
                    family: address.pointee.family, socketAddress: bookbag_socket_address(address)), ip.isPublic
            else {
                ended = .forbiddenAddress
                return CURL_SOCKET_BAD
            }
        }
        return socket(
            address.pointee.family, address.pointee.socktype | Int32(SOCK_CLOEXEC.rawValue), address.pointee.protocol)
    }

    fileprivate func connected(to ip: String?) -> Bool {
        // A name may have several addresses, one refused and another accepted.
        if ended == .forbiddenAddress { ended = nil }
        // A kept connection was opened under another request's policy, so check it again.
        if !allowsEverything, ip.flatMap({ IPAddress($0) })?.isPublic != true {
            ended = .forbiddenAddress
            return false
        }
        phase = max(phase, .requesting)
        return true
    }

    // MARK: The end

    /// Answers the caller with libcurl's result of the transfer.
    func finish(_ code: CURLcode) {
        guard code == CURLE_OK else { return answer.resume(returning: .failure(failure(code))) }
        status = easy.info(CURLINFO_RESPONSE_CODE)
        answer.resume(returning: .success(HTTPResponse(status: status, headers: headers, body: body)))
    }

    /// Answers the caller that the transfer was ended from outside.
    func finishCancelled(_ detail: String) {
        answer.resume(returning: .failure(TransferFailure(.cancelled, phase: reachedPhase, detail: detail)))
    }

    private var reachedPhase: TransferFailure.Phase {
        phase == .connecting && hop.url.scheme == "https" && easy.size(CURLINFO_CONNECT_TIME_T) > 0 ? .securing : phase
    }

    private func failure(_ code: CURLcode) -> TransferFailure {
        switch ended {
        case .tooLarge:
            return TransferFailure(
                .tooLarge, phase: reachedPhase, detail: "more than \(hop.request.maximumResponseBytes) bytes")
        case .forbiddenAddress:
            return TransferFailure(
                .forbiddenAddress, phase: .connecting,
                detail: "\(hop.url.host) is at an address that is private, local or reserved")
        default: break
        }
        let kind: TransferFailure.Kind =
            switch code {
            case CURLE_COULDNT_RESOLVE_HOST, CURLE_COULDNT_RESOLVE_PROXY: .resolve
            case CURLE_COULDNT_CONNECT, CURLE_INTERFACE_FAILED: .connect
            case CURLE_OPERATION_TIMEDOUT: .timeout
            case CURLE_SSL_CONNECT_ERROR, CURLE_PEER_FAILED_VERIFICATION, CURLE_SSL_CERTPROBLEM, CURLE_SSL_CIPHER,
                CURLE_SSL_CACERT_BADFILE, CURLE_SSL_ISSUER_ERROR, CURLE_SSL_INVALIDCERTSTATUS,
                CURLE_SSL_ENGINE_NOTFOUND,
                CURLE_USE_SSL_FAILED, CURLE_SSL_CRL_BADFILE, CURLE_SSL_PINNEDPUBKEYNOTMATCH:
                .tls
            case CURLE_PARTIAL_FILE, CURLE_GOT_NOTHING, CURLE_SEND_ERROR, CURLE_RECV_ERROR, CURLE_HTTP2,
                CURLE_HTTP2_STREAM, CURLE_HTTP3:
                .dropped
            case CURLE_WEIRD_SERVER_REPLY, CURLE_BAD_CONTENT_ENCODING, CURLE_UNSUPPORTED_PROTOCOL: .malformedAnswer
            case CURLE_URL_MALFORMAT: .malformedRequest
            default: .other
            }
        // libcurl counts a connection as established only after the TLS handshake.
        return TransferFailure(kind, phase: kind == .tls ? .securing : reachedPhase, detail: easy.reason(code))
    }
}

/// RFC 9110, 5.6.2.
private func isTokenByte(_ byte: UInt8) -> Bool {
    switch byte {
    case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
        UInt8(ascii: "0")...UInt8(ascii: "9"):
        true
    default: "!#$%&'*+-.^_`|~".utf8.contains(byte)
    }
}

extension Slice<UnsafeRawBufferPointer> {
    /// Without surrounding spaces, tabs and line ends.
    func trimmingSpace() -> Slice<UnsafeRawBufferPointer> {
        func isSpace(_ byte: UInt8) -> Bool { byte == 0x20 || byte == 0x09 || byte == 0x0D || byte == 0x0A }
        guard let first = firstIndex(where: { !isSpace($0) }), let last = lastIndex(where: { !isSpace($0) }) else {
            return self[startIndex..<startIndex]
        }
        return self[first...last]
    }
}

// libcurl calls these on the engine's thread, while the loop holds the exchange they are given.

private func exchange(_ context: UnsafeMutableRawPointer?) -> HTTPExchange {
    Unmanaged<HTTPExchange>.fromOpaque(context!).takeUnretainedValue()
}

private let onBody: curl_write_callback = { bytes, _, count, context in
    exchange(context).takeBody(UnsafeRawBufferPointer(start: bytes, count: count)) ? count : 0
}

private let onHeader: curl_write_callback = { bytes, _, count, context in
    exchange(context).takeHeader(UnsafeRawBufferPointer(start: bytes, count: count)) ? count : 0
}

private let onSocket: curl_opensocket_callback = { context, _, address in
    guard let address else { return CURL_SOCKET_BAD }
    return exchange(context).openSocket(address)
}

private let onConnected: curl_prereq_callback = { context, ip, _, _, _ in
    exchange(context).connected(to: ip.map { String(cString: $0) })
        ? CURL_PREREQFUNC_OK : CURL_PREREQFUNC_ABORT
}
