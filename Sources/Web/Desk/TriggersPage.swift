import Daemon
import Foundation
import Outreach
import Store

/// The trigger files in force, how they do, and an edit that waits.
struct TriggersPage: PageContent {
    static let template = "triggers"

    struct Trigger: Encodable, Sendable {
        var name: String
        var since: Instant
        var sent: Int64
        var held: Int64
        var refused: Int64
        /// From the event to the sending, as words; nil where nothing was sent.
        var lag: String?
        /// The reasons for not sending, the most frequent first.
        var reasons: [String]
        var path: String
        var file: String?
        /// Where the file is edited.
        var edit: String
    }
    struct Held: Encodable, Sendable {
        var people: Int
        var usual: String
        var since: Instant
        var code: String
        var who: [String]
        var mayConfirm: Bool
        var path: String
        /// Where all of them are listed.
        var all: String
        /// What it would give more than on a usual day, a line each.
        var gives: [String]
    }

    /// How near the answers to a kind of question are to going out by themselves.
    struct Proof: Encodable, Sendable {
        var asks: String
        var language: String
        var words: String
    }

    var triggers: [Trigger]
    var proofs: [Proof] = []
    var settings: String?
    var faults: [String]
    var held: Held?
    var acceptedAt: Instant?
    var days = 30
}

/// All that a held edit would send at once.
struct HeldPage: PageContent {
    static let template = "held"
    var rows: [FeedRow]
    var back: String
    var next: String?
}

extension DeskSite {
    func triggers(_ visit: Visit) async throws -> WebResponse {
        let now = core.now()
        let facts = visit.facts
        let clock = Clock(visit.zone)
        let today = clock.zone.day(at: now)
        let inForce = try await store.triggersInForce(shop: visit.shop)
        let kept = try await store.lastGoodSet(shop: visit.shop)
        let files = kept.flatMap { try? JSONDecoder().decode([String: Data].self, from: Data($0.files)) } ?? [:]
        let tallies = Dictionary(
            grouping: try await store.tallies(shop: visit.shop, from: today.adding(days: -29), to: today),
            by: \.trigger)
        func text(_ name: String) -> String? { files[name].map { String(decoding: $0, as: UTF8.self) } }
        let triggers = inForce.sorted { $0.key < $1.key }.map { name, since in
            let mine = tallies[name] ?? []
            func sum(_ became: Became) -> Int64 {
                mine.filter { became.states.contains($0.state) }.reduce(0) { $0 + $1.count }
            }
            let sent = sum(.sent)
            let milliseconds = mine.filter { $0.state == .sent }.reduce(0) { $0 + $1.milliseconds }
            let reasons = mine.filter { Became.held.states.contains($0.state) }.reduce(into: [Reason: Int64]()) {
                if let reason = $1.reason { $0[reason, default: 0] += $1.count }
            }
            return TriggersPage.Trigger(
                name: name, since: Instant(since, clock), sent: sent, held: sum(.held), refused: sum(.refused),
                lag: sent > 0 ? Self.length(milliseconds / sent) : nil,
                reasons: reasons.sorted { ($1.value, $0.key.rawValue) < ($0.value, $1.key.rawValue) }.prefix(4).map {
                    "\($0.value) \($0.key.rawValue.replacing("_", with: " "))"
                }, path: "\(visit.path)/today?trigger=\(name)", file: text("\(name).yaml"),
                edit: Self.link(visit, "\(name).yaml"))
        }
        let held = facts[.heldReload].map {
            TriggersPage.Held(
                people: $0.people, usual: "\(Int($0.peoplePerDay.rounded()))", since: Instant($0.since, clock),
                code: $0.code, who: $0.who ?? [], mayConfirm: visit.visitor.may([.edit]),
                path: "\(visit.path)/triggers/confirm", all: "\(visit.path)/triggers/held", gives: $0.gives ?? [])
        }
        let proofs = (facts[.answerProofs] ?? AnswerProofs()).rows(of: Understood.builtIn).map { row in
            let mode = core.answers.mode(of: row.intent, shop: visit.shop) ?? .whenProven
            let words =
                switch mode {
                case .live: "They go out: shop.yaml says so."
                case .drafts: "Each is sent by one of your people: shop.yaml says so."
                case .off: "People answer: shop.yaml says so."
                case .whenProven: row.proof.sentence
                }
            return TriggersPage.Proof(
                asks: ConversationWords.intent(row.intent), language: ConversationWords.language(row.language),
                words: words)
        }
        let page = TriggersPage(
            triggers: triggers, proofs: proofs, settings: text("shop.yaml"),
            faults: [facts[.lastFault]].compactMap(\.self), held: held,
            acceptedAt: kept.map { Instant($0.acceptedAt, clock) })
        return pages.desk(page, frame(title: "Triggers", page: .triggers, visit: visit, isLive: true))
    }

    /// Who a held edit would mail at once, message by message.
    func heldEdit(_ request: WebRequest, _ visit: Visit) async throws -> WebResponse {
        let after = request.query["after"].flatMap(Int64.init) ?? 0
        let lines =
            visit.facts[.heldReload] == nil
            ? [] : try await store.heldEditFeed(shop: visit.shop, after: after, limit: Self.rowsOfPage + 1)
        let shown = lines.prefix(Self.rowsOfPage)
        let clock = Clock(visit.zone)
        let page = HeldPage(
            rows: shown.map { FeedRow($0, clock: clock, path: visit.path) }, back: "\(visit.path)/triggers",
            next: lines.count > Self.rowsOfPage
                ? shown.last.map { "\(visit.path)/triggers/held?after=\($0.id)" } : nil)
        return pages.desk(
            page, frame(title: "Who the held edit would mail", page: .triggers, visit: visit))
    }

    /// Confirms the held edit that the page showed. One that was edited again meanwhile has another code and waits on.
    func confirm(_ request: WebRequest, _ visit: Visit) async throws -> WebResponse {
        guard visit.visitor.may([.edit]) else {
            return notice("You are not allowed to do this", ["This needs the role 'edit'."], visit: visit, status: 403)
        }
        guard let held = try await store.remembered(.heldReload, shop: visit.shop), held.code == request.form["code"]
        else {
            return notice(
                "That edit waits no more", ["It was confirmed, taken back, or edited again. Look at the page again."],
                visit: visit, status: 409)
        }
        let entry = AuditEntry(
            who: visit.visitor.person.email, shop: visit.shop, what: "confirmed", about: "edit \(held.code)",
            detail: "\(held.people) people")
        try await store.confirmReload(code: held.code, shop: visit.shop, audit: entry, now: core.now())
        log(entry)
        return .seeOther("\(visit.path)/triggers")
    }

    /// `4 min`, `2 h`, `3 d`: to the first figure that matters.
    static func length(_ milliseconds: Int64) -> String {
        switch milliseconds / 1000 {
        case ..<60: "\(milliseconds / 1000) s"
        case ..<3600: "\(milliseconds / 60_000) min"
        case ..<172_800: "\(milliseconds / 3_600_000) h"
        default: "\(milliseconds / 86_400_000) d"
        }
    }
}
