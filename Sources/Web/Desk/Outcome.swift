import Daemon
import Outreach
import Store

/// What became of an effect, as lists show it: a word, its colour, and the reason behind it.
struct OutcomeWords: Encodable, Sendable {
    /// `sent`, `limit`, `550 no such user`.
    var word: String
    /// The class of its colour: `good`, `bad`, `warn`, `quiet`. Never the only sign.
    var tone: String
    /// A clause behind "because"; empty where nothing needs saying.
    var why: String

    init(_ state: Effect.State, _ reason: Reason?, detail: String?) {
        let because = ReasonWords.sentence(reason, detail: detail)
        why = ""
        switch state {
        case .sent: (word, tone) = ("sent", "good")
        case .waiting: (word, tone, why) = ("waits", "info", because)
        case .ready:
            (word, tone, why) = reason == nil ? ("goes out now", "info", "") : ("tried again", "warn", because)
        case .bounced: (word, tone, why) = ("came back", "bad", because)
        case .refused: (word, tone, why) = ("refused", "bad", detail ?? because)
        case .shadowed: (word, tone, why) = ("kept, not sent", "quiet", because)
        case .skipped, .withdrawn, .replaced, .heldOut:
            (word, tone, why) = (reason?.rawValue.replacing("_", with: " ") ?? "not sent", "quiet", because)
        }
    }
}

/// What lists can be narrowed to.
enum Became: String, CaseIterable, Sendable {
    case all, sent, waiting, held, refused

    var states: [Effect.State] {
        switch self {
        case .all: [.ready, .sent, .bounced, .shadowed, .heldOut, .skipped, .withdrawn, .replaced, .refused]
        case .sent: [.sent]
        case .waiting: [.waiting]
        case .held: [.shadowed, .heldOut, .skipped, .withdrawn, .replaced]
        case .refused: [.bounced, .refused]
        }
    }

    var title: String {
        switch self {
        case .all: "all"
        case .sent: "sent"
        case .waiting: "waits"
        case .held: "held back"
        case .refused: "refused"
        }
    }
}

/// A line of a list.
struct FeedRow: Encodable, Sendable {
    var at: Instant
    var order: String
    var orderPath: String?
    var path: String
    var customer: String
    var trigger: String
    var event: String
    var to: String
    var outcome: OutcomeWords

    init(_ line: FeedLine, clock: Daemon.Clock, path: String) {
        at = Instant(line.at, clock)
        order = line.orderName
        orderPath = line.orderID.flatMap { OrderNumber($0) }.map { "\(path)/orders/\($0.number)" }
        self.path = "\(path)/messages/\(line.id)"
        customer = line.customer
        trigger = line.trigger
        event = line.event
        to = LineWords.destination(line.line)
        outcome = OutcomeWords(line.state, line.reason, detail: line.detail)
    }
}

/// The number in an order's global id, which stands in addresses: it says nothing of anybody.
struct OrderNumber: Sendable {
    var number: UInt64
    private static let prefix = "gid://shopify/Order/"

    init?(_ id: String) {
        guard id.hasPrefix(Self.prefix), let number = UInt64(id.dropFirst(Self.prefix.count)) else { return nil }
        self.number = number
    }

    init?(path: String) {
        guard let number = UInt64(path), "\(number)" == path else { return nil }
        self.number = number
    }

    var id: String { "\(Self.prefix)\(number)" }
}
