import Daemon
import Foundation
import Logging
import Outreach
import Platform
import Store

// The chat: the script that a shop's pages embed, and what it calls. Its pages are of another origin.
//
//     GET  /chat/SHOP/widget.js              the script
//     GET  /chat/SHOP/words?language=de      what it says
//     POST …/begin  {language}               → {token}
//     POST …/say    {text, key}              words; the same key is the same words
//     GET  …/log?have=TAG                    what was said; 204 where that has not changed
//     POST …/seen   {mark}                   up to when it was shown
//     POST …/claim  {order, address}         a code is mailed if they belong together; the answer is the same if not
//     POST …/code   {code}                   → {order}, or {} for a wrong one
//
// No cookie is set or read. What a page may do comes from the token, which lies in its sessionStorage and is sent as a
// bearer, so that no page elsewhere can use it; and only the shop's own origins, each by name, may read an answer (CORS).
// A program can claim any origin: for it there are the limits, in `Store/Steps/Chats.swift`.

extension PublicSite {
    static let chatPath = "/chat/"
    /// The most that a body may have: 4,000 characters, each of which JSON may write as six bytes or more.
    static let greatestChat = 32 << 10

    func chat(_ request: WebRequest) async -> WebResponse {
        if let refusal = gate.refusal(of: request, methods: ["GET", "HEAD", "POST", "OPTIONS"]) {
            return gate.dressed(refusal)
        }
        let parts = request.parts ?? []
        guard parts.count == 3, let (shop, desk) = chatDesk(parts[1]) else { return gate.dressed(Self.nothingHere) }
        let act = parts[2]
        if act == "widget.js", request.method == "GET" || request.method == "HEAD" { return gate.dressed(widget) }
        guard let origin = request.headers["origin"], desk.allows(origin) else {
            return gate.dressed(
                .text("This page is not among the 'origins' of 'chat' in bookbag.yaml.", status: 403))
        }
        var response: WebResponse
        if request.method == "OPTIONS" {
            response = WebResponse(
                204,
                headers: [
                    "access-control-allow-methods": "GET, POST",
                    "access-control-allow-headers": "authorization, content-type", "access-control-max-age": "7200",
                ])
        } else if !chatVisits.allows(request.client, now: core.now()) {
            response = Self.tooManyChats
        } else {
            do {
                response = try await chat(act, request, shop, desk)
            } catch {
                let failure = (error as? StoreFailure)?.cause.rawValue ?? "unknown"
                core.logger.log(Line.pageFailed, ["shop": "\(shop)", "reason": "\(failure)"])
                response = .text("It cannot be stored now.", status: 503)
            }
        }
        response.headers["access-control-allow-origin"] = origin
        response.headers["vary"] = "origin"
        return gate.dressed(response)
    }

    private func chatDesk(_ name: String) -> (shop: String, desk: ChatDesk)? {
        core.chats.first { ShopDomain.short($0.key) == name }.map { (shop: $0.key, desk: $0.value) }
    }

    private static let nothingHere = WebResponse.text("There is no chat here.", status: 404)
    private static let malformed = WebResponse.text("This is not what the chat's script sends.", status: 400)
    private static let tooManyChats: WebResponse = {
        var response = WebResponse.text("Too much at once.", status: 429)
        response.headers["retry-after"] = "60"
        return response
    }()

    /// The script may be embedded anywhere; what it calls answers the shop's origins alone.
    private var widget: WebResponse {
        WebResponse(
            200,
            headers: [
                "content-type": "text/javascript; charset=utf-8", "cache-control": "public, max-age=3600",
                "cross-origin-resource-policy": "cross-origin", "access-control-allow-origin": "*",
            ], body: .bytes(PackageResources.chat_js))
    }

    private func chat(
        _ act: String, _ request: WebRequest, _ shop: String, _ desk: ChatDesk
    ) async throws -> WebResponse {
        let now = core.now()
        switch (act, request.method) {
        case ("words", "GET"):
            let brand = core.post.brand(shop)
            let words = ChatWords.words(
                request.query["language"], shop: brand?.name ?? shop, tones: brand?.tones ?? Tones())
            var response = try Self.json(words)
            response.headers["cache-control"] = "private, max-age=600"
            return response
        case ("begin", "POST"): return try await begin(request, shop, now)
        case ("log", "GET"), ("say", "POST"), ("seen", "POST"), ("claim", "POST"), ("code", "POST"):
            guard let token = Self.bearer(request),
                let session = try await core.store.chat(tokenDigest: Tokens.digest(token), shop: shop, now: now)
            else { return .text("This chat is over.", status: 401) }
            switch act {
            case "log": return try await log(of: session, request, now)
            case "say": return try await say(request, in: session, desk, now)
            case "seen": return try await seen(request, in: session, now)
            case "claim": return try await claim(request, in: session, desk, now)
            default: return try await code(request, in: session, desk, now)
            }
        default: return Self.nothingHere
        }
    }

    // MARK: - Steps

    private struct Begin: Decodable { var language: String? }
    private struct Say: Decodable {
        var text: String
        var key: String
    }
    private struct Seen: Decodable { var mark: Int64 }
    private struct Claim: Decodable {
        var order: String
        var address: String
    }
    private struct Code: Decodable { var code: String }

    private func begin(_ request: WebRequest, _ shop: String, _ now: Outreach.Moment) async throws -> WebResponse {
        guard let body: Begin = Self.body(request) else { return Self.malformed }
        let token = Tokens.random()
        let step = try await core.store.beginChat(
            Tokens.digest(token), name: ChatRules.name(Array(Tokens.digest(Tokens.random()).prefix(16))),
            language: ChatWords.language(body.language), from: request.client, shop: shop, now: now)
        return step == .done ? try Self.json(["token": token]) : Self.tooManyChats
    }

    private func say(
        _ request: WebRequest, in session: ChatSession, _ desk: ChatDesk, _ now: Outreach.Moment
    ) async throws -> WebResponse {
        guard let body: Say = Self.body(request), Self.isKey(body.key) else { return Self.malformed }
        let text = body.text.cleanedText.trimmingCharacters(in: .whitespacesAndNewlines)
        // Characters can be long; the bytes are bounded by the body.
        guard !text.isEmpty, text.count <= ChatRules.longestText else { return Self.malformed }
        return try await post(.words(text), key: body.key, request, in: session, desk, now)
    }

    private func claim(
        _ request: WebRequest, in session: ChatSession, _ desk: ChatDesk, _ now: Outreach.Moment
    ) async throws -> WebResponse {
        guard let body: Claim = Self.body(request) else { return Self.malformed }
        let (order, address) = (body.order.onOneLine, body.address.onOneLine)
        guard (1...50).contains(order.count), (3...254).contains(address.count) else { return Self.malformed }
        return try await post(
            .claim(order: order, address: address), key: Tokens.random(), request, in: session, desk, now)
    }

    private func post(
        _ post: ChatPost, key: String, _ request: WebRequest, in session: ChatSession, _ desk: ChatDesk,
        _ now: Outreach.Moment
    ) async throws -> WebResponse {
        let step = try await core.store.post(post, key: key, in: session, from: request.client, now: now)
        guard step == .done else { return Self.tooManyChats }
        desk.wake.call()
        return WebResponse(202)
    }

    private func code(
        _ request: WebRequest, in session: ChatSession, _ desk: ChatDesk, _ now: Outreach.Moment
    ) async throws -> WebResponse {
        guard let body: Code = Self.body(request), body.code.count <= 40 else { return Self.malformed }
        let digits = String(body.code.filter { ("0"..."9").contains($0) })
        let (step, isProved) = try await core.store.prove(digits, in: session, from: request.client, now: now)
        guard step == .done else { return Self.tooManyChats }
        guard isProved, let proved = try await core.store.chat(named: session.name, shop: session.shop) else {
            return try Self.json([String: String]())
        }
        desk.wake.call()
        return try Self.json(["order": try await orderName(of: proved) ?? ""])
    }

    private func seen(
        _ request: WebRequest, in session: ChatSession, _ now: Outreach.Moment
    ) async throws -> WebResponse {
        guard let body: Seen = Self.body(request), body.mark >= 0 else { return Self.malformed }
        try await core.store.noteSeen(Outreach.Moment(milliseconds: body.mark), of: session, now: now)
        return WebResponse(204)
    }

    // MARK: - The log

    private struct Log: Encodable {
        struct Said: Encodable {
            var id: Int64
            /// `you`, `bot` or `person`.
            var by: String
            /// Milliseconds since 1970.
            var at: Int64
            var text: String
            var key: String?
        }

        /// What tells it from the log before.
        var tag: String
        /// When the last of it was said, and up to when it was shown before.
        var mark: Int64
        var seen: Int64
        var shop: String
        /// The order that was proved.
        var order: String?
        /// Whether what was asked seems to be about an order, and none is proved.
        var asks: Bool
        var messages: [Said]
    }

    private func log(
        of session: ChatSession, _ request: WebRequest, _ now: Outreach.Moment
    ) async throws -> WebResponse {
        let lines = try await core.store.lines(of: session)
        let mark = lines.map(\.at.milliseconds).max() ?? 0
        let tag = "\(lines.count).\(lines.map(\.id).max() ?? 0).\(mark).\(session.orderID == nil ? 0 : 1)"
        if request.query["have"] == tag { return WebResponse(204) }
        let hers = lines.last { $0.author == .shopper }
        return try Self.json(
            Log(
                tag: tag, mark: mark, seen: session.seenAt.milliseconds,
                shop: core.post.brand(session.shop)?.name ?? session.shop, order: try await orderName(of: session),
                asks: session.orderID == nil && hers.map { Understood.isAboutAnOrder($0.text) } ?? false,
                messages: lines.map { line in
                    let author =
                        switch line.author {
                        case .shopper: "you"
                        case .bookbag: "bot"
                        case .person: "person"
                        }
                    return Log.Said(
                        id: line.id, by: author, at: line.at.milliseconds, text: line.text,
                        key: line.author == .shopper ? line.key : nil)
                }))
    }

    private func orderName(of session: ChatSession) async throws -> String? {
        guard let id = session.orderID else { return nil }
        return try await core.store.load(shop: session.shop, orderIDs: [id])[id]?.facts.name
    }

    // MARK: - Reading and writing

    /// The body of a request as JSON; nil for any other.
    private static func body<Body: Decodable>(_ request: WebRequest) -> Body? {
        let type = request.headers["content-type"]?.split(separator: ";").first.map(String.init) ?? ""
        guard type.trimmingCharacters(in: .whitespaces).lowercased() == "application/json" else { return nil }
        return try? JSONDecoder().decode(Body.self, from: Data(request.body))
    }

    private static func json(_ value: some Encodable) throws -> WebResponse {
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
        return WebResponse(
            200, headers: ["content-type": "application/json; charset=utf-8"],
            body: .bytes([UInt8](try encoder.encode(value))))
    }

    private static func bearer(_ request: WebRequest) -> String? {
        guard let header = request.headers["authorization"], header.hasPrefix("Bearer ") else { return nil }
        let token = String(header.dropFirst(7))
        return Tokens.isToken(token) ? token : nil
    }

    private static func isKey(_ text: String) -> Bool {
        (1...40).contains(text.utf8.count)
            && text.utf8.allSatisfy { (0x30...0x39).contains($0) || (0x61...0x7A).contains($0) || $0 == 0x2D }
    }
}
