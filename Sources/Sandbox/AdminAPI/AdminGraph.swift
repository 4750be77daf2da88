internal import FoundationEssentials

/// The shop as one request sees it: a snapshot of its state, and what the caller may read.
final class AdminGraph {
    let state: ShopState
    let profile: SandboxShopProfile
    let manners: SandboxShopManners
    let scopes: Set<String>
    let now: Date
    let baseURL: String
    /// Warnings of searches, for `extensions.search`.
    var searches: [JSON] = []

    init(state: ShopState, shop: SandboxShop, scopes: Set<String>) {
        self.state = state
        profile = shop.profile
        manners = shop.manners
        now = shop.clock.now()
        baseURL = shop.baseURL
        self.scopes = scopes
    }

    /// Throws as Shopify does if the app lacks a scope for a field.
    func require(_ scope: String, for field: String) throws(GraphQLError) {
        guard !scopes.contains(scope) else { return }
        throw GraphQLError(
            message: "Access denied for \(field) field. Required access: `\(scope)` access scope.",
            extensions: [
                JSON.Member("code", "ACCESS_DENIED"),
                JSON.Member("documentation", "https://shopify.dev/api/usage/access-scopes"),
                JSON.Member("requiredAccess", .string("`\(scope)` access scope.")),
            ])
    }

    /// Whether an app sees the order: younger than 60 days, or with `read_all_orders`.
    func isVisible(_ order: OrderRecord) -> Bool {
        scopes.contains("read_all_orders") || order.createdAt >= now.addingTimeInterval(-manners.visibleFor.inSeconds)
    }

    func order(_ id: Int64) -> OrderNode? {
        guard let record = state.orders[id], isVisible(record) else { return nil }
        return OrderNode(record, self)
    }

    /// The object with any id. Throws for a text that is not an id.
    func node(_ gid: String) throws(GraphQLError) -> Resolved {
        guard let (kind, number) = ShopID.split(gid) else {
            throw GraphQLError(
                message: "Invalid global id '\(gid)'", extensions: [JSON.Member("code", "argumentLiteralsIncompatible")]
            )
        }
        guard let kind = ShopID.Kind(rawValue: kind) else { return .null }
        if kind == .customer {
            try require("read_customers", for: "node")
            return state.customers[number].map { .object(CustomerNode($0, self)) } ?? .null
        }
        guard let record = state.order(owning: ShopID(kind, number)), let order = order(record.id) else { return .null }
        switch kind {
        case .order: return .object(order)
        case .fulfillment: return order.fulfillment(number)
        case .fulfillmentOrder: return .object(FulfillmentOrderNode(order: order))
        case .refund: return order.refund(number)
        case .return, .reverseFulfillmentOrder, .reverseDelivery:
            try require("read_returns", for: "node")
            return order.returned(kind, number)
        case .lineItem, .fulfillmentEvent, .customer: return .null
        }
    }

    /// The node with an id of one kind; another kind is an error, as recorded.
    func node(_ gid: String?, of kind: ShopID.Kind) throws(GraphQLError) -> Resolved {
        guard let gid, let (name, _) = ShopID.split(gid), name == kind.rawValue else {
            throw GraphQLError(
                message: "Invalid id: \(gid ?? "")", extensions: [JSON.Member("code", "RESOURCE_NOT_FOUND")])
        }
        return try node(gid)
    }

    func money(_ hundredths: Int) -> Resolved {
        let amount = MoneyNode(amount: hundredths, currency: profile.currency)
        return .object(Record("MoneyBag", ["shopMoney": .object(amount), "presentmentMoney": .object(amount)]))
    }

    /// Personal data, null for apps without access to it.
    func personal(_ text: String?) -> Resolved { manners.hidesCustomers ? .null : .text(text) }
}

extension Resolved {
    static func text(_ value: String?) -> Resolved { value.map { .leaf(.string($0)) } ?? .null }
    static func int(_ value: Int) -> Resolved { .leaf(.int(Int64(value))) }
    static func bool(_ value: Bool) -> Resolved { .leaf(.bool(value)) }
    static func time(_ value: Date?) -> Resolved { value.map { .leaf(.string(ShopTime.iso($0))) } ?? .null }
    static func gid(_ kind: String, _ number: Int64) -> Resolved { .leaf(.string("gid://shopify/\(kind)/\(number)")) }
    static func texts(_ values: [String]) -> Resolved { .list(values.map { .leaf(.string($0)) }) }
    static func object(_ value: (any GraphQLObject)?) -> Resolved { value.map { .object($0) } ?? .null }
}

/// A small object with a few known fields.
struct Record: GraphQLObject {
    let typeName: String
    let fields: [String: Resolved]

    init(_ typeName: String, _ fields: [String: Resolved]) {
        self.typeName = typeName
        self.fields = fields
    }

    func resolve(_ field: String, _ arguments: GraphQLArguments) throws(GraphQLError) -> Resolved {
        fields[field] ?? .null
    }
}

/// MoneyV2: a Decimal as text, and its currency.
struct MoneyNode: GraphQLObject {
    let amount: Int
    let currency: String
    var typeName: String { "MoneyV2" }

    func resolve(_ field: String, _ arguments: GraphQLArguments) throws(GraphQLError) -> Resolved {
        .text(field == "amount" ? Money.text(amount) : currency)
    }
}

/// A page of a list, with cursors like Shopify's: base64 of `{"last_id":…,"last_value":…}`.
struct ConnectionNode: GraphQLObject {
    struct Item {
        let node: any GraphQLObject
        let cursor: String
    }

    let typeName: String
    let items: [Item]
    let hasNext: Bool
    let hasPrevious: Bool

    func resolve(_ field: String, _ arguments: GraphQLArguments) throws(GraphQLError) -> Resolved {
        switch field {
        case "nodes": .list(items.map { .object($0.node) })
        case "edges":
            .list(
                items.map { item in
                    .object(
                        Record(
                            typeName.replacing("Connection", with: "Edge"),
                            ["node": .object(item.node), "cursor": .text(item.cursor)]))
                })
        default:
            .object(
                Record(
                    "PageInfo",
                    [
                        "hasNextPage": .bool(hasNext), "hasPreviousPage": .bool(hasPrevious),
                        "startCursor": .text(items.first?.cursor), "endCursor": .text(items.last?.cursor),
                    ]))
        }
    }

    /// A cursor's two values.
    struct Cursor {
        var id: Int64
        var value: JSON

        /// The text of the cursor.
        var text: String {
            Data((["last_id": .int(id), "last_value": value] as JSON).bytes).base64EncodedString()
        }

        static func read(_ text: String) throws(GraphQLError) -> Cursor {
            guard let data = Data(base64Encoded: text), let json = try? JSON.parse(Array(data)),
                let id = json["last_id"]?.int,
                let value = json["last_value"]
            else {
                throw GraphQLError(
                    message: "Invalid cursor for current pagination sort.",
                    extensions: [JSON.Member("code", "BAD_REQUEST")])
            }
            return Cursor(id: id, value: value)
        }
    }

    /// The page of a list selected by `first`, `after`, `last`, `before` and `reverse`.
    static func page(
        _ typeName: String, of all: [(id: Int64, node: any GraphQLObject)], _ arguments: GraphQLArguments,
        value: (Int64) -> JSON = { .string(String($0)) }
    ) throws(GraphQLError) -> Resolved {
        let size = try pageSize(arguments, of: typeName)
        var items = arguments.bool("reverse") ? all.reversed() : all
        let whole = items.count
        var skippedBefore = 0
        if let after = arguments.string("after") {
            let cursor = try Cursor.read(after)
            let start = items.firstIndex { $0.id == cursor.id }.map { $0 + 1 } ?? 0
            items.removeFirst(start)
            skippedBefore = start
        }
        if let before = arguments.string("before") {
            let cursor = try Cursor.read(before)
            if let end = items.firstIndex(where: { $0.id == cursor.id }) { items.removeLast(items.count - end) }
        }
        if arguments.int("first") != nil {
            items = Array(items.prefix(size))
        } else {
            skippedBefore += max(0, items.count - size)
            items = Array(items.suffix(size))
        }
        return .object(
            ConnectionNode(
                typeName: typeName,
                items: items.map { Item(node: $0.node, cursor: Cursor(id: $0.id, value: value($0.id)).text) },
                hasNext: skippedBefore + items.count < whole, hasPrevious: skippedBefore > 0))
    }

    /// `first` or `last`, one of which is required, from 0 to 250.
    static func pageSize(_ arguments: GraphQLArguments, of typeName: String) throws(GraphQLError) -> Int {
        guard let size = arguments.int("first") ?? arguments.int("last") else {
            throw GraphQLError(
                message: "you must provide one of first or last", extensions: [JSON.Member("code", "BAD_REQUEST")])
        }
        guard (0...250).contains(size) else {
            throw GraphQLError(
                message: "Page size must be between 0 and 250, but was \(size).",
                extensions: [JSON.Member("code", "BAD_REQUEST")])
        }
        return size
    }
}
