/// `strftime` with the directives, flags and widths of Ruby (ruby-doc.org, `Time#strftime`), in the mail's language.
enum Strftime {
    /// A larger width is cut: one directive must not produce a megabyte of spaces.
    private static let widest = 1_024
    /// Output of a format beyond this is cut off.
    private static let longest = 64 * 1_024

    static func string(_ moment: Moment, _ format: String, _ language: DateLanguage, zone: Zone? = nil) -> String {
        var out: [UInt8] = []
        let civil = moment.civil
        append(moment, civil, Array(format.utf8), language, zone, 0, &out)
        return String(decoding: out, as: UTF8.self)
    }

    private static func append(
        _ moment: Moment, _ civil: Civil, _ format: [UInt8], _ language: DateLanguage, _ zone: Zone?, _ depth: Int,
        _ out: inout [UInt8]
    ) {
        var position = 0
        while position < format.count, out.count <= longest {
            let byte = format[position]
            guard byte == 0x25 else {
                out.append(byte)
                position += 1
                continue
            }
            let start = position
            position += 1
            var padding: UInt8?
            var noPadding = false
            var upper = false
            var swap = false
            var colons = 0
            var width: Int?
            flags: while position < format.count {
                switch format[position] {
                case UInt8(ascii: "-"): noPadding = true
                case UInt8(ascii: "0"): padding = 0x30
                case UInt8(ascii: "_"): padding = 0x20
                case UInt8(ascii: "^"): upper = true
                case UInt8(ascii: "#"): swap = true
                case UInt8(ascii: ":"): colons += 1
                default: break flags
                }
                position += 1
            }
            while position < format.count, format[position].isDigit {
                width = min((width ?? 0) * 10 + Int(format[position] - 0x30), widest)
                position += 1
            }
            while position < format.count, format[position] == UInt8(ascii: ":") {
                colons += 1
                position += 1
            }
            if position < format.count, format[position] == UInt8(ascii: "E") || format[position] == UInt8(ascii: "O") {
                position += 1
            }
            guard position < format.count else {
                out.append(contentsOf: format[start...])
                return
            }
            let directive = format[position]
            position += 1

            func number(_ value: Int, _ digits: Int, _ pad: UInt8 = 0x30) {
                let text = Array(String(value.magnitude).utf8)
                let fill = padding ?? pad
                let wanted = noPadding ? 0 : (width ?? digits)
                let count = text.count + (value < 0 ? 1 : 0)
                let blanks = max(0, wanted - count)
                if value < 0 && fill == 0x30 { out.append(0x2D) }
                for _ in 0..<blanks { out.append(fill) }
                if value < 0 && fill != 0x30 { out.append(0x2D) }
                out.append(contentsOf: text)
            }
            func word(_ text: String, swapped: Bool = false) {
                var text = text
                if upper || (swap && !swapped) { text = text.uppercased() }
                if swap && swapped { text = text.lowercased() }
                let count = text.count
                if let width, !noPadding, !text.isEmpty {
                    for _ in 0..<max(0, width - count) { out.append(padding ?? 0x20) }
                }
                out.append(contentsOf: text.utf8)
            }
            func nested(_ inner: String) {
                guard depth < 2 else { return }
                var text: [UInt8] = []
                append(moment, civil, Array(inner.utf8), language, zone, depth + 1, &text)
                // A composite directive keeps its letters under `#`.
                swap = false
                word(String(decoding: text, as: UTF8.self))
            }
            if colons > 0, directive != UInt8(ascii: "z") {
                out.append(contentsOf: format[start..<position])
                continue
            }
            let hour12 = civil.hour % 12 == 0 ? 12 : civil.hour % 12

            switch directive {
            case UInt8(ascii: "Y"): number(civil.year, civil.year < 0 ? 5 : 4)
            case UInt8(ascii: "C"): number(Int((Double(civil.year) / 100).rounded(.down)), 2)
            case UInt8(ascii: "y"): number(((civil.year % 100) + 100) % 100, 2)
            case UInt8(ascii: "m"): number(civil.month, 2)
            case UInt8(ascii: "B"): word(language.months[civil.month - 1])
            case UInt8(ascii: "b"), UInt8(ascii: "h"): word(language.shortMonths[civil.month - 1])
            case UInt8(ascii: "d"): number(civil.day, 2)
            case UInt8(ascii: "e"): number(civil.day, 2, 0x20)
            case UInt8(ascii: "j"): number(civil.yearday, 3)
            case UInt8(ascii: "H"): number(civil.hour, 2)
            case UInt8(ascii: "k"): number(civil.hour, 2, 0x20)
            case UInt8(ascii: "I"): number(hour12, 2)
            case UInt8(ascii: "l"): number(hour12, 2, 0x20)
            case UInt8(ascii: "M"): number(civil.minute, 2)
            case UInt8(ascii: "S"): number(civil.second, 2)
            case UInt8(ascii: "L"), UInt8(ascii: "N"):
                let digits = max(1, min(width ?? (directive == UInt8(ascii: "L") ? 3 : 9), 64))
                let nanos = String(moment.nanoseconds)
                let nine = String(repeating: "0", count: max(0, 9 - nanos.utf8.count)) + nanos
                out.append(contentsOf: nine.utf8.prefix(digits))
                if digits > 9 { out.append(contentsOf: repeatElement(0x30, count: digits - 9)) }
            case UInt8(ascii: "p"): word(civil.hour < 12 ? "AM" : "PM", swapped: true)
            case UInt8(ascii: "P"): word(civil.hour < 12 ? "am" : "pm")
            case UInt8(ascii: "A"): word(language.weekdays[civil.weekday])
            case UInt8(ascii: "a"): word(language.shortWeekdays[civil.weekday])
            case UInt8(ascii: "u"): number(civil.weekday == 0 ? 7 : civil.weekday, 1)
            case UInt8(ascii: "w"): number(civil.weekday, 1)
            case UInt8(ascii: "G"): number(civil.isoWeek.year, 4)
            case UInt8(ascii: "g"): number(((civil.isoWeek.year % 100) + 100) % 100, 2)
            case UInt8(ascii: "V"): number(civil.isoWeek.week, 2)
            case UInt8(ascii: "U"): number((civil.yearday - 1 + 7 - civil.weekday) / 7, 2)
            case UInt8(ascii: "W"): number((civil.yearday - 1 + 7 - (civil.weekday + 6) % 7) / 7, 2)
            case UInt8(ascii: "s"): number(Int(moment.seconds), 1)
            case UInt8(ascii: "z"): offset(moment.offset, colons, padding, noPadding, width, &out)
            case UInt8(ascii: "Z"):
                if let zone, !moment.isDate, zone.offset(moment.seconds) == moment.offset {
                    word(zone.abbreviation(moment.seconds), swapped: true)
                } else {
                    word(moment.offset == 0 ? "UTC" : "", swapped: true)
                }
            case UInt8(ascii: "n"): word("\n")
            case UInt8(ascii: "t"): word("\t")
            case UInt8(ascii: "%"): word("%")
            case UInt8(ascii: "c"): nested("%a %b %e %H:%M:%S %Y")
            case UInt8(ascii: "D"), UInt8(ascii: "x"): nested("%m/%d/%y")
            case UInt8(ascii: "F"): nested("%Y-%m-%d")
            case UInt8(ascii: "v"): nested("%e-%^b-%Y")
            case UInt8(ascii: "T"), UInt8(ascii: "X"): nested("%H:%M:%S")
            case UInt8(ascii: "R"): nested("%H:%M")
            case UInt8(ascii: "r"): nested("%I:%M:%S %p")
            default: out.append(contentsOf: format[start..<position])
            }
        }
    }

    private static func offset(
        _ offset: Int, _ colons: Int, _ padding: UInt8?, _ noPadding: Bool, _ width: Int?, _ out: inout [UInt8]
    ) {
        func two(_ value: Int) -> String { value < 10 ? "0\(value)" : "\(value)" }
        let size = offset.magnitude
        let hours = Int(size) / 3_600
        let minutes = Int(size) / 60 % 60
        let seconds = Int(size) % 60
        var rest = ""
        switch colons {
        case 0: rest = two(minutes)
        case 1: rest = ":" + two(minutes)
        case 2: rest = ":" + two(minutes) + ":" + two(seconds)
        default: rest = seconds != 0 ? ":" + two(minutes) + ":" + two(seconds) : minutes != 0 ? ":" + two(minutes) : ""
        }
        let sign: UInt8 = offset < 0 ? 0x2D : 0x2B
        let digits = noPadding || padding == 0x20 ? String(hours) : two(hours)
        let count = 1 + digits.utf8.count + rest.utf8.count
        let blanks = noPadding ? 0 : max(0, max(width ?? 0, padding == 0x20 ? 1 + 2 + rest.utf8.count : 0) - count)
        if padding == 0x20 { out.append(contentsOf: repeatElement(0x20, count: blanks)) }
        out.append(sign)
        if padding != 0x20 { out.append(contentsOf: repeatElement(0x30, count: blanks)) }
        out.append(contentsOf: digits.utf8)
        out.append(contentsOf: rest.utf8)
    }
}
