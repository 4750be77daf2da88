import Logging
import Outreach
import Platform
import Store
import Synchronization

/// Reports messages that cannot be composed because their template fails for a real order: they wait until the file is
/// fixed, and somebody has to be told.
///
/// The journal gets one line per trigger and hour, however many orders are affected. The shop gets a mail with a
/// Message-ID derived from the files, the triggers and the day, so that no second one is sent, even after a restart.
final class TemplateTrouble: Sendable {
    /// How often the same trouble is reported again.
    static let reminder = Duration.hours(1)

    private let store: Store
    let reloaders: [String: TriggerReloader]
    private let logger: Logger
    /// When each trigger was last reported, by shop and name.
    private let told = Mutex<[[String]: Moment]>([:])

    init(store: Store, reloaders: [String: TriggerReloader], logger: Logger) {
        self.store = store
        self.reloaders = reloaders
        self.logger = logger
    }

    /// Reports the effects among `changes` that could not be composed, if a report is due.
    func tell(_ changes: [PlannedChange], contexts: [String: ShopContext], now: Moment) async throws(StoreFailure) {
        var failing: [String: Set<String>] = [:]
        for change in changes where change.effect.state == .waiting && change.effect.reason == .template {
            failing[change.effect.shop, default: []].insert(change.effect.trigger)
        }
        for (shop, triggers) in failing {
            let news = told.withLock { told in
                triggers.filter { trigger in
                    // A turn slightly before the full hour must not delay the report by another hour.
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
    /// Writes to the shop about messages that cannot be composed; at most once a day for the same triggers and files.
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

                Fix the template and save it: they are then sent immediately if they are still news. Until then they are tried again every hour.
                `bookbag explain` has the order's story, and `bookbag preview TRIGGER --order '#1001'` shows what its mail comes to.
                """, supersedes: [], now: now)
    }
}
