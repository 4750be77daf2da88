import Foundation
import Intake
import Outreach
import Platform
import Store

// What asking carriers costs: `answers` parses and merges answers, on one core; `asking` picks the next parcels to ask
// about in a store that `parcels` has made, and tells its size and the memory of the process. Each is a process of its
// own, so that making a store is not in the memory of reading it. `scripts/bench-carriers` runs them one after the
// other. Each prints one line for a figure, `WHAT: NUMBER UNIT`.

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

private func learner() -> Learner {
    var learner = Learner(live: LiveSince(shop: now - .days(30)), shopZone: .utc, rereadEvery: .minutes(1))
    learner.sources = CarrierChoice(["ups"]).choice
    return learner
}

/// Makes a store of so many open parcels, a multiple of 1,000, each with a carrier's answer.
func makeParcels(path: String, count: Int) async throws {
    let start = ContinuousClock.now
    let learner = learner()
    let store = try Store.open(path: path, role: .daemon, now: now - .days(30))
    _ = try await store.openShop(shop, now: now - .days(30))
    let learned = (0..<ManyParcels.learned).compactMap { number in
        learner.learn(
            Observation(shop: shop, seenAt: now, content: .order(order(ManyParcels.first + number))), into: nil)
    }
    _ = try await store.commit(learned, now: now)
    let ids = learned.map(\.record.facts.id)
    let records = try await store.load(shop: shop, orderIDs: ids)
    _ = try await store.commit(
        ids.compactMap { records[$0].flatMap { answered($0, learner) } }, now: now - .hours(1))
    try store.close()
    try ManyParcels(path: path, count: count).copy(now: now)
    report("\(count) parcels, to make", seconds(.now - start), "s")
}

/// Measures a store that `makeParcels` made: what the daemon has in its hands, just opened.
func benchAsking(path: String, count: Int) async throws {
    let learner = learner()
    let before = try residentKiB()
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
    for _ in 0..<20 {
        let due = try await store.dueParcels(source: "ups", limit: 32, now: now)
        let records = try await store.load(shop: shop, orderIDs: due.flatMap(\.orderIDs))
        let learned = due.compactMap { parcel in
            parcel.orderIDs.first.flatMap { records[$0] }.flatMap { answered($0, learner, more: 1) }
        }
        _ = try await store.commit(learned, now: now)
        turned += learned.count
    }
    precondition(turned > 0, "the parcels have no orders")
    report("\(count) parcels, answers learned and stored", Double(turned) / seconds(clock.now - start), "answers/s")
    let held = try residentKiB()
    report(
        "\(count) parcels, memory", Double(held) / 1024,
        "MiB resident, \((held - before) / 1024) of it since opening")
    let bytes = try FileManager.default.attributesOfItem(atPath: path)[.size] as? Int ?? 0
    report(
        "\(count) parcels, database", Double(bytes) / 1_048_576, "MiB, \(bytes / count) bytes a parcel with its order")
    try store.close()
}

/// What is learned from an answer of eight scans, and some more, about the order's parcel.
private func answered(_ record: OrderRecord, _ learner: Learner, more: Int = 0) -> Learned? {
    guard let number = record.shipments.first?.tracking.number else { return nil }
    let scans = (0..<8 + more).map { index in
        Scan(
            id: "ups:2026-11-19T\(10 + index):00:00:1x0qcgcbml\(index)", source: "ups", time: sent + .hours(index),
            offsetMinutes: 0, state: index == 0 ? .accepted : .inTransit, words: "Arrived at Facility",
            place: "Leeds, GB")
    }
    return learner.learn(
        Observation(
            shop: shop, seenAt: now,
            content: .parcel(number: number, source: "ups", scans: scans, complete: true, order: record.facts.id)),
        into: record)
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

/// Parses and merges a made answer and, where that folder holds them, recorded ones, over and over.
func benchAnswers(_ folder: String) async throws {
    let learner = learner()
    let number = "1Z5R89390357567127"
    let body = answer(number)
    try measure("made answer of 10 events (\(body.count) bytes)", "ups", number, body, learner)
    guard let index = try? String(contentsOfFile: folder + "/INDEX.tsv", encoding: .utf8) else {
        print("left out: recorded answers, for there is no \(folder)/INDEX.tsv")
        return
    }
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
            try measure("", fields[1], number, Array(data), learner, rounds: 40))
    }
    guard !rates.isEmpty else { throw CannotMeasure("Bench: no answer of \(folder)/INDEX.tsv could be read") }
    let mean = Double(rates.count) / rates.map { 1 / $0 }.reduce(0, +)
    report("\(rates.count) recorded answers, one of each in turn", mean, "answers/s and core")
}

/// Parses and merges one answer over and over: the body is read, judged, laid over what is known of its order, and
/// asked what it implies.
@discardableResult
private func measure(
    _ name: String, _ carrier: String, _ number: String, _ body: [UInt8], _ learner: Learner, rounds: Int = 2_000
) throws -> Double {
    guard let carrier = Carriers.named(carrier) else { throw CannotMeasure("Bench: there is no carrier '\(carrier)'") }
    var facts = order(1)
    facts.fulfillments[0].tracking[0].number = number
    guard
        let known = learner.learn(Observation(shop: shop, seenAt: now, content: .order(facts)), into: nil)?.record
    else { throw CannotMeasure("Bench: nothing was learned of the order to merge into") }
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

/// The best rate over some rounds of fifty, in the time of one core that the work took: what else runs on the machine
/// counts as little as can be.
private func perSecond(_ rounds: Int, _ work: () -> Int) -> Double {
    var best = 0.0
    var kept = 0
    for _ in 0..<max(1, rounds / 20) {
        let start = coreSeconds()
        for _ in 0..<50 { kept &+= work() }
        best = max(best, 50 / (coreSeconds() - start))
    }
    precondition(kept >= 0)
    return best
}

/// The processor time of this thread.
private func coreSeconds() -> Double {
    var time = timespec()
    clock_gettime(CLOCK_THREAD_CPUTIME_ID, &time)
    return Double(time.tv_sec) + Double(time.tv_nsec) / 1e9
}

private func seconds(_ duration: Duration) -> Double {
    let (whole, fraction) = duration.components
    return Double(whole) + Double(fraction) / 1e18
}

private func report(_ what: String, _ number: Double, _ unit: String) {
    print("\(what): \(number >= 100 ? "\(Int(number.rounded()))" : "\((number * 10).rounded() / 10)") \(unit)")
}

/// What the process has in memory, by the kernel (proc_pid_statm(5): resident pages).
private func residentKiB() throws -> Int {
    let text = try String(contentsOfFile: "/proc/self/statm", encoding: .utf8)
    guard let pages = text.split(separator: " ").dropFirst().first.flatMap({ Int($0) }) else {
        throw CannotMeasure("Bench: /proc/self/statm reads '\(text)'")
    }
    return pages * 4
}
