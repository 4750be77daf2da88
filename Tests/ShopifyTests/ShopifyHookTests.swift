import Foundation
import Platform
import Testing

@testable import Shopify

@Suite("What Shopify calls with") struct ShopifyHookTests {
    private func hook(_ topic: String, _ body: String) -> ShopifyHook {
        ShopifyHook(topic: topic, body: Array(body.utf8))
    }

    @Test("is believed by the signature over the bytes as they came, under any of the secrets")
    func signature() {
        // Computed with: printf '{"id":1}' | openssl dgst -sha256 -hmac hush -binary | base64
        let known = "VnKUjZsLuN5iZWjn5EntcBVCF9kMN43LglzCE1/GSeY="
        let body = Array(#"{"id":1}"#.utf8)
        #expect(HookSignature.signature(of: body, secret: SecretString("hush")) == known)
        #expect(HookSignature.isValid(known, body: body, secrets: [SecretString("old"), SecretString("hush")]))
        #expect(!HookSignature.isValid(known, body: body, secrets: [SecretString("old")]))
        #expect(!HookSignature.isValid(known, body: body + [0x20], secrets: [SecretString("hush")]))
        for wrong in ["", "=", "not base64", String(known.dropLast(4))] {
            #expect(!HookSignature.isValid(wrong, body: body, secrets: [SecretString("hush")]))
        }
        #expect(!HookSignature.isValid(known, body: body, secrets: []))
    }

    @Test("names the order, wherever the topic has it")
    func orders() {
        let seven = ShopifyHook.order("gid://shopify/Order/7")
        #expect(hook("orders/updated", #"{"id":7,"admin_graphql_api_id":"gid://shopify/Order/7"}"#) == seven)
        #expect(hook("orders/create", #"{"id":7}"#) == seven)
        #expect(hook("fulfillments/update", #"{"id":1,"order_id":7}"#) == seven)
        #expect(hook("fulfillment_events/create", #"{"id":1,"order_id":7}"#) == seven)
        #expect(hook("refunds/create", #"{"id":1,"order_id":7}"#) == seven)
        #expect(
            hook("returns/request", #"{"id":1,"order":{"id":7,"admin_graphql_api_id":"gid://shopify/Order/7"}}"#)
                == seven)
    }

    @Test("is a hint and no more where it cannot be read, and nothing where nobody watches")
    func unread() {
        for body in ["", "[]", "{}", "{\"id\":-1}", "{\"id\":\"7\"}", String(repeating: "[", count: 100_000)] {
            #expect(hook("orders/updated", body) == .something, "\(body.prefix(20))")
        }
        #expect(hook("orders/updated", #"{"admin_graphql_api_id":"gid://shopify/Customer/7"}"#) == .something)
        #expect(hook("products/update", #"{"id":7}"#) == .other && hook("", "{}") == .other)
    }

    @Test("has the requests about personal data")
    func compliance() {
        let body = #"{"shop_domain":"x","customer":{"id":5,"email":"robin@shopper.example","phone":"+15005550006"}}"#
        let robin = ShopifyHook.Person(
            id: "gid://shopify/Customer/5", email: "robin@shopper.example", phone: "+15005550006")
        #expect(
            hook("customers/redact", body) == .erase(robin)
                && hook("customers/data_request", body) == .dataRequest(robin))
        #expect(hook("shop/redact", "{}") == .eraseShop)
        #expect(hook("customers/redact", "[") == .erase(ShopifyHook.Person()))
        #expect(hook("customers/update", body) == .other)
    }
}
