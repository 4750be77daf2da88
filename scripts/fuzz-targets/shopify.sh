# Shopify's answers: the envelope, orders, fulfillments, returns, and what is learned of them. Recorded answers are the
# seeds where they are beside the package.
longest=65536

seeds() {
    python3 - "$1" ../shared/shopify/samples/graphql <<'PYTHON'
import hashlib, json, os, sys
out, samples = sys.argv[1:]
def put(value):
    data = json.dumps(value).encode()
    if len(data) < 60000:
        with open(f"{out}/{hashlib.sha1(data).hexdigest()}", "wb") as file: file.write(data)
money = {"presentmentMoney": {"amount": "24.5", "currencyCode": "GBP"}}
page = lambda nodes: {"nodes": nodes, "pageInfo": {"hasNextPage": False, "endCursor": None}}
line = {"id": "gid://shopify/LineItem/1", "title": "Mug", "quantity": 2, "currentQuantity": 1, "originalUnitPriceSet": money,
        "discountedTotalSet": money, "discountAllocations": [{"allocatedAmountSet": money, "discountApplication": {"index": 0}}]}
event = {"id": "gid://shopify/FulfillmentEvent/1", "status": "IN_TRANSIT", "happenedAt": "2026-11-20T10:00:00Z", "message": "x",
         "estimatedDeliveryAt": "2026-11-24T00:00:00Z", "city": "Leeds", "country": "GB"}
parcel = {"id": "gid://shopify/Fulfillment/1", "name": "#1-F1", "status": "SUCCESS", "displayStatus": "DELIVERED",
          "createdAt": "2026-11-20T10:00:00Z", "updatedAt": "2026-11-20T12:00:00Z", "deliveredAt": "2026-11-20T12:00:00+01:00",
          "trackingInfo": [{"company": "UPS", "number": "1Z5R89390357567127", "url": None}], "events": page([event]),
          "fulfillmentLineItems": page([{"quantity": 2, "lineItem": {"id": "gid://shopify/LineItem/1"}}]),
          "order": {"id": "gid://shopify/Order/1"}}
order = {"id": "gid://shopify/Order/1", "name": "#1", "number": 1, "createdAt": "2026-11-20T09:00:00Z",
         "processedAt": "2026-11-20T09:00:00Z", "updatedAt": "2026-11-20T09:00:00Z", "test": False, "tags": ["a"],
         "email": "ada@customer.example", "displayFinancialStatus": "PAID", "displayFulfillmentStatus": "FULFILLED",
         "currentTotalPriceSet": money, "currentTaxLines": [{"title": "VAT", "rate": 0.2, "priceSet": money}],
         "customer": {"id": "gid://shopify/Customer/1", "numberOfOrders": "13", "amountSpent": {"amount": "1", "currencyCode": "GBP"}},
         "lineItems": page([line]), "fulfillments": [parcel], "refunds": [{"id": "gid://shopify/Refund/1",
         "createdAt": "2026-11-20T12:00:00Z", "totalRefundedSet": money, "refundLineItems": page([])}]}
cost = {"cost": {"requestedQueryCost": 13, "actualQueryCost": 2, "throttleStatus":
        {"maximumAvailable": 2000, "currentlyAvailable": 1987, "restoreRate": 100}}}
put({"data": {"nodes": [order, None]}, "extensions": cost})
put({"data": {"nodes": [parcel]}, "errors": [{"message": "Throttled", "path": ["nodes", 0], "extensions": {"code": "THROTTLED"}}]})
put({"data": {"orders": page([{"id": "gid://shopify/Order/1", "updatedAt": "2026-11-20T09:00:00Z"}])}, "extensions": cost})
for folder, _, files in os.walk(samples):
    for name in files:
        if name.endswith(".json"):
            value = json.load(open(f"{folder}/{name}"))
            put(value.get("response", value) if isinstance(value, dict) else value)
PYTHON
}

words() {
    for word in data nodes errors extensions cost throttleStatus restoreRate maximumAvailable currentlyAvailable code path \
        THROTTLED ACCESS_DENIED quantity amount presentmentMoney fulfillments events refunds lineItems DELIVERED; do
        echo "\"$word\""
    done
    printf '"9223372036854775807"\n"-9223372036854775808"\n"1e-300"\n"1e300"\n"null"\n"{\\""\n"\\":"\n"0001-01-01T00:00:00Z"\n'
}
