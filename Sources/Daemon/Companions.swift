import Delivery
package import Logging
package import Outreach
package import Platform
package import ServiceLifecycle
package import Store

/// What services other than the loops, such as the desk, build on: the running daemon's store, clock and mail.
package struct DaemonCore: Sendable {
    package let configuration: Configuration
    package let store: Store
    package let logger: Logger
    package let now: @Sendable () -> Moment
    package let post: ShopPost
    /// Writes the drafts that triggers made.
    package let answers: ShopAnswers
    /// Who may use the desk, as the loops know them.
    package let listed: ListedPeople
    /// Wakes services that reread a file on SIGHUP.
    package let hangup: Broadcast
    /// Makes the daemon act immediately on what was decided by hand.
    package let actedByHand: Broadcast
    /// Takes the texts that providers bring.
    package var texts: TextHooks?
    /// Takes what helpdesks call with.
    package var helpdesks: HelpdeskHooks?
    /// The chats of shops that have one, by shop.
    package var chats: [String: ChatDesk] = [:]
    /// Have a model write a reply for a person, by shop; empty where none is configured.
    package var writers: [String: ReplyWriter] = [:]
    /// Approves, refuses and chooses what shoppers are offered; nil where nothing can be.
    package var offers: OfferDesk?
    /// Does what shoppers ask for on pages of their own; nil where nothing is.
    package var pageDesk: PageDesk?
    /// Where shoppers ask for returns.
    package var returns: ReturnDesk?
    /// The shops that this daemon serves; nil for all.
    package var served: Set<String>?
    /// Takes what Shopify calls with.
    package var shopify: ShopifyHooks?
    /// Learns what somebody did at a page, of a shop's orders that are known.
    package let learn: @Sendable (_ events: [JudgedEvent], _ shop: String) async throws -> Void
    /// Judge what is posted as a rating, by shop.
    package let ratings: [String: RatingJudge]
    /// Do what is asked for by the buttons below an answer, by shop.
    package let answerButtons: [String: AnswerButtons]

    package init(
        configuration: Configuration, store: Store, logger: Logger, now: @escaping @Sendable () -> Moment,
        post: ShopPost, answers: ShopAnswers = ShopAnswers(), listed: ListedPeople? = nil, hangup: Broadcast,
        actedByHand: Broadcast,
        learn: @escaping @Sendable (_ events: [JudgedEvent], _ shop: String) async throws -> Void = { _, _ in },
        ratings: [String: RatingJudge] = [:], answerButtons: [String: AnswerButtons] = [:]
    ) {
        self.configuration = configuration
        self.store = store
        self.logger = logger
        self.now = now
        self.post = post
        self.answers = answers
        self.listed = listed ?? ListedPeople(configuration.people)
        self.hangup = hangup
        self.actedByHand = actedByHand
        self.learn = learn
        self.ratings = ratings
        self.answerButtons = answerButtons
        texts = nil
        helpdesks = nil
        offers = nil
        pageDesk = nil
        returns = nil
        shopify = nil
    }
}

/// Creates the services other than the loops.
package typealias Companions = @Sendable (DaemonCore) async throws -> [any Service]

/// Writes Bookbag's own mails in a shop's name, and has them sent through its relay.
package struct ShopPost: Sendable {
    /// What mail in one shop's name needs.
    package struct Office: Sendable {
        /// Its brand, as currently configured in its files.
        let brand: @Sendable () -> Brand
        /// The envelope sender; nil for the brand's own address.
        let sender: String?
        /// Called when there is mail to send; nil if the shop has no relay.
        let wake: Wake?
        /// Its own design of a page, for those who read a language; nil where it has none.
        let design: @Sendable (PageDesign.Page, _ locale: String) -> PageDesign?

        package init(
            brand: @escaping @Sendable () -> Brand, sender: String?, wake: Wake?,
            design: @escaping @Sendable (PageDesign.Page, _ locale: String) -> PageDesign? = { _, _ in nil }
        ) {
            self.brand = brand
            self.sender = sender
            self.wake = wake
            self.design = design
        }
    }

    private let offices: [String: Office]

    /// - Parameter offices: by shop domain.
    package init(_ offices: [String: Office]) { self.offices = offices }

    /// What mail in a shop's name needs; nil for a shop that is not served.
    func office(_ shop: String) -> Office? { offices[shop] }

    /// Whether mail can be sent for the shop.
    package func serves(_ shop: String) -> Bool { offices[shop]?.wake != nil }

    /// The shop's brand, as currently configured in its files; nil for a shop that is not served.
    package func brand(_ shop: String) -> Brand? { offices[shop]?.brand() }

    /// The shop's own design of a page, as its files have it now; nil where it has none.
    package func design(_ page: PageDesign.Page, _ shop: String, locale: String) -> PageDesign? {
        offices[shop]?.design(page, locale)
    }

    /// Composes a mail; nil if the shop has no relay, or the mail cannot be composed.
    ///
    /// - Parameters:
    ///   - body: Markdown.
    ///   - about: determines its id: two mails about the same thing are one.
    ///   - aggregate: the order that it belongs to, and is erased with.
    package func mail(
        _ kind: String, to: MailAddress, subject: String, body: String, language: String = "en", about: String,
        aggregate: AggregateID? = nil, shop: String, now: Moment
    ) -> SystemMail? {
        guard let office = offices[shop], office.wake != nil else { return nil }
        let brand = office.brand()
        let draft = MailDraft(
            from: brand.from, to: to, sender: office.sender ?? brand.from.address, subject: subject,
            body: .markdown(body), language: language,
            messageID: MessageIdentity.notice(shop: shop, kind: kind, about: about, domain: brand.from.domain),
            date: now, brand: brand)
        guard let message = try? MailComposer().compose(draft) else { return nil }
        return SystemMail(maker: kind, key: message.id, message: message, aggregate: aggregate, dueAt: now)
    }

    /// Has the stored mails sent.
    package func send(for shop: String) { offices[shop]?.wake?.call() }
}
