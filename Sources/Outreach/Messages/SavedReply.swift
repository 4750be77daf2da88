internal import Liquid

// Saved replies: words that people use again and again, with the facts of the conversation put in. A file of `replies/`
// is the text alone, in Liquid and Markdown, without a subject: `replies/sorry.md` for everybody, `replies/sorry.de.md`
// for those who read German.

/// One file of `replies/`.
struct SavedReply: Sendable {
    var name: String
    /// BCP 47, or nil for the shop's own language.
    var locale: String?
    var file: String
    var template: Template
}

extension TemplateSet {
    /// The names of the saved replies, in order.
    public var replyNames: [String] { Set(replies.map(\.name)).sorted() }

    /// A saved reply for the customer of a conversation, as Markdown.
    ///
    /// - Throws: `TemplateFailure`, which contains none of the data, if there is none of that name or it exceeds its
    ///   limits.
    public func reply(_ name: String, _ scope: Scope) throws(TemplateFailure) -> String {
        let ours = scope.settings.locale
        let all = replies.filter { $0.name == name }
        let chain: [String?] = Locales.chain(scope.locale) + Locales.chain(ours) + [nil]
        guard let found = chain.lazy.compactMap({ locale in all.first { $0.locale == locale } }).first ?? all.first
        else { throw TemplateFailure(file: name, line: 0, message: "there is no such reply") }
        var options = scope.options
        options.locale = found.locale ?? ours
        options.errors = .thrown
        let language = found.locale ?? ours
        options.partials = partials(in: language, isFormal: scope.settings.tones.isFormal(in: language))
        options.destination = .markdown
        return try rendered(found.template, scope.forLiquid, options, file: found.file, line: 1)
    }

    /// Reads the saved replies of a folder.
    mutating func readReplies(_ folder: TriggerFolder, _ faults: inout [Fault]) {
        for path in folder.files.keys.sorted() where path.hasPrefix("replies/") {
            var list = FaultList(file: folder.shown(path))
            defer { faults += list.faults }
            let start = Position(line: 1, column: 1)
            guard let source = folder.text(path) else {
                list.add(at: start, "the file is not UTF-8 text", hint: "save it as UTF-8")
                continue
            }
            let parts = path.dropFirst("replies/".count).dropLast(3).split(separator: ".").map(String.init)
            guard let name = parts.first else { continue }
            var locale: String?
            if parts.count == 2, Languages.isLanguage(parts[1]) {
                locale = Locales.canonical(parts[1])
            } else if parts.count > 1 {
                list.add(
                    at: start, "'\(parts.dropFirst().joined(separator: "."))' in the file's name is not a language",
                    hint: "write it like '\(name).\(Languages.meant(by: parts[1]) ?? "fr").md'")
                continue
            }
            if let template = Self.parse(source, at: start, &list) {
                replies.append(
                    SavedReply(name: name, locale: locale, file: folder.shown(path), template: template))
            }
        }
    }

    /// Checks the names in the saved replies.
    func checkReplies(_ settings: ShopSettings, _ faults: inout [Fault]) {
        for reply in replies {
            var list = FaultList(file: reply.file)
            let start = Position(line: 1, column: 1)
            check(
                reply.template, with: settings.partials(of: self, for: reply.locale), at: start, [.messageReceived],
                &list)
            // A reply is read by whoever sends it: what is empty there is seen.
            faults += list.faults.filter { $0.severity == .error }
        }
    }
}
