/// A mail to the shop itself, about its trigger files or its messages: frozen when it is written, and sent until the relay takes it.
/// The store keeps it as an effect of origin `system`.
public struct Notice: Hashable, Sendable {
    /// What it tells. Of each kind only the newest waits: an older one that was not sent yet is no news.
    public enum Kind: String, Sendable, CaseIterable {
        /// An edit was refused.
        case refused
        /// A reload is held.
        case held
        /// Changes came into force.
        case accepted
        /// Mail to shoppers is held, for there was too much of it.
        case braked
        /// Messages wait, for their template fails.
        case unwritten
        /// Webhooks are given up.
        case givenUp = "given_up"
    }

    public var shop: String
    public var kind: Kind
    public var message: Message
    /// When it is to be attempted.
    public var dueAt: Moment

    /// A notice that waits until then. Its message is a mail.
    public init(shop: String, kind: Kind, message: Message, dueAt: Moment) {
        self.shop = shop
        self.kind = kind
        self.message = message
        self.dueAt = dueAt
    }
}
