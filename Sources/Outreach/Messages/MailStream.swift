// The kinds of mail that a shopper can tell apart: news about her order, marketing, and requests for a review. One
// entry each, here and nowhere else: which address it comes from, whose consent it needs, and whether it can be
// unsubscribed from. A silence applies to one of them, or to all.

/// A kind of mail, by the word that merchants write in `about:`. In rows and JSON it is that word. The set is open: a
/// word from a later version of the program is kept as it is.
public struct MailStream: RawRepresentable, Hashable, Codable, Sendable, CaseIterable {
    public let rawValue: String

    /// A stream by its name, known or not.
    public init(rawValue: String) { self.rawValue = rawValue }

    /// News about the order itself.
    public static let order = MailStream(rawValue: "order")
    /// The shop's news.
    public static let marketing = MailStream(rawValue: "marketing")
    /// Requests for a review.
    public static let ratings = MailStream(rawValue: "ratings")
    /// All of them; only for silences. No message belongs to it.
    public static let all = MailStream(rawValue: "all")

    /// The streams that a message can belong to.
    public static let allCases = Rules.table.map { MailStream(rawValue: $0.name) }

    /// The consent that a stream needs.
    public enum Consent: Sendable {
        /// None: she placed an order.
        case none
        /// She has not unsubscribed from the shop's mail.
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

    /// The rules for a stream.
    struct Rules: Sendable {
        var name: String
        /// What it is, for people, to follow "gets no".
        var words: String
        /// For editors and docs/triggers.md.
        var meaning: String
        var consent: Consent
        /// True if each mail can be unsubscribed from: `List-Unsubscribe` (RFC 2369).
        var hasWayOut: Bool
        /// The keys under `brand` that may give its From address, in order of preference.
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

        /// For an unknown word: the strictest rules.
        static func unknown(_ name: String) -> Rules {
            Rules(
                name: name, words: name, meaning: "", consent: .subscribed, hasWayOut: true, fromKeys: [],
                from: { _ in nil })
        }
    }

    var rules: Rules { Rules.table.first { $0.name == rawValue } ?? .unknown(rawValue) }

    /// What it is, for people, to follow "gets no": `marketing`; `mail` for all.
    public var words: String { self == .all ? "mail" : rules.words }

    /// The From address of its mail; nil if the shop has not given one.
    public func from(_ brand: Brand) -> MailAddress? { rules.from(brand) }

    /// True if each mail can be unsubscribed from.
    public var hasWayOut: Bool { rules.hasWayOut }

    /// The consent that it needs.
    public var consent: Consent { rules.consent }

    /// True if a silence of this stream applies to mail of that one.
    public func silences(_ mail: MailStream) -> Bool { self == .all || self == mail }

    /// For the reference: each stream with its rules.
    static var help: String { Rules.table.map { "`\($0.name)`: \($0.meaning)" }.joined(separator: "; ") }
}

extension MailStream {
    /// `Feedback-ID` (https://support.google.com/mail/answer/6254652): trigger, stream and shop, by which Gmail's
    /// Postmaster Tools count complaints, and the sender last. It contains no personal data.
    public func feedbackID(trigger: String, shop: String) -> String {
        func part(_ text: some StringProtocol) -> String {
            String(text.prefix(60).map { $0.isASCII && ($0.isLetter || $0.isNumber) || $0 == "_" ? $0 : "-" })
        }
        return "\(part(trigger)):\(part(rawValue)):\(part(shop.prefix { $0 != "." })):bookbag"
    }
}
