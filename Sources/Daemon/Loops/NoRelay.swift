import Logging
import Outreach
import Platform
import Store

/// Says so, in the journal and in `status`, where triggers write mails that nothing takes: no relay is configured, and
/// they are not in shadow mode.
struct NoRelay: Sendable {
    let store: Store
    let logger: Logger

    /// Looks at the triggers in force. To be called when they come into force.
    func look(at context: ShopContext, now: Moment) async throws(StoreFailure) {
        let mute = context.configuration.smtp == nil ? context.liveMailTriggers.joined(separator: ", ") : ""
        if !mute.isEmpty { logger.log(Line.noRelay, ["shop": "\(context.domain)", "trigger": "\(mute)"]) }
        try await store.remember(mute.isEmpty ? nil : mute, as: .noRelay, shop: context.domain, now: now)
    }
}
