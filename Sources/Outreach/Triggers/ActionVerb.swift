// What `do` knows: one entry for each verb, here and nowhere else.
//
// This table determines how a line of `do` reads, what `check` says about one that is wrong, the schema for editors and
// the table in docs/triggers.md, on which events it may stand, how much has to be proved of whoever wrote, and which
// kind of effect it becomes. A verb is an effect as a mail is: it is decided, held, judged again, kept to itself in
// shadow mode, done once for an occurrence, and has a verdict from its channel.

/// One line of `do`: something that is done, and not said.
public struct ActionLine: Hashable, Sendable {
    /// `hand_over`.
    public var verb: String
    /// What tells two lines of one verb apart, such as a tag's name; empty where a trigger can have only one.
    public var object: String
    /// The kind of effect that it becomes.
    public var channel: ChannelName
    /// Which target of the channel, as in `Route`.
    public var target: String
    /// How it is done, by name: `note`, `to`. A change of these is no other line.
    public var details: [String: String]
    /// What has to be proved of whoever wrote the message that it acts on (`message.trust`).
    public var trust: Int

    public init(
        _ verb: String, object: String = "", through channel: ChannelName, target: String = "",
        details: [String: String] = [:], trust: Int = 0
    ) {
        self.verb = verb
        self.object = object
        self.channel = channel
        self.target = target
        self.details = details
        self.trust = trust
    }

    /// The value of `Effect.line`: `hand_over`, `tag_conversation:vip`.
    public var name: String { object.isEmpty ? verb : "\(verb):\(object)" }
}

/// A verb that a line of `do` can name.
public struct ActionVerb: Sendable {
    /// The verb as it is written.
    public let name: String
    /// The kind of effect that it becomes.
    public let channel: ChannelName
    /// What has to be proved of whoever wrote.
    public let trust: Int
    /// True if the verb alone is a line.
    let standsAlone: Bool
    /// What may stand behind it, for editors; nil if nothing may.
    let value: SchemaNode?
    /// What it does, in a sentence, for editors.
    let words: String
    /// The same for docs/triggers.md, in Markdown.
    let help: String
    /// How it is written in a line.
    let example: String
    /// What other tools call it.
    let alsoCalled: [String]
    /// True if it acts on a conversation, so that it only stands on events of one.
    let needsConversation: Bool
    /// What it does, as a line's destination is shown to people, by what its name has behind the colon.
    public let destination: @Sendable (_ object: String) -> String
    /// Reads what stands behind it; nil if that has a fault, which is then recorded.
    let read: @Sendable (inout ActionReading) -> (object: String, details: [String: String])?

    init(
        _ name: String, through channel: ChannelName, trust: Int = 0, standsAlone: Bool = true,
        value: SchemaNode? = nil, words: String, help: String, example: String, alsoCalled: [String] = [],
        needsConversation: Bool = false, destination: @escaping @Sendable (_ object: String) -> String,
        read: @escaping @Sendable (inout ActionReading) -> (object: String, details: [String: String])?
    ) {
        self.name = name
        self.channel = channel
        self.trust = trust
        self.standsAlone = standsAlone
        self.value = value
        self.words = words
        self.help = help
        self.example = example
        self.alsoCalled = alsoCalled
        self.needsConversation = needsConversation
        self.destination = destination
        self.read = read
    }
}

extension ActionVerb {
    /// What has to be proved, in a sentence; empty if nothing has to be.
    fileprivate var proof: String {
        trust == 0 ? "" : " About a message only if its sender proved who she is (`message.trust` \(trust))."
    }
}

/// The verbs that `do` can name.
public struct ActionVerbs: Sendable {
    /// Those in the table.
    public static let standard = ActionVerbs(ActionVerb.all)

    /// In the order in which they are explained.
    public let all: [ActionVerb]

    init(_ verbs: [ActionVerb]) { all = verbs }

    var names: [String] { all.map(\.name) }

    /// The verb of that name.
    public subscript(_ name: String) -> ActionVerb? { all.first { $0.name == name } }

    /// What a line of that name does, for people; nil if it is none of `do`.
    public func destination(ofLine line: String) -> String? {
        let parts = line.split(separator: ":", maxSplits: 1, omittingEmptySubsequences: false).map(String.init)
        return self[parts[0]]?.destination(parts.count > 1 ? parts[1] : "")
    }

    /// What other tools call them, with the correct name.
    var otherWords: [String: String] {
        Dictionary(all.flatMap { verb in verb.alsoCalled.map { ($0, verb.name) } }) { first, _ in first }
    }

    /// The hint that names them all.
    var hint: String { "write \(alternatives(all.map(\.example)))" }

    /// A line of `do`, for editors.
    var schema: SchemaNode {
        let alone = all.filter(\.standsAlone).map(\.name)
        return .any(
            (alone.isEmpty ? [] : [.oneOf(alone)])
                + all.compactMap { verb in
                    verb.value.map { value in
                        .keys([(verb.name, value.described(verb.words))], required: [verb.name])
                    }
                }, "What is done: \(all.map { "'\($0.example)'" }.joined(separator: ", ")).")
    }

    /// Markdown: the verbs with what each does.
    var markdown: String {
        "| in `do` | what it does |\n| --- | --- |\n"
            + all.map { "| `\($0.example)` | \($0.help)\($0.proof) |" }.joined(separator: "\n")
    }
}

/// What stands behind a verb while it is being read.
struct ActionReading {
    /// Nil where the verb stands alone.
    let value: YAMLTree?
    /// The place of the verb.
    let position: Position
    /// The triggers' events.
    let events: [EventKind]
    let surroundings: TriggerReader.Surroundings
    var faults: FaultList

    /// A name as people give it to tags and the like: up to 60 characters on a line, without a colon or a comma.
    mutating func name(of what: String, example: String) -> String? {
        guard let text = value?.text?.trimmingSpaces, !text.isEmpty else {
            faults.add(at: value?.position ?? position, "which \(what)?", hint: "write '\(example)'")
            return nil
        }
        guard text.count <= 60, !text.contains(where: { $0.isNewline || $0 == ":" || $0 == "," }) else {
            faults.add(
                at: value?.position ?? position, "'\(text.prefix(60))' cannot be a \(what)",
                hint: "at most 60 characters, without ':' and ','")
            return nil
        }
        return text
    }
}

extension ActionVerb {
    /// All of them.
    static let all: [ActionVerb] =
        [
            ActionVerb(
                "hand_over", through: .desk,
                value: .any([
                    .nothing, .scalar,
                    .keys([
                        ("to", SchemaNode.scalar.described("A team of people.yaml, or the address of a person.")),
                        ("note", SchemaNode.scalar.described("What your people should know.")),
                    ]),
                ]),
                words: "Gives it to your people: a note, or '{ to: TEAM, note: … }'.",
                help:
                    "Gives the conversation to your people, with your note: `hand_over`, `hand_over: \"a VIP\"`, or `hand_over: { to: returns, note: \"a VIP\" }` for a team or a person of people.yaml. On an event of an order it opens a conversation about it, or goes on with one that is open.",
                example: "hand_over: NOTE", alsoCalled: ["handover", "hand_off", "escalate", "assign", "notify"],
                destination: { _ in "hand-over to a person" }, read: { $0.handOver() }),
            ActionVerb(
                "close", through: .desk,
                words: "Closes the conversation, unless the customer waits or a person has it.",
                help:
                    "Closes the conversation. It waits for the answer of the same trigger, and does nothing while the customer waits for an answer or a person has it.",
                example: "close", alsoCalled: ["resolve", "solve", "archive", "end"], needsConversation: true,
                destination: { _ in "close the conversation" },
                read: { reading in
                    if let value = reading.value {
                        reading.faults.add(at: value.position, "'close' stands alone", hint: "write 'do: close'")
                        return nil
                    }
                    return ("", [:])
                }),
            ActionVerb(
                "tag_conversation", through: .desk, standsAlone: false, value: .scalar,
                words: "Puts a tag on the conversation: 'tag_conversation: vip'.",
                help: "Puts a tag on the conversation, for your people and for `conversation.tags`.",
                example: "tag_conversation: NAME", alsoCalled: ["tag", "label", "add_tag"], needsConversation: true,
                destination: { "tag '\($0)' on the conversation" },
                read: { reading in
                    reading.name(of: "tag", example: "tag_conversation: vip").map { ($0, [:]) }
                }),
            ActionVerb(
                "give", through: .shop, trust: 2, standsAlone: false, value: .scalar,
                words: "Gives a gift of policy.yaml, which the letter beside it tells of: 'give: sorry'.",
                help:
                    "Gives a gift of policy.yaml: a code of hers alone, which the letter of the same trigger tells as `gift.code`. What holds the letter holds the gift (actions.md).",
                example: "give: NAME", alsoCalled: ["gift", "discount", "coupon", "voucher", "code"],
                destination: { "gift '\($0)'" },
                read: { reading in
                    guard let name = reading.name(of: "gift", example: "give: sorry") else { return nil }
                    if let (message, hint) = reading.surroundings.objection(toGift: name) {
                        reading.faults.add(at: reading.value?.position ?? reading.position, message, hint: hint)
                        return nil
                    }
                    return (name, [:])
                }),
            ActionVerb(
                "remedy", through: .desk, trust: 2, standsAlone: false, value: .scalar,
                words: "Offers what policy.yaml says when something went wrong: 'remedy: lost-parcel'.",
                help:
                    "Decides a remedy of policy.yaml: what the shopper may choose, or that a person has it. What is offered is told by a trigger on `remedy.offered`, once somebody approved it where that is needed (actions.md).",
                example: "remedy: NAME", alsoCalled: ["compensate", "make_good", "offer"],
                destination: { "remedy '\($0)'" },
                read: { reading in
                    guard let name = reading.name(of: "remedy", example: "remedy: lost-parcel") else { return nil }
                    if let (message, hint) = reading.surroundings.objection(toRemedy: name) {
                        reading.faults.add(at: reading.value?.position ?? reading.position, message, hint: hint)
                        return nil
                    }
                    if reading.events.contains(.remedyOffered) {
                        reading.faults.add(
                            at: reading.position, "a remedy cannot follow from what a remedy offers",
                            hint: "decide it on the event that went wrong, such as 'shipment.lost'")
                        return nil
                    }
                    return (name, [:])
                }),
        ] + shopVerbs
}

extension ActionReading {
    /// `hand_over`, with a note, or with whom it goes to and a note.
    fileprivate mutating func handOver() -> (object: String, details: [String: String])? {
        guard let value else { return ("", [:]) }
        if let text = value.text?.trimmingSpaces {
            return note(text, at: value.position).map { ("", ["note": $0]) }
        }
        let fields = Fields(
            value, known: ["to", "note"],
            otherWords: ["team": "to", "person": "to", "because": "note", "text": "note", "reason": "note"],
            what: "'hand_over'", &faults)
        guard case .map = value.content else { return nil }
        var details: [String: String] = [:]
        if let (text, place) = fields.text("note", &faults) {
            guard let note = note(text, at: place) else { return nil }
            details["note"] = note
        }
        if let (to, place) = fields.text("to", &faults) {
            if to.contains("@"), MailAddress(address: to) == nil {
                faults.add(
                    at: place, "'\(to)' is no address", hint: "write a team's name, or a person's address")
                return nil
            }
            details["to"] = to.contains("@") ? to.lowercased() : to
        }
        return ("", details)
    }

    private mutating func note(_ text: String, at place: Position) -> String? {
        guard text.count <= 500 else {
            faults.add(at: place, "a note has at most 500 characters, and this has \(text.count)")
            return nil
        }
        return text
    }
}

extension TriggerReader {
    /// `do`: its lines, behind those of `send`.
    mutating func actions(_ fields: Fields, _ trigger: Trigger) -> [SendLine] {
        guard let value = fields.value("do") else { return [] }
        var lines: [SendLine] = []
        for element in value.listed {
            guard let action = Self.action(element, trigger.events, surroundings, &faults) else { continue }
            let line = SendLine(to: .action(action))
            if lines.contains(where: { $0.name == line.name }) {
                faults.add(at: element.position, "'do' has the same line twice", hint: "keep one of them")
                continue
            }
            if let verb = surroundings.actions[action.verb], verb.needsConversation,
                let other = trigger.events.first(where: { $0.aggregate != .conversation })
            {
                faults.add(
                    at: element.position, "'\(other.rawValue)' has no conversation for '\(action.verb)'",
                    hint: "use it on 'message.received' and 'conversation.…'")
                continue
            }
            lines.append(line)
        }
        if value.listed.isEmpty { faults.add(at: value.position, "'do' is empty", hint: surroundings.actions.hint) }
        return lines
    }

    /// One line of `do`; nil if it has a fault, which is then recorded.
    static func action(
        _ tree: YAMLTree, _ events: [EventKind], _ surroundings: Surroundings, _ faults: inout FaultList
    ) -> ActionLine? {
        let verbs = surroundings.actions
        func unknown(_ text: String, at place: Position) {
            let meant = verbs.otherWords[text] ?? nearest(to: text, in: verbs.names)
            faults.add(
                at: place, "'\(text)' cannot be done", hint: meant.map { "did you mean '\($0)'?" } ?? verbs.hint)
        }
        let name: String
        let place: Position
        var value: YAMLTree?
        if let text = tree.text?.trimmingSpaces {
            (name, place) = (text, tree.position)
        } else if case .map(let entries) = tree.content, let first = entries.first {
            (name, place) = (first.key, first.keyPosition)
            if case .nothing = first.value.content {} else { value = first.value }
            if verbs[name] != nil, entries.count > 1 {
                let inner = verbs[entries[1].key] == nil
                faults.add(
                    at: entries[1].keyPosition,
                    inner ? "'\(entries[1].key)' belongs under '\(name)'" : "two verbs stand in one line of 'do'",
                    hint: inner
                        ? "write '\(name): { \(entries[1].key): … }'" : "begin a line of its own with '- ' for each")
                return nil
            }
        } else {
            faults.add(at: tree.position, "'\(tree.kind)' cannot be done", hint: verbs.hint)
            return nil
        }
        guard let verb = verbs[name] else {
            unknown(name, at: place)
            return nil
        }
        var reading = ActionReading(
            value: value, position: place, events: events, surroundings: surroundings, faults: faults)
        let read = verb.read(&reading)
        faults = reading.faults
        return read.map {
            ActionLine(
                verb.name, object: $0.object, through: verb.channel, details: $0.details, trust: verb.trust)
        }
    }
}
