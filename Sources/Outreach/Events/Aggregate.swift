/// What kind of thing events belong to. Open: each kind names its own, and nothing else lists them.
public struct AggregateKind: RawRepresentable, Hashable, Sendable, Codable {
    public let rawValue: String

    /// A kind of that name, as it stands in rows and keys.
    public init(rawValue: String) { self.rawValue = rawValue }

    /// An order of the shop.
    public static let order = AggregateKind(rawValue: "order")
}

/// The thing that an event belongs to, within its shop: what is read, judged and written as one, and has one version.
public struct AggregateID: Hashable, Sendable, Codable {
    public var kind: AggregateKind
    /// Unique among those of its kind in the shop: for an order, the shop's own id.
    public var id: String

    /// That one of that kind.
    public init(kind: AggregateKind, id: String) {
        self.kind = kind
        self.id = id
    }

    /// An order, by the shop's id.
    public static func order(_ id: String) -> AggregateID { AggregateID(kind: .order, id: id) }

    /// The order's id, where it is an order.
    public var orderID: String? { kind == .order ? id : nil }

    /// The text that stands for it in keys: `order:ID`.
    public var key: String { "\(kind.rawValue):\(id)" }
}

/// The versions of all aggregates that a judgement read, within one shop. Where one of them has another version by now,
/// the judgement is void: it does not commit, and its message does not begin. 0 stands for one that was not there.
public typealias ReadVersions = [AggregateID: Int64]
