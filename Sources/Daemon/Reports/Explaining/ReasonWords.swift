package import Outreach

/// The reasons in a shopkeeper's terms.
package enum ReasonWords {
    /// To follow "held: " and "not sent: ". By raw value, since a store may have been written by a later version of the
    /// program.
    private static let words: [String: String] = [
        "wait": "the trigger itself waits ('after', 'for', 'until' or 'at')",
        "combine": "it gathers the order's parcels into one message",
        "quiet_hours": "it is night where the shopper is",
        "limit": "the shopper has heard enough for now",
        "brake":
            "more shoppers were written to within the hour than 'brake' allows ('bookbag triggers confirm' releases it)",
        "paused": "somebody paused it ('bookbag resume' ends the pause)",
        "draft": "answers of this kind are not proven yet, so a person sends it ('answers' in shop.yaml)",
        "several": "two triggers would answer, so a person chooses",
        "held_by_person": "a person has the conversation",
        "needs_human": "the shopper is angry, threatens, or asks for a person",
        "unclear": "nothing certain was understood",
        "no_order": "it is not known which order is meant",
        "is_follow_up": "the shopper had written about the same before, so a person answers",
        "too_many_answers": "this address had so many answers that a person looks first",
        "waits_for_answer": "the customer waits for an answer",
        "not_proved": "too little proves who wrote",
        "answered_by_person": "a person answered",
        "label": "the return label is not available yet",
        "result": "it waits for the result of the trigger's action",
        "deferred": "the receiver asked us to try again later",
        "unavailable": "the relay or the endpoint takes nothing for now",
        "if": "a line of 'if' did not hold",
        "unless": "a line of 'unless' held",
        "already_told": "the same was told before",
        "untold": "nobody would be told of it any more",
        "no_amount": "nobody can say how much it would be",
        "needs_person": "it needs a person: a dispute, a return or a refund is in progress",
        "budget": "the budget is used up ('budgets' in policy.yaml, 'ceilings' in bookbag.yaml)",
        "had_gift": "the customer, or somebody at the same address, had this gift lately ('once_per' in policy.yaml)",
        "old_news": "it had become too old to be news",
        "passed": "something newer had happened by then, and the order has no trace of what",
        "before_live": "it happened before Bookbag watched the shop",
        "restored":
            "a backup was restored, and this may have been sent after it was made ('bookbag outbox retry' sends it)",
        "before_trigger": "the trigger came into force after it had happened",
        "test_order": "it is a test order",
        "own_action": "Bookbag did it itself ('caused_by' in the trigger)",
        "chain": "three actions led to it already, and no more may follow from one another",
        "caused_by_others": "somebody else did it, and the trigger says 'caused_by: bookbag'",
        "imported": "the order was imported, and this was already known then",
        "cancelled": "the order or the parcel was cancelled",
        "nothing_to_carry":
            "there is nothing to carry: a gift card, something digital, or goods handed over at the till",
        "no_recipient": "there is no usable address or number to write to",
        "silenced": "the shopper must not be written to ('bookbag suppress list' says why)",
        "no_consent": "the shopper has not agreed to messages of that kind",
        "asked_lately": "the customer was asked for a rating within the last 30 days",
        "nothing_to_rate": "nobody answered in the conversation, or time alone closed it",
        "held_out":
            "the customer is one of those whom the trigger does not tell, to measure what telling is worth ('hold_out')",
        "replaced": "another trigger's message took its place",
        "newer": "a newer event took its turn",
        "off": "the trigger is off or gone",
        "shadow": "the trigger or the shop is in shadow mode",
        "template": "its template fails, and it waits until that is fixed",
        "unknown_webhook": "no webhook of that name is configured",
        "no_channel": "bookbag.yaml names nothing that could carry it",
        "erased": "the customer was erased",
        "accepted": "the receiver accepted it",
        "refused": "the receiver will never accept it",
        "bounced": "the receiver accepted it and then returned it",
        "answered": "a reply to it came in, so it had arrived",
        "dropped": "somebody dropped it by hand",
    ]

    /// A clause that can follow "because".
    package static func sentence(_ reason: Reason?, detail: String? = nil) -> String {
        guard let reason else { return detail ?? "" }
        // The detail already says which one.
        if reason == .unknownWebhook, let detail { return detail }
        let clause = words[reason.rawValue] ?? reason.rawValue.replacing("_", with: " ")
        return detail.map { "\(clause): \($0)" } ?? clause
    }

    /// True if there is a wording for people.
    static func isKnown(_ reason: Reason) -> Bool { words[reason.rawValue] != nil }
}

/// Events in a shopkeeper's words.
enum EventSentences {
    /// Why a parcel was considered late; to follow a comma.
    static func delay(_ reason: String) -> String {
        switch reason {
        case "carrier_says": "because the carrier says so"
        case "estimate_moved": "because the expected day moved"
        case "promise_passed": "because the promised day has passed"
        case "no_scan": "because nobody has scanned it"
        case "not_handed_over": "because the carrier does not have it yet"
        default: "because of '\(reason)'"
        }
    }
}
