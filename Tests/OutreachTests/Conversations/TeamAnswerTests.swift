import Outreach
import Testing

@Suite("Answers of the shop's people by mail")
struct TeamAnswerTests {
    private static let team = "team@juniperfig.example"
    private static let ada = "ada@juniperfig.example"
    private static let token = "abcdefghijklmnopqrstuvwxyz234567"
    private static let now = Moment(iso8601: "2026-11-20T09:00:00Z")!

    private static var record: ConversationRecord {
        ConversationRecord(shop: "juniperfig.myshopify.com", channel: .mailbox, openedAt: now)
    }

    private static func mail(_ change: (inout IncomingMail) -> Void = { _ in }) -> IncomingMail {
        var mail = IncomingMail(.person)
        mail.sender = team
        mail.isAuthenticated = true
        mail.textAboveLine = "  It comes on Tuesday.\n\nAda "
        change(&mail)
        return mail
    }

    private static func judge(
        _ mail: IncomingMail, in record: ConversationRecord = Self.record, token: String? = Self.token,
        team: String? = Self.team
    ) -> TeamAnswer { TeamAnswer.judge(mail, in: record, token: token, team: team, people: [ada]) }

    @Test("what stands above the line goes out, as the person's who wrote it")
    func sent() {
        #expect(Self.judge(Self.mail()) == .send("It comes on Tuesday.\n\nAda", by: Self.team))
        #expect(
            Self.judge(Self.mail { $0.sender = "Ada@JuniperFig.example" })
                == .send("It comes on Tuesday.\n\nAda", by: Self.ada))
        var held = Self.record
        held.holder = Self.ada
        #expect(Self.judge(Self.mail { $0.sender = Self.ada }, in: held) != .refuse(.held))
        held.holder = Self.team
        #expect(Self.judge(Self.mail { $0.sender = Self.ada }, in: held) != .refuse(.held))
    }

    @Test("whatever is not certain is refused, with its reason")
    func refused() {
        var held = Self.record
        held.holder = "cleo@juniperfig.example"
        var answered = Self.record
        answered.messages = [
            ConversationMessage(
                .outgoing, by: .person(Self.team), at: Self.now, text: "It comes on Tuesday.\n\nAda", channel: .mailbox)
        ]
        let cases: [(TeamAnswer, TeamAnswer.Refusal)] = [
            (Self.judge(Self.mail { $0.sender = "mallory@elsewhere.example" }), .stranger),
            (Self.judge(Self.mail { $0.sender = nil }), .stranger),
            (Self.judge(Self.mail { $0.isRelayed = true }), .stranger),
            (Self.judge(Self.mail(), team: nil), .stranger),
            (Self.judge(Self.mail { $0.isAuthenticated = false }), .unproved),
            (Self.judge(Self.mail(), token: nil), .noToken),
            (Self.judge(Self.mail { $0.textAboveLine = nil }), .noLine),
            (Self.judge(Self.mail { $0.textAboveLine = " \n\t" }), .noWords),
            (
                Self.judge(
                    Self.mail { $0.textAboveLine = "Yes.\nXx <hello+\(Self.token.uppercased())@juniperfig.example>:" }),
                .traces
            ),
            (Self.judge(Self.mail { $0.textAboveLine = "Yes. \(TeamAnswer.line)" }), .traces),
            (Self.judge(Self.mail(), in: held), .held), (Self.judge(Self.mail(), in: answered), .repeated),
        ]
        for (verdict, why) in cases { #expect(verdict == .refuse(why)) }
    }

    @Test("a machine's answer goes nowhere, and nobody is told", arguments: [IncomingClass.autoReply, .list, .bounce])
    func machines(_ kind: IncomingClass) { #expect(Self.judge(Self.mail { $0.kind = kind }) == .ignore) }
}
