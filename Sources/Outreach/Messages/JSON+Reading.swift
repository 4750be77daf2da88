internal import Foundation

extension JSON: Decodable {
    /// Reads a text; nil if it is not JSON. The members of an object come in the order of their names, since the reader
    /// does not keep their own.
    init?(reading bytes: [UInt8]) {
        guard let value = try? JSONDecoder().decode(JSON.self, from: Data(bytes)) else { return nil }
        self = value
    }

    /// Reads any JSON value from a decoder.
    public init(from decoder: any Decoder) throws {
        if let members = try? decoder.container(keyedBy: Key.self) {
            self = .object(
                try members.allKeys.sorted { $0.stringValue < $1.stringValue }.map { key in
                    Member(key.stringValue, try members.decode(JSON.self, forKey: key))
                })
            return
        }
        if var list = try? decoder.unkeyedContainer() {
            var elements: [JSON] = []
            while !list.isAtEnd { elements.append(try list.decode(JSON.self)) }
            self = .array(elements)
            return
        }
        let value = try decoder.singleValueContainer()
        if value.decodeNil() {
            self = .null
        } else if let flag = try? value.decode(Bool.self) {
            self = .bool(flag)
        } else if let number = try? value.decode(Int64.self) {
            self = .integer(number)
        } else if let number = try? value.decode(Decimal.self) {
            self = .decimal("\(number)")
        } else {
            self = .string(try value.decode(String.self))
        }
    }

    private struct Key: CodingKey {
        var stringValue: String
        var intValue: Int? { nil }

        init(stringValue: String) { self.stringValue = stringValue }
        init?(intValue: Int) { return nil }
    }

    /// The value at the end of a path of names and, in lists, numbers from 0: `data.order.tags.0`.
    func member(_ path: String) -> JSON? {
        var value = self
        for name in path.split(separator: ".", omittingEmptySubsequences: false) {
            switch value {
            case .object(let members):
                guard let next = members.first(where: { $0.name == name }) else { return nil }
                value = next.value
            case .array(let elements):
                guard let index = Int(name), elements.indices.contains(index) else { return nil }
                value = elements[index]
            default: return nil
            }
        }
        return value
    }

    /// A text as it is, an empty text for null, and anything else as JSON.
    var shown: String {
        switch self {
        case .null: ""
        case .string(let text): text
        default: String(decoding: bytes, as: UTF8.self)
        }
    }

    /// All texts in it.
    var words: [String] {
        switch self {
        case .string(let text): [text]
        case .array(let elements): elements.flatMap(\.words)
        case .object(let members): members.flatMap(\.value.words)
        default: []
        }
    }
}
