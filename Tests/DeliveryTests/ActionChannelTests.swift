import Delivery
import Doubles
import Foundation
import Outreach
import Platform
import Shopify
import Testing

private let now = Moment(iso8601: "2026-11-18T09:00:00Z")!
private let order = "gid://shopify/Order/1"

@Suite("Actions in the shop")
struct ActionChannelTests {
    private func channel(_ transport: any HTTPTransport) -> ShopChannel { .open(transport, at: now) }

    private func message(
        _ action: ShopAction, known: [String: String] = [:], isPersons: Bool = false, guest: Bool = false
    ) throws -> Message {
        var facts = OrderFacts(id: order, name: "#1", createdAt: now, updatedAt: now)
        if !guest { facts.customer = CustomerFacts(id: "gid://shopify/Customer/7", email: "robin@shopper.example") }
        let record = OrderRecord(shop: "fig.myshopify.com", facts: facts, seenAt: now)
        let zone = try #require(Zone(named: "Europe/London"))
        let command = ActionCommand(
            action, for: record, mark: "bookbag-abc", isPersons: isPersons, decidedAt: now, zone: zone)
        var message = command.message(id: "act_1", why: "'\(action.verb.rawValue)' of triggers/late.yaml")
        message.known = known
        return message
    }

    private func pounds(_ text: String, _ currency: String = "GBP") -> Money {
        Money(amount: Decimal(string: text)!, currency: currency)
    }

    private func answer(_ text: String) -> HTTPResponse { .json(#"{"data":\#(text)}"#) }

    private func standing(_ more: String = "", refunds: String = "[]", status: String = "UNFULFILLED") -> HTTPResponse {
        answer(
            #"{"order":{"id":"\#(order)","cancelledAt":null,"test":false,"displayFulfillmentStatus":"\#(status)","disputes":[],"refunds":\#(refunds)\#(more)}}"#
        )
    }

    private func refundable(_ amounts: [String], _ currency: String = "GBP", most: String) -> HTTPResponse {
        let ways = amounts.enumerated().map { index, amount in
            #"{"amountSet":{"presentmentMoney":{"amount":"\#(amount)","currencyCode":"\#(currency)"}},"gateway":"bogus","parentTransaction":{"id":"gid://shopify/OrderTransaction/\#(index)"}}"#
        }
        return answer(
            #"{"order":{"id":"\#(order)","suggestedRefund":{"maximumRefundableSet":{"presentmentMoney":{"amount":"\#(most)","currencyCode":"\#(currency)"}},"suggestedTransactions":[\#(ways.joined(separator: ","))]}}}"#
        )
    }

    private let refunded = HTTPResponse.json(
        #"{"data":{"refundCreate":{"refund":{"id":"gid://shopify/Refund/5"},"userErrors":[]}}}"#)

    // MARK: - Tags

    @Test("tags are added to those that are there, and a repeat does no harm")
    func tags() async throws {
        let done = answer(#"{"tagsAdd":{"node":{"id":"x"},"userErrors":[]}}"#)
        let transport = ScriptedTransport(done, done)
        let tag = try message(.tagCustomer(tag: "late"))
        #expect(try await channel(transport).attempt(tag, inDoubt: 0, at: now).verdict.name == "accepted")
        #expect(try await channel(transport).attempt(tag, inDoubt: 1, at: now).verdict.name == "accepted")
        #expect(transport.requests.map(\.operation) == ["TagsAdd", "TagsAdd"])
        #expect(transport.requests[0].variables["id"] as? String == "gid://shopify/Customer/7")
        let gone = ScriptedTransport(
            answer(#"{"tagsAdd":{"node":null,"userErrors":[{"field":["id"],"message":"Owner does not exist"}]}}"#))
        let verdict = try await channel(gone).attempt(tag, at: now).verdict
        #expect(verdict.failure?.detail == "Shopify has no such order or customer any more")
    }

    @Test("what the app may not do stops this action alone, and names the scope and the line")
    func denied() async throws {
        let denied = HTTPResponse.json(
            #"{"errors":[{"message":"Access denied","path":["tagsAdd"],"extensions":{"code":"ACCESS_DENIED","requiredAccess":"`write_orders` access scope."}}],"data":{"tagsAdd":null}}"#
        )
        let verdict = try await channel(ScriptedTransport(denied)).attempt(
            try message(.tagOrder(tag: "late")), at: now
        ).verdict
        #expect(verdict.name == "deferred" && verdict.failure?.inDoubt == false)
        let detail = verdict.failure?.detail ?? ""
        #expect(detail.contains("write_orders") && detail.contains("'tag_order' of triggers/late.yaml"))
    }

    // MARK: - Refunds

    @Test(
        "a refund goes back the way it was paid, over several payments, in the currency's decimals, under one key",
        arguments: [
            ("GBP", "12.5", ["10.0", "40.0"], ["10.00", "2.50"]),
            ("JPY", "1200", ["1000.0", "900.0"], ["1000", "200"]),
            ("KWD", "1.25", ["1.0", "1.0"], ["1.000", "0.250"]),
        ])
    func refund(_ currency: String, _ amount: String, _ paid: [String], _ parts: [String]) async throws {
        let transport = ScriptedTransport(standing(), refundable(paid, currency, most: "5000"), refunded)
        let refund = try message(.refund(amount: pounds(amount, currency)))
        let answer = try await channel(transport).attempt(refund, at: now)
        #expect(answer.verdict == .accepted(receipt: "gid://shopify/Refund/5"))
        #expect(answer.results["refund"] == "gid://shopify/Refund/5")
        let variables = transport.requests[2].variables
        let input = try #require(variables["input"] as? [String: Any])
        let sent = (input["transactions"] as? [[String: Any]])?.compactMap { $0["amount"] as? String }
        #expect(sent == parts && input["currency"] as? String == currency)
        #expect((input["note"] as? String)?.contains("bookbag-abc") == true && input["notify"] as? Bool == false)
        let key = try #require(variables["idempotencyKey"] as? String)
        #expect(key.wholeMatch(of: /[0-9a-f]{8}-[0-9a-f]{4}-5[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}/) != nil)
        let again = ScriptedTransport(standing(), refundable(paid, currency, most: "5000"), refunded)
        _ = try await channel(again).attempt(refund, at: now + .hours(2))
        #expect(again.requests[2].variables["idempotencyKey"] as? String == key)
    }

    @Test("a refund is never above what is left, as after one that was made by hand")
    func above() async throws {
        let transport = ScriptedTransport(standing(), refundable(["3.0"], most: "3.0"))
        let verdict = try await channel(transport).attempt(
            try message(.refund(amount: pounds("12.50"))), at: now
        ).verdict
        #expect(verdict.name == "refused" && transport.requests.count == 2)
        #expect(verdict.failure?.detail.contains("3.00 GBP of the payment is left") == true)
        let late = ScriptedTransport(
            standing(), refundable(["50.0"], most: "50.0"),
            answer(
                #"{"refundCreate":{"refund":null,"userErrors":[{"field":null,"message":"Refund amount $12.50 is greater than net payment received $3.00"}]}}"#
            ))
        let objection = try await channel(late).attempt(
            try message(.refund(amount: pounds("12.50"))), at: now
        ).verdict
        #expect(objection.failure?.detail.contains("made by hand") == true && objection.name == "refused")
    }

    @Test(
        "a refund at random is paid back whole, no payment gets back more than it has, and nothing above what is left",
        arguments: ["JPY", "KWD", "EUR"])
    func randomRefunds(_ currency: String) async throws {
        var chance = SystemRandomNumberGenerator()
        for _ in 0..<40 {
            let payments = (0..<Int.random(in: 1...3, using: &chance)).map { _ in
                Int64.random(in: 1...90_000, using: &chance)
            }
            let units = Int64.random(in: 1...250_000, using: &chance)
            let all = payments.reduce(0, +)
            // What Shopify lets be paid back may be less than the payments: some of it went back by hand.
            let left = Int64.random(in: 0...all, using: &chance)
            func text(_ units: Int64) -> String { CurrencyUnits.written(units, in: currency) }
            let transport = ScriptedTransport(
                standing(), refundable(payments.map(text), currency, most: text(left)), refunded)
            let verdict = try await channel(transport).attempt(
                try message(.refund(amount: pounds(text(units), currency))), at: now
            ).verdict
            let seen = "\(text(units)) \(currency) of \(payments.map(text)), \(text(left)) left"
            guard units <= left else {
                #expect(verdict.name == "refused" && transport.requests.count == 2, "\(seen)")
                continue
            }
            #expect(verdict.name == "accepted", "\(seen)")
            let input = try #require(transport.requests[2].variables["input"] as? [String: Any])
            let parts = (input["transactions"] as? [[String: Any]] ?? []).compactMap { part -> Int64? in
                (part["amount"] as? String).flatMap { Decimal(string: $0) }.flatMap {
                    CurrencyUnits.units($0, in: currency)
                }
            }
            #expect(parts.reduce(0, +) == units && parts.count <= payments.count, "\(seen)")
            #expect(zip(parts, payments).allSatisfy { $0 > 0 && $0 <= $1 }, "\(seen)")
        }
    }

    @Test("a refund whose answer was lost is looked for by its mark before it is repeated")
    func lostRefund() async throws {
        let refund = try message(.refund(amount: pounds("12.50")), known: ["doubts": "1"])
        let ours =
            #"[{"id":"gid://shopify/Refund/5","note":"Bookbag (bookbag-abc)","transactions":{"nodes":[{"status":"PENDING"}]}}]"#
        let there = ScriptedTransport(standing(refunds: ours))
        let answer = try await channel(there).attempt(refund, inDoubt: 1, at: now)
        #expect(answer.verdict == .accepted(receipt: "gid://shopify/Refund/5") && there.requests.count == 1)
        #expect(answer.results["refunded"] == "12.50 GBP")
        let notThere = ScriptedTransport(standing(), standing(), refundable(["50.0"], most: "50.0"), refunded)
        #expect(try await channel(notThere).attempt(refund, inDoubt: 1, at: now).verdict.name == "accepted")
        let lost = ScriptedTransport([.failure(TransferFailure(.dropped, phase: .answering))])
        let unclear = try await channel(lost).attempt(refund, inDoubt: 1, at: now).verdict
        #expect(unclear.name == "deferred" && unclear.failure?.inDoubt == false)
    }

    @Test("an order that is disputed, or paid back at the moment, gets nothing without a person")
    func guarded() async throws {
        let disputed = HTTPResponse.json(
            #"{"data":{"order":{"id":"\#(order)","cancelledAt":null,"test":false,"displayFulfillmentStatus":"FULFILLED","disputes":[{"status":"NEEDS_RESPONSE"}],"refunds":[]}}}"#
        )
        let paying = standing(
            refunds: #"[{"id":"gid://shopify/Refund/4","note":null,"transactions":{"nodes":[{"status":"PENDING"}]}}]"#)
        for state in [disputed, paying] {
            for action: ShopAction in [
                .refund(amount: pounds("5")),
                .storeCredit(amount: pounds("5"), expiresOn: CalendarDay(iso8601: "2027-11-18")!),
                .reship(lines: [QuantityFacts(lineItemID: "l", quantity: 1)]), .cancelOrder(reason: "customer"),
            ] {
                let transport = ScriptedTransport(state)
                let verdict = try await channel(transport).attempt(try message(action), at: now).verdict
                #expect(verdict.name == "refused" && verdict.failure?.detail.contains("a person decides") == true)
                #expect(transport.requests.map(\.operation) == ["OrderStanding"])
            }
        }
        let person = ScriptedTransport(disputed, refundable(["50.0"], most: "50.0"), refunded)
        let byHand = try message(.refund(amount: pounds("5")), isPersons: true)
        #expect(try await channel(person).attempt(byHand, at: now).verdict.name == "accepted")
    }

    // MARK: - Store credit

    @Test("store credit ends on its day, at a second of its own, by which it is found again")
    func credit() async throws {
        let made = answer(
            #"{"storeCreditAccountCredit":{"storeCreditAccountTransaction":{"id":"gid://shopify/T/9"},"userErrors":[]}}"#
        )
        let day = try #require(CalendarDay(iso8601: "2027-11-18"))
        let credit = ShopAction.storeCredit(amount: pounds("5"), expiresOn: day)
        let transport = ScriptedTransport(standing(), made)
        let first = try await channel(transport).attempt(try message(credit), at: now)
        #expect(first.results["credited"] == "5.00 GBP" && first.verdict.name == "accepted")
        let input = try #require(transport.requests[1].variables["creditInput"] as? [String: Any])
        let ends = try #require(input["expiresAt"] as? String)
        #expect(ends >= "2027-11-18T17:00:00Z" && ends < "2027-11-19T00:00:00Z")
        func found(_ expires: String, _ amount: String) -> HTTPResponse {
            answer(
                #"{"customer":{"storeCreditAccounts":{"nodes":[{"transactions":{"nodes":[{"id":"gid://shopify/T/9","expiresAt":"\#(expires)","amount":{"amount":"\#(amount)","currencyCode":"GBP"}}]}}]}}}"#
            )
        }
        let doubted = try message(credit, known: ["doubts": "1"])
        let there = ScriptedTransport(found(ends, "5.0"))
        #expect(
            try await channel(there).attempt(doubted, inDoubt: 1, at: now).verdict
                == .accepted(receipt: "gid://shopify/T/9"))
        // Another credit is none of ours; and what may be under way is looked for twice.
        for other in [found("2027-11-18T23:59:59Z", "5.0"), found(ends, "6.0")] {
            let late = ScriptedTransport(other)
            let answer = try await channel(late).attempt(doubted, inDoubt: 1, at: now)
            #expect(answer.verdict.name == "deferred" && answer.results == ["looked_1": "1"])
        }
        let twice = ScriptedTransport(found(ends, "6.0"), standing(), made)
        let looked = try message(credit, known: ["doubts": "1", "looked_1": "1"])
        #expect(try await channel(twice).attempt(looked, inDoubt: 1, at: now).verdict.name == "accepted")
    }

    // MARK: - Holds

    @Test("a hold is placed once on what is still to be sent, and only Bookbag's own are released")
    func holds() async throws {
        func parts(_ holds: String) -> HTTPResponse {
            answer(
                #"{"order":{"id":"\#(order)","cancelledAt":null,"fulfillmentOrders":{"nodes":[{"id":"f1","status":"OPEN","fulfillmentHolds":[\#(holds)]},{"id":"f2","status":"CLOSED","fulfillmentHolds":[]}]}}}"#
            )
        }
        let placed = answer(#"{"fulfillmentOrderHold":{"fulfillmentHold":{"id":"h1"},"userErrors":[]}}"#)
        let transport = ScriptedTransport(parts(""), placed)
        let hold = try message(.holdOrder(note: "asks for another address"))
        #expect(try await channel(transport).attempt(hold, at: now).verdict.name == "accepted")
        let input = transport.requests[1].variables["fulfillmentHold"] as? [String: Any]
        #expect(input?["handle"] as? String == "bookbag-abc" && transport.requests.count == 2)
        let there = ScriptedTransport(parts(#"{"id":"h1","handle":"bookbag-abc"}"#))
        #expect(try await channel(there).attempt(hold, at: now).verdict.name == "accepted")
        let raced = ScriptedTransport(
            parts(""),
            answer(
                #"{"fulfillmentOrderHold":{"fulfillmentHold":null,"userErrors":[{"field":["handle"],"message":"in use","code":"DUPLICATE_FULFILLMENT_HOLD_HANDLE"}]}}"#
            ))
        #expect(try await channel(raced).attempt(hold, at: now).verdict.name == "accepted")
        let released = answer(#"{"fulfillmentOrderReleaseHold":{"userErrors":[]}}"#)
        let release = ScriptedTransport(
            parts(#"{"id":"h1","handle":"bookbag-other"},{"id":"h2","handle":null},{"id":"h3","handle":"fraud"}"#),
            released)
        #expect(try await channel(release).attempt(try message(.releaseOrder), at: now).verdict.name == "accepted")
        #expect(release.requests[1].variables["holdIds"] as? [String] == ["h1"])
    }

    // MARK: - Second parcels

    private let reship = ShopAction.reship(lines: [QuantityFacts(lineItemID: "l1", quantity: 2)])
    private var goods: HTTPResponse {
        answer(
            ##"{"order":{"id":"\##(order)","name":"#1","email":"robin@shopper.example","currencyCode":"GBP","customer":{"id":"gid://shopify/Customer/7"},"shippingAddress":{"lastName":"Ash","address1":"12 Fig Lane","city":"Bath","zip":"BA1","countryCodeV2":"GB"},"lineItems":{"nodes":[{"id":"l1","title":"Tea","variant":{"id":"v1"}}]}}}"##
        )
    }

    @Test("a second parcel is a draft whose number is written down before it becomes an order, once")
    func secondParcel() async throws {
        let drafted = answer(#"{"draftOrderCreate":{"draftOrder":{"id":"d1"},"userErrors":[]}}"#)
        let first = ScriptedTransport(standing(), goods, drafted)
        let one = try await channel(first).attempt(try message(reship), at: now)
        #expect(one.verdict.name == "deferred" && one.results == ["draft": "d1"])
        let input = try #require(first.requests[2].variables["input"] as? [String: Any])
        #expect((input["lineItems"] as? [[String: Any]])?.first?["quantity"] as? Int == 2)
        #expect((input["appliedDiscount"] as? [String: Any])?["value"] as? Int == 100)
        #expect(input["tags"] as? [String] == ["bookbag-replacement", "bookbag-abc"])
        func state(_ order: String) -> HTTPResponse {
            answer(#"{"draftOrder":{"id":"d1","ready":true,"order":\#(order)}}"#)
        }
        let named = ##"{"id":"gid://shopify/Order/2","name":"#2"}"##
        let completed = answer(
            #"{"draftOrderComplete":{"draftOrder":{"id":"d1","order":\#(named)},"userErrors":[]}}"#)
        let second = ScriptedTransport(state("null"), standing(), completed)
        let known = try message(reship, known: ["draft": "d1", "doubts": "0"])
        let two = try await channel(second).attempt(known, at: now)
        #expect(two.verdict == .accepted(receipt: "gid://shopify/Order/2") && two.results["replacement_name"] == "#2")
        // The answer was lost: it is an order already, and no other is made.
        let third = ScriptedTransport(state(named))
        let doubted = try message(reship, known: ["draft": "d1", "doubts": "1"])
        #expect(try await channel(third).attempt(doubted, inDoubt: 1, at: now).verdict.name == "accepted")
        #expect(third.requests.map(\.operation) == ["DraftOrderState"])
        let paid = ScriptedTransport(
            state("null"), standing(),
            answer(
                #"{"draftOrderComplete":{"draftOrder":null,"userErrors":[{"field":null,"message":"This order has been paid"}]}}"#
            ))
        #expect(try await channel(paid).attempt(known, at: now).verdict.name == "deferred")
    }

    @Test("a draft whose answer was lost is looked for twice before another is made")
    func lostDraft() async throws {
        let none = answer(#"{"draftOrders":{"nodes":[]}}"#)
        let lost = try message(reship, known: ["doubts": "1"])
        let late = ScriptedTransport(none)
        let answer1 = try await channel(late).attempt(lost, inDoubt: 1, at: now)
        #expect(answer1.verdict.name == "deferred" && answer1.results == ["looked_1": "1"])
        let found = ScriptedTransport(answer(#"{"draftOrders":{"nodes":[{"id":"d1","tags":["bookbag-abc"]}]}}"#))
        #expect(try await channel(found).attempt(lost, inDoubt: 1, at: now).results == ["draft": "d1"])
        let drafted = answer(#"{"draftOrderCreate":{"draftOrder":{"id":"d2"},"userErrors":[]}}"#)
        let twice = ScriptedTransport(none, standing(), goods, drafted)
        let looked = try message(reship, known: ["doubts": "1", "looked_1": "1"])
        #expect(try await channel(twice).attempt(looked, inDoubt: 1, at: now).results == ["draft": "d2"])
    }

    // MARK: - Cancelling

    @Test("a cancellation is done once Shopify's job is, and only while nothing has been sent")
    func cancel() async throws {
        let asked = answer(#"{"orderCancel":{"job":{"id":"j1"},"orderCancelUserErrors":[]}}"#)
        let cancel = ShopAction.cancelOrder(reason: "customer")
        let first = ScriptedTransport(standing(), asked)
        let one = try await channel(first).attempt(try message(cancel), at: now)
        #expect(one.verdict.name == "deferred" && one.results == ["job": "j1"])
        let cancelled = answer(
            #"{"order":{"id":"\#(order)","cancelledAt":"2026-11-18T09:00:05Z","test":false,"displayFulfillmentStatus":"UNFULFILLED","disputes":[],"refunds":[]}}"#
        )
        let known = try message(cancel, known: ["job": "j1", "doubts": "0"])
        #expect(try await channel(ScriptedTransport(cancelled)).attempt(known, at: now).verdict.name == "accepted")
        let busy = ScriptedTransport(standing(), answer(#"{"job":{"id":"j1","done":false}}"#))
        #expect(try await channel(busy).attempt(known, at: now).verdict.name == "deferred")
        let failed = ScriptedTransport(standing(), answer(#"{"job":{"id":"j1","done":true}}"#), standing())
        #expect(try await channel(failed).attempt(known, at: now).verdict.name == "refused")
        let lost = try message(cancel, known: ["doubts": "1"])
        #expect(
            try await channel(ScriptedTransport(cancelled)).attempt(lost, inDoubt: 1, at: now).verdict.name
                == "accepted")
        // By somebody else.
        #expect(
            try await channel(ScriptedTransport(cancelled)).attempt(try message(cancel), at: now).verdict.name
                == "refused")
        let sent = ScriptedTransport(standing(status: "PARTIALLY_FULFILLED"))
        #expect(try await channel(sent).attempt(try message(cancel), at: now).verdict.name == "refused")
    }

    // MARK: - Addresses

    private func place(_ status: String = "OPEN", city: String = "Bath", holds: String = "") -> HTTPResponse {
        answer(
            #"{"order":{"id":"\#(order)","cancelledAt":null,"shippingAddress":{"lastName":"Ash","address1":"12 Fig Lane","city":"Bath","zip":"BA1","countryCodeV2":"GB"},"fulfillmentOrders":{"nodes":[{"id":"f1","status":"\#(status)","requestStatus":"UNSUBMITTED","destination":{"address1":"9 Elm Road","city":"\#(city)","zip":"BA2","countryCode":"GB"},"fulfillmentHolds":[\#(holds)]}]}}}"#
        )
    }

    private var moved: AddressFacts {
        var address = AddressFacts()
        (address.address1, address.city, address.zip, address.countryCode) = ("9 Elm Road", "Bristol", "BA2", "GB")
        return address
    }

    @Test("an address is changed between a hold and its release, and compared")
    func address() async throws {
        let placed = answer(#"{"fulfillmentOrderHold":{"fulfillmentHold":{"id":"h1"},"userErrors":[]}}"#)
        let updated = answer(#"{"orderUpdate":{"order":{"id":"x"},"userErrors":[]}}"#)
        let held = #"{"id":"h1","handle":"bookbag-abc"}"#
        let released = answer(#"{"fulfillmentOrderReleaseHold":{"userErrors":[]}}"#)
        let transport = ScriptedTransport(
            place(), placed, updated, place("ON_HOLD", city: "Bristol", holds: held), released)
        let change = try message(.changeAddress(to: moved))
        #expect(try await channel(transport).attempt(change, at: now).verdict.name == "accepted")
        let input = transport.requests[2].variables["input"] as? [String: Any]
        let address = try #require(input?["shippingAddress"] as? [String: Any])
        // The whole address is replaced, so what the form leaves out stays.
        #expect(address["lastName"] as? String == "Ash" && address["city"] as? String == "Bristol")
        #expect(transport.requests[4].variables["holdIds"] as? [String] == ["h1"])
    }

    @Test("an address is not changed across countries or once something is packed, and a refusal leaves no hold")
    func addressRefused() async throws {
        var abroad = moved
        abroad.countryCode = "FR"
        let far = ScriptedTransport(place())
        #expect(
            try await channel(far).attempt(try message(.changeAddress(to: abroad)), at: now).verdict.failure?.detail
                == "the new address is in another country")
        let packed = ScriptedTransport(place("IN_PROGRESS"))
        let change = try message(.changeAddress(to: moved))
        #expect(try await channel(packed).attempt(change, at: now).verdict.name == "refused")
        let held = #"{"id":"h1","handle":"bookbag-abc"}"#
        let wrong = ScriptedTransport(
            place(), answer(#"{"fulfillmentOrderHold":{"fulfillmentHold":{"id":"h1"},"userErrors":[]}}"#),
            answer(
                #"{"orderUpdate":{"order":null,"userErrors":[{"field":["shippingAddress","zip"],"message":"Enter a ZIP code"}]}}"#
            ), place("ON_HOLD", holds: held), answer(#"{"fulfillmentOrderReleaseHold":{"userErrors":[]}}"#))
        let verdict = try await channel(wrong).attempt(change, at: now).verdict
        #expect(verdict.failure?.detail == "the postal code is missing")
        #expect(wrong.requests.last?.operation == "FulfillmentOrderReleaseHold")
    }

    private let placed = HTTPResponse.json(
        #"{"data":{"fulfillmentOrderHold":{"fulfillmentHold":{"id":"h1"},"userErrors":[]}}}"#)
    private let updated = HTTPResponse.json(#"{"data":{"orderUpdate":{"order":{"id":"x"},"userErrors":[]}}}"#)
    private let released = HTTPResponse.json(#"{"data":{"fulfillmentOrderReleaseHold":{"userErrors":[]}}}"#)
    private let ours = #"{"id":"h1","handle":"bookbag-abc"}"#

    @Test("an answer that is lost at any step is made good by the next attempt, with one hold and one release")
    func addressLost() async throws {
        let change = try message(.changeAddress(to: moved))
        let steps = [
            place(), placed, updated, place("ON_HOLD", city: "Bristol", holds: ours), released,
        ]
        for cut in 0..<steps.count {
            var replies: [Result<HTTPResponse, TransferFailure>] = steps.prefix(cut).map { .success($0) }
            replies.append(.failure(TransferFailure(.dropped, phase: .answering)))
            let first = ScriptedTransport(replies)
            let lost = try await channel(first).attempt(change, at: now).verdict
            #expect(lost.name == "deferred" && lost.failure?.inDoubt == true, "\(cut)")
            // What was asked for was done, and only its answer was lost.
            let isHeld = cut >= 1 && cut < 4
            let city = cut >= 2 ? "Bristol" : "Bath"
            var rest = [place(isHeld ? "ON_HOLD" : "OPEN", city: city, holds: isHeld ? ours : "")]
            if !isHeld { rest.append(placed) }
            rest += [updated, place("ON_HOLD", city: "Bristol", holds: ours), released]
            let second = ScriptedTransport(rest.map { .success($0) })
            let answer = try await channel(second).attempt(change, inDoubt: 1, at: now)
            #expect(answer.verdict.name == "accepted" && answer.results == ["changed": "true"], "\(cut)")
            #expect(second.requests.last?.operation == "FulfillmentOrderReleaseHold", "\(cut)")
        }
    }

    @Test("a hold that Shopify does not release is said, whatever came of the address")
    func addressHeld() async throws {
        let kept = HTTPResponse.json(
            #"{"data":{"fulfillmentOrderReleaseHold":{"userErrors":[{"code":"INVALID_ACCESS","field":["id"],"message":"no"}]}}}"#
        )
        let change = try message(.changeAddress(to: moved))
        let done = ScriptedTransport(
            place(), placed, updated, place("ON_HOLD", city: "Bristol", holds: ours), kept)
        let answer = try await channel(done).attempt(change, at: now)
        #expect(answer.verdict.name == "accepted" && answer.results["changed"] == "true")
        #expect(answer.results["held"] == "the hold is not Bookbag's to release")
        let wrong = HTTPResponse.json(
            #"{"data":{"orderUpdate":{"order":null,"userErrors":[{"field":["shippingAddress","zip"],"message":"Enter a ZIP code"},{"field":["shippingAddress","province"],"message":"State is not a valid state in United States"}]}}}"#
        )
        let no = ScriptedTransport(place(), placed, wrong, place("ON_HOLD", holds: ours), kept)
        let refused = try await channel(no).attempt(change, at: now)
        #expect(AddressObjection.read(refused.results) == [.zip: .missing, .province: .invalid])
        #expect(refused.verdict.failure?.detail.contains("still on hold") == true && refused.results["held"] != nil)
    }
}
