// How an incoming mail is decided on: purely, from its contents, the message of ours that it refers to, and how often
// the address failed recently.
//
// A mail that refers to no message of ours changes nothing: anybody can write a bounce. Thresholds follow what list
// managers and relays do: one hard bounce or complaint silences an address, three soft ones within seven days silence
// it for a month, and a refusal because of policy or spam says nothing about the address.

/// Decides on incoming mail.
public struct IncomingRules: Sendable {
    /// This many soft bounces of an address within `softWindow` silence it.
    public static let softLimit = 3
    public static let softWindow = Duration.days(7)
    /// How long three soft bounces silence an address.
    public static let softSilence = Duration.days(30)
    /// Reasons that say something about the message, our reputation or a server, but never about the address. They are
    /// words of the intake's `BounceReason`.
    public static let notTheAddress: Set<String> = [
        "policy", "spam", "blocked", "authentication", "too_big", "content", "virus", "system", "sender_rejected",
        "relaying", "too_many", "protocol",
    ]
    /// The number of letters from one address within `letterWindow` that are forwarded. No person writes more; a
    /// machine that answers what it receives without identifying itself as one does.
    public static let letterLimit = 20
    public static let letterWindow = Duration.hours(1)

    /// Words that, alone in a mail, ask for no more offers. In lower case.
    static let stopWords: Set<String> = [
        "stop", "unsubscribe", "cancel", "end", "quit", "remove", "remove me", "opt out", "optout", "stop all",
        "abmelden", "abbestellen", "austragen", "stopp", "désabonner", "desabonner", "désinscription",
        "se désabonner", "me désabonner", "arret", "arrêt", "baja", "cancelar suscripción", "darse de baja",
        "darme de baja", "no más correos", "afmelden", "uitschrijven", "disiscrivimi", "cancellami", "annulla",
        "please unsubscribe", "unsubscribe me", "please remove me", "bitte abmelden",
    ]

    /// The outcome of a mail.
    ///
    /// - Parameters:
    ///   - wish: what a token of ours in its subject asks for, whoever sent it: mail programs send it when a button is
    ///     pressed.
    ///   - message: the message of ours that it refers or replies to; nil if there is none.
    ///   - softBefore: how many soft bounces its address had within `softWindow`, without this one.
    public static func judge(
        _ mail: IncomingMail, from observation: RawObservation, about message: AnsweredMessage?,
        wish: UnsubscribeTokens.Wish? = nil, softBefore: Int, now: Moment
    ) -> IncomingOutcome {
        var outcome = IncomingOutcome(observation, mail.kind, detail: "")
        outcome.effectID = message?.effect.id
        outcome.aggregate = message?.effect.aggregate
        outcome.provesArrival = message.map { $0.effect.state == .ready && $0.effect.attemptsInDoubt > 0 } ?? false
        if let wish, [.person, .autoReply, .list].contains(mail.kind) {
            outcome.address = mail.sender
            outcome.detail = "asked for no more \(wish.stream.words), with a mail's unsubscribe button"
            outcome.silencings = [
                .init(
                    who: .key(wish.addressKey), stream: wish.stream, reason: IncomingOutcome.Silencing.optOut,
                    note: "asked for it by mail", until: nil)
            ]
            return outcome
        }
        switch mail.kind {
        case .bounce: bounce(mail, message, softBefore: softBefore, now: now, &outcome)
        case .complaint: complaint(message, &outcome)
        case .delayed:
            outcome.address = message?.recipient
            outcome.detail = "another server is still trying to deliver it"
        case .delivered:
            outcome.address = message?.recipient
            outcome.detail = "the recipient's server says that it arrived"
        case .autoReply:
            outcome.address = mail.sender
            outcome.detail = "an automatic reply; it changes nothing"
        case .list:
            outcome.address = mail.sender
            outcome.detail = "mail of a list; it changes nothing"
        case .own: outcome.detail = "our own mail; it changes nothing"
        case .person, .keyword: person(mail, message, &outcome)
        }
        return outcome
    }

    private static func bounce(
        _ mail: IncomingMail, _ message: AnsweredMessage?, softBefore: Int, now: Moment,
        _ outcome: inout IncomingOutcome
    ) {
        guard let message else {
            outcome.detail = "a bounce that refers to no message of ours; it changes nothing"
            return
        }
        let own = message.recipient.flatMap { address in mail.recipients.first { $0.address.isSameAddress(as: address) }
        }
        // A mailbox that forwards elsewhere names the other address: then the message failed, but the address may be
        // good.
        let named = own ?? mail.recipients.first
        let isHard = own?.isHard ?? false
        let reason = named?.reason ?? "unknown"
        outcome.address = message.recipient
        outcome.isHard = isHard
        outcome.reason = reason
        outcome.isEndOfMessage = message.effect.state == .sent || outcome.provesArrival
        let code = named?.status.map { ", \($0)" } ?? ""
        outcome.detail = "it came back: \(reason.replacing("_", with: " "))\(code)"
        guard let address = message.recipient else { return }
        if isHard, !notTheAddress.contains(reason) {
            outcome.silencings = [
                .init(
                    who: .address(address), stream: .all, reason: "bounce",
                    note: "message \(message.effect.id) came back: \(reason.replacing("_", with: " "))\(code)",
                    until: nil)
            ]
        } else if !notTheAddress.contains(reason), softBefore + 1 >= softLimit {
            outcome.silencings = [
                .init(
                    who: .address(address), stream: .all, reason: "soft_bounce",
                    note:
                        "\(softBefore + 1) messages came back within 7 days, the last one message \(message.effect.id)",
                    until: now + softSilence)
            ]
        }
    }

    private static func complaint(_ message: AnsweredMessage?, _ outcome: inout IncomingOutcome) {
        guard let message, let address = message.recipient else {
            outcome.detail = "a complaint that refers to no message of ours; it changes nothing"
            return
        }
        outcome.address = address
        outcome.reason = "complaint"
        outcome.detail = "the recipient marked it as spam"
        outcome.silencings = [
            .init(
                who: .address(address), stream: .all, reason: "complaint",
                note: "the recipient marked message \(message.effect.id) as spam", until: nil)
        ]
    }

    /// What a lone stop word ends: all that has a way out.
    public static let stoppedStreams = MailStream.allCases.filter(\.hasWayOut)

    private static func person(_ mail: IncomingMail, _ message: AnsweredMessage?, _ outcome: inout IncomingOutcome) {
        outcome.address = mail.sender
        outcome.detail = message == nil ? "a person wrote" : "a person answered"
        guard let sender = mail.sender else { return }
        if isStop(mail.text) {
            // A sender may always silence offers to the very address in From: at worst somebody forges it and stops
            // offers, never news about an order.
            outcome.detail = "asked for no more offers"
            outcome.silencings = stoppedStreams.map {
                .init(
                    who: .address(sender), stream: $0, reason: IncomingOutcome.Silencing.optOut,
                    note: "asked for it by mail", until: nil)
            }
        } else if isStart(mail.text), let message, isConfirmation(message, to: sender) {
            // Only the recipient of the confirmation knows its id, so nobody else can undo the request.
            outcome.detail = "asked for offers again"
            outcome.revocations = stoppedStreams.map { .init(address: sender, stream: $0) }
            if let order = message.effect.orderID {
                outcome.revocations.append(.init(address: sender, stream: .order, orderID: order))
            }
        }
    }

    /// The tag of a conversation in which she asked for no more mail, and got none from then on.
    public static let stoppedTag = "stopped"

    /// What a wish for no more mail in her own words ends: nothing unless it is all that she asks, and understood for
    /// sure.
    ///
    /// As a lone word it ends offers and requests for a rating. Below news of her order it ends that order's news too,
    /// but for what she has to act on; that is only done for whoever is proved to have got that mail, since a forged
    /// sender must not keep news of an order from anybody.
    ///
    /// - Parameter isOrderNews: the message that she answers is a trigger's news of an order.
    public static func wish(
        _ understood: Understood?, _ mail: IncomingMail, answering message: AnsweredMessage?, isOrderNews: Bool
    ) -> [IncomingOutcome.Silencing] {
        guard let understood, understood.asks == ["stop"], understood.isCertain, !understood.needsHuman,
            let sender = mail.sender
        else { return [] }
        let note = "asked for it in her own words, by mail"
        var silencings: [IncomingOutcome.Silencing] = stoppedStreams.map {
            .init(
                who: .address(sender), stream: $0, reason: IncomingOutcome.Silencing.optOut, note: note, until: nil)
        }
        if isOrderNews, mail.isAuthenticated, !mail.isRelayed, let message, let order = message.effect.orderID,
            message.recipient?.isSameAddress(as: sender) == true
        {
            silencings.append(
                .init(
                    who: .order(order), stream: .order, reason: IncomingOutcome.Silencing.optOut, note: note,
                    until: nil))
        }
        return silencings
    }

    /// Whether a message is our confirmation to that address that it gets no more offers.
    static func isConfirmation(_ message: AnsweredMessage, to address: String) -> Bool {
        message.effect.origin == .system && message.effect.trigger == SystemMail.stopped
            && message.recipient?.isSameAddress(as: address) == true
    }

    /// Whether a lone stop word is confirmed to whoever wrote it. Once, and only where it ends something: whatever
    /// answers the confirmation asks for nothing new, so no machine is answered twice. Only to whom the shop has written
    /// or sold: a forged sender brings nobody else a mail.
    ///
    /// - Parameters:
    ///   - standing: the silences of the sender's address that were in force before.
    ///   - isKnown: the sender has an order, or answers a message that went to that address.
    ///   - own: the shop's own addresses, its people's included.
    public static func confirms(
        _ outcome: IncomingOutcome, standing: Set<MailStream>, isKnown: Bool, own: [String]
    ) -> Bool {
        guard isNews(outcome, standing: standing), isKnown, let address = outcome.address else { return false }
        return !standing.contains(.all) && !own.contains { $0.isSameAddress(as: address) }
    }

    /// Whether a wish for no more offers ends anything: what is said again is no event.
    public static func isNews(_ outcome: IncomingOutcome, standing: Set<MailStream>) -> Bool {
        outcome.silencings.contains { one in
            one.reason == IncomingOutcome.Silencing.optOut && !standing.contains { $0.silences(one.stream) }
        }
    }

    /// Whether a person's letter is forwarded to the shop's people.
    public enum HandingOn: Hashable, Sendable {
        case yes
        /// Yes, but no more from this address for a while.
        case last
        /// No, and why: a clause without personal data.
        case no(String)
    }

    /// Decides whether a letter is forwarded. A machine may answer a forwarded letter without identifying itself, and
    /// its answer would be forwarded again, forever; so a reply to our own mail to the shop's people stays here if it
    /// comes from them, and a sender who writes too often is ignored for a while. Either way the mail is in the
    /// mailbox.
    ///
    /// - Parameters:
    ///   - people: the address that letters are forwarded to.
    ///   - before: how many letters from its sender came within `letterWindow` before it.
    public static func handsOn(
        _ mail: IncomingMail, about message: AnsweredMessage?, people: String?, before: Int
    ) -> HandingOn {
        if let message, message.effect.origin == .system, let people, let sender = mail.sender,
            sender.isSameAddress(as: people)
        {
            return .no("the shop's people answered what Bookbag had sent them")
        }
        if before >= letterLimit { return .no("its sender had written \(letterLimit) mails within an hour") }
        return before + 1 == letterLimit ? .last : .yes
    }

    /// True if her words consist only of a wish to get no more mail.
    public static func isStop(_ text: String) -> Bool {
        let words = text.lowercased().split { !($0.isLetter || $0.isNumber) }
        guard !words.isEmpty, words.count <= 4 else { return false }
        return stopWords.contains(words.joined(separator: " "))
    }

    /// Words that, alone in an answer to the confirmation, take a stop word back. Lower case.
    static let startWords: Set<String> = ["start", "unstop", "undo", "resubscribe", "subscribe", "anmelden", "alta"]

    /// Whether a mail says nothing but that offers are welcome again.
    public static func isStart(_ text: String) -> Bool {
        let words = text.lowercased().split { !($0.isLetter || $0.isNumber) }
        return words.count == 1 && startWords.contains(String(words[0]))
    }
}

extension String {
    /// True for the same mailbox, ignoring case, spaces and angle brackets.
    func isSameAddress(as other: String) -> Bool { bareAddress == other.bareAddress }

    private var bareAddress: String { lowercased().filter { !$0.isWhitespace && $0 != "<" && $0 != ">" } }
}
