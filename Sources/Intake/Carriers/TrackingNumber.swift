// Which carrier a number can belong to.
//
// Forms and check digits are rows of Data/numbers.tsv; this file only applies them. A carrier whose check fails is
// still a candidate, the last: carriers' printed examples mostly fail, and shops print such numbers too. Seven known
// numbers fit two carriers equally well, so the answer is a list, never a verdict: the shop's own information and the
// tracking URL take precedence.

internal import Outreach

/// A tracking number as written.
public struct TrackingNumber: Hashable, Sendable {
    /// Whether a number passes its check.
    public enum Checksum: String, Codable, Sendable, CaseIterable {
        case passed, failed, none
    }

    /// A carrier with this form of number.
    public struct Candidate: Hashable, Sendable {
        /// `ups`, `usps`, `s10` for any post following the postal union's standard, …
        public var carrier: String
        public var checksum: Checksum
    }

    /// The bare number without everything pasted along (`TrackingField`); empty if there is none, or several.
    public let text: String

    /// Takes any text; at most 64 characters can be a number.
    public init(_ text: String) { self.text = TrackingFacts(number: text).key ?? "" }

    /// The carriers that a number can belong to, likeliest first: those whose check it passes, those without a check,
    /// those whose check it fails; among equals the narrower form first. Each carrier once.
    public static func candidates(for number: String) -> [Candidate] { TrackingNumber(number).candidates }

    /// The possible carriers, likeliest first.
    public var candidates: [Candidate] {
        let bytes = Array(text.utf8)
        guard (8...64).contains(bytes.count), bytes.allSatisfy({ $0 < 0x80 }) else { return [] }
        var found: [(candidate: Candidate, narrowness: Int, row: Int)] = []
        for row in NumberForm.rows(ofLength: bytes.count) {
            let form = NumberForm.all[row]
            guard let checksum = form.match(bytes) else { continue }
            found.append((Candidate(carrier: form.carrier, checksum: checksum), form.narrowness, row))
        }
        found.sort { a, b in
            let (x, y) = (Self.rank(a.candidate.checksum), Self.rank(b.candidate.checksum))
            if x != y { return x < y }
            return a.narrowness != b.narrowness ? a.narrowness > b.narrowness : a.row < b.row
        }
        var seen = Set<String>()
        return found.map(\.candidate).filter { seen.insert($0.carrier).inserted }
    }

    /// The named forms that it has, whatever its check says.
    func forms(among names: Set<String>) -> Set<String> {
        let bytes = Array(text.utf8)
        guard (8...64).contains(bytes.count), bytes.allSatisfy({ $0 < 0x80 }) else { return [] }
        var found: Set<String> = []
        for row in NumberForm.rows(ofLength: bytes.count) {
            let form = NumberForm.all[row]
            if names.contains(form.carrier), form.match(bytes) != nil { found.insert(form.carrier) }
        }
        return found
    }

    private static func rank(_ checksum: Checksum) -> Int {
        switch checksum {
        case .passed: 0
        case .none: 1
        case .failed: 2
        }
    }
}

/// A row of the table.
final class NumberForm: Sendable {
    /// One piece of a form.
    private enum Piece: Sendable {
        case digits(Int)
        case letters(Int)
        case alphanumerics(ClosedRange<Int>)
        case oneOf(Set<UInt8>)
        case literal([UInt8])
        case post
        case open
        case close
        case prepended([UInt8])
        case checkDigit
        case checkCharacter
    }

    private enum Check: Sendable {
        case none
        case mod10(even: Int, odd: Int, fromRight: Bool)
        case weights([Int])
        case luhn, s10, mod7, mod37
        /// DHL eCommerce: the first two letters come from a list, and the rest must contain a digit.
        case prefixes(Set<String>)
    }

    let carrier: String
    /// The number of fixed characters.
    let narrowness: Int
    private let pieces: [Piece]
    private let check: Check
    /// The possible lengths of a number of this form.
    private let lengths: ClosedRange<Int>

    private static let posts: Set<String> = Set(
        TSV.rows(PackageResources.numbers_tsv).first { $0[0] == "posts" }?[1].split(separator: " ").map(String.init)
            ?? [])

    /// The rows in order, and their numbers.
    static let all: [NumberForm] = TSV.rows(PackageResources.numbers_tsv).filter { $0[0] != "posts" }.map(
        NumberForm.init)

    /// The row numbers for tracking numbers of each length, up to the greatest.
    private static let byLength: [[Int]] = (0...64).map { length in
        all.indices.filter { all[$0].lengths.contains(length) }
    }

    /// The row numbers for tracking numbers of this length.
    static func rows(ofLength length: Int) -> [Int] { byLength.indices.contains(length) ? byLength[length] : [] }

    private init(_ fields: [String]) {
        guard fields.count == 4 else { preconditionFailure("a row is broken: \(fields)") }
        carrier = fields[0]
        pieces = fields[1].split(separator: " ").map { Self.piece(String($0)) }
        narrowness = pieces.reduce(0) { sum, piece in
            switch piece {
            case .literal(let bytes): sum + bytes.count * 3
            case .oneOf(let set): sum + (set.count < 5 ? 2 : 1)
            case .letters(let count): sum + count
            case .post: sum + 2
            default: sum
            }
        }
        var (shortest, longest) = (0, 0)
        for piece in pieces {
            switch piece {
            case .digits(let count), .letters(let count): (shortest, longest) = (shortest + count, longest + count)
            case .alphanumerics(let counts):
                (shortest, longest) = (shortest + counts.lowerBound, longest + counts.upperBound)
            case .literal(let bytes): (shortest, longest) = (shortest + bytes.count, longest + bytes.count)
            case .post: (shortest, longest) = (shortest + 2, longest + 2)
            case .oneOf, .checkDigit, .checkCharacter: (shortest, longest) = (shortest + 1, longest + 1)
            case .open, .close, .prepended: break
            }
        }
        lengths = shortest...longest
        let words = fields[2].split(separator: " ").map(String.init)
        let numbers = words.dropFirst().compactMap { Int($0) }
        check =
            switch words[0] {
            case "mod10": .mod10(even: numbers[0], odd: numbers[1], fromRight: false)
            case "mod10r": .mod10(even: numbers[0], odd: numbers[1], fromRight: true)
            case "weights": .weights(numbers)
            case "luhn": .luhn
            case "s10": .s10
            case "mod7": .mod7
            case "mod37_36": .mod37
            case "none" where words.count > 1: .prefixes(["GM", "LX", "RX", "UV", "CN", "SG", "TH", "IN", "HK", "MY"])
            default: .none
            }
    }

    private static func piece(_ text: String) -> Piece {
        let bytes = Array(text.utf8)
        switch text {
        case "(": return .open
        case ")": return .close
        case "c": return .checkDigit
        case "k": return .checkCharacter
        case "post": return .post
        default: break
        }
        if bytes[0] == UInt8(ascii: "+") { return .prepended(Array(bytes.dropFirst())) }
        if bytes[0] == UInt8(ascii: "[") {
            var set = Set<UInt8>()
            let inner = Array(bytes.dropFirst().dropLast())
            var index = 0
            while index < inner.count {
                if index + 2 < inner.count, inner[index + 1] == UInt8(ascii: "-") {
                    set.formUnion(inner[index]...inner[index + 2])
                    index += 3
                } else {
                    set.insert(inner[index])
                    index += 1
                }
            }
            return .oneOf(set)
        }
        if bytes.count > 1, bytes[1].isDigit {
            let count = String(text.dropFirst())
            switch bytes[0] {
            case UInt8(ascii: "d"): if let count = Int(count) { return .digits(count) }
            case UInt8(ascii: "a"): if let count = Int(count) { return .letters(count) }
            case UInt8(ascii: "w"):
                let ends = count.split(separator: "-").compactMap { Int($0) }
                if let low = ends.first, let high = ends.last { return .alphanumerics(low...high) }
            default: break
            }
        }
        return .literal(bytes)
    }

    /// The result of the check if the number has this form; nil if it does not.
    func match(_ bytes: [UInt8]) -> TrackingNumber.Checksum? {
        var index = 0
        var serial: [UInt8] = []
        var inSerial = false
        var given: UInt8?
        func run(_ count: Int, _ holds: (UInt8) -> Bool) -> Bool {
            guard index + count <= bytes.count, bytes[index..<index + count].allSatisfy(holds) else { return false }
            if inSerial { serial += bytes[index..<index + count] }
            index += count
            return true
        }
        for piece in pieces {
            switch piece {
            case .open: inSerial = true
            case .close: inSerial = false
            case .prepended(let digits): serial += digits
            case .digits(let count): guard run(count, \.isDigit) else { return nil }
            case .letters(let count): guard run(count, \.isLetter) else { return nil }
            case .alphanumerics(let counts):
                let count = counts.count == 1 ? counts.lowerBound : bytes.count - index
                guard counts.contains(count), run(count, { $0.isDigit || $0.isLetter }) else { return nil }
            case .oneOf(let set): guard run(1, set.contains) else { return nil }
            case .literal(let literal):
                guard bytes[index...].starts(with: literal), run(literal.count, { _ in true }) else { return nil }
            case .post:
                guard index + 2 <= bytes.count,
                    Self.posts.contains(String(decoding: bytes[index..<index + 2], as: UTF8.self))
                else { return nil }
                index += 2
            case .checkDigit:
                guard index < bytes.count, bytes[index].isDigit else { return nil }
                given = bytes[index]
                index += 1
            case .checkCharacter:
                guard index < bytes.count, bytes[index].isDigit || bytes[index].isLetter else { return nil }
                given = bytes[index]
                index += 1
            }
        }
        guard index == bytes.count else { return nil }
        return verdict(serial, given, bytes)
    }

    private func verdict(_ serial: [UInt8], _ given: UInt8?, _ bytes: [UInt8]) -> TrackingNumber.Checksum? {
        let expected: Int
        switch check {
        case .none: return TrackingNumber.Checksum.none
        case .prefixes(let prefixes):
            let fits =
                prefixes.contains(String(decoding: bytes.prefix(2), as: UTF8.self))
                && bytes.dropFirst(2).contains(where: \.isDigit)
            return fits ? TrackingNumber.Checksum.none : nil
        case .mod10(let even, let odd, let fromRight):
            var sum = 0
            for (place, byte) in (fromRight ? serial.reversed() : serial).enumerated() {
                // UPS counts letters like this: A is 2, B is 3, and so on, modulo 10.
                let value = byte.isDigit ? Int(byte - 0x30) : (Int(byte) - 3) % 10
                sum += value * (place % 2 == 0 ? even : odd)
            }
            expected = (10 - sum % 10) % 10
        case .weights(let weights):
            let sum = serial.enumerated().reduce(0) { $0 + Int($1.element - 0x30) * weights[$1.offset % weights.count] }
            expected = sum % 11 % 10
        case .luhn:
            var sum = 0
            for (place, byte) in serial.reversed().enumerated() {
                let value = Int(byte - 0x30) * (place % 2 == 0 ? 2 : 1)
                sum += value > 9 ? value - 9 : value
            }
            expected = (10 - sum % 10) % 10
        case .s10:
            let sum = zip(serial, [8, 6, 4, 2, 3, 5, 9, 7]).reduce(0) { $0 + Int($1.0 - 0x30) * $1.1 }
            let rest = 11 - sum % 11
            expected = rest == 10 ? 0 : rest == 11 ? 5 : rest
        case .mod7:
            expected = serial.reduce(0) { ($0 * 10 + Int($1 - 0x30)) % 7 }
        case .mod37:
            var rest = 36
            for byte in serial {
                rest += Self.value(byte)
                if rest > 36 { rest -= 36 }
                rest *= 2
                if rest > 36 { rest -= 37 }
            }
            expected = (37 - rest) % 36
        }
        return given.map(Self.value) == expected ? .passed : .failed
    }

    /// 0 to 9 and A to Z as 0 to 35.
    private static func value(_ byte: UInt8) -> Int { byte.isDigit ? Int(byte - 0x30) : Int(byte) - 55 }
}

extension UInt8 {
    /// A capital of the Latin alphabet.
    var isLetter: Bool { self >= 0x41 && self <= 0x5A }
}
