// What a carrier's codes mean.
//
// A table is a file in Carriers/Data: code, state, delay, fault, and the source of the row. The state is a
// `ParcelState`, or `info` for codes that change no state. A code ending in `*` matches all with that prefix; with a
// `*` after the colon (`text:*possible delay*`), all texts that contain the words; the longest wins, and a prefix
// before contained words. Case does not matter. A code without a row means nothing: the parcel keeps its state, and the
// operator sees the code, because a guess of "in transit" would reach a shopper.
//
// A code is looked up by a hash of its bytes, and so is each of its prefixes with the length of one in the table. No
// strings are created: one answer looks up dozens of codes.

internal import Outreach

/// Who is responsible for an event, if its code says so.
public enum Fault: String, Codable, Sendable, CaseIterable {
    case carrier, weather, customs, address, recipient, shop
}

/// The meaning of one code for a parcel.
struct Meaning: Hashable, Sendable {
    /// Nil for information that changes no state.
    var state: ParcelState?
    var delay: Scan.DelaySign = .no
    var fault: Fault?

    static let info = Meaning(state: nil)
}

/// The codes of one carrier.
struct CodeTable: Sendable {
    private var exact = ByteTable()
    private var beginnings = ByteTable()
    /// The lengths of the prefixes, longest first.
    private var lengths: [Int] = []
    /// Words to find anywhere in a text, by class (`text:`), longest first.
    private var insides: [(class: [UInt8], words: [UInt8], meaning: Meaning)] = []

    /// The number of codes.
    var count: Int { exact.count + beginnings.count + insides.count }

    /// No code is longer; the rest of a text is ignored.
    private static let greatestLength = 200

    /// Reads one of the program's tables; an unreadable row is our bug, and the tests find it. Of two rows for one code
    /// the last counts.
    init(_ bytes: [UInt8]) {
        for fields in TSV.rows(bytes) {
            guard fields.count == 5, let meaning = Self.meaning(fields) else {
                preconditionFailure("a row is broken: \(fields)")
            }
            let code = fields[0].lowercased()
            if let star = code.firstIndex(of: "*"), code[..<star].hasSuffix(":"), code.hasSuffix("*") {
                insides.append(
                    (Array(code[..<star].utf8), Array(code[code.index(after: star)...].dropLast().utf8), meaning))
            } else if code.hasSuffix("*") {
                beginnings.insert(Array(code.dropLast().utf8), meaning)
                lengths.append(code.utf8.count - 1)
            } else {
                exact.insert(Array(code.utf8), meaning)
            }
        }
        lengths = Set(lengths).sorted(by: >)
        insides.sort { a, b in
            a.words.count != b.words.count ? a.words.count > b.words.count : b.words.lexicographicallyPrecedes(a.words)
        }
    }

    private static func meaning(_ fields: [String]) -> Meaning? {
        var meaning = Meaning(state: nil)
        if fields[1] != "info" {
            guard let state = ParcelState(rawValue: fields[1]) else { return nil }
            meaning.state = state
        }
        guard let delay = Scan.DelaySign(rawValue: fields[2]) else { return nil }
        meaning.delay = delay
        if fields[3] != "-" {
            guard let fault = Fault(rawValue: fields[3]) else { return nil }
            meaning.fault = fault
        }
        return fields[4].isEmpty ? nil : meaning
    }

    /// The meaning of the first of these codes that has one. Codes are first cut to 200 bytes.
    func meaning(_ codes: String?...) -> Meaning? {
        for code in codes { if let code, let meaning = meaning(of: code, in: "") { return meaning } }
        return nil
    }

    /// The meaning of a code in a class: `meaning(of: "X", in: "type:")` is that of `type:X`.
    func meaning(of code: String?, in class: StaticString) -> Meaning? {
        guard var code else { return nil }
        let prefix = UnsafeBufferPointer(start: `class`.utf8Start, count: `class`.utf8CodeUnitCount)
        let found: Meaning?? = code.withUTF8 { bytes in
            withUnsafeTemporaryAllocation(of: UInt8.self, capacity: Self.greatestLength) { key in
                var count = 0
                for byte in prefix {
                    key[count] = byte
                    count += 1
                }
                for byte in bytes {
                    guard count < key.count else { break }
                    guard byte < 0x80 else { return Meaning??.none }
                    key[count] = byte >= 0x41 && byte <= 0x5A ? byte | 0x20 : byte
                    count += 1
                }
                return .some(meaning(ofKey: UnsafeBufferPointer(rebasing: key[..<count])))
            }
        }
        if let found { return found }
        // Non-ASCII is lower-cased as in Unicode.
        let key = Array((String(decoding: prefix, as: UTF8.self) + code.prefix(Self.greatestLength)).lowercased().utf8)
        return key.prefix(Self.greatestLength).withUnsafeBufferPointer(meaning(ofKey:))
    }

    private func meaning(ofKey key: UnsafeBufferPointer<UInt8>) -> Meaning? {
        if let meaning = exact.value(of: key) { return meaning }
        for length in lengths where length <= key.count {
            if let meaning = beginnings.value(of: UnsafeBufferPointer(rebasing: key[..<length])) { return meaning }
        }
        for row in insides where key.starts(with: row.class) {
            if Self.contains(row.words, in: UnsafeBufferPointer(rebasing: key[row.class.count...])) {
                return row.meaning
            }
        }
        return nil
    }

    private static func contains(_ words: [UInt8], in text: UnsafeBufferPointer<UInt8>) -> Bool {
        guard let first = words.first, words.count <= text.count else { return words.isEmpty }
        for start in 0...(text.count - words.count) where text[start] == first {
            if text[start..<start + words.count].elementsEqual(words) { return true }
        }
        return false
    }
}

/// Meanings by the bytes of their codes: open addressing, at most half full.
private struct ByteTable: Sendable {
    private var rows: [(start: Int, length: Int, meaning: Meaning)] = []
    private var bytes: [UInt8] = []
    /// Row numbers, or -1. The count is a power of two.
    private var slots = [Int32](repeating: -1, count: 16)

    var count: Int { rows.count }

    mutating func insert(_ key: [UInt8], _ meaning: Meaning) {
        if let known = key.withUnsafeBufferPointer(row(of:)) {
            rows[known].meaning = meaning
            return
        }
        rows.append((bytes.count, key.count, meaning))
        bytes += key
        if rows.count * 2 > slots.count {
            slots = [Int32](repeating: -1, count: slots.count * 2)
            for row in rows.indices { place(row) }
        } else {
            place(rows.count - 1)
        }
    }

    func value(of key: UnsafeBufferPointer<UInt8>) -> Meaning? { row(of: key).map { rows[$0].meaning } }

    private mutating func place(_ row: Int) {
        let (start, length) = (rows[row].start, rows[row].length)
        var slot = bytes[start..<start + length].withUnsafeBufferPointer(Self.hash) & (slots.count - 1)
        while slots[slot] >= 0 { slot = (slot + 1) & (slots.count - 1) }
        slots[slot] = Int32(truncatingIfNeeded: row)
    }

    private func row(of key: UnsafeBufferPointer<UInt8>) -> Int? {
        var slot = Self.hash(key) & (slots.count - 1)
        while slots[slot] >= 0 {
            let row = Int(slots[slot])
            if rows[row].length == key.count {
                let start = rows[row].start
                var same = 0
                while same < key.count, bytes[start + same] == key[same] { same += 1 }
                if same == key.count { return row }
            }
            slot = (slot + 1) & (slots.count - 1)
        }
        return nil
    }

    /// FNV-1a, folded. The keys are the program's own, so nobody can choose them to collide.
    private static func hash(_ key: UnsafeBufferPointer<UInt8>) -> Int {
        var hash: UInt64 = 0xcbf2_9ce4_8422_2325
        for byte in key { hash = (hash ^ UInt64(byte)) &* 0x100_0000_01b3 }
        return Int(truncatingIfNeeded: (hash ^ hash >> 32) & 0x7FFF_FFFF)
    }
}
