// What is still news, according to `EventTable`'s entry for each kind: whether the parcel, return or order has moved
// past it, and how that is put into words.

extension EventKind {
    /// True if this event about a parcel is no longer news once the parcel is in `state`.
    func isPassed(by state: ParcelState) -> Bool {
        switch entry.passing {
        case .parcel(let states), .scanned(let states): return states.contains(state)
        default: return false
        }
    }

    /// True if this event about a return is no longer news once the return is in `status`.
    func isPassed(by status: ReturnFacts.Status, received: Bool) -> Bool {
        guard case .returned(let statuses, let receipt) = entry.passing else { return false }
        return receipt && received || statuses.contains(status)
    }

    /// True if this event is no longer news in view of what has become of the whole order.
    func isPassed(by record: OrderRecord) -> Bool {
        if case .order(_, _, let holds) = entry.passing { return holds(record) }
        return false
    }

    /// True if a later event of another kind makes this one no longer news.
    public func isPassed(byEvent other: EventKind) -> Bool {
        switch entry.passing {
        case .never, .rating, .answered: return false
        case .order(_, let events, _): return events.contains(other.rawValue)
        case .parcel(let states), .scanned(let states): return states.contains { $0.event == other }
        case .returned(let statuses, let receipt):
            if receipt, other == .returnReceived { return true }
            return statuses.contains { $0.event == other }
        }
    }

    /// What makes it no longer news, to follow "once"; nil if nothing does. The words for states are in backquotes.
    var passedBy: String? {
        switch entry.passing {
        case .never: return nil
        case .order(let words, _, _): return words
        case .rating: return "the rating was changed"
        case .answered: return "somebody answered, or it is closed"
        case .scanned(let states):
            let words = Self.either(ParcelState.allCases.filter(states.contains).map(\.rawValue))
            return "the parcel was scanned again, or is \(words)"
        case .parcel(let states):
            return "the parcel is \(Self.either(ParcelState.allCases.filter(states.contains).map(\.rawValue)))"
        case .returned(let statuses, let receipt):
            let words = ReturnFacts.Status.allCases.filter(statuses.contains).map(\.rawValue)
            return "the return is \(Self.either(words))" + (receipt ? ", or the goods are back" : "")
        }
    }

    /// The rule that makes it no longer news, as a sentence without its full stop.
    public var passedRule: String? {
        passedBy.map { "'\(rawValue)' is no longer news once \($0.replacing("`", with: ""))" }
    }

    private static func either(_ words: [String]) -> String {
        let quoted = words.map { "`\($0)`" }
        guard let last = quoted.last, quoted.count > 1 else { return quoted.first ?? "" }
        return quoted.dropLast().joined(separator: ", ") + " or " + last
    }
}

extension ReturnFacts.Status {
    /// The event of entering this state, if it is one that makes others old.
    fileprivate var event: EventKind? {
        switch self {
        case .open: .returnApproved
        case .declined: .returnDeclined
        case .cancelled: .returnCancelled
        case .closed: .returnClosed
        case .requested, .unknown: nil
        }
    }
}

extension OrderRecord {
    /// Why `event` should not be reported any more, judged by what has become of the order; nil while it is news.
    func overtaken(_ event: Event) -> Reason? {
        if facts.cancelledAt != nil, !event.kind.survivesCancellation { return .cancelled }
        // One message may cover several parcels; it is news as long as it is news for one of them.
        var first: Reason?
        for occurrence in event.occurrences {
            guard let subject = Subject(key: occurrence.subject) else { continue }
            guard let reason = overtaken(event, about: subject) else { return nil }
            first = first ?? reason
        }
        return first
    }

    private func overtaken(_ event: Event, about subject: Subject) -> Reason? {
        let kind = event.kind
        switch subject {
        case .order, .other:
            if case .answered = kind.entry.passing { return waits(since: event.happenedAt) ? nil : .passed }
            return kind.isPassed(by: self) ? .passed : nil
        case .shipment(let id):
            guard let shipment = shipment(id) else { return .passed }
            let state = parcelState(of: shipment)
            if isCancelled(shipment), !kind.survivesCancellation { return .cancelled }
            if !isCarried(shipment) { return .nothingToCarry }
            if case .scanned = kind.entry.passing, wasScanned(shipment, after: event) { return .passed }
            return kind.isPassed(by: state) ? .passed : nil
        case .return(let id):
            guard let item = self.return(id) else { return .passed }
            return kind.isPassed(by: item.status, received: item.received) ? .passed : nil
        case .refund:
            return nil
        }
    }

    /// Whether she still waits for a person since that moment.
    private func waits(since moment: Moment) -> Bool {
        guard let conversation, conversation.isPersons, let since = conversation.waitsSince else { return false }
        return since <= moment
    }

    /// Whether the parcel was scanned after the silence that the event tells of.
    private func wasScanned(_ shipment: Shipment, after event: Event) -> Bool {
        let key = Subject.shipment(shipment.id).key
        let since = event.occurrences.first { $0.subject == key }.flatMap { Delay.silentSince($0.mark) }
        guard let since else { return false }
        return scans(of: shipment).contains { $0.retractedAt == nil && $0.state != nil && $0.time > since }
    }
}
