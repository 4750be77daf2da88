import Foundation
package import Outreach

/// The output of a command: one value, which JSON contains in full and `text` shows to people. A page prints the same
/// value.
package protocol Report: Encodable, Sendable {
    /// For a terminal.
    var text: String { get }
}

extension Report {
    /// For programs. A key, once shipped, never changes.
    package func json() throws -> String {
        let encoder = JSONEncoder()
        encoder.keyEncodingStrategy = .convertToSnakeCase
        encoder.outputFormatting = [.prettyPrinted, .sortedKeys, .withoutEscapingSlashes]
        return String(decoding: try encoder.encode(self), as: UTF8.self)
    }
}

/// A value that JSON shows as null when there is none, instead of leaving it out.
@propertyWrapper package struct Nullable<Value: Encodable & Sendable>: Encodable, Sendable {
    package var wrappedValue: Value?

    package init(wrappedValue: Value?) { self.wrappedValue = wrappedValue }

    package func encode(to encoder: any Encoder) throws {
        var container = encoder.singleValueContainer()
        if let wrappedValue { try container.encode(wrappedValue) } else { try container.encodeNil() }
    }
}

/// A moment that JSON shows in ISO 8601.
@propertyWrapper package struct Stamped<Value: Sendable>: Sendable {
    package var wrappedValue: Value

    package init(wrappedValue: Value) { self.wrappedValue = wrappedValue }
}

extension Stamped: Encodable where Value: Stampable {
    package func encode(to encoder: any Encoder) throws {
        var container = encoder.singleValueContainer()
        try container.encode(wrappedValue.stamp)
    }
}

/// Anything that can have a timestamp, or none.
package protocol Stampable {
    var stamp: String? { get }
}

extension Moment: Stampable {
    package var stamp: String? { iso8601 }
}

extension Moment?: Stampable {
    package var stamp: String? { self?.iso8601 }
}

extension Moment {
    /// For people, to the minute: `2026-11-30 08:15 UTC`. JSON has all of it.
    package var toTheMinute: String {
        let text = iso8601
        return "\(text.prefix(10)) \(text.dropFirst(11).prefix(5)) UTC"
    }
}

/// A count with its noun: `1 parcel`, `2 parcels`.
func counted(_ count: Int, _ thing: String) -> String { "\(count) \(thing)\(count == 1 ? "" : "s")" }
