package import Outreach
package import Store

// The figures of a shop over some days, beside as many before: what Analytics shows, `bookbag report` prints and the
// weekly mail tells. All three are made from the same sums by `init`, which reads no clock and no table, so they cannot
// disagree. Each figure has its definition with it, and names the rows that it counts.

/// The figures of a shop.
package struct FiguresReport: Report {
    /// The rows that a figure counts, as far as there is a list of them.
    package enum Rows: Hashable, Sendable {
        case sent(trigger: String?)
        case held(trigger: String?)
        case refused(trigger: String?)
        case because(Reason)
        case parcels(carrier: String, Journey.Outcome)
        case delays(carrier: String, reason: String)
        case events(EventKind)
        case ratings(RatingKind, score: Int)
        case heldOut(trigger: String)
    }

    /// A figure of the first line.
    package struct Headline: Sendable {
        package var key: String
        package var title: String
        package var definition: String
        package var value: FigureValue
        /// What more there is to say of it: `95 % within 15 min`.
        package var note = ""
        package var before: FigureValue?
        package var rows: Rows?
        /// The table that has its parts; nil where there is none.
        package var table: String?
        /// False where the weekly mail, which has six lines, leaves it out.
        package var isWeekly = true
    }

    package struct Column: Sendable {
        package var key: String
        package var title: String
    }

    package struct Cell: Sendable {
        package var value: FigureValue
        package var rows: Rows?

        package init(_ value: FigureValue, _ rows: Rows? = nil) {
            self.value = value
            self.rows = rows
        }
    }

    /// A table. Its first column names the rows.
    package struct Table: Sendable {
        package var key: String
        package var title: String
        package var definition: String
        package var columns: [Column]
        package var rows: [[Cell]]
        /// The column that is drawn as a bar: its number, and the number that fills the whole width.
        package var bar: (column: Int, full: Double)?
    }

    /// A line of a chart.
    package struct Series: Sendable {
        package var key: String
        package var title: String
        package var counts: [Int64]

        package init(key: String, title: String, counts: [Int64]) {
            self.key = key
            self.title = title
            self.counts = counts
        }
    }

    /// Lines over the same days.
    package struct Chart: Sendable {
        package var key: String
        package var title: String
        package var definition: String
        package var series: [Series]

        package init(key: String, title: String, definition: String, series: [Series]) {
            self.key = key
            self.title = title
            self.definition = definition
            self.series = series
        }
    }

    package var shop: String
    package var days: Int
    package var from: CalendarDay
    package var to: CalendarDay
    package var headlines: [Headline]
    package var charts: [Chart]
    package var tables: [Table]

    /// The longest time that can be asked for.
    package static let mostDays = 730

    /// - Parameters:
    ///   - last: the last day.
    ///   - sums: over the days.
    ///   - earlier: over as many days before.
    ///   - daily: of each of the days.
    ///   - trials: what triggers with `hold_out` drew up to `lastOfTrials`.
    ///   - spending: what each trigger gave on each of the days.
    package init(
        shop: String, days: Int, until last: CalendarDay, sums: [TallySum], before earlier: [TallySum],
        daily: [DaySum], trials: [TrialSum] = [], spending: [DaySpending] = []
    ) {
        let days = max(1, min(days, Self.mostDays))
        self.shop = shop
        self.days = days
        to = last
        from = last.adding(days: 1 - days)
        let now = Sums(sums)
        let before = Sums(earlier)
        headlines = Self.headlines(now, before)
        charts = Self.charts(daily, from: from, days: days)
        tables = [
            Self.messages(now, before), Self.kinds(now), Self.promises(now), Self.transit(now, before),
            Self.delays(now, before), Self.reasons(now, before), Self.returns(now, before),
            Self.questions(now, before), Self.closings(now, before), Self.handOvers(now, before),
            Self.ratings(now, before), Self.gifts(now, before), Self.remedies(now, before),
            Self.done(now, before), Self.spending(spending),
            Self.holdOuts(trials, until: Self.lastOfTrials(last)),
        ]
    }

    /// The last day whose draws had time to be followed by a contact.
    package static func lastOfTrials(_ last: CalendarDay) -> CalendarDay {
        last.adding(days: -Int(HoldOutTrial.window / .days(1)) - 1)
    }

    /// Reads the sums of a shop up to today: five questions.
    package static func read(
        _ store: Store, shop: String, days: Int, until last: CalendarDay
    ) async throws(StoreFailure) -> FiguresReport {
        let days = max(1, min(days, mostDays))
        let first = last.adding(days: 1 - days)
        return FiguresReport(
            shop: shop, days: days, until: last,
            sums: try await store.tallySums(shop: shop, from: first, to: last),
            before: try await store.tallySums(shop: shop, from: first.adding(days: -days), to: first.adding(days: -1)),
            daily: try await store.daySums(shop: shop, from: first, to: last),
            trials: try await store.trialSums(
                shop: shop, from: lastOfTrials(last).adding(days: 1 - mostDays), to: lastOfTrials(last)),
            spending: try await store.daySpending(shop: shop, from: first, to: last))
    }
}

/// Sums, by what they count.
struct Sums {
    private var byName: [TallyName: [TallySum]]

    init(_ sums: [TallySum]) { byName = Dictionary(grouping: sums, by: \.name) }

    func all(_ name: TallyName) -> [TallySum] { byName[name] ?? [] }

    func count(_ name: TallyName, where holds: (TallySum) -> Bool = { _ in true }) -> Int64 {
        // Where a row was counted in one zone of the shop and taken away in another, a day may be below nothing.
        max(0, all(name).reduce(0) { holds($1) ? $0 + $1.n : $0 })
    }

    /// How many ended in one of these states.
    func settled(_ states: Set<String>, trigger: String? = nil) -> Int64 {
        count(.decisions) { sum in
            (trigger == nil || sum.a == trigger) && states.contains(String(sum.b.prefix { $0 != " " }))
        }
    }

    /// How many fall into each range.
    func buckets(_ name: TallyName, of a: String? = nil) -> [Int: Int64] {
        all(name).reduce(into: [:]) { counts, sum in
            guard a == nil || sum.a == a, let index = Int(sum.b) else { return }
            counts[index, default: 0] += max(0, sum.n)
        }
    }

    /// The `a` of a tally, the most frequent first.
    func names(_ name: TallyName, where holds: (TallySum) -> Bool = { _ in true }) -> [String] {
        all(name).filter(holds).reduce(into: [String: Int64]()) { $0[$1.a, default: 0] += $1.n }
            .filter { $0.value > 0 }.sorted { ($1.value, $0.key) < ($0.value, $1.key) }.map(\.key)
    }

    func parcels(_ outcome: Journey.Outcome, carrier: String? = nil) -> Int64 {
        count(.parcels) { $0.b == outcome.rawValue && (carrier == nil || $0.a == carrier) }
    }

    /// How many conversations ended so.
    ///
    /// - Parameter isFirst: only those in which she had to write once.
    func closed(
        _ outcomes: [ConversationOutcome] = ConversationOutcome.allCases, isFirst: Bool = false
    ) -> Int64 {
        outcomes.reduce(0) { all, outcome in
            all + count(.closings) { $0.a == outcome.rawValue && (!isFirst || $0.b == "first") }
        }
    }

    /// How many were closed and opened again.
    var reopened: Int64 { count(.closings) { $0.a == "reopened" } }

    /// Of the conversations that were closed, those in which no person took part.
    func alone() -> Share { Share(closed([.confirmed, .quiet]), of: closed()) }

    /// Of the answers of a kind (`draft` or `live`) that were judged, those that were right.
    func verdicts(_ kind: String, of intent: String? = nil) -> Share {
        func count(_ verdict: String) -> Int64 {
            self.count(.verdicts) { $0.b == "\(kind) \(verdict)" && (intent == nil || $0.a == intent) }
        }
        let right = count("right")
        return Share(right, of: right + count("wrong"))
    }

    /// How many questions for ratings of a kind were asked, or answered by that score.
    func ratings(_ kind: String, _ what: String) -> Int64 { count(.ratings) { $0.a == kind && $0.b == what } }

    /// Of the answers of a kind, those that were satisfied.
    func satisfied(_ kind: String) -> Share {
        let scores = Rating.scores.map { ratings(kind, "\($0)") }
        return Share(scores[(Rating.satisfied - 1)...].reduce(0, +), of: scores.reduce(0, +))
    }

    /// Of the questions of a kind, those that were answered.
    func answered(_ kind: String) -> Share {
        Share(satisfied(kind).n, of: max(ratings(kind, TallySum.asked), satisfied(kind).n))
    }

    /// Of parcels that arrived and had a promise, those that kept it.
    func kept(carrier: String? = nil) -> Share {
        let kept = parcels(.kept, carrier: carrier)
        return Share(kept, of: kept + parcels(.late, carrier: carrier))
    }
}

extension FiguresReport {
    static let sentStates: Set<String> = ["sent"]
    static let heldStates: Set<String> = ["shadowed", "held_out", "skipped", "withdrawn", "replaced"]
    static let refusedStates: Set<String> = ["refused", "bounced"]

    private static func headlines(_ now: Sums, _ before: Sums) -> [Headline] {
        let lags = now.buckets(.lags)
        let late = FigureValue.lag(TallyBuckets.lag.quantile(0.95, of: lags))
        let underway = FigureValue.grouped(now.parcels(.underway))
        let returns = { (sums: Sums) in sums.count(.events) { $0.a == EventKind.returnRequested.rawValue } }
        return [
            Headline(
                key: "sent", title: "messages sent",
                definition:
                    "Messages that a relay or an endpoint took, on the day it took them, and that did not come back.",
                value: .count(now.settled(sentStates)), before: .count(before.settled(sentStates)),
                rows: .sent(trigger: nil), table: "messages"),
            Headline(
                key: "kept", title: "promise kept",
                definition:
                    "Of the parcels delivered in this time for which a day had been named, by the shop's own promise or else first by a carrier, those that came by that day where they go. The interval is Wilson's, 95 %. Parcels still under way are those sent in this time that have not arrived.",
                value: .share(now.kept()), note: "\(underway) still under way", before: .share(before.kept()),
                table: "promises"),
            Headline(
                key: "lag", title: "from event to mail, half of them within",
                definition:
                    "From what happened to the message's acceptance, by ranges: half of the messages took at most so long. The waits that a trigger asks for, and nights, are part of it.",
                value: .lag(TallyBuckets.lag.quantile(0.5, of: lags)),
                note: lags.isEmpty ? "" : "95 % within \(late.text)",
                before: .lag(TallyBuckets.lag.quantile(0.5, of: before.buckets(.lags))), table: "messages"),
            Headline(
                key: "held", title: "held back, each with a reason",
                definition: "Messages that a trigger asked for and that were not sent, on the day of that decision.",
                value: .count(now.settled(heldStates)), before: .count(before.settled(heldStates)),
                rows: .held(trigger: nil), table: "reasons"),
            Headline(
                key: "delays", title: "delays",
                definition: "Times that a parcel was found to be late, or three days later than before.",
                value: .count(now.count(.delays)), before: .count(before.count(.delays)), table: "delays"),
            Headline(
                key: "returns", title: "returns asked for", definition: "Returns that shoppers asked for.",
                value: .count(returns(now)), before: .count(returns(before)), rows: .events(.returnRequested),
                table: "returns"),
        ] + conversationHeadlines(now, before) + ratingHeadlines(now, before)
    }

    /// What there is to say of conversations; nothing where no customer wrote.
    private static func conversationHeadlines(_ now: Sums, _ before: Sums) -> [Headline] {
        guard now.count(.questions) + before.count(.questions) + now.closed() > 0 else { return [] }
        let waits = now.buckets(.firstAnswers)
        let late = FigureValue.lag(TallyBuckets.lag.quantile(0.95, of: waits))
        let (confirmed, quiet) = (now.closed([.confirmed]), now.closed([.quiet]))
        return [
            Headline(
                key: "first_answer", title: "from question to first answer, half of them within",
                definition:
                    "From a customer's message to the first answer in that conversation, by a trigger or a person, on the day of that answer, by ranges. Word that a person has it is no answer.",
                value: .lag(TallyBuckets.lag.quantile(0.5, of: waits)),
                note: waits.isEmpty ? "" : "95 % within \(late.text)",
                before: .lag(TallyBuckets.lag.quantile(0.5, of: before.buckets(.firstAnswers))), table: "questions"),
            Headline(
                key: "alone", title: "of closed conversations, without a person",
                definition: closingsDefinition, value: .share(now.alone()),
                note:
                    "\(FigureValue.grouped(confirmed)) confirmed, \(FigureValue.grouped(quiet)) in which nothing more was said",
                before: .share(before.alone()), table: "closings"),
            Headline(
                key: "drafts_right", title: "of judged drafts, right",
                definition:
                    "Of the answers that a person sent, corrected or called wrong before they went out, those that were sent with the meaning that was understood, on the day they counted. The interval is Wilson's, 95 %.",
                value: .share(now.verdicts("draft")), before: .share(before.verdicts("draft")), table: "questions",
                isWeekly: false),
        ]
    }

    private static let closingsDefinition =
        "Conversations that were closed, and were not opened again, on the day of closing. Confirmed: no person took part, and the customer pressed \u{201C}That helped\u{201D} or wrote thanks. Nothing more was said: no person took part, and nobody knows whether it helped. At the first contact: the customer had to write once only. The interval is Wilson's, 95 %; with fewer than 30 no share is shown."

    private static func questions(_ now: Sums, _ before: Sums) -> Table {
        let rows = now.names(.questions).map { intent -> [Cell] in
            [
                Cell(.text(intent.replacing("_", with: " "))),
                Cell(.count(now.count(.questions) { $0.a == intent })),
                Cell(.count(before.count(.questions) { $0.a == intent })),
                Cell(.share(now.verdicts("draft", of: intent))), Cell(.share(now.verdicts("live", of: intent))),
            ]
        }
        return Table(
            key: "questions", title: "What customers ask",
            definition:
                "Messages of customers, by what was understood with certainty, on the day they came. Drafts right: of the drafts of answers that a person judged. Answers right: of those that went out by themselves and were judged, by a review, a button, a rating or at the desk; one in ten is put up for review, and who complains is not one in ten, so this tells less than the share of all that were right.",
            columns: [
                Column(key: "asks", title: "Asks for"), Column(key: "n", title: "Messages"),
                Column(key: "before", title: "Before"), Column(key: "drafts_right", title: "Drafts right"),
                Column(key: "answers_right", title: "Answers right"),
            ], rows: rows, bar: bar(rows, 1))
    }

    private static func closings(_ now: Sums, _ before: Sums) -> Table {
        let isEmpty = now.closed() + now.reopened + before.closed() == 0
        let rows =
            isEmpty
            ? []
            : ConversationOutcome.allCases.map { outcome -> [Cell] in
                let all = now.closed([outcome])
                return [
                    Cell(.text(words(outcome))), Cell(.count(all)), Cell(.count(before.closed([outcome]))),
                    Cell(.share(Share(now.closed([outcome], isFirst: true), of: all))),
                ]
            } + [
                [
                    Cell(.text("opened again")), Cell(.count(now.reopened)), Cell(.count(before.reopened)),
                    Cell(.text("\u{2013}")),
                ]
            ]
        return Table(
            key: "closings", title: "How conversations ended", definition: closingsDefinition,
            columns: [
                Column(key: "ended", title: "Ended"), Column(key: "n", title: "Conversations"),
                Column(key: "before", title: "Before"), Column(key: "first_contact", title: "At the first contact"),
            ], rows: rows, bar: bar(rows, 1))
    }

    private static func words(_ outcome: ConversationOutcome) -> String {
        switch outcome {
        case .confirmed: "without a person, confirmed"
        case .quiet: "without a person, nothing more was said"
        case .person: "with a person"
        }
    }

    private static func handOvers(_ now: Sums, _ before: Sums) -> Table {
        let rows = now.names(.handOvers).map { reason -> [Cell] in
            [
                Cell(.text(reason.replacing("_", with: " "))),
                Cell(.count(now.count(.handOvers) { $0.a == reason })),
                Cell(.count(before.count(.handOvers) { $0.a == reason })),
            ]
        }
        return Table(
            key: "hand_overs", title: "Why a person was needed",
            definition: "Times that a conversation was handed to a person, on that day, by the reason.",
            columns: [
                Column(key: "reason", title: "Reason"), Column(key: "n", title: "Times"),
                Column(key: "before", title: "Before"),
            ], rows: rows, bar: bar(rows, 1))
    }

    /// One for each kind of rating that was asked for: kinds are never added up.
    private static func ratingHeadlines(_ now: Sums, _ before: Sums) -> [Headline] {
        ratingKinds(now, before).map { kind in
            let (satisfied, answered) = (now.satisfied(kind.rawValue), now.answered(kind.rawValue))
            return Headline(
                key: "satisfied_\(kind.rawValue)", title: "satisfied, of rated \(kind.plural)",
                definition: satisfactionDefinition, value: .share(satisfied),
                note: "\(FigureValue.share(answered).note) answered",
                before: .share(before.satisfied(kind.rawValue)), table: "ratings", isWeekly: false)
        }
    }

    private static let satisfactionDefinition =
        "Of the ratings of one kind, those of 4 and 5, by the day on which the customer was asked; a rating that is changed counts on that day with its last score. Answered are those rated of those asked. What a mail scanner posts is not counted. The interval is Wilson's, 95 %; with fewer than 30 no share is shown. Ratings of different kinds are never added up."

    private static func ratingKinds(_ now: Sums, _ before: Sums) -> [RatingKind] {
        Set(now.names(.ratings) + before.names(.ratings)).sorted().map(RatingKind.init(rawValue:))
    }

    private static func ratings(_ now: Sums, _ before: Sums) -> Table {
        let rows = ratingKinds(now, before).map { kind -> [Cell] in
            let name = kind.rawValue
            return [
                Cell(.text(kind.plural)), Cell(.share(now.satisfied(name))), Cell(.share(before.satisfied(name))),
                Cell(.share(now.answered(name))), Cell(.count(now.ratings(name, TallySum.asked))),
            ]
                + Rating.scores.reversed().map {
                    Cell(.count(now.ratings(name, "\($0)")), .ratings(kind, score: $0))
                }
        }
        return Table(
            key: "ratings", title: "Ratings", definition: satisfactionDefinition,
            columns: [
                Column(key: "of", title: "Of"), Column(key: "satisfied", title: "Satisfied"),
                Column(key: "before", title: "Before"), Column(key: "answered", title: "Answered"),
                Column(key: "asked", title: "Asked"),
            ] + Rating.scores.reversed().map { Column(key: "score_\($0)", title: "\($0)") },
            rows: rows, bar: (1, 100))
    }

    private static func holdOuts(_ trials: [TrialSum], until last: CalendarDay) -> Table {
        let rows = Set(trials.map(\.trigger)).sorted().map { trigger -> [Cell] in
            let mine = trials.filter { $0.trigger == trigger }
            let (held, told) = (mine.first(where: \.isHeld), mine.first { !$0.isHeld })
            let since = mine.map(\.since).min() ?? last
            let trial = HoldOutTrial(
                told: told?.n ?? 0, toldContacts: told?.contacts ?? 0, held: held?.n ?? 0,
                heldContacts: held?.contacts ?? 0, days: last.days(since: since) + 1)
            return [
                Cell(.text(trigger)), Cell(.saved(trial)),
                Cell(.share(Share(trial.heldContacts, of: trial.held)), .heldOut(trigger: trigger)),
                Cell(.share(Share(trial.toldContacts, of: trial.told))),
            ]
        }
        return Table(
            key: "hold_out", title: "What messages save",
            definition:
                "Of triggers with 'hold_out', over all time up to two weeks ago: how many more of 1,000 customers write to you within 14 days if they are not told than if they are. A contact is a message of a person about the order or from the customer, and counts once. The interval is Newcombe's, 95 %; one that spans 0 says that it may be nothing. Several messages to one customer count each, so it is a little too narrow. No figure is shown before \(HoldOutTrial.fewestHeld) were held out and \(HoldOutTrial.fewestContacts) of them wrote.",
            columns: [
                Column(key: "trigger", title: "Trigger"), Column(key: "saved", title: "Contacts saved per 1,000"),
                Column(key: "held_out", title: "Held out, and wrote"), Column(key: "told", title: "Told, and wrote"),
            ], rows: rows)
    }

    private static func charts(_ daily: [DaySum], from: CalendarDay, days: Int) -> [Chart] {
        func counts(_ name: TallyName, _ holds: (String) -> Bool) -> [Int64] {
            var counts = [Int64](repeating: 0, count: days)
            for sum in daily where sum.name == name && holds(sum.b) {
                let index = sum.day.days(since: from)
                if counts.indices.contains(index) { counts[index] += max(0, sum.n) }
            }
            return counts
        }
        func state(_ states: Set<String>) -> (String) -> Bool { { states.contains(String($0.prefix { $0 != " " })) } }
        return [
            Chart(
                key: "messages", title: "Messages a day",
                definition: "Sent and held back, as in the first line of figures.",
                series: [
                    Series(key: "sent", title: "sent", counts: counts(.decisions, state(sentStates))),
                    Series(key: "held", title: "held back", counts: counts(.decisions, state(heldStates))),
                ]),
            Chart(
                key: "parcels", title: "Parcels delivered a day",
                definition: "On the day of their delivery, by the promised day or after it; others had no promise.",
                series: [
                    Series(key: "kept", title: "by the promised day", counts: counts(.parcels) { $0 == "kept" }),
                    Series(key: "late", title: "late", counts: counts(.parcels) { $0 == "late" }),
                    Series(
                        key: "unpromised", title: "no day named", counts: counts(.parcels) { $0 == "unpromised" }),
                ]),
            Chart(
                key: "delays", title: "Delays a day", definition: "On the day on which a parcel became late.",
                series: [Series(key: "delays", title: "delays", counts: counts(.delays) { _ in true })]),
        ]
    }

    private static func messages(_ now: Sums, _ before: Sums) -> Table {
        let rows = now.names(.decisions).map { trigger -> [Cell] in
            let lags = now.buckets(.lags, of: trigger)
            return [
                Cell(.text(trigger)),
                Cell(.count(now.settled(sentStates, trigger: trigger)), .sent(trigger: trigger)),
                Cell(.count(before.settled(sentStates, trigger: trigger))),
                Cell(.count(now.settled(heldStates, trigger: trigger)), .held(trigger: trigger)),
                Cell(.count(now.settled(refusedStates, trigger: trigger)), .refused(trigger: trigger)),
                Cell(.lag(TallyBuckets.lag.quantile(0.5, of: lags))),
                Cell(.lag(TallyBuckets.lag.quantile(0.95, of: lags))),
            ]
        }
        return Table(
            key: "messages", title: "Messages by trigger",
            definition:
                "What each trigger's messages came to. Refused are those that a far end would never take, or sent back. The times are from the event to the acceptance.",
            columns: [
                Column(key: "trigger", title: "Trigger"), Column(key: "sent", title: "Sent"),
                Column(key: "before", title: "Before"), Column(key: "held", title: "Held back"),
                Column(key: "refused", title: "Refused"), Column(key: "median", title: "Half within"),
                Column(key: "p95", title: "95 % within"),
            ], rows: rows, bar: bar(rows, 1))
    }

    private static func kinds(_ now: Sums) -> Table {
        let rows = now.names(.told).map { kind -> [Cell] in
            let sent = now.count(.told) { $0.a == kind }
            let events = now.count(.events) { $0.a == kind }
            return [
                Cell(.text(kind)), Cell(.count(events)), Cell(.count(sent)),
                Cell(events > 0 ? .ratio(Double(sent) / Double(events)) : .text("–")),
            ]
        }
        return Table(
            key: "kinds", title: "Messages for each event",
            definition:
                "Messages sent in this time by the kind of event that they tell of, and events of that kind that were news in it. A message may tell of an event of the days before.",
            columns: [
                Column(key: "event", title: "Event"), Column(key: "events", title: "Events"),
                Column(key: "sent", title: "Sent"), Column(key: "ratio", title: "For each"),
            ], rows: rows, bar: bar(rows, 2))
    }

    private static func promises(_ now: Sums) -> Table {
        let rows = now.names(.parcels).map { carrier -> [Cell] in
            [
                Cell(.text(named(carrier))), Cell(.share(now.kept(carrier: carrier))),
                Cell(.count(now.parcels(.kept, carrier: carrier)), .parcels(carrier: carrier, .kept)),
                Cell(.count(now.parcels(.late, carrier: carrier)), .parcels(carrier: carrier, .late)),
                Cell(.count(now.parcels(.unpromised, carrier: carrier)), .parcels(carrier: carrier, .unpromised)),
                Cell(.count(now.parcels(.underway, carrier: carrier)), .parcels(carrier: carrier, .underway)),
            ]
        }
        return Table(
            key: "promises", title: "Promise kept, by carrier",
            definition:
                "Parcels delivered in this time, by whether they came by the first day that was named for them. With fewer than 30 of them no share is shown. Under way: sent in this time, and not there yet.",
            columns: [
                Column(key: "carrier", title: "Carrier"), Column(key: "kept", title: "Kept"),
                Column(key: "on_time", title: "In time"), Column(key: "late", title: "Late"),
                Column(key: "unpromised", title: "No day named"), Column(key: "underway", title: "Under way"),
            ], rows: rows, bar: (1, 100))
    }

    private static func transit(_ now: Sums, _ before: Sums) -> Table {
        let rows = now.names(.transit).map { carrier -> [Cell] in
            let counts = now.buckets(.transit, of: carrier)
            let earlier = before.buckets(.transit, of: carrier)
            return [
                Cell(.text(named(carrier))), Cell(.count(counts.values.reduce(0, +))),
                Cell(.days(TallyBuckets.transit.quantile(0.5, of: counts))),
                Cell(.days(TallyBuckets.transit.quantile(0.9, of: counts))),
                Cell(.days(TallyBuckets.transit.quantile(0.5, of: earlier))),
            ]
        }
        return Table(
            key: "transit", title: "Days on the way, by carrier",
            definition:
                "Of parcels delivered in this time: days from the first scan in the carrier's hands, or else from the fulfillment, to the delivery. Half took at most the median, nine in ten at most the second figure.",
            columns: [
                Column(key: "carrier", title: "Carrier"), Column(key: "n", title: "Parcels"),
                Column(key: "median", title: "Median"), Column(key: "p90", title: "Nine in ten"),
                Column(key: "median_before", title: "Median before"),
            ], rows: rows, bar: (2, Double(TallyBuckets.transit.ends.count)))
    }

    private static func delays(_ now: Sums, _ before: Sums) -> Table {
        var rows: [[Cell]] = []
        for carrier in now.names(.delays) {
            let mine = now.all(.delays).filter { $0.a == carrier && $0.n > 0 }
            for sum in mine.sorted(by: { ($1.n, $0.b) < ($0.n, $1.b) }) {
                let earlier = before.count(.delays) { $0.a == carrier && $0.b == sum.b }
                rows.append([
                    Cell(.text(named(carrier))), Cell(.text(delayWords(sum.b))),
                    Cell(.count(sum.n), .delays(carrier: carrier, reason: sum.b)), Cell(.count(earlier)),
                ])
            }
        }
        return Table(
            key: "delays", title: "Delays, by carrier and reason",
            definition: "Times that a parcel was found to be late, by the sign that told so.",
            columns: [
                Column(key: "carrier", title: "Carrier"), Column(key: "reason", title: "Reason"),
                Column(key: "n", title: "Delays"), Column(key: "before", title: "Before"),
            ], rows: rows, bar: bar(rows, 2))
    }

    private static func reasons(_ now: Sums, _ before: Sums) -> Table {
        func counts(_ sums: Sums) -> [String: Int64] {
            sums.all(.decisions).reduce(into: [:]) { counts, sum in
                let parts = sum.b.split(separator: " ", maxSplits: 1)
                guard parts.count == 2, heldStates.contains(String(parts[0])) else { return }
                counts[String(parts[1]), default: 0] += sum.n
            }
        }
        let earlier = counts(before)
        let rows = counts(now).filter { $0.value > 0 }.sorted { ($1.value, $0.key) < ($0.value, $1.key) }
            .map { reason, n -> [Cell] in
                [
                    Cell(.text(reason.replacing("_", with: " "))),
                    Cell(.count(n), Reason(rawValue: reason).map(Rows.because)),
                    Cell(.count(max(0, earlier[reason] ?? 0))),
                    Cell(.text(ReasonWords.sentence(Reason(rawValue: reason)))),
                ]
            }
        return Table(
            key: "reasons", title: "Why nothing was sent",
            definition: "Messages that a trigger asked for and that were not sent, by the reason in force.",
            columns: [
                Column(key: "reason", title: "Reason"), Column(key: "n", title: "Messages"),
                Column(key: "before", title: "Before"), Column(key: "words", title: "That is"),
            ], rows: rows, bar: bar(rows, 1))
    }

    private static func returns(_ now: Sums, _ before: Sums) -> Table {
        let kinds = EventKind.allCases.filter { $0.rawValue.hasPrefix("return.") || $0.rawValue.hasPrefix("refund.") }
        let rows = kinds.compactMap { kind -> [Cell]? in
            let n = now.count(.events) { $0.a == kind.rawValue }
            let earlier = before.count(.events) { $0.a == kind.rawValue }
            guard n > 0 || earlier > 0 else { return nil }
            return [Cell(.text(kind.rawValue)), Cell(.count(n), .events(kind)), Cell(.count(earlier))]
        }
        return Table(
            key: "returns", title: "Returns and refunds",
            definition: "What happened to returns and refunds in this time.",
            columns: [
                Column(key: "event", title: "Event"), Column(key: "n", title: "Times"),
                Column(key: "before", title: "Before"),
            ], rows: rows, bar: bar(rows, 1))
    }

    /// A column of counts as bars, the greatest of which is whole.
    private static func bar(_ rows: [[Cell]], _ column: Int) -> (column: Int, full: Double)? {
        let greatest = rows.compactMap { $0[column].value.number }.max() ?? 0
        return greatest > 0 ? (column, greatest) : nil
    }

    private static func named(_ carrier: String) -> String { carrier.isEmpty ? "no carrier named" : carrier }

    package static func delayWords(_ reason: String) -> String {
        switch reason {
        case "carrier_says": "the carrier says so"
        case "estimate_moved": "the expected day moved"
        case "promise_passed": "the promised day passed"
        case "no_scan": "nobody scanned it"
        case "not_handed_over": "not handed over"
        default: reason.replacing("_", with: " ")
        }
    }
}
