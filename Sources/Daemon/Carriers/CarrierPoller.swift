import Intake
import Logging
import Outreach
import Platform
import Store

/// The turns of one carrier's loop: pick what is due, book the calls, ask, and process the answers.
struct CarrierPoller {
    let service: CarrierService
    private(set) var budget: CarrierBudget
    private(set) var circuit: CarrierCircuit
    /// Signals that the loop is alive.
    let beat: @Sendable () -> Void
    /// Parcels that were answered, and when they had been due: if one is due again at the same time, its answer could
    /// not be written, and it must not be asked about over and over.
    private var answered: [ParcelID: Moment] = [:]
    /// The carriers that this one stands in for, as reported in the journal.
    private var standsInFor: Set<String> = []
    /// How often each fault occurred, for reporting it the first time and occasionally after that.
    private var faults: [String: Int] = [:]

    /// The most calls in one turn, and the most at once.
    static let callsInTurn = 16
    static let callsAtOnce = 4
    /// After this many "not known" in a row, and this long after the order, another source is asked.
    static let greatestMisses = 3
    static let patienceWithMisses = Duration.days(3)
    /// How often to check for parcels to stand in for.
    static let standInEvery = Duration.seconds(60)

    init(
        service: CarrierService, budget: CarrierBudget, circuit: CarrierCircuit, beat: @escaping @Sendable () -> Void
    ) {
        self.service = service
        self.budget = budget
        self.circuit = circuit
        self.beat = beat
    }

    private var carrier: any Carrier { service.context.carrier }
    private var store: Store { service.store }
    private var shops: Set<String> { Set(service.contexts.keys) }
    private var clock: DaemonClock { service.clock }

    /// One turn. Returns how long there is nothing to do.
    ///
    /// - Throws: `StoreFailure` and `CancellationError`.
    mutating func turn() async throws -> Duration {
        let now = clock.now
        defer { tell(clock.now) }
        if let until = circuit.closedUntil, until > now { return until - now }
        // A login that counts towards the quota is a call of its own.
        if carrier.quota.tokensCount, await service.context.needsLogin,
            try await store.nextAsk(source: carrier.name, of: shops) != nil
        {
            guard budget.available(.pressing, now: now) > 0 else {
                return budget.next(.pressing, now: now) - now
            }
            guard try await book(1, now) else { return .zero }
            if let refusal = try await service.context.logIn() {
                try await close(refusal)
                return .zero
            }
        }
        let (batches, wait) = try await pick(now)
        guard !batches.isEmpty else { return wait }
        // Another daemon may have booked what was left.
        guard try await book(batches.count, now) else { return .zero }
        try await ask(batches)
        return .zero
    }

    // MARK: Picking

    /// The questions of this turn, in batches; or how long to wait if there are none.
    private mutating func pick(_ now: Moment) async throws -> (batches: [[DueParcel]], wait: Duration) {
        let absent = service.board.absences(at: now).filter { $0.key != carrier.name }
        standsInFor.formIntersection(absent.keys)
        let pressing = budget.available(.pressing, now: now)
        guard pressing > 0 else { return ([], budget.next(.pressing, now: now) - now) }
        let ordinary = budget.available(.moving, now: now)
        // After trouble, one call is enough to find out whether it is over.
        let calls = circuit.isTroubled ? 1 : min(pressing, Self.callsInTurn)
        let size = max(1, carrier.quota.batch)
        let urgencies = ordinary > 0 ? Urgency.allCases : [.pressing]
        var due = try await store.dueParcels(
            source: carrier.name, of: shops, limit: calls * size, now: now, urgencies: urgencies)
        service.metrics.lag(of: carrier.name, due.map { now - $0.askAt }.max() ?? .zero)
        for (source, absence) in absent.sorted(by: { $0.key < $1.key }) where !circuit.isTroubled {
            due += try await store.dueParcels(
                source: source, for: carrier.name, of: shops, isPatient: !absence.isRefused, limit: calls * size,
                now: now, urgencies: urgencies
            ).filter { parcel in
                // Only the first source that can be asked stands in.
                parcel.others(than: source).first { absent[$0] == nil } == carrier.name
            }
        }
        let urgent = due.filter { $0.urgency == .pressing }
        // Other parcels may use the ordinary quota, and ride along for free in a batch with empty slots.
        let room = min(calls, ordinary) * size + (size - urgent.count % size) % size
        var chosen: [DueParcel] = []
        var others = 0
        for parcel in AskingOrder.choose(
            due, limit: due.count, now: now, urgency: { $0.urgency }, at: { $0.askAt })
        where chosen.count < calls * size {
            if parcel.urgency != .pressing {
                guard others < room else { continue }
                others += 1
            }
            chosen.append(parcel)
        }
        guard chosen.isEmpty else {
            for source in Set(chosen.map(\.source)) where source != carrier.name {
                guard standsInFor.insert(source).inserted else { continue }
                service.logger.log(
                    Line.carrierStandsIn, ["source": "\(carrier.name)", "carrier": "\(source)"])
            }
            let batches = stride(from: 0, to: chosen.count, by: size).map {
                Array(chosen[$0..<min($0 + size, chosen.count)])
            }
            return (batches, .zero)
        }
        // Pressing parcels may be asked about when they are due; the rest also have to wait for an ordinary call.
        let free = ordinary > 0 ? now : budget.next(.moving, now: now)
        let next = [
            try await store.nextAsk(source: carrier.name, of: shops, urgencies: [.pressing]),
            try await store.nextAsk(
                source: carrier.name, of: shops, urgencies: Urgency.allCases.filter { $0 != .pressing }
            )
            .map { max($0, free) },
        ].compactMap(\.self).min()
        let wait = next.map { max(.milliseconds(200), $0 - now) } ?? Heartbeats.longestWait
        return ([], absent.isEmpty ? wait : min(wait, Self.standInEvery))
    }

    /// Books calls before they go out, of a quota that other daemons may have booked from since the last look.
    ///
    /// - Parameter isOver: whether the calls were made already.
    /// - Returns: false if there is no room for them any more.
    private mutating func book(_ calls: Int, isOver: Bool = false, _ now: Moment) async throws -> Bool {
        let (quota, perDay) = (carrier.quota, service.perDay)
        let (windows, areBooked) = try await store.bookWindows(carrier: carrier.name, now: now) { stored in
            var budget = CarrierBudget(quota, perDay: perDay, stored: stored)
            guard isOver || budget.available(.pressing, now: now) >= calls else { return nil }
            budget.spend(calls, now: now)
            return budget.stored
        }
        budget = CarrierBudget(quota, perDay: perDay, stored: windows)
        return areBooked
    }

    // MARK: Asking

    private mutating func ask(_ batches: [[DueParcel]]) async throws {
        var waiting = batches[...]
        let context = service.context
        try await withThrowingTaskGroup(of: (Int, CarrierReply).self) { group in
            var underway = 0
            while underway > 0 || !waiting.isEmpty {
                // Once the carrier is in trouble, no more calls begin; what is due stays due.
                if circuit.closedUntil.map({ $0 > clock.now }) ?? false { waiting = [] }
                while underway < Self.callsAtOnce, let batch = waiting.first {
                    let index = waiting.startIndex
                    waiting = waiting.dropFirst()
                    underway += 1
                    let questions = batch.map {
                        CarrierQuestion($0.number, notBefore: $0.placedAt, home: $0.home)
                    }
                    group.addTask { (index, try await context.ask(questions)) }
                }
                guard let (index, reply) = try await group.next() else { break }
                underway -= 1
                beat()
                try await take(reply, batches[index])
                beat()
            }
        }
    }

    private mutating func take(_ reply: CarrierReply, _ batch: [DueParcel]) async throws {
        let now = clock.now
        // A login that had to be renewed in the middle.
        if reply.calls > 1 { _ = try await book(reply.calls - 1, isOver: true, now) }
        let wasTroubled = circuit.isTroubled
        let isNews = circuit.note(reply.answers, now: now, chance: service.chance())
        let isClosed = circuit.closedUntil.map { $0 > now } ?? false

        var note = note()
        note.calls = reply.calls
        var observations: [String: [Observation]] = [:]
        var outcomes: [(parcel: ParcelID, outcome: AskOutcome)] = []
        var refused: [DueParcel] = []
        for (parcel, answer) in zip(batch, reply.answers) {
            note.asked += 1
            service.metrics.count(answer, of: carrier.name)
            note.unknownCodes += answer.unknownCodes
            switch answer.call?.kind {
            case nil where !answer.isNothing:
                note.answers += 1
                note.answeredAt = now
                observations[parcel.shop, default: []] += observe(parcel, answer, at: reply.heardAt)
                if parcel.misses > 0, parcel.source == carrier.name { outcomes.append((parcel.id, .found)) }
            case nil, .notFound:
                note.answers += 1
                note.answeredAt = now
                // That there is nothing new is information too: a label may have been created but never handed over.
                observations[parcel.shop, default: []] += observe(parcel, answer, at: reply.heardAt)
                // A stand-in's answer does not say whether the parcel's own source is the right one.
                if parcel.source == carrier.name { outcomes.append((parcel.id, .missed)) }
                // An aggregator starts tracking a number only once it has been registered.
                if carrier.registersFirst, parcel.misses == 0 {
                    outcomes.append((parcel.id, .failed(retryAt: now + .minutes(15))))
                }
                if isBetterAskedElsewhere(parcel, now) {
                    outcomes.append((parcel.id, .passedOver(by: carrier.name)))
                }
            case .invalidNumber:
                note.answers += 1
                refused.append(parcel)
                let names = try await store.names(shop: parcel.shop, orderIDs: parcel.orderIDs)
                for order in parcel.orderIDs {
                    service.logger.log(
                        Line.numberRefused,
                        [
                            "shop": "\(parcel.shop)", "order": "\(names[order] ?? order)",
                            "source": "\(carrier.name)",
                        ])
                }
            case .okDuplicate:
                outcomes.append((parcel.id, .failed(retryAt: now + .minutes(5))))
            case .authError where answer.call?.isWithheld ?? false:
                // The carrier accepts our login but will not show us this number: another source may.
                note.answers += 1
                note.lastFault = answer.call?.message
                if let call = answer.call { tell(call) }
                if parcel.source == carrier.name, !parcel.others(than: carrier.name).isEmpty {
                    outcomes.append((parcel.id, .passedOver(by: carrier.name)))
                } else {
                    outcomes.append((parcel.id, .failed(retryAt: now + .hours(12))))
                }
            case .rateLimited, .authError, .configError, .temporaryError:
                note.faults += 1
                note.lastFault = answer.call?.message
                if let call = answer.call { tell(call) }
                // The carrier's own trouble is not the parcel's: it is asked about when the carrier answers again.
                guard reply.unreachable == nil, answer.call?.kind != .rateLimited, !(isClosed && wasTroubled) else {
                    break
                }
                let pause = Backoff(base: .minutes(5), cap: .hours(12)).delay(
                    afterAttempt: parcel.tries + 1, chance: 0.5 + service.chance() / 2)
                outcomes.append((parcel.id, .failed(retryAt: now + pause)))
            }
        }
        outcomes += refused.map { ($0.id, .refused(by: carrier.name)) }
        for (shop, seen) in observations {
            guard let context = service.contexts[shop] else { continue }
            _ = try await service.learning.learn(seen, of: context, now: now)
        }
        outcomes += stuck(batch, answers: reply.answers, now)
        try await store.settleAsks(outcomes, now: now)
        // The parcel's new source has a loop of its own, which does not know about it yet.
        if outcomes.contains(where: { $0.outcome.givesTheTurn }) { service.learning.newParcels.call() }
        for (shop, parcels) in Dictionary(grouping: refused, by: \.shop) {
            guard let context = service.contexts[shop] else { continue }
            try await service.learning.advance(parcels.flatMap(\.orderIDs), of: context, now: now)
        }
        note.closedUntil = circuit.closedUntil
        note.reason = circuit.reason?.rawValue
        note.detail = circuit.detail
        note.failures = circuit.failures
        let newCodes = try await store.noteCarrier(note, now: now)
        for code in newCodes {
            service.logger.log(Line.unknownCode, ["source": "\(carrier.name)", "code": "\(code)"])
        }
        if isNews { tellCircuit() }
    }

    /// What an answer says, for each order with that number.
    private func observe(_ parcel: DueParcel, _ answer: CarrierAnswer, at seen: Moment) -> [Observation] {
        let found = answer.call == nil
        // Carriers show at most a hundred events; from a list that long the oldest may be missing, which does not mean
        // that they were retracted.
        let complete = found && answer.events.count < 90
        return parcel.orderIDs.map { order in
            Observation(
                shop: parcel.shop, seenAt: seen,
                content: .parcel(
                    number: parcel.number, source: carrier.name, scans: found ? answer.scans : [], complete: complete,
                    order: order))
        }
    }

    /// Parcels that were already answered but are due at the very same time again: what was learned about them could
    /// not be written.
    private mutating func stuck(
        _ batch: [DueParcel], answers: [CarrierAnswer], _ now: Moment
    ) -> [(parcel: ParcelID, outcome: AskOutcome)] {
        var stuck: [(parcel: ParcelID, outcome: AskOutcome)] = []
        if answered.count > 2_000 { answered = [:] }
        for (parcel, answer) in zip(batch, answers) where answer.call == nil || answer.call?.kind == .notFound {
            if answered[parcel.id] == parcel.askAt { stuck.append((parcel.id, .failed(retryAt: now + .hours(1)))) }
            answered[parcel.id] = parcel.askAt
        }
        return stuck
    }

    /// True if a carrier has not known a parcel for days, so that it is probably not the right one, and there is
    /// another.
    private func isBetterAskedElsewhere(_ parcel: DueParcel, _ now: Moment) -> Bool {
        parcel.source == carrier.name && parcel.misses + 1 >= Self.greatestMisses
            && now - parcel.placedAt >= Self.patienceWithMisses && !parcel.others(than: carrier.name).isEmpty
    }

    // MARK: Reporting

    private func note() -> CarrierNote { CarrierNote(carrier.name) }

    /// Records a login that failed.
    private mutating func close(_ refusal: CallAnswer) async throws {
        let now = clock.now
        let answer = CarrierAnswer.about(refusal, of: carrier.name)
        let isNews = circuit.note([answer], now: now, chance: service.chance())
        service.metrics.count(answer, of: carrier.name)
        var note = note()
        note.calls = 1
        note.faults = 1
        note.lastFault = refusal.message
        note.closedUntil = circuit.closedUntil
        note.reason = circuit.reason?.rawValue
        note.detail = circuit.detail
        note.failures = circuit.failures
        _ = try await store.noteCarrier(note, now: now)
        tell(refusal)
        if isNews { tellCircuit() }
    }

    /// Reports a fault on its first occurrence, and every hundredth.
    private mutating func tell(_ call: CallAnswer) {
        if faults.count > 200 { faults = [:] }
        let count = faults[call.message, default: 0] + 1
        faults[call.message] = count
        guard count == 1 || count % 100 == 0 else { return }
        service.logger.log(
            Line.carrierFault,
            [
                "source": "\(carrier.name)", "reason": "\(call.kind.rawValue)", "detail": "\(call.message)",
                "count": "\(count)",
            ])
    }

    private func tellCircuit() {
        guard circuit.isTroubled else {
            service.logger.log(Line.carrierOpen, ["source": "\(carrier.name)"])
            return
        }
        let refused = circuit.reason == .authError || circuit.reason == .configError
        service.logger.log(
            refused ? Line.carrierRefused : Line.carrierFailing,
            [
                "source": "\(carrier.name)", "reason": "\(circuit.reason?.rawValue ?? "")",
                "detail": "\(circuit.detail ?? "")", "until": "\(circuit.closedUntil ?? clock.now)",
            ])
    }

    /// Updates this carrier's state in the metrics and on the board.
    private func tell(_ now: Moment) {
        let left = budget.leftToday(now: now)
        service.metrics.state(of: carrier.name, isOpen: !circuit.isTroubled, left: left)
        var absence: CarrierBoard.Absence?
        if let until = circuit.closedUntil, until > now {
            absence = .init(until: until, isRefused: circuit.reason == .authError || circuit.reason == .configError)
        } else if budget.isShareSpent(now: now) {
            absence = .init(until: budget.next(.moving, now: now), isRefused: false)
        }
        service.board.note(absence, of: carrier.name)
    }
}
