import Logging
import Outreach
import Platform
import Shopify
import Store

/// What Shopify calls us with: `POST /shopify/SHOP` on the public listener. Such a call is a hint. It says that an order
/// changed, and what is believed is what the shop answers when it is asked, so calls that are lost, late, repeated or in
/// the wrong order do no harm: polling alone finds everything. Shopify's requests about personal data come the same way;
/// these are acted on.
package struct ShopifyHooks: Sendable {
    /// One shop's side of it.
    struct Door: Sendable {
        /// The secrets that its calls may be signed with.
        var secrets: [SecretString]
        /// Has the shop read now.
        var wake: Wake
    }

    let doors: [String: Door]
    let store: Store
    let post: ShopPost
    /// Whom a shop's people have named to be told.
    let notify: @Sendable (_ shop: String) -> MailAddress?
    let logger: Logger
    let now: @Sendable () -> Moment

    /// What the caller is answered.
    package struct Answer: Hashable, Sendable {
        package var status: Int
        package var body = ""
    }

    /// The most that a body may have: an order of many lines.
    package static let greatestBody = 2 << 20

    /// The path for a shop.
    package static func path(of shop: String) -> String { "/shopify/\(shop)" }

    /// Whether a path is one of these.
    package static func isOwn(_ path: String) -> Bool { path.hasPrefix("/shopify/") }

    /// Takes one call.
    ///
    /// - Parameter headers: by names in lower case.
    package func receive(path: String, headers: [String: String], body: [UInt8]) async -> Answer {
        guard let shop = doors.keys.first(where: { Self.path(of: $0) == path }), let door = doors[shop] else {
            return Answer(status: 404, body: "There is nothing here.")
        }
        guard HookSignature.isValid(headers["x-shopify-hmac-sha256"] ?? "", body: body, secrets: door.secrets) else {
            logger.log(
                Line.hookRefused,
                ["shop": "\(shop)", "reason": "it is not signed with the app's client secret or 'hook_secret'"])
            return Answer(status: 401, body: "The signature is wrong.")
        }
        // One secret may be that of several shops.
        if let named = headers["x-shopify-shop-domain"], named.lowercased() != shop {
            logger.log(Line.hookRefused, ["shop": "\(shop)", "reason": "it is about another shop"])
            return Answer(status: 404, body: "There is nothing here.")
        }
        do throws(StoreFailure) {
            switch ShopifyHook(topic: headers["x-shopify-topic"] ?? "", body: body) {
            case .order(let id):
                try await store.enqueueRead(shop: shop, orderIDs: [id], now: now())
                door.wake.call()
            case .something: door.wake.call()
            case .merged(let customer):
                // Whose they are by now is what the shop says of each.
                let orders = try await store.orders(ofCustomer: customer, shop: shop)
                if !orders.isEmpty { try await store.enqueueRead(shop: shop, orderIDs: orders, now: now()) }
                door.wake.call()
            case .dataRequest(let person): try await tell(person, shop: shop)
            case .erase(let person): try await erase(person, shop: shop)
            case .eraseShop: logger.log(Line.shopToErase, ["shop": "\(shop)"])
            case .other: break
            }
        } catch {
            // Shopify calls again.
            return Answer(status: 503, body: "It could not be stored now.")
        }
        return Answer(status: 200)
    }

    /// What is kept of her is for the shop's people to send: they know whether she is who she says.
    private func tell(_ person: ShopifyHook.Person, shop: String) async throws(StoreFailure) {
        logger.log(Line.dataRequested, ["shop": "\(shop)"])
        guard let to = notify(shop) else { return }
        let address = person.email ?? person.phone ?? ""
        let shown = address.filter { !"`<>[]()*\\".contains($0) && !$0.isWhitespace }.prefix(200)
        let command = address.isEmpty ? "" : "\n\n`bookbag export \(shown)` writes what Bookbag keeps of them."
        let mail = post.mail(
            "data_request", to: to, subject: "A customer asks what you keep of them",
            body: "Shopify passed on the request of a customer\(address.isEmpty ? "" : " (\(shown))") to see what is "
                + "kept of them. You have 30 days.\(command)",
            about: "\(person.id ?? String(shown)) \(now().milliseconds / 86_400_000)", shop: shop, now: now())
        guard let mail else { return }
        try await store.put(mail, shop: shop, now: now())
        post.send(for: shop)
    }

    private func erase(_ person: ShopifyHook.Person, shop: String) async throws(StoreFailure) {
        var keys = person.email.flatMap { $0.isEmpty ? nil : [store.addressKey($0)] } ?? []
        if let phone = person.phone.flatMap({ PhoneNumber($0) }) { keys.append(store.addressKey(phone.text)) }
        let customer = person.id.map(store.customerKey(ofID:))
        let erased = try await store.erase(addresses: keys, customer: customer, shop: shop, audit: nil, now: now())
        logger.log(
            Line.customerErased, ["shop": "\(shop)", "count": "\(erased.orders)", "messages": "\(erased.messages)"])
    }
}
