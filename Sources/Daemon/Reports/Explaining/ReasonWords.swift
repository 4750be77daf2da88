package import Outreach

/// The reasons as a shopkeeper understands them.
package enum ReasonWords {
    /// Behind "held: " and "not sent: ". By the raw value, for a store may have been written by a later program.
    private static let words: [String: String] = [
        "wait": "the trigger itself waits ('after', 'for', 'until' or 'at')",
        "combine": "it gathers the order's parcels into one message",
        "quiet_hours": "it is night where the shopper is",
        "limit": "the shopper has heard enough for now",
        "brake":
            "more shoppers were written to within the hour than 'brake' allows ('bookbag triggers confirm' releases it)",
        "paused": "somebody paused news ('bookbag resume news' ends the pause)",
        "label": "the return label is not there yet",
        "result": "it waits for what the trigger's action brings",
        "deferred": "the far end asked us to try again later",
        "unavailable": "the relay or the endpoint could not be reached",
        "if": "a line of 'if' did not hold",
        "unless": "a line of 'unless' held",
        "already_told": "the same was told before",
        "old_news": "it had become too old to be news",
        "passed": "something newer had happened by then, and the order has no trace of what",
        "before_live": "it happened before Bookbag watched the shop",
        "restored":
            "a backup was put back, and it may have been sent after that was made ('bookbag outbox retry' sends it)",
        "before_trigger": "the trigger came into force after it had happened",
        "test_order": "it is a test order",
        "imported": "the order was brought into the shop from elsewhere, and this was known of it then",
        "cancelled": "the order or the parcel was cancelled",
        "nothing_to_carry": "nobody carries it: a gift card, something digital, or what was taken along at the till",
        "no_recipient": "there is no usable address to write to",
        "silenced": "the shopper is not to be written to ('bookbag suppress list' says why)",
        "no_consent": "the shopper has not agreed to mail of that kind ('about' in the trigger)",
        "replaced": "another trigger's message took its place",
        "newer": "a newer event took its turn",
        "off": "the trigger is off or gone",
        "shadow": "the trigger or the shop is in shadow mode",
        "template": "its template fails, and it waits until that is fixed",
        "unknown_webhook": "no webhook of that name is configured",
        "erased": "the customer was erased",
        "accepted": "the far end took it",
        "refused": "the far end will never take it",
        "bounced": "the far end took it and sent it back",
        "answered": "an answer to it came in, so it had arrived",
        "dropped": "somebody dropped it by hand",
    ]

    /// A clause that can follow "because".
    package static func sentence(_ reason: Reason?, detail: String? = nil) -> String {
        guard let reason else { return detail ?? "" }
        // It says by itself which one.
        if reason == .unknownWebhook, let detail { return detail }
        let clause = words[reason.rawValue] ?? reason.rawValue.replacing("_", with: " ")
        return detail.map { "\(clause): \($0)" } ?? clause
    }

    /// True where people are told more than the bare word.
    static func isKnown(_ reason: Reason) -> Bool { words[reason.rawValue] != nil }
}

/// Events as a shopkeeper tells them.
enum EventSentences {
    /// Why a parcel was called late; behind a comma.
    static func delay(_ reason: String) -> String {
        switch reason {
        case "carrier_says": "for the carrier says so"
        case "estimate_moved": "for the expected day moved"
        case "promise_passed": "for the promised day has passed"
        case "no_scan": "for nobody has scanned it"
        case "not_handed_over": "for the carrier does not have it yet"
        default: "because of '\(reason)'"
        }
    }
}
