import Crypto
import Daemon
import Foundation
import Outreach
import Store

// The page on which a customer says how it went.
//
// Looking at it changes nothing: the score of the link is chosen already, and one button gives it. The form carries when
// it was shown, under a tag that only we can make, because what comes sooner than anybody reads is a machine's
// (`Rating.taking`). Whoever is taken for one sees the page once more, and presses once more.

/// The page for a rating.
struct RatePage: PageContent {
    static let template = "rate"

    struct Score: Encodable, Sendable {
        var number: Int
        var isChosen: Bool
    }

    var title: String
    var words: String
    /// Something to know first: that a score is missing, or that the button has to be pressed once more.
    var note: String?
    /// Where to write to, after a low score; nil otherwise.
    var help: String?
    var write: String
    /// Nil where nothing can be given any more.
    var button: String?
    var path: String
    /// What the scores mean.
    var label: String
    var scores: [Score]
    /// What the line of words is for, and what it holds.
    var line: String
    var given: String?
    /// The most that the line takes.
    var letters = RatingPost.mostLetters
    /// When the page was shown, with its tag.
    var shown: String
    /// The score that the link named.
    var link: String
}

extension PublicSite {
    /// A question is answered within so many days after it was asked, or its link was made anew.
    static let ratingLife = 30
    /// How often one question may be answered or changed.
    static let ratingChanges = RateLimit("ratings", times: 10, per: .hours(1))

    /// What is asked with a link; nil if it is gone.
    private func asked(_ link: SealedLink) async throws -> (rating: Rating, record: OrderRecord)? {
        guard let request = Int64(exactly: link.orderNumber),
            let rating = try await core.store.rating(request: request, shop: link.shop),
            rating.addressKey == link.addressKey
        else { return nil }
        // A conversation may be about an order, which says in which language; or about none.
        let records = try await core.store.records(of: [rating.subject], shop: link.shop, now: core.now())
        return records[rating.subject].map { (rating, $0) }
    }

    /// The words for whoever is asked.
    private func words(_ record: OrderRecord, _ request: WebRequest) -> PublicWords {
        guard let conversation = record.conversation else { return PublicWords.of(record, request) }
        return PublicWords.of(language: conversation.lastIncoming?.understood?.language, request)
    }

    /// What is asked.
    private func question(_ rating: Rating, _ record: OrderRecord, _ words: PublicWords) -> String {
        rating.kind == .conversation ? words.rateTalkTitle : words.rateTitle(record.facts.name)
    }

    private func isFresh(_ link: SealedLink, _ rating: Rating) -> Bool {
        let asked = Outreach.Zone.utc.day(at: rating.askedAt)
        return Outreach.Zone.utc.day(at: core.now()).days(since: max(asked, link.day)) <= Self.ratingLife
    }

    func rate(_ link: SealedLink, _ request: WebRequest) async throws -> WebResponse {
        guard let (rating, record) = try await asked(link) else { return notFound(request) }
        let words = words(record, request)
        guard isFresh(link, rating) else { return tooOld(link, request, rating, words) }
        let score = request.query["score"].flatMap(Int.init).flatMap { Rating.scores.contains($0) ? $0 : nil }
        return ratePage(link, request, rating, record, chosen: score ?? rating.score, link: score)
    }

    /// Gives or changes a rating; of a link that is too old, mails a new one.
    func giveRating(_ link: SealedLink, _ request: WebRequest) async throws -> WebResponse {
        guard gate.isOwn(request) else { return .text(PublicWords.of(request).later, status: 403) }
        guard let (rating, record) = try await asked(link) else { return notFound(request) }
        let words = words(record, request)
        let now = core.now()
        guard isFresh(link, rating) else {
            guard rating.score == nil else { return tooOld(link, request, rating, words) }
            return try await renewRating(link, request, rating, record, words)
        }
        let form = request.form
        let fromLink = form["link"].flatMap(Int.init)
        guard let score = form["score"].flatMap(Int.init), Rating.scores.contains(score) else {
            return ratePage(link, request, rating, record, chosen: rating.score, link: fromLink, note: words.rateNone)
        }
        guard try await core.store.spend(Self.ratingChanges, subject: Self.subject(link), now: now) else {
            return tooMany(request)
        }
        let post = RatingPost(
            request: rating.request, score: score, words: form["words"],
            shownAt: form["shown"].flatMap { shownAt($0, request.path, link.shop) }, link: fromLink)
        guard let judge = core.ratings[link.shop],
            let step = try await judge.take(post, of: rating, shop: link.shop, now: now)
        else { return notFound(request) }
        switch step.outcome {
        case .counted: return ratePage(link, request, step.rating, record, chosen: score, link: nil, thanks: true)
        case .closed: return ratePage(link, request, step.rating, record, chosen: nil, link: nil)
        case .tooFast, .severalScores:
            return ratePage(
                link, request, step.rating, record, chosen: score, link: nil, note: words.rateAgain, line: post.words)
        }
    }

    /// - Parameters:
    ///   - chosen: the score that is chosen already.
    ///   - link: the score that the mail's link named.
    ///   - line: what was written and not taken.
    private func ratePage(
        _ link: SealedLink, _ request: WebRequest, _ rating: Rating, _ record: OrderRecord, chosen: Int?,
        link fromLink: Int?, note: String? = nil, thanks: Bool = false, line: String? = nil
    ) -> WebResponse {
        let words = words(record, request)
        let now = core.now()
        let isOpen = !rating.isClosed(at: now)
        let isLow = rating.score.map { $0 <= Rating.low } ?? false
        var said: [String] = []
        if let score = rating.score { said.append(words.rateGiven(score)) }
        if thanks { said.append(isLow ? words.rateSorry : words.rateThanksWords) }
        if rating.score != nil { said.append(isOpen ? words.rateChange : words.rateClosed) }
        let title = thanks ? words.rateThanks : question(rating, record, words)
        let help = core.post.brand(link.shop).map { brand in
            let mailbox = brand.replyTo ?? brand.from
            let subject = record.isOrder ? "?subject=\(record.facts.name.escapedForURL)" : ""
            return "mailto:\(mailbox.address)\(subject)"
        }
        let page = RatePage(
            title: title, words: said.joined(separator: " "), note: note,
            help: isLow || !isOpen ? help : nil, write: words.rateWrite, button: isOpen ? words.rateButton : nil,
            path: request.path, label: words.rateScale,
            scores: Rating.scores.map { RatePage.Score(number: $0, isChosen: $0 == chosen) }, line: words.rateLine,
            given: line ?? rating.words, shown: shown(at: now, request.path, link.shop),
            link: fromLink.map(String.init) ?? "")
        let own = SealedLink(
            .preferences, shop: link.shop, orderID: record.facts.id, addressKey: link.addressKey, day: link.day)
        return shown(page, as: .rate, frame(title, link.shop, words, own), link.shop)
    }

    private func tooOld(
        _ link: SealedLink, _ request: WebRequest, _ rating: Rating, _ words: PublicWords
    ) -> WebResponse {
        // What was answered needs no new link.
        let isOpen = rating.score == nil
        return pages.shopper(
            RenewPage(
                title: words.oldTitle, words: isOpen ? words.oldWords : words.rateClosed,
                button: isOpen ? words.newLink : nil, path: request.path),
            frame(words.oldTitle, link.shop, words), status: 410)
    }

    /// Mails a new link to the address on file.
    private func renewRating(
        _ link: SealedLink, _ request: WebRequest, _ rating: Rating, _ record: OrderRecord, _ words: PublicWords
    ) async throws -> WebResponse {
        let now = core.now()
        let isOfTalk = rating.kind == .conversation
        let name = Self.plain(record.facts.name)
        let subject = isOfTalk ? words.rateTalkSubject : "\(words.rateSubject) \(record.facts.name)"
        let heading = isOfTalk ? words.rateTalkSubject : "\(words.rateSubject) \(name)"
        let question = isOfTalk ? words.rateTalkTitle : words.rateTitle(name)
        if let recipient = record.recipient, core.store.addressKey(recipient.address) == link.addressKey,
            try await core.store.spend(Self.renewals, subject: Self.subject(link), now: now),
            let fresh = PublicLinks(url: site.url, store: core.store).rating(
                request: rating.request, shop: link.shop, addressKey: link.addressKey, now: now),
            let mail = core.post.mail(
                "new_link", to: recipient, subject: subject, body: "# \(heading)\n\n[\(question)](\(fresh))",
                language: words.language, about: "rate \(rating.request) \(now.milliseconds / 600_000)",
                aggregate: rating.subject, shop: link.shop, now: now)
        {
            try await core.store.put(mail, shop: link.shop, now: now)
            core.post.send(for: link.shop)
        }
        return pages.shopper(
            RenewPage(title: words.sentTitle, words: words.sentWords, button: nil, path: request.path),
            frame(words.sentTitle, link.shop, words))
    }

    // MARK: - When the page was shown

    func shown(at moment: Outreach.Moment, _ path: String, _ shop: String) -> String {
        "\(moment.milliseconds).\(tag(moment, path, shop))"
    }

    /// When a form says that it was shown; nil where it was not by us.
    func shownAt(_ text: String, _ path: String, _ shop: String) -> Outreach.Moment? {
        let parts = text.split(separator: ".", maxSplits: 1).map(String.init)
        guard parts.count == 2, let milliseconds = Int64(parts[0]) else { return nil }
        let moment = Outreach.Moment(milliseconds: milliseconds)
        return tag(moment, path, shop) == parts[1] ? moment : nil
    }

    private func tag(_ moment: Outreach.Moment, _ path: String, _ shop: String) -> String {
        let key = SymmetricKey(data: core.store.linkKeys(for: "rating form \(shop)")[0])
        let code = HMAC<SHA256>.authenticationCode(for: Data("\(moment.milliseconds) \(path)".utf8), using: key)
        return code.prefix(16).map { String($0 >> 4, radix: 16) + String($0 & 15, radix: 16) }.joined()
    }
}
