import Foundation
import Testing

@testable import Sandbox

/// Everything the sandbox answers, held against Shopify's whole published schema by another GraphQL library (Python's
/// graphql-core, in check_answers.py).
@Suite("The sandbox and Shopify's published schema")
struct SchemaTests {
    private static let python: Bool = run("/usr/bin/env", ["python3", "-c", "import graphql"]).status == 0

    private static func run(_ program: String, _ arguments: [String]) -> (status: Int32, output: String) {
        let process = Process()
        let pipe = Pipe()
        process.executableURL = URL(fileURLWithPath: program)
        process.arguments = arguments
        process.standardOutput = pipe
        process.standardError = pipe
        guard (try? process.run()) != nil else { return (127, "\(program) cannot be started") }
        let output = pipe.fileHandleForReading.readDataToEndOfFile()
        process.waitUntilExit()
        return (process.terminationStatus, String(decoding: output, as: UTF8.self))
    }

    /// A shop in which everything has happened, with the ids of its parts.
    private func busyShop() throws -> (shop: Shop, ids: [String: String]) {
        let shop = Shop()
        let order = shop.place()
        try shop.shop.editOrder(order.id, adding: [Shop.tea])
        let parcel = try shop.ship(order)
        for status in SandboxTrackingStatus.allCases {
            shop.hand.advance(10)
            try shop.shop.addEvent(
                parcel, status, message: "It is told", estimatedDeliveryAt: shop.hand.now + 86_400, city: "Bath",
                country: "United Kingdom", zip: "BA1")
        }
        let back = try shop.shop.requestReturn(order.id)
        try shop.shop.approveReturn(back)
        try shop.shop.attachLabel(back)
        try shop.shop.receiveReturn(back)
        try shop.shop.refund(order.id, amount: 100, for: back)
        let held = shop.place("hal")
        try shop.shop.hold(held.id, reason: "INCORRECT_ADDRESS", notes: "no house number")
        try shop.shop.cancelOrder(shop.place("cal").id)
        let declined = shop.place("dee", test: true)
        try shop.ship(declined)
        try shop.shop.declineReturn(try shop.shop.requestReturn(declined.id), note: "too late")
        shop.shop.placeOrder(
            customer: SandboxCustomer(firstName: "", lastName: "Guest", email: "g@x.example", isGuest: true),
            items: [Shop.tea], address: nil, paid: false)
        return (shop, ["order": order.id.description, "parcel": parcel.description, "return": back.description])
    }

    /// A query for every field that the sandbox knows, as deep as it goes without going round in circles.
    private static func everything(of type: String, _ depth: Int, _ open: [String]) -> String {
        guard let definition = AdminSchema.schema.types[type] else { return "" }
        var parts: [String] = definition.kind == .union || definition.kind == .interface ? ["__typename"] : []
        for field in definition.fields.values.sorted(by: { $0.name < $1.name }) {
            let inner = field.type.name
            let size = field.arguments.contains { $0.name == "first" } ? "(first: 2)" : ""
            if field.arguments.contains(where: { $0.type.isNonNull }) { continue }
            if AdminSchema.schema.types[inner]?.isComposite == true {
                if depth == 0 || open.contains(inner) { continue }
                let selection = everything(of: inner, depth - 1, open + [type])
                if !selection.isEmpty { parts.append("\(field.name)\(size) { \(selection) }") }
            } else {
                parts.append(field.name)
            }
        }
        if definition.kind == .union {
            parts += definition.members.map { "... on \($0) { \(everything(of: $0, depth - 1, open + [type])) }" }
        }
        return parts.joined(separator: " ")
    }

    @Test(
        "agree: its types are Shopify's, and its answers are what Shopify's schema says",
        .enabled(if: Shop.shared != nil && python, "the shared schema or Python's graphql-core is not here: left out"),
        arguments: ["admin_2026-07", "admin_2026-04"])
    func agree(version: String) throws {
        let (shop, ids) = try busyShop()
        let shared = try #require(Shop.shared).appending(path: "shopify")
        var cases: [JSON] = []
        func ask(_ name: String, _ query: String, _ variables: JSON = [:]) {
            shop.hand.advance(60)
            cases.append([
                "name": .string(name), "query": .string(query), "variables": variables,
                "answer": shop.ask(query, variables),
            ])
        }
        let order = JSON.text(ids["order"])
        let parcel = JSON.text(ids["parcel"])
        for (file, variables) in [
            ("ShopInfo", [:]), ("PollOrdersLean", ["first": 250, "query": "updated_at:>='2020-01-01T00:00:00Z'"]),
            ("OrderDetails", ["ids": [order]]), ("FulfillmentsById", ["ids": [parcel]]),
            ("FulfillmentDetail", ["id": parcel]),
            ("OrderEvents", ["first": 10, "query": "id:>0"]), ("Locations", ["first": 5]),
            ("SampleFromBrief", ["first": 5, "query": ""]), ("TagsAdd", ["id": order, "tags": ["a"]]),
            ("FulfillmentEventCreate", ["fulfillmentEvent": ["fulfillmentId": parcel, "status": "DELAYED"]]),
        ] as [(String, JSON)] {
            let text = try String(contentsOf: shared.appending(path: "queries/\(file).graphql"), encoding: .utf8)
            ask(file, text, variables)
        }
        for type in ["Order", "Fulfillment", "Return", "Customer"] {
            let id: JSON =
                switch type {
                case "Order": order
                case "Fulfillment": parcel
                case "Return": .text(ids["return"])
                default:
                    shop.ask("query Q($id: ID!) { order(id: $id) { customer { id } } }", ["id": order])["data"]?[
                        "order"]?["customer"]?["id"] ?? .null
                }
            for depth in 0...2 {
                let fields = Self.everything(of: type, depth, type == "Customer" ? ["Order"] : ["Customer"])
                ask(
                    "every field of \(type), \(depth) deep",
                    "query Q($id: ID!) { node(id: $id) { __typename ... on \(type) { \(fields) } } }", ["id": id])
            }
        }
        let holds =
            "id status fulfillmentHolds { id reason displayReason reasonNotes heldByRequestingApp handle } "
            + Self.everything(of: "FulfillmentOrder", 1, ["Order"])
        ask("holds", "{ orders(first: 5) { nodes { fulfillmentOrders(first: 2) { nodes { \(holds) } } } } }")
        ask("counts", "{ ordersCount(query: \"\") { count precision } }")

        let folder = FileManager.default.temporaryDirectory.appending(path: "sandbox-schema-\(UUID().uuidString)")
        try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
        defer { try? FileManager.default.removeItem(at: folder) }
        let ours = folder.appending(path: "ours.graphql")
        let answers = folder.appending(path: "cases.json")
        try AdminSchema.text.write(to: ours, atomically: true, encoding: .utf8)
        try Data(JSON.array(cases).bytes).write(to: answers)
        let script = URL(fileURLWithPath: #filePath).deletingLastPathComponent().appending(path: "check_answers.py")
        let (status, output) = Self.run(
            "/usr/bin/env",
            ["python3", script.path, shared.appending(path: "schema/\(version).graphql").path, ours.path, answers.path])
        #expect(status == 0, "\(output)")
    }
}
