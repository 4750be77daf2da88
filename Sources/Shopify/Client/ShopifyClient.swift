// One query to one shop: wait until the bucket admits it, send it with the current token, classify a failure, remember
// the bucket and the clock. Nothing here knows the content of the query. It is sent again only if Shopify certainly did
// not run it: once with a new token after a 401, and a few times after the wait that THROTTLED names.

internal import FoundationEssentials
package import Platform
internal import Synchronization

/// The address of a shop's Admin GraphQL API, and the version that we use.
package struct ShopifyEndpoint: Hashable, Sendable {
    /// The version for which the documents are written.
    package static let pinnedVersion = "2026-07"

    /// `https://juniperfig.myshopify.com`, without a trailing slash.
    package var base: String
    /// `2026-07`.
    package var version: String

    /// The API at that address. A trailing slash is dropped.
    package init(base: String, version: String = Self.pinnedVersion) {
        self.base = base.hasSuffix("/") ? String(base.dropLast()) : base
        self.version = version
    }

    var url: String { "\(base)/admin/api/\(version)/graphql.json" }
}

/// The metadata of an answer.
package struct AnswerFacts: Hashable, Sendable {
    /// The shop's own clock when it answered, to the second; nil if it did not say.
    package var shopTime: Timestamp?
    /// How far our clock is ahead of the shop's (negative: behind), measured at the middle of the exchange; nil as
    /// above. Accurate to about a second.
    package var clockOffset: Duration?
    package var cost: CostReport?
    /// The version that answered, if it says so.
    package var servedVersion: String?
}

/// Queries one shop's Admin GraphQL API.
package final class ShopifyClient: Sendable {
    package let endpoint: ShopifyEndpoint
    package let clock: ShopClock
    private let transport: any HTTPTransport
    private let access: ShopifyAccess
    private let state: Mutex<State>

    private struct State {
        var bucket: CostBucket
        /// The true costs, by document: `requestedQueryCost` of its last answer.
        var costs: [String: Double] = [:]
        var last: AnswerFacts?
    }

    /// - Parameter bucket: the last known bucket, from before a restart; nil if there is none.
    package init(
        endpoint: ShopifyEndpoint, credentials: ShopifyCredentials, transport: any HTTPTransport,
        clock: ShopClock,
        bucket: CostBucket? = nil
    ) {
        self.endpoint = endpoint
        self.transport = transport
        self.clock = clock
        access = ShopifyAccess(
            endpoint: endpoint.base, credentials: credentials, transport: transport, clock: clock)
        state = Mutex(State(bucket: bucket ?? CostBucket(at: clock.now())))
    }

    /// The bucket as known now, to be remembered across restarts.
    package var bucket: CostBucket { state.withLock { $0.bucket } }

    /// The metadata of the last answer; nil before the first.
    package var lastAnswer: AnswerFacts? { state.withLock { $0.last } }

    /// How long until this document may be sent; zero if now.
    package func wait(for document: Document) -> Duration {
        let now = clock.now()
        return state.withLock { state in
            state.bucket.wait(for: state.costs[document.name] ?? Double(document.estimatedCost), at: now)
        }
    }

    /// An answer with data, and the errors that came with it.
    package struct Answer<Content: Sendable>: Sendable {
        package var data: Content
        /// Errors about parts of the data; never about the whole.
        package var errors: [GraphQLError]
        package var facts: AnswerFacts
    }

    /// How many times to wait out THROTTLED before passing it to the caller.
    private static let throttledTries = 4

    /// Sends the query and decodes the answer's `data`. Waits for the bucket as long as needed.
    package func ask<Content: Decodable & Sendable>(
        _ document: Document, _ variables: some Encodable & Sendable, as type: Content.Type
    ) async throws(ShopifyFailure) -> Answer<Content> {
        let body: [UInt8]
        do {
            let encoder = JSONEncoder()
            encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
            body = try [UInt8](
                encoder.encode(Query(query: document.text, operationName: document.name, variables: variables)))
        } catch {
            throw .malformed("the variables of \(document.name) cannot be written")
        }
        var throttled = 0
        var renewed = false
        while true {
            try await pause(wait(for: document))
            let token = try await access.current()
            do {
                return try await exchange(document, body: body, token: token.value, as: type)
            } catch {
                switch error {
                case .unauthorized where !renewed:
                    renewed = true
                    guard await access.refuse(token.number) else { throw error }
                case .throttled(let wait) where throttled < Self.throttledTries:
                    throttled += 1
                    try await pause(wait)
                default: throw error
                }
            }
        }
    }

    private struct Query<Variables: Encodable>: Encodable {
        var query: String
        var operationName: String
        var variables: Variables
    }

    private func pause(_ wait: Duration) async throws(ShopifyFailure) {
        guard wait > .zero else { return }
        do { try await clock.sleep(wait) } catch {
            throw .transport(TransferFailure(.cancelled, detail: "while waiting for the shop's cost bucket"))
        }
    }

    /// The largest answer that we accept, in bytes.
    static let maximumAnswer = 16 << 20

    private func exchange<Content: Decodable & Sendable>(
        _ document: Document, body: [UInt8], token: SecretString, as type: Content.Type
    ) async throws(ShopifyFailure) -> Answer<Content> {
        let request = HTTPRequest(
            .post, endpoint.url,
            headers: [
                HTTPField("Content-Type", "application/json"), HTTPField("Accept", "application/json"),
                HTTPField("X-Shopify-Access-Token", token.reveal()),
            ], body: body, timeout: .seconds(60), maximumResponseBytes: Self.maximumAnswer)
        let sentAt = clock.now()
        state.withLock { state in
            state.bucket.spend(state.costs[document.name] ?? Double(document.estimatedCost), at: sentAt)
        }
        let response: HTTPResponse
        do { response = try await transport.send(request) } catch {
            throw error.kind == .tooLarge ? .tooLarge : .transport(error)
        }
        let now = clock.now()
        var facts = AnswerFacts()
        if let date = response["Date"].flatMap(HTTPDate.seconds) {
            let shopTime = Timestamp(seconds: date)
            facts.shopTime = shopTime
            // The header is truncated to the second, so on average the shop's clock is half a second ahead of it.
            let middle = Timestamp(milliseconds: (sentAt.milliseconds + now.milliseconds) / 2)
            facts.clockOffset = middle - (shopTime + .milliseconds(500))
        }
        facts.servedVersion = response["X-Shopify-API-Version"].flatMap(Self.version)
        remember(facts)
        if let failure = statusFailure(response, now: now) { throw failure }

        let isMarkup = response.body.first { $0 != 0x20 && $0 != 0x0A && $0 != 0x0D && $0 != 0x09 } == 0x3C
        if isMarkup {
            throw .server(status: response.status, requestID: response["X-Request-Id"].flatMap(requestID))
        }
        let envelope: Envelope<Content>
        do { envelope = try JSONDecoder().decode(Envelope<Content>.self, from: Data(response.body)) } catch {
            throw .malformed("\(document.name): \(whereDecodingFailed(error))")
        }
        facts.cost = envelope.cost
        state.withLock { state in
            if let cost = envelope.cost?.requestedQueryCost, cost > 0 { state.costs[document.name] = cost }
            if let throttle = envelope.cost?.throttleStatus { state.bucket.learn(throttle, at: now) }
            state.last = facts
        }
        if let warning = envelope.searchWarning {
            throw .searchWarning(
                field: warning.field.flatMap(plainWord) ?? "?", code: warning.code.flatMap(plainWord) ?? "warning")
        }
        if let failure = Self.failure(of: envelope.errors, hasData: envelope.data != nil, cost: envelope.cost) {
            throw failure
        }
        guard let data = envelope.data else { throw .malformed("\(document.name): neither data nor errors") }
        return Answer(data: data, errors: envelope.errors, facts: facts)
    }

    private func remember(_ facts: AnswerFacts) { state.withLock { $0.last = facts } }

    private static func version(_ text: String) -> String? { text.utf8.count <= 16 ? requestID(text) : nil }

    /// What the errors mean for the whole answer; nil if they concern only parts of the data.
    static func failure(of errors: [GraphQLError], hasData: Bool, cost: CostReport?) -> ShopifyFailure? {
        guard !errors.isEmpty else { return nil }
        if errors.contains(where: { $0.code == "THROTTLED" }) {
            var wait = Duration.seconds(1)
            if let throttle = cost?.throttleStatus, let needed = cost?.requestedQueryCost, throttle.restoreRate > 0 {
                let missing = min(needed, throttle.maximumAvailable) - throttle.currentlyAvailable
                wait = max(
                    wait, .milliseconds(Int64((min(max(0, missing) / throttle.restoreRate, 600) * 1000).rounded(.up))))
            }
            return .throttled(wait: wait)
        }
        if let dear = errors.first(where: { $0.code == "MAX_COST_EXCEEDED" }) {
            return .overCost(cost: dear.cost, limit: dear.maxCost)
        }
        if errors.contains(where: { $0.code == "SHOP_INACTIVE" }) { return .shopUnavailable(status: 402) }
        // If there is data, an error about a part of it is left to the reader of that part.
        if hasData, errors.allSatisfy({ $0.path.count > 1 }) { return nil }
        if errors.contains(where: { $0.code == "ACCESS_DENIED" }) {
            return .forbiddenScope(Array(Set(errors.flatMap(\.scopes))).sorted())
        }
        let codes = Array(Set(errors.map { $0.code ?? "unknown" })).sorted()
        let inTrouble: Set = ["INTERNAL_SERVER_ERROR", "TIMEOUT", "SERVICE_UNAVAILABLE", "unknown"]
        if codes.contains(where: inTrouble.contains) { return .server(status: 200, requestID: nil) }
        return .invalidQuery(codes: codes)
    }
}

/// Where decoding failed and what kind of error it was, without any value from the answer.
///
/// - Parameter depth: how many leading steps of the path to leave out.
func whereDecodingFailed(_ error: any Error, below depth: Int = 0) -> String {
    func place(_ path: [any CodingKey]) -> String {
        let text = path.dropFirst(depth).map { $0.intValue.map { "[\($0)]" } ?? ".\($0.stringValue)" }.joined()
        return text.isEmpty ? "the answer" : String(text.drop { $0 == "." }.prefix(200))
    }
    guard let error = error as? DecodingError else { return "cannot be read" }
    switch error {
    case .keyNotFound(let key, let context): return "\(place(context.codingPath + [key])) is missing"
    case .valueNotFound(_, let context): return "\(place(context.codingPath)) is null"
    case .typeMismatch(let type, let context): return "\(place(context.codingPath)) is not a \(type)"
    case .dataCorrupted(let context): return "\(place(context.codingPath)) cannot be read"
    @unknown default: return "cannot be read"
    }
}
