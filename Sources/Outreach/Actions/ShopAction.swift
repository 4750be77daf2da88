/// Something to be done in the shop for an order, with all that it takes: what is decided, frozen and done once.
///
/// Amounts are exact. Whoever decides an action computes them (`ShopAction.make` for a line of `do`), and nothing after
/// that makes them larger.
public enum ShopAction: Hashable, Sendable, Codable {
    case tagOrder(tag: String)
    case tagCustomer(tag: String)
    /// Keeps the order from being sent, with a note for the shop's people.
    case holdOrder(note: String)
    /// Ends the holds that Bookbag placed, and no other.
    case releaseOrder
    /// Credit for the customer's next orders. It always ends one day.
    case storeCredit(amount: Money, expiresOn: CalendarDay)
    /// Money back the way it came, in the currency in which the shopper paid.
    case refund(amount: Money)
    /// The same goods a second time, free of charge: lines of the order, each with how many.
    case reship(lines: [QuantityFacts])
    /// Cancels the order and pays back what was paid. `reason` is Shopify's word in lower case: `customer`, `inventory`.
    case cancelOrder(reason: String)
    /// Where the order goes instead, within its country. It comes from a form that she filled in, never from free text.
    case changeAddress(to: AddressFacts)
    /// A label for the way home, bought at a broker and attached to the return.
    case buyLabel(LabelOrder)
    /// Gives such a label back.
    case voidLabel(BoughtLabel)
    /// Asks the shop for a return, as a shopper did on her page.
    case requestReturn(ReturnDraft)
    /// Approves a return that was asked for, by Shopify's id; the terms are what the policy said.
    case approveReturn(id: String, on: ReturnTerms)
    case declineReturn(id: String, because: ReturnRefusal)
    /// Pays for what came back: the way it was paid, or as store credit, which ends on a day. Shopify says how much, and
    /// never more than this is paid.
    case settleReturn(id: String, as: ReturnWish, atMost: Money, expiresOn: CalendarDay?)

    /// The tag of every order that sends another's goods again. A shopper can set no tag.
    public static let replacementTag = "bookbag-replacement"
    /// The attribute of such an order which names the order that it replaces.
    public static let replacesKey = "Replacement for"

    /// Its verb in `do`.
    public var verb: ShopVerb {
        switch self {
        case .tagOrder: .tagOrder
        case .tagCustomer: .tagCustomer
        case .holdOrder: .holdOrder
        case .releaseOrder: .releaseOrder
        case .storeCredit: .storeCredit
        case .refund: .refund
        case .reship: .reship
        case .cancelOrder: .cancelOrder
        case .changeAddress: .changeAddress
        case .buyLabel: .buyLabel
        case .voidLabel: .voidLabel
        case .requestReturn: .requestReturn
        case .approveReturn: .approveReturn
        case .declineReturn: .declineReturn
        case .settleReturn: .settleReturn
        }
    }

    /// The value of `Effect.line`: `refund`, `tag_order:vip`.
    public var line: String {
        switch self {
        case .tagOrder(let name), .tagCustomer(let name): "\(verb.rawValue):\(name)"
        default: verb.rawValue
        }
    }

    /// Shopify's id of the return that it is about; nil for everything else, and for one that is only asked for.
    public var returnID: String? {
        switch self {
        case .approveReturn(let id, _), .declineReturn(let id, _), .settleReturn(let id, _, _, _): id
        default: nil
        }
    }

    /// What it is, in a few words for people and without anybody's data: `refund of 12.50 GBP`.
    public var words: String {
        switch self {
        case .tagOrder(let tag): "tag '\(tag)' on the order"
        case .tagCustomer(let tag): "tag '\(tag)' on the customer"
        case .holdOrder: "hold of the order"
        case .releaseOrder: "release of the order"
        case .storeCredit(let amount, let day): "store credit of \(amount.written), until \(day)"
        case .refund(let amount): "refund of \(amount.written)"
        case .reship(let lines): "second parcel with \(lines.reduce(0) { $0 + $1.quantity }) items"
        case .cancelOrder: "cancellation of the order"
        case .changeAddress: "change of the address"
        case .buyLabel(let label): "label for the return \(label.returnName)"
        case .voidLabel(let label): "void of the label for the return \(label.returnName)"
        case .requestReturn(let draft): "request to return \(draft.lines.reduce(0) { $0 + $1.quantity }) items"
        case .approveReturn(_, let terms): "approval of the return (\(terms.sentence))"
        case .declineReturn(_, let refusal): "refusal of the return: \(refusal.shown)"
        case .settleReturn(_, let way, let most, _): "\(way.shown) for what came back, at most \(most.written)"
        }
    }
}

extension Money {
    /// With all decimals of its currency, and the currency: `12.50 GBP`, `300 JPY`.
    public var written: String {
        guard let units = CurrencyUnits.units(amount, in: currency) else { return "\(amount) \(currency)" }
        return "\(CurrencyUnits.written(units, in: currency)) \(currency)"
    }

    /// The amount rounded to what its currency has, halves up.
    public var rounded: Money {
        Money(amount: CurrencyUnits.rounded(amount, in: currency), currency: currency)
    }
}

/// Why something is not done in the shop.
public struct ActionRefusal: Error, Hashable, Sendable {
    public var reason: Reason
    /// A sentence for people, without anybody's data.
    public var detail: String

    public init(_ reason: Reason, _ detail: String) {
        self.reason = reason
        self.detail = detail
    }
}
