import Outreach
import Testing

@testable import Store

private let order = OrderKey(shop: shop, orderID: facts(1).id)
private let pass = [UInt8](repeating: 3, count: 32)

extension Store {
    /// A code was mailed for a page of the first order.
    fileprivate func mailed(_ code: String, for page: String = "address", at moment: Moment = t0) async throws -> Bool {
        let key = "\(page) \(moment.milliseconds)"
        let letter = SystemMail(
            maker: "page_code", key: key, message: mail("code-\(key.hashValue)@juniperfig.example"),
            aggregate: .order(order.orderID), dueAt: moment)
        return try await mailCode(by: letter, code: code, for: page, of: order, now: moment)
    }
}

@Suite("Codes for the shopper's pages") struct PageCodesTests {
    @Test("a code works once, for its page, in its time", arguments: StoreKind.allCases)
    func once(_ kind: StoreKind) async throws {
        let store = try await kind.make()
        #expect(try await store.mailed("012345") == false, "no such order")
        _ = try await store.placed(1)
        #expect(try await store.mailed("012345"))
        #expect(try await store.prove("012345", for: "cancel", of: order, now: .at(1)) == false)
        #expect(try await store.prove("999999", for: "address", of: order, now: .at(1)) == false)
        #expect(try await store.prove("012345", for: "address", of: order, now: .at(901)) == false, "too late")
        #expect(try await store.prove("012345", for: "address", of: order, now: .at(899)))
        #expect(try await store.prove("012345", for: "address", of: order, now: .at(899)) == false, "a second time")
        // A new one makes an end of the one before.
        #expect(try await store.mailed("111111", at: .at(1000)) && store.mailed("222222", at: .at(1001)))
        #expect(try await store.prove("111111", for: "address", of: order, now: .at(1002)) == false)
        #expect(try await store.prove("222222", for: "address", of: order, now: .at(1002)))
    }

    @Test("five wrong codes make an end of the right one", arguments: StoreKind.allCases)
    func wrong(_ kind: StoreKind) async throws {
        let store = try await kind.make()
        _ = try await store.placed(1)
        _ = try await store.mailed("012345")
        for _ in 0..<Store.pageCodeTries {
            #expect(try await store.prove("999999", for: "address", of: order, now: .at(1)) == false)
        }
        #expect(try await store.prove("012345", for: "address", of: order, now: .at(2)) == false)
    }

    @Test("a pass is of one page and ends, and a new code takes it away", arguments: StoreKind.allCases)
    func passes(_ kind: StoreKind) async throws {
        let store = try await kind.make()
        _ = try await store.placed(1)
        _ = try await store.mailed("012345")
        #expect(try await store.holds(pass: pass, for: "address", of: order, now: .at(1)) == false)
        #expect(try await store.prove("012345", for: "address", of: order, pass: pass, now: .at(1)))
        #expect(try await store.holds(pass: pass, for: "address", of: order, now: .at(1800)))
        #expect(try await store.holds(pass: pass, for: "cancel", of: order, now: .at(2)) == false)
        #expect(
            try await store.holds(pass: [UInt8](repeating: 4, count: 32), for: "address", of: order, now: .at(2))
                == false)
        #expect(try await store.holds(pass: pass, for: "address", of: order, now: .at(1801)) == false, "over")
        _ = try await store.mailed("123456", at: .at(3))
        #expect(try await store.holds(pass: pass, for: "address", of: order, now: .at(4)) == false)
        // Whoever is erased has none, and the rest of the store forgets the row with the order.
        _ = try await store.erase(address: "robin@example.com", shop: shop, now: .at(5))
        #expect(try await store.prove("123456", for: "address", of: order, now: .at(6)) == false)
    }
}
