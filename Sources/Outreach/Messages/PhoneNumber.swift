/// A telephone number in its international form (ITU-T E.164): `+447700900123`. A number that could be two is none.
public struct PhoneNumber: Hashable, Sendable, CustomStringConvertible {
    /// `+` and 8 to 15 digits.
    public let text: String

    /// Reads a number as people and shops write it.
    ///
    /// - Parameter country: where it belongs, ISO 3166-1 alpha-2. A national form is only read with the mobile numbers
    ///   of a country whose numbering leaves no doubt.
    public init?(_ written: String, country: String? = nil) {
        var bare = written.unicodeScalars.filter { !$0.properties.isWhitespace && !$0.isInvisibleMark }
        if bare.starts(with: "tel:".unicodeScalars) { bare.removeFirst(4) }
        var compact = ""
        compact.unicodeScalars.append(contentsOf: bare)
        // +44 (0) 7700 …: the zero is only dialled at home.
        if compact.hasPrefix("+"), let zero = compact.firstRange(of: "(0)") { compact.removeSubrange(zero) }
        guard compact.unicodeScalars.count <= 40,
            compact.unicodeScalars.enumerated().allSatisfy({ index, scalar in
                ("0"..."9").contains(scalar) || "()-./\u{2010}\u{2011}\u{2013}".unicodeScalars.contains(scalar)
                    || scalar == "+" && index == 0
            })
        else { return nil }
        let digits = String(compact.unicodeScalars.filter { ("0"..."9").contains($0) }.map(Character.init))
        if compact.hasPrefix("+") {
            self.init(digits: digits)
            return
        }
        guard let plan = country.flatMap({ NumberingPlan.of[$0.uppercased()] }) else { return nil }
        if plan.dialsOutBy00, digits.hasPrefix("00") {
            self.init(digits: String(digits.dropFirst(2)))
            return
        }
        guard let national = plan.national(digits) else { return nil }
        self.init(digits: plan.code + national)
    }

    /// Checks digits that begin with a country's code.
    private init?(digits: String) {
        guard (8...15).contains(digits.count), digits.first != "0" else { return nil }
        // North America's numbers have ten digits, and no area begins with 0 or 1.
        if digits.first == "1" {
            let area = digits.dropFirst().first
            guard digits.count == 11, area != "0", area != "1" else { return nil }
        }
        text = "+\(digits)"
    }

    public var description: String { text }

    /// The number as far as pages and logs may show it: `+44…123`.
    public var shortened: String { "\(text.prefix(3))…\(text.suffix(3))" }
}

/// How a country writes its mobile numbers at home.
private struct NumberingPlan {
    var code: String
    /// What is dialled before a national number at home.
    var trunk: String
    /// What mobile numbers begin with, without the trunk prefix.
    var mobile: [String]
    /// How many digits they have.
    var length: ClosedRange<Int>
    var dialsOutBy00 = true

    /// The number without the trunk prefix; nil if it is no mobile number of the country beyond doubt.
    func national(_ digits: String) -> String? {
        var rest = digits[...]
        if code == "1" {
            if rest.count == 11, rest.first == "1" { rest = rest.dropFirst() }
        } else if !trunk.isEmpty {
            guard rest.hasPrefix(trunk) else { return nil }
            rest = rest.dropFirst(trunk.count)
        }
        return length.contains(rest.count) && mobile.contains(where: rest.hasPrefix) ? String(rest) : nil
    }

    private static let northAmerica = NumberingPlan(
        code: "1", trunk: "", mobile: (2...9).map(String.init), length: 10...10, dialsOutBy00: false)

    static let of: [String: NumberingPlan] = [
        "GB": NumberingPlan(code: "44", trunk: "0", mobile: ["7"], length: 10...10),
        "IE": NumberingPlan(code: "353", trunk: "0", mobile: ["8"], length: 9...9),
        "DE": NumberingPlan(code: "49", trunk: "0", mobile: ["15", "16", "17"], length: 10...11),
        "AT": NumberingPlan(code: "43", trunk: "0", mobile: ["6"], length: 10...11),
        "CH": NumberingPlan(code: "41", trunk: "0", mobile: ["7"], length: 9...9),
        "FR": NumberingPlan(code: "33", trunk: "0", mobile: ["6", "7"], length: 9...9),
        "BE": NumberingPlan(code: "32", trunk: "0", mobile: ["4"], length: 9...9),
        "NL": NumberingPlan(code: "31", trunk: "0", mobile: ["6"], length: 9...9),
        "LU": NumberingPlan(code: "352", trunk: "", mobile: ["6"], length: 9...9),
        "ES": NumberingPlan(code: "34", trunk: "", mobile: ["6", "7"], length: 9...9),
        "PT": NumberingPlan(code: "351", trunk: "", mobile: ["9"], length: 9...9),
        "IT": NumberingPlan(code: "39", trunk: "", mobile: ["3"], length: 9...10),
        "SE": NumberingPlan(code: "46", trunk: "0", mobile: ["7"], length: 9...9),
        "NO": NumberingPlan(code: "47", trunk: "", mobile: ["4", "9"], length: 8...8),
        "DK": NumberingPlan(code: "45", trunk: "", mobile: (2...9).map(String.init), length: 8...8),
        "FI": NumberingPlan(code: "358", trunk: "0", mobile: ["4", "5"], length: 8...10),
        "PL": NumberingPlan(code: "48", trunk: "", mobile: ["5", "6", "7", "8"], length: 9...9),
        "CZ": NumberingPlan(code: "420", trunk: "", mobile: ["6", "7"], length: 9...9),
        "AU": NumberingPlan(code: "61", trunk: "0", mobile: ["4"], length: 9...9, dialsOutBy00: false),
        "NZ": NumberingPlan(code: "64", trunk: "0", mobile: ["2"], length: 8...10),
        "US": northAmerica, "CA": northAmerica,
    ]
}

extension Unicode.Scalar {
    /// Marks that come along when a number is copied: direction and zero width.
    fileprivate var isInvisibleMark: Bool {
        (0x200B...0x200F).contains(value) || (0x202A...0x202E).contains(value) || (0x2066...0x2069).contains(value)
            || value == 0xFEFF
    }
}

extension OrderRecord {
    /// The number that texts about this order go to: the customer's own, since her consent in Shopify is for that one
    /// and no other. Nil if there is none in a certain international form.
    public var phone: PhoneNumber? {
        facts.customer?.phone.flatMap { PhoneNumber($0, country: facts.shippingAddress?.countryCode) }
    }

    /// Every number that the order is known by, each once: whoever texts from one of these is taken for its shopper.
    public var phones: [PhoneNumber] {
        let country = facts.shippingAddress?.countryCode ?? facts.billingAddress?.countryCode
        return [
            facts.phone, facts.customer?.phone, facts.shippingAddress?.phone, facts.billingAddress?.phone,
        ].compactMap { $0.flatMap { PhoneNumber($0, country: country) } }.unique
    }

    /// Whom a message through that channel goes to, as limits, silences and history know her: her mail address, or for
    /// texts her number.
    public func address(on channel: ChannelName) -> String? {
        channel == .sms ? phone?.text : recipient?.address
    }
}
