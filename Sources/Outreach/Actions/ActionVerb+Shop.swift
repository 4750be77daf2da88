// The verbs of `do` that write to the shop. All but giving need a message's sender to have proved that she may read the
// order (trust level 2), for what they do cannot be taken back.

internal import Foundation

extension ActionVerb {
    /// Tags, holds, money and goods.
    static let shopVerbs: [ActionVerb] = [
        ActionVerb(
            "tag_order", through: .shop, trust: 2, standsAlone: false, value: .scalar,
            words: "Puts a tag on the order in Shopify: 'tag_order: late'.",
            help: "Puts a tag on the order in Shopify, beside those that it has.",
            example: "tag_order: NAME", alsoCalled: ["order_tag", "add_order_tag"],
            destination: { "tag '\($0)' on the order" },
            read: { $0.tag("tag_order") }),
        ActionVerb(
            "tag_customer", through: .shop, trust: 2, standsAlone: false, value: .scalar,
            words: "Puts a tag on the customer in Shopify: 'tag_customer: had-a-delay'.",
            help: "Puts a tag on the customer in Shopify, if the order has an account.",
            example: "tag_customer: NAME", alsoCalled: ["customer_tag", "add_customer_tag"],
            destination: { "tag '\($0)' on the customer" },
            read: { $0.tag("tag_customer") }),
        ActionVerb(
            "hold_order", through: .shop, trust: 2, value: .any([.nothing, .scalar]),
            words: "Keeps the order from being sent, with a note: 'hold_order: asks for another address'.",
            help: "Keeps the order from being sent, with a note for your people. What is being packed is not held.",
            example: "hold_order: NOTE", alsoCalled: ["hold", "hold_fulfillment"],
            destination: { _ in "hold of the order" }, read: { $0.hold() }),
        ActionVerb(
            "release_order", through: .shop, trust: 2,
            words: "Ends the holds that Bookbag placed on the order.",
            help: "Ends the holds that Bookbag placed on the order, and no other.",
            example: "release_order", alsoCalled: ["release", "unhold", "release_hold"],
            destination: { _ in "release of the order" },
            read: { reading in
                if let value = reading.value {
                    reading.faults.add(
                        at: value.position, "'release_order' stands alone", hint: "write 'do: release_order'")
                    return nil
                }
                return ("", [:])
            }),
        ActionVerb(
            "refund", through: .shop, trust: 2, standsAlone: false, value: .scalar,
            words: "Pays back an amount, a share, the shipping or all: 'refund: 5.00', '20%', 'shipping', 'all'.",
            help:
                "Pays back the way it was paid: an amount in your currency (`5.00`), a share of the order (`20%`), the `shipping`, or `all` that is left. Never more than Shopify has left to pay back. Needs `budgets: { remedies: … }` in policy.yaml.",
            example: "refund: AMOUNT", alsoCalled: ["pay_back", "refund_order"],
            destination: { _ in "refund" }, read: { $0.money("refund", words: ["all", "shipping"]) }),
        ActionVerb(
            "store_credit", through: .shop, trust: 2, standsAlone: false,
            value: .any([
                .scalar,
                .keys(
                    [
                        ("amount", SchemaNode.scalar.described("'5.00', or a share of the order: '10%'.")),
                        ("valid_for", .named("length", "How long it can be spent: '180 days'; left out, a year.")),
                    ], required: ["amount"]),
            ]),
            words: "Gives credit for the next orders: 'store_credit: 5.00', '{ amount: 10%, valid_for: 180 days }'.",
            help:
                "Gives the customer's account credit for the next orders: an amount, or a share of the order; for a year, or `{ amount: 10%, valid_for: 180 days }`. Needs `budgets: { remedies: … }` in policy.yaml.",
            example: "store_credit: AMOUNT", alsoCalled: ["credit"],
            destination: { _ in "store credit" }, read: { $0.credit() }),
        ActionVerb(
            "reship", through: .shop, trust: 2,
            words: "Sends the order's goods again, free of charge.",
            help:
                "Sends the order's goods a second time, free of charge: a new order in Shopify, tagged `bookbag-replacement`. It counts at the goods' price. Needs `budgets: { remedies: … }` in policy.yaml.",
            example: "reship", alsoCalled: ["replace", "resend", "replacement"],
            destination: { _ in "second parcel" },
            read: { reading in
                if let value = reading.value {
                    reading.faults.add(at: value.position, "'reship' stands alone", hint: "write 'do: reship'")
                    return nil
                }
                return reading.remedy("reship") ? ("", [:]) : nil
            }),
        ActionVerb(
            "cancel_order", through: .shop, trust: 2,
            value: .any([.nothing, .oneOf(ActionReading.cancelReasons)]),
            words: "Cancels the order while nothing has been sent, and pays it back.",
            help:
                "Cancels the order while nothing of it has been sent or is being packed, restocks it and pays it back. With a reason of Shopify's: `customer` (left out), `inventory`, `fraud`, `declined`, `staff`, `other`.",
            example: "cancel_order", alsoCalled: ["cancel"],
            destination: { _ in "cancellation of the order" }, read: { $0.cancel() }),
        ActionVerb(
            "buy_label", through: .shop,
            words: "Buys a label for the way home, on 'return.approved', and attaches it to the return.",
            help:
                "On `return.approved` alone: buys a return label of the cheapest service that policy.yaml allows and attaches it in Shopify, which then reports `return.label_ready`. Needs `labels:` and `budgets: { labels: … }` in policy.yaml, and a broker in bookbag.yaml (actions.md).",
            example: "buy_label", alsoCalled: ["return_label", "buy_return_label", "create_label"],
            destination: { _ in "return label" }, read: { $0.label() }),
        ActionVerb(
            "approve_return", through: .desk, trust: 1,
            words: "Decides a return that was asked for, by 'returns' of policy.yaml.",
            help:
                "Decides a return that a shopper asked for, by `returns` of policy.yaml: approves it, refuses it, or gives the order to your people with the reason. On `return.requested`.",
            example: "approve_return", alsoCalled: ["decide_return", "accept_return", "return"],
            destination: { _ in "decision about the return" }, read: { $0.returns(on: .returnRequested) }),
        ActionVerb(
            "settle_return", through: .desk, trust: 1,
            words: "Pays for goods that came back, as policy.yaml said when the return was approved.",
            help:
                "Pays for goods that came back, as `returns` of policy.yaml said when the return was approved: a refund, or store credit if she wished for it; an exchange goes to your people. On `return.received`.",
            example: "settle_return", alsoCalled: ["refund_return", "pay_return", "process_return"],
            destination: { _ in "payment for the return" }, read: { $0.returns(on: .returnReceived) }),
    ]
}

extension ActionReading {
    /// Shopify's reasons for cancelling.
    static let cancelReasons = ["customer", "inventory", "fraud", "declined", "staff", "other"]

    fileprivate mutating func hold() -> (object: String, details: [String: String])? {
        guard let text = value?.text?.trimmingSpaces, !text.isEmpty else {
            if let value {
                faults.add(at: value.position, "the note is a text, and this is \(value.kind)")
                return nil
            }
            return ("", [:])
        }
        guard text.count <= 200 else {
            faults.add(at: value?.position ?? position, "a note has at most 200 characters, and this has \(text.count)")
            return nil
        }
        return ("", ["note": text])
    }

    /// A verb that stands alone, on one kind of event, and does what policy.yaml says of returns.
    fileprivate mutating func returns(on kind: EventKind) -> (object: String, details: [String: String])? {
        let verb = kind == .returnRequested ? "approve_return" : "settle_return"
        if let value {
            faults.add(at: value.position, "'\(verb)' stands alone", hint: "write 'do: \(verb)'")
            return nil
        }
        if let other = events.first(where: { $0 != kind }) {
            faults.add(
                at: position, "'\(verb)' is for 'on: \(kind.rawValue)', and this is on '\(other.rawValue)'",
                hint: "make a trigger of its own for it")
            return nil
        }
        // A policy that cannot be read has faults of its own.
        if surroundings.hasPolicy, surroundings.policy == nil { return ("", [:]) }
        guard surroundings.policy?.returns != nil else {
            faults.add(
                at: position, "'\(verb)' has nothing to go by",
                hint: surroundings.hasPolicy
                    ? "write 'returns:' in policy.yaml (docs/actions.md)"
                    : "make the file 'policy.yaml' with 'amounts_in:' and 'returns:' (docs/actions.md)")
            return nil
        }
        return ("", [:])
    }

    fileprivate mutating func cancel() -> (object: String, details: [String: String])? {
        guard let value else { return ("", ["reason": "customer"]) }
        let text = value.text?.trimmingSpaces.lowercased() ?? ""
        guard Self.cancelReasons.contains(text) else {
            let meant = nearest(to: text, in: Self.cancelReasons).map { "did you mean '\($0)'?" }
            faults.add(
                at: value.position, "'\(text)' is no reason to cancel",
                hint: meant ?? "write \(alternatives(Self.cancelReasons))")
            return nil
        }
        return ("", ["reason": text])
    }

    fileprivate mutating func label() -> (object: String, details: [String: String])? {
        if let value {
            faults.add(at: value.position, "'buy_label' stands alone", hint: "write 'do: buy_label'")
            return nil
        }
        if let other = events.first(where: { $0 != .returnApproved }) {
            faults.add(
                at: position, "'\(other.rawValue)' is no return that was approved just now",
                hint: "use 'buy_label' on 'return.approved'")
            return nil
        }
        // A policy that cannot be read has faults of its own.
        if surroundings.hasPolicy, surroundings.policy == nil { return ("", [:]) }
        guard let policy = surroundings.policy, policy.labels != nil else {
            faults.add(
                at: position, "policy.yaml does not say which labels may be bought",
                hint: "write 'labels:' there, with 'at_most', 'parcel' and 'return_to' (docs/actions.md)")
            return nil
        }
        return ("", [:])
    }

    /// An amount in the policy's currency, a share, or one of some words.
    fileprivate mutating func money(
        _ verb: String, words: [String] = [], at tree: YAMLTree? = nil
    ) -> (object: String, details: [String: String])? {
        let value = tree ?? value
        let place = value?.position ?? position
        let usual = "write '\(verb): 5.00' or '\(verb): 20%'" + words.map { ", or '\($0)'" }.joined()
        guard remedy(verb) else { return nil }
        guard let text = value?.text?.trimmingSpaces, !text.isEmpty else {
            faults.add(at: place, "how much?", hint: usual)
            return nil
        }
        if words.contains(text) { return ("", ["amount": text]) }
        let isShare = text.hasSuffix("%")
        let number = isShare ? String(text.dropLast()).trimmingSpaces : text
        guard let amount = CurrencyUnits.read(number), amount > 0 else {
            faults.add(at: place, "'\(text)' is not an amount", hint: usual)
            return nil
        }
        if isShare {
            guard amount <= 100 else {
                faults.add(at: place, "no more than 100% can be given")
                return nil
            }
            return ("", ["amount": "\(number)%"])
        }
        if let currency = surroundings.policy?.currency, CurrencyUnits.units(amount, in: currency) == nil {
            let finer = Policy.finer(amount, currency)
            faults.add(at: place, finer.message, hint: finer.hint)
            return nil
        }
        return ("", ["amount": number])
    }

    fileprivate mutating func credit() -> (object: String, details: [String: String])? {
        guard let value, case .map = value.content else { return money("store_credit") }
        let fields = Fields(
            value, known: ["amount", "valid_for"],
            otherWords: [
                "value": "amount", "expires": "valid_for", "expires_after": "valid_for", "valid": "valid_for",
            ],
            what: "'store_credit'", &faults)
        guard var read = money("store_credit", at: fields.value("amount") ?? value) else { return nil }
        if let length = fields.length("valid_for", &faults) {
            let days: [Length.Unit: Int] = [.days: 1, .weeks: 7]
            guard let each = days[length.unit], length.count > 0 else {
                faults.add(
                    at: fields.value("valid_for")?.position ?? value.position, "store credit is valid for whole days",
                    hint: "write it like 'valid_for: 180 days'")
                return nil
            }
            read.details["days"] = "\(length.count * each)"
        }
        return read
    }

    /// Whether policy.yaml has a budget for remedies; otherwise a fault.
    mutating func remedy(_ verb: String) -> Bool {
        // A policy that cannot be read has faults of its own.
        if surroundings.hasPolicy, surroundings.policy == nil { return true }
        guard surroundings.policy?.remedyBudget.isEmpty ?? true else { return true }
        faults.add(
            at: position, "'\(verb)' has no budget",
            hint: surroundings.hasPolicy
                ? "write 'budgets: { remedies: [1000.00 per month] }' in policy.yaml"
                : "make the file 'policy.yaml' with 'amounts_in:' and 'budgets: { remedies: … }' (docs/actions.md)")
        return false
    }

    /// A tag of Shopify's: up to 40 characters for an order's.
    fileprivate mutating func tag(_ verb: String) -> (object: String, details: [String: String])? {
        guard let name = name(of: "tag", example: "\(verb): late") else { return nil }
        guard name.count <= 40 else {
            faults.add(
                at: value?.position ?? position,
                "a tag has at most 40 characters in Shopify, and this has \(name.count)")
            return nil
        }
        return (name, [:])
    }
}
