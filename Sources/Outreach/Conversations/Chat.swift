internal import FoundationEssentials

// The chat on the shop's pages. Whoever writes there has no address: a session, which only their browser has the token
// of, stands where mail has one. Its name is in conversations, messages and effects; the token is in none of them.
//
// A session proves nothing until it has typed a code that was mailed to the address of an order. From then on it is as
// good as that address for that order, and for no other, as long as the order keeps the address.

/// What holds of all chats.
public enum ChatRules {
    /// A session is over after so long.
    public static let life = Duration.hours(24)
    /// What is known of a session, such as the order it proved, is kept so long after it is over.
    public static let memory = Duration.days(30)
    /// The most characters of a message.
    public static let longestText = 4_000
    /// What was not seen for so long is mailed, where an address was proved.
    public static let unread = Duration.minutes(10)
    /// How long a mailed code is good, and how often a wrong one may be typed.
    public static let codePatience = Duration.minutes(15)
    public static let codeTries = 5
    /// So many of the last messages are shown.
    public static let shown = 50

    private static let namePrefix = "chat-"

    /// The name of a session, of 16 random bytes.
    public static func name(_ bytes: [UInt8]) -> String { namePrefix + bytes.hexadecimal }

    /// Whether that is the name of a session, and no address or number.
    public static func isName(_ text: String?) -> Bool { text?.hasPrefix(namePrefix) == true && text?.count == 37 }

    /// Six digits.
    ///
    /// - Parameter number: a random number.
    public static func code(_ number: UInt64) -> String {
        let digits = String(number % 1_000_000)
        return String(repeating: "0", count: 6 - digits.count) + digits
    }
}

/// One chat of a shopper.
public struct ChatSession: Hashable, Sendable {
    public var shop: String
    /// The number that the store gave it.
    public var id: Int64
    /// What it is called where others have an address. Not secret, and not made from the token.
    public var name: String
    /// The language of the page, such as `de`.
    public var language: String
    public var endsAt: Moment
    /// The order that it proved.
    public var orderID: String?
    /// The keyed hash of the address that the code went to.
    public var provedKey: [UInt8]?
    /// Up to when its browser has shown what was said.
    public var seenAt: Moment

    public init(
        shop: String, id: Int64, name: String, language: String, endsAt: Moment, orderID: String? = nil,
        provedKey: [UInt8]? = nil, seenAt: Moment
    ) {
        self.shop = shop
        self.id = id
        self.name = name
        self.language = language
        self.endsAt = endsAt
        self.orderID = orderID
        self.provedKey = provedKey
        self.seenAt = seenAt
    }
}

/// Something that came in by chat, as its observation has it.
public enum ChatPost: Hashable, Sendable {
    /// Words of hers.
    case words(String)
    /// A number and an address, to prove that an order is hers.
    case claim(order: String, address: String)
    /// She typed the code of an order.
    case proved(order: String)

    /// The source of such observations.
    public static let source = "chat"

    private struct Stored: Codable {
        var session: String
        var text: String?
        var order: String?
        var address: String?
    }

    /// The kind of its observation.
    public var kind: String {
        switch self {
        case .words: "chat.words"
        case .claim: "chat.claim"
        case .proved: "chat.proved"
        }
    }

    /// The observation of it.
    ///
    /// - Parameters:
    ///   - key: what tells it from every other of its session: the same key is the same post.
    ///   - session: the session's name.
    public func observation(key: String, session: String, shop: String, at now: Moment) -> RawObservation {
        var stored = Stored(session: session)
        var owner = session
        switch self {
        case .words(let text): stored.text = text
        case .claim(let order, let address): (stored.order, stored.address, owner) = (order, address, address)
        case .proved(let order): stored.order = order
        }
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
        return RawObservation(
            shop: shop, source: Self.source, externalID: "\(session) \(kind) \(key)", receivedAt: now, kind: kind,
            bytes: (try? encoder.encode(stored)).map { [UInt8]($0) } ?? [], address: owner)
    }

    /// The key of an observation's post, from its name.
    public static func key(of externalID: String) -> String {
        String(externalID.split(separator: " ", maxSplits: 2).last ?? "")
    }

    /// Reads an observation; nil if it is none of these.
    public static func read(_ observation: RawObservation) -> (session: String, post: ChatPost)? {
        guard let stored = try? JSONDecoder().decode(Stored.self, from: Data(observation.bytes)) else { return nil }
        switch observation.kind {
        case "chat.words": return stored.text.map { (stored.session, .words($0)) }
        case "chat.claim":
            guard let order = stored.order, let address = stored.address else { return nil }
            return (stored.session, .claim(order: order, address: address))
        case "chat.proved": return stored.order.map { (stored.session, .proved(order: $0)) }
        default: return nil
        }
    }
}
