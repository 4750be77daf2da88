// What the documents ask for, as it comes. The names are Shopify's; `IntakeTests` holds them against the documents, so that nothing is
// read that is not asked for and nothing asked for that is not read.

struct WireMoney: Decodable, Sendable {
    var amount: WireDecimal
    var currencyCode: String
}

/// An amount in the shop's currency and in the shopper's: the shopper's is what the shopper paid, so that is what we speak of.
struct WireMoneyBag: Decodable, Sendable { var presentmentMoney: WireMoney }

struct WireID: Decodable, Sendable { var id: String }

// MARK: - Orders

struct WireOrder: Decodable, Sendable {
    var id: String
    var name: String
    var number: WireInt?
    var poNumber: String?
    var confirmationNumber: String?
    var createdAt: WireMoment
    var processedAt: WireMoment?
    var updatedAt: WireMoment
    var cancelledAt: WireMoment?
    var cancelReason: String?
    var closedAt: WireMoment?
    var test: Bool
    var tags: [String]?
    var note: String?
    var email: String?
    var phone: String?
    var customerLocale: String?
    var statusPageUrl: String?
    var displayFinancialStatus: String?
    var displayFulfillmentStatus: String?
    var edited: Bool?
    var currentTotalPriceSet: WireMoneyBag?
    var currentSubtotalPriceSet: WireMoneyBag?
    var currentShippingPriceSet: WireMoneyBag?
    var currentTotalTaxSet: WireMoneyBag?
    var currentTotalDiscountsSet: WireMoneyBag?
    var currentTotalDutiesSet: WireMoneyBag?
    var totalTipReceivedSet: WireMoneyBag?
    var totalOutstandingSet: WireMoneyBag?
    var currentTaxLines: [WireTaxLine]?
    var customAttributes: [WireAttribute]?
    var discountApplications: Nodes<WireDiscount>?
    var customer: WireCustomer?
    var shippingAddress: WireAddress?
    var billingAddress: WireAddress?
    var shippingLine: WireShippingLine?
    var lineItems: Page<WireLineItem>
    var fulfillments: [WireFulfillment]
    var fulfillmentOrders: Nodes<WireFulfillmentOrder>?
    var returns: Page<WireID>?
    var refunds: [WireRefund]
    var transactions: [WireTransaction]?
}

struct WireShippingLine: Decodable, Sendable {
    var title: String?
    var originalPriceSet: WireMoneyBag?
}

struct WireTaxLine: Decodable, Sendable {
    var title: String?
    var rate: Double?
    var priceSet: WireMoneyBag?
}

struct WireAttribute: Decodable, Sendable {
    var key: String
    var value: String?
}

struct WireDiscount: Decodable, Sendable {
    var index: WireInt
    var targetSelection: String?
    var targetType: String?
    var code: String?
    var title: String?
}

struct WireCustomer: Decodable, Sendable {
    struct Email: Decodable, Sendable {
        var emailAddress: String?
        var marketingState: String?
        var marketingUnsubscribeUrl: String?
    }
    struct Phone: Decodable, Sendable { var phoneNumber: String? }
    struct PastOrder: Decodable, Sendable {
        var id: String
        var processedAt: WireMoment?
    }
    var id: String
    var firstName: String?
    var lastName: String?
    var locale: String?
    var tags: [String]?
    var numberOfOrders: WireInt?
    var createdAt: WireMoment?
    var amountSpent: WireMoney?
    var defaultEmailAddress: Email?
    var defaultPhoneNumber: Phone?
    var orders: Nodes<PastOrder>?
}

struct WireAddress: Decodable, Sendable {
    var name: String?
    var firstName: String?
    var lastName: String?
    var company: String?
    var address1: String?
    var address2: String?
    var city: String?
    var province: String?
    var provinceCode: String?
    var zip: String?
    var country: String?
    var countryCodeV2: String?
    var phone: String?
    var timeZone: String?
}

struct WireLineItem: Decodable, Sendable {
    struct Product: Decodable, Sendable { var tags: [String]? }
    struct Image: Decodable, Sendable { var url: String? }
    struct Plan: Decodable, Sendable { var name: String? }
    struct Allocation: Decodable, Sendable {
        struct Application: Decodable, Sendable { var index: WireInt }
        var allocatedAmountSet: WireMoneyBag
        var discountApplication: Application
    }
    var id: String
    var title: String
    var variantTitle: String?
    var sku: String?
    var vendor: String?
    var quantity: WireInt
    var currentQuantity: WireInt?
    var requiresShipping: Bool?
    var isGiftCard: Bool?
    var discountAllocations: [Allocation]?
    var customAttributes: [WireAttribute]?
    var sellingPlan: Plan?
    var originalUnitPriceSet: WireMoneyBag?
    var discountedTotalSet: WireMoneyBag?
    var image: Image?
    var product: Product?
}

struct WireFulfillmentOrder: Decodable, Sendable {
    struct Method: Decodable, Sendable { var methodType: String? }
    var status: String?
    var deliveryMethod: Method?
    var fulfillmentHolds: [WireID]?
}

struct WireTransaction: Decodable, Sendable {
    struct Card: Decodable, Sendable {
        var company: String?
        var number: String?
    }
    var kind: String?
    var status: String?
    var createdAt: WireMoment?
    var processedAt: WireMoment?
    var gateway: String?
    var formattedGateway: String?
    var amountSet: WireMoneyBag?
    var paymentDetails: Card?
}

struct WireQuantity: Decodable, Sendable {
    var quantity: WireInt?
    var lineItem: WireID
}

struct WireRefund: Decodable, Sendable {
    var id: String
    var createdAt: WireMoment?
    var processedAt: WireMoment?
    var totalRefundedSet: WireMoneyBag?
    var `return`: WireID?
    var refundLineItems: Page<WireQuantity>
}

// MARK: - Fulfillments

struct WireFulfillment: Decodable, Sendable {
    struct Tracking: Decodable, Sendable {
        var company: String?
        var number: String?
        var url: String?
    }
    var id: String
    var name: String?
    var status: String?
    var displayStatus: String?
    var createdAt: WireMoment
    var updatedAt: WireMoment
    var inTransitAt: WireMoment?
    var estimatedDeliveryAt: WireMoment?
    var deliveredAt: WireMoment?
    var trackingInfo: [Tracking]
    var events: Page<WireFulfillmentEvent>
    var fulfillmentLineItems: Page<WireQuantity>
}

struct WireFulfillmentEvent: Decodable, Sendable {
    var id: String
    var status: String?
    var happenedAt: WireMoment
    var createdAt: WireMoment?
    var message: String?
    var estimatedDeliveryAt: WireMoment?
    var city: String?
    var province: String?
    var country: String?
}

/// A fulfillment read by its own id, with the order that it belongs to.
struct WireLoneFulfillment: Decodable, Sendable {
    struct Order: Decodable, Sendable {
        /// Where it goes, as far as the clock there needs it.
        struct Address: Decodable, Sendable {
            var timeZone: String?
            var countryCodeV2: String?
            var provinceCode: String?
        }
        var id: String
        var shippingAddress: Address?
    }
    var fulfillment: WireFulfillment
    var order: Order

    private enum CodingKeys: String, CodingKey { case order }

    init(from decoder: any Decoder) throws {
        fulfillment = try WireFulfillment(from: decoder)
        order = try decoder.container(keyedBy: CodingKeys.self).decode(Order.self, forKey: .order)
    }
}

// MARK: - Returns

struct WireReturn: Decodable, Sendable {
    struct Decline: Decodable, Sendable {
        var reason: String?
        var note: String?
    }
    var id: String
    var name: String?
    var status: String?
    var createdAt: WireMoment
    var requestApprovedAt: WireMoment?
    var closedAt: WireMoment?
    var decline: Decline?
    var returnLineItems: Page<WireReturnLineItem>
    var reverseFulfillmentOrders: Page<WireReverseFulfillmentOrder>
    var order: WireID
}

struct WireReturnLineItem: Decodable, Sendable {
    struct FulfillmentLineItem: Decodable, Sendable { var lineItem: WireID }
    var quantity: WireInt
    var fulfillmentLineItem: FulfillmentLineItem?
}

struct WireReverseFulfillmentOrder: Decodable, Sendable {
    struct LineItem: Decodable, Sendable { var dispositions: [Disposition]? }
    struct Disposition: Decodable, Sendable {
        var type: String?
        var quantity: WireInt?
    }
    var lineItems: Nodes<LineItem>
    var reverseDeliveries: Nodes<WireReverseDelivery>
}

struct WireReverseDelivery: Decodable, Sendable {
    struct Deliverable: Decodable, Sendable {
        var tracking: Tracking?
        var label: Label?
    }
    struct Tracking: Decodable, Sendable {
        var carrierName: String?
        var number: String?
        var url: String?
    }
    struct Label: Decodable, Sendable {
        var publicFileUrl: String?
        var createdAt: WireMoment?
        var updatedAt: WireMoment?
    }
    var id: String
    var deliverable: Deliverable?
}

// MARK: - Scans

struct WireScan: Decodable, Sendable {
    struct Order: Decodable, Sendable {
        var id: String
        var updatedAt: WireMoment
    }
    var orders: Page<Order>
}

struct WireReturnScan: Decodable, Sendable {
    struct Order: Decodable, Sendable {
        struct Return: Decodable, Sendable {
            var id: String
            var status: String?
        }
        var id: String
        var updatedAt: WireMoment
        var returns: Nodes<Return>?
    }
    var orders: Page<Order>
}

// MARK: - The shop

struct WireShopInfo: Decodable, Sendable {
    struct Shop: Decodable, Sendable {
        struct Domain: Decodable, Sendable { var url: String? }
        struct Formats: Decodable, Sendable {
            var moneyInEmailsFormat: String?
            var moneyWithCurrencyInEmailsFormat: String?
        }
        struct Address: Decodable, Sendable { var countryCodeV2: String? }
        struct Plan: Decodable, Sendable {
            var publicDisplayName: String?
            var partnerDevelopment: Bool?
        }
        var id: String
        var name: String
        var myshopifyDomain: String
        var email: String?
        var contactEmail: String?
        var ianaTimezone: String
        var currencyCode: String
        var currencyFormats: Formats?
        var primaryDomain: Domain?
        var shopAddress: Address?
        var plan: Plan?
    }
    struct Installation: Decodable, Sendable {
        struct Scope: Decodable, Sendable { var handle: String }
        var accessScopes: [Scope]?
    }
    struct Version: Decodable, Sendable {
        var handle: String
        var supported: Bool
    }
    var shop: Shop
    var currentAppInstallation: Installation?
    var publicApiVersions: [Version]?
}
