import Outreach
import Platform
import Testing

@testable import Intake

@Suite("answers that are none")
struct CarriersBadInputTests {
    static let names = Carriers.all.map(\.name)

    private func kind(_ carrier: any Carrier, _ body: String, status: Int = 200) -> CallAnswer? {
        CarrierReading(carrier).answers(
            to: HTTPResponse(status: status, body: Array(body.utf8)), asked: ["1Z5R89390357567127"],
            ReadingContext(now: today))[0].call
    }

    static let bodies = [
        "", "   ", "<html><body>Down for maintenance</body></html>", "<!DOCTYPE html><html></html>",
        "{\"trackResponse\":{\"shipm", "[", "null", "{}", "[]",
        "\"text\"", "17", "<?xml version=\"1.0\"?><a><b></a>",
        "<?xml version=\"1.0\"?><!DOCTYPE a [<!ENTITY x \"y\">]><a>&x;</a>", "<ok/>",
        "{\"status\":\"ERROR\"}", String(repeating: "[", count: 100_000), "\u{0}\u{1}\u{2}",
    ]

    @Test("are a fault with the carrier's name, whatever they are", arguments: names, bodies)
    func nonsense(_ name: String, _ body: String) throws {
        let carrier = try #require(Carriers.named(name))
        let call = try #require(kind(carrier, body))
        #expect(call.message.contains(name))
        #expect([.temporaryError, .notFound, .authError, .configError].contains(call.kind))
    }

    @Test("follow the HTTP status where the body says nothing", arguments: names)
    func statuses(_ name: String) throws {
        let carrier = try #require(Carriers.named(name))
        for (status, expected) in [
            (500, CallAnswer.Kind.temporaryError), (503, .temporaryError), (429, .rateLimited), (401, .authError),
            (403, .authError),
        ] {
            #expect(kind(carrier, "<html>no</html>", status: status)?.kind == expected)
            #expect(kind(carrier, "", status: status)?.kind == expected)
        }
    }

    @Test(
        "every truncation of a recorded answer is read without a crash, and never as a delivery that it does not hold",
        .enabled(if: Shared.isThere))
    func truncated() throws {
        for recorded in Recorded.all {
            let carrier = try #require(Carriers.named(recorded.carrier))
            let body = try #require(Shared.bytes("fixtures/" + recorded.file))
            for cut in stride(from: 0, to: body.count - 2, by: max(1, body.count / 23)) {
                let answer = CarrierReading(carrier).answer(
                    inRecorded: Array(body[..<cut]), number: "1", ReadingContext(now: today))
                #expect(answer.call?.kind == .temporaryError, "\(recorded.file) \(cut)")
            }
        }
    }

    private static func ups(_ activities: String, number: String = "1Z5R89390357567127") -> String {
        "{\"trackResponse\":{\"shipment\":[{\"package\":[{\"trackingNumber\":\"\(number)\",\"activity\":[\(activities)]}]}]}}"
    }

    private static func activity(_ date: String, _ code: String = "011", time: String = "101500") -> String {
        "{\"status\":{\"type\":\"D\",\"statusCode\":\"\(code)\",\"description\":\"x\"},\"date\":\"\(date)\",\"time\":\"\(time)\",\"gmtOffset\":\"-05:00\"}"
    }

    @Test("with times of 1970 or 2099 alone are refused", arguments: ["19700101", "20991231", "00010101", "20261201"])
    func times(_ date: String) {
        #expect(kind(UPS(), Self.ups(Self.activity(date)))?.kind == .temporaryError)
    }

    @Test("with some impossible times keep the rest")
    func someTimes() {
        let body = Self.ups(Self.activity("20261120", "005") + "," + Self.activity("20991231"))
        let answer = CarrierReading(UPS()).answers(
            to: HTTPResponse(status: 200, body: Array(body.utf8)), asked: ["1Z5R89390357567127"],
            ReadingContext(now: today))[0]
        #expect(answer.call == nil)
        #expect(answer.status == .inTransit)
        #expect(answer.flags == [.timeRefused])
    }

    @Test("with ten thousand scans are refused, and nine hundred are not")
    func many() {
        let many = (0..<10_000).map { _ in Self.activity("20261120", "005") }.joined(separator: ",")
        #expect(kind(UPS(), Self.ups(many))?.kind == .temporaryError)
        let some = (0..<900).map { Self.activity("20261120", "005", time: "10\(10 + $0 / 60 % 50)\(10 + $0 % 50)") }
            .joined(separator: ",")
        #expect(kind(UPS(), Self.ups(some)) == nil)
    }

    @Test("about another customer's number are refused")
    func otherNumber() {
        let call = kind(UPS(), Self.ups(Self.activity("20261120"), number: "1Z879E930346834440"))
        #expect(call?.kind == .temporaryError)
        #expect(call?.message.contains("1Z") == false)
    }

    @Test("about a piece, or with the ZIP code in front, are about the parcel")
    func aliases() {
        let dhl =
            "{\"shipments\":[{\"id\":7777777770,\"status\":{\"timestamp\":\"2026-11-20T07:00:00Z\",\"statusCode\":\"transit\"},\"details\":{\"pieceIds\":[\"JD014600006281230704\"]}}]}"
        let answers = ["7777777770", "JD014600006281230704", "123"].map { number in
            CarrierReading(DHLUnified()).answers(
                to: HTTPResponse(status: 200, body: Array(dhl.utf8)), asked: [number], ReadingContext(now: today))[0]
        }
        #expect(answers.map(\.status) == [.inTransit, .inTransit, .unknown])
        #expect(answers.map { $0.call?.kind } == [nil, nil, .temporaryError])
    }

    @Test("keep the state for a code that nobody knows, and say so")
    func unknownCode() {
        let body = Self.ups(
            Self.activity("20261119", "006")
                + ",{\"status\":{\"statusCode\":\"998\"},\"date\":\"20261120\",\"time\":\"090000\",\"gmtOffset\":\"-05:00\"}"
        )
        let answer = CarrierReading(UPS()).answers(
            to: HTTPResponse(status: 200, body: Array(body.utf8)), asked: ["1Z5R89390357567127"],
            ReadingContext(now: today))[0]
        #expect(answer.status == .outForDelivery)
        #expect(answer.unknownCodes == ["998"])
        #expect(answer.flags == [.unknownCode])
    }

    @Test("wait as long as Retry-After says")
    func retryAfter() {
        let answer = CarrierReading(USPS()).answers(
            to: HTTPResponse(status: 429, headers: [HTTPField("Retry-After", "1800")], body: Array("{}".utf8)),
            asked: ["1"], ReadingContext(now: today))[0]
        #expect(answer.call?.kind == .rateLimited)
        #expect(answer.call?.retryAfter == .seconds(1800))
    }

    @Test("huge texts are cut, and their marks and control characters taken out")
    func words() {
        let text = "<SUP>&#174;</SUP>A&nbsp;&amp;\u{7}" + String(repeating: "x", count: 1_000_000)
        let plain = Entity.plain(text) ?? ""
        #expect(plain.hasPrefix("®A &"))
        #expect(plain.count <= 300)
    }
}
