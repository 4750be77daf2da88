// What the client takes out of the answers that it gets.

extension IMAPResponse {
    /// The UID in an answer to FETCH.
    var uid: UInt32? {
        guard case .fetch(let values) = self, case .atom(let text)? = values["UID"] else { return nil }
        return UInt32(text)
    }

    /// About how much memory it holds.
    var weight: Int {
        switch self {
        case .fetch(let values): values.reduce(64) { $0 + $1.key.utf8.count + $1.value.weight }
        case .search(let numbers): numbers.count * 4
        case .tagged, .status, .goOn, .exists, .capability, .folder, .other, .unreadable: 512
        }
    }
}

extension IMAPValue {
    var weight: Int {
        switch self {
        case .atom(let text): text.utf8.count + 32
        case .string(let bytes): bytes.count + 32
        case .list(let values): values.reduce(32) { $0 + $1.weight }
        case .skipped: 32
        }
    }

    var number: Int? {
        guard case .atom(let text) = self, let number = Int(text), number >= 0 else { return nil }
        return number
    }

    /// The bytes of a string; NIL is none.
    var bytes: [UInt8]? {
        guard case .string(let bytes) = self else { return nil }
        return bytes
    }

    private var word: String? {
        guard case .string(let bytes) = self else { return nil }
        return String(decoding: bytes.prefix(64), as: UTF8.self).lowercased()
    }

    /// A date such as `29-Nov-2026 17:54:56 +0100`, in seconds since 1970.
    var date: Int64? {
        guard case .string(let bytes) = self else { return nil }
        return IMAPDate.read(String(decoding: bytes.prefix(40), as: UTF8.self))
    }

    /// The section of the first text in a BODYSTRUCTURE (RFC 9051, 7.5.2), attachments left out.
    ///
    /// - Parameter subtype: which text; nil for any.
    func textSection(_ subtype: String?, in section: String = "") -> String? {
        guard case .list(let values) = self, let first = values.first else { return nil }
        if case .list = first {
            for (index, part) in values.enumerated() {
                guard case .list = part else { break }
                let place = section.isEmpty ? "\(index + 1)" : "\(section).\(index + 1)"
                if let found = part.textSection(subtype, in: place) { return found }
            }
            return nil
        }
        guard first.word == "text", values.count > 1, let kind = values[1].word, subtype == nil || kind == subtype
        else { return nil }
        let isAttached = values.contains { value in
            guard case .list(let items) = value else { return false }
            return items.first?.word == "attachment"
        }
        return isAttached ? nil : section.isEmpty ? "1" : section
    }
}
