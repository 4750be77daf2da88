import Daemon
import Foundation
import Outreach
import Platform
import Store

// The page on which a shopper starts a return.
//
//     GET                     the terms, what can be sent back, and how earlier returns of the order stand
//     POST act=code           mails a code to the address of the order, and asks for it
//     POST act=ask            with the code: the return is asked for, once
//     POST act=back           the form again, as it was filled in
//
// What is shown is what Bookbag knows, and no page asks the shop; the shop has the last word when the request is made.
// After a request every POST shows that it was made.

/// A return to be started, in any of its states.
struct ReturnPage: PageContent {
    static let template = "return"

    struct Choice: Encodable, Sendable {
        var value: String
        var title: String
        var note: String = ""
        var isChosen = false
    }

    struct Item: Encodable, Sendable {
        /// Its name in the form.
        var field: String
        var title: String
        var counts: [Choice]
    }

    struct Field: Encodable, Sendable {
        var name: String
        var value: String
    }

    var title: String
    var words: [String] = []
    /// Something to know first, such as that a code does not fit.
    var note: String?
    /// How the returns of the order stand.
    var returns: [String] = []
    var termsTitle: String
    var terms: [String] = []
    var path: String
    var itemsLegend: String
    /// What can be sent back; empty where nothing can.
    var items: [Item] = []
    var reasonLabel: String
    var reasonNone: String
    var reasons: [Choice] = []
    var wishLegend: String
    /// What she may wish for; empty where a person decides.
    var wishes: [Choice] = []
    var wordsLabel: String
    var ownWords = ""
    var next: String
    /// Whether the code is asked for, and what for.
    var asksCode = false
    var chosen: [String] = []
    var fields: [Field] = []
    var codeLabel: String
    var confirm: String
    var again: String
    var back: String
    /// Where to write to; nil where nobody has to.
    var help: String?
    var write: String
}

extension PublicSite {
    /// The most of one thing that can be chosen at once; whoever has more of it writes to the shop.
    private static let mostOfOne = 20
    /// The page is shown until so long after the last parcel was sent, or the order was placed.
    private static let returnsLife = Duration.days(365)

    /// The order of a link, with how its returns stand; nil if nobody may see it, or nothing is said of returns.
    private func returning(
        _ link: SealedLink
    ) async throws -> (desk: ReturnDesk, record: OrderRecord, standing: ReturnDesk.Standing)? {
        guard let desk = core.returns,
            let record = try await core.store.load(shop: link.shop, orderIDs: [link.orderID])[link.orderID],
            let recipient = record.recipient, core.store.addressKey(recipient.address) == link.addressKey,
            let standing = try await desk.standing(of: record, now: core.now())
        else { return nil }
        let last = record.facts.fulfillments.map(\.createdAt).max() ?? record.facts.processedAt
        guard core.now() - max(last, record.facts.processedAt) <= Self.returnsLife else { return nil }
        return (desk, record, standing)
    }

    func returns(_ link: SealedLink, _ request: WebRequest) async throws -> WebResponse {
        guard let (_, record, standing) = try await returning(link) else { return notFound(request) }
        return returnPage(link, request, record, standing)
    }

    /// Mails a code, or asks for the return.
    func ask(_ link: SealedLink, forReturn request: WebRequest) async throws -> WebResponse {
        guard gate.isOwn(request) else { return .text(PublicWords.of(request).later, status: 403) }
        guard let (desk, record, standing) = try await returning(link) else { return notFound(request) }
        let words = PublicWords.of(record, request)
        let form = request.form
        // What was done is shown again, whatever is posted.
        guard standing.isOpen, form["act"] != "back" else { return returnPage(link, request, record, standing, form) }
        let draft: ReturnDraft
        switch Self.draft(form, standing) {
        case .success(let read): draft = read
        case .failure(let missing):
            return returnPage(link, request, record, standing, form, note: words.returnMissing(missing.rawValue))
        }
        let now = core.now()
        let code = PageCode(.return, of: record)
        if form["act"] == "ask" {
            switch try await prove(form["code"], for: code, now: now) {
            case .limited: return tooMany(request)
            case .wrong:
                return returnPage(link, request, record, standing, form, note: words.codeWrong, asking: draft)
            case .fits: break
            }
            switch try await desk.ask(draft, of: record, now: now) {
            case .decided, .already: core.actedByHand.call()
            case .refused: return returnPage(link, request, record, standing, form, note: words.returnNotNow)
            }
            guard let (_, after, known) = try await returning(link) else { return notFound(request) }
            return returnPage(link, request, after, known)
        }
        guard try await mailCode(for: code, record, words, now: now) else { return tooMany(request) }
        return returnPage(link, request, record, standing, form, asking: draft)
    }

    /// What is missing in a form.
    private enum Missing: String, Error { case items, reason, wish }

    /// What a form asks for.
    private static func draft(
        _ form: [String: String], _ standing: ReturnDesk.Standing
    ) -> Result<ReturnDraft, Missing> {
        let lines = standing.returnable.compactMap { item -> QuantityFacts? in
            let count = min(Int(form[item.field] ?? "") ?? 0, item.quantity, mostOfOne)
            return count > 0 ? QuantityFacts(lineItemID: item.lineItemID, quantity: count) : nil
        }
        guard !lines.isEmpty else { return .failure(.items) }
        guard let reason = form["reason"].flatMap(ReturnReason.init) else { return .failure(.reason) }
        var wish: ReturnWish?
        if case .approved(let terms) = standing.outlook {
            wish = terms.offer.count == 1 ? terms.offer[0] : form["wish"].flatMap(ReturnWish.init)
            guard let wish, terms.offer.contains(wish) else { return .failure(.wish) }
        }
        let words = (form["words"] ?? "").split(whereSeparator: \.isWhitespace).joined(separator: " ")
        return .success(ReturnDraft(lines: lines, reason: reason, wish: wish, words: words))
    }

    /// - Parameters:
    ///   - form: what she filled in, to be shown again.
    ///   - asking: what the code is asked for; nil to show the form.
    private func returnPage(
        _ link: SealedLink, _ request: WebRequest, _ record: OrderRecord, _ standing: ReturnDesk.Standing,
        _ form: [String: String] = [:], note: String? = nil, asking: ReturnDraft? = nil
    ) -> WebResponse {
        let words = PublicWords.of(record, request)
        let help = core.post.brand(link.shop).map { $0.replyTo ?? $0.from }
            .map { "mailto:\($0.address)?subject=\(record.facts.name.escapedForURL)" }
        var page = ReturnPage(
            title: words.returnTitle(record.facts.name), note: note, termsTitle: words.returnTerms, path: request.path,
            itemsLegend: words.returnItems, reasonLabel: words.returnWhy, reasonNone: words.returnReasonNone,
            wishLegend: words.offerLegend, wordsLabel: words.returnOwnWords, next: words.offerNext,
            codeLabel: words.codeLabel, confirm: words.codeConfirm, again: words.codeAgain,
            back: words.returnBack, write: words.rateWrite)
        page.returns = record.facts.returns.sorted { $0.createdAt < $1.createdAt }.map {
            words.returnState($0.name, $0.received && $0.status == .open ? "received" : $0.status.rawValue)
        }
        func shown(_ lines: [QuantityFacts]) -> [String] {
            lines.compactMap { line in
                record.facts.lineItems.first { $0.id == line.lineItemID }.map { "\(line.quantity) × \($0.shownTitle)" }
            }
        }
        if standing.isAsking {
            page.title = words.offerThanks
            page.words = [words.returnAsked]
        } else if let asking, let recipient = record.recipient {
            page.title = words.codeTitle
            page.words = [words.codeWords(.return, Self.masked(recipient.address))]
            page.asksCode = true
            page.returns = []
            page.chosen = shown(asking.lines) + [words.returnReason(asking.reason.rawValue)]
            if let wish = asking.wish { page.chosen.append(words.returnWish(wish.rawValue)) }
            page.fields = ["reason", "wish", "words"].compactMap { name in
                form[name].map { ReturnPage.Field(name: name, value: String($0.prefix(ReturnDraft.mostWords))) }
            }
            page.fields += standing.returnable.compactMap { item in
                form[item.field].map { ReturnPage.Field(name: item.field, value: String($0.prefix(4))) }
            }
        } else if case .refused(let refusal) = standing.outlook {
            page.words = [words.returnRefused(refusal.rawValue)]
            page.help = help
        } else if standing.returnable.isEmpty {
            page.words = [page.returns.isEmpty ? words.returnNothing : words.returnNothingMore]
            page.help = help
        } else {
            fill(&page, record, standing, form, words)
            if standing.wasRefused, note == nil {
                page.note = words.returnNotNow
                page.help = help
            }
        }
        return pages.shopper(page, frame(page.title, link.shop, words))
    }

    /// The form, with the terms before it.
    private func fill(
        _ page: inout ReturnPage, _ record: OrderRecord, _ standing: ReturnDesk.Standing, _ form: [String: String],
        _ words: PublicWords
    ) {
        if case .approved(let terms) = standing.outlook {
            page.terms = [
                words.returnTermsApproved, words.returnLabel(terms.label.rawValue),
                words.returnPaid(terms.refundWhen.rawValue),
            ]
            page.wishes = terms.offer.map {
                ReturnPage.Choice(
                    value: $0.rawValue, title: words.returnWish($0.rawValue), note: words.returnWishNote($0.rawValue),
                    isChosen: terms.offer.count == 1 || form["wish"] == $0.rawValue)
            }
        } else {
            page.terms = [words.returnTermsPerson]
        }
        page.items = standing.returnable.compactMap { item in
            guard let line = record.facts.lineItems.first(where: { $0.id == item.lineItemID }) else { return nil }
            let most = min(item.quantity, Self.mostOfOne)
            // Where there is only one thing, it is that.
            let usual = standing.returnable.count == 1 && most == 1 ? 1 : 0
            let chosen = min(form[item.field].flatMap { Int($0) } ?? usual, most)
            return ReturnPage.Item(
                field: item.field, title: line.shownTitle,
                counts: (0...most).map {
                    ReturnPage.Choice(
                        value: "\($0)", title: $0 == 0 ? words.returnKeep : words.returnCount($0, of: most),
                        isChosen: $0 == chosen)
                })
        }
        page.reasons = ReturnReason.allCases.map {
            ReturnPage.Choice(
                value: $0.rawValue, title: words.returnReason($0.rawValue), isChosen: form["reason"] == $0.rawValue)
        }
        page.ownWords = String((form["words"] ?? "").prefix(ReturnDraft.mostWords))
    }
}

extension ReturnDesk.Standing {
    /// True if something can be asked for now.
    fileprivate var isOpen: Bool {
        if case .refused = outlook { return false }
        return !isAsking && !returnable.isEmpty
    }
}

extension QuantityFacts {
    /// Its name in the form: by the line's own number, so that a form that is too old means nothing else.
    fileprivate var field: String { "i\(lineItemID.split(separator: "/").last ?? "")" }
}

extension LineItemFacts {
    /// With its variant, where it has one.
    fileprivate var shownTitle: String { variantTitle.map { "\(title) (\($0))" } ?? title }
}
