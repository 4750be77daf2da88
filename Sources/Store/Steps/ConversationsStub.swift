public import Outreach

extension Store {
    public func conversations(
        _ ids: [Int64], shop: String, now: Moment
    ) async throws(StoreFailure) -> [Int64: ConversationRecord] { [:] }
}
