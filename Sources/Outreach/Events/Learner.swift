// What an observation adds to what is known.
//
// `Learner` merges what was seen into the record (facts are replaced; scans are only ever added or marked as
// retracted), determines which events the whole now implies, and records those that are not recorded yet. It reads no
// clock and no table: the same observations in the same order give the same events, and the merge makes most of them
// independent of the order as well.
//
// What happened before the shop was watched is recorded like everything else, but silently: so the first run on a shop
// with years of orders learns all of them and tells nobody anything.

/// Turns observations, and the mere passing of time, into events.
public struct Learner: Sendable {
    /// When things start to count as news.
    public var live: LiveSince
    /// The shop's own time zone, for parcels whose address does not give one.
    public var shopZone: Zone
    /// How often open fulfillments and returns are read again, at most.
    public var rereadEvery: Duration
    /// What the shop itself considers late.
    public var delays = DelayRules()
    /// Who can be asked about a parcel; nil where no carrier is configured.
    public var sources: SourceChoice?
    /// True while the shop catches up with what happened since a backup: something without a time of its own may have
    /// happened, and been reported, before the backup was restored.
    public var catchesUp = false

    public init(live: LiveSince, shopZone: Zone, rereadEvery: Duration) {
        self.live = live
        self.shopZone = shopZone
        self.rereadEvery = rereadEvery
    }

    /// What `observation` adds to `record`, which is nil if the order was never seen. Returns nil if a part of an
    /// unknown order was seen: the order must be read first.
    ///
    /// - Parameter knownUntil: when an order that is unknown now was removed for its age; nil for one that never was.
    public func learn(
        _ observation: Observation, into record: OrderRecord?, knownUntil: Moment? = nil
    ) -> Learned? {
        let now = observation.seenAt
        guard var record else {
            guard case .order(let facts) = observation.content else { return nil }
            var first = OrderRecord(shop: observation.shop, facts: facts, seenAt: now)
            first.place(facts.fulfillments)
            first.linesDigest = facts.linesDigest
            first.knownUntil = knownUntil
            return conclude(first, before: nil, isFirst: true, read: .all, now: now)
        }
        // Records are large, and most observations are about a single parcel; so the previous state is kept for
        // comparison only if the shop was read.
        var before: OrderRecord?
        var heard: Heard?
        var seen = Seen.facts
        var read = WhatWasRead.nothing
        switch observation.content {
        case .order(let facts):
            read = .all
            before = record
            record.lay(facts, now: now)
        case .fulfillment(let facts, _):
            read = .fulfillment(facts.id)
            before = record
            record.lay(facts, now: now)
        case .return(let facts, _):
            read = .return(facts.id)
            before = record
            record.lay(facts)
        case .parcel(let number, let source, var scans, let complete, _):
            seen = .nothing
            guard let key = TrackingFacts(number: number).key else { break }
            heard = Heard(number: key, source: source)
            for index in scans.indices where scans[index].number != key { scans[index].number = key }
            for index in record.shipments.indices where record.shipments[index].tracking.key == key {
                guard
                    let laid = record.shipments[index].scans.laying(
                        scans, of: source, number: key, complete: complete, now: now)
                else { continue }
                record.shipments[index].scans = laid
                seen = .scans
            }
        }
        return conclude(record, before: before, heard: heard, seen: seen, read: read, now: now)
    }

    /// Which part of the record an observation touched, so that the rest need not be compared.
    private enum Seen {
        /// Nothing new.
        case nothing
        /// Only a carrier's scans.
        case scans
        /// Anything.
        case facts
    }

    /// What a source's judge concluded from raw observations about this order.
    public func learn(_ judged: [JudgedEvent], into record: OrderRecord, now: Moment) -> Learned {
        conclude(record, before: nil, seen: .nothing, judged: judged, now: now)
    }

    /// What time alone adds: a promise that was missed by `now`.
    public func advance(_ record: OrderRecord, to now: Moment) -> Learned {
        conclude(record, before: nil, seen: .nothing, now: now)
    }

    /// `before` is the previous state if facts were seen; nil if the order was never seen.
    private func conclude(
        _ record: consuming OrderRecord, before: OrderRecord?, isFirst: Bool = false, heard: Heard? = nil,
        seen: Seen = .facts, read: WhatWasRead = .nothing, judged: [JudgedEvent] = [], now: Moment
    ) -> Learned {
        var record = record
        let zone = record.zone(shopZone: shopZone)
        if seen == .facts { record.promise(by: delays, before: before, zone: zone) }
        let histories = record.histories
        var (implied, next) = record.implied(now: now, zone: zone, rules: delays, heard: heard, histories: histories)
        if seen == .facts {
            implied += record.impliedEdits(since: before)
            if let before { implied += record.impliedNumbers(since: before) }
        }
        if !judged.isEmpty { implied += judged.map(ImpliedEvent.init) }
        var new = record.unrecorded(implied).map { event(of: $0, in: record, first: isFirst, now: now) }
        if !new.isEmpty {
            new.sort { ($0.happenedAt, $0.kind.rank) < ($1.happenedAt, $1.kind.rank) }
            record.number(&new)
        }
        let isNews: Bool
        switch seen {
        case .nothing: isNews = false
        case .scans: isNews = true
        case .facts:
            record.linesDigest = record.facts.linesDigest
            isNews =
                before.map { $0.facts.eventful != record.facts.eventful || $0.shipments != record.shipments } ?? true
        }
        if isNews { record.lastChangeAt = now }
        // Even appending nothing would copy them all.
        if !new.isEmpty { record.events += new }
        let changed =
            switch seen {
            case .nothing: !new.isEmpty
            case .scans: true
            case .facts: before != record
            }
        // A new delay changes the moment of the next one, so it is computed again with all events recorded.
        let nextMoment =
            new.isEmpty ? next : record.implied(now: now, zone: zone, rules: delays, histories: histories).next
        let journeys =
            changed && !record.shipments.isEmpty
            ? record.journeys(histories, zone: zone, shopZone: shopZone) : nil
        var learned = Learned(
            record: record, events: new, nextMoment: nextMoment,
            rereads: rereads(record, histories: histories, read: read, now: now),
            asks: asks(record, histories: histories, answered: heard?.number, now: now, zone: zone), changed: changed)
        learned.journeys = journeys
        return learned
    }

    private func event(of group: [ImpliedEvent], in record: OrderRecord, first: Bool, now: Moment) -> Event {
        let lead = group[0]
        // Something without a time of its own happened when it was first seen; but if the order is older than our
        // watch, and this is our first look at it, it may have happened at any time before.
        let known = max(live.shop, record.knownUntil ?? .distantPast)
        let unknown = first && record.facts.createdAt < known ? record.facts.createdAt : now
        let happenedAt = min(lead.at ?? unknown, now)
        var silence: Silence?
        if record.facts.test {
            silence = .testOrder
        } else if record.facts.isImported, first || happenedAt < record.facts.createdAt {
            silence = .imported
        } else if happenedAt < max(live.of(lead.source), lead.restsOn.map(live.of) ?? .distantPast) {
            silence = .beforeLive
        } else if let knownUntil = record.knownUntil, happenedAt < knownUntil {
            silence = .beforeLive
        } else if catchesUp, lead.at == nil {
            silence = .beforeLive
        } else if group.allSatisfy(\.isOwn) {
            silence = .ownAction
        }
        return Event(
            shop: record.shop, orderID: record.facts.id, kind: lead.kind,
            occurrences: group.map { Event.Occurrence(subject: $0.subject.key, n: 0, mark: $0.mark) },
            happenedAt: happenedAt, recordedAt: now, silence: silence, source: lead.source, daysLate: lead.daysLate,
            delayReason: lead.delayReason, orderName: record.facts.name)
    }

    /// The packages of a fulfillment, given those already known. A number that was there before keeps its shipment; a
    /// number that replaces one that is gone is its correction. `others` are the order's other packages, whose ids are
    /// not reused.
    static func shipments(
        of fulfillment: FulfillmentFacts, packages: [TrackingFacts], among known: [Shipment], others: [Shipment] = []
    ) -> [Shipment] {
        var shipments = known
        var open = Set(shipments.indices)
        var unplaced: [TrackingFacts] = []
        for package in packages {
            let key = package.key
            let index = open.sorted().first { shipments[$0].tracking.key == key }
            guard let index else {
                unplaced.append(package)
                continue
            }
            open.remove(index)
            shipments[index].tracking = package
            shipments[index].present = true
        }
        for package in unplaced {
            // A package that has had this number before takes precedence, then the first whose number is gone.
            let key = package.key
            let former = open.sorted().first { index in
                key != nil && shipments[index].formerNumbers.contains { TrackingFacts(number: $0).key == key }
            }
            if let index = former ?? open.min() {
                open.remove(index)
                if let number = shipments[index].tracking.number {
                    shipments[index].formerNumbers.append(number)
                    shipments[index].numberSince = fulfillment.updatedAt
                }
                shipments[index].tracking = package
                shipments[index].present = true
            } else {
                let stem = fulfillment.id.shortID
                var number = shipments.count + 1
                while (shipments + others).contains(where: { $0.id == "\(stem)/\(number)" }) { number += 1 }
                shipments.append(Shipment(id: "\(stem)/\(number)", fulfillmentID: fulfillment.id, tracking: package))
            }
        }
        for index in open { shipments[index].present = false }
        return shipments
    }
}

extension OrderRecord {
    /// Numbers new events, continuing from the recorded ones: the n-th of its kind about its subject.
    fileprivate func number(_ new: inout [Event]) {
        var counts: [String: Int] = [:]
        for event in events {
            for occurrence in event.occurrences {
                let key = "\(event.kind.rawValue) \(occurrence.subject)"
                counts[key] = max(counts[key, default: 0], occurrence.n)
            }
        }
        for event in new.indices {
            for occurrence in new[event].occurrences.indices {
                let key = "\(new[event].kind.rawValue) \(new[event].occurrences[occurrence].subject)"
                counts[key, default: 0] += 1
                new[event].occurrences[occurrence].n = counts[key]!
            }
        }
    }

    /// Those of `implied` that no recorded event contains, grouped where one fact is about several subjects.
    fileprivate func unrecorded(_ implied: [ImpliedEvent]) -> [[ImpliedEvent]] {
        // A subject has a few events of a kind at most, so those are searched directly: usually all are recorded, and
        // nothing needs to be allocated.
        func isRecorded(_ event: ImpliedEvent) -> Bool {
            var subject: String?
            for known in events where known.kind == event.kind {
                for occurrence in known.occurrences
                where occurrence.mark == event.mark || event.aliases.contains(occurrence.mark) {
                    let key = subject ?? event.subject.key
                    subject = key
                    if occurrence.subject == key { return true }
                }
            }
            return false
        }
        var order: [String] = []
        var groups: [String: [ImpliedEvent]] = [:]
        for event in implied where !isRecorded(event) {
            let key = "\(event.kind.rawValue) \(event.group)"
            if groups[key] == nil { order.append(key) }
            groups[key, default: []].append(event)
        }
        return order.compactMap { groups[$0] }
    }

    /// An edit of the order's lines, detected by comparing them with the previous ones.
    fileprivate func impliedEdits(since before: OrderRecord?) -> [ImpliedEvent] {
        guard facts.edited else { return [] }
        let digest = facts.linesDigest
        if let before, before.facts.edited, before.linesDigest == digest { return [] }
        return [
            ImpliedEvent(
                kind: .orderEdited, subject: .order, mark: "\(digest)@\(facts.updatedAt.milliseconds)",
                at: facts.updatedAt, scope: "order")
        ]
    }

    /// Tracking numbers that were added, or changed, by what was just seen.
    fileprivate func impliedNumbers(since before: OrderRecord) -> [ImpliedEvent] {
        var implied: [ImpliedEvent] = []
        for shipment in shipments where shipment.present {
            guard let key = shipment.tracking.key, let known = before.shipment(shipment.id), known.tracking.key != key,
                before.isCarried(known), !isCancelled(shipment), let fulfillment = fulfillment(shipment.fulfillmentID)
            else { continue }
            implied.append(
                ImpliedEvent(
                    kind: .shipmentNumberChanged, subject: .shipment(shipment.id),
                    mark: "\(key)@\(fulfillment.updatedAt.milliseconds)", at: fulfillment.updatedAt,
                    scope: shipment.fulfillmentID))
        }
        return implied
    }

    /// Gives each new shipment the delivery day that the shop's own rule promises.
    fileprivate mutating func promise(by rules: DelayRules, before: OrderRecord?, zone: Zone) {
        guard !rules.promises.isEmpty else { return }
        for index in shipments.indices where before?.shipment(shipments[index].id) == nil {
            guard let sent = fulfillment(shipments[index].fulfillmentID)?.createdAt, isByCarrier,
                isCarried(shipments[index])
            else { continue }
            shipments[index].promise = rules.promise(
                method: facts.shippingMethod, country: facts.shippingAddress?.countryCode, sent: sent, zone: zone)
        }
    }

    /// Merges an order as seen now into what was known. From an answer older than what is known, only its scans are
    /// used.
    fileprivate mutating func lay(_ seen: OrderFacts, now: Moment) {
        let known = facts
        if seen.updatedAt >= known.updatedAt {
            facts = seen
            facts.fulfillments = known.fulfillments
            facts.returns = known.returns
            // A refund is never undone; a page that shows fewer was truncated.
            let shown = Set(seen.refunds.map(\.id))
            facts.refunds = known.refunds.filter { !shown.contains($0.id) } + seen.refunds
        }
        for fulfillment in Self.voidFirst(seen.fulfillments) { lay(fulfillment, now: now) }
        for item in seen.returns { lay(item) }
    }

    /// A fulfillment that was created again takes over the package of the cancelled one, so the cancellation has to be
    /// known first.
    private static func voidFirst(_ fulfillments: [FulfillmentFacts]) -> [FulfillmentFacts] {
        guard fulfillments.count > 1, fulfillments.contains(where: \.isVoid) else { return fulfillments }
        return fulfillments.filter(\.isVoid) + fulfillments.filter { !$0.isVoid }
    }

    /// Adds the packages of fulfillments that were never seen.
    fileprivate mutating func place(_ fulfillments: [FulfillmentFacts]) {
        for fulfillment in Self.voidFirst(fulfillments) { placePackages(of: fulfillment) }
    }

    /// Brings the packages of a fulfillment up to date with what it shows now.
    ///
    /// A fulfillment that was cancelled and created again with the same number is one package, which has a past:
    /// nothing about it is reported twice.
    private mutating func placePackages(of fulfillment: FulfillmentFacts) {
        let id = fulfillment.id
        var packages = fulfillment.tracking
        if shipments.contains(where: { $0.fulfillmentID != id }) {
            if fulfillment.isVoid {
                let stem = id.shortID + "/"
                packages.removeAll { package in
                    package.key != nil
                        && shipments.contains {
                            $0.fulfillmentID != id && $0.id.hasPrefix(stem) && $0.tracking.key == package.key
                        }
                }
                if packages.isEmpty, !fulfillment.tracking.isEmpty {
                    for index in shipments.indices where shipments[index].fulfillmentID == id {
                        shipments[index].present = false
                    }
                    return
                }
            } else {
                for package in packages {
                    guard let key = package.key,
                        !shipments.contains(where: { $0.fulfillmentID == id && $0.tracking.key == key }),
                        let index = shipments.firstIndex(where: { shipment in
                            shipment.fulfillmentID != id && shipment.tracking.key == key
                                && self.fulfillment(shipment.fulfillmentID)?.isVoid == true
                        })
                    else { continue }
                    shipments[index].fulfillmentID = id
                }
            }
        }
        let known = shipments.filter { $0.fulfillmentID == id }
        shipments.removeAll { $0.fulfillmentID == id }
        shipments += Learner.shipments(
            of: fulfillment, packages: packages.isEmpty ? [TrackingFacts()] : packages, among: known, others: shipments)
    }

    /// False if the order is collected at the shop, or delivered by the shop itself.
    private var isByCarrier: Bool {
        facts.deliveryMethod.map { !["pickup", "local", "retail", "none"].contains($0) } ?? true
    }

    /// Merges a fulfillment into what was known about it.
    fileprivate mutating func lay(_ seen: FulfillmentFacts, now: Moment) {
        guard let index = facts.fulfillments.firstIndex(where: { $0.id == seen.id }) else {
            facts.fulfillments.append(seen)
            placePackages(of: seen)
            return
        }
        var scans = facts.fulfillments[index].scans
        if let laid = scans.laying(
            seen.scans, of: "shopify", number: nil, complete: seen.scansAreComplete, now: now)
        {
            scans = laid
        }
        if seen.updatedAt >= facts.fulfillments[index].updatedAt {
            let lines = facts.fulfillments[index].lineItems
            facts.fulfillments[index] = seen
            if seen.lineItems.isEmpty { facts.fulfillments[index].lineItems = lines }
            placePackages(of: seen)
        }
        facts.fulfillments[index].scans = scans
        facts.fulfillments[index].scansAreComplete = true
    }

    /// Merges a return into what was known about it. What has happened stays: goods that arrived have arrived.
    fileprivate mutating func lay(_ seen: ReturnFacts) {
        guard let index = facts.returns.firstIndex(where: { $0.id == seen.id }) else {
            facts.returns.append(seen)
            return
        }
        let known = facts.returns[index]
        facts.returns[index] = seen
        if seen.lineItems.isEmpty { facts.returns[index].lineItems = known.lineItems }
        facts.returns[index].received = known.received || seen.received
    }
}

extension [Scan] {
    /// The scans with what a source shows now merged in, or nil if that changes nothing. The newest version of a known
    /// scan counts. If the answer is complete, a scan of that source that it no longer shows is marked as retracted,
    /// unless the source shows another with the same state: then it only describes the same thing better.
    func laying(_ seen: [Scan], of source: String, number: String?, complete: Bool, now: Moment) -> [Scan]? {
        var laid = self
        var isChanged = false
        var isShown = [Bool](repeating: false, count: count)
        // A source usually repeats its scans in the same order, so the next position is tried first, and a full lookup
        // is needed only if that holds another scan.
        var next = 0
        var places: [String: Int]?
        for index in seen.indices {
            var place: Int?
            if next < count, self[next].id == seen[index].id {
                place = next
            } else {
                if places == nil { places = Self.places(laid) }
                place = places?[seen[index].id]
            }
            guard let place else {
                places?[seen[index].id] = laid.count
                laid.append(seen[index])
                isChanged = true
                continue
            }
            if place < count {
                isShown[place] = true
                next = place + 1
            }
            if laid[place] != seen[index], laid.replaces(laid[place], with: seen[index]) {
                laid[place] = seen[index]
                isChanged = true
            }
        }
        guard complete else { return isChanged ? laid : nil }
        lazy var states = Set(seen.compactMap(\.state))
        for index in indices where !isShown[index] && self[index].source == source && self[index].retractedAt == nil {
            guard let state = self[index].state, !self[index].isSummary, !states.contains(state) else { continue }
            // Scans of a number that the package had before are not asked for any more.
            if let number, let own = self[index].number, own != number { continue }
            laid[index].retractedAt = now
            isChanged = true
        }
        return isChanged ? laid : nil
    }

    private static func places(_ scans: [Scan]) -> [String: Int] {
        var places = [String: Int](minimumCapacity: scans.count)
        for index in scans.indices { places[scans[index].id] = index }
        return places
    }

    /// Whether the newest version of a scan counts. The time of one that only says when its source last changed drifts
    /// with every later change, so the first version stays, unless it is an estimate that comes back after another one:
    /// then it is the newest.
    private func replaces(_ known: Scan, with seen: Scan) -> Bool {
        guard seen.basis == .changed, known.basis == .changed, known.retractedAt == nil else { return true }
        guard let day = seen.estimate else { return false }
        let newest = filter { $0.estimate != nil && $0.retractedAt == nil }.max(by: Scan.precedes)
        return newest?.estimate != day
    }
}

extension OrderFacts {
    /// The facts without those that are only printed: an order that is read again by a newer program, which asks for
    /// more, has not changed.
    fileprivate var eventful: OrderFacts {
        var facts = self
        facts.number = nil
        facts.poNumber = nil
        facts.confirmationNumber = nil
        facts.attributes = nil
        facts.bill = nil
        for index in facts.lineItems.indices {
            facts.lineItems[index].isGiftCard = nil
            facts.lineItems[index].discounts = nil
            facts.lineItems[index].attributes = nil
            facts.lineItems[index].sellingPlan = nil
        }
        return facts
    }

    /// The lines and how many of each, with refunds undone: an edit changes this, a refund does not.
    var linesDigest: String {
        var refunded: [String: Int] = [:]
        for refund in refunds {
            for line in refund.lineItems { refunded[line.lineItemID, default: 0] += line.quantity }
        }
        var hash: UInt64 = 0xcbf2_9ce4_8422_2325  // FNV-1a, 64 bits
        for line in lineItems.sorted(by: { $0.id < $1.id }) {
            for byte in "\(line.id)x\(line.currentQuantity + refunded[line.id, default: 0]);".utf8 {
                hash = (hash ^ UInt64(byte)) &* 0x100_0000_01b3
            }
        }
        return String(hash, radix: 16)
    }
}

extension String {
    /// What follows the last slash of a global id: `gid://shopify/Fulfillment/55` is `55`.
    var shortID: String { split(separator: "/").last.map { String($0.prefix { $0 != "?" }) } ?? self }
}
