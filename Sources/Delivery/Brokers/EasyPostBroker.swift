// Return labels through EasyPost (https://docs.easypost.com/docs/shipments/returns): a shipment with `is_return`, whose
// addresses are those of the way out, for EasyPost turns them round; one of its rates is bought
// (https://docs.easypost.com/docs/shipments/rates); and an unused one is given back
// (https://docs.easypost.com/docs/shipments/shipping-refund).
//
// A shipment is bought once: a second purchase is refused as SHIPMENT.POSTAGE.EXISTS, and while the first is under way as
// SHIPMENT.PURCHASE.IN_PROGRESS. So the shipment that was written down makes a repeat safe.

internal import Foundation
internal import Outreach
internal import Platform

struct EasyPostBroker: LabelBroker {
    let service: JSONService
    let kind = BrokerSettings.Kind.easypost
    let sellsOnce = true

    private func calls(_ now: Moment) -> BrokerCalls {
        BrokerCalls(service: service, name: kind.title, now: now) { body in
            (try? JSONDecoder().decode(Objection.self, from: Data(body)))?.error.code
        }
    }

    func quote(_ order: LabelOrder, mark: String, at now: Moment) async throws(LabelStop) -> LabelQuote {
        let sides = order.parcel.inches
        let shipment = NewShipment(
            to: BrokerAddress(order.from), from: BrokerAddress(order.to),
            parcel: .init(length: sides[0], width: sides[1], height: sides[2], weight: order.parcel.ounces),
            reference: mark)
        let answer = try await calls(now).write(
            "/v2/shipments", ["shipment": shipment], costs: false, Shipment.self)
        switch answer {
        case .objection(let status, let code):
            let what = code?.hasPrefix("ADDRESS") ?? false ? "one of the two addresses" : "the shipment"
            throw .refused("EasyPost does not take \(what) (\(code ?? "HTTP \(status)"))", code: status)
        case .done(let made):
            guard let id = BrokerText.id(made.id) else {
                throw .verdict(.deferred(Failure(reason: "answer", detail: "EasyPost gave a shipment without its id")))
            }
            return LabelQuote(
                shipment: id,
                rates: (made.rates ?? []).prefix(200).compactMap { rate in
                    guard let rateID = BrokerText.id(rate.id), let price = BrokerText.price(rate.rate, rate.currency)
                    else { return nil }
                    return LabelRate(
                        id: rateID, carrier: BrokerText.name(rate.carrier), service: BrokerText.name(rate.service),
                        price: price)
                })
        }
    }

    func look(at ids: [String: String], at now: Moment) async throws(LabelStop) -> LabelState {
        guard let id = ids[LabelResult.shipment] else { return .none }
        guard let shipment = try await calls(now).read("/v2/shipments/\(id)", Shipment.self) else { return .none }
        return state(of: shipment)
    }

    func buy(_ ids: [String: String], mark: String, at now: Moment) async throws(LabelStop) -> LabelState {
        guard let id = ids[LabelResult.shipment], let rate = ids[LabelResult.rate] else { return .none }
        let answer = try await calls(now).write(
            "/v2/shipments/\(id)/buy", ["rate": ["id": rate]], costs: true, Shipment.self)
        switch answer {
        case .done(let shipment): return state(of: shipment)
        case .objection(let status, let code):
            switch code {
            case "SHIPMENT.POSTAGE.EXISTS", "SHIPMENT.PURCHASE.IN_PROGRESS": return .pending
            case "SHIPMENT.POSTAGE.TIMED_OUT", "SHIPMENT.POSTAGE.NO_RESPONSE":
                throw .verdict(
                    .deferred(
                        Failure(
                            reason: "busy", code: status, detail: "the carrier has not answered EasyPost",
                            inDoubt: true)))
            default:
                throw .refused("EasyPost could not buy the label (\(code ?? "HTTP \(status)"))", code: status)
            }
        }
    }

    func void(_ ids: [String: String], at now: Moment) async throws(LabelStop) -> LabelVoid {
        guard let id = ids[LabelResult.shipment] else { return .free }
        let answer = try await calls(now).write(
            "/v2/shipments/\(id)/refund", [String: String](), costs: false, Shipment.self)
        guard case .done(let shipment) = answer else { return .rejected }
        switch shipment.refundStatus {
        case "submitted", "refunded": return .asked
        // The carrier bills what it scans.
        case "not_applicable": return .free
        default: return .rejected
        }
    }

    private func state(of shipment: Shipment) -> LabelState {
        guard let id = BrokerText.id(shipment.id), let label = shipment.postageLabel else { return .none }
        if ["submitted", "refunded"].contains(shipment.refundStatus) { return .voided }
        let status = shipment.tracker?.status ?? shipment.status ?? "unknown"
        let number = shipment.trackingCode ?? shipment.tracker?.trackingCode
        return .bought(
            BrokerLabel(
                id: id, url: BrokerText.url(label.pdf ?? label.url, base: service.base),
                tracking: BrokerText.tracking(number),
                trackingURL: BrokerText.url(shipment.tracker?.publicURL, base: service.base),
                isUsed: !["unknown", "pre_transit", "cancelled", "error"].contains(status)))
    }

    // MARK: What goes there

    private struct NewShipment: Encodable {
        struct Parcel: Encodable {
            /// In inches, and the weight in ounces.
            var length: Decimal
            var width: Decimal
            var height: Decimal
            var weight: Decimal
        }

        var to: BrokerAddress
        var from: BrokerAddress
        var parcel: Parcel
        var reference: String
        var isReturn = true
        var options = ["label_format": "PDF"]

        enum CodingKeys: String, CodingKey {
            case parcel, reference, options
            case to = "to_address"
            case from = "from_address"
            case isReturn = "is_return"
        }
    }

    // MARK: What comes back

    private struct Objection: Decodable {
        struct Error: Decodable { var code: String? }
        var error: Error
    }

    private struct Shipment: Decodable, Sendable {
        struct Rate: Decodable, Sendable {
            var id: String?
            var carrier: String?
            var service: String?
            var rate: String?
            var currency: String?
        }
        struct Label: Decodable, Sendable {
            var url: String?
            var pdf: String?

            enum CodingKeys: String, CodingKey {
                case url = "label_url"
                case pdf = "label_pdf_url"
            }
        }
        struct Tracker: Decodable, Sendable {
            var status: String?
            var trackingCode: String?
            var publicURL: String?

            enum CodingKeys: String, CodingKey {
                case status
                case trackingCode = "tracking_code"
                case publicURL = "public_url"
            }
        }

        var id: String?
        var status: String?
        var rates: [Rate]?
        var postageLabel: Label?
        var trackingCode: String?
        var tracker: Tracker?
        var refundStatus: String?

        enum CodingKeys: String, CodingKey {
            case id, status, rates, tracker
            case postageLabel = "postage_label"
            case trackingCode = "tracking_code"
            case refundStatus = "refund_status"
        }
    }
}
