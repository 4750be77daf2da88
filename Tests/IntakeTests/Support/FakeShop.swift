import Foundation
import Outreach
import Platform
import Synchronization

@testable import Intake

/// A shop in memory that understands our documents by their names: it filters by `updated_at` as the real one does and pages by position.
final class FakeShop: HTTPTransport {
    struct Order {
        var updatedAt: Moment
        var json: [String: Any]
        var returns: [(id: String, status: String)] = []
        var returnStatus = "no_return"
    }

    struct State {
        var orders: [String: Order] = [:]
        var fulfillments: [String: [String: Any]] = [:]
        var scopes = [
            "read_orders", "read_returns", "read_customers", "read_products", "read_all_orders",
            "read_merchant_managed_fulfillment_orders",
        ]
        /// How far the shop's answers say that it is ahead of us.
        var clockAhead = Duration.zero
        var requests: [String] = []
        var queries: [String] = []
        var pageSizes: [Int] = []
        var batches: [Int] = []
        /// Fails the n-th request from now on.
        var failing: [Int: TransferFailure] = [:]
        var level = 2000.0
        /// The most that a page may have before it is too dear.
        var dearest = 250
        /// Ids beyond which a batch makes the shop's server fail.
        var poison: Set<String> = []
        var oversized = Int.max
    }

    // Safe: all of it is reached under the lock alone, and JSON dictionaries are values.
    private final class Box: @unchecked Sendable { var state = State() }
    private let box = Mutex(Box())
    let clock: TestClock

    init(clock: TestClock) { self.clock = clock }

    func change<Result: Sendable>(_ body: (inout State) -> Result) -> Result { box.withLock { body(&$0.state) } }
    var requests: [String] { change { $0.requests } }

    func put(_ number: Int, updatedAt: Moment, _ edit: (inout [String: Any]) -> Void = { _ in }) {
        let id = "gid://shopify/Order/\(number)"
        var json = Sample.order(number, updatedAt: updatedAt)
        edit(&json)
        let final = json
        box.withLock { box in
            box.state.orders[id, default: Order(updatedAt: updatedAt, json: [:])].updatedAt = updatedAt
            box.state.orders[id]!.json = final
        }
    }

    func putReturn(_ number: Int, of order: Int, status: String, orderStatus: String) {
        change {
            let id = "gid://shopify/Order/\(order)"
            $0.orders[id]!.returns.removeAll { $0.id == "gid://shopify/Return/\(number)" }
            $0.orders[id]!.returns.append(("gid://shopify/Return/\(number)", status))
            $0.orders[id]!.returnStatus = orderStatus
        }
    }

    func send(_ request: HTTPRequest) async throws(TransferFailure) -> HTTPResponse {
        let count: Int = change {
            $0.requests.append(request.operation)
            return $0.requests.count
        }
        if let failure = change({ $0.failing.removeValue(forKey: count) }) { throw failure }
        let variables = request.variables
        let headers = [
            HTTPField("Date", httpDate(clock.now + change { $0.clockAhead })),
            HTTPField("X-Shopify-API-Version", "2026-07"),
        ]
        let ids = variables["ids"] as? [String] ?? []
        if change({ state in ids.contains(where: state.poison.contains) }) { return HTTPResponse(status: 500) }
        if ids.count > change({ $0.oversized }) { throw TransferFailure(.tooLarge, phase: .answering) }
        let body: [String: Any]
        switch request.operation {
        case "ShopInfo": body = ["data": Sample.shop(scopes: change { $0.scopes })]
        case "ScanOrders", "ScanReturns": body = scan(request.operation, variables)
        case "ReadOrders":
            change { $0.batches.append(ids.count) }
            body = ["data": ["nodes": ids.map { order($0) as Any }]]
        case "ReadReturns": body = ["data": ["nodes": ids.map { aReturn($0) as Any }]]
        case "ReadFulfillments":
            body = [
                "data": ["nodes": box.withLock { box in ids.map { box.state.fulfillments[$0] as Any? ?? NSNull() } }]
            ]
        default: body = ["errors": [["message": "unknown operation"]]]
        }
        var whole = body
        whole["extensions"] = [
            "cost": [
                "requestedQueryCost": 13, "actualQueryCost": 13,
                "throttleStatus": [
                    "maximumAvailable": 2000, "currentlyAvailable": change { $0.level }, "restoreRate": 100,
                ],
            ]
        ]
        return .json(whole, headers)
    }

    private func order(_ id: String) -> Any {
        box.withLock { box in
            guard let order = box.state.orders[id] else { return NSNull() }
            var json = order.json
            json["returns"] = Sample.page(order.returns.map { ["id": $0.id] })
            return json
        }
    }

    private func aReturn(_ id: String) -> Any {
        box.withLock { box in
            for (order, value) in box.state.orders {
                if let found = value.returns.first(where: { $0.id == id }) {
                    return Sample.aReturn(id, status: found.status, order: order)
                }
            }
            return NSNull()
        }
    }

    private func scan(_ operation: String, _ variables: [String: Any]) -> [String: Any] {
        let query = variables["query"] as? String ?? ""
        let first = variables["first"] as? Int ?? 0
        let offset = (variables["after"] as? String).flatMap(Int.init) ?? 0
        return box.withLock { box in
            box.state.queries.append(query)
            box.state.pageSizes.append(first)
            if first > box.state.dearest {
                return [
                    "errors": [
                        [
                            "message": "too dear",
                            "extensions": ["code": "MAX_COST_EXCEEDED", "cost": 1200, "maxCost": 1000],
                        ]
                    ]
                ]
            }
            var rows = Array(box.state.orders)
            if let start = query.range(of: "updated_at:>='") {
                // Without the quotes the real one would look at the date alone; here it finds nothing at all.
                let from = Moment(iso8601: query[start.upperBound...].prefix { $0 != "'" })!
                rows = rows.filter { $0.value.updatedAt >= from }
            } else if query.contains("updated_at") {
                rows = []
            }
            if let start = query.range(of: "return_status:") {
                let status = String(query[start.upperBound...].prefix { $0 != " " })
                rows = rows.filter { $0.value.returnStatus == status }
            }
            rows.sort { ($0.value.updatedAt, $0.key) < ($1.value.updatedAt, $1.key) }
            let page = rows.dropFirst(offset).prefix(first)
            let nodes: [[String: Any]] = page.map { row in
                var node: [String: Any] = ["id": row.key, "updatedAt": row.value.updatedAt.iso8601]
                if operation == "ScanReturns" {
                    node["returns"] = [
                        "nodes": row.value.returns.reversed().prefix(5).map { ["id": $0.id, "status": $0.status] }
                    ]
                }
                return node
            }
            let more = offset + page.count < rows.count
            return [
                "data": [
                    "orders": [
                        "nodes": nodes,
                        "pageInfo": [
                            "hasNextPage": more, "endCursor": more ? String(offset + page.count) as Any : NSNull(),
                        ],
                    ]
                ]
            ]
        }
    }
}

/// As RFC 9110 writes it.
func httpDate(_ moment: Moment) -> String {
    let day = Zone.utc.day(at: moment)
    let weekday = ["Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun"][day.weekday - 1]
    let (year, month, date) = day.components
    let names = ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"]
    let time = moment.iso8601.split(separator: "T")[1].prefix(8)
    return "\(weekday), \(date < 10 ? "0" : "")\(date) \(names[month - 1]) \(year) \(time) GMT"
}

/// Plain examples of what a shop shows.
enum Sample {
    static func page(_ nodes: [[String: Any]], next: String? = nil) -> [String: Any] {
        ["nodes": nodes, "pageInfo": ["hasNextPage": next != nil, "endCursor": next as Any? ?? NSNull()]]
    }

    static func money(_ amount: String) -> [String: Any] {
        ["presentmentMoney": ["amount": amount, "currencyCode": "GBP"]]
    }

    static func order(_ number: Int, updatedAt: Moment) -> [String: Any] {
        [
            "id": "gid://shopify/Order/\(number)", "name": "#\(number)", "createdAt": "2026-11-20T09:00:00Z",
            "processedAt": "2026-11-20T09:00:00Z", "updatedAt": updatedAt.iso8601, "test": false, "tags": ["wholesale"],
            "email": "ada@customer.example", "displayFinancialStatus": "PAID", "displayFulfillmentStatus": "FULFILLED",
            "edited": false, "currentTotalPriceSet": money("24.5"),
            "shippingAddress": ["name": "Ada Example", "countryCodeV2": "GB", "timeZone": "Europe/London"],
            "lineItems": page([["id": "gid://shopify/LineItem/1", "title": "Mug", "quantity": 2, "currentQuantity": 1]]
            ),
            "fulfillments": [fulfillment(number)], "refunds": [],
        ]
    }

    static func fulfillment(_ number: Int, _ edit: (inout [String: Any]) -> Void = { _ in }) -> [String: Any] {
        var json: [String: Any] = [
            "id": "gid://shopify/Fulfillment/\(number)", "name": "#\(number)-F1", "status": "SUCCESS",
            "displayStatus": "FULFILLED",
            "createdAt": "2026-11-20T10:00:00Z", "updatedAt": "2026-11-20T12:00:00Z",
            "trackingInfo": [["company": "Example Post", "number": "EP\(number)", "url": NSNull()]],
            "events": page([]),
            "fulfillmentLineItems": page([["quantity": 2, "lineItem": ["id": "gid://shopify/LineItem/1"]]]),
        ]
        edit(&json)
        return json
    }

    static func event(_ number: Int, _ status: String, at time: String, estimate: String? = nil) -> [String: Any] {
        [
            "id": "gid://shopify/FulfillmentEvent/\(number)", "status": status, "happenedAt": time, "createdAt": time,
            "message": "Scanned", "estimatedDeliveryAt": estimate as Any? ?? NSNull(), "city": "Leeds", "country": "GB",
        ]
    }

    static func aReturn(_ id: String, status: String, order: String, dispositions: [String] = []) -> [String: Any] {
        [
            "id": id, "name": "#1-R1", "status": status, "createdAt": "2026-11-20T12:00:00Z",
            "returnLineItems": page([
                ["quantity": 1, "fulfillmentLineItem": ["lineItem": ["id": "gid://shopify/LineItem/1"]]],
                ["quantity": 3],
            ]),
            "reverseFulfillmentOrders": page([
                [
                    "lineItems": ["nodes": [["dispositions": dispositions.map { ["type": $0, "quantity": 1] }]]],
                    "reverseDeliveries": [
                        "nodes": [
                            [
                                "id": "gid://shopify/ReverseDelivery/9",
                                "deliverable": [
                                    "tracking": ["carrierName": NSNull(), "number": "R1", "url": NSNull()],
                                    "label": [
                                        "publicFileUrl": "https://labels.example/1.pdf?token=t",
                                        "createdAt": "2026-11-20T12:01:00Z", "updatedAt": "2026-11-20T12:02:00Z",
                                    ],
                                ],
                            ]
                        ]
                    ],
                ]
            ]), "order": ["id": order],
        ]
    }

    static func shop(scopes: [String], versions: [String] = ["2026-04", "2026-07"]) -> [String: Any] {
        [
            "shop": [
                "id": "gid://shopify/Shop/1", "name": "Juniper & Fig", "myshopifyDomain": "juniperfig.myshopify.com",
                "ianaTimezone": "Europe/London", "currencyCode": "GBP",
            ], "currentAppInstallation": ["accessScopes": scopes.map { ["handle": $0] }],
            "publicApiVersions": versions.map { ["handle": $0, "supported": true] }
                + [["handle": "unstable", "supported": true], ["handle": "2025-01", "supported": false]],
        ]
    }
}

func decode<T: Decodable>(_ type: T.Type, _ json: [String: Any]) throws -> T {
    try JSONDecoder().decode(type, from: JSONSerialization.data(withJSONObject: json))
}
