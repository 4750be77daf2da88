import Doubles
import Foundation
import Outreach
import Platform
import Synchronization

@testable import Intake

/// A shop in memory that understands our documents by their names: it filters by `updated_at` as the real one does and
/// pages by position.
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
        /// How long each answer takes.
        var latency = Duration.zero
        /// How many ids each batch of fulfillments asked for.
        var fulfillmentBatches: [Int] = []
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

    func keep(_ fulfillment: [String: Any], as id: String) {
        box.withLock { $0.state.fulfillments[id] = fulfillment }
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
        clock.advance(change { $0.latency })
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
            change { $0.fulfillmentBatches.append(ids.count) }
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

extension Sample {
    static func order(_ number: Int, updatedAt: Moment) -> [String: Any] {
        order(number, updatedAt: updatedAt.iso8601)
    }
}

/// As RFC 9110 writes it.
func httpDate(_ moment: Moment) -> String { httpDate(moment.seconds) }
