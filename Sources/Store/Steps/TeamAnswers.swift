public import Outreach

// Answers by mail of the shop's people. The address that they answer to has a token, which names the customer's message
// and through it the conversation, and which nobody but this store can make or read.

extension Store {
    /// The token of a customer's message, by the observation that it was read from.
    public func answerToken(observation: Int64, shop domain: String) async throws(StoreFailure) -> String {
        let hash = hash
        return try await read { db in hash.answerToken(shop: try db.shop(domain), observation: observation) }
    }

    /// The first of these tokens that names a message of the shop's, and the conversation of that message; nil where
    /// none does, or the conversation is gone.
    public func conversation(
        answering tokens: [String], shop domain: String
    ) async throws(StoreFailure) -> (token: String, id: Int64)? {
        let hash = hash
        let named = tokens.prefix(20).compactMap { token in
            hash.numbers(ofAnswerToken: token.lowercased()).map { (token: token.lowercased(), numbers: $0) }
        }
        guard !named.isEmpty else { return nil }
        return try await read { db in
            let shop = try db.shop(domain)
            for (token, numbers) in named where numbers.shop == shop {
                if let id = try db.integer(Query.conversationOfObservation, [shop, numbers.observation]) {
                    return (token, id)
                }
            }
            return nil
        }
    }
}
