internal import CCurl

/// One libcurl easy handle, owned by the engine's thread; no refused option goes unnoticed.
final class EasyHandle {
    let raw: UnsafeMutableRawPointer
    private(set) var firstRefusal = CURLE_OK
    private var lists: [UnsafeMutablePointer<curl_slist>] = []
    private let errorText = UnsafeMutablePointer<CChar>.allocate(capacity: Int(CURL_ERROR_SIZE))

    init?() {
        guard let raw = curl_easy_init() else {
            errorText.deallocate()
            return nil
        }
        self.raw = raw
        errorText.initialize(repeating: 0, count: Int(CURL_ERROR_SIZE))
        check(bookbag_setopt_pointer(raw, CURLOPT_ERRORBUFFER, errorText))
        // Without this libcurl raises signals to time out name look-ups, which breaks programs with threads.
        set(CURLOPT_NOSIGNAL, 1)
        // A hanging look-up must not block the thread once its transfer is cancelled or has timed out.
        set(CURLOPT_QUICK_EXIT, 1)
        // The configuration decides where requests go, not the daemon's environment: a proxy would also defeat the
        // address policy.
        set(CURLOPT_PROXY, "")
        set(CURLOPT_TCP_KEEPALIVE, 1)
        set(CURLOPT_SSLVERSION, CURL_SSLVERSION_TLSv1_2)
    }

    /// The handle must have left its multi handle.
    deinit {
        curl_easy_cleanup(raw)
        for list in lists { curl_slist_free_all(list) }
        errorText.deallocate()
    }

    func check(_ code: CURLcode) {
        if code != CURLE_OK, firstRefusal == CURLE_OK { firstRefusal = code }
    }

    func set(_ option: CURLoption, _ value: Int) { check(bookbag_setopt_long(raw, option, value)) }

    func set(_ option: CURLoption, _ value: String) { check(bookbag_setopt_string(raw, option, value)) }

    func set(_ option: CURLoption, _ value: Duration) { set(option, max(1, value.wholeMilliseconds)) }

    func set(_ option: CURLoption, list items: [String]) {
        var list: UnsafeMutablePointer<curl_slist>?
        for item in items {
            guard let longer = curl_slist_append(list, item) else { return check(CURLE_OUT_OF_MEMORY) }
            list = longer
        }
        if let list { lists.append(list) }
        check(bookbag_setopt_list(raw, option, list))
    }

    func info(_ info: CURLINFO) -> Int {
        var value = 0
        return bookbag_getinfo_long(raw, info, &value) == CURLE_OK ? value : 0
    }

    func size(_ info: CURLINFO) -> Int64 {
        var value: curl_off_t = 0
        return bookbag_getinfo_size(raw, info, &value) == CURLE_OK ? Int64(value) : 0
    }

    /// One line on why a transfer failed, in libcurl's words, which name hosts and certificates but none of our data.
    func reason(_ code: CURLcode) -> String {
        let text = String(cString: errorText)
        let words = text.isEmpty ? String(cString: curl_easy_strerror(code)) : text
        return words.boundedLine(200)
    }
}

extension Duration {
    /// Whole milliseconds, rounded down; at most what fits libcurl's 32-bit arithmetic.
    var wholeMilliseconds: Int {
        let (seconds, attoseconds) = components
        let limit = Int64(Int32.max) / 2
        return Int(seconds > limit / 1000 ? limit : seconds * 1000 + attoseconds / 1_000_000_000_000_000)
    }
}

extension StringProtocol {
    /// The text on one line: control characters become spaces, and anything beyond `limit` scalars is cut.
    func boundedLine(_ limit: Int) -> String {
        var line = String.UnicodeScalarView()
        for scalar in unicodeScalars.prefix(limit) {
            line.append(scalar.value < 0x20 || (0x7F...0x9F).contains(scalar.value) ? " " : scalar)
        }
        return String(line)
    }
}
