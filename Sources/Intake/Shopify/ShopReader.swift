// Reads complete objects by id and assembles them from as many answers as needed: an order with the further pages of
// its lists, and its returns, which are read for all orders of a batch at once.
//
// An unreadable object fails alone. So does one that comes with an error, because then something in it is null that is
// not null in the shop, and a shopper might be told so. Only if access is denied do we accept the null: the part is
// then left out from the next request on, and reported.

package import Outreach
package import Shopify

/// Reads orders, fulfillments and returns of one shop.
package actor ShopReader {
    private let client: ShopifyClient
    /// The shop's permanent domain, for observations.
    private let shop: String
    /// The shop's own zone, for parcels with an unknown one.
    package var shopZone: Zone
    /// What is asked for.
    package private(set) var rights: ReadRights

    /// A reader for that shop.
    package init(client: ShopifyClient, shop: String, shopZone: Zone = .utc, rights: ReadRights = ReadRights()) {
        self.client = client
        self.shop = shop
        self.shopZone = shopZone
        self.rights = rights
    }

    private func now() -> Moment { Moment(client.clock.now()) }

    /// The result of an inspection.
    func adopt(zone: Zone, rights: ReadRights) {
        shopZone = zone
        self.rights = rights
    }

    /// Skips returns until the next inspection.
    func giveUpReturns() { rights.returns = false }

    /// Reads them, and returns the outcome of each.
    func read(_ kind: ReadBatch.Kind, _ entries: [QueuedRead]) async throws(ShopifyFailure) -> ReadBatch {
        switch kind {
        case .orders: try await readOrders(entries)
        case .rereads(.fulfillment): try await readFulfillments(entries)
        case .rereads(.return): try await readReturns(entries)
        }
    }

    // MARK: - By ids

    private struct IDs: Encodable, Sendable {
        var ids: [String]
        var customers: Bool?
        var returns: Bool?
        var products: Bool?
        var fulfillmentOrders: Bool?
        var statusPage: Bool?
        var cards: Bool?
    }

    private enum Outcome<Node: Sendable>: Sendable {
        case read(Node)
        case gone
        case failed(String)
    }

    private struct Harvest<Node: Sendable> {
        var outcomes: [Outcome<Node>]
        var facts: AnswerFacts
    }

    /// One outcome per id, in the same order.
    private func harvest<Node: Decodable & Sendable>(
        _ document: Document, _ ids: [String], as type: Node.Type
    ) async throws(ShopifyFailure) -> Harvest<Node> {
        while true {
            var variables = IDs(ids: ids)
            if document == .readOrders {
                variables.customers = rights.customers
                variables.returns = rights.returns
                variables.products = rights.products
                variables.fulfillmentOrders = rights.fulfillmentOrders
                variables.statusPage = rights.statusPage
                variables.cards = rights.cards
            }
            let answer = try await client.ask(document, variables, as: NodesAnswer<Node>.self)
            guard answer.data.nodes.count == ids.count else {
                throw .malformed("\(document.name): \(answer.data.nodes.count) nodes for \(ids.count) ids")
            }
            let denied = answer.errors.filter { $0.code == "ACCESS_DENIED" }
            var gaveUp = false
            for error in denied where rights.giveUp(error.path) { gaveUp = true }
            if gaveUp, document == .readOrders { continue }

            var faults: [Int: GraphQLError] = [:]
            for error in answer.errors {
                let position = error.path.lazy.compactMap { if case .position(let n) = $0 { n } else { nil } }.first
                if let position, faults[position].map({ $0.code == "ACCESS_DENIED" }) ?? true {
                    faults[position] = error
                }
            }
            if denied.count >= ids.count, ids.count > 1,
                answer.data.nodes.allSatisfy({ if case .null = $0 { true } else { false } })
            {
                throw .forbiddenScope(Array(Set(denied.flatMap(\.scopes))).sorted())
            }
            var outcomes: [Outcome<Node>] = []
            outcomes.reserveCapacity(ids.count)
            for (position, node) in answer.data.nodes.enumerated() {
                let fault = faults[position]
                switch node {
                case .value(let value):
                    if let fault, fault.code != "ACCESS_DENIED" {
                        outcomes.append(.failed("error beside it: \(fault.code ?? "unknown")"))
                    } else {
                        outcomes.append(.read(value))
                    }
                case .null:
                    outcomes.append(fault.map { .failed("error in its place: \($0.code ?? "unknown")") } ?? .gone)
                case .unreadable(let reason): outcomes.append(.failed(reason))
                }
            }
            return Harvest(outcomes: outcomes, facts: answer.facts)
        }
    }

    // MARK: - Orders

    private func readOrders(_ entries: [QueuedRead]) async throws(ShopifyFailure) -> ReadBatch {
        let harvest = try await harvest(.readOrders, entries.map(\.id), as: WireOrder.self)
        let seenAt = now()
        var batch = ReadBatch(kind: .orders)

        var returnsOf: [String: [String]] = [:]
        for case .read(let order) in harvest.outcomes {
            guard let page = order.returns else { continue }
            returnsOf[order.id] = try await whole(page, .moreReturns, of: order.id).nodes.map(\.id)
        }
        let returns = try await collectReturns(returnsOf.values.flatMap { $0 }.sorted())

        for (entry, outcome) in zip(entries, harvest.outcomes) {
            switch outcome {
            case .gone: batch.gone.append(entry)
            case .failed(let reason): batch.parked.append(park(entry, reason))
            case .read(let order):
                guard order.id == entry.id else {
                    batch.parked.append(park(entry, "another order came in its place"))
                    continue
                }
                var facts = OrderFacts(order)
                var told: [(id: String, status: String?)] = []
                var fault: String?
                for id in returnsOf[order.id] ?? [] {
                    switch returns[id] {
                    case .read(let whole):
                        facts.returns.append(whole.facts)
                        told.append((id, whole.status))
                    case .failed(let reason): fault = "a return: \(reason)"
                    case .gone, nil: continue
                    }
                }
                if let fault {
                    batch.parked.append(park(entry, fault))
                    continue
                }
                try await complete(&facts, from: order)
                batch.observations.append(Observation(shop: shop, seenAt: seenAt, content: .order(facts)))
                batch.marks.append(
                    ReadMark(
                        orderID: order.id, updatedAt: facts.updatedAt,
                        readAt: harvest.facts.shopTime.map { Moment($0) } ?? seenAt,
                        returns: order.returns == nil ? nil : ReadMark.text(of: told)))
                batch.done.append(entry)
            }
        }
        return batch
    }

    /// Sets the lists from further pages.
    private func complete(_ facts: inout OrderFacts, from order: WireOrder) async throws(ShopifyFailure) {
        facts.lineItems = try await whole(order.lineItems, .moreLineItems, of: order.id).nodes.map(LineItemFacts.init)
        let zone = facts.shippingAddress?.zone ?? shopZone
        for fulfillment in order.fulfillments {
            facts.fulfillments.append(try await self.facts(of: fulfillment, zone: zone))
        }
        for refund in order.refunds {
            let lines = try await whole(refund.refundLineItems, .moreRefundLineItems, of: refund.id).nodes
            facts.refunds.append(RefundFacts(refund, lines: lines))
        }
    }

    // MARK: - Fulfillments

    private func readFulfillments(_ entries: [QueuedRead]) async throws(ShopifyFailure) -> ReadBatch {
        let harvest = try await harvest(
            .readFulfillments, entries.map(\.id), as: WireLoneFulfillment.self)
        let seenAt = now()
        var batch = ReadBatch(kind: .rereads(.fulfillment))
        for (entry, outcome) in zip(entries, harvest.outcomes) {
            switch outcome {
            case .gone: batch.gone.append(entry)
            case .failed(let reason): batch.parked.append(park(entry, reason))
            case .read(let wire):
                guard wire.fulfillment.id == entry.id else {
                    batch.parked.append(park(entry, "another fulfillment came in its place"))
                    continue
                }
                let zone = wire.order.shippingAddress?.zone ?? shopZone
                let facts = try await facts(of: wire.fulfillment, zone: zone)
                batch.observations.append(
                    Observation(shop: shop, seenAt: seenAt, content: .fulfillment(facts, order: wire.order.id)))
                batch.done.append(entry)
            }
        }
        return batch
    }

    private func facts(of fulfillment: WireFulfillment, zone: Zone) async throws(ShopifyFailure) -> FulfillmentFacts {
        let events = try await whole(fulfillment.events, .moreFulfillmentEvents, of: fulfillment.id)
        let lines = try await whole(fulfillment.fulfillmentLineItems, .moreFulfillmentLineItems, of: fulfillment.id)
        return FulfillmentFacts(
            fulfillment, events: events.nodes, complete: events.isComplete, lines: lines.nodes, zone: zone)
    }

    // MARK: - Returns

    private struct WholeReturn: Sendable {
        var facts: ReturnFacts
        var order: String
        var status: String?
    }

    /// How many returns are requested at once.
    private static let returnsAtOnce = 50

    private func collectReturns(
        _ ids: [String]
    ) async throws(ShopifyFailure) -> [String: Outcome<WholeReturn>] {
        var collected: [String: Outcome<WholeReturn>] = [:]
        var rest = ids[...]
        while !rest.isEmpty {
            let some = Array(rest.prefix(Self.returnsAtOnce))
            rest = rest.dropFirst(Self.returnsAtOnce)
            let harvest = try await harvest(.readReturns, some, as: WireReturn.self)
            for (id, outcome) in zip(some, harvest.outcomes) {
                switch outcome {
                case .gone: collected[id] = .gone
                case .failed(let reason): collected[id] = .failed(reason)
                case .read(let wire) where wire.id != id: collected[id] = .failed("another return came in its place")
                case .read(let wire):
                    let lines = try await whole(wire.returnLineItems, .moreReturnLineItems, of: id).nodes
                    let orders = try await whole(wire.reverseFulfillmentOrders, .moreReverseFulfillmentOrders, of: id)
                        .nodes
                    collected[id] = .read(
                        WholeReturn(
                            facts: ReturnFacts(wire, lines: lines, orders: orders), order: wire.order.id,
                            status: wire.status))
                }
            }
        }
        return collected
    }

    private func readReturns(_ entries: [QueuedRead]) async throws(ShopifyFailure) -> ReadBatch {
        let returns = try await collectReturns(entries.map(\.id))
        let seenAt = now()
        var batch = ReadBatch(kind: .rereads(.return))
        for entry in entries {
            switch returns[entry.id] {
            case .gone, nil: batch.gone.append(entry)
            case .failed(let reason): batch.parked.append(park(entry, reason))
            case .read(let whole):
                batch.observations.append(
                    Observation(shop: shop, seenAt: seenAt, content: .return(whole.facts, order: whole.order)))
                batch.done.append(entry)
            }
        }
        return batch
    }

    // MARK: - Pages

    private struct PageVariables: Encodable, Sendable {
        var id: String
        var after: String
        var products: Bool?
    }

    /// Reads a connection to its end, or up to our limit.
    private func whole<Node: Decodable & Sendable>(
        _ first: Page<Node>, _ document: Document, of id: String
    ) async throws(ShopifyFailure) -> (nodes: [Node], isComplete: Bool) {
        var nodes = first.nodes
        var next = first.pageInfo.next
        while let after = next {
            guard nodes.count < Bound.objects else { return (nodes, false) }
            let variables = PageVariables(
                id: id, after: after, products: document == .moreLineItems ? rights.products : nil)
            let answer = try await client.ask(document, variables, as: PageAnswer<Node>.self)
            guard answer.errors.isEmpty else {
                throw .malformed("\(document.name): error beside it: \(answer.errors[0].code ?? "unknown")")
            }
            // Deleted between two requests: what was read before is all there is.
            guard let page = answer.data.node?.page else { return (nodes, false) }
            nodes += page.nodes
            next = page.pageInfo.next
            if next == after { throw .malformed("\(document.name): pageInfo leads nowhere") }
        }
        return (nodes, true)
    }

    /// Sets an object aside: retried soon at first, in the end every 6 hours.
    func park(_ entry: QueuedRead, _ reason: String) -> ParkedRead {
        let doublings = min(max(entry.attempts, 0), 9)
        let wait = min(Duration.minutes(1) * (1 << doublings), .hours(6))
        return ParkedRead(read: entry, reason: reason, notBefore: now() + wait)
    }
}
