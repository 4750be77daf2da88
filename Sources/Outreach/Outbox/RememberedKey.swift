import Foundation

/// The names of the small facts about a shop that the store keeps between runs. A name, once shipped, never changes.
public enum RememberedName: String, CaseIterable, Sendable {
    case alerts, away, brake, bucket, carriers, profile
    case answerProofs = "answer_proofs"
    case brakeReleased = "brake_released"
    case clockFault = "clock_fault"
    case confirmedReload = "confirmed_reload"
    case givenUp = "given_up"
    case heldReload = "held_reload"
    case lastFault = "last_fault"
    case lastGoodCycle = "last_good_cycle"
    case mailboxFailingSince = "mailbox_failing_since"
    case mailboxFault = "mailbox_fault"
    case mailboxRead = "mailbox_read"
    case noRelay = "no_relay"
    case pauses
    case retention
    case shopFault = "shop_fault"
    case weeklyReport = "weekly_report"
}

/// One small fact about a shop that the store keeps, and the type of its value.
public struct RememberedKey<Value: RememberedValue>: Sendable {
    public let name: RememberedName

    package init(_ name: RememberedName) { self.name = name }
}

/// A value that can be kept under a name, because it has a text form.
public protocol RememberedValue: Sendable {
    /// At most 65,536 characters.
    var rememberedText: String { get }
    /// Reads what `rememberedText` wrote; nil for anything else.
    init?(rememberedText: String)
}

extension String: RememberedValue {
    public var rememberedText: String { self }
    public init?(rememberedText: String) { self = rememberedText }
}

extension Moment: RememberedValue {
    public var rememberedText: String { iso8601 }
    public init?(rememberedText: String) { self.init(iso8601: rememberedText) }
}

extension RememberedValue where Self: Codable {
    public var rememberedText: String {
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.sortedKeys]
        return (try? encoder.encode(self)).map { String(decoding: $0, as: UTF8.self) } ?? ""
    }

    public init?(rememberedText: String) {
        guard let value = try? JSONDecoder().decode(Self.self, from: Data(rememberedText.utf8)) else { return nil }
        self = value
    }
}

extension ShopProfile: RememberedValue {}

extension RememberedKey where Value == String {
    /// The carriers that could be asked when every open parcel was last assigned to one, by name, separated by spaces.
    public static var carriers: Self { Self(.carriers) }
    /// Why our clock is not trusted.
    public static var clockFault: Self { Self(.clockFault) }
    /// The code of the held reload that a person confirmed.
    public static var confirmedReload: Self { Self(.confirmedReload) }
    /// Why the trigger files on disk are not in force.
    public static var lastFault: Self { Self(.lastFault) }
    /// Why the mailbox cannot be read, until it can.
    public static var mailboxFault: Self { Self(.mailboxFault) }
    /// The triggers whose mails no relay accepts, by name, separated by commas.
    public static var noRelay: Self { Self(.noRelay) }
    /// Why the shop could not be read, until it can.
    public static var shopFault: Self { Self(.shopFault) }
}

extension RememberedKey where Value == Moment {
    /// When a brake that held mail back was released.
    public static var brakeReleased: Self { Self(.brakeReleased) }
    /// When a cycle of reading the shop last succeeded.
    public static var lastGoodCycle: Self { Self(.lastGoodCycle) }
    /// Since when the mailbox cannot be read.
    public static var mailboxFailingSince: Self { Self(.mailboxFailingSince) }
    /// The Monday, at 08:00 in the shop, whose report was written last; or by which it was first asked for.
    public static var weeklyReport: Self { Self(.weeklyReport) }
    /// When the mailbox was last read without an error, to the minute.
    public static var mailboxRead: Self { Self(.mailboxRead) }
}

extension RememberedKey where Value == ShopProfile {
    /// What Shopify last said about the shop itself.
    public static var profile: Self { Self(.profile) }
}

/// Everything remembered about one shop.
public struct RememberedFacts: Hashable, Sendable {
    private let texts: [String: String]

    /// The texts by name, as the store keeps them.
    public init(_ texts: [String: String] = [:]) { self.texts = texts }

    /// The value under that key; nil if there is none, or one that cannot be read.
    public subscript<Value>(key: RememberedKey<Value>) -> Value? {
        texts[key.name.rawValue].flatMap(Value.init(rememberedText:))
    }
}
