import Testing

@testable import Liquid

private let schema = Schema(
    [
        .init("order.name", .text), .init("order.total_price", .money), .init("order.tags", .texts),
        .init("order.country", .text, canBeEmpty: true), .init("order.created_at", .time),
        .init("order.fulfilled", .boolean),
        .init("order.line_items", .objects), .init("order.line_items.title", .text),
        .init("shipment.days_late", .number), .init("shipment.tracking_url", .text, canBeEmpty: true),
        .init("shipment.status", .oneOf(["in_transit", "delivered", "attempted"])),
        .init("customer.first_name", .text, canBeEmpty: true),
        .init("return.status", .oneOf(["requested", "open", "closed"])),
    ],
    aliases: [
        "fulfillment": "shipment", "order.customer": "customer", "shipment.tracking_link": "shipment.tracking_url",
    ])

@Suite("Conditions")
struct ConditionTests {
    static let scope: Scope = [
        "order": [
            "name": "#1001", "total_price": .money(Money(minorUnits: 12_050, currency: "EUR")),
            "tags": ["Wholesale", "big spender"], "country": "DE",
        ],
        "shipment": ["days_late": 1, "status": "in_transit", "tracking_url": nil],
    ]

    @Test(
        "are judged as they read",
        arguments: [
            ("order.tags contains \"wholesale\"", true), ("order.tags contains \"whole\"", false),
            ("order.total_price >= 100", true), ("order.total_price >= 120.51", false),
            ("order.total_price == 120.5", true),
            ("shipment.days_late > 2 and order.country == \"DE\"", false),
            ("shipment.days_late > 2 or order.country == \"DE\"", true),
            ("shipment.tracking_url == blank", true), ("shipment.tracking_url", false), ("shipment.nothing", false),
            ("order.name contains \"100\"", true), ("shipment.days_late > \"2\"", false),
            ("order.tags.size == 2", true),
        ] as [(String, Bool)])
    func evaluate(_ source: String, _ expected: Bool) throws {
        #expect(try Condition(parsing: source).evaluate(Self.scope) == expected)
    }

    @Test(
        "that cannot be read say where and how to fix it",
        arguments: [
            ("order.name = \"a\"", "1:12: '=' does not belong here; compare with '=='"),
            ("order.name == ", "1:15: the condition ends too early; a name, text or number is missing"),
            ("order.a && order.b", "1:9: '&' does not belong here; write 'and'"),
            ("order.name | upcase == 'A'", "1:12: '|' does not belong here; filters cannot stand in a condition"),
            ("not order.fulfilled", "1:5: 'order' does not belong here; put 'and' or 'or' before it, or take it out"),
            ("order.name == “a”", "1:15: '“' does not belong here; use straight quotes: \" or '"),
            ("", "1:1: the condition ends too early; a name, text or number is missing"),
        ] as [(String, String)])
    func unreadable(_ source: String, _ expected: String) throws {
        #expect { try Condition(parsing: source) } throws: { "\($0)" == expected }
    }

    @Test(
        "are checked by names and types",
        arguments: [
            ("shipment.day_late > 2", ["1:1: unknown name 'shipment.day_late'; did you mean 'shipment.days_late'?"]),
            (
                "fulfillment.days_late > 2",
                ["1:1: unknown name 'fulfillment.days_late'; did you mean 'shipment.days_late'?"]
            ),
            (
                "shipment.tracking_link == blank",
                ["1:1: unknown name 'shipment.tracking_link'; did you mean 'shipment.tracking_url'?"]
            ),
            ("days_late > 2", ["1:1: unknown name 'days_late'; did you mean 'shipment.days_late'?"]),
            ("ordr.name == 'a'", ["1:1: unknown name 'ordr.name'; did you mean 'order.name'?"]),
            ("zebra == 1", ["1:1: unknown name 'zebra'"]),
            (
                "order.tags contains \"a\" or \"b\"",
                ["1:28: \"b\" by itself is always true; write: order.tags contains \"b\""]
            ),
            (
                "shipment.days_late > \"2\"",
                ["1:1: 'shipment.days_late' is number and is compared with text; write 2 without quotes"]
            ),
            ("order.country == 3", ["1:1: 'order.country' is text and is compared with number; write \"3\" in quotes"]),
            (
                "order.fulfilled and order.country == 'DE' or shipment.days_late > 1",
                ["1:42: 'and' and 'or' stand in one line; write two lines, or put the alternatives under 'any:'"]
            ),
            (
                "return.status == \"reqested\"",
                ["1:1: 'return.status' is never \"reqested\"; did you mean \"requested\"?"]
            ),
            ("order.tags == \"vip\"", ["1:1: 'order.tags' is a list; use 'contains', or compare order.tags.size"]),
            (
                "shipment.days_late",
                [
                    "1:1: 'shipment.days_late' is number, and by itself always true, even when it is 0; write: shipment.days_late > 0"
                ]
            ),
            (
                "order.total_price contains \"1\"",
                ["1:1: 'order.total_price' is money and cannot contain anything; compare it with =="]
            ),
            (
                "order.created_at > \"2026-01-01\"",
                [
                    "1:1: 'order.created_at' is a time and cannot be compared with a text; 'until:' waits for a day"
                ]
            ),
            ("order.total_price >= 100", []), ("order.tags contains \"vip\"", []), ("order.fulfilled", []),
            ("order.line_items.size > 3", []),
            ("shipment.tracking_url != blank", []), ("order.fulfilled == false", []),
            ("shipment.status == 'delivered'", []),
        ] as [(String, [String])])
    func check(_ source: String, _ expected: [String]) throws {
        #expect(try Condition(parsing: source).check(schema).map(\.description) == expected)
    }

    @Test(
        "explain themselves",
        arguments: [
            ("shipment.days_late > 2", ["shipment.days_late is 1, not more than 2"]),
            (
                "order.country == \"DE\" and shipment.days_late >= 1",
                ["order.country is \"DE\"", "shipment.days_late is 1, at least 1"]
            ),
            (
                "order.tags contains \"vip\"",
                ["order.tags is \"Wholesale\", \"big spender\" and does not contain \"vip\""]
            ),
            ("shipment.status == \"delivered\"", ["shipment.status is \"in_transit\", not \"delivered\""]),
            ("shipment.tracking_url", ["shipment.tracking_url is empty"]),
        ] as [(String, [String])])
    func explain(_ source: String, _ expected: [String]) throws {
        #expect(try Condition(parsing: source).explain(Self.scope).map(\.text) == expected)
    }

    @Test("list the names they read")
    func names() throws {
        #expect(
            try Condition(parsing: "order.name == customer.first_name or order.tags[0] == 'x'").names
                == ["order.name", "customer.first_name", "order.tags"])
    }

    @Test(
        "the nearest name is near",
        arguments: [
            ("trakcing", "tracking"), ("TRACKING", "tracking"), ("trackin", "tracking"), ("xyz", nil), ("", nil),
            ("url", "tracking_url"),
        ] as [(String, String?)])
    func nearest(_ wrong: String, _ right: String?) {
        #expect(nearestName(to: wrong, in: ["tracking", "delivered"]) == (right == "tracking_url" ? nil : right))
    }

    @Test(
        "templates are checked by the same table: unknown names, and names that can be empty",
        arguments: [
            (
                "{{ customer.first_name }}",
                [
                    "1:4: 'customer.first_name' can be empty; put an {% if customer.first_name %} around it, or add | default: \"…\""
                ]
            ),
            ("{{ customer.first_name | default: 'there' }}", []),
            ("{% if customer.first_name %}{{ customer.first_name }}{% endif %}", []),
            ("{% if customer.first_name != blank %}{{ customer.first_name }}{% endif %}", []),
            ("{% if customer.first_name == blank %}x{% else %}{{ customer.first_name }}{% endif %}", []),
            ("{% unless customer.first_name == blank %}{{ customer.first_name }}{% endunless %}", []),
            ("{% assign n = customer.first_name | default: 'x' %}{{ n }}", []),
            (
                "{% for item in order.line_items %}{{ item.titel }}{% endfor %}",
                ["1:38: unknown name 'order.line_items.titel'; did you mean 'order.line_items.title'?"]
            ),
            ("{% for item in order.line_items %}{{ item.title }} {{ forloop.index }}{% endfor %}", []),
            (
                "a\n{{ order.nam | upcas }}",
                [
                    "2:4: unknown name 'order.nam'; did you mean 'order.name'?",
                    "2:16: unknown filter 'upcas'; did you mean 'upcase'?",
                ]
            ),
            ("{% capture x %}{{ order.name }}{% endcapture %}{{ x }}{% increment y %}{{ y }}", []),
        ] as [(String, [String])])
    func templates(_ source: String, _ expected: [String]) throws {
        #expect(try Template(parsing: source).check(schema).map(\.description) == expected)
    }
}
