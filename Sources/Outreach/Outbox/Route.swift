/// A way out of a shop: its mail, or one of its webhooks.
public struct Route: Hashable, Sendable {
    public var shop: String
    public var channel: ChannelKind
    /// The webhook's name; empty for mail.
    public var endpoint: String

    /// That way out of that shop; `endpoint` is empty for mail.
    public init(shop: String, channel: ChannelKind, endpoint: String) {
        self.shop = shop
        self.channel = channel
        self.endpoint = endpoint
    }

    /// The shop's mail.
    public static func mail(shop: String) -> Route { Route(shop: shop, channel: .email, endpoint: "") }

    /// A webhook of the shop, by its name in the configuration.
    public static func webhook(_ name: String, shop: String) -> Route {
        Route(shop: shop, channel: .webhook, endpoint: name)
    }
}

/// Whether a way out is closed for a while.
public struct ChannelState: Hashable, Sendable {
    /// Nothing is attempted before this; nil while it is open.
    public var closedUntil: Moment?
    /// In one word, as the failure that closed it has it.
    public var reason: String?
    /// One sentence for people.
    public var detail: String?
    /// Failures in a row.
    public var failures: Int
    /// How often it was opened again.
    public var openings: Int
    /// The messages that closed it by an answer that may be meant for them alone, by effect, each with how often it had been opened by then. The 256 newest are kept.
    public var suspects: [Int64: Int]

    /// Open, until it is told otherwise.
    public init(
        closedUntil: Moment? = nil, reason: String? = nil, detail: String? = nil, failures: Int = 0, openings: Int = 0,
        suspects: [Int64: Int] = [:]
    ) {
        self.openings = openings
        self.suspects = suspects
        self.closedUntil = closedUntil
        self.reason = reason
        self.detail = detail
        self.failures = failures
    }
}
