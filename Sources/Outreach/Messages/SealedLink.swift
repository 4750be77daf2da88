internal import Crypto
internal import FoundationEssentials

// Links for shoppers that nobody can read, guess or forge.
//
//     /p/1/SHOP/PURPOSE/SEALED
//
// The version, the shop and the purpose are in plain text, so that a page knows which key opens the rest. SEALED is
// AES-256-GCM (NIST SP 800-38D) in base64url (RFC 4648, 5) over the order's number (in a link to rate, the number of
// the effect that asks; below an answer, that of the answer), the keyed hash of the address that the mail went to, and
// the day of issue; the plain part is authenticated with it. Each shop and each purpose has its own key, so a link for one opens nothing of another.
//
// The nonce is a keyed hash of what is sealed (following RFC 8452's reasoning, with HMAC as the hash): the same facts
// give the same link, so that rendering stays a pure function, and no nonce is ever used for two different texts. A
// link holds no state: how long it is valid is decided when it is opened.

/// A link to one of the shopper's own pages.
public struct SealedLink: Hashable, Sendable {
    /// What the link is for. Each purpose has its own key.
    public enum Purpose: String, Sendable, CaseIterable {
        /// Tracking the parcel.
        case track
        /// Unsubscribing from marketing.
        case stop
        /// Being asked for no more ratings.
        case stopRatings = "stopratings"
        /// Choosing what may be written about.
        case preferences
        /// Saying how it went.
        case rate
        /// Saying whether an automatic answer helped.
        case answer
        /// Choosing what is offered when something went wrong.
        case remedy
        /// Having an order sent elsewhere.
        case address
        /// Cancelling an order.
        case cancel
        /// Starting a return.
        case `return`
    }

    public var purpose: Purpose
    /// The permanent domain of the shop.
    public var shop: String
    /// The number in the order's global id; of a link to rate, or to be asked no more, the number of the effect that
    /// asks, and below an answer that of the answer.
    public var orderNumber: UInt64
    /// The keyed hash of the address that the mail went to: 16 bytes.
    public var addressKey: [UInt8]
    /// The day of issue; stored as days since 1970.
    public var day: CalendarDay

    private static let version = "1"
    private static let orderPrefix = "gid://shopify/Order/"
    /// 8 bytes of the order's number, 16 of the address, 4 of the day.
    private static let length = 28

    /// A link about an order; nil if its id is not one of Shopify's, or the key is not such a hash.
    public init?(_ purpose: Purpose, shop: String, orderID: String, addressKey: [UInt8], day: CalendarDay) {
        guard orderID.hasPrefix(Self.orderPrefix), let number = UInt64(orderID.dropFirst(Self.orderPrefix.count)),
            addressKey.count == 16, UInt32(exactly: day.daysSinceEpoch) != nil
        else { return nil }
        self.purpose = purpose
        self.shop = shop
        orderNumber = number
        self.addressKey = addressKey
        self.day = day
    }

    /// A link to answer the question of an effect; nil if the key is not a keyed hash of an address.
    public init?(rating request: Int64, shop: String, addressKey: [UInt8], day: CalendarDay) {
        self.init(.rate, effect: request, shop: shop, addressKey: addressKey, day: day)
    }

    /// A link to be asked for no more ratings, in the message of that effect; nil if the key is not a keyed hash of an
    /// address.
    public init?(stoppingRatings request: Int64, shop: String, addressKey: [UInt8], day: CalendarDay) {
        self.init(.stopRatings, effect: request, shop: shop, addressKey: addressKey, day: day)
    }

    /// A link to say whether an answer helped; nil if the key is not a keyed hash of an address.
    public init?(answer effect: Int64, shop: String, addressKey: [UInt8], day: CalendarDay) {
        self.init(.answer, effect: effect, shop: shop, addressKey: addressKey, day: day)
    }

    /// A link to choose what is offered; nil if the key is not a keyed hash of an address.
    public init?(remedy offer: Int64, shop: String, addressKey: [UInt8], day: CalendarDay) {
        self.init(.remedy, effect: offer, shop: shop, addressKey: addressKey, day: day)
    }

    private init?(_ purpose: Purpose, effect: Int64, shop: String, addressKey: [UInt8], day: CalendarDay) {
        guard let number = UInt64(exactly: effect), addressKey.count == 16, UInt32(exactly: day.daysSinceEpoch) != nil
        else { return nil }
        self.purpose = purpose
        self.shop = shop
        orderNumber = number
        self.addressKey = addressKey
        self.day = day
    }

    /// The order's global id.
    public var orderID: String { "\(Self.orderPrefix)\(orderNumber)" }

    /// The purpose that a key is derived for.
    public static func keyPurpose(_ purpose: Purpose, shop: String) -> String {
        "link \(version) \(purpose.rawValue) \(shop)"
    }

    /// The path of the link.
    ///
    /// - Parameter key: 32 bytes, derived for `keyPurpose`.
    public func path(key: [UInt8]) -> String {
        var text: [UInt8] = []
        withUnsafeBytes(of: orderNumber.bigEndian) { text.append(contentsOf: $0) }
        text.append(contentsOf: addressKey)
        withUnsafeBytes(of: UInt32(clamping: day.daysSinceEpoch).bigEndian) { text.append(contentsOf: $0) }
        let head = Self.head(purpose, shop: shop)
        let symmetric = SymmetricKey(data: key)
        let mac = HMAC<SHA256>.authenticationCode(for: Data("nonce \(head)".utf8) + Data(text), using: symmetric)
        // Both lengths are right by construction: 12 bytes of nonce, and a 32-byte key.
        guard let nonce = try? AES.GCM.Nonce(data: Data(mac).prefix(12)),
            let box = try? AES.GCM.seal(Data(text), using: symmetric, nonce: nonce, authenticating: Data(head.utf8)),
            let sealed = box.combined
        else { preconditionFailure("a link's key has 32 bytes") }
        return head + Self.base64url(sealed)
    }

    /// Opens the path of a link; nil for anything that was not created with that key.
    ///
    /// - Parameters:
    ///   - path: without a query.
    ///   - shops: the served shops, by their permanent domains.
    ///   - keys: returns the keys for a purpose: the current one, and the one before it.
    public init?(path: String, shops: some Sequence<String>, keys: (_ keyPurpose: String) -> [[UInt8]]) {
        guard path.utf8.count <= 400 else { return nil }
        let parts = path.split(separator: "/", omittingEmptySubsequences: false).map(String.init)
        guard parts.count == 6, parts[0].isEmpty, parts[1] == "p", parts[2] == Self.version,
            let purpose = Purpose(rawValue: parts[4]),
            let shop = shops.first(where: { ShopDomain.short($0) == parts[3] }),
            let sealed = Self.bytes(base64url: parts[5]), sealed.count == 12 + Self.length + 16,
            let box = try? AES.GCM.SealedBox(combined: sealed),
            let text = keys(Self.keyPurpose(purpose, shop: shop)).lazy.compactMap({ key in
                try? AES.GCM.open(
                    box, using: SymmetricKey(data: key), authenticating: Data(Self.head(purpose, shop: shop).utf8))
            }).first
        else { return nil }
        let bytes = [UInt8](text)
        self.purpose = purpose
        self.shop = shop
        orderNumber = bytes[..<8].reduce(0) { $0 << 8 | UInt64($1) }
        addressKey = Array(bytes[8..<24])
        day = CalendarDay(daysSinceEpoch: bytes[24...].reduce(0) { $0 << 8 | Int64($1) })
    }

    private static func head(_ purpose: Purpose, shop: String) -> String {
        "/p/\(version)/\(ShopDomain.short(shop))/\(purpose.rawValue)/"
    }

    private static func base64url(_ data: Data) -> String {
        data.base64EncodedString().replacing("+", with: "-").replacing("/", with: "_").replacing("=", with: "")
    }

    private static func bytes(base64url text: String) -> Data? {
        let isPlain = text.utf8.allSatisfy { byte in
            (0x30...0x39).contains(byte) || (0x41...0x5A).contains(byte) || (0x61...0x7A).contains(byte)
                || byte == 0x2D || byte == 0x5F
        }
        guard isPlain else { return nil }
        let standard = text.replacing("-", with: "+").replacing("_", with: "/")
        guard
            let data = Data(base64Encoded: standard + String(repeating: "=", count: (4 - standard.utf8.count % 4) % 4))
        else { return nil }
        // Each link has exactly one spelling.
        return base64url(data) == text ? data : nil
    }
}
