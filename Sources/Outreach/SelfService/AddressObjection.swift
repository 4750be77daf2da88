/// What is wrong with a field of an address, in a form that she filled in: found by us, or by Shopify.
public enum AddressObjection: String, Sendable, CaseIterable {
    case missing
    case invalid

    /// Which result of an action has what Shopify objects to in a field.
    private static let prefix = "refused_"

    /// The objections among an action's results, by field.
    public static func read(_ results: [String: String]) -> [AddressField: AddressObjection] {
        var found: [AddressField: AddressObjection] = [:]
        for (name, value) in results where name.hasPrefix(prefix) {
            if let field = AddressField(rawValue: String(name.dropFirst(prefix.count))) {
                found[field] = AddressObjection(rawValue: value) ?? .invalid
            }
        }
        return found
    }

    /// As results of an action, by field.
    public static func results(_ objections: [AddressField: AddressObjection]) -> [String: String] {
        Dictionary(uniqueKeysWithValues: objections.map { (prefix + $0.key.rawValue, $0.value.rawValue) })
    }
}

/// A field of an address in a form.
public enum AddressField: String, Sendable, CaseIterable {
    case firstName = "first_name"
    case lastName = "last_name"
    case company
    case address1
    case address2
    case zip
    case city
    case province
    case phone
}
