import Foundation
import Testing

@testable import Sandbox

@Suite("Webhooks")
struct WebhookTests {
    private func vectors(_ list: String) throws -> [JSON] {
        let file = try #require(Shop.shared).appending(path: "webhooks/vectors.json")
        return try #require(try JSON.parse(Array(Data(contentsOf: file)))[list]?.array)
    }

    private func verdict(_ vector: JSON, secrets: [String], now: Double) -> SignatureVerdict {
        var headers: [String: String] = [:]
        if case .object(let members)? = vector["headers"] {
            for member in members { headers[member.name] = member.value.string }
        }
        return StandardWebhooks.verdict(
            headers: headers, body: Array((vector["payload"]?.string ?? "").utf8), secrets: secrets,
            now: Date(timeIntervalSince1970: now))
    }

    @Test(
        "with the shared vectors' signatures are judged as these say",
        .enabled(if: Shop.shared != nil, "the shared webhook vectors are not here: left out"))
    func vectors() throws {
        for vector in try vectors("vectors") {
            let secrets =
                (vector["secrets"]?.array ?? []).compactMap(\.string) + [vector["public_key"]?.string].compactMap { $0 }
            let now = Double(vector["timestamp"]?.int ?? 0)
            #expect(verdict(vector, secrets: secrets, now: now) == .good, "\(vector["name"]?.string ?? "")")
        }
        for vector in try vectors("must_not_verify") {
            let secrets = [vector["secret"]?.string, vector["public_key"]?.string].compactMap { $0 }
            let now = Double(vector["now"]?.int ?? 0)
            #expect(verdict(vector, secrets: secrets, now: now) != .good, "\(vector["name"]?.string ?? "")")
        }
    }

    @Test(
        "are answered as told, and kept whatever the answer",
        arguments: [(nil, 200), (HookFault.serverError, 500), (.gone, 410), (.tooManyRequests, 429), (.slow, 200)])
    func faults(fault: HookFault?, status: Int) {
        let receiver = WebhookReceiver(secrets: [], clock: .system, seed: 1)
        if let fault { receiver.faults.next([fault]) }
        let response = receiver.respond(WebRequest("POST", "/hooks/desk", body: Array("{}".utf8)), endpoint: "desk")
        #expect(response.status == status)
        #expect((response.header("Retry-After") != nil) == (status == 429))
        #expect((response.delay > .zero) == (fault == .slow))
        #expect(receiver.webhooks.map(\.status) == [status])
    }

    @Test("that are not signed by any secret are refused")
    func refused() {
        let receiver = WebhookReceiver(
            secrets: ["whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"], clock: .system, seed: 1)
        #expect(receiver.respond(WebRequest("POST", "/hooks/desk"), endpoint: "desk").status == 401)
        #expect(receiver.webhooks.first?.signature == .missing)
    }
}
