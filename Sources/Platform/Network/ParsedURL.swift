internal import CCurl

/// A URL as parsed by libcurl itself, so that the URL we check and the one it connects to never differ.
struct ParsedURL: Sendable, Equatable {
    /// The whole URL in libcurl's spelling, without a fragment.
    let text: String
    /// `http` or `https`.
    let scheme: String
    /// Lower case; IPv6 in brackets; IPv4 as four decimal parts, however it was written.
    let host: String
    /// The port, written out or the scheme's own.
    let port: String

    /// Scheme, host and port: headers with secrets must not leave it (RFC 6454).
    var origin: String { "\(scheme)://\(host):\(port)" }

    /// The same as a separate value.
    var webOrigin: WebOrigin { WebOrigin(scheme: scheme, host: host, port: port) }

    /// Reads an absolute URL.
    ///
    /// - Throws: a failure of kind `malformedRequest` that says what is wrong and does not repeat the URL.
    init(_ url: String) throws(TransferFailure) {
        try self.init(url, relativeTo: nil)
    }

    /// Reads a URL that may be relative, as `Location` may be (RFC 9110, 10.2.2).
    init(_ url: String, relativeTo base: ParsedURL?) throws(TransferFailure) {
        guard let handle = curl_url() else { throw TransferFailure(.other, detail: "out of memory") }
        defer { curl_url_cleanup(handle) }
        func part(_ part: CURLUPart, flags: UInt32 = 0) -> String? {
            var text: UnsafeMutablePointer<CChar>?
            guard curl_url_get(handle, part, &text, flags) == CURLUE_OK, let text else { return nil }
            defer { curl_free(text) }
            return String(cString: text)
        }
        if url.utf8.contains(0) { throw TransferFailure(.malformedRequest, detail: "the URL has a NUL in it") }
        if let base { _ = curl_url_set(handle, CURLUPART_URL, base.text, 0) }
        let code = curl_url_set(handle, CURLUPART_URL, url, 0)
        guard code == CURLUE_OK else {
            let reason = curl_url_strerror(code).map { String(cString: $0) } ?? "unreadable"
            throw TransferFailure(.malformedRequest, detail: "the URL is not well-formed: \(reason)")
        }
        _ = curl_url_set(handle, CURLUPART_FRAGMENT, nil, 0)
        guard part(CURLUPART_USER) == nil, part(CURLUPART_PASSWORD) == nil else {
            throw TransferFailure(.malformedRequest, detail: "a URL must not carry a user name or password")
        }
        guard let scheme = part(CURLUPART_SCHEME), scheme == "http" || scheme == "https" else {
            throw TransferFailure(.malformedRequest, detail: "the URL must begin with http:// or https://")
        }
        guard let host = part(CURLUPART_HOST), !host.isEmpty, let text = part(CURLUPART_URL),
            let port = part(CURLUPART_PORT, flags: UInt32(CURLU_DEFAULT_PORT))
        else { throw TransferFailure(.malformedRequest, detail: "the URL names no host") }
        self.text = text
        self.scheme = scheme
        self.host = host.lowercased()
        self.port = port
    }
}
