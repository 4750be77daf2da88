public import Liquid

/// A drop whose keys are known, so that it can be told whole.
protocol KeyedDrop: Drop {
    /// The keys, in the order of the reference.
    var keys: [String] { get }
}

extension NamedDrop: KeyedDrop {
    var keys: [String] { table.names.map(\.key) }
}

extension Scope {
    /// What a webhook tells: the order, the shipment, return or refund, the customer and the event, each in the names
    /// that triggers use. Where the message speaks of several parcels, `shipments` has them all.
    public var webhookData: [(name: String, value: Value)] {
        let told = ["order", "shipment", "return", "refund", "customer", "event"]
        var data = Names.roots.filter { told.contains($0.name) }.compactMap { root in
            root.drop(self).map { (root.name, Self.whole(.drop($0), depth: 0)) }
        }
        let parcels = shipmentDrops
        if parcels.count > 1, let place = data.firstIndex(where: { $0.0 == "shipment" }) {
            let all = Value.array(parcels.map { Self.whole(.drop($0), depth: 1) })
            data.insert((Names.shipments.path, all), at: place + 1)
        }
        return data
    }

    /// The body of the webhook that `line` sends about an effect: by a template of its own, or else Bookbag's own JSON.
    ///
    /// - Throws: as `TemplateSet.renderJSON`.
    public func webhookBody(
        of effect: Effect, by line: SendLine, _ templates: TemplateSet
    ) throws(TemplateFailure) -> [UInt8] {
        if !line.template.isEmpty { return try templates.renderJSON(line.template, self) }
        let data =
            [JSON.Member("trigger", .string(effect.trigger))] + webhookData.map { .init($0.name, JSON($0.value)) }
        return WebhookBody(
            id: MessageIdentity.webhook(of: effect), shop: effect.shop, type: event.kind.rawValue,
            subject: record.facts.name, happenedAt: event.happenedAt, data: .object(data)
        ).bytes
    }

    /// The return label that `line` sends with its mail as a file; nil where none comes with it.
    public func label(attachedBy line: SendLine) -> String? {
        line.attachesLabel && event.kind == .returnLabelReady ? labelURL : nil
    }

    /// The label that the event is about, as it is now; nil where there is none.
    public var labelURL: String? {
        guard let deliveries = returned?.deliveries else { return nil }
        let marks = Set(event.occurrences.map(\.mark))
        let meant = deliveries.first { $0.labelVersion.map(marks.contains) ?? false }
        return (meant ?? deliveries.last { $0.labelVersion != nil })?.labelURL
    }

    /// A value with its drops opened, as deep as the names go.
    private static func whole(_ value: Value, depth: Int) -> Value {
        switch value {
        case .drop(let drop as any KeyedDrop):
            guard depth < 4 else { return drop.plain ?? .null }
            return .object(Object(drop.keys.map { ($0, whole(drop.value(for: $0) ?? .null, depth: depth + 1)) }))
        case .drop(let drop):
            if let elements = drop.elements { return whole(.array(elements), depth: depth) }
            return drop.plain ?? drop.printed
        case .array(let elements): return .array(elements.map { whole($0, depth: depth + 1) })
        case .safe(let text): return .string(text.text)
        default: return value
        }
    }
}
