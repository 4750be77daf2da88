/// Why an effect is where it is: the closed list. The raw values go to the journal, to metric labels and into files'
/// `because:`; we add cases and do not rename them.
public enum Reason: String, Codable, Sendable, CaseIterable {
    // Waits
    /// The trigger's own `after`, `for`, `until` or `at`.
    case wait
    /// The trigger's `combine`: it gathers the parcels of the order.
    case combine
    /// It is night where the shopper is.
    case quietHours = "quiet_hours"
    /// The customer has heard enough for now.
    case limit
    /// A file that the message carries could not be fetched yet.
    case label
    /// What an action of the same trigger brings is not known yet.
    case result
    /// The far end was busy; it will be tried again.
    case deferred
    /// More shoppers were written to within the hour than `brake` of shop.yaml allows; it waits for somebody's word.
    case brake
    /// Somebody paused news; it waits until the pause ends.
    case paused
    /// The channel is closed for now: relay, login or endpoint.
    case unavailable
    /// The template could not be rendered for this order; it waits until the file is fixed.
    case template

    // No
    /// A line of `if` did not hold.
    case `if`
    /// A line of `unless` held.
    case unless
    /// The occurrence was told already.
    case alreadyTold = "already_told"
    /// Too old to be news.
    case oldNews = "old_news"
    /// The subject has a later state.
    case passed
    /// It happened before the shop was watched.
    case beforeLive = "before_live"
    /// The trigger came into force after the event.
    case beforeTrigger = "before_trigger"
    /// A test order.
    case testOrder = "test_order"
    /// The order was brought in from elsewhere, and had happened before.
    case imported
    /// The order or fulfillment was cancelled.
    case cancelled
    /// Nobody carries it: a gift card, something digital, or what was taken along at the till.
    case nothingToCarry = "nothing_to_carry"
    /// Nobody to write to: the order has no usable address.
    case noRecipient = "no_recipient"
    /// The address is silenced: bounce, opt-out, or a human is on it.
    case silenced
    /// Marketing to somebody who has not subscribed.
    case noConsent = "no_consent"
    /// Another trigger's message took its place.
    case replaced
    /// A newer event of another order took its occurrence over.
    case newer
    /// The trigger is off, or gone.
    case off
    /// The trigger or the shop is in shadow mode.
    case shadow
    /// The webhook's name stands in no configuration.
    case unknownWebhook = "unknown_webhook"
    /// The order is gone: erased.
    case erased

    /// It was ready, or fell due, before a backup was put back: it may have been told already.
    case restored

    // Ends
    /// The far end took it.
    case accepted
    /// The far end will never take it.
    case refused
    /// The far end took it and sent it back.
    case bounced
    /// An answer to it, or its return, came in: it had arrived though nobody had said so.
    case answered
    /// Dropped by hand.
    case dropped
}

extension Reason {
    /// True where it holds a message back for a time, and says nothing of what becomes of it.
    public var isHold: Bool {
        switch self {
        case .wait, .combine, .quietHours, .limit, .label, .deferred, .unavailable, .template, .brake, .paused:
            true
        default: false
        }
    }
}
