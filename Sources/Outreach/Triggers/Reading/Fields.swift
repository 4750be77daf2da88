/// The keys of one map in a file, each looked up once; an unknown key is a fault, with the nearest correct key as its
/// hint.
struct Fields {
    /// The values by their keys.
    private let entries: [String: YAMLTree.Entry]
    /// Where the map is.
    let position: Position

    /// Reads the map `tree`. `known` are the keys that are read, `otherWords` what people may write for them.
    init(
        _ tree: YAMLTree, known: [String], otherWords: [String: String] = [:], what: String,
        _ faults: inout FaultList
    ) {
        position = tree.position
        guard case .map(let pairs) = tree.content else {
            if case .nothing = tree.content {
            } else {
                faults.add(
                    at: tree.position, "\(what) is a set of keys, and this is \(tree.kind)",
                    hint: "write 'key: value' lines, such as '\(known[0]): …'")
            }
            entries = [:]
            return
        }
        var entries: [String: YAMLTree.Entry] = [:]
        for entry in pairs {
            if known.contains(entry.key) {
                entries[entry.key] = entry
            } else if let meant = otherWords[entry.key] ?? nearest(to: entry.key, in: known) {
                faults.add(at: entry.keyPosition, "unknown key '\(entry.key)'", hint: "did you mean '\(meant)'?")
            } else {
                faults.add(
                    at: entry.keyPosition, "unknown key '\(entry.key)'", hint: "\(what) has \(listing(known))")
            }
        }
        self.entries = entries
    }

    /// The value of a key; nil if the key is missing or empty.
    func value(_ key: String) -> YAMLTree? {
        guard let value = entries[key]?.value else { return nil }
        if case .nothing = value.content { return nil }
        return value
    }

    /// The key and its place, whether or not it has a value.
    func entry(_ key: String) -> YAMLTree.Entry? { entries[key] }

    /// The text under a key; anything but a text is a fault.
    func text(_ key: String, _ faults: inout FaultList) -> (text: String, position: Position)? {
        guard let value = value(key) else { return nil }
        guard let text = value.text?.trimmingSpaces else {
            faults.add(
                at: value.position, "'\(key)' has to be a text, and this is \(value.kind)",
                hint: brokenByColon(value) ?? "write one value behind the ':'")
            return nil
        }
        return (text, value.position)
    }

    /// One of a closed set of words.
    func word<Word: RawRepresentable & CaseIterable>(
        _ key: String, _ type: Word.Type, _ faults: inout FaultList
    ) -> Word? where Word.RawValue == String {
        guard let (text, position) = text(key, &faults) else { return nil }
        if let word = Word.allCases.first(where: { $0.rawValue == text }) { return word }
        let words = Word.allCases.map(\.rawValue)
        let meant = nearest(to: text, in: words).map { "did you mean '\($0)'?" }
        faults.add(
            at: position, "'\(key)' cannot be '\(text)'", hint: meant ?? "write \(alternatives(words))")
        return nil
    }

    /// `true` or `false`, and the other words that people use for them.
    func flag(_ key: String, _ faults: inout FaultList) -> Bool? {
        guard let (text, position) = text(key, &faults) else { return nil }
        switch text.lowercased() {
        case "true", "yes", "on": return true
        case "false", "no", "off": return false
        default:
            faults.add(at: position, "'\(key)' has to be true or false, not '\(text)'", hint: "write 'true' or 'false'")
            return nil
        }
    }

    /// A length of time.
    func length(_ key: String, _ faults: inout FaultList) -> Length? {
        guard let (text, position) = text(key, &faults) else { return nil }
        switch Length.read(text) {
        case .success(let length): return length
        case .failure(let misread):
            faults.add(at: position, misread.message, hint: misread.hint)
            return nil
        }
    }

    /// An address, with or without a name.
    func address(_ key: String, _ faults: inout FaultList) -> MailAddress? {
        guard let (text, position) = text(key, &faults) else { return nil }
        if let address = MailAddress(parsing: text) { return address }
        faults.add(
            at: position, "'\(text)' is not an e-mail address",
            hint: "write it like 'help@shop.example' or 'Juniper & Fig <help@shop.example>'")
        return nil
    }
}

/// The hint for a text that YAML read as a key and a value; nil if it is something else.
func brokenByColon(_ tree: YAMLTree) -> String? {
    guard case .map(let entries) = tree.content, entries.count == 1, entries[0].value.text != nil else { return nil }
    return "the ': ' in it made it a key and a value; put the whole text in quotes"
}

/// `a, b and c`.
func listing(_ words: some Sequence<String>) -> String {
    let quoted = words.map { "'\($0)'" }
    guard let last = quoted.last, quoted.count > 1 else { return quoted.first ?? "" }
    return quoted.dropLast().joined(separator: ", ") + " and " + last
}
