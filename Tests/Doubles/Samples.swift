// What a shop shows: plain examples, and recorded answers where they are at hand.

internal import Foundation

/// As RFC 9110 writes it.
package func httpDate(_ seconds: Int64) -> String {
    let format = DateFormatter()
    format.locale = Locale(identifier: "en_US_POSIX")
    format.timeZone = TimeZone(identifier: "UTC")
    format.dateFormat = "EEE, dd MMM yyyy HH:mm:ss 'GMT'"
    return format.string(from: Date(timeIntervalSince1970: TimeInterval(seconds)))
}

/// Plain examples of what a shop shows.
package enum Sample {
    package static func page(_ nodes: [[String: Any]], next: String? = nil) -> [String: Any] {
        ["nodes": nodes, "pageInfo": ["hasNextPage": next != nil, "endCursor": next as Any? ?? NSNull()]]
    }

    package static func money(_ amount: String) -> [String: Any] {
        ["presentmentMoney": ["amount": amount, "currencyCode": "GBP"]]
    }

    package static func order(_ number: Int, updatedAt: String) -> [String: Any] {
        [
            "id": "gid://shopify/Order/\(number)", "name": "#\(number)", "createdAt": "2026-11-20T09:00:00Z",
            "processedAt": "2026-11-20T09:00:00Z", "updatedAt": updatedAt, "test": false, "tags": ["wholesale"],
            "email": "ada@customer.example", "displayFinancialStatus": "PAID", "displayFulfillmentStatus": "FULFILLED",
            "edited": false, "currentTotalPriceSet": money("24.5"),
            "shippingAddress": ["name": "Ada Example", "countryCodeV2": "GB", "timeZone": "Europe/London"],
            "lineItems": page([["id": "gid://shopify/LineItem/1", "title": "Mug", "quantity": 2, "currentQuantity": 1]]
            ),
            "fulfillments": [fulfillment(number)], "refunds": [],
        ]
    }

    package static func fulfillment(_ number: Int, _ edit: (inout [String: Any]) -> Void = { _ in }) -> [String: Any] {
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

    package static func event(_ number: Int, _ status: String, at time: String, estimate: String? = nil) -> [String:
        Any]
    {
        [
            "id": "gid://shopify/FulfillmentEvent/\(number)", "status": status, "happenedAt": time, "createdAt": time,
            "message": "Scanned", "estimatedDeliveryAt": estimate as Any? ?? NSNull(), "city": "Leeds", "country": "GB",
        ]
    }

    package static func aReturn(_ id: String, status: String, order: String, dispositions: [String] = []) -> [String:
        Any]
    {
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

    package static func shop(scopes: [String], versions: [String] = ["2026-04", "2026-07"]) -> [String: Any] {
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

package func decode<T: Decodable>(_ type: T.Type, _ json: [String: Any]) throws -> T {
    try JSONDecoder().decode(type, from: JSONSerialization.data(withJSONObject: json))
}

/// Answers of real shops, which are not part of the project: where they are absent, these tests are left out and say
/// so.
package enum Captures {
    static let folder = URL(filePath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
        .deletingLastPathComponent().appending(path: "../shared/shopify/samples/graphql").standardized

    package static let arePresent: Bool = {
        let present = FileManager.default.fileExists(atPath: folder.path)
        if !present { print("left out: recorded answers of Shopify are not there (\(folder.path))") }
        return present
    }()

    package static func load(_ name: String) throws -> Any {
        try JSONSerialization.jsonObject(with: Data(contentsOf: folder.appending(path: name + ".json")))
    }

    package static func all() throws -> [Any] {
        try FileManager.default.contentsOfDirectory(atPath: folder.path).filter { $0.hasSuffix(".json") }.sorted()
            .map { try load(String($0.dropLast(5))) }
    }

    /// Every object in it, outermost first.
    package static func objects(in value: Any) -> [[String: Any]] {
        if let object = value as? [String: Any] { return [object] + object.values.flatMap(objects) }
        if let list = value as? [Any] { return list.flatMap(objects) }
        return []
    }

    /// Every recorded object of a type that has all of these fields.
    package static func every(_ type: String, having keys: [String]) throws -> [[String: Any]] {
        try all().flatMap(objects).filter { object in
            (object["id"] as? String)?.hasPrefix("gid://shopify/\(type)/") == true
                && keys.allSatisfy { object[$0] != nil }
        }
    }
}
