import Daemon
import Foundation
import Outreach
import Store

// The page behind the buttons below an automatic answer.
//
// Looking at it changes nothing, because mail scanners open every link: the link says which button comes first, and a
// POST presses it. What comes sooner than anybody reads is a machine's, and is asked once more (RatePage.swift). The
// page says nothing of the conversation or an order, for whoever has the link may be anybody.

/// The page on which a customer says whether an answer helped.
struct AnswerPage: PageContent {
    static let template = "answer"

    struct Button: Encodable, Sendable {
        var value: String
        var title: String
        var isChosen: Bool
    }

    var title: String
    var words: String
    /// That the button has to be pressed once more, or that she has written since.
    var note: String?
    /// Where to write to; nil where a button does.
    var help: String?
    var write: String
    var buttons: [Button]
    var path: String
    /// When the page was shown, with its tag.
    var shown: String
}

extension PublicSite {
    /// The buttons below an answer work for so many days.
    static let answerLife = 30
    /// How often they may be pressed.
    static let answerPresses = RateLimit("answer_buttons", times: 10, per: .hours(1))

    /// The answer of a link; nil if it is gone.
    private func standing(_ link: SealedLink) async throws -> AnswerStanding? {
        guard let effect = Int64(exactly: link.orderNumber),
            let standing = try await core.store.answerStanding(effect, shop: link.shop),
            standing.addressKey == link.addressKey
        else { return nil }
        return standing
    }

    private func isFresh(_ standing: AnswerStanding) -> Bool {
        let answered = Outreach.Zone.utc.day(at: standing.at)
        return Outreach.Zone.utc.day(at: core.now()).days(since: answered) <= Self.answerLife
    }

    func answer(_ link: SealedLink, _ request: WebRequest) async throws -> WebResponse {
        guard let standing = try await standing(link) else { return notFound(request) }
        let words = PublicWords.of(language: standing.language, request)
        guard isFresh(standing) else { return tooOld(link, request, words) }
        let said = request.query["say"].flatMap(AnswerButton.init)
        return page(link, request, words, pressed: standing.pressed, chosen: said)
    }

    /// Presses a button.
    func press(_ link: SealedLink, _ request: WebRequest) async throws -> WebResponse {
        guard gate.isOwn(request) else { return .text(PublicWords.of(request).later, status: 403) }
        guard let standing = try await standing(link) else { return notFound(request) }
        let words = PublicWords.of(language: standing.language, request)
        guard isFresh(standing) else { return tooOld(link, request, words) }
        guard let button = request.form["say"].flatMap(AnswerButton.init) else {
            return page(link, request, words, pressed: standing.pressed, chosen: nil)
        }
        // Said twice, it is done once; and whoever wants a person has one.
        if standing.pressed == button || standing.pressed == .person {
            return page(link, request, words, pressed: standing.pressed, chosen: nil)
        }
        let now = core.now()
        guard try await core.store.spend(Self.answerPresses, subject: Self.subject(link), now: now) else {
            return tooMany(request)
        }
        let shownAt = request.form["shown"].flatMap { self.shownAt($0, request.path, link.shop) }
        guard let shownAt, now - shownAt >= Rating.quickest else {
            return page(link, request, words, pressed: standing.pressed, chosen: button, note: words.rateAgain)
        }
        guard let buttons = core.answerButtons[link.shop] else { return notFound(request) }
        switch try await buttons.press(button, on: standing, shop: link.shop, now: now) {
        case .done: return page(link, request, words, pressed: button, chosen: nil)
        case .newerWords:
            return page(link, request, words, pressed: standing.pressed, chosen: nil, note: words.answerNewer)
        case .failed: return .text(words.later, status: 503)
        }
    }

    /// - Parameters:
    ///   - pressed: the button that was pressed before.
    ///   - chosen: the button that comes first.
    private func page(
        _ link: SealedLink, _ request: WebRequest, _ words: PublicWords, pressed: AnswerButton?,
        chosen: AnswerButton?, note: String? = nil
    ) -> WebResponse {
        let (title, text) =
            switch pressed {
            case nil: (words.answerTitle, words.answerWords)
            case .helped: (words.rateThanks, words.answerThanks)
            case .person: (words.answerPersonTitle, words.answerPersonWords)
            }
        let open: [AnswerButton] =
            switch pressed {
            case nil: chosen == .person ? [.person, .helped] : [.helped, .person]
            case .helped: [.person]
            case .person: []
            }
        let page = AnswerPage(
            title: title, words: text, note: note, help: nil, write: words.rateWrite,
            buttons: open.map {
                AnswerPage.Button(value: $0.rawValue, title: words.answerButton($0), isChosen: $0 == chosen)
            }, path: request.path, shown: shown(at: core.now(), request.path, link.shop))
        return pages.shopper(page, frame(title, link.shop, words))
    }

    /// A link that is too old leads to the shop's mailbox instead.
    private func tooOld(_ link: SealedLink, _ request: WebRequest, _ words: PublicWords) -> WebResponse {
        let help = core.post.brand(link.shop).map { "mailto:\(($0.replyTo ?? $0.from).address)" }
        let page = AnswerPage(
            title: words.oldTitle, words: words.answerOld, note: nil, help: help, write: words.rateWrite, buttons: [],
            path: request.path, shown: "")
        return pages.shopper(page, frame(words.oldTitle, link.shop, words), status: 410)
    }
}
