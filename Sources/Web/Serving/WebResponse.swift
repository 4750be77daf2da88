/// What a site answers.
struct WebResponse: Sendable {
    enum Body: Sendable {
        case bytes([UInt8])
        /// A stream of "look again" (server-sent events), until one of them ends it.
        case lookAgain(LookAgain)
    }

    var status: Int
    /// By names in lower case.
    var headers: [String: String]
    /// Each one a whole `Set-Cookie`.
    var cookies: [String] = []
    var body: Body

    init(_ status: Int, headers: [String: String] = [:], body: Body = .bytes([])) {
        self.status = status
        self.headers = headers
        self.body = body
    }

    /// A page.
    static func html(_ bytes: [UInt8], status: Int = 200) -> WebResponse {
        WebResponse(status, headers: ["content-type": "text/html; charset=utf-8"], body: .bytes(bytes))
    }

    /// A sentence.
    static func text(_ text: String, status: Int) -> WebResponse {
        WebResponse(
            status, headers: ["content-type": "text/plain; charset=utf-8"], body: .bytes(Array((text + "\n").utf8)))
    }

    /// Another page, to be read by GET.
    static func seeOther(_ path: String) -> WebResponse { WebResponse(303, headers: ["location": path]) }

    /// The text of its body; empty for a stream.
    var text: String {
        if case .bytes(let bytes) = body { return String(decoding: bytes, as: UTF8.self) }
        return ""
    }
}

/// A set of pages.
protocol WebSite: Sendable {
    /// Answers one request. Whatever fails is an answer too.
    func respond(to request: WebRequest) async -> WebResponse

    /// The most bytes that the body of a request may have, of which all else is known.
    func greatestBody(of request: WebRequest) async -> Int
}

extension WebSite {
    func greatestBody(of request: WebRequest) async -> Int { WebRequest.greatestBody }
}
