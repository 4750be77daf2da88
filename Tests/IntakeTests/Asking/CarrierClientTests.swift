import Doubles
import Outreach
import Platform
import Testing

@testable import Intake

private let answer =
    #"{"trackResponse":{"shipment":[{"inquiryNumber":"1Z5R89390357567127","package":[{"trackingNumber":"1Z5R89390357567127","activity":[{"location":{"address":{"city":"Leeds","countryCode":"GB"}},"status":{"type":"D","description":"DELIVERED","code":"FS","statusCode":"011"},"date":"20261119","time":"101500","gmtDate":"20261119","gmtOffset":"+00:00","gmtTime":"10:15:00"}]}]}]}}"#
private let token = HTTPResponse.json(#"{"access_token":"T1","expires_in":"14399"}"#)
private let number = "1Z5R89390357567127"

private func client(
    _ carrier: any Carrier, _ transport: any HTTPTransport, _ clock: TestClock = TestClock()
) -> CarrierClient {
    CarrierClient(
        carrier, access: CarrierAccess(server: "http://127.0.0.1:1", id: SecretString("me"), secret: SecretString("s")),
        transport: transport, timekeeper: clock.timekeeper)
}

@Suite("Asking a carrier")
struct CarrierDeskTests {
    @Test("logs in once, asks, and reads what it hears")
    func asks() async throws {
        let transport = ScriptedTransport(token, .json(answer), .json(answer))
        let client = client(UPS(), transport)
        let reply = try await client.ask([CarrierQuestion("1z5r 8939 0357 5671 27")])
        #expect(reply.answers.map(\.status) == [.delivered])
        #expect(reply.calls == 1 && reply.unreachable == nil)
        _ = try await client.ask([CarrierQuestion(number)])
        #expect(transport.requests.count == 3)
        #expect(transport.requests[1].url.hasSuffix("/\(number)") || transport.requests[1].url.contains("/\(number)?"))
        #expect(transport.requests[2].headers.contains { $0.value == "Bearer T1" })
    }

    @Test("buys the next token before the old one ends, and goes on with the old one where that fails")
    func renewal() async throws {
        let clock = TestClock()
        let transport = ScriptedTransport(
            token, .json(answer), .json("{}", status: 503), .json(answer), .json(#"{"access_token":"T2"}"#),
            .json(answer))
        let client = client(UPS(), transport, clock)
        _ = try await client.ask([CarrierQuestion(number)])
        clock.advance(.seconds(13_500))
        #expect(try await client.ask([CarrierQuestion(number)]).answers[0].status == .delivered)
        #expect(transport.requests[3].headers.contains { $0.value == "Bearer T1" })
        clock.advance(.seconds(1000))
        #expect(try await client.ask([CarrierQuestion(number)]).answers[0].status == .delivered)
        #expect(transport.requests[5].headers.contains { $0.value == "Bearer T2" })
    }

    @Test("throws a refused token away, buys another, and asks the same again, once")
    func refusedToken() async throws {
        let refusal = HTTPResponse.json(
            #"{"response":{"errors":[{"code":"250002","message":"Invalid"}]}}"#, status: 401)
        let transport = ScriptedTransport(token, refusal, .json(#"{"access_token":"T2"}"#), .json(answer))
        let reply = try await client(UPS(), transport).ask([CarrierQuestion(number)])
        #expect(reply.answers.map(\.status) == [.delivered])
        #expect(reply.calls == 2)
        let hopeless = ScriptedTransport(token, refusal, .json(#"{"access_token":"T2"}"#), refusal)
        let second = try await client(UPS(), hopeless).ask([CarrierQuestion(number)])
        #expect(second.answers[0].call?.kind == .authError)
        #expect(hopeless.requests.count == 4)
    }

    @Test("a number that is kept from us costs no new token, and the others of the asking are answered")
    func withheld() async throws {
        let refusal = HTTPResponse.json(
            #"{"apiVersion":"/tracking/v3","error":{"code":"403","message":"Forbidden","errors":[]}}"#, status: 403)
        let good = HTTPResponse.json(#"{"trackingNumber":"9400100000000000000002","statusCategory":"Accepted"}"#)
        let transport = ScriptedTransport(token, refusal, good)
        let reply = try await client(USPS(), transport).ask([
            CarrierQuestion("9400100000000000000001"), CarrierQuestion("9400100000000000000002"),
        ])
        #expect(reply.answers.map { $0.call?.kind } == [.authError, nil])
        #expect(reply.answers[0].call?.isWithheld == true)
        #expect(transport.requests.count == 3)
    }

    @Test(
        "tells a login that fails apart, and asks nothing then",
        arguments: [
            (HTTPResponse.json("{}", status: 401), CallAnswer.Kind.authError),
            (.json(#"{"error":"invalid_client"}"#, status: 400), .authError),
            (.json("{}", status: 429, [HTTPField("Retry-After", "30")]), .rateLimited),
            (.json("<html>", status: 502), .temporaryError), (.json("<html>"), .temporaryError),
            (.json("{}", status: 404), .configError),
        ])
    func loginFails(_ response: HTTPResponse, _ kind: CallAnswer.Kind) async throws {
        let transport = ScriptedTransport(response)
        let reply = try await client(UPS(), transport).ask([CarrierQuestion(number), CarrierQuestion("1Z2")])
        #expect(reply.answers.map { $0.call?.kind } == [kind, kind])
        #expect(reply.unreachable?.kind == kind && reply.calls == 0)
        if kind == .rateLimited { #expect(reply.unreachable?.retryAfter == .seconds(30)) }
        #expect(transport.requests.count == 1)
        #expect(!reply.answers[0].call!.message.contains("me"))
    }

    @Test("makes an answer of a line that drops, for every number of the batch")
    func drops() async throws {
        let transport = ScriptedTransport([
            .success(token), .failure(TransferFailure(.timeout, phase: .answering, detail: "30 s")),
        ])
        let reply = try await client(FedEx(), transport).ask([
            CarrierQuestion("111111111111"), CarrierQuestion("222222222222"),
        ])
        #expect(reply.answers.allSatisfy { $0.call?.kind == .temporaryError && $0.carrier == "fedex" })
        #expect(reply.unreachable != nil && reply.calls == 1)
    }

    @Test("ends with its task, and takes that for no answer")
    func cancelled() async throws {
        let transport = ScriptedTransport([.success(token), .failure(TransferFailure(.cancelled))])
        await #expect(throws: CancellationError.self) {
            try await client(UPS(), transport).ask([CarrierQuestion(number)])
        }
    }

    @Test("buys one token however many ask at once")
    func singleFlight() async throws {
        let transport = RoutedTransport { request in
            request.url.contains("oauth") ? token : .json(answer)
        }
        let client = client(UPS(), transport)
        try await withThrowingTaskGroup(of: CarrierReply.self) { group in
            for _ in 0..<20 { group.addTask { try await client.ask([CarrierQuestion(number)]) } }
            for try await reply in group { #expect(reply.answers[0].status == .delivered) }
        }
        #expect(transport.requests.filter { $0.url.contains("oauth") }.count == 1)
    }

    @Test("asks about each number once, in batches, and answers in the order of the questions")
    func batches() async throws {
        let transport = RoutedTransport { request in request.url.contains("oauth") ? token : .json("{}") }
        let numbers = (0..<31).map { "\(100_000_000_000 + $0)" } + ["100 000 000 000"]
        let reply = try await client(FedEx(), transport).ask(numbers.map { CarrierQuestion($0) })
        #expect(reply.answers.count == 32)
        #expect(reply.calls == 2)
    }

    @Test(
        "does not send what cannot be a number",
        arguments: ["", "  ", String(repeating: "9", count: 80), "1Z\u{0}5", "é"])
    func impossible(_ text: String) async throws {
        let transport = ScriptedTransport([])
        let reply = try await client(UPS(), transport).ask([CarrierQuestion(text)])
        #expect(reply.answers.map { $0.call?.kind } == [.invalidNumber])
        #expect(transport.requests.isEmpty && reply.calls == 0)
    }

    @Test("counts logins where the carrier does, and can make one by itself")
    func tokensCount() async throws {
        let transport = ScriptedTransport(token, .json(#"{"trackingNumber":"9400","statusCategory":"Delivered"}"#))
        let client = client(USPS(), transport)
        #expect(await client.needsLogin)
        #expect(try await client.logIn() == nil)
        #expect(await !client.needsLogin)
        #expect(try await client.ask([CarrierQuestion("9400100000000000000000")]).calls == 1)
        let second = ScriptedTransport(token, .json("{}"))
        #expect(try await Self.another(USPS(), second).ask([CarrierQuestion("9400100000000000000000")]).calls == 2)
    }

    private static func another(_ carrier: any Carrier, _ transport: any HTTPTransport) -> CarrierClient {
        client(carrier, transport)
    }
}
