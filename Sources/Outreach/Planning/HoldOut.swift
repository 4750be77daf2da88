internal import Crypto
internal import FoundationEssentials

// A trigger that holds some customers out shows what its messages are worth: those who are not told are compared with
// those who are, by how many of each write to the shop.
//
// Who is held out is drawn by a keyed hash of the trigger and the customer, so it stays the same for each customer, is
// nobody's choice, and cannot be told from the outside. It is drawn last, of a message that would be sent now: so both
// groups are alike in everything else.

/// The share of customers that a trigger does not tell, in hundredths of a percent.
public struct HoldOut: Hashable, Sendable, CustomStringConvertible {
    /// From 1 to `most`.
    public let permyriad: Int

    /// At most half of the customers.
    public static let most = 5_000

    /// Nil for a share that is nothing, or more than half.
    public init?(permyriad: Int) {
        guard (1...Self.most).contains(permyriad) else { return nil }
        self.permyriad = permyriad
    }

    /// Reads `5%`, `2.5 %`; nil for anything else.
    init?(_ text: String) {
        let words = text.trimmingSpaces
        guard words.hasSuffix("%") else { return nil }
        let number = String(words.dropLast()).trimmingSpaces
        guard let match = number.wholeMatch(of: /([0-9]{1,3})(?:\.([0-9]{1,2}))?/), let whole = Int(match.output.1)
        else { return nil }
        let fraction = match.output.2.map { String($0) } ?? ""
        let hundredths = Int(fraction + String(repeating: "0", count: 2 - fraction.count)) ?? 0
        self.init(permyriad: whole * 100 + hundredths)
    }

    /// `5 %`, `2.5 %`.
    public var description: String {
        let (whole, rest) = (permyriad / 100, permyriad % 100)
        if rest == 0 { return "\(whole) %" }
        return rest % 10 == 0 ? "\(whole).\(rest / 10) %" : "\(whole).\(rest < 10 ? "0" : "")\(rest) %"
    }

    /// Whether somebody is held out.
    ///
    /// - Parameters:
    ///   - trigger: the trigger's name.
    ///   - customer: the shop's id of the customer, or else the address.
    ///   - key: the store's secret for this. Nobody is held out without one.
    func draws(trigger: String, customer: String, key: [UInt8]) -> Bool {
        guard !key.isEmpty else { return false }
        var code = HMAC<SHA256>(key: SymmetricKey(data: key))
        for part in [trigger, customer] {
            code.update(data: Data("\(part.utf8.count):".utf8))
            code.update(data: Data(part.utf8))
        }
        let number = code.finalize().prefix(8).reduce(UInt64(0)) { $0 << 8 | UInt64($1) }
        return number < UInt64.max / 10_000 * UInt64(permyriad)
    }

    /// What the key is derived for.
    public static let keyPurpose = "hold out"
}

/// That a message of a trigger with `hold_out` was sent, or was not: what contacts are counted against.
public struct HoldOutDraw: Hashable, Sendable {
    /// True if the customer is not told.
    public var isHeld: Bool
    /// Whom it would go to.
    public var address: String
    /// The shop's id of the customer; nil for a guest.
    public var customerID: String?

    public init(isHeld: Bool, address: String, customerID: String?) {
        self.isHeld = isHeld
        self.address = address
        self.customerID = customerID
    }
}
