// What a shopper asks for on one of her own pages, and where that stands. Nothing here reads a clock or a table.

/// What can be asked for on a page of its own.
public enum PageRequest: String, Hashable, Sendable, CaseIterable {
    /// The order goes to another address in its country.
    case changeAddress = "change_address"
    /// The whole order is cancelled and paid back.
    case cancelOrder = "cancel_order"

    /// What decides the actions of these pages.
    public static let decider = "page"

    /// What does it in the shop.
    public var verb: ShopVerb {
        switch self {
        case .changeAddress: .changeAddress
        case .cancelOrder: .cancelOrder
        }
    }

    /// The name of its link in templates.
    public var linkName: String {
        switch self {
        case .changeAddress: "address_url"
        case .cancelOrder: "cancel_url"
        }
    }

    /// The key of the n-th time that it is asked for of an order, so that two posts at once are one.
    public func key(of order: String, after earlier: [PageAct]) -> String {
        "\(order) \(rawValue) \(earlier.count { !$0.isHandOver } + 1)"
    }

    /// Whether a key is of something that was asked for here.
    fileprivate func isOwn(_ key: String) -> Bool { key.split(separator: " ").dropFirst().first == rawValue[...] }
}

/// Something that was done, or is to be done, because it was asked for on a page.
public struct PageAct: Hashable, Sendable {
    /// The number of its effect.
    public var effect: Int64
    /// True if a person was given it.
    public var isHandOver: Bool
    /// True if a person was only told that it takes long.
    public var isLate = false
    public var state: Effect.State
    public var detail: String?
    public var askedAt: Moment
    public var results: [String: String]

    public init(
        effect: Int64, isHandOver: Bool = false, state: Effect.State, detail: String? = nil, askedAt: Moment,
        results: [String: String] = [:]
    ) {
        self.effect = effect
        self.isHandOver = isHandOver
        self.state = state
        self.detail = detail
        self.askedAt = askedAt
        self.results = results
    }

    /// What the effect of a page is; nil if it is another's, or about something else.
    public init?(_ effect: Effect, of request: PageRequest, results: [String: String]) {
        guard effect.trigger == PageRequest.decider, effect.origin == .system else { return nil }
        let isHandOver = effect.channel == .desk
        guard
            isHandOver
                ? effect.keys.contains(where: request.isOwn)
                : effect.line == request.verb.rawValue
        else { return nil }
        self.init(
            effect: effect.id, isHandOver: isHandOver, state: effect.state, detail: effect.detail,
            askedAt: effect.createdAt, results: results)
        isLate = effect.keys.contains { $0.hasSuffix(Self.late) }
    }

    /// The end of the key under which a person is told that it takes long.
    public static let late = " late"

    /// What Shopify objected to in her address, by field; empty if it was anything else.
    public var objections: [AddressField: AddressObjection] {
        state == .refused ? AddressObjection.read(results) : [:]
    }

    /// True while it is not known what becomes of it.
    public var isOpen: Bool { state == .waiting || state == .ready }

    /// True if a hold was placed that Shopify does not release.
    public var isHeld: Bool { results["held"] != nil }
}

/// Where a page of the shopper's stands.
public enum PageStanding: Hashable, Sendable {
    /// It can be asked for.
    case open
    /// It was asked for, and Shopify has not said yet what it makes of it.
    case busy(PageAct)
    /// It is done.
    case done(PageAct)
    /// Shopify objects to what she wrote. She can correct it.
    case objected(PageAct)
    /// A person has it.
    case person
    /// It cannot be asked for, and why.
    case over(PageEnd)

    /// How long an act may take before a person is told.
    public static let patience = Duration.minutes(15)
}

/// Why something cannot be asked for on a page.
public enum PageEnd: String, Hashable, Sendable, CaseIterable {
    /// Something has been sent, or is being packed.
    case sent
    case cancelled
    /// There is nothing to send, or the shop does not do it here: one has to write.
    case other
}

extension PageRequest {
    /// Where the page of an order stands.
    ///
    /// - Parameter acts: what was asked for there so far, in any order.
    public func standing(of record: OrderRecord, acts: [PageAct], now: Moment) -> PageStanding {
        let last = acts.filter { !$0.isLate }.max { $0.effect < $1.effect }
        if let last {
            if last.isHandOver { return .person }
            if last.isOpen {
                // What takes longer is given to a person, but may still be done.
                return now - last.askedAt < PageStanding.patience ? .busy(last) : .person
            }
            if self == .cancelOrder, last.state == .sent { return .done(last) }
        }
        if let end = end(for: record) { return .over(end) }
        guard let last else { return .open }
        if last.state == .sent { return .done(last) }
        return last.objections.isEmpty ? .person : .objected(last)
    }

    /// Why it cannot be asked for, by what is known of the order; nil if it can.
    public func end(for record: OrderRecord) -> PageEnd? {
        let facts = record.facts
        guard record.isOrder, !facts.test else { return .other }
        if facts.cancelledAt != nil { return .cancelled }
        if facts.fulfillments.contains(where: { !$0.isVoid }) { return .sent }
        switch facts.fulfillment {
        case .partial, .fulfilled, .inProgress: return .sent
        case .restocked: return .other
        case .unfulfilled, .onHold, .scheduled, .notRequired, .unknown: break
        }
        guard self == .changeAddress else { return nil }
        if let method = facts.deliveryMethod, ["pickup", "local", "retail", "none"].contains(method) { return .other }
        guard facts.fulfillment != .notRequired, let address = facts.shippingAddress,
            AddressForm(country: address.countryCode ?? "", known: address) != nil
        else { return .other }
        return nil
    }
}

extension TriggerSet {
    /// The first place at which a letter links to the page, as `templates/answers/change-address.md:11`; nil if none
    /// does.
    public func link(to request: PageRequest) -> String? {
        for trigger in triggers where trigger.mode != .off {
            for line in trigger.lines where line.hasWords {
                if let use = templates.firstUse(of: request.linkName, in: line.template) {
                    return "\(use.file):\(use.line)"
                }
            }
        }
        return nil
    }
}
