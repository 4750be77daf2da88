internal import FoundationEssentials

/// A discount with one code, as the shop keeps it.
struct DiscountRecord: Sendable {
    let id: Int64
    let isFreeShipping: Bool
    let title: String
    let code: String
    let customers: [Int64]
    let startsAt: Date?
    var endsAt: Date?
    let usageLimit: Int?
    /// What it takes off, as it was given: `0.1`, or an amount.
    let value: String
    let createdAt: Date
    /// From when on it is found by its code.
    let visibleAt: Date
    var isActive = true

    /// As JSON, for scripts.
    var json: JSON {
        [
            "id": .int(id), "code": .string(code), "title": .string(title), "value": .string(value),
            "customers": .array(customers.map { .string("gid://shopify/Customer/\($0)") }),
            "ends_at": endsAt.map { .string(ShopTime.iso($0)) } ?? .null, "active": .bool(isActive),
        ]
    }
}

extension SandboxShop {
    /// All discounts, in the order in which they were made.
    var discounts: [DiscountRecord] { read { $0.discounts.values.sorted { $0.id < $1.id } } }
}

extension MutationRoot {
    /// `discountCodeBasicCreate` and `discountCodeFreeShippingCreate`.
    func discountCreate(_ field: String, _ input: JSON, of argument: String) throws(GraphQLError) -> Resolved {
        try graph.require("write_discounts", for: field)
        let isFree = field == "discountCodeFreeShippingCreate"
        let payload = isFree ? "DiscountCodeFreeShippingCreatePayload" : "DiscountCodeBasicCreatePayload"
        func refused(_ path: [String], _ message: String, _ code: String) -> Resolved {
            let error = Record(
                "DiscountUserError",
                ["field": .texts([argument] + path), "message": .text(message), "code": .text(code)])
            return .object(Record(payload, ["userErrors": .list([.object(error)])]))
        }
        let title = input["title"]?.string ?? ""
        let code = input["code"]?.string ?? ""
        if title.isEmpty { return refused(["title"], "Title can't be blank", "BLANK") }
        if code.isEmpty { return refused(["code"], "Code can't be blank", "BLANK") }
        if code.count > 255 { return refused(["code"], "Code is too long (maximum is 255 characters)", "TOO_LONG") }
        if code.contains(where: \.isNewline) { return refused(["code"], "Code is invalid", "INVALID") }
        let starts = input["startsAt"]?.string.flatMap(ShopTime.parse)
        let ends = input["endsAt"]?.string.flatMap(ShopTime.parse)
        if starts == nil { return refused(["startsAt"], "Starts at can't be blank", "BLANK") }
        if let starts, let ends, ends <= starts {
            return refused(["endsAt"], "Ends at needs to be after starts_at", "END_DATE_BEFORE_START_DATE")
        }
        var value = "free shipping"
        if !isFree {
            let gets = input["customerGets"]?["value"]
            if let share = gets?["percentage"]?.number {
                guard share > 0, share <= 1 else {
                    return refused(
                        ["customerGets", "value", "percentage"], "Value must be between 0.0 and 1.0",
                        "VALUE_OUTSIDE_RANGE")
                }
                value = "\(share)"
            } else if let amount = gets?["discountAmount"]?["amount"]?.string {
                value = amount
            } else {
                return refused(["customerGets", "value"], "Value can't be blank", "BLANK")
            }
        }
        let ids = (input["context"]?["customers"]?["add"]?.array ?? []).compactMap {
            $0.string.flatMap(ShopID.init(gid:))
        }
        let now = graph.now
        let taken = value
        let lag = shop.manners.indexLag.inSeconds
        let made = shop.addDiscount(code: code) { state in
            guard ids.allSatisfy({ $0.kind == .customer && state.customers[$0.number] != nil }) else { return nil }
            return DiscountRecord(
                id: state.newID(), isFreeShipping: isFree, title: title, code: code, customers: ids.map(\.number),
                startsAt: starts, endsAt: ends, usageLimit: input["usageLimit"]?.int.map { Int($0) }, value: taken,
                createdAt: now, visibleAt: now.addingTimeInterval(lag))
        }
        switch made {
        case .made(let record):
            return .object(
                Record(payload, ["codeDiscountNode": .object(graph.discount(record)), "userErrors": .list([])]))
        case .taken: return refused(["code"], "Code must be unique. Please try a different code.", "TAKEN")
        case .refused: return refused(["context", "customers", "add"], "Customer is invalid", "INVALID")
        }
    }

    func discountDeactivate(_ arguments: GraphQLArguments) throws(GraphQLError) -> Resolved {
        try graph.require("write_discounts", for: "discountCodeDeactivate")
        let payload = "DiscountCodeDeactivatePayload"
        let number = arguments.string("id").flatMap(ShopID.split)?.number
        guard let number, let record = shop.endDiscount(number, now: graph.now) else {
            let error = Record(
                "DiscountUserError",
                ["field": .texts(["id"]), "message": .text("Code discount does not exist."), "code": .text("INVALID")])
            return .object(Record(payload, ["userErrors": .list([.object(error)])]))
        }
        return .object(
            Record(payload, ["codeDiscountNode": .object(graph.discount(record)), "userErrors": .list([])]))
    }
}

extension SandboxShop {
    enum MadeDiscount: Sendable {
        case made(DiscountRecord)
        case taken
        case refused
    }

    /// Adds a discount, unless another has its code in whatever case.
    func addDiscount(code: String, _ make: @Sendable (inout ShopState) -> DiscountRecord?) -> MadeDiscount {
        mutate { state in
            let key = code.uppercased()
            if state.discounts[key] != nil { return .taken }
            guard let record = make(&state) else { return .refused }
            state.discounts[key] = record
            return .made(record)
        }
    }

    /// Ends a discount; nil if there is none.
    func endDiscount(_ id: Int64, now: Date) -> DiscountRecord? {
        mutate { state in
            guard let (key, found) = state.discounts.first(where: { $0.value.id == id }) else { return nil }
            var record = found
            if record.isActive { (record.isActive, record.endsAt) = (false, now) }
            state.discounts[key] = record
            return record
        }
    }
}

extension AdminGraph {
    func discount(_ record: DiscountRecord) -> Record {
        let type = record.isFreeShipping ? "DiscountCodeFreeShipping" : "DiscountCodeBasic"
        let customers = record.customers.compactMap { state.customers[$0] }.map { customer in
            Resolved.object(CustomerNode(customer, self))
        }
        let ended = record.endsAt.map { $0 <= now } ?? false
        return Record(
            "DiscountCodeNode",
            [
                "id": .gid("DiscountCodeNode", record.id),
                "codeDiscount": .object(
                    Record(
                        type,
                        [
                            "title": .text(record.title), "status": .text(ended ? "EXPIRED" : "ACTIVE"),
                            "startsAt": .time(record.startsAt), "endsAt": .time(record.endsAt),
                            "createdAt": .time(record.createdAt), "asyncUsageCount": .int(0),
                            "usageLimit": record.usageLimit.map { .int($0) } ?? .null,
                            "appliesOncePerCustomer": .bool(true),
                            "context": .object(Record("DiscountCustomers", ["customers": .list(customers)])),
                        ])),
            ])
    }

    /// The discount with a code; nothing before the index knows it.
    func discount(withCode code: String) -> Resolved {
        guard let record = state.discounts[code.uppercased()], record.visibleAt <= now else { return .null }
        return .object(discount(record))
    }
}

extension JSON {
    /// The value, if it is a number.
    fileprivate var number: Double? {
        switch self {
        case .int(let value): Double(value)
        case .double(let value): value
        default: nil
        }
    }
}
