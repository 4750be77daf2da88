import Daemon
import Foundation
import Outreach
import Platform
import Store

// What shoppers would be offered, for those who approve it.
//
//     /SHOP/approvals                     what waits, the oldest first, and what became of the last
//     /SHOP/approvals/NUMBER/approve      by POST: the shopper sees it from now on
//     /SHOP/approvals/NUMBER/refuse       by POST: a person has the matter
//
// Only who is logged in here approves, whatever a mail says; the sum is compared with `approve_up_to` by the server.

/// Offers that wait for approval, and the last that do not.
struct ApprovalsPage: PageContent {
    static let template = "approvals"

    struct Option: Encodable, Sendable {
        var what: String
        var sum: String
        /// What would happen if it is chosen.
        var happens: String
    }

    struct Waiting: Encodable, Sendable {
        var number: Int64
        var order: String
        var orderPath: String?
        var who: String
        var remedy: String
        /// The most that it costs.
        var sum: String
        var options: [Option]
        /// The gift that goes along; nil for none.
        var also: Option?
        /// Why this and why this much, a part a line.
        var why: [String]
        var decidedAt: Instant
        /// Until when it waits.
        var until: Instant?
        var isLate: Bool
        /// Why whoever looks cannot approve it; nil where they can.
        var objection: String?
        var path: String
        var version: Int64
    }

    struct Past: Encodable, Sendable {
        var order: String
        var orderPath: String?
        var sum: String
        var word: String
        var tone: String
        var words: String
        var note: String?
        var at: Instant
    }

    var waiting: [Waiting]
    var past: [Past]
    /// What came of the last attempt; nil where it was done.
    var problem: String?
    /// The most that whoever looks may approve; nil for nothing.
    var upTo: String?
    /// The most letters of a note.
    var letters = DeskSite.lettersOfApproval
}

extension DeskSite {
    /// So many offers stand on the page of those that wait, and of those that do not.
    private static let approvalsOfPage = 30
    static let lettersOfApproval = 300

    func approvals(_ visit: Visit, problem: String? = nil, status: Int = 200) async throws -> WebResponse {
        let waiting = try await store.offers(in: .asked, shop: visit.shop, limit: Self.approvalsOfPage)
        let past = try await store.lastOffers(shop: visit.shop, limit: Self.approvalsOfPage)
        let records = try await store.load(shop: visit.shop, orderIDs: Set(waiting.map(\.orderID)).sorted())
        let clock = Clock(visit.zone)
        let person = visit.visitor.person
        let currency = waiting.first?.offer.currency ?? past.first?.offer.currency
        let page = ApprovalsPage(
            waiting: waiting.map { waitingApproval($0, records[$0.orderID], person, clock, visit) },
            past: past.map { pastApproval($0, clock, visit) }, problem: problem,
            upTo: person.approveUpTo.map { "\($0)\(currency.map { " \($0)" } ?? "")" })
        return pages.desk(
            page, frame(title: "Approvals", page: .approvals, visit: visit, isLive: true), status: status)
    }

    private func waitingApproval(
        _ one: OfferRecord, _ record: OrderRecord?, _ person: Person, _ clock: Daemon.Clock, _ visit: Visit
    ) -> ApprovalsPage.Waiting {
        let offer = one.offer
        var objection = core.offers?.objection(to: one, record: record)
            .map { "It cannot be approved: \($0). Refuse it, and it goes to the Inbox." }
        if objection == nil, !person.mayApprove(offer.dearest, in: offer.currency) {
            objection =
                person.approveUpTo == nil
                ? "You cannot approve it: your entry in people.yaml has no 'approve_up_to'."
                : "You cannot approve it: your entry in people.yaml goes up to \(person.approveUpTo.map { "\($0)" } ?? "0") \(offer.currency)."
        }
        return ApprovalsPage.Waiting(
            number: one.number, order: one.orderName, orderPath: orderPath(one, visit),
            who: record?.recipient?.name ?? record?.recipient?.address ?? "The customer", remedy: offer.remedy,
            sum: offer.written(offer.dearest), options: offer.options.map { Self.option($0, offer) },
            also: offer.alsoGive.map { Self.option($0, offer) },
            why: offer.why.components(separatedBy: "; "), decidedAt: Instant(one.decidedAt, clock),
            until: offer.approveBy.map { Instant($0, clock) }, isLate: one.remindedAt != nil, objection: objection,
            path: "\(visit.path)/approvals/\(one.number)", version: one.version)
    }

    private static func option(_ option: Offer.Option, _ offer: Offer) -> ApprovalsPage.Option {
        let sum = offer.written(option.amount)
        let (what, happens): (String, String) =
            switch option.what {
            case .refund: ("Money back", "\(sum) at most goes back the way it was paid.")
            case .reship: ("The same goods again", "A new order without a price is made for the same address.")
            case .storeCredit: ("Store credit", "\(sum) at most is put on the customer’s account.")
            case .gift(let name): ("The gift ‘\(name)’", "A code of the customer’s alone is made.")
            }
        return ApprovalsPage.Option(what: what, sum: sum, happens: happens)
    }

    private func pastApproval(_ one: OfferRecord, _ clock: Daemon.Clock, _ visit: Visit) -> ApprovalsPage.Past {
        let judge = one.judgedBy.map { people[$0]?.name ?? $0 }
        let choice = one.choice.map { "the customer chose \($0.shown)" }
        let (word, tone, words): (String, String, String) =
            switch one.state {
            case .asked: ("waits", "warn", "")
            case .open:
                (
                    "open", "info",
                    judge.map { "\($0) approved it; the customer may choose" }
                        ?? "No approval was needed; the customer may choose"
                )
            case .chosen:
                (
                    "chosen", "good",
                    [judge.map { "\($0) approved it" }, choice].compactMap(\.self).joined(separator: "; ")
                )
            case .refused: ("refused", "bad", "\(judge ?? "Somebody") refused it; it went to the Inbox")
            case .lapsed:
                (
                    "lapsed", "warn",
                    one.openedAt == nil
                        ? "Nobody approved it in time; it went to the Inbox"
                        : "The customer did not choose; it went to the Inbox"
                )
            case .person: ("a person", "warn", "\(choice.map { "\($0), and a person has it" } ?? "A person has it")")
            }
        return ApprovalsPage.Past(
            order: one.orderName, orderPath: orderPath(one, visit), sum: one.offer.written(one.offer.dearest),
            word: word, tone: tone, words: words.prefix(1).uppercased() + words.dropFirst(), note: one.note,
            at: Instant(one.chosenAt ?? one.judgedAt ?? one.decidedAt, clock))
    }

    private func orderPath(_ one: OfferRecord, _ visit: Visit) -> String? {
        OrderNumber(one.orderID).map { "\(visit.path)/orders/\($0.number)" }
    }

    /// Approves or refuses an offer.
    func judgeOffer(_ number: String, _ act: String, _ request: WebRequest, _ visit: Visit) async throws -> WebResponse
    {
        guard let id = Int64(number), id > 0, ["approve", "refuse"].contains(act), let offers = core.offers,
            try await store.offer(id, shop: visit.shop) != nil
        else { return notFound(visit.visitor) }
        let form = request.form
        let note = String(
            (form["note"] ?? "").split(whereSeparator: \.isWhitespace).joined(separator: " ")
                .prefix(Self.lettersOfApproval))
        let person = visit.visitor.person
        let judged = try await offers.judge(
            id, shop: visit.shop, version: form["version"].flatMap(Int64.init) ?? 0, approves: act == "approve",
            by: person, note: note, now: core.now())
        switch judged {
        case .done:
            let what = act == "approve" ? "approved_offer" : "refused_offer"
            log(AuditEntry(who: person.email, shop: visit.shop, what: what, about: number))
            core.actedByHand.call()
            return .seeOther("\(visit.path)/approvals")
        case .stale:
            return try await approvals(
                visit, problem: "Nothing was done: somebody else was first, or it has changed since. Look again.",
                status: 409)
        case .objection(let why):
            return try await approvals(visit, problem: "Nothing was approved: \(why).", status: 403)
        }
    }
}
