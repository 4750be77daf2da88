/// A value that a template or condition can name, print and compare.
///
/// The cases are those of Shopify's engine, with three of our own: a moment in time, an amount of money that knows its
/// currency, and text already safe for its destination. Whole numbers have 64 bits; where Ruby would use a big integer,
/// we use a float.
public enum Value: Sendable {
    case null
    case bool(Bool)
    case int(Int)
    case float(Double)
    case string(String)
    case array([Value])
    case object(Object)
    /// Both ends are included; if the first exceeds the last, the range is empty.
    case range(Int, Int)
    case moment(Moment)
    case money(Money)
    /// Text already safe for a destination, and not escaped again there.
    case safe(SafeText)
    case drop(any Drop)
}

/// A lazily read object of the host: an order, a shipment, a list of tags.
///
/// Only `value(for:)` has no default. The rendering thread calls a drop, so it must be usable from any thread.
public protocol Drop: AnyObject, Sendable {
    /// The value under a key; nil if there is no such key, `.null` if the key is known but empty.
    func value(for key: String) -> Value?
    /// The value used in comparisons and as a filter's argument; nil for the drop itself.
    var plain: Value? { get }
    /// What `{{ drop }}` prints.
    var printed: Value { get }
    /// The elements, if the drop is a list.
    var elements: [Value]? { get }
    /// Its whole content, for the filter `json`; nil if it can only be read by name.
    var whole: Value? { get }
    /// Whether `drop contains value`; nil leaves it to the elements.
    func contains(_ value: Value) -> Bool?
    /// Whether `drop == value`; nil leaves it to identity.
    func equals(_ value: Value) -> Bool?
    /// Negative, zero or positive if the drop is less than, equal to, or more than the value; nil if they cannot be
    /// compared.
    func compared(to value: Value) -> Int?
}

extension Drop {
    public var plain: Value? { nil }
    public var printed: Value { .string("") }
    public var elements: [Value]? { nil }
    public var whole: Value? { nil }
    public func contains(_ value: Value) -> Bool? { nil }
    public func equals(_ value: Value) -> Bool? { nil }
    public func compared(to value: Value) -> Int? { nil }
}

/// Text made for one destination: our own markup, or a value already escaped. Printed unchanged if the template renders
/// for the same destination, escaped like any other text elsewhere.
public final class SafeText: Sendable {
    /// The text as printed.
    public let text: String
    /// The destination where it may be printed unchanged.
    public let destination: Destination

    /// Declares `text` safe for `destination`.
    public init(_ text: String, for destination: Destination) {
        self.text = text
        self.destination = destination
    }
}

/// A list of texts that match as a whole, ignoring case: tags, segments, methods.
///
/// Prints and loops like any list; only `contains` differs.
public final class TextList: Drop {
    /// The texts, in order.
    public let texts: [String]

    /// A list of these texts.
    public init(_ texts: [String]) {
        self.texts = texts
    }

    public func value(for key: String) -> Value? { nil }
    public var elements: [Value]? { texts.map(Value.string) }
    public var printed: Value { .string(texts.joined()) }
    public func contains(_ value: Value) -> Bool? {
        guard let wanted = value.textIfString?.lowercased() else { return false }
        return has(lowered: wanted)
    }
    /// Whether it has a text, given in lower case.
    func has(lowered wanted: String) -> Bool { texts.contains { $0.isLowered(wanted) } }
    public func equals(_ value: Value) -> Bool? {
        guard case .drop(let other) = value, let list = other as? TextList else { return nil }
        return list.texts == texts
    }
}

extension Value: ExpressibleByStringLiteral, ExpressibleByIntegerLiteral, ExpressibleByFloatLiteral,
    ExpressibleByBooleanLiteral, ExpressibleByNilLiteral, ExpressibleByArrayLiteral, ExpressibleByDictionaryLiteral
{
    public init(stringLiteral value: String) { self = .string(value) }
    public init(integerLiteral value: Int) { self = .int(value) }
    public init(floatLiteral value: Double) { self = .float(value) }
    public init(booleanLiteral value: Bool) { self = .bool(value) }
    public init(nilLiteral: ()) { self = .null }
    public init(arrayLiteral elements: Value...) { self = .array(elements) }
    public init(dictionaryLiteral elements: (String, Value)...) { self = .object(Object(elements)) }
}

extension Value {
    /// Whether a condition treats the value as true: everything but nil and false.
    public var isTruthy: Bool {
        switch self {
        case .null, .bool(false): return false
        case .drop(let drop):
            guard let plain = drop.plain else { return true }
            return plain.isTruthy
        default: return true
        }
    }

    /// Whether it is nil.
    public var isNull: Bool {
        if case .null = self { return true }
        return false
    }

    /// The text of a string, safe or not; nil for any other value.
    public var textIfString: String? {
        switch self {
        case .string(let text): return text
        case .safe(let safe): return safe.text
        case .drop(let drop): return drop.plain?.textIfString
        default: return nil
        }
    }

    /// The value that a drop represents; any other value is itself.
    var settled: Value {
        if case .drop(let drop) = self, let plain = drop.plain { return plain }
        return self
    }

    /// The elements of a list, or of a drop that is one; nil for anything else.
    var listElements: [Value]? {
        switch self {
        case .array(let elements): return elements
        case .drop(let drop): return drop.elements
        default: return nil
        }
    }

    /// `blank?` as in Shopify: nil, false, text of only white space, an empty list or object.
    public var isBlank: Bool {
        switch self {
        case .null, .bool(false): return true
        case .string(let text): return text.utf8.allSatisfy(\.isRubySpace)
        case .safe(let safe): return safe.text.utf8.allSatisfy(\.isRubySpace)
        case .array(let elements): return elements.isEmpty
        case .object(let object): return object.isEmpty
        case .drop(let drop):
            if let plain = drop.plain { return plain.isBlank }
            return drop.elements?.isEmpty ?? false
        default: return false
        }
    }

    /// `empty?` as in Shopify: an empty text, list or object.
    public var isEmpty: Bool {
        switch self {
        case .string(let text): return text.isEmpty
        case .safe(let safe): return safe.text.isEmpty
        case .array(let elements): return elements.isEmpty
        case .object(let object): return object.isEmpty
        case .drop(let drop):
            if let plain = drop.plain { return plain.isEmpty }
            return drop.elements?.isEmpty ?? false
        default: return false
        }
    }
}

extension String {
    /// Whether this text in lower case is `lowered`; creates no string if both are ASCII.
    func isLowered(_ lowered: String) -> Bool {
        let (mine, other) = (utf8, lowered.utf8)
        var isPlain = mine.count == other.count
        if isPlain {
            for (a, b) in zip(mine, other) {
                if a | b >= 0x80 {
                    isPlain = false
                    break
                }
                if (a &- 0x41 < 26 ? a | 0x20 : a) != b { return false }
            }
        } else if mine.allSatisfy({ $0 < 0x80 }) {
            return false
        }
        return isPlain || lowercased() == lowered
    }
}

extension UInt8 {
    /// The characters that Ruby's `strip` removes: ASCII white space and NUL.
    @inline(__always) var isRubySpace: Bool { self == 0x20 || (self >= 0x09 && self <= 0x0D) || self == 0 }
    /// `\s` of a regular expression.
    @inline(__always) var isSpace: Bool { self == 0x20 || (self >= 0x09 && self <= 0x0D) }
    @inline(__always) var isDigit: Bool { self &- 0x30 < 10 }
    /// `\w` of a regular expression.
    @inline(__always) var isWord: Bool { isDigit || (self | 0x20) &- 0x61 < 26 || self == 0x5F }
    @inline(__always) var isLetter: Bool { (self | 0x20) &- 0x61 < 26 }
}
