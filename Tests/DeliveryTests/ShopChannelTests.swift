import Delivery
import Doubles
import Foundation
import Outreach
import Platform
import Shopify
import Testing

private let now = Moment(iso8601: "2026-11-18T09:00:00Z")!

@Suite("Gifts in the shop")
struct ShopChannelTests {
    private func channel(_ transport: any HTTPTransport) -> ShopChannel { .open(transport, at: now) }

    /// The message of a gift, as the channel composes it.
    private func gift(_ kind: String = "discount: 10%, counts_as: 15.00", currency: String = "GBP") throws -> Message {
        let files = [
            "shop.yaml": "brand: { name: Fig, from: orders@fig.example }\n",
            "policy.yaml":
                "amounts_in: \(currency)\ngifts: { sorry: { \(kind), valid_for: 60 days } }\nbudgets: { gifts: 9 gifts per day }\n",
            "placed.yaml": "on: order.placed\nsend: email\ndo: { give: sorry }\n",
            "templates/placed.md": "---\nsubject: A\n---\n{% if gift %}{{ gift.code }}{% endif %}\n",
        ]
        let (loaded, faults) = TriggerSet.load(
            TriggerFolder(files: files.mapValues { Array($0.utf8) }), channels: ChannelKind.standard.map(\.syntax))
        let set = try #require(loaded, "\(faults)")
        var facts = OrderFacts(id: "gid://shopify/Order/1", name: "#1", createdAt: now, updatedAt: now)
        facts.customer = CustomerFacts(id: "gid://shopify/Customer/7", email: "robin@shopper.example")
        let record = OrderRecord(shop: "fig.myshopify.com", facts: facts, seenAt: now)
        let event = Event(
            shop: record.shop, orderID: facts.id, kind: .orderPlaced,
            occurrences: [Event.Occurrence(subject: "order", n: 1, mark: "")], happenedAt: now, recordedAt: now,
            source: "shopify", orderName: "#1")
        let trigger = try #require(set.trigger("placed"))
        let line = try #require(trigger.line(named: "give:sorry"))
        let effect = Effect(
            to: Route(shop: record.shop, channel: .shop), isContact: false, trigger: "placed", line: line.name,
            keys: ["order.placed/order"], event: event, dueAt: now, createdAt: now)
        let zone = try #require(Zone(named: "Europe/London"))
        let scope = Scope(
            record: record, event: event, history: History(), settings: set.settings, now: now, zone: zone,
            shopZone: zone)
        var composition = Composition(
            effect: effect, line: line, trigger: trigger, scope: scope, triggers: set, now: now, date: now,
            sender: nil, targets: [], labels: nil, results: [:])
        composition.codes = GiftCodes(key: [1, 2, 3])
        guard case .message(let message, _) = ChannelKind.shop.compose(composition) else {
            throw CancellationError()
        }
        return message
    }

    private func made(_ field: String = "discountCodeBasicCreate") -> HTTPResponse {
        .json(#"{"data":{"\#(field)":{"codeDiscountNode":{"id":"gid://shopify/DiscountCodeNode/5"},"userErrors":[]}}}"#)
    }

    private func refused(_ code: String, _ field: String = "code") -> HTTPResponse {
        .json(
            #"{"data":{"discountCodeBasicCreate":{"codeDiscountNode":null,"userErrors":[{"field":["basicCodeDiscount","\#(field)"],"code":"\#(code)"}]}}}"#
        )
    }

    private func found(title: String, customer: String = "gid://shopify/Customer/7") -> HTTPResponse {
        .json(
            #"{"data":{"codeDiscountNodeByCode":{"id":"gid://shopify/DiscountCodeNode/5","codeDiscount":{"__typename":"DiscountCodeBasic","title":"\#(title)","context":{"__typename":"DiscountCustomers","customers":[{"id":"\#(customer)"}]}}}}}"#
        )
    }

    private let notFound = HTTPResponse.json(#"{"data":{"codeDiscountNodeByCode":null}}"#)

    @Test("are hers alone, once, until their day ends where the shop is, and with no other")
    func share() async throws {
        let transport = ScriptedTransport(made())
        let message = try gift()
        let answer = try await channel(transport).attempt(message, at: now)
        #expect(answer.verdict == .accepted(receipt: "gid://shopify/DiscountCodeNode/5"))
        let facts = try #require(GiftFacts(results: answer.results))
        #expect(facts.share == "10%" && facts.amount == nil)
        #expect(facts.expiresOn == CalendarDay(iso8601: "2027-01-17"))
        #expect(facts.code.wholeMatch(of: /SORRY-[0-9A-HJKMNP-TV-Z]{10}/) != nil)
        #expect(answer.results["discount"] == "gid://shopify/DiscountCodeNode/5")
        let input = try #require(transport.requests[0].variables["basicCodeDiscount"] as? [String: Any])
        #expect(input["code"] as? String == facts.code)
        #expect(input["usageLimit"] as? Int == 1 && input["appliesOncePerCustomer"] as? Bool == true)
        #expect(input["startsAt"] as? String == "2026-11-18T09:00:00Z")
        #expect(input["endsAt"] as? String == "2027-01-18T00:00:00Z")
        let context = input["context"] as? [String: [String: [String]]]
        #expect(context == ["customers": ["add": ["gid://shopify/Customer/7"]]])
        let gets = input["customerGets"] as? [String: [String: Any]]
        #expect(gets?["value"]?["percentage"] as? Double == 0.1)
        // The same effect has the same code, whenever it is composed.
        #expect(try gift().bytes == message.bytes)
    }

    @Test(
        "of an amount have the decimals of its currency",
        arguments: [("JPY", "500", "500"), ("KWD", "1.25", "1.250"), ("EUR", "5", "5.00")])
    func amounts(_ currency: String, _ written: String, _ sent: String) async throws {
        let transport = ScriptedTransport(made())
        let answer = try await channel(transport).attempt(
            try gift("discount: \(written)", currency: currency), at: now)
        let input = transport.requests[0].variables["basicCodeDiscount"] as? [String: Any]
        let value = (input?["customerGets"] as? [String: Any])?["value"] as? [String: Any]
        #expect((value?["discountAmount"] as? [String: Any])?["amount"] as? String == sent)
        #expect(GiftFacts(results: answer.results)?.amount == CurrencyUnits.money(sent, in: currency))
    }

    @Test("of free shipping go everywhere")
    func freeShipping() async throws {
        let transport = ScriptedTransport(made("discountCodeFreeShippingCreate"))
        let answer = try await channel(transport).attempt(
            try gift("free_shipping: true, counts_as: 4.50"), at: now)
        #expect(answer.verdict == .accepted(receipt: "gid://shopify/DiscountCodeNode/5"))
        let input = transport.requests[0].variables["freeShippingCodeDiscount"] as? [String: Any]
        #expect((input?["destination"] as? [String: Bool])?["all"] == true && input?["customerGets"] == nil)
    }

    @Test("whose answer was lost are looked for before anything is repeated, and are ours by title and customer")
    func precedent() async throws {
        let message = try gift()
        let ours = ScriptedTransport(found(title: "sorry #1 (Bookbag)"))
        guard case .done(_, let results) = try await channel(ours).precedent(of: message, at: now) else {
            Issue.record("it is not found")
            return
        }
        #expect(GiftFacts(results: results)?.share == "10%")
        for other in [
            notFound, found(title: "Summer"), found(title: "sorry #1 (Bookbag)", customer: "gid://shopify/Customer/8"),
        ] {
            #expect(try await channel(ScriptedTransport(other)).precedent(of: message, at: now) == .notDone)
        }
        let lost = ScriptedTransport([.failure(TransferFailure(.dropped, phase: .answering))])
        guard case .unclear(let failure) = try await channel(lost).precedent(of: message, at: now) else {
            Issue.record("what cannot be asked is not known")
            return
        }
        #expect(!failure.inDoubt)
    }

    @Test("whose code is taken are ours, another's, or not yet in Shopify's index")
    func taken() async throws {
        let message = try gift()
        let ours = ScriptedTransport(refused("TAKEN"), found(title: "sorry #1 (Bookbag)"))
        #expect(
            try await channel(ours).attempt(message, at: now).verdict
                == .accepted(receipt: "gid://shopify/DiscountCodeNode/5"))
        let others = ScriptedTransport(refused("TAKEN"), found(title: "Summer"))
        #expect(try await channel(others).attempt(message, at: now).verdict.name == "refused")
        let late = ScriptedTransport(refused("TAKEN"), notFound)
        let verdict = try await channel(late).attempt(message, at: now).verdict
        #expect(verdict.name == "deferred" && verdict.failure?.inDoubt == false)
    }

    @Test("that fail are tried again, given up, or stop the channel, by what Shopify says")
    func verdicts() async throws {
        let message = try gift()
        func verdict(_ reply: Result<HTTPResponse, TransferFailure>) async throws -> Verdict {
            let transport = ScriptedTransport(Array(repeating: reply, count: 6))
            return try await channel(transport).attempt(message, at: now).verdict
        }
        let throttled = HTTPResponse.json(#"{"errors":[{"message":"Throttled","extensions":{"code":"THROTTLED"}}]}"#)
        var got = try await verdict(.success(throttled))
        #expect(got.name == "deferred" && got.failure?.inDoubt == false)
        got = try await verdict(.failure(TransferFailure(.connect, phase: .connecting)))
        #expect(got.name == "deferred" && got.failure?.inDoubt == false)
        for lost in [
            Result<HTTPResponse, TransferFailure>.failure(TransferFailure(.dropped, phase: .answering)),
            .failure(TransferFailure(.timeout, phase: .requesting)), .success(HTTPResponse.json("{}", status: 500)),
            .success(.json("{")), .success(refused("INTERNAL_ERROR")),
        ] {
            got = try await verdict(lost)
            #expect(got.name == "deferred" && got.failure?.inDoubt == true)
        }
        got = try await verdict(.success(refused("INVALID", "context")))
        #expect(got.name == "refused" && got.failure?.detail.contains("INVALID at basicCodeDiscount.context") == true)
        got = try await verdict(.success(.json("{}", status: 401)))
        #expect(got.name == "unavailable")
        let denied = HTTPResponse.json(
            #"{"errors":[{"message":"Access denied","path":["discountCodeBasicCreate"],"extensions":{"code":"ACCESS_DENIED","requiredAccess":"`write_discounts` access scope."}}],"data":{"discountCodeBasicCreate":null}}"#
        )
        got = try await verdict(.success(denied))
        #expect(got.name == "unavailable")
        let detail = got.failure?.detail ?? ""
        #expect(detail.contains("write_discounts") && detail.contains("'give: sorry' of triggers/placed.yaml"))
        #expect(!detail.contains("read"))
    }

    @Test("that nobody was told of are ended, and found by their code where no answer named them")
    func takenBack() async throws {
        let message = try gift()
        let command = try #require(ShopCommand(message))
        let ended = HTTPResponse.json(
            #"{"data":{"discountCodeDeactivate":{"codeDiscountNode":{"id":"gid://shopify/DiscountCodeNode/5"},"userErrors":[]}}}"#
        )
        let known = ScriptedTransport(ended)
        let back = command.takenBack(of: message, results: ["discount": "gid://shopify/DiscountCodeNode/5"])
        #expect(try await channel(known).attempt(back, at: now).verdict.name == "accepted")
        #expect(known.requests.map(\.operation) == ["DiscountCodeDeactivate"])
        let unknown = ScriptedTransport(found(title: "sorry #1 (Bookbag)"), ended)
        let blind = command.takenBack(of: message, results: [:])
        #expect(try await channel(unknown).attempt(blind, at: now).verdict.name == "accepted")
        #expect(unknown.requests.map(\.operation) == ["DiscountByCode", "DiscountCodeDeactivate"])
        let never = ScriptedTransport(notFound)
        #expect(try await channel(never).attempt(blind, at: now).verdict.name == "accepted")
        // Another's discount is left alone.
        let others = ScriptedTransport(found(title: "Summer"))
        #expect(try await channel(others).attempt(blind, at: now).verdict.name == "accepted")
        #expect(others.requests.count == 1)
    }

    @Test("wait for the shop's client")
    func notOpen() async throws {
        let verdict = try await ShopChannel(ShopifyLine()).attempt(try gift(), at: now).verdict
        #expect(verdict.name == "deferred" && verdict.failure?.inDoubt == false)
    }
}
