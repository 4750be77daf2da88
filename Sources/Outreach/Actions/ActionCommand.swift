internal import FoundationEssentials

/// What is to be done in the shop, frozen: the bytes of such an effect's message.
public struct ActionCommand: Codable, Hashable, Sendable {
    public var action: ShopAction
    /// The shop's id of the order, and its name.
    public var order: String
    public var name: String
    /// The shop's id of the customer; nil for a guest.
    public var customer: String?
    /// By which the action is recognised in the shop: in a note, a handle or a tag. It follows from the effect's key, so
    /// a repeat has the same, and no two actions do.
    public var mark: String
    /// True if a person decided it, who may do more than a trigger.
    public var isPersons: Bool
    public var decidedAt: Moment
    /// When what it gives ends, where the shop is; nil if that never does.
    public var endsAt: Moment?

    /// - Parameter zone: the shop's.
    public init(
        _ action: ShopAction, for record: OrderRecord, mark: String, isPersons: Bool, decidedAt: Moment, zone: Zone
    ) {
        switch action {
        case .storeCredit(_, let day), .settleReturn(_, _, _, let day?): endsAt = zone.end(of: day)
        default: endsAt = nil
        }
        self.action = action
        order = record.facts.id
        name = record.facts.name
        customer = record.facts.customer?.id
        self.mark = mark
        self.isPersons = isPersons
        self.decidedAt = decidedAt
    }

    /// Reads the bytes of a message; nil if they are no such thing.
    public init?(_ message: Message) {
        guard message.kind == .shop, let read = try? JSONDecoder().decode(Self.self, from: Data(message.bytes)) else {
            return nil
        }
        self = read
    }

    /// The message of the effect.
    ///
    /// - Parameter why: which line needs it, for whoever reads that the app may not: `'tag_order: vip' of vip.yaml`.
    public func message(id: String, why: String) -> Message {
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
        return Message(
            id: id, kind: .shop, envelope: Message.Envelope(), bytes: (try? encoder.encode(self)).map(Array.init) ?? [],
            summary: "\(action.words), for \(why)")
    }
}
