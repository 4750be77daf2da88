// Decoding that gives way where Shopify may change its mind, and holds fast where a wrong value would be told to a shopper: an unknown
// word of an enum is a word like any other, a number may be written as a text, and one object that cannot be read fails alone.

internal import FoundationEssentials
internal import Outreach

/// One object of a list: read, absent, or unreadable, without harm to its neighbours.
enum Fallible<Value: Decodable & Sendable>: Decodable, Sendable {
    case value(Value)
    case null
    case unreadable(String)

    init(from decoder: any Decoder) throws {
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
struct NodesAnswer<Node: Decodable & Sendable>: Decodable, Sendable { var nodes: [Fallible<Node>] }

/// A page of a connection.
struct Page<Node: Decodable & Sendable>: Decodable, Sendable {
    var nodes: [Node]
    var pageInfo: PageInfo
}

/// A connection of which one page is all that is asked for.
struct Nodes<Node: Decodable & Sendable>: Decodable, Sendable { var nodes: [Node] }

struct PageInfo: Decodable, Sendable {
    var hasNextPage: Bool
    var endCursor: String?

    /// Where the next page begins; nil if there is none.
    var next: String? { hasNextPage ? endCursor : nil }
}

/// `data` of an answer to one of the documents that fetch another page.
struct PageAnswer<Node: Decodable & Sendable>: Decodable, Sendable {
    struct Holder: Decodable, Sendable { var page: Page<Node> }
    var node: Holder?
}

/// A date and time.
struct WireMoment: Decodable, Sendable {
    var moment: Moment
    /// Minutes east of Greenwich, where the text gives an offset other than `Z`.
    var offsetMinutes: Int?

    init(from decoder: any Decoder) throws {
        let container = try decoder.singleValueContainer()
        let text = try container.decode(String.self)
        // A year that no order can be of is a fault of the source, and would make an event old or yet to come for ever.
        guard text.utf8.count <= 40, let moment = Moment(iso8601: text), moment >= Self.earliest, moment < Self.latest
        else {
            throw DecodingError.dataCorruptedError(in: container, debugDescription: "no date and time")
        }
        self.moment = moment
        let zone = text.utf8.suffix(6)
        if zone.count == 6, let sign = zone.first, sign == 0x2B || sign == 0x2D {
            let digits = zone.filter { $0 >= 0x30 && $0 <= 0x39 }.map { Int($0 - 0x30) }
            if digits.count == 4 {
                offsetMinutes =
                    ((digits[0] * 10 + digits[1]) * 60 + digits[2] * 10 + digits[3]) * (sign == 0x2D ? -1 : 1)
            }
        }
    }

    private static let earliest = Moment(seconds: 946_684_800)  // 2000-01-01
    private static let latest = Moment(seconds: 4_102_444_800)  // 2100-01-01
}

/// A whole number, written as one or as a text.
struct WireInt: Decodable, Sendable {
    var value: Int

    init(from decoder: any Decoder) throws {
        let container = try decoder.singleValueContainer()
        if let number = try? container.decode(Int.self) {
            value = number
        } else if let number = Int(try container.decode(String.self)) {
            value = number
        } else {
            throw DecodingError.dataCorruptedError(in: container, debugDescription: "no whole number")
        }
    }
}

/// A decimal number, written as a text or as a number.
struct WireDecimal: Decodable, Sendable {
    var value: Decimal

    init(from decoder: any Decoder) throws {
        let container = try decoder.singleValueContainer()
        if let text = try? container.decode(String.self) {
            guard text.utf8.count <= 40, let number = Decimal(string: text), !number.isNaN else {
                throw DecodingError.dataCorruptedError(in: container, debugDescription: "no decimal number")
            }
            value = number
        } else {
            value = try container.decode(Decimal.self)
        }
    }
}

/// How long the texts and lists may be that we take from a shop. What is longer is cut: it is there for people to read.
enum Bound {
    /// A name, a title, a line of an address.
    static let line = 500
    /// A note, a message.
    static let text = 5000
    /// An address of the web.
    static let url = 4096
    /// Tags of an order, customer or product.
    static let tags = 250
    /// Objects of one connection, over all its pages.
    static let objects = 2000

    static func line(_ text: String) -> String { cut(text, line) }
    static func line(_ text: String?) -> String? { text.map { cut($0, line) }.flatMap { $0.isEmpty ? nil : $0 } }
    static func text(_ text: String?) -> String? { text.map { cut($0, Self.text) }.flatMap { $0.isEmpty ? nil : $0 } }
    static func tags(_ tags: [String]) -> [String] { tags.prefix(Self.tags).map { cut($0, line) } }

    /// An address of the web is whole or of no use.
    static func url(_ url: String?) -> String? { url.flatMap { $0.isEmpty || $0.utf8.count > Self.url ? nil : $0 } }

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
