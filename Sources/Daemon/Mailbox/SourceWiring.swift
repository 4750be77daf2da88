import Intake
import Logging
import Outreach
import Platform
import ServiceLifecycle
import Store

/// Puts together what reads the things that reach a shop once: its event sources, and its mailbox with what waits for
/// word of new mail.
struct SourceWiring {
    let context: ShopContext
    let store: Store
    let learning: Learning
    let clock: DaemonClock
    let engine: TransferEngine
    /// Called when there is a mail to the shop's own people.
    let newMail: Wake
    let heartbeats: Heartbeats
    let logger: Logger

    func services() -> [any Service] {
        var sources = ObservationSources.all
        var services: [any Service] = []
        let wake = Wake()
        var judge: MailJudge?
        if let mailbox = context.configuration.mailbox {
            let settings = MailboxSettings(mailbox, shop: context.domain, engine: engine)
            let source = MailboxSource(settings, identity: MailIdentity(store.mailHash), engine: engine) { _, _ in [] }
            sources.append(source)
            judge = MailJudge(
                read: { [context] observation in
                    let shop = context.rules.planner.triggers.settings
                    return MailJudge.ReadMail(observation, settings: MailSettings(mailbox, settings: shop))
                },
                context: context, store: store, learning: learning, logger: logger, newMail: newMail)
            services.append(
                MailboxWatch(watcher: MailboxWatcher(settings, engine: engine), reading: wake))
        }
        guard !sources.isEmpty else { return [] }
        services.append(
            SourceService(
                context: context, sources: sources, store: store, learning: learning, clock: clock, mail: judge,
                wake: wake, heartbeats: heartbeats, logger: logger))
        return services
    }
}
