import Daemon
import Foundation
import Outreach
import Store
import Testing

@testable import Web

@Suite("The page of approvals")
struct ApprovalsTests {
    private let approver = "approve@juniperfig.example"

    @Test("shows what would be offered, why, what would happen and for how much, and who may approve it")
    func shown() async throws {
        let bench = try await DeskBench()
        try await bench.order(1001)
        try await bench.offered(
            about: 1001, also: Offer.Option(.gift("sorry"), 1500),
            why: "'lost-parcel' of policy.yaml, line 7: order.total_price is 45.00; 0.00 GBP given this month")
        let page = await bench.ask("/juniperfig/approvals", cookies: try await bench.login(approver)).text
        for part in [
            "60.00 GBP at most", "lost-parcel", "order.total_price is 45.00", "0.00 GBP given this month",
            "goes back the way it was paid", "A new order without a price", "Robin Ashdown", "45.00 GBP", ">Approve<",
            "You may approve up to 100 GBP",
        ] {
            #expect(page.contains(part), "\(part)")
        }
        // Fay goes up to 50: she may refuse.
        let lower = await bench.ask(
            "/juniperfig/approvals", cookies: try await bench.login("all@juniperfig.example")
        ).text
        #expect(lower.contains("goes up to 50 GBP") && !lower.contains(">Approve<") && lower.contains(">Refuse<"))
    }

    @Test("approves once, by the server's own sums, and writes it down")
    func approve() async throws {
        let bench = try await DeskBench()
        try await bench.order(1001)
        let offer = try await bench.offered(about: 1001, also: Offer.Option(.gift("sorry"), 1500))
        let path = "/juniperfig/approvals/\(offer.number)/approve"
        func post(_ who: String, version: Int64? = nil, _ act: String = "approve") async throws -> WebResponse {
            await bench.ask(
                "/juniperfig/approvals/\(offer.number)/\(act)", method: "POST",
                form: ["version": "\(version ?? offer.version)", "note": "  a\nnote "],
                cookies: try await bench.login(who))
        }
        let above = try await post("all@juniperfig.example")
        #expect(above.status == 403 && above.text.contains("does not cover this sum"))
        #expect(try await post(approver, version: 7).status == 409)
        #expect(try await bench.store.offer(offer.number, shop: figs)?.state == .asked)
        #expect(try await post(approver).status == 303)
        let open = try #require(try await bench.store.offer(offer.number, shop: figs))
        #expect(open.state == .open && open.judgedBy == approver && open.note == "a note")
        #expect(try await post(approver).status == 409)
        #expect(try await post(approver, "refuse").status == 409)
        let audit = try await bench.store.auditLines(limit: 20).map(\.entry).filter { $0.what == "approved_offer" }
        #expect(audit.count == 1 && audit[0].detail == "at most 60.00 GBP" && audit[0].about == "#1001")
        // A browser that asks for the answer again gets the page.
        let again = await bench.ask(path, cookies: try await bench.login(approver))
        #expect(again.status == 303 && again.headers["location"] == "/juniperfig/approvals")
        let page = await bench.ask("/juniperfig/approvals", cookies: try await bench.login(approver)).text
        #expect(page.contains("Dan Approve approved it") && page.contains("Nothing waits for approval"))
    }

    @Test("approves nothing that cannot be had any more")
    func changed() async throws {
        let bench = try await DeskBench()
        try await bench.order(1001)
        let offer = try await bench.offered(about: 1001, options: [Offer.Option(.refund, 4000)])
        let cookies = try await bench.login(approver)
        let page = await bench.ask("/juniperfig/approvals", cookies: cookies).text
        #expect(page.contains("costs 45.00 GBP by now") && !page.contains(">Approve<"))
        let answer = await bench.ask(
            "/juniperfig/approvals/\(offer.number)/approve", method: "POST", form: ["version": "\(offer.version)"],
            cookies: cookies)
        #expect(answer.status == 403)
        #expect(try await bench.store.offer(offer.number, shop: figs)?.state == .asked)
        let refused = await bench.ask(
            "/juniperfig/approvals/\(offer.number)/refuse", method: "POST", form: ["version": "\(offer.version)"],
            cookies: cookies)
        #expect(refused.status == 303)
        #expect(try await bench.store.offer(offer.number, shop: figs)?.state == .refused)
    }
}
