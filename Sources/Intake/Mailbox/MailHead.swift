// The few things of a mail that decide whether it is the shop's and whether we had it, read from its bytes without
// understanding it: the fields of its head, the addresses in them, and an identity. Understanding is done later, on
// what is stored, and may fail; this must not.

/// The fields at the head of a mail, as bytes.
package struct MailHead: Sendable {
    /// How much of a mail is looked at for its head.
    static let maximumBytes = 256 << 10

    private let fields: [(name: String, value: [UInt8])]
    /// Where the text begins.
    let bodyStart: Int

    /// Reads the head of a mail, or one that stands alone; lines end in CRLF or LF.
    init(_ mail: [UInt8]) {
        var fields: [(name: String, value: [UInt8])] = []
        var start = 0
        var body = mail.count
        while start < mail.count, start < Self.maximumBytes {
            let end = mail[start...].firstIndex(of: 0x0A) ?? mail.count
            var line = mail[start..<end]
            if line.last == 0x0D { line.removeLast() }
            let isOver = line.isEmpty
            start = min(end + 1, mail.count)
            if isOver {
                body = start
                break
            }
            if line.first == 0x20 || line.first == 0x09 {
                // RFC 5322, 2.2.3: a folded field goes on.
                if !fields.isEmpty { fields[fields.count - 1].value += line }
            } else if let colon = line.firstIndex(of: UInt8(ascii: ":")), fields.count < 2000 {
                let name = String(decoding: line[..<colon], as: UTF8.self).lowercased()
                fields.append((name.filter { $0 != " " && $0 != "\t" }, Array(line[(colon + 1)...])))
            }
        }
        self.fields = fields
        bodyStart = body
    }

    /// The values of all fields of that name, in lower case, unfolded.
    func values(_ name: String) -> [[UInt8]] { fields.lazy.filter { $0.name == name }.map(\.value) }

    /// A head without the fields of these names, with the empty line at its end.
    static func without(_ names: [String], _ head: [UInt8]) -> [UInt8] {
        var kept: [UInt8] = []
        var isLeftOut = false
        for var line in head.split(separator: 0x0A) {
            if line.last == 0x0D { line.removeLast() }
            if line.isEmpty { break }
            if line.first != 0x20, line.first != 0x09 {
                let name = String(decoding: line.prefix { $0 != UInt8(ascii: ":") }, as: UTF8.self).lowercased()
                isLeftOut = names.contains(name)
            }
            if !isLeftOut { kept += line + [0x0D, 0x0A] }
        }
        return kept + [0x0D, 0x0A]
    }

    /// The addresses in the fields of these names, lower case, in order.
    func addresses(in names: [String]) -> [String] {
        names.flatMap { values($0).flatMap(Self.addresses) }
    }

    /// The addresses in a field's value: what stands around an `@` outside of quotes and comments (RFC 5322, 3.4).
    static func addresses(in value: [UInt8]) -> [String] {
        var plain: [UInt8] = []
        var depth = 0
        var isQuoted = false
        var escape = false
        for byte in value {
            if escape {
                escape = false
                continue
            }
            if byte == UInt8(ascii: "\\") {
                escape = isQuoted || depth > 0
                continue
            }
            if byte == UInt8(ascii: "\""), depth == 0 {
                isQuoted.toggle()
                plain.append(0x20)
            } else if isQuoted {
                continue
            } else if byte == UInt8(ascii: "(") {
                depth += 1
            } else if byte == UInt8(ascii: ")"), depth > 0 {
                depth -= 1
                plain.append(0x20)
            } else if depth == 0 {
                plain.append(byte)
            }
        }
        func isPart(_ byte: UInt8) -> Bool {
            byte > 0x20 && byte != 0x7F && !"<>,;:()[]\"".utf8.contains(byte)
        }
        return plain.split { !isPart($0) }.compactMap { word in
            let halves = word.split(separator: UInt8(ascii: "@"), omittingEmptySubsequences: false)
            guard halves.count == 2, !halves[0].isEmpty, !halves[1].isEmpty, word.count <= 320 else { return nil }
            return String(decoding: word, as: UTF8.self).lowercased()
        }
    }
}

/// The addresses at which the shop is written to: of all that lies in a mailbox, only mail to them is fetched.
package struct ShopAddresses: Hashable, Sendable {
    private let addresses: Set<String>
    private let domains: Set<String>

    /// - Parameter texts: addresses, or `@domain` for all of a domain.
    package init(_ texts: [String]) {
        let all = texts.map { $0.lowercased() }
        domains = Set(all.filter { $0.hasPrefix("@") }.map { String($0.dropFirst()) })
        addresses = Set(all.filter { !$0.hasPrefix("@") })
    }

    /// Whether an address is the shop's; `hello+token@` is `hello@`.
    package func contains(_ address: String) -> Bool {
        let address = address.lowercased()
        guard let at = address.lastIndex(of: "@") else { return false }
        let domain = String(address[address.index(after: at)...])
        if addresses.contains(address) || domains.contains(domain) { return true }
        guard let plus = address[..<at].firstIndex(of: "+"), plus > address.startIndex else { return false }
        return addresses.contains("\(address[..<plus])@\(domain)")
    }

    /// The fields that say whom a mail is for: written by the sender, or by the servers on its way.
    static let recipientFields = ["To", "Cc", "Delivered-To", "X-Original-To", "Bcc"]
    /// The field that says whose mail a sent one is.
    static let senderFields = ["From"]

    /// Whether a mail is the shop's, by some fields of its head.
    func covers(_ fields: [UInt8], on side: MailKind.Side) -> Bool {
        let names = (side == .inbox ? Self.recipientFields : Self.senderFields).map { $0.lowercased() }
        return MailHead(fields).addresses(in: names).contains(where: contains)
    }
}

/// What makes a mail the same mail, in whatever folder and by whatever way it comes: a keyed hash of Message-ID, From,
/// Date and text. So it can outlive the mail, and nobody who has only the hash can try texts against it.
package struct MailIdentity: Sendable {
    private let hash: @Sendable ([UInt8]) -> String

    /// - Parameter hash: a keyed hash, as text.
    package init(_ hash: @escaping @Sendable ([UInt8]) -> String) { self.hash = hash }

    /// Of a mail's bytes. Line ends, and empty lines at the end, do not matter: servers change them.
    package func id(of mail: [UInt8]) -> String {
        let head = MailHead(mail)
        var text: [UInt8] = []
        for name in ["message-id", "from", "date"] {
            let value = head.values(name).first ?? []
            text += value.split { $0 == 0x20 || $0 == 0x09 }.joined(separator: [0x20])
            text.append(0)
        }
        text += mail[head.bodyStart...].lazy.filter { $0 != 0x0D }
        while text.last == 0x0A { text.removeLast() }
        return hash(text)
    }

    /// Of a mail that could not be had, by its place.
    func id(ofPlace place: String) -> String { "parked-" + hash(Array(place.utf8)) }
}
