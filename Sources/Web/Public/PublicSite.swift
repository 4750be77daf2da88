import Daemon
import Foundation
import Liquid
import Logging
import Outreach
import Platform
import Store
import Synchronization

// The shopper's own pages, each behind a sealed link (`SealedLink`).
//
//     GET  …/track/…         where the parcel is
//     GET  …/stop/…          a button; POST is the one-click of RFC 8058 and the button's own
//     GET  …/stopratings/…   the same for questions how it went
//     GET  …/preferences/…   what is written about; POST sets it
//     GET  …/rate/…?score=4  how it went, with that score chosen; POST gives it (RatePage.swift)
//     /chat/…                the chat, behind no link (PublicSite+Chat.swift)
//     GET  …/answer/…?say=person   whether an automatic answer helped; POST says so (AnswerPage.swift)
//     GET  …/remedy/…        what is offered; POST chooses, with a code that is mailed (OfferPage.swift)
//     GET  …/return/…        what can be sent back, and on which terms; POST asks for it, with a mailed code
//                            (ReturnPage.swift)
//     GET  …/address/…, …/cancel/…   whether that can still be done; POST does it, with a code (ServicePage.swift)
//     POST …/track/…, …/preferences/…, …/rate/…, …/address/…, …/cancel/…   of a link that is too old: a new one, to the
//                            address on file
//
// Mail scanners open every link, so GET changes nothing. A link that is forged, cut, of another purpose or of a shop
// that is not served is answered like a page that does not exist.

/// The shopper's pages as a function from requests to answers.
struct PublicSite: WebSite {
    let core: DaemonCore
    let site: Configuration.Site
    let pages: Pages
    let gate: Gate
    private let visits = VisitLimit(times: 60, per: .minutes(1))
    private let failures = DesignFailures()
    /// A page with an open chat asks every few seconds, and several customers may share an address.
    let chatVisits = VisitLimit(times: 600, per: .minutes(1))

    /// How long a page waits for what was asked for on it to be done, so that it can say so at once.
    struct Patience: Sendable {
        var looks = 12
        var pause = Duration.milliseconds(500)
    }

    let patience: Patience

    init(core: DaemonCore, site: Configuration.Site, pages: Pages, patience: Patience = Patience()) {
        self.core = core
        self.patience = patience
        self.site = site
        self.pages = pages
        gate = Gate(site: site, framesOwn: false)
    }

    /// Tracking is shown until so long after the last delivery.
    static let trackingLife = Duration.days(180)
    /// The link to preferences is good for so long after it was made: its purpose is to change something.
    static let preferencesLife = 180
    /// How often a new link may be asked for with one link.
    static let renewals = RateLimit("link_renewals", times: 10, per: .hours(1))
    /// How often one link may change what is written about.
    static let changes = RateLimit("link_choices", times: 20, per: .hours(1))
    /// The reason of a silence that the shopper asked for on a page or by a mail.
    static let optOut = "opt_out"

    func respond(to request: WebRequest) async -> WebResponse {
        if request.path.hasPrefix(Self.chatPath) { return await chat(request) }
        if let refusal = gate.refusal(of: request) { return gate.dressed(refusal) }
        let isFile = request.path.hasPrefix("/static/")
        let response: WebResponse
        if request.path.hasPrefix("/sms/"), request.method == "POST", let texts = core.texts {
            response = await text(request, texts)
        } else if HelpdeskHooks.isOwn(request.path), request.method == "POST", let helpdesks = core.helpdesks {
            let answer = await helpdesks.receive(
                path: request.path, headers: request.headers, body: request.body)
            response = .text(answer.body, status: answer.status)
        } else if ShopifyHooks.isOwn(request.path), request.method == "POST", let hooks = core.shopify {
            let answer = await hooks.receive(path: request.path, headers: request.headers, body: request.body)
            response = .text(answer.body, status: answer.status)
        } else if isFile, request.method != "POST", let file = pages.files.file(String(request.path.dropFirst(8))) {
            response = file
        } else if request.path == "/favicon.ico" {
            // Browsers ask for it where a page, such as a shop's own, names no icon; it counts as no visit.
            response = WebResponse(204)
        } else {
            do { response = try await route(request) } catch {
                let failure = (error as? StoreFailure)?.cause.rawValue ?? "unknown"
                core.logger.log(Line.pageFailed, ["reason": "\(failure)"])
                let words = PublicWords.of(request)
                response = .text(words.later, status: 503)
            }
        }
        return gate.dressed(response)
    }

    func greatestBody(of request: WebRequest) async -> Int {
        if request.path.hasPrefix(Self.chatPath) { return Self.greatestChat }
        return core.shopify != nil && ShopifyHooks.isOwn(request.path)
            ? ShopifyHooks.greatestBody : WebRequest.greatestBody
    }

    private func route(_ request: WebRequest) async throws -> WebResponse {
        let shops = core.configuration.shops.map(\.domain)
        guard let link = SealedLink(path: request.path, shops: shops, keys: core.store.linkKeys) else {
            // Guessing costs as much as reading.
            guard visits.allows(request.client, now: core.now()) else { return tooMany(request) }
            return notFound(request)
        }
        // The one-click must succeed whatever else is limited.
        if link.purpose == .stop, request.method == "POST" { return try await stop(link, request) }
        if link.purpose == .stopRatings, request.method == "POST" { return try await stopRatings(link, request) }
        guard visits.allows(request.client, now: core.now()) else { return tooMany(request) }
        switch (link.purpose, request.method) {
        case (.track, "POST"): return try await renew(link, request)
        case (.track, _): return try await track(link, request)
        case (.stop, _): return try await stopForm(link, request)
        case (.stopRatings, _): return try await stopRatingsForm(link, request)
        case (.preferences, "POST"): return try await choose(link, request)
        case (.preferences, _): return try await preferences(link, request)
        case (.rate, "POST"): return try await giveRating(link, request)
        case (.rate, _): return try await rate(link, request)
        case (.answer, "POST"): return try await press(link, request)
        case (.answer, _): return try await answer(link, request)
        case (.remedy, "POST"): return try await choose(link, offer: request)
        case (.remedy, _): return try await offer(link, request)
        case (.address, "POST"): return try await serve(.changeAddress, link, request)
        case (.address, _): return try await service(.changeAddress, link, request)
        case (.cancel, "POST"): return try await serve(.cancelOrder, link, request)
        case (.cancel, _): return try await service(.cancelOrder, link, request)
        case (.return, "POST"): return try await ask(link, forReturn: request)
        case (.return, _): return try await returns(link, request)
        }
    }

    // MARK: - Texts

    /// A provider brings a text. Its signature is its only right, so no limit holds up one that has it.
    private func text(_ request: WebRequest, _ texts: TextHooks) async -> WebResponse {
        guard request.query.isEmpty else { return .text("No query, please.", status: 404) }
        let answer = await texts.receive(path: request.path, headers: request.headers, body: request.body)
        var response = WebResponse.text(answer.body, status: answer.status)
        response.headers["content-type"] = answer.type
        return response
    }

    // MARK: - Tracking

    private func track(_ link: SealedLink, _ request: WebRequest) async throws -> WebResponse {
        let now = core.now()
        let record = try await record(of: link)
        guard let record else { return notFound(request) }
        let profile = try await core.store.profile(shop: link.shop)
        let words = PublicWords.of(record, request)
        guard Self.isFresh(record, profile: profile, now: now) else {
            return pages.shopper(
                RenewPage(
                    title: words.oldTitle, words: words.oldWords, button: words.newLink, path: request.path),
                frame(words.oldTitle, link.shop, words), status: 410)
        }
        let help = core.post.brand(link.shop).map { $0.replyTo ?? $0.from }
            .map { "mailto:\($0.address)?subject=\(record.facts.name.escapedForURL)" }
        let page = TrackPage(record, profile: profile, words: words, help: help, now: now)
        return shown(page, as: .track, frame(page.parcels[0].headline, link.shop, words, link), link.shop)
    }

    /// Mails a new link to the address on file, whatever this one is, as long as it is ours.
    func renew(_ link: SealedLink, _ request: WebRequest) async throws -> WebResponse {
        guard gate.isOwn(request) else { return .text(PublicWords.of(request).later, status: 403) }
        let now = core.now()
        guard let record = try await record(of: link) else { return notFound(request) }
        let words = PublicWords.of(record, request)
        let (subject, button, purpose): (String, String, SealedLink.Purpose) =
            switch link.purpose {
            case .preferences: (words.choicesSubject, words.choose, .preferences)
            case .address: (words.serviceSubject(.address), words.serviceLink(.address), .address)
            case .cancel: (words.serviceSubject(.cancel), words.serviceLink(.cancel), .cancel)
            case .track, .stop, .stopRatings, .rate, .answer, .remedy, .return:
                (words.newLinkSubject, words.seeParcel, .track)
            }
        if let recipient = record.recipient,
            try await core.store.spend(Self.renewals, subject: Self.subject(link), now: now),
            let fresh = PublicLinks(url: site.url, store: core.store).link(
                purpose, shop: link.shop, orderID: link.orderID, address: recipient.address, now: now),
            let mail = core.post.mail(
                "new_link", to: recipient, subject: "\(subject) \(record.facts.name)",
                body: "# \(subject) \(Self.plain(record.facts.name))\n\n[\(button)](\(fresh))",
                language: words.language,
                about: "\(purpose.rawValue) \(link.orderNumber) \(now.milliseconds / 600_000)",
                aggregate: .order(link.orderID), shop: link.shop, now: now)
        {
            try await core.store.put(mail, shop: link.shop, now: now)
            core.post.send(for: link.shop)
        }
        return pages.shopper(
            RenewPage(title: words.sentTitle, words: words.sentWords, button: nil, path: request.path),
            frame(words.sentTitle, link.shop, words))
    }

    private func record(of link: SealedLink) async throws -> OrderRecord? {
        try await core.store.load(shop: link.shop, orderIDs: [link.orderID])[link.orderID]
    }

    /// Whether an order's parcels are shown still: until half a year after the last one came, or after the order was
    /// placed where none ever does.
    private static func isFresh(_ record: OrderRecord, profile: ShopProfile, now: Outreach.Moment) -> Bool {
        let zone = record.zone(shopZone: profile.zone)
        let states = record.shipments.filter { $0.present && record.isCarried($0) }.map {
            record.state(of: $0, now: now, zone: zone)
        }
        let last = states.compactMap { $0.deliveredAt ?? $0.since }.max() ?? record.facts.processedAt
        return now - max(last, record.facts.processedAt) <= trackingLife
    }

    // MARK: - Stopping

    private func stopForm(_ link: SealedLink, _ request: WebRequest) async throws -> WebResponse {
        let words = PublicWords.of(try await record(of: link), request)
        let silences = try await core.store.silences(
            of: .addressKey(link.addressKey), shop: link.shop, now: core.now())
        if silences.contains(where: { $0.stream == .marketing || $0.stream == .all }) {
            return stopped(link, request, words)
        }
        return shown(
            StopPage(title: words.stopTitle, words: words.stopWords, button: words.stopButton, path: request.path),
            as: .stop, frame(words.stopTitle, link.shop, words, link), link.shop)
    }

    /// Without a cookie, a login, a redirect or an Origin (RFC 8058, 3.1); the answer comes once it is on the disk.
    private func stop(_ link: SealedLink, _ request: WebRequest) async throws -> WebResponse {
        guard request.form["List-Unsubscribe"] == "One-Click" else {
            return .text("POST List-Unsubscribe=One-Click (RFC 8058)", status: 400)
        }
        let now = core.now()
        let standing = try await core.store.silences(of: .addressKey(link.addressKey), shop: link.shop, now: now)
        if !standing.contains(where: { $0.stream.silences(.marketing) }) { await noteUnsubscribed(link, now) }
        // By the key alone, so that it works for ever, whatever became of the order.
        try await core.store.silence(
            .addressKey(link.addressKey), shop: link.shop, stream: .marketing, reason: Self.optOut, until: nil,
            now: now)
        return stopped(link, request, PublicWords.of(try await record(of: link), request))
    }

    private func stopRatingsForm(_ link: SealedLink, _ request: WebRequest) async throws -> WebResponse {
        let words = PublicWords.of(request)
        let silences = try await core.store.silences(
            of: .addressKey(link.addressKey), shop: link.shop, now: core.now())
        if silences.contains(where: { $0.stream.silences(.ratings) }) { return ratingsStopped(link, request) }
        return shown(
            StopPage(
                title: words.stopRatingsTitle, words: words.stopRatingsWords, button: words.stopRatingsButton,
                path: request.path), as: .stop, frame(words.stopRatingsTitle, link.shop, words), link.shop)
    }

    /// As `stop`, of questions how it went.
    private func stopRatings(_ link: SealedLink, _ request: WebRequest) async throws -> WebResponse {
        guard request.form["List-Unsubscribe"] == "One-Click" else {
            return .text("POST List-Unsubscribe=One-Click (RFC 8058)", status: 400)
        }
        try await core.store.silence(
            .addressKey(link.addressKey), shop: link.shop, stream: .ratings, reason: Self.optOut, until: nil,
            now: core.now())
        return ratingsStopped(link, request)
    }

    private func ratingsStopped(_ link: SealedLink, _ request: WebRequest) -> WebResponse {
        let words = PublicWords.of(request)
        return shown(
            StopPage(
                title: words.ratingsStoppedTitle, words: words.ratingsStoppedWords, button: nil, path: request.path),
            as: .stop, frame(words.ratingsStoppedTitle, link.shop, words), link.shop)
    }

    /// Records the event that somebody wants no more offers. It comes before the silence: after a crash in between the
    /// shopper, or her mail program, tries again, and the event's mark makes it the same one. It fails where the order
    /// is gone, which must not keep anybody from stopping mail.
    private func noteUnsubscribed(_ link: SealedLink, _ now: Outreach.Moment) async {
        let event = JudgedEvent(
            aggregate: .order(link.orderID), kind: .customerUnsubscribed,
            mark: "page:\(now.milliseconds / 86_400_000)", happenedAt: now, source: "page")
        do { try await core.learn([event], link.shop) } catch {
            let failure = (error as? StoreFailure)?.cause.rawValue ?? "unknown"
            core.logger.log(Line.pageFailed, ["shop": "\(link.shop)", "reason": "\(failure)"])
        }
    }

    private func stopped(_ link: SealedLink, _ request: WebRequest, _ words: PublicWords) -> WebResponse {
        shown(
            StopPage(title: words.stoppedTitle, words: words.stoppedWords, button: nil, path: request.path),
            as: .stop, frame(words.stoppedTitle, link.shop, words, link), link.shop)
    }

    // MARK: - Preferences

    /// What may be chosen with a link: the news of its order while we know it, and what else the shop writes.
    private func choices(
        _ link: SealedLink, _ record: OrderRecord?, _ words: PublicWords
    ) async throws -> [PreferencesPage.Choice] {
        let now = core.now()
        let mine = try await core.store.silences(of: .addressKey(link.addressKey), shop: link.shop, now: now)
        func choice(_ stream: MailStream, _ text: String, _ silences: [StandingSilence]) -> PreferencesPage.Choice {
            let holding = silences.filter { $0.stream.silences(stream) }
            return PreferencesPage.Choice(
                name: stream.rawValue, words: text, isOn: holding.isEmpty,
                isOurs: holding.contains {
                    $0.reason != Self.optOut || $0.stream == .all || (stream == .order && $0.scope != "order")
                })
        }
        var choices: [PreferencesPage.Choice] = []
        if let record {
            let order = try await core.store.silences(of: .order(link.orderID), shop: link.shop, now: now)
            choices.append(choice(.order, words.newsOfOrder(record.facts.name), mine + order))
        }
        return choices + [choice(.marketing, words.offers, mine), choice(.ratings, words.ratings, mine)]
    }

    private func preferences(
        _ link: SealedLink, _ request: WebRequest, saved: [PreferencesPage.Choice]? = nil
    ) async throws -> WebResponse {
        let record = try await record(of: link)
        let words = PublicWords.of(record, request)
        guard isFresh(link) else {
            return pages.shopper(
                RenewPage(
                    title: words.oldTitle, words: words.oldWords, button: record == nil ? nil : words.newLink,
                    path: request.path),
                frame(words.oldTitle, link.shop, words), status: 410)
        }
        let page = PreferencesPage(
            title: words.choicesTitle, words: words.choicesWords, button: words.save, path: request.path,
            choices: try await choices(link, record, words), ours: words.stoppedByUs,
            saved: saved == nil ? nil : words.saved, undo: words.undo, before: saved?.filter(\.isOn).map(\.name) ?? [])
        return shown(page, as: .preferences, frame(words.choicesTitle, link.shop, words), link.shop)
    }

    /// Whether a link to preferences still counts. Its day is of Greenwich, so it is good until that day ends there.
    private func isFresh(_ link: SealedLink) -> Bool { isFresh(link, days: Self.preferencesLife) }

    /// Whether a link is no older than that.
    func isFresh(_ link: SealedLink, days: Int) -> Bool {
        Outreach.Zone.utc.day(at: core.now()).days(since: link.day) <= days
    }

    /// Sets what was ticked. The answer says what was there before, with a button that sets that again.
    private func choose(_ link: SealedLink, _ request: WebRequest) async throws -> WebResponse {
        guard gate.isOwn(request) else { return .text(PublicWords.of(request).later, status: 403) }
        guard isFresh(link) else { return try await renew(link, request) }
        let form = request.form
        // A post without it is none of this page, and ticks nothing because it knows of nothing.
        guard form["save"] == "1" else { return .text("POST save=1 with what is wanted.", status: 400) }
        let now = core.now()
        guard try await core.store.spend(Self.changes, subject: Self.subject(link), now: now) else {
            return tooMany(request)
        }
        let record = try await record(of: link)
        let before = try await choices(link, record, PublicWords.of(record, request))
        let marketing = MailStream.marketing.rawValue
        if form[marketing] != "on", before.contains(where: { $0.name == marketing && $0.isOn && !$0.isOurs }) {
            await noteUnsubscribed(link, now)
        }
        try await core.store.choose(
            before.filter { !$0.isOurs }.map { choice in
                let stream = MailStream(rawValue: choice.name)
                return (
                    stream == .order ? .order(link.orderID) : .addressKey(link.addressKey), stream,
                    form[choice.name] == "on"
                )
            }, shop: link.shop, reason: Self.optOut, now: now)
        return try await preferences(link, request, saved: before)
    }

    // MARK: - Frames

    /// - Parameter link: the page's own, which leads on to the preferences.
    func frame(
        _ title: String, _ shop: String?, _ words: PublicWords, _ link: SealedLink? = nil
    ) -> PublicFrame {
        let brand = shop.flatMap { core.post.brand($0) }
        var frame = PublicFrame(
            title: title, style: pages.files.style, language: words.language, brand: brand?.name ?? "",
            home: brand?.url, address: brand?.address)
        // A link to stop mail works for ever, and must not lead to more than that for ever.
        if let link, isFresh(link) {
            frame.preferences = PublicLinks(url: "", store: core.store).link(
                .preferences, shop: link.shop, orderID: link.orderID, addressKey: link.addressKey, now: core.now())
            frame.choose = words.choose
        }
        return frame
    }

    /// A page in the shop's own design, or in ours where it has none or that fails, which the journal tells once.
    func shown<Content: PageContent>(
        _ content: Content, as page: PageDesign.Page, _ frame: PublicFrame, _ shop: String
    ) -> WebResponse {
        guard let design = core.post.design(page, shop, locale: frame.language) else {
            return pages.shopper(content, frame)
        }
        do {
            return try pages.designed(content, frame, design, gate: gate)
        } catch {
            let reason = (error as? RenderError)?.kind.rawValue ?? "unknown"
            let line = (error as? RenderError)?.line ?? 0
            if failures.isNew("\(shop) \(design.file) \(line) \(reason)") {
                core.logger.log(
                    Line.designFailed, ["shop": "\(shop)", "file": "\(design.file):\(line)", "reason": "\(reason)"])
            }
            return pages.shopper(content, frame)
        }
    }

    func notFound(_ request: WebRequest) -> WebResponse {
        let words = PublicWords.of(request)
        return pages.shopper(
            RenewPage(title: words.unknownTitle, words: words.unknownWords, button: nil, path: ""),
            frame(words.unknownTitle, nil, words), status: 404)
    }

    func tooMany(_ request: WebRequest) -> WebResponse {
        var response = WebResponse.text(PublicWords.of(request).later, status: 429)
        response.headers["retry-after"] = "60"
        return response
    }

    /// What a limit is counted by: the link's order and address, whenever the link was sealed.
    static func subject(_ link: SealedLink) -> String {
        "\(link.purpose.rawValue) \(link.shop) \(link.orderID) \(CustomerKey(link.addressKey).text)"
    }

    /// A name of an order as words of Markdown.
    static func plain(_ text: String) -> String {
        String(text.map { "\\`*_{}[]()<>!|#".contains($0) ? " " : $0 })
    }
}

/// A page with a question and a button.
struct StopPage: PageContent {
    static let template = "stop"
    var title: String
    var words: String
    var button: String?
    var path: String
}

/// The page on which one chooses what is written about.
struct PreferencesPage: PageContent {
    static let template = "preferences"

    struct Choice: Encodable, Sendable {
        /// A kind of mail, and the name in the form.
        var name: String
        var words: String
        var isOn: Bool
        /// Stopped for another reason than that somebody asked for it, so that ticking it changes nothing.
        var isOurs: Bool
    }

    var title: String
    var words: String
    var button: String
    var path: String
    var choices: [Choice]
    /// What is said beside one that we stopped.
    var ours: String
    /// That it was set; nil where it was only looked at.
    var saved: String?
    var undo: String
    /// What was ticked before.
    var before: [String]
}

/// Which failures of designs the journal has, so that each look does not add a line.
private final class DesignFailures: Sendable {
    private let told = Mutex<Set<String>>([])

    func isNew(_ failure: String) -> Bool { told.withLock { $0.count < 1000 && $0.insert(failure).inserted } }
}

/// The page of a link that is too old.
struct RenewPage: PageContent {
    static let template = "renew"
    var title: String
    var words: String
    var button: String?
    var path: String
}

/// How often anybody may look, in memory: reading writes nothing. What may be done at all is limited by rows.
final class VisitLimit: Sendable {
    private struct State {
        var minute: Int64 = 0
        var visits: [String: Int] = [:]
    }

    private let state = Mutex(State())
    private let times: Int
    private let window: Duration
    /// The most that are counted at once; beyond that nobody new is let in until the window is over.
    private static let most = 20_000

    init(times: Int, per window: Duration) {
        self.times = times
        self.window = window
    }

    func allows(_ who: String, now: Outreach.Moment) -> Bool {
        let minute = now.milliseconds / max(1, window.wholeMilliseconds)
        return state.withLock { state in
            if state.minute != minute { state = State(minute: minute) }
            if state.visits[who] == nil, state.visits.count >= Self.most { return false }
            state.visits[who, default: 0] += 1
            return state.visits[who, default: 0] <= times
        }
    }
}
