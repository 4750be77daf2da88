import Delivery
import Outreach
import Platform

/// The daemon's metrics, by their Prometheus names. No label contains a customer, an order or an address.
struct DaemonMetrics: Sendable {
    let registry = MetricRegistry()
    let events: Counter
    let decisions: Counter
    let deliveries: Counter
    let inDoubt: Counter
    let incoming: Counter
    let secondOpinions: Counter
    let oldestDue: Gauge
    let lag: Gauge
    let waiting: Gauge
    let channelOpen: Gauge
    let quota: Gauge
    let lastReload: Gauge
    let reloadSuccessful: Gauge
    let reloadHeld: Gauge
    let databaseBytes: Gauge
    let clockTrusted: Gauge
    let storeWritable: Gauge
    let polls: Counter
    let buildInfo: Gauge
    let carriers: CarrierMetrics

    init() {
        events = registry.counter(
            "bookbag_events_total",
            help: "Events recorded, by type, and whether they were reported or learned silently.",
            labels: ["type", "silence"])
        decisions = registry.counter(
            "bookbag_decisions_total", help: "What became of effects, by trigger, outcome and reason.",
            labels: ["trigger", "outcome", "reason"])
        deliveries = registry.counter(
            "bookbag_deliveries_total", help: "Attempts to deliver, by channel and verdict.",
            labels: ["channel", "verdict"])
        inDoubt = registry.counter(
            "bookbag_attempts_in_doubt_total",
            help: "Attempts that may or may not have arrived; they are repeated with the same Message-ID.",
            labels: ["channel"])
        incoming = registry.counter(
            "bookbag_incoming_mails_total", help: "Mails that came in and were judged, by kind.",
            labels: ["shop", "class"])
        secondOpinions = registry.counter(
            "bookbag_second_opinions_total",
            help: "Messages that another model was to be asked about, by what came of it.", labels: ["shop", "outcome"])
        oldestDue = registry.gauge(
            "bookbag_oldest_due_message_seconds",
            help:
                "Since when the oldest message that is due and not yet taken was first due, however often it was tried."
        )
        lag = registry.gauge(
            "bookbag_source_lag_seconds", help: "How long ago the source was last read without a fault.",
            labels: ["shop", "source"])
        waiting = registry.gauge("bookbag_effects", help: "Effects by state.", labels: ["state"])
        channelOpen = registry.gauge(
            "bookbag_channel_open", help: "1 while a channel is open, 0 while it is closed.",
            labels: ["shop", "channel"])
        quota = registry.gauge(
            "bookbag_quota_available", help: "What is left of a source's quota, in its own units.",
            labels: ["shop", "source"])
        lastReload = registry.gauge(
            "bookbag_triggers_last_good_reload_timestamp_seconds",
            help: "When trigger files and templates were last put into force.", labels: ["shop"])
        reloadSuccessful = registry.gauge(
            "bookbag_triggers_last_reload_successful",
            help: "1 if the newest trigger files and templates are in force.",
            labels: ["shop"])
        reloadHeld = registry.gauge(
            "bookbag_triggers_reload_held", help: "1 while an edit waits for confirmation.", labels: ["shop"])
        databaseBytes = registry.gauge("bookbag_database_size_bytes", help: "Size of the store.")
        carriers = CarrierMetrics(registry)
        storeWritable = registry.gauge(
            "bookbag_store_writable",
            help: "1 while the store is writable; 0 if its disk is full or it is read-only.")
        polls = registry.counter(
            "bookbag_polls_total", help: "Cycles of asking a shop, by how they ended.", labels: ["shop", "outcome"])
        buildInfo = registry.gauge("bookbag_build_info", help: "Always 1; the running version.", labels: ["version"])
        clockTrusted = registry.gauge("bookbag_clock_trusted", help: "1 while the clock can be trusted.")
        storeWritable.set(1)
        clockTrusted.set(1)
        oldestDue.set(0)
        buildInfo.set(1, BookbagVersion.current)
        for channel in ChannelKind.standard.map(\.name) {
            inDoubt.add(0, channel.rawValue)
            for verdict in ["accepted", "deferred", "refused", "unavailable"] {
                deliveries.add(0, channel.rawValue, verdict)
            }
        }
    }

    /// What came of asking another model.
    enum SecondOpinion: String, CaseIterable {
        case agreed, differed, failed
        /// It was left alone after a failure, or because asking took too much time.
        case rested
    }

    /// Initialises the series of a shop before anything happens to it, so that a rate over them never begins with a
    /// gap.
    func know(shop: String) {
        for outcome in ["good", "failed"] { polls.add(0, shop, outcome) }
        for kind in IncomingClass.allCases { incoming.add(0, shop, kind.rawValue) }
    }
}
