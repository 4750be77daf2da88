internal import Foundation
internal import Outreach
internal import Platform
internal import Shopify

// A return label, from what it would cost to where Shopify shows it:
//
//     quote ──▶ shipment and rate are written down ──▶ buy ──▶ the label is written down ──▶ attach
//
// Each attempt takes one step, and looks before it does: at the return in Shopify, which may be over by now, and at the
// broker's, where an attempt whose answer was lost may have bought. What ends with a label that is of no use ends as
// refused with the label in its results: then it is given back (`LabelVoiding`), and counts until it is.

/// One attempt to buy a label and attach it.
struct LabelBuying {
    let order: LabelOrder
    let shop: ShopAct
    let broker: (any LabelBroker)?

    /// So long nobody hears of a label that cannot be bought: then `notify` does.
    static let patience = Duration.hours(24)

    private var known: [String: String] { shop.known }
    private var mark: String { shop.command.mark }
    private var isLate: Bool { shop.now - shop.command.decidedAt > Self.patience }

    /// An answer, or what Shopify did not answer.
    func attempt() async throws(CancellationError) -> Result<AttemptAnswer, ShopifyFailure> {
        let state: LabelledReturn?
        do throws(ShopifyFailure) {
            state = try await shop.client.ask(
                .returnLabelState, ["id": order.returnID], as: ReturnAnswer.self
            ).data.return
        } catch {
            return .failure(error)
        }
        if known[LabelResult.bought] != nil { return await attach(to: state) }
        do throws(LabelStop) {
            return .success(try await purchase(for: state))
        } catch {
            switch error {
            case .cancelled: throw CancellationError()
            case .verdict(let verdict): return .success(AttemptAnswer(verdict))
            }
        }
    }

    /// Why the return gets no label any more; nil while it may.
    private func ending(_ state: LabelledReturn?) -> String? {
        switch state?.status {
        case nil: "Shopify has no such return any more"
        case "OPEN": nil
        case "CANCELED": "the return was cancelled"
        case "DECLINED": "the return was declined"
        case "CLOSED": "the return is closed"
        case let other?: "the return is \(other.lowercased())"
        }
    }

    // MARK: - At the broker's

    private func purchase(for state: LabelledReturn?) async throws(LabelStop) -> AttemptAnswer {
        guard let broker else { return shop.refused("nobody sells labels: write 'labels:' in bookbag.yaml") }
        let end = ending(state)
        guard known[LabelResult.rate] != nil else {
            if let end { return shop.refused(end) }
            if state?.deliveries.contains(where: \.hasLabel) ?? false {
                return shop.refused("the return has a label already")
            }
            do throws(LabelStop) {
                return try await quote(broker)
            } catch {
                throw late(error)
            }
        }
        guard known["broker"] == broker.kind.rawValue else {
            return shop.refused("it was begun at \(known["broker"] ?? "another broker"), which sells labels no more")
        }
        switch try await broker.look(at: known, at: shop.now) {
        case .bought(let label): return settled(label, end)
        case .voided: return shop.refused("the label was given back at \(broker.kind.title)")
        case .pending:
            guard end != nil || isLate else {
                return shop.next("\(broker.kind.title) is still at it", in: .seconds(20), results: [:])
            }
            // What it comes to is looked at, and given back, later.
            return refused(
                end ?? "\(broker.kind.title) has not come to an end with it",
                [LabelResult.bought: known[LabelResult.rate] ?? ""])
        case .none: break
        }
        // A purchase that was on its way when its answer was lost may arrive yet.
        let look = "looked_\(shop.doubts)"
        if shop.doubts > 0, !broker.sellsOnce, known[look] == nil {
            return shop.next("it is looked for again", in: .seconds(30), results: [look: "1"])
        }
        if let end { return shop.refused(end) }
        do throws(LabelStop) {
            switch try await broker.buy(known, mark: mark, at: shop.now) {
            case .bought(let label): return settled(label, nil)
            case .pending: return shop.next("\(broker.kind.title) is at it", in: .seconds(5), results: [:])
            case .none, .voided: return shop.refused("\(broker.kind.title) sold no label")
            }
        } catch {
            throw late(error)
        }
    }

    /// Asks what a label costs, and writes down which is bought.
    private func quote(_ broker: any LabelBroker) async throws(LabelStop) -> AttemptAnswer {
        let quote = try await broker.quote(order, mark: mark, at: shop.now)
        let rate: LabelRate
        do throws(ActionRefusal) { rate = try order.choice(of: quote.rates) } catch {
            return shop.refused(error.detail)
        }
        var results = [
            LabelResult.returned: order.returnID, "broker": broker.kind.rawValue,
            LabelResult.shipment: quote.shipment, LabelResult.rate: rate.id, LabelResult.carrier: rate.carrier,
            LabelResult.service: rate.service, "quoted": rate.price.units.map(String.init) ?? "",
        ]
        if rate.isPaidOnUse { results["paid_on_use"] = "1" }
        return shop.next("\(rate.carrier) \(rate.service) is chosen", in: .seconds(2), results: results)
    }

    /// The label is written down; what comes of it is the next step.
    private func settled(_ label: BrokerLabel, _ end: String?) -> AttemptAnswer {
        var results = [LabelResult.bought: label.id]
        results[LabelResult.cost] = known["quoted"]
        results[LabelResult.url] = label.url
        results[LabelResult.tracking] = label.tracking
        results[LabelResult.trackingURL] = label.trackingURL
        if known["paid_on_use"] == nil {
            let day = LabelLife.voidDay(carrier: known[LabelResult.carrier] ?? "", boughtAt: shop.now, zone: .utc)
            results[LabelResult.voidOn] = "\(day)"
        }
        if let end { return refused("\(end); its label is given back", results) }
        guard label.url != nil else {
            return refused("the label is nowhere to be fetched from; it is given back", results)
        }
        return shop.next("the label is bought", in: .seconds(2), results: results)
    }

    private func refused(_ detail: String, _ results: [String: String]) -> AttemptAnswer {
        var answer = shop.refused(detail)
        answer.results = results
        return answer
    }

    /// What goes on for too long is refused, so that somebody hears of it; but not what may have been done.
    private func late(_ stop: LabelStop) -> LabelStop {
        guard isLate, case .verdict(.deferred(let failure)) = stop, !failure.inDoubt else { return stop }
        return .refused("tried for a day: \(failure.detail)")
    }

    // MARK: - In Shopify

    private func attach(to state: LabelledReturn?) async -> Result<AttemptAnswer, ShopifyFailure> {
        if let end = ending(state) { return .success(shop.refused("\(end); its label is given back")) }
        guard let url = known[LabelResult.url] else {
            return .success(shop.refused("the label is nowhere to be fetched from; it is given back"))
        }
        let deliveries = state?.deliveries ?? []
        let number = known[LabelResult.tracking]
        if let labelled = deliveries.first(where: \.hasLabel) {
            // Without a number, one that came while an answer was lost is ours.
            let isOurs = number == nil ? shop.doubts > 0 : labelled.number == number
            guard isOurs else {
                return .success(shop.refused("the return got another label meanwhile; this one is given back"))
            }
            return .success(attached(labelled.id))
        }
        let label = LabelInput(fileUrl: url)
        let tracking = TrackingInput(number: number, url: known[LabelResult.trackingURL])
        do throws(ShopifyFailure) {
            if let empty = deliveries.first {
                let answer = try await shop.client.ask(
                    .reverseDeliveryShippingUpdate, Variables(id: empty.id, tracking: tracking, label: label),
                    as: UpdateAnswer.self)
                return .success(outcome(answer.data.reverseDeliveryShippingUpdate))
            }
            guard let part = state?.parts.first(where: { $0.status == "OPEN" }) else {
                guard isLate else {
                    return .success(shop.next("Shopify is still at the return", in: .seconds(10), results: [:]))
                }
                return .success(shop.refused("nothing of the return is open in Shopify; its label is given back"))
            }
            let answer = try await shop.client.ask(
                .reverseDeliveryCreate, Variables(id: part.id, tracking: tracking, label: label),
                as: CreateAnswer.self)
            return .success(outcome(answer.data.reverseDeliveryCreateWithShipping))
        } catch {
            return .failure(error)
        }
    }

    private func outcome(_ payload: DeliveryPayload?) -> AttemptAnswer {
        if let errors = payload?.userErrors, !errors.isEmpty {
            let words = errors.map { $0.code ?? ($0.field ?? []).joined(separator: ".") }
            let why = words.filter { !$0.isEmpty }.joined(separator: ", ")
            return shop.refused("Shopify does not take the label (\(why.isEmpty ? "no reason given" : why))")
        }
        guard let id = payload?.reverseDelivery?.id else {
            return shop.next("Shopify is still at the label", in: .seconds(5), results: [:])
        }
        return attached(id)
    }

    private func attached(_ id: String) -> AttemptAnswer {
        shop.done(known[LabelResult.tracking] ?? id, [LabelResult.attached: id])
    }
}

/// One attempt to give a label back that nobody used.
struct LabelVoiding {
    let label: BoughtLabel
    let known: [String: String]
    let broker: (any LabelBroker)?
    let now: Moment

    /// A label that was bought a moment ago is rejected at times, and taken back later
    /// (https://docs.easypost.com/docs/shipments/shipping-refund).
    private static let tries = 3

    func attempt() async throws(CancellationError) -> AttemptAnswer {
        do throws(LabelStop) {
            return try await void()
        } catch {
            switch error {
            case .cancelled: throw CancellationError()
            case .verdict(let verdict): return AttemptAnswer(verdict)
            }
        }
    }

    private func void() async throws(LabelStop) -> AttemptAnswer {
        guard label.ids[LabelResult.rate] != nil else { return done("nothing was bought") }
        let home = label.ids["broker"] ?? ""
        guard let broker, broker.kind.rawValue == home else {
            throw .refused("it was bought at \(home), which is not under 'labels' of bookbag.yaml any more")
        }
        switch try await broker.look(at: label.ids, at: now) {
        case .none: return done("nothing was bought")
        case .voided: return done("it is given back")
        case .pending:
            return AttemptAnswer(
                .deferred(
                    Failure(
                        reason: Failure.step, detail: "\(broker.kind.title) is still at it", retryAfter: .minutes(10))))
        case .bought(let bought) where bought.isUsed:
            return AttemptAnswer(.accepted(receipt: "it is used, so it stays"), results: [LabelResult.kept: "used"])
        case .bought: break
        }
        switch try await broker.void(label.ids, at: now) {
        case .asked: return done("the carrier is asked for the money")
        case .free: return done("it costs nothing unused")
        case .rejected:
            let count = (known["rejected"].flatMap { Int($0) } ?? 0) + 1
            guard count < Self.tries else {
                throw .refused("the carrier does not take the label back, so it costs what it cost")
            }
            return AttemptAnswer(
                .deferred(
                    Failure(
                        reason: Failure.step, detail: "the carrier does not take it back yet", retryAfter: .hours(6))),
                results: ["rejected": "\(count)"])
        }
    }

    private func done(_ receipt: String) -> AttemptAnswer { AttemptAnswer(.accepted(receipt: receipt)) }
}

extension Money {
    /// In the smallest unit of its currency; nil if it is finer.
    fileprivate var units: Int64? { CurrencyUnits.units(amount, in: currency) }
}

// MARK: - What is asked and answered

/// A return, as far as its label goes.
struct LabelledReturn: Decodable, Sendable {
    struct Delivery: Decodable, Sendable {
        struct Deliverable: Decodable, Sendable {
            struct Tracking: Decodable, Sendable { var number: String? }
            struct Label: Decodable, Sendable { var publicFileUrl: String? }
            var tracking: Tracking?
            var label: Label?
        }
        var id: String
        var deliverable: Deliverable?

        var hasLabel: Bool { deliverable?.label != nil }
        var number: String? { deliverable?.tracking?.number }
    }
    struct Part: Decodable, Sendable {
        var id: String
        var status: String?
        var reverseDeliveries: Nodes<Delivery>?
    }

    var status: String?
    var reverseFulfillmentOrders: Nodes<Part>?

    var parts: [Part] { reverseFulfillmentOrders?.nodes ?? [] }
    var deliveries: [Delivery] { parts.flatMap { $0.reverseDeliveries?.nodes ?? [] } }
}

private struct ReturnAnswer: Decodable { var `return`: LabelledReturn? }

private struct LabelInput: Encodable { var fileUrl: String }

private struct TrackingInput: Encodable {
    var number: String?
    var url: String?
}

private struct Variables: Encodable {
    var id: String
    var tracking: TrackingInput
    var label: LabelInput
}

private struct DeliveryPayload: Decodable {
    struct Delivery: Decodable { var id: String }
    var reverseDelivery: Delivery?
    var userErrors: [UserError]?
}

private struct CreateAnswer: Decodable { var reverseDeliveryCreateWithShipping: DeliveryPayload? }
private struct UpdateAnswer: Decodable { var reverseDeliveryShippingUpdate: DeliveryPayload? }
