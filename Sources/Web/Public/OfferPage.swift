import Daemon
import Foundation
import Outreach
import Platform
import Store

// The page on which a shopper chooses what she is offered.
//
//     GET                     what is offered; what was chosen; that a person has it
//     POST act=code           mails a code to the address of the order, and asks for it
//     POST act=choose         with the code: it is done, once; afterwards every POST shows what was done
//
// The link is enough to see; what moves goods or money needs the code. Looking changes nothing.

/// What is offered to a shopper, in any of its states.
struct OfferPage: PageContent {
    static let template = "offer"

    struct Choice: Encodable, Sendable {
        var value: String
        var title: String
        var note: String
        var isChosen: Bool
    }

    var title: String
    var words: [String]
    /// Something to know first, such as that a code does not fit.
    var note: String?
    var path: String
    var legend: String
    /// What can be chosen; empty where nothing can.
    var choices: [Choice] = []
    var next: String
    /// The goods that it is about.
    var goods: [String] = []
    var contents: String
    /// Where the code from the mail is entered; nil while it is not asked for.
    var code: CodeForm?
    /// A code that is hers, with the words around it; nil for none.
    var codes: [String] = []
    /// Where to write to; nil where nobody has to.
    var help: String?
    var write: String
}

extension PublicSite {
    /// The offer of a link, with its order; nil if it is gone, or nobody may see it yet.
    private func offered(_ link: SealedLink) async throws -> (offer: OfferRecord, record: OrderRecord)? {
        guard let number = Int64(exactly: link.orderNumber),
            let offer = try await core.store.offer(number, shop: link.shop), offer.openedAt != nil,
            let record = try await core.store.load(shop: link.shop, orderIDs: [offer.orderID])[offer.orderID],
            let recipient = record.recipient, core.store.addressKey(recipient.address) == link.addressKey
        else { return nil }
        return (offer, record)
    }

    func offer(_ link: SealedLink, _ request: WebRequest) async throws -> WebResponse {
        guard let (offer, record) = try await offered(link) else { return notFound(request) }
        return try await offerPage(link, request, offer, record)
    }

    /// Mails a code, or takes a choice.
    func choose(_ link: SealedLink, offer request: WebRequest) async throws -> WebResponse {
        guard gate.isOwn(request) else { return .text(PublicWords.of(request).later, status: 403) }
        guard let (offer, record) = try await offered(link) else { return notFound(request) }
        let words = PublicWords.of(record, request)
        let form = request.form
        // What was done is shown again, whatever is posted.
        guard offer.state == .open, let desk = core.offers else {
            return try await offerPage(link, request, offer, record)
        }
        let choice = form["choice"].map { Offered(name: $0) }.flatMap { offer.offer.cost(of: $0) == nil ? nil : $0 }
        guard let choice else {
            return try await offerPage(
                link, request, offer, record, note: form["act"] == "back" ? nil : words.offerNone)
        }
        let now = core.now()
        let page = PageCode(.offer, number: offer.number, of: record)
        if form["act"] == "choose" {
            switch try await prove(form["code"], for: page, now: now) {
            case .limited: return tooMany(request)
            case .wrong:
                return try await offerPage(link, request, offer, record, note: words.codeWrong, asking: choice)
            case .fits: break
            }
            _ = try await desk.choose(choice, of: offer.number, shop: link.shop, now: now)
            core.actedByHand.call()
            guard let (after, known) = try await offered(link) else { return notFound(request) }
            return try await offerPage(link, request, after, known)
        }
        guard try await mailCode(for: page, record, words, now: now) else { return tooMany(request) }
        return try await offerPage(link, request, offer, record, asking: choice)
    }

    /// - Parameter asking: what the code is asked for; nil to show what is offered.
    private func offerPage(
        _ link: SealedLink, _ request: WebRequest, _ offer: OfferRecord, _ record: OrderRecord, note: String? = nil,
        asking: Offered? = nil
    ) async throws -> WebResponse {
        let words = PublicWords.of(record, request)
        let help = core.post.brand(link.shop).map { $0.replyTo ?? $0.from }
            .map { "mailto:\($0.address)?subject=\(record.facts.name.escapedForURL)" }
        var page = OfferPage(
            title: words.offerTitle(record.facts.name), words: [], note: note, path: request.path,
            legend: words.offerLegend, next: words.offerNext, contents: words.contents,
            write: words.rateWrite)
        page.goods = offer.offer.items.compactMap { item in
            record.facts.lineItems.first { $0.id == item.lineItemID }.map { "\(item.quantity) × \($0.title)" }
        }
        switch offer.state {
        case .open:
            if let asking, let recipient = record.recipient {
                page.title = words.codeTitle
                page.words = [words.codeWords(.offer, Self.masked(recipient.address))]
                page.code = CodeForm(
                    words, path: request.path, act: "choose", what: words.offer(asking.kind),
                    fields: [CodeForm.Field(name: "choice", value: asking.name)], back: words.offerBack)
            } else {
                page.words = [words.offerWords]
                page.choices = offer.offer.options.map {
                    OfferPage.Choice(
                        value: $0.what.name, title: words.offer($0.what.kind), note: words.offerNote($0.what.kind),
                        isChosen: offer.offer.options.count == 1)
                }
            }
        case .chosen:
            page.title = words.offerThanks
            page.words = [offer.choice.map { words.offerDone($0.kind) } ?? ""]
            if offer.choice?.isGift == true {
                let code = try await code(of: offer.actionEffect, link.shop)
                page.codes.append(code.map { words.offerCode($0) } ?? words.offerCodeSoon)
            }
        case .person, .refused, .asked:
            page.title = words.offerPersonTitle
            page.words = [words.offerPersonWords]
            page.help = help
        case .lapsed:
            page.title = words.offerOverTitle
            page.words = [words.offerOverWords]
            page.help = help
        }
        if [.open, .chosen].contains(offer.state), page.code == nil,
            let code = try await code(of: offer.giftEffect, link.shop)
        {
            page.codes.append(words.offerAlso(code))
        }
        return pages.shopper(page, frame(page.title, link.shop, words))
    }

    /// The code that an effect made; nil while there is none.
    private func code(of effect: Int64?, _ shop: String) async throws -> String? {
        guard let effect, let outcome = try await core.store.outcome(of: effect, shop: shop) else { return nil }
        return GiftFacts(results: outcome.results)?.code
    }
}

extension Offered {
    /// What it is, whatever a gift is called.
    var kind: String { isGift ? "gift" : name }
}
