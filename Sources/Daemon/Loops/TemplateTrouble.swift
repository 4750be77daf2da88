import Logging
import Outreach
import Platform
import Store
import Synchronization

/// Tells of messages that cannot be written, because their template fails for a real order: they wait until the file is
/// fixed, and somebody has to hear of it.
///
/// The journal gets one line for each trigger and hour, however many orders it is about. The shop gets a mail, of which
/// a Message-ID that hangs on the files, the triggers and the day lets no second one out, over restarts as well.
final class TemplateTrouble: Sendable {
    /// How often the same is told again.
    static let reminder = Duration.hours(1)

    private let store: Store
    let reloaders: [String: TriggerReloader]
    private let logger: Logger
    /// When each trigger was last told of, by shop and name.
    private let told = Mutex<[[String]: Moment]>([:])

    init(store: Store, reloaders: [String: TriggerReloader], logger: Logger) {
        self.store = store
        self.reloaders = reloaders
        self.logger = logger
    }

    /// Tells of the effects among `plans` that could not be written, as far as it is time to.
    func tell(_ changes: [PlannedChange], contexts: [String: ShopContext], now: Moment) async throws(StoreFailure) {
        var failing: [String: Set<String>] = [:]
        for change in changes where change.effect.state == .waiting && change.effect.reason == .template {
            failing[change.effect.shop, default: []].insert(change.effect.trigger)
        }
        for (shop, triggers) in failing {
            let news = told.withLock { told in
                triggers.filter { trigger in
                    // A turn a moment before the hour is not to cost a second hour.
                    if let last = told[[shop, trigger]], last <= now, now - last < Self.reminder - .minutes(1) {
                        return false
                    }
                    told[[shop, trigger]] = now
                    return true
                }
            }
            guard !news.isEmpty, let context = contexts[shop] else { continue }
            let unwritten = try await store.unwritten(shop: shop)
            for one in unwritten where news.contains(one.trigger) {
                logger.log(
                    Line.templateFailed,
                    [
                        "shop": "\(shop)", "trigger": "\(one.trigger)", "count": "\(one.count)",
                        "reason": "\(Reason.template.rawValue)", "detail": "\(one.detail ?? "")",
                    ])
            }
            guard !unwritten.isEmpty, let reloader = reloaders[shop] else { continue }
            let rules = context.rules
            try await reloader.tell(
                unwritten, settings: rules.planner.triggers.settings, files: rules.inForce.folder, now: now)
        }
    }
}

extension TriggerReloader {
    /// Writes to the shop of messages that cannot be written; once a day at most for the same triggers under the same
    /// files.
    fileprivate func tell(
        _ unwritten: [UnwrittenMessages], settings: ShopSettings, files: TriggerFolder, now: Moment
    ) async throws(StoreFailure) {
        let count = unwritten.reduce(0) { $0 + $1.count }
        let names = unwritten.map(\.trigger).joined(separator: " ")
        let day = now.milliseconds / 86_400_000
        let lines = unwritten.map { one in
            "\(one.trigger): \(one.count == 1 ? "1 message waits" : "\(one.count) messages wait"). \(one.detail ?? "")"
        }
        try await tell(
            .unwritten, settings: settings, about: "\(files.digest) \(names) \(day)",
            subject: count == 1
                ? "A message cannot be written, and waits" : "\(count) messages cannot be written, and wait",
            body: """
                A template fails for real orders. Nobody has been sent half a mail; these wait:

                \(Self.list(lines))

                Fix the template and save it: they are written at once, as far as they are still news. Until then they are tried again every hour.
                `bookbag explain` has the order's story, and `bookbag preview TRIGGER --order '#1001'` shows what its mail comes to.
                """, supersedes: [], now: now)
    }
}
