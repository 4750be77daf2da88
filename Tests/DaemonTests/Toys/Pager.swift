import Delivery
import Outreach
import Synchronization

/// A toy channel: somebody's pager, which takes a short text. This file is all that there is of it.
final class Pager: Channel {
    let heard = Mutex<[String]>([])

    func send(_ message: Message, at now: Moment) async throws(CancellationError) -> Verdict {
        heard.withLock { $0.append("\(message.envelope.target): \(String(decoding: message.bytes, as: UTF8.self))") }
        return .accepted(receipt: "beep")
    }
}

extension ChannelKind {
    static let pager = ChannelKind(
        syntax: ChannelSyntax(ChannelName(rawValue: "pager"), example: "pager: WHOSE") { reading in
            guard let whose = reading.texts(["pager"])["pager"] else {
                reading.fault("whose pager?", hint: "write 'pager: WHOSE'")
                return nil
            }
            return SendLine(to: .other(ChannelName(rawValue: "pager"), target: whose))
        }, retries: RetrySchedule(steps: [.seconds(1)]),
        words: Words(title: { "the pager of \($0)" }, destination: { "the pager of \($0)" }, id: "page")
    ) { it in
        .message(
            Message(
                id: "page-\(it.effect.keys[0])", kind: ChannelName(rawValue: "pager"),
                envelope: Message.Envelope(target: it.line.target),
                bytes: Array("\(it.scope.event.kind.rawValue) of \(it.scope.record.facts.name)".utf8),
                summary: it.scope.event.kind.rawValue), remark: nil)
    }
}
