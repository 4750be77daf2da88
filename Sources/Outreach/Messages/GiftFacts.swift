/// What a shopper was given, as the message beside it tells it.
public struct GiftFacts: Hashable, Sendable {
    /// The code that she enters.
    public var code: String
    /// What it takes off: a share.
    public var share: String?
    /// What it takes off: an amount.
    public var amount: Money?
    /// The last day on which it can be used, where the shop is.
    public var expiresOn: CalendarDay?

    public init(code: String, share: String? = nil, amount: Money? = nil, expiresOn: CalendarDay? = nil) {
        self.code = code
        self.share = share
        self.amount = amount
        self.expiresOn = expiresOn
    }

    /// What an action brought, by the names of its results; nil if that is no gift.
    public init?(results: [String: String]) {
        guard let code = results["code"], !code.isEmpty else { return nil }
        self.code = code
        share = results["share"]
        amount = results["amount"].flatMap(Money.init(written:))
        expiresOn = results["expires_on"].flatMap { CalendarDay(iso8601: $0) }
    }

    /// The results that `init(results:)` reads.
    public var results: [String: String] {
        var results = ["code": code]
        results["share"] = share
        results["amount"] = amount.map { "\($0.amount) \($0.currency)" }
        results["expires_on"] = expiresOn.map { "\($0)" }
        return results
    }

    /// A gift for previews and examples, which can be used nowhere.
    public static let specimen = GiftFacts(
        code: "SPECIMEN", share: "10%", expiresOn: CalendarDay(iso8601: "2027-01-31"))
}
