import Outreach
import Platform
import Testing

@testable import Intake

@Suite("one status from one body")
struct CarriersJudgementTests {
    static let judgement = Judgement(carrier: "test", habit: .utc, home: nil, context: ReadingContext(now: today))

    private func event(
        _ state: ParcelState?, _ hour: Int, delay: Scan.DelaySign = .no, unknown: Bool = false, back: Bool = false
    ) -> ToldEvent {
        ToldEvent(
            code: "\(state?.rawValue ?? "info")\(unknown ? "?" : "")",
            meaning: unknown ? nil : Meaning(state: state, delay: delay),
            time: ToldTime(
                day: CalendarDay(iso8601: "2026-11-10")!.adding(days: hour / 24), second: hour % 24 * 3600, offset: 0),
            returnLeg: back)
    }

    private func top(_ state: ParcelState?) -> ToldEvent { ToldEvent(code: "top", meaning: Meaning(state: state)) }

    private func answer(
        _ events: [ToldEvent], top: ToldEvent? = nil, judged: Bool = false,
        change: (inout ToldParcel) -> Void = { _ in }
    ) -> CarrierAnswer {
        var parcel = ToldParcel(events: events, top: top, topIsJudgement: judged)
        change(&parcel)
        return Self.judgement.answer(from: [parcel], number: "1")
    }

    @Test("the newest event wins over a stale current status of a carrier")
    func stale() {
        let answer = answer([event(.inTransit, 1), event(.outForDelivery, 9)], top: top(.inTransit))
        #expect(answer.status == .outForDelivery)
        #expect(answer.flags == [.staleStatus])
    }

    @Test("the current status wins over information and unknown codes", arguments: [false, true])
    func information(_ unknown: Bool) {
        #expect(
            answer([event(.inTransit, 1), event(nil, 9, unknown: unknown)], top: top(.exception)).status == .exception)
    }

    @Test("an aggregator's judgement wins over its events, and keeps their time")
    func judgement() {
        let answer = answer([event(.readyForPickup, 5)], top: top(.exception), judged: true)
        #expect(answer.status == .exception)
        #expect(answer.statusTime?.time == Moment(iso8601: "2026-11-10T05:00:00Z"))
        #expect(answer.remarks.map(\.state) == [.exception])
    }

    @Test("a bare status of delivered is not believed", arguments: [false, true])
    func bareDelivered(_ judged: Bool) {
        let answer = answer([event(.inTransit, 1)], top: top(.delivered), judged: judged)
        #expect(answer.status == .inTransit)
        #expect(answer.flags == [.deliveredWithoutEvidence])
        #expect(self.answer([], top: top(.delivered), judged: judged).status == .unknown)
    }

    @Test("a time of delivery is believed")
    func deliveryTime() {
        let answer = answer([event(.inTransit, 1)], top: top(.delivered)) {
            $0.deliveredAt = ToldTime("2026-11-10T12:00:00Z")
        }
        #expect(answer.status == .delivered)
        #expect(answer.scans.last?.state == .delivered)
    }

    @Test("delivered stays, whatever is scanned after it but a return")
    func afterDelivery() {
        let later = answer([event(.delivered, 1), event(.outForDelivery, 4)])
        #expect(later.status == .delivered)
        #expect(later.flags == [.scansAfterDelivery])
        #expect(answer([event(.delivered, 1), event(.returning, 4)]).status == .returning)
        #expect(answer([event(.delivered, 1), event(.returning, 4), event(.delivered, 9)]).status == .returned)
    }

    @Test("a delivery on the way back is a return")
    func wayBack() {
        #expect(answer([event(.inTransit, 1, back: true), event(.delivered, 4, back: true)]).status == .returned)
        #expect(answer([event(.preTransit, 1, back: true)]).status == .preTransit)
        #expect(answer([event(.delivered, 4)]) { $0.returnLeg = true }.status == .returned)
        #expect(answer([event(.delivered, 4)]) { $0.returnLeg = true }.returnLeg)
    }

    @Test("a notice that comes late takes nothing back")
    func lateNotice() { #expect(answer([event(.inTransit, 1), event(.preTransit, 4)]).status == .inTransit) }

    @Test("late is what the newest movement says, and nothing after arrival")
    func late() {
        #expect(answer([event(.inTransit, 1, delay: .yes), event(nil, 2)]).delay == .yes)
        #expect(answer([event(.inTransit, 1, delay: .yes), event(.inTransit, 2)]).delay == .no)
        #expect(answer([event(.inTransit, 1, delay: .yes), event(.delivered, 2)]).delay == .no)
        let moved = answer([event(.inTransit, 1)]) {
            $0.estimate = ToldEstimate(time: ToldTime("2026-11-20")!, field: "x")
            $0.promised = ToldTime("2026-11-14")
        }
        #expect(moved.delay == .yes)
        #expect(moved.remarks.compactMap(\.estimate).map(\.description) == ["2026-11-14", "2026-11-20"])
    }

    @Test("of several shipments the newest counts, and none from before the order")
    func several() {
        let old = ToldParcel(events: [event(.delivered, 1)])
        let new = ToldParcel(events: [event(.inTransit, 240)])
        for shipments in [[old, new], [new, old]] {
            let answer = Self.judgement.answer(from: shipments, number: "1")
            #expect(answer.status == .inTransit)
            #expect(answer.flags == [.severalShipments])
        }
        var later = Self.judgement
        later.context.notBefore = Moment(iso8601: "2026-11-19T00:00:00Z")
        #expect(later.answer(from: [old, new], number: "1").status == .inTransit)
        #expect(later.answer(from: [old], number: "1").call?.kind == .notFound)
    }

    @Test("random histories end the same in any order, with repeats, and a delivery is not taken back by movement")
    func random() {
        var generator = SplitMix(state: 11)
        for _ in 0..<2_000 {
            let events = (0..<Int.random(in: 1...12, using: &generator)).map { _ in
                event(
                    ParcelState.allCases.randomElement(using: &generator), Int.random(in: 0...200, using: &generator),
                    unknown: Int.random(in: 0..<9, using: &generator) == 0)
            }
            let reference = answer(events)
            let copy = (events + events.prefix(3)).shuffled(using: &generator)
            #expect(answer(copy) == reference)
            let ids = reference.events.map(\.id)
            #expect(Set(ids).count == ids.count)
            let more = answer(events + [event(.inTransit, 230)])
            if reference.status == .delivered { #expect(more.status == .delivered) }
        }
    }
}

@Suite("times as carriers write them")
struct CarriersTimeTests {
    @Test(
        "are read in all their dialects",
        arguments: [
            ("2024-03-20T19:08:38+08:00", "2024-03-20T19:08:38+08:00"),
            ("2024-10-07T10:46:14+0200", "2024-10-07T10:46:14+02:00"),
            ("2024-08-15T00:00:00", "2024-08-15T00:00:00"), ("20240320", "2024-03-20"),
            ("8/17/2021 7:11:26 PM", "2021-08-17T19:11:26"),
            ("8/17/2021 12:05 AM", "2021-08-17T00:05:00"), ("17.08.2021 19:11", "2021-08-17T19:11:00"),
            ("10/20/2015", "2015-10-20"),
            ("2023-04-05 18:56:00 UTC", "2023-04-05T18:56:00Z"),
            ("2026-04-17T23:43:17.6571145", "2026-04-17T23:43:17.657"),
            ("/Date(1445371200000)/", "2015-10-20T20:00:00Z"), ("2024-11-15 11:09:19.000000", "2024-11-15T11:09:19"),
        ])
    func dialects(_ text: String, _ expected: String) { #expect(ToldTime(text)?.text == expected) }

    @Test(
        "or not at all",
        arguments: [
            "", "string", "null", "yesterday", "2024-02-30", "2024-13-01T00:00:00Z", "2024-01-01T25:00:00",
            "2024-01-01T00:00:00+99:00", "1/2/3", "99999999999",
        ])
    func refused(_ text: String) { #expect(ToldTime(text) == nil) }

    @Test(
        "a clock may lack its zeros",
        arguments: [("74700", 7 * 3600 + 47 * 60), ("091519", 9 * 3600 + 15 * 60 + 19), ("0941", 9 * 3600 + 41 * 60)])
    func clock(_ clock: String, _ second: Int) { #expect(ToldTime(day: "20240101", clock: clock)?.second == second) }

    @Test(
        "a place has a zone, or nobody knows it",
        arguments: [
            (ToldPlace(state: "MN", country: "US"), "America/Chicago"),
            (ToldPlace(state: "New Jersey", country: "USA"), "America/New_York"),
            (ToldPlace(country: "DEU"), "Europe/Berlin"), (ToldPlace(country: "Japan"), "Asia/Tokyo"),
            (ToldPlace(state: "SK", country: "CA"), "America/Regina"),
            (ToldPlace(country: "US"), nil), (ToldPlace(city: "Springfield"), nil),
            (ToldPlace(state: "ZZ", country: "US"), nil),
        ] as [(ToldPlace, String?)])
    func zones(_ place: ToldPlace, _ zone: String?) { #expect(place.zone()?.name == zone) }
}

@Suite("how carriers are asked")
struct CarriersRequestTests {
    static let access = CarrierAccess(
        server: "https://carrier.example", id: SecretString("id&1"), secret: SecretString("geheim"), account: "acc",
        token: SecretString("tok"))

    @Test(
        "every carrier that is asked asks for each number once, in batches no larger than it takes, on the server that was given",
        arguments: Carriers.all.map(\.name))
    func requests(_ name: String) throws {
        let carrier = try #require(Carriers.named(name))
        let numbers = (0..<97).map { "1Z/\($0) &?" }
        let requests = carrier.requests(for: numbers, Self.access)
        if carrier is ReadOnlyCarrier {
            #expect(requests.isEmpty)
            return
        }
        #expect(requests.flatMap(\.numbers) == numbers)
        for request in requests {
            #expect(request.request.url.hasPrefix("https://carrier.example/"))
            #expect(request.numbers.count <= max(carrier.quota.batch, 40))
            #expect(!request.request.url.contains(" ") && !request.request.url.contains("geheim"))
        }
        #expect(!carrier.quota.windows.isEmpty)
        if let token = carrier.tokenRequest(Self.access) {
            #expect(token.method == .post)
            #expect(!token.url.contains("geheim"))
        }
    }

    @Test("a token's lifetime may be a text, and an answer without a token is none")
    func token() {
        let answer = HTTPResponse(status: 200, body: Array("{\"access_token\":\"abc\",\"expires_in\":\"14399\"}".utf8))
        #expect(CarrierToken(answer)?.lifetime == .seconds(14_399))
        #expect(CarrierToken(answer)?.token.reveal() == "abc")
        #expect(CarrierToken(HTTPResponse(status: 401, body: answer.body)) == nil)
        #expect(CarrierToken(HTTPResponse(status: 200, body: Array("{}".utf8))) == nil)
    }

    @Test("basic logins are encoded as RFC 7617 has them")
    func basic() {
        let access = CarrierAccess(id: SecretString("Aladdin"), secret: SecretString("open sesame"))
        #expect(access.basic.value == "Basic QWxhZGRpbjpvcGVuIHNlc2FtZQ==")
    }

    @Test("names are unique")
    func names() { #expect(Set(Carriers.all.map(\.name)).count == Carriers.all.count) }
}

@Suite("one order of scans")
struct ScanOrderTests {
    /// Many sources tell minutes only, so that what happened in one moment has no order but ours; a body's own status
    /// and the parcel's history must see the same.
    @Test("an answer and the history that it becomes read scans of one moment alike", arguments: 0..<300)
    func alike(_ seed: Int) {
        var random = SplitMix(state: UInt64(seed) &+ 31)
        // What the two read by different rules besides is left out: a label's end, and what is handed in again.
        let states: [ParcelState] = [
            .inTransit, .outForDelivery, .attempted, .exception, .readyForPickup, .returning, .delivered, .returned,
            .lost,
        ]
        let day = CalendarDay(iso8601: "2026-11-10")!
        let events = (0..<Int.random(in: 1...8, using: &random)).map { index in
            let state = states.randomElement(using: &random)!
            return ToldEvent(
                code: "\(state.rawValue) \(Int.random(in: 0...99, using: &random))", meaning: Meaning(state: state),
                // Three moments for up to eight scans.
                time: ToldTime(day: day, second: Int.random(in: 0...2, using: &random) * 3600, offset: 0))
        }
        let answer = CarriersJudgementTests.judgement.answer(from: [ToldParcel(events: events)], number: "1")
        var facts = OrderFacts(id: "gid://shopify/Order/1", name: "#1", createdAt: today - .days(20), updatedAt: today)
        facts.fulfillments = [
            FulfillmentFacts(
                id: "gid://shopify/Fulfillment/1", name: "#1.1", status: .success, createdAt: today - .days(20),
                updatedAt: today, tracking: [TrackingFacts(number: "1")])
        ]
        let learner = Learner(live: LiveSince(shop: .distantPast), shopZone: .utc, rereadEvery: .hours(1))
        let known = learner.learn(Observation(shop: "s", seenAt: today, content: .order(facts)), into: nil)!.record
        let told = learner.learn(
            Observation(
                shop: "s", seenAt: today,
                content: .parcel(
                    number: "1", source: "test", scans: answer.scans.shuffled(using: &random), complete: true,
                    order: facts.id)), into: known)!.record
        let history = told.state(of: told.shipments[0], now: today, zone: .utc)
        #expect(history.lastScan?.id == answer.events.last?.id)
        #expect(history.state == answer.status)
        #expect(answer.events == answer.events.sorted(by: Scan.precedes))
    }
}

/// Wall clocks by chance, written in the dialects of carriers, are read as what they say.
@Suite("times by chance")
struct CarriersTimePropertyTests {
    @Test("are read in each dialect alike, and written as ISO 8601 has them", arguments: 0..<20)
    func dialects(_ seed: Int) throws {
        var random = SplitMix(state: UInt64(seed) &+ 77)
        func two(_ number: Int) -> String { number < 10 ? "0\(number)" : "\(number)" }
        for _ in 0..<50 {
            let day = CalendarDay(daysSinceEpoch: Int64.random(in: 0...30_000, using: &random))
            let (year, month, date) = day.components
            let (hour, minute, second) = (
                Int.random(in: 0...23, using: &random), Int.random(in: 0...59, using: &random),
                Int.random(in: 0...59, using: &random)
            )
            let millisecond = [0, 0, 7, 40, 123, 999].randomElement(using: &random)!
            let offset = [nil, 0, 60, -300, 330, -210, 840].randomElement(using: &random)!
            let clock = "\(two(hour)):\(two(minute)):\(two(second))"
            let fraction = millisecond == 0 ? "" : "." + String("\(1000 + millisecond)".dropFirst())
            let size = abs(offset ?? 0)
            let zone = offset.map { $0 == 0 ? "Z" : "\($0 < 0 ? "-" : "+")\(two(size / 60)):\(two(size % 60))" } ?? ""
            let bare = zone.replacing(":", with: "")
            let iso = "\(year)-\(two(month))-\(two(date))T\(clock)\(fraction)\(zone)"
            let half = "\(hour % 12 == 0 ? 12 : hour % 12):\(two(minute)):\(two(second)) \(hour < 12 ? "AM" : "PM")"
            let wanted = ToldTime(
                day: day, second: hour * 3600 + minute * 60 + second, millisecond: millisecond, offset: offset)
            #expect(ToldTime(iso) == wanted, "\(iso)")
            #expect(wanted.text == iso)
            #expect(wanted.wallText == "\(year)-\(two(month))-\(two(date))T\(clock)\(fraction)")
            #expect(ToldTime("  \(year)-\(two(month))-\(two(date)) \(clock)\(fraction)\(bare)\n") == wanted)
            #expect(ToldTime(day: "\(year)\(two(month))\(two(date))", clock: clock + fraction, offset: zone) == wanted)
            var american = ToldTime("\(month)/\(date)/\(year) \(half)")
            american?.millisecond = millisecond
            american?.offset = offset
            #expect(american == wanted, "\(half)")
            if offset != nil, millisecond == 0 {
                // The same as the strict reader of moments has it.
                let moment = try #require(Moment(iso8601: iso))
                #expect(
                    moment.seconds == day.daysSinceEpoch * 86_400 + Int64((wanted.second ?? 0) - (offset ?? 0) * 60))
            }
            // Cut anywhere it is nothing, or less of the same; never another day.
            for end in 0..<iso.utf8.count {
                if let cut = ToldTime(String(iso.prefix(end))), end >= 10 {
                    #expect(cut.day == day, "\(iso.prefix(end))")
                }
            }
        }
    }

    @Test(
        "of .NET are milliseconds, with the offset of the place where one stands",
        arguments: [
            ("/Date(1445371200000)/", "2015-10-20T20:00:00Z"),
            ("/Date(1445371200000-0500)/", "2015-10-20T15:00:00-05:00"),
            ("/Date(1445371200000+0200)/", "2015-10-20T22:00:00+02:00"), ("/Date(-86400000)/", "1969-12-31T00:00:00Z"),
            ("/Date()/", nil), ("/Date(12", nil), ("/Date(99999999999999999)/", nil), ("/Date(-99999999999999)/", nil),
        ] as [(String, String?)])
    func dotNET(_ text: String, _ expected: String?) { #expect(ToldTime(text)?.text == expected) }
}
