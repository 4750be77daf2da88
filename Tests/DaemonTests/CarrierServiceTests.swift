import Foundation
import Intake
import Logging
import Outreach
import Platform
import Store
import Synchronization
import Testing

@testable import Daemon

private let shop = "juniperfig.myshopify.com"
private let start = Moment(iso8601: "2026-11-20T09:00:00Z")!

/// A carrier that answers by a rule, and counts who asks.
final class ScriptedCarrier: HTTPTransport {
    private struct State {
        var rule: @Sendable (HTTPRequest) -> Result<HTTPResponse, TransferFailure>
        var asked: [String] = []
    }
    private let state: Mutex<State>

    init(_ rule: @escaping @Sendable (HTTPRequest) -> Result<HTTPResponse, TransferFailure>) {
        state = Mutex(State(rule: rule))
    }

    convenience init(answering rule: @escaping @Sendable (_ number: String) -> HTTPResponse) {
        self.init { request in
            if request.url.contains("oauth") {
                return .success(.init(status: 200, body: Array(#"{"access_token":"T","expires_in":"14399"}"#.utf8)))
            }
            let number = request.url.split(separator: "/").last.map { String($0.prefix { $0 != "?" }) } ?? ""
            return .success(rule(number))
        }
    }

    /// The URLs that were asked, logins left out.
    var asked: [String] { state.withLock { $0.asked } }

    func become(_ other: ScriptedCarrier) {
        let rule = other.state.withLock { $0.rule }
        state.withLock { $0.rule = rule }
    }

    func send(_ request: HTTPRequest) async throws(TransferFailure) -> HTTPResponse {
        let reply = state.withLock { state in
            if !request.url.contains("oauth") { state.asked.append(request.url) }
            return state.rule(request)
        }
        return try reply.get()
    }
}

private func text(_ body: String, status: Int = 200, _ headers: [HTTPField] = []) -> HTTPResponse {
    HTTPResponse(status: status, headers: headers, body: Array(body.utf8))
}

/// What UPS says of a number: events as type, status code, words and time, newest first.
func ups(_ number: String, _ events: [(type: String, code: String, words: String, at: String)]) -> HTTPResponse {
    let activity = events.map { event in
        let moment = Moment(iso8601: event.at)!.iso8601
        let day = moment.prefix(10).filter { $0 != "-" }
        let clock = moment.dropFirst(11).prefix(8)
        return
            #"{"location":{"address":{"city":"Leeds","countryCode":"GB"}},"status":{"type":"\#(event.type)","description":"\#(event.words)","code":"XX","statusCode":"\#(event.code)"},"date":"\#(day)","time":"\#(clock.filter { $0 != ":" })","gmtDate":"\#(day)","gmtOffset":"+00:00","gmtTime":"\#(clock)"}"#
    }
    return text(
        #"{"trackResponse":{"shipment":[{"inquiryNumber":"\#(number)","package":[{"trackingNumber":"\#(number)","activity":["#
            + activity.joined(separator: ",") + "]}]}]}}")
}

private let onVehicle = (type: "I", code: "021", words: "Out For Delivery Today", at: "2026-11-20T08:30:00Z")
private let delivered = (type: "D", code: "011", words: "DELIVERED", at: "2026-11-20T11:00:00Z")

/// A daemon's parts around one store, without its loops: each test turns them by hand.
private final class Bench: Sendable {
    let store: Store
    let context: ShopContext
    let clock: DaemonClock
    let metrics = DaemonMetrics()
    let heartbeats = Heartbeats()
    let learning: Learning

    init(sources: [String], live: Moment = start - .days(5), carriersLive: Moment = start - .days(5)) async throws {
        let moment = MomentBox(start)
        self.box = moment
        clock = DaemonClock(source: { moment.now })
        store = try Store.inMemory(now: live)
        var state = try await store.openShop(shop, now: live)
        for source in sources { state.liveSince = try await store.openSource(source, shop: shop, now: carriersLive) }
        var learner = Learner(live: state.liveSince, shopZone: .utc, rereadEvery: .minutes(1))
        learner.sources = CarrierChoice(sources).choice
        let folder = TriggerFolder(files: [
            "shop.yaml": Array("mode: live\nbrand:\n  name: Fig\n  from: Fig <orders@fig.example>\n".utf8)
        ])
        let set = try #require(TriggerSet.load(folder).set)
        context = ShopContext(
            configuration: Configuration.Shop(
                domain: shop, endpoint: "https://\(shop)", access: .token(SecretString("t")), pollEvery: .seconds(60),
                triggers: "", smtp: nil, webhooks: [:]),
            rules: ShopContext.Rules(
                planner: Planner(
                    triggers: set, inForceSince: [:], live: state.liveSince, shop: ShopProfile(domain: shop)),
                learner: learner, inForce: TriggerReloader.InForce(set: set, since: [:], folder: folder)))
        learning = Learning(
            store: store, logger: Logger(label: "test") { _ in SwiftLogNoOpLogHandler() }, metrics: metrics,
            newEvents: Wake(), newMoments: Wake())
    }

    private let box: MomentBox
    func pass(_ duration: Duration) { box.pass(duration) }

    /// The same shop after the operator has set up these sources.
    func context(choosing sources: [String]) -> ShopContext {
        var rules = context.rules
        rules.learner.sources = CarrierChoice(sources).choice
        return ShopContext(configuration: context.configuration, rules: rules)
    }

    /// The turns of a carrier as they go on after a start of the daemon.
    func rounds(
        _ carrier: String, _ transport: any HTTPTransport, perDay: Int? = nil, board: CarrierBoard = CarrierBoard()
    ) async throws -> CarrierPoller {
        let service = CarrierService(
            context: CarrierClient(
                Carriers.named(carrier)!,
                access: CarrierAccess(
                    server: "http://127.0.0.1:1", id: SecretString("id"), secret: SecretString("secret")),
                transport: transport, timekeeper: Timekeeper(now: { [clock] in clock.now }, sleep: { _ in })),
            perDay: perDay, contexts: [shop: context], store: store, learning: learning, clock: clock, wake: Wake(),
            heartbeats: heartbeats, metrics: metrics.carriers,
            logger: Logger(label: "test") { _ in SwiftLogNoOpLogHandler() }, board: board, chance: { 0.5 })
        return try await service.begin()
    }

    /// Turns on until there is nothing to do for a while; the short pauses between calls pass by. Gives how long there
    /// is nothing to do.
    @discardableResult
    func work(_ rounds: inout CarrierPoller) async throws -> Duration {
        for _ in 0..<500 {
            let wait = try await rounds.turn()
            if wait > .seconds(2) { return wait }
            pass(wait)
        }
        return .zero
    }

    /// Puts an order with these parcels into the shop.
    func ship(
        _ order: Int, _ numbers: [String], company: String = "UPS", at sent: Moment = start - .hours(20),
        changed: Moment? = nil
    ) async throws {
        var facts = OrderFacts(
            id: "gid://shopify/Order/\(order)", name: "#\(order)", createdAt: sent - .hours(1),
            updatedAt: changed ?? sent)
        facts.fulfillments = [
            FulfillmentFacts(
                id: "gid://shopify/Fulfillment/\(order)", name: "#\(order).1", status: .success, createdAt: sent,
                updatedAt: changed ?? sent,
                tracking: numbers.map { TrackingFacts(company: company, number: $0) })
        ]
        _ = try await learning.learn(
            [Observation(shop: shop, seenAt: clock.now, content: .order(facts))], of: context, now: clock.now)
    }

    /// What happened to an order's parcels, told or learned in silence.
    func events(_ order: Int, silent: Bool = false) async throws -> [String] {
        let id = "gid://shopify/Order/\(order)"
        let record = try #require(try await store.load(shop: shop, orderIDs: [id])[id])
        return record.events.filter { ($0.silence != nil) == silent }.map(\.kind.rawValue)
            .filter { $0.hasPrefix("shipment.") && $0 != "shipment.created" }
    }
}

private final class MomentBox: Sendable {
    private let moment: Mutex<Moment>
    init(_ moment: Moment) { self.moment = Mutex(moment) }
    var now: Moment { moment.withLock { $0 } }
    func pass(_ duration: Duration) { moment.withLock { $0 = $0 + duration } }
}

@Suite("The daemon asks carriers")
struct CarrierServiceTests {
    @Test("about a new parcel at once, and again by its state; what it hears becomes events, once")
    func asks() async throws {
        let bench = try await Bench(sources: ["ups"])
        let carrier = ScriptedCarrier { ups($0, [onVehicle]) }
        var rounds = try await bench.rounds("ups", carrier)
        #expect(try await rounds.turn() > .zero)
        #expect(carrier.asked.isEmpty)
        try await bench.ship(1, ["1Z5R89390357567127"])
        // On the vehicle: in half an hour, and not before.
        let wait = try await bench.work(&rounds)
        #expect(try await bench.events(1) == ["shipment.out_for_delivery"])
        #expect(wait > .minutes(29) && wait <= .minutes(30))
        bench.pass(.minutes(30))
        try await bench.work(&rounds)
        #expect(carrier.asked.count == 2)
        #expect(try await bench.events(1) == ["shipment.out_for_delivery"])
        carrier.become(ScriptedCarrier { ups($0, [delivered, onVehicle]) })
        bench.pass(.hours(3))
        #expect(try await bench.work(&rounds) >= .hours(23))
        #expect(try await bench.events(1) == ["shipment.out_for_delivery", "shipment.delivered"])
        let state = try await bench.store.carrierState("ups")
        #expect(state.asked == 3 && state.answers == 3 && state.faults == 0 && state.calls == 3)
    }

    @Test("set up later, in silence: what happened before is learned and not told")
    func silence() async throws {
        let bench = try await Bench(sources: ["ups"], carriersLive: start - .minutes(10))
        try await bench.ship(1, ["1Z5R89390357567127"])
        let carrier = ScriptedCarrier { ups($0, [onVehicle]) }
        var rounds = try await bench.rounds("ups", carrier)
        _ = try await rounds.turn()
        #expect(try await bench.events(1) == [])
        #expect(try await bench.events(1, silent: true) == ["shipment.out_for_delivery"])
        carrier.become(ScriptedCarrier { ups($0, [delivered, onVehicle]) })
        bench.pass(.hours(3))
        _ = try await rounds.turn()
        #expect(try await bench.events(1) == ["shipment.delivered"])
    }

    private static func manyScans(_ number: String) -> HTTPResponse {
        ups(number, Array(repeating: onVehicle, count: 10_000))
    }

    private static func dated(_ number: String, _ at: String) -> HTTPResponse {
        ups(number, [(type: "D", code: "011", words: "DELIVERED", at: at)])
    }

    static let nonsense: [(name: String, answer: @Sendable (String) -> HTTPResponse)] = [
        ("a web page", { _ in text("<html><body>Sorry</body></html>") }),
        (
            "half an answer",
            { number in
                let whole = ups(number, [onVehicle])
                return HTTPResponse(status: 200, body: Array(whole.body.prefix(whole.body.count / 2)))
            }
        ),
        ("XML", { _ in text("<?xml version=\"1.0\"?><a><b/></a>") }),
        ("nothing", { _ in text("") }),
        ("200 with an error", { _ in text(#"{"response":{"errors":[{"code":"10001","message":"Sorry"}]}}"#) }),
        ("somebody else's parcel", { _ in ups("1Z12345E0205271688", [delivered]) }),
        ("a delivery in 1970", { dated($0, "1970-01-01T00:00:00Z") }),
        ("a delivery in 2099", { dated($0, "2099-12-31T00:00:00Z") }),
        ("ten thousand scans", { manyScans($0) }),
        (
            "a server's error with a parcel",
            { number in
                var answer = ups(number, [delivered])
                answer.status = 503
                return answer
            }
        ),
    ]

    @Test(
        "believes no nonsense: it is counted, the parcel is asked about later, nothing is lost",
        arguments: nonsense.map(\.name))
    func disbelieves(_ name: String) async throws {
        let answer = try #require(Self.nonsense.first { $0.name == name }).answer
        let bench = try await Bench(sources: ["ups"])
        try await bench.ship(1, ["1Z5R89390357567127"])
        let carrier = ScriptedCarrier(answering: answer)
        var rounds = try await bench.rounds("ups", carrier)
        _ = try await rounds.turn()
        #expect(try await bench.events(1) == [])
        let state = try await bench.store.carrierState("ups")
        #expect(state.faults == 1 && state.answers == 0)
        #expect(state.lastFault?.hasPrefix("ups") == true, "\(state.lastFault ?? "")")
        #expect(state.lastFault?.contains("1Z5R") == false)
        // Asked again in minutes, and good news is news then.
        let wait = try await bench.work(&rounds)
        #expect(wait > .minutes(1) && wait < .minutes(10))
        carrier.become(ScriptedCarrier { ups($0, [onVehicle]) })
        bench.pass(wait)
        _ = try await rounds.turn()
        #expect(try await bench.events(1) == ["shipment.out_for_delivery"])
    }

    @Test("lets one that is down rest, keeps its parcels due, and holds up nobody else's")
    func down() async throws {
        let bench = try await Bench(sources: ["ups", "fedex"])
        for order in 1...40 { try await bench.ship(order, ["1Z5R8939035756\(1000 + order)"]) }
        try await bench.ship(99, ["149331877648230"], company: "FedEx")
        let dead = ScriptedCarrier { _ in .failure(TransferFailure(.connect, detail: "refused")) }
        var failing = try await bench.rounds("ups", dead)
        #expect(try await bench.work(&failing) > .seconds(5))
        #expect(dead.asked.count <= 8)
        #expect(try await bench.store.carrierState("ups").closedUntil != nil)
        let other = ScriptedCarrier { _ in text("{}") }
        var fedex = try await bench.rounds("fedex", other)
        _ = try await fedex.turn()
        #expect(other.asked.count == 1)
        // After a restart it is left alone still; when it answers, all that was due is asked.
        let alive = ScriptedCarrier { ups($0, [onVehicle]) }
        var again = try await bench.rounds("ups", alive)
        #expect(try await again.turn() > .zero)
        #expect(alive.asked.isEmpty)
        bench.pass(.minutes(31))
        try await bench.work(&again)
        #expect(alive.asked.count == 40)
        #expect(try await bench.store.carrierState("ups").closedUntil == nil)
    }

    @Test("spends no more than the quota of a day, across restarts")
    func quota() async throws {
        let bench = try await Bench(sources: ["dhl_unified"])
        for order in 1...30 { try await bench.ship(order, ["12345678\(10 + order)"], company: "DHL") }
        let carrier = ScriptedCarrier { _ in text(#"{"status":404,"title":"No result found"}"#, status: 404) }
        for _ in 0..<3 {
            var rounds = try await bench.rounds("dhl_unified", carrier, perDay: 12)
            for _ in 0..<20 {
                _ = try await rounds.turn()
                bench.pass(.seconds(6))
            }
        }
        // At nine o'clock: nine hours of twelve calls, and the advance of one.
        #expect(carrier.asked.count == 5)
        bench.pass(.hours(14))
        var rounds = try await bench.rounds("dhl_unified", carrier, perDay: 12)
        for _ in 0..<40 {
            _ = try await rounds.turn()
            bench.pass(.seconds(6))
        }
        #expect(carrier.asked.count == 12)
    }

    @Test("asks about what is out for delivery in its half hour, also when the day's share of ordinary calls is spent")
    func pressing() async throws {
        let bench = try await Bench(sources: ["laposte"])
        let answer: @Sendable (HTTPRequest) -> Result<HTTPResponse, TransferFailure> = { _ in
            .success(
                text(
                    #"[{"returnCode":200,"shipment":{"idShip":"6A1","event":[{"code":"MD2","date":"2026-11-20T09:30:00+01:00","label":"En livraison"}]}}]"#
                ))
        }
        let carrier = ScriptedCarrier(answer)
        // At nine in the morning one ordinary call of three may go; the others are for what is pressing.
        var rounds = try await bench.rounds("laposte", carrier, perDay: 3)
        try await bench.ship(1, ["6A1"], company: "La Poste")
        #expect(try await bench.work(&rounds) <= .minutes(30))
        #expect(try await bench.events(1) == ["shipment.out_for_delivery"])
        bench.pass(.minutes(31))
        try await bench.work(&rounds)
        #expect(carrier.asked.count == 2)
    }

    @Test("waits as long as a carrier asks that is called too often")
    func tooOften() async throws {
        let bench = try await Bench(sources: ["ups"])
        for order in 1...3 { try await bench.ship(order, ["1Z5R8939035756\(1000 + order)"]) }
        let carrier = ScriptedCarrier { _ in
            text(
                #"{"response":{"errors":[{"code":"10429","message":"Too Many Requests"}]}}"#, status: 429,
                [
                    HTTPField("Retry-After", "90")
                ])
        }
        var rounds = try await bench.rounds("ups", carrier)
        _ = try await rounds.turn()
        #expect(try await rounds.turn() >= .seconds(90))
        carrier.become(ScriptedCarrier { ups($0, [onVehicle]) })
        bench.pass(.minutes(3))
        try await bench.work(&rounds)
        for order in 1...3 { #expect(try await bench.events(order) == ["shipment.out_for_delivery"]) }
    }

    @Test("asks once about a number of several orders, and tells each")
    func shared() async throws {
        let bench = try await Bench(sources: ["ups"])
        try await bench.ship(1, ["1Z5R89390357567127"])
        try await bench.ship(2, ["1Z 5R8 939 03 5756 7127"])
        let carrier = ScriptedCarrier { ups($0, [onVehicle]) }
        var rounds = try await bench.rounds("ups", carrier)
        try await bench.work(&rounds)
        #expect(carrier.asked.count == 1)
        #expect(try await bench.events(1) == ["shipment.out_for_delivery"])
        #expect(try await bench.events(2) == ["shipment.out_for_delivery"])
    }

    @Test("turns to the next source when one refuses the number")
    func refused() async throws {
        let bench = try await Bench(sources: ["ups", "easypost"])
        try await bench.ship(1, ["1Z5R89390357567127"])
        #expect(try await bench.store.parcelCounts() == ["ups": 1])
        let carrier = ScriptedCarrier { _ in
            text(#"{"response":{"errors":[{"code":"TV1002","message":"Invalid inquiry number"}]}}"#, status: 400)
        }
        var rounds = try await bench.rounds("ups", carrier)
        _ = try await rounds.turn()
        #expect(try await bench.store.parcelCounts() == ["easypost": 1])
        try await bench.work(&rounds)
        #expect(carrier.asked.count == 1)
    }

    /// EasyPost, which says of every parcel that it is out for delivery; or that nothing is known, which it calls
    /// `unknown`.
    private static func easyPost(knowing: Bool = true) -> ScriptedCarrier {
        ScriptedCarrier { request in
            let body = String(decoding: request.body ?? [], as: UTF8.self)
            let number = body.split(separator: "\"").last { $0.hasPrefix("1Z") || $0.first?.isNumber == true } ?? ""
            let details =
                #"{"object":"TrackingDetail","message":"Out for delivery","status":"out_for_delivery","datetime":"2026-11-20T08:30:00Z","tracking_location":{"city":"Leeds","country":"GB"}}"#
            return .success(
                text(
                    #"{"id":"trk_1","object":"Tracker","tracking_code":"\#(number)","carrier":"UPS","status":"\#(knowing ? "out_for_delivery" : "unknown")","tracking_details":[\#(knowing ? details : "")]}"#
                ))
        }
    }

    @Test("has the next source stand in for one that is down once an answer is late, and not when it answers again")
    func standsIn() async throws {
        let bench = try await Bench(sources: ["ups", "easypost"])
        let board = CarrierBoard()
        for order in 1...5 { try await bench.ship(order, ["1Z5R8939035756\(1000 + order)"]) }
        let dead = ScriptedCarrier { _ in .failure(TransferFailure(.connect, detail: "refused")) }
        var home = try await bench.rounds("ups", dead, board: board)
        let other = Self.easyPost()
        var easyPost = try await bench.rounds("easypost", other, board: board)
        let down = try await bench.work(&home)
        #expect(down > .seconds(5))
        // Down, and nothing is late yet.
        #expect(try await bench.work(&easyPost) <= .seconds(60))
        #expect(other.asked.isEmpty)
        // Down for six hours, which is as long as a parcel on its way can wait.
        for _ in 0..<40 {
            bench.pass(.minutes(10))
            try await bench.work(&home)
            try await bench.work(&easyPost)
        }
        #expect(other.asked.count >= 5)
        for order in 1...5 { #expect(try await bench.events(order) == ["shipment.out_for_delivery"]) }
        // The parcels are UPS' own all the time.
        #expect(try await bench.store.parcelCounts() == ["ups": 5])
        // It answers again: whatever falls due is its own, and nobody is told anything twice.
        let alive = ScriptedCarrier { ups($0, [delivered, onVehicle]) }
        var again = try await bench.rounds("ups", alive, board: board)
        bench.pass(.minutes(31))
        let asked = other.asked.count
        for _ in 0..<12 {
            bench.pass(.minutes(10))
            try await bench.work(&again)
            try await bench.work(&easyPost)
        }
        #expect(other.asked.count == asked)
        #expect(try await bench.store.carrierState("ups").closedUntil == nil)
        for order in 1...5 {
            #expect(try await bench.events(order) == ["shipment.out_for_delivery", "shipment.delivered"])
        }
    }

    @Test("has the next source stand in at once for one that refuses the login")
    func standsInForRefused() async throws {
        let bench = try await Bench(sources: ["ups", "easypost"])
        let board = CarrierBoard()
        for order in 1...5 { try await bench.ship(order, ["1Z5R8939035756\(1000 + order)"]) }
        let shut = ScriptedCarrier { _ in .success(text(#"{"error":"invalid_client"}"#, status: 401)) }
        var ups = try await bench.rounds("ups", shut, board: board)
        try await bench.work(&ups)
        #expect(board.absences(at: bench.clock.now)["ups"]?.isRefused == true)
        var easyPost = try await bench.rounds("easypost", Self.easyPost(), board: board)
        try await bench.work(&easyPost)
        for order in 1...5 { #expect(try await bench.events(order) == ["shipment.out_for_delivery"]) }
        // After a restart the board is what the store remembers.
        let fresh = CarrierBoard()
        var restarted = try await bench.rounds("ups", shut, board: fresh)
        _ = try await restarted.turn()
        #expect(fresh.absences(at: bench.clock.now)["ups"]?.isRefused == true)
    }

    @Test("has the next source stand in when what may go of the day's calls is used up")
    func standsInForSpent() async throws {
        let bench = try await Bench(sources: ["dhl_unified", "easypost"])
        let board = CarrierBoard()
        for order in 1...3 { try await bench.ship(order, ["12345678\(10 + order)"], company: "DHL") }
        let spent = ScriptedCarrier { _ in text(#"{"status":404,"title":"No result found"}"#, status: 404) }
        var dhl = try await bench.rounds("dhl_unified", spent, perDay: 3, board: board)
        let other = Self.easyPost()
        var easyPost = try await bench.rounds("easypost", other, board: board)
        for _ in 0..<48 {
            bench.pass(.minutes(10))
            try await bench.work(&dhl)
            try await bench.work(&easyPost)
        }
        #expect(spent.asked.count <= 3)
        #expect(other.asked.count >= 1)
    }

    @Test("turns to the next source when one keeps a number to itself, and takes that for no refused login")
    func withheld() async throws {
        let bench = try await Bench(sources: ["usps", "easypost"])
        try await bench.ship(1, ["9400111899223100001023"], company: "USPS")
        try await bench.ship(2, ["9400111899223100001047"], company: "USPS")
        let carrier = ScriptedCarrier { number in
            number.hasSuffix("1023")
                ? text(#"{"apiVersion":"/tracking/v3","error":{"code":"403","message":"Forbidden"}}"#, status: 403)
                : text(#"{"trackingNumber":"\#(number)","statusCategory":"Accepted","status":"Accepted"}"#)
        }
        var rounds = try await bench.rounds("usps", carrier)
        for _ in 0..<10 {
            try await bench.work(&rounds)
            bench.pass(.minutes(2))
        }
        #expect(try await bench.store.parcelCounts() == ["usps": 1, "easypost": 1])
        let state = try await bench.store.carrierState("usps")
        #expect(state.closedUntil == nil && state.failures == 0)
        #expect(carrier.asked.count == 2)
        var easyPost = try await bench.rounds("easypost", Self.easyPost())
        try await bench.work(&easyPost)
        #expect(try await bench.events(1) == ["shipment.out_for_delivery"])
    }

    @Test("asks the next source about what one does not know for days, and the first again after the last")
    func unknownForLong() async throws {
        let bench = try await Bench(sources: ["ups", "easypost"])
        try await bench.ship(1, ["1Z5R89390357567127"])
        let nothing = ScriptedCarrier { _ in
            text(
                #"{"trackResponse":{"shipment":[{"warnings":[{"code":"TW0001","message":"Tracking Information Not Found"}]}]}}"#
            )
        }
        var home = try await bench.rounds("ups", nothing)
        var easyPost = try await bench.rounds("easypost", Self.easyPost(knowing: false))
        var turns: [String] = []
        for _ in 0..<40 {
            try await bench.work(&home)
            try await bench.work(&easyPost)
            let source = try #require(try await bench.store.parcelCounts().keys.first)
            if turns.last != source { turns.append(source) }
            bench.pass(.hours(12))
        }
        #expect(turns.prefix(3) == ["ups", "easypost", "ups"])
        // It knows it in the end, and is asked about it from then on.
        let knows = ScriptedCarrier {
            ups($0, [(type: "D", code: "011", words: "DELIVERED", at: "2026-12-10T11:00:00Z")])
        }
        home = try await bench.rounds("ups", knows)
        for _ in 0..<10 {
            try await bench.work(&home)
            try await bench.work(&easyPost)
            bench.pass(.hours(12))
        }
        // Told late, for nothing had been scanned for days; and delivered.
        #expect(try await bench.events(1) == ["shipment.delayed", "shipment.delivered"])
    }

    @Test("keeps a code that it does not know, and moves no parcel by it")
    func unknownCode() async throws {
        let bench = try await Bench(sources: ["ups"])
        try await bench.ship(1, ["1Z5R89390357567127"])
        let carrier = ScriptedCarrier {
            ups($0, [(type: "?", code: "9Q9", words: "Quantum flux", at: "2026-11-20T08:40:00Z"), onVehicle])
        }
        var rounds = try await bench.rounds("ups", carrier)
        _ = try await rounds.turn()
        #expect(try await bench.events(1) == ["shipment.out_for_delivery"])
        #expect(try await bench.store.carrierState("ups").unknownCodes == 1)
        #expect(bench.metrics.registry.exposition().contains("bookbag_carrier_unknown_codes_total{carrier=\"ups\"} 1"))
    }

    @Test("asks for many numbers in one call where the carrier takes them")
    func batches() async throws {
        let bench = try await Bench(sources: ["fedex"])
        for order in 1...45 { try await bench.ship(order, ["1493318776\(48_000 + order)"], company: "FedEx") }
        let carrier = ScriptedCarrier { _ in text(#"{"output":{"completeTrackResults":[]}}"#) }
        var rounds = try await bench.rounds("fedex", carrier)
        _ = try await rounds.turn()
        #expect(carrier.asked.count == 2)
    }

    @Test("chooses anew for every open parcel when other carriers are set up, once, and tells nobody anything")
    func rechoosing() async throws {
        let bench = try await Bench(sources: ["easypost"])
        // More than are taken at once.
        for order in 1...230 {
            try await bench.ship(order, ["1Z5R8939035756\(1000 + order)"], company: order == 7 ? "Fig Couriers" : "UPS")
        }
        try await bench.ship(300, ["FIG-77"], company: "Fig Couriers")
        #expect(try await bench.store.parcelCounts() == ["easypost": 231])
        func rechoose(_ sources: [String]) async throws {
            let context = bench.context(choosing: sources)
            let service = SourceRechoosing(
                shop: context, sources: sources.joined(separator: " "), store: bench.store, learning: bench.learning,
                newParcels: Broadcast(), clock: bench.clock, heartbeats: bench.heartbeats,
                logger: Logger(label: "test") { _ in SwiftLogNoOpLogHandler() })
            let walk = Task { try await service.run() }
            for _ in 0..<2_000 {
                if try await bench.store.remembered(.carriers, shop: shop) == service.sources {
                    break
                }
                await Task.yield()
                try await Task.sleep(for: .milliseconds(5))
            }
            walk.cancel()
            try await walk.value
            #expect(
                try await bench.store.remembered(.carriers, shop: shop) == service.sources)
        }
        // UPS comes before the aggregator, and has its own parcels, by name or number; it is asked about them at once.
        try await rechoose(["ups", "easypost"])
        #expect(try await bench.store.parcelCounts() == ["ups": 230, "easypost": 1])
        #expect(
            try await bench.store.dueParcels(source: "ups", limit: 500, now: bench.clock.now).count == 230)
        // The aggregator is taken out: what only it could be asked about is nobody's.
        try await rechoose(["ups"])
        #expect(try await bench.store.parcelCounts() == ["ups": 230, "": 1])
        // All carriers are taken out.
        try await rechoose([])
        #expect(try await bench.store.parcelCounts() == ["": 231])
        #expect(try await bench.events(1) == [])
    }
}

/// What FedEx says of these numbers in one answer: each is moving.
private func fedex(_ numbers: [String]) -> HTTPResponse {
    let results = numbers.map { number in
        #"{"trackingNumber":"\#(number)","trackResults":[{"trackingNumberInfo":{"trackingNumber":"\#(number)"},"latestStatusDetail":{"code":"AR","derivedCode":"IT"},"scanEvents":[{"date":"2026-11-20T07:15:00+00:00","eventType":"AR","eventDescription":"Arrived","scanLocation":{"city":"Leeds","countryCode":"GB"}}]}]}"#
    }
    return text(#"{"output":{"completeTrackResults":[\#(results.joined(separator: ","))]}}"#)
}

@Suite("A carrier's loop hears at once")
struct CarrierWakeTests {
    private static let one = "1Z5R89390357567127"
    private static let other = "1Z12345E0205271688"

    /// A wake that has heard nothing yet of what was done so far.
    private func wake(of bench: Bench) async -> Wake {
        let wake = Wake()
        bench.learning.newParcels.add(wake)
        return wake
    }

    /// Whether it was called. What was called is heard without waiting, so the time is only for a failure.
    private func isCalled(_ wake: Wake) async -> Bool { await wake.wait(atMost: .milliseconds(50)) }

    @Test("of a new parcel, of a number that comes or is put right, and of nothing that it knows")
    func numbers() async throws {
        let bench = try await Bench(sources: ["ups"])
        let wake = await wake(of: bench)
        try await bench.ship(1, [])
        #expect(await !isCalled(wake))
        try await bench.ship(1, [Self.one], changed: start - .hours(1))
        #expect(await isCalled(wake))
        var rounds = try await bench.rounds("ups", ScriptedCarrier { ups($0, []) })
        try await bench.work(&rounds)
        // Its own answers put the next question off, which is no cause to wake anybody.
        #expect(await !isCalled(wake))
        try await bench.ship(1, [Self.other], changed: start - .minutes(30))
        #expect(await isCalled(wake))
        let carrier = ScriptedCarrier { ups($0, [onVehicle]) }
        rounds = try await bench.rounds("ups", carrier)
        try await bench.work(&rounds)
        #expect(carrier.asked.map { $0.contains(Self.other) } == [true])
    }

    @Test("of a parcel that is handed to it by a source that will never know it")
    func handedOn() async throws {
        let bench = try await Bench(sources: ["ups", "easypost"])
        try await bench.ship(1, [Self.one])
        let wake = await wake(of: bench)
        let refusing = ScriptedCarrier { _ in text(#"{"response":{"errors":[{"code":"TV1002"}]}}"#, status: 400) }
        var rounds = try await bench.rounds("ups", refusing)
        _ = try await rounds.turn()
        #expect(try await bench.store.nextAsk(source: "easypost") == bench.clock.now)
        #expect(await isCalled(wake))
    }

    @Test("and asks about the parcels of one order that one answer told of once, not again and again")
    func oneAnswer() async throws {
        let bench = try await Bench(sources: ["fedex"])
        let numbers = ["149331877648230", "020207021381215", "403934084723025"]
        try await bench.ship(1, numbers, company: "FedEx")
        let carrier = ScriptedCarrier { _ in fedex(numbers) }
        var rounds = try await bench.rounds("fedex", carrier)
        let wait = try await bench.work(&rounds)
        #expect(carrier.asked.count == 1)
        #expect(wait > .hours(1))
        let state = try await bench.store.carrierState("fedex")
        #expect(state.asked == 3)
    }
}

@Suite("The daemon tells one parcel from another")
struct OtherParcelTests {
    @Test("a number that was given out again is followed from its own first scan")
    func recycled() async throws {
        let bench = try await Bench(sources: ["ups"], live: start - .days(200), carriersLive: start - .days(200))
        try await bench.ship(1, ["1Z5R89390357567127"])
        let old = [
            (type: "D", code: "011", words: "DELIVERED", at: "2026-07-25T09:00:00Z"),
            (type: "I", code: "005", words: "Departed", at: "2026-07-23T09:00:00Z"),
        ]
        let carrier = ScriptedCarrier { ups($0, old) }
        var rounds = try await bench.rounds("ups", carrier)
        try await bench.work(&rounds)
        #expect(try await bench.events(1) == [])
        carrier.become(ScriptedCarrier { ups($0, [onVehicle] + old) })
        bench.pass(.hours(12))
        // A later start reads what was stored.
        rounds = try await bench.rounds("ups", carrier)
        try await bench.work(&rounds)
        #expect(try await bench.events(1) == ["shipment.out_for_delivery"])
        carrier.become(ScriptedCarrier { ups($0, [delivered, onVehicle] + old) })
        bench.pass(.hours(1))
        try await bench.work(&rounds)
        #expect(try await bench.events(1) == ["shipment.out_for_delivery", "shipment.delivered"])
    }

    @Test("a number is asked about as it is meant, and two in one field not at all")
    func pasted() async throws {
        let bench = try await Bench(sources: ["ups"])
        try await bench.ship(1, ["UPS 1Z5R8939-0357567127\u{200B}"])
        try await bench.ship(2, ["1Z5R89390357567127, 1Z12345E0205271688"])
        let carrier = ScriptedCarrier { ups($0, [onVehicle]) }
        var rounds = try await bench.rounds("ups", carrier)
        try await bench.work(&rounds)
        #expect(carrier.asked.count == 1)
        #expect(carrier.asked.first?.contains("/1Z5R89390357567127?") == true)
        #expect(try await bench.events(1) == ["shipment.out_for_delivery"])
    }
}
