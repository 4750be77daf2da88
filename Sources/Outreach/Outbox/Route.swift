/// A way for effects to go out: each channel names its own, and nothing else lists them. The raw value stands in rows,
/// metrics and the journal.
public struct ChannelName: RawRepresentable, Hashable, Sendable, Codable {
    public let rawValue: String

    /// The channel of that name.
    public init(rawValue: String) { self.rawValue = rawValue }

    /// The shop's relay.
    public static let email = ChannelName(rawValue: "email")
    /// An endpoint that the operator named.
    public static let webhook = ChannelName(rawValue: "webhook")
}

/// A way out of a shop: a channel, and which of its far ends where it has several.
public struct Route: Hashable, Sendable {
    public var shop: String
    public var channel: ChannelName
    /// Which far end of the channel: a webhook's name; empty where a shop has one alone, as for mail.
    public var target: String

    /// That way out of that shop; `target` is empty where the channel has one far end alone.
    public init(shop: String, channel: ChannelName, target: String = "") {
        self.shop = shop
        self.channel = channel
        self.target = target
    }

    /// The shop's mail.
    public static func mail(shop: String) -> Route { Route(shop: shop, channel: .email) }

    /// A webhook of the shop, by its name in the configuration.
    public static func webhook(_ name: String, shop: String) -> Route {
        Route(shop: shop, channel: .webhook, target: name)
    }

    /// As people and the journal name it within its shop: `email`, `webhook:helpdesk`.
    public var name: String { target.isEmpty ? channel.rawValue : "\(channel.rawValue):\(target)" }
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
    /// The messages that closed it by an answer that may be meant for them alone, by effect, each with how often it had
    /// been opened by then. The 256 newest are kept.
    public var suspects: [Int64: Int]
    /// Until when its own limit held it up last, and which one: told by the store, and never set through a state.
    public var limitedUntil: Moment?
    public var limitedBy: String?

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
