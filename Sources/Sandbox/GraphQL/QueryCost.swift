// What Shopify charges for a query. The rules are not published in full; these were fitted to the `extensions.cost` of
// several thousand recorded answers and are exact for most order-side queries: an object costs 1, a scalar nothing,
// money, addresses and PageInfo nothing, a list 1 whatever its `first`, a connection 2 + floor(2 ln n) × (1 + its
// node), the root count 10, a mutation 10 and the connections it reads. The requested cost takes n from `first` or
// `last`, the actual cost from the returned nodes; the actual cost of a list counts its content once.

enum QueryCost {
    /// The most that one query may cost. https://shopify.dev/docs/api/usage/limits
    static let limit = 1000

    private static let free: Set<String> = ["PageInfo", "MoneyV2", "MoneyBag", "MailingAddress", "LocationAddress"]

    /// How the cost of a connection grows with its page.
    static func weight(_ count: Int) -> Int {
        count <= 0 ? 0 : max(1, Int((2 * logarithm(Double(count)) + 1e-9).rounded(.down)))
    }

    /// The natural logarithm, by its series: it is needed only for a few small numbers, and this avoids the C library.
    private static func logarithm(_ value: Double) -> Double {
        var mantissa = value
        var doublings = 0.0
        while mantissa > 1.5 {
            mantissa /= 2
            doublings += 1
        }
        let ratio = (mantissa - 1) / (mantissa + 1)
        var term = ratio
        var sum = 0.0
        var divisor = 1.0
        while abs(term) > 1e-17 {
            sum += term / divisor
            term *= ratio * ratio
            divisor += 2
        }
        return 2 * sum + doublings * 0.693_147_180_559_945_3
    }

    /// The cost charged before a query runs.
    static func requested(_ plan: SelectionPlan, kind: GraphQLOperation.Kind, schema: GraphQLSchema) -> Int {
        let root = schema.root(kind)
        if kind == .mutation {
            return plan.fields(of: root).reduce(0) { sum, field in
                let payload = field.selections.fields(of: field.type.name)
                return sum + 10
                    + payload.reduce(0) { $0 + max(0, cost($1, of: field.type.name, schema, answer: nil) - 1) }
            }
        }
        return plan.fields(of: root).reduce(0) { $0 + cost($1, of: root, schema, answer: nil) }
    }

    /// The final cost, from the result.
    static func actual(
        _ plan: SelectionPlan, kind: GraphQLOperation.Kind, schema: GraphQLSchema, answer: JSON, requested: Int
    ) -> Int {
        guard kind == .query else { return min(requested, 10) }
        let root = schema.root(kind)
        let sum = plan.fields(of: root).reduce(0) { $0 + cost($1, of: root, schema, answer: answer[$1.key] ?? .null) }
        return min(sum, requested)
    }

    private static func cost(_ field: PlannedField, of parent: String, _ schema: GraphQLSchema, answer: JSON?) -> Int {
        if field.name.hasPrefix("__") { return 0 }
        let type = field.type.name
        guard schema.types[type]?.isComposite == true, !free.contains(type) else { return 0 }
        if type == "Count", parent == "QueryRoot" { return 10 }
        if let answer, answer.isNull { return 1 }
        if type.hasSuffix("Connection") { return connection(field, type, schema, answer) }
        let inner: JSON? = if case .array(let items)? = answer { dearest(items) } else { answer }
        return 1 + selection(field.selections, type, schema, inner)
    }

    private static func connection(
        _ field: PlannedField, _ type: String, _ schema: GraphQLSchema, _ answer: JSON?
    ) -> Int {
        var node = 0
        var count = field.arguments.int("first") ?? field.arguments.int("last") ?? 0
        for part in field.selections.fields(of: type) {
            if part.name == "nodes" {
                let items = answer?[part.key]?.array
                if let items { count = items.count }
                node = max(node, 1 + selection(part.selections, part.type.name, schema, items.map(dearest)))
            } else if part.name == "edges" {
                let edges = answer?[part.key]?.array
                if let edges { count = edges.count }
                for inner in part.selections.fields(of: part.type.name) where inner.name == "node" {
                    let items = edges.map { $0.map { $0[inner.key] ?? .null } }
                    node = max(node, 1 + selection(inner.selections, inner.type.name, schema, items.map(dearest)))
                }
            }
        }
        return 2 + weight(count) * node
    }

    /// The longest of the items, representing all.
    private static func dearest(_ items: [JSON]) -> JSON {
        guard items.count > 1 else { return items.first ?? .null }
        func size(_ value: JSON) -> Int {
            switch value {
            case .array(let items): items.reduce(1) { $0 + size($1) }
            case .object(let members): members.reduce(1) { $0 + size($1.value) }
            case .null: 0
            default: 1
            }
        }
        return items.max { size($0) < size($1) } ?? .null
    }

    private static func selection(
        _ plan: SelectionPlan, _ type: String, _ schema: GraphQLSchema, _ answer: JSON?
    ) -> Int {
        let definition = schema.types[type]
        if definition?.kind == .type {
            return plan.fields(of: type).reduce(0) { sum, field in
                sum + cost(field, of: type, schema, answer: answer.map { $0[field.key] ?? .null })
            }
        }
        // A union or an interface costs as much as its most expensive type.
        return plan.conditions().filter { schema.types[$0]?.kind == .type && schema.isPossible($0, as: type) }
            .map { concrete in
                plan.fields(of: concrete).reduce(0) { sum, field in
                    sum + cost(field, of: concrete, schema, answer: answer.map { $0[field.key] ?? .null })
                }
            }.max() ?? 0
    }
}

/// Shopify's leaky bucket: it holds `maximum` points, refills with `restoreRate` points per second, and a query must
/// fit before it runs. https://shopify.dev/docs/api/usage/limits
struct CostBucket: Sendable {
    let maximum: Double
    /// Points a second.
    let restoreRate: Double
    private var available: Double
    private var filledAt: Double

    /// A full bucket. `now` is in seconds of any monotonic clock.
    init(maximum: Double, restoreRate: Double, now: Double) {
        self.maximum = maximum
        self.restoreRate = restoreRate
        available = maximum
        filledAt = now
    }

    private mutating func refill(now: Double) {
        available = min(maximum, available + max(0, now - filledAt) * restoreRate)
        filledAt = max(filledAt, now)
    }

    /// Takes the points if available.
    mutating func take(_ points: Int, now: Double) -> Bool {
        refill(now: now)
        guard Double(points) <= available else { return false }
        available -= Double(points)
        return true
    }

    /// Refunds the points that a query did not use.
    mutating func giveBack(_ points: Int) { available = min(maximum, available + Double(points)) }

    /// The `throttleStatus` of an answer.
    mutating func status(now: Double) -> JSON {
        refill(now: now)
        return [
            "maximumAvailable": .int(Int64(maximum)), "currentlyAvailable": .int(Int64(available)),
            "restoreRate": .int(Int64(restoreRate)),
        ]
    }
}
