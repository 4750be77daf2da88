/// What kind of thing events belong to. The set is open: each kind defines its own name, and nothing else lists them.
public struct AggregateKind: RawRepresentable, Hashable, Sendable, Codable {
    public let rawValue: String

    /// A kind by the name it has in rows and keys.
    public init(rawValue: String) { self.rawValue = rawValue }

    /// An order of the shop.
    public static let order = AggregateKind(rawValue: "order")
}

/// The thing that an event belongs to, within its shop: it is read, judged and written as a unit, with a single
/// version.
public struct AggregateID: Hashable, Sendable, Codable {
    public var kind: AggregateKind
    /// Unique among the aggregates of its kind in the shop: for an order, the shop's own id.
    public var id: String

    public init(kind: AggregateKind, id: String) {
        self.kind = kind
        self.id = id
    }

    /// An order, by the shop's id.
    public static func order(_ id: String) -> AggregateID { AggregateID(kind: .order, id: id) }

    /// The order's id, if it is an order.
    public var orderID: String? { kind == .order ? id : nil }

    /// The text that stands for it in keys: `order:ID`.
    public var key: String { "\(kind.rawValue):\(id)" }
}

/// The versions of all aggregates that a judgement read, within one shop. If any of them has another version by now,
/// the judgement is void: it is not committed, and its message is not sent. 0 stands for one that did not exist.
public typealias ReadVersions = [AggregateID: Int64]
