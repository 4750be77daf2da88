internal import Crypto
internal import Foundation
package import Platform

/// The signature on Shopify's webhooks: base64 of HMAC-SHA256 over the body as it came, under the app's client secret or
/// the secret that the admin shows under Settings, Notifications, Webhooks
/// (https://shopify.dev/docs/apps/build/webhooks/subscribe/https, "Validate the origin of your webhook").
package enum HookSignature {
    /// Whether a body carries a signature made with one of these secrets. The comparison takes the same time wherever it
    /// fails.
    ///
    /// - Parameter header: the value of `X-Shopify-Hmac-Sha256`.
    package static func isValid(_ header: String, body: [UInt8], secrets: [SecretString]) -> Bool {
        guard let mac = Data(base64Encoded: header) else { return false }
        return secrets.reduce(false) { known, secret in
            HMAC<SHA256>.isValidAuthenticationCode(mac, authenticating: body, using: key(secret)) || known
        }
    }

    /// The signature, for the sandbox and tests.
    package static func signature(of body: [UInt8], secret: SecretString) -> String {
        Data(HMAC<SHA256>.authenticationCode(for: body, using: key(secret))).base64EncodedString()
    }

    private static func key(_ secret: SecretString) -> SymmetricKey {
        SymmetricKey(data: Data(secret.reveal().utf8))
    }
}

/// What a webhook of Shopify's says, as far as anybody here cares.
package enum ShopifyHook: Hashable, Sendable {
    /// An order, or something of it, changed.
    case order(String)
    /// Something changed that may concern orders, and it does not say which.
    case something
    /// A customer wants to know what is kept of her.
    case dataRequest(Person)
    /// A customer is to be erased.
    case erase(Person)
    /// A customer, of that id, was merged into another: her orders are the other's.
    case merged(String)
    /// The shop uninstalled the app two days ago.
    case eraseShop
    /// It is about nothing that is watched.
    case other

    /// The customer of a compliance request.
    package struct Person: Hashable, Sendable {
        /// The customer's id, `gid://shopify/Customer/…`.
        package var id: String?
        package var email: String?
        package var phone: String?
    }

    /// Reads a webhook by its topic and body. What cannot be read is `something`: it is a hint, and the next read of the
    /// shop finds whatever it was about.
    package init(topic: String, body: [UInt8]) {
        struct Reference: Decodable {
            var id: Int64?
            var admin_graphql_api_id: String?

            var order: String? {
                if let gid = admin_graphql_api_id, gid.hasPrefix("gid://shopify/Order/"), gid.utf8.count <= 60 {
                    return gid
                }
                return id.flatMap { $0 > 0 ? "gid://shopify/Order/\($0)" : nil }
            }
        }
        struct Customer: Decodable {
            var id: Int64?
            var email: String?
            var phone: String?
        }
        struct Body: Decodable {
            var admin_graphql_api_customer_deleted_id: String?
            var order_id: Int64?
            var order: Reference?
            var customer: Customer?
        }
        let read = try? JSONDecoder().decode(Body.self, from: Data(body))
        let person = Person(
            id: read?.customer?.id.map { "gid://shopify/Customer/\($0)" }, email: read?.customer?.email,
            phone: read?.customer?.phone)
        switch topic.split(separator: "/").first {
        case _ where topic == "customers/data_request": self = .dataRequest(person)
        case _ where topic == "customers/redact": self = .erase(person)
        case _ where topic == "shop/redact": self = .eraseShop
        case _ where topic == "customers/merge":
            let gone = read?.admin_graphql_api_customer_deleted_id
            let isID = gone.map { $0.hasPrefix("gid://shopify/Customer/") && $0.utf8.count <= 60 } ?? false
            self = gone.flatMap { isID ? .merged($0) : nil } ?? .something
        case "orders":
            let own = try? JSONDecoder().decode(Reference.self, from: Data(body))
            self = own?.order.map { .order($0) } ?? .something
        case "fulfillments", "fulfillment_events", "fulfillment_orders", "refunds", "returns", "reverse_deliveries",
            "reverse_fulfillment_orders", "order_transactions":
            let order = read?.order?.order ?? read?.order_id.map { "gid://shopify/Order/\($0)" }
            self = order.map { .order($0) } ?? .something
        default: self = .other
        }
    }
}
