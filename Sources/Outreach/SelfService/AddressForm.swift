internal import FoundationEssentials

// The form in which a shopper writes another address for her order: which fields her country has, in which order, and
// what is wrong with what she wrote. The country itself is fixed, for prices, taxes and duties depend on it.
//
// Shopify judges an address better than we do (it knows the postal codes), so this only sees to what it would not say at
// a field: what has to be there, how long it is, and that a region is one of the country. Where Shopify wants a region
// and we do not know those of the country, there is no form.

/// The fields of a country.
public struct AddressForm: Hashable, Sendable {
    /// ISO 3166-1 alpha-2.
    public let country: String
    /// In the order in which people write them there.
    public let fields: [AddressField]
    /// Those that have to be filled in.
    public let required: Set<AddressField>
    /// Shopify's regions of the country, as its codes and names; empty where an address names none.
    public let regions: [Region]

    public struct Region: Hashable, Sendable {
        public var code: String
        public var name: String
    }

    /// The longest that a field may be, in characters.
    public static let longest = 100

    /// The form of a country; nil for none, and where an address needs a region that is not known.
    ///
    /// - Parameter known: the order's address.
    public init?(country: String, known: AddressFacts) {
        guard country.count == 2 else { return nil }
        let regions = Self.regions[country] ?? []
        // The United Kingdom's are no part of an address.
        if regions.isEmpty, country != "GB", known.provinceCode?.isEmpty == false { return nil }
        self.country = country
        self.regions = regions
        var place: [AddressField] = [.zip, .city]
        if Self.zipLast.contains(country) { place = [.city, .zip] }
        if !regions.isEmpty { place.insert(.province, at: place == [.city, .zip] ? 1 : 2) }
        fields = [.firstName, .lastName, .company, .address1, .address2] + place + [.phone]
        var required: Set<AddressField> = [.lastName, .address1, .city]
        if !Self.withoutZip.contains(country) { required.insert(.zip) }
        if !regions.isEmpty { required.insert(.province) }
        self.required = required
    }

    /// The address that was written, or what is wrong with it.
    public enum Read: Hashable, Sendable {
        case address(AddressFacts)
        case wrong([AddressField: AddressObjection])
    }

    /// Reads what was posted. Fields that the country does not have are not looked at.
    ///
    /// - Parameter known: the order's address.
    public func read(_ posted: (AddressField) -> String?, known: AddressFacts) -> Read {
        var wrong: [AddressField: AddressObjection] = [:]
        var values: [AddressField: String] = [:]
        for field in fields {
            guard let text = Self.line(posted(field) ?? "") else {
                wrong[field] = .invalid
                continue
            }
            values[field] = text
            if text.isEmpty, required.contains(field) { wrong[field] = .missing }
        }
        if let region = values[.province], !region.isEmpty, !regions.contains(where: { $0.code == region }) {
            wrong[.province] = .invalid
        }
        guard wrong.isEmpty else { return .wrong(wrong) }
        var address = AddressFacts()
        address.firstName = values[.firstName]
        address.lastName = values[.lastName]
        address.company = values[.company]
        address.address1 = values[.address1]
        address.address2 = values[.address2]
        address.zip = values[.zip]
        address.city = values[.city]
        address.phone = values[.phone].flatMap { $0.isEmpty ? nil : $0 }
        address.country = known.country
        address.countryCode = country
        if let code = values[.province], !code.isEmpty {
            address.provinceCode = code
        } else if regions.isEmpty, values[.zip] == known.zip {
            // Shopify's own idea of where that is.
            address.provinceCode = known.provinceCode
        }
        return .address(address)
    }

    /// Words on one line, without what nobody can see; nil if they are too long.
    private static func line(_ text: String) -> String? {
        guard text.utf8.count <= longest * 16 else { return nil }
        let visible = text.unicodeScalars.map { scalar -> Character in
            switch scalar.properties.generalCategory {
            case .control, .lineSeparator, .paragraphSeparator, .spaceSeparator: " "
            default: Character(scalar)
            }
        }
        let hidden: Set<Unicode.GeneralCategory> = [.format, .privateUse, .surrogate, .unassigned]
        // Persian and emoji need the joiners.
        let shown = visible.flatMap(\.unicodeScalars).filter {
            !hidden.contains($0.properties.generalCategory) || $0 == "\u{200C}" || $0 == "\u{200D}"
        }
        let words = String(String.UnicodeScalarView(shown)).split(separator: " ").joined(separator: " ")
            .trimmingSpaces
        return words.count <= longest ? words : nil
    }

    /// Where the postal code comes after the town.
    private static let zipLast: Set<String> = [
        "AU", "BR", "CA", "GB", "HK", "IE", "IN", "JP", "NZ", "SG", "TH", "US", "ZA",
    ]
    /// Where many addresses have no postal code.
    private static let withoutZip: Set<String> = [
        "AE", "AG", "AO", "AW", "BS", "BW", "BZ", "CG", "CI", "CM", "DM", "FJ", "GD", "GH", "GM", "GY", "HK", "IE",
        "JM",
        "KE", "KN", "LC", "LY", "MO", "MW", "PA", "QA", "RW", "SB", "SC", "SR", "TG", "TO", "TT", "TZ", "UG", "VU",
        "YE",
        "ZW",
    ]
}

extension AddressFacts {
    /// The value of a field in a form.
    public subscript(_ field: AddressField) -> String {
        switch field {
        case .firstName: firstName ?? ""
        case .lastName: lastName ?? ""
        case .company: company ?? ""
        case .address1: address1 ?? ""
        case .address2: address2 ?? ""
        case .zip: zip ?? ""
        case .city: city ?? ""
        case .province: provinceCode ?? ""
        case .phone: phone ?? ""
        }
    }

    /// Whether both are the same in what a form shows.
    public func isSame(as other: AddressFacts, in form: AddressForm) -> Bool {
        form.fields.allSatisfy { self[$0].trimmingSpaces == other[$0].trimmingSpaces }
    }
}
