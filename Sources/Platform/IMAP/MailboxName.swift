// The names of folders on the line (RFC 9051, appendix A.1; RFC 3501, 5.1.3): UTF-7 with `&` for `+` and `,` for `/`.
// Printable ASCII stands for itself, `&-` for `&`; all else is UTF-16 in base64 between `&` and `-`.

/// Folder names, as people and as servers write them.
enum MailboxName {
    private static let alphabet = Array("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+,".utf8)

    /// As it goes over the line: printable ASCII alone.
    static func encode(_ name: String) -> String {
        var out: [UInt8] = []
        var units: [UInt16] = []
        func flush() {
            guard !units.isEmpty else { return }
            out.append(UInt8(ascii: "&"))
            var bits: UInt32 = 0
            var count = 0
            for byte in units.flatMap({ [UInt8($0 >> 8), UInt8($0 & 0xFF)] }) {
                bits = bits << 8 | UInt32(byte)
                count += 8
                while count >= 6 {
                    count -= 6
                    out.append(alphabet[Int(bits >> UInt32(count) & 63)])
                }
                bits &= (1 << UInt32(count)) - 1
            }
            if count > 0 { out.append(alphabet[Int(bits << UInt32(6 - count) & 63)]) }
            out.append(UInt8(ascii: "-"))
            units = []
        }
        for unit in name.utf16 {
            guard (0x20...0x7E).contains(unit) else {
                units.append(unit)
                continue
            }
            flush()
            out.append(UInt8(unit))
            if unit == 0x26 { out.append(UInt8(ascii: "-")) }
        }
        flush()
        return String(decoding: out, as: UTF8.self)
    }

    /// As people write it. A name that is not well-formed is left as it is: some servers send plain UTF-8.
    static func decode(_ name: String) -> String {
        var units: [UInt16] = []
        var rest = name.utf8[...]
        while let byte = rest.popFirst() {
            guard byte == UInt8(ascii: "&") else {
                guard byte < 0x80 else { return name }
                units.append(UInt16(byte))
                continue
            }
            guard let end = rest.firstIndex(of: UInt8(ascii: "-")) else { return name }
            let coded = rest[..<end]
            rest = rest[rest.index(after: end)...]
            if coded.isEmpty {
                units.append(0x26)
                continue
            }
            var bits: UInt32 = 0
            var count = 0
            for byte in coded {
                guard let value = alphabet.firstIndex(of: byte) else { return name }
                bits = bits << 6 | UInt32(value)
                count += 6
                if count >= 16 {
                    count -= 16
                    units.append(UInt16(truncatingIfNeeded: bits >> UInt32(count)))
                    bits &= (1 << UInt32(count)) - 1
                }
            }
            if count >= 6 || bits != 0 { return name }
        }
        return String(validating: units, as: UTF16.self) ?? name
    }
}
