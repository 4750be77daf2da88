internal import Liquid

// Mistakes that Liquid accepts silently: with a brace missing, the tag is sent as it stands; with one too many, nothing
// is printed; and `else if` is an `else` whose condition is never evaluated. The engine has to accept them as Shopify's
// does, but the checker can point them out.

/// Slips of the pen that are valid Liquid.
enum TemplateSlips {
    /// One of them.
    struct Slip {
        /// Counted from 1, in the text that was searched.
        var line: Int
        /// Counted from 1.
        var column: Int
        var message: String
        var hint: String
        /// True if the output is certainly wrong.
        var isCertain: Bool
    }

    /// The slips in a text, in its order.
    static func found(in source: String) -> [Slip] {
        guard source.utf8.contains(UInt8(ascii: "{")) else { return [] }
        var slips: [Slip] = []
        for (index, line) in source.split(omittingEmptySubsequences: false, whereSeparator: \.isNewline).enumerated() {
            // A regular expression costs more than the rest of reading the file, so it only runs on lines that could
            // match.
            let signs = Signs(line)
            guard signs.isWorthReading else { continue }
            func note(_ at: String.Index, _ message: String, _ hint: String, isCertain: Bool) {
                let column = line.unicodeScalars.distance(from: line.startIndex, to: at) + 1
                slips.append(
                    Slip(line: index + 1, column: column, message: message, hint: hint, isCertain: isCertain))
            }
            for match in line.matches(of: /\{\{\{+\s*([^{}]*?)\s*\}\}+/) {
                note(
                    match.range.lowerBound, "three braces print no value", "write two: {{ \(match.output.1) }}",
                    isCertain: true)
            }
            for match in line.matches(of: /\{%-?\s*else\s+if\s+(.*?)\s*-?%\}/) {
                note(
                    match.range.lowerBound, "'else' takes no condition, so this one is ignored",
                    "write {% elsif \(match.output.1) %}", isCertain: false)
            }
            // Not within other braces, and containing one of our names: otherwise it may be a style.
            for match in line.matches(of: /\{\s*([a-z_]+(?:\.[a-z_]+)+)(\s*\|[^{}]*)?\s*\}/) {
                let before = line[..<match.range.lowerBound].last
                let after = line[match.range.upperBound...].first
                guard before != "{", before != "%", after != "}", Names.byPath[String(match.output.1)] != nil else {
                    continue
                }
                let words = "\(match.output.1)\(match.output.2 ?? "")".trimmingSpaces
                note(
                    match.range.lowerBound, "one brace prints no value; this is sent as it stands",
                    "write two: {{ \(words) }}", isCertain: false)
            }
        }
        return slips
    }
}

/// Which characters that make up a slip a line contains.
private struct Signs {
    /// `{{{`
    var hasThree = false
    /// A brace that is neither doubled nor part of a tag.
    var hasSingle = false
    var hasElse = false

    init(_ line: Substring) {
        var previous: UInt8 = 0
        var run = 0
        for byte in line.utf8 {
            if byte == UInt8(ascii: "{") {
                run += 1
                hasThree = hasThree || run == 3
            } else {
                if run == 1, byte != UInt8(ascii: "%") { hasSingle = true }
                run = 0
            }
            if byte == UInt8(ascii: "e"), previous == UInt8(ascii: "s") { hasElse = true }
            previous = byte
        }
        hasElse = hasElse && line.contains("else")
    }

    var isWorthReading: Bool { hasThree || hasSingle || hasElse }
}

/// The engine's messages in plain words. Its own are Shopify's, and written for programmers.
enum TemplateWords {
    static func plain(_ message: String) -> String {
        if let match = message.wholeMatch(
            of: /(?:Variable|Tag) '(.*)' was not properly terminated with regexp: .*/.dotMatchesNewlines())
        {
            return "'\(match.output.1)' is not closed"
        }
        if let match = message.wholeMatch(of: /Unexpected character (\S|\s)(?: in "(.*)")?/.dotMatchesNewlines()) {
            let character = match.output.1 == "\u{A0}" ? "a no-break space" : "'\(match.output.1)'"
            return "\(character) does not belong here"
                + (match.output.2.map { ", in \"\(String($0).trimmingSpaces)\"" } ?? "")
        }
        if let match = message.wholeMatch(
            of: /Expected (\w+) but found (\w+)( in ".*")?/.dotMatchesNewlines())
        {
            guard let wanted = words[String(match.output.1)], let found = words[String(match.output.2)] else {
                return message
            }
            let place = match.output.3.map { "," + $0 } ?? ""
            return match.output.1 == "end_of_string"
                ? "\(found) does not belong here\(place)" : "\(wanted) is missing before \(found)\(place)"
        }
        return message
    }

    /// What was probably meant, where a message does not say.
    static func hint(_ message: String) -> String? {
        guard let count = message.firstMatch(of: /\|\s*truncate:\s*([0-9]+)\s+words?\b/) else { return nil }
        return "'truncate' counts letters; for words write 'truncatewords: \(count.output.1)'"
    }

    private static let words = [
        "pipe": "'|'", "dot": "'.'", "colon": "':'", "comma": "','", "question": "'?'", "dash": "'-'",
        "comparison": "a comparison", "string": "a text", "number": "a number", "id": "a name", "dotdot": "'..'",
        "open_square": "'['", "close_square": "']'", "open_round": "'('", "close_round": "')'",
        "end_of_string": "the end",
    ]
}
