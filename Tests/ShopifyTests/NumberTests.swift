import Foundation
import Testing

@testable import Shopify

@Suite("Numbers as they come") struct NumberTests {
    private func read<T: Decodable>(_ type: T.Type, _ text: String) throws -> T {
        try JSONDecoder().decode([T].self, from: Data("[\(text)]".utf8))[0]
    }

    @Test(
        "a whole number is a number or a text, and within 32 bits",
        arguments: [
            ("7", 7), ("\"13\"", 13), ("-4", -4), ("2.0", 2), ("1e3", 1000), ("\"1e3\"", 1000),
            ("9223372036854775807", 2_147_483_647), ("-9223372036854775808", -2_147_483_647),
            ("9223372036854775808", 2_147_483_647), ("\"9223372036854775807\"", 2_147_483_647),
            ("1e300", 2_147_483_647), ("-1e300", -2_147_483_647), ("\"-99999999999999999999999\"", -2_147_483_647),
        ] as [(String, Int)])
    func whole(text: String, value: Int) throws {
        #expect(try read(WireInt.self, text).value == value)
    }

    @Test(
        "what is no whole number is refused", arguments: ["1.5", "\"1.5\"", "\"\"", "\"12a\"", "true", "null", "\"∞\""])
    func noWhole(_ text: String) {
        #expect(throws: DecodingError.self) { try read(WireInt.self, text) }
    }

    @Test(
        "an amount is exact, and at most 10^11",
        arguments: [
            ("\"11884.9\"", "11884.9"), ("11.95", "11.95"), ("\"0.00\"", "0"), ("\"-3.10\"", "-3.1"),
            ("\"1.5E+3\"", "1500"), ("1e300", "100000000000"), ("\"1e999999\"", "100000000000"), ("\"0e999\"", "0"),
            ("\"-99999999999999999999999999999999999\"", "-100000000000"), ("1e-300", "0"), ("5e-324", "0"),
            ("\"0.0000000000000000000000000000000001\"", "0.0000000000000000000000000000000001"),
        ])
    func amounts(text: String, value: String) throws {
        #expect(try read(WireDecimal.self, text).value == Decimal(string: value)!)
    }

    @Test(
        "what is no amount is refused, whatever it begins with",
        arguments: [
            "\"12abc\"", "\"NaN\"", "\"\"", "\"1.\"", "\".5\"", "\"1e\"", "\"--1\"", "null", "[]",
            "\"\(String(repeating: "9", count: 41))\"",
        ])
    func noAmount(_ text: String) {
        #expect(throws: DecodingError.self) { try read(WireDecimal.self, text) }
    }

    @Test(
        "a time is read to the millisecond, with its offset",
        arguments: [
            ("2026-11-21T10:00:00Z", 1_795_255_200_000, nil), ("2026-11-21T10:00:00.25Z", 1_795_255_200_250, nil),
            ("2026-11-21T11:00:00+01:00", 1_795_255_200_000, 60),
            ("2026-11-21T00:30:00-09:30", 1_795_255_200_000, -570),
            ("2028-02-29T00:00:00Z", 1_835_395_200_000, nil),
        ] as [(String, Int64, Int?)])
    func times(text: String, milliseconds: Int64, offset: Int?) throws {
        let read = try read(WireMoment.self, "\"\(text)\"")
        #expect(read.time.milliseconds == milliseconds && read.offsetMinutes == offset)
    }

    @Test(
        "what is no time is refused",
        arguments: [
            "2026-02-29T00:00:00Z", "2026-11-31T00:00:00Z", "2026-11-21T24:00:00Z", "2026-11-21T10:00:00",
            "2026-11-21T10:00:00+0100", "2026-11-21T10:00:00.Z", "2026-11-21 10:00:00Z", "99999-01-01T00:00:00Z",
            "1999-12-31T23:59:59Z", "2100-01-01T00:00:00Z", "2026-11-21T10:00:00Z\u{0}", "",
        ])
    func noTimes(_ text: String) {
        #expect(throws: (any Error).self) { try read(WireMoment.self, "\"\(text)\"") }
    }

    @Test("a stored time beyond all bounds, and any sum with it, stays within the years 1 to 9999")
    func bounded() throws {
        for text in ["9223372036854775807", "-9223372036854775808", "0"] {
            let time = try read(Timestamp.self, text)
            for wait in [Duration.seconds(Int64.max), .seconds(Int64.min), .milliseconds(1), .zero] {
                let sum = time + wait
                #expect(abs(sum.milliseconds) < 300_000_000_000_000)
                _ = (sum - time, sum.seconds)
            }
            #expect(Timestamp(seconds: .max).milliseconds == 253_402_300_799_999)
        }
    }

    // MARK: - The bucket

    /// Numbers that traps are made of.
    static let extremes = [
        "1e-300", "-1e-300", "0", "-0.0", "1e300", "-1e300", "9223372036854775807", "-9223372036854775808",
        "1.7976931348623157e308", "5e-324", "\"2000\"", "null", "[]", "0.5", "100", "2000",
    ]

    @Test(
        "no bucket that an answer tells, or that was stored, makes waiting trap; nor does any clock",
        arguments: extremes)
    func buckets(_ first: String) throws {
        let moments = ["0", "9223372036854775807", "-9223372036854775808", "1795255200000"]
        for second in Self.extremes {
            for third in Self.extremes {
                let told = """
                    {"requestedQueryCost": \(second), "actualQueryCost": \(third), "throttleStatus":
                    {"maximumAvailable": \(first), "currentlyAvailable": \(second), "restoreRate": \(third)}}
                    """
                let report = try? read(CostReport.self, told)
                for at in moments {
                    let kept = """
                        {"maximum": \(first), "restoreRate": \(second), "level": \(third), "at": \(at)}
                        """
                    let now = try read(Timestamp.self, at)
                    var bucket = (try? read(CostBucket.self, kept)) ?? CostBucket(at: now)
                    if let throttle = report?.throttleStatus { bucket.learn(throttle, at: now) }
                    for time in moments {
                        let then = try read(Timestamp.self, time)
                        for cost in [0, 13, 1e300, -.infinity, .nan, report?.requestedQueryCost ?? 28] {
                            let wait = bucket.wait(for: cost, at: then)
                            #expect(wait >= .zero && wait <= .seconds(1_000_000))
                            _ = then + wait
                        }
                        bucket.spend(report?.requestedQueryCost ?? .infinity, at: then)
                        #expect((0...bucket.maximum).contains(bucket.available(at: then)))
                    }
                }
                let failure = ShopifyClient.failure(
                    of: [GraphQLError(code: "THROTTLED", path: [], requiredAccess: nil)], hasData: false, cost: report)
                guard case .throttled(let wait) = failure else {
                    Issue.record("not throttled")
                    return
                }
                #expect(wait >= .seconds(1) && wait <= .seconds(600))
            }
        }
    }

    @Test("a clock that once ran ahead does not keep the bucket empty until then")
    func clockAhead() throws {
        let now = Timestamp(seconds: 1_795_255_200)
        var bucket = CostBucket(at: now)
        bucket.spend(2000, at: now + .seconds(86_400 * 365))
        bucket.spend(10, at: now)
        #expect(bucket.available(at: now + .seconds(60)) == 2000)
    }
}
