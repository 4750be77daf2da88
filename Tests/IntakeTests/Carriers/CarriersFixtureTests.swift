import Foundation
import Outreach
import Testing

@testable import Intake

/// One line of INDEX.tsv.
struct Recorded: CustomTestStringConvertible, Sendable {
    var file: String
    var carrier: String
    var shows: String
    var status: String
    var time: String
    var estimate: String

    var testDescription: String { file }

    static let all: [Recorded] = {
        guard let bytes = Shared.bytes("fixtures/INDEX.tsv") else { return [] }
        return String(decoding: bytes, as: UTF8.self).split(separator: "\n").dropFirst().map { line in
            let fields = line.split(separator: "\t", omittingEmptySubsequences: false).map(String.init)
            return Recorded(
                file: fields[0], carrier: fields[1], shows: fields[3], status: fields[4], time: fields[5],
                estimate: fields[6])
        }
    }()
}

@Suite("recorded answers", .enabled(if: Shared.isThere))
struct CarriersFixtureTests {
    static let calls = Set(CallAnswer.Kind.allCases.map(\.rawValue))

    @Test("give the state, the newest time and the estimate that the index says", arguments: Recorded.all)
    func index(_ recorded: Recorded) throws {
        let carrier = try #require(Carriers.named(recorded.carrier), "no carrier \(recorded.carrier)")
        let body = try #require(Shared.bytes("fixtures/" + recorded.file))
        let answer = CarrierReading(carrier).answer(inRecorded: body, number: "1", ReadingContext(now: today))
        let expected = recorded.status.split(separator: " ").first.map(String.init) ?? ""
        if Self.calls.contains(expected) {
            #expect(answer.call?.kind.rawValue == expected, "\(String(describing: answer.call)) \(answer.status)")
            return
        }
        #expect(answer.call == nil, "\(String(describing: answer.call))")
        #expect(answer.status.rawValue == expected)
        checkTime(answer, recorded)
        checkEstimate(answer, recorded)
        if recorded.shows.contains("delay:yes"), !["delivered", "returned"].contains(expected) {
            #expect(answer.delay == .yes)
        }
        if recorded.shows.contains("delay:no") { #expect(answer.delay == .no) }
        if recorded.shows.contains("delay:maybe") { #expect(answer.delay == .maybe) }
    }

    private func checkTime(_ answer: CarrierAnswer, _ recorded: Recorded) {
        guard recorded.time != "-", let text = recorded.time.split(separator: " ").first.map(String.init) else {
            return
        }
        guard let newest = answer.events.last else {
            Issue.record("no event")
            return
        }
        if let moment = Moment(iso8601: text) {
            #expect(newest.time.milliseconds / 1000 == moment.milliseconds / 1000, "\(newest.time) \(text)")
        } else {
            let local = ToldTime(moment: newest.time, offset: newest.offsetMinutes ?? 0)
            let told = ToldTime(text)
            #expect(local.day == told?.day && local.second == told?.second, "\(local.text) \(text)")
            if recorded.time.contains("(no offset)") { #expect(newest.basis != .stated) }
        }
    }

    private func checkEstimate(_ answer: CarrierAnswer, _ recorded: Recorded) {
        if recorded.estimate == "-" || recorded.estimate.hasPrefix("none") {
            #expect(answer.estimate == nil)
            return
        }
        let text = recorded.estimate.split(separator: " ").first.map(String.init) ?? ""
        #expect(answer.estimate?.day == ToldTime(text)?.day, "\(String(describing: answer.estimate)) \(text)")
        if text.contains("T"), !text.contains("T00:00:00") { #expect(answer.estimate?.text == text) }
    }

    @Test("are the same whatever the order of events and however often they stand there", arguments: Recorded.all)
    func orderAndRepeats(_ recorded: Recorded) throws {
        let carrier = try #require(Carriers.named(recorded.carrier))
        let body = try #require(Shared.bytes("fixtures/" + recorded.file))
        let tree = try AnswerTree(body: body)
        let context = ReadingContext(now: today)
        let judgement = Judgement(
            carrier: carrier.name, habit: Zone(named: carrier.habit)!, home: carrier.home, context: context)
        var generator = SplitMix(state: 7)
        for case .parcel(let shipment) in carrier.read(AnswerBody(status: nil, tree: tree)) {
            let reference = judgement.answer(from: [shipment.parcel], number: nil)
            for _ in 0..<20 {
                var parcel = shipment.parcel
                parcel.events += parcel.events.filter { _ in Bool.random(using: &generator) }
                parcel.events.shuffle(using: &generator)
                #expect(judgement.answer(from: [parcel], number: nil) == reference)
            }
        }
    }
}

/// A generator with a seed, so that a failure can be had again (Steele, Lea, Flood 2014).
struct SplitMix: RandomNumberGenerator {
    var state: UInt64
    mutating func next() -> UInt64 {
        state &+= 0x9e37_79b9_7f4a_7c15
        var z = state
        z = (z ^ (z >> 30)) &* 0xbf58_476d_1ce4_e5b9
        z = (z ^ (z >> 27)) &* 0x94d0_49bb_1331_11eb
        return z ^ (z >> 31)
    }
}
