import Testing

@testable import Shopify

@Suite("The cost bucket") struct CostBucketTests {
    static let start = Timestamp(seconds: 1_800_000_000)

    private func bucket(_ level: Double) -> CostBucket {
        var bucket = CostBucket(at: Self.start)
        bucket.learn(.init(maximumAvailable: 2000, currentlyAvailable: level, restoreRate: 100), at: Self.start)
        return bucket
    }

    @Test(
        "waits for what is missing, at the rate that it restores",
        arguments: [
            (2000.0, 105.0, Duration.zero), (100, 105, .milliseconds(50)), (0, 1000, .seconds(10)),
            (1100, 28, .zero), (1999, 2500, .milliseconds(10)), (99.999, 100, .milliseconds(1)),
        ] as [(Double, Double, Duration)])
    func waits(level: Double, cost: Double, expected: Duration) {
        let bucket = bucket(level)
        let wait = bucket.wait(for: cost, at: Self.start)
        #expect(wait == expected)
        #expect(bucket.wait(for: cost, at: Self.start + wait) == .zero, "who waits as told may go")
    }

    @Test("restores with time, never above the brim, and never by a clock that goes back")
    func restores() {
        var bucket = bucket(500)
        #expect(bucket.available(at: Self.start + .seconds(3)) == 800)
        #expect(bucket.available(at: Self.start + .seconds(3600)) == 2000)
        #expect(bucket.available(at: Self.start + .seconds(-3600)) == 500)
        bucket.spend(600, at: Self.start + .seconds(3))
        #expect(bucket.available(at: Self.start + .seconds(4)) == 300)
    }

    @Test("does not believe nonsense, and survives being stored")
    func nonsense() throws {
        var bucket = bucket(500)
        for bad in [(0.0, 1.0, 100.0), (2000, 1, 0), (.nan, 1, 100), (2000, 1, .infinity)] {
            bucket.learn(.init(maximumAvailable: bad.0, currentlyAvailable: bad.1, restoreRate: bad.2), at: Self.start)
        }
        #expect(bucket.available(at: Self.start) == 500)
        bucket.learn(.init(maximumAvailable: 4000, currentlyAvailable: 9000, restoreRate: 200), at: Self.start)
        #expect(bucket.available(at: Self.start) == 4000)
    }
}
