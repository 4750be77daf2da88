package import Delivery
import Foundation
package import Outreach
import Platform
package import Store

/// A message that a person wants to see and nobody is sent: `bookbag preview`, and the desk's Edit page.
package struct PreviewedMessage: Sendable {
    package let message: Message
    /// The mail; nil for a webhook.
    package let opened: OpenedMail?
    /// How the shopper is spoken to; nil for what goes to nobody of them.
    package let tone: Tone?
    /// What to know of it: what the real one has, and this one has not.
    package let remark: String?

    /// What came of writing it.
    package enum Outcome: Sendable {
        case made(PreviewedMessage)
        case impossible(Reason, detail: String?)
    }

    /// Writes a message as the daemon would, except that a label stays a link and that it has an id of its own.
    ///
    /// - Parameters:
    ///   - shop: as it is configured; nil where only the words matter.
    ///   - pages: what it links to.
    ///   - date: its Date if it is really sent; nil for the moment of the example.
    package static func make(
        _ sending: Sending, shop: Configuration.Shop?, pages: PageLinks, date: Moment? = nil
    ) async -> Outcome {
        var sending = sending
        var planner = sending.planner
        guard var trigger = planner.triggers.trigger(sending.effect.trigger) else {
            return .impossible(.off, detail: nil)
        }
        let attaches = trigger.line(named: sending.effect.line)?.attachesLabel == true
        for index in trigger.lines.indices { trigger.lines[index].attachesLabel = false }
        planner.triggers = TriggerSet(
            settings: planner.triggers.settings, triggers: [trigger], templates: planner.triggers.templates)
        sending.effect.keys = ["preview \(UUID().uuidString)"]
        let maker = MessageMaker(
            configuration: shop ?? Configuration.Shop(previewing: trigger), labels: nil, pages: pages)
        let outcome = await maker.make(
            sending.effect, record: sending.record, history: sending.history, planner: planner, now: sending.now,
            date: date)
        switch outcome {
        case .message(let message, let said):
            let label =
                attaches && sending.effect.event?.kind == .returnLabelReady
                ? "the real mail has the label attached" : nil
            var tone: Tone?
            if let line = trigger.line(named: sending.effect.line), line.destination.isShopper || line.isText,
                let event = sending.effect.event
            {
                tone = planner.triggers.templates.tone(
                    line.template,
                    planner.scope(
                        record: sending.record, event: event, together: sending.effect.together,
                        history: sending.history, now: sending.now, pages: pages))
            }
            let remarks = [label, said].compactMap(\.self)
            return .made(
                PreviewedMessage(
                    message: message, opened: message.kind == .email ? OpenedMail(message.bytes) : nil, tone: tone,
                    remark: remarks.isEmpty ? nil : remarks.joined(separator: "; ")))
        case .impossible(let reason, let detail), .wait(_, let reason, let detail):
            return .impossible(reason, detail: detail)
        }
    }

    /// What a trigger would send about an event of a real order, line by line, as the order is now.
    ///
    /// - Returns: with each, why it would not be sent now; nil where it would.
    package static func sendings(
        of trigger: Trigger, _ event: Event, _ record: OrderRecord, set: TriggerSet, store: Store,
        servesPages: Bool = false, now: Moment
    ) async throws -> [(sending: Sending, objection: String?)] {
        let shop = event.shop
        let state = try await store.shopState(shop)
        var planner = Planner(
            triggers: set, inForceSince: Dictionary(uniqueKeysWithValues: set.triggers.map { ($0.name, .distantPast) }),
            live: state?.liveSince ?? LiveSince(shop: .distantPast), shop: try await store.profile(shop: shop))
        planner.servesPages = servesPages
        var sendings: [(Sending, String?)] = []
        for line in trigger.lines {
            let effect = Effect(
                to: Route(shop: shop, channel: line.channel(for: event), target: line.target),
                isContact: line.isContact,
                trigger: trigger.name, line: line.name, keys: trigger.keys(for: event, record: record), event: event,
                dueAt: now, createdAt: now)
            let history = try await store.history(
                for: [HistoryQuestion(of: effect, record: record, planner: planner)], now: now)[0]
            var objection: String?
            if case .skip(let reason, let detail) = planner.judge(effect, record: record, history: history, now: now) {
                objection = ReasonWords.sentence(reason, detail: detail)
            }
            sendings.append(
                (Sending(effect: effect, record: record, history: history, planner: planner, now: now), objection))
        }
        return sendings
    }
}

extension Configuration.Shop {
    /// A shop with nothing configured but the webhooks named by a trigger, and texts, which are never sent.
    fileprivate init(previewing trigger: Trigger) {
        var webhooks: [String: Configuration.Webhook] = [:]
        for line in trigger.lines {
            guard case .webhook(let name) = line.destination else { continue }
            webhooks[name] = Configuration.Webhook(url: "", secrets: [], allowPrivate: false)
        }
        self.init(
            domain: "preview", endpoint: "", access: .token(SecretString("")), pollEvery: .minutes(1), triggers: "",
            smtp: nil, webhooks: webhooks,
            farEnds: [.sms: [FarEnd(target: "", limit: 1) { _ in throw CancellationError() }]])
    }
}
