import Foundation
package import Outreach
import Store

extension OrderAccount {
    /// One thing that was said about it in a conversation.
    package struct Said: Encodable, Sendable {
        /// The conversation's number.
        package var conversation: Int64
        var number: Int64
        @Stamped package var at: Moment
        /// `shopper`, `bookbag`, or the address of one of the shop's people.
        package var by: String
        /// Who said it and what was understood, as a sentence without its full stop.
        package var what: String
        /// What became of it; nil where nothing follows.
        package var outcome: String?

        private enum CodingKeys: String, CodingKey {
            case conversation, number, at, by, what, outcome
        }

        /// As prose.
        var line: String {
            let sentences = [what, outcome].compactMap(\.self).map { $0.prefix(1).uppercased() + $0.dropFirst() + "." }
            return sentences.joined(separator: " ")
        }
    }
}

extension AccountSources {
    /// A conversation about the order.
    struct Talk: Sendable {
        var line: InboxLine
        var messages: [ConversationMessage]
        /// What triggers answered, by the number of her message.
        var answers: [Int64: [Effect]] = [:]
        /// Its ticket in the helpdesk; nil if it has none.
        var ticket: Ticket?

        /// What was said, and what became of it. Notes between the shop's people are left out.
        var said: [OrderAccount.Said] {
            messages.filter { $0.direction != .note }.map { message in
                OrderAccount.Said(
                    conversation: line.id, number: message.id, at: message.at, by: message.author.name,
                    what: what(message), outcome: outcome(of: message))
            }
        }

        private func what(_ message: ConversationMessage) -> String {
            let number = ticket?.number.map { ", ticket \($0)" } ?? ""
            let place = "conversation \(line.id), \(message.channel.rawValue)\(number)"
            switch message.author {
            case .shopper:
                let understood = message.understood.map { ": \(Self.words($0))" } ?? ""
                return "the customer wrote (\(place))\(understood)"
            case .bookbag:
                return "Bookbag answered (\(place)\(message.effectID.map { ", message \($0)" } ?? ""))"
            case .person(let address): return "\(address) answered (\(place))"
            }
        }

        private static func words(_ understood: Understood) -> String {
            var parts = [understood.asks.isEmpty ? "nothing was understood" : understood.asks.joined(separator: ", ")]
            if understood.mood != "calm" { parts.append(understood.mood) }
            if let language = understood.language { parts.append("in \(language)") }
            if !understood.isCertain {
                let doubts = understood.doubts.map { $0.replacing("_", with: " ") }.joined(separator: ", ")
                parts.append("not certain (\(doubts))")
            }
            if let second = understood.second {
                let same = second.intent == understood.asks.first && !understood.asks.isEmpty
                parts.append("\(second.author) takes it for \(same ? "the same" : second.intent)")
            }
            return parts.joined(separator: ", ")
        }

        private func outcome(of message: ConversationMessage) -> String? {
            guard message.direction == .incoming else { return nil }
            let own = answers[message.id] ?? []
            func first(_ states: [Effect.State]) -> Effect? { own.first { states.contains($0.state) } }
            if let effect = first([.sent, .ready, .bounced]) { return "\(effect.trigger) answered it [\(effect.id)]" }
            if let effect = own.first(where: { $0.state == .waiting && $0.reason?.isDraft == true }) {
                return "an answer of \(effect.trigger) waits for approval [\(effect.id)]"
            }
            let later = messages.first { other in
                if case .person = other.author { return other.id > message.id && other.direction == .outgoing }
                return false
            }
            if let later { return "\(later.author.name) answered it" }
            guard message.id == messages.last(where: { $0.direction == .incoming })?.id else { return nil }
            if let effect = first([.shadowed]) {
                return "\(effect.trigger) would have answered it [\(effect.id)]; a person has to"
            }
            let because = line.reason.map { ": \($0.rawValue.replacing("_", with: " "))" } ?? ""
            switch line.state {
            case .undecided: return "it is being decided who answers"
            case .ours: return nil
            case .person, .snoozed:
                return line.holder.map { "\($0) has the conversation" } ?? "it waits for a person\(because)"
            case .closed: return "the conversation is closed\(because)"
            }
        }
    }
}

extension ConversationMessage.Author {
    /// `shopper`, `bookbag`, or the address of one of the shop's people.
    var name: String {
        switch self {
        case .shopper: "shopper"
        case .bookbag: "bookbag"
        case .person(let address): address
        }
    }
}
