/// The links to the shopper's own pages that a mail may have. Each is nil where there is none: without `public:` in
/// bookbag.yaml, or for an order that nobody can be written to about.
public struct PageLinks: Hashable, Sendable {
    /// Where the parcel is.
    public var tracking: String?
    /// What the shop may write about.
    public var preferences: String?
    /// Where the customer says how it went; only in mail that asks for that.
    public var rating: String?
    /// Where the customer says whether an automatic answer helped; only in mail that answers a message.
    public var answer: String?
    /// Where the customer chooses what is offered to her; only in mail that tells of that.
    public var remedy: String?
    /// Where the customer has the order sent elsewhere, while that can be done.
    public var address: String?
    /// Where the customer cancels the order, while that can be done.
    public var cancel: String?
    /// Where the customer starts a return; only where policy.yaml says what becomes of returns.
    public var returns: String?

    /// These links; none by default.
    public init(
        tracking: String? = nil, preferences: String? = nil, rating: String? = nil, answer: String? = nil,
        remedy: String? = nil, address: String? = nil, cancel: String? = nil, returns: String? = nil
    ) {
        self.address = address
        self.cancel = cancel
        self.returns = returns
        self.remedy = remedy
        self.answer = answer
        self.tracking = tracking
        self.preferences = preferences
        self.rating = rating
    }

    /// Links that open nothing and are always the same: for examples, trials, replay and messages in shadow mode.
    ///
    /// - Parameter url: scheme and host of the pages.
    public static func specimen(url: String = "https://track.juniperfig.example") -> PageLinks {
        PageLinks(
            tracking: "\(url)/p/example/track", preferences: "\(url)/p/example/preferences",
            rating: "\(url)/p/example/rate", answer: "\(url)/p/example/answer",
            remedy: "\(url)/p/example/remedy", address: "\(url)/p/example/address",
            cancel: "\(url)/p/example/cancel", returns: "\(url)/p/example/return")
    }

    /// Those that lead to something for the order as it is.
    func fitting(_ record: OrderRecord) -> PageLinks {
        var fitting = self
        if PageRequest.changeAddress.end(for: record) != nil { fitting.address = nil }
        if PageRequest.cancelOrder.end(for: record) != nil { fitting.cancel = nil }
        return fitting
    }
}
