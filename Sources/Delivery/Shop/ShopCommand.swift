internal import FoundationEssentials
package import Outreach

/// What is to be done in the shop, frozen: the bytes of a message for the channel `shop`.
package struct ShopCommand: Codable, Hashable, Sendable {
    package enum Act: String, Codable, Sendable {
        /// Makes a code.
        case give
        /// Ends a code that nobody was told of.
        case takeBack = "take_back"
    }

    var act: Act
    var code: String
    /// What the shop's people see. It proves that a code is ours.
    var title: String
    /// Whose it is alone, by the shop's id.
    var customer: String?
    /// ISO 8601.
    var starts: String?
    var ends: String?
    /// The last day on which it can be used, where the shop is.
    var expiresOn: String?
    /// In percent; nil for anything else.
    var share: String?
    /// In the shop's currency; nil for anything else. Free shipping has neither.
    var amount: String?
    var currency: String?
    /// The shop's id of the code, if it is known.
    var discount: String?

    /// The results of a code that was made.
    func results(discount: String?) -> [String: String] {
        var results = GiftFacts(
            code: code, share: share.map { "\($0)%" },
            amount: amount.flatMap { text in currency.flatMap { CurrencyUnits.money(text, in: $0) } },
            expiresOn: expiresOn.flatMap { CalendarDay(iso8601: $0) }
        ).results
        results["discount"] = discount
        return results
    }

    var bytes: [UInt8] {
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
        return (try? encoder.encode(self)).map { [UInt8]($0) } ?? []
    }

    init(act: Act, code: String, title: String) {
        self.act = act
        self.code = code
        self.title = title
    }

    /// Reads what `bytes` wrote.
    package init?(_ message: Message) {
        guard let read = try? JSONDecoder().decode(Self.self, from: Data(message.bytes)) else { return nil }
        self = read
    }

    /// The message that takes back what this one made, or may have made.
    ///
    /// - Parameter results: what is known to have come of it.
    package func takenBack(of gift: Message, results: [String: String]) -> Message {
        var command = ShopCommand(act: .takeBack, code: code, title: title)
        command.customer = customer
        command.discount = results["discount"]
        return Message(
            id: "\(gift.id)-back", kind: .shop, envelope: Message.Envelope(), bytes: command.bytes,
            summary: "ends a code that nobody was told of")
    }
}
