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
    /// Whether the code is asked for, and for what.
    var asksCode = false
    var chosen: String?
    var chosenTitle: String?
    var codeLabel: String
    var confirm: String
    var again: String
    var back: String
    /// A code that is hers, with the words around it; nil for none.
    var codes: [String] = []
    /// Where to write to; nil where nobody has to.
    var help: String?
    var write: String
}

extension PublicSite {
    /// How often a code for a choice may be asked for, and typed.
    static let offerCodes = RateLimit("offer_codes", times: 5, per: .hours(1))
    static let offerCodesTyped = RateLimit("offer_codes_typed", times: 20, per: .hours(1))

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
        if form["act"] == "choose" {
            guard try await core.store.spend(Self.offerCodesTyped, subject: Self.subject(link), now: now) else {
                return tooMany(request)
            }
            let digits = String((form["code"] ?? "").filter { ("0"..."9").contains($0) }.prefix(12))
            guard try await core.store.prove(digits, of: offer, now: now) else {
                return try await offerPage(
                    link, request, offer, record, note: words.offerCodeWrong, asking: choice)
            }
            _ = try await desk.choose(choice, of: offer.number, shop: link.shop, now: now)
            core.actedByHand.call()
            guard let (after, known) = try await offered(link) else { return notFound(request) }
            return try await offerPage(link, request, after, known)
        }
        guard try await mailCode(link, offer, record, words, now: now) else { return tooMany(request) }
        return try await offerPage(link, request, offer, record, asking: choice)
    }

    /// Mails a code to the address of the order; false if that is asked for too often, or nothing can be mailed.
    private func mailCode(
        _ link: SealedLink, _ offer: OfferRecord, _ record: OrderRecord, _ words: PublicWords, now: Outreach.Moment
    ) async throws -> Bool {
        guard let recipient = record.recipient,
            try await core.store.spend(Self.offerCodes, subject: Self.subject(link), now: now)
        else { return false }
        var generator = SystemRandomNumberGenerator()
        let code = ChatRules.code(generator.next())
        let subject = words.offerMailSubject(record.facts.name)
        let body = [
            "# \(words.offerMailSubject(Self.plain(record.facts.name)))", words.offerMail(code),
            words.offerMailNotYou,
        ].joined(separator: "\n\n")
        guard
            let mail = core.post.mail(
                "offer_code", to: recipient, subject: subject, body: body, language: words.language,
                about: "\(offer.number) \(now.milliseconds)", aggregate: .order(offer.orderID), shop: link.shop,
                now: now)
        else { return false }
        _ = try await core.store.mailCode(by: mail, code: code, of: offer, now: now)
        core.post.send(for: link.shop)
        return true
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
            codeLabel: words.offerCodeLabel, confirm: words.offerConfirm, again: words.offerCodeAgain,
            back: words.offerBack, write: words.rateWrite)
        page.goods = offer.offer.items.compactMap { item in
            record.facts.lineItems.first { $0.id == item.lineItemID }.map { "\(item.quantity) × \($0.title)" }
        }
        switch offer.state {
        case .open:
            if let asking, let recipient = record.recipient {
                page.title = words.offerCodeTitle
                page.words = [words.offerCodeWords(Self.masked(recipient.address))]
                page.asksCode = true
                page.chosen = asking.name
                page.chosenTitle = words.offer(asking.kind)
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
        if [.open, .chosen].contains(offer.state), !page.asksCode,
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

    /// An address of which only its owner knows which it is.
    static func masked(_ address: String) -> String {
        let parts = address.split(separator: "@", maxSplits: 1)
        guard parts.count == 2 else { return "…" }
        return "\(parts[0].prefix(1))…@\(parts[1])"
    }
}

extension Offered {
    /// What it is, whatever a gift is called.
    var kind: String { isGift ? "gift" : name }
}
