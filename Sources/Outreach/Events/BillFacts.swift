// The amounts of an order other than its total: taxes, discounts, tips and payments, as Shopify's own order
// confirmation lists them. Nothing is decided by them; they are there to be printed. They were added after the first
// orders were stored, so all of them may be missing.

/// A custom attribute that a shopper or an app added to an order or a line: `Engraving`: `R. A.`.
public struct AttributeFacts: Hashable, Codable, Sendable {
    public var key: String
    public var value: String?

    public init(key: String, value: String?) {
        self.key = key
        self.value = value
    }
}

/// The bill of an order.
public struct BillFacts: Hashable, Codable, Sendable {
    /// A tax of the order.
    public struct TaxLine: Hashable, Codable, Sendable {
        public var title: String
        /// 0.2 for 20 %.
        public var rate: Double?
        public var amount: Money?

        public init(title: String, rate: Double?, amount: Money?) {
            self.title = title
            self.rate = rate
            self.amount = amount
        }
    }

    /// A discount on the order.
    public struct Discount: Hashable, Codable, Sendable {
        /// The number by which lines refer to it.
        public var index: Int
        /// The code, or the title it was given.
        public var title: String
        public var isCode: Bool
        /// Shopify's words: `all`, `entitled`, `explicit`.
        public var selection: String
        /// True if it reduces the price of shipping rather than of the goods.
        public var isOnShipping: Bool

        public init(index: Int, title: String, isCode: Bool, selection: String, isOnShipping: Bool) {
            self.index = index
            self.title = title
            self.isCode = isCode
            self.selection = selection
            self.isOnShipping = isOnShipping
        }
    }

    /// One payment transaction.
    public struct Payment: Hashable, Codable, Sendable {
        /// Shopify's word: `sale`, `authorization`, `capture`, `refund`, `void`.
        public var kind: String
        /// Shopify's word: `success`, `pending`, `failure`.
        public var status: String
        public var amount: Money?
        /// The provider's identifier: `shopify_payments`.
        public var gateway: String?
        /// The provider's display name.
        public var gatewayName: String?
        /// `Visa`.
        public var cardCompany: String?
        /// The last four digits of the card number.
        public var cardDigits: String?

        public init(
            kind: String, status: String, amount: Money?, gateway: String? = nil, gatewayName: String? = nil,
            cardCompany: String? = nil, cardDigits: String? = nil
        ) {
            self.kind = kind
            self.status = status
            self.amount = amount
            self.gateway = gateway
            self.gatewayName = gatewayName
            self.cardCompany = cardCompany
            self.cardDigits = cardDigits
        }
    }

    public var tax: Money?
    public var discounts: Money?
    public var duties: Money?
    public var tip: Money?
    /// The amount still to be paid.
    public var outstanding: Money?
    /// Shipping before discounts.
    public var fullShippingPrice: Money?
    public var taxLines: [TaxLine] = []
    public var applied: [Discount] = []
    public var payments: [Payment] = []

    /// An empty bill, to be filled in.
    public init() {}
}

/// The amount that one discount takes off one line.
public struct LineDiscountFacts: Hashable, Codable, Sendable {
    /// The discount's place in the order's list.
    public var index: Int
    public var amount: Money

    public init(index: Int, amount: Money) {
        self.index = index
        self.amount = amount
    }
}
