internal import Liquid

// The names that Shopify's own notification templates use. Shopify publishes no schema for them; these are the names
// that its stock templates and merchants' own templates read, with what Shopify's pages say about them
// (help.shopify.com, "Email variables"; shopify.dev, Liquid reference). They can be used in templates only: conditions
// use our own words. What Bookbag cannot know is in the tables as well, with the reason, so that `check` can say why it
// stays empty instead of calling it a typo.
//
// Prices are whole numbers of hundredths, as Shopify has them in every currency; ours are money. Under `order`,
// `customer`, `shop`, `return` and a line item, a name that both of us have is ours.

/// What one of Shopify's names holds.
enum ShopifyShape: Sendable {
    case text, number, flag, moment
    /// Hundredths of the currency's unit.
    case cents
    case texts
    /// A thing that has names of its own, with the name of its table.
    case thing(String)
    /// A list of such things.
    case things(String)
    /// Anything below it is accepted unchecked.
    case anything
}

/// One name: how it is filled, or why it never is.
struct ShopifyName<Item: Sendable>: Sendable {
    var key: String
    var shape: ShopifyShape
    /// Why it is always empty; nil where it is filled.
    var absence: String?
    var read: @Sendable (Item) -> Value

    private init(
        _ key: String, _ shape: ShopifyShape, absence: String? = nil, _ read: @escaping @Sendable (Item) -> Value
    ) {
        self.key = key
        self.shape = shape
        self.absence = absence
        self.read = read
    }

    static func text(_ key: String, _ read: @escaping @Sendable (Item) -> String?) -> Self {
        Self(key, .text) { .optional(read($0)) }
    }

    /// A text that Shopify leaves empty rather than missing.
    static func blankText(_ key: String, _ read: @escaping @Sendable (Item) -> String?) -> Self {
        Self(key, .text) { .string(read($0) ?? "") }
    }

    static func number(_ key: String, _ read: @escaping @Sendable (Item) -> Int?) -> Self {
        Self(key, .number) { read($0).map { .int($0) } ?? .null }
    }

    static func flag(_ key: String, _ read: @escaping @Sendable (Item) -> Bool) -> Self {
        Self(key, .flag) { .bool(read($0)) }
    }

    static func cents(_ key: String, _ read: @escaping @Sendable (Item) -> Money?) -> Self {
        Self(key, .cents) { .cents(read($0)) }
    }

    static func texts(_ key: String, _ read: @escaping @Sendable (Item) -> [String]) -> Self {
        Self(key, .texts) { .array(read($0).map { .string($0) }) }
    }

    static func value(
        _ key: String, _ shape: ShopifyShape, _ read: @escaping @Sendable (Item) -> Value
    ) -> Self {
        Self(key, shape, read)
    }

    /// A name that Bookbag knows of but cannot fill.
    static func absent(_ key: String, _ why: String) -> Self { Self(key, .anything, absence: why) { _ in .null } }
}

extension ShopifyName where Item == Scope {
    /// Shopify's name for a value of ours, an example's values included.
    static func same(_ key: String, _ shape: ShopifyShape, as path: String) -> Self {
        .value(key, shape) { scope in
            let value = scope.value(of: path) ?? .null
            if case .cents = shape, case .money(let money) = value { return .int(Int(money.hundredths)) }
            return value
        }
    }
}

/// The names of one kind of thing.
struct ShopifyTable<Item: Sendable>: Sendable {
    let names: [ShopifyName<Item>]
    let byKey: [String: ShopifyName<Item>]

    init(_ names: [ShopifyName<Item>]) {
        self.names = names
        byKey = Dictionary(uniqueKeysWithValues: names.map { ($0.key, $0) })
    }

    var rows: [ShopifyRow] { names.map { ShopifyRow(key: $0.key, shape: $0.shape, absence: $0.absence) } }
}

/// A name without its reader, for the checker and the reference.
struct ShopifyRow: Sendable {
    var key: String
    var shape: ShopifyShape
    var absence: String?
}

/// A thing whose names are read through one of Shopify's tables.
final class ShopifyDrop<Item: Sendable>: Drop {
    private let item: Item
    private let table: ShopifyTable<Item>
    private let own: String

    init(_ item: Item, _ table: ShopifyTable<Item>, own: String = "") {
        self.item = item
        self.table = table
        self.own = own
    }

    func value(for key: String) -> Value? { table.byKey[key]?.read(item) }

    var printed: Value { .string(own) }
}

extension Value {
    static func cents(_ money: Money?) -> Value {
        guard case .money(let money) = optional(money) else { return .null }
        return .int(Int(money.hundredths))
    }

    static func things<Item>(_ items: [Item], _ table: ShopifyTable<Item>) -> Value {
        .array(items.map { .drop(ShopifyDrop($0, table)) })
    }

    static func thing<Item>(_ item: Item?, _ table: ShopifyTable<Item>) -> Value {
        item.map { .drop(ShopifyDrop($0, table)) } ?? .null
    }
}
