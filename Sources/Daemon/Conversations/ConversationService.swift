import Logging
import Outreach
import Platform
import ServiceLifecycle
import Store

/// Looks after the conversations of a shop as time passes: what no trigger answers within its minute goes to a person,
/// with the mail that tells them; a snooze ends; what nobody says anything in any more is let go.
struct ConversationService: Service {
    let context: ShopContext
    let store: any ConversationStore
    /// What hands letters on to the shop's people; nil where no mailbox is read.
    var forwarder: LetterForwarder?
    /// What hands texts on to them; nil where none come in.
    var texts: TextForwarder?
    /// What tells them what was written in the chat; nil where there is none.
    var chats: ChatForwarder?
    let journal: ConversationJournal
    let clock: DaemonClock
    /// Called when a message came in, or an answer became ready.
    let wake: Wake
    let heartbeats: Heartbeats
    let logger: Logger
    var trouble = StoreTrouble()

    /// So many are looked at before the loop shows that it is alive.
    static let page = 100
    /// So often one is tried in a turn.
    private static let tries = 8

    private var name: Loop.Name { Loop.Name("conversations", shop: context.domain) }

    func run() async throws {
        let loop = Loop(
            name, wake: wake, heartbeats: heartbeats, restingBy: clock, trouble: trouble, clock: clock, logger: logger)
        await loop.run { _ in
            if try await turn() { return .again }
            let next = try await store.nextConversation(shop: context.domain)
            return .look(in: next.map { max($0 - clock.now, .zero) })
        }
    }

    /// Changes what is due and what has been decided; true if there may be more.
    func turn() async throws(StoreFailure) -> Bool {
        let now = clock.now
        let quietSince = context.rules.planner.quietSince(now)
        let due = try await store.dueConversations(
            shop: context.domain, quietSince: quietSince, limit: Self.page, now: now)
        var changed = 0
        for id in due where try await settle(id, quietSince: quietSince, now: now) { changed += 1 }
        let undecided = try await store.undecidedConversations(shop: context.domain, limit: Self.page)
        for id in undecided where !due.contains(id) {
            _ = try await settle(id, quietSince: quietSince, now: now)
        }
        // What is due and does not change would be looked at for ever.
        return due.count == Self.page && changed > 0
    }

    /// Changes one conversation, if time or an answer has changed it; whoever writes to it meanwhile is first. One that
    /// others keep changing is looked at again in the next turn.
    private func settle(_ id: Int64, quietSince: Moment, now: Moment) async throws(StoreFailure) -> Bool {
        for _ in 0..<Self.tries {
            guard let record = try await store.conversations([id], shop: context.domain, now: now)[id],
                var change = try await change(of: record, quietSince: quietSince, now: now)
            else { return false }
            var reason: String?
            if change.events.contains(.handedOver), let forwarder {
                let forwarded = try await forwarder.forward(record, now: now)
                change.mails += forwarded.mails
                reason = forwarded.reason
            }
            if change.events.contains(.handedOver), let texts {
                let forwarded = try await texts.forward(record, now: now)
                change.mails += forwarded.mails
                reason = reason ?? forwarded.reason
            }
            if change.events.contains(.handedOver), let chats {
                let forwarded = try await chats.mails(about: record, now: now)
                change.mails += forwarded.mails
                reason = reason ?? forwarded.reason
            }
            guard let written = try await store.commit(change, judged: [], incoming: nil, now: now) else { continue }
            journal.report(change, id: written.id, events: written.events, notForwarded: reason)
            return true
        }
        return false
    }

    private func change(
        of record: ConversationRecord, quietSince: Moment, now: Moment
    ) async throws(StoreFailure) -> ConversationChange? {
        switch record.state {
        case .undecided:
            guard let message = record.lastIncoming else {
                return ConversationRules.decide(record, answers: [], now: now)
            }
            let answers = try await store.answers(to: message.id, of: record.id, shop: record.shop)
            return ConversationRules.decide(record, answers: answers, now: now)
        case .snoozed: return ConversationRules.wake(record, now: now)
        case .ours, .person: return ConversationRules.letGo(record, after: now - quietSince, now: now)
        case .closed: return nil
        }
    }
}

/// Tells the journal and the planner what became of conversations.
struct ConversationJournal: Sendable {
    let metrics: DaemonMetrics
    /// Called when there are new events.
    let newEvents: Wake
    /// Called when there is mail to send.
    let newMail: Wake
    let logger: Logger

    /// - Parameter reason: why the shop's people got no mail about it.
    func report(_ change: ConversationChange, id: Int64, events: [Event], notForwarded reason: String? = nil) {
        let record = change.record
        var facts: Logger.Metadata = [
            "shop": "\(record.shop)", "conversation": "\(id)", "channel": "\(record.channel.rawValue)",
        ]
        if record.version == 0 { logger.log(Line.conversationOpened, facts) }
        for event in events { metrics.events.add(1, event.kind.rawValue, event.silence?.rawValue ?? "told") }
        if let why = record.reason { facts["reason"] = "\(why.rawValue)" }
        if let reason { facts["detail"] = "not forwarded, because \(reason)" }
        for event in change.events {
            switch event {
            case .handedOver: logger.log(Line.conversationHandedOver, facts)
            case .takenOver: logger.log(Line.conversationTakenOver, facts)
            case .closed: logger.log(Line.conversationClosed, facts)
            case .received, .rated: break
            }
        }
        if !events.isEmpty { newEvents.call() }
        if !change.mails.isEmpty { newMail.call() }
    }
}

extension Planner {
    /// Since when nothing must have been said in a conversation for it to be let go.
    func quietSince(_ now: Moment) -> Moment {
        let settings = triggers.settings
        return settings.calendar(zone: shopZone).moment(settings.letGoAfter, before: now, in: shopZone)
    }
}

extension ShopContext {
    /// Whether any trigger listens to what shoppers write. Where none does, every message is a person's at once.
    var answersMessages: Bool {
        let set = rules.planner.triggers
        return set.triggers.contains { $0.matches(.messageReceived) && $0.mode(in: set.settings.mode) != .off }
    }

    /// Whether a trigger may answer a message with that meaning. Where none may, for she is angry or in need, nothing is
    /// waited for: it is a person's at once.
    func mayAnswer(_ understood: Understood?) -> Bool {
        guard understood?.needsHuman == true else { return true }
        let set = rules.planner.triggers
        return set.triggers.contains {
            $0.matches(.messageReceived) && $0.mode(in: set.settings.mode) != .off && $0.sendsAnswers
                && $0.answersEven.contains(.needsHuman)
        }
    }
}
