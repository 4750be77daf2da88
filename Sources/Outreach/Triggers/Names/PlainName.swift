internal import Liquid

/// A name with one dot, resolved to the way its value is read. Conditions ask for it over and over, so it is looked up
/// once, when the file is read.
struct PlainName: Sendable {
    /// Its number among all names.
    let number: Int
    let read: @Sendable (Scope) -> Value

    /// The name with that path; nil if there is none.
    static func of(_ path: String) -> PlainName? { all[path] }

    private static let all: [String: PlainName] = {
        var readers: [(path: String, read: @Sendable (Scope) -> Value)] = []
        func add<Item>(
            _ root: String, _ table: NameTable<Item>, _ item: @escaping @Sendable (Scope) -> Item?
        ) {
            for name in table.names {
                readers.append(("\(root).\(name.key)", { scope in item(scope).map(name.read) ?? .null }))
            }
        }
        add("order", Names.order) { $0.record.isOrder ? $0 : nil }
        add("customer", Names.customer) { $0 }
        add("shop", Names.shop) { $0 }
        add("event", Names.event) { $0 }
        add("rating", Names.rating) { $0.event.kind.has("rating") ? $0 : nil }
        add("shipment", Names.shipment, \.shipmentItem)
        add("return", Names.returned, \.returnItem)
        add("refund", Names.refund, \.refundItem)
        add("message", Names.message, \.messageItem)
        add("conversation", Names.conversation, \.conversationItem)
        return Dictionary(
            uniqueKeysWithValues: readers.enumerated().map { ($1.path, PlainName(number: $0, read: $1.read)) })
    }()
}

extension Scope {
    /// The parcel that `shipment.` names are about.
    var shipmentItem: ShipmentItem? {
        let all = shipments
        return all.first.map { ShipmentItem(scope: self, shipment: $0, together: all) }
    }

    /// The return that `return.` names are about.
    var returnItem: ReturnItem? { returned.map { ReturnItem(scope: self, facts: $0) } }

    /// The refund that `refund.` names are about.
    var refundItem: RefundItem? { refund.map { RefundItem(scope: self, facts: $0) } }
}
