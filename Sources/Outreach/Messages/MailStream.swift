// The kinds of mail that a shopper can tell apart: news of her order, marketing, and requests for a rating. One entry
// each, here and nowhere else: from which address it comes, whose consent it needs, and whether it shows a way out.
// What she silences is one of them, or all.

/// A kind of mail, by the word that merchants write in `about:`. In rows and JSON it is that word. Open: a word of a
/// later program is kept as it is.
public struct MailStream: RawRepresentable, Hashable, Codable, Sendable, CaseIterable {
    public let rawValue: String

    /// A stream of that name, or another's word for one.
    public init(rawValue: String) { self.rawValue = rawValue }

    /// The order itself.
    public static let order = MailStream(rawValue: "order")
    /// The shop's news.
    public static let marketing = MailStream(rawValue: "marketing")
    /// Requests to say how it was.
    public static let ratings = MailStream(rawValue: "ratings")
    /// All of them, of a silence. No message is about it.
    public static let all = MailStream(rawValue: "all")

    /// Those that a message can be about.
    public static let allCases = Rules.table.map { MailStream(rawValue: $0.name) }

    /// Whose consent a stream needs.
    public enum Consent: Sendable {
        /// Nobody's: she ordered.
        case none
        /// She has not ended a subscription to the shop's mail.
        case notUnsubscribed
        /// She has subscribed.
        case subscribed

        /// Whether a customer has given it; `nil` stands for a guest.
        func isGiven(by customer: CustomerFacts?) -> Bool {
            switch self {
            case .none: true
            case .notUnsubscribed: customer?.marketing != .unsubscribed
            case .subscribed: customer?.marketing == .subscribed
            }
        }
    }

    /// What holds for a stream.
    struct Rules: Sendable {
        var name: String
        /// What it is, for people: behind "gets no".
        var words: String
        /// For editors and docs/triggers.md.
        var meaning: String
        var consent: Consent
        /// True where each mail shows how to end it: `List-Unsubscribe` (RFC 2369).
        var hasWayOut: Bool
        /// The keys under `brand` that can give its From, the first that is there.
        var fromKeys: [String]
        var from: @Sendable (Brand) -> MailAddress?

        static let table: [Rules] = [
            Rules(
                name: "order", words: "order news", meaning: "the order itself; everybody gets it, from `from`",
                consent: .none, hasWayOut: false, fromKeys: ["from"], from: { $0.from }),
            Rules(
                name: "marketing", words: "marketing",
                meaning: "only those who are subscribed when it is sent get it, from `marketing_from`",
                consent: .subscribed, hasWayOut: true, fromKeys: ["marketing_from"], from: { $0.marketingFrom }),
            Rules(
                name: "ratings", words: "requests for a rating",
                meaning:
                    "those who ended their subscription do not get it; it comes from `ratings_from`, else from `marketing_from`",
                consent: .notUnsubscribed, hasWayOut: true, fromKeys: ["ratings_from", "marketing_from"],
                from: { $0.ratingsFrom ?? $0.marketingFrom }),
        ]

        /// For a word that nobody knows: what is strictest.
        static func unknown(_ name: String) -> Rules {
            Rules(
                name: name, words: name, meaning: "", consent: .subscribed, hasWayOut: true, fromKeys: [],
                from: { _ in nil })
        }
    }

    var rules: Rules { Rules.table.first { $0.name == rawValue } ?? .unknown(rawValue) }

    /// What it is, for people, behind "gets no": `marketing`; `mail` for all.
    public var words: String { self == .all ? "mail" : rules.words }

    /// The From of its mail; nil where the shop has given none.
    public func from(_ brand: Brand) -> MailAddress? { rules.from(brand) }

    /// True where each mail shows how to end it.
    public var hasWayOut: Bool { rules.hasWayOut }

    /// Whose consent it needs.
    public var consent: Consent { rules.consent }

    /// True where a silence of this stream holds for a mail of that one.
    public func silences(_ mail: MailStream) -> Bool { self == .all || self == mail }

    /// For the reference: each stream with what holds for it.
    static var help: String { Rules.table.map { "`\($0.name)`: \($0.meaning)" }.joined(separator: "; ") }
}

extension MailStream {
    /// `Feedback-ID` (https://support.google.com/mail/answer/6254652): trigger, stream and shop, by which Gmail's
    /// Postmaster Tools count complaints, and last who sends. Nobody's data is in it.
    public func feedbackID(trigger: String, shop: String) -> String {
        func part(_ text: some StringProtocol) -> String {
            String(text.prefix(60).map { $0.isASCII && ($0.isLetter || $0.isNumber) || $0 == "_" ? $0 : "-" })
        }
        return "\(part(trigger)):\(part(rawValue)):\(part(shop.prefix { $0 != "." })):bookbag"
    }
}
