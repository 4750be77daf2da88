import Foundation
import Testing

@testable import Sandbox

@Suite("The sandbox's Twilio")
struct TwilioTests {
    private let twilio = FakeTwilio(clock: .system, seed: 1)

    private func send(_ body: String, token: String = FakeTwilio.token) -> WebResponse {
        let login = Data("\(FakeTwilio.account):\(token)".utf8).base64EncodedString()
        return twilio.respond(
            WebRequest(
                "POST", "/2010-04-01/Accounts/\(FakeTwilio.account)/Messages.json",
                headers: ["Authorization": "Basic \(login)"], body: Array(body.utf8)))
    }

    private func json(_ response: WebResponse) throws -> JSON { try JSON.parse(response.body) }

    private let good = "To=%2B447700900123&Body=Hi+there&From=%2B447700900000"

    @Test("takes a text with 201, and lists it by its number")
    func taken() throws {
        let answer = send(good)
        let sid = try #require(try json(answer)["sid"]?.string)
        #expect(answer.status == 201 && sid.hasPrefix("SM") && sid.count == 34)
        #expect(twilio.texts.map(\.body) == ["Hi there"])
        let login = Data("\(FakeTwilio.account):\(FakeTwilio.token)".utf8).base64EncodedString()
        func list(_ to: String) throws -> [JSON] {
            let answer = twilio.respond(
                WebRequest(
                    "GET", "/2010-04-01/Accounts/\(FakeTwilio.account)/Messages.json?To=\(to)",
                    headers: ["Authorization": "Basic \(login)"]))
            return try json(answer)["messages"]?.array ?? []
        }
        #expect(try list("%2B447700900123").map { $0["sid"]?.string } == [sid])
        #expect(try list("%2B447700900999").isEmpty)
        #expect(FakeTwilio.rfc2822(Date(timeIntervalSince1970: 1_692_853_305)) == "Thu, 24 Aug 2023 05:01:45 +0000")
    }

    @Test("refuses with Twilio's codes")
    func refused() throws {
        for (body, code) in [
            ("To=0123&Body=a&From=b", 21211), ("To=%2B447700900123&From=b", 21602),
            ("To=%2B447700900123&Body=a", 21603),
        ] as [(String, Int64)] {
            let answer = send(body)
            let said = try json(answer)["code"]?.int
            #expect(answer.status == 400 && said == code)
        }
        #expect(send(good, token: "wrong").status == 401)
        twilio.faults.next([.tooManyRequests, .serverError, .dropped, .dropAndForget])
        #expect(send(good).status == 429 && send(good).status == 500)
        _ = send(good)
        #expect(twilio.texts.count == 1, "a lost answer to a text that was taken")
        _ = send(good)
        #expect(twilio.texts.count == 1)
    }

    @Test("blocks a number that says STOP, until it says START")
    func blocked() throws {
        let made = twilio.incoming(
            from: "+447700900123", to: "+447700900000", body: "stop", hook: "https://track.fig.example/sms/fig")
        #expect(made.headers.contains { $0.0 == "X-Twilio-Signature" } && !made.body.isEmpty)
        #expect(try json(send(good))["code"]?.int == 21610)
        _ = twilio.incoming(from: "+447700900123", to: "b", body: "START", hook: "https://track.fig.example/sms/fig")
        #expect(send(good).status == 201)
    }
}
