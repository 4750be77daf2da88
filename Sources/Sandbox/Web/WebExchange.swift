// An HTTP request and response as values, without the server: the sandbox decides on these, and tests need no socket.

/// A request with its complete body.
struct WebRequest: Sendable {
    var method: String
    /// Without the query; parts are percent-decoded where needed.
    var path: String
    var query: [String: String]
    /// Names in lower case.
    var headers: [String: String]
    var body: [UInt8]

    init(
        _ method: String, _ target: String, headers: [String: String] = [:], body: [UInt8] = []
    ) {
        self.method = method
        let parts = target.split(separator: "?", maxSplits: 1, omittingEmptySubsequences: false)
        path = String(parts.first ?? "/")
        query = parts.count > 1 ? Self.form(String(parts[1])) : [:]
        self.headers = [:]
        for (name, value) in headers { self.headers[name.lowercased()] = value }
        self.body = body
    }

    /// The path's parts: `/api/mails/7` is `["api", "mails", "7"]`.
    var parts: [String] { path.split(separator: "/").map { Self.decoded(String($0)) } }

    /// Reads `a=1&b=2`.
    static func form(_ text: String) -> [String: String] {
        var values: [String: String] = [:]
        for pair in text.split(separator: "&") {
            let sides = pair.split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false)
            values[decoded(String(sides[0]))] = sides.count > 1 ? decoded(String(sides[1])) : ""
        }
        return values
    }

    private static func decoded(_ text: String) -> String {
        guard text.contains("%") || text.contains("+") else { return text }
        var out: [UInt8] = []
        var bytes = Array(text.utf8)[...]
        while let byte = bytes.popFirst() {
            if byte == UInt8(ascii: "+") {
                out.append(0x20)
            } else if byte == UInt8(ascii: "%"), bytes.count >= 2,
                let value = UInt8(String(decoding: bytes.prefix(2), as: UTF8.self), radix: 16)
            {
                out.append(value)
                bytes.removeFirst(2)
            } else {
                out.append(byte)
            }
        }
        return String(decoding: out, as: UTF8.self)
    }
}

/// An answer, and any fault in sending it.
struct WebResponse: Sendable {
    enum Ending: Sendable {
        case whole
        /// The connection ends after this many bytes of the body.
        case cut(after: Int)
    }

    var status: Int
    var headers: [(name: String, value: String)]
    var body: [UInt8]
    var delay: Duration = .zero
    var ending = Ending.whole
    /// A stream of lines instead of a body: server-sent events. Ends with its sequence.
    var stream: AsyncStream<[UInt8]>?

    init(_ status: Int = 200, type: String, _ body: [UInt8]) {
        self.status = status
        headers = [("Content-Type", type)]
        self.body = body
    }

    static func json(_ json: JSON, status: Int = 200) -> WebResponse {
        WebResponse(status, type: "application/json; charset=utf-8", json.bytes)
    }

    static func html(_ text: String, status: Int = 200) -> WebResponse {
        WebResponse(status, type: "text/html; charset=utf-8", Array(text.utf8))
    }

    /// An error for people and scripts: `{"error": "…"}`.
    static func refusal(_ message: String, status: Int) -> WebResponse {
        json(["error": .string(message)], status: status)
    }

    func header(_ name: String) -> String? {
        headers.first { $0.name.lowercased() == name.lowercased() }?.value
    }
}
