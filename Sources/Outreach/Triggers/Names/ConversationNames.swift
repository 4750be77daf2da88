internal import Liquid

/// A message with the conversation that it belongs to, as conditions and templates look at it.
struct MessageItem: Sendable {
    var scope: Scope
    var conversation: ConversationRecord
    var message: ConversationMessage
}

/// A conversation, as conditions and templates look at it.
struct ConversationItem: Sendable {
    var scope: Scope
    var conversation: ConversationRecord
}

extension Names {
    static let message = NameTable<MessageItem>([
        Name(
            "asks", .texts,
            "What she asks for: \(Intents.names.map { "`\($0)`" }.joined(separator: ", ")), or the name of a trigger with `phrases`. Ask with `contains`.",
            .bookbag
        ) { .texts($0.message.understood?.asks ?? []) },
        Name("mood", .word(["calm", "upset", "angry"]), "How she feels, as far as her words show it.", .bookbag) {
            .string($0.message.understood?.mood ?? "calm")
        },
        Name("needs_human", .flag, "She is angry, threatens, or asks for a person.", .bookbag) {
            .bool($0.message.understood?.needsHuman ?? true)
        },
        Name(
            "is_follow_up", .flag, "She wrote about the same within seven days before, or answers an answer of ours.",
            .bookbag
        ) { .bool($0.message.isFollowUp || $0.scope.history.isAskedElsewhere) },
        Name("language", .text, "The language she writes: `en`, `de`, `fr`, `es`.", .bookbag, canBeEmpty: true) {
            .optional($0.message.understood?.language)
        },
        Name("channel", .word(["mailbox", "chat", "sms", "helpdesk", "hook"]), "Where she wrote.", .bookbag) {
            .string($0.message.channel.rawValue)
        },
        Name(
            "trust", .number,
            "What proves who wrote: 0 nothing, 1 her mail provider and an address of the order, 2 a code mailed to that address, 3 one of your people.",
            .bookbag
        ) { .int($0.message.trust) },
        Name("text", .text, "Her new words, without the text that she quotes.", .bookbag, isPersonal: true) {
            .string($0.message.text)
        },
        Name("subject", .text, "The subject of her mail.", .bookbag, canBeEmpty: true, isPersonal: true) {
            .optional($0.message.subject)
        },
        Name("has_photo", .flag, "She sent a picture along.", .bookbag) { .bool($0.message.hasPhoto) },
    ])

    static let conversation = NameTable<ConversationItem>(
        [
            Name("messages", .number, "How many messages there are in it, hers and yours.", .bookbag) {
                .int($0.conversation.messageCount)
            },
            Name("held_by", .text, "Which of your people has it, by address.", .bookbag, canBeEmpty: true) {
                .optional($0.conversation.holder)
            },
            Name("tags", .texts, "What `tag_conversation` called it. Each matches as a whole, in any case.", .bookbag) {
                .texts($0.conversation.tags)
            },
            Name(
                "reason", .text, "Why it was handed to a person, or closed: `needs_human`, `unclear`.", .bookbag,
                canBeEmpty: true
            ) { .optional($0.conversation.reason?.rawValue) },
            Name(
                "waiting_since", .moment,
                "When she wrote the oldest message that nobody has answered, or a trigger gave it to a person; empty while nobody waits.",
                .bookbag, canBeEmpty: true
            ) { item in item.scope.shown(item.conversation.waitsSince) },
            Name(
                "rating", .number, "How she rated it, from 1 to 5, where she was asked (ratings.md).", .bookbag,
                canBeEmpty: true
            ) { $0.conversation.rating.map { .int($0) } ?? .null },
            Name(
                "answer_by", .moment,
                "When a person answers at the latest, by `business_hours` and `answer_within` of shop.yaml.", .settings,
                canBeEmpty: true
            ) { item in
                item.scope.shown(
                    item.scope.settings.answerBy(
                        from: item.conversation.waitsSince ?? item.scope.event.happenedAt, shopZone: item.scope.shopZone
                    ))
            },
            Name(
                "away", .text, "What shop.yaml says while nobody is there (`away`), in the words under `say`.",
                .settings,
                canBeEmpty: true
            ) { item in
                .optional(
                    item.scope.settings.awayNote(
                        at: item.scope.now, shopZone: item.scope.shopZone, language: item.scope.locale))
            },
        ])
}

extension Scope {
    /// The conversation that the event belongs to.
    var conversationItem: ConversationItem? {
        guard event.aggregate.kind == .conversation else { return nil }
        return record.conversation.map { ConversationItem(scope: self, conversation: $0) }
    }

    /// The message that the event is about; of another event of its conversation, her last one.
    var messageItem: MessageItem? {
        guard let conversation = conversationItem?.conversation else { return nil }
        var message = conversation.lastIncoming
        for case .other("message", let id) in event.subjects {
            message = Int64(id).flatMap(conversation.message) ?? message
        }
        return message.map { MessageItem(scope: self, conversation: conversation, message: $0) }
    }
}
