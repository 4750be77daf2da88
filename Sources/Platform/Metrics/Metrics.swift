// A metrics registry, in Prometheus' terms (https://prometheus.io/docs/concepts/metric_types/).
//
// A metric is declared once, with its name, help and label names; later calls only change a value under label values.
// Label values come from our closed sets (a reason, a verdict) or nearly closed ones (a trigger's name). In case such a
// set grows without bound, each metric keeps a limited number of combinations; the rest count under `other`, so that
// sums stay right.

import Synchronization

/// All metrics of a program, and their Prometheus text.
public final class MetricRegistry: Sendable {
    private let metrics = Mutex<[MetricFamily]>([])

    /// Makes an empty registry.
    public init() {}

    /// Declares a number that only grows.
    ///
    /// - Parameters:
    ///   - name: ends in the unit and `_total`, and is declared once.
    ///   - labels: the label names; values are given in the same order.
    ///   - limit: how many combinations of label values are kept separately.
    public func counter(_ name: String, help: String, labels: [String] = [], limit: Int = 500) -> Counter {
        precondition(name.hasSuffix("_total"), "a counter's name ends in _total: \(name)")
        return Counter(family: declare(MetricFamily(.counter, name, help, labels, limit: limit)))
    }

    /// Declares a number that goes up and down.
    public func gauge(_ name: String, help: String, labels: [String] = [], limit: Int = 500) -> Gauge {
        Gauge(family: declare(MetricFamily(.gauge, name, help, labels, limit: limit)))
    }

    /// Declares a histogram.
    ///
    /// - Parameters:
    ///   - buckets: the upper bounds, ascending; `+Inf` is added automatically.
    public func histogram(
        _ name: String, help: String, buckets: [Double], labels: [String] = [], limit: Int = 100
    ) -> Histogram {
        precondition(!buckets.isEmpty && zip(buckets, buckets.dropFirst()).allSatisfy(<), "buckets must rise: \(name)")
        return Histogram(family: declare(MetricFamily(.histogram, name, help, labels, buckets: buckets, limit: limit)))
    }

    private func declare(_ family: MetricFamily) -> MetricFamily {
        metrics.withLock { metrics in
            precondition(!metrics.contains { $0.name == family.name }, "declared twice: \(family.name)")
            metrics.append(family)
        }
        return family
    }

    /// Everything in Prometheus' text format, version 0.0.4, families by name. Serve it as ``contentType``.
    public func exposition() -> String {
        var text = ""
        for family in metrics.withLock({ $0 }).sorted(by: { $0.name < $1.name }) { family.write(to: &text) }
        return text
    }

    /// The media type of ``exposition()``.
    public static let contentType = "text/plain; version=0.0.4; charset=utf-8"
}

/// A number that only grows.
public struct Counter: Sendable {
    let family: MetricFamily

    /// Adds to the number under these label values.
    public func add(_ amount: Int = 1, _ values: String...) {
        precondition(amount >= 0, "a counter never goes down: \(family.name)")
        family.update(values) { $0.value += Double(amount) }
    }

    /// Takes over a total that is counted elsewhere. It never goes down here.
    public func reach(_ total: Int64, _ values: String...) {
        family.update(values) { $0.value = max($0.value, Double(total)) }
    }
}

/// A number that goes up and down.
public struct Gauge: Sendable {
    let family: MetricFamily

    /// Sets the number under these label values.
    public func set(_ value: Double, _ values: String...) { family.update(values) { $0.value = value } }

    /// Adds to the number, or subtracts from it.
    public func add(_ amount: Double, _ values: String...) { family.update(values) { $0.value += amount } }

    /// Removes the number under these label values, for instance of a shop no longer served.
    public func remove(_ values: String...) { family.remove(values) }
}

/// A histogram.
public struct Histogram: Sendable {
    let family: MetricFamily

    /// Records a measurement, in the metric's unit.
    public func observe(_ measurement: Double, _ values: String...) {
        // NaN falls in no bucket and would spoil the sum for ever.
        guard !measurement.isNaN else { return }
        family.observe(measurement, values)
    }

    /// Records a duration, in seconds.
    public func observe(_ duration: Duration, _ values: String...) {
        let (seconds, attoseconds) = duration.components
        family.observe(Double(seconds) + Double(attoseconds) * 1e-18, values)
    }
}
