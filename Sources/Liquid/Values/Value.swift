/// A value a template or condition can name, print and compare.
///
/// The cases are those of Shopify's engine, with three of our own: a moment in time, an amount of money that knows its
/// currency, and text that is already safe for where it lands. Whole numbers are 64 bits; where Ruby would go on with a
/// big integer, we go on with a float.
public enum Value: Sendable {
    case null
    case bool(Bool)
    case int(Int)
    case float(Double)
    case string(String)
    case array([Value])
    case object(Object)
    /// Both ends belong to it; a first above the last is an empty range.
    case range(Int, Int)
    case moment(Moment)
    case money(Money)
    /// Text that is already right for a destination, and is not escaped again there.
    case safe(SafeText)
    case drop(any Drop)
}

/// A lazily read object of the host: an order, a shipment, a list of tags.
///
/// Only `value(for:)` has no default. A drop is asked by the thread that renders, so its answers have to be safe to
/// give from anywhere.
public protocol Drop: AnyObject, Sendable {
    /// The value under a key, or nil when the drop has no such key. A key that is known but empty answers `.null`.
    func value(for key: String) -> Value?
    /// What the drop stands for in comparisons and as an argument of filters; nil for itself.
    var plain: Value? { get }
    /// What `{{ drop }}` prints.
    var printed: Value { get }
    /// The elements when the drop is a list.
    var elements: [Value]? { get }
    /// All that it holds, for the filter `json`; nil where it is only asked by name.
    var whole: Value? { get }
    /// Whether `drop contains value`; nil leaves it to the elements.
    func contains(_ value: Value) -> Bool?
    /// Whether `drop == value`; nil leaves it to identity.
    func equals(_ value: Value) -> Bool?
    /// Below zero, zero or above zero as the drop is less than, equal to, or more than the value; nil when they cannot
    /// be compared.
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

/// Text made for one destination: markup of our own, or a value that was escaped before. Printed as it stands when the
/// template renders for the same destination, escaped like any other text elsewhere.
public final class SafeText: Sendable {
    /// The text as it is printed.
    public let text: String
    /// Where it may be printed as it stands.
    public let destination: Destination

    /// Vouches for `text` at `destination`.
    public init(_ text: String, for destination: Destination) {
        self.text = text
        self.destination = destination
    }
}

/// A list of texts that match whole, whatever their case: tags, segments, methods.
///
/// Prints and loops like any list; only `contains` differs.
public final class TextList: Drop {
    /// The texts, in their order.
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
    /// Whether it has a text that is in small letters already.
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
    /// Whether a condition takes the value as true: all but nil and false.
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

    /// What a drop stands for; any other value is itself.
    var settled: Value {
        if case .drop(let drop) = self, let plain = drop.plain { return plain }
        return self
    }

    /// The elements of a list or drop that is a list; nil for what is no list.
    var listElements: [Value]? {
        switch self {
        case .array(let elements): return elements
        case .drop(let drop): return drop.elements
        default: return nil
        }
    }

    /// `blank?` as Shopify has it: nil, false, text of nothing but white space, an empty list or object.
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

    /// `empty?` as Shopify has it: text, list or object without anything in it.
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
    /// Whether this text in small letters is `lowered`; without making it where both are ASCII.
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
    /// What `strip` of Ruby takes away: ASCII white space and NUL.
    @inline(__always) var isRubySpace: Bool { self == 0x20 || (self >= 0x09 && self <= 0x0D) || self == 0 }
    /// `\s` of a regular expression.
    @inline(__always) var isSpace: Bool { self == 0x20 || (self >= 0x09 && self <= 0x0D) }
    @inline(__always) var isDigit: Bool { self &- 0x30 < 10 }
    /// `\w` of a regular expression.
    @inline(__always) var isWord: Bool { isDigit || (self | 0x20) &- 0x61 < 26 || self == 0x5F }
    @inline(__always) var isLetter: Bool { (self | 0x20) &- 0x61 < 26 }
}
