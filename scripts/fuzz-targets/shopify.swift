// The entry of libFuzzer for Shopify's answers; scripts/fuzz builds and runs it. Whatever the body is: no crash, no
// hang, and whatever can be decoded can be learned, kept and read back.

import Foundation
@testable import Intake
@testable import Outreach
@testable import Shopify

private let now = Moment(seconds: 1_795_255_200)
private let learner = Learner(live: LiveSince(shop: now - .days(30)), shopZone: .utc, rereadEvery: .minutes(1))

private func learn(_ content: Observation.Content, into record: OrderRecord?) -> OrderRecord? {
    guard let learned = learner.learn(Observation(shop: "fig.example", seenAt: now, content: content), into: record)
    else { return nil }
    return learner.advance(learned.record, to: now + .days(40)).record
}

@_cdecl("LLVMFuzzerTestOneInput")
public func fuzz(_ start: UnsafePointer<UInt8>, _ count: Int) -> Int32 {
    let body = Data(UnsafeBufferPointer(start: start, count: count))
    let decoder = JSONDecoder()
    if let envelope = try? decoder.decode(Envelope<NodesAnswer<WireOrder>>.self, from: body) {
        _ = ShopifyClient.failure(of: envelope.errors, hasData: envelope.data != nil, cost: envelope.cost)
        var bucket = CostBucket(at: Timestamp(now))
        if let throttle = envelope.cost?.throttleStatus { bucket.learn(throttle, at: Timestamp(now)) }
        _ = bucket.wait(for: envelope.cost?.requestedQueryCost ?? 100, at: Timestamp(now))
        for case .value(let wire) in envelope.data?.nodes ?? [] {
            var facts = OrderFacts(wire)
            facts.lineItems = wire.lineItems.nodes.map(LineItemFacts.init)
            facts.fulfillments = wire.fulfillments.map {
                FulfillmentFacts(
                    $0, events: $0.events.nodes, complete: true, lines: $0.fulfillmentLineItems.nodes, zone: .utc)
            }
            facts.refunds = wire.refunds.map { RefundFacts($0, lines: $0.refundLineItems.nodes) }
            guard let kept = try? decoder.decode(OrderFacts.self, from: JSONEncoder().encode(facts)) else {
                preconditionFailure("what was decoded cannot be kept")
            }
            let record = learn(.order(kept), into: nil)
            for fulfillment in kept.fulfillments {
                _ = learn(.fulfillment(fulfillment, order: kept.id), into: record)
            }
        }
    }
    _ = try? decoder.decode(Envelope<NodesAnswer<WireLoneFulfillment>>.self, from: body)
    _ = try? decoder.decode(Envelope<WireScan>.self, from: body)
    _ = try? decoder.decode(Envelope<WireShopInfo>.self, from: body)
    if let envelope = try? decoder.decode(Envelope<NodesAnswer<WireReturn>>.self, from: body) {
        for case .value(let wire) in envelope.data?.nodes ?? [] {
            _ = ReturnFacts(wire, lines: wire.returnLineItems.nodes, orders: wire.reverseFulfillmentOrders.nodes)
        }
    }
    return 0
}
