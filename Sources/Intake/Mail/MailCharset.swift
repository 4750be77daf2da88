// Which letters the bytes of a mail are. The label is often wrong: programs write iso-8859-1 and mean windows-1252,
// gb2312 and mean GB18030, us-ascii and mean anything. Labels mean here what the Encoding standard of the web takes
// them for, and bytes that cannot be what the label says are read as what they can be. No text is refused: what is no
// letter becomes U+FFFD.

internal import Glibc
internal import Platform

/// Reads bytes as text.
enum MailCharset {
    /// The text, with line ends as line feeds and without what no text has in it.
    ///
    /// - Parameter label: the name of the charset as the mail gives it, if it does.
    static func text(_ bytes: ArraySlice<UInt8>, label: String?) -> String {
        raw(bytes, label: label).cleanedText
    }

    private static func raw(_ bytes: ArraySlice<UInt8>, label: String?) -> String {
        let hasHighBytes = bytes.contains { $0 >= 0x80 }
        let hasEscapes = bytes.contains(0x1B)
        if !hasHighBytes, !hasEscapes, label?.lowercased().contains("utf-7") != true,
            label?.lowercased().contains("utf-16") != true, label?.lowercased().contains("utf-32") != true
        {
            return String(decoding: bytes, as: UTF8.self)
        }
        var name = (label ?? "").lowercased().filter { $0.isASCII && !$0.isWhitespace && $0 != "\"" && $0 != "'" }
        name = names[name] ?? name
        switch name {
        case "utf-8": return utf8(bytes) ?? mostly(bytes)
        case "windows-1252":
            // It is hardly ever UTF-8 by chance.
            return utf8(bytes) ?? windows1252(bytes)
        case "ISO-2022-JP", "ISO-2022-JP-2":
            if hasHighBytes { return utf8(bytes) ?? japanese(bytes) }
            return converted(bytes, from: "ISO-2022-JP-2")
        case _ where iconvNames.contains(name): return converted(bytes, from: name)
        default:
            // No label, us-ascii, or one that nobody knows.
            if let text = utf8(bytes), hasHighBytes { return text }
            if hasEscapes, !hasHighBytes, isJapanese(bytes) { return converted(bytes, from: "ISO-2022-JP-2") }
            return windows1252(bytes)
        }
    }

    /// What the names that mails use mean.
    private static let names: [String: String] = {
        var names: [String: String] = [:]
        func mean(_ name: String, _ labels: String) {
            for label in labels.split(separator: " ") { names[String(label)] = name }
        }
        mean("utf-8", "utf8 utf-8 unicode-1-1-utf-8 cp65001 utf8mb4")
        mean(
            "windows-1252",
            "iso-8859-1 iso8859-1 iso_8859-1 iso8859_1 latin1 latin-1 l1 cp1252 cp-1252 windows-1252 win-1252 x-cp1252 "
                + "ansi x-ansi"
        )
        mean("CP1254", "iso-8859-9 latin5 windows-1254 cp1254")
        mean("CP874", "tis-620 iso-8859-11 windows-874 cp874 dos-874")
        mean("GB18030", "gb2312 gb_2312-80 gbk gb18030 euc-cn x-gbk cp936 chinese hz-gb-2312")
        mean("BIG5-HKSCS", "big5 big5-hkscs cn-big5 x-x-big5 cp950")
        mean("CP949", "euc-kr ks_c_5601-1987 ksc5601 ksc_5601 korean cp949 uhc windows-949")
        mean("CP932", "shift_jis shift-jis sjis x-sjis ms_kanji cp932 windows-31j ms932")
        mean("EUC-JP", "euc-jp x-euc-jp eucjp")
        mean("ISO-2022-JP", "iso-2022-jp iso-2022-jp-1 csiso2022jp iso-2022-jp-ms cp50220 cp50221")
        mean("ISO-2022-JP-2", "iso-2022-jp-2")
        mean("ISO-2022-KR", "iso-2022-kr")
        mean("UTF-7", "utf-7 unicode-1-1-utf-7")
        mean("UTF-16", "utf-16 ucs-2 unicode")
        mean("UTF-16LE", "utf-16le")
        mean("UTF-16BE", "utf-16be")
        mean("KOI8-R", "koi8-r koi8 koi")
        mean("KOI8-U", "koi8-u")
        mean("CP866", "ibm866 cp866 866")
        mean("MACINTOSH", "macintosh mac x-mac-roman macroman")
        mean("ISO-8859-8", "iso-8859-8 iso-8859-8-i iso-8859-8-e")
        mean("VISCII", "viscii")
        mean("CP850", "ibm850 cp850")
        mean("CP437", "ibm437 cp437")
        for number in [2, 3, 4, 5, 6, 7, 10, 13, 14, 15, 16] {
            mean("ISO-8859-\(number)", "iso-8859-\(number) iso8859-\(number)")
        }
        for number in [1250, 1251, 1253, 1255, 1256, 1257, 1258] {
            mean("CP\(number)", "windows-\(number) cp\(number) cp-\(number) win-\(number)")
        }
        return names
    }()

    /// What the C library is asked for: no name of a stranger's choice ever is.
    private static let iconvNames = Set(names.values).subtracting(["utf-8", "windows-1252"])

    private static func utf8(_ bytes: ArraySlice<UInt8>) -> String? {
        if let text = String(validating: bytes, as: UTF8.self) { return text }
        // A long text may have been cut inside a letter.
        for cut in 1...3 where bytes.count > 64 {
            if bytes.suffix(cut).allSatisfy({ $0 >= 0x80 }),
                let text = String(validating: bytes.dropLast(cut), as: UTF8.self)
            {
                return text
            }
        }
        return nil
    }

    /// Bytes that are said to be UTF-8 and are not quite: with gaps where most of them are, else as the old charset of
    /// the West.
    private static func mostly(_ bytes: ArraySlice<UInt8>) -> String {
        let text = String(decoding: bytes, as: UTF8.self)
        let (gaps, letters) = text.unicodeScalars.reduce(into: (0, 0)) { count, scalar in
            if scalar == "\u{FFFD}" { count.0 += 1 } else if scalar.value >= 0x80 { count.1 += 1 }
        }
        return gaps * 4 <= letters ? text : windows1252(bytes)
    }

    private static func isJapanese(_ bytes: ArraySlice<UInt8>) -> Bool {
        guard let escape = bytes.firstIndex(of: 0x1B), escape + 2 < bytes.endIndex else { return false }
        return bytes[escape + 1] == UInt8(ascii: "$") || bytes[escape + 1] == UInt8(ascii: "(")
    }

    /// Japanese in one of its two eight-bit charsets: the one with fewer gaps.
    private static func japanese(_ bytes: ArraySlice<UInt8>) -> String {
        let both = [converted(bytes, from: "EUC-JP"), converted(bytes, from: "CP932")]
        func gaps(_ text: String) -> Int { text.unicodeScalars.count { $0 == "\u{FFFD}" } }
        return gaps(both[0]) <= gaps(both[1]) ? both[0] : both[1]
    }

    /// The letters of windows-1252 from 0x80 to 0x9F; five are not given.
    private static let windows: [UInt16] = [
        0x20AC, 0x81, 0x201A, 0x0192, 0x201E, 0x2026, 0x2020, 0x2021, 0x02C6, 0x2030, 0x0160, 0x2039, 0x0152, 0x8D,
        0x017D, 0x8F, 0x90, 0x2018, 0x2019, 0x201C, 0x201D, 0x2022, 0x2013, 0x2014, 0x02DC, 0x2122, 0x0161, 0x203A,
        0x0153, 0x9D, 0x017E, 0x0178,
    ]

    private static func windows1252(_ bytes: ArraySlice<UInt8>) -> String {
        var units: [UInt16] = []
        units.reserveCapacity(bytes.count)
        for byte in bytes { units.append((0x80..<0xA0).contains(byte) ? windows[Int(byte) - 0x80] : UInt16(byte)) }
        return String(decoding: units, as: UTF16.self)
    }

    /// The text by the C library's tables; a byte that is no letter becomes U+FFFD.
    private static func converted(_ bytes: ArraySlice<UInt8>, from name: String) -> String {
        guard let descriptor = iconv_open("UTF-8", name), Int(bitPattern: descriptor) != -1 else {
            return windows1252(bytes)
        }
        defer { iconv_close(descriptor) }
        var input = Array(bytes)
        var out: [UInt8] = []
        out.reserveCapacity(input.count * 2)
        var buffer = [CChar](repeating: 0, count: 8192)
        input.withUnsafeMutableBytes { raw in
            guard let base = raw.baseAddress else { return }
            var next: UnsafeMutablePointer<CChar>? = base.assumingMemoryBound(to: CChar.self)
            var left = raw.count
            // Each turn consumes a byte at least, or makes room.
            var turns = 2 * raw.count + 16
            while left > 0, turns > 0 {
                turns -= 1
                var fault: Int32 = 0
                buffer.withUnsafeMutableBufferPointer { room in
                    var target = room.baseAddress
                    var free = room.count
                    if iconv(descriptor, &next, &left, &target, &free) == -1 { fault = errno }
                    let made = room.count - free
                    for index in 0..<made { out.append(UInt8(bitPattern: room[index])) }
                }
                if fault == EILSEQ || fault == EINVAL {
                    out += [0xEF, 0xBF, 0xBD]
                    next = next.map { $0 + 1 }
                    left -= 1
                }
            }
        }
        return String(decoding: out, as: UTF8.self)
    }
}
