// Label brokers, as far as Bookbag buys return labels from them: EasyPost
// (https://docs.easypost.com/docs/shipments, .../docs/errors) and Shippo
// (https://docs.goshippo.com/docs/shipments/returns/, .../api-reference/transactions/create-a-shipping-label). Both sell
// the same two carriers; EasyPost sells a shipment once, Shippo a rate as often as it is bought.

internal import FoundationEssentials
import Synchronization

/// An account at EasyPost, and one at Shippo.
public final class FakeBrokers: Sendable {
    struct Rate: Sendable {
        let id: String
        let carrier: String
        let service: String
        let token: String
        /// In hundredths.
        let price: Int
    }

    struct Purchase: Sendable {
        let id: String
        let rate: Rate
        let tracking: String
        let boughtAt: Date
        var refund: String?
        var isScanned = false
    }

    struct Shipment: Sendable {
        let id: String
        let broker: String
        let reference: String
        let isReturn: Bool
        let from: JSON
        let to: JSON
        let currency: String
        let rates: [Rate]
        let createdAt: Date
        var purchases: [Purchase] = []
    }

    private struct State {
        var shipments: [Shipment] = []
        var number = 100_000
        /// What rates are in; nil for the shop's own currency.
        var currency: String?
        var refusesVoids = false
    }

    /// The keys, which are test keys as those of the real ones are.
    public static let easyPostKey = "EZTK_sandbox"
    public static let shippoKey = "shippo_test_sandbox"

    private let clock: SandboxClock
    private let ownCurrency: String
    private let base: @Sendable () -> String
    private let state = Mutex(State())
    /// What goes wrong with what is written.
    public let faults: SandboxFaults<BrokerFault>

    init(clock: SandboxClock, currency: String, seed: UInt64, base: @escaping @Sendable () -> String) {
        self.clock = clock
        ownCurrency = currency
        self.base = base
        faults = SandboxFaults(seed: seed ^ 0xB40C)
    }

    // MARK: For scripts

    /// All labels that were bought, oldest first.
    public var labels: [KeptLabel] {
        state.withLock { state in
            state.shipments.flatMap { shipment in
                shipment.purchases.map {
                    KeptLabel(
                        broker: shipment.broker, reference: shipment.reference, id: $0.id, tracking: $0.tracking,
                        price: $0.rate.price, currency: shipment.currency, isVoided: $0.refund == "submitted",
                        isScanned: $0.isScanned)
                }
            }
        }
    }

    /// A carrier scans a parcel.
    public func scan(_ tracking: String) { change(tracking) { $0.isScanned = true } }

    /// What new rates are in; nil for the shop's currency.
    public func setCurrency(_ currency: String?) { state.withLock { $0.currency = currency } }

    /// Whether carriers take labels back.
    public func setRefusesVoids(_ refuses: Bool) { state.withLock { $0.refusesVoids = refuses } }

    private func change(_ tracking: String, _ body: (inout Purchase) -> Void) {
        state.withLock { state in
            for s in state.shipments.indices {
                for p in state.shipments[s].purchases.indices where state.shipments[s].purchases[p].tracking == tracking
                {
                    body(&state.shipments[s].purchases[p])
                }
            }
        }
    }

    // MARK: What both do

    private static func isAddress(_ json: JSON?) -> Bool {
        ["street1", "city", "country"].allSatisfy { json?[$0]?.string?.isEmpty == false }
    }

    private func add(_ broker: String, reference: String, isReturn: Bool, from: JSON, to: JSON) -> Shipment {
        let now = clock.now()
        return state.withLock { state in
            state.number += 1
            let number = state.number
            func rate(_ index: Int, _ carrier: String, _ service: String, _ token: String, _ price: Int) -> Rate {
                Rate(id: "rate_\(number)\(index)", carrier: carrier, service: service, token: token, price: price)
            }
            let shipment = Shipment(
                id: "shp_\(number)", broker: broker, reference: reference, isReturn: isReturn, from: from, to: to,
                currency: state.currency ?? ownCurrency,
                rates: [
                    rate(1, "USPS", "Express", "usps_priority_express", 2810),
                    rate(2, "USPS", "GroundAdvantage", "usps_ground_advantage", 545),
                    rate(3, "DHLExpress", "Worldwide", "dhl_express_worldwide", 5200),
                    rate(4, "UPS", "Ground", "ups_ground", 612),
                ], createdAt: now)
            state.shipments.append(shipment)
            return shipment
        }
    }

    private func purchase(_ shipment: Int, _ rate: Rate, in state: inout State, at now: Date) -> Purchase {
        state.number += 1
        let made = Purchase(
            id: "\(state.shipments[shipment].broker == "easypost" ? "pl" : "txn")_\(state.number)", rate: rate,
            tracking: "9405500\(state.number)", boughtAt: now)
        state.shipments[shipment].purchases.append(made)
        return made
    }

    private func labelURL(_ purchase: Purchase) -> String { "\(base())/brokers/\(purchase.tracking).pdf" }
    private func trackingURL(_ purchase: Purchase) -> String { "\(base())/track/\(purchase.tracking)" }

    /// The label itself, which anybody with its address may fetch.
    func label(_ name: String) -> WebResponse {
        guard name.hasSuffix(".pdf"), labels.contains(where: { "\($0.tracking).pdf" == name }) else {
            return .html(Pages.notice("There is no such label."), status: 404)
        }
        return WebResponse(
            type: "application/pdf",
            LabelPDF.make(lines: ["Return label", String(name.dropLast(4))], bars: String(name.dropLast(4))))
    }

    /// Does what writes, unless a fault is in its way.
    private func write(
        _ error: (_ code: String, _ message: String) -> JSON, _ body: () -> WebResponse
    ) -> WebResponse {
        let fault = faults.draw()
        switch fault {
        case .unauthorized: return .json(error("APIKEY.INACTIVE", "This api key is no longer active."), status: 401)
        case .paymentRequired: return .json(error("PAYMENT.REQUIRED", "Insufficient funds."), status: 402)
        case .unprocessable: return .json(error("SHIPMENT.POSTAGE.FAILURE", "Unable to buy postage."), status: 422)
        case .tooManyRequests:
            var response = WebResponse.json(error("RATE_LIMITED", "Too many requests."), status: 429)
            response.headers.append(("Retry-After", "2"))
            return response
        case .serverError: return .json(error("INTERNAL_SERVER_ERROR", "We have been notified."), status: 500)
        case .dropAndForget:
            var response = WebResponse.json([:])
            response.ending = .cut(after: 0)
            return response
        case .lateError:
            _ = body()
            return .json(error("INTERNAL_SERVER_ERROR", "We have been notified."), status: 500)
        case .dropped, .slow, nil:
            var response = body()
            if fault == .dropped { response.ending = .cut(after: 0) }
            if fault == .slow { response.delay = faults.slowness }
            return response
        }
    }

    // MARK: EasyPost

    /// Answers a request below `/easypost/v2/`.
    func easyPost(_ request: WebRequest) -> WebResponse {
        let login = Data("\(Self.easyPostKey):".utf8).base64EncodedString()
        guard request.headers["authorization"] == "Basic \(login)" else {
            return .json(Self.easyPostError("APIKEY.INACTIVE", "This api key is no longer active."), status: 401)
        }
        let parts = Array(request.parts.dropFirst(2))
        switch (request.method, parts.first, parts.count) {
        case ("GET", "shipments", 1): return .json(["shipments": [], "has_more": false])
        case ("GET", "shipments", 2):
            guard let index = index(parts[1], "easypost") else { return Self.easyPostMissing }
            return .json(state.withLock { easyPostJSON($0.shipments[index]) })
        case ("POST", "shipments", 1):
            return write(Self.easyPostError) { newEasyPost((try? JSON.parse(request.body))?["shipment"] ?? .null) }
        case ("POST", "shipments", 3) where parts[2] == "buy":
            let rate = (try? JSON.parse(request.body))?["rate"]?["id"]?.string
            return write(Self.easyPostError) { buyEasyPost(parts[1], rate) }
        case ("POST", "shipments", 3) where parts[2] == "refund":
            return write(Self.easyPostError) { refundEasyPost(parts[1]) }
        default: return Self.easyPostMissing
        }
    }

    private static func easyPostError(_ code: String, _ message: String) -> JSON {
        ["error": ["code": .string(code), "message": .string(message), "errors": []]]
    }

    private static let easyPostMissing = WebResponse.json(
        easyPostError("NOT_FOUND", "The requested resource could not be found."), status: 404)

    private func index(_ id: String, _ broker: String) -> Int? {
        state.withLock { $0.shipments.firstIndex { $0.id == id && $0.broker == broker } }
    }

    private func newEasyPost(_ body: JSON) -> WebResponse {
        guard Self.isAddress(body["to_address"]), Self.isAddress(body["from_address"]) else {
            return .json(Self.easyPostError("ADDRESS.PARAMETERS.INVALID", "street1 is required."), status: 422)
        }
        guard body["parcel"]?["weight"] != nil else {
            return .json(Self.easyPostError("SHIPMENT.INVALID_PARAMS", "parcel is required."), status: 422)
        }
        // A return's addresses are turned round.
        let isReturn = body["is_return"]?.bool ?? false
        let (to, from) = (body["to_address"] ?? .null, body["from_address"] ?? .null)
        let shipment = add(
            "easypost", reference: body["reference"]?.string ?? "", isReturn: isReturn, from: isReturn ? to : from,
            to: isReturn ? from : to)
        return .json(easyPostJSON(shipment), status: 201)
    }

    private func buyEasyPost(_ id: String, _ rateID: String?) -> WebResponse {
        let now = clock.now()
        guard let index = index(id, "easypost") else { return Self.easyPostMissing }
        return state.withLock { state in
            guard let rate = state.shipments[index].rates.first(where: { $0.id == rateID }) else {
                return .json(Self.easyPostError("RATE.NOT_FOUND", "The rate could not be found."), status: 404)
            }
            guard state.shipments[index].purchases.isEmpty else {
                return .json(
                    Self.easyPostError("SHIPMENT.POSTAGE.EXISTS", "Postage already exists for this shipment."),
                    status: 422)
            }
            _ = purchase(index, rate, in: &state, at: now)
            return .json(easyPostJSON(state.shipments[index]))
        }
    }

    private func refundEasyPost(_ id: String) -> WebResponse {
        guard let index = index(id, "easypost") else { return Self.easyPostMissing }
        return state.withLock { state in
            guard !state.shipments[index].purchases.isEmpty else {
                return .json(
                    Self.easyPostError("SHIPMENT.REFUND.UNAVAILABLE", "The shipment has no postage."), status: 422)
            }
            let isRefused = state.refusesVoids || state.shipments[index].purchases[0].isScanned
            if state.shipments[index].purchases[0].refund != "submitted" {
                state.shipments[index].purchases[0].refund = isRefused ? "rejected" : "submitted"
            }
            return .json(easyPostJSON(state.shipments[index]))
        }
    }

    private func easyPostJSON(_ shipment: Shipment) -> JSON {
        func json(_ rate: Rate) -> JSON {
            [
                "id": .string(rate.id), "object": "Rate", "mode": "test", "service": .string(rate.service),
                "carrier": .string(rate.carrier), "rate": .string(Self.price(rate.price)),
                "currency": .string(shipment.currency), "retail_rate": .string(Self.price(rate.price + 200)),
                "retail_currency": .string(shipment.currency), "list_rate": .string(Self.price(rate.price + 100)),
                "list_currency": .string(shipment.currency), "billing_type": "easypost", "delivery_days": 3,
                "shipment_id": .string(shipment.id), "carrier_account_id": "ca_sandbox",
            ]
        }
        let bought = shipment.purchases.first
        let label: JSON =
            bought.map { purchase in
                [
                    "object": "PostageLabel", "id": .string(purchase.id), "label_size": "4x6",
                    "label_file_type": "application/pdf", "label_url": .string(labelURL(purchase)),
                    "label_date": .string(ShopTime.iso(purchase.boughtAt)),
                ]
            } ?? .null
        let tracker: JSON =
            bought.map { purchase in
                [
                    "object": "Tracker", "tracking_code": .string(purchase.tracking),
                    "status": purchase.isScanned ? "in_transit" : "unknown",
                    "public_url": .string(trackingURL(purchase)),
                ]
            } ?? .null
        return [
            "id": .string(shipment.id), "object": "Shipment", "mode": "test",
            "created_at": .string(ShopTime.iso(shipment.createdAt)), "is_return": .bool(shipment.isReturn),
            "reference": .string(shipment.reference), "status": bought?.isScanned == true ? "in_transit" : "unknown",
            "from_address": shipment.from, "to_address": shipment.to, "messages": [],
            "rates": .array(shipment.rates.map(json)), "selected_rate": bought.map { json($0.rate) } ?? .null,
            "postage_label": label, "tracking_code": .text(bought?.tracking), "tracker": tracker,
            "refund_status": .text(bought?.refund),
        ]
    }

    private static func price(_ hundredths: Int) -> String {
        let rest = hundredths % 100
        return "\(hundredths / 100).\(rest < 10 ? "0" : "")\(rest)"
    }

    // MARK: Shippo

    /// Answers a request below `/shippo/`.
    func shippo(_ request: WebRequest) -> WebResponse {
        guard request.headers["authorization"] == "ShippoToken \(Self.shippoKey)" else {
            return .json(["detail": "Invalid token"], status: 401)
        }
        let parts = Array(request.parts.dropFirst())
        let body = (try? JSON.parse(request.body)) ?? .null
        let error: (String, String) -> JSON = { _, message in ["detail": .string(message)] }
        switch (request.method, parts.first, parts.count) {
        case ("GET", "shipments", 1): return .json(["next": .null, "previous": .null, "results": []])
        case ("GET", "transactions", 1): return transactions(request)
        case ("POST", "shipments", 1): return write(error) { newShippo(body) }
        case ("POST", "transactions", 1): return write(error) { buyShippo(body) }
        case ("POST", "refunds", 1): return write(error) { refundShippo(body["transaction"]?.string ?? "") }
        default: return .json(["detail": "Not found."], status: 404)
        }
    }

    private func newShippo(_ body: JSON) -> WebResponse {
        for name in ["address_from", "address_to"] where !Self.isAddress(body[name]) {
            return .json(.object([JSON.Member(name, [["street1": ["This field is required."]]])]), status: 400)
        }
        let isReturn = body["extra"]?["is_return"]?.bool ?? false
        let (to, from) = (body["address_to"] ?? .null, body["address_from"] ?? .null)
        let shipment = add(
            "shippo", reference: body["metadata"]?.string ?? "", isReturn: isReturn, from: isReturn ? to : from,
            to: isReturn ? from : to)
        let rates = shipment.rates.map { rate -> JSON in
            [
                "object_id": .string(rate.id), "amount": .string(Self.price(rate.price)),
                "currency": .string(shipment.currency), "amount_local": .string(Self.price(rate.price)),
                "currency_local": .string(shipment.currency), "provider": .string(rate.carrier),
                "servicelevel": ["name": .string(rate.service), "token": .string(rate.token), "terms": ""],
                "estimated_days": 3, "messages": [], "test": true, "shipment": .string(shipment.id),
            ]
        }
        return .json(
            [
                "object_id": .string(shipment.id), "object_created": .string(ShopTime.iso(shipment.createdAt)),
                "status": "SUCCESS", "metadata": .string(shipment.reference), "address_from": shipment.from,
                "address_to": shipment.to, "rates": .array(rates), "messages": [], "test": true,
            ], status: 201)
    }

    private func buyShippo(_ body: JSON) -> WebResponse {
        let now = clock.now()
        let wanted = body["rate"]?.string ?? ""
        return state.withLock { state in
            for index in state.shipments.indices where state.shipments[index].broker == "shippo" {
                guard let rate = state.shipments[index].rates.first(where: { $0.id == wanted }) else { continue }
                let made = purchase(index, rate, in: &state, at: now)
                return .json(shippoJSON(made, of: state.shipments[index]), status: 201)
            }
            return .json(["rate": ["Rate with supplied object_id not found."]], status: 400)
        }
    }

    private func refundShippo(_ id: String) -> WebResponse {
        state.withLock { state in
            for s in state.shipments.indices where state.shipments[s].broker == "shippo" {
                guard let p = state.shipments[s].purchases.firstIndex(where: { $0.id == id }) else { continue }
                let isRefused = state.refusesVoids || state.shipments[s].purchases[p].isScanned
                if state.shipments[s].purchases[p].refund != "submitted" {
                    state.shipments[s].purchases[p].refund = isRefused ? "rejected" : "submitted"
                }
                return .json(
                    [
                        "object_id": .string("ref_\(id)"), "transaction": .string(id),
                        "status": isRefused ? "ERROR" : "QUEUED", "test": true,
                    ], status: 201)
            }
            return .json(["transaction": ["Transaction not found."]], status: 400)
        }
    }

    private func transactions(_ request: WebRequest) -> WebResponse {
        let rate = request.query["rate"]
        let found = state.withLock { state in
            state.shipments.filter { $0.broker == "shippo" }.flatMap { shipment in
                shipment.purchases.filter { rate == nil || $0.rate.id == rate }.map { shippoJSON($0, of: shipment) }
            }
        }
        let limit = request.query["results"].flatMap { Int($0) } ?? 10
        return .json(["next": .null, "previous": .null, "results": .array(Array(found.reversed().prefix(limit)))])
    }

    private func shippoJSON(_ purchase: Purchase, of shipment: Shipment) -> JSON {
        let status =
            switch purchase.refund {
            case "submitted": "REFUNDPENDING"
            case "rejected": "REFUNDREJECTED"
            default: "SUCCESS"
            }
        return [
            "object_state": "VALID", "status": .string(status),
            "object_created": .string(ShopTime.iso(purchase.boughtAt)), "object_id": .string(purchase.id),
            "test": true, "rate": .string(purchase.rate.id), "tracking_number": .string(purchase.tracking),
            "tracking_status": purchase.isScanned ? "TRANSIT" : "UNKNOWN",
            "tracking_url_provider": .string(trackingURL(purchase)), "label_url": .string(labelURL(purchase)),
            "metadata": .string(shipment.reference), "messages": [],
        ]
    }
}
