/// A value kept outside the one that holds it, so that a copy increments one reference count and not one for each of
/// its parts.
///
/// Orders are passed from step to step many times for each time that one changes.
struct Shared<Value: Sendable>: Sendable {
    private var box: Box

    /// Sendable: a box is only written through a `Shared` that is its sole owner (`isKnownUniquelyReferenced`), and so
    /// never while anybody else can read it.
    private final class Box: @unchecked Sendable {
        var value: Value
        init(_ value: Value) { self.value = value }
    }

    init(_ value: Value) { box = Box(value) }

    var value: Value {
        _read { yield box.value }
        _modify {
            if !isKnownUniquelyReferenced(&box) { box = Box(box.value) }
            yield &box.value
        }
    }
}

extension Shared: Equatable where Value: Equatable {
    static func == (a: Self, b: Self) -> Bool { a.box === b.box || a.box.value == b.box.value }
}

extension Shared: Hashable where Value: Hashable {
    func hash(into hasher: inout Hasher) { value.hash(into: &hasher) }
}

extension Shared: Codable where Value: Codable {
    init(from decoder: any Decoder) throws { self.init(try Value(from: decoder)) }
    func encode(to encoder: any Encoder) throws { try value.encode(to: encoder) }
}
