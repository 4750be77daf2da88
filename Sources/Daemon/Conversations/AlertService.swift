import Delivery
import Foundation
import Logging
import Outreach
import Platform
import ServiceLifecycle
import Store

/// Mails the shop's people that customers wait for them, as people.yaml says for each: with the customer's words, the
/// answer that a trigger suggests, and a link that opens the conversation at the desk.
///
/// What was told is written with the mail, so a daemon that dies in between tells nobody twice. Nobody hears of what a
/// colleague has, and a mail that was made while one took it is not stored. Nothing is mailed in shadow mode.
struct AlertService: Service {
    let store: Store
    let contexts: [String: ShopContext]
    let people: ListedPeople
    let post: ShopPost
    let answers: ShopAnswers
    /// The address of the desk, without a slash at its end.
    let desk: String
    let clock: DaemonClock
    let wake: Wake
    let heartbeats: Heartbeats
    let logger: Logger
    var trouble = StoreTrouble()

    /// How often it looks for what is new, where anybody wants alerts.
    static let pace = Duration.seconds(10)

    func run() async throws {
        people.changes.add(wake)
        let loop = Loop(
            Loop.Name("alerts"), wake: wake, heartbeats: heartbeats, restingBy: clock, trouble: trouble, clock: clock,
            logger: logger)
        await loop.run { _ in
            var anybody = false
            for shop in contexts.keys.sorted() where try await turn(shop, now: clock.now) { anybody = true }
            return .look(in: anybody ? Self.pace : nil)
        }
    }

    /// Tells each of a shop's people what is due; false where nobody wants to hear of anything.
    func turn(_ shop: String, now: Moment) async throws(StoreFailure) -> Bool {
        guard let context = contexts[shop], context.rules.planner.triggers.settings.keepsToItself == nil,
            post.serves(shop)
        else { return false }
        let all = people.answering(shop)
        let away = try await store.remembered(.away, shop: shop) ?? AwayBoard()
        let told = all.filter { $0.alert != nil && away.until($0.email, now: now) == nil }
        guard !told.isEmpty else { return false }
        let board = try await store.remembered(.alerts, shop: shop) ?? AlertBoard()
        for person in told {
            try await tell(person, among: all, board.people[person.email] ?? AlertTimes(), context, now: now)
        }
        return true
    }

    private func tell(
        _ person: Person, among all: [Person], _ times: AlertTimes, _ context: ShopContext, now: Moment
    ) async throws(StoreFailure) {
        guard let schedule = person.alert, let to = MailAddress(address: person.email) else { return }
        let shop = context.domain
        let zone = context.rules.planner.shopZone
        var times = times
        if case .daily = schedule, times.looked == nil {
            // From here on: the first mail comes at the next time of day.
            times.looked = now
            try await store.note(times, of: person.email, shop: shop, now: now)
        }
        let due = AlertRules.due(schedule, times, zone: zone, now: now)
        guard due != .nothing else { return }
        let untold = try await store.untold(person: person.email, shop: shop)
        let allTeams = Set(all.flatMap(\.teams))
        let allLanguages = Set(all.filter { $0.alert != nil }.flatMap(\.languages))
        let own = untold.filter { one in
            (due == .all || one.isUrgent)
                && AlertRules.isFor(
                    one, person: person.email, teams: person.teams, allTeams: allTeams, languages: person.languages,
                    allLanguages: allLanguages)
        }
        if case .daily = schedule, due == .all {
            times.looked = now
            if own.isEmpty { try await store.note(times, of: person.email, shop: shop, now: now) }
        }
        guard !own.isEmpty else { return }
        times.mailed = now
        if own.contains(where: \.isUrgent) { times.urgent = now }
        let letter = AlertLetter(
            told: own, stories: try await stories(of: own, shop: shop, now: now),
            url: "\(desk)/\(ShopDomain.short(shop))/inbox", zone: zone, now: now)
        let about = "\(person.email) \(own.map(\.messageID).max() ?? 0) \(now.milliseconds)"
        let mail = post.mail(
            SystemMail.alert, to: to, subject: letter.subject, body: letter.body, about: about, shop: shop, now: now)
        guard let mail,
            try await store.tell(mail, of: own, person: person.email, times: times, shop: shop, now: now)
        else { return }
        logger.log(Line.alerted, ["shop": "\(shop)", "count": "\(own.count)"])
        post.send(for: shop)
    }

    /// What is told in full: the longest waiting first.
    private func stories(
        of told: [UntoldConversation], shop: String, now: Moment
    ) async throws(StoreFailure) -> [AlertLetter.Story] {
        let ids = AlertLetter.inOrder(told).prefix(AlertLetter.longest).map(\.id)
        let records = try await store.conversations(ids, shop: shop, now: now)
        var stories: [AlertLetter.Story] = []
        for id in ids {
            guard let record = records[id] else { continue }
            var order = OrderRecord.none(shop: shop, at: now)
            if let about = record.orderID {
                order = try await store.load(shop: shop, orderIDs: [about])[about] ?? order
            }
            order.conversation = record
            var story = AlertLetter.Story(record: record, order: record.orderID == nil ? nil : order.facts.name)
            for draft in try await store.drafts(of: id, shop: shop).prefix(3) {
                do {
                    if case .text(let text, _) = try await answers.draft(draft, about: order, in: store, now: now) {
                        story.drafts.append(text)
                    }
                } catch let failure as StoreFailure { throw failure } catch {
                    // The desk says why it cannot be written.
                }
            }
            stories.append(story)
        }
        return stories
    }
}

/// A mail about customers who wait.
struct AlertLetter {
    /// How many are told in full, and how many more in a line each; the rest is a number.
    static let longest = 10
    static let mostLines = 40
    /// How many characters of the customer's words, and of a draft.
    static let longestText = 3_000

    struct Story: Sendable {
        var record: ConversationRecord
        /// The order's name; nil where none is known.
        var order: String?
        var drafts: [String] = []
    }

    /// All that it tells of.
    var told: [UntoldConversation]
    /// Those told in full.
    var stories: [Story]
    /// Where the Inbox is.
    var url: String
    var zone: Zone
    var now: Moment

    /// Who cannot wait first, and then the longest waiting.
    static func inOrder(_ told: [UntoldConversation]) -> [UntoldConversation] {
        told.sorted { one, other in
            if one.isUrgent != other.isUrgent { return one.isUrgent }
            return (one.waitsSince, one.id) < (other.waitsSince, other.id)
        }
    }

    private var urgent: Int { told.count(where: \.isUrgent) }

    var subject: String {
        if told.count == 1, let story = stories.first {
            return (urgent == 1 ? "At once: " : "") + Self.who(story)
                + (story.record.subject.isEmpty ? " waits for an answer" : ": \(story.record.subject.prefix(120))")
        }
        let others = urgent == 0 ? "" : ", \(urgent) of them at once"
        return "\(told.count) customers wait for an answer\(others)"
    }

    var body: String {
        var parts = stories.map(full)
        let rest = Self.inOrder(told).dropFirst(stories.count)
        if !rest.isEmpty {
            var lines = rest.prefix(Self.mostLines).map { one in
                let asks = one.understood?.asks.first.map { ", \(meaning($0))" } ?? ""
                return "* [Conversation \(one.id)](\(url)/\(one.id)), since \(since(one.waitsSince))\(asks)"
            }
            if rest.count > Self.mostLines { lines.append("* and \(rest.count - Self.mostLines) more") }
            parts.append("# More who wait\n\n" + lines.joined(separator: "\n"))
        }
        parts.append("[The Inbox](\(url)). An answer to this mail does not reach the customer.")
        return parts.joined(separator: "\n\n")
    }

    private func full(_ story: Story) -> String {
        let record = story.record
        let hers = record.messages.last { $0.direction == .incoming }
        var lines = ["# \(ForwardedMail.plain(Self.who(story)))", ""]
        var facts: [String] = []
        if let understood = hers?.understood {
            facts += understood.asks.first.map { [meaning($0)] } ?? []
            if understood.mood != "calm" { facts.append(understood.mood) }
        }
        let fact = facts.joined(separator: ", ")
        let about = fact.isEmpty ? "" : "About: \(fact). "
        lines += [about + "Waiting since \(since(record.waitsSince ?? record.lastAt)).", ""]
        if !record.subject.isEmpty { lines += ["**Subject:** \(ForwardedMail.plain(record.subject))", ""] }
        let waits = record.waitsSince ?? .distantPast
        let words = record.messages.filter {
            ($0.direction == .incoming || $0.direction == .note && $0.author == .bookbag) && $0.at >= waits
        }.map(\.text)
        // Whoever wants a person after an answer has written nothing since.
        let text = words.isEmpty ? hers?.text ?? "" : words.joined(separator: "\n\n")
        lines += [ForwardedMail.code(text.isEmpty ? "(no text)" : String(text.suffix(Self.longestText))), ""]
        for draft in story.drafts {
            lines += ["A trigger suggests:", "", ForwardedMail.code(String(draft.prefix(Self.longestText))), ""]
        }
        lines.append("[Open it at the desk](\(url)/\(record.id))")
        return lines.joined(separator: "\n")
    }

    private func since(_ moment: Moment) -> String { Clock(zone).dayAndTime(moment) }

    private func meaning(_ intent: String) -> String {
        Intents.all.first { $0.name == intent }?.meaning ?? intent
    }

    private static func who(_ story: Story) -> String {
        let record = story.record
        let name = record.name.flatMap { $0.isEmpty ? nil : $0 } ?? record.address ?? "A customer"
        return String(name.prefix(80)) + (story.order.map { " about order \($0)" } ?? "")
    }
}

extension SystemMail {
    /// What makes mails that tell the shop's people who waits.
    static let alert = "alert"
}
