import Synchronization

/// A message that a story makes due.
public struct DueMessage: Hashable, Sendable {
    /// The order's name: `#1001`.
    public let order: String
    /// The trigger's name, as in the mail's header `X-Bookbag-Trigger`.
    public let trigger: String
    /// To whom.
    public let recipient: String
}

/// The result for the due messages.
public struct SandboxVerdict: Sendable {
    /// The number of due messages.
    public var due: Int
    /// The number of them that came.
    public var arrived: Int
    /// Messages that did not come.
    public var missing: [DueMessage]
    /// Messages that came with more Message-IDs than they were due times.
    public var doubled: [DueMessage]
    /// Messages that came without being due, including mails of triggers unknown to stories.
    public var unexpected: [DueMessage]
    /// Mails that came again with the same Message-ID: allowed after a crash, and counted.
    public var repeated: Int
    /// Whether the story has run to its end.
    public var isOver: Bool
    /// Whether this is final: nothing more is awaited.
    public var isFinal = false

    /// Whether every message came, and none too often.
    public var isGood: Bool { missing.isEmpty && doubled.isEmpty && unexpected.isEmpty }

    var json: JSON {
        func list(_ messages: [DueMessage]) -> JSON {
            .array(
                messages.prefix(500).map {
                    ["order": .string($0.order), "trigger": .string($0.trigger), "recipient": .string($0.recipient)]
                })
        }
        return [
            "over": .bool(isOver), "final": .bool(isFinal), "good": .bool(isGood), "due": .int(Int64(due)),
            "arrived": .int(Int64(arrived)),
            "repeated": .int(Int64(repeated)), "missingCount": .int(Int64(missing.count)),
            "doubledCount": .int(Int64(doubled.count)), "unexpectedCount": .int(Int64(unexpected.count)),
            "missing": list(missing), "doubled": list(doubled), "unexpected": list(unexpected),
        ]
    }
}

/// Compares due messages with those that came. A mail counts by order, trigger and recipient, once per Message-ID.
final class StoryLedger: Sendable {
    private struct State {
        var due: [DueMessage: Int] = [:]
        var arrived: [DueMessage: Set<String>] = [:]
        var messageIDs: Set<String> = []
        var repeated = 0
        var seen = 0
        var isOver = false
        var isFinal = false
    }

    private let state = Mutex(State())
    private let mailbox: Mailbox

    init(mailbox: Mailbox) { self.mailbox = mailbox }

    /// One more message of this kind is due.
    func expect(_ message: DueMessage) {
        let key = Self.key(message)
        state.withLock { $0.due[key, default: 0] += 1 }
    }

    private static func key(_ message: DueMessage) -> DueMessage {
        DueMessage(order: message.order, trigger: message.trigger, recipient: message.recipient.lowercased())
    }

    /// The story is over; anything missing now stays missing.
    func end() { state.withLock { $0.isOver = true } }

    /// Nothing more is awaited.
    func close() { state.withLock { $0.isFinal = true } }

    private func catchUp(_ state: inout State) {
        let mails = mailbox.mails
        // The mailbox was emptied by hand.
        if mails.count < state.seen { state.seen = 0 }
        for mail in mails[state.seen...] {
            let id = mail.messageID ?? "no Message-ID, mail \(mail.id)"
            if !state.messageIDs.insert(id).inserted {
                state.repeated += 1
                continue
            }
            guard let trigger = mail.trigger else { continue }
            for recipient in mail.recipients {
                let key = DueMessage(order: mail.order ?? "", trigger: trigger, recipient: recipient.lowercased())
                state.arrived[key, default: []].insert(id)
            }
        }
        state.seen = mails.count
    }

    /// Whether everything due for an order has come.
    func isSettled(_ order: String, _ messages: some Sequence<DueMessage>) -> Bool {
        state.withLock { state in
            catchUp(&state)
            return messages.allSatisfy { message in
                let key = Self.key(message)
                return (state.arrived[key]?.count ?? 0) >= (state.due[key] ?? 0)
            }
        }
    }

    var verdict: SandboxVerdict {
        state.withLock { state in
            catchUp(&state)
            var verdict = SandboxVerdict(
                due: 0, arrived: 0, missing: [], doubled: [], unexpected: [], repeated: state.repeated,
                isOver: state.isOver, isFinal: state.isFinal)
            for (message, count) in state.due {
                let came = state.arrived[message]?.count ?? 0
                verdict.due += count
                verdict.arrived += min(count, came)
                if came < count { verdict.missing += Array(repeating: message, count: count - came) }
                if came > count { verdict.doubled.append(message) }
            }
            verdict.unexpected = state.arrived.keys.filter { state.due[$0] == nil }
            let byName: (DueMessage, DueMessage) -> Bool = { ($0.order, $0.trigger) < ($1.order, $1.trigger) }
            verdict.missing.sort(by: byName)
            verdict.doubled.sort(by: byName)
            verdict.unexpected.sort(by: byName)
            return verdict
        }
    }
}
