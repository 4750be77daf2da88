internal import Foundation

/// The fields of a form (`application/x-www-form-urlencoded`), all of them, in the order in which they came.
public struct FormFields: Hashable, Sendable {
    /// A field; names may repeat.
    public struct Field: Hashable, Sendable {
        public var name: String
        public var value: String
    }

    public let fields: [Field]

    /// Reads a body. Nil if an escape in it is none, or what it stands for is not UTF-8, or there are more than
    /// `limit`.
    public init?(_ bytes: [UInt8], limit: Int = 500) {
        guard let text = String(validating: bytes, as: UTF8.self) else { return nil }
        let pairs = text.split(separator: "&")
        guard pairs.count <= limit else { return nil }
        var fields: [Field] = []
        for pair in pairs {
            let parts = pair.split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false)
            guard let name = Self.decoded(parts[0]), let value = parts.count > 1 ? Self.decoded(parts[1]) : "" else {
                return nil
            }
            fields.append(Field(name: name, value: value))
        }
        self.fields = fields
    }

    private static func decoded(_ text: Substring) -> String? {
        text.replacing("+", with: " ").removingPercentEncoding
    }

    /// The first value of a name.
    public subscript(_ name: String) -> String? { fields.first { $0.name == name }?.value }
}
