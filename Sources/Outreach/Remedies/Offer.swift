/// What a shopper is offered: decided once, and kept as it was decided.
public struct Offer: Hashable, Sendable, Codable {
    /// The remedy's name in policy.yaml.
    public var remedy: String
    /// Shopify's id of the order that it is about.
    public var orderID: String
    /// What she may choose, in the order of the file.
    public var options: [Option]
    /// The gift that she is given whatever she chooses.
    public var alsoGive: Option?
    public var currency: String
    /// The goods that it is about.
    public var items: [QuantityFacts]
    /// Until when a person has to approve it; nil where nobody has to.
    public var approveBy: Moment?
    /// Why this and why this much, for people: the line of the policy, the values that it saw, what was left.
    public var why: String

    /// Something to choose, and what it costs at most.
    public struct Option: Hashable, Sendable, Codable {
        public var what: Offered
        /// In the smallest unit of the currency.
        public var amount: Int64

        public init(_ what: Offered, _ amount: Int64) {
            self.what = what
            self.amount = amount
        }
    }

    /// - Parameters:
    ///   - options: at least one.
    ///   - approveBy: nil where nobody has to approve it.
    public init(
        _ remedy: String, about orderID: String, options: [Option], alsoGive: Option? = nil, currency: String,
        items: [QuantityFacts],
        approveBy: Moment? = nil, why: String
    ) {
        self.remedy = remedy
        self.orderID = orderID
        self.options = options
        self.alsoGive = alsoGive
        self.currency = currency
        self.items = items
        self.approveBy = approveBy
        self.why = why
    }

    /// What it costs at most, whatever she chooses: this much is booked and approved.
    public var dearest: Int64 { (options.map(\.amount).max() ?? 0) + (alsoGive?.amount ?? 0) }

    /// What it costs if she chooses that; nil if it is not offered.
    public func cost(of what: Offered) -> Int64? { options.first { $0.what == what }?.amount }

    /// A sum of it, in words: `60.00 GBP`.
    public func written(_ amount: Int64) -> String { "\(CurrencyUnits.written(amount, in: currency)) \(currency)" }

    /// What it offers, for people: `refund (60.00 GBP) or reship (54.00 GBP), and the gift 'sorry' (15.00 GBP)`.
    public var sentence: String {
        let offered = options.map { "\($0.what.shown) (\(written($0.amount)))" }.joined(separator: " or ")
        return offered + (alsoGive.map { ", and \($0.what.shown) (\(written($0.amount)))" } ?? "")
    }
}

extension Offered {
    /// In a sentence for the shop's people.
    public var shown: String {
        switch self {
        case .refund: "a refund"
        case .reship: "the same goods again"
        case .storeCredit: "store credit"
        case .gift(let name): "the gift '\(name)'"
        }
    }
}

/// Where an offer stands.
///
/// ```
/// asked ──▶ open ──▶ chosen ──▶ (done)
///   │         │         └────▶ person   what she chose cannot be done
///   │         └── lapsed, person        never chosen; the sum holds no more
///   └── refused, lapsed                 by a person; nobody approved it in time
/// ```
public enum OfferState: String, Sendable, Codable, CaseIterable {
    /// It waits for a person's approval, and the shopper knows nothing of it.
    case asked
    /// The shopper may choose.
    case open
    /// She chose.
    case chosen
    /// A person refused it.
    case refused
    /// Nobody approved it in time, or she never chose.
    case lapsed
    /// A person has the matter.
    case person
}

/// An offer as conditions and templates look at it.
public struct OfferNow: Hashable, Sendable, Codable {
    public var offer: Offer
    public var state: OfferState
    /// What came of the gift that goes along.
    private var brought: [String: String]

    /// - Parameter brought: the results of the gift that goes along.
    public init(_ offer: Offer, state: OfferState, brought: [String: String] = [:]) {
        self.offer = offer
        self.state = state
        self.brought = brought
    }

    /// The gift that goes along, once its code is made.
    public var gift: GiftFacts? { GiftFacts(results: brought) }
}

extension Event {
    /// The number of the offer that the event tells of: that of the effect which decided it; nil for other events.
    public var offerNumber: Int64? {
        guard kind == .remedyOffered, case .other(_, let id)? = subjects.first else { return nil }
        return Int64(id)
    }
}

/// What a remedy comes to when it is decided.
public enum RemedyDecision: Hashable, Sendable {
    /// Nothing, for that reason.
    case nothing(Reason, detail: String?)
    /// A person has it, with that note; and why, as it is kept.
    case handOver(note: String, why: String)
    case offer(Offer)

    /// What the reason of one begins with that a person has.
    static let handedOver = "handed over"

    /// What is kept with the effect.
    var why: String? {
        switch self {
        case .nothing(_, let detail): detail
        case .handOver(let note, let why): "\(Self.handedOver): \(note)" + (why.isEmpty ? "" : "; \(why)")
        case .offer(let offer):
            "\(offer.approveBy == nil ? "offers" : "once approved, offers") \(offer.sentence); \(offer.why)"
        }
    }

    /// What examples compare: `offers`, or the `note` with which a person has it.
    var details: [String: String] {
        switch self {
        case .nothing: [:]
        case .handOver(let note, _): ["note": note]
        case .offer(let offer): ["offers": offer.options.map(\.what.name).joined(separator: ", ")]
        }
    }

    /// What the desk's channel does.
    func act(_ action: ActionLine, of effect: Effect) -> DeskAct? {
        var act = DeskAct(action, of: effect)
        switch self {
        case .nothing: return nil
        case .handOver(let note, _):
            act.verb = "hand_over"
            act.object = ""
            act.details = ["note": String(note.prefix(500))]
        case .offer(let offer): act.details = ["offers": offer.sentence]
        }
        return act
    }
}
