// The shop's records, in Shopify's words. Only values; SandboxShop holds and changes them.

internal import FoundationEssentials

/// A customer of the sandbox shop, or a guest.
public struct SandboxCustomer: Sendable {
    /// May be empty, for people with one name.
    public var firstName: String
    /// May be empty.
    public var lastName: String
    /// Their mail address.
    public var email: String
    /// BCP 47: `en`, `fr-CA`.
    public var locale: String
    /// The customer's tags.
    public var tags: [String]
    /// A guest leaves an address but no customer record.
    public var isGuest: Bool
    /// Whether the customer accepts marketing mails.
    public var acceptsMarketing: Bool

    /// Their phone number, if any.
    public var phone: String?
    /// Whether the customer accepts marketing texts.
    public var acceptsTexts: Bool

    /// Every part has its usual default.
    public init(
        firstName: String, lastName: String, email: String, locale: String = "en", tags: [String] = [],
        isGuest: Bool = false, acceptsMarketing: Bool = false, phone: String? = nil, acceptsTexts: Bool = false
    ) {
        self.phone = phone
        self.acceptsTexts = acceptsTexts
        self.firstName = firstName
        self.lastName = lastName
        self.email = email
        self.locale = locale
        self.tags = tags
        self.isGuest = isGuest
        self.acceptsMarketing = acceptsMarketing
    }

    var name: String { [firstName, lastName].filter { !$0.isEmpty }.joined(separator: " ") }
}

/// Where a parcel goes.
public struct SandboxAddress: Sendable {
    /// Street and number.
    public var address1: String
    /// A flat or floor, if any.
    public var address2: String?
    /// Town or city.
    public var city: String
    /// ISO 3166-2 or the post office's code.
    public var provinceCode: String?
    /// The postal code.
    public var zip: String
    /// ISO 3166-1 alpha-2.
    public var countryCode: String
    /// Its name in English.
    public var country: String
    /// IANA: `America/New_York`.
    public var timeZone: String

    /// Every part has its usual default.
    public init(
        address1: String, city: String, provinceCode: String? = nil, zip: String, countryCode: String, country: String,
        timeZone: String
    ) {
        self.address1 = address1
        self.city = city
        self.provinceCode = provinceCode
        self.zip = zip
        self.countryCode = countryCode
        self.country = country
        self.timeZone = timeZone
    }

    /// An address in Bristol, for orders without one.
    public static let bristol = SandboxAddress(
        address1: "4 Harbour Row", city: "Bristol", provinceCode: "ENG", zip: "BS1 5TY", countryCode: "GB",
        country: "United Kingdom", timeZone: "Europe/London")
}

/// One line of a new order.
public struct SandboxItem: Sendable {
    /// The title shown to the customer.
    public var title: String
    /// The shop's own number for it.
    public var sku: String
    /// In hundredths of the shop's currency.
    public var price: Int
    /// How many.
    public var quantity: Int
    /// The product's tags.
    public var tags: [String]

    /// Every part has its usual default.
    public init(_ title: String, sku: String, price: Int, quantity: Int = 1, tags: [String] = []) {
        self.title = title
        self.sku = sku
        self.price = price
        self.quantity = quantity
        self.tags = tags
    }
}

/// A parcel of a fulfillment.
public struct SandboxPackage: Sendable {
    /// The carrier's name; nil if unknown.
    public var company: String?
    /// The tracking number.
    public var number: String?
    /// The tracking page.
    public var url: String?

    /// Every part has its usual default.
    public init(company: String?, number: String?, url: String? = nil) {
        self.company = company
        self.number = number
        self.url = url
    }
}

/// A carrier's report about a fulfillment: FulfillmentEventStatus.
public enum SandboxTrackingStatus: String, Sendable, CaseIterable {
    case labelPurchased = "LABEL_PURCHASED"
    case labelPrinted = "LABEL_PRINTED"
    case readyForPickup = "READY_FOR_PICKUP"
    case confirmed = "CONFIRMED"
    case inTransit = "IN_TRANSIT"
    case outForDelivery = "OUT_FOR_DELIVERY"
    case attemptedDelivery = "ATTEMPTED_DELIVERY"
    case delayed = "DELAYED"
    case delivered = "DELIVERED"
    case failure = "FAILURE"
    case carrierPickedUp = "CARRIER_PICKED_UP"
}

/// A defect in an order's answer.
public enum SandboxQuirk: String, Sendable, CaseIterable {
    /// A non-null field is null, and a time is not a time.
    case undecodable
    /// Its states are unknown in every version of the schema.
    case unknownStatus
}

struct CustomerRecord: Sendable {
    let id: Int64
    var profile: SandboxCustomer
    var createdAt: Date
    var updatedAt: Date
    var orders: [Int64] = []
}

struct LineItemRecord: Sendable {
    let id: Int64
    let productID: Int64
    var item: SandboxItem
    var quantity: Int
    var currentQuantity: Int
}

struct FulfillmentEventRecord: Sendable {
    let id: Int64
    var status: SandboxTrackingStatus
    var happenedAt: Date
    var createdAt: Date
    var message: String?
    var estimatedDeliveryAt: Date?
    var city: String?
    var province: String?
    var country: String?
    var zip: String?
    var address1: String?
    var latitude: Double?
    var longitude: Double?
}

struct FulfillmentRecord: Sendable {
    struct Line: Sendable {
        let id: Int64
        let lineItemID: Int64
        let quantity: Int
    }

    let id: Int64
    let index: Int
    var cancelled = false
    var createdAt: Date
    var updatedAt: Date
    var packages: [SandboxPackage]
    var lines: [Line]
    var estimatedDeliveryAt: Date?
    /// The first reported estimate: the promise.
    var promisedAt: Date?
    var events: [FulfillmentEventRecord] = []
    /// Scans that only the carrier has and Shopify never sees.
    var carrierScans: [CarrierScanRecord] = []

    /// By time; of two at the same time, the one with the later id comes later.
    var eventsByTime: [FulfillmentEventRecord] {
        events.sorted { ($0.happenedAt, $0.id) < ($1.happenedAt, $1.id) }
    }

    func first(_ status: SandboxTrackingStatus) -> Date? {
        eventsByTime.first { $0.status == status }?.happenedAt
    }

    /// FulfillmentDisplayStatus.
    var displayStatus: String {
        if cancelled { return "CANCELED" }
        guard let last = eventsByTime.last else { return "FULFILLED" }
        return last.status == .failure ? "NOT_DELIVERED" : last.status.rawValue
    }
}

struct ReturnRecord: Sendable {
    enum Status: String, Sendable {
        case requested = "REQUESTED"
        case open = "OPEN"
        case closed = "CLOSED"
        case declined = "DECLINED"
        case canceled = "CANCELED"
    }

    struct Line: Sendable {
        let id: Int64
        let fulfillmentLineID: Int64
        let lineItemID: Int64
        let quantity: Int
        var processed = 0
        /// What the customer wrote with the request.
        var customerNote: String?
        /// The number of the reason.
        var reason: Int64?
    }

    let id: Int64
    let index: Int
    var status: Status
    var createdAt: Date
    var approvedAt: Date?
    var closedAt: Date?
    var declineNote: String?
    /// ReturnDeclineReason.
    var declineReason = "OTHER"
    var lines: [Line]
    var reverse: ReverseOrderRecord?
}

/// A reverse fulfillment order: the goods to be returned.
struct ReverseOrderRecord: Sendable {
    struct Line: Sendable {
        let id: Int64
        let fulfillmentLineID: Int64
        let lineItemID: Int64
        let quantity: Int
        var disposition: Disposition?
    }

    struct Disposition: Sendable {
        let id: Int64
        let type: String
        let quantity: Int
        let createdAt: Date
    }

    let id: Int64
    var status = "OPEN"
    var lines: [Line]
    var deliveries: [ReverseDeliveryRecord] = []
}

struct ReverseDeliveryRecord: Sendable {
    struct Label: Sendable {
        var url: String
        let createdAt: Date
        var updatedAt: Date
    }

    let id: Int64
    /// Ids of its lines, in the order of the reverse fulfillment order's lines.
    let lineIDs: [Int64]
    var trackingNumber: String?
    var trackingURL: String?
    var label: Label?
}

struct RefundRecord: Sendable {
    struct Line: Sendable {
        let id: Int64
        let lineItemID: Int64
        let quantity: Int
    }

    let id: Int64
    let createdAt: Date
    let amount: Int
    let note: String?
    let returnID: Int64?
    let lines: [Line]
}

struct OrderEventRecord: Sendable {
    let id: Int64
    let orderID: Int64
    let action: String
    let message: String
    let createdAt: Date
}

struct OrderRecord: Sendable {
    let id: Int64
    let number: Int
    var createdAt: Date
    /// When another shop took it, of an order that was brought in from there.
    var takenElsewhereAt: Date?
    var processedAt: Date { takenElsewhereAt ?? createdAt }
    var updatedAt: Date
    var cancelledAt: Date?
    var closedAt: Date?
    var cancelReason: String?
    /// What the shop's people noted about it.
    var cancelNote: String?
    var isTest: Bool
    var tags: [String]
    var note: String?
    var edited = false
    var paidAt: Date?
    var paid: Bool { paidAt != nil }
    var customer: SandboxCustomer
    var customerID: Int64?
    var address: SandboxAddress?
    var addressID: Int64
    var shippingTitle: String
    var shippingPrice: Int
    var pickup: Bool
    var lines: [LineItemRecord]
    var fulfillments: [FulfillmentRecord] = []
    var fulfillmentOrderID: Int64
    /// Its current holds.
    var holds: [Hold] = []
    /// Disputes about its payment.
    var disputes: [Dispute] = []
    var attributes: [Attribute] = []
    var returns: [ReturnRecord] = []
    var refunds: [RefundRecord] = []
    var quirks: Set<SandboxQuirk> = []

    var name: String { "#\(number)" }

    var subtotal: Int { lines.reduce(0) { $0 + $1.item.price * $1.quantity } }
    var currentSubtotal: Int { lines.reduce(0) { $0 + $1.item.price * $1.currentQuantity } }
    var total: Int { subtotal + shippingPrice }
    var currentTotal: Int { currentSubtotal + shippingPrice }
    /// 20 % value added tax, included in the prices.
    var currentTax: Int { currentTotal / 6 }
    var refunded: Int { refunds.reduce(0) { $0 + $1.amount } }

    func fulfilledQuantity(of line: Int64) -> Int {
        fulfillments.lazy.filter { !$0.cancelled }.flatMap(\.lines).filter { $0.lineItemID == line }
            .reduce(0) { $0 + $1.quantity }
    }

    /// OrderDisplayFinancialStatus.
    var financialStatus: String {
        if refunded > 0 { return refunded >= total ? "REFUNDED" : "PARTIALLY_REFUNDED" }
        if paid { return "PAID" }
        return cancelledAt == nil ? "PENDING" : "VOIDED"
    }

    /// OrderDisplayFulfillmentStatus.
    var fulfillmentStatus: String {
        let wanted = lines.reduce(0) { $0 + max($1.currentQuantity, fulfilledQuantity(of: $1.id)) }
        let done = lines.reduce(0) { $0 + fulfilledQuantity(of: $1.id) }
        if done > 0, done >= wanted { return "FULFILLED" }
        if !holds.isEmpty { return "ON_HOLD" }
        return done > 0 ? "PARTIALLY_FULFILLED" : "UNFULFILLED"
    }

    /// OrderReturnStatus, as recorded: a request takes precedence, then open returns, then completed ones.
    var returnStatus: String {
        if returns.contains(where: { $0.status == .requested }) { return "RETURN_REQUESTED" }
        if returns.contains(where: { $0.status == .open }) { return "IN_PROGRESS" }
        if returns.contains(where: { $0.status == .closed }) { return "RETURNED" }
        return "NO_RETURN"
    }

    struct Hold: Sendable {
        let id: Int64
        let reason: String
        let notes: String?
        /// The app's own name for it; nil for one placed by hand.
        let handle: String?
    }

    struct Dispute: Sendable {
        let id: Int64
        let status: String
    }

    struct Attribute: Sendable {
        let key: String
        let value: String
    }

    func line(_ id: Int64) -> LineItemRecord? { lines.first { $0.id == id } }
}
