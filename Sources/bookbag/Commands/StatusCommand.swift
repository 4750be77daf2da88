import ArgumentParser
import Daemon
import Delivery
import Foundation
import Outreach
import Store

/// `bookbag status`: how the daemon is doing, from what it wrote down.
struct StatusCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "status", abstract: "Show how far each shop was read, what waits, and what is closed.",
        discussion: """
            Ends with status 1 when something needs a person: a shop or a channel that lets us in no more, a store that cannot be written, a clock that cannot be \
            trusted. docs/operations.md says what each word means.

            EXAMPLE
              bookbag status --config /etc/bookbag/bookbag.yaml
            """)

    @OptionGroup var options: CommandOptions
    @Flag(help: "Print JSON.") var json = false

    func run() async throws {
        let store = try options.store()
        let now = DaemonClock.system()
        let status = try await store.status(now: now)
        let channels = try await store.channelStates()
        var unwritten: [String: [UnwrittenMessages]] = [:]
        for shop in status.shops { unwritten[shop.shop] = try await store.unwritten(shop: shop.shop) }
        var report = StatusReport(
            status, channels: channels, carriers: try await CarrierReport(store, now: now), unwritten: unwritten,
            now: now)
        report.named = options.shopsNamed()
        do throws(StoreFailure) { try await store.probe() } catch { report.storeFault = error.description }
        if json {
            print(try report.json())
        } else {
            print(report.text)
        }
        if report.needsSomebody { throw ExitStatus.fault }
    }
}

/// The status as people and programs read it.
struct StatusReport {
    let status: StoreStatus
    let channels: [Route: ChannelState]
    let carriers: CarrierReport
    /// What waits because its template fails, by shop.
    let unwritten: [String: [UnwrittenMessages]]
    let now: Moment
    /// The shops of the configuration; nil where there is none to be read.
    var named: Set<String>?
    /// Why the store cannot be written; nil where it can.
    var storeFault: String?

    init(
        _ status: StoreStatus, channels: [Route: ChannelState], carriers: CarrierReport,
        unwritten: [String: [UnwrittenMessages]], now: Moment
    ) {
        self.unwritten = unwritten
        self.status = status
        self.channels = channels
        self.carriers = carriers
        self.now = now
    }

    /// Whether the shop is served: by the configuration, where there is one.
    private func isServed(_ shop: String) -> Bool { named?.contains(shop) ?? true }

    /// The channels that are closed, of shops that are served.
    private var closed: [(route: Route, state: ChannelState)] {
        channels.filter { $0.value.failures > 0 && isServed($0.key.shop) }
            .sorted { ($0.key.shop, $0.key.name) < ($1.key.shop, $1.key.name) }
            .map { (route: $0.key, state: $0.value) }
    }

    /// True where something does not fix itself, or has not yet.
    var needsSomebody: Bool {
        let served = status.shops.filter { isServed($0.shop) }
        return storeFault != nil || !closed.isEmpty
            || served.contains { shop in
                ["shop_fault", "last_fault", Watchdog.clockFault, NoRelay.remembered, HeldBrake.remembered].contains {
                    shop.remembered[$0] != nil
                }
            }
    }

    var text: String {
        var lines: [String] = []
        for shop in status.shops {
            lines.append(shop.shop)
            if !isServed(shop.shop) {
                lines.append("  not in the configuration: it is not asked, and nothing is sent for it")
            }
            if let restoration = shop.restoration {
                lines.append(
                    "  put back         from a backup of \(restoration.backupAt); what happened since is learned in silence"
                )
            }
            if let fault = shop.remembered[Watchdog.clockFault] {
                lines.append("  clock            not trusted, so nothing is decided or sent: \(fault)")
            }
            if let triggers = shop.remembered[NoRelay.remembered] {
                lines.append("  no relay         'smtp:' is missing, and these triggers write mails: \(triggers)")
            }
            lines.append("  watched since    \(shop.state.liveSince.shop)")
            lines.append("  last read        \(shop.remembered["last_good_cycle"].map { ago($0) } ?? "never")")
            lines.append("  read up to       \(shop.state.cursor?.iso8601 ?? "nothing yet")")
            lines.append("  orders to read   \(shop.toRead)\(since(shop.toReadSince))")
            if shop.parked > 0 {
                lines.append("  cannot be read   \(counted(shop.parked, "order")), tried again by themselves")
            }
            lines.append("  events to judge  \(shop.pendingEvents)\(since(shop.pendingSince))")
            let effects = Effect.State.allCases.compactMap { state in
                shop.effects[state].map { "\($0) \(state.rawValue)" }
            }
            lines.append("  messages         \(effects.isEmpty ? "none yet" : effects.joined(separator: ", "))")
            if shop.inDoubtNow > 0 {
                lines.append(
                    "  in doubt         \(counted(shop.inDoubtNow, "message")); repeated with the same Message-ID")
            }
            for one in unwritten[shop.shop] ?? [] {
                lines.append(
                    "  cannot be written \(one.count) of '\(one.trigger)', since \(one.since); they wait: \(one.detail ?? "")"
                )
            }
            if let held = HeldBrake(shop.remembered[HeldBrake.remembered]) {
                lines.append(
                    "  brake            mail is held since \(held.since), after \(held.people) people within an hour; `bookbag triggers confirm` releases it"
                )
            }
            if let held = HeldReload(shop.remembered["held_reload"]) {
                lines.append(
                    "  held edit        since \(held.since): it would write to \(held.people) people at once; `bookbag triggers confirm` releases it"
                )
            }
            for fault in ["shop_fault", "last_fault"].compactMap({ shop.remembered[$0] }) {
                lines.append("  last fault       \(fault)")
            }
        }
        if status.shops.isEmpty { lines.append("No shop has been read yet: is the daemon running?") }
        for (route, state) in closed {
            let name = ChannelKind.standard.title(of: route)
            lines.append("\(route.shop): \(name) is closed: \(state.detail ?? state.reason ?? "unknown")")
        }
        lines += carriers.lines
        lines.append(
            "store: \(status.bytes / 1024) KiB, schema \(status.schemaVersion), last written \(status.lastMoment)")
        if let storeFault { lines.append("store: cannot be written: \(storeFault)") }
        return lines.joined(separator: "\n")
    }

    func json() throws -> String {
        let shops = status.shops.map { shop -> [String: Any] in
            [
                "shop": shop.shop, "live_since": shop.state.liveSince.shop.iso8601,
                "cursor": shop.state.cursor?.iso8601 ?? NSNull(), "to_read": shop.toRead, "parked": shop.parked,
                "pending_events": shop.pendingEvents, "attempts_in_doubt": shop.inDoubt,
                "messages_in_doubt": shop.inDoubtNow, "served": isServed(shop.shop),
                "clock_fault": shop.remembered[Watchdog.clockFault] ?? NSNull(),
                "no_relay_for": shop.remembered[NoRelay.remembered] ?? NSNull(),
                "restored_backup_of": shop.restoration?.backupAt.iso8601 ?? NSNull(),
                "effects": Dictionary(uniqueKeysWithValues: shop.effects.map { ($0.key.rawValue, $0.value) }),
                "unwritten": (unwritten[shop.shop] ?? []).map { one in
                    [
                        "trigger": one.trigger, "count": one.count, "since": one.since.iso8601,
                        "detail": one.detail ?? NSNull(),
                    ] as [String: Any]
                },
                "last_good_cycle": shop.remembered["last_good_cycle"] ?? NSNull(),
                "last_fault": (shop.remembered["shop_fault"] ?? shop.remembered["last_fault"]) ?? NSNull(),
                "held_reload": HeldReload(shop.remembered["held_reload"]).map {
                    ["people": $0.people, "since": $0.since.iso8601] as [String: Any]
                } ?? NSNull(),
            ] as [String: Any]
        }
        let closed = closed.map { route, state -> [String: Any] in
            [
                "shop": route.shop, "channel": route.channel.rawValue, "endpoint": route.target,
                "reason": state.reason ?? NSNull(), "failures": state.failures,
            ] as [String: Any]
        }
        var whole: [String: Any] = [
            "shops": shops, "closed_channels": closed, "database_bytes": status.bytes,
            "schema_version": status.schemaVersion, "last_moment": status.lastMoment.iso8601,
            "store_fault": storeFault ?? NSNull(),
        ]
        whole.merge(carriers.json) { mine, _ in mine }
        let data = try JSONSerialization.data(withJSONObject: whole, options: [.sortedKeys, .prettyPrinted])
        return String(decoding: data, as: UTF8.self)
    }

    private func since(_ moment: Moment?) -> String {
        moment.map { ", the oldest since \(ago($0.iso8601))" } ?? ""
    }

    private func ago(_ text: String) -> String {
        guard let moment = Moment(iso8601: text) else { return text }
        let seconds = max(0, (now - moment).wholeMilliseconds / 1000)
        switch seconds {
        case ..<120: return "\(seconds) s ago"
        case ..<7200: return "\(seconds / 60) min ago"
        default: return "\(moment)"
        }
    }
}
