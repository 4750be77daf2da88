import Logging
package import Outreach
package import Store

/// Does what a customer asks for by a button below an automatic answer: hands the conversation to a person, who is told,
/// or closes it; and notes what that says of the answer, in the same step.
package struct AnswerButtons: Sendable {
    private let store: Store
    /// What hands letters, texts and chats on to the shop's people; nil where none come in.
    private let letters: LetterForwarder?
    private let texts: TextForwarder?
    private let chats: ChatForwarder?
    private let journal: ConversationJournal?

    /// Without anybody who is told by mail, or a journal.
    package init(store: Store) { self.init(store: store, letters: nil, texts: nil, journal: nil) }

    init(
        store: Store, letters: LetterForwarder?, texts: TextForwarder?, chats: ChatForwarder? = nil,
        journal: ConversationJournal?
    ) {
        self.store = store
        self.letters = letters
        self.texts = texts
        self.chats = chats
        self.journal = journal
    }

    /// What became of it.
    package enum Outcome: Hashable, Sendable {
        case done
        /// She has written since, and that comes first.
        case newerWords
        /// The conversation is gone, or others keep changing it.
        case failed
    }

    /// So often it is tried against others who write at the same time.
    private static let tries = 8

    /// Does what a button says.
    package func press(
        _ button: AnswerButton, on standing: AnswerStanding, shop: String, now: Moment
    ) async throws(StoreFailure) -> Outcome {
        for _ in 0..<Self.tries {
            guard
                let record = try await store.conversations([standing.conversation], shop: shop, now: now)[
                    standing.conversation]
            else { return .failed }
            guard
                case .change(var change) = ConversationRules.press(
                    button, message: standing.message, in: record, now: now)
            else { return .newerWords }
            var reason: String?
            if let handedOver = change, handedOver.events.contains(.handedOver) {
                // What was answered, and did not help, is what the shop's people have to see.
                var told = handedOver.record
                told.waitsSince = record.message(standing.message)?.at ?? now
                if let letters {
                    let forwarded = try await letters.forward(told, now: now)
                    change?.mails += forwarded.mails
                    reason = forwarded.reason
                }
                if let texts {
                    let forwarded = try await texts.forward(told, now: now)
                    change?.mails += forwarded.mails
                    reason = reason ?? forwarded.reason
                }
                if let chats {
                    let forwarded = try await chats.mails(about: told, now: now)
                    change?.mails += forwarded.mails
                    reason = reason ?? forwarded.reason
                }
            }
            guard let events = try await store.press(button, on: standing, change, shop: shop, now: now) else {
                continue
            }
            if let change {
                journal?.report(change, id: standing.conversation, events: events, notForwarded: reason)
            }
            return .done
        }
        return .failed
    }
}
