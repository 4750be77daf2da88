import Foundation
import Logging
import Outreach
import Platform
import ServiceLifecycle
import Store

/// Has each conversation of a shop that is handed over written to a ticket in the helpdesk, and whatever is said later.
///
/// What it writes are effects, which the outbox delivers: one at a time for each ticket, so that they stand there in
/// their order. It looks at what each ticket lacks, whoever changed the conversation and however long ago.
struct HelpdeskService: Service {
    let context: ShopContext
    let store: Store
    let answers: ShopAnswers
    /// The address of the desk, without a slash at its end; nil where none is served.
    let desk: String?
    let clock: DaemonClock
    /// Called when the helpdesk has what was written.
    let wake: Wake
    /// Called when there is something to send.
    let newMessages: Broadcast
    let heartbeats: Heartbeats
    let logger: Logger
    var trouble = StoreTrouble()

    /// How often it looks for what is new.
    static let pace = Duration.seconds(5)
    /// So many are looked at in a turn.
    static let page = 100
    /// Conversations in which nothing was said for so long are left alone.
    static let memory = Duration.days(30)

    func run() async throws {
        let loop = Loop(
            Loop.Name("tickets", shop: context.domain), wake: wake, heartbeats: heartbeats, restingBy: clock,
            trouble: trouble, clock: clock, logger: logger)
        await loop.run { _ in try await turn(now: clock.now) ? .again : .look(in: Self.pace) }
    }

    /// Writes what tickets lack; true if there may be more. In shadow mode nothing is written.
    func turn(now: Moment) async throws -> Bool {
        let shop = context.domain
        var moved = try await store.settleTickets(shop: shop, limit: Self.page, now: now) > 0
        guard context.rules.planner.triggers.settings.keepsToItself == nil else { return moved }
        // What was handed over while nothing might leave stays at the desk.
        let since = max(now - Self.memory, context.rules.planner.live.shop)
        var wrote = false
        for id in try await store.ticketWork(shop: shop, since: since, limit: Self.page) {
            switch try await write(id, now: now) {
            case .wrote: wrote = true
            case .passed: moved = true
            case .nothing: continue
            }
        }
        if wrote { newMessages.call() }
        return moved
    }

    private enum Done { case wrote, passed, nothing }

    private func write(_ id: Int64, now: Moment) async throws -> Done {
        let shop = context.domain
        guard let record = try await store.conversations([id], shop: shop, now: now)[id] else { return .nothing }
        let known = try await store.ticket(of: id, shop: shop)
        var unposted: ConversationMessage?
        if let known { unposted = try await store.unposted(of: known) }
        guard let step = TicketRules.next(record, known, unposted: unposted) else { return .nothing }
        var ticket = known ?? Ticket(shop: shop, conversation: id)
        var order = OrderRecord.none(shop: shop, at: now)
        if let about = record.orderID {
            order = try await store.load(shop: shop, orderIDs: [about])[about] ?? order
        }
        order.conversation = record
        var post: TicketPost
        switch step {
        case .pass(let message):
            try await store.pass(message.id, of: ticket, now: now)
            return .passed
        case .open(let message?):
            post = TicketPost(
                .open, of: record, mark: "open", ticket: nil, text: TicketNote.words(message), isPublic: true,
                at: message.at)
            ticket.postedTo = message.id
        case .open(nil):
            post = TicketPost(
                .open, of: record, mark: "open", ticket: nil, text: try await note(order, now: now), isPublic: false,
                at: now)
            ticket.postedTo = record.messages.last?.id ?? 0
            ticket.handOver = record.handOvers
        case .say(let message):
            let isHers = message.direction == .incoming
            post = TicketPost(
                isHers ? .words : .note, of: record, mark: "message \(message.id)", ticket: ticket.number,
                text: isHers ? TicketNote.words(message) : TicketNote.said(message), isPublic: isHers, at: message.at)
            ticket.postedTo = message.id
        case .note:
            post = TicketPost(
                .note, of: record, mark: "note \(record.handOvers)", ticket: ticket.number,
                text: try await note(order, now: now), isPublic: false, at: now)
            ticket.handOver = record.handOvers
        }
        post.order = order.isOrder ? order.facts.name : nil
        return try await store.put(post, ticket, now: now) ? .wrote : .nothing
    }

    /// The story and the drafts, for the shop's people.
    private func note(_ order: OrderRecord, now: Moment) async throws -> String {
        guard let record = order.conversation else { return "" }
        let zone = context.rules.planner.shopZone
        var note = TicketNote(record: record, zone: zone)
        note.desk = desk.map { "\($0)/\(ShopDomain.short(context.domain))/inbox/\(record.id)" }
        for draft in try await store.drafts(of: record.id, shop: context.domain).prefix(3) {
            do {
                if case .text(let text, _) = try await answers.draft(draft, about: order, in: store, now: now) {
                    note.drafts.append(text)
                }
            } catch let failure as StoreFailure { throw failure } catch {
                // The desk says why it cannot be written.
            }
        }
        if let id = record.orderID {
            do {
                let key = OrderKey(shop: context.domain, orderID: id)
                if let sources = try await AccountSources(key, store: store, now: now) {
                    note.story = OrderAccount(sources).text(zone: sources.profile.zone)
                }
            } catch let failure as StoreFailure { throw failure } catch {
                // Without the story the note is written anyway.
            }
        }
        return note.text
    }
}

/// What the shop's people read in a ticket, and the customer never does.
struct TicketNote {
    var record: ConversationRecord
    var zone: Zone
    /// The answers that triggers suggest, as they would be sent now.
    var drafts: [String] = []
    /// What is known of the order.
    var story: String?
    /// Where the conversation is at the desk.
    var desk: String?

    /// So much of what was said before is told, and so many characters of each message, draft and story.
    static let most = 6
    static let longest = 4_000
    static let longestStory = 12_000

    var text: String {
        let reason = record.reason.map { " (\($0.rawValue.replacing("_", with: " ")))" } ?? ""
        var parts = ["Bookbag handed this over to a person\(reason)."]
        if let understood = record.lastIncoming?.understood {
            let asks = understood.asks.map { $0.replacing("_", with: " ") }.joined(separator: ", ")
            var words = asks.isEmpty ? "Nothing certain was understood" : "Understood as: \(asks)"
            if understood.mood != "calm" { words += "; \(understood.mood)" }
            parts.append(words + ".")
        }
        for draft in drafts {
            parts.append("A suggested answer, which was NOT sent:\n\n\(draft.prefix(Self.longest))")
        }
        if let story { parts.append(String(story.prefix(Self.longestStory))) }
        let waits = record.waitsSince ?? .distantFuture
        let before = record.messages.filter { $0.at < waits }.suffix(Self.most)
        if !before.isEmpty {
            let clock = Clock(zone)
            parts.append("Said before:")
            parts += before.map { "\(Self.who($0)), \(clock.dayAndTime($0.at)):\n\n\($0.text.prefix(Self.longest))" }
        }
        if let desk { parts.append("All of it: \(desk)") }
        return parts.joined(separator: "\n\n")
    }

    /// The customer's words, with what came with them.
    static func words(_ message: ConversationMessage) -> String {
        guard !message.files.isEmpty else { return message.text }
        let names = message.files.map(\.name).joined(separator: ", ")
        return message.text + "\n\n[Came with \(names); see it at Bookbag's desk.]"
    }

    /// What somebody else said or noted.
    static func said(_ message: ConversationMessage) -> String {
        let words = message.text.isEmpty ? message.subject : message.text
        return "\(who(message)):\n\n\(words)"
    }

    private static func who(_ message: ConversationMessage) -> String {
        switch (message.direction, message.author) {
        case (.incoming, _): "The customer"
        case (.note, .person(let email)): "A note of \(email)"
        case (.note, _): "A note of Bookbag's"
        case (_, .person(let email)): "\(email) answered"
        case (.outgoing, _): "Bookbag answered by itself"
        }
    }
}

extension Configuration.Shop {
    /// Why the shop's people get no mail of what is handed over, as a clause; nil where they may.
    var keepsMail: String? { helpdesk == nil ? nil : "it goes to the helpdesk" }
}
