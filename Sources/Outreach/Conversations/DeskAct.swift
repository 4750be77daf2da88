internal import FoundationEssentials

// What triggers do in conversations (`do: hand_over`, `close`, `tag_conversation`): the frozen bytes of such an effect,
// and what they change. The desk's channel reads the bytes, looks at the conversation as it is then, and writes the
// change; doing it a second time changes nothing.

/// Something that a trigger does in a conversation.
public struct DeskAct: Codable, Hashable, Sendable {
    /// The verb of `do`.
    public var verb: String
    /// A tag's name.
    public var object: String
    /// `note` and `to` of `hand_over`.
    public var details: [String: String]
    public var trigger: String
    /// What happened: `shipment.delayed`.
    public var event: String
    /// The number of the effect, by which it is known that it was done.
    public var effect: Int64
    /// The conversation; nil where it is about an order.
    public var conversation: Int64?
    public var order: String?
    /// What is to be decided for the shop itself; nil for everything else.
    public var action: ShopAction?

    /// What an effect does.
    public init(_ action: ActionLine, of effect: Effect) {
        verb = action.verb
        object = action.object
        details = action.details
        trigger = effect.trigger
        event = effect.event?.kind.rawValue ?? ""
        self.effect = effect.id
        conversation = effect.aggregate?.conversationID
        order = effect.orderID
    }

    /// Reads the bytes of a message; nil if they are no such thing.
    public init?(_ message: Message) {
        guard message.kind == .desk, let act = try? JSONDecoder().decode(Self.self, from: Data(message.bytes)) else {
            return nil
        }
        self = act
    }

    /// The message of the effect.
    public func message(id: String) throws -> Message {
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
        return Message(
            id: id, kind: .desk, envelope: Message.Envelope(), bytes: Array(try encoder.encode(self)),
            summary: String(sentence.prefix(200)))
    }

    /// What it does, for people.
    public var sentence: String {
        switch verb {
        case "hand_over":
            let whom = details["to"].map { " to \($0)" } ?? " to a person"
            return "hand over\(whom)" + (details["note"].map { ": \($0)" } ?? "")
        case "remedy": return "offer \(details["offers"] ?? object)"
        case "tag_conversation": return "tag '\(object)'"
        case _ where action != nil: return action?.words ?? ""
        default: return verb.replacing("_", with: " ")
        }
    }

    /// What stands in the conversation for the shop's people.
    var note: String {
        let why = details["note"].map { ": \($0)" } ?? "."
        let event = event.isEmpty ? "" : " on \(event)"
        // What Bookbag itself hands over is of no trigger.
        if trigger.isEmpty { return details["note"] ?? "This was handed over." }
        return "The trigger \(trigger) handed this over\(event)\(why)"
    }
}

extension ConversationRules {
    /// What becomes of a conversation by hand of a trigger; nil where it changes nothing, or may not be done.
    public static func act(_ act: DeskAct, in record: ConversationRecord, now: Moment) -> ConversationChange? {
        switch act.verb {
        case "hand_over": handOver(act, record, now: now)
        case "close":
            record.isPersons || record.waitsSince != nil ? nil : close(record, because: .trigger, now: now)
        case "tag_conversation": tag(act.object, record)
        default: nil
        }
    }

    /// A person gets it, with the trigger's note. Whoever has it already keeps it, and gets the note.
    private static func handOver(_ act: DeskAct, _ record: ConversationRecord, now: Moment) -> ConversationChange {
        let isTheirs = record.state == .person
        var change = (isTheirs ? nil : handOver(record, because: .trigger)) ?? ConversationChange(record)
        // It is listed, told of and kept until somebody has seen to it, even if she waits for nothing.
        change.record.waitsSince = record.waitsSince ?? now
        change.record.lastAt = max(record.lastAt, now)
        if let to = act.details["to"], change.record.holder == nil {
            if to.contains("@") { change.record.holder = to } else { change.record.team = to }
        }
        var note = ConversationMessage(.note, by: .bookbag, at: now, text: act.note, channel: record.channel)
        note.effectID = act.effect == 0 ? nil : act.effect
        change.messages = [note]
        return change
    }

    /// The most tags that a conversation has.
    static let mostTags = 20

    private static func tag(_ tag: String, _ record: ConversationRecord) -> ConversationChange? {
        let isThere = record.tags.contains { $0.caseInsensitiveCompare(with: tag) }
        guard !isThere, record.tags.count < mostTags else { return nil }
        var change = ConversationChange(record)
        change.record.tags.append(tag)
        return change
    }

    /// The conversation that a hand-over about an order opens where none is open.
    public static func opening(about order: OrderRecord, now: Moment) -> ConversationRecord {
        var record = ConversationRecord(shop: order.shop, channel: .mailbox, openedAt: now)
        record.orderID = order.facts.id
        record.address = order.recipient?.address
        record.name = order.recipient?.name
        record.subject = "Order \(order.facts.name)"
        return record
    }
}

extension String {
    /// Whether it is the same word, whatever its case.
    fileprivate func caseInsensitiveCompare(with other: String) -> Bool { lowercased() == other.lowercased() }
}
