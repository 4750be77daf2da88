internal import Liquid

// Whoever writes about a late, lost or broken parcel reads first whether anybody minds, and then what is known. So an
// answer to bad news begins with the feeling; `check` says where one begins with the fact.

enum BadNews {
    /// Beginnings of words that say it, in the languages of the shipped letters.
    private static let feelings = [
        "sorry", "apolog", "regret", "understand", "afraid", "leid", "entschuldig", "bedauer", "verstehe", "verzeih",
        "désolé", "excus", "navré", "regrett", "compren", "sentimos", "siento", "lament", "disculp", "perdón", "entend",
    ]

    /// Warns if the first sentence of an answer has no such word.
    static func look(at variant: TemplateSet.Variant, _ faults: inout FaultList) {
        guard !variant.isHTML, let first = firstSentence(of: variant.body.source) else { return }
        let words = first.text.lowercased()
        guard !feelings.contains(where: words.contains) else { return }
        faults.warn(
            at: Position(line: variant.bodyLine + first.line, column: 1),
            "this answers bad news, and begins with the fact",
            hint: "say first that you are sorry, then what is known, and then what happens next")
    }

    /// The first sentence below headings and the greeting, with its line, counted from 0; nil for a letter without one.
    private static func firstSentence(of body: String) -> (text: String, line: Int)? {
        for (index, line) in body.split(omittingEmptySubsequences: false, whereSeparator: \.isNewline).enumerated() {
            // The part with the feelings is one.
            if line.contains(/\{%-?\s*render\s+['"]feeling['"]/) { return nil }
            // What is printed, whichever way the conditions go.
            let text = String(line).replacing(/\{%.*?%\}/, with: "").trimmingSpaces
            if text.isEmpty || text.hasPrefix("#") || text.hasSuffix(",") || text.hasSuffix(":") { continue }
            let end = text.firstRange(of: ". ")?.lowerBound ?? text.endIndex
            return (String(text[..<end]), index)
        }
        return nil
    }
}

extension Trigger {
    /// True if a template of it answers somebody whose parcel is late, lost or broken, or not what it should be.
    func answersBadNews(with template: String) -> Bool {
        let grave = ["delivered_not_received", "damaged", "wrong_item"]
        return lines.contains { $0.destination == .answer && $0.template == template }
            && self.if.flatMap(\.sources).contains { line in
                line == "order.delayed" || line == "shipment.delayed"
                    || line.hasPrefix("message.asks contains") && grave.contains(where: line.contains)
            }
    }
}
