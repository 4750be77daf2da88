internal import Foundation

// A label for the way home: what is asked of the broker, and which of its services is bought.

/// What policy.yaml says of return labels.
public struct LabelPolicy: Hashable, Sendable {
    /// What one may cost, in the smallest unit of the policy's currency. It is booked when one is decided.
    public var atMost: Int64
    public var parcel: LabelParcel
    /// Where returns go.
    public var returnTo: AddressFacts
    /// The services that may be bought, as `LabelRate.fits` reads them; any if there are none.
    public var services: [String]
    /// Its line in the file.
    public var line: Int
}

/// A return label that somebody wants bought, with all that it takes: frozen when it is decided.
public struct LabelOrder: Hashable, Sendable, Codable {
    /// The shop's id of the return, and its name.
    public var returnID: String
    public var returnName: String
    /// Where the goods are: where the order went.
    public var from: AddressFacts
    /// Where they go back to.
    public var to: AddressFacts
    public var parcel: LabelParcel
    /// What it may cost, in the policy's currency.
    public var atMost: Money
    public var services: [String]

    /// The label that policy.yaml means for a return. Throws why there is none.
    public init(_ returnID: String, of record: OrderRecord, _ policy: Policy?) throws(ActionRefusal) {
        guard let policy, let labels = policy.labels else {
            throw ActionRefusal(.off, "policy.yaml says nothing of 'labels'")
        }
        guard let item = record.facts.returns.first(where: { $0.id == returnID }) else {
            throw ActionRefusal(.erased, "the return is not known any more")
        }
        guard let from = record.facts.shippingAddress, from.address1?.isEmpty == false else {
            throw ActionRefusal(.noRecipient, "the order has no address that its goods could come back from")
        }
        self.returnID = item.id
        returnName = item.name
        self.from = from
        to = labels.returnTo
        parcel = labels.parcel
        atMost = Money(amount: CurrencyUnits.amount(labels.atMost, in: policy.currency), currency: policy.currency)
        services = labels.services
    }
}

/// A label that was bought, or may have been: what is voided.
public struct BoughtLabel: Hashable, Sendable, Codable {
    public var returnName: String
    /// The broker's ids, by the names of `LabelResult`.
    public var ids: [String: String]
    /// Why it is voided, for people: `the return was cancelled`.
    public var why: String

    public init(returnName: String, ids: [String: String], why: String) {
        self.returnName = returnName
        self.ids = ids
        self.why = why
    }
}

/// The names of what buying a label brings (`AttemptAnswer.results`).
public enum LabelResult {
    /// The shop's id of the return.
    public static let returned = "return"
    /// The broker's id of the shipment, and of the rate that is bought: written down before it is.
    public static let shipment = "shipment"
    public static let rate = "rate"
    /// The broker's id of what was bought. With it, the label costs until it is voided.
    public static let bought = "bought"
    /// What it costs, in the smallest unit of the policy's currency.
    public static let cost = "label_cost"
    public static let carrier = "label_carrier"
    public static let service = "label_service"
    /// Where the label is: whoever has the link has the label, so nothing shows it.
    public static let url = "label_url"
    public static let tracking = "tracking"
    public static let trackingURL = "tracking_url"
    /// The day from which on it is voided if nobody used it, as `2026-12-28`; missing if it costs nothing unused.
    public static let voidOn = "void_on"
    /// The shop's id of the reverse delivery that has it.
    public static let attached = "attached"
    /// Of a void: why the label costs all the same.
    public static let kept = "kept"
}

/// What a broker asks for a label.
public struct LabelRate: Hashable, Sendable {
    public var id: String
    /// As the broker writes them: `USPS`, `GroundAdvantage`.
    public var carrier: String
    public var service: String
    /// Its other name for the service: `usps_ground_advantage`; empty if it has none.
    public var token: String
    public var price: Money
    /// True if it costs nothing until the parcel is scanned.
    public var isPaidOnUse: Bool

    public init(
        id: String, carrier: String, service: String, token: String = "", price: Money, isPaidOnUse: Bool = false
    ) {
        self.id = id
        self.carrier = carrier
        self.service = service
        self.token = token
        self.price = price
        self.isPaidOnUse = isPaidOnUse
    }

    /// Whether a line of `services` means it: a carrier (`USPS`), a carrier and a service (`USPS Ground Advantage`), or
    /// the broker's name of the service. Case, spaces and signs do not matter.
    func fits(_ line: String) -> Bool {
        let line = Self.compared(line)
        return [carrier, "\(carrier)\(service)", service, token].map(Self.compared).contains(line) && !line.isEmpty
    }

    private static func compared(_ text: String) -> String {
        text.lowercased().filter { $0.isLetter || $0.isNumber }
    }
}

extension LabelOrder {
    /// The rate that is bought: of those that the policy allows the cheapest, and one that is paid on use before any that
    /// is paid at once. Throws, in a sentence for the merchant, why there is none.
    public func choice(of rates: [LabelRate]) throws(ActionRefusal) -> LabelRate {
        guard !rates.isEmpty else {
            throw ActionRefusal(.noAmount, "no carrier of the broker's takes a parcel from there")
        }
        let allowed = services.isEmpty ? rates : rates.filter { rate in services.contains(where: rate.fits) }
        guard !allowed.isEmpty else {
            let offered = Set(rates.map { "\($0.carrier) \($0.service)" }).sorted().prefix(5).joined(separator: ", ")
            throw ActionRefusal(
                .noAmount, "none of the 'services' of policy.yaml is offered from there; these are: \(offered)")
        }
        let inCurrency = allowed.filter { $0.price.currency == atMost.currency }
        guard !inCurrency.isEmpty else {
            let others = Set(allowed.map(\.price.currency)).sorted().joined(separator: ", ")
            throw ActionRefusal(
                .noAmount, "the broker asks for \(others), and policy.yaml counts in \(atMost.currency)")
        }
        let affordable = inCurrency.filter { $0.price.amount <= atMost.amount && $0.price.amount >= 0 }
        let best = affordable.min { one, other in
            if one.isPaidOnUse != other.isPaidOnUse { return one.isPaidOnUse }
            return (one.price.amount, one.id) < (other.price.amount, other.id)
        }
        guard let best else {
            let least = inCurrency.map(\.price).min { $0.amount < $1.amount } ?? atMost
            throw ActionRefusal(
                .budget, "the cheapest label costs \(least.written), and one may cost \(atMost.written)")
        }
        return best
    }
}

/// How long a label that nobody used can be given back.
public enum LabelLife {
    /// The day from which on an unused label is voided: the last before its carrier takes it back no more, which is after
    /// the four weeks that letters give her. USPS gives 30 days, UPS and FedEx 90
    /// (https://docs.easypost.com/docs/shipments/shipping-refund); who is not known is taken for the strictest.
    public static func voidDay(carrier: String, boughtAt: Moment, zone: Zone) -> CalendarDay {
        let name = carrier.lowercased()
        let days = name.hasPrefix("ups") || name.hasPrefix("fedex") ? 88 : 29
        return zone.day(at: boughtAt).adding(days: days)
    }
}

extension Planner {
    /// Why no label is bought for a return now; nil if one may be.
    ///
    /// - Parameter story: on what terms the policy approved it. Where it says nothing of the label, the trigger's line
    ///   decides.
    func objection(toLabelOf returnID: String, _ record: OrderRecord, _ story: ReturnStory?) -> ActionRefusal? {
        guard let item = record.facts.returns.first(where: { $0.id == returnID }) else {
            return ActionRefusal(.erased, "the return is not known any more")
        }
        if item.status != .open { return ActionRefusal(.passed, "the return is \(item.status.rawValue)") }
        if item.received { return ActionRefusal(.passed, "the goods are back") }
        if item.deliveries.contains(where: { $0.labelURL != nil }) {
            return ActionRefusal(.alreadyTold, "the return has a label already")
        }
        if let terms = story?.terms, terms.label != .wePay {
            return ActionRefusal(.off, "policy.yaml does not pay the label of this return")
        }
        return nil
    }
}

extension Effect {
    /// The return that its event is about; nil for any other.
    package var returnID: String? {
        for case .return(let id) in event?.subjects ?? [] { return id }
        return nil
    }
}
