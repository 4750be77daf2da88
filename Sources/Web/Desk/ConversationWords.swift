import Daemon
import Outreach
import Store

/// Conversations in the words of whoever answers them. The customer is called by name, or "the customer".
enum ConversationWords {
    /// Why it is a person's; to follow the state.
    static func why(_ reason: ConversationReason?) -> String {
        guard let reason else { return "" }
        return switch reason {
        case .needsHuman: "angry, in need, or asks for a person"
        case .unclear: "nothing certain was understood"
        case .isFollowUp: "writes again about the same"
        case .several: "two triggers would answer: choose"
        case .draft: "an answer is ready to be looked at"
        case .nobodyAnswers: "no trigger answers this"
        case .unknownSender: "it is not known who wrote, or which order is meant"
        case .tooMany: "many answers went there already"
        case .trigger: "by a trigger"
        case .notHelped: "the answer did not help"
        case .ratedLow: "rated 2 or less"
        case .unreadable: "it could not be read"
        case .restored: "came before a backup was restored, and may have been answered"
        case .answered: "answered"
        case .taken: "taken over"
        case .handed: "handed on"
        case .done: "one of your people closed it"
        case .helped: "the answer helped"
        case .quiet: "nothing more was said"
        default: reason.rawValue.replacing("_", with: " ")
        }
    }

    /// `where is my order`.
    static func intent(_ name: String) -> String { name.replacing("_", with: " ") }

    /// What was found that keeps a template from answering.
    static func doubt(_ name: String) -> String {
        switch name {
        case "needs_human": "angry, in need, threatens, or asks for a person"
        case "steering": "it gives instructions to a program"
        case "unknown_language": "the language is not known"
        case "no_words": "there are no words"
        case "too_long": "it is very long"
        case "not_routine": "no template answers this"
        case "state": "the order's state does not fit the question"
        case "two_wishes": "it asks for two things"
        case "negated": "it says what is not wanted"
        case "conditional": "the wish hangs on something else"
        case "sarcasm": "praise beside a complaint"
        case "no_evidence": "no word speaks of what the model believes"
        case "outside": "it is about something outside the shop's orders"
        case "unsure": "it is not sure enough"
        case Understood.disagreement: "another model takes it for something else"
        default: name.replacing("_", with: " ")
        }
    }

    /// `mail`, `chat`, `SMS`.
    static func channel(_ channel: InboundChannel) -> String {
        switch channel {
        case .mailbox: "mail"
        case .sms: "SMS"
        case .helpdesk: "the helpdesk"
        default: channel.rawValue
        }
    }

    /// `English`, or the code where we have no name for it.
    static func language(_ code: String) -> String {
        switch code {
        case "en": "English"
        case "de": "German"
        case "fr": "French"
        case "es": "Spanish"
        default: code
        }
    }

    /// `2 h 10 min`.
    static func waits(_ time: Duration) -> String {
        let minutes = max(0, time.components.seconds / 60)
        switch minutes {
        case ..<1: return "less than a minute"
        case ..<60: return "\(minutes) min"
        case ..<1_440: return minutes % 60 == 0 ? "\(minutes / 60) h" : "\(minutes / 60) h \(minutes % 60) min"
        default:
            let days = minutes / 1_440
            return days == 1 ? "a day" : "\(days) days"
        }
    }
}

extension DeskSite {
    /// Whom a conversation is with, as far as that is known.
    static func name(_ name: String?, _ address: String?) -> String {
        if let name, !name.isEmpty { return name }
        return ChatRules.isName(address) ? "Somebody in the chat" : address ?? "Somebody unknown"
    }

    /// A colleague by name; whoever is not listed any more by address.
    func colleague(_ email: String, _ visit: Visit) -> String {
        email == visit.visitor.person.email ? "you" : people[email]?.name ?? email
    }

    /// Where a conversation stands, as a sentence.
    func standing(
        _ state: ConversationRecord.State, holder: String?, team: String?, reason: ConversationReason?,
        snoozedUntil: Moment?, closedAt: Moment?, clock: Daemon.Clock, visit: Visit
    ) -> String {
        let why = ConversationWords.why(reason)
        switch state {
        case .undecided: return "It is being decided who answers."
        case .ours: return "Bookbag answered, and waits for what comes."
        case .person:
            guard let holder else {
                let whom = team.map { "Needs somebody of '\($0)'" } ?? "Needs a person"
                return why.isEmpty || reason == .handed ? "\(whom)." : "\(whom): \(why)."
            }
            let name = colleague(holder, visit)
            return name == "you" ? "You have it." : "\(name) has it."
        case .snoozed:
            let name = holder.map { colleague($0, visit) } ?? "Somebody"
            let until = snoozedUntil.map { " until \(clock.dayAndTime($0))" } ?? ""
            return (name == "you" ? "You put it away" : "\(name) put it away") + until + "."
        case .closed:
            return "Closed" + (closedAt.map { " on \(clock.dayAndTime($0))" } ?? "") + (why.isEmpty ? "." : ": \(why).")
        }
    }
}
