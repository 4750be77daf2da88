import Foundation

@testable import Shopify

/// The names of an answer, as a tree, by the document that asks for it: fragments are spread, unions are one.
func selectionPaths(of document: String) -> Set<String> {
    var reader = SelectionReader(document)
    return reader.paths()
}

private struct SelectionReader {
    private var tokens: [String] = []
    private var position = 0
    private var fragments: [String: Range<Int>] = [:]
    private var operation = 0..<0

    init(_ text: String) {
        var word = ""
        func flush(_ tokens: inout [String], _ word: inout String) {
            if !word.isEmpty { tokens.append(word) }
            word = ""
        }
        for line in text.split(separator: "\n") where !line.hasPrefix("#") {
            for character in line {
                if character.isLetter || character.isNumber || character == "_" {
                    if word == "..." { flush(&tokens, &word) }
                    word.append(character)
                } else if character == "." {
                    if !word.isEmpty, !word.hasPrefix(".") { flush(&tokens, &word) }
                    word.append(character)
                } else {
                    flush(&tokens, &word)
                    if !character.isWhitespace { tokens.append(String(character)) }
                }
            }
            flush(&tokens, &word)
        }
        while position < tokens.count {
            let kind = tokens[position]
            let name = tokens[position + 1]
            while tokens[position] != "{" { if tokens[position] == "(" { skipParentheses() } else { position += 1 } }
            let start = position + 1
            var depth = 0
            repeat {
                if tokens[position] == "(" {
                    skipParentheses()
                    continue
                }
                if tokens[position] == "{" { depth += 1 }
                if tokens[position] == "}" { depth -= 1 }
                position += 1
            } while depth > 0
            if kind == "fragment" {
                fragments[name] = start..<(position - 1)
            } else {
                operation = start..<(position - 1)
            }
        }
    }

    private mutating func skipParentheses() {
        var depth = 0
        repeat {
            if tokens[position] == "(" { depth += 1 }
            if tokens[position] == ")" { depth -= 1 }
            position += 1
        } while depth > 0
    }

    mutating func paths() -> Set<String> {
        var found: Set<String> = []
        collect(operation, under: "", into: &found)
        return found
    }

    private mutating func collect(_ range: Range<Int>, under prefix: String, into found: inout Set<String>) {
        let saved = position
        defer { position = saved }
        position = range.lowerBound
        var path = prefix
        while position < range.upperBound {
            let token = tokens[position]
            switch token {
            case "...":
                if tokens[position + 1] == "on" {
                    position += 3
                    path = prefix
                } else {
                    collect(fragments[tokens[position + 1]]!, under: prefix, into: &found)
                    position += 2
                }
            case "@": position += 2
            case "(": skipParentheses()
            case ":": position += 2  // the name behind an alias
            case "{":
                let start = position + 1
                var depth = 0
                repeat {
                    if tokens[position] == "{" { depth += 1 }
                    if tokens[position] == "}" { depth -= 1 }
                    position += 1
                } while depth > 0
                collect(start..<(position - 1), under: path, into: &found)
            default:
                path = prefix + "." + token
                found.insert(path)
                position += 1
            }
        }
    }
}

/// Which names a type reads when it is decoded: a decoder that has everything, once.
func decodedPaths<T: Decodable>(of type: T.Type) throws -> Set<String> {
    let record = PathRecord()
    _ = try T(from: Probe(path: "", record: record))
    return record.paths
}

private final class PathRecord { var paths: Set<String> = [] }

private struct Probe: Decoder {
    var path: String
    var record: PathRecord
    var codingPath: [any CodingKey] { [] }
    var userInfo: [CodingUserInfoKey: Any] { [:] }

    func container<Key: CodingKey>(keyedBy type: Key.Type) -> KeyedDecodingContainer<Key> {
        KeyedDecodingContainer(Keyed<Key>(probe: self))
    }
    func unkeyedContainer() -> any UnkeyedDecodingContainer { Unkeyed(probe: self) }
    func singleValueContainer() -> any SingleValueDecodingContainer { Single(probe: self) }

    func value<T: Decodable>(_ type: T.Type) throws -> T {
        switch type {
        case is String.Type: "2026-11-21T10:00:00Z" as! T
        case is Int.Type: 1 as! T
        case is Double.Type: 1.0 as! T
        case is Bool.Type: false as! T
        case is WireDecimal.Type: try decode(WireDecimal.self, fragment: "\"1.5\"") as! T
        default: try T(from: self)
        }
    }

    private func decode<T: Decodable>(_ type: T.Type, fragment: String) throws -> T {
        try JSONDecoder().decode(type, from: Data(fragment.utf8))
    }

    struct Keyed<Key: CodingKey>: KeyedDecodingContainerProtocol {
        var probe: Probe
        var codingPath: [any CodingKey] { [] }
        var allKeys: [Key] { [] }
        func contains(_ key: Key) -> Bool { true }
        func decodeNil(forKey key: Key) -> Bool { false }
        private func below(_ key: Key) -> Probe {
            let path = probe.path + "." + key.stringValue
            probe.record.paths.insert(path)
            return Probe(path: path, record: probe.record)
        }
        func decode<T: Decodable>(_ type: T.Type, forKey key: Key) throws -> T { try below(key).value(type) }
        func nestedContainer<Nested: CodingKey>(keyedBy: Nested.Type, forKey key: Key) -> KeyedDecodingContainer<Nested>
        {
            below(key).container(keyedBy: keyedBy)
        }
        func nestedUnkeyedContainer(forKey key: Key) -> any UnkeyedDecodingContainer { below(key).unkeyedContainer() }
        func superDecoder() -> any Decoder { probe }
        func superDecoder(forKey key: Key) -> any Decoder { below(key) }
    }

    struct Unkeyed: UnkeyedDecodingContainer {
        var probe: Probe
        var codingPath: [any CodingKey] { [] }
        var count: Int? { 1 }
        var currentIndex = 0
        var isAtEnd: Bool { currentIndex > 0 }
        mutating func decodeNil() -> Bool { false }
        mutating func decode<T: Decodable>(_ type: T.Type) throws -> T {
            currentIndex += 1
            return try probe.value(type)
        }
        mutating func nestedContainer<K: CodingKey>(keyedBy: K.Type) -> KeyedDecodingContainer<K> {
            currentIndex += 1
            return probe.container(keyedBy: keyedBy)
        }
        mutating func nestedUnkeyedContainer() -> any UnkeyedDecodingContainer { self }
        mutating func superDecoder() -> any Decoder { probe }
        init(probe: Probe) { self.probe = probe }
    }

    struct Single: SingleValueDecodingContainer {
        var probe: Probe
        var codingPath: [any CodingKey] { [] }
        func decodeNil() -> Bool { false }
        func decode<T: Decodable>(_ type: T.Type) throws -> T { try probe.value(type) }
    }
}
