// One body, two standards: a CloudEvents 1.0 event in JSON (cloudevents/spec, formats/json-format.md) that is also a
// Standard Webhooks body. The former requires `specversion`, `id`, `source`, `type`; the latter `type`, `timestamp`,
// `data`. What only one of them defines is an extension attribute or an additional member to the other; `timestamp` is
// a valid name for an extension attribute (lower case, at most 20 letters).

/// The body of a webhook.
public struct WebhookBody: Sendable {
    /// Equal to `webhook-id`: the message's id.
    public var id: String
    public var shop: String
    /// What happened: `shipment.delayed`.
    public var type: String
    /// The order's name: `#1001`.
    public var subject: String
    /// When it happened.
    public var happenedAt: Moment
    /// `trigger`, `order`, `shipment`, …
    public var data: JSON

    /// The size that Standard Webhooks recommends staying below; receivers and queues may cut off there.
    public static let recommendedBytes = 20_000

    public init(id: String, shop: String, type: String, subject: String, happenedAt: Moment, data: JSON) {
        self.id = id
        self.shop = shop
        self.type = type
        self.subject = subject
        self.happenedAt = happenedAt
        self.data = data
    }

    /// The JSON, at most `recommendedBytes` long if shortening long lists and texts can achieve that. A shortened list
    /// `line_items` is accompanied by `line_items_omitted`, the number of elements left out; a shortened text ends in
    /// `…`.
    ///
    /// The same body gives the same bytes.
    public var bytes: [UInt8] {
        var bytes = envelope(data)
        for (listLimit, textLimit) in [(100, 4000), (50, 2000), (20, 1000), (10, 500), (5, 200), (1, 100)] {
            if bytes.count <= Self.recommendedBytes { break }
            bytes = envelope(Self.cut(data, lists: listLimit, texts: textLimit))
        }
        return bytes
    }

    private func envelope(_ data: JSON) -> [UInt8] {
        let moment = happenedAt.iso8601
        let members: JSON = [
            "specversion": "1.0", "id": .string(id), "source": .string("/shops/\(shop)"), "type": .string(type),
            "subject": .string(subject), "time": .string(moment), "timestamp": .string(moment),
            "datacontenttype": "application/json", "data": data,
        ]
        return members.bytes
    }

    private static func cut(_ value: JSON, lists: Int, texts: Int) -> JSON {
        switch value {
        case .string(let text) where text.count > texts: return .string(String(text.prefix(texts - 1)) + "…")
        case .array(let values): return .array(values.prefix(lists).map { cut($0, lists: lists, texts: texts) })
        case .object(let members):
            var kept: [JSON.Member] = []
            for member in members {
                kept.append(JSON.Member(member.name, cut(member.value, lists: lists, texts: texts)))
                if case .array(let values) = member.value, values.count > lists {
                    kept.append(JSON.Member(member.name + "_omitted", .integer(Int64(values.count - lists))))
                }
            }
            return .object(kept)
        default: return value
        }
    }
}
