// Return labels through Shippo (https://docs.goshippo.com/docs/shipments/returns/): a shipment whose `extra` says
// `is_return`, with the addresses of the way out, for Shippo turns them round; a transaction buys one of its rates
// (https://docs.goshippo.com/api-reference/transactions/create-a-shipping-label); a refund gives an unused one back
// (https://docs.goshippo.com/docs/billing_and_invoices/refundinglabels/).
//
// A rate can be bought twice. So its transactions are listed before it is bought again; if a lost answer brought two all
// the same, a void gives both back.

internal import Foundation
internal import Outreach
internal import Platform

struct ShippoBroker: LabelBroker {
    let service: JSONService
    let kind = BrokerSettings.Kind.shippo
    let sellsOnce = false

    /// The carriers whose return labels cost nothing until they are scanned.
    private static let paidOnUse: Set<String> = ["usps", "ups", "fedex"]

    private func calls(_ now: Moment) -> BrokerCalls {
        // An objection is a map of fields, which may quote an address: its first field says enough.
        BrokerCalls(service: service, name: kind.title, now: now) { body in
            (try? JSONDecoder().decode([String: Anything].self, from: Data(body)))?.keys.sorted().first
        }
    }

    func quote(_ order: LabelOrder, mark: String, at now: Moment) async throws(LabelStop) -> LabelQuote {
        let sides = order.parcel.sides
        let shipment = NewShipment(
            from: BrokerAddress(order.to), to: BrokerAddress(order.from),
            parcels: [
                .init(
                    length: "\(sides[0])", width: "\(sides[1])", height: "\(sides[2])", weight: "\(order.parcel.weight)"
                )
            ], metadata: mark)
        switch try await calls(now).write("/shipments/", shipment, costs: false, Shipment.self) {
        case .objection(let status, let code):
            let what = code?.hasPrefix("address") ?? false ? "one of the two addresses" : "the shipment"
            throw .refused("Shippo does not take \(what) (\(code ?? "HTTP \(status)"))", code: status)
        case .done(let made):
            guard let id = BrokerText.id(made.id) else {
                throw .verdict(.deferred(Failure(reason: "answer", detail: "Shippo gave a shipment without its id")))
            }
            return LabelQuote(
                shipment: id,
                rates: (made.rates ?? []).prefix(200).compactMap { rate in
                    guard let rateID = BrokerText.id(rate.id), let price = BrokerText.price(rate.amount, rate.currency)
                    else { return nil }
                    let carrier = BrokerText.name(rate.provider)
                    return LabelRate(
                        id: rateID, carrier: carrier, service: BrokerText.name(rate.servicelevel?.name),
                        token: BrokerText.name(rate.servicelevel?.token), price: price,
                        isPaidOnUse: Self.paidOnUse.contains(carrier.lowercased()))
                })
        }
    }

    func look(at ids: [String: String], at now: Moment) async throws(LabelStop) -> LabelState {
        let all = try await transactions(ids, now)
        for one in all {
            if case .bought(let label) = state(of: one) { return .bought(label) }
        }
        let states = all.map { state(of: $0) }
        return states.contains(.pending) ? .pending : states.contains(.voided) ? .voided : .none
    }

    func buy(_ ids: [String: String], mark: String, at now: Moment) async throws(LabelStop) -> LabelState {
        guard let rate = ids[LabelResult.rate] else { return .none }
        let wanted = NewTransaction(rate: rate, metadata: mark)
        switch try await calls(now).write("/transactions/", wanted, costs: true, Transaction.self) {
        case .done(let transaction):
            if transaction.status == "ERROR" {
                let code = transaction.messages?.lazy.compactMap { BrokerText.code($0.code) }.first
                throw .refused("the carrier sold Shippo no label (\(code ?? "no reason given"))")
            }
            return state(of: transaction)
        case .objection(let status, let code):
            throw .refused("Shippo could not buy the label (\(code ?? "HTTP \(status)"))", code: status)
        }
    }

    func void(_ ids: [String: String], at now: Moment) async throws(LabelStop) -> LabelVoid {
        var answers: [LabelVoid] = []
        for transaction in try await transactions(ids, now) {
            guard case .bought(let label) = state(of: transaction), !label.isUsed else { continue }
            switch try await calls(now).write("/refunds/", ["transaction": label.id], costs: false, Refund.self) {
            case .done(let refund): answers.append(refund.status == "ERROR" ? .rejected : .asked)
            case .objection: answers.append(.rejected)
            }
        }
        return answers.contains(.rejected) ? .rejected : .asked
    }

    /// What was bought of a rate, the oldest first.
    private func transactions(_ ids: [String: String], _ now: Moment) async throws(LabelStop) -> [Transaction] {
        guard let rate = ids[LabelResult.rate] else { return [] }
        let query = String(decoding: Form.encoded([("rate", rate), ("results", "25")]), as: UTF8.self)
        let page = try await calls(now).read("/transactions/?\(query)", Page.self)
        return (page?.results ?? []).filter { $0.rate?.id == rate }
            .sorted { ($0.createdAt ?? "", $0.id ?? "") < ($1.createdAt ?? "", $1.id ?? "") }
    }

    private func state(of transaction: Transaction) -> LabelState {
        guard let id = BrokerText.id(transaction.id) else { return .none }
        switch transaction.status {
        case "SUCCESS", "REFUNDREJECTED":
            return .bought(
                BrokerLabel(
                    id: id, url: BrokerText.url(transaction.labelURL, base: service.base),
                    tracking: BrokerText.tracking(transaction.trackingNumber),
                    trackingURL: BrokerText.url(transaction.trackingURL, base: service.base),
                    isUsed: !["UNKNOWN", "PRE_TRANSIT", ""].contains(transaction.trackingStatus ?? "")))
        case "WAITING", "QUEUED": return .pending
        case "REFUNDED", "REFUNDPENDING": return .voided
        default: return .none
        }
    }

    // MARK: What goes there

    private struct NewShipment: Encodable {
        struct Parcel: Encodable {
            var length: String
            var width: String
            var height: String
            var distanceUnit = "cm"
            var weight: String
            var massUnit = "g"

            enum CodingKeys: String, CodingKey {
                case length, width, height, weight
                case distanceUnit = "distance_unit"
                case massUnit = "mass_unit"
            }
        }

        var from: BrokerAddress
        var to: BrokerAddress
        var parcels: [Parcel]
        var metadata: String
        var extra = ["is_return": true]
        var async = false

        enum CodingKeys: String, CodingKey {
            case parcels, metadata, extra, async
            case from = "address_from"
            case to = "address_to"
        }
    }

    private struct NewTransaction: Encodable {
        var rate: String
        var metadata: String
        var labelFileType = "PDF"
        var async = false

        enum CodingKeys: String, CodingKey {
            case rate, metadata, async
            case labelFileType = "label_file_type"
        }
    }

    // MARK: What comes back

    /// A value that is not looked at.
    private struct Anything: Decodable { init(from decoder: any Decoder) throws {} }

    private struct Shipment: Decodable, Sendable {
        struct Level: Decodable, Sendable {
            var name: String?
            var token: String?
        }
        struct Rate: Decodable, Sendable {
            var id: String?
            var amount: String?
            var currency: String?
            var provider: String?
            var servicelevel: Level?

            enum CodingKeys: String, CodingKey {
                case amount, currency, provider, servicelevel
                case id = "object_id"
            }
        }

        var id: String?
        var rates: [Rate]?

        enum CodingKeys: String, CodingKey {
            case rates
            case id = "object_id"
        }
    }

    /// The rate of a transaction: its id, or all of it.
    private struct RateName: Decodable, Sendable {
        struct Whole: Decodable {
            var id: String?

            enum CodingKeys: String, CodingKey { case id = "object_id" }
        }
        var id: String?

        init(from decoder: any Decoder) throws {
            let value = try decoder.singleValueContainer()
            id = (try? value.decode(String.self)) ?? (try? value.decode(Whole.self))?.id
        }
    }

    private struct Transaction: Decodable, Sendable {
        struct Message: Decodable, Sendable { var code: String? }

        var id: String?
        var status: String?
        var createdAt: String?
        var rate: RateName?
        var labelURL: String?
        var trackingNumber: String?
        var trackingURL: String?
        var trackingStatus: String?
        var messages: [Message]?

        enum CodingKeys: String, CodingKey {
            case status, rate, messages
            case id = "object_id"
            case createdAt = "object_created"
            case labelURL = "label_url"
            case trackingNumber = "tracking_number"
            case trackingURL = "tracking_url_provider"
            case trackingStatus = "tracking_status"
        }
    }

    private struct Page: Decodable, Sendable { var results: [Transaction] }

    private struct Refund: Decodable, Sendable { var status: String? }
}
