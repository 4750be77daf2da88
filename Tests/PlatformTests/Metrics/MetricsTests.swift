import Foundation
import Testing

@testable import Platform

@Suite("metrics", .timeLimit(.minutes(5)))
struct MetricsTests {
    private func filled() -> MetricRegistry {
        let metrics = MetricRegistry()
        let deliveries = metrics.counter(
            "bookbag_deliveries_total", help: "Attempts by channel\nand verdict \\ all.",
            labels: ["channel", "verdict"])
        deliveries.add(2, "email", "accepted")
        deliveries.add(1, "webhook", "a \"b\"\\\n")
        _ = metrics.counter("bookbag_reloads_total", help: "Reloads.")
        _ = metrics.counter("bookbag_never_total", help: "With labels and no value yet.", labels: ["x"])
        let age = metrics.gauge("bookbag_oldest_due_message_age_seconds", help: "How late we are.")
        age.set(1.5)
        age.add(-2)
        let lag = metrics.histogram(
            "bookbag_lag_seconds", help: "From event to message.", buckets: [0.1, 1, 60], labels: ["source"])
        for seconds in [0.05, 0.1, 0.5, 100, .nan] { lag.observe(seconds, "shopify") }
        lag.observe(.milliseconds(2500), "shopify")
        return metrics
    }

    @Test("are written as Prometheus reads them")
    func exposition() {
        #expect(
            filled().exposition() == #"""
                # HELP bookbag_deliveries_total Attempts by channel\nand verdict \\ all.
                # TYPE bookbag_deliveries_total counter
                bookbag_deliveries_total{channel="email",verdict="accepted"} 2
                bookbag_deliveries_total{channel="webhook",verdict="a \"b\"\\\n"} 1
                # HELP bookbag_lag_seconds From event to message.
                # TYPE bookbag_lag_seconds histogram
                bookbag_lag_seconds_bucket{source="shopify",le="0.1"} 2
                bookbag_lag_seconds_bucket{source="shopify",le="1"} 3
                bookbag_lag_seconds_bucket{source="shopify",le="60"} 4
                bookbag_lag_seconds_bucket{source="shopify",le="+Inf"} 5
                bookbag_lag_seconds_sum{source="shopify"} 103.15
                bookbag_lag_seconds_count{source="shopify"} 5
                # HELP bookbag_oldest_due_message_age_seconds How late we are.
                # TYPE bookbag_oldest_due_message_age_seconds gauge
                bookbag_oldest_due_message_age_seconds -0.5
                # HELP bookbag_reloads_total Reloads.
                # TYPE bookbag_reloads_total counter
                bookbag_reloads_total 0

                """#)
    }

    @Test("pass promtool", .enabled(if: Fixtures.has("promtool", of: "prometheus")))
    func promtool() throws {
        let folder = Fixtures.Folder()
        try filled().exposition().write(toFile: folder.path + "/metrics", atomically: true, encoding: .utf8)
        let tool = try #require(Fixtures.find("promtool"))
        #expect(Fixtures.run("/bin/sh", ["-c", "'\(tool)' check metrics < '\(folder.path)/metrics'"]) != nil)
        #expect(Fixtures.run("/bin/sh", ["-c", "echo 'not a metric' | '\(tool)' check metrics"]) == nil)
    }

    @Test("keep a bounded number of combinations, and count the rest as other")
    func cardinality() {
        let metrics = MetricRegistry()
        let counter = metrics.counter("x_total", help: "x", labels: ["a", "b"], limit: 10)
        for index in 0..<1000 { counter.add(1, "\(index)", "y") }
        for _ in 0..<5 { counter.add(1, "3", "y") }
        let lines = metrics.exposition().split(separator: "\n").filter { !$0.hasPrefix("#") }
        #expect(lines.count == 11)
        #expect(lines.contains("x_total{a=\"other\",b=\"other\"} 990"))
        #expect(lines.contains("x_total{a=\"3\",b=\"y\"} 6"))
    }

    @Test("lose no count when many count at once")
    func concurrency() async {
        let metrics = MetricRegistry()
        let counter = metrics.counter("x_total", help: "x", labels: ["a"])
        await withTaskGroup(of: Void.self) { group in
            for task in 0..<8 {
                group.addTask { for _ in 0..<1000 { counter.add(1, "\(task % 2)") } }
            }
        }
        #expect(metrics.exposition().contains("x_total{a=\"0\"} 4000\nx_total{a=\"1\"} 4000"))
    }

    @Test(
        "write any number",
        arguments: [
            (0.0, "0"), (-0.5, "-0.5"), (.infinity, "+Inf"), (-.infinity, "-Inf"), (.nan, "NaN"), (1e300, "1e+300"),
            (123_456_789, "123456789"),
        ])
    func numbers(_ value: Double, _ text: String) {
        #expect(MetricFamily.number(value) == text)
    }
}
