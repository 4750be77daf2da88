import Foundation
import Outreach
import Platform
import Sandbox
import Testing

@testable import Intake

/// A sandbox that listens, and the desks that ask its carriers as the daemon does.
private struct Street {
    let server: SandboxServer
    let endpoint: String
    let engine: TransferEngine

    /// Runs `body` beside a sandbox of its own.
    static func with(_ body: @Sendable (Street) async throws -> Void) async throws {
        var configuration = SandboxConfiguration()
        configuration.print = { _ in }
        let server = try SandboxServer(configuration)
        let engine = TransferEngine()
        try await withThrowingTaskGroup(of: Void.self) { group in
            group.addTask { _ = try await server.run() }
            let ports = try #require(await server.ports())
            try await body(Street(server: server, endpoint: ports.carriersEndpoint, engine: engine))
            group.cancelAll()
            while let _ = try? await group.next() {}
        }
        await engine.shutdown(within: .seconds(1))
    }

    func client(_ name: String, secret: String = "sandbox-secret") throws -> CarrierClient {
        // DPD and Hermes have their token from elsewhere.
        let token = name == "dpd" ? "sandbox-secret" : name == "hermes_de" ? "sandbox-id" : nil
        return CarrierClient(
            try #require(Carriers.named(name)),
            access: CarrierAccess(
                server: endpoint, id: SecretString("sandbox-id"), secret: SecretString(secret), account: "1",
                token: token.map { SecretString($0) }), transport: engine)
    }

    static let companies = [
        "ups": "UPS", "fedex": "FedEx", "usps": "USPS", "dhl_unified": "DHL", "mydhl": "DHL Express",
        "royalmail": "Royal Mail", "canadapost": "Canada Post", "australiapost": "Australia Post", "gls": "GLS",
        "laposte": "La Poste", "hermes_de": "Hermes", "dpd": "DPD", "amazon_shipping": "Amazon Shipping",
        "sendle": "Sendle",
    ]

    /// An order whose one parcel is with that carrier (or with UPS, for a broker). Returns its fulfillment.
    @discardableResult
    func ship(_ number: String, with carrier: String) throws -> ShopID {
        let order = server.shop.placeOrder(
            customer: SandboxCustomer(firstName: "Sam", lastName: "Shopper", email: "sam@shopper.example"),
            items: [SandboxItem("Fig leaf tea", sku: "TEA-FIG", price: 1250)])
        return try server.shop.fulfil(
            order.id, packages: [SandboxPackage(company: Self.companies[carrier] ?? "UPS", number: number)],
            estimatedDeliveryAt: Date().addingTimeInterval(2 * 86_400))
    }

    /// Scans it, each scan a minute after the one before.
    func scan(_ parcel: ShopID, _ states: [SandboxParcelState], reason: SandboxParcelReason? = nil) throws {
        for (index, state) in states.enumerated() {
            try server.shop.scan(
                parcel, state, reason: state == states.last ? reason : nil,
                happenedAt: Date().addingTimeInterval(Double(index + 1) * 60))
        }
    }

    /// Makes a number known where that is wanted.
    func register(_ name: String, _ numbers: [String]) async throws -> [String: CallAnswer] {
        let carrier = try #require(Carriers.named(name))
        let access = CarrierAccess(server: endpoint, id: SecretString("sandbox-id"))
        var refusals: [String: CallAnswer] = [:]
        for request in carrier.registrations(of: numbers, access) {
            let response = try await engine.send(request.request)
            refusals.merge(
                CarrierReading(carrier).refusals(
                    in: response, registering: request.numbers,
                    ReadingContext(now: Moment(milliseconds: Int64(Date().timeIntervalSince1970 * 1000))))
            ) { $1 }
        }
        return refusals
    }

    func ask(_ client: CarrierClient, _ number: String) async throws -> CarrierAnswer {
        try await client.ask([CarrierQuestion(number)]).answers[0]
    }
}

@Suite("the sandbox's carriers, asked over HTTP as the daemon asks")
struct SandboxCarriersTests {
    static let names = SandboxCarriers.names

    /// What each state of a parcel is in the words of all; a carrier that has no word of its own for it says the
    /// nearest.
    private static func expected(_ state: SandboxParcelState, _ carrier: String) -> [ParcelState] {
        switch state {
        // DHL Express shows nothing before it has the parcel.
        case .preTransit: carrier == "mydhl" ? [.accepted] : [.preTransit]
        case .accepted: [.accepted, .inTransit]
        case .inTransit, .customs: [.inTransit]
        case .delayed: [.inTransit, .attempted, .exception]
        case .outForDelivery: carrier == "shipengine" ? [.inTransit] : [.outForDelivery]
        case .attempted: [.attempted, .exception, .inTransit]
        case .readyForPickup: [.readyForPickup]
        case .exception: [.exception, .inTransit, .attempted, .returning]
        case .returning: [.returning, .exception, .inTransit]
        case .returned: [.returned, .returning, .exception, .delivered]
        case .delivered: [.delivered]
        case .cancelled: [.cancelled, .exception, .lost, .attempted, .inTransit, .accepted]
        case .lost: [.lost, .exception, .attempted, .inTransit]
        }
    }

    @Test("tell of the shop's parcels, in every state, in their own form", arguments: names)
    func states(_ name: String) async throws {
        try await Street.with { street in
            let client = try street.client(name)
            for (index, state) in SandboxParcelState.allCases.enumerated() {
                let number = "1ZSANDBOX00000\(100 + index)"
                let parcel = try street.ship(number, with: name)
                let life: [SandboxParcelState] =
                    switch state {
                    case .preTransit: []
                    case .accepted: [.accepted]
                    case .returned: [.accepted, .returning, .returned]
                    default: [.accepted, state]
                    }
                try street.scan(
                    parcel, life, reason: state == .delayed ? .weather : state == .exception ? .address : nil)
                _ = try await street.register(name, [number])
                let answer = try await street.ask(client, number)
                #expect(answer.call == nil, "\(name) \(state): \(String(describing: answer.call))")
                #expect(Self.expected(state, name).contains(answer.status), "\(name) \(state): \(answer.status)")
                #expect(answer.unknownCodes.isEmpty, "\(name) \(state): \(answer.unknownCodes)")
                if state == .delayed, !["gls", "shipengine", "laposte"].contains(name) {
                    #expect(answer.delay == .yes, "\(name) says that it is late")
                }
            }
        }
    }

    @Test("know nothing of other carriers' parcels, and brokers know them all", arguments: names)
    func others(_ name: String) async throws {
        try await Street.with { street in
            try street.ship("1ZSANDBOX00000001", with: name == "ups" ? "fedex" : "ups")
            _ = try await street.register(name, ["1ZSANDBOX00000001", "NOBODYS0000000001"])
            let client = try street.client(name)
            let isBroker = Street.companies[name] == nil
            // Australia Post calls what it does not carry no number at all.
            let kind: CallAnswer.Kind = name == "australiapost" ? .invalidNumber : .notFound
            #expect(try await street.ask(client, "1ZSANDBOX00000001").call?.kind == (isBroker ? nil : kind))
            let unknown = try await street.ask(client, "NOBODYS0000000001")
            // A broker may have taken the number and know nothing of it.
            let kinds: [CallAnswer.Kind?] = isBroker ? [.notFound, nil] : [kind]
            #expect(kinds.contains(unknown.call?.kind), "\(String(describing: unknown.call))")
            #expect(unknown.status == .unknown)
        }
    }

    @Test("refuse a wrong login", arguments: names)
    func login(_ name: String) async throws {
        try await Street.with { street in
            try street.ship("1ZSANDBOX00000001", with: name)
            let carrier = try #require(Carriers.named(name))
            let wrong = SecretString("wrong")
            let client = CarrierClient(
                carrier,
                access: CarrierAccess(
                    server: street.endpoint, id: wrong, secret: wrong, account: "1",
                    token: ["dpd", "hermes_de"].contains(name) ? wrong : nil), transport: street.engine)
            #expect(try await street.ask(client, "1ZSANDBOX00000001").call?.kind == .authError)
        }
    }

    /// What each fault is read as; nil where the parcel is told all the same.
    static let faults: [(CarrierFault, CallAnswer.Kind?)] = [
        (.tooManyRequests, .rateLimited), (.tooManyRequestsBare, .rateLimited), (.serverError, .temporaryError),
        (.unavailable, .temporaryError), (.errorInBody, .temporaryError), (.html, .temporaryError),
        (.otherLanguage, .temporaryError), (.truncated, .temporaryError), (.empty, .temporaryError),
        (.dropped, .temporaryError), (.slow, nil), (.otherNumber, .temporaryError), (.longAgo, .temporaryError),
        (.farAhead, .temporaryError), (.manyScans, .temporaryError),
    ]

    @Test(
        "and whatever goes wrong is a fault with the carrier's name, after which the parcel is told", arguments: names)
    func everyFault(_ name: String) async throws {
        try await Street.with { street in
            let number = "1ZSANDBOX00000001"
            let parcel = try street.ship(number, with: name)
            try street.scan(parcel, [.accepted, .inTransit])
            _ = try await street.register(name, [number])
            let client = try street.client(name)
            let faults = try #require(street.server.carriers.faults(of: name))
            faults.slowness = .milliseconds(30)
            for (fault, kind) in Self.faults {
                faults.next([fault])
                let answer = try await street.ask(client, number)
                // Sendle's answers bear no number, so that another's cannot be told from ours.
                if fault == .otherNumber, name == "sendle" || name == "dpd" { continue }
                #expect(answer.call?.kind == kind, "\(name) \(fault): \(String(describing: answer.call))")
                if let call = answer.call { #expect(call.message.contains(name), "\(fault): \(call.message)") }
                if fault == .tooManyRequests { #expect(answer.call?.retryAfter == .seconds(2)) }
                if fault == .tooManyRequestsBare { #expect(answer.call?.retryAfter == nil) }
                #expect(faults.counts[fault] == 1)
            }
            #expect(try await street.ask(client, number).status == .inTransit)
        }
    }

    @Test("buy a new token when theirs ends, and again when it is refused", arguments: ["ups", "fedex", "usps", "gls"])
    func tokens(_ name: String) async throws {
        try await Street.with { street in
            try street.ship("1ZSANDBOX00000001", with: name)
            let client = try street.client(name)
            func logins() -> Int { street.server.carriers.counts.first { $0.carrier == name }?.logins ?? -1 }
            for _ in 0..<5 { #expect(try await street.ask(client, "1ZSANDBOX00000001").status == .preTransit) }
            #expect(logins() == 1)
            street.server.carriers.endTokens(of: name)
            #expect(try await street.ask(client, "1ZSANDBOX00000001").status == .preTransit)
            #expect(logins() == 2)
            street.server.carriers.endTokens(of: name)
            street.server.carriers.faults(of: name)?.next([.loginError])
            #expect(try await street.ask(client, "1ZSANDBOX00000001").call?.kind == .temporaryError)
            #expect(try await street.ask(client, "1ZSANDBOX00000001").status == .preTransit)
        }
    }

    @Test(
        "are asked for many numbers in as few calls as they take",
        arguments: [("fedex", 3), ("australiapost", 7), ("ups", 62)])
    func batches(_ name: String, _ calls: Int) async throws {
        try await Street.with { street in
            let numbers = (0..<62).map { "1ZSANDBOX0000\(1000 + $0)" }
            for number in numbers { try street.ship(number, with: name) }
            let reply = try await street.client(name).ask(numbers.map { CarrierQuestion($0) })
            #expect(reply.answers.map(\.status) == numbers.map { _ in .preTransit })
            #expect(reply.answers.map(\.number) == numbers)
            let counts = try #require(street.server.carriers.counts.first { $0.carrier == name })
            #expect(counts.calls == calls && counts.numbers == 62)
        }
    }

    @Test("keep a quota, and say when it begins again")
    func quota() async throws {
        try await Street.with { street in
            try street.ship("1ZSANDBOX00000001", with: "usps")
            street.server.carriers.setQuota((2, 3600), of: "usps")
            let client = try street.client("usps")
            for _ in 0..<2 { #expect(try await street.ask(client, "1ZSANDBOX00000001").call == nil) }
            let call = try await street.ask(client, "1ZSANDBOX00000001").call
            #expect(call?.kind == .rateLimited)
            #expect(call?.retryAfter.map { $0 > .seconds(3500) && $0 <= .seconds(3600) } == true)
        }
    }

    @Test("that want a number registered first say so, and take it twice", arguments: ["aftership", "17track"])
    func registering(_ name: String) async throws {
        try await Street.with { street in
            try street.ship("1ZSANDBOX00000001", with: "ups")
            let client = try street.client(name)
            // Asking registers it, and the next asking brings the parcel.
            let before = try await street.ask(client, "1ZSANDBOX00000001").call
            #expect(before?.kind == .notFound && before?.message.contains("registered now") == true)
            #expect(try await street.ask(client, "1ZSANDBOX00000001").status == .preTransit)
            for _ in 0..<2 { #expect(try await street.register(name, ["1ZSANDBOX00000001"]).isEmpty) }
            #expect(try await street.ask(client, "1ZSANDBOX00000001").status == .preTransit)
            street.server.carriers.faults(of: name)?.next([.unauthorized])
            let refusals = try await street.register(name, ["1ZSANDBOX00000002"])
            #expect(refusals.values.map(\.kind) == [.authError])
        }
    }

    @Test("tell a moved date beside the first, where they do", arguments: ["canadapost", "shippo", "aftership"])
    func movedDate(_ name: String) async throws {
        try await Street.with { street in
            let number = "1ZSANDBOX00000001"
            let parcel = try street.ship(number, with: name)
            try street.server.shop.scan(
                parcel, .inTransit, estimatedDeliveryAt: Date().addingTimeInterval(6 * 86_400))
            _ = try await street.register(name, [number])
            let answer = try await street.ask(street.client(name), number)
            let estimate = try #require(answer.estimate)
            #expect(estimate.promised.map { estimate.day.days(since: $0) } == 4)
            #expect(answer.delay == .yes)
        }
    }
}
