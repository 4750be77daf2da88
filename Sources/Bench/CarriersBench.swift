import Foundation
import Intake
import Outreach
import Platform
import Store

/// Measures what asking carriers costs: picking the next parcels to ask about among a thousand and among a million, the size of the store, the memory of the
/// process, and how many answers are parsed and merged in a second on one core.
///
/// Prints one line each, `WHAT NUMBER UNIT`. The store lies in a folder that is removed at the end.
///
/// - Parameters:
///   - many: how many open parcels the large store holds.
///   - answers: a folder of recorded answers of UPS, or nil for a made one alone.
func benchCarriers(many: Int, answers folder: String?) async throws {
    try await benchAnswers(folder)
    let place = FileManager.default.temporaryDirectory.appendingPathComponent("bookbag-bench-\(UUID().uuidString)")
    try FileManager.default.createDirectory(at: place, withIntermediateDirectories: true)
    defer { try? FileManager.default.removeItem(at: place) }
    for count in [1_000, many] { try await benchPicking(count, in: place) }
}

private let shop = "juniperfig.myshopify.com"
private let sent = Moment(iso8601: "2026-11-18T09:00:00Z")!
private let now = Moment(iso8601: "2026-11-20T09:00:00Z")!

private func order(_ number: Int) -> OrderFacts {
    var facts = OrderFacts(
        id: "gid://shopify/Order/\(number)", name: "#\(number)", createdAt: sent - .hours(5), updatedAt: sent)
    facts.email = "shopper\(number)@shopper.example"
    facts.fulfillment = .fulfilled
    facts.lineItems = [LineItemFacts(id: "gid://shopify/LineItem/\(number)", title: "Fig jam", quantity: 2)]
    facts.fulfillments = [
        FulfillmentFacts(
            id: "gid://shopify/Fulfillment/\(number)", name: "#\(number).1", status: .success, createdAt: sent,
            updatedAt: sent,
            tracking: [TrackingFacts(company: "UPS", number: "1Z5R8939\(1_000_000_000 + number)")])
    ]
    return facts
}

// MARK: - Picking

private func benchPicking(_ count: Int, in place: URL) async throws {
    let path = place.appendingPathComponent("\(count).db").path
    var learner = Learner(live: LiveSince(shop: now - .days(30)), shopZone: .utc, lookEvery: .minutes(1))
    learner.sources = CarrierChoice(["ups"]).choice
    do {
        let store = try Store.open(path: path, role: .daemon, now: now - .days(30))
        _ = try await store.openShop(shop, now: now - .days(30))
        let clock = ContinuousClock()
        let start = clock.now
        for first in stride(from: 0, to: count, by: 1_000) {
            // The parcels fall due over a day, as they do in a shop that runs.
            let learned = (first..<min(first + 1_000, count)).compactMap { number in
                learner.learn(
                    Observation(shop: shop, seenAt: now, content: .order(order(number))), into: nil)
            }
            _ = try await store.commit(learned, now: now - .hours(24) + .seconds(Int64(first) * 86_400 / Int64(count)))
        }
        report("\(count) parcels, to store", Double(count) / seconds(clock.now - start), "parcels/s")
        try store.close()
    }
    // What the daemon has in its hands: a store that was just opened.
    let before = residentKiB()
    let store = try Store.open(path: path, role: .daemon, now: now)
    var best = Double.infinity
    var picked = 0
    for _ in 0..<200 {
        let clock = ContinuousClock()
        let start = clock.now
        let due = try await store.dueParcels(source: "ups", limit: 32, now: now)
        picked = AskingOrder.choose(due, limit: 32, now: now, urgency: \.urgency, at: \.askAt).count
        best = min(best, seconds(clock.now - start) * 1e6)
    }
    report("\(count) parcels, to pick \(picked) to ask", best, "µs")
    var next = Double.infinity
    for _ in 0..<200 {
        let clock = ContinuousClock()
        let start = clock.now
        _ = try await store.nextAsk(source: "ups")
        next = min(next, seconds(clock.now - start) * 1e6)
    }
    report("\(count) parcels, to know when the next is due", next, "µs")
    // And a turn of the daemon: pick, learn an answer each, and write it with the next time.
    let clock = ContinuousClock()
    let start = clock.now
    var turned = 0
    for _ in 0..<(count >= 10_000 ? 100 : 10) {
        let due = try await store.dueParcels(source: "ups", limit: 32, now: now)
        let records = try await store.load(shop: shop, orderIDs: due.flatMap(\.orderIDs))
        let learned = due.compactMap { parcel -> Learned? in
            guard let id = parcel.orderIDs.first, let record = records[id] else { return nil }
            return learner.learn(
                Observation(
                    shop: shop, seenAt: now,
                    content: .parcel(
                        number: parcel.number, source: "ups", scans: scans(), complete: true, order: id)), into: record)
        }
        _ = try await store.commit(learned, now: now)
        turned += learned.count
    }
    report("\(count) parcels, answers learned and stored", Double(turned) / seconds(clock.now - start), "answers/s")
    report(
        "\(count) parcels, memory", Double(residentKiB()) / 1024,
        "MiB resident, \((residentKiB() - before) / 1024) of it since opening")
    let bytes = try FileManager.default.attributesOfItem(atPath: path)[.size] as? Int ?? 0
    report(
        "\(count) parcels, database", Double(bytes) / 1_048_576, "MiB, \(bytes / count) bytes a parcel with its order")
    try store.close()
}

private func scans() -> [Scan] {
    (0..<8).map { index in
        Scan(
            id: "ups:2026-11-19T0\(index):00:00:x\(index)", source: "ups", time: sent + .hours(index),
            offsetMinutes: 0, state: index == 0 ? .accepted : .inTransit, words: "Arrived at facility",
            place: "Leeds, GB")
    }
}

// MARK: - Answers

/// An answer of UPS with ten events, as long as real ones are.
private func answer(_ number: String) -> [UInt8] {
    let events = (0..<10).map { index in
        """
        {"location":{"address":{"city":"Leeds","stateProvince":"","countryCode":"GB","country":"GB"},"slic":"4\(index)71"},"status":{"type":"I","description":"Arrived at Facility","code":"AR","statusCode":"005","simplifiedTextDescription":"In Transit"},"date":"2026111\(index)","time":"0\(index)1500","gmtDate":"2026111\(index)","gmtOffset":"+00:00","gmtTime":"0\(index):15:00"}
        """
    }
    return Array(
        """
        {"trackResponse":{"shipment":[{"inquiryNumber":"\(number)","package":[{"trackingNumber":"\(number)","deliveryDate":[{"type":"SDD","date":"20261123"}],"deliveryTime":{"type":"EOD","endTime":""},"currentStatus":{"description":"In Transit","code":"012","type":"I"},"activity":[\(events.joined(separator: ","))],"packageCount":1,"weight":{"unitOfMeasurement":"KGS","weight":"1.00"},"service":{"code":"011","levelCode":"011","description":"UPS Standard"}}]}]}}
        """.utf8)
}

private func benchAnswers(_ folder: String?) async throws {
    var learner = Learner(live: LiveSince(shop: now - .days(30)), shopZone: .utc, lookEvery: .minutes(1))
    learner.sources = CarrierChoice(["ups"]).choice
    let number = "1Z5R89390357567127"
    let body = answer(number)
    measure("made answer of 10 events (\(body.count) bytes)", "ups", number, body, learner)
    guard let folder else { return }
    let index = (try? String(contentsOfFile: folder + "/INDEX.tsv", encoding: .utf8)) ?? ""
    var rates: [Double] = []
    for line in index.split(separator: "\n").dropFirst() {
        let fields = line.split(separator: "\t", omittingEmptySubsequences: false).map(String.init)
        guard fields.count > 4, let carrier = Carriers.named(fields[1]),
            let data = FileManager.default.contents(atPath: folder + "/" + fields[0])
        else { continue }
        let answer = CarrierReading(carrier).answer(
            inRecorded: Array(data), number: "1", ReadingContext(now: now))
        guard answer.call == nil, let number = answer.number else { continue }
        rates.append(
            measure("", fields[1], number, Array(data), learner, rounds: 40))
    }
    guard !rates.isEmpty else { return }
    let mean = Double(rates.count) / rates.map { 1 / $0 }.reduce(0, +)
    report("\(rates.count) recorded answers, one of each in turn", mean, "answers/s and core")
}

/// Parses and merges one answer over and over: the body is read, judged, laid over what is known of its order, and asked what it implies.
@discardableResult
private func measure(
    _ name: String, _ carrier: String, _ number: String, _ body: [UInt8], _ learner: Learner, rounds: Int = 400
) -> Double {
    guard let carrier = Carriers.named(carrier) else { return 0 }
    var facts = order(1)
    facts.fulfillments[0].tracking[0].number = number
    guard
        let known = learner.learn(Observation(shop: shop, seenAt: now, content: .order(facts)), into: nil)?.record
    else { return 0 }
    let reading = CarrierReading(carrier)
    let response = HTTPResponse(status: 200, body: body)
    func parse() -> CarrierAnswer {
        reading.answers(to: response, asked: [CarrierQuestion(number)], now: now)[0]
    }
    func merge(_ answer: CarrierAnswer, into record: OrderRecord) -> OrderRecord {
        learner.learn(
            Observation(
                shop: shop, seenAt: now,
                content: .parcel(
                    number: number, source: carrier.name, scans: answer.scans, complete: true, order: facts.id)),
            into: record)?.record ?? record
    }
    // The first answer adds all its scans; the next ones, as in life, mostly the same again.
    let first = merge(parse(), into: known)
    let both = perSecond(rounds) { merge(parse(), into: first).shipments.count }
    if !name.isEmpty {
        report("\(name), parsed", perSecond(rounds) { parse().events.count }, "answers/s and core")
        let answer = parse()
        report(
            "\(name), merged", perSecond(rounds) { merge(answer, into: first).shipments.count }, "answers/s and core")
        report(
            "\(name), merged when all is new", perSecond(rounds) { merge(answer, into: known).shipments.count },
            "answers/s and core")
        report("\(name), parsed and merged", both, "answers/s and core")
    }
    return both
}

/// The best rate over some rounds of fifty.
private func perSecond(_ rounds: Int, _ work: () -> Int) -> Double {
    let clock = ContinuousClock()
    var best = 0.0
    var kept = 0
    for _ in 0..<max(1, rounds / 20) {
        let start = clock.now
        for _ in 0..<50 { kept &+= work() }
        best = max(best, 50 / seconds(clock.now - start))
    }
    precondition(kept >= 0)
    return best
}

private func seconds(_ duration: Duration) -> Double {
    let (whole, fraction) = duration.components
    return Double(whole) + Double(fraction) / 1e18
}

private func report(_ what: String, _ number: Double, _ unit: String) {
    print("\(what): \(number >= 100 ? "\(Int(number.rounded()))" : "\((number * 10).rounded() / 10)") \(unit)")
}

/// What the process has in memory, by the kernel (proc_pid_statm(5): resident pages).
private func residentKiB() -> Int {
    guard let text = try? String(contentsOfFile: "/proc/self/statm", encoding: .utf8) else { return 0 }
    return (text.split(separator: " ").dropFirst().first.flatMap { Int($0) } ?? 0) * 4
}
