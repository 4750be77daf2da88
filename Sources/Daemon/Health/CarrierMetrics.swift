import Intake
import Outreach
import Platform

/// The metrics about carriers.
struct CarrierMetrics: Sendable {
    private let answers: Counter
    private let unknownCodes: Counter
    private let open: Gauge
    private let quota: Gauge
    private let lag: Gauge
    private let parcels: Gauge

    init(_ registry: MetricRegistry) {
        answers = registry.counter(
            "bookbag_carrier_answers_total",
            help: "Answers of carriers about parcels, by what they were; 'parcel' is one that told of it.",
            labels: ["carrier", "answer"])
        unknownCodes = registry.counter(
            "bookbag_carrier_unknown_codes_total", help: "Unknown codes in answers; they change no parcel's state.",
            labels: ["carrier"])
        open = registry.gauge(
            "bookbag_carrier_open", help: "1 while a carrier is asked, 0 while it is not asked because of faults.",
            labels: ["carrier"])
        quota = registry.gauge(
            "bookbag_carrier_calls_left_today", help: "Calls left of a carrier's daily quota.",
            labels: ["carrier"])
        lag = registry.gauge(
            "bookbag_carrier_lag_seconds", help: "How long the most overdue parcel of a carrier has been due.",
            labels: ["carrier"])
        parcels = registry.gauge(
            "bookbag_parcels", help: "Open parcels by who is asked about them; 'none' where nobody can be.",
            labels: ["carrier"])
    }

    func count(_ answer: CarrierAnswer, of carrier: String) {
        answers.add(1, carrier, answer.call?.kind.rawValue ?? "parcel")
        if !answer.unknownCodes.isEmpty { unknownCodes.add(answer.unknownCodes.count, carrier) }
    }

    func state(of carrier: String, isOpen: Bool, left: Int?) {
        open.set(isOpen ? 1 : 0, carrier)
        if let left { quota.set(Double(left), carrier) }
    }

    func lag(of carrier: String, _ lag: Duration) {
        self.lag.set(Double(max(0, lag.wholeMilliseconds)) / 1000, carrier)
    }

    /// Sets the number of parcels of each source, as counted by the store.
    func parcels(_ counts: [String: Int]) {
        for (source, count) in counts { parcels.set(Double(count), source.isEmpty ? "none" : source) }
    }
}
