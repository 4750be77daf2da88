import Testing

@testable import Outreach

private func moment(_ text: String, _ zone: String) -> Moment {
    let parts = text.split(separator: " ")
    let time = TimeOfDay(String(parts[1]))!
    return Zone(named: zone)!.moment(on: CalendarDay(iso8601: parts[0])!, secondOfDay: time.minutes * 60)
}

@Suite("The shopper's night")
struct QuietHoursTests {
    /// When it is over, by the clock there; nil where it is no night.
    @Test(
        "is over when the clock where she is says so",
        arguments: [
            // An ordinary night, at its edges.
            ("21:00-08:00", "Europe/London", "2026-11-20 20:59", nil),
            ("21:00-08:00", "Europe/London", "2026-11-20 21:00", "2026-11-21 08:00"),
            ("21:00-08:00", "Europe/London", "2026-11-21 07:59", "2026-11-21 08:00"),
            ("21:00-08:00", "Europe/London", "2026-11-21 08:00", nil),
            // Quiet by day.
            ("12:00-14:00", "Europe/Madrid", "2026-11-21 13:00", "2026-11-21 14:00"),
            ("12:00-14:00", "Europe/Madrid", "2026-11-21 15:00", nil),
            // Half-hour and three-quarter zones, and both sides of the date line.
            ("21:00-08:00", "Asia/Kolkata", "2026-11-21 22:15", "2026-11-22 08:00"),
            ("21:00-08:00", "Asia/Kathmandu", "2026-11-21 07:30", "2026-11-21 08:00"),
            ("21:00-08:00", "Pacific/Kiritimati", "2026-12-31 23:30", "2027-01-01 08:00"),
            ("21:00-08:00", "Pacific/Pago_Pago", "2026-12-31 23:30", "2027-01-01 08:00"),
            // The night of the spring change has no 01:30; the end within the gap is the change.
            ("21:00-01:30", "Europe/London", "2026-03-28 23:00", "2026-03-29 02:00"),
            // The autumn night shows 01:30 twice: in the first showing of the hour it ends in it, in the second at its
            // second showing.
            ("21:00-08:00", "Europe/London", "2026-10-25 00:30", "2026-10-25 08:00"),
        ] as [(String, String, String, String?)])
    func ends(_ hours: String, _ zone: String, _ at: String, _ end: String?) throws {
        let quiet = try #require(QuietHours(hours))
        #expect(quiet.end(at: moment(at, zone), in: Zone(named: zone)!) == end.map { moment($0, zone) })
    }

    @Test("ends at the second showing of an hour that comes twice")
    func twice() throws {
        let london = Zone(named: "Europe/London")!
        let quiet = try #require(QuietHours("21:00-01:30"))
        // 01:10 GMT, after 01:10 BST: the first 01:30 is past.
        let second = Moment(iso8601: "2026-10-25T01:10:00Z")!
        #expect(quiet.end(at: second, in: london) == Moment(iso8601: "2026-10-25T01:30:00Z")!)
    }

    @Test(
        "is read as people write it",
        arguments: [
            ("21:00-08:00", "21:00-08:00"), ("9 pm-8 am", "21:00-08:00"), ("9:00 pm - 8:00 am", "21:00-08:00"),
            ("21:00–08:00", "21:00-08:00"), ("21:00 to 8:00", "21:00-08:00"), ("21:00-21:00", nil), ("21:00", nil),
            ("night", nil),
        ] as [(String, String?)])
    func read(_ text: String, _ shown: String?) {
        #expect(QuietHours(text)?.description == shown)
    }
}

@Suite("Limits, combining, replacing, pausing and dates")
struct AmongOthersTests {
    private static let shop = """
        brand:
          name: Fig
          from: Fig <orders@fig.example>
        notify: owner@fig.example
        labels_expire: 28 days

        """

    private func planner(_ triggers: [String: String], shop: String = "") throws -> Planner {
        var files = ["shop.yaml": Array((Self.shop + shop).utf8)]
        for (name, text) in triggers {
            files[name + ".yaml"] = Array(text.utf8)
            files["templates/\(name).md"] = Array("---\nsubject: {{ order.name }}\n---\nHello.\n".utf8)
        }
        let (set, faults) = TriggerSet.load(TriggerFolder(files: files))
        let loaded = try #require(set, "\(faults)")
        return Planner(
            triggers: loaded,
            inForceSince: Dictionary(uniqueKeysWithValues: triggers.keys.map { ($0, Moment.distantPast) }),
            live: LiveSince(shop: Story.start - .days(30)),
            shop: ShopProfile(domain: "fig.myshopify.com", timeZone: "Europe/London"))
    }

    private func effect(_ planner: Planner, _ event: Event, _ story: Story, trigger: String? = nil) throws -> Effect {
        let match = try #require(
            planner.matches(event, record: story.record!).first { trigger == nil || $0.trigger == trigger })
        guard case .insert(let effect) = planner.place(match, event: event, existing: [], now: event.recordedAt) else {
            throw Unexpected()
        }
        return effect
    }

    private struct Unexpected: Error {}

    private func delivered(_ numbers: [String] = ["A1"]) -> Story {
        var story = Story()
        story.ship(numbers)
        story.scan("1", .delivered, after: .hours(4))
        story.look(after: .hours(4))
        return story
    }

    @Test("a message waits for the morning where the shopper is, and is judged again then")
    func quiet() throws {
        let planner = try planner(["note": "on: shipment.delivered\nsend: email\n"], shop: "quiet_hours: 21:00-08:00\n")
        var story = delivered()
        let effect = try effect(planner, story.events.last { $0.kind == .shipmentDelivered }!, story)
        let night = Story.start + .hours(13)
        let morning = Story.start + .hours(23)
        #expect(
            planner.judge(effect, record: story.record, history: History(), now: night)
                == .wait(until: morning, because: .quietHours))
        #expect(planner.judge(effect, record: story.record, history: History(), now: morning) == .send)
        story.facts.shippingAddress = AddressFacts()
        story.facts.shippingAddress?.timeZone = "America/Los_Angeles"
        story.look(after: .hours(5))
        #expect(planner.judge(effect, record: story.record, history: History(), now: night) == .send)
        // A message that is ready is not sent at night either; one that was tried is not forgotten.
        var ready = effect
        ready.state = .ready
        ready.attempts = 1
        story.facts.shippingAddress = nil
        story.look(after: .hours(6))
        #expect(
            planner.judge(ready, record: story.record, history: History(), now: night)
                == .wait(until: morning, because: .quietHours))
        // What was held too long says so.
        var held = effect
        held.reason = .quietHours
        guard
            case .skip(.oldNews, let detail) = planner.judge(
                held, record: story.record, history: History(), now: morning + .days(3))
        else { throw Unexpected() }
        #expect(detail?.contains("held by the quiet hours") == true)
    }

    @Test(
        "quiet hours hold back what goes to the shopper, and nothing else", arguments: ["merchant", "help@fig.example"])
    func quietForShoppersOnly(to: String) throws {
        let planner = try planner(
            ["note": "on: shipment.delivered\nsend:\n  - email: \(to)\n"], shop: "quiet_hours: 21:00-08:00\n")
        let story = delivered()
        let effect = try effect(planner, story.events.last { $0.kind == .shipmentDelivered }!, story)
        #expect(
            planner.judge(effect, record: story.record, history: History(), now: Story.start + .hours(13)) == .send)
    }

    @Test("a trigger that says so speaks at night and beyond the limit")
    func ignoring() throws {
        let shop = "quiet_hours: 21:00-08:00\nlimit: { messages: 1, per: 16 hours }\n"
        let planner = try planner(
            ["note": "on: shipment.delivered\nignore_quiet_hours: true\nignore_limit: true\nsend: email\n"], shop: shop)
        let story = delivered()
        let effect = try effect(planner, story.events.last { $0.kind == .shipmentDelivered }!, story)
        let night = Story.start + .hours(13)
        var history = History()
        history.counted = [night - .hours(1)]
        #expect(planner.judge(effect, record: story.record, history: history, now: night) == .send)
    }

    @Test("a limit lets so many through and the next when there is room; exceptions and what is ready are not held")
    func limit() throws {
        let text = "on: [shipment.delivered, shipment.exception]\nsend: email\n"
        let shop = "limit: { messages: 2, per: 16 hours, except: [shipment.exception] }\n"
        let planner = try planner(["note": text], shop: shop)
        let story = delivered()
        let effect = try effect(planner, story.events.last { $0.kind == .shipmentDelivered }!, story)
        let now = Story.start + .hours(5)
        var history = History()
        history.counted = [now - .hours(3)]
        #expect(planner.judge(effect, record: story.record, history: history, now: now) == .send)
        history.counted = [now - .hours(3), now - .hours(1), now - .hours(20)]
        #expect(
            planner.judge(effect, record: story.record, history: history, now: now)
                == .wait(until: now + .hours(13), because: .limit))
        var ready = effect
        ready.state = .ready
        #expect(planner.judge(ready, record: story.record, history: history, now: now) == .send)
        var exception = effect
        exception.event?.kind = .shipmentException
        #expect(planner.limit(for: planner.triggers.triggers[0], exception.events) == nil)
    }

    @Test("room goes to the exceptions first, then to the newest of each parcel, then to the rest")
    func room() throws {
        let planner = try planner(
            ["note": "on: [shipment.delivered, shipment.out_for_delivery]\nsend: email\n"],
            shop: "limit: { messages: 1, per: 16 hours, except: [shipment.delivered] }\n")
        func made(_ id: Int64, _ kind: EventKind, _ subject: String, _ minutes: Int) -> Effect {
            let event = Event(
                id: id, shop: "s", orderID: "1", kind: kind,
                occurrences: [.init(subject: subject, n: 1, mark: "")], happenedAt: Story.start + .minutes(minutes),
                recordedAt: Story.start, source: "shopify")
            var effect = Effect(
                to: .mail(shop: "s"), isContact: true, trigger: "note", line: "email", keys: ["\(id)"], event: event,
                dueAt: Story.start, createdAt: Story.start)
            effect.id = id
            return effect
        }
        let effects = [
            made(1, .shipmentOutForDelivery, "shipment:a", 1), made(2, .shipmentOutForDelivery, "shipment:a", 9),
            made(3, .shipmentOutForDelivery, "shipment:b", 5), made(4, .shipmentDelivered, "shipment:c", 20),
        ]
        #expect(planner.inOrderOfRoom(effects).map(\.id) == [4, 3, 2, 1])
        #expect(planner.inOrderOfRoom(effects.reversed()).map(\.id) == [4, 3, 2, 1])
    }

    @Test("parcels that fire within the window are one message, each judged by itself at its end")
    func combine() throws {
        let planner = try planner(["note": "on: shipment.delivered\ncombine: 1 hour\nsend: email\n"])
        var story = Story()
        story.ship(["A1"])
        story.ship(["A2"])
        story.ship(["A3"])
        story.look(after: .hours(1))
        func arrive(_ fulfillment: Int, after: Duration) -> Event {
            story.facts.fulfillments[fulfillment].scans.append(Story.scan("d\(fulfillment)", .delivered, after: after))
            story.look(after: after)
            var event = story.events.last { $0.kind == .shipmentDelivered }!
            event.id = Int64(fulfillment + 1)
            return event
        }
        let first = arrive(0, after: .hours(4))
        var effect = try effect(planner, first, story)
        effect.id = 7
        #expect(effect.reason == .combine && effect.dueAt == Story.start + .hours(5))
        let second = arrive(1, after: .minutes(280))
        let match = try #require(planner.matches(second, record: story.record!).first)
        guard
            case .refresh(let both) = planner.place(
                match, event: second, existing: [], open: [effect], now: second.recordedAt)
        else { throw Unexpected() }
        // The window does not slide, and both keys are held.
        #expect(both.id == 7 && both.dueAt == effect.dueAt && both.events.map(\.id) == [1, 2] && both.keys.count == 2)
        // One who comes late opens a new one.
        let third = arrive(2, after: .hours(5) + .minutes(1))
        let late = try #require(planner.matches(third, record: story.record!).first)
        guard case .insert = planner.place(late, event: third, existing: [], open: [both], now: third.recordedAt) else {
            throw Unexpected()
        }
        let early = planner.judgement(
            both, record: story.record, history: History(), now: Story.start + .hours(5) - .minutes(1))
        #expect(early.decision == .wait(until: effect.dueAt, because: .combine))
        let whole = planner.judgement(both, record: story.record, history: History(), now: effect.dueAt)
        #expect(whole.decision == .send && whole.events.map(\.id) == [1, 2])
        #expect(
            planner.scope(
                record: story.record!, event: first, together: [second], history: History(), now: effect.dueAt
            ).shipments.map(\.tracking.number) == ["A1", "A2"])
        // A parcel that came back meanwhile is left out, and its key is open again.
        story.facts.fulfillments[0].scans.append(Story.scan("r", .returning, after: .minutes(290)))
        story.look(after: .minutes(290))
        let part = planner.judgement(both, record: story.record, history: History(), now: effect.dueAt)
        #expect(part.decision == .send && part.events.map(\.id) == [2] && part.dropped.map(\.reason) == [.passed])
        #expect(planner.keys(of: both, telling: part, record: story.record!) == [both.keys[1]])
    }

    @Test("events of one window are one message in whatever order they become known")
    func combineOrder() throws {
        let planner = try planner(["note": "on: shipment.delivered\ncombine: 1 hour\nsend: email\n"])
        var story = Story()
        story.ship(["A1"])
        story.ship(["A2"])
        story.facts.fulfillments[0].scans.append(Story.scan("a", .delivered, after: .hours(4)))
        story.facts.fulfillments[1].scans.append(Story.scan("b", .delivered, after: .minutes(260)))
        story.look(after: .hours(9))
        var events = story.events.filter { $0.kind == .shipmentDelivered }
        for index in events.indices { events[index].id = Int64(index + 1) }
        for order in [events, events.reversed()] {
            var effect = try effect(planner, order[0], story)
            effect.id = 7
            let match = try #require(planner.matches(order[1], record: story.record!).first)
            guard
                case .refresh(let both) = planner.place(
                    match, event: order[1], existing: [], open: [effect], now: Story.start + .hours(9))
            else { throw Unexpected() }
            #expect(Set(both.events.map(\.id)) == [1, 2])
            #expect(
                planner.judge(both, record: story.record, history: History(), now: Story.start + .hours(9)) == .send)
        }
    }

    @Test("a message takes the place of those it replaces, waiting or to come, about the same parcel alone")
    func replaces() throws {
        let planner = try planner([
            "soon": "on: shipment.created\nafter: 7 days\nsend: email\n",
            "here": "on: shipment.delivered\nreplaces: [soon]\nsend: email\n",
        ])
        var story = Story()
        story.ship(["A1"])
        story.ship(["A2"])
        story.look(after: .hours(1))
        story.scan("1", .delivered, after: .hours(4))
        story.look(after: .hours(4))
        let created = story.events.filter { $0.kind == .shipmentCreated }
        let waiting = try created.enumerated().map { index, event in
            var effect = try effect(planner, event, story)
            effect.id = Int64(index + 1)
            return effect
        }
        let arrival = story.events.last { $0.kind == .shipmentDelivered }!
        let here = try effect(planner, arrival, story, trigger: "here")
        let now = Story.start + .hours(5)
        let judgement = planner.judgement(here, record: story.record, history: History(), now: now)
        #expect(planner.takenBack(by: here, judgement, among: waiting).map(\.id) == [1])
        // What it told is not told later either, for that parcel.
        var history = History()
        history.told = [.init(trigger: "here", subjects: arrival.occurrences.map(\.subject))]
        #expect(planner.judge(waiting[0], record: story.record, history: history, now: now) == .replace(by: "here"))
        #expect(planner.judge(waiting[1], record: story.record, history: history, now: now) != .replace(by: "here"))
        #expect(planner.triggers.replacers(of: "soon") == ["here"])
        // What is only shown takes no real message's place.
        var shadow = judgement
        shadow.decision = .shadow
        #expect(planner.takenBack(by: here, shadow, among: waiting).isEmpty)
    }

    @Test("a trigger with a pause speaks again after it, and not within it")
    func pause() throws {
        let planner = try planner(["note": "on: shipment.delivered\nonce_per: order every 30 days\nsend: email\n"])
        let story = delivered()
        let event = story.events.last { $0.kind == .shipmentDelivered }!
        let match = try #require(planner.matches(event, record: story.record!).first)
        guard case .insert(var first) = planner.place(match, event: event, existing: [], now: event.recordedAt) else {
            throw Unexpected()
        }
        #expect(first.keys == match.keys)
        first.id = 1
        first.state = .sent
        first.decidedAt = event.happenedAt - .days(29)
        guard case .told([1]) = planner.place(match, event: event, existing: [first], now: event.recordedAt) else {
            throw Unexpected()
        }
        first.decidedAt = event.happenedAt - .days(31)
        guard case .insert(var second) = planner.place(match, event: event, existing: [first], now: event.recordedAt)
        else { throw Unexpected() }
        #expect(second.keys == [Planner.repetitions(of: match.keys[0]) + "000002"])
        // A repetition that waits is refreshed, and one that was told counts from its own time.
        second.id = 2
        guard
            case .refresh(let again) = planner.place(match, event: event, existing: [second], now: event.recordedAt)
        else { throw Unexpected() }
        #expect(again.id == 2 && again.keys == second.keys)
        second.state = .sent
        second.decidedAt = event.happenedAt - .days(31)
        guard case .insert(let third) = planner.place(match, event: event, existing: [second], now: event.recordedAt)
        else { throw Unexpected() }
        #expect(third.keys == [Planner.repetitions(of: match.keys[0]) + "000003"])
    }

    @Test("an occurrence that waits for one order passes to the next")
    func takeOver() throws {
        let planner = try planner(["note": "on: shipment.delivered\nafter: 7 days\nonce_per: customer\nsend: email\n"])
        let story = delivered()
        let event = story.events.last { $0.kind == .shipmentDelivered }!
        var old = try effect(planner, event, story)
        old.id = 3
        old.aggregate = .order("gid://shopify/Order/another")
        let match = try #require(planner.matches(event, record: story.record!).first)
        guard
            case .takeOver(let from, let new) = planner.place(
                match, event: event, existing: [old], now: event.recordedAt)
        else { throw Unexpected() }
        #expect(from.id == 3 && from.state == .replaced && from.reason == .newer)
        #expect(new.id == 0 && new.keys == old.keys && new.orderID == event.orderID)
    }

    @Test("a date that is waited for moves what waits for it")
    func until() throws {
        let planner = try planner([
            "note": "on: return.label_ready\nuntil: 3 days before return.label_expires_on\nat: 10:00\nsend: email\n"
        ])
        let order = StandardOrder(.returnLabelReady, at: StandardOrder.moment)
        var record = order.record
        let match = try #require(planner.matches(order.event, record: record).first)
        // The label is made a little before, and can be used for 28 days.
        let made = try #require(
            record.facts.returns[0].deliveries[0].labelCreatedAt ?? record.facts.returns[0].deliveries[0].labelUpdatedAt
        )
        let expected = StandardOrder.zone.moment(
            on: StandardOrder.zone.day(at: made).adding(days: 25), secondOfDay: 36_000)
        #expect(match.dueAt == expected)
        guard
            case .insert(let effect) = planner.place(
                match, event: order.event, existing: [], now: StandardOrder.moment)
        else { throw Unexpected() }
        // It may come nearer, so it is asked for each day.
        #expect(effect.dueAt == StandardOrder.moment + .days(1))
        record.facts.returns[0].deliveries[0].labelCreatedAt = made - .days(20)
        let sooner = planner.judge(effect, record: record, history: History(), now: StandardOrder.moment + .days(1))
        let day = StandardOrder.zone.day(at: made).adding(days: 5)
        #expect(
            sooner
                == .wait(
                    until: min(
                        StandardOrder.zone.moment(on: day, secondOfDay: 36_000), StandardOrder.moment + .days(2)),
                    because: .wait))
        #expect(
            planner.judge(
                effect, record: record, history: History(),
                now: StandardOrder.zone.moment(on: day, secondOfDay: 36_000)) == .send)
        // While nobody knows the date it is asked for daily, and not for ever.
        record.facts.returns[0].deliveries[0].labelURL = nil
        let unknown = planner.judge(effect, record: record, history: History(), now: StandardOrder.moment + .days(2))
        #expect(unknown == .wait(until: StandardOrder.moment + .days(3), because: .wait))
        guard
            case .skip(.oldNews, _) = planner.judge(
                effect, record: record, history: History(), now: StandardOrder.moment + .days(121))
        else { throw Unexpected() }
    }
}

@Suite("A change of the files")
struct ReloadTests {
    private static let brand = "brand:\n  name: Fig\n  from: Fig <orders@fig.example>\n"

    private func folder(_ trigger: String, shop: String = "") -> TriggerFolder {
        TriggerFolder(files: [
            "shop.yaml": Array((Self.brand + shop).utf8), "note.yaml": Array(trigger.utf8),
            "other.yaml": Array("on: shipment.delivered\nif: order.paid\nsend: email\n".utf8),
            "templates/note.md": Array("---\nsubject: A\n---\nB\n".utf8),
            "templates/other.md": Array("---\nsubject: A\n---\nB\n".utf8),
        ])
    }

    @Test(
        "may end waits only where the wait, the mode or a restraint changed",
        arguments: [
            ("on: order.paid\nafter: 30 days\nsend: email\n", "", []),
            ("on: order.paid\nafter: 30 days\nif: order.paid\nsend: email\n", "", []),
            ("on: order.paid\nafter: 1 day\nsend: email\n", "", ["note"]),
            ("on: order.paid\nafter: 30 days\nmode: shadow\nsend: email\n", "", ["note"]),
            ("on: order.paid\nafter: 30 days\nignore_limit: true\nsend: email\n", "", ["note"]),
            ("on: order.paid\nafter: 30 days\nsend: email\n", "quiet_hours: 21:00-08:00\n", ["note", "other"]),
        ] as [(String, String, [String])])
    func hastened(_ trigger: String, _ shop: String, _ names: [String]) throws {
        let old = try #require(TriggerSet.load(folder("on: order.paid\nafter: 30 days\nsend: email\n")).set)
        let new = try #require(TriggerSet.load(folder(trigger, shop: shop)).set)
        #expect(Reload(from: old, to: new).hastened.sorted() == names)
    }

    @Test(
        "is held where it would write to many more people than usual",
        arguments: [(25, 0, false), (26, 0, true), (400, 500, false), (501, 500, true)])
    func held(people: Int, usual: Double, held: Bool) {
        #expect(Reload.isHeld(people: people, peoplePerDay: usual) == held)
    }

    @Test("is known by its digest, in which the confirmation does not count")
    func digest() {
        let plain = folder("on: order.paid\nsend: email\n")
        let code = plain.confirmationCode
        let confirmed = folder("on: order.paid\nsend: email\n", shop: "confirm: \(code)\n")
        let other = folder("on: order.paid\nafter: 1 day\nsend: email\n", shop: "confirm: \(code)\n")
        #expect(confirmed.digest == plain.digest && confirmed.confirmationCode == code)
        #expect(other.digest != plain.digest && other.confirmationCode != code)
        #expect(TriggerSet.load(confirmed).set?.settings.confirm == code)
        #expect(code.count == 6)
    }

    @Test("is noticed once the folder has come to rest")
    func watch() {
        var watch = FolderWatch([1])
        var noticed: [Bool] = []
        for signature: [UInt64] in [[1], [2], [3], [3], [3], [1], [1]] { noticed.append(watch.look(signature)) }
        #expect(noticed == [false, false, false, true, false, false, true])
        watch.take([4])
        let again = watch.look([4])
        #expect(!again)
    }
}
