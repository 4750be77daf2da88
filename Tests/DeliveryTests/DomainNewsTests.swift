import Outreach
import Platform
import Synchronization
import Testing

@testable import Delivery

@Suite("What a relay's reply says of the recipient's domain")
struct DomainNewsTests {
    private static let replies: [(SMTPReply.Phase, Int, EnhancedStatus?, String)] = [
        (.finalDot, 250, nil, "answers"), (.rcpt, 550, EnhancedStatus(5, 1, 1), "answers"),
        // One mailbox is full: the domain has spoken.
        (.rcpt, 452, EnhancedStatus(4, 2, 2), "answers"),
        // Greylisting is about one sender and one recipient.
        (.rcpt, 450, EnhancedStatus(4, 2, 0), "nothing"),
        (.rcpt, 450, nil, "defers"), (.rcpt, 451, EnhancedStatus(4, 7, 1), "defers"),
        (.rcpt, 450, EnhancedStatus(4, 1, 2), "defers"), (.rcpt, 451, EnhancedStatus(4, 4, 1), "defers"),
        (.finalDot, 451, EnhancedStatus(4, 7, 0), "defers"),
        // About the relay: its disk, its closing of the line, a word without a code after the message.
        (.rcpt, 452, EnhancedStatus(4, 3, 1), "nothing"), (.rcpt, 421, EnhancedStatus(4, 7, 0), "nothing"),
        (.finalDot, 451, nil, "nothing"), (.mailFrom, 451, nil, "nothing"), (.data, 451, nil, "nothing"),
        (.connect, 554, nil, "nothing"), (.finalDot, 554, EnhancedStatus(5, 6, 0), "nothing"),
    ]

    @Test("is read from its step and its code", arguments: replies.indices)
    func read(_ index: Int) {
        let (phase, code, status, expected) = Self.replies[index]
        let reply = SMTPReply(phase: phase, code: code, status: status, text: "words")
        let news = DomainNews(reply, .verdict(for: reply))
        switch news {
        case .answers: #expect(expected == "answers", "\(reply)")
        case .defers: #expect(expected == "defers", "\(reply)")
        case nil: #expect(expected == "nothing", "\(reply)")
        }
    }

    @Test("is nothing where there was no reply")
    func silent() {
        for failure in SMTPReply.Failure.allCases {
            let reply = SMTPReply(phase: .rcpt, failure: failure)
            #expect(DomainNews(reply, .verdict(for: reply)) == nil)
        }
    }
}

@Suite("The return path of a mail")
struct ReturnPathChannelTests {
    private let now = Moment(iso8601: "2026-11-21T10:00:00Z")!
    private let token = String(repeating: "a2", count: 16)

    /// A relay that keeps what it was handed.
    private final class Keeper: MailTransport {
        let seen = Mutex<SMTPEnvelope?>(nil)
        func deliver(_ envelope: SMTPEnvelope) async -> SMTPReply {
            seen.withLock { $0 = envelope }
            return SMTPReply(phase: .finalDot, code: 250)
        }
    }

    private func sent(_ sender: String, bouncesTo: String?, redirectTo: String? = nil) async throws -> SMTPEnvelope {
        var draft = Drafts.draft()
        draft.sender = sender
        var message = try MailComposer().compose(draft)
        message.envelope.returnToken = token
        let keeper = Keeper()
        let channel = SMTPChannel(
            keeper, redirectTo: redirectTo.flatMap { MailAddress(address: $0) },
            bouncesTo: bouncesTo.flatMap { MailAddress(address: $0) })
        let answer = try await channel.attempt(message, at: now)
        #expect(answer.verdict.name == "accepted")
        #expect(answer.domainNews == (redirectTo == nil ? .answers : nil))
        return try #require(keeper.seen.withLock { $0 })
    }

    @Test("is each mail's own where there is a mailbox for bounces, with the token as its envelope id")
    func own() async throws {
        let envelope = try await sent("orders@juniperfig.example", bouncesTo: "bounces@juniperfig.example")
        #expect(envelope.from == "bounces+\(token)@juniperfig.example")
        #expect(envelope.envelopeID == token && envelope.notify == [.failure, .delay])
    }

    @Test("is what the mail was made with where there is none, where all goes to one inbox, or where it is empty")
    func others() async throws {
        let plain = try await sent("orders@juniperfig.example", bouncesTo: nil)
        #expect(plain.from == "orders@juniperfig.example" && plain.envelopeID == nil && plain.notify == nil)
        let redirected = try await sent(
            "orders@juniperfig.example", bouncesTo: "bounces@juniperfig.example", redirectTo: "me@juniperfig.example")
        #expect(redirected.from == "orders@juniperfig.example" && redirected.envelopeID == nil)
        #expect(try await sent("", bouncesTo: "bounces@juniperfig.example").from == "")
    }
}
