// What a carrier's codes mean.
//
// A table is a file in Carriers/Data: code, state, delay, fault, and the source of the row. The state is one of `ParcelState`'s words, or `info` for
// what moves no state. A code ending in `*` stands for all that begin so; a class of words with a `*` after its colon (`text:*possible delay*`) for all that hold
// them; the longest wins, and a beginning before what stands inside. Case does not matter. A code without a row means
// nothing: the parcel keeps the state it had, and the code is told to the operator, for a guess of "in transit" would be told to a shopper.

internal import Outreach

/// Whose doing an event is, where its code tells.
public enum Fault: String, Codable, Sendable, CaseIterable {
    case carrier, weather, customs, address, recipient, shop
}

/// What one code says about a parcel.
struct Meaning: Hashable, Sendable {
    /// Nil for information that moves no state.
    var state: ParcelState?
    var delay: Scan.DelaySign = .no
    var fault: Fault?

    static let info = Meaning(state: nil)
}

/// The codes of one carrier.
struct CodeTable: Sendable {
    private var exact: [String: Meaning] = [:]
    /// The beginnings, longest first.
    private var beginnings: [(start: String, meaning: Meaning)] = []
    /// Words that stand anywhere in a text, by its class (`text:`), longest first.
    private var insides: [(class: String, words: String, meaning: Meaning)] = []

    /// How many codes it holds.
    var count: Int { exact.count + beginnings.count + insides.count }

    /// Reads a table of the program; a row that cannot be read is a fault of ours and found by the tests.
    init(_ bytes: [UInt8]) {
        for fields in TSV.rows(bytes) {
            guard fields.count == 5, let meaning = Self.meaning(fields) else {
                preconditionFailure("a row is broken: \(fields)")
            }
            let code = fields[0].lowercased()
            if let star = code.firstIndex(of: "*"), code[..<star].hasSuffix(":"), code.hasSuffix("*") {
                insides.append(
                    (String(code[..<star]), String(code[code.index(after: star)...].dropLast()), meaning))
            } else if code.hasSuffix("*") {
                beginnings.append((String(code.dropLast()), meaning))
            } else {
                exact[code] = meaning
            }
        }
        beginnings.sort { ($0.start.utf8.count, $1.start) > ($1.start.utf8.count, $0.start) }
        insides.sort { ($0.words.utf8.count, $1.words) > ($1.words.utf8.count, $0.words) }
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

    /// The meaning of the first of these codes that has one. A code is cut to 200 bytes first.
    func meaning(_ codes: String?...) -> Meaning? {
        for code in codes {
            guard let code else { continue }
            if let meaning = exact[code] { return meaning }
            let key = String(code.prefix(200)).lowercased()
            if let meaning = exact[key] { return meaning }
            if let row = beginnings.first(where: { key.hasPrefix($0.start) }) { return row.meaning }
            if let row = insides.first(where: {
                key.hasPrefix($0.class) && key.dropFirst($0.class.count).contains($0.words)
            }) {
                return row.meaning
            }
        }
        return nil
    }
}
