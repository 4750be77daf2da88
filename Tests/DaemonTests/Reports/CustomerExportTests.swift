import Foundation
import GRDB
import Outreach
import Testing

@testable import Daemon
@testable import Store

@Suite("What a customer is given who asks what is kept of her") struct CustomerExportTests {
    /// The store of Tests/Golden/stores with the newest schema, in which every table has a row of hers. Which of them the
    /// export has to have is listed in `PersonalDataTests`.
    @Test("has her orders, parcels, letters, conversations, ratings, gifts with their codes, and offers")
    func whole() async throws {
        let folder = URL(fileURLWithPath: NSTemporaryDirectory()).appendingPathComponent("export-\(UUID().uuidString)")
        try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
        defer { try? FileManager.default.removeItem(at: folder) }
        let path = folder.appendingPathComponent("store.sqlite").path
        let now = Moment(milliseconds: 1_796_133_200_000)
        try Store.open(path: path, role: .command, now: now).close()
        let rows = try String(
            contentsOf: URL(fileURLWithPath: #filePath).deletingLastPathComponent()
                .appendingPathComponent("../../Golden/stores/\(Migration.current).sql"), encoding: .utf8)
        let database = try DatabaseQueue(path: path)
        try await database.write { db in try db.execute(sql: rows) }
        try database.close()

        let store = try Store.open(path: path, role: .command, now: now)
        let shop = "juniperfig.example"
        let address = "robin@shopper.example"
        var export = CustomerExport(address: address)
        for key in try await store.orders(ofAddress: address, shop: shop) {
            try await export.add(key, of: store, now: now)
        }
        let customer = try await store.customer(store.addressKey(address), shop: shop, limit: 9, now: now)
        try await export.add(customer, shop: shop, of: store)
        let json = try export.json()
        for words in [
            "#1001", "12 Fig Lane", "Arrived at a sorting centre", "1ZBENCH0", "Dear Robin, your parcel is on its way.",
            "Dear Robin, it is late.", "Robin asks where it is.", "https://helpdesk.example/77", "Robin liked it",
            "FIG-ROBIN-1", "Robin's parcel is lost", "unsubscribed", "The mailbox is full",
        ] {
            #expect(json.contains(words), "\(words)")
        }
        try store.close()
    }
}
