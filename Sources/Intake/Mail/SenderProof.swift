// Whether the address in From is proved. A mail can say anything of itself; what counts is what the border of the
// shop's own mail system found, which it writes into `Authentication-Results` (RFC 8601) under a name that is
// configured here. A header with that name further down may be forged, so only the topmost is read. DMARC's pass proves
// the domain of From; a DKIM signature proves it where it was made by that domain or by one above it. SPF proves only
// the envelope.

/// Whose `Authentication-Results` are believed.
package enum MailBorder: Hashable, Sendable {
    /// The one with this name.
    case named(String)
    /// The first that stands below the topmost `Received`, whatever its name: Exchange Online writes none.
    case firstBelowReceived
}

/// What proves the sender of a mail, if anything does.
enum SenderProof {
    /// Whether From is proved. Several addresses in From, several From fields, or a Sender that is another, prove
    /// nothing.
    static func isProved(_ fields: MailFields, border: MailBorder?) -> Bool {
        let froms = fields.fields.filter { $0.name == "from" }
        guard let border, froms.count == 1 else { return false }
        let mailboxes = AddressList.read(froms[0].value)
        guard mailboxes.count == 1, AddressList.isAddress(mailboxes[0].address) else { return false }
        for sender in fields.fields where sender.name == "sender" {
            guard AddressList.read(sender.value).allSatisfy({ $0.key == mailboxes[0].key }) else { return false }
        }
        guard let results = results(fields, border: border) else { return false }
        let domain = mailboxes[0].domain
        for result in results where result.outcome == "pass" {
            switch result.method {
            case "dmarc":
                // Who leaves the domain out cannot be held to it.
                if result.properties["header.from"].map({ self.domain(of: $0) }) == domain { return true }
            case "dkim":
                let signer = result.properties["header.d"] ?? result.properties["header.i"].map { self.domain(of: $0) }
                guard let signer = signer?.lowercased(), signer.contains(".") else { continue }
                if domain == signer || domain.hasSuffix("." + signer) { return true }
            default: break
            }
        }
        return false
    }

    private static func domain(of text: String) -> String {
        text.lastIndex(of: "@").map { String(text[text.index(after: $0)...]) }?.lowercased() ?? text.lowercased()
    }

    struct Result: Equatable {
        var method: String
        var outcome: String
        var properties: [String: String]
    }

    private static func results(_ fields: MailFields, border: MailBorder) -> [Result]? {
        switch border {
        case .named(let name):
            for field in fields.fields where field.name == "authentication-results" {
                let (id, results) = read(field.text)
                if id == name.lowercased() { return results }
            }
            return nil
        case .firstBelowReceived:
            var isBelow = false
            for field in fields.fields {
                if field.name == "received" {
                    // A second hop: what stands below was there before it came to us.
                    if isBelow { return nil }
                    isBelow = true
                } else if field.name == "authentication-results", isBelow {
                    return read(field.text).results
                }
            }
            return nil
        }
    }

    /// The name of who wrote a field, in lower case, and what it found. Comments are left out, and what stands in
    /// quotes divides nothing.
    static func read(_ field: String) -> (id: String, results: [Result]) {
        var pieces: [[String]] = [[]]
        var word = ""
        var depth = 0
        var isQuoted = false
        var isEscaped = false
        func endWord() {
            if !word.isEmpty { pieces[pieces.count - 1].append(word) }
            word = ""
        }
        for character in field.prefix(16_000) {
            if isEscaped {
                isEscaped = false
                if depth == 0 { word.append(character) }
            } else if character == "\\", isQuoted || depth > 0 {
                isEscaped = true
            } else if depth > 0 {
                if character == "(" { depth += 1 }
                if character == ")" { depth -= 1 }
            } else if character == "\"" {
                isQuoted.toggle()
            } else if isQuoted {
                word.append(character)
            } else if character == "(" {
                depth = 1
                endWord()
            } else if character == ";" {
                endWord()
                if pieces.count < 60 { pieces.append([]) }
            } else if character.isWhitespace {
                endWord()
            } else {
                word.append(character)
            }
        }
        endWord()
        var first = pieces.removeFirst()
        // Exchange Online begins with a result at once.
        let hasID = first.first.map { !$0.contains("=") } ?? true
        let id = hasID ? first.first?.lowercased() ?? "" : ""
        if !hasID { pieces.insert(first, at: 0) }
        first = []
        let results = pieces.compactMap { words -> Result? in
            guard let head = words.first else { return nil }
            let parts = head.lowercased().split(separator: "=", maxSplits: 1)
            guard parts.count == 2 else { return nil }
            var properties: [String: String] = [:]
            for word in words.dropFirst() {
                let pair = word.split(separator: "=", maxSplits: 1)
                // The first one counts, so that a later one cannot change it.
                if pair.count == 2, properties[pair[0].lowercased()] == nil {
                    properties[pair[0].lowercased()] = String(pair[1])
                }
            }
            return Result(
                method: String(parts[0].prefix { $0 != "/" }), outcome: String(parts[1]), properties: properties)
        }
        return (id, results)
    }
}
