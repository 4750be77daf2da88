import Foundation
import Testing

@testable import Outreach

private let shop = "juniperfig.example"
private let now = Moment(iso8601: "2026-11-18T09:00:00Z")!

/// An order of which nothing was sent.
private func record(_ change: (inout OrderFacts) -> Void = { _ in }) -> OrderRecord {
    var facts = OrderFacts(id: "gid://shopify/Order/1", name: "#1", createdAt: now, updatedAt: now)
    facts.fulfillment = .unfulfilled
    facts.deliveryMethod = "shipping"
    var address = AddressFacts()
    (address.lastName, address.address1, address.city) = ("Ashdown", "12 Fig Lane", "Bath")
    (address.zip, address.countryCode) = ("BA1 1AA", "GB")
    facts.shippingAddress = address
    change(&facts)
    return OrderRecord(shop: shop, facts: facts, seenAt: now)
}

private func act(
    _ effect: Int64 = 1, _ state: Effect.State, results: [String: String] = [:], isHandOver: Bool = false,
    age: Duration = .seconds(1)
) -> PageAct {
    PageAct(effect: effect, isHandOver: isHandOver, state: state, askedAt: now - age, results: results)
}

@Suite("What a shopper can do on her own pages")
struct PageRequestTests {
    @Test("can be done while all of the order waits, and by nobody after that")
    func ends() {
        for request in PageRequest.allCases {
            #expect(request.end(for: record()) == nil)
            #expect(request.end(for: record { $0.fulfillment = .onHold }) == nil)
            #expect(request.end(for: record { $0.cancelledAt = now }) == .cancelled)
            #expect(request.end(for: record { $0.test = true }) == .other)
            for state in [OrderFacts.FulfillmentState.partial, .fulfilled, .inProgress] {
                #expect(request.end(for: record { $0.fulfillment = state }) == .sent)
            }
            for status in [FulfillmentFacts.Status.success, .cancelled] {
                let end = request.end(
                    for: record {
                        $0.fulfillments = [
                            FulfillmentFacts(
                                id: "f", name: "F1", status: status, createdAt: now, updatedAt: now)
                        ]
                    })
                #expect(end == (status == .cancelled ? nil : .sent))
            }
        }
        #expect(PageRequest.changeAddress.end(for: record { $0.deliveryMethod = "pickup" }) == .other)
        #expect(PageRequest.cancelOrder.end(for: record { $0.deliveryMethod = "pickup" }) == nil)
        #expect(PageRequest.changeAddress.end(for: record { $0.shippingAddress = nil }) == .other)
        // Where Shopify wants a region and nobody knows those of the country, a person does it.
        #expect(
            PageRequest.changeAddress.end(
                for: record {
                    $0.shippingAddress?.countryCode = "IN"
                    $0.shippingAddress?.provinceCode = "KA"
                }) == .other)
    }

    @Test("stands as its last act does")
    func standings() {
        let wrong = ["refused_zip": "missing"]
        let table: [(PageRequest, [PageAct], PageStanding)] = [
            (.changeAddress, [], .open), (.cancelOrder, [], .open),
            (.changeAddress, [act(1, .ready)], .busy(act(1, .ready))),
            (.changeAddress, [act(1, .ready, age: .minutes(16))], .person),
            (.changeAddress, [act(1, .sent)], .done(act(1, .sent))),
            (.changeAddress, [act(1, .refused)], .person), (.changeAddress, [act(1, .withdrawn)], .person),
            (
                .changeAddress, [act(1, .refused, results: wrong)], .objected(act(1, .refused, results: wrong))
            ),
            (.changeAddress, [act(2, .sent), act(1, .refused, results: wrong)], .done(act(2, .sent))),
            (.changeAddress, [act(1, .sent), act(2, .refused)], .person),
            (.changeAddress, [act(1, .ready), act(2, .ready, isHandOver: true)], .person),
            (.cancelOrder, [act(1, .refused)], .person),
        ]
        for (request, acts, standing) in table {
            #expect(request.standing(of: record(), acts: acts, now: now) == standing, "\(request) \(acts)")
        }
        let cancelled = record { $0.cancelledAt = now }
        #expect(
            PageRequest.cancelOrder.standing(of: cancelled, acts: [act(1, .sent)], now: now) == .done(act(1, .sent)))
        #expect(PageRequest.cancelOrder.standing(of: cancelled, acts: [], now: now) == .over(.cancelled))
        // One that was only told to a person because it took long is done once it is.
        var late = act(2, .sent, isHandOver: true)
        late.isLate = true
        #expect(
            PageRequest.changeAddress.standing(of: record(), acts: [act(1, .sent), late], now: now)
                == .done(act(1, .sent)))
    }

    @Test("two posts at once have one key, and each later one another")
    func keys() {
        let request = PageRequest.changeAddress
        #expect(request.key(of: "o", after: []) == request.key(of: "o", after: [act(1, .sent, isHandOver: true)]))
        #expect(request.key(of: "o", after: [act(1, .sent)]) != request.key(of: "o", after: []))
        #expect(request.key(of: "p", after: []) != request.key(of: "o", after: []))
        var effect = Effect(
            to: Route(shop: shop, channel: .shop), origin: .system, isContact: false, by: "page",
            line: "change_address", keys: [request.key(of: "gid://shopify/Order/1", after: [])],
            about: .order("gid://shopify/Order/1"), dueAt: now, createdAt: now)
        #expect(PageAct(effect, of: request, results: [:]) != nil)
        #expect(PageAct(effect, of: .cancelOrder, results: [:]) == nil)
        effect.trigger = "remedy"
        #expect(PageAct(effect, of: request, results: [:]) == nil)
    }

    @Test("a chain of actions counts what led to it")
    func chain() {
        func event(_ kind: EventKind, mark: String, silence: Silence?, at moment: Moment = now) -> Event {
            Event(
                shop: shop, orderID: "gid://shopify/Order/1", kind: kind,
                occurrences: [Event.Occurrence(subject: "action:7", n: 1, mark: mark)], happenedAt: moment,
                recordedAt: moment, silence: silence, source: "bookbag", daysLate: nil, delayReason: nil,
                orderName: "#1")
        }
        var order = record()
        #expect(event(.orderPlaced, mark: "a", silence: nil).chain(in: order) == 0)
        #expect(event(.actionDone, mark: "7 2", silence: .ownAction).chain(in: order) == 2)
        #expect(event(.actionDone, mark: "?", silence: .ownAction).chain(in: order) == Event.longestChain)
        order.events = (0..<3).map { event(.refundIssued, mark: "\($0)", silence: .ownAction, at: now + .hours($0)) }
        #expect(order.events.map { $0.chain(in: order) } == [1, 2, 3])
        #expect(
            event(.refundIssued, mark: "9", silence: .ownAction, at: now + .days(3)).chain(in: order) == 1)
        #expect(event(.actionDone, mark: "7 2", silence: nil).actionNumber == 7)
    }
}

@Suite("The form of an address")
struct AddressFormTests {
    private var known: AddressFacts { record().facts.shippingAddress! }

    private func read(
        _ fields: [AddressField: String], country: String = "GB", known given: AddressFacts? = nil
    ) throws -> AddressForm.Read {
        let known = given ?? known
        return try #require(AddressForm(country: country, known: known)).read({ fields[$0] }, known: known)
    }

    private let elm: [AddressField: String] = [
        .lastName: " Ash\tdown ", .address1: "9 Elm\r\nRoad", .zip: "BS1 4ST", .city: "Bristol",
    ]

    @Test("has the fields of its country, in the order in which people write them there")
    func fields() throws {
        func place(_ country: String) throws -> [AddressField] {
            try #require(AddressForm(country: country, known: AddressFacts())).fields.filter {
                [.zip, .city, .province].contains($0)
            }
        }
        #expect(try place("DE") == [.zip, .city] && place("GB") == [.city, .zip])
        #expect(try place("US") == [.city, .province, .zip] && place("IT") == [.zip, .city, .province])
        #expect(AddressForm(country: "", known: AddressFacts()) == nil)
        #expect(try #require(AddressForm(country: "HK", known: AddressFacts())).required.contains(.zip) == false)
        for (country, regions) in AddressForm.regions {
            #expect(regions.count >= 8 && Set(regions.map(\.code)).count == regions.count, "\(country)")
            #expect(regions.allSatisfy { !$0.name.isEmpty && !$0.code.isEmpty }, "\(country)")
        }
        #expect(AddressForm.regions["US"]?.count == 62 && AddressForm.regions["CA"]?.count == 13)
        #expect(AddressForm.regions["ES"]?.count == 52)
        #expect(AddressForm.regions["MX"]?.contains { $0.code == "Q ROO" && $0.name == "Quintana Roo" } == true)
    }

    @Test("reads what was written, on one line and without what nobody can see")
    func reads() throws {
        guard case .address(let address) = try read(elm) else { throw CancellationError() }
        #expect(address.lastName == "Ash down" && address.address1 == "9 Elm Road" && address.countryCode == "GB")
        #expect(address.firstName == "" && address.phone == nil && address.provinceCode == nil)
        var england = known
        england.provinceCode = "ENG"
        guard case .address(let near) = try read(elm.merging([.zip: "BA1 1AA"]) { $1 }, known: england),
            case .address(let far) = try read(elm, known: england)
        else { throw CancellationError() }
        #expect(near.provinceCode == "ENG" && far.provinceCode == nil)
        #expect(near.isSame(as: near, in: AddressForm(country: "GB", known: known)!))
        #expect(!near.isSame(as: far, in: AddressForm(country: "GB", known: known)!))
    }

    @Test("says what is missing, too long, or no region of the country")
    func wrong() throws {
        #expect(
            try read([:]) == .wrong([.lastName: .missing, .address1: .missing, .zip: .missing, .city: .missing]))
        let long = elm.merging([.address2: String(repeating: "é", count: 101)]) { $1 }
        #expect(try read(long) == .wrong([.address2: .invalid]))
        let state = elm.merging([.province: "ON"]) { $1 }
        #expect(try read(state, country: "US") == .wrong([.province: .invalid]))
        guard case .address = try read(state, country: "CA") else { throw CancellationError() }
    }

    @Test("whatever is written, an address has short lines without control characters")
    func hostile() throws {
        var generator = SystemRandomNumberGenerator()
        for _ in 0..<2000 {
            func text() -> String {
                String(
                    String.UnicodeScalarView(
                        (0..<Int.random(in: 0...140, using: &generator)).compactMap { _ in
                            Unicode.Scalar(UInt32.random(in: 0...0x2FFF, using: &generator))
                        }))
            }
            let posted = Dictionary(uniqueKeysWithValues: AddressField.allCases.map { ($0, text()) })
            guard case .address(let address) = try read(posted) else { continue }
            for field in AddressField.allCases {
                let value = address[field]
                #expect(value.count <= AddressForm.longest && value == value.trimmingSpaces)
                #expect(!value.unicodeScalars.contains { $0.value < 32 || $0.value == 0x202E || $0.value == 0x7F })
            }
        }
    }

    @Test("what Shopify objects to is kept as results, by field")
    func objections() {
        let all: [AddressField: AddressObjection] = [.zip: .missing, .province: .invalid]
        #expect(AddressObjection.read(AddressObjection.results(all)) == all)
        let others = ["refused_zip": "?", "refused_x": "missing", "changed": "true"]
        #expect(AddressObjection.read(others) == [.zip: .invalid])
    }
}
