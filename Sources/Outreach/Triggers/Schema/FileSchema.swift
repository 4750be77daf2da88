// JSON Schema for the merchant's editor: completion, descriptions, and errors underlined while typing.
//
// The schemas are generated from the tables that the readers use (`TriggerKey`, `EventTable`, `Names`, …), so a key, an
// event or a name that is added there appears in them automatically. They are draft-07, which the YAML language server
// and all editors built on it support, as does PyPI's check-jsonschema. A schema never refuses what the readers accept;
// it cannot catch everything that they refuse (whether a condition's names exist, whether a template does), so `bookbag
// check` has the last word.

/// The schemas for a merchant's files.
public enum FileSchema: String, Sendable, CaseIterable {
    /// Every file in the folder except shop.yaml.
    case trigger
    /// shop.yaml.
    case shop
    /// policy.yaml.
    case policy

    /// The schema as JSON.
    public var json: String { json() }

    /// The same for files that may use other events and keys.
    func json(
        events: EventVocabulary = .standard, keys: TriggerKeys = .standard, actions: ActionVerbs = .standard
    ) -> String {
        let event = ("event", Self.event(of: events))
        switch self {
        case .trigger:
            return Self.file(
                title: "A trigger of Bookbag",
                definitions: [event, ("line", Self.line(keys)), ("action", actions.schema)]
                    + Self.triggerDefinitions, Self.triggerFile(keys)
            ).json
        case .shop:
            return Self.file(
                title: "shop.yaml of Bookbag", definitions: Self.shopDefinitions + [event], Self.shopFile
            ).json
        case .policy:
            return Self.file(
                title: "policy.yaml of Bookbag",
                definitions: [
                    ("length", Self.length), ("flag", Self.flag), ("condition", Self.condition),
                    ("conditions", Self.conditions),
                ],
                Self.policyFile
            ).json
        }
    }

    private static func file(
        title: String, definitions: [(String, SchemaNode)], _ root: SchemaNode
    ) -> SchemaNode {
        guard case .object(let pairs) = root else { return root }
        return .object(
            [("$schema", .text("http://json-schema.org/draft-07/schema#")), ("title", .text(title))] + pairs
                + [("definitions", .object(definitions))])
    }

    // MARK: - Shapes

    /// `7 days`: as `Length.read` reads it.
    private static let units: String = {
        let words = Length.Unit.allCases.flatMap { [$0.rawValue, $0.singular] } + Length.otherUnits
        return words.map { word in
            let first = String(word.prefix(1))
            return "[\(first)\(first.uppercased())]\(word.dropFirst())"
        }.joined(separator: "|")
    }()

    private static let lengthShape = "[0-9]+ *(\(units))"

    /// The same without business days, which cannot be counted backwards from an event.
    private static let pastUnits = Length.Unit.allCases.filter { !$0.isBusiness }.flatMap {
        [$0.rawValue, $0.singular]
    }.joined(separator: "|")

    private static let length = SchemaNode.shaped(
        "^\\s*\(lengthShape)\\s*$",
        "A length of time: '36 hours', '7 days', '3 business days', '4 business hours', '2 weeks'.")

    static let timeOfDayShape = "([0-9]{1,2}:[0-9]{2}( ?[aApP][mM])?|[0-9]{1,2} ?[aApP][mM])"

    private static let condition = SchemaNode.any(
        [
            SchemaNode.object([("type", .list([.text("string"), .text("boolean")]))]),
            .object([
                ("type", .text("object")),
                (
                    "properties",
                    .object([
                        ("any", .named("conditions", "One of these lines has to hold.")),
                        ("all", .named("conditions", "All of these lines have to hold.")),
                    ])
                ), ("additionalProperties", .flag(false)), ("minProperties", .number(1)),
            ]),
        ],
        "A name, a sign and what it is compared with: order.total_price >= 100, order.tags contains \"wholesale\". Names begin with \(Names.roots.map { "'\($0.name).'" }.joined(separator: ", "))."
    )

    private static let conditions = SchemaNode.oneOrMore(.named("condition"))

    private static let address = SchemaNode.shaped(
        "@", "An e-mail address: help@shop.example, or 'Juniper & Fig <help@shop.example>'.")

    private static let flag = SchemaNode.object([
        (
            "enum",
            .list([.flag(true), .flag(false)] + ["true", "false", "yes", "no", "on", "off"].map(SchemaNode.text))
        )
    ])

    // Two properties for one thing: editors complete by the first, and some show only the second when hovering.
    private static func event(of vocabulary: EventVocabulary) -> SchemaNode {
        .oneOf(
            vocabulary.kinds.map { ($0.rawValue, $0.meaning) }, "What can happen.",
            under: ["enumDescriptions", "markdownEnumDescriptions"])
    }

    private static let dayShape = "[0-9]{4}-[0-9]{2}-[0-9]{2}"

    // MARK: - Triggers

    private static let triggerDefinitions: [(String, SchemaNode)] =
        [
            ("condition", condition), ("conditions", conditions), ("length", length),
            ("address", address), ("flag", flag), ("expected", expected), ("example", example),
            ("step", step),
        ] + givens

    private static func triggerFile(_ keys: TriggerKeys) -> SchemaNode {
        let file = SchemaNode.keys(
            properties(keys.file), required: keys.file.filter(\.isRequired).map(\.name),
            "On which event, after what time and under which conditions something is sent or done.")
        guard case .object(let pairs) = file else { return file }
        let either = ["send", "do"].map { SchemaNode.object([("required", .list([.text($0)]))]) }
        return .object(pairs + [("anyOf", .list(either))])
    }

    private static func properties(_ keys: [TriggerKey]) -> [(String, SchemaNode)] {
        keys.map { ($0.name, $0.value.described($0.words)) }
    }

    static let untilShape =
        "^\\s*(\(lengthShape)\\s+(\(Until.Side.allCases.map(\.rawValue).joined(separator: "|")))\\s+)?(\(dates.joined(separator: "|")))\\s*$"

    static let oncePerShape =
        "^\\s*(\(OncePer.Scope.allCases.map(\.rawValue).joined(separator: "|")))( +every +\(lengthShape))?\\s*$"

    /// As `TriggerReader.isName`: letters and digits of any language, '-' and '_', with '/' between folders.
    static let nameShape = "^\(nameLetters)(/\(nameLetters))*$"
    private static let nameLetters = "[^\\s!-,./:-@\\[-^`{-~]+"

    private static let dates = Names.roots.flatMap(\.rows).filter(\.type.isDate).map {
        $0.path.replacing(".", with: "\\.")
    }

    private static func line(_ keys: TriggerKeys) -> SchemaNode {
        let emailKeys = properties(keys.email)
        return .any(
            [
                .oneOf(["email", "sms"]),
                .keys(
                    [
                        ("sms", .any([.nothing, .keys([textTemplate])])), textTemplate,
                    ], required: ["sms"]),
                .keys(
                    [
                        (
                            "email",
                            .any([
                                .nothing, .oneOf(["customer", "merchant"]), .named("address"), .keys(emailKeys),
                            ])
                        )
                    ] + emailKeys, required: ["email"]),
                .oneOf(["answer"]),
                .keys(
                    [
                        (
                            "answer",
                            .any([
                                .nothing, .scalar,
                                .keys([("template", SchemaNode.scalar.described("The template's name."))]),
                            ])
                        )
                    ], required: ["answer"]),
                .keys(
                    [
                        ("webhook", SchemaNode.scalar.described("The name that the operator gave the endpoint.")),
                        (
                            "template",
                            SchemaNode.scalar.described(
                                "A template (templates/NAME.json) for a receiver that wants a JSON of its own.")
                        ),
                    ], required: ["webhook"]),
            ], "'email', 'email: { to: merchant }', 'answer', 'sms' or 'webhook: NAME'.")
    }

    private static let textTemplate = (
        "template",
        SchemaNode.scalar.described("Another template: templates/NAME.sms.md, or the mail's in its short form.")
    )

    // MARK: - Examples

    /// What `given` and `then` may change about the standard order, by root.
    private static let roots: [(String, SchemaNode)] =
        Names.roots.map { root -> (String, SchemaNode) in
            let own = SchemaNode.named("given-\(root.name)")
            // What she writes may be about no order.
            return (root.name, root.name == "order" ? .any([own, .oneOf(["none"])]) : own)
        } + [
            (
                Names.shipments.path,
                .any([
                    .object([
                        (
                            "description",
                            .text(
                                "The parcels of the order, each with the names of 'shipment': in 'given' those that it happens to at once, in 'then' those that it happens to then. One that is known by its tracking_number is only changed."
                            )
                        ), ("type", .text("array")), ("items", .any([.named("given-shipment"), .nothing])),
                        ("minItems", .number(1)),
                    ]), .oneOf(["none"]),
                ])
            )
        ]

    /// The names of each root, and of each thing that occurs in lists.
    private static let givens: [(String, SchemaNode)] =
        Names.roots.map { root in
            ("given-\(root.name)", .keys(root.rows.map { ($0.key, value($0)) }, root.meaning))
        }
        + Names.items.map { item in
            (listed(item.name), .keys(item.rows.map { ($0.key, value($0)) }, item.meaning))
        }

    private static func listed(_ item: String) -> String { "listed-\(item.replacing(" ", with: "-"))" }

    private static func value(_ row: NameRow) -> SchemaNode {
        let node: SchemaNode
        switch row.type {
        case .text, .link, .money, .number: node = .scalar
        case .word(let words): node = .oneOf(words)
        case .flag: node = .named("flag")
        case .day: node = .shaped("^\(dayShape)$")
        case .moment: node = .shaped("^\(dayShape)[ T]+\(timeOfDayShape)$")
        case .texts, .segments: node = .oneOrMore(.scalar)
        case .list(let item): node = .oneOrMore(.named(listed(item)))
        }
        let described = row.canBeEmpty ? SchemaNode.any([node, .nothing]) : node
        return described.described(row.meaning)
    }

    private static let example = SchemaNode.keys(
        ExampleReader.keys.map { key in
            switch key {
            case "name": (key, SchemaNode.scalar.described("What it shows."))
            case "given": (key, .any([.keys(roots), .nothing], "What is different from the standard order #1001."))
            case "at":
                (
                    key,
                    .shaped(
                        "^\(dayShape)[ T]+\(timeOfDayShape)$",
                        "When it happens, by the shop's clock: '2026-12-04 18:00'.")
                )
            case "told":
                (
                    key,
                    .oneOrMore(
                        .shaped(
                            "^\\s*([0-9]+ *(\(pastUnits)) [aA][gG][oO]|\(dayShape)[ T]+\(timeOfDayShape))\\s*$"),
                        "When the trigger spoke to this customer before: '20 days ago', or a day and a time. For 'once_per' and limits."
                    )
                )
            case "then": (key, .oneOrMore(.named("step"), "Time that passes, and what is different then."))
            case "expect":
                (
                    key,
                    .any(
                        [.oneOf(["nothing"]), .oneOrMore(.named("expected"))],
                        "What is sent or done: 'nothing', 'email', 'answer', 'sms', 'webhook: NAME', 'do: hand_over'.")
                )
            case "because":
                (key, .oneOf(Reason.allCases.map(\.rawValue), "What stops it, where nothing is sent."))
            default: (key, .scalar)
            }
        }, required: ["name", "expect"])

    private static let step = SchemaNode.keys(
        [("after", .named("length", "How much later."))] + roots, required: ["after"])

    private static let expectKeys: [(String, SchemaNode)] = ExampleReader.expectKeys.map { key in
        switch key {
        case "to": (key, SchemaNode.scalar.described("'customer', 'merchant' or an address."))
        case "subject": (key, SchemaNode.scalar.described("The subject, word for word."))
        case "contains": (key, .oneOrMore(.scalar, "Text that it has to contain."))
        case "attached":
            (key, .oneOf(["label", "none"], "Whether the return label comes with it as a file: 'label' or 'none'."))
        case "sent":
            (
                key,
                .shaped(
                    "^\(dayShape)[ T]+\(timeOfDayShape)$",
                    "When it goes out, by the shop's clock: '2026-12-05 08:00'.")
            )
        default: (key, .scalar)
        }
    }

    private static let webhookKeys: [(String, SchemaNode)] =
        expectKeys.filter { ExampleReader.webhookKeys.contains($0.0) } + [
            (
                "json",
                SchemaNode.object([
                    (
                        "description",
                        .text("Members of the webhook's JSON and what they have to be: 'data.order.name: \"#1001\"'.")
                    ), ("type", .text("object")), ("minProperties", .number(1)),
                ])
            )
        ]

    private static let textKeys: [(String, SchemaNode)] =
        expectKeys.filter { ExampleReader.textKeys.contains($0.0) } + [
            (
                "segments",
                SchemaNode.object([
                    ("description", .text("How many segments it takes.")), ("type", .text("integer")),
                    ("minimum", .number(1)),
                ])
            )
        ]

    private static let expected = SchemaNode.any([
        .oneOf(["email", "answer", "sms"] + ActionVerbs.standard.all.filter(\.standsAlone).map(\.name)),
        .named("action"),
        .keys(
            [("do", SchemaNode.named("action", "What is done, as under 'do'."))]
                + expectKeys.filter { $0.0 == "sent" } + [
                    ("offers", .oneOrMore(.scalar, "What a remedy, or an approved return, offers.")),
                    ("hand_over", SchemaNode.scalar.described("Why a remedy or a return goes to a person.")),
                    (
                        "refuses",
                        SchemaNode.oneOf(ReturnRefusal.allCases.map(\.rawValue)).described("Why a return is refused.")
                    ),
                ], required: ["do"]),
        .keys(
            [
                (
                    "answer",
                    .any([.nothing, .keys(expectKeys.filter { ["subject", "contains", "sent"].contains($0.0) })])
                )
            ], required: ["answer"]),
        .keys([("sms", .any([.nothing, .keys(textKeys)]))] + textKeys, required: ["sms"]),
        .keys([("email", .any([.nothing, .keys(expectKeys)]))] + expectKeys, required: ["email"]),
        .keys(
            [("webhook", SchemaNode.scalar.described("By the name that 'send' gives it."))] + webhookKeys,
            required: ["webhook"]),
    ])

    // MARK: - policy.yaml

    private static let policyFile = SchemaNode.keys(
        PolicyReader.keys.map { ($0, policyKeys[$0] ?? .scalar) }, required: ["amounts_in"],
        "What the shop gives, to whom, how often and how much of it.")

    /// What each key of policy.yaml is. Every key that the reader knows has an entry.
    static let policyKeys: [String: SchemaNode] = [
        "amounts_in": .shaped("^\\s*[A-Z]{3}\\s*$", "The currency of all sums here, which is the shop's: 'GBP'."),
        "gifts": .object([
            ("description", .text("What can be given, each by its name: 'do: { give: NAME }' of a trigger gives it.")),
            ("type", .text("object")),
            (
                "additionalProperties",
                .keys(PolicyReader.giftKeys.map { ($0, giftKeys[$0] ?? .scalar) }, required: ["valid_for"])
            ),
        ]),
        "budgets": .keys(
            PolicyReader.budgetKeys.map { ($0, budgetKeys[$0] ?? .scalar) },
            "How much may be given in a calendar day, week, month or year. Then letters go out without a gift, and what went wrong goes to a person."
        ),
        "remedies": .object([
            (
                "description",
                .text("What is offered when something went wrong, each by its name: 'do: { remedy: NAME }' decides it.")
            ),
            ("type", .text("object")),
            (
                "additionalProperties",
                .keys(
                    PolicyReader.remedyKeys.map { ($0, remedyKeys[$0] ?? .scalar) },
                    required: ["at_most", "first_that_fits"])
            ),
        ]),
        "labels": .keys(
            PolicyReader.labelKeys.map { ($0, labelKeys[$0] ?? .scalar) },
            required: ["at_most", "parcel", "return_to"],
            "Which return labels may be bought: 'do: buy_label' on 'return.approved' buys one."),
        "returns": .keys(
            PolicyReader.returnKeys.map { ($0, returnKeys[$0] ?? .scalar) }, required: ["first_that_fits"],
            "What becomes of the returns that shoppers ask for: 'do: approve_return' decides it."),
        "priority": .oneOrMore(
            .scalar, "What needs a person is ordered by these: whatever an earlier condition holds for comes first."),
    ]

    static let labelKeys: [String: SchemaNode] = [
        "at_most": SchemaNode.scalar.described("What one may cost at most: '8.00'. A dearer one is not bought."),
        "parcel": SchemaNode.scalar.described(
            "The largest parcel that usually comes back: '1 kg in 30 x 20 x 10 cm', '2 lb in 12 x 9 x 4 in'."),
        "return_to": .keys(
            PolicyReader.returnToKeys.map { ($0, returnToKeys[$0] ?? .scalar) },
            required: ["street", "city", "country"], "Where returns go."),
        "services": .oneOrMore(
            .scalar,
            "The carriers and services that may be bought: 'USPS', 'USPS Ground Advantage'; left out, any."),
    ]

    static let returnToKeys: [String: SchemaNode] = [
        "name": SchemaNode.scalar.described("Who receives returns: a name, a company, or both."),
        "company": SchemaNode.scalar.described("Who receives returns: a name, a company, or both."),
        "country": .shaped("^\\s*[A-Z]{2}\\s*$", "Two letters: 'GB', 'US'."),
        "phone": SchemaNode.scalar.described("Some carriers want one."),
    ]

    static let remedyKeys: [String: SchemaNode] = [
        "at_most": SchemaNode.scalar.described(
            "What one may cost at most: '150.00'. What would cost more goes to a person."),
        "approval": SchemaNode.oneOf(PolicyReader.Approval.allCases.map(\.rawValue)).described(
            "Whether a person has to approve an offer before the customer sees it; 'needed' if it is left out."),
        "approve_within": .named("length", "How long a person has for that: '1 business day'."),
        "first_that_fits": .oneOrMore(
            .keys(PolicyReader.remedyLineKeys.map { ($0, remedyLineKeys[$0] ?? .scalar) }),
            "The first line whose conditions hold decides; if none does, a person."),
    ]

    static let remedyLineKeys: [String: SchemaNode] = [
        "if": SchemaNode.named("conditions", "When this line fits; a line without it always does."),
        "offer": .oneOrMore(
            .scalar, "What the customer may choose: 'refund', 'reship', 'store_credit', or the name of a gift."),
        "also_give": SchemaNode.scalar.described("A gift that goes along, whatever is chosen."),
        "hand_over": SchemaNode.scalar.described("A person decides; why."),
    ]

    static let returnKeys: [String: SchemaNode] = [
        "first_that_fits": .oneOrMore(
            .keys(PolicyReader.returnLineKeys.map { ($0, returnLineKeys[$0] ?? .scalar) }),
            "The first line whose conditions hold decides; if none does, a person.")
    ]

    static let returnLineKeys: [String: SchemaNode] = [
        "if": SchemaNode.named("conditions", "When this line fits; a line without it always does."),
        "approve": .named("flag", "true: the return is approved."),
        "label": SchemaNode.oneOf(ReturnTerms.Label.allCases.map(\.rawValue)).described(
            "Who pays for the way back; 'she_pays' if it is left out."),
        "offer": .oneOrMore(
            .oneOf(ReturnWish.allCases.map(\.rawValue)),
            "What the shopper may wish for; 'refund' alone if it is left out."),
        "refund_when": SchemaNode.oneOf(ReturnTerms.Payment.allCases.map(\.rawValue)).described(
            "When it is paid back: by itself once the goods are here, or by hand, which holds if it is left out."),
        "hand_over": SchemaNode.scalar.described("A person decides; why."),
        "refuse": SchemaNode.oneOf(ReturnRefusal.allCases.map(\.rawValue)).described(
            "It is refused; why, which the shopper's page says in her language."),
    ]

    static let giftKeys: [String: SchemaNode] = [
        "discount": SchemaNode.scalar.described("What the code takes off: '10%', or an amount: '5.00'."),
        "free_shipping": .named("flag", "true: the code gives free shipping."),
        "counts_as": SchemaNode.scalar.described(
            "What one costs you on average: '15.00'. Budgets count that. An amount counts as what it is."),
        "valid_for": .named("length", "How long the code can be used: '60 days'."),
        "once_per": .shaped(
            "^\\s*(\(Gift.Scope.allCases.map(\.rawValue).joined(separator: "|")))( +every +\(lengthShape))?\\s*$",
            "To whom it is given once: 'customer', 'customer every 90 days', 'order'."),
    ]

    static let budgetKeys: [String: SchemaNode] = [
        "gifts": .oneOrMore(.scalar, "'300.00 per month', '40 per day'; a list holds altogether."),
        "remedies": .oneOrMore(
            .scalar, "The same for refunds, second parcels and store credit: '1000.00 per month', '20 per day'."),
        "labels": .oneOrMore(.scalar, "The same for return labels: '200.00 per month', '10 per day'."),
    ]

    // MARK: - shop.yaml

    private static let shopDefinitions: [(String, SchemaNode)] = [
        ("condition", condition), ("conditions", conditions), ("length", length), ("address", address),
    ]

    private static let shopFile = SchemaNode.keys(
        ShopReader.keys.map { ($0, shopKeys[$0] ?? .scalar) }, required: ["brand"],
        "The shop, once for all triggers.")

    /// What each key of shop.yaml is. Every key that the reader knows has an entry.
    static let shopKeys: [String: SchemaNode] = [
        "mode": .oneOf(
            TriggerMode.allCases.map(\.rawValue),
            "'shadow' sends nothing and keeps what would go out; left out, it is 'live'."),
        "notify": .named("address", "Who hears of refused files, and who 'to: merchant' is."),
        "report": .oneOf(
            ReportRhythm.allCases.map(\.rawValue),
            "'weekly' mails the week's figures to 'notify' on Monday at 08:00; left out, none are mailed."),
        "brand": .keys(
            ShopReader.brandKeys.map { ($0, brandKeys[$0] ?? .scalar) }, required: ["name", "from"],
            "How the shop looks and what it is called."),
        "locale": .shaped(
            "^\\s*[A-Za-z]{2,3}([-_][A-Za-z0-9]{2,8}){0,2}\\s*$",
            "The language of shoppers who have none: 'en', 'fr-CA'."),
        "quiet_hours": .shaped(
            "^\\s*\(timeOfDayShape) *([-–]| [tT][oO] ) *\(timeOfDayShape)\\s*$",
            "When no shopper is written to, where the shopper is: '21:00-08:00'. A message waits."),
        "business_days": .oneOrMore(.scalar, "The days on which the shop works: 'Mon-Fri'."),
        "holidays": .oneOrMore(.shaped("^\\s*\(dayShape)\\s*$"), "Days on which it does not: '2026-12-25'."),
        "limit": .keys(
            ShopReader.limitKeys.map { key in
                switch key {
                case "messages":
                    (
                        key,
                        .object([
                            ("description", .text("How many mails, from 1 on.")), ("type", .text("integer")),
                            ("minimum", .number(1)), ("maximum", .number(1000)),
                        ])
                    )
                case "per": (key, .named("length", "In what time: '16 hours'."))
                case "except": (key, .oneOrMore(.named("event"), "Events that are told whatever was told before."))
                default: (key, .scalar)
                }
            }, required: ["messages", "per"], "How many mails one customer gets in a while. Anything beyond that waits."
        ),
        "brake": .shaped(
            "^\\s*[1-9][0-9]{0,6} ([pP][eE][rR]|[aA][nN]) [hH][oO][uU][rR]\\s*$",
            "How many shoppers are written to within an hour before mail waits for your word: '500 per hour'."),
        "segments": .object([
            ("description", .text("Kinds of customers, each with what makes one.")), ("type", .text("object")),
            ("additionalProperties", .named("conditions")),
        ]),
        "labels_expire": .named("length", "How long a return label can be used: '28 days'."),
        "promises": .oneOrMore(
            .keys(
                [
                    ("service", SchemaNode.scalar.described("What the shipping method's name has in it.")),
                    ("countries", .oneOrMore(.scalar, "Where it goes, in two letters.")),
                    ("within", .named("length", "How long after it was sent: '2 business days'.")),
                ], required: ["within"], "A kind of parcel, and how long it takes."),
            "When parcels are to arrive where the shop promises a day. The first that fits counts."),
        "delays": .keys(
            [
                ("no_scan", SchemaNode.scalar.described("How long a moving parcel may be silent, or 'off'.")),
                ("not_handed_over", SchemaNode.scalar.described("How long a label may go unscanned, or 'off'.")),
            ], required: [], "When silence is a delay."),
        "lost_after": .keys(
            [
                ("domestic", .named("length", "Within your country: '7 days'.")),
                ("abroad", .named("length", "To another country: '20 days'.")),
            ], required: [], "After how much silence of its carrier a parcel is presumed lost."),
        "answers": .any(
            [
                .oneOf(AnswerMode.allCases.map(\.rawValue)),
                // Further keys are the names of triggers with phrases.
                .object([
                    ("type", .text("object")),
                    (
                        "properties",
                        .object(
                            (Intents.names + ["others"]).map {
                                ($0, SchemaNode.oneOf(AnswerMode.allCases.map(\.rawValue)))
                            })
                    ), ("additionalProperties", .oneOf(AnswerMode.allCases.map(\.rawValue))),
                ]),
            ],
            "Whether answers go out by themselves: 'live', 'drafts', 'when_proven' (left out) or 'off', for all or by what she asks for."
        ),
        "business_hours": .object([
            (
                "description",
                .text("When people answer, by the shop's clock: '{ Mon-Fri: 09:00-17:00, Sat: 10:00-13:00 }'.")
            ), ("type", .text("object")), ("minProperties", .number(1)),
        ]),
        "answer_within": .named(
            "length", "How long a person takes to answer, in business hours: '4 hours', '1 business day'."),
        "away": .oneOrMore(
            .keys(
                [
                    ("from", SchemaNode.shaped("^\\s*\(dayShape)\\s*$", "The first day.")),
                    ("until", .shaped("^\\s*\(dayShape)\\s*$", "The last day.")),
                    ("say", words("What she is told then: a text, or one for each language.")),
                ], required: ["from", "until"], "Days on which nobody answers."),
            "When nobody answers, and what she is told."),
        "sign_off": words("Who signs letters, instead of the shop's name: a text, or one for each language."),
        "tone": .any(
            [
                .oneOf(Tone.allCases.map(\.rawValue)),
                .object([
                    ("type", .text("object")),
                    ("additionalProperties", .oneOf(Tone.allCases.map(\.rawValue))),
                ]),
            ],
            "How letters speak to customers: 'warm' (left out) or 'formal', or one for each language: '{ de: formal, others: warm }'."
        ),
        "let_go_after": .named(
            "length", "When a conversation in which nobody waits is over: '2 business days', if left out."),
        "shopify_sends": .any(
            [.oneOf(["none"]), .oneOrMore(.oneOf(ShopifyNotification.names))],
            "Which of Shopify's own notifications to customers are on, so that nobody hears the same twice; or 'none'."),
        "confirm": SchemaNode.scalar.described("The code that releases a held reload; 'notify' received it by mail."),
    ]

    /// One text, or one for each language.
    private static func words(_ description: String) -> SchemaNode {
        .any(
            [.scalar, .object([("type", .text("object")), ("additionalProperties", .scalar)])], description)
    }

    static let brandKeys: [String: SchemaNode] = [
        "name": SchemaNode.scalar.described("What shoppers call you."),
        "from": .named("address", "Who mail comes from."),
        "marketing_from": .named("address", "Who marketing comes from."),
        "ratings_from": .named("address", "Who asks for reviews; left out, who marketing comes from."),
        "reply_to": .named("address", "Where answers go."),
        "address": SchemaNode.scalar.described("The postal address, for the footer of the mail."),
        "color": .shaped("^\\s*#([0-9a-fA-F]{3}|[0-9a-fA-F]{6})\\s*$", "In quotes: \"#2f5d50\"."),
        "logo": .shaped("^\\s*https://", "An address that begins with https://."),
    ]
}

extension NameRow {
    /// The name after its root.
    fileprivate var key: String { String(path.drop { $0 != "." }.dropFirst()) }
}
