import Delivery
import Outreach
import Synchronization

/// A toy action: a stamp is put on an order's card, once, and has a number. The first answer is lost. This file is all
/// that there is of it.
final class Stamp: Channel {
    struct Card {
        var stamps = 0
        var looks = 0
    }
    let card = Mutex(Card())

    func send(_ message: Message, at now: Moment) async throws(CancellationError) -> Verdict {
        try await attempt(message, at: now).verdict
    }

    func attempt(_ message: Message, at now: Moment) async throws(CancellationError) -> AttemptAnswer {
        card.withLock { $0.stamps += 1 }
        return AttemptAnswer(
            .deferred(Failure(reason: "timeout", detail: "the answer was lost", inDoubt: true)))
    }

    func precedent(of message: Message, at now: Moment) async throws(CancellationError) -> Precedent {
        card.withLock { card in
            card.looks += 1
            return card.stamps > 0 ? .done(receipt: "seen", results: ["stamp": "17", "code": "CARD-17"]) : .notDone
        }
    }
}

extension ChannelKind {
    static let stamp = ChannelKind(
        syntax: ChannelSyntax(ChannelName(rawValue: "stamp"), example: "stamp") { _ in
            SendLine(to: .other(ChannelName(rawValue: "stamp"), target: ""))
        }, retries: RetrySchedule(steps: [.seconds(1)]),
        words: Words(title: { _ in "stamps" }, destination: { _ in "a stamp on the card" }, id: "stamp"), isAction: true
    ) { it in
        .message(
            Message(
                id: "stamp-\(it.effect.keys[0])", kind: ChannelName(rawValue: "stamp"), envelope: Message.Envelope(),
                bytes: [], summary: "stamp"), remark: nil)
    }

    /// A pager whose text tells the number of the stamp.
    static let stampPager = {
        var kind = ChannelKind.pager
        kind.compose = { it in
            guard case .message(var message, let remark) = ChannelKind.pager.compose(it) else {
                return .impossible(.off, detail: "no page")
            }
            message.bytes = Array("stamp \(it.results["stamp"] ?? "unknown")".utf8)
            return .message(message, remark: remark)
        }
        return kind
    }()
}
