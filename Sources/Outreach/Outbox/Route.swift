/// A channel that effects are sent through: each channel defines its own name, and nothing else lists them. The raw
/// value is used in rows, metrics and the journal.
public struct ChannelName: RawRepresentable, Hashable, Sendable, Codable {
    public let rawValue: String

    public init(rawValue: String) { self.rawValue = rawValue }

    /// Mail through the shop's relay.
    public static let email = ChannelName(rawValue: "email")
    /// Texts to the shopper's phone.
    public static let sms = ChannelName(rawValue: "sms")
    /// The chat on the shop's pages: what is said there waits for the shopper to look.
    public static let chat = ChannelName(rawValue: "chat")
    /// An answer, which goes out by the channel by which she wrote: no route has this name.
    public static let answer = ChannelName(rawValue: "answer")
    /// The shop itself, where gifts are made.
    public static let shop = ChannelName(rawValue: "shop")
    /// The shop's own people and conversations: what `do: hand_over` and the like act on.
    public static let desk = ChannelName(rawValue: "desk")
    /// The shop's helpdesk, in which conversations have tickets.
    public static let helpdesk = ChannelName(rawValue: "helpdesk")
    /// An endpoint that the operator configured.
    public static let webhook = ChannelName(rawValue: "webhook")
}

/// A route out of a shop: a channel, and which of its targets if it has several.
public struct Route: Hashable, Sendable {
    public var shop: String
    public var channel: ChannelName
    /// Which target of the channel: a webhook's name; empty if a shop has only one, as for mail.
    public var target: String

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

    /// Its name for people and the journal, within its shop: `email`, `webhook:helpdesk`.
    public var name: String { target.isEmpty ? channel.rawValue : "\(channel.rawValue):\(target)" }
}

/// Whether a route is closed temporarily.
public struct ChannelState: Hashable, Sendable {
    /// Nothing is attempted before this; nil while it is open.
    public var closedUntil: Moment?
    /// One word: the reason of the failure that closed it.
    public var reason: String?
    /// One sentence for people.
    public var detail: String?
    /// Failures in a row.
    public var failures: Int
    /// How many times it was opened again.
    public var openings: Int
    /// The messages that closed it through an answer that may concern them alone, by effect, each with the number of
    /// openings at that time. The newest 256 are kept.
    public var suspects: [Int64: Int]
    /// Until when its own limit last held it up, and which limit; reported by the store, and never set through a state.
    public var limitedUntil: Moment?
    public var limitedBy: String?

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
