/// Something that reached us once and cannot be asked for again: a message, a hook, a rating, a form. It is stored as
/// it came, before it is interpreted, so that neither a crash nor a bug in judging it loses it.
public struct RawObservation: Hashable, Sendable {
    /// The number that the store gave it; 0 until it is stored.
    public var id: Int64
    public var shop: String
    /// Where it came from: `hook`, `mailbox`.
    public var source: String
    /// The source's own id for it. The same id twice means the same observation.
    public var externalID: String
    public var receivedAt: Moment
    /// What it is, in the source's own terms, which determines how its bytes are read.
    public var kind: String
    /// The bytes as they came.
    public var bytes: [UInt8]
    /// What it is about, if the source knows; it is erased together with that.
    public var about: AggregateID?
    /// Whose it is, if the source knows an address. It is stored as a keyed hash, for erasure, and never returned.
    public var address: String?

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
