/// An ordered set of named values, built once and only read afterwards.
///
/// Templates read the same few names over and over, and know them when they are parsed. So each name stores its hash,
/// and a lookup is one probe and one byte comparison.
public final class Object: Sendable {
    /// The names, in order.
    public let keys: [String]
    /// The values, in the order of their names.
    public let values: [Value]
    private let hashes: [UInt32]
    /// Open addressing; each slot is the position in `keys` + 1, or 0 if free. Empty for small objects, which are
    /// searched linearly.
    private let slots: [Int32]

    /// The number of names.
    public var count: Int { keys.count }
    /// Whether it is empty.
    public var isEmpty: Bool { keys.isEmpty }

    /// Takes the pairs in order; a repeated name replaces the value and keeps its position.
    public init(_ pairs: some Sequence<(String, Value)>) {
        var keys: [String] = []
        var values: [Value] = []
        var positions: [String: Int] = [:]
        for (key, value) in pairs {
            if let position = positions[key] {
                values[position] = value
            } else {
                positions[key] = keys.count
                keys.append(key)
                values.append(value)
            }
        }
        let hashes = keys.map { Name.hash(of: $0) }
        self.keys = keys
        self.values = values
        self.hashes = hashes
        if keys.count <= 8 {
            slots = []
        } else {
            var capacity = 16
            while capacity < keys.count * 2 { capacity *= 2 }
            var slots = [Int32](repeating: 0, count: capacity)
            for (position, hash) in hashes.enumerated() {
                var slot = Int(hash) & (capacity - 1)
                while slots[slot] != 0 { slot = (slot + 1) & (capacity - 1) }
                slots[slot] = Int32(position + 1)
            }
            self.slots = slots
        }
    }

    /// The value under a name, or nil if there is none.
    public subscript(key: String) -> Value? {
        find(key, hash: Name.hash(of: key))
    }

    @inline(__always)
    func find(_ key: String, hash: UInt32) -> Value? {
        if slots.isEmpty {
            for position in 0..<hashes.count where hashes[position] == hash && keys[position].sameBytes(as: key) {
                return values[position]
            }
            return nil
        }
        let mask = slots.count - 1
        var slot = Int(hash) & mask
        while true {
            let position = Int(slots[slot]) - 1
            if position < 0 { return nil }
            if hashes[position] == hash && keys[position].sameBytes(as: key) { return values[position] }
            slot = (slot + 1) & mask
        }
    }
}

/// A name with its hash.
struct Name: Sendable {
    let text: String
    let hash: UInt32

    init(_ text: String) {
        self.text = text
        self.hash = Name.hash(of: text)
    }

    init(_ text: String, hash: UInt32) {
        self.text = text
        self.hash = hash
    }

    /// FNV-1a. Objects come from the host or from parsed data of bounded size, and a collision costs one more
    /// comparison, so no keyed hash is needed.
    static func hash(of text: String) -> UInt32 {
        var hash: UInt32 = 0x811C_9DC5
        for byte in text.utf8 { hash = (hash ^ UInt32(byte)) &* 0x0100_0193 }
        return hash ^ (hash >> 15)
    }

    static func hash(of bytes: UnsafeBufferPointer<UInt8>) -> UInt32 {
        var hash: UInt32 = 0x811C_9DC5
        for byte in bytes { hash = (hash ^ UInt32(byte)) &* 0x0100_0193 }
        return hash ^ (hash >> 15)
    }
}

extension String {
    /// Byte equality, as in Ruby; Swift's own treats composed and decomposed letters as equal.
    @inline(__always)
    func sameBytes(as other: String) -> Bool {
        utf8.count == other.utf8.count && self == other
    }
}
