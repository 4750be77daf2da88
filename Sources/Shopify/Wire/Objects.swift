// The answers to the documents, as they come. The names are Shopify's; `ShopifyTests` compares them with the documents,
// so that everything read is requested and everything requested is read.

package struct WireMoney: Decodable, Sendable {
    package var amount: WireDecimal
    package var currencyCode: String
}

/// An amount in the shop's currency and in the shopper's. We show the shopper's, because that is what they paid.
package struct WireMoneyBag: Decodable, Sendable { package var presentmentMoney: WireMoney }

/// An amount in the shop's currency and in the shopper's.
package struct WireBothMoney: Decodable, Sendable {
    package var shopMoney: WireMoney
    package var presentmentMoney: WireMoney
}

package struct WireID: Decodable, Sendable { package var id: String }

// MARK: - Orders

package struct WireOrder: Decodable, Sendable {
    package struct Cancellation: Decodable, Sendable { package var staffNote: String? }
    package var id: String
    package var name: String
    package var number: WireInt?
    package var poNumber: String?
    package var confirmationNumber: String?
    package var createdAt: WireMoment
    package var processedAt: WireMoment?
    package var updatedAt: WireMoment
    package var cancelledAt: WireMoment?
    package var cancelReason: String?
    package var cancellation: Cancellation?
    package var closedAt: WireMoment?
    package var test: Bool
    package var tags: [String]?
    package var note: String?
    package var email: String?
    package var phone: String?
    package var customerLocale: String?
    package var statusPageUrl: String?
    package var displayFinancialStatus: String?
    package var displayFulfillmentStatus: String?
    package var edited: Bool?
    package var currentTotalPriceSet: WireMoneyBag?
    package var totalPriceSet: WireBothMoney?
    package var currentSubtotalPriceSet: WireMoneyBag?
    package var currentShippingPriceSet: WireMoneyBag?
    package var currentTotalTaxSet: WireMoneyBag?
    package var currentTotalDiscountsSet: WireMoneyBag?
    package var currentTotalDutiesSet: WireMoneyBag?
    package var totalTipReceivedSet: WireMoneyBag?
    package var totalOutstandingSet: WireMoneyBag?
    package var currentTaxLines: [WireTaxLine]?
    package var customAttributes: [WireAttribute]?
    package var discountApplications: Nodes<WireDiscount>?
    package var customer: WireCustomer?
    package var shippingAddress: WireAddress?
    package var billingAddress: WireAddress?
    package var shippingLine: WireShippingLine?
    package var lineItems: Page<WireLineItem>
    package var fulfillments: [WireFulfillment]
    package var fulfillmentOrders: Nodes<WireFulfillmentOrder>?
    package var returns: Page<WireID>?
    package var refunds: [WireRefund]
    package var transactions: [WireTransaction]?
}

package struct WireShippingLine: Decodable, Sendable {
    package var title: String?
    package var originalPriceSet: WireMoneyBag?
}

package struct WireTaxLine: Decodable, Sendable {
    package var title: String?
    package var rate: WireRate?
    package var priceSet: WireMoneyBag?
}

package struct WireAttribute: Decodable, Sendable {
    package var key: String
    package var value: String?
}

package struct WireDiscount: Decodable, Sendable {
    package var index: WireInt
    package var targetSelection: String?
    package var targetType: String?
    package var code: String?
    package var title: String?
}

package struct WireCustomer: Decodable, Sendable {
    package struct Email: Decodable, Sendable {
        package var emailAddress: String?
        package var marketingState: String?
        package var marketingUnsubscribeUrl: String?
    }
    package struct Phone: Decodable, Sendable {
        package var phoneNumber: String?
        package var marketingState: String?
    }
    package struct PastOrder: Decodable, Sendable {
        package var id: String
        package var processedAt: WireMoment?
    }
    package var id: String
    package var firstName: String?
    package var lastName: String?
    package var locale: String?
    package var tags: [String]?
    package var numberOfOrders: WireInt?
    package var createdAt: WireMoment?
    package var amountSpent: WireMoney?
    package var defaultEmailAddress: Email?
    package var defaultPhoneNumber: Phone?
    package var orders: Nodes<PastOrder>?
}

package struct WireAddress: Decodable, Sendable {
    package var name: String?
    package var firstName: String?
    package var lastName: String?
    package var company: String?
    package var address1: String?
    package var address2: String?
    package var city: String?
    package var province: String?
    package var provinceCode: String?
    package var zip: String?
    package var country: String?
    package var countryCodeV2: String?
    package var phone: String?
    package var timeZone: String?
}

package struct WireLineItem: Decodable, Sendable {
    package struct Product: Decodable, Sendable { package var tags: [String]? }
    package struct Image: Decodable, Sendable { package var url: String? }
    package struct Plan: Decodable, Sendable { package var name: String? }
    package struct Allocation: Decodable, Sendable {
        package struct Application: Decodable, Sendable { package var index: WireInt }
        package var allocatedAmountSet: WireMoneyBag
        package var discountApplication: Application
    }
    package var id: String
    package var title: String
    package var variantTitle: String?
    package var sku: String?
    package var vendor: String?
    package var quantity: WireInt
    package var currentQuantity: WireInt?
    package var requiresShipping: Bool?
    package var isGiftCard: Bool?
    package var discountAllocations: [Allocation]?
    package var customAttributes: [WireAttribute]?
    package var sellingPlan: Plan?
    package var originalUnitPriceSet: WireMoneyBag?
    package var discountedTotalSet: WireMoneyBag?
    package var image: Image?
    package var product: Product?
}

package struct WireHold: Decodable, Sendable {
    package var id: String
    package var handle: String?
}

package struct WireFulfillmentOrder: Decodable, Sendable {
    package struct Method: Decodable, Sendable { package var methodType: String? }
    package var status: String?
    package var deliveryMethod: Method?
    package var fulfillmentHolds: [WireHold]?
}

package struct WireTransaction: Decodable, Sendable {
    package struct Card: Decodable, Sendable {
        package var company: String?
        package var number: String?
    }
    package var kind: String?
    package var status: String?
    package var createdAt: WireMoment?
    package var processedAt: WireMoment?
    package var gateway: String?
    package var formattedGateway: String?
    package var amountSet: WireMoneyBag?
    package var paymentDetails: Card?
}

package struct WireQuantity: Decodable, Sendable {
    package var quantity: WireInt?
    package var lineItem: WireID
}

package struct WireRefund: Decodable, Sendable {
    package var id: String
    package var createdAt: WireMoment?
    package var processedAt: WireMoment?
    package var note: String?
    package var totalRefundedSet: WireMoneyBag?
    package var `return`: WireID?
    package var refundLineItems: Page<WireQuantity>
}

// MARK: - Fulfillments

package struct WireFulfillment: Decodable, Sendable {
    package struct Tracking: Decodable, Sendable {
        package var company: String?
        package var number: String?
        package var url: String?
    }
    package var id: String
    package var name: String?
    package var status: String?
    package var displayStatus: String?
    package var createdAt: WireMoment
    package var updatedAt: WireMoment
    package var inTransitAt: WireMoment?
    package var estimatedDeliveryAt: WireMoment?
    package var deliveredAt: WireMoment?
    package var trackingInfo: [Tracking]
    package var events: Page<WireFulfillmentEvent>
    package var fulfillmentLineItems: Page<WireQuantity>
}

package struct WireFulfillmentEvent: Decodable, Sendable {
    package var id: String
    package var status: String?
    package var happenedAt: WireMoment
    package var createdAt: WireMoment?
    package var message: String?
    package var estimatedDeliveryAt: WireMoment?
    package var city: String?
    package var province: String?
    package var country: String?
}

/// A fulfillment read by its own id, with the order that it belongs to.
package struct WireLoneFulfillment: Decodable, Sendable {
    package struct Order: Decodable, Sendable {
        /// Its destination, as far as needed for the time zone.
        package struct Address: Decodable, Sendable {
            package var timeZone: String?
            package var countryCodeV2: String?
            package var provinceCode: String?
        }
        package var id: String
        package var shippingAddress: Address?
    }
    package var fulfillment: WireFulfillment
    package var order: Order

    private enum CodingKeys: String, CodingKey { case order }

    package init(from decoder: any Decoder) throws {
        fulfillment = try WireFulfillment(from: decoder)
        order = try decoder.container(keyedBy: CodingKeys.self).decode(Order.self, forKey: .order)
    }
}

// MARK: - Returns

package struct WireReturn: Decodable, Sendable {
    package struct Decline: Decodable, Sendable {
        package var reason: String?
        package var note: String?
    }
    package var id: String
    package var name: String?
    package var status: String?
    package var createdAt: WireMoment
    package var requestApprovedAt: WireMoment?
    package var closedAt: WireMoment?
    package var decline: Decline?
    package var returnLineItems: Page<WireReturnLineItem>
    package var reverseFulfillmentOrders: Page<WireReverseFulfillmentOrder>
    package var order: WireID
}

package struct WireReturnLineItem: Decodable, Sendable {
    package struct FulfillmentLineItem: Decodable, Sendable { package var lineItem: WireID }
    package var quantity: WireInt
    package var fulfillmentLineItem: FulfillmentLineItem?
}

package struct WireReverseFulfillmentOrder: Decodable, Sendable {
    package struct LineItem: Decodable, Sendable { package var dispositions: [Disposition]? }
    package struct Disposition: Decodable, Sendable {
        package var type: String?
        package var quantity: WireInt?
    }
    package var lineItems: Nodes<LineItem>
    package var reverseDeliveries: Nodes<WireReverseDelivery>
}

package struct WireReverseDelivery: Decodable, Sendable {
    package struct Deliverable: Decodable, Sendable {
        package var tracking: Tracking?
        package var label: Label?
    }
    package struct Tracking: Decodable, Sendable {
        package var carrierName: String?
        package var number: String?
        package var url: String?
    }
    package struct Label: Decodable, Sendable {
        package var publicFileUrl: String?
        package var createdAt: WireMoment?
        package var updatedAt: WireMoment?
    }
    package var id: String
    package var deliverable: Deliverable?
}

// MARK: - Scans

package struct WireScan: Decodable, Sendable {
    package struct Order: Decodable, Sendable {
        package var id: String
        package var updatedAt: WireMoment
    }
    package var orders: Page<Order>
}

package struct WireReturnScan: Decodable, Sendable {
    package struct Order: Decodable, Sendable {
        package struct Return: Decodable, Sendable {
            package var id: String
            package var status: String?
        }
        package var id: String
        package var updatedAt: WireMoment
        package var returns: Nodes<Return>?
    }
    package var orders: Page<Order>
}

// MARK: - The shop

package struct WireShopInfo: Decodable, Sendable {
    package struct Shop: Decodable, Sendable {
        package struct Domain: Decodable, Sendable { package var url: String? }
        package struct Formats: Decodable, Sendable {
            package var moneyInEmailsFormat: String?
            package var moneyWithCurrencyInEmailsFormat: String?
        }
        package struct Address: Decodable, Sendable { package var countryCodeV2: String? }
        package struct Plan: Decodable, Sendable {
            package var publicDisplayName: String?
            package var partnerDevelopment: Bool?
        }
        package var id: String
        package var name: String
        package var myshopifyDomain: String
        package var email: String?
        package var contactEmail: String?
        package var ianaTimezone: String
        package var currencyCode: String
        package var currencyFormats: Formats?
        package var primaryDomain: Domain?
        package var shopAddress: Address?
        package var plan: Plan?
    }
    package struct Installation: Decodable, Sendable {
        package struct Scope: Decodable, Sendable { package var handle: String }
        package var accessScopes: [Scope]?
    }
    package struct Version: Decodable, Sendable {
        package var handle: String
        package var supported: Bool
    }
    package var shop: Shop
    package var currentAppInstallation: Installation?
    package var publicApiVersions: [Version]?
}
