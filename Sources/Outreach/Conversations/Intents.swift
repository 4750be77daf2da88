/// What a message can ask for, in the words that trigger files use in `message.asks`.
public enum Intents {
    /// Each with what it means, for the reference. The same words as the understanding's.
    public static let all: [(name: String, meaning: String)] = [
        ("where_is_my_order", "where the order is, or why it is late"),
        ("delivered_not_received", "it is marked as delivered, and has not arrived"),
        ("damaged", "something came broken"),
        ("wrong_item", "the wrong thing came, or something is missing"),
        ("start_return", "wants to send something back"),
        ("exchange", "wants another size or colour"),
        ("return_status", "how far a return is"),
        ("refund_status", "where the money is"),
        ("change_address", "it should go to another address"),
        ("cancel_order", "does not want it any more"),
        ("change_order", "wants something added or changed"),
        ("invoice", "needs an invoice"),
        ("price", "a discount, a price, the cost of shipping"),
        ("product", "a question before a purchase"),
        ("privacy", "wants to see her data, or to have it deleted"),
        ("thanks", "says thank you, and asks for nothing"),
        ("stop", "wants no more messages"),
        ("other", "something else"),
        ("unclear", "nothing that could be understood"),
    ]

    /// The names alone.
    public static let names = all.map(\.name)
}
