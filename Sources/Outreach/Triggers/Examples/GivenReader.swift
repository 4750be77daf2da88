internal import Liquid

/// Reads what `given` and the steps of `then` change about the standard order: values by name, and its parcels.
struct GivenReader {
    /// The roots whose values can be given.
    static let roots = Names.roots.map(\.name) + [Names.shipments.path]
    /// How many parcels an example can have.
    static let mostParcels = 9

    /// What `given` or one step changes about the order.
    struct Laid {
        var values: [Example.Given] = []
        /// The parcels that `shipments` lists, in its order.
        var parcels: [Int] = []
        /// Those of them that were not mentioned before.
        var fresh: [Int] = []
        /// `event: { type: … }`.
        var event: EventKind?
    }

    private let events: [EventKind]
    private let settings: ShopSettings?
    private let orderCurrency: String
    private let shopCurrency: String
    /// The tracking numbers of the parcels mentioned so far, by which a step refers to them again.
    private var numbers = [StandardOrder.number(0)]

    /// A reader for one example. `given` is searched for the currency, which all its amounts are in.
    init(events: [EventKind], settings: ShopSettings?, given: YAMLTree?) {
        self.events = events
        self.settings = settings
        func currency(_ root: String) -> String? {
            given?.entry(root)?.value.entry("currency")?.value.text?.trimmingSpaces
        }
        shopCurrency = currency("shop") ?? StandardOrder.currency
        orderCurrency = currency("order") ?? shopCurrency
    }

    private static func isCurrency(_ text: String) -> Bool {
        text.utf8.count == 3 && text.utf8.allSatisfy { (0x41...0x5A).contains($0) }
    }

    /// Reads `given`.
    mutating func start(_ tree: YAMLTree, _ faults: inout FaultList) -> Laid {
        guard case .map(let roots) = tree.content else {
            if case .nothing = tree.content { return Laid() }
            faults.add(
                at: tree.position, "'given' is a set of names, and this is \(tree.kind)",
                hint: "write for example 'order: { tags: [wholesale] }'")
            return Laid()
        }
        return laid(roots, isStart: true, &faults)
    }

    /// Reads a step of `then`, without its `after`.
    mutating func later(_ tree: YAMLTree, _ faults: inout FaultList) -> Laid {
        guard case .map(let roots) = tree.content else { return Laid() }
        return laid(roots, isStart: false, &faults)
    }

    private mutating func laid(_ roots: [YAMLTree.Entry], isStart: Bool, _ faults: inout FaultList) -> Laid {
        var laid = Laid()
        if let one = roots.first(where: { $0.key == "shipment" }),
            roots.contains(where: { $0.key == Names.shipments.path })
        {
            faults.add(
                at: one.keyPosition, "'shipment' and 'shipments' cannot be combined",
                hint: "the first of 'shipments' is 'shipment'; write it there")
            return laid
        }
        for root in roots {
            if root.key == Names.shipments.path, isStart, root.value.text?.trimmingSpaces == "none",
                events.contains(where: { $0.aggregate == .conversation })
            {
                laid.values.append(Example.Given(path: Names.shipments.path, value: .null))
                continue
            }
            if root.key == Names.shipments.path {
                parcels(root, isStart: isStart, &laid, &faults)
                continue
            }
            guard let known = Names.roots.first(where: { $0.name == root.key }) else {
                let meant = Names.otherWords[root.key] ?? nearest(to: root.key, in: Self.roots)
                faults.add(
                    at: root.keyPosition, "unknown name '\(root.key)'", hint: meant.map { "did you mean '\($0)'?" })
                continue
            }
            let checker = ConditionChecker(kinds: events, segments: settings?.segments.map(\.name) ?? [])
            if let (message, hint) = checker.missing(root.key) {
                faults.add(at: root.keyPosition, message, hint: hint)
                continue
            }
            if root.key == "order", isStart, root.value.text?.trimmingSpaces == "none",
                events.contains(where: { $0.aggregate == .conversation })
            {
                laid.values.append(Example.Given(path: "order", value: .null))
                continue
            }
            laid.values += values(of: root, known, parcel: 0, &laid.event, &faults)
        }
        if let number = laid.values.last(where: { $0.path == "shipment.tracking_number" && $0.parcel == 0 }) {
            numbers[0] = number.value.textIfString ?? ""
        }
        return laid
    }

    /// `shipments: [{ … }, { … }]`: in `given`, the parcels of the order; in a step, those that the event happens to or
    /// that change.
    private mutating func parcels(
        _ root: YAMLTree.Entry, isStart: Bool, _ laid: inout Laid, _ faults: inout FaultList
    ) {
        guard let table = Names.roots.first(where: { $0.name == "shipment" }) else { return }
        guard case .list(let elements) = root.value.content, !elements.isEmpty else {
            faults.add(
                at: root.value.position, "'shipments' is a list of parcels, and this is \(root.value.kind)",
                hint: "write '- { … }' for each, with the names of 'shipment'")
            return
        }
        for (index, element) in elements.enumerated() {
            var values: [Example.Given] = []
            switch element.content {
            case .nothing: break
            case .map:
                var ignored: EventKind?
                let entry = YAMLTree.Entry(key: "shipment", keyPosition: element.position, value: element)
                values = self.values(of: entry, table, parcel: 0, &ignored, &faults)
            default:
                faults.add(
                    at: element.position, "'shipments' is a list of parcels, and this is \(element.kind)",
                    hint: "write '{ tracking_number: … }', or '{}' for one like the standard order's")
                continue
            }
            let number = values.last { $0.path == "shipment.tracking_number" }?.value.textIfString
            let parcel: Int
            if isStart, index == 0 {
                parcel = 0
                numbers[0] = number ?? numbers[0]
            } else if !isStart, let number, let known = numbers.firstIndex(of: number) {
                parcel = known
            } else if numbers.count < Self.mostParcels {
                parcel = numbers.count
                numbers.append(number ?? StandardOrder.number(parcel))
                laid.fresh.append(parcel)
            } else {
                faults.add(at: element.position, "an example can have at most \(Self.mostParcels) parcels")
                return
            }
            if !laid.parcels.contains(parcel) { laid.parcels.append(parcel) }
            for var value in values {
                value.parcel = parcel
                laid.values.append(value)
            }
        }
    }

    /// Reads what stands under one top-level name.
    private func values(
        of root: YAMLTree.Entry, _ known: Names.Root, parcel: Int, _ event: inout EventKind?, _ faults: inout FaultList
    ) -> [Example.Given] {
        guard case .map(let entries) = root.value.content else {
            faults.add(
                at: root.value.position, "'\(root.key)' has names of its own, and this is \(root.value.kind)",
                hint: "write for example '\(known.rows[0].path.replacing(".", with: ": { ")): … }'")
            return []
        }
        var result: [Example.Given] = []
        for entry in entries {
            let path = "\(root.key).\(entry.key)"
            guard let row = Names.byPath[path] else {
                var meant = Names.otherWords[path]
                if meant == nil {
                    let keys = known.rows.map { String($0.path.dropFirst(root.key.count + 1)) }
                    meant = nearest(to: entry.key, in: keys).map { "\(root.key).\($0)" }
                }
                faults.add(
                    at: entry.keyPosition, "unknown name '\(path)'", hint: meant.map { "did you mean '\($0)'?" })
                continue
            }
            if path == "event.type", let word = entry.value.text?.trimmingSpaces {
                event = events.first { $0.rawValue == word }
                if event == nil {
                    faults.add(
                        at: entry.value.position, "'event: type' has to be one of 'on'",
                        hint: "write \(alternatives(events.map(\.rawValue)))")
                }
                continue
            }
            if let value = value(entry.value, row, &faults) {
                result.append(Example.Given(path: path, value: value, parcel: parcel))
            }
        }
        return result
    }

    private func value(_ tree: YAMLTree, _ row: NameRow, _ faults: inout FaultList) -> Value? {
        if row.path == "order.time_zone", let text = tree.text?.trimmingSpaces, !text.isEmpty, Zone(named: text) == nil
        {
            faults.add(
                at: tree.position, "'\(text)' is not a time zone",
                hint: "write it like 'Europe/London' or 'Asia/Kolkata'")
            return nil
        }
        if row.path.hasSuffix(".currency"), let text = tree.text?.trimmingSpaces, !Self.isCurrency(text) {
            faults.add(
                at: tree.position, "'\(text)' is not a currency",
                hint: "write its three letters, such as 'EUR' or 'GBP'")
            return nil
        }
        if case .nothing = tree.content {
            if row.canBeEmpty { return .null }
            faults.add(at: tree.position, "'\(row.path)' is never empty")
            return nil
        }
        switch row.type {
        case .texts, .segments:
            let texts = tree.listed.compactMap { $0.text?.trimmingSpaces }
            if texts.count == tree.listed.count { return .texts(texts) }
        case .list(let item):
            return things(tree, item: item, row, &faults)
        default:
            if let text = tree.text?.trimmingSpaces, let value = value(text, row) { return value }
        }
        faults.add(
            at: tree.position, "'\(row.path)' is \(row.type.article), and not '\(tree.text ?? tree.kind)'",
            hint: Self.sample(row.type))
        return nil
    }

    private func value(_ text: String, _ row: NameRow) -> Value? {
        switch row.type {
        case .text, .link: return .string(text)
        case .word(let words): return words.contains(text) ? .string(text) : nil
        case .number:
            if let number = Int(text) { return .int(number) }
            return Double(text).flatMap { $0.isFinite ? .float($0) : nil }
        case .money:
            // What a customer has spent is given in the shop's own currency.
            let currency = row.path == "customer.total_spent" ? shopCurrency : orderCurrency
            return Liquid.Money(amount: text, currency: currency).map { .money($0) }
        case .flag:
            switch text.lowercased() {
            case "true", "yes", "on": return .bool(true)
            case "false", "no", "off": return .bool(false)
            default: return nil
            }
        case .day:
            guard let (year, month, day) = CalendarDay(iso8601: text)?.components else { return nil }
            return .moment(Liquid.Moment(year: year, month: month, day: day))
        case .moment:
            guard let time = Example.LocalTime(text) else { return nil }
            let moment = time.moment(in: StandardOrder.zone)
            return .moment(Liquid.Moment(seconds: moment.seconds, offset: StandardOrder.zone.offset(at: moment)))
        case .texts, .segments, .list: return nil
        }
    }

    private static func sample(_ type: NameType) -> String {
        switch type {
        case .word(let words) where words.count <= 16: "write \(alternatives(words))"
        case .number: "write a number, such as 2"
        case .money: "write an amount, such as 100 or 12.50"
        case .flag: "write 'true' or 'false'"
        case .moment: "write it like '2026-12-04 18:00'"
        case .day: "write it like '2026-12-04'"
        case .texts, .segments: "write a list, such as [a, b]"
        default: "write a text"
        }
    }

    private func things(_ tree: YAMLTree, item: String, _ row: NameRow, _ faults: inout FaultList) -> Value? {
        guard let table = Names.items.first(where: { $0.name == item }) else { return nil }
        var result: [Value] = []
        for element in tree.listed {
            guard case .map(let entries) = element.content else {
                faults.add(
                    at: element.position, "'\(row.path)' is a list of \(item)s, and this is \(element.kind)",
                    hint: "write for example '- { \(table.rows[0].path.split(separator: ".").last!): … }'")
                return nil
            }
            var pairs: [(String, Value)] = table.rows.map { row in
                (String(row.path.split(separator: ".").last!), Self.missing(row.type))
            }
            for entry in entries {
                guard let index = pairs.firstIndex(where: { $0.0 == entry.key }) else {
                    faults.add(
                        at: entry.keyPosition, "a \(item) has no '\(entry.key)'",
                        hint: nearest(to: entry.key, in: pairs.map(\.0)).map { "did you mean '\($0)'?" })
                    continue
                }
                if let value = value(entry.value, table.rows[index], &faults) { pairs[index].1 = value }
            }
            result.append(.object(Object(pairs)))
        }
        return .array(result)
    }

    private static func missing(_ type: NameType) -> Value {
        switch type {
        case .number: .int(1)
        case .texts, .segments, .list: .array([])
        case .flag: .bool(false)
        default: .null
        }
    }
}

extension YAMLTree {
    /// The key and its value in a map.
    fileprivate func entry(_ key: String) -> Entry? {
        guard case .map(let entries) = content else { return nil }
        return entries.first { $0.key == key }
    }
}
