import Delivery
import Foundation
package import Outreach
package import Store

/// Everything that happened to an order and what came of it, in chronological order: what `bookbag explain` prints, as
/// prose or JSON.
///
/// It is based on what the store holds and on nothing else, so it tells what was decided, not what would be decided
/// now: for triggers that did nothing about an event, why they did not then.
package struct OrderAccount: Encodable, Sendable {
    /// Something that happened, with every trigger that reacted to it.
    package struct Happening: Encodable, Sendable {
        package var event: String
        package var what: String
        @Stamped package var happenedAt: Moment
        @Stamped package var recordedAt: Moment
        package var source: String
        /// Why it is never reported, whatever the triggers say.
        package var silence: String?
        package var outcomes: [Outcome]
        /// Why there are no outcomes.
        package var note: String?
    }

    /// What one line of one trigger did about it.
    package struct Outcome: Encodable, Sendable {
        package var trigger: String
        /// `email to the shopper`, `webhook helpdesk`; nil if the trigger did nothing about the event, whatever its
        /// lines are.
        package var to: String?
        /// The effect's number, for `outbox show`; nil if there is no effect.
        package var id: Int64?
        /// A word: `sent`, `waiting`, `skipped`, …; `silent` if there is no effect.
        package var state: String
        package var reason: String?
        package var detail: String?
        /// What became of it, as a sentence without its full stop.
        package var sentence: String
        package var subject: String?
        package var messageID: String?
        package var steps: [Step] = []
    }

    /// A hold, an attempt, a decision.
    package struct Step: Encodable, Sendable {
        @Stamped package var at: Moment
        /// `held`, `ready`, `attempt`, `decided`.
        package var kind: String
        /// When a hold ended; when an attempt was answered.
        @Stamped package var until: Moment?
        package var words: String
    }

    /// A mail that came in about it.
    package struct Letter: Encodable, Sendable {
        /// What it is: `person`, `bounce`, …
        package var kind: String
        /// What it led to, as a sentence without its full stop.
        package var what: String
        @Stamped package var receivedAt: Moment
        /// The message of ours that it refers to or answers.
        package var about: Int64?
        /// Why a message came back, in one word.
        package var reason: String?
    }

    /// Something that was decided without an event.
    package struct Deed: Encodable, Sendable {
        @Stamped package var at: Moment
        package var outcome: Outcome
    }

    package var shop: String
    package var order: String
    package var orderID: String
    /// What the reader should know before the story begins, one sentence each.
    package var introduction: [String]
    package var happenings: [Happening]
    /// In the order in which they came. What is a message of a conversation is among these instead.
    package var letters: [Letter]
    /// What was said about it, in conversations.
    package var said: [Said] = []
    /// What was done in the shop without a trigger's event: by hand, by a remedy, from a form.
    package var deeds: [Deed] = []
    /// The time zone of the times shown.
    package var zone: String

    private enum CodingKeys: String, CodingKey {
        case shop, order, introduction, zone
        case orderID = "order_id"
        case happenings = "events"
        case letters = "mails"
        case said = "messages"
        case deeds = "actions"
    }
}

extension OrderAccount.Letter {
    private enum CodingKeys: String, CodingKey {
        case what, about, reason
        case kind = "class"
        case receivedAt = "received_at"
    }

    fileprivate init(_ line: IncomingLine) {
        self.init(
            kind: line.kind.rawValue, what: line.detail.prefix(1).uppercased() + line.detail.dropFirst(),
            receivedAt: line.receivedAt, about: line.effectID, reason: line.reason)
    }
}

extension OrderAccount.Happening {
    private enum CodingKeys: String, CodingKey {
        case event, what, source, silence, note
        case happenedAt = "happened_at"
        case recordedAt = "recorded_at"
        case outcomes = "triggers"
    }
}

extension OrderAccount.Outcome {
    private enum CodingKeys: String, CodingKey {
        case trigger, to, id, state, reason, detail, sentence, subject, steps
        case messageID = "message_id"
    }
}

/// What an account is built from.
package struct AccountSources: Sendable {
    package var story: Story
    /// The events that have not been planned yet.
    var pending: Set<Int64> = []
    /// The triggers in force, with the moments since when they have been; nil if the store has none that can be read.
    var triggers: TriggerSet?
    var inForceSince: [String: Moment] = [:]
    var live: LiveSince
    package var profile: ShopProfile
    /// The silences of the address, the customer and the order.
    var silences: [StandingSilence] = []
    /// The mails that came in about it.
    var incoming: [IncomingLine] = []
    /// The conversations about it.
    var talks: [Talk] = []
    /// When the trigger files were last edited.
    var editedAt: Moment?
    var now: Moment
}

extension OrderAccount {
    /// The account of an order.
    package init(_ sources: AccountSources) {
        let story = sources.story
        let facts = story.order.facts
        shop = story.order.shop
        order = facts.name
        orderID = facts.id
        zone = sources.profile.zone.name
        introduction = Introduction(sources: sources).sentences
        happenings = story.order.events.map { Teller(sources: sources, event: $0).happening }
        let told = Set(sources.talks.flatMap { $0.messages.compactMap(\.observationID) })
        letters = sources.incoming.filter { !told.contains($0.id) }.map(Letter.init)
            .sorted { $0.receivedAt < $1.receivedAt }
        let clock = Clock(sources.profile.zone)
        deeds = story.effects.filter { $0.line.effect.event == nil && $0.line.effect.channel == .shop }.map { effect in
            let teller = EffectTeller(
                story: effect, clock: clock, now: sources.now, editedAt: sources.editedAt, order: story.order)
            return Deed(at: effect.line.effect.createdAt, outcome: teller.outcome)
        }
        said = sources.talks.flatMap(\.said).sorted { ($0.at, $0.number) < ($1.at, $1.number) }
    }
}

/// Describes what one event led to.
private struct Teller {
    let sources: AccountSources
    let event: Event

    private var clock: Clock { Clock(sources.profile.zone) }

    var happening: OrderAccount.Happening {
        let outcomes = outcomes()
        return OrderAccount.Happening(
            event: event.kind.rawValue, what: what, happenedAt: event.happenedAt, recordedAt: event.recordedAt,
            source: event.source, silence: event.silence?.rawValue, outcomes: outcomes,
            note: note(outcomes))
    }

    /// Why there are no outcomes.
    private func note(_ outcomes: [OrderAccount.Outcome]) -> String? {
        if sources.pending.contains(event.id) { return "Not decided yet; the daemon does so when it runs." }
        return outcomes.isEmpty ? "No trigger was about this." : nil
    }

    private var what: String {
        var text = event.kind.sentence(parcel: parcel)
        if event.kind == .shipmentDelayed {
            if let days = event.daysLate, days > 0 { text += " by \(days) day\(days == 1 ? "" : "s")" }
            if let reason = event.delayReason { text += ", \(EventSentences.delay(reason))" }
        }
        return text
    }

    /// What to call the parcel: by its number if there are several.
    private var parcel: String {
        let order = sources.story.order
        let shipments = event.subjects.compactMap { subject -> Shipment? in
            if case .shipment(let id) = subject { return order.shipment(id) }
            return nil
        }
        guard order.shipments.count > 1, let first = shipments.first else { return "The parcel" }
        if shipments.count > 1 { return "Each of \(shipments.count) parcels" }
        return "The parcel \(first.tracking.number ?? first.id)"
    }

    private func outcomes() -> [OrderAccount.Outcome] {
        let story = sources.story
        let effects = story.effects.filter { $0.line.effect.events.contains { $0.id == event.id } }
        return effects.map { effect in
            EffectTeller(
                story: effect, clock: clock, now: sources.now, editedAt: sources.editedAt, order: story.order
            ).outcome
        } + story.matches.filter { $0.eventID == event.id }.map(outcome)
    }

    /// Why a trigger that heard this did nothing about it, as recorded when that was decided.
    private func outcome(_ match: MatchOutcome) -> OrderAccount.Outcome {
        // What the trigger sent about the same subject.
        let mine = Set(event.occurrences.map(\.subject))
        let other = sources.story.effects.map(\.line.effect).last { effect in
            effect.trigger == match.trigger
                && effect.events.contains {
                    $0.id != event.id && !mine.isDisjoint(with: $0.occurrences.map(\.subject))
                }
        }
        let told = other?.event.map { "\($0.kind.rawValue) of \(clock.dayAndTime($0.happenedAt))" }
        let because: String
        switch match.reason {
        case .alreadyTold where told != nil: because = "the same was told with \(told ?? "")"
        case .newer where told != nil: because = "the later \(told ?? "") took its turn"
        case .beforeLive:
            let what = event.source == "shopify" || event.source == "time" ? "the shop" : event.source
            because =
                "it happened before Bookbag watched \(what), which it has done since \(clock.dayAndTime(sources.live.of(event.source)))"
        case .beforeTrigger:
            because =
                sources.inForceSince[match.trigger].map {
                    "the trigger has been in force since \(clock.dayAndTime($0)), and this was known before"
                } ?? ReasonWords.sentence(.beforeTrigger)
        default: because = ReasonWords.sentence(match.reason, detail: match.detail)
        }
        return OrderAccount.Outcome(
            trigger: match.trigger, id: other?.id, state: "silent", reason: match.reason.rawValue,
            detail: match.detail, sentence: "not sent: \(because)")
    }
}

/// Describes what became of one effect.
struct EffectTeller {
    let story: EffectStory
    let clock: Clock
    let now: Moment
    /// When the trigger files were last edited.
    var editedAt: Moment?
    /// The order, if its later state should be mentioned.
    var order: OrderRecord?

    private var effect: Effect { story.line.effect }
    private var channel: ChannelKind? { ChannelKind.standard[effect.channel] }

    var outcome: OrderAccount.Outcome {
        OrderAccount.Outcome(
            trigger: effect.trigger, to: LineWords.destination(of: effect), id: effect.id,
            state: effect.state.rawValue, reason: effect.reason?.rawValue, detail: effect.detail,
            sentence: sentence, subject: story.line.summary, messageID: story.line.messageID, steps: steps)
    }

    private var sentence: String {
        let because =
            effect.reason == .passed && effect.detail == nil
            ? passed : ReasonWords.sentence(effect.reason, detail: effect.detail)
        switch effect.state {
        case .sent:
            let at = story.decisions.last { $0.state == .sent && $0.reason == .accepted }?.at
            let tries = story.attempts.count > 1 ? ", at the \(ordinal(story.attempts.count)) attempt" : ""
            let did = effect.channel == .shop ? "done" : "sent"
            return did + (at.map { " on \(clock.dayAndTime($0))" } ?? "") + tries
        case .bounced:
            let at = story.decisions.last { $0.state == .sent && $0.reason == .accepted }?.at
            return "sent" + (at.map { " on \(clock.dayAndTime($0))" } ?? "") + ", but it came back: nobody read it"
        case .ready:
            let held = effect.reason.map { _ in ": " + because } ?? ""
            if effect.channel == .shop {
                return effect.dueAt > now
                    ? "to be done on \(clock.dayAndTime(effect.dueAt))\(held)" : "about to be done\(held)"
            }
            return effect.dueAt > now
                ? "to be sent on \(clock.dayAndTime(effect.dueAt))\(held)" : "about to be sent\(held)"
        case .waiting:
            if effect.dueAt >= .distantFuture { return "held, without a known end: \(because)" }
            return effect.reason == nil
                ? "to be decided" : "held until \(clock.dayAndTime(effect.dueAt)): \(because)"
        case .shadowed where effect.channel == .shop: return "not done: \(ReasonWords.sentence(.shadow))"
        case .skipped, .heldOut, .replaced:
            return effect.channel == .shop ? "not done: \(because)" : "not sent: \(because)"
        case .withdrawn where effect.channel == .shop: return "not done any more: \(because)"
        case .refused where effect.channel == .shop:
            return "refused by Shopify: \(effect.detail ?? ReasonWords.sentence(.refused))"
        case .shadowed: return "written and kept, and not sent: \(ReasonWords.sentence(.shadow))"
        case .withdrawn: return "withdrawn before it was sent: \(because)"
        case .refused: return "refused by the receiver: \(effect.detail ?? ReasonWords.sentence(.refused))"
        }
    }

    /// What had made it old by then, as far as the order's events show, and by which rule.
    private var passed: String {
        guard let told = effect.event else { return ReasonWords.sentence(.passed) }
        let decided = effect.decidedAt ?? now
        let mine = Set(told.occurrences.map(\.subject))
        let later = order?.events.last { event in
            event.id != told.id && event.recordedAt <= decided && event.happenedAt >= told.happenedAt
                && told.kind.isPassed(byEvent: event.kind)
                && (event.kind.isOfOrder || !mine.isDisjoint(with: event.occurrences.map(\.subject)))
        }
        let what = later.map { event in
            let sentence = event.kind.sentence(parcel: "the parcel")
            return "by then, \(sentence.prefix(1).lowercased() + sentence.dropFirst()) (\(event.kind.rawValue)); "
        }
        guard let rule = told.kind.passedRule else { return ReasonWords.sentence(.passed) }
        return (what ?? "") + rule
    }

    private func ordinal(_ number: Int) -> String {
        switch number % 100 {
        case 11...13: return "\(number)th"
        default: break
        }
        switch number % 10 {
        case 1: return "\(number)st"
        case 2: return "\(number)nd"
        case 3: return "\(number)rd"
        default: return "\(number)th"
        }
    }

    // MARK: - Steps

    /// Holds, attempts and decisions, in order.
    private var steps: [OrderAccount.Step] {
        var steps = story.attempts.map(attempt)
        for (index, note) in story.decisions.enumerated() {
            let next = index + 1 < story.decisions.count ? story.decisions[index + 1].at : nil
            if let step = step(note, next: next, isLast: index + 1 == story.decisions.count) { steps.append(step) }
            // A hold that was cut short by another hold needs no step: the other one is shown.
            if let next, let until = note.until, until > next + .minutes(1),
                story.decisions[index + 1].state != .waiting
            {
                let isEdit = editedAt.map { $0 <= next && next < $0 + .minutes(10) } ?? false
                steps.append(
                    OrderAccount.Step(
                        at: next, kind: "judged",
                        words: "judged early: "
                            + (isEdit ? "the trigger files had been edited" : "the files or the order had changed")))
            }
        }
        // At the same moment, the decision comes before the attempt that it allows.
        return steps.enumerated().sorted { a, b in
            let ranks = (a.element.kind == "attempt" ? 1 : 0, b.element.kind == "attempt" ? 1 : 0)
            return (a.element.at, ranks.0, a.offset) < (b.element.at, ranks.1, b.offset)
        }.map(\.element)
    }

    private func step(_ note: DecisionNote, next: Moment?, isLast: Bool) -> OrderAccount.Step? {
        let because = ReasonWords.sentence(note.reason, detail: note.detail)
        switch note.state {
        case .waiting:
            guard note.reason != nil else { return nil }
            if note.reason == .alreadyTold {
                return OrderAccount.Step(at: note.at, kind: "decided", words: "heard again: \(because)")
            }
            // What was expected when it began, if something ended it sooner.
            var until = isLast ? effect.dueAt : [note.until, next].compactMap(\.self).max()
            if let end = until, end >= .distantFuture { until = nil }
            return OrderAccount.Step(at: note.at, kind: "held", until: until, words: because)
        case .ready:
            if let detail = note.detail { return OrderAccount.Step(at: note.at, kind: "ready", words: detail) }
            let subject =
                story.line.summary.map { ": \(channel?.words.quotesSummary == true ? "\"\($0)\"" : $0)" } ?? ""
            return OrderAccount.Step(at: note.at, kind: "ready", words: "written\(subject)")
        case .sent where note.reason == .accepted, .refused where note.reason == .refused:
            // The attempt already says so.
            return nil
        case .sent, .bounced, .refused, .shadowed, .heldOut, .skipped, .withdrawn, .replaced:
            if note.reason == .alreadyTold {
                return OrderAccount.Step(at: note.at, kind: "decided", words: "heard again: \(because)")
            }
            // The result is in the heading; only later changes are worth a step.
            if isLast, story.decisions.count <= 2, story.attempts.isEmpty { return nil }
            return OrderAccount.Step(at: note.at, kind: "decided", words: "\(words(note.state)): \(because)")
        }
    }

    private func words(_ state: Effect.State) -> String {
        switch state {
        case .withdrawn: "taken back"
        case .shadowed: "kept"
        case .skipped, .replaced, .heldOut: "not sent"
        default: state.rawValue
        }
    }

    private func attempt(_ line: AttemptLine) -> OrderAccount.Step {
        var words = "attempt \(line.number): "
        let code = [line.code.map(String.init), line.enhancedCode].compactMap(\.self).joined(separator: " ")
        let detail = [code, line.detail ?? ""].filter { !$0.isEmpty }.joined(separator: ": ")
        func with(_ text: String) -> String { detail.isEmpty ? text : "\(text) (\(detail))" }
        switch line.verdict {
        case "accepted": words += "accepted" + (line.receipt.map { $0.isEmpty ? "" : " (\($0))" } ?? "")
        case "refused": words += with("refused")
        case "deferred" where line.reason == "stopped": words += "stopped before anything was sent"
        case "deferred": words += with("put off")
        case "unavailable": words += with("not reached")
        case let other?: words += with(other)
        case nil: words += line.inDoubt ? "no answer was received" : "under way"
        }
        if line.inDoubt {
            words += "; it may have arrived, and is repeated with the same Message-ID"
            if let channel { words = words.replacing("Message-ID", with: channel.words.id) }
        }
        if line.late { words += "; the answer came after the attempt had been given up" }
        return OrderAccount.Step(at: line.begunAt, kind: "attempt", until: line.endedAt, words: words)
    }
}

/// What the account begins with.
private struct Introduction {
    let sources: AccountSources

    private var clock: Clock { Clock(sources.profile.zone) }

    var sentences: [String] {
        let order = sources.story.order
        let facts = order.facts
        var lines = [
            "Placed on \(clock.dayAndTime(facts.processedAt)), \(payment(facts.payment)), \(sent(facts))."
        ]
        if let at = facts.cancelledAt { lines.append("Cancelled on \(clock.dayAndTime(at)).") }
        if facts.test { lines.append("It is a test order, and nobody is ever written to about it.") }
        if !facts.holds.isEmpty { lines.append("It is on hold in Shopify.") }
        let zone = order.zone(shopZone: sources.profile.zone)
        for shipment in order.shipments where shipment.present {
            guard order.isCarried(shipment) else {
                lines.append("Part of it needs no carrier and is not a parcel.")
                continue
            }
            let state = order.state(of: shipment, now: sources.now, zone: zone)
            let carrier = [shipment.tracking.company, shipment.tracking.number].compactMap(\.self)
            var text =
                "Parcel" + (carrier.isEmpty ? " without a tracking number" : " \(carrier.joined(separator: " "))")
            text += ": \(state.state.rawValue.replacing("_", with: " "))"
            if let since = state.since { text += " since \(clock.dayAndTime(since))" }
            if state.daysLate > 0 { text += ", \(state.daysLate) day\(state.daysLate == 1 ? "" : "s") late" }
            if let day = state.estimate, state.deliveredAt == nil { text += ", expected on \(clock.day(day))" }
            if shipment.tracking.number.map({ TrackingField($0) == .several }) ?? false {
                text += "; its field for the tracking number holds several, so no carrier is asked"
            } else if !state.watched {
                text += "; no source can tell where it is"
            }
            lines.append(text + ".")
        }
        if let address = order.recipient {
            lines.append("Mail goes to \(address.address).")
        } else {
            lines.append("It has no address that mail could go to.")
        }
        if let phone = order.phone {
            lines.append(
                order.facts.customer?.texts == .subscribed
                    ? "Texts go to \(phone)." : "\(phone) gets no texts: Shopify does not have it as subscribed to SMS."
            )
        }
        for silence in sources.silences {
            let whom = silence.scope == "address" ? "The address" : "The \(silence.scope)"
            let what = "gets no \(silence.stream.words)"
            let until = silence.endsAt.map { " until \(clock.dayAndTime($0))" } ?? ""
            lines.append(
                "\(whom) \(what) since \(clock.dayAndTime(silence.begunAt))\(until): \(silence.reason)"
                    + (silence.note.map { " (\($0))." } ?? "."))
        }
        if let parked = sources.story.parked {
            lines.append(
                "Shopify's newest answer about it could not be read: \(parked.reason). It is tried again on \(clock.dayAndTime(parked.retryAt))."
            )
        }
        return lines
    }

    private func payment(_ state: OrderFacts.PaymentState) -> String {
        switch state {
        case .paid: "paid"
        case .pending, .authorized: "not paid yet"
        case .partiallyPaid: "paid in part"
        case .partiallyRefunded: "refunded in part"
        case .refunded: "refunded"
        case .voided, .expired: "its payment is void"
        case .unknown: "its payment is not known"
        }
    }

    private func sent(_ facts: OrderFacts) -> String {
        switch facts.fulfillment {
        case .fulfilled: "all of it sent"
        case .partial: "part of it sent"
        case .notRequired: "nothing to send"
        case .unknown: "whether it was sent is not known"
        default: "not sent yet"
        }
    }
}

/// Lines of `send` in words.
package enum LineWords {
    /// `email:merchant` as `e-mail to the shop`.
    package static func destination(_ line: String) -> String {
        ChannelKind.standard.destination(ofLine: line)
    }

    /// Where an effect goes. What Bookbag sends by itself is mostly for the shop's own people.
    package static func destination(of effect: Effect) -> String {
        let isTheirs =
            effect.origin == .system && effect.channel == .email && !SystemMail.toCustomers.contains(effect.trigger)
        return isTheirs ? "e-mail to your people" : destination(effect.line)
    }
}

/// Times as people read them, in one zone.
package struct Clock: Sendable {
    private static let weekdays = ["Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun"]
    private static let months = ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"]
    package let zone: Zone

    package init(_ zone: Zone) { self.zone = zone }

    /// `Fri 4 Dec 2026`.
    package func day(_ day: CalendarDay) -> String {
        let (year, month, number) = day.components
        return "\(Self.weekdays[day.weekday - 1]) \(number) \(Self.months[month - 1]) \(year)"
    }

    /// `08:02`.
    package func time(_ moment: Moment) -> String {
        let minutes = zone.secondOfDay(at: moment) / 60
        func two(_ number: Int) -> String { number < 10 ? "0\(number)" : "\(number)" }
        return "\(two(minutes / 60)):\(two(minutes % 60))"
    }

    /// `Fri 4 Dec 2026 at 08:02`.
    package func dayAndTime(_ moment: Moment) -> String { "\(day(zone.day(at: moment))) at \(time(moment))" }
}
