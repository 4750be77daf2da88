internal import Liquid

// Conditions that are valid Liquid, name what exists, and still never hold or never mean what they seem to: a country
// that no order has, an amount above 100 and below 50, a delay that is only mentioned once the parcel has arrived. Each
// draws a warning, except that a text missing from a closed set is an error, as it is for every other closed set.

/// Checks the lines of a condition together.
struct ConditionDoubts {
    let checker: ConditionChecker

    /// Records what cannot hold among `lines`, all of which have to hold.
    func look(at lines: [YAMLTree], _ faults: inout FaultList) {
        var bounds: [String: Bounds] = [:]
        var texts: [String: (text: String, line: Int)] = [:]
        for line in lines {
            guard let text = line.text else { continue }
            let start = line.textPosition ?? line.position
            passed(text, at: start, &faults)
            guard !text.contains(/\sor\s/) else { continue }
            for part in text.split(separator: /\sand\s/) {
                let place = Position(
                    line: start.line, column: start.column + text.distance(from: text.startIndex, to: part.startIndex))
                if let match = part.wholeMatch(
                    of: /\s*([a-z_]+(?:\.[a-z_]+)+)\s*(<=|>=|==|<|>)\s*(-?[0-9]+(?:\.[0-9]+)?)\s*/),
                    let number = Double(match.output.3)
                {
                    let name = String(match.output.1)
                    var bound = bounds[name] ?? Bounds()
                    let others = bound.lines
                    bound.narrow(String(match.output.2), number, line: start.line)
                    if bound.isEmpty, !(bounds[name]?.isEmpty ?? false) {
                        let other = others.last == start.line ? "this line" : "line \(others.last ?? start.line)"
                        faults.warn(
                            at: place, "this and \(other) never hold together",
                            hint: "all lines of 'if' have to hold; put alternatives under 'any:'")
                    }
                    bounds[name] = bound
                } else if let match = part.wholeMatch(of: /\s*([a-z_]+(?:\.[a-z_]+)+)\s*==\s*(["'])(.*?)\2\s*/) {
                    let name = String(match.output.1)
                    if let other = texts[name], other.text != match.output.3 {
                        faults.warn(
                            at: place, "'\(name)' cannot be two texts at once (see line \(other.line))",
                            hint: "all lines of 'if' have to hold; put alternatives under 'any:'")
                    }
                    texts[name] = (String(match.output.3), start.line)
                }
            }
        }
    }

    /// A state in which the very event that the trigger is on is no longer news.
    private func passed(_ text: String, at position: Position, _ faults: inout FaultList) {
        guard !checker.kinds.isEmpty, !checker.inSegment else { return }
        let state: ParcelState
        if text.wholeMatch(of: /\s*shipment\.delivered\s*(==\s*true\s*)?/) != nil {
            state = .delivered
        } else if let match = text.wholeMatch(of: /\s*shipment\.status\s*==\s*["']([a-z_]+)["']\s*/),
            let named = ParcelState(rawValue: String(match.output.1))
        {
            state = named
        } else {
            return
        }
        guard checker.kinds.allSatisfy({ $0.isPassed(by: state) }) else { return }
        faults.warn(
            at: position,
            "'\(checker.kinds[0].rawValue)' is no longer news once the parcel is '\(state.rawValue)', so this sends nothing",
            hint: EventKind(rawValue: "shipment.\(state.rawValue)").map { "write 'on: \($0.rawValue)' instead" }
                ?? "remove the line")
    }

    /// A German number with a thousands separator: `1.000` is read as 1.
    static func thousands(in source: String) -> (column: Int, message: String, hint: String)? {
        guard let match = source.firstMatch(of: /[<>=]\s*([0-9]{1,3}\.[0-9]{3})(?![0-9.])/) else { return nil }
        let number = match.output.1
        let whole = number.prefix { $0 != "." }
        guard number.hasSuffix("000") || whole != "0" else { return nil }
        return (
            source.distance(from: source.startIndex, to: number.startIndex) + 1,
            "'\(number)' is read as \(number.hasSuffix(".000") ? String(whole) : "\(whole) and a bit"), since decimals follow the point",
            "for thousands write \(number.filter { $0 != "." })"
        )
    }

    /// The range that the conditions on one number leave.
    private struct Bounds {
        private var low = -Double.infinity
        private var high = Double.infinity
        private var isLowOpen = false
        private var isHighOpen = false
        var lines: [Int] = []
        var isEmpty: Bool { low > high || (low == high && (isLowOpen || isHighOpen)) }

        mutating func narrow(_ sign: String, _ number: Double, line: Int) {
            lines.append(line)
            if sign != "<", sign != "<=", number > low || (number == low && sign == ">") {
                (low, isLowOpen) = (number, sign == ">")
            }
            if sign != ">", sign != ">=", number < high || (number == high && sign == "<") {
                (high, isHighOpen) = (number, sign == "<")
            }
        }
    }
}
