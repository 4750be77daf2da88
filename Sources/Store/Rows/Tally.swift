internal import Outreach

/// Which total it is.
enum CounterName: String, Sendable {
    /// Events recorded; labels: kind, silence.
    case events
    /// Decisions taken; labels: trigger, state, reason.
    case decisions
    /// Verdicts of attempts; labels: channel, target, verdict.
    case deliveries
    /// Attempts with an unknown outcome; labels: channel, target.
    case inDoubt = "in_doubt"
    /// Effects now in a state; label: state. It goes down too.
    case effects
    /// Incoming mails; label: class.
    case incoming
    /// Parcels followed now, by the source asked about them; label: source, empty for none. It goes down too.
    case parcels
}

/// A step's additions to the totals and to the tallies by day, collected and written once at its end.
///
/// Totals only ever grow, but for those that say what is now. Tallies count rows: when a row that was counted becomes
/// another, what it was is taken from the day on which it was counted. So they agree with the rows, and only an erasure
/// takes rows away and leaves them counted.
struct Tally {
    private struct Key: Hashable {
        var shop: Int64
        var name: CounterName
        var labels: [String]
    }
    private var sums: [Key: Int64] = [:]
    private var notes: [Note] = []

    /// One more, or one less, of something on a day.
    private struct Note {
        enum When {
            case moment(Moment)
            case day(CalendarDay)
        }
        var shop: Int64
        var name: TallyName
        var when: When
        var a: String
        var b: String
        var n: Int64
        var total: Int64
    }

    mutating func add(_ name: CounterName, _ labels: [String], shop: Int64, _ count: Int64 = 1) {
        sums[Key(shop: shop, name: name, labels: labels), default: 0] += count
    }

    /// An effect passes from one state to another; nil for a new one. Bookbag's own notices do not count in the totals.
    mutating func move(_ effect: Effect, from old: Effect.State?, to new: Effect.State, shop: Int64) {
        guard old != new, effect.origin != .system else { return }
        if let old { add(.effects, [old.rawValue], shop: shop, -1) }
        add(.effects, [new.rawValue], shop: shop)
    }

    /// A decision was made: it counts in the totals.
    mutating func decided(_ effect: Effect, _ note: DecisionNote, shop: Int64) {
        add(.decisions, [effect.trigger, note.state.rawValue, note.reason?.rawValue ?? ""], shop: shop)
    }

    /// How an effect stands.
    struct Standing {
        var state: Effect.State
        var reason: Reason?
        var decidedAt: Moment?

        init(state: Effect.State, reason: Reason?, decidedAt: Moment?) {
            self.state = state
            self.reason = reason
            self.decidedAt = decidedAt
        }

        init(_ effect: Effect) { self.init(state: effect.state, reason: effect.reason, decidedAt: effect.decidedAt) }

        init(_ note: DecisionNote) { self.init(state: note.state, reason: note.reason, decidedAt: note.at) }
    }

    /// An effect came to stand otherwise: it counts on the day on which it was settled, and no longer on the day before
    /// that. What waits or is ready counts on none, and Bookbag's own notices never.
    mutating func settle(_ effect: Effect, from old: Standing?, to new: Standing?, shop: Int64) {
        guard effect.origin != .system else { return }
        if let old { count(effect, old, -1, shop: shop) }
        if let new { count(effect, new, 1, shop: shop) }
    }

    private mutating func count(_ effect: Effect, _ standing: Standing, _ sign: Int64, shop: Int64) {
        guard standing.state != .waiting, standing.state != .ready, let at = standing.decidedAt else { return }
        // That an answer to another question does not fit a message decides nothing about it.
        if effect.line == SendLine.answerName, standing.state == .skipped,
            standing.reason == .if || standing.reason == .unless
        {
            return
        }
        var lag: Int64 = 0
        if standing.state == .sent, let event = effect.event {
            lag = max(0, (at - event.happenedAt).wholeMilliseconds)
            let bucket = TallyBuckets.name(TallyBuckets.lag.index(of: lag))
            note(.lags, .moment(at), effect.trigger, bucket, sign, shop: shop)
            note(.told, .moment(at), event.kind.rawValue, "", sign, shop: shop)
        }
        note(
            .decisions, .moment(at), effect.trigger, "\(standing.state.rawValue) \(standing.reason?.rawValue ?? "")",
            sign, total: sign * lag, shop: shop)
    }

    /// An event that is news was recorded or, with -1, is news no more.
    mutating func happened(_ event: Event, carrier: String, shop: Int64) {
        guard event.silence == nil else { return }
        happened(
            event.kind, at: event.happenedAt, delay: event.delayReason.map { (carrier, $0) }, 1, shop: shop)
    }

    mutating func happened(
        _ kind: EventKind, at moment: Moment, delay: (carrier: String, reason: String)?, _ sign: Int64, shop: Int64
    ) {
        note(.events, .moment(moment), kind.rawValue, "", sign, shop: shop)
        if let delay { note(.delays, .moment(moment), delay.carrier, delay.reason, sign, shop: shop) }
    }

    /// A parcel's journey came to be so or, with -1, is so no more.
    mutating func went(_ journey: Journey, _ sign: Int64, shop: Int64) {
        let days = Int64(journey.days ?? 0)
        note(
            .parcels, .day(journey.day), journey.carrier, journey.outcome.rawValue, sign, total: sign * days, shop: shop
        )
        guard journey.days != nil else { return }
        let bucket = TallyBuckets.name(TallyBuckets.transit.index(of: days))
        note(.transit, .day(journey.day), journey.carrier, bucket, sign, shop: shop)
    }

    /// A customer was asked for a rating or, with -1, was not after all.
    mutating func asked(_ kind: RatingKind, on day: CalendarDay, _ sign: Int64, shop: Int64) {
        note(.ratings, .day(day), kind.rawValue, TallySum.asked, sign, shop: shop)
    }

    /// A question of that day was answered by that score or, with -1, no longer is.
    mutating func rated(_ kind: RatingKind, _ score: Int, on day: CalendarDay, _ sign: Int64, shop: Int64) {
        note(.ratings, .day(day), kind.rawValue, "\(score)", sign, shop: shop)
    }

    /// A customer asked for something.
    mutating func wasAsked(_ intent: String, at moment: Moment, shop: Int64) {
        note(.questions, .moment(moment), intent, "", 1, shop: shop)
    }

    /// A conversation was answered for the first time or, with -1, was not after all.
    ///
    /// - Parameters:
    ///   - author: `bookbag` or `person`.
    ///   - waited: since the customer's message.
    mutating func answeredFirst(
        _ author: String, after waited: Duration, at moment: Moment, _ sign: Int64, shop: Int64
    ) {
        let waited = max(0, waited.wholeMilliseconds)
        let bucket = TallyBuckets.name(TallyBuckets.lag.index(of: waited))
        note(.firstAnswers, .moment(moment), author, bucket, sign, shop: shop)
    }

    /// A conversation was closed.
    ///
    /// - Parameter outcome: as `conversations.outcome` has it: how it ended, and whether she had to write once only.
    mutating func closed(_ outcome: String, on day: CalendarDay, _ sign: Int64, shop: Int64) {
        let parts = outcome.split(separator: " ", maxSplits: 1).map(String.init)
        note(.closings, .day(day), parts.first ?? "", parts.count > 1 ? parts[1] : "", sign, shop: shop)
    }

    /// A conversation was handed to a person.
    mutating func handedOver(_ reason: String, at moment: Moment, shop: Int64) {
        note(.handOvers, .moment(moment), reason, "", 1, shop: shop)
    }

    /// An answer was judged or, with -1, is judged otherwise now.
    mutating func judged(
        _ intent: String, isLive: Bool, isRight: Bool, at moment: Moment, _ sign: Int64, shop: Int64
    ) {
        note(
            .verdicts, .moment(moment), intent, "\(isLive ? "live" : "draft") \(isRight ? "right" : "wrong")", sign,
            shop: shop)
    }

    /// Something was booked or, with -1, is not any more.
    mutating func gave(_ booking: CountedBooking, _ sign: Int64, shop: Int64) {
        note(
            .given, .moment(booking.at), booking.trigger, GivenThing.name(booking.gift, booking.currency), sign,
            total: sign * booking.amount, shop: shop)
    }

    /// The code of a gift was used on an order.
    mutating func redeemed(_ gift: String, of trigger: String, at moment: Moment, shop: Int64) {
        note(.redeemed, .moment(moment), trigger, gift, 1, shop: shop)
    }

    /// Something became of a remedy.
    ///
    /// - Parameter outcome: `offered`, `handed_over`, what was chosen, or how it ended otherwise.
    mutating func remedied(_ remedy: String, _ outcome: String, at moment: Moment, shop: Int64) {
        note(.offers, .moment(moment), remedy, outcome, 1, shop: shop)
    }

    /// A message was drawn for a group, or was followed by a contact.
    mutating func drawn(_ trigger: String, _ group: TrialGroup, isContact: Bool, on day: CalendarDay, shop: Int64) {
        note(.trials, .day(day), trigger, isContact ? group.contacts : group.rawValue, 1, shop: shop)
    }

    /// Under which figure an event is listed: delays by reason and carrier, and what happens to returns and refunds.
    /// Nil for what is only counted, and for what is no news.
    static func figure(of event: Event, carrier: String) -> String? {
        guard event.silence == nil else { return nil }
        if let reason = event.delayReason { return delayFigure(reason: reason, carrier: carrier) }
        let kind = event.kind.rawValue
        return kind.hasPrefix("return.") || kind.hasPrefix("refund.") ? eventFigure(event.kind) : nil
    }

    static func delayFigure(reason: String, carrier: String) -> String { "delay \(reason) \(carrier)" }

    static func eventFigure(_ kind: EventKind) -> String { "event \(kind.rawValue)" }

    private mutating func note(
        _ name: TallyName, _ when: Note.When, _ a: String, _ b: String, _ n: Int64, total: Int64 = 0, shop: Int64
    ) {
        notes.append(Note(shop: shop, name: name, when: when, a: a, b: b, n: n, total: total))
    }

    mutating func add(_ other: Tally) {
        for (key, sum) in other.sums { sums[key, default: 0] += sum }
        notes += other.notes
    }

    func write(to db: Connection) throws {
        for (key, sum) in sums where sum != 0 {
            let labels = key.labels + Array(repeating: "", count: 3 - key.labels.count)
            try db.run(
                """
                INSERT INTO counters (shop, name, label1, label2, label3, total) VALUES (?, ?, ?, ?, ?, ?)
                ON CONFLICT (shop, name, label1, label2, label3) DO UPDATE SET
                    total = counters.total + excluded.total
                """, [key.shop, key.name.rawValue, labels[0], labels[1], labels[2], sum])
        }
        try writeDays(to: db)
    }

    /// Writes the tallies, one row for all of a step that counts the same.
    private func writeDays(to db: Connection) throws {
        struct Row: Hashable {
            var shop: Int64
            var name: TallyName
            var day: Int64
            var a: String
            var b: String
        }
        guard !notes.isEmpty else { return }
        var zones: [Int64: Zone] = [:]
        var rows: [Row: (n: Int64, total: Int64)] = [:]
        for one in notes {
            let day: CalendarDay
            switch one.when {
            case .day(let known): day = known
            case .moment(let moment):
                let zone = try zones[one.shop] ?? db.zone(shop: one.shop)
                zones[one.shop] = zone
                day = zone.day(at: moment)
            }
            let row = Row(shop: one.shop, name: one.name, day: day.daysSinceEpoch, a: one.a, b: one.b)
            let sum = rows[row, default: (0, 0)]
            rows[row] = (sum.n + one.n, sum.total + one.total)
        }
        for (row, sum) in rows where sum.n != 0 || sum.total != 0 {
            try db.run(
                Query.addToTallies, [row.shop, row.name.rawValue, row.day, row.a, row.b, sum.n, sum.total])
        }
    }
}

/// A booking as it counts.
struct CountedBooking: Hashable {
    var gift: String
    /// In the smallest unit of the currency.
    var amount: Int64
    var currency: String
    var at: Moment
    var trigger: String
}

/// A gift whose code has not been used yet.
struct GivenCode: Hashable {
    var effect: Int64
    var gift: String
    var trigger: String
}

extension Connection {
    /// Changes the bookings of effects, and what is tallied of them with them.
    func rebook(_ effects: [Int64], shop: Int64, _ change: () throws -> Void) throws {
        func counted() throws -> [CountedBooking?] {
            try together(effects) { effect in
                try first(Query.countedBooking, [shop, effect]) { row in
                    CountedBooking(
                        gift: row[0], amount: row[1], currency: row[2], at: row.moment(3), trigger: row[4])
                }
            }
        }
        let before = try counted()
        try change()
        var tally = Tally()
        for (old, new) in zip(before, try counted()) where old != new {
            if let old { tally.gave(old, -1, shop: shop) }
            if let new { tally.gave(new, 1, shop: shop) }
        }
        try tally.write(to: self)
    }

    /// The gift of ours that a code stands for; nil if it is none, or was used before.
    func gift(ofCode code: String, shop: Int64) throws -> GivenCode? {
        try first(Query.giftOfCode, [shop, code]) { GivenCode(effect: $0[0], gift: $0[1], trigger: $0[2]) }
    }

    /// Notes that an order used a code of ours.
    func redeem(_ code: GivenCode, at moment: Moment, shop: Int64, tally: inout Tally) throws {
        try run(
            "UPDATE bookings SET redeemed_at = ? WHERE shop = ? AND effect_id = ?",
            [moment.milliseconds, shop, code.effect])
        tally.redeemed(code.gift, of: code.trigger, at: moment, shop: shop)
    }

    /// The zone that a shop's days are counted in; UTC until Shopify has been asked.
    func zone(shop: Int64) throws -> Zone {
        let text = try first(Query.profileText, [shop, RememberedName.profile.rawValue]) { $0[0] as String }
        return text.flatMap(ShopProfile.init(rememberedText:))?.zone ?? .utc
    }

    /// Brings the journeys of an order's parcels up to date, and their tallies with them.
    ///
    /// - Parameter stored: those of the order by now, by shipment.
    func put(
        _ journeys: [Journey], over stored: [String: Journey], orderID: Int64, shop: Int64, tally: inout Tally
    ) throws {
        var gone = Set(stored.keys)
        for journey in journeys {
            gone.remove(journey.shipment)
            if let before = stored[journey.shipment] {
                if before == journey { continue }
                tally.went(before, -1, shop: shop)
            }
            tally.went(journey, 1, shop: shop)
            try run(
                """
                INSERT INTO journeys (shop, order_id, shipment, carrier, day, outcome, days)
                VALUES (?, ?, ?, ?, ?, ?, ?)
                ON CONFLICT (shop, order_id, shipment) DO UPDATE SET carrier = excluded.carrier, day = excluded.day,
                    outcome = excluded.outcome, days = excluded.days
                """,
                [
                    shop, orderID, journey.shipment, journey.carrier, journey.day.daysSinceEpoch,
                    journey.outcome.rawValue, journey.days,
                ])
        }
        for shipment in gone {
            if let before = stored[shipment] { tally.went(before, -1, shop: shop) }
            try run(
                "DELETE FROM journeys WHERE shop = ? AND order_id = ? AND shipment = ?", [shop, orderID, shipment])
        }
    }

    /// Removes the journeys of an erased order. Those that ended stay counted.
    func removeJourneys(orderID: Int64, shop: Int64, tally: inout Tally) throws {
        for journey in try journeys(orderID: orderID, shop: shop).values where journey.outcome == .underway {
            tally.went(journey, -1, shop: shop)
        }
        try run("DELETE FROM journeys WHERE shop = ? AND order_id = ?", [shop, orderID])
    }

    /// The journeys of an order's parcels, by shipment.
    func journeys(orderID: Int64, shop: Int64) throws -> [String: Journey] {
        let rows = try all(Query.journeysOfOrder, [shop, orderID]) { row in
            Journey(
                shipment: row[0], carrier: row[1], day: CalendarDay(daysSinceEpoch: row[2]), outcome: try row.word(3),
                days: row[4])
        }
        return Dictionary(uniqueKeysWithValues: rows.map { ($0.shipment, $0) })
    }

    /// What was counted on a day that has not come yet counts today: our clock ran ahead.
    func bringTalliesBack(shop: Int64, to now: Moment) throws {
        let today = try zone(shop: shop).day(at: now).daysSinceEpoch
        let ahead = try all(Query.talliesAfter, [shop, today]) { row in
            (
                name: row[0] as String, a: row[1] as String, b: row[2] as String, n: row[3] as Int64,
                total: row[4] as Int64
            )
        }
        for row in ahead { try run(Query.addToTallies, [shop, row.name, today, row.a, row.b, row.n, row.total]) }
        try run("DELETE FROM tallies WHERE shop = ? AND day > ?", [shop, today])
        for table in ["journeys", "ratings", "trials"] {
            try run("UPDATE \(table) SET day = ? WHERE shop = ? AND day > ?", [today, shop, today])
        }
        try run(
            "UPDATE conversations SET outcome_day = ? WHERE shop = ? AND outcome_day > ?", [today, shop, today])
    }
}

extension Query {
    static let profileText = "SELECT value FROM remembered WHERE shop = ? AND name = ?"
    static let addToTallies = """
        INSERT INTO tallies (shop, name, day, a, b, n, total) VALUES (?, ?, ?, ?, ?, ?, ?)
        ON CONFLICT (shop, name, day, a, b) DO UPDATE SET
            n = tallies.n + excluded.n, total = tallies.total + excluded.total
        """
    static let countedBooking = """
        SELECT bookings.gift, bookings.amount, bookings.currency, bookings.booked_at, effects.trigger_name
        FROM bookings JOIN effects ON effects.shop = bookings.shop AND effects.id = bookings.effect_id
        WHERE bookings.shop = ? AND bookings.effect_id = ? AND bookings.freed_at IS NULL
        """
    static let giftOfCode = """
        SELECT results.effect_id, bookings.gift, effects.trigger_name
        FROM results
            JOIN bookings ON bookings.shop = results.shop AND bookings.effect_id = results.effect_id
            JOIN effects ON effects.shop = results.shop AND effects.id = results.effect_id
        WHERE results.shop = ? AND results.value = ? AND results.name = 'code' AND bookings.redeemed_at IS NULL
        """
    static let talliesAfter = "SELECT name, a, b, n, total FROM tallies WHERE shop = ? AND day > ?"
    static let journeysOfOrder = """
        SELECT shipment, carrier, day, outcome, days FROM journeys WHERE shop = ? AND order_id = ?
        """
}
