// Every key of a trigger file, and everything known about it: one entry each, here and nowhere else.
//
// This table determines which keys a file may have, how each is read, what `check` says about one that is misspelt or
// empty, the schema for editors, the table in docs/triggers.md, and whether an edit to it can make old events due, so
// that an edit that would write to many people waits for confirmation (Reload.swift). What a key means is decided in
// `Planning`.

/// A key of a trigger file.
struct TriggerKey: Sendable {
    /// Where a key may stand.
    enum Place: Sendable {
        /// In the file itself.
        case file
        /// Under or beside `email`, in `send`. `ChannelSyntax.email` reads it.
        case email
    }

    let name: String
    let place: Place
    /// The values it can have, for editors.
    let value: SchemaNode
    /// What it does, in a sentence or two, for editors.
    let words: String
    /// The same for docs/triggers.md, in Markdown.
    let help: String
    /// A line of a file as it is written.
    let example: String
    let isRequired: Bool
    /// True if an empty value is a fault, because somebody meant to write something.
    let needsValue: Bool
    /// What other tools call it.
    let alsoCalled: [String]
    /// Reads it into the trigger; the keys before it in the table have been read already.
    let read: @Sendable (inout TriggerReader, Fields, inout Trigger) -> Void
    /// True if going from the first trigger to the second can make waiting messages due at once; nil if no change to
    /// the key can.
    let hastens: (@Sendable (Trigger, Trigger) -> Bool)?

    init(
        _ name: String, in place: Place = .file, _ value: SchemaNode, words: String, help: String = "",
        example: String, isRequired: Bool = false, needsValue: Bool = false, alsoCalled: [String] = [],
        hastens: (@Sendable (Trigger, Trigger) -> Bool)? = nil,
        read: @escaping @Sendable (inout TriggerReader, Fields, inout Trigger) -> Void = { _, _, _ in }
    ) {
        self.name = name
        self.place = place
        self.value = value
        self.words = words
        self.help = help
        self.example = example
        self.isRequired = isRequired
        self.needsValue = needsValue
        self.alsoCalled = alsoCalled
        self.hastens = hastens
        self.read = read
    }
}

/// The keys that trigger files can have.
public struct TriggerKeys: Sendable {
    /// Those in the table.
    public static let standard = TriggerKeys(TriggerKey.all)

    /// In the order in which they are read and explained.
    let file: [TriggerKey]
    /// Those under `email`.
    let email: [TriggerKey]

    init(_ keys: [TriggerKey]) {
        file = keys.filter { $0.place == .file }
        email = keys.filter { $0.place == .email }
    }

    /// The names of the file's own keys.
    var names: [String] { file.map(\.name) }
    /// The names of the keys under `email`.
    var emailNames: [String] { email.map(\.name) }

    /// What other tools call the file's own keys, with the correct name.
    var otherWords: [String: String] {
        Dictionary(file.flatMap { key in key.alsoCalled.map { ($0, key.name) } }) { first, _ in first }
    }

    /// Markdown: the file's own keys with what each means.
    var markdown: String {
        "| key | what it means |\n| --- | --- |\n"
            + file.map { "| `\($0.name)` | \($0.help) |" }.joined(separator: "\n")
    }

    /// True if going from one trigger to another can make waiting messages due at once.
    func hasten(_ before: Trigger, _ after: Trigger) -> Bool { file.contains { $0.hastens?(before, after) ?? false } }
}

extension TriggerKey {
    /// All of them, in the order in which they are read: conditions depend on the events, examples on nearly
    /// everything.
    static let all: [TriggerKey] = [
        TriggerKey(
            "on", .oneOrMore(.named("event")), words: "The event it is for, or a list of them.",
            help: "The event, or a list of them: `[shipment.delayed, shipment.exception]`.",
            example: "on: shipment.delivered", isRequired: true, alsoCalled: ["event", "events", "when", "trigger"],
            read: { reader, fields, trigger in trigger.events = reader.events(fields) }),
        TriggerKey(
            "if", .named("conditions"),
            words: "Conditions that must all hold when the message is about to go out.",
            help: "A condition, or a list of them. All must be true when the message is about to go out.",
            example: "if: order.total_price >= 100", needsValue: true,
            alsoCalled: ["condition", "conditions", "where", "only_if"],
            read: { reader, fields, trigger in trigger.if = reader.conditions(fields, trigger) }),
        TriggerKey(
            "unless", .named("conditions"),
            words: "Conditions of which none may hold when the message is about to go out.",
            help: "The same, but none may be true.", example: "unless: order.tags contains \"wholesale\"",
            needsValue: true,
            alsoCalled: ["except", "if_not"],
            read: { reader, fields, trigger in trigger.unless = reader.exceptions(fields, trigger) }),
        TriggerKey(
            "phrases",
            .keys(
                TriggerPhrase.languages.map { ($0, SchemaNode.oneOrMore(.scalar, "Phrasings in this language.")) }),
            words:
                "A question of your own, as customers put it, by language: '{ en: [do you ship to Switzerland] }'. Only messages that ask it are heard.",
            help:
                "On `message.received`: a question of your own, as customers put it, by language: `{ en: [do you ship to Switzerland], de: [liefert ihr in die Schweiz] }`. Only messages that ask it are heard; `message.asks` has the trigger's name then. A message fits that says the same words, up to slips, greetings and small words. At most \(TriggerReader.mostPhrases) in a language.",
            example: "phrases: { en: [do you ship to Switzerland] }", needsValue: true,
            alsoCalled: ["phrase", "phrasings", "questions"],
            read: { reader, fields, trigger in reader.phrases(fields, &trigger) }),
        TriggerKey(
            "after", .named("length"), words: "How long to wait after the event: '7 days', '3 business days'.",
            help:
                "How long to wait after the event: `7 days`, `36 hours`, `3 business days`, `2 weeks`. Days keep the time of day: two days after Tuesday at 14:00 is Thursday at 14:00.",
            example: "after: 7 days", needsValue: true, alsoCalled: ["delay", "wait"], hastens: waitChanged,
            read: { reader, fields, trigger in reader.after(fields, &trigger) }),
        TriggerKey(
            "for", .named("length"),
            words:
                "How long nothing newer must have been heard: '4 business days'. Each new scan starts it again.",
            help:
                "How long to wait in which nothing new happens: `for: 4 business days`, `for: 4 business hours`. Each new scan of the parcel (or change of the order or return) restarts it; on `conversation.unanswered` it counts from the oldest message that nobody has answered.",
            example: "for: 4 business days", needsValue: true, hastens: waitChanged,
            read: { reader, fields, trigger in reader.silence(fields, &trigger) }),
        TriggerKey(
            "until", .shaped(FileSchema.untilShape),
            words: "A date to wait for, which moves with what it depends on: '3 days before return.label_expires_on'.",
            help:
                "A date to wait for: `3 days before return.label_expires_on`, or a name alone. When that date moves, the wait moves with it. It replaces `after` and `for`.",
            example: "until: 3 days before return.label_expires_on", needsValue: true, hastens: waitChanged,
            read: { reader, fields, trigger in reader.date(fields, &trigger) }),
        TriggerKey(
            "at", .shaped("^\\s*\(FileSchema.timeOfDayShape)\\s*$"),
            words: "The time of day to wait for then, where the shopper is: '10:00'.",
            help:
                "The time of day to wait for after that, in the shopper's time zone: `10:00`. The next one counts, so `after: 2 days` with `at: 10:00` on a delivery on Tuesday at 14:00 goes out on Friday.",
            example: "at: 10:00", needsValue: true, alsoCalled: ["time"], hastens: waitChanged,
            read: { reader, fields, trigger in reader.timeOfDay(fields, &trigger) }),
        TriggerKey(
            "once_per", .shaped(FileSchema.oncePerShape),
            words:
                "How often it may speak: 'order', or with a pause 'customer every 90 days'. If left out, the usual for the event.",
            help:
                "`shipment`, `order`, `return`, `refund`, `customer`, `conversation` or `event`. By default each kind of event is told once per parcel, return or refund; a new label or a new edit is told again. With a pause, the trigger may fire again later: `customer every 90 days`.",
            example: "once_per: order", needsValue: true, alsoCalled: ["once"],
            read: { reader, fields, trigger in trigger.oncePer = reader.oncePer(fields, events: trigger.events) }),
        TriggerKey(
            "combine", .named("length"),
            words: "Makes one message of the parcels of an order that fire within that time: '1 hour'.",
            help:
                "`1 hour` puts all parcels of an order that fire within an hour of the first into one message. Each is judged by itself at the end of that hour; the template finds them in `shipments`. A later one starts a new message.",
            example: "combine: 1 hour", needsValue: true, hastens: { $0.combine != $1.combine },
            read: { reader, fields, trigger in trigger.combine = reader.combine(fields, trigger) }),
        TriggerKey(
            "replaces", .oneOrMore(.scalar),
            words:
                "Triggers, by name, whose waiting messages about the same parcel or order this one takes the place of.",
            help:
                "Other triggers, by name: `[out-for-delivery]`. When this one sends, their waiting messages about the same parcel (or else the order) are withdrawn, and they send nothing more about it.",
            example: "replaces: [out-for-delivery]", needsValue: true,
            read: { reader, fields, trigger in trigger.replaces = reader.replaces(fields, name: trigger.name) }),
        TriggerKey(
            "send", .oneOrMore(.named("line")), words: "What is sent: 'email', 'webhook: NAME', or a list of them.",
            help: "What to send: see below.", example: "send: email",
            read: { reader, fields, trigger in trigger.lines = reader.lines(fields, name: trigger.name) }),
        TriggerKey(
            "do", .oneOrMore(.named("action")), words: "What is done: 'hand_over', 'close', or a list of them.",
            help: "What to do, beside `send` or without it: see below.", example: "do: hand_over",
            alsoCalled: ["action", "actions"],
            read: { reader, fields, trigger in trigger.lines += reader.actions(fields, trigger) }),
        TriggerKey(
            "answers_even", .oneOrMore(.oneOf(AnswerGuard.allCases.map(\.rawValue))),
            words:
                "Guards that do not keep it from answering: 'is_follow_up', 'no_order', 'unclear', 'needs_human'.",
            help:
                "With `send: answer`: guards that do not keep it from answering. A message goes to a person, whatever the conditions say, if she is angry or asks for one (`needs_human`), if nothing certain was understood (`unclear`), if she wrote about the same before (`is_follow_up`), or if it is not known which order she means (`no_order`).",
            example: "answers_even: [is_follow_up, no_order]", needsValue: true,
            hastens: { !$1.answersEven.subtracting($0.answersEven).isEmpty },
            read: { reader, fields, trigger in trigger.answersEven = reader.answersEven(fields, trigger) }),
        TriggerKey(
            "caused_by", .oneOf(CausedBy.allCases.map(\.rawValue)),
            words:
                "Whose doing it hears of: 'others' (left out), 'bookbag' (what was done in Shopify by 'do', a remedy or the desk), or 'anyone'.",
            help:
                "Whose doing it hears of. Left out, `others`: what Bookbag itself did in Shopify (a refund, a hold, a cancellation, a second parcel's order) is no news. `bookbag` hears that alone, `anyone` both. Such a trigger moves no goods and no money itself.",
            example: "caused_by: bookbag", hastens: { $0.causedBy != $1.causedBy },
            read: { reader, fields, trigger in
                trigger.causedBy = fields.word("caused_by", CausedBy.self, &reader.faults) ?? .others
                let mover = trigger.lines.compactMap(\.action).first {
                    ShopVerb(rawValue: $0.verb)?.movesValue ?? false
                }
                if trigger.causedBy != .others, let mover, let place = fields.entry("caused_by")?.keyPosition {
                    reader.faults.add(
                        at: place, "'\(mover.verb)' would answer what Bookbag did itself",
                        hint: "take one of the two out; money and goods move in no circle")
                }
            }),
        TriggerKey(
            "about", .oneOf(MailStream.allCases.map(\.rawValue)),
            words:
                "What it is to the shopper: 'order' (left out), or 'marketing' and 'ratings', which come from addresses of their own and can be unsubscribed from.",
            help:
                "What it is to the shopper; left out, the first. \(MailStream.help). The last two can be unsubscribed from, and whoever does that gets no more of them.",
            example: "about: order", alsoCalled: ["stream"],
            read: { reader, fields, trigger in trigger.about = reader.about(fields, trigger) }),
        TriggerKey(
            "mode", .oneOf(TriggerMode.allCases.map(\.rawValue)),
            words:
                "'shadow' decides, writes and keeps the message and sends nothing; 'off' ignores events. The stricter of this and shop.yaml wins.",
            help:
                "`live`, `shadow` (write and keep the message, send nothing) or `off`. The stricter of this and shop.yaml wins.",
            example: "mode: shadow", alsoCalled: ["enabled", "active"], hastens: { $0.mode != $1.mode },
            read: { reader, fields, trigger in
                trigger.mode = fields.word("mode", TriggerMode.self, &reader.faults) ?? .live
            }),
        TriggerKey(
            "hold_out", .shaped("^\\s*[0-9]{1,2}(\\.[0-9]{1,2})?\\s*%\\s*$"),
            words:
                "'5%' leaves that share of customers untold, to measure what the messages are worth: Analytics compares who writes to you. At most 50%.",
            help:
                "`5%` leaves that share of customers untold, always the same ones, to measure what the messages are worth: Analytics and `bookbag report` compare how many of each write to you (ratings.md). Above 0, at most `50%`; not for labels, delivery attempts, pick-ups and refunds.",
            example: "hold_out: 5%", needsValue: true, alsoCalled: ["holdout", "control_group", "control"],
            read: { reader, fields, trigger in trigger.holdOut = reader.holdOut(fields, trigger) }),
        TriggerKey(
            "ignore_quiet_hours", .named("flag"), words: "true: it goes out at night as well.",
            help: "`true`: it goes out at night too.", example: "ignore_quiet_hours: true",
            needsValue: true, hastens: { $0.ignoresQuietHours != $1.ignoresQuietHours },
            read: { reader, fields, trigger in
                trigger.ignoresQuietHours = fields.flag("ignore_quiet_hours", &reader.faults) ?? false
            }),
        TriggerKey(
            "ignore_limit", .named("flag"), words: "true: it goes out however much was sent before.",
            help: "`true`: it goes out however many messages the shopper has had.", example: "ignore_limit: true",
            needsValue: true, hastens: { $0.ignoresLimit != $1.ignoresLimit },
            read: { reader, fields, trigger in
                trigger.ignoresLimit = fields.flag("ignore_limit", &reader.faults) ?? false
            }),
        TriggerKey(
            "description", .scalar, words: "What it is for, for people.", help: "What it is for, for human readers.",
            example: "description: Tell her that it has come.", alsoCalled: ["name", "title"],
            read: { reader, fields, trigger in
                trigger.description = fields.text("description", &reader.faults)?.text
            }),
        TriggerKey(
            "examples", .oneOrMore(.named("example")),
            words: "What it does in which case; 'bookbag test' runs them.",
            help: "What it does in each case: see below.",
            example: "examples: [{ name: it has come, expect: email }]", alsoCalled: ["example", "tests"],
            read: { reader, fields, trigger in trigger.examples = reader.examples(fields, trigger) }),
        // Read before all others, which may need the name.
        TriggerKey(
            "id", .shaped(FileSchema.nameShape),
            words: "The trigger's name where it is not the file's, so that the file can be renamed.",
            help:
                "The trigger's name, if it differs from the file's. It lets you rename the file without telling anybody twice.",
            example: "id: delivered"),

        TriggerKey(
            "to", in: .email, .any([.oneOf(["customer", "merchant"]), .named("address")]),
            words: "'customer' (left out), 'merchant' (notify of shop.yaml), or an address.", example: "to: merchant"),
        TriggerKey(
            "template", in: .email, .scalar, words: "The template's name; left out, the trigger's own.",
            example: "template: lost"),
        TriggerKey(
            "reply_to", in: .email, .named("address"), words: "Where answers go; left out, the brand's.",
            example: "reply_to: help@shop.example"),
        TriggerKey(
            "attach", in: .email, .oneOf(["none"]), words: "'none' keeps a return label a link.",
            example: "attach: none"),
    ]

    @Sendable private static func waitChanged(_ before: Trigger, _ after: Trigger) -> Bool {
        before.wait != after.wait
    }
}
