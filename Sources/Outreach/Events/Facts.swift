// What the shop shows of an order, in our own terms. Intake creates these from Shopify's answers; everything after
// Intake knows only these. All texts are as the shop has them, with their length limited by Intake. A value that the
// shop withholds from us (protected customer data on some plans) is nil, which is never an error.

public import Foundation

/// An amount in a currency: major units (`12.50`), as the shop writes it.
public struct Money: Hashable, Sendable {
    /// The amount in major units.
    public var amount: Decimal
    /// ISO 4217: `GBP`.
    public var currency: String

    public init(amount: Decimal, currency: String) {
        self.amount = amount
        self.currency = currency
    }
}

// One text, `12.5 GBP`, and not an object: an order has a dozen amounts, and decoding them took a sixth of reading it.
extension Money: Codable {
    public init(from decoder: any Decoder) throws {
        let container = try decoder.singleValueContainer()
        guard let money = Money(written: try container.decode(String.self)) else {
            throw DecodingError.dataCorruptedError(in: container, debugDescription: "not an amount with its currency")
        }
        self = money
    }

    /// Reads `12.5 GBP`, and nothing else.
    init?(written text: String) {
        guard let space = text.utf8.firstIndex(of: UInt8(ascii: " ")),
            let amount = Decimal(string: String(text[..<space]))
        else { return nil }
        self.init(amount: amount, currency: String(text[text.utf8.index(after: space)...]))
    }

    public func encode(to encoder: any Encoder) throws {
        var container = encoder.singleValueContainer()
        try container.encode("\(amount) \(currency)")
    }
}

/// A line of an order.
public struct LineItemFacts: Hashable, Codable, Sendable {
    public var id: String
    public var title: String
    public var variantTitle: String?
    public var sku: String?
    public var vendor: String?
    /// As ordered.
    public var quantity: Int
    /// After edits and refunds.
    public var currentQuantity: Int
    public var requiresShipping: Bool
    /// One item, before discounts.
    public var unitPrice: Money?
    /// All items of the line, after discounts.
    public var total: Money?
    public var imageURL: String?
    /// The tags of the product.
    public var productTags: [String]
    /// True for a gift card, otherwise nil.
    public var isGiftCard: Bool?
    /// What each discount takes off; nil if there is none.
    public var discounts: [LineDiscountFacts]?
    /// Its custom attributes; nil if there are none.
    public var attributes: [AttributeFacts]?
    /// The subscription it was bought with.
    public var sellingPlan: String?

    public init(
        id: String, title: String, variantTitle: String? = nil, sku: String? = nil, vendor: String? = nil,
        quantity: Int,
        currentQuantity: Int? = nil, requiresShipping: Bool = true, unitPrice: Money? = nil, total: Money? = nil,
        imageURL: String? = nil, productTags: [String] = []
    ) {
        self.id = id
        self.title = title
        self.variantTitle = variantTitle
        self.sku = sku
        self.vendor = vendor
        self.quantity = quantity
        self.currentQuantity = currentQuantity ?? quantity
        self.requiresShipping = requiresShipping
        self.unitPrice = unitPrice
        self.total = total
        self.imageURL = imageURL
        self.productTags = productTags
    }
}

/// The address an order is shipped to.
public struct AddressFacts: Hashable, Codable, Sendable {
    public var name: String?
    public var firstName: String?
    public var lastName: String?
    public var company: String?
    public var address1: String?
    public var address2: String?
    public var city: String?
    public var province: String?
    public var provinceCode: String?
    public var zip: String?
    public var country: String?
    /// ISO 3166-1 alpha-2.
    public var countryCode: String?
    public var phone: String?
    /// The IANA time zone there, as Shopify has it.
    public var timeZone: String?

    /// An empty address, to be filled in.
    public init() {}
}

/// Who ordered, as the shop shows it with the order.
public struct CustomerFacts: Hashable, Codable, Sendable {
    /// Shopify's marketing state of a mail address or a phone number.
    public enum MarketingState: String, Codable, Sendable {
        case subscribed, notSubscribed, pending, unsubscribed, unknown
    }

    public var id: String
    public var firstName: String?
    public var lastName: String?
    public var email: String?
    public var phone: String?
    public var tags: [String]
    public var locale: String?
    public var ordersCount: Int
    public var totalSpent: Money?
    public var marketing: MarketingState
    /// Shopify's marketing state of the phone number, without which nobody is texted; nil if it has none.
    public var texts: MarketingState?
    /// Shopify's own unsubscribe page for this address.
    public var unsubscribeURL: String?
    public var createdAt: Moment?
    /// When the order before this one was placed, if the shop shows it.
    public var lastOrderAt: Moment?

    public init(
        id: String, firstName: String? = nil, lastName: String? = nil, email: String? = nil, phone: String? = nil,
        tags: [String] = [], locale: String? = nil, ordersCount: Int = 0, totalSpent: Money? = nil,
        marketing: MarketingState = .unknown, texts: MarketingState? = nil, unsubscribeURL: String? = nil,
        createdAt: Moment? = nil, lastOrderAt: Moment? = nil
    ) {
        self.id = id
        self.firstName = firstName
        self.lastName = lastName
        self.email = email
        self.phone = phone
        self.tags = tags
        self.locale = locale
        self.ordersCount = ordersCount
        self.totalSpent = totalSpent
        self.marketing = marketing
        self.texts = texts
        self.unsubscribeURL = unsubscribeURL
        self.createdAt = createdAt
        self.lastOrderAt = lastOrderAt
    }
}

/// One tracking number of a fulfillment.
public struct TrackingFacts: Hashable, Codable, Sendable {
    /// The carrier's name, as the shop has it.
    public var company: String?
    public var number: String?
    public var url: String?

    public init(company: String? = nil, number: String? = nil, url: String? = nil) {
        self.company = company
        self.number = number
        self.url = url
    }
}

/// A quantity of one line item, in a fulfillment, a return or a refund.
public struct QuantityFacts: Hashable, Codable, Sendable {
    public var lineItemID: String
    public var quantity: Int

    public init(lineItemID: String, quantity: Int) {
        self.lineItemID = lineItemID
        self.quantity = quantity
    }
}

/// Goods that were sent together, in one or more packages.
public struct FulfillmentFacts: Hashable, Codable, Sendable {
    /// Shopify's states of a fulfillment.
    public enum Status: String, Codable, Sendable {
        case open, success, cancelled, error, unknown
    }

    public var id: String
    public var name: String
    public var status: Status
    public var createdAt: Moment
    public var updatedAt: Moment
    /// The packages; empty if the shop gave no tracking number.
    public var tracking: [TrackingFacts]
    /// What the shop's own tracking says: one scan for each of its events, and one for each fact shown on the
    /// fulfillment without an event of its own. They are about all packages together, since the shop's events name no
    /// number.
    public var scans: [Scan]
    /// True if `scans` contains everything the shop has, so that anything missing was retracted.
    public var scansAreComplete: Bool
    public var lineItems: [QuantityFacts]

    public init(
        id: String, name: String, status: Status, createdAt: Moment, updatedAt: Moment, tracking: [TrackingFacts] = [],
        scans: [Scan] = [], scansAreComplete: Bool = true, lineItems: [QuantityFacts] = []
    ) {
        self.id = id
        self.name = name
        self.status = status
        self.createdAt = createdAt
        self.updatedAt = updatedAt
        self.tracking = tracking
        self.scans = scans
        self.scansAreComplete = scansAreComplete
        self.lineItems = lineItems
    }
}

/// One parcel coming back, perhaps with a label.
public struct ReverseDeliveryFacts: Hashable, Codable, Sendable {
    public var id: String
    public var tracking: TrackingFacts?
    /// Where the label can be downloaded. Anyone with the URL has the label, so it is mailed but never logged.
    public var labelURL: String?
    public var labelCreatedAt: Moment?
    public var labelUpdatedAt: Moment?

    public init(
        id: String, tracking: TrackingFacts? = nil, labelURL: String? = nil, labelCreatedAt: Moment? = nil,
        labelUpdatedAt: Moment? = nil
    ) {
        self.id = id
        self.tracking = tracking
        self.labelURL = labelURL
        self.labelCreatedAt = labelCreatedAt
        self.labelUpdatedAt = labelUpdatedAt
    }
}

/// A return of some of an order's goods.
public struct ReturnFacts: Hashable, Codable, Sendable {
    /// Shopify's states of a return.
    public enum Status: String, Codable, Sendable, CaseIterable {
        case requested, open, closed, declined, cancelled, unknown
    }

    public var id: String
    public var name: String
    public var status: Status
    public var createdAt: Moment
    public var approvedAt: Moment?
    public var closedAt: Moment?
    public var declineReason: String?
    public var declineNote: String?
    /// True once the shop has recorded what it did with at least some of the goods: they have arrived.
    public var received: Bool
    public var lineItems: [QuantityFacts]
    public var deliveries: [ReverseDeliveryFacts]

    public init(
        id: String, name: String, status: Status, createdAt: Moment, approvedAt: Moment? = nil, closedAt: Moment? = nil,
        declineReason: String? = nil, declineNote: String? = nil, received: Bool = false,
        lineItems: [QuantityFacts] = [],
        deliveries: [ReverseDeliveryFacts] = []
    ) {
        self.id = id
        self.name = name
        self.status = status
        self.createdAt = createdAt
        self.approvedAt = approvedAt
        self.closedAt = closedAt
        self.declineReason = declineReason
        self.declineNote = declineNote
        self.received = received
        self.lineItems = lineItems
        self.deliveries = deliveries
    }
}

/// A refund.
public struct RefundFacts: Hashable, Codable, Sendable {
    public var id: String
    /// When it was made; nil if the shop does not say.
    public var createdAt: Moment?
    public var total: Money?
    public var returnID: String?
    public var lineItems: [QuantityFacts]
    /// True if Bookbag made it, by the mark in its note; nil otherwise.
    public var isOwn: Bool?

    public init(
        id: String, createdAt: Moment?, total: Money?, returnID: String? = nil, lineItems: [QuantityFacts] = []
    ) {
        self.id = id
        self.createdAt = createdAt
        self.total = total
        self.returnID = returnID
        self.lineItems = lineItems
    }
}

/// A complete order, as the shop shows it at one moment.
public struct OrderFacts: Hashable, Codable, Sendable {
    /// Whether the order is paid for.
    public enum PaymentState: String, Codable, Sendable {
        case pending, authorized, partiallyPaid, paid, partiallyRefunded, refunded, voided, expired, unknown
    }
    /// How much of the order has been sent.
    public enum FulfillmentState: String, Codable, Sendable {
        case unfulfilled, partial, fulfilled, onHold, scheduled, inProgress, notRequired, restocked, unknown
    }

    /// Shopify's global id: `gid://shopify/Order/1`.
    public var id: String
    /// What people call it: `#1001`.
    public var name: String
    /// When it was created in the shop.
    public var createdAt: Moment
    /// When it was placed, which for an imported order is long before.
    public var processedAt: Moment
    public var updatedAt: Moment
    public var cancelledAt: Moment?
    public var cancelReason: String?
    public var closedAt: Moment?
    /// Made through a shop's bogus gateway: it never causes a message.
    public var test: Bool
    public var tags: [String]
    public var note: String?
    /// The address the order was placed with, which is where mail goes.
    public var email: String?
    public var phone: String?
    public var locale: String?
    /// The shopper's own status page of the order.
    public var statusURL: String?
    public var payment: PaymentState
    /// When it was paid in full, if the shop shows it.
    public var paidAt: Moment?
    public var fulfillment: FulfillmentState
    /// The ids of its current holds.
    public var holds: [String]
    /// Those of them that Bookbag placed; nil if there are none.
    public var ownHolds: [String]?
    /// True if Bookbag cancelled it; nil otherwise.
    public var isCancelledByUs: Bool?
    /// The name of the order whose goods it sends again; nil if it is an order of its own.
    public var replaces: String?
    /// True once it has been edited.
    public var edited: Bool
    public var total: Money?
    /// What it came to when it was placed, and the same in the shop's own currency: the rate between the two. Nil where
    /// they are one currency, and in an order that was read before these were asked for.
    public var placedTotal: Money?
    public var placedTotalInShop: Money?
    public var subtotal: Money?
    public var shippingPrice: Money?
    public var customer: CustomerFacts?
    public var shippingAddress: AddressFacts?
    public var billingAddress: AddressFacts?
    /// The shopper's choice: `Standard`, `Express`.
    public var shippingMethod: String?
    /// `shipping`, `local`, `pickup`, `none`, …
    public var deliveryMethod: String?
    /// The number in `name`: 1001.
    public var number: Int?
    /// The number that it has in the shopper's own books.
    public var poNumber: String?
    /// The number shown to the shopper at the checkout: `XPAV284CT`.
    public var confirmationNumber: String?
    /// Its custom attributes; nil if there are none.
    public var attributes: [AttributeFacts]?
    /// Taxes, discounts and payments; nil if they have not been read yet.
    public var bill: BillFacts?
    public var lineItems: [LineItemFacts]
    public var fulfillments: [FulfillmentFacts]
    public var returns: [ReturnFacts]
    public var refunds: [RefundFacts]

    /// True if it counts in nobody's figures: a test, or goods that are sent again.
    public var isNoSale: Bool { test || replaces != nil }

    /// An order with the fields that every order has; the rest is set afterwards.
    public init(id: String, name: String, createdAt: Moment, processedAt: Moment? = nil, updatedAt: Moment) {
        self.id = id
        self.name = name
        self.createdAt = createdAt
        self.processedAt = processedAt ?? createdAt
        self.updatedAt = updatedAt
        test = false
        tags = []
        payment = .unknown
        fulfillment = .unknown
        holds = []
        edited = false
        lineItems = []
        fulfillments = []
        returns = []
        refunds = []
    }
}
