public import Liquid

/// A drop whose keys are known, so that it can be written out in full.
protocol KeyedDrop: Drop {
    /// The keys, in the order of the reference.
    var keys: [String] { get }
}

extension NamedDrop: KeyedDrop {
    var keys: [String] { table.names.map(\.key) }
}

extension Scope {
    /// The content of a webhook: the order, the shipment, return or refund, the customer and the event, each under the
    /// names that triggers use. If the message covers several parcels, `shipments` has all of them.
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

    /// The body of the webhook that `line` sends about an effect: from its own template, or otherwise Bookbag's own
    /// JSON.
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

    /// The return label that `line` attaches to its mail; nil if there is none to attach.
    public func label(attachedBy line: SendLine) -> String? {
        line.attachesLabel && event.kind == .returnLabelReady ? labelURL : nil
    }

    /// The current label that the event is about; nil if there is none.
    public var labelURL: String? {
        guard let deliveries = returned?.deliveries else { return nil }
        let marks = Set(event.occurrences.map(\.mark))
        let meant = deliveries.first { $0.labelVersion.map(marks.contains) ?? false }
        return (meant ?? deliveries.last { $0.labelVersion != nil })?.labelURL
    }

    /// A value with its drops expanded, as deep as the names go.
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
