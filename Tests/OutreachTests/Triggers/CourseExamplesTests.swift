import Foundation
import Liquid
import Testing

@testable import Outreach

/// What an example can tell beyond one event of one parcel.
@Suite("Examples of several parcels, of what was told before, of webhooks, labels and money")
struct CourseExamplesTests {
    static let mail = """
        ---
        subject: Hello
        ---
        {% for shipment in shipments %}[{{ shipment.tracking_number }} {{ shipment.status }}]{% endfor %}
        {% for item in shipment.line_items %}({{ item.title }}){% endfor %}
        """

    private func set(_ trigger: String, shop: String, examples: String, template: String) throws -> TriggerSet {
        let files = [
            "shop.yaml": "brand: { name: Juniper & Fig, from: orders@juniperfig.example }\n" + shop,
            "a.yaml": trigger + "\nexamples:\n" + examples, "templates/a.md": template,
        ]
        let (set, faults) = TriggerSet.load(
            TriggerFolder(files: files.mapValues { Array($0.utf8) }), webhooks: ["helpdesk"])
        #expect(faults.filter { $0.severity == .error }.map(\.description) == [])
        return try #require(set)
    }

    static let price = """
        ---
        subject: Hello
        ---
        {{ order.total_price | money }} | {{ order.line_items.first.unit_price | money_with_currency }} | {{ customer.total_spent | money }}
        """

    private func differences(
        _ trigger: String, shop: String = "", template: String = mail, _ examples: String
    ) throws -> [String] {
        ExampleRunner(try set(trigger, shop: shop, examples: examples, template: template)).run().failures
            .flatMap(\.differences)
    }

    private static let combining = "on: shipment.created\ncombine: 1 hour\nsend: email"

    @Test("put two parcels into one mail, whether they leave together or one after the other")
    func together() throws {
        #expect(
            try differences(
                Self.combining,
                """
                  - name: at once
                    given: { shipments: [{ tracking_number: JF1 }, { tracking_number: JF2 }] }
                    expect:
                      - email: { contains: "[JF1 pre_transit][JF2 pre_transit] (Linen apron)", sent: 2026-03-10 11:00 }
                  - name: one after the other
                    then:
                      - { after: 20 minutes, shipments: [{}] }
                      - { after: 20 minutes, shipments: [{ tracking_number: JF3 }] }
                    expect:
                      - email: { contains: "[JF123456789GB pre_transit][JF223456789GB pre_transit][JF3 pre_transit]", sent: 2026-03-10 11:00 }
                """) == [])
    }

    @Test("tell of a parcel that leaves after the window in a mail of its own")
    func latecomer() throws {
        #expect(
            try differences(
                Self.combining,
                """
                  - name: a latecomer
                    then:
                      - { after: 2 hours, shipments: [{ tracking_number: JF3 }] }
                    expect:
                      - email: { contains: "[JF123456789GB pre_transit]", sent: 2026-03-10 11:00 }
                      - email: { contains: "[JF3 pre_transit]", sent: 2026-03-10 13:00 }
                """) == [])
        // Both have to be told of.
        #expect(
            try differences(
                Self.combining,
                """
                  - name: a latecomer
                    then: [{ after: 2 hours, shipments: [{ tracking_number: JF3 }] }]
                    expect: email
                """) == ["expected no further email, got email \"Hello\""])
        #expect(
            try differences(
                Self.combining,
                """
                  - name: only one
                    expect: [email, email]
                """) == ["expected email, got nothing"])
    }

    @Test("change one parcel of several, so that it is left out")
    func oneOfTwo() throws {
        #expect(
            try differences(
                Self.combining,
                """
                  - name: the first has arrived by then
                    given: { shipments: [{ tracking_number: JF1 }, { tracking_number: JF2 }] }
                    then: [{ after: 30 minutes, shipments: [{ tracking_number: JF1, delivered: true }] }]
                    expect: [{ email: { contains: "[JF2 pre_transit]" } }]
                """) == [])
        #expect(
            try differences(
                Self.combining,
                """
                  - name: the first has arrived by then
                    given: { shipments: [{ tracking_number: JF1 }, { tracking_number: JF2 }] }
                    then: [{ after: 30 minutes, shipments: [{ tracking_number: JF1, delivered: true }] }]
                    expect: [{ email: { contains: "JF1" } }]
                """
            ).count == 1)
    }

    @Test("lay values over the one parcel that they are given for")
    func ownValues() throws {
        #expect(
            try differences(
                "on: shipment.delayed\nif: shipment.last_words == \"Held\"\nsend: email",
                """
                  - name: each has its own words
                    given:
                      shipments:
                        - { tracking_number: JF1, last_words: Held }
                        - { tracking_number: JF2, last_words: Sorted }
                        - { tracking_number: JF3, last_words: Held }
                    expect:
                      - email: { contains: "[JF1 in_transit]" }
                      - email: { contains: "[JF3 in_transit]" }
                """) == [])
    }

    @Test("are about the parcels of an order where the event is the order's")
    func ofAnOrder() throws {
        #expect(
            try differences(
                "on: order.fulfilled\nsend: email",
                template:
                    "---\nsubject: Hello\n---\n{% for s in order.shipments %}[{{ s.tracking_number }}]{% endfor %}",
                """
                  - name: two
                    given: { shipments: [{}, { tracking_number: JF2 }] }
                    expect: [{ email: { contains: "[JF123456789GB][JF2]" } }]
                """) == [])
    }

    @Test("have the event happen again, which is told again only where the file says so")
    func again() throws {
        let worse = """
              - name: three days worse
                given: { shipment: { days_late: 1 } }
                then:
                  - { after: 3 days, event: { type: shipment.delayed }, shipment: { days_late: 4 } }
            """
        #expect(
            try differences(
                "on: shipment.delayed\nonce_per: event\nsend: email",
                worse + "\n    expect: [email, { email: { sent: 2026-03-13 10:00 } }]") == [])
        #expect(try differences("on: shipment.delayed\nsend: email", worse + "\n    expect: [email]") == [])
    }

    @Test("have one event follow another of the same trigger")
    func another() throws {
        #expect(
            try differences(
                "on: [shipment.accepted, shipment.in_transit]\nonce_per: shipment\nsend: email",
                """
                  - name: moving
                    given: { event: { type: shipment.accepted } }
                    then: [{ after: 5 hours, event: { type: shipment.in_transit } }]
                    expect: [{ email: { contains: accepted } }]
                """) == [])
    }

    @Test(
        "know that she was told before",
        arguments: [
            ("once_per: customer every 60 days", "told: 59 days ago", "nothing\n    because: already_told"),
            ("once_per: customer every 60 days", "told: 60 days ago", "email"),
            ("once_per: customer every 60 days", "told: 2026-02-01 12:00", "nothing\n    because: already_told"),
            (
                "once_per: customer every 60 days", "told: [130 days ago, 10 days ago]",
                "nothing\n    because: already_told"
            ),
            ("once_per: customer every 60 days", "told: [130 days ago, 65 days ago]", "email"),
            ("", "told: 3 days ago", "nothing\n    because: already_told"),
            ("once_per: event", "told: 3 days ago", "email"),
            // What was told counts for the limit, and for what conditions ask.
            ("once_per: event", "told: 20 hours ago", "[{ email: { sent: 2026-03-10 14:00 } }]"),
            (
                "once_per: event\nunless: customer.days_since_last_message <= 3", "told: 3 days ago",
                "nothing\n    because: unless"
            ),
            ("once_per: event\nif: customer.last_message_at == blank", "at: 2026-03-10 10:00", "email"),
            ("once_per: event\nif: order.messages_sent >= 2", "told: [3 weeks ago, 2 weeks ago]", "email"),
        ])
    func told(_ rule: String, _ told: String, _ expect: String) throws {
        #expect(
            try differences(
                "on: shipment.delivered\nsend: email\n\(rule)", shop: "limit: { messages: 1, per: 1 day }\n",
                "  - name: told before\n    \(told)\n    expect: \(expect)\n") == [])
    }

    @Test("count what an example itself has sent for the limit")
    func limit() throws {
        #expect(
            try differences(
                "on: shipment.out_for_delivery\nonce_per: event\nsend: email",
                shop: "limit: { messages: 1, per: 2 hours }\n",
                """
                  - name: twice
                    then: [{ after: 1 hour, event: { type: shipment.out_for_delivery } }]
                    expect: [{ email: { sent: 2026-03-10 10:00 } }, { email: { sent: 2026-03-10 12:00 } }]
                """) == [])
    }

    @Test("look into what a webhook sends")
    func webhook() throws {
        let trigger = "on: shipment.delayed\nsend: [{ webhook: helpdesk }]"
        #expect(
            try differences(
                trigger,
                """
                  - name: all that matters
                    given: { shipment: { days_late: 2 }, order: { tags: [wholesale, Café "B"] } }
                    expect:
                      - webhook: helpdesk
                        contains: ["#1001", 'Café "B"']
                        sent: 2026-03-10 10:00
                        json:
                          type: shipment.delayed
                          data.shipment.days_late: 2
                          data:
                            order: { name: "#1001", paid: true, note: , tags: [wholesale, 'Café "B"'] }
                            customer.first_name: Robin
                            order.total_price: { amount: 66.45, currency: GBP }
                """) == [])
        #expect(
            try differences(
                trigger,
                """
                  - name: what is not so
                    expect:
                      - webhook: helpdesk
                        json: { data.order.name: "#1002", data.order.nmae: "#1001", data.order.tags.0: a, specversion: }
                """)
                == [
                    "expected the webhook's data.order.name to be \"#1002\", got \"#1001\"",
                    "expected the webhook's data.order.nmae to be \"#1001\", got no such member",
                    "expected the webhook's data.order.tags.0 to be \"a\", got no such member",
                    "expected the webhook's specversion to be \"\", got \"1.0\"",
                ])
        let missing = try differences(
            trigger, "  - name: x\n    expect: [{ webhook: helpdesk, contains: no such words }]\n")
        #expect(missing.count == 1 && missing[0].hasPrefix("expected the webhook to contain \"no such words\", got:"))
    }

    @Test("have a webhook tell of all parcels of a combined message")
    func webhookTogether() throws {
        #expect(
            try differences(
                "on: shipment.created\ncombine: 1 hour\nsend: [{ webhook: helpdesk }]",
                """
                  - name: two
                    given: { shipments: [{ tracking_number: JF1 }, { tracking_number: JF2 }] }
                    expect:
                      - webhook: helpdesk
                        json: { data.shipments.0.tracking_number: JF1, data.shipments.1.tracking_number: JF2 }
                """) == [])
    }

    @Test(
        "say whether the label comes with the mail",
        arguments: [
            ("email", "label", true), ("email", "none", false), ("{ email: { attach: none } }", "none", true),
            ("{ email: { attach: none } }", "label", false),
        ])
    func label(_ line: String, _ word: String, _ holds: Bool) throws {
        let found = try differences(
            "on: return.label_ready\nsend: [\(line)]", template: Self.price,
            "  - name: x\n    expect: [{ email: { attached: \(word) } }]\n")
        #expect(found.isEmpty == holds, "\(found)")
    }

    @Test(
        "print money as the shop does, in the order's own currency",
        arguments: [
            ("order: { total_price: 80 }", "£80.00 | £38.00 GBP | £240.00"),
            ("order: { total_price: 80, currency: EUR }", "€80.00 | €38.00 EUR |"),
            ("{ order: { total_price: 80 }, shop: { currency: EUR } }", "€80.00 | €38.00 EUR | €240.00"),
            (
                "{ order: { total_price: 1080.5 }, shop: { currency: EUR, money_format: \"{{amount_with_comma_separator}} €\" } }",
                "1.080,50 € | 38,00 € EUR | 240,00 €"
            ),
            ("order: { total_price: 8000, currency: JPY }", "¥8,000 | ¥38 JPY |"),
        ])
    func money(_ given: String, _ wanted: String) throws {
        let given = given.hasPrefix("{") ? given : "{ \(given) }"
        #expect(
            try differences(
                "on: order.paid\nsend: email", template: Self.price,
                "  - name: x\n    given: \(given)\n    expect: [{ email: { contains: \"\(wanted)\" } }]\n") == [])
    }

    @Test("say by which rule an event was passed")
    func passed() throws {
        #expect(
            try differences(
                "on: order.placed\nafter: 10 days\nsend: email", template: Self.price,
                """
                  - name: sent by then
                    then: [{ after: 1 day, order: { fulfilled: true } }]
                    expect: email
                """) == [
                    "expected email, got nothing because of 'passed': 'order.placed' is no longer news once the whole order was sent"
                ])
    }

    @Test("preview all that goes out, each with all that it speaks of")
    func preview() throws {
        let set = try set(
            Self.combining, shop: "",
            examples: "  - name: x\n    given: { shipments: [{}, {}] }\n    expect: email\n", template: Self.mail)
        let trigger = try #require(set.triggers.first)
        let previews = ExampleRunner(set).previews(of: trigger.examples[0], in: trigger)
        #expect(previews.count == 1)
        guard case .sending(let sending)? = previews.first else { return #expect(Bool(false), "nothing is sent") }
        #expect(sending.effect.events.count == 2)
        #expect(sending.record.shipments.count == 2)
    }
}

@Suite("What events mean")
struct EventMeaningTests {
    @Test("is said of each in words of its own, each a sentence")
    func sentences() {
        #expect(Set(EventKind.allCases.map(\.meaning)).count == EventKind.allCases.count)
        for kind in EventKind.allCases {
            #expect(kind.meaning.hasSuffix("."))
            #expect(!kind.meaning.contains("|") && kind.meaning.count <= 260)
        }
    }

    @Test("names in the table what the planner finds passed", arguments: EventKind.allCases)
    func passed(_ kind: EventKind) {
        var order = StandardOrder(kind, at: StandardOrder.moment)
        #expect(order.record.overtaken(order.event) == nil || kind == .orderCancelled)
        switch kind {
        case .orderPlaced, .orderPaid:
            order.apply([.init(path: "order.fulfilled", value: .bool(true))], at: StandardOrder.moment)
        case .orderOnHold: order.apply([.init(path: "order.on_hold", value: .bool(false))], at: StandardOrder.moment)
        case .orderFulfilled: _ = order.happen(.orderDelivered, parcel: 0, at: StandardOrder.moment + .hours(1))
        default: return
        }
        #expect(order.record.overtaken(order.event) == .passed)
        #expect(kind.passedBy != nil)
    }

    @Test("says of order events that nothing passes just that")
    func neverPassed() {
        for kind in [EventKind.orderEdited, .orderCancelled, .orderDelivered, .refundIssued, .returnLabelReady] {
            #expect(kind.passedBy == nil)
        }
        #expect(
            EventKind.shipmentReturning.passedBy == "the parcel is `returned` or `delivered`"
                || EventKind.shipmentReturning.passedBy == "the parcel is `delivered` or `returned`")
        #expect(
            EventKind.returnApproved.passedRule
                == "'return.approved' is no longer news once the return is closed, declined or cancelled, or the goods are back"
        )
    }
}
