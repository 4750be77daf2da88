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
//     GET  …/track/…   where the parcel is
//     GET  …/stop/…    a button; POST is the one-click of RFC 8058 and the button's own
//     POST …/track/…   of a link that is too old: a new one, to the address on file
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

    init(core: DaemonCore, site: Configuration.Site, pages: Pages) {
        self.core = core
        self.site = site
        self.pages = pages
        gate = Gate(site: site, framesOwn: false)
    }

    /// Tracking is shown until so long after the last delivery.
    static let trackingLife = Duration.days(180)
    /// How often a new link may be asked for with one link.
    static let renewals = RateLimit("link_renewals", times: 10, per: .hours(1))

    func respond(to request: WebRequest) async -> WebResponse {
        if let refusal = gate.refusal(of: request) { return gate.dressed(refusal) }
        let isFile = request.path.hasPrefix("/static/")
        let response: WebResponse
        if isFile, request.method != "POST", let file = pages.files.file(String(request.path.dropFirst(8))) {
            response = file
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

    private func route(_ request: WebRequest) async throws -> WebResponse {
        let shops = core.configuration.shops.map(\.domain)
        guard let link = SealedLink(path: request.path, shops: shops, key: core.store.derivedKey) else {
            // Guessing costs as much as reading.
            guard visits.allows(request.client, now: core.now()) else { return tooMany(request) }
            return notFound(request)
        }
        // The one-click must succeed whatever else is limited.
        if link.purpose == .stop, request.method == "POST" { return try await stop(link, request) }
        guard visits.allows(request.client, now: core.now()) else { return tooMany(request) }
        switch (link.purpose, request.method) {
        case (.track, "POST"): return try await renew(link, request)
        case (.track, _): return try await track(link, request)
        case (.stop, _): return try await stopForm(link, request)
        }
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
            .map { "mailto:\($0.address)?subject=\(Self.escaped(record.facts.name))" }
        let page = TrackPage(record, profile: profile, words: words, help: help, now: now)
        return pages.shopper(page, frame(page.parcels[0].headline, link.shop, words))
    }

    /// Mails a new link to the address on file, whatever this one is, as long as it is ours.
    private func renew(_ link: SealedLink, _ request: WebRequest) async throws -> WebResponse {
        guard gate.isOwn(request) else { return .text(PublicWords.of(request).later, status: 403) }
        let now = core.now()
        guard let record = try await record(of: link) else { return notFound(request) }
        let words = PublicWords.of(record, request)
        if let recipient = record.recipient,
            try await core.store.spend(Self.renewals, subject: request.path, now: now),
            let fresh = PublicLinks(url: site.url, store: core.store).link(
                .track, shop: link.shop, orderID: link.orderID, address: recipient.address, now: now),
            let mail = core.post.mail(
                "new_link", to: recipient, subject: "\(words.newLinkSubject) \(record.facts.name)",
                body: "# \(words.newLinkSubject) \(Self.plain(record.facts.name))\n\n[\(words.seeParcel)](\(fresh))",
                language: words.language, about: "\(link.orderNumber) \(now.milliseconds / 600_000)",
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
        return pages.shopper(
            StopPage(title: words.stopTitle, words: words.stopWords, button: words.stopButton, path: request.path),
            frame(words.stopTitle, link.shop, words))
    }

    /// Without a cookie, a login, a redirect or an Origin (RFC 8058, 3.1); the answer comes once it is on the disk.
    private func stop(_ link: SealedLink, _ request: WebRequest) async throws -> WebResponse {
        guard request.form["List-Unsubscribe"] == "One-Click" else {
            return .text("POST List-Unsubscribe=One-Click (RFC 8058)", status: 400)
        }
        let now = core.now()
        let standing = try await core.store.silences(of: .addressKey(link.addressKey), shop: link.shop, now: now)
        // By the key alone, so that it works for ever, whatever became of the order.
        try await core.store.silence(
            .addressKey(link.addressKey), shop: link.shop, stream: .marketing, reason: "opt_out", until: nil,
            now: now)
        // What is said again is no event, and no answer waits for one.
        if !standing.contains(where: { $0.stream.silences(.marketing) }) {
            let unsubscribed = JudgedEvent(
                aggregate: .order(link.orderID), kind: .customerUnsubscribed,
                mark: "page:\(now.milliseconds / 86_400_000)", happenedAt: now, source: "page")
            try? await core.learn([unsubscribed], link.shop)
        }
        return stopped(link, request, PublicWords.of(try await record(of: link), request))
    }

    private func stopped(_ link: SealedLink, _ request: WebRequest, _ words: PublicWords) -> WebResponse {
        pages.shopper(
            StopPage(title: words.stoppedTitle, words: words.stoppedWords, button: nil, path: request.path),
            frame(words.stoppedTitle, link.shop, words))
    }

    // MARK: - Frames

    private func frame(_ title: String, _ shop: String?, _ words: PublicWords) -> PublicFrame {
        let brand = shop.flatMap { core.post.brand($0) }
        return PublicFrame(
            title: title, style: pages.files.style, language: words.language, brand: brand?.name ?? "",
            home: brand?.url, address: brand?.address)
    }

    private func notFound(_ request: WebRequest) -> WebResponse {
        let words = PublicWords.of(request)
        return pages.shopper(
            RenewPage(title: words.unknownTitle, words: words.unknownWords, button: nil, path: ""),
            frame(words.unknownTitle, nil, words), status: 404)
    }

    private func tooMany(_ request: WebRequest) -> WebResponse {
        var response = WebResponse.text(PublicWords.of(request).later, status: 429)
        response.headers["retry-after"] = "60"
        return response
    }

    private static func escaped(_ text: String) -> String {
        text.addingPercentEncoding(withAllowedCharacters: .alphanumerics) ?? ""
    }

    /// A name of an order as words of Markdown.
    private static func plain(_ text: String) -> String {
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
