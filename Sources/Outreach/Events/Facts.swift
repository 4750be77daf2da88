// What the shop shows of an order, in our words. Intake makes these from Shopify's answers; everything after Intake
// knows only these. All texts are as the shop has them, bounded by Intake; a value that the shop keeps from us
// (protected customer data on some plans) is nil, which is never an error.

public import Foundation

/// An amount in a currency: major units (`12.50`), as the shop writes it.
public struct Money: Hashable, Codable, Sendable {
    /// The amount in major units.
    public var amount: Decimal
    /// ISO 4217: `GBP`.
    public var currency: String

    /// So much of that currency.
    public init(amount: Decimal, currency: String) {
        self.amount = amount
        self.currency = currency
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
    /// True for a gift card; nil for all else.
    public var isGiftCard: Bool?
    /// What each discount takes off; nil where none does.
    public var discounts: [LineDiscountFacts]?
    /// What was written with it; nil where nothing was.
    public var attributes: [AttributeFacts]?
    /// The subscription it was bought with.
    public var sellingPlan: String?

    /// A line as the shop shows it.
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

/// Where an order goes.
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
    /// The IANA zone there, as Shopify knows it.
    public var timeZone: String?

    /// An empty address, to be filled.
    public init() {}
}

/// Who ordered, as the shop shows it with the order.
public struct CustomerFacts: Hashable, Codable, Sendable {
    /// Shopify's marketing state of an address.
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
    /// Shopify's own unsubscribe page for this address.
    public var unsubscribeURL: String?
    public var createdAt: Moment?
    /// When the order before this one was placed, where the shop shows it.
    public var lastOrderAt: Moment?

    /// A customer as the shop shows them.
    public init(
        id: String, firstName: String? = nil, lastName: String? = nil, email: String? = nil, phone: String? = nil,
        tags: [String] = [], locale: String? = nil, ordersCount: Int = 0, totalSpent: Money? = nil,
        marketing: MarketingState = .unknown, unsubscribeURL: String? = nil, createdAt: Moment? = nil,
        lastOrderAt: Moment? = nil
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

    /// What the shop shows about one package.
    public init(company: String? = nil, number: String? = nil, url: String? = nil) {
        self.company = company
        self.number = number
        self.url = url
    }
}

/// So many of one line item, in a fulfillment, a return or a refund.
public struct QuantityFacts: Hashable, Codable, Sendable {
    public var lineItemID: String
    public var quantity: Int

    /// So many of that line.
    public init(lineItemID: String, quantity: Int) {
        self.lineItemID = lineItemID
        self.quantity = quantity
    }
}

/// What was sent together, in one or several packages.
public struct FulfillmentFacts: Hashable, Codable, Sendable {
    /// What the shop did with a fulfillment.
    public enum Status: String, Codable, Sendable {
        case open, success, cancelled, error, unknown
    }

    public var id: String
    public var name: String
    public var status: Status
    public var createdAt: Moment
    public var updatedAt: Moment
    /// The packages; none where the shop gave no tracking number.
    public var tracking: [TrackingFacts]
    /// What the shop's own tracking says: one scan for each of its events, and one for each fact that stands on the
    /// fulfillment without an event of its own. They speak of all packages together, for the shop's events name no
    /// number.
    public var scans: [Scan]
    /// True when `scans` holds all that the shop has, so that what is missing was taken back.
    public var scansAreComplete: Bool
    public var lineItems: [QuantityFacts]

    /// A fulfillment as the shop shows it.
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

/// One way back for goods: a parcel with, perhaps, a label.
public struct ReverseDeliveryFacts: Hashable, Codable, Sendable {
    public var id: String
    public var tracking: TrackingFacts?
    /// Where the label can be fetched; whoever has it has the label, so it is mailed and never logged.
    public var labelURL: String?
    public var labelCreatedAt: Moment?
    public var labelUpdatedAt: Moment?

    /// A reverse delivery as the shop shows it.
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
    /// True once the shop has said what became of at least one of the goods: they have arrived.
    public var received: Bool
    public var lineItems: [QuantityFacts]
    public var deliveries: [ReverseDeliveryFacts]

    /// A return as the shop shows it.
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

/// Money given back.
public struct RefundFacts: Hashable, Codable, Sendable {
    public var id: String
    /// When it was made; nil where the shop does not say.
    public var createdAt: Moment?
    public var total: Money?
    public var returnID: String?
    public var lineItems: [QuantityFacts]

    /// A refund as the shop shows it.
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

/// An order, whole, as the shop shows it at one moment.
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
    /// When it came to be in the shop.
    public var createdAt: Moment
    /// When it was placed, which for an imported order is long before.
    public var processedAt: Moment
    public var updatedAt: Moment
    public var cancelledAt: Moment?
    public var cancelReason: String?
    public var closedAt: Moment?
    /// Made by a shop's bogus gateway: it never speaks.
    public var test: Bool
    public var tags: [String]
    public var note: String?
    /// The address the order was placed with: whom to write to.
    public var email: String?
    public var phone: String?
    public var locale: String?
    /// The shopper's own page of the order.
    public var statusURL: String?
    public var payment: PaymentState
    /// When it was paid in full, where the shop shows it.
    public var paidAt: Moment?
    public var fulfillment: FulfillmentState
    /// The ids of the holds that are on it now.
    public var holds: [String]
    /// True once it was edited.
    public var edited: Bool
    public var total: Money?
    public var subtotal: Money?
    public var shippingPrice: Money?
    public var customer: CustomerFacts?
    public var shippingAddress: AddressFacts?
    public var billingAddress: AddressFacts?
    /// What the shopper chose: `Standard`, `Express`.
    public var shippingMethod: String?
    /// `shipping`, `local`, `pickup`, `none`, …
    public var deliveryMethod: String?
    /// The number in `name`: 1001.
    public var number: Int?
    /// The number that the shopper's own books have for it.
    public var poNumber: String?
    /// What the shopper is shown at the checkout: `XPAV284CT`.
    public var confirmationNumber: String?
    /// What was written with it; nil where nothing was.
    public var attributes: [AttributeFacts]?
    /// Taxes, discounts and payments; nil where they were not asked for yet.
    public var bill: BillFacts?
    public var lineItems: [LineItemFacts]
    public var fulfillments: [FulfillmentFacts]
    public var returns: [ReturnFacts]
    public var refunds: [RefundFacts]

    /// An order with what every order has; the rest is set afterwards.
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
