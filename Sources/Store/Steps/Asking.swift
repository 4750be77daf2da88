// Which parcels to ask carriers about, and what is left of their quotas.
//
// Each parcel's next time is written together with what was learned about its order (`Store.commit`), so that no answer
// is recorded without its next question. Finding due parcels seeks one index entry per urgency, whatever the number of
// parcels. There is only one daemon, so a parcel being asked about needs no lease: after a crash it is still due, and
// asked about again.

public import Outreach

/// A parcel of a shop, by the store's number.
public struct ParcelID: Hashable, Sendable {
    public var shop: String
    public var number: Int64

    /// A parcel by its shop and number.
    public init(shop: String, number: Int64) {
        self.shop = shop
        self.number = number
    }
}

/// A parcel that it is time to ask about.
public struct DueParcel: Hashable, Sendable {
    /// The parcel.
    public var id: ParcelID
    /// Without spaces and in capitals.
    public var number: String
    public var urgency: Urgency
    public var askAt: Moment
    /// When it was last asked about; nil for never.
    public var askedAt: Moment?
    /// Questions in a row that ended in a fault.
    public var tries: Int
    /// Answers in a row saying that the carrier does not know it.
    public var misses: Int
    /// Its own source, which is asked about it as long as that source answers.
    public var source: String
    /// All sources that can be asked about it, best first; only its own if there is no other.
    public var sources: [String]
    /// Sources that will never know it.
    public var refused: [String]
    /// Sources that did not know it for a long time, or would not show it.
    public var passedOver: [String]
    /// The destination country, as two letters.
    public var home: String?
    /// The shop's ids of the orders that it belongs to.
    public var orderIDs: [String]
    /// When the first of them was placed.
    public var placedAt: Moment

    public var shop: String { id.shop }

    /// The sources other than `source` that may be asked about it.
    public func others(than source: String) -> [String] {
        sources.filter { $0 != source && !refused.contains($0) }
    }
}

/// The outcome of a question that told us nothing about the parcel.
public enum AskOutcome: Hashable, Sendable {
    /// A fault: ask again at that time.
    case failed(retryAt: Moment)
    /// The carrier does not know the number, yet.
    case missed
    /// The carrier knows it after all.
    case found
    /// A source will never know it and is not asked about this parcel again. If it was the parcel's own source, the
    /// next one takes over at once.
    case refused(by: String)
    /// The parcel's own source did not know it for a long time, or will not show it: the next one takes over at once,
    /// and this one is asked again when all the others have had their turn.
    case passedOver(by: String)

    /// True if the parcel may pass to another source, which has to ask at once.
    public var givesTheTurn: Bool {
        switch self {
        case .refused, .passedOver: true
        case .failed, .missed, .found: false
        }
    }
}

/// How much of a quota window is spent.
public struct CarrierWindow: Hashable, Sendable {
    public var seconds: Int64
    public var calls: Int
    public var day: Int64
    public var spent: Int
    public var freeAt: Moment

    /// A window to be stored.
    public init(seconds: Int64, calls: Int, day: Int64, spent: Int, freeAt: Moment) {
        self.seconds = seconds
        self.calls = calls
        self.day = day
        self.spent = spent
        self.freeAt = freeAt
    }
}

/// A carrier's state.
public struct CarrierState: Hashable, Sendable {
    public var carrier: String
    /// Nothing is asked before this time; nil while the carrier is open.
    public var closedUntil: Moment?
    /// In one word, from the answer that closed it.
    public var reason: String?
    /// One sentence for people.
    public var detail: String?
    /// Fruitless calls in a row.
    public var failures: Int
    /// All calls ever sent.
    public var calls: Int64
    /// All parcels ever asked about.
    public var asked: Int64
    /// All answers ever about a parcel, "not known" included.
    public var answers: Int64
    /// All answers ever that were unusable.
    public var faults: Int64
    /// When it last answered about a parcel.
    public var answeredAt: Moment?
    /// The last fault, in one sentence.
    public var lastFault: String?
    public var windows: [CarrierWindow]
    /// Codes that none of our tables has.
    public var unknownCodes: Int

    /// A carrier that was never asked.
    public init(_ carrier: String) {
        self.carrier = carrier
        failures = 0
        calls = 0
        asked = 0
        answers = 0
        faults = 0
        windows = []
        unknownCodes = 0
    }
}

/// The changes that a few calls make to a carrier's state.
public struct CarrierNote: Hashable, Sendable {
    public var carrier: String
    public var closedUntil: Moment?
    public var reason: String?
    public var detail: String?
    public var failures = 0
    public var calls = 0
    public var asked = 0
    public var answers = 0
    public var faults = 0
    public var answeredAt: Moment?
    public var lastFault: String?
    /// Codes that were seen and are in none of our tables.
    public var unknownCodes: [String] = []

    /// Nothing yet.
    public init(_ carrier: String) { self.carrier = carrier }
}

extension Store {
    /// The most unknown codes that are kept per carrier.
    static let greatestCodeCount: Int64 = 1_000

    /// The due parcels of a source, up to `limit` of each urgency, longest due first. The cost does not depend on the
    /// number of parcels.
    ///
    /// - Parameter shops: those that this process serves; nil for all.
    public func dueParcels(
        source: String, of shops: Set<String>? = nil, limit: Int, now: Moment,
        urgencies: [Urgency] = Urgency.allCases
    ) async throws(StoreFailure) -> [DueParcel] {
        try await read { db in
            try db.dueParcels(source: source, of: shops, urgencies: urgencies, limit: limit, now: now) {
                shop, urgency in
                (Query.dueParcels, [shop, source, urgency.rawValue, now.milliseconds, limit])
            }
        }
    }

    /// The due parcels of a source for which `other` can be asked instead; up to `limit` of each urgency, longest due
    /// first. With `isPatient`, only those whose answer is overdue by as much as they can bear; parcels that have
    /// arrived can wait indefinitely.
    public func dueParcels(
        source: String, for other: String, of shops: Set<String>? = nil, isPatient: Bool, limit: Int, now: Moment,
        urgencies: [Urgency] = Urgency.allCases
    ) async throws(StoreFailure) -> [DueParcel] {
        try await read { db in
            let urgencies = urgencies.filter { $0 != .settled }
            return try db.dueParcels(source: source, of: shops, urgencies: urgencies, limit: limit, now: now) {
                shop, urgency in
                let latest = isPatient ? now - urgency.patience : now
                return (
                    Query.dueParcelsOfOthers,
                    [shop, source, urgency.rawValue, latest.milliseconds, other, other, limit]
                )
            }
        }
    }

    /// When the next parcel of a source and of that urgency is due; nil if there is none.
    public func nextAsk(
        source: String, of shops: Set<String>? = nil, urgencies: [Urgency] = Urgency.allCases
    ) async throws(StoreFailure) -> Moment? {
        try await read { db in
            let served = try db.shops().filter { shops?.contains($0.domain) ?? true }.map(\.id)
            let places = served.flatMap { shop in urgencies.map { (shop: shop, urgency: $0) } }
            return try db.together(places) { shop, urgency in
                try db.integer(Query.nextAsk, [shop, source, urgency.rawValue])
            }.compactMap(\.self).min().map { Moment(milliseconds: $0) }
        }
    }

    /// Writes the outcome of questions that told us nothing, or only that the number is known.
    public func settleAsks(
        _ outcomes: [(parcel: ParcelID, outcome: AskOutcome)], now: Moment
    ) async throws(StoreFailure) {
        guard !outcomes.isEmpty else { return }
        try await write { db in
            var shops = ShopNumbers()
            var tally = Tally()
            // A parcel that another outcome turned before is read again.
            var sources = try db.sources(of: outcomes.filter(\.outcome.givesTheTurn).map(\.parcel))
            for (parcel, outcome) in outcomes {
                let shop = try shops.number(parcel.shop, in: db)
                let id = parcel.number
                switch outcome {
                case .failed(let retryAt):
                    try db.run(
                        """
                        UPDATE parcels SET tries = tries + 1, asked_at = ?, ask_at = ?
                        WHERE shop = ? AND id = ? AND ask_at IS NOT NULL
                        """, [now.milliseconds, retryAt.milliseconds, shop, id])
                case .missed:
                    try db.run("UPDATE parcels SET misses = misses + 1 WHERE shop = ? AND id = ?", [shop, id])
                case .found: try db.run("UPDATE parcels SET misses = 0 WHERE shop = ? AND id = ?", [shop, id])
                case .refused(let source):
                    let known = try sources.removeValue(forKey: parcel) ?? db.sources(of: id, shop: shop)
                    try db.turn(
                        id, over: known, shop: shop, from: source, forGood: true, now: now, tally: &tally)
                case .passedOver(let source):
                    let known = try sources.removeValue(forKey: parcel) ?? db.sources(of: id, shop: shop)
                    try db.turn(
                        id, over: known, shop: shop, from: source, forGood: false, now: now, tally: &tally)
                }
            }
            try tally.write(to: db)
            try db.note(now)
        }
    }

    /// Books calls of a carrier's quota, of which other daemons may have booked some since. Call it before the calls go
    /// out, so that a crash counts too many calls and never too few.
    ///
    /// - Parameter book: adds the calls to what was booked before; nil where there is no room for them.
    /// - Returns: what is booked now, and whether the calls are.
    @discardableResult
    public func bookWindows(
        carrier: String, now: Moment, _ book: @escaping @Sendable (_ before: [CarrierWindow]) -> [CarrierWindow]?
    ) async throws(StoreFailure) -> (windows: [CarrierWindow], areBooked: Bool) {
        try await write { db in
            if case .postgres(let line) = db.line { try Owners.lockWindows(line, of: carrier) }
            let before = try db.windows(of: carrier)
            guard let windows = book(before) else { return (before, false) }
            for window in windows {
                try db.run(
                    """
                    INSERT INTO carrier_windows (carrier, seconds, calls, day, spent, free_at) VALUES (?, ?, ?, ?, ?, ?)
                    ON CONFLICT (carrier, seconds) DO UPDATE SET calls = excluded.calls, day = excluded.day,
                        spent = excluded.spent, free_at = excluded.free_at
                    """,
                    [
                        carrier, window.seconds, window.calls, window.day, window.spent, window.freeAt.milliseconds,
                    ])
            }
            try db.note(now)
            return (windows, true)
        }
    }

    /// Adds the results of a few calls to a carrier's state. Returns the codes seen for the first time.
    public func noteCarrier(_ note: CarrierNote, now: Moment) async throws(StoreFailure) -> [String] {
        try await write { db in
            try db.run(
                """
                INSERT INTO carriers (carrier, closed_until, reason, detail, failures, calls, asked, answers, faults,
                    answered_at, last_fault)
                VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)
                ON CONFLICT (carrier) DO UPDATE SET closed_until = excluded.closed_until, reason = excluded.reason,
                    detail = excluded.detail, failures = excluded.failures, calls = carriers.calls + excluded.calls,
                    asked = carriers.asked + excluded.asked, answers = carriers.answers + excluded.answers,
                    faults = carriers.faults + excluded.faults,
                    answered_at = coalesce(excluded.answered_at, carriers.answered_at),
                    last_fault = coalesce(excluded.last_fault, carriers.last_fault)
                """,
                [
                    note.carrier, note.closedUntil?.milliseconds, note.reason, note.detail, note.failures, note.calls,
                    note.asked, note.answers, note.faults, note.answeredAt?.milliseconds, note.lastFault,
                ])
            var new: [String] = []
            for code in note.unknownCodes {
                let code = String(code.prefix(100))
                let seen = try db.integer(
                    """
                    UPDATE unknown_codes SET seen = seen + 1, last_seen_at = ? WHERE carrier = ? AND code = ?
                    RETURNING seen
                    """, [now.milliseconds, note.carrier, code])
                if seen != nil { continue }
                let kept = try db.integer("SELECT count(*) FROM unknown_codes WHERE carrier = ?", [note.carrier]) ?? 0
                guard kept < Store.greatestCodeCount else { continue }
                try db.run(
                    "INSERT INTO unknown_codes (carrier, code, first_seen_at, last_seen_at, seen) VALUES (?, ?, ?, ?, 1)",
                    [note.carrier, code, now.milliseconds, now.milliseconds])
                new.append(code)
            }
            try db.note(now)
            return new
        }
    }

    /// The state of every carrier ever asked, by name.
    public func carrierStates() async throws(StoreFailure) -> [CarrierState] {
        try await read { db in
            var states: [String: CarrierState] = [:]
            let rows = try db.all(
                """
                SELECT carrier, closed_until, reason, detail, failures, calls, asked, answers, faults, answered_at,
                    last_fault FROM carriers
                """
            ) { row in
                var state = CarrierState(row[0])
                state.closedUntil = row.optionalMoment(1)
                state.reason = row[2]
                state.detail = row[3]
                state.failures = row[4]
                state.calls = row[5]
                state.asked = row[6]
                state.answers = row[7]
                state.faults = row[8]
                state.answeredAt = row.optionalMoment(9)
                state.lastFault = row[10]
                return state
            }
            for state in rows { states[state.carrier] = state }
            let windows = try db.all("SELECT carrier, seconds, calls, day, spent, free_at FROM carrier_windows") {
                (
                    $0[0] as String,
                    CarrierWindow(seconds: $0[1], calls: $0[2], day: $0[3], spent: $0[4], freeAt: $0.moment(5))
                )
            }
            for (carrier, window) in windows {
                states[carrier, default: CarrierState(carrier)].windows.append(window)
            }
            let codes = try db.all("SELECT carrier, count(*) FROM unknown_codes GROUP BY carrier") {
                ($0[0] as String, $0[1] as Int)
            }
            for (carrier, count) in codes { states[carrier, default: CarrierState(carrier)].unknownCodes = count }
            return states.values.sorted { $0.carrier < $1.carrier }
        }
    }

    /// A carrier's state.
    public func carrierState(_ carrier: String) async throws(StoreFailure) -> CarrierState {
        try await carrierStates().first { $0.carrier == carrier } ?? CarrierState(carrier)
    }

    /// The number of parcels to ask about, by source; under the empty name, those that no source can be asked about.
    public func parcelCounts() async throws(StoreFailure) -> [String: Int] {
        try await read { db in
            let rows = try db.all(
                "SELECT label1, sum(total) FROM counters WHERE name = 'parcels' GROUP BY label1 HAVING sum(total) > 0"
            ) { ($0[0] as String, $0[1] as Int) }
            return Dictionary(uniqueKeysWithValues: rows)
        }
    }

    /// Some orders that are still open, for a walk over all of them: those after the order with the number `after`, and
    /// the number to continue from.
    public func openOrders(
        shop: String, after: Int64, limit: Int
    ) async throws(StoreFailure) -> (orderIDs: [String], last: Int64?) {
        try await read { db in
            let rows = try db.all(Query.openOrders, [try db.shop(shop), after, limit]) {
                ($0[0] as Int64, $0[1] as String)
            }
            return (rows.map(\.1), rows.last?.0)
        }
    }
}

/// Whose turn it is to be asked about a parcel: the best source that neither refused it nor was passed over. If all
/// remaining ones were passed over, the round starts again.
private struct Turn {
    let refused: [String]
    private(set) var passed: [String]
    /// Empty if no source can be asked.
    var source: String

    init(sources: [String], refused: [String], passed: [String]) {
        self.refused = refused
        self.passed = passed
        let able = sources.filter { !refused.contains($0) }
        if let next = able.first(where: { !passed.contains($0) }) {
            source = next
        } else {
            source = able.first ?? ""
            self.passed = []
        }
    }

    var passedText: String? { passed.isEmpty ? nil : passed.joined(separator: " ") }
}

extension Row {
    /// Words separated by spaces; none if there is nothing.
    fileprivate func words(_ index: Int) -> [String] {
        (self[index] as String? ?? "").split(separator: " ").map(String.init)
    }
}

/// Who is asked about a parcel, and who can be.
private struct ParcelSources: Hashable {
    var source: String
    var sources: [String]
    var refused: [String]
    var passed: [String]
}

/// A parcel as it is stored.
struct StoredParcel: Hashable {
    var id: Int64
    var source: String
    var urgency: Int
    var askAt: Moment?
    var refused: [String]
    var home: String?
    var askedAt: Moment?
    var sources: String?
    var passed: [String]
    /// True if another order has it, too. Only known where this one has it no more.
    var isOfAnother = false
}

extension Connection {
    /// The parcel of one of an order's numbers; nil if there is none yet.
    func parcel(_ ask: Ask, orderID: Int64?, shop: Int64) throws -> StoredParcel? {
        let stored = try first(Query.parcel, [shop, ask.number]) { row in
            StoredParcel(
                id: row[0], source: row[1], urgency: row[2], askAt: row.optionalMoment(3), refused: row.words(4),
                home: row[5], askedAt: row.optionalMoment(6), sources: row[7], passed: row.words(8))
        }
        guard var stored, ask.at == nil else { return stored }
        stored.isOfAnother = try isOfAnother(stored.id, than: orderID, shop: shop)
        return stored
    }

    private func isOfAnother(_ parcel: Int64, than orderID: Int64?, shop: Int64) throws -> Bool {
        try integer(Query.otherOrderOfParcel, [shop, parcel, orderID ?? 0]) != nil
    }

    /// Writes when to ask about one of an order's numbers; a parcel that no order has any more is removed. True if it
    /// is now due sooner, or from another source.
    ///
    /// - Parameter row: the parcel of that number, as it is stored.
    func put(
        _ ask: Ask, over row: StoredParcel?, orderID: Int64, shop: Int64, now: Moment, numbers: inout RowNumbers,
        tally: inout Tally
    ) throws -> Bool {
        guard let at = ask.at else {
            if let row { try unlink(row, orderID: orderID, shop: shop, tally: &tally) }
            return false
        }
        let turn = Turn(sources: ask.sources, refused: row?.refused ?? [], passed: row?.passed ?? [])
        let source = turn.source
        let sources = ask.sources.count > 1 ? ask.sources.joined(separator: " ") : nil
        let isNew = row?.askedAt == nil || row?.source != source
        // A parcel never asked about is not postponed for being only a label.
        let urgency = isNew && !ask.answered && ask.urgency == .idle ? Urgency.moving : ask.urgency
        var askAt: Moment?
        if !source.isEmpty {
            if source != row?.source {
                // A source never asked about it is asked at once.
                askAt = ask.urgency == .settled ? at : min(at, now)
            } else if ask.answered {
                askAt = at
            } else {
                askAt = row?.askAt.map { min($0, at) } ?? at
            }
        }
        let id: Int64
        if let row {
            id = row.id
            if row.source != source || row.askAt != askAt || row.urgency != urgency.rawValue || row.home != ask.home
                || row.sources != sources || row.passed != turn.passed || ask.answered
            {
                try run(
                    """
                    UPDATE parcels SET source = ?, urgency = ?, ask_at = ?, home = ?, sources = ?, passed_over = ?,
                        tries = CASE WHEN ? = 1 THEN 0 ELSE tries END, asked_at = coalesce(?, asked_at)
                    WHERE shop = ? AND id = ?
                    """,
                    [
                        source, urgency.rawValue, askAt?.milliseconds, ask.home, sources, turn.passedText,
                        ask.answered, ask.answered ? now.milliseconds : nil, shop, id,
                    ])
            }
            if row.source != source {
                tally.add(.parcels, [row.source], shop: shop, -1)
                tally.add(.parcels, [source], shop: shop)
            }
        } else {
            id = try numbers.take(.parcels, shop: shop, in: self)
            try run(
                """
                INSERT INTO parcels (shop, id, number, source, urgency, ask_at, home, sources)
                VALUES (?, ?, ?, ?, ?, ?, ?, ?)
                """,
                [shop, id, ask.number, source, urgency.rawValue, askAt?.milliseconds, ask.home, sources])
            tally.add(.parcels, [source], shop: shop)
        }
        try run(
            "INSERT INTO parcel_orders (shop, parcel, order_id) VALUES (?, ?, ?) ON CONFLICT DO NOTHING",
            [shop, id, orderID])
        guard let askAt else { return false }
        return row?.source != source || row?.askAt.map { askAt < $0 } ?? true
    }

    /// The sources of these parcels; an entry is nil where there is no such parcel any more.
    fileprivate func sources(of parcels: [ParcelID]) throws -> [ParcelID: ParcelSources?] {
        let parcels = Array(Set(parcels))
        let found = try together(parcels) { try sources(of: $0.number, shop: shop($0.shop)) }
        return Dictionary(uniqueKeysWithValues: zip(parcels, found))
    }

    fileprivate func sources(of parcel: Int64, shop: Int64) throws -> ParcelSources? {
        try first(Query.parcelSources, [shop, parcel]) {
            ParcelSources(source: $0[0], sources: $0.words(1), refused: $0.words(2), passed: $0.words(3))
        }
    }

    /// Passes the parcel to its next source, which is asked at once.
    fileprivate func turn(
        _ parcel: Int64, over row: ParcelSources?, shop: Int64, from source: String, forGood: Bool, now: Moment,
        tally: inout Tally
    ) throws {
        guard let row, !row.source.isEmpty else { return }
        var turn = Turn(
            sources: row.sources.isEmpty ? [row.source] : row.sources,
            refused: forGood && !row.refused.contains(source) ? row.refused + [source] : row.refused,
            passed: forGood || row.passed.contains(source) ? row.passed : row.passed + [source])
        // A stand-in is refused, and the parcel keeps its own source.
        if row.source != source { turn.source = row.source }
        let isSame = turn.source == row.source
        try run(
            """
            UPDATE parcels SET refused = ?, passed_over = ?, source = ?, ask_at = CASE WHEN ? = 1 THEN ask_at ELSE ? END,
                tries = CASE WHEN ? = 1 THEN tries ELSE 0 END, misses = 0 WHERE shop = ? AND id = ?
            """,
            [
                turn.refused.isEmpty ? nil : turn.refused.joined(separator: " "), turn.passedText, turn.source, isSame,
                turn.source.isEmpty ? nil : now.milliseconds, isSame, shop, parcel,
            ])
        guard !isSame else { return }
        tally.add(.parcels, [row.source], shop: shop, -1)
        tally.add(.parcels, [turn.source], shop: shop)
    }

    fileprivate func windows(of carrier: String) throws -> [CarrierWindow] {
        try all("SELECT seconds, calls, day, spent, free_at FROM carrier_windows WHERE carrier = ?", [carrier]) {
            CarrierWindow(seconds: $0[0], calls: $0[1], day: $0[2], spent: $0[3], freeAt: $0.moment(4))
        }
    }

    /// The parcels of those shops, or of all, that a query finds for each urgency, longest due first within each; `query` returns
    /// them for one shop.
    fileprivate func dueParcels(
        source: String, of served: Set<String>?, urgencies: [Urgency], limit: Int, now: Moment,
        _ query: (_ shop: Int64, _ urgency: Urgency) -> (sql: String, arguments: SQLArguments)
    ) throws -> [DueParcel] {
        let shops = try shops().filter { served?.contains($0.domain) ?? true }
        let places = urgencies.flatMap { urgency in shops.map { (urgency: urgency, shop: $0) } }
        let found = try together(places) { urgency, shop in
            let (sql, arguments) = query(shop.id, urgency)
            return try all(sql, arguments) { row in
                (
                    shop: shop.id,
                    parcel: dueParcel(row, of: shop.domain, source: source, urgency: urgency, now: now)
                )
            }
        }
        var due: [(shop: Int64, parcel: DueParcel)] = []
        for urgency in urgencies {
            var ofUrgency = zip(places, found).filter { $0.0.urgency == urgency }.flatMap(\.1)
            if shops.count > 1 { ofUrgency.sort { $0.parcel.askAt < $1.parcel.askAt } }
            due += ofUrgency.prefix(limit)
        }
        let orders = try together(due) { shop, parcel in
            try all(Query.ordersOfParcel, [shop, parcel.id.number]) { ($0[0] as String, $0.moment(1)) }
        }
        return zip(due, orders).map { one, orders in
            var parcel = one.parcel
            parcel.orderIDs = orders.map(\.0)
            parcel.placedAt = orders.map(\.1).min() ?? now
            return parcel
        }
    }

    private func dueParcel(_ row: Row, of domain: String, source: String, urgency: Urgency, now: Moment) -> DueParcel {
        let sources = row.words(8)
        return DueParcel(
            id: ParcelID(shop: domain, number: row[0]), number: row[1], urgency: urgency, askAt: row.moment(2),
            askedAt: row.optionalMoment(3), tries: row[4], misses: row[5], source: source,
            sources: sources.isEmpty ? [source] : sources, refused: row.words(7), passedOver: row.words(9),
            home: row[6], orderIDs: [], placedAt: now)
    }

    /// Removes all parcels from an order that is erased.
    func removeParcels(ofOrder orderID: Int64, shop: Int64, tally: inout Tally) throws {
        let parcels = try all(Query.parcelsOfOrder, [shop, orderID]) { ($0[0] as Int64, $0[1] as String) }
        let others = try together(parcels) { id, _ in try isOfAnother(id, than: orderID, shop: shop) }
        for ((id, source), isOfAnother) in zip(parcels, others) {
            try unlink(id, source: source, isOfAnother: isOfAnother, orderID: orderID, shop: shop, tally: &tally)
        }
    }

    private func unlink(_ parcel: StoredParcel, orderID: Int64, shop: Int64, tally: inout Tally) throws {
        try unlink(
            parcel.id, source: parcel.source, isOfAnother: parcel.isOfAnother, orderID: orderID, shop: shop,
            tally: &tally)
    }

    private func unlink(
        _ parcel: Int64, source: String, isOfAnother: Bool, orderID: Int64, shop: Int64, tally: inout Tally
    ) throws {
        try run(
            "DELETE FROM parcel_orders WHERE shop = ? AND parcel = ? AND order_id = ?", [shop, parcel, orderID])
        if isOfAnother { return }
        try run("DELETE FROM parcels WHERE shop = ? AND id = ?", [shop, parcel])
        tally.add(.parcels, [source], shop: shop, -1)
    }
}

extension Query {
    static let parcelsOfOrder = """
        SELECT parcels.id, parcels.source
        FROM parcel_orders JOIN parcels ON parcels.shop = parcel_orders.shop AND parcels.id = parcel_orders.parcel
        WHERE parcel_orders.shop = ? AND parcel_orders.order_id = ?
        """
    static let otherOrderOfParcel = """
        SELECT 1 FROM parcel_orders WHERE shop = ? AND parcel = ? AND order_id <> ? LIMIT 1
        """
    static let parcel = """
        SELECT id, source, urgency, ask_at, refused, home, asked_at, sources, passed_over FROM parcels WHERE shop = ? AND number = ?
        """
    static let parcelSources = "SELECT source, sources, refused, passed_over FROM parcels WHERE shop = ? AND id = ?"
    private static let dueColumns = "id, number, ask_at, asked_at, tries, misses, home, refused, sources, passed_over"
    static let dueParcels = """
        SELECT \(dueColumns) FROM parcels
        WHERE shop = ? AND source = ? AND urgency = ? AND ask_at <= ? ORDER BY ask_at LIMIT ?
        """
    static let dueParcelsOfOthers = """
        SELECT \(dueColumns) FROM parcels
        WHERE shop = ? AND source = ? AND urgency = ? AND ask_at <= ?
            AND replace(' ' || sources || ' ', ' ' || ? || ' ', '') <> ' ' || sources || ' '
            AND replace(' ' || coalesce(refused, '') || ' ', ' ' || ? || ' ', '') = ' ' || coalesce(refused, '') || ' '
        ORDER BY ask_at LIMIT ?
        """
    static let ordersOfParcel = """
        SELECT aggregates.gid, orders.placed_at
        FROM parcel_orders JOIN orders ON orders.shop = parcel_orders.shop AND orders.id = parcel_orders.order_id
        JOIN aggregates ON aggregates.shop = orders.shop AND aggregates.id = orders.id
        WHERE parcel_orders.shop = ? AND parcel_orders.parcel = ?
        """
    static let nextAsk = """
        SELECT min(ask_at) FROM parcels WHERE shop = ? AND source = ? AND urgency = ? AND ask_at IS NOT NULL
        """
    static let openOrders = """
        SELECT orders.id, aggregates.gid
        FROM orders JOIN aggregates ON aggregates.shop = orders.shop AND aggregates.id = orders.id
        WHERE orders.shop = ? AND orders.id > ? AND orders.next_moment IS NOT NULL ORDER BY orders.id LIMIT ?
        """
}
