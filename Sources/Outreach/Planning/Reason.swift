/// Why an effect is in its state: a closed list. The raw values go into the journal, into metric labels and after
/// `because:` in files; we add cases and do not rename them.
public enum Reason: String, Codable, Sendable, CaseIterable {
    // Waits
    /// The trigger's own `after`, `for`, `until` or `at`.
    case wait
    /// The trigger's `combine`: it is gathering the parcels of the order.
    case combine
    /// It is night where the shopper is.
    case quietHours = "quiet_hours"
    /// The customer has been sent enough for now.
    case limit
    /// A file that goes with the message could not be fetched yet.
    case label
    /// The result of an action of the same trigger is not known yet.
    case result
    /// The receiver was busy; it will be tried again.
    case deferred
    /// More shoppers were written to within the hour than `brake` of shop.yaml allows; it waits for confirmation.
    case brake
    /// Somebody paused news; it waits until the pause ends.
    case paused
    /// The channel is closed for now: relay, login or endpoint.
    case unavailable
    /// The template could not be rendered for this order; it waits until the file is fixed.
    case template
    /// An answer that waits for a person's approval, because its kind is not proven yet.
    case draft
    /// Two triggers would answer the same message: a person chooses.
    case several

    // Skipped
    /// A line of `if` did not hold.
    case `if`
    /// A line of `unless` held.
    case unless
    /// The occurrence was already reported.
    case alreadyTold = "already_told"
    /// Too old to be news.
    case oldNews = "old_news"
    /// The subject has reached a later state.
    case passed
    /// It happened before the shop was watched.
    case beforeLive = "before_live"
    /// The trigger came into force after the event.
    case beforeTrigger = "before_trigger"
    /// A test order.
    case testOrder = "test_order"
    /// Bookbag did it itself, and the trigger does not say `caused_by: bookbag`.
    case ownAction = "own_action"
    /// So many actions led to it already that no more may follow.
    case chain
    /// Somebody else did it, and the trigger says `caused_by: bookbag`.
    case causedByOthers = "caused_by_others"
    /// The order was imported, and it had happened before.
    case imported
    /// The order or fulfillment was cancelled.
    case cancelled
    /// There is nothing to carry: a gift card, something digital, or goods handed over at the till.
    case nothingToCarry = "nothing_to_carry"
    /// Nobody to write to: the order has no usable address, or for a text no usable phone number.
    case noRecipient = "no_recipient"
    /// The address or phone number is silenced: a bounce, an opt-out, or a person is handling it.
    case silenced
    /// Marketing, or a text, to somebody who has not subscribed to that.
    case noConsent = "no_consent"
    /// The customer was asked for a rating a short while ago.
    case askedLately = "asked_lately"
    /// The conversation is none to ask about: time closed it, or nobody answered in it.
    case nothingToRate = "nothing_to_rate"
    /// The customer is one of those whom the trigger does not tell, to measure what telling is worth.
    case heldOut = "held_out"
    /// Another trigger's message replaced it.
    case replaced
    /// A newer event of another order took over its occurrence.
    case newer
    /// An action of which nobody would be told any more: its message is sent, or will not be.
    case untold
    /// The gift's budget, or its ceiling, is used up for now.
    case budget
    /// The customer, or somebody at the same address, was given the same gift too short a while ago.
    case hadGift = "had_gift"
    /// Nobody can say how much it would be: Shopify shows no price, no payment or no rate.
    case noAmount = "no_amount"
    /// What moves goods or money needs a person here: a dispute, a return or a refund is in progress.
    case needsPerson = "needs_person"
    /// The trigger is off, or gone.
    case off
    /// The trigger or the shop is in shadow mode.
    case shadow
    /// No webhook of that name is configured.
    case unknownWebhook = "unknown_webhook"
    /// Nothing is configured that it could be sent through: no `sms` in bookbag.yaml.
    case noChannel = "no_channel"
    /// The order was erased.
    case erased
    /// A person has the conversation, so no trigger answers, and what can wait waits until it is over.
    case heldByPerson = "held_by_person"
    /// She is angry, threatens, or asks for a person.
    case needsHuman = "needs_human"
    /// Nothing certain was understood.
    case unclear
    /// It is not known which order she means.
    case noOrder = "no_order"
    /// Her second message about the same.
    case isFollowUp = "is_follow_up"
    /// Triggers have answered this address so often that a person looks first.
    case tooManyAnswers = "too_many_answers"
    /// The customer waits for an answer, so the conversation is not closed.
    case waitsForAnswer = "waits_for_answer"
    /// Too little proves who wrote for what the trigger would do.
    case notProved = "not_proved"
    /// A person sent an answer made of this draft.
    case answeredByPerson = "answered_by_person"

    /// It was ready, or became due, before a backup was restored: it may have been sent already.
    case restored

    // After sending
    /// The receiver accepted it.
    case accepted
    /// The receiver will never accept it.
    case refused
    /// The receiver accepted it and then returned it.
    case bounced
    /// A reply to it, or a returned copy, came in: it had been sent, although nobody had confirmed that.
    case answered
    /// Dropped by hand.
    case dropped
}

extension Reason {
    /// True if it holds a message back temporarily and says nothing about what becomes of it.
    public var isHold: Bool {
        switch self {
        case .wait, .combine, .quietHours, .limit, .label, .deferred, .unavailable, .template, .brake, .paused,
            .draft, .several, .heldByPerson:
            true
        default: false
        }
    }

    /// True if an answer waits for a person.
    public var isDraft: Bool { self == .draft || self == .several }
}
