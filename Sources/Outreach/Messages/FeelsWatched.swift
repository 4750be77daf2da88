internal import Liquid

// A letter may know the customer: thank her for coming back, remember that a parcel of hers was late. It must never tell
// her that she is watched. The difference is in what is said: that you are glad she is back, and not that this is her
// fourth order. So what is counted and kept about her decides what a letter says, and is not itself printed. `check`
// warns of what is certain: names that print such figures, and turns of phrase that no other meaning has.

enum FeelsWatched {
    /// What a name would tell her, and what to write in its place.
    private struct Telling {
        var paths: Set<String>
        var message: String
        var hint: String
        /// Whether it is about what she did or had before.
        var isHistory = true
    }

    private static let tellings = [
        Telling(
            paths: [
                "customer.orders_count", "customer.total_spent", "customer.orders_last_30_days",
                "customer.messages_last_7_days", "customer.questions_last_30_days", "customer.not_received_last_year",
                "customer.remedies_last_180_days", "customer.remedied_value", "customer.returns_share",
                "customer.last_rating", "order.messages_sent",
            ],
            message: "this tells the customer that you keep count of her",
            hint:
                "let it decide what you say, and say no figure: {% if customer.orders_count > 1 %}Thank you for ordering from us again.{% endif %}"
        ),
        Telling(
            paths: Set(
                ["last_order", "last_problem", "earlier_problem", "last_message"].flatMap {
                    ["customer.\($0)_at", "customer.days_since_\($0)"]
                }),
            message: "this tells the customer that you keep track of when she was here",
            hint: "let it decide what you say, and leave the day out: 'It is good to have you back.'"),
        Telling(
            paths: ["customer.segments", "customer.tags"],
            message: "this prints what you call the customer among yourselves",
            hint: "treat her as you mean to, and do not say why", isHistory: false),
    ]

    private static func telling(of path: String) -> Telling? { tellings.first { $0.paths.contains(path) } }

    private typealias Phrase = (found: Regex<Substring>, hint: String)

    /// One of these is in each of the phrases. A regular expression costs more than the rest of reading a file, so it is
    /// tried on a line with such a word alone.
    private static let signs: Set<String> = [
        "noticed", "spotted", "observed", "see", "notado", "observado", "remarqué", "observé", "looked", "viewed",
        "browsed", "left", "visto", "mirado", "regardé", "consulté", "bought", "ordered", "shopped", "comprar", "pedir",
        "commandé", "acheté", "aufgefallen", "bemerkt", "beobachtet", "angesehen", "bestellt", "gekauft",
    ]

    /// Turns of phrase that only somebody who watches uses, in the languages of the shipped letters. Each begins with a
    /// word of the shop's about the customer, so that 'we noticed that your parcel has not moved' is none.
    private static var phrases: [Phrase] {
        let noticing = "say what you do for her, and not how you came to it"
        let looking = "write about what she ordered, and not about what she looked at"
        let missing = "leave it out: 'It is good to have you back.' says it, once she is"
        // "Sie" is the customer, and "sie" may be her parcel.
        let everybodys: [Phrase] = [
            (/\bwe (?:have )?(?:noticed|spotted|observed)(?: that)? you\b(?! (?:may|might|can|could|will))/, noticing),
            (/\bwe can see (?:that )?you have\b/, noticing),
            (/\bhemos (?:notado|observado) que (?:has|usted)\b/, noticing),
            (/\bnous avons (?:remarqué|observé) que vous\b/, noticing),
            (/\b(?:what|items?|products?|things?) (?:that )?you (?:have )?(?:looked at|viewed|browsed)\b/, looking),
            (/\byou (?:have )?recently (?:looked at|viewed|browsed)\b/, looking),
            (/\byou (?:have )?left in your (?:cart|basket)\b/, looking),
            (/\b(?:has|ha) (?:visto|mirado) en (?:nuestra|la) (?:tienda|web)\b/, looking),
            (/\bvous avez (?:regardé|consulté) (?:dans|sur) notre\b/, looking),
            (/\byou have(?:n't| not) (?:bought|ordered|shopped)\b/, missing),
            (/\b(?:llevas|lleva) .{0,20}sin (?:comprar|pedir)\b/, missing),
            (/\bvous n'avez (?:rien|pas) (?:commandé|acheté) depuis\b/, missing),
        ]
        let german: [Phrase] = [
            (/\b[Uu]ns ist aufgefallen, dass (?:du|Sie)\b/, noticing),
            (/\b[Ww]ir haben (?:bemerkt|beobachtet), dass (?:du|Sie)\b/, noticing),
            (/\b(?:[Dd]u hast dir|Sie haben sich) .{0,40}angesehen\b/, looking),
            (
                /\b(?:[Dd]u hast|Sie haben) (?:schon )?(?:lange|länger) (?:nichts|nicht mehr) (?:bestellt|gekauft)\b/,
                missing
            ),
        ]
        return everybodys.map { (found: $0.found.ignoresCase(), hint: $0.hint) } + german
    }

    /// Warns of what a letter to a customer should not say.
    static func look(at variant: TemplateSet.Variant, with parts: PartialSet, _ faults: inout FaultList) {
        var heads = [(template: variant.subject, start: variant.subjectPosition)]
        if let preview = variant.preview { heads.append((preview, variant.previewPosition)) }
        for head in heads {
            // What is counted of her shows there even where it only decides between two subjects.
            if head.template.variables(with: parts).contains(where: { telling(of: $0.path)?.isHistory ?? false }) {
                faults.warn(
                    at: head.start,
                    "what the customer did before shows in the subject or the preview, to all who see her screen",
                    hint: "say it in the letter itself, or not at all")
            }
            look(for: head.template.source, at: head.start, &faults)
        }
        var told: Set<String> = []
        for use in variant.body.variables(with: parts) where use.isPrinted {
            guard let telling = telling(of: use.path),
                told.insert("\(use.file) \(use.path)").inserted
            else { continue }
            // The lines of a body are counted from where it begins.
            let first = use.file == variant.body.name ? variant.bodyLine : 1
            faults.add([
                Fault(
                    .warning, file: use.file, line: use.line + first - 1, column: use.column, telling.message,
                    hint: telling.hint)
            ])
        }
        look(for: variant.body.source, at: Position(line: variant.bodyLine, column: 1), &faults)
        if let segment = variant.segment { look(for: segment, in: variant, &faults) }
    }

    /// Warns of such turns of phrase in the words of a template.
    static func look(for source: String, at start: Position, _ faults: inout FaultList) {
        var phrases: [Phrase]?
        for (index, line) in source.split(omittingEmptySubsequences: false, whereSeparator: \.isNewline).enumerated() {
            guard line.utf8.count < 10_000,
                line.split(whereSeparator: { !$0.isLetter }).contains(where: { signs.contains(String($0)) })
            else { continue }
            let words = String(line).replacing(/\{%.*?%\}/, with: "").replacing("’", with: "'")
                .replacing("'ve ", with: " have ")
            let all = phrases ?? Self.phrases
            phrases = all
            guard let (_, hint) = all.first(where: { words.firstMatch(of: $0.found) != nil }) else { continue }
            faults.warn(
                at: Position(line: start.line + index, column: index == 0 ? start.column : 1),
                "this lets the customer feel watched", hint: hint)
        }
    }

    /// Warns of a letter for a segment that names it: `VIP`, `as a regular`.
    private static func look(for segment: String, in variant: TemplateSet.Variant, _ faults: inout FaultList) {
        let loud = segment.uppercased()
        for (index, line) in variant.body.source.split(omittingEmptySubsequences: false, whereSeparator: \.isNewline)
            .enumerated()
        {
            let text = String(line).replacing(/\{[%{].*?[%}]\}/, with: "")
            let words = text.split { !$0.isLetter && !$0.isNumber && $0 != "-" && $0 != "_" }.map(String.init)
            let isNamed = words.enumerated().contains { place, word in
                if word == loud, loud.count > 1 { return true }
                guard word.lowercased() == segment.lowercased(), place > 1 else { return false }
                return words[place - 2].lowercased() == "as" && ["a", "an"].contains(words[place - 1].lowercased())
            }
            guard isNamed else { continue }
            faults.warn(
                at: Position(line: variant.bodyLine + index, column: 1),
                "this tells the customer that you call her '\(segment)'",
                hint: "treat her as you mean to, and do not say why")
            return
        }
    }
}

extension Trigger {
    /// True if it sends that template to customers, and not only to the shop's own people.
    func writesToCustomers(with template: String) -> Bool {
        lines.contains { $0.template == template && ($0.isContact || $0.destination == .answer) }
    }
}
