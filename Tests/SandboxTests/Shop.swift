import Foundation
import Synchronization

@testable import Sandbox

/// A shop whose clock stands still until it is moved, and the Admin API before it.
final class Shop: Sendable {
    final class Hand: Sendable {
        private let time = Mutex(Date(timeIntervalSince1970: 1_795_000_000))
        var now: Date { time.withLock { $0 } }
        func advance(_ seconds: Double) { time.withLock { $0 += seconds } }
    }

    let hand = Hand()
    let shop: SandboxShop
    let service: AdminService
    let scopes: [String]

    init(
        manners: SandboxShopManners = SandboxShopManners(), bucket: SandboxBucket = SandboxBucket(),
        scopes: [String] = SandboxCredentials.usualScopes + ["write_fulfillments", "write_orders", "write_returns"]
    ) {
        let hand = hand
        shop = SandboxShop(manners: manners, clock: SandboxClock { hand.now })
        service = AdminService(shop: shop, bucket: bucket)
        self.scopes = scopes
    }

    func ask(_ query: String, _ variables: JSON = [:]) -> JSON {
        service.answer(["query": .string(query), "variables": variables], scopes: Set(scopes))
    }

    static let sam = SandboxCustomer(firstName: "Sam", lastName: "Shopper", email: "sam@shopper.example")
    static let tea = SandboxItem("Fig leaf tea", sku: "TEA-FIG", price: 1250, quantity: 2, tags: ["tea"])

    @discardableResult
    func place(_ name: String = "sam", test: Bool = false, quirks: Set<SandboxQuirk> = []) -> PlacedOrder {
        hand.advance(1)
        return shop.placeOrder(
            customer: SandboxCustomer(firstName: name, lastName: "Shopper", email: "\(name)@shopper.example"),
            items: [Self.tea], test: test, quirks: quirks)
    }

    @discardableResult
    func ship(_ order: PlacedOrder) throws -> ShopID {
        hand.advance(1)
        return try shop.fulfil(order.id, packages: [SandboxPackage(company: "UPS", number: "1Z1")])
    }

    /// The names of the orders that a search finds.
    func names(_ query: String, sortKey: String = "UPDATED_AT") -> [String] {
        let answer = ask(
            "query Q($q: String!) { orders(first: 250, query: $q, sortKey: \(sortKey)) { nodes { name } } }",
            ["q": .string(query)])
        return (answer["data"]?["orders"]?["nodes"]?.array ?? []).compactMap { $0["name"]?.string }
    }

    /// Where the project's shared test data lies, when it is there.
    static let shared: URL? = {
        let root = URL(fileURLWithPath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
            .deletingLastPathComponent()
        let folder = root.deletingLastPathComponent().appending(path: "shared")
        return FileManager.default.fileExists(atPath: folder.path) ? folder : nil
    }()
}
