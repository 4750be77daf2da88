/// What reached us once and cannot be asked for again: a message, a hook, a rating, a form. It is kept as it came,
/// before anything is made of it, so that neither a crash nor a fault in judging loses it.
public struct RawObservation: Hashable, Sendable {
    /// The store's number; 0 until it is stored.
    public var id: Int64
    public var shop: String
    /// Where it came from: `hook`, `mailbox`.
    public var source: String
    /// What the source calls it. The same one twice is one.
    public var externalID: String
    public var receivedAt: Moment
    /// What it is, in the source's own words: how its bytes are to be read.
    public var kind: String
    /// As they came.
    public var bytes: [UInt8]
    /// What it is about, where the source knows that; it is erased together with it.
    public var about: AggregateID?
    /// Whose it is, where the source knows an address. It is kept as a keyed hash, for an erasure, and never given
    /// back.
    public var address: String?

    /// What that source told.
    public init(
        id: Int64 = 0, shop: String, source: String, externalID: String, receivedAt: Moment, kind: String,
        bytes: [UInt8], about: AggregateID? = nil, address: String? = nil
    ) {
        self.id = id
        self.shop = shop
        self.source = source
        self.externalID = externalID
        self.receivedAt = receivedAt
        self.kind = kind
        self.bytes = bytes
        self.about = about
        self.address = address
    }
}
