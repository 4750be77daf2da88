import Delivery
package import Outreach
package import Store

/// One message: what became of it, and its content. What `bookbag outbox show` prints.
package struct MessageReport: Report {
    package var shop: String
    package var order: String
    /// The event that it is about.
    @Nullable package var event: String?
    @Stamped package var happenedAt: Moment?
    package var outcome: OrderAccount.Outcome

    private let channel: ChannelName
    private let clock: Clock
    private let message: Message?

    // JSON says what became of it; its text is a customer's, and is available with --eml.
    private enum CodingKeys: String, CodingKey { case shop, order, event, happenedAt, outcome }

    package init(_ story: EffectStory, _ message: Message?, clock: Clock, now: Moment) {
        let effect = story.line.effect
        shop = effect.shop
        order = story.line.orderName
        event = effect.event?.kind.rawValue
        happenedAt = effect.event?.happenedAt
        outcome = EffectTeller(story: story, clock: clock, now: now).outcome
        channel = effect.channel
        self.clock = clock
        self.message = message
    }

    package var text: String {
        var lines = [
            "Message \(outcome.id ?? 0): \(outcome.trigger), \(outcome.to ?? ""), "
                + (order.isEmpty ? shop : "order \(order) of \(shop)")
        ]
        if let event, let happenedAt {
            lines.append("About \(event) of \(clock.dayAndTime(happenedAt)) (\(clock.zone.name)).")
        }
        lines.append(outcome.sentence.prefix(1).uppercased() + outcome.sentence.dropFirst() + ".")
        for step in outcome.steps { lines.append("  \(clock.dayAndTime(step.at))  \(step.words)") }
        if let id = outcome.messageID {
            lines.append(ChannelKind.standard[channel]?.words.showID(id) ?? id)
        }
        lines.append("")
        if let message, message.kind == .email {
            lines += Self.opened(message.bytes)
        } else if let message, let text = message.asText {
            lines += ["To:       \(message.envelope.recipient)", "Size:     \(text.size)", "", text.text]
        } else if let words = message?.asChat {
            lines += ["In the chat:", "", words]
        } else if let message, let act = DeskAct(message) {
            lines.append(act.sentence.prefix(1).uppercased() + act.sentence.dropFirst() + ".")
        } else if let message {
            lines += [
                "To the endpoint '\(message.envelope.target)':",
                String(decoding: JSONText.pretty(message.bytes), as: UTF8.self),
            ]
        } else {
            lines.append(
                outcome.state == Effect.State.waiting.rawValue
                    ? "It is not written yet." : "Its text is not kept, or it was never written.")
        }
        return lines.joined(separator: "\n")
    }

    private static func opened(_ bytes: [UInt8]) -> [String] {
        guard let mail = OpenedMail(bytes) else { return ["Its bytes are not a mail."] }
        var lines = ["From:     \(mail.from)", "To:       \(mail.to)", "Subject:  \(mail.subject)"]
        for file in mail.attachments {
            lines.append("With:     \(file.name) (\(file.type), \(file.bytes.count / 1024) KiB)")
        }
        return lines + ["", mail.text]
    }
}
