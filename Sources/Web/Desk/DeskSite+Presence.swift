import Daemon
import Foundation
import Outreach
import Platform
import Store

// Who else has a conversation open, and who is away.
//
//     inbox/NUMBER/here    by the page's script: its reader looks, writes, or is gone
//     inbox/away           by POST: somebody is away until then, or back

extension DeskSite {
    /// Notes what a page says of its reader. Nothing is shown for it.
    func here(_ view: ConversationView, _ form: [String: String], _ visit: Visit) async throws -> WebResponse {
        let isWriting: Bool? = form["state"] == "gone" ? nil : form["state"] == "writes"
        try await store.note(
            visit.visitor.person.email, isWriting: isWriting, at: view.record.id, shop: visit.shop, now: core.now())
        return .text("Noted.", status: 200)
    }

    /// Who else has a conversation open, as sentences: whoever writes first.
    func others(at conversation: Int64, _ visit: Visit) async throws -> [String] {
        let here = try await store.people(
            at: conversation, shop: visit.shop, besides: visit.visitor.person.email, now: core.now())
        return here.filter { people[$0.person] != nil }.sorted { $0.isWriting && !$1.isWriting }.prefix(5).map {
            "\(colleague($0.person, visit)) \($0.isWriting ? "is writing here" : "has this open")."
        }
    }

    /// Until when somebody is away, by the word of the form.
    private static func end(_ word: String, after now: Moment, zone: Zone) -> Moment? {
        switch word {
        case "today": zone.moment(on: zone.day(at: now).adding(days: 1), secondOfDay: 0)
        case "tomorrow": zone.moment(on: zone.day(at: now).adding(days: 2), secondOfDay: 0)
        case "week": zone.moment(on: zone.day(at: now).adding(days: 7), secondOfDay: 0)
        case "open": now + .days(365)
        default: nil
        }
    }

    /// Somebody is away: their conversations need a person again. Or they are back.
    func away(_ request: WebRequest, _ visit: Visit) async throws -> WebResponse {
        let form = request.form
        let now = core.now()
        let person = visit.visitor.person.email
        var board = try await store.remembered(.away, shop: visit.shop) ?? AwayBoard()
        board.people = board.people.filter { $0.value > now }
        let until = form["for"].flatMap { Self.end($0, after: now, zone: visit.zone) }
        guard until != nil || form["for"] == "back" else {
            return notice("Nothing was done", ["Choose until when."], visit: visit, status: 400)
        }
        board.people[person] = until
        try await store.remember(board, as: .away, shop: visit.shop, now: now)
        var entry = AuditEntry(
            who: person, shop: visit.shop, what: until == nil ? "came_back" : "went_away", about: "",
            detail: until.map { "until \($0.iso8601)" })
        if until != nil {
            let count = try await giveBack(of: person, visit, now: now)
            entry.detail = [entry.detail, "\(count) given back"].compactMap(\.self).joined(separator: ", ")
        }
        try await store.audit(entry, now: now)
        log(entry)
        core.actedByHand.call()
        return .seeOther("\(visit.path)/inbox")
    }

    /// Gives back what somebody has, put away or not.
    private func giveBack(of person: String, _ visit: Visit, now: Moment) async throws -> Int {
        var given = 0
        for list in [InboxList.mine(person), .snoozed] {
            var place: InboxPlace?
            while true {
                let lines = try await store.inbox(shop: visit.shop, list: list, after: place, limit: 50)
                for line in lines where line.holder == person {
                    for _ in 0..<5 {
                        guard
                            let record = try await store.conversations([line.id], shop: visit.shop, now: now)[line.id],
                            record.holder == person,
                            let change = ConversationRules.give(record, to: nil, team: record.team)
                        else { break }
                        let entry = AuditEntry(who: person, shop: visit.shop, what: "gave_back", about: record.title)
                        if try await store.commit(change, audit: entry, now: now) != nil {
                            given += 1
                            break
                        }
                    }
                }
                guard lines.count == 50, let last = lines.last else { break }
                place = last.place
            }
        }
        return given
    }
}
