// The normal form of a carrier's answer as printed by `bookbag track`: a few lines for people, one JSON object with
// stable names for programs.

internal import Outreach

/// Prints answers and candidates.
public enum AnswerReport {
    /// `{"carriers": [{"carrier": "ups", "checksum": "passed"}]}`.
    public static func json(_ candidates: [TrackingNumber.Candidate]) -> String {
        let rows = candidates.map { "{\"carrier\":\(quoted($0.carrier)),\"checksum\":\(quoted($0.checksum.rawValue))}" }
        return "{\"carriers\":[" + rows.joined(separator: ",") + "]}"
    }

    /// One carrier per line.
    public static func table(_ candidates: [TrackingNumber.Candidate]) -> String {
        if candidates.isEmpty { return "No known carrier has numbers of this form." }
        return candidates.map { candidate in
            let check =
                switch candidate.checksum {
                case .passed: "check digit right"
                case .failed: "check digit wrong"
                case .none: "no check digit"
                }
            return "\(candidate.carrier)  \(check)"
        }.joined(separator: "\n")
    }

    /// The normal form as one JSON object. Unknown fields are null.
    public static func json(_ answer: CarrierAnswer) -> String {
        let isCall = answer.call != nil
        var fields: [String] = []
        fields.append("\"carrier\":\(quoted(answer.carrier))")
        fields.append("\"number\":\(optional(answer.number))")
        fields.append("\"status\":\(isCall ? "null" : quoted(answer.status.rawValue))")
        fields.append("\"status_time\":\(optional(answer.statusTime.map(time)))")
        fields.append("\"delay\":\(isCall ? "null" : quoted(answer.delay.rawValue))")
        fields.append("\"return_leg\":\(isCall ? "null" : "\(answer.returnLeg)")")
        fields.append("\"fault\":\(optional(answer.fault?.rawValue))")
        fields.append("\"events\":[" + answer.events.map(event).joined(separator: ",") + "]")
        fields.append("\"estimated_delivery\":\(optional(answer.estimate?.text))")
        fields.append("\"estimated_window\":" + window(answer.estimate))
        fields.append("\"estimate_field\":\(optional(answer.estimate?.field))")
        fields.append("\"promised_delivery\":\(optional(answer.estimate?.promised.map { "\($0)" }))")
        fields.append("\"answer\":\(optional(answer.call?.kind.rawValue))")
        fields.append("\"message\":\(optional(answer.call?.message))")
        fields.append("\"flags\":[" + answer.flags.map { quoted($0.rawValue) }.joined(separator: ",") + "]")
        fields.append("\"unknown_codes\":[" + answer.unknownCodes.map(quoted).joined(separator: ",") + "]")
        return "{" + fields.joined(separator: ",") + "}"
    }

    private static func window(_ estimate: DeliveryEstimate?) -> String {
        guard let estimate, estimate.from != nil || estimate.to != nil else { return "null" }
        return "{\"from\":\(optional(estimate.from)),\"to\":\(optional(estimate.to))}"
    }

    private static func event(_ scan: Scan) -> String {
        let fields = [
            "\"time\":\(quoted(time(scan)))", "\"offset\":\(optional(scan.offsetMinutes.map(offset)))",
            "\"basis\":\(quoted(scan.basis.rawValue))", "\"status\":\(optional(scan.state?.rawValue))",
            "\"delay\":\(quoted(scan.delay.rawValue))", "\"reason\":\(optional(scan.reason))",
            "\"place\":\(optional(scan.place))",
            "\"words\":\(optional(scan.words))", "\"return_leg\":\(scan.returnLeg)",
        ]
        return "{" + fields.joined(separator: ",") + "}"
    }

    /// For people: a summary, then the events, newest first, each in local time.
    public static func table(_ answer: CarrierAnswer) -> String {
        if let call = answer.call { return "\(plain(call.kind.rawValue)): \(call.message)" }
        var head = "\(answer.carrier) \(answer.number ?? ""): \(plain(answer.status.rawValue))"
        switch answer.delay {
        case .yes: head += ", late"
        case .maybe where !answer.status.isFinal: head += ", perhaps late"
        case .maybe: break
        case .no: break
        }
        if let fault = answer.fault { head += " (\(fault.rawValue))" }
        var lines = [head]
        if answer.returnLeg { lines.append("on its way to the merchant") }
        if let estimate = answer.estimate {
            lines.append("expected \(estimate.text)" + (estimate.promised.map { ", first promised for \($0)" } ?? ""))
        }
        let rows = answer.events.reversed().map { scan in
            (
                time: clock(scan), state: scan.state.map { plain($0.rawValue) } ?? "",
                rest: [scan.words, scan.place].compactMap(\.self).joined(separator: " · ")
            )
        }
        let width = (rows.map(\.time.utf8.count).max() ?? 0, rows.map(\.state.utf8.count).max() ?? 0)
        for row in rows {
            let line = "  " + padded(row.time, to: width.0) + "  " + padded(row.state, to: width.1) + "  " + row.rest
            lines.append(String(line.reversed().drop { $0 == " " }.reversed()))
        }
        if !answer.flags.isEmpty {
            lines.append("note: " + answer.flags.map { plain($0.rawValue) }.joined(separator: ", "))
        }
        if !answer.unknownCodes.isEmpty {
            lines.append("codes we do not know: " + answer.unknownCodes.joined(separator: ", "))
        }
        return lines.joined(separator: "\n")
    }

    /// A word of the normal form, for people: `out for delivery`.
    private static func plain(_ word: String) -> String { String(word.map { $0 == "_" ? " " : $0 }) }

    private static func padded(_ text: String, to width: Int) -> String {
        text + String(repeating: " ", count: max(0, width - text.utf8.count))
    }

    /// `2026-11-19 10:15:00 -06:00`, and how the offset is known if the source did not state it.
    private static func clock(_ scan: Scan) -> String {
        let local = Moment(milliseconds: scan.time.milliseconds + Int64(scan.offsetMinutes ?? 0) * 60_000).iso8601
        let zone = scan.offsetMinutes.map { $0 == 0 ? "+00:00" : offset($0) } ?? "UTC"
        let known = scan.basis == .stated ? "" : " by \(scan.basis.rawValue)"
        return "\(local.prefix(10)) \(local.dropFirst(11).prefix(8)) \(zone)\(known)"
    }

    /// The local time of the event, with its offset.
    private static func time(_ scan: Scan) -> String {
        let minutes = scan.offsetMinutes ?? 0
        let local = Moment(milliseconds: scan.time.milliseconds + Int64(minutes) * 60_000).iso8601
        return local.dropLast() + (minutes == 0 ? "Z" : offset(minutes))
    }

    private static func offset(_ minutes: Int) -> String {
        func two(_ number: Int) -> String { number < 10 ? "0\(number)" : "\(number)" }
        return "\(minutes < 0 ? "-" : "+")\(two(abs(minutes) / 60)):\(two(abs(minutes) % 60))"
    }

    private static func optional(_ text: String?) -> String { text.map(quoted) ?? "null" }

    private static func quoted(_ text: String) -> String {
        var result = "\""
        for scalar in text.unicodeScalars {
            switch scalar {
            case "\"": result += "\\\""
            case "\\": result += "\\\\"
            case _ where scalar.value < 0x20:
                let hex = String(scalar.value, radix: 16)
                result += "\\u" + String(repeating: "0", count: 4 - hex.utf8.count) + hex
            default: result.unicodeScalars.append(scalar)
            }
        }
        return result + "\""
    }
}
