/// What becomes of the returns that shoppers ask for: `returns` in policy.yaml.
public struct ReturnPolicy: Sendable {
    /// The first whose conditions all hold decides.
    public var lines: [Line]
    /// Its line in the file.
    public var line: Int

    /// One line of `first_that_fits`.
    public struct Line: Sendable {
        var conditions: [ConditionClause]
        public var outcome: Outcome
        /// Its line in the file.
        public var line: Int
    }

    /// What a line says.
    public enum Outcome: Hashable, Sendable {
        /// It is approved on these terms.
        case approve(ReturnTerms)
        /// A person decides; why, for that person.
        case handOver(String)
        case refuse(ReturnRefusal)
    }
}

/// On what terms a return is approved: what its line of the policy said, as it is kept with the decision.
public struct ReturnTerms: Hashable, Sendable, Codable {
    /// Who pays for the way back.
    public enum Label: String, Hashable, Sendable, Codable, CaseIterable {
        case wePay = "we_pay"
        case shePays = "she_pays"
    }

    /// When money goes back.
    public enum Payment: String, Hashable, Sendable, Codable, CaseIterable {
        /// By itself, once the goods are here.
        case received
        /// A person sees to it.
        case byHand = "by_hand"
    }

    public var label: Label
    /// What the shopper may wish for, in the order of the file; never empty.
    public var offer: [ReturnWish]
    public var refundWhen: Payment

    /// - Parameter offer: at least one.
    public init(label: Label = .shePays, offer: [ReturnWish] = [.refund], refundWhen: Payment = .byHand) {
        self.label = label
        self.offer = offer
        self.refundWhen = refundWhen
    }

    /// For the shop's people: `we pay the label; exchange or refund; paid back once received`.
    public var sentence: String {
        let wishes = offer.map(\.shown).joined(separator: " or ")
        let who = label == .wePay ? "the shop pays the way back" : "the customer pays the way back"
        return "\(who); \(wishes)\(refundWhen == .received ? ", once the goods are here" : ", by hand")"
    }
}

/// What a shopper would like for what she sends back.
public enum ReturnWish: String, Hashable, Sendable, Codable, CaseIterable {
    case exchange
    case storeCredit = "store_credit"
    case refund

    /// In a sentence for the shop's people.
    public var shown: String {
        switch self {
        case .exchange: "an exchange"
        case .storeCredit: "store credit"
        case .refund: "a refund"
        }
    }
}

/// Why a return is refused: Shopify's own reasons. The shopper's page says each in her language.
public enum ReturnRefusal: String, Hashable, Sendable, Codable, CaseIterable {
    case finalSale = "final-sale"
    case periodEnded = "period-ended"
    case other

    /// Shopify's word for it, `ReturnDeclineReason`.
    public var shopifys: String {
        switch self {
        case .finalSale: "FINAL_SALE"
        case .periodEnded: "RETURN_PERIOD_ENDED"
        case .other: "OTHER"
        }
    }

    /// In a sentence for the shop's people.
    public var shown: String {
        switch self {
        case .finalSale: "the sale was final"
        case .periodEnded: "the time for it is over"
        case .other: "it cannot be sent back"
        }
    }
}

/// Why goods are sent back, as a shopper says it: those of Shopify's reasons that fit any shop. The raw value is the
/// handle of Shopify's definition (`data/return_reasons.yml` of its product taxonomy).
public enum ReturnReason: String, Hashable, Sendable, Codable, CaseIterable {
    case tooSmall = "too-small"
    case tooBig = "too-big"
    case damaged = "damaged-or-defective"
    case wrongItem = "received-the-wrong-item"
    case notAsDescribed = "item-not-as-described"
    case late = "arrived-late"
    case changedMind = "changed-my-mind"
    case other = "other-reason"
}

/// What a shopper asks to send back.
public struct ReturnDraft: Hashable, Sendable, Codable {
    /// Lines of the order, each with how many.
    public var lines: [QuantityFacts]
    public var reason: ReturnReason
    /// Nil where the policy offers no choice: a person decides.
    public var wish: ReturnWish?
    /// Her own words; empty for none.
    public var words: String

    /// So many characters she may write. Shopify takes 300, and the mark of the action and her wish go along.
    public static let mostWords = 180

    /// - Parameter lines: at least one.
    public init(lines: [QuantityFacts], reason: ReturnReason, wish: ReturnWish?, words: String = "") {
        self.lines = lines
        self.reason = reason
        self.wish = wish
        self.words = String(words.prefix(Self.mostWords))
    }

    /// What makes it the same request: the goods, and nothing of what she wrote.
    public var key: String {
        lines.sorted { $0.lineItemID < $1.lineItemID }.map { "\($0.lineItemID.shortID)x\($0.quantity)" }
            .joined(separator: ",")
    }
}

/// What is known of a return besides what Shopify shows: what she would like, and what the policy said of it.
public struct ReturnStory: Hashable, Sendable, Codable {
    /// What she chose on the page; nil if the return did not come from there, or nothing could be chosen.
    public var wish: ReturnWish?
    /// On what terms the policy approved it; nil if a person did.
    public var terms: ReturnTerms?

    public init(wish: ReturnWish? = nil, terms: ReturnTerms? = nil) {
        self.wish = wish
        self.terms = terms
    }

    /// Reads what the actions on the return brought.
    public init(results: [String: String]) {
        wish = results["wish"].flatMap(ReturnWish.init)
        guard let label = results["label"].flatMap(ReturnTerms.Label.init),
            let when = results["refund_when"].flatMap(ReturnTerms.Payment.init)
        else { return }
        let offer = (results["offer"] ?? "").split(separator: " ").compactMap { ReturnWish(rawValue: String($0)) }
        terms = ReturnTerms(label: label, offer: offer.isEmpty ? [.refund] : offer, refundWhen: when)
    }

    /// True if the policy approved the return and said that the shop pays its label (`label: we_pay`).
    public var shopPaysLabel: Bool { terms?.label == .wePay }
}

extension ReturnTerms {
    /// As the results of the action that approves a return keep them.
    public var results: [String: String] {
        [
            "label": label.rawValue, "offer": offer.map(\.rawValue).joined(separator: " "),
            "refund_when": refundWhen.rawValue,
        ]
    }
}

extension OrderFacts {
    /// What can be sent back: what was sent, less what comes back already or was taken out of the order. In the order of
    /// the order's lines.
    public var returnable: [QuantityFacts] {
        var sent: [String: Int] = [:]
        for fulfillment in fulfillments where ![.cancelled, .error].contains(fulfillment.status) {
            for item in fulfillment.lineItems { sent[item.lineItemID, default: 0] += item.quantity }
        }
        for item in returns where [.requested, .open, .closed].contains(item.status) {
            for line in item.lineItems { sent[line.lineItemID, default: 0] -= line.quantity }
        }
        return lineItems.compactMap { line in
            let left = min(sent[line.id] ?? 0, line.currentQuantity)
            guard line.requiresShipping, line.isGiftCard != true, left > 0 else { return nil }
            return QuantityFacts(lineItemID: line.id, quantity: left)
        }
    }
}
