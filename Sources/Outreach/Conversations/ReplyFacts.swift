internal import Foundation

// A reply that a language model writes for a person. The model is told what the shop knows of the order, without anybody's
// name, address, number or link, and her words with these replaced. What it writes is a suggestion in a form: a person
// reads it, edits it and sends it. Where it says a day, a sum, a gift or a promise that is in no fact and not in the
// policy, that is marked (ReplyDoubts), for a model says such things as readily as true ones.

/// What is known for a reply: what the model is told, and what its words are held against.
public struct ReplyFacts: Sendable {
    /// As sentences, with days and sums, and without what tells who she is.
    public private(set) var lines: [String] = []
    /// The days among them.
    var days: Set<CalendarDay> = []
    /// The sums among them and in the policy, in whatever currency.
    var sums: Set<Decimal> = []
    /// The shares in the policy, in percent.
    var shares: Set<Decimal> = []
    /// The numbers by which order, returns and parcels are known: letters and digits alone, in lower case.
    var numbers: Set<String> = []
    /// True if the policy has gifts, or one was given.
    var hasGifts = false
    /// True if money went back.
    var hasRefund = false
    /// What stands for `[customer]` and `[order]` in what a model writes.
    var blanks: [String: String] = [:]

    /// - Parameters:
    ///   - record: the order, with its conversation; a stand-in where no order is known.
    ///   - policy: what the shop gives.
    ///   - zone: where the customer is.
    public init(_ record: OrderRecord, policy: Policy?, now: Moment, zone: Zone) {
        note(day: now, zone, as: "Today is")
        let facts = record.facts
        let first = facts.customer?.firstName ?? record.conversation?.name?.split(separator: " ").first.map(String.init)
        if let first, !first.isEmpty { blanks["customer"] = first }
        for gift in policy?.gifts ?? [] {
            hasGifts = true
            switch gift.kind {
            case .share(let share): shares.insert(share)
            case .amount(let amount): sums.insert(amount)
            case .freeShipping: break
            }
            lines.append("The shop's policy knows this gift: \(gift.value(in: policy?.currency ?? "")).")
        }
        guard record.isOrder else {
            lines.append("It is not known which order this is about.")
            return
        }
        blanks["order"] = facts.name
        note(number: facts.name)
        note(day: facts.processedAt, zone, as: "The order was placed on")
        if let total = facts.total { lines.append("It comes to \(note(total)).") }
        for line in facts.lineItems.prefix(20) {
            lines.append("It has \(line.quantity) × \(line.title)\(line.total.map { " for \(note($0))" } ?? "").")
        }
        if let cancelled = facts.cancelledAt { note(day: cancelled, zone, as: "The order was cancelled on") }
        lines.append("It is \(facts.payment.words).")
        parcels(of: record, now: now, zone)
        for one in facts.returns.prefix(5) {
            note(number: one.name)
            note(day: one.createdAt, zone, as: "A return was asked for on")
            if let approved = one.approvedAt { note(day: approved, zone, as: "That return was approved on") }
            lines.append("That return is \(one.status.rawValue), and its goods are \(one.received ? "" : "not ")back.")
        }
        for one in facts.refunds.prefix(5) {
            hasRefund = true
            let sum = one.total.map { " of \(note($0))" } ?? ""
            if let made = one.createdAt {
                note(day: made, zone, as: "A refund\(sum) was made on")
            } else {
                lines.append("A refund\(sum) was made.")
            }
        }
    }

    private mutating func parcels(of record: OrderRecord, now: Moment, _ zone: Zone) {
        let parcels = record.parcels.prefix(8)
        if parcels.isEmpty { lines.append("Nothing of it was sent yet.") }
        for (index, shipment) in parcels.enumerated() {
            let state = record.state(of: shipment, now: now, zone: zone)
            if let number = shipment.tracking.number { note(number: number) }
            let carrier = shipment.tracking.company.map { " with \($0)" } ?? ""
            let which = parcels.count == 1 ? "The parcel" : "Parcel \(index + 1)"
            lines.append("\(which)\(carrier) is \(state.state.rawValue.replacing("_", with: " ")).")
            if let delivered = state.deliveredAt {
                note(day: delivered, zone, as: "\(which) was delivered on")
            } else if let day = state.estimate {
                note(day, as: "\(which) is expected on")
            }
            if state.daysLate > 0 { lines.append("\(which) is \(state.daysLate) days late.") }
        }
    }

    private mutating func note(day moment: Moment, _ zone: Zone, as words: String) {
        note(zone.day(at: moment), as: words)
    }

    private mutating func note(_ day: CalendarDay, as words: String) {
        days.insert(day)
        lines.append("\(words) \(ReplyWords.weekdaysInEnglish[day.weekday - 1]), \(day).")
    }

    private mutating func note(_ money: Money) -> String {
        sums.insert(money.amount)
        return "\(money.amount) \(money.currency)"
    }

    private mutating func note(number: String) {
        let plain = ReplyWords.plain(number)
        if !plain.isEmpty { numbers.insert(plain) }
    }

    /// At most so many characters of what a model writes are taken.
    public static let longest = 4_000

    /// What a model wrote as a person may edit it: without what no reply needs, its thoughts, markup and signs that
    /// nobody sees; links and addresses, which it cannot know, as `[link]` and `[address]`; nil if nothing is left.
    public func suggestion(of written: String) -> String? {
        var text = written.replacing("\r\n", with: "\n").replacing("\r", with: "\n")
        if let end = text.range(of: "</think>", options: .backwards) { text = String(text[end.upperBound...]) }
        text = String(
            String.UnicodeScalarView(
                text.unicodeScalars.filter { scalar in
                    scalar == "\n"
                        || !scalar.isInvisible && scalar.properties.generalCategory != .control
                            && scalar.properties.generalCategory != .format
                }))
        text = text.replacing(/(?m)^\s*```.*$/, with: "")
        text = text.replacing(/!?\[([^\]\n]*)\]\([^)\n]*\)/) { "\($0.1) [link]" }
        text = text.replacing(/<[^>\n]{0,400}>/, with: "")
        text = text.replacing(/(?i)\b[a-z][a-z0-9+.\-]{1,12}:\/\/\S+|\bwww\.\S+/, with: "[link]")
        text = text.replacing(/[^\s<>()\[\]]+@[^\s<>()\[\]]+/, with: "[address]")
        for (blank, words) in blanks { text = text.replacing("[\(blank)]", with: words) }
        text = String(text.prefix(Self.longest)).trimmingSpaces
        if text.count > 1, text.hasPrefix("\""), text.hasSuffix("\"") {
            text = String(text.dropFirst().dropLast()).trimmingSpaces
        }
        return text.isEmpty ? nil : text
    }
}

extension OrderFacts.PaymentState {
    fileprivate var words: String {
        switch self {
        case .paid: "paid"
        case .partiallyPaid: "partly paid"
        case .refunded: "refunded"
        case .partiallyRefunded: "partly refunded"
        case .unknown: "paid or not, which is not known"
        case .pending, .authorized: "not paid yet"
        case .voided, .expired: "not paid, and its payment has ended"
        }
    }
}
