extension Value {
    /// What `{{ value }}` prints, as text.
    public var text: String {
        switch self {
        case .string(let text): return text
        case .safe(let safe): return safe.text
        case .null: return ""
        case .int(let int): return String(int)
        default:
            var out: [UInt8] = []
            write(to: &out)
            return String(decoding: out, as: UTF8.self)
        }
    }

    /// Appends what `{{ value }}` prints. A list or object stops when `out` has more than `limit` bytes.
    func write(to out: inout [UInt8], limit: Int = .max, depth: Int = 0) {
        switch self {
        case .string(var text): text.withUTF8 { out.append(contentsOf: $0) }
        case .safe(let safe): out.append(contentsOf: safe.text.utf8)
        case .null: break
        case .bool(let bool): out.append(contentsOf: (bool ? "true" : "false").utf8)
        case .int(let int):
            if int >= 0 && int < 10 {
                out.append(UInt8(int) + 0x30)
            } else {
                out.append(contentsOf: String(int).utf8)
            }
        case .float(let double): out.append(contentsOf: double.rubyText.utf8)
        case .array(let elements):
            guard depth < 64 else { return }
            for element in elements {
                if out.count > limit { return }
                element.write(to: &out, limit: limit, depth: depth + 1)
            }
        case .object: inspect(to: &out, limit: limit, depth: depth)
        case .range(let first, let last): out.append(contentsOf: "\(first)..\(last)".utf8)
        case .moment(let moment): out.append(contentsOf: moment.text.utf8)
        case .money(let money): out.append(contentsOf: money.amount.utf8)
        case .drop(let drop):
            guard depth < 64 else { return }
            if let plain = drop.plain {
                plain.write(to: &out, limit: limit, depth: depth + 1)
            } else {
                drop.printed.write(to: &out, limit: limit, depth: depth + 1)
            }
        }
    }

    /// `to_s`, which text filters work on: a list is shown with its brackets.
    var filterText: String {
        switch self {
        case .array: return inspected
        case .drop(let drop): return drop.plain?.filterText ?? drop.printed.filterText
        default: return text
        }
    }

    /// `inspect`: with quotes, brackets and braces.
    var inspected: String {
        var out: [UInt8] = []
        inspect(to: &out, limit: .max, depth: 0)
        return String(decoding: out, as: UTF8.self)
    }

    private func inspect(to out: inout [UInt8], limit: Int, depth: Int) {
        guard depth < 64 else { return out.append(contentsOf: "…".utf8) }
        switch self {
        case .null: out.append(contentsOf: "nil".utf8)
        case .string(let text): out.append(contentsOf: text.inspected.utf8)
        case .safe(let safe): out.append(contentsOf: safe.text.inspected.utf8)
        case .array(let elements):
            out.append(UInt8(ascii: "["))
            for (index, element) in elements.enumerated() {
                if out.count > limit { return }
                if index > 0 { out.append(contentsOf: ", ".utf8) }
                element.inspect(to: &out, limit: limit, depth: depth + 1)
            }
            out.append(UInt8(ascii: "]"))
        case .object(let object):
            out.append(UInt8(ascii: "{"))
            for (index, key) in object.keys.enumerated() {
                if out.count > limit { return }
                if index > 0 { out.append(contentsOf: ", ".utf8) }
                out.append(contentsOf: key.inspected.utf8)
                out.append(contentsOf: "=>".utf8)
                object.values[index].inspect(to: &out, limit: limit, depth: depth + 1)
            }
            out.append(UInt8(ascii: "}"))
        default: write(to: &out, limit: limit, depth: depth)
        }
    }

    /// The value's class name in Ruby's messages.
    var kindName: String {
        switch self {
        case .null: "NilClass"
        case .bool(let bool): bool ? "TrueClass" : "FalseClass"
        case .int: "Integer"
        case .float: "Float"
        case .string, .safe: "String"
        case .array: "Array"
        case .object: "Hash"
        case .range: "Range"
        case .moment: "Time"
        case .money: "Money"
        case .drop(let drop): drop is Whole ? "Integer" : "Drop"
        }
    }

    var shownInError: String {
        switch self {
        case .int, .float: return text
        default: return kindName
        }
    }

    /// JSON, as the filter `json` prints it. A list or object stops when `out` has more than `limit` bytes.
    func writeJSON(to out: inout [UInt8], limit: Int = .max, depth: Int = 0) {
        guard depth < 64 else {
            out.append(contentsOf: "null".utf8)
            return
        }
        switch self {
        case .null: out.append(contentsOf: "null".utf8)
        case .bool, .int: write(to: &out)
        case .float(let double): out.append(contentsOf: (double.isFinite ? double.rubyText : "null").utf8)
        case .array(let elements):
            out.append(UInt8(ascii: "["))
            for (index, element) in elements.enumerated() {
                if out.count > limit { return }
                if index > 0 { out.append(UInt8(ascii: ",")) }
                element.writeJSON(to: &out, limit: limit, depth: depth + 1)
            }
            out.append(UInt8(ascii: "]"))
        case .object(let object):
            out.append(UInt8(ascii: "{"))
            for (index, key) in object.keys.enumerated() {
                if out.count > limit { return }
                if index > 0 { out.append(UInt8(ascii: ",")) }
                Value.string(key).writeJSON(to: &out, depth: depth + 1)
                out.append(UInt8(ascii: ":"))
                object.values[index].writeJSON(to: &out, limit: limit, depth: depth + 1)
            }
            out.append(UInt8(ascii: "}"))
        case .drop(let drop as Whole): out.append(contentsOf: String(drop.value).utf8)
        case .drop(let drop):
            if let whole = drop.whole {
                whole.writeJSON(to: &out, limit: limit, depth: depth + 1)
            } else if let plain = drop.plain {
                plain.writeJSON(to: &out, limit: limit, depth: depth + 1)
            } else if let elements = drop.elements {
                Value.array(elements).writeJSON(to: &out, limit: limit, depth: depth + 1)
            } else {
                drop.printed.writeJSON(to: &out, limit: limit, depth: depth + 1)
            }
        case .moment(let moment):
            let text = Strftime.string(
                moment, moment.isDate ? "%F" : moment.offset == 0 ? "%FT%TZ" : "%FT%T%:z", .english)
            Value.string(text).writeJSON(to: &out)
        case .string, .safe, .range, .money:
            out.append(0x22)
            Escaping.json(Array(text.utf8), to: &out)
            out.append(0x22)
        }
    }
}

extension Double {
    /// Ruby's `Float#to_s`.
    var rubyText: String {
        if isNaN { return "NaN" }
        if isInfinite { return self < 0 ? "-Infinity" : "Infinity" }
        if self == 0 { return sign == .minus ? "-0.0" : "0.0" }
        let size = magnitude
        let shortest = description
        if size >= 1e-4 && (size < 1e15 || (size < 1e16 && self != rounded())) {
            guard let cut = shortest.firstIndex(of: "e") else { return shortest }
            // Shopify's engine switches to the exponent at 10^15, except for fractions.
            guard let exact = Exact(parsing: shortest), let int = exact.int else {
                return String(shortest[..<cut])
            }
            return "\(int).0"
        }
        guard let cut = shortest.firstIndex(of: "e") else {
            return shortest.hasSuffix(".0") ? scientific(shortest) : scientific(shortest)
        }
        var mantissa = String(shortest[..<cut])
        if !mantissa.contains(".") { mantissa += ".0" }
        let power = Int(shortest[shortest.index(after: cut)...]) ?? 0
        return mantissa + "e" + (power < 0 ? "-" : "+") + (power.magnitude < 10 ? "0" : "") + String(power.magnitude)
    }

    private func scientific(_ plain: String) -> String {
        var digits = plain.filter { $0 != "." && $0 != "-" }
        let point =
            plain.filter { $0 != "-" }.firstIndex(of: ".").map {
                plain.filter { $0 != "-" }.distance(from: plain.filter { $0 != "-" }.startIndex, to: $0)
            } ?? digits.count
        var power = point - 1
        while digits.hasPrefix("0"), digits.count > 1 {
            digits.removeFirst()
            power -= 1
        }
        while digits.hasSuffix("0"), digits.count > 1 { digits.removeLast() }
        let head = digits.prefix(1)
        let tail = digits.dropFirst()
        return (self < 0 ? "-" : "") + head + "." + (tail.isEmpty ? "0" : tail) + "e" + (power < 0 ? "-" : "+")
            + (power.magnitude < 10 ? "0" : "") + String(power.magnitude)
    }
}

extension String {
    /// Ruby's `String#inspect`.
    var inspected: String {
        var out = "\""
        for scalar in unicodeScalars {
            switch scalar {
            case "\"": out += "\\\""
            case "\\": out += "\\\\"
            case "\n": out += "\\n"
            case "\t": out += "\\t"
            case "\r": out += "\\r"
            case "\u{1B}": out += "\\e"
            case "#": out += "#"
            default: out.unicodeScalars.append(scalar)
            }
        }
        return out + "\""
    }
}

extension Value {
    /// The value as JSON (RFC 8259), in one line.
    public var json: String {
        var out: [UInt8] = []
        writeJSON(to: &out)
        return String(decoding: out, as: UTF8.self)
    }
}
