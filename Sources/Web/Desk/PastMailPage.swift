import Daemon
import Foundation
import Outreach
import Store

// Mail from before Bookbag read the mailbox, with what it would have answered. Nothing here is sent. Whoever answers
// says what was right, and it counts as a draft that was sent or corrected: so a shop that begins can have its first
// kinds of questions answered by themselves on the first day.
//
//     /SHOP/inbox/past                   the kinds with the most letters first; ?about=LANGUAGE.INTENT chooses one
//     /SHOP/inbox/past                   by POST: what is marked counts

/// Letters from before, of one kind of question and language.
struct PastMailPage: PageContent {
    static let template = "past"

    /// A kind of question in a language.
    struct Kind: Encodable, Sendable {
        var title: String
        var path: String
        var count: String?
        var isCurrent: Bool
    }

    struct Letter: Encodable, Sendable {
        var number: Int64
        var path: String
        var who: String
        var order: String
        var at: Instant
        var words: String
        var answer: String
    }

    struct Meaning: Encodable, Sendable {
        var value: String
        var title: String
    }

    /// How many letters there are, and what would have become of them, as sentences.
    var sums: [String]
    var kinds: [Kind]
    /// The kind that is shown, for the form, as in addresses; empty where there is none.
    var about: String
    var title: String
    /// How far its proof is.
    var proof: String
    var letters: [Letter]
    /// How many more of the kind there are.
    var more: Int
    var meanings: [Meaning]
    var path: String
    /// What an empty page means.
    var empty: String

    /// So many letters stand on a page, and so much of each.
    static let lettersOfPage = 12
    static let lettersOfWords = 1_200
    static let lettersOfAnswer = 1_500
}

extension DeskSite {
    /// The form's name for a kind of question in a language.
    private static func name(of sum: PastSum) -> String { "\(sum.language).\(sum.intent)" }

    func pastMail(_ request: WebRequest, _ visit: Visit) async throws -> WebResponse {
        let sums = try await store.pastSums(shop: visit.shop)
        let open = sums.filter { $0.because == nil && $0.open > 0 }
            .sorted { ($1.open, $0.intent) < ($0.open, $1.intent) }
        let wanted = request.query["about"]
        let shown = open.first { Self.name(of: $0) == wanted } ?? open.first
        let path = "\(visit.path)/inbox/past"
        var lines: [PastLine] = []
        if let shown {
            lines = try await store.pastLines(
                asking: shown.intent, in: shown.language, shop: visit.shop, limit: PastMailPage.lettersOfPage)
        }
        let clock = Clock(visit.zone)
        let page = PastMailPage(
            sums: Self.sentences(sums),
            kinds: open.map { sum in
                PastMailPage.Kind(
                    title: Self.title(sum), path: "\(path)?about=\(Self.name(of: sum).escapedForURL)",
                    count: Self.counted(sum.open), isCurrent: sum == shown)
            }, about: shown.map { Self.name(of: $0).escapedForURL } ?? "", title: shown.map(Self.title) ?? "",
            proof: shown.map { proof(of: $0, by: lines.first?.author ?? Understood.builtIn, visit) } ?? "",
            letters: lines.map { line in
                PastMailPage.Letter(
                    number: line.message, path: "\(visit.path)/inbox/\(line.conversation)",
                    who: Self.name(line.name, line.address), order: line.orderName ?? "", at: Instant(line.at, clock),
                    words: Self.cut(line.words, PastMailPage.lettersOfWords),
                    answer: Self.cut(line.answer, PastMailPage.lettersOfAnswer))
            }, more: max(0, (shown?.open ?? 0) - lines.count),
            meanings: Intents.names.filter { $0 != shown?.intent }.map {
                PastMailPage.Meaning(value: $0, title: ConversationWords.intent($0))
            }, path: path,
            empty: sums.isEmpty
                ? "No mail from before was read. 'bookbag mailbox history --since 90d' reads it: nothing is answered, and what Bookbag would have answered stands here."
                : "All that would have been answered is judged.")
        return pages.desk(page, frame(title: "Mail from before", page: .inbox, visit: visit))
    }

    /// Counts what is marked on the page.
    func judgePast(_ request: WebRequest, _ visit: Visit) async throws -> WebResponse {
        let form = request.form
        let verdicts = form.compactMap { name, value -> PastVerdict? in
            guard name.hasPrefix("is"), let message = Int64(name.dropFirst(2)),
                let word = PastVerdict.Word(rawValue: value)
            else { return nil }
            let meant = form["meant\(message)"].flatMap { Intents.names.contains($0) ? $0 : nil }
            return PastVerdict(word, of: message, meant: meant)
        }.sorted { $0.message < $1.message }
        let about = form["about"]?.removingPercentEncoding ?? ""
        let place = "\(visit.path)/inbox/past?about=\(about.escapedForURL)"
        guard !verdicts.isEmpty else { return .seeOther(place) }
        let wrong = verdicts.count { $0.word == .wrong }
        let right = verdicts.count { $0.word == .right }
        let entry = AuditEntry(
            who: visit.visitor.person.email, shop: visit.shop, what: "judged_past", about: "mail from before",
            detail: "\(right) right, \(wrong) wrong")
        if try await store.judgePast(verdicts, shop: visit.shop, audit: entry, now: core.now()) > 0 { log(entry) }
        return .seeOther(place)
    }

    private static func title(_ sum: PastSum) -> String {
        let language = sum.language.isEmpty ? "" : " (\(ConversationWords.language(sum.language)))"
        return ConversationWords.intent(sum.intent) + language
    }

    private static func cut(_ text: String, _ length: Int) -> String {
        text.count > length ? "\(text.prefix(length))…" : text
    }

    /// What would have become of all letters.
    private static func sentences(_ sums: [PastSum]) -> [String] {
        let all = sums.reduce(0) { $0 + $1.all }
        guard all > 0 else { return [] }
        let answered = sums.filter { $0.because == nil }.reduce(0) { $0 + $1.all }
        var reasons: [ConversationReason: Int] = [:]
        for sum in sums { if let reason = sum.because { reasons[reason, default: 0] += sum.all } }
        var lines = [
            "Of \(all) letter\(all == 1 ? "" : "s") from before, Bookbag would have answered \(answered), with the orders as they were then and your files as they were when the letters were read."
        ]
        if !reasons.isEmpty {
            let named = reasons.sorted { ($1.value, $0.key.rawValue) < ($0.value, $1.key.rawValue) }.map {
                "\($0.value) (\(ConversationWords.why($0.key)))"
            }
            lines.append("A person would have had the others: \(named.joined(separator: ", ")).")
        }
        return lines
    }

    /// How far a kind of question is, and how long the rest will take if people write as often as they did.
    private func proof(of sum: PastSum, by author: String, _ visit: Visit) -> String {
        let proof = (visit.facts[.answerProofs] ?? AnswerProofs())[sum.intent, sum.language, author]
        var words = proof.sentence
        if let missing = proof.missing, missing > 0 {
            let days = max(1, Double((sum.last - sum.first).wholeMilliseconds) / 86_400_000)
            let left = Double(missing) * days / Double(sum.all)
            if sum.all > 1, left < 365 {
                let count = max(1, Int(left.rounded()))
                words +=
                    " Without these letters it would take about \(count) day\(count == 1 ? "" : "s") more, as often as this is asked."
            }
        }
        switch core.answers.mode(of: sum.intent, shop: visit.shop) {
        case .drafts?: words += " shop.yaml has one of your people send each of these all the same."
        case .live?: words += " shop.yaml lets them go out by themselves already."
        default: break
        }
        return words
    }
}
