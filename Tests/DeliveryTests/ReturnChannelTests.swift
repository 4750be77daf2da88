import Delivery
import Doubles
import Foundation
import Outreach
import Platform
import Shopify
import Testing

private let now = Moment(iso8601: "2026-11-18T09:00:00Z")!
private let order = "gid://shopify/Order/1"
private let returnID = "gid://shopify/Return/9"

@Suite("Returns in the shop")
struct ReturnChannelTests {
    private func channel(_ transport: any HTTPTransport) -> ShopChannel { .open(transport, at: now) }

    private func message(_ action: ShopAction, known: [String: String] = [:]) throws -> Message {
        var facts = OrderFacts(id: order, name: "#1", createdAt: now, updatedAt: now)
        facts.customer = CustomerFacts(id: "gid://shopify/Customer/7", email: "robin@shopper.example")
        let command = ActionCommand(
            action, for: OrderRecord(shop: "fig.myshopify.com", facts: facts, seenAt: now), mark: "bookbag-abc",
            isPersons: false, decidedAt: now, zone: try #require(Zone(named: "Europe/London")))
        var message = command.message(id: "act_1", why: "return page")
        message.known = known
        return message
    }

    private func answer(_ text: String) -> HTTPResponse { .json(#"{"data":\#(text)}"#) }

    private func standing(_ more: String = #""test":false,"disputes":[]"#) -> HTTPResponse {
        answer(#"{"order":{"id":"\#(order)","cancelledAt":null,"refunds":[],\#(more)}}"#)
    }

    private func pounds(_ text: String) -> Money { Money(amount: Decimal(string: text)!, currency: "GBP") }

    // MARK: - Asking

    private static let draft = ReturnDraft(
        lines: [QuantityFacts(lineItemID: "gid://shopify/LineItem/1", quantity: 3)], reason: .tooSmall,
        wish: .storeCredit, words: "Too tight")

    private func notes(_ note: String? = nil) -> HTTPResponse {
        let returns = note.map {
            #"[{"id":"\#(returnID)","name":"R1","status":"REQUESTED","returnLineItems":{"nodes":[{"customerNote":"\#($0)"}]}}]"#
        }
        return answer(#"{"order":{"id":"\#(order)","returns":{"nodes":\#(returns ?? "[]")}}}"#)
    }

    private var returnable: HTTPResponse {
        func lines(_ id: Int, _ quantity: Int) -> String {
            #"{"id":"f\#(id)","returnableFulfillmentLineItems":{"nodes":[{"quantity":\#(quantity),"fulfillmentLineItem":{"id":"gid://shopify/FulfillmentLineItem/\#(id)","lineItem":{"id":"gid://shopify/LineItem/1"}}}]}}"#
        }
        return answer(#"{"returnableFulfillments":{"nodes":[\#(lines(1, 2)),\#(lines(2, 2))]}}"#)
    }

    private let reasons = HTTPResponse.json(
        #"{"data":{"returnReasonDefinitions":{"nodes":[{"id":"gid://shopify/ReturnReasonDefinition/5","handle":"other-reason","deleted":false},{"id":"gid://shopify/ReturnReasonDefinition/7","handle":"too-small","deleted":false}]}}}"#
    )

    private let requested = HTTPResponse.json(
        #"{"data":{"returnRequest":{"return":{"id":"gid://shopify/Return/9","name":"R1","status":"REQUESTED"},"userErrors":[]}}}"#
    )

    @Test("a request is made over the parcels that have the goods, with Shopify's reason and a note that names it")
    func request() async throws {
        let transport = ScriptedTransport(notes(), standing(), returnable, reasons, requested)
        let answer = try await channel(transport).attempt(try message(.requestReturn(Self.draft)), at: now)
        #expect(answer.verdict == .accepted(receipt: returnID))
        #expect(answer.results["return"] == returnID && answer.results["wish"] == "store_credit")
        let input = try #require(transport.requests[4].variables["input"] as? [String: Any])
        let lines = try #require(input["returnLineItems"] as? [[String: Any]])
        #expect(lines.compactMap { $0["quantity"] as? Int } == [2, 1])
        #expect(
            lines.allSatisfy { $0["returnReasonDefinitionId"] as? String == "gid://shopify/ReturnReasonDefinition/7" })
        let note = try #require(lines[0]["customerNote"] as? String)
        #expect(note == "Too tight – Would like store credit. (bookbag-abc)" && note.count <= 300)
        let most = ReturnDraft(lines: [], reason: .other, wish: .storeCredit, words: String(repeating: "ü", count: 999))
        #expect(most.words.count == ReturnDraft.mostWords)
    }

    @Test("a request whose answer was lost is looked for by its mark, twice, before it is repeated")
    func lost() async throws {
        let doubted = try message(.requestReturn(Self.draft), known: ["doubts": "1"])
        let there = ScriptedTransport(notes("Too tight (bookbag-abc)"))
        let found = try await channel(there).attempt(doubted, inDoubt: 1, at: now)
        #expect(found.verdict == .accepted(receipt: returnID) && found.results["wish"] == "store_credit")
        #expect(there.requests.map(\.operation) == ["OrderReturnNotes"])
        // Somebody else's return is not ours.
        let others = ScriptedTransport(notes("Too tight"))
        let wait = try await channel(others).attempt(doubted, inDoubt: 1, at: now)
        #expect(wait.verdict.name == "deferred" && wait.results["looked_1"] == "1")
        let again = ScriptedTransport(notes(), notes(), standing(), returnable, reasons, requested)
        let looked = try message(.requestReturn(Self.draft), known: ["doubts": "1", "looked_1": "1"])
        #expect(try await channel(again).attempt(looked, inDoubt: 1, at: now).verdict.name == "accepted")
    }

    @Test("what cannot be returned any more is refused in words, by us or by Shopify")
    func tooMuch() async throws {
        var draft = Self.draft
        draft.lines[0].quantity = 5
        let ours = ScriptedTransport(notes(), standing(), returnable, reasons)
        let refused = try await channel(ours).attempt(try message(.requestReturn(draft)), at: now).verdict
        #expect(refused.failure?.detail.contains("not that many") == true && ours.requests.count == 4)
        let late = ScriptedTransport(
            notes(), standing(), returnable, reasons,
            answer(
                #"{"returnRequest":{"return":null,"userErrors":[{"field":["input"],"message":"Return line item has an invalid quantity.","code":"INVALID"}]}}"#
            ))
        let theirs = try await channel(late).attempt(try message(.requestReturn(Self.draft)), at: now).verdict
        #expect(theirs.failure?.detail.contains("not that many") == true && theirs.name == "refused")
        let test = ScriptedTransport(notes(), standing(#""test":true"#))
        let none = try await channel(test).attempt(try message(.requestReturn(Self.draft)), at: now).verdict
        #expect(none.failure?.detail == "it is a test order")
    }

    // MARK: - Deciding

    private func state(
        _ status: String, refunds: [String] = [], arrived: Int = 2, processable: Int = 2
    ) -> HTTPResponse {
        let paid = refunds.map { #"{"id":"\#($0)"}"# }.joined(separator: ",")
        let here = arrived > 0 ? #"{"type":"RESTOCKED","quantity":\#(arrived)}"# : #"{"type":"MISSING","quantity":2}"#
        return answer(
            #"{"return":{"id":"\#(returnID)","name":"R1","status":"\#(status)","returnLineItems":{"nodes":[{"id":"gid://shopify/ReturnLineItem/3","quantity":2,"processableQuantity":\#(processable),"processedQuantity":0}]},"reverseFulfillmentOrders":{"nodes":[{"id":"r","lineItems":{"nodes":[{"totalQuantity":2,"dispositions":[\#(here)]}]}}]},"refunds":{"nodes":[\#(paid)]}}}"#
        )
    }

    private static let terms = ReturnTerms(label: .wePay, offer: [.refund], refundWhen: .received)

    @Test(
        "an approval is done once, keeps its terms, and is not ours where the order is disputed or the return is over")
    func approve() async throws {
        let approval = try message(.approveReturn(id: returnID, on: Self.terms))
        let done = answer(#"{"returnApproveRequest":{"return":{"id":"\#(returnID)","status":"OPEN"},"userErrors":[]}}"#)
        let transport = ScriptedTransport(state("REQUESTED"), standing(), done)
        let made = try await channel(transport).attempt(approval, at: now)
        #expect(made.verdict == .accepted(receipt: returnID) && ReturnStory(results: made.results).terms == Self.terms)
        let input = transport.requests[2].variables["input"] as? [String: Any]
        #expect(input?["notifyCustomer"] as? Bool == false)
        let repeated = ScriptedTransport(state("OPEN"))
        let again = try await channel(repeated).attempt(approval, inDoubt: 1, at: now)
        #expect(again.verdict.name == "accepted" && again.results == made.results && repeated.requests.count == 1)
        let disputed = ScriptedTransport(
            state("REQUESTED"), standing(#""test":false,"disputes":[{"status":"NEEDS_RESPONSE"}]"#))
        #expect(
            try await channel(disputed).attempt(approval, at: now).verdict.failure?.detail.contains("disputed") == true)
        let over = ScriptedTransport(state("DECLINED"))
        #expect(try await channel(over).attempt(approval, at: now).verdict.name == "refused")
    }

    @Test("a refusal has Shopify's reason, and finds itself done")
    func decline() async throws {
        let refusal = try message(.declineReturn(id: returnID, because: .periodEnded))
        let done = answer(
            #"{"returnDeclineRequest":{"return":{"id":"\#(returnID)","status":"DECLINED"},"userErrors":[]}}"#)
        let transport = ScriptedTransport(state("REQUESTED"), done)
        #expect(try await channel(transport).attempt(refusal, at: now).verdict.name == "accepted")
        let input = transport.requests[1].variables["input"] as? [String: Any]
        #expect(input?["declineReason"] as? String == "RETURN_PERIOD_ENDED")
        let repeated = ScriptedTransport(state("DECLINED"))
        #expect(try await channel(repeated).attempt(refusal, inDoubt: 1, at: now).verdict.name == "accepted")
    }

    // MARK: - Paying

    private func outcome(_ amount: String) -> HTTPResponse {
        let money = #"{"presentmentMoney":{"amount":"\#(amount)","currencyCode":"GBP"}}"#
        return answer(
            #"{"return":{"id":"\#(returnID)","suggestedFinancialOutcome":{"financialTransfer":{"__typename":"RefundReturnOutcome","amount":\#(money),"suggestedTransactions":[{"amountSet":\#(money),"parentTransaction":{"id":"gid://shopify/OrderTransaction/4"}}]}}}}"#
        )
    }

    private var paid: [HTTPResponse] {
        [
            answer(
                #"{"returnProcess":{"return":{"id":"\#(returnID)","status":"OPEN","refunds":{"nodes":[{"id":"gid://shopify/Refund/6"}]}},"userErrors":[]}}"#
            ), answer(#"{"returnClose":{"return":{"id":"\#(returnID)","status":"CLOSED"},"userErrors":[]}}"#),
        ]
    }

    private func settle(_ way: ReturnWish = .refund, most: String = "20") throws -> ShopAction {
        .settleReturn(
            id: returnID, as: way, atMost: pounds(most),
            expiresOn: way == .storeCredit ? CalendarDay(iso8601: "2027-11-18") : nil)
    }

    @Test("what came back is paid as Shopify suggests, the way it was paid or as credit, and the return is closed")
    func pay() async throws {
        for way in [ReturnWish.refund, .storeCredit] {
            let transport = ScriptedTransport(
                ([state("OPEN"), standing(), outcome("20.0")] + paid).map { .success($0) })
            let made = try await channel(transport).attempt(try message(try settle(way)), at: now)
            #expect(made.verdict == .accepted(receipt: "gid://shopify/Refund/6"))
            #expect(transport.requests.map(\.operation).suffix(2) == ["ReturnProcess", "ReturnClose"])
            let input = try #require(transport.requests[3].variables["input"] as? [String: Any])
            let transfer = input["financialTransfer"] as? [String: Any]
            let refund = try #require(transfer?["issueRefund"] as? [String: Any])
            let ways = try #require(refund["orderTransactions"] as? [[String: Any]])
            let credits = try #require(refund["refundMethods"] as? [[String: Any]])
            #expect(ways.count == (way == .refund ? 1 : 0) && credits.count == (way == .refund ? 0 : 1))
            if way == .refund {
                #expect((ways[0]["transactionAmount"] as? [String: Any])?["amount"] as? String == "20.00")
            } else {
                let credit = credits[0]["storeCreditRefund"] as? [String: Any]
                #expect((credit?["expiresAt"] as? String)?.hasPrefix("2027-11-19") == true)
            }
        }
    }

    @Test("nobody is paid twice: a refund of the return stops it, whoever made it and whatever answer was lost")
    func once() async throws {
        let byHand = ScriptedTransport(state("OPEN", refunds: ["gid://shopify/Refund/1"]))
        let refused = try await channel(byHand).attempt(try message(try settle()), at: now).verdict
        #expect(refused.failure?.detail == "it was paid back by hand")
        let doubted = try message(try settle(), known: ["doubts": "1"])
        let there = ScriptedTransport(state("CLOSED", refunds: ["gid://shopify/Refund/6"]))
        let found = try await channel(there).attempt(doubted, inDoubt: 1, at: now)
        #expect(found.verdict == .accepted(receipt: "gid://shopify/Refund/6") && there.requests.count == 1)
        // Not there yet: it is looked for once more before it is done again.
        let wait = ScriptedTransport(state("OPEN"), state("OPEN"), standing(), outcome("20.0"))
        #expect(try await channel(wait).attempt(doubted, inDoubt: 1, at: now).results["looked_1"] == "1")
        let looked = try message(try settle(), known: ["doubts": "1", "looked_1": "1"])
        let again = ScriptedTransport(
            ([state("OPEN"), state("OPEN"), standing(), outcome("20.0")] + paid).map { .success($0) })
        #expect(try await channel(again).attempt(looked, inDoubt: 1, at: now).verdict.name == "accepted")
    }

    @Test(
        "a person decides where Shopify would pay more than was decided, not everything is here, or it was processed by hand"
    )
    func person() async throws {
        func detail(_ responses: HTTPResponse...) async throws -> String {
            let transport = ScriptedTransport(responses.map { .success($0) })
            let verdict = try await channel(transport).attempt(try message(try settle()), at: now).verdict
            #expect(verdict.name == "refused" && transport.requests.count == responses.count)
            return verdict.failure?.detail ?? ""
        }
        #expect(try await detail(state("OPEN"), standing(), outcome("20.01")).contains("at most 20.00 GBP"))
        #expect(try await detail(state("OPEN", arrived: 1), standing()).contains("1 of 2 items are here"))
        #expect(try await detail(state("OPEN", arrived: 0), standing()).contains("0 of 2 items are here"))
        #expect(try await detail(state("OPEN", processable: 0), standing()).contains("processed by hand"))
        #expect(try await detail(state("CANCELED")).contains("cancelled by hand"))
        #expect(
            try await detail(state("OPEN"), standing(#""test":false,"disputes":[{"status":"UNDER_REVIEW"}]"#))
                .contains("disputed"))
    }
}
