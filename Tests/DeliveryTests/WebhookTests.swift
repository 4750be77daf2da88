import Foundation
import Outreach
import Platform
import Synchronization
import Testing

@testable import Delivery

/// Answers as it is told to and keeps what it was asked.
final class ScriptedHTTP: HTTPTransport {
    private let answer: @Sendable (HTTPRequest) -> Result<HTTPResponse, TransferFailure>
    let requests = Mutex<[HTTPRequest]>([])

    init(_ answer: @escaping @Sendable (HTTPRequest) -> Result<HTTPResponse, TransferFailure>) { self.answer = answer }

    func send(_ request: HTTPRequest) async throws(TransferFailure) -> HTTPResponse {
        requests.withLock { $0.append(request) }
        return try answer(request).get()
    }
}

struct Vectors: Decodable {
    struct Vector: Decodable, Sendable, CustomTestStringConvertible {
        var name, scheme, id, payload: String
        var secrets: [String]?
        var signing_key, public_key: String?
        var timestamp: Int64
        var headers: [String: String]
        var testDescription: String { name }
    }

    struct Refused: Decodable, Sendable, CustomTestStringConvertible {
        var name, secret, payload: String
        var headers: [String: String]
        var now: Int64
        var testDescription: String { name }
    }

    var vectors: [Vector]
    var must_not_verify: [Refused]

    static let file = packageRoot.appendingPathComponent("../shared/webhooks/vectors.json")
    static let all: Vectors? = {
        guard let data = try? Data(contentsOf: file) else {
            print("left out: ../shared/webhooks/vectors.json is not there")
            return nil
        }
        return try? JSONDecoder().decode(Vectors.self, from: data)
    }()
}

@Suite("A webhook's signature")
struct WebhookSignatureTests {
    @Test(
        "is that of each vector, byte for byte, and verifies", .enabled(if: Vectors.all != nil),
        arguments: Vectors.all?.vectors ?? [])
    func vector(_ vector: Vectors.Vector) throws {
        let secrets = try (vector.secrets ?? [vector.signing_key!]).map { try WebhookSecret($0) }
        let body = Array(vector.payload.utf8)
        let signed = WebhookSignature(
            id: vector.id, at: Moment(seconds: vector.timestamp), body: body, secrets: secrets)
        #expect(signed.signature == vector.headers["webhook-signature"])
        #expect(signed.timestamp == vector.headers["webhook-timestamp"])
        #expect(signed.id == vector.headers["webhook-id"])
        for secret in secrets {
            try WebhookVerifier(secret).verify(body, at: Moment(seconds: vector.timestamp)) { vector.headers[$0] }
        }
        if let key = vector.public_key {
            try WebhookVerifier(publicKey: key).verify(body, at: nil) { vector.headers[$0] }
        }
    }

    @Test(
        "is refused where it must be", .enabled(if: Vectors.all != nil), arguments: Vectors.all?.must_not_verify ?? [])
    func refused(_ vector: Vectors.Refused) throws {
        let verifier = try WebhookVerifier(WebhookSecret(vector.secret))
        #expect(throws: WebhookVerifier.Refusal.self) {
            try verifier.verify(Array(vector.payload.utf8), at: Moment(seconds: vector.now)) { vector.headers[$0] }
        }
    }

    @Test("is taken by another implementation", .enabled(if: python(has: "standardwebhooks")))
    func elsewhere() throws {
        let secret = "whsec_" + Data((0..<32).map { UInt8($0) }).base64EncodedString()
        let body = Array(#"{"type":"shipment.delayed","data":{"name":"Zoë"}}"#.utf8)
        let now = Moment(seconds: Int64(Date().timeIntervalSince1970))
        let signed = WebhookSignature(id: "msg_1", at: now, body: body, secrets: [try WebhookSecret(secret)])
        let script = """
            import sys; from standardwebhooks.webhooks import Webhook
            Webhook(sys.argv[1]).verify(sys.stdin.buffer.read().decode(), {"webhook-id": sys.argv[2],
                "webhook-timestamp": sys.argv[3], "webhook-signature": sys.argv[4]})
            """
        let (status, output) = try run(
            "python3", ["-c", script, secret, signed.id, signed.timestamp, signed.signature], input: Data(body))
        #expect(status == 0, "\(output)")
    }

    @Test(
        "needs a secret that is one",
        arguments: [
            "", "whsec_", "whsec_short", "whsec_!!!!", "whpk_AAAA", "whsk_AAAA",
            "whsec_" + String(repeating: "A", count: 100),
        ])
    func badSecrets(_ text: String) {
        #expect(throws: WebhookSecret.Fault.self) { try WebhookSecret(text) }
    }

    @Test("never shows its secret")
    func secrecy() throws {
        let secret = try WebhookSecret("whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw")
        var dumped = ""
        dump(secret, to: &dumped)
        for shown in ["\(secret)", String(reflecting: secret), dumped] {
            #expect(!shown.contains("MfKQ") && !shown.contains("49"))
        }
    }
}

@Suite("A webhook's route out")
struct WebhookOutletTests {
    static let secret = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"
    let now = Moment(iso8601: "2026-11-21T10:00:00Z")!
    let message = Message.webhook(
        id: "msg_1", endpoint: "helpdesk", body: Array("{}".utf8), summary: "shipment.delayed")

    func channel(
        _ url: String = "https://help.example/h", allowPrivate: Bool = false, over transport: any HTTPTransport
    )
        throws -> WebhookChannel
    {
        let secrets = [try WebhookSecret(Self.secret), try WebhookSecret("whsec_C2FVsBQIhrscChlQIMV+b5sSYspob7oD")]
        return WebhookChannel(
            [WebhookEndpoint(name: "helpdesk", url: url, secrets: secrets, allowPrivate: allowPrivate)], over: transport
        )
    }

    @Test(
        "is one POST, signed with each secret at the attempt's own time, without redirects, kept out of private networks"
    )
    func request() async throws {
        let transport = ScriptedHTTP { _ in .success(HTTPResponse(status: 204)) }
        let verdict = try await channel(over: transport).send(message, at: now)
        #expect(verdict == .accepted(receipt: "HTTP 204"))
        let request = try #require(transport.requests.withLock { $0.first })
        #expect(request.method == .post && request.redirects == 0 && request.timeout == .seconds(20))
        #expect(request.addressPolicy == .publicOnly(allowLiteralLoopback: true))
        #expect(request.body == Array("{}".utf8))
        let headers = Dictionary(uniqueKeysWithValues: request.headers.map { ($0.name, $0.value) })
        #expect(headers["webhook-id"] == "msg_1" && headers["webhook-timestamp"] == "1795255200")
        #expect(headers["webhook-signature"]?.split(separator: " ").count == 2)
        try WebhookVerifier(WebhookSecret(Self.secret)).verify(request.body ?? [], at: now) { headers[$0] }
        _ = try await channel(allowPrivate: true, over: transport).send(message, at: now + .seconds(60))
        let second = try #require(transport.requests.withLock { $0.last })
        #expect(second.addressPolicy == .any)
        #expect(second.headers.contains(HTTPField("webhook-timestamp", "1795255260")))
    }

    @Test(
        "ends in a verdict that the status deserves",
        arguments: [
            (200, "accepted"), (201, "accepted"), (204, "accepted"), (299, "accepted"), (301, "unavailable"),
            (302, "unavailable"),
            (304, "deferred"), (307, "unavailable"), (400, "refused"), (401, "unavailable"), (402, "deferred"),
            (403, "unavailable"),
            (404, "unavailable"), (405, "deferred"), (408, "deferred"), (409, "deferred"), (410, "unavailable"),
            (413, "refused"),
            (415, "deferred"), (422, "refused"), (425, "deferred"), (429, "deferred"), (500, "deferred"),
            (502, "deferred"),
            (503, "deferred"), (504, "deferred"), (599, "deferred"),
        ])
    func statuses(_ status: Int, _ name: String) async throws {
        let transport = ScriptedHTTP { _ in
            .success(
                HTTPResponse(
                    status: status, headers: [HTTPField("Retry-After", "120")],
                    body: Array("for ada@shopper.example".utf8)))
        }
        let verdict = try await channel(over: transport).send(message, at: now)
        #expect(verdict.name == name)
        #expect(verdict.failure?.detail.contains("ada@") != true)
        if name != "accepted" {
            #expect(verdict.failure?.retryAfter == .seconds(120) && verdict.failure?.code == status)
        }
    }

    @Test(
        "honours a date in Retry-After, up to a day",
        arguments: [("Sat, 21 Nov 2026 10:05:00 GMT", 300), ("9999999", 86_400), ("Sat, 21 Nov 2026 09:00:00 GMT", 0)])
    func retryAfter(_ value: String, _ seconds: Int64) async throws {
        let transport = ScriptedHTTP { _ in
            .success(HTTPResponse(status: 503, headers: [HTTPField("retry-after", value)]))
        }
        #expect(try await channel(over: transport).send(message, at: now).failure?.retryAfter == .seconds(seconds))
    }

    @Test(
        "without an answer: what all would meet closes the endpoint, and what may have arrived is in doubt",
        arguments: [
            (TransferFailure(.resolve), "unavailable", false),
            (TransferFailure(.connect, phase: .connecting), "unavailable", false),
            (TransferFailure(.tls, phase: .securing), "unavailable", false),
            (TransferFailure(.forbiddenAddress, phase: .connecting), "unavailable", false),
            (TransferFailure(.timeout, phase: .connecting), "unavailable", false),
            (TransferFailure(.timeout, phase: .requesting), "deferred", true),
            (TransferFailure(.dropped, phase: .requesting), "deferred", true),
            (TransferFailure(.malformedAnswer, phase: .answering), "deferred", true),
            (TransferFailure(.tooLarge, phase: .answering), "deferred", true),
            (TransferFailure(.malformedRequest), "unavailable", false),
            (TransferFailure(.cancelled, phase: .requesting), "deferred", true),
        ])
    func failures(_ failure: TransferFailure, _ name: String, _ inDoubt: Bool) async throws {
        let verdict = try await channel(over: ScriptedHTTP { _ in .failure(failure) }).send(message, at: now)
        #expect(verdict.name == name && verdict.failure?.inDoubt == inDoubt)
    }

    @Test("that was cancelled before anything was sent says so")
    func cancelled() async throws {
        let channel = try channel(over: ScriptedHTTP { _ in .failure(TransferFailure(.cancelled)) })
        await #expect(throws: CancellationError.self) { try await channel.send(message, at: now) }
    }

    @Test("to an endpoint that nobody configured is nobody's fault but the configuration's")
    func unknown() async throws {
        let channel = WebhookChannel([], over: ScriptedHTTP { _ in .success(HTTPResponse(status: 200)) })
        #expect(try await channel.send(message, at: now).failure?.reason == "configuration")
    }

    @Test("reaches a real listener on a loopback address written in the URL, and none by a name")
    func loopback() async throws {
        let engine = TransferEngine()
        // Nobody listens on port 9 here: that it is "connect" and not "address" shows that the policy let it through.
        let literal = try await channel("http://127.0.0.1:9/h", over: engine).send(message, at: now)
        #expect(literal.failure?.reason == "connect")
        let named = try await channel("http://localhost:9/h", over: engine).send(message, at: now)
        #expect(named.failure?.reason == "address")
        await engine.shutdown(within: .zero)
    }
}

@Suite("A webhook's body")
struct WebhookBodyTests {
    func body(_ data: JSON) -> WebhookBody {
        WebhookBody(
            id: "msg_1", shop: "juniperfig.myshopify.example", type: "shipment.delayed", subject: "#1001",
            happenedAt: Moment(iso8601: "2026-11-21T10:00:00Z")!, data: data)
    }

    @Test("is a CloudEvents event and a Standard Webhooks body at once")
    func both() {
        let text = String(
            decoding: body(["order": ["name": "#1001", "total": .decimal("12.50"), "note": "a\"b\\c\n\u{1}é😀"]]).bytes,
            as: UTF8.self)
        #expect(
            text
                == #"{"specversion":"1.0","id":"msg_1","source":"/shops/juniperfig.myshopify.example","type":"shipment.delayed","#
                + ##""subject":"#1001","time":"2026-11-21T10:00:00Z","timestamp":"2026-11-21T10:00:00Z","datacontenttype":"application/json","##
                + ##""data":{"order":{"name":"#1001","total":12.50,"note":"a\"b\\c\n\u0001é😀"}}}"##)
    }

    @Test("stays below 20 kB, and says what it left out", arguments: [0, 10, 100, 400, 5000])
    func bounds(_ count: Int) throws {
        let items = (0..<count).map {
            JSON.object([
                .init("title", .string("Jam number \($0)")), .init("note", .string(String(repeating: "x", count: 200))),
            ])
        }
        let bytes = body([
            "order": ["line_items": .array(items), "note": .string(String(repeating: "é", count: count * 10))]
        ]).bytes
        #expect(bytes.count <= WebhookBody.recommendedBytes)
        let read = try #require(try JSONSerialization.jsonObject(with: Data(bytes)) as? [String: Any])
        let order = try #require((read["data"] as? [String: Any])?["order"] as? [String: Any])
        let kept = (order["line_items"] as? [Any])?.count ?? -1
        #expect(kept + (order["line_items_omitted"] as? Int ?? 0) == count)
    }

    @Test(
        "writes as a number only what is one",
        arguments: [
            ("12.50", true), ("-0.5e+3", true), ("0", true), ("01", false), ("1.", false), ("NaN", false), ("", false),
            ("1,5", false), ("1 ", false),
        ])
    func numbers(_ text: String, _ isNumber: Bool) {
        #expect(String(decoding: JSON.decimal(text).bytes, as: UTF8.self) == (isNumber ? text : "\"\(text)\""))
    }
}
