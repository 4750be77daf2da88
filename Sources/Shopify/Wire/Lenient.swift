// Decoding that gives way where Shopify may change its mind, and holds fast where a wrong value would be told to a
// shopper: an unknown word of an enum is a word like any other, a number may be written as a text, and one object that
// cannot be read fails alone.

/// One object of a list: read, absent, or unreadable, without harm to its neighbours.
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

/// `data` of an answer to `nodes(ids:)`: one for each id, in their order.
package struct NodesAnswer<Node: Decodable & Sendable>: Decodable, Sendable { package var nodes: [Fallible<Node>] }

/// A page of a connection.
package struct Page<Node: Decodable & Sendable>: Decodable, Sendable {
    package var nodes: [Node]
    package var pageInfo: PageInfo
}

/// A connection of which one page is all that is asked for.
package struct Nodes<Node: Decodable & Sendable>: Decodable, Sendable { package var nodes: [Node] }

package struct PageInfo: Decodable, Sendable {
    package var hasNextPage: Bool
    package var endCursor: String?

    /// Where the next page begins; nil if there is none.
    package var next: String? { hasNextPage ? endCursor : nil }
}

/// `data` of an answer to one of the documents that fetch another page.
package struct PageAnswer<Node: Decodable & Sendable>: Decodable, Sendable {
    package struct Holder: Decodable, Sendable { package var page: Page<Node> }
    package var node: Holder?
}

/// A date and time.
package struct WireMoment: Decodable, Sendable {
    package var time: Timestamp
    /// Minutes east of Greenwich, where the text gives an offset other than `Z`.
    package var offsetMinutes: Int?

    package init(from decoder: any Decoder) throws {
        let container = try decoder.singleValueContainer()
        // A year that no order can be of is a fault of the source, and would make an event old or yet to come for ever.
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

/// How long the texts and lists may be that we take from a shop. What is longer is cut: it is there for people to read.
package enum Bound {
    /// A name, a title, a line of an address.
    package static let line = 500
    /// A note, a message.
    package static let text = 5000
    /// An address of the web.
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

    /// An address of the web is whole or of no use.
    package static func url(_ url: String?) -> String? {
        url.flatMap { $0.isEmpty || $0.utf8.count > Self.url ? nil : $0 }
    }

    /// At most so many bytes of it, ending between two characters.
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
