/// A mail to the shop itself about its trigger files or its messages: frozen when it is written, and attempted until the
/// relay accepts it. The store keeps it as an effect of origin `system`.
public struct Notice: Hashable, Sendable {
    /// What it reports. Only the newest of each kind waits: an older one that has not been sent yet is no longer news.
    public enum Kind: String, Sendable, CaseIterable {
        /// An edit was refused.
        case refused
        /// A reload is held.
        case held
        /// Changes came into force.
        case accepted
        /// Mail to shoppers is held because there was too much of it.
        case braked
        /// Messages wait because their template fails.
        case unwritten
        /// Webhooks are given up.
        case givenUp = "given_up"
        /// A budget is nearly used up, or wholly.
        case budget
    }

    public var shop: String
    public var kind: Kind
    public var message: Message
    /// When it should be attempted.
    public var dueAt: Moment

    public init(shop: String, kind: Kind, message: Message, dueAt: Moment) {
        self.shop = shop
        self.kind = kind
        self.message = message
        self.dueAt = dueAt
    }
}
