import Delivery
import Intake
import Logging
import Outreach
import Platform
import ServiceLifecycle
import Store

/// Assembles what reads the things that reach a shop only once: its event sources, and its mailbox along with the watch
/// for new mail.
struct SourceWiring {
    let context: ShopContext
    let store: Store
    let learning: Learning
    let clock: DaemonClock
    let engine: TransferEngine
    /// Called when there is mail to send.
    let newMail: Wake
    /// Called when somebody wrote in a conversation.
    var newWords = Wake()
    /// Called when there is a text to send.
    var newMessages = Broadcast()
    let heartbeats: Heartbeats
    let logger: Logger
    /// Who answers at the desk.
    var people = ListedPeople(People())
    /// Judges what is posted as a rating; nil where no pages are served.
    var ratings: RatingJudge?
    /// Called when mail was delivered, or may have arrived.
    let wake = Wake()

    /// Where mail for the shop is delivered to us, and how; nil if it is not.
    var brought: (socket: String, shop: LMTPServer.Shop)? {
        guard let mailbox = context.configuration.mailbox, let socket = mailbox.lmtp else { return nil }
        let delivery = MailboxDelivery(
            shop: context.domain, addresses: ShopAddresses(mailbox.onlyTo), identity: MailIdentity(store.mailHash))
        return (socket, LMTPServer.Shop(delivery: delivery, reading: wake))
    }

    /// Asks another model what messages are about; nil where none is configured.
    private var secondReader: SecondReader? {
        context.configuration.understanding.map { endpoint in
            SecondReader(
                ChatCompletions(endpoint, transport: engine), shop: context.domain, metrics: learning.metrics,
                logger: logger)
        }
    }

    /// Judges what customers write in the helpdesk; nil where the shop's mail does not arrive there.
    var ticketLetters: MailJudge? {
        guard context.configuration.mailboxBelongsToHelpdesk else { return nil }
        // How a comment is read depends on its ticket.
        return MailJudge(
            read: { _, _ in MailJudge.ReadMail(mail: IncomingMail(.person), parked: "no ticket") }, context: context,
            store: store, learning: learning, logger: logger, newMail: newMail, newWords: newWords,
            secondReader: secondReader, newTexts: newMessages, people: people)
    }

    /// What hands letters on to the shop's people; nil where no mailbox is read.
    var forwarder: LetterForwarder? {
        guard let mailbox = context.configuration.mailbox else { return nil }
        return LetterForwarder(read: reader(of: mailbox), context: context, store: store)
    }

    private func reader(
        of mailbox: Configuration.Mailbox
    ) -> @Sendable (RawObservation, OrderNumbers.Style) -> MailJudge.ReadMail {
        { [context] observation, orders in
            let shop = context.rules.planner.triggers.settings
            return MailJudge.ReadMail(observation, settings: MailSettings(mailbox, settings: shop), orders: orders)
        }
    }

    /// Puts what goes out into the folder of sent mail, where the mailbox is set so; nil where mail is not fetched.
    var copies: SentCopyService? {
        guard let mailbox = context.configuration.mailbox,
            let settings = MailboxSettings(mailbox, shop: context.domain, engine: engine)
        else { return nil }
        var keep: SentCopyService.Keeping?
        if mailbox.keepsSent {
            let folder = SentFolder(settings, engine: engine)
            keep = { mail, id, looksFirst in try await folder.keep(mail, id: id, looksFirst: looksFirst) }
        }
        return SentCopyService(
            shop: context.domain, keep: keep, store: store, clock: clock, wake: Wake(), heartbeats: heartbeats,
            logger: logger, trouble: learning.trouble)
    }

    func services() -> [any Service] {
        var sources = ObservationSources.all
        var services: [any Service] = []
        var judge: MailJudge?
        let second = secondReader
        let texts = context.configuration.texts.map { settings in
            TextJudge(
                context: context, store: store, learning: learning, logger: logger,
                confirmsStops: settings.confirmsStops, newMessages: newMessages, secondReader: second)
        }
        if texts != nil { sources.append(TextSource()) }
        let chats = context.configuration.chat.map { _ in
            ChatJudge(
                context: context, store: store, learning: learning, logger: logger, newMessages: newMessages,
                secondReader: second)
        }
        if chats != nil { sources.append(ChatSource()) }
        if let mailbox = context.configuration.mailbox {
            if let settings = MailboxSettings(mailbox, shop: context.domain, engine: engine) {
                let identity = MailIdentity(store.mailHash)
                sources.append(MailboxSource(settings, identity: identity, engine: engine) { _, _ in [] })
                services.append(MailboxWatch(watcher: MailboxWatcher(settings, engine: engine), reading: wake))
            } else {
                sources.append(BroughtMail())
            }
            judge = MailJudge(
                read: reader(of: mailbox), context: context, store: store, learning: learning, logger: logger,
                newMail: newMail, newWords: newWords, secondReader: second, newTexts: newMessages, people: people)
        }
        if ratings != nil { sources.append(RatingSource()) }
        guard !sources.isEmpty else { return [] }
        services.append(
            SourceService(
                context: context, sources: sources, store: store, learning: learning, clock: clock, mail: judge,
                ratings: ratings, texts: texts, chats: chats, wake: wake, heartbeats: heartbeats, logger: logger))
        return services
    }
}
