// What is asked of a shop before anything else, and once a day: who it is, what we may read, whether it still speaks
// our version.

/// What a token may read, as the documents ask: what it may not is left out of them, for one forbidden field voids a
/// whole order.
package struct ReadRights: Hashable, Sendable {
    /// Who ordered: name, history, consent.
    package var customers = true
    /// Returns, their labels, and which refund belongs to which.
    package var returns = true
    /// The tags of products.
    package var products = true
    /// Holds and the way of delivery.
    package var fulfillmentOrders = true
    /// The shopper's own page of the order, which is protected customer data.
    package var statusPage = true
    /// With which card was paid: its company and last four digits.
    package var cards = true

    /// All of it.
    package init() {}

    /// Gives up what an error with this path was about. False if nothing that could be given up was.
    package mutating func giveUp(_ path: [GraphQLError.Step]) -> Bool {
        for case .name(let name) in path {
            switch name {
            case "customer": if take(\.customers) { return true }
            case "returns", "return": if take(\.returns) { return true }
            case "product": if take(\.products) { return true }
            case "fulfillmentOrders": if take(\.fulfillmentOrders) { return true }
            case "statusPageUrl": if take(\.statusPage) { return true }
            case "paymentDetails": if take(\.cards) { return true }
            default: continue
            }
        }
        return false
    }

    private mutating func take(_ right: WritableKeyPath<ReadRights, Bool>) -> Bool {
        defer { self[keyPath: right] = false }
        return self[keyPath: right]
    }
}

/// A scope that the app was not granted, and what goes without it.
package struct MissingScope: Hashable, Sendable {
    /// Shopify's name: `read_returns`.
    package var name: String
    /// What is not seen without it.
    package var purpose: String
    /// True if nothing can be done without it.
    package var isRequired: Bool
}

/// What a shop said of itself.
package struct ShopInspection: Equatable, Sendable {
    /// Shopify's id of it.
    package var id: String
    /// What it calls itself.
    package var name: String
    /// Its permanent domain: `juniperfig.myshopify.com`.
    package var domain: String
    /// Where it gets mail about itself, and where its customers write; either may be withheld.
    package var email: String?
    package var contactEmail: String?
    /// The storefront's address.
    package var url: String?
    /// An IANA name.
    package var timeZone: String
    /// ISO 4217.
    package var currency: String
    /// How it prints a price in mails, without and with the currency's code: `£{{amount}}`.
    package var moneyFormat: String?
    package var moneyWithCurrencyFormat: String?
    /// ISO 3166-1 alpha-2: where the business is.
    package var countryCode: String?
    package var plan: String?
    /// A store for trying things out.
    package var isDevelopment: Bool
    /// What the token may do; nil where Shopify does not say.
    package var scopes: Set<String>?
    /// The versions of the API that are in force.
    package var supportedVersions: [String]
    /// Set when the version that we speak is none of them: then another answers in its stead.
    package var versionFault: ShopifyFailure?

    /// The scopes that are missing, the required ones first.
    package var missingScopes: [MissingScope] {
        guard let scopes else { return [] }
        return Self.wanted.filter { wanted in !wanted.alternatives.contains { Self.grants(scopes, $0) } }
            .map { MissingScope(name: $0.alternatives[0], purpose: $0.purpose, isRequired: $0.isRequired) }
    }

    /// What may be read, by the scopes.
    package var rights: ReadRights {
        var rights = ReadRights()
        for scope in missingScopes {
            switch scope.name {
            case "read_customers": rights.customers = false
            case "read_returns": rights.returns = false
            case "read_products": rights.products = false
            case "read_merchant_managed_fulfillment_orders": rights.fulfillmentOrders = false
            default: break
            }
        }
        return rights
    }

    private struct Wanted {
        /// Any one of them does; the first is the one to grant.
        var alternatives: [String]
        var purpose: String
        var isRequired = false
    }

    /// By the scopes that Shopify's schema names for each type.
    private static let wanted = [
        Wanted(alternatives: ["read_orders"], purpose: "orders, parcels and refunds", isRequired: true),
        Wanted(alternatives: ["read_returns", "read_marketplace_returns"], purpose: "returns and return labels"),
        Wanted(alternatives: ["read_customers"], purpose: "the customer's name, tags, order history and consent"),
        Wanted(alternatives: ["read_products"], purpose: "the tags of products"),
        Wanted(
            alternatives: [
                "read_merchant_managed_fulfillment_orders", "read_third_party_fulfillment_orders",
                "read_assigned_fulfillment_orders", "read_marketplace_fulfillment_orders",
            ], purpose: "orders on hold, and whether an order is shipped, picked up or delivered locally"),
        Wanted(alternatives: ["read_all_orders"], purpose: "orders older than 60 days"),
    ]

    /// Who may write may read: Shopify then does not list the reading.
    private static func grants(_ scopes: Set<String>, _ scope: String) -> Bool {
        scopes.contains(scope) || scopes.contains("write_" + scope.dropFirst("read_".count))
    }
}

extension ShopifyClient {
    /// Asks the shop who it is, what we may read and which versions it speaks.
    package func inspect() async throws(ShopifyFailure) -> ShopInspection {
        let answer = try await ask(.shopInfo, [String: String](), as: WireShopInfo.self)
        let shop = answer.data.shop
        let supported = (answer.data.publicApiVersions ?? []).filter(\.supported).map { Bound.line($0.handle) }
        var fault: ShopifyFailure?
        if !supported.isEmpty, !supported.contains(endpoint.version) {
            // What answers then is the oldest that is still in force (shopify.dev/docs/api/usage/versioning).
            let dated = supported.filter { $0.first?.isNumber == true }.min() ?? "?"
            fault = .wrongVersion(asked: endpoint.version, served: answer.facts.servedVersion ?? dated)
        } else if let served = answer.facts.servedVersion, served != endpoint.version {
            fault = .wrongVersion(asked: endpoint.version, served: served)
        }
        return ShopInspection(
            id: shop.id, name: Bound.line(shop.name), domain: Bound.line(shop.myshopifyDomain),
            email: Bound.line(shop.email),
            contactEmail: Bound.line(shop.contactEmail), url: Bound.url(shop.primaryDomain?.url),
            timeZone: Bound.line(shop.ianaTimezone), currency: Bound.line(shop.currencyCode),
            moneyFormat: Bound.line(shop.currencyFormats?.moneyInEmailsFormat),
            moneyWithCurrencyFormat: Bound.line(shop.currencyFormats?.moneyWithCurrencyInEmailsFormat),
            countryCode: Bound.line(shop.shopAddress?.countryCodeV2),
            plan: Bound.line(shop.plan?.publicDisplayName), isDevelopment: shop.plan?.partnerDevelopment ?? false,
            scopes: answer.data.currentAppInstallation?.accessScopes.map { Set($0.map(\.handle)) },
            supportedVersions: supported, versionFault: fault)
    }
}
