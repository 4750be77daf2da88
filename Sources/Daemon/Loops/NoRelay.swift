import Logging
import Outreach
import Platform
import Store

/// Reports, in the journal and in `status`, triggers whose mails cannot be sent: no relay is configured, and the
/// triggers are not in shadow mode.
struct NoRelay: Sendable {
    let store: Store
    let logger: Logger

    /// Checks the triggers in force. To be called whenever they change.
    func look(at context: ShopContext, now: Moment) async throws(StoreFailure) {
        let mute = context.configuration.smtp == nil ? context.liveMailTriggers.joined(separator: ", ") : ""
        if !mute.isEmpty { logger.log(Line.noRelay, ["shop": "\(context.domain)", "trigger": "\(mute)"]) }
        try await store.remember(mute.isEmpty ? nil : mute, as: .noRelay, shop: context.domain, now: now)
    }
}
