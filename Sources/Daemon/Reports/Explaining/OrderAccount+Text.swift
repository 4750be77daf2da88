import Foundation
package import Outreach

extension OrderAccount {
    /// As prose: a heading, what the reader should know first, then day by day what happened, what each trigger did
    /// about it, and why.
    package func text(zone: Zone) -> String {
        let clock = Clock(zone)
        var lines = ["Order \(order) of \(shop)", "Times are those of the shop (\(zone.name)).", ""]
        lines += introduction
        var day: CalendarDay?
        func turn(to moment: Moment) -> CalendarDay {
            let own = zone.day(at: moment)
            if own != day {
                lines += ["", clock.day(own)]
                day = own
            }
            return own
        }
        var asides = self.asides[...]
        func tellAsides(before end: Moment) {
            while let aside = asides.first, aside.at < end {
                asides = asides.dropFirst()
                _ = turn(to: aside.at)
                lines.append("  \(clock.time(aside.at))  \(aside.words)")
            }
        }
        for happening in happenings {
            tellAsides(before: happening.happenedAt)
            let own = turn(to: happening.happenedAt)
            lines.append(
                "  \(clock.time(happening.happenedAt))  \(happening.what) (\(happening.event)\(told(happening, clock)))."
            )
            if let note = happening.note { lines.append("         \(note)") }
            for outcome in happening.outcomes { lines += self.lines(outcome, on: own, clock) }
        }
        tellAsides(before: .distantFuture)
        for deed in deeds {
            let own = turn(to: deed.at)
            lines += self.lines(deed.outcome, on: own, clock)
        }
        if happenings.isEmpty, self.asides.isEmpty, deeds.isEmpty {
            lines += ["", "Nothing has happened to it that Bookbag knows of."]
        }
        return lines.joined(separator: "\n")
    }

    /// What was written about it, in the order in which it was.
    private var asides: [(at: Moment, words: String)] {
        let mails = letters.map { letter in
            let about = letter.about.map { ", about message \($0)" } ?? ""
            return (at: letter.receivedAt, words: "\(letter.what) (mail\(about)).")
        }
        return (mails + said.map { ($0.at, $0.line) }).sorted { $0.at < $1.at }
    }

    /// Who reported it and how late, if that was not immediately.
    private func told(_ happening: Happening, _ clock: Clock) -> String {
        let late = happening.recordedAt - happening.happenedAt
        let source = happening.source == "time" ? "" : ", told by \(happening.source)"
        guard late >= .minutes(10) else { return source }
        let own = clock.zone.day(at: happening.happenedAt)
        let at =
            clock.zone.day(at: happening.recordedAt) == own
            ? "at \(clock.time(happening.recordedAt))" : "on \(clock.dayAndTime(happening.recordedAt))"
        return "\(source), known \(at)"
    }

    private func lines(_ outcome: Outcome, on day: CalendarDay, _ clock: Clock) -> [String] {
        let number = outcome.id.map { " [\($0)]" } ?? ""
        var lines = ["         \(outcome.trigger)\(outcome.to.map { ", \($0)" } ?? "")\(number): \(outcome.sentence)."]
        for step in outcome.steps {
            let own = clock.zone.day(at: step.at)
            let when = own == day ? clock.time(step.at) : clock.dayAndTime(step.at)
            var words = step.words
            if step.kind == "held" {
                let until = step.until.map { end in
                    " until " + (clock.zone.day(at: end) == own ? clock.time(end) : clock.dayAndTime(end))
                }
                words = "held\(until ?? ""): \(step.words)"
            }
            lines.append("             \(when)  \(words)")
        }
        return lines
    }

    /// Several accounts as JSON, those of orders first.
    package static func json(_ accounts: [OrderAccount], talks: [TalkAccount] = []) throws -> String {
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.prettyPrinted, .sortedKeys, .withoutEscapingSlashes]
        return String(
            decoding: try encoder.encode(accounts.map(Account.order) + talks.map(Account.talks)), as: UTF8.self)
    }

    private enum Account: Encodable {
        case order(OrderAccount)
        case talks(TalkAccount)

        func encode(to encoder: any Encoder) throws {
            switch self {
            case .order(let account): try account.encode(to: encoder)
            case .talks(let account): try account.encode(to: encoder)
            }
        }
    }
}
