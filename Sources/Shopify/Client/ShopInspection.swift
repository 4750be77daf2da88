// The query made before anything else, and once a day: the shop's identity, our scopes, whether it still supports our
// version.

/// What a token may read. Fields that it may not are left out of the documents, because one forbidden field voids a
/// whole order.
package struct ReadRights: Hashable, Sendable {
    /// Who ordered: name, history, consent.
    package var customers = true
    /// Returns, their labels, and which refund belongs to which.
    package var returns = true
    /// The tags of products.
    package var products = true
    /// Holds and the delivery method.
    package var fulfillmentOrders = true
    /// The shopper's own page of the order, which is protected customer data.
    package var statusPage = true
    /// The card used for payment: its company and last four digits.
    package var cards = true

    /// All of it.
    package init() {}

    /// Gives up the field that an error with this path was about. False if it cannot be given up.
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

/// A scope that the app was not granted, and what is missing without it.
package struct MissingScope: Hashable, Sendable {
    /// Shopify's name: `read_returns`.
    package var name: String
    /// What cannot be seen without it.
    package var purpose: String
    /// True if nothing works without it.
    package var isRequired: Bool
}

/// What a shop says about itself.
package struct ShopInspection: Equatable, Sendable {
    /// Shopify's id for it.
    package var id: String
    /// Its name.
    package var name: String
    /// Its permanent domain: `juniperfig.myshopify.com`.
    package var domain: String
    /// Its own mail address, and the one its customers write to; either may be withheld.
    package var email: String?
    package var contactEmail: String?
    /// The storefront's address.
    package var url: String?
    /// An IANA name.
    package var timeZone: String
    /// ISO 4217.
    package var currency: String
    /// Its price format in mails, without and with the currency's code: `£{{amount}}`.
    package var moneyFormat: String?
    package var moneyWithCurrencyFormat: String?
    /// The country of the business, ISO 3166-1 alpha-2.
    package var countryCode: String?
    package var plan: String?
    /// True for a development store.
    package var isDevelopment: Bool
    /// The token's scopes; nil if Shopify does not say.
    package var scopes: Set<String>?
    /// The supported versions of the API.
    package var supportedVersions: [String]
    /// Set if our version is none of them: then another one answers instead.
    package var versionFault: ShopifyFailure?

    /// The missing scopes, required ones first.
    package var missingScopes: [MissingScope] {
        guard let scopes else { return [] }
        return Self.wanted.filter { wanted in !wanted.alternatives.contains { Self.grants(scopes, $0) } }
            .map { MissingScope(name: $0.alternatives[0], purpose: $0.purpose, isRequired: $0.isRequired) }
    }

    /// True if the app was certainly not granted that scope.
    package func lacks(_ scope: String) -> Bool { scopes.map { !$0.contains(scope) } ?? false }

    /// What may be read, according to the scopes.
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
        /// Any one of them suffices; the first is the one to grant.
        var alternatives: [String]
        var purpose: String
        var isRequired = false
    }

    /// From the scopes that Shopify's schema names for each type.
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

    /// Write access implies read access: Shopify then does not list the read scope.
    private static func grants(_ scopes: Set<String>, _ scope: String) -> Bool {
        scopes.contains(scope) || scopes.contains("write_" + scope.dropFirst("read_".count))
    }
}

extension ShopifyClient {
    /// Asks the shop for its identity, our scopes and its API versions.
    package func inspect() async throws(ShopifyFailure) -> ShopInspection {
        let answer = try await ask(.shopInfo, [String: String](), as: WireShopInfo.self)
        let shop = answer.data.shop
        let supported = (answer.data.publicApiVersions ?? []).filter(\.supported).map { Bound.line($0.handle) }
        var fault: ShopifyFailure?
        if !supported.isEmpty, !supported.contains(endpoint.version) {
            // The oldest supported version answers then (shopify.dev/docs/api/usage/versioning).
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
