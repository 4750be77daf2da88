import Testing

@testable import Liquid

/// A thing whose values stand in a table.
private final class Things: Drop {
    let values: [String: Value]
    init(_ values: [String: Value]) { self.values = values }
    func value(for key: String) -> Value? { values[key] }
}

@Suite("A condition of names, words and numbers alone")
struct PlainConditionTests {
    /// What names can stand for.
    static let values: [Value] = [
        .null, .bool(true), .bool(false), .int(0), .int(40), .int(-3), .float(39.5), .float(.nan), .string(""),
        .string("  "), .string("GB"), .string("gb"), .string("40"), .string("Straße"),
        .money(Money(minorUnits: 4000, currency: "GBP")),
        .money(Money(minorUnits: 3999, currency: "EUR")), .array([]), .array(["vip", "VIP", 40]),
        .drop(TextList([])), .drop(TextList(["Wholesale", "Été", "K\u{212A}"])), .moment(Moment(seconds: 40)),
        .object(Object([("size", 1)])), .range(1, 50),
    ]
    static let operands = [
        "a.x", "a.y", "b.x", "40", "40.5", "-3", "'GB'", "'été'", "'WHOLESALE'", "'kk'", "''", "nil", "true", "false",
        "empty", "blank",
    ]

    @Test("comes to the same as by the engine, and in the same words, for whatever values")
    func same() throws {
        var random = SystemRandomNumberGenerator()
        var compared = 0
        for _ in 0..<20_000 {
            func clause() -> String {
                let left = Self.operands.randomElement(using: &random)!
                guard Bool.random(using: &random) || Bool.random(using: &random) else { return left }
                let sign = ["==", "!=", "<", "<=", ">", ">=", "contains"].randomElement(using: &random)!
                return "\(left) \(sign) \(Self.operands.randomElement(using: &random)!)"
            }
            let clauses = (0..<Int.random(in: 1...3, using: &random)).map { _ in clause() }
            let text = clauses.dropFirst().reduce(clauses[0]) {
                "\($0) \(Bool.random(using: &random) ? "and" : "or") \($1)"
            }
            guard let condition = try? Condition(parsing: text) else { continue }
            let plain = try #require(PlainCondition(condition), "\(text)")
            func value() -> Value { Self.values.randomElement(using: &random)! }
            let (a, b) = (Things(["x": value(), "y": value()]), Things(["x": value()]))
            let scope = Scope(["a": .drop(a), "b": .drop(b)])
            let read: (Int) -> Value = { index in
                let path = plain.names[index].split(separator: ".").map(String.init)
                return (path[0] == "a" ? a : b).values[path[1]] ?? .null
            }
            #expect(plain.holds(read) == condition.evaluate(scope), "\(text) with \(a.values) and \(b.values)")
            #expect(
                plain.wording(read) == condition.explain(scope).last?.text, "\(text) with \(a.values) and \(b.values)")
            compared += 1
        }
        #expect(compared > 10_000)
    }

    @Test(
        "has each name once, and no way deeper or to a whole thing",
        arguments: [
            ("order.a > 3 and order.a < order.b", ["order.a", "order.b"]), ("order.a", ["order.a"]), ("order", nil),
            ("order.items.first > 3", nil), ("order.size > 3", nil), ("order.items[0] == 3", nil),
        ] as [(String, [String]?)])
    func names(_ text: String, _ names: [String]?) throws {
        #expect(PlainCondition(try Condition(parsing: text))?.names == names)
    }
}
