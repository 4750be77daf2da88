import Doubles
import Foundation
import Outreach
import Platform
import Sandbox
import Testing

@testable import Intake

/// What `bookbag track` prints of one parcel's life, told by every carrier of the sandbox in its own form: `Tests/Golden/track/CARRIER.golden` has the table for people and the
/// JSON for programs. The words are the sandbox's. `BOOKBAG_GOLDEN=write` writes the files anew.
@Suite("what track prints of the sandbox's carriers")
struct TrackGoldenTests {
    private static let folder = URL(fileURLWithPath: #filePath).deletingLastPathComponent()
        .deletingLastPathComponent().deletingLastPathComponent().appendingPathComponent("Golden/track").path

    private static func date(_ text: String) -> Date {
        Date(timeIntervalSince1970: Double(Moment(iso8601: text)!.milliseconds) / 1000)
    }

    private static let companies = [
        "ups": "UPS", "fedex": "FedEx", "usps": "USPS", "dhl_unified": "DHL", "mydhl": "DHL Express",
        "royalmail": "Royal Mail", "canadapost": "Canada Post", "australiapost": "Australia Post", "gls": "GLS",
        "laposte": "La Poste", "hermes_de": "Hermes", "dpd": "DPD", "amazon_shipping": "Amazon Shipping",
        "sendle": "Sendle",
    ]

    private static let life: [(SandboxParcelState, SandboxParcelReason?, String, String)] = [
        (.accepted, nil, "2026-11-18T16:20:00Z", "Bristol"), (.inTransit, nil, "2026-11-18T22:05:30Z", "Bristol"),
        (.delayed, .weather, "2026-11-19T06:40:00Z", "Zürich"),
        (.outForDelivery, nil, "2026-11-20T07:15:00Z", "Zürich"),
    ]

    @Test("is the same as it was approved", arguments: SandboxCarriers.names)
    func golden(_ name: String) async throws {
        var configuration = SandboxConfiguration()
        configuration.print = { _ in }
        configuration.clock = SandboxClock { Self.date("2026-11-18T09:00:00Z") }
        let server = try SandboxServer(configuration)
        let engine = TransferEngine()
        var text = ""
        try await withThrowingTaskGroup(of: Void.self) { group in
            group.addTask { _ = try await server.run() }
            let ports = try #require(await server.ports())
            let number = "SBX000012345"
            let order = server.shop.placeOrder(
                customer: SandboxCustomer(firstName: "Sam", lastName: "Shopper", email: "sam@shopper.example"),
                items: [SandboxItem("Fig leaf tea", sku: "TEA-FIG", price: 1250)],
                address: SandboxAddress(
                    address1: "Rosenweg 4", city: "Zürich", zip: "8001", countryCode: "CH", country: "Switzerland",
                    timeZone: "Europe/Zurich"))
            let parcel = try server.shop.fulfil(
                order.id, packages: [SandboxPackage(company: Self.companies[name] ?? "UPS", number: number)],
                estimatedDeliveryAt: Self.date("2026-11-20T17:00:00Z"))
            for (state, reason, time, city) in Self.life {
                try server.shop.scan(
                    parcel, state, reason: reason, happenedAt: Self.date(time), city: city,
                    estimatedDeliveryAt: state == .delayed ? Self.date("2026-11-23T17:00:00Z") : nil)
            }
            let token = name == "dpd" ? "sandbox-secret" : name == "hermes_de" ? "sandbox-id" : nil
            let client = CarrierClient(
                try #require(Carriers.named(name)),
                access: CarrierAccess(
                    server: ports.carriersEndpoint, id: SecretString("sandbox-id"),
                    secret: SecretString("sandbox-secret"),
                    account: "1", token: token.map { SecretString($0) }), transport: engine,
                timekeeper: Timekeeper(now: { Moment(iso8601: "2026-11-20T12:00:00Z")! }, sleep: { _ in }))
            for asked in [number, "SBX000099999"] {
                // Twice, for some are to be told of a number first.
                _ = try await client.ask([CarrierQuestion(asked)])
                let answer = try await client.ask([CarrierQuestion(asked)]).answers[0]
                text += AnswerReport.table(answer) + "\n\n" + AnswerReport.json(answer) + "\n\n"
            }
            group.cancelAll()
            while let _ = try? await group.next() {}
        }
        await engine.shutdown(within: .seconds(1))
        text.removeLast()
        let path = "\(Self.folder)/\(name).golden"
        if ProcessInfo.processInfo.environment["BOOKBAG_GOLDEN"] == "write" {
            try FileManager.default.createDirectory(atPath: Self.folder, withIntermediateDirectories: true)
            try text.write(toFile: path, atomically: true, encoding: .utf8)
            return
        }
        #expect(try String(contentsOfFile: path, encoding: .utf8) == text)
    }
}
