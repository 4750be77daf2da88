import Daemon
import Foundation
import Outreach
import Platform
import Store

// Pauses: buttons on Today, and a banner on every page while something is paused.

/// A pause as the banner of every page shows it.
struct PauseShown: Encodable, Sendable {
    var what: String
    var who: String
    var since: Instant
    /// Nil where it lasts until somebody ends it.
    var until: Instant?
    /// Where it is ended; nil where the visitor may not.
    var path: String?
    var kind: String
}

/// Something that can be paused, as Today offers it.
struct PauseOffer: Encodable, Sendable {
    struct Length: Encodable, Sendable {
        var value: String
        var title: String
    }
    var kind: String
    var title: String
    var help: String
    var path: String
    var lengths: [Length]
}

extension PauseKind {
    /// What is held, for the button's line.
    fileprivate var help: String {
        switch self {
        case .news: "Mail that triggers write to shoppers waits, and is judged again when the pause ends."
        case .answers: "No trigger answers what shoppers write; a person does."
        case .actions: "Nothing is done in Shopify: no gifts, no refunds, no tags. It waits until the pause ends."
        case .budgets: "The budgets of the running periods count as used up."
        }
    }
}

extension DeskSite {
    private static let lengths = [
        PauseOffer.Length(value: "hour", title: "for an hour"), PauseOffer.Length(value: "today", title: "for today"),
        PauseOffer.Length(value: "open", title: "until it is ended"),
    ]

    /// What is paused now, for the banner.
    func pausesShown(_ visit: Visit) -> [PauseShown] {
        let clock = Clock(visit.zone)
        let mayEnd = visit.visitor.may(DeskPage.pause.roles)
        return (visit.facts[.pauses] ?? Pauses()).inForce(at: core.now()).map { pause in
            PauseShown(
                what: "\(pause.kind.title.capitalized) \(pause.kind.isOrAre)", who: people[pause.by]?.name ?? pause.by,
                since: Instant(pause.since, clock), until: pause.until.map { Instant($0, clock) },
                path: mayEnd ? "\(visit.path)/pause/end" : nil, kind: pause.kind.rawValue)
        }
    }

    /// What can be paused and is not.
    func pauseOffers(_ visit: Visit) -> [PauseOffer] {
        guard visit.visitor.may(DeskPage.pause.roles) else { return [] }
        let held = (visit.facts[.pauses] ?? Pauses()).inForce(at: core.now()).map(\.kind)
        return PauseKind.offered.filter { !held.contains($0) }.map {
            PauseOffer(
                kind: $0.rawValue, title: "Pause \($0.title)", help: $0.help, path: "\(visit.path)/pause/begin",
                lengths: Self.lengths)
        }
    }

    /// Begins or ends a pause.
    func pause(_ act: String, _ request: WebRequest, _ visit: Visit) async throws -> WebResponse {
        let form = request.form
        guard ["begin", "end"].contains(act) else { return notFound(visit.visitor) }
        let unclear = notice(
            "That cannot be paused", ["Choose what to pause, and for how long."], visit: visit, status: 400)
        guard let kind = form["what"].flatMap({ PauseKind(rawValue: $0) }) else { return unclear }
        let now = core.now()
        let who = visit.visitor.person.email
        var entry = AuditEntry(who: who, shop: visit.shop, what: "resumed", about: kind.title)
        if act == "end" {
            if let held = try await store.resume(kind, shop: visit.shop, audit: entry, now: now) {
                entry.detail = "\(held) held"
                log(entry)
            }
        } else {
            let end: Moment?
            switch form["for"] {
            case "hour": end = now + .hours(1)
            case "today": end = visit.zone.moment(on: visit.zone.day(at: now).adding(days: 1))
            case "open": end = nil
            default: return unclear
            }
            entry.what = "paused"
            entry.detail = end.map { "until \($0.iso8601)" } ?? "until it is ended"
            try await store.pause(
                Pause(kind, since: now, until: end, by: who), shop: visit.shop, audit: entry, now: now)
            log(entry)
        }
        // What was released is judged at once.
        core.actedByHand.call()
        return .seeOther(visit.visitor.may(DeskPage.today.roles) ? "\(visit.path)/today" : "\(visit.path)/operations")
    }
}
