import Daemon
import Foundation
import Outreach
import Platform
import Store

// The pages on which a shopper does something with her order herself: has it sent elsewhere, or cancels it.
//
//     GET                      whether that can still be done; what was done; that a person has it
//     POST act=code            mails a code to the address of the order, and asks for it
//     POST act=open            with the code: what it is about, with the form; from here on the page has a pass
//     POST act=do              with the pass: it is asked for, once; and a moment later the page says what came of it
//     POST act=look            with the pass: what has come of it by now
//
// A link may have been forwarded with the mail that it was in, so by itself it shows no more than that mail did: neither
// the address nor a sum. Looking changes nothing.

/// A page of this kind, in any of its states.
struct ServicePage: PageContent {
    static let template = "service"

    struct Field: Encodable, Sendable {
        struct Option: Encodable, Sendable {
            var value: String
            var name: String
            var isChosen: Bool
        }

        var name: String
        var label: String
        var value: String
        /// HTML, 4.10.18.7.
        var autocomplete: String
        var isRequired: Bool
        var isPhone: Bool
        /// What is wrong with it; nil if nothing is.
        var problem: String?
        var options: [Option] = []
    }

    var title: String
    var words: [String]
    /// Something to know first, such as that a code does not fit; `tone` says how it is meant.
    var note: String?
    var tone = "warn"
    var path: String
    /// Where the code from the mail is entered; nil while it is not asked for.
    var code: CodeForm?
    var fields: [Field] = []
    /// The button that goes on, and what it posts; nil where there is nothing to do.
    var button: String?
    var act = ""
    /// What the browser has once the code was entered.
    var pass: String?
    /// What it was shown, where it agrees to that; nil for a form.
    var seen: String?
    /// The button that leads back to the start of the page; nil for none.
    var other: String?
    var goods: [String] = []
    var contents: String
    /// Where to write to; nil where nobody has to.
    var help: String?
    var write: String
}

/// One visit of such a page: what it is about, and what is known of it.
struct ServiceVisit: Sendable {
    let request: PageRequest
    let link: SealedLink
    let web: WebRequest
    let desk: PageDesk
    let words: PublicWords
    var record: OrderRecord
    var acts: [PageAct]
    /// The page's pass; nil for a browser that has none.
    var pass: String?

    var code: PageCode { PageCode(request.code, of: record) }
    /// What a cancellation pays back, as the form says it again.
    var sum: String { record.facts.refundable?.written ?? "unknown" }
    var order: String { record.facts.name }

    func standing(_ now: Outreach.Moment) -> PageStanding {
        guard desk.serves(record.shop) else { return .over(.other) }
        return request.standing(of: record, acts: acts, now: now)
    }
}

extension PageRequest {
    /// What its code is for.
    var code: PageCode.Kind {
        switch self {
        case .changeAddress: .address
        case .cancelOrder: .cancel
        }
    }
}

extension PublicSite {
    /// How often something may be asked for on the page of an order.
    static let pageActs = RateLimit("page_acts", times: 10, per: .hours(24))
    /// A link to such a page is good for so many days: what it does is over with the first parcel in any case.
    static let serviceLife = 60

    /// The page of a link; nil if its order is not known, goes to somebody else by now, or nothing is done for it.
    private func visit(_ request: PageRequest, _ link: SealedLink, _ web: WebRequest) async throws -> ServiceVisit? {
        guard let desk = core.pageDesk,
            let record = try await core.store.load(shop: link.shop, orderIDs: [link.orderID])[link.orderID],
            let recipient = record.recipient, core.store.addressKey(recipient.address) == link.addressKey
        else { return nil }
        let acts = try await desk.acts(request, of: OrderKey(shop: link.shop, orderID: link.orderID))
        return ServiceVisit(
            request: request, link: link, web: web, desk: desk, words: PublicWords.of(record, web), record: record,
            acts: acts)
    }

    func service(_ request: PageRequest, _ link: SealedLink, _ web: WebRequest) async throws -> WebResponse {
        guard let visit = try await visit(request, link, web) else { return notFound(web) }
        guard isFresh(link, days: Self.serviceLife) else { return tooOld(visit) }
        return try await servicePage(visit)
    }

    /// Does what was posted.
    func serve(_ request: PageRequest, _ link: SealedLink, _ web: WebRequest) async throws -> WebResponse {
        guard gate.isOwn(web) else { return .text(PublicWords.of(web).later, status: 403) }
        guard var visit = try await visit(request, link, web) else { return notFound(web) }
        guard isFresh(link, days: Self.serviceLife) else { return try await renew(link, web) }
        let now = core.now()
        let form = web.form
        let standing = visit.standing(now)
        if try await holds(pass: form["pass"], for: visit.code, now: now) { visit.pass = form["pass"] }
        switch form["act"] {
        case "code":
            guard standing.takesPosts else { break }
            guard try await mailCode(for: visit.code, visit.record, visit.words, now: now) else { return tooMany(web) }
            return try await servicePage(visit, asksCode: true)
        case "open":
            guard standing.takesPosts else { break }
            switch try await prove(form["code"], for: visit.code, now: now) {
            case .limited: return tooMany(web)
            case .wrong: return try await servicePage(visit, note: visit.words.codeWrong, asksCode: true)
            case .fits(let pass):
                visit.pass = pass
                return try await servicePage(visit, wantsForm: true)
            }
        case "do":
            guard standing.takesPosts else { break }
            guard visit.pass != nil else { return try await servicePage(visit, note: visit.words.servicePassOver) }
            switch visit.request {
            case .changeAddress: return try await changeAddress(visit, form)
            case .cancelOrder:
                // What she agreed to is what she saw.
                guard form["seen"] == visit.sum else { break }
                return try await cancel(visit)
            }
        default: break
        }
        return try await servicePage(visit)
    }

    private func changeAddress(_ visit: ServiceVisit, _ form: [String: String]) async throws -> WebResponse {
        guard let known = visit.record.facts.shippingAddress,
            let fields = AddressForm(country: known.countryCode ?? "", known: known)
        else { return try await servicePage(visit) }
        let now = core.now()
        let present = try await presentAddress(visit, known)
        switch fields.read({ form[$0.rawValue] }, known: known) {
        case .wrong(let problems):
            return try await servicePage(
                visit, note: visit.words.addressProblems, wantsForm: true, posted: { form[$0.rawValue] ?? "" },
                problems: problems)
        case .address(let address):
            if address.isSame(as: present, in: fields) {
                return try await servicePage(visit, note: visit.words.addressSame, wantsForm: true)
            }
            guard try await core.store.spend(Self.pageActs, subject: Self.subject(visit.link), now: now) else {
                return tooMany(visit.web)
            }
            try await visit.desk.change(to: address, of: visit.record, after: visit.acts, now: now)
        }
        return try await result(of: visit)
    }

    private func cancel(_ visit: ServiceVisit) async throws -> WebResponse {
        guard try await core.store.spend(Self.pageActs, subject: Self.subject(visit.link), now: core.now()) else {
            return tooMany(visit.web)
        }
        try await visit.desk.cancel(visit.record, after: visit.acts, now: core.now())
        return try await result(of: visit)
    }

    /// The page once what was asked for is done, or a few seconds later.
    private func result(of visit: ServiceVisit) async throws -> WebResponse {
        core.actedByHand.call()
        var visit = visit
        for look in 0...max(0, patience.looks) {
            if look > 0 {
                try? await Task.sleep(for: patience.pause)
                if Task.isCancelled { break }
            }
            guard let seen = try await self.visit(visit.request, visit.link, visit.web) else { break }
            (visit.record, visit.acts) = (seen.record, seen.acts)
            guard case .busy = visit.standing(core.now()) else { break }
        }
        return try await servicePage(visit)
    }

    // MARK: - What is shown

    /// Where the order goes, as far as is known: what was changed here is read from Shopify only a little later.
    private func presentAddress(_ visit: ServiceVisit, _ known: AddressFacts) async throws -> AddressFacts {
        guard let last = visit.acts.last(where: { $0.state == .sent && !$0.isHandOver }),
            last.askedAt >= visit.record.facts.updatedAt,
            let address = try await visit.desk.address(of: last, shop: visit.record.shop)
        else { return known }
        return address
    }

    private func help(_ visit: ServiceVisit) -> String? {
        core.post.brand(visit.record.shop).map { $0.replyTo ?? $0.from }
            .map { "mailto:\($0.address)?subject=\(visit.order.escapedForURL)" }
    }

    /// - Parameters:
    ///   - wantsForm: true to change again what is changed already.
    ///   - posted: what she wrote into the form; nil to show what is known.
    ///   - problems: what is wrong with it.
    private func servicePage(
        _ visit: ServiceVisit, note: String? = nil, asksCode: Bool = false, wantsForm: Bool = false,
        posted: ((AddressField) -> String)? = nil, problems: [AddressField: AddressObjection] = [:]
    ) async throws -> WebResponse {
        let words = visit.words
        let kind = visit.request.code
        var page = ServicePage(
            title: words.serviceTitle(kind, visit.order), words: [words.serviceWords(kind)], note: note,
            path: visit.web.path, contents: words.contents, write: words.rateWrite)
        let standing = visit.standing(core.now())
        if asksCode, let recipient = visit.record.recipient {
            page.title = words.codeTitle
            page.words = [words.codeWords(kind, Self.masked(recipient.address))]
            page.code = CodeForm(
                words, path: visit.web.path, act: "open", confirm: words.serviceNext, back: words.codeBack)
            return shopper(page, visit)
        }
        switch standing {
        case .open, .objected: try await open(&page, visit, standing, posted, problems)
        case .busy:
            page.title = words.serviceBusyTitle(kind)
            page.words = [words.serviceBusyWords]
            (page.button, page.act, page.pass) = (words.serviceLook, "look", visit.pass)
        case .done(let act):
            page.title = words.serviceDoneTitle(kind, visit.order)
            page.words = [words.serviceDoneWords(kind)]
            if kind == .address, visit.request.end(for: visit.record) == nil {
                if visit.pass != nil, wantsForm {
                    try await open(&page, visit, .open, posted, problems)
                    break
                }
                try await showChanged(&page, act, visit)
                (page.button, page.act) = (words.addressAgain, "code")
            }
        case .person:
            page.title = words.offerPersonTitle
            page.words = [words.servicePerson]
            page.help = help(visit)
        case .over(let end):
            page.title = words.serviceOverTitle(kind, visit.order)
            page.words = [words.serviceOver(end)]
            page.help = help(visit)
        }
        return shopper(page, visit)
    }

    private func shopper(_ page: ServicePage, _ visit: ServiceVisit) -> WebResponse {
        pages.shopper(page, frame(page.title, visit.record.shop, visit.words))
    }

    /// The new address, for whoever has proved that the order is hers.
    private func showChanged(_ page: inout ServicePage, _ act: PageAct, _ visit: ServiceVisit) async throws {
        guard visit.pass != nil, let address = try await visit.desk.address(of: act, shop: visit.record.shop) else {
            return
        }
        page.goods = address.lines
        page.contents = visit.words.addressNew
    }

    /// The page while it can be asked for: to a stranger that it can, to her what it is about.
    private func open(
        _ page: inout ServicePage, _ visit: ServiceVisit, _ standing: PageStanding,
        _ posted: ((AddressField) -> String)?, _ problems: [AddressField: AddressObjection]
    ) async throws {
        let words = visit.words
        guard let pass = visit.pass else {
            if case .objected = standing, page.note == nil { page.note = words.addressRefused }
            (page.button, page.act) = (words.serviceCode, "code")
            return
        }
        (page.pass, page.act) = (pass, "do")
        switch visit.request {
        case .changeAddress:
            guard let known = visit.record.facts.shippingAddress,
                let form = AddressForm(country: known.countryCode ?? "", known: known)
            else { return }
            var shown = try await presentAddress(visit, known)
            var problems = problems
            if case .objected(let act) = standing, posted == nil {
                shown = try await visit.desk.address(of: act, shop: visit.record.shop) ?? shown
                problems = act.objections
                page.note = page.note ?? words.addressProblems
            }
            page.title = words.addressFormTitle(visit.order)
            let country = words.country(form.country) ?? known.country ?? form.country
            page.words = [words.addressFormWords(country)]
            page.fields = form.fields.map { field in
                let value = posted?(field) ?? shown[field]
                return ServicePage.Field(
                    name: field.rawValue, label: words.addressField(field), value: value,
                    autocomplete: field.autocomplete, isRequired: form.required.contains(field),
                    isPhone: field == .phone,
                    problem: problems[field].map { words.addressProblem(field, $0) },
                    options: field != .province
                        ? []
                        : form.regions.map {
                            ServicePage.Field.Option(value: $0.code, name: $0.name, isChosen: $0.code == value)
                        })
            }
            page.button = words.addressSave
        case .cancelOrder:
            page.title = words.cancelFormTitle(visit.order)
            page.words = [words.cancelFormWords]
            switch visit.record.facts.refundable {
            case .some(let sum) where sum.amount > 0: page.words.append(words.cancelSum(sum))
            case .some: page.words.append(words.cancelNoSum)
            // Nobody can say what it comes to, so a person does it.
            case .none: page.words.append(words.cancelUnknownSum)
            }
            page.goods = visit.record.facts.lineItems.filter { $0.currentQuantity > 0 }
                .map { "\($0.currentQuantity) × \($0.title)" }
            page.contents = words.cancelGoods
            (page.button, page.seen) = (words.cancelConfirm, visit.sum)
            page.other = words.cancelKeep
        }
    }

    private func tooOld(_ visit: ServiceVisit) -> WebResponse {
        let words = visit.words
        return pages.shopper(
            RenewPage(title: words.oldTitle, words: words.oldWords, button: words.newLink, path: visit.web.path),
            frame(words.oldTitle, visit.record.shop, words), status: 410)
    }
}

extension PageStanding {
    /// Whether anything can be asked for.
    fileprivate var takesPosts: Bool {
        switch self {
        case .open, .objected: true
        // Of a change that is done, another can be asked for; of a cancellation not.
        case .done(let act): act.results["changed"] != nil
        case .busy, .person, .over: false
        }
    }
}

extension AddressField {
    /// What browsers know the field by (HTML, 4.10.18.7).
    fileprivate var autocomplete: String {
        switch self {
        case .firstName: "given-name"
        case .lastName: "family-name"
        case .company: "organization"
        case .address1: "address-line1"
        case .address2: "address-line2"
        case .zip: "postal-code"
        case .city: "address-level2"
        case .province: "address-level1"
        case .phone: "tel"
        }
    }
}

extension AddressFacts {
    /// As it stands on a parcel, without the phone number.
    fileprivate var lines: [String] {
        let name = [firstName, lastName].compactMap(\.self).filter { !$0.isEmpty }.joined(separator: " ")
        let town = [zip, city, provinceCode].compactMap(\.self).filter { !$0.isEmpty }.joined(separator: " ")
        return [name, company ?? "", address1 ?? "", address2 ?? "", town].filter { !$0.isEmpty }
    }
}
