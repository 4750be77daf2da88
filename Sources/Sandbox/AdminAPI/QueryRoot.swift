internal import FoundationEssentials

/// The query root.
struct QueryRoot: GraphQLObject {
    let graph: AdminGraph
    let versions: AdminVersions
    var typeName: String { "QueryRoot" }

    func resolve(_ field: String, _ arguments: GraphQLArguments) throws(GraphQLError) -> Resolved {
        let id = arguments.string("id")
        switch field {
        case "orders":
            try graph.require("read_orders", for: field)
            return try OrderList(graph, query: arguments.string("query"), field: field).connection(arguments)
        case "ordersCount":
            try graph.require("read_orders", for: field)
            return OrderList(graph, query: arguments.string("query"), field: field)
                .count(limit: min(25_000, arguments.int("limit") ?? 10_000))
        case "order":
            try graph.require("read_orders", for: field)
            return try graph.node(id, of: .order)
        case "fulfillment":
            try graph.require("read_orders", for: field)
            return try graph.node(id, of: .fulfillment)
        case "refund": return try graph.node(id, of: .refund)
        case "return":
            try graph.require("read_returns", for: field)
            return try graph.node(id, of: .return)
        case "returnReasonDefinitions":
            try graph.require("read_returns", for: field)
            return try ReturnReasons.connection(arguments)
        case "returnableFulfillments":
            try graph.require("read_returns", for: field)
            guard let order = arguments.string("orderId").flatMap(ShopID.init(gid:)).flatMap({ graph.order($0.number) })
            else { return try ConnectionNode.page("ReturnableFulfillmentConnection", of: [], arguments) }
            return try ConnectionNode.page(
                "ReturnableFulfillmentConnection",
                of: order.record.fulfillments.filter { !$0.cancelled }.map {
                    ($0.id, ReturnableNode($0, order: order) as any GraphQLObject)
                }, arguments)
        case "reverseDelivery": return try graph.node(id, of: .reverseDelivery)
        case "reverseFulfillmentOrder": return try graph.node(id, of: .reverseFulfillmentOrder)
        case "fulfillmentOrder":
            try graph.require("read_merchant_managed_fulfillment_orders", for: field)
            return try graph.node(id, of: .fulfillmentOrder)
        case "customer":
            try graph.require("read_customers", for: field)
            return try graph.node(id, of: .customer)
        case "node": return try graph.node(id ?? "")
        case "nodes": return try nodes(arguments.values["ids"]?.array ?? [])
        case "codeDiscountNodeByCode":
            if !graph.scopes.contains("write_discounts") { try graph.require("read_discounts", for: field) }
            return graph.discount(withCode: arguments.string("code") ?? "")
        case "draftOrder":
            try graph.require("read_draft_orders", for: field)
            return .object(id.flatMap(ShopID.split).flatMap { graph.state.drafts[$0.number] }.map(graph.draft))
        case "draftOrders": return try graph.drafts(arguments)
        case "job": return .object(id.flatMap(ShopID.split).map { graph.job($0.number) })
        case "shop": return shop
        case "currentAppInstallation": return installation
        case "publicApiVersions":
            return .list(
                versions.known.map { version in
                    .object(
                        Record(
                            "ApiVersion",
                            [
                                "handle": .text(version.handle), "displayName": .text(version.handle),
                                "supported": .bool(version.supported),
                            ]))
                })
        case "events": return try events(arguments)
        case "locations":
            try graph.require("read_locations", for: field)
            guard case .object(let location) = ShopNodes.location(graph) else { return .null }
            return try ConnectionNode.page("LocationConnection", of: [(106_318_430_514, location)], arguments)
        default: return .null
        }
    }

    private func nodes(_ ids: [JSON]) throws(GraphQLError) -> Resolved {
        guard ids.count <= 250 else {
            throw GraphQLError(
                message: "The input array size of \(ids.count) is greater than the maximum allowed of 250.",
                extensions: [JSON.Member("code", "MAX_INPUT_SIZE_EXCEEDED")])
        }
        var found: [Resolved] = []
        for id in ids { found.append(try graph.node(id.string ?? "")) }
        return .list(found)
    }

    private func formats(_ currency: String) -> Resolved {
        let plain = currency == "GBP" ? "£{{amount}}" : "{{amount}} \(currency)"
        let marked = currency == "GBP" ? "£{{amount}} GBP" : plain
        return .object(
            Record(
                "CurrencyFormats",
                [
                    "moneyFormat": .text(plain), "moneyInEmailsFormat": .text(plain),
                    "moneyWithCurrencyFormat": .text(marked), "moneyWithCurrencyInEmailsFormat": .text(marked),
                ]))
    }

    private var shop: Resolved {
        let profile = graph.profile
        return .object(
            Record(
                "Shop",
                [
                    "id": .gid("Shop", 63_755_419_881), "name": .text(profile.name),
                    "myshopifyDomain": .text(profile.domain), "email": .text(profile.email),
                    "contactEmail": .text(profile.email), "ianaTimezone": .text(profile.timeZone),
                    "timezoneOffset": .text("+0000"), "timezoneOffsetMinutes": .int(0),
                    "timezoneAbbreviation": .text("GMT"), "currencyCode": .text(profile.currency),
                    "url": .text("https://\(profile.domain)"), "currencyFormats": formats(profile.currency),
                    "shopAddress": .object(
                        Record(
                            "ShopAddress",
                            [
                                "id": .text("gid://shopify/ShopAddress/1"), "country": .text("United Kingdom"),
                                "countryCodeV2": .text("GB"),
                            ])),
                    "primaryDomain": .object(
                        Record(
                            "Domain",
                            [
                                "id": .gid("Domain", 93_049_946_345), "host": .text(profile.domain),
                                "url": .text("https://\(profile.domain)"), "sslEnabled": .bool(true),
                            ])),
                    "plan": .object(
                        Record(
                            "ShopPlan",
                            [
                                "publicDisplayName": .text("Development"), "shopifyPlus": .bool(false),
                                "partnerDevelopment": .bool(true),
                            ])),
                ]))
    }

    private var installation: Resolved {
        let scopes = graph.scopes.sorted().map { scope in
            Resolved.object(Record("AccessScope", ["handle": .text(scope), "description": .text("Grants \(scope).")]))
        }
        return .object(
            Record(
                "AppInstallation",
                [
                    "id": .gid("AppInstallation", 5_504_123), "accessScopes": .list(scopes),
                    "launchUrl": .text("https://\(graph.profile.domain)/admin/apps/bookbag"),
                ]))
    }

    private func events(_ arguments: GraphQLArguments) throws(GraphQLError) -> Resolved {
        let search = arguments.string("query").flatMap { try? OrderSearch.parse($0) } ?? .all
        let found = graph.state.events.filter { event in
            search.matches { term in
                switch term.field {
                case "id": term.fits(event.id)
                case "created_at": term.fits(event.createdAt)
                case "action": term.fits(event.action)
                case "subject_type": term.fits("ORDER")
                default: nil
                }
            }
        }
        return try ConnectionNode.page(
            "EventConnection", of: found.map { ($0.id, EventNode($0) as any GraphQLObject) }, arguments)
    }
}

/// The Admin API versions that the shop lists.
struct AdminVersions: Sendable {
    var known: [(handle: String, supported: Bool)] = [
        ("2026-01", true), ("2026-04", true), ("2026-07", true), ("2026-10", true), ("2027-01", false),
        ("unstable", false),
    ]

    /// The version that answers a request for `handle`: the same, or the oldest supported one (Shopify falls forward,
    /// and says so only in a header).
    func answering(_ handle: String) -> String {
        known.contains { $0.handle == handle } ? handle : known.first { $0.supported }?.handle ?? handle
    }
}
