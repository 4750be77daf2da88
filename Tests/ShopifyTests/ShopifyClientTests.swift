import Doubles
import Foundation
import Platform
import Testing

@testable import Shopify

@Suite("The client") struct ShopifyClientTests {
    static let secret = "shpat_0123456789secret"

    private func client(
        _ transport: any HTTPTransport, clock: TestClock = TestClock(), credentials: ShopifyCredentials? = nil
    )
        -> ShopifyClient
    {
        ShopifyClient(
            endpoint: ShopifyEndpoint(base: "https://juniperfig.myshopify.com/"),
            credentials: credentials ?? .token(SecretString(Self.secret)), transport: transport,
            clock: clock.clock)
    }

    private func ask(_ client: ShopifyClient) async throws(ShopifyFailure) -> ShopifyClient.Answer<WireScan> {
        try await client.ask(.scanOrders, ["query": "x"], as: WireScan.self)
    }

    static let empty = #""data":{"orders":{"nodes":[],"pageInfo":{"hasNextPage":false,"endCursor":null}}}"#

    @Test("sends the document, its variables and the token to the pinned version")
    func sends() async throws {
        let transport = ScriptedTransport(.json("{\(Self.empty)}"))
        _ = try await ask(client(transport))
        let request = try #require(transport.requests.first)
        #expect(request.url == "https://juniperfig.myshopify.com/admin/api/2026-07/graphql.json")
        #expect(request.headers.contains(HTTPField("X-Shopify-Access-Token", Self.secret)))
        #expect(request.operation == "ScanOrders")
        #expect(request.json["query"] as? String == Document.scanOrders.text)
        #expect(request.variables["query"] as? String == "x")
    }

    struct Case: Sendable, CustomTestStringConvertible {
        var name: String
        var response: HTTPResponse
        var failure: ShopifyFailure
        var testDescription: String { name }
    }

    static let cases: [Case] = [
        Case(
            name: "401", response: .json(#"{"errors":"[API] Invalid API key or access token"}"#, status: 401),
            failure: .unauthorized(reason: nil)),
        Case(name: "402", response: .json("{}", status: 402), failure: .shopUnavailable(status: 402)),
        Case(name: "403", response: .json("{}", status: 403), failure: .shopUnavailable(status: 403)),
        Case(
            name: "404", response: .json(#"{"errors":"Not Found"}"#, status: 404),
            failure: .shopUnavailable(status: 404)),
        Case(name: "423", response: .json("{}", status: 423), failure: .shopUnavailable(status: 423)),
        Case(name: "301", response: .json("", status: 301), failure: .shopUnavailable(status: 301)),
        Case(
            name: "429 with Retry-After", response: .json("", status: 429, [HTTPField("Retry-After", "7")]),
            failure: .rateLimited(retryAfter: .seconds(7))),
        Case(name: "430", response: .json("", status: 430), failure: .rateLimited(retryAfter: nil)),
        Case(
            name: "502 with a page", response: .json("<html>", status: 502, [HTTPField("X-Request-Id", "a1-b2")]),
            failure: .server(status: 502, requestID: "a1-b2")),
        Case(
            name: "a page with status 200", response: .json(" \n<!DOCTYPE html>"),
            failure: .server(status: 200, requestID: nil)),
        Case(name: "400", response: .json("", status: 400), failure: .malformed("HTTP 400")),
        Case(
            name: "half an answer", response: .json(#"{"data":{"#),
            failure: .malformed("ScanOrders: the answer cannot be read")),
        Case(name: "nothing", response: .json("{}"), failure: .malformed("ScanOrders: neither data nor errors")),
        Case(
            name: "a null where none may be",
            response: .json(#"{"data":{"orders":{"nodes":null,"pageInfo":{"hasNextPage":false}}}}"#),
            failure: .malformed("ScanOrders: data.orders.nodes is null")),
        Case(
            name: "too dear",
            response: .json(
                #"{"errors":[{"message":"Query cost is 1129","extensions":{"code":"MAX_COST_EXCEEDED","cost":1129,"maxCost":1000}}]}"#
            ),
            failure: .overCost(cost: 1129, limit: 1000)),
        Case(
            name: "a field that is not ours to read",
            response: .json(
                #"{"errors":[{"message":"Access denied","path":["orders"],"extensions":{"code":"ACCESS_DENIED","requiredAccess":"`read_orders` access scope."}}],"data":{"orders":null}}"#
            ), failure: .forbiddenScope(["read_orders"])),
        Case(
            name: "a field that is not there",
            response: .json(
                #"{"errors":[{"message":"Field 'x' doesn't exist on type 'Order'","path":["query","orders"],"extensions":{"code":"undefinedField"}}]}"#
            ), failure: .invalidQuery(codes: ["undefinedField"])),
        Case(
            name: "an error within",
            response: .json(#"{"errors":[{"message":"x","extensions":{"code":"INTERNAL_SERVER_ERROR"}}]}"#),
            failure: .server(status: 200, requestID: nil)),
        Case(
            name: "errors as a text", response: .json(#"{"errors":"Service is unwell"}"#),
            failure: .server(status: 200, requestID: nil)),
        Case(
            name: "a filter that was not understood",
            response: .json(
                "{\(empty),\"extensions\":{\"search\":[{\"warnings\":[{\"field\":\"updatedat\",\"code\":\"invalid_field\",\"message\":\"x\"}]}]}}"
            ), failure: .searchWarning(field: "updatedat", code: "invalid_field")),
    ]

    @Test("tells the failures apart, and each says what it needs", arguments: cases)
    func failures(_ scenario: Case) async throws {
        let failure = await #expect(throws: ShopifyFailure.self) {
            try await ask(client(ScriptedTransport(scenario.response)))
        }
        #expect(failure == scenario.failure)
        let stops: Bool = if case .stopShop = scenario.failure.remedy { true } else { false }
        #expect(stops == !scenario.failure.fix.isEmpty, "a shop that stops tells a person what to do")
        #expect(!"\(scenario.failure)".contains(Self.secret))
    }

    @Test("lost connections and answers beyond bounds are told apart")
    func transport() async throws {
        let drops = ScriptedTransport([
            .failure(TransferFailure(.dropped, phase: .answering)),
            .failure(TransferFailure(.tooLarge, phase: .answering)),
        ])
        let client = client(drops)
        #expect(
            await #expect(throws: ShopifyFailure.self) { try await ask(client) }
                == .transport(TransferFailure(.dropped, phase: .answering)))
        #expect(await #expect(throws: ShopifyFailure.self) { try await ask(client) } == .tooLarge)
        #expect(drops.requests.allSatisfy { $0.maximumResponseBytes == 16 << 20 })
    }

    static func throttled(available: Int) -> HTTPResponse {
        .json(
            #"{"errors":[{"message":"Throttled","extensions":{"code":"THROTTLED"}}],"extensions":{"cost":{"requestedQueryCost":300,"actualQueryCost":null,"throttleStatus":{"maximumAvailable":2000.0,"currentlyAvailable":\#(available),"restoreRate":100.0}}}}"#
        )
    }

    @Test("THROTTLED waits as long as the bucket needs, and then asks again")
    func throttles() async throws {
        let clock = TestClock()
        let transport = ScriptedTransport(Self.throttled(available: 50), .json("{\(Self.empty)}"))
        _ = try await ask(client(transport, clock: clock))
        #expect(clock.slept == [.milliseconds(2500)])
        #expect(transport.requests.count == 2)
    }

    @Test("THROTTLED for ever becomes a failure with its wait")
    func throttledForEver() async throws {
        let transport = RoutedTransport { _ in Self.throttled(available: 290) }
        let failure = await #expect(throws: ShopifyFailure.self) { try await ask(client(transport)) }
        #expect(failure == .throttled(wait: .seconds(1)))
        #expect(transport.requests.count == 5)
    }

    @Test("learns costs and bucket from each answer")
    func learns() async throws {
        let transport = ScriptedTransport(
            .json(
                "{\(Self.empty),\"extensions\":{\"cost\":{\"requestedQueryCost\":400,\"actualQueryCost\":2,\"throttleStatus\":{\"maximumAvailable\":1000.0,\"currentlyAvailable\":700,\"restoreRate\":50.0}}}}"
            ))
        let client = client(transport)
        #expect(client.wait(for: .scanOrders) == .zero)
        _ = try await ask(client)
        #expect(client.bucket.maximum == 1000)
        #expect(client.wait(for: .scanOrders) == .zero)
        _ = try? await ask(client)
        #expect(client.wait(for: .scanOrders) == .seconds(2), "300 of the 400 points are left")
        let stored = try JSONDecoder().decode(CostBucket.self, from: JSONEncoder().encode(client.bucket))
        #expect(stored == client.bucket)
    }

    @Test("tells how far our clock is ahead of the shop's, and which version answered", arguments: [-400, 0, 400])
    func clockOffset(_ seconds: Int) async throws {
        let clock = TestClock()
        let date = httpDate(clock.now.seconds - Int64(seconds))
        let transport = ScriptedTransport(
            .json("{\(Self.empty)}", [HTTPField("date", date), HTTPField("x-shopify-api-version", "2026-04")]))
        let answer = try await ask(client(transport, clock: clock))
        #expect(answer.facts.shopTime == clock.now + .seconds(-seconds))
        #expect(answer.facts.clockOffset == .milliseconds(seconds * 1000 - 500))
        #expect(answer.facts.servedVersion == "2026-04")
    }

    // MARK: - Client credentials

    static let credentials = ShopifyCredentials.client(id: "app", secret: SecretString("hush-secret"))
    static func grant(_ token: String, life: Int = 86_399) -> HTTPResponse {
        .json(#"{"access_token":"\#(token)","scope":"read_orders","expires_in":\#(life)}"#)
    }

    @Test("buys a token, uses it, and renews it before it ends")
    func renews() async throws {
        let clock = TestClock()
        let answer = HTTPResponse.json("{\(Self.empty)}")
        let transport = ScriptedTransport(Self.grant("one", life: 1000), answer, answer, Self.grant("two"), answer)
        let client = client(transport, clock: clock, credentials: Self.credentials)
        _ = try await ask(client)
        clock.advance(.seconds(899))
        _ = try await ask(client)
        clock.advance(.seconds(2))
        _ = try await ask(client)
        #expect(
            transport.requests.map { $0.headers.first { $0.name == "X-Shopify-Access-Token" }?.value } == [
                nil, "one", "one", nil, "two",
            ])
        let purchase = transport.requests[0]
        #expect(purchase.url == "https://juniperfig.myshopify.com/admin/oauth/access_token")
        #expect(purchase.json["grant_type"] as? String == "client_credentials")
    }

    @Test("keeps the old token while it is good when the next one cannot be had")
    func keepsOld() async throws {
        let clock = TestClock()
        let answer = HTTPResponse.json("{\(Self.empty)}")
        let transport = ScriptedTransport(
            Self.grant("one", life: 1000), answer, .json("", status: 503), answer, .json("", status: 503))
        let client = client(transport, clock: clock, credentials: Self.credentials)
        _ = try await ask(client)
        clock.advance(.seconds(950))
        _ = try await ask(client)
        clock.advance(.seconds(60))
        let failure = await #expect(throws: ShopifyFailure.self) { try await ask(client) }
        #expect(failure == .server(status: 503, requestID: nil))
    }

    @Test("a 401 buys one new token and asks once more; a static token does not")
    func once() async throws {
        let refused = HTTPResponse.json(#"{"errors":"[API] Invalid"}"#, status: 401)
        let transport = ScriptedTransport(
            Self.grant("one"), refused, Self.grant("two"), refused, .json("{\(Self.empty)}"))
        let failure = await #expect(throws: ShopifyFailure.self) {
            try await ask(client(transport, credentials: Self.credentials))
        }
        #expect(failure == .unauthorized(reason: nil))
        #expect(transport.requests.count == 4)
        let fixed = ScriptedTransport(refused, .json("{\(Self.empty)}"))
        await #expect(throws: ShopifyFailure.self) { try await ask(client(fixed)) }
        #expect(fixed.requests.count == 1)
    }

    @Test("a token is bought once, however many ask")
    func singleFlight() async throws {
        let answers = Array(repeating: HTTPResponse.json("{\(Self.empty)}"), count: 20)
        let transport = RoutedTransport { request in
            request.url.hasSuffix("/access_token") ? Self.grant("one") : answers[0]
        }
        let client = client(transport, credentials: Self.credentials)
        try await withThrowingTaskGroup(of: Void.self) { group in
            for _ in 0..<20 { group.addTask { _ = try await ask(client) } }
            try await group.waitForAll()
        }
        #expect(transport.requests.filter { $0.url.hasSuffix("/access_token") }.count == 1)
    }

    @Test("says what Shopify says of credentials that do not fit, and how to fix it")
    func notPermitted() async throws {
        let transport = ScriptedTransport(
            .json(
                #"{"error":"shop_not_permitted","error_description":"Client credentials cannot be performed on this shop"}"#,
                status: 400))
        let failure = await #expect(throws: ShopifyFailure.self) {
            try await ask(client(transport, credentials: Self.credentials))
        }
        #expect(failure == .unauthorized(reason: "shop_not_permitted"))
        #expect("\(try #require(failure))".contains("same organisation"))
    }

    // MARK: - Inspection

    @Test("names the scopes that are missing; who may write may read")
    func scopes() async throws {
        let transport = ScriptedTransport(
            .json([
                "data": Sample.shop(scopes: ["write_orders", "read_third_party_fulfillment_orders", "read_customers"])
            ]))
        let inspection = try await client(transport).inspect()
        #expect(inspection.missingScopes.map(\.name) == ["read_returns", "read_products", "read_all_orders"])
        #expect(inspection.missingScopes.allSatisfy { !$0.isRequired })
        #expect(!inspection.rights.returns && !inspection.rights.products)
        #expect(inspection.rights.customers && inspection.rights.fulfillmentOrders)
        #expect(inspection.versionFault == nil)
    }

    @Test("says so when the version is no longer spoken, or another answers")
    func version() async throws {
        let old = ScriptedTransport(.json(["data": Sample.shop(scopes: [], versions: ["2027-04", "2027-01"])]))
        #expect(try await client(old).inspect().versionFault == .wrongVersion(asked: "2026-07", served: "2027-01"))
        let served = ScriptedTransport(
            .json(["data": Sample.shop(scopes: [])], [HTTPField("X-Shopify-API-Version", "2026-10")]))
        #expect(try await client(served).inspect().versionFault == .wrongVersion(asked: "2026-07", served: "2026-10"))
    }
}
