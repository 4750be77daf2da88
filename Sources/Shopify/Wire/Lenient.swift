// Decoding that is lenient where Shopify may change, and strict where a wrong value would reach a shopper: an unknown
// enum value is accepted as a word, a number may be encoded as a text, and an unreadable object fails alone.

/// One object of a list: read, absent, or unreadable, without affecting its neighbours.
package enum Fallible<Value: Decodable & Sendable>: Decodable, Sendable {
    case value(Value)
    case null
    case unreadable(String)

    package init(from decoder: any Decoder) throws {
        if let container = try? decoder.singleValueContainer(), container.decodeNil() {
            self = .null
            return
        }
        do { self = .value(try Value(from: decoder)) } catch {
            self = .unreadable(whereDecodingFailed(error, below: decoder.codingPath.count))
        }
    }
}

/// `data` of an answer to `nodes(ids:)`: one per id, in the same order.
package struct NodesAnswer<Node: Decodable & Sendable>: Decodable, Sendable { package var nodes: [Fallible<Node>] }

/// A page of a connection.
package struct Page<Node: Decodable & Sendable>: Decodable, Sendable {
    package var nodes: [Node]
    package var pageInfo: PageInfo
}

/// A connection of which we request only one page.
package struct Nodes<Node: Decodable & Sendable>: Decodable, Sendable { package var nodes: [Node] }

package struct PageInfo: Decodable, Sendable {
    package var hasNextPage: Bool
    package var endCursor: String?

    /// Where the next page begins; nil if there is none.
    package var next: String? { hasNextPage ? endCursor : nil }
}

/// `data` of an answer to a document that fetches another page.
package struct PageAnswer<Node: Decodable & Sendable>: Decodable, Sendable {
    package struct Holder: Decodable, Sendable { package var page: Page<Node> }
    package var node: Holder?
}

/// A date and time.
package struct WireMoment: Decodable, Sendable {
    package var time: Timestamp
    /// Minutes east of Greenwich, if the text has an offset other than `Z`.
    package var offsetMinutes: Int?

    package init(from decoder: any Decoder) throws {
        let container = try decoder.singleValueContainer()
        // An impossible year is the source's fault, and would make an event old, or still to come, for ever.
        guard let (time, offset) = Timestamp.read(try container.decode(String.self)), time >= Self.earliest,
            time < Self.latest
        else {
            throw DecodingError.dataCorruptedError(in: container, debugDescription: "no date and time")
        }
        self.time = time
        offsetMinutes = offset
    }

    private static let earliest = Timestamp(seconds: 946_684_800)  // 2000-01-01
    private static let latest = Timestamp(seconds: 4_102_444_800)  // 2100-01-01
}

/// The longest texts and lists that we accept from a shop. Longer ones are cut: they are only for people to read.
package enum Bound {
    /// A name, a title, a line of an address.
    package static let line = 500
    /// A note, a message.
    package static let text = 5000
    /// A URL.
    package static let url = 4096
    /// Tags of an order, customer or product.
    package static let tags = 250
    /// Objects of one connection, over all its pages.
    package static let objects = 2000

    package static func line(_ text: String) -> String { cut(text, line) }
    package static func line(_ text: String?) -> String? {
        text.map { cut($0, line) }.flatMap { $0.isEmpty ? nil : $0 }
    }
    package static func text(_ text: String?) -> String? {
        text.map { cut($0, Self.text) }.flatMap { $0.isEmpty ? nil : $0 }
    }
    package static func tags(_ tags: [String]) -> [String] { tags.prefix(Self.tags).map { cut($0, line) } }

    /// A cut URL would be of no use.
    package static func url(_ url: String?) -> String? {
        url.flatMap { $0.isEmpty || $0.utf8.count > Self.url ? nil : $0 }
    }

    /// At most this many bytes of it, ending between two characters.
    private static func cut(_ text: String, _ bytes: Int) -> String {
        guard text.utf8.count > bytes else { return text }
        var end = text.startIndex
        var used = 0
        for index in text.indices {
            used += text[index].utf8.count
            if used > bytes { break }
            end = text.index(after: index)
        }
        return String(text[..<end])
    }
}
