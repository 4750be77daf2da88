import Testing

@testable import Intake

@Suite("Why a mail came back") struct BounceReasonTests {
    private func reason(
        _ words: String, status: String = "", kind: String = "smtp", command: String = ""
    ) -> BounceReason {
        var evidence = BounceReason.Evidence()
        evidence.words = words
        evidence.status = status
        evidence.kind = kind
        evidence.command = command
        return BounceReason(evidence)
    }

    @Test(
        "words that mean one thing come before the code, the code before words that mean little, the reply last",
        arguments: [
            ("550 5.1.1 mailbox is full", "5.1.1", BounceReason.mailboxFull),
            ("550 5.7.1 no such user here", "5.7.1", .userUnknown),
            ("550 5.1.1 rejected: listed as spam", "5.1.1", .spam),
            ("550 5.1.1 something or other", "5.1.1", .userUnknown), ("something", "4.1.1", .unknown),
            ("550 5.4.310 it failed", "5.4.310", .hostUnknown), ("it failed", "4.4.7", .expired),
            ("421 later", "", .network), ("552 no", "", .mailboxFull), ("500 what", "", .protocolFault),
            ("556 no", "", .takesNoMail), ("nothing that anybody knows", "", .unknown), ("", "", .unknown),
        ])
    func order(_ words: String, _ status: String, _ reason: BounceReason) {
        #expect(self.reason(words, status: status) == reason)
    }

    @Test("the answer to the text is a filter's, and to MAIL it is about us")
    func commands() {
        #expect(reason("550 no such user", command: "RCPT") == .userUnknown)
        #expect(reason("550 no such user", status: "5.7.1", command: "DATA") == .filtered)
        #expect(reason("550 sender rejected", command: "MAIL") == .senderRejected)
        #expect(reason("550 reverse dns is missing, sender rejected", command: "MAIL") == .blocked)
    }

    @Test("a local program's 67 is a user that is not there, and any other end the program's")
    func programs() {
        #expect(reason("67", kind: "x-unix") == .userUnknown)
        #expect(reason("75", kind: "x-unix") == .mailer)
    }

    @Test("hard are those that say that the address is no good, and no others")
    func hard() {
        #expect(
            BounceReason.allCases.filter(\.isHard) == [.userUnknown, .hostUnknown, .moved, .takesNoMail])
    }

    @Test(
        "a better code is looked for in the words only where the one given says nothing",
        arguments: [
            ("5.0.0", "smtp; 550 5.2.2 over quota", "5.2.2"), ("5.1.1", "550 5.2.2 over quota", "5.1.1"),
            ("", "host 5.1.1.example said 550-5.7.26 no", "5.7.26"), ("4.0.0", "550 5.1.1 no", "4.0.0"),
            ("", "no code", ""), ("5.0.0", "see 10.5.1.1", "5.0.0"),
        ])
    func better(_ given: String, _ words: String, _ code: String) {
        #expect(BounceStatus.better(of: given, in: words) == code)
    }

    @Test(
        "the reply code is a number by itself",
        arguments: [
            ("smtp; 550 no", 550), ("550-no", 550), ("(421)", 421), ("error 5501", nil), ("id a550b", nil),
            ("200 ok", nil), ("600 no", nil), ("we were at 450, and left", 450),
        ] as [(String, Int?)])
    func reply(_ words: String, _ code: Int?) { #expect(BounceStatus.reply(in: words) == code) }

    @Test(
        "the command that was answered",
        arguments: [
            ("in reply to rcpt to command", "RCPT"), ("in reply to end of data command", "DATA"),
            (">>> mail from:<a@b.example>", "MAIL"), ("after data", "DATA"), ("reply to your mailing", ""), ("", ""),
        ])
    func command(_ words: String, _ command: String) { #expect(BounceStatus.command(in: words) == command) }
}

@Suite("The words of bounces") struct BounceWordsTests {
    private static let lists: [(name: String, phrases: [String])] = [
        ("mailboxFull", BounceWords.mailboxFull), ("tooBig", BounceWords.tooBig), ("mailer", BounceWords.mailer),
        ("suspended", BounceWords.suspended), ("filtered", BounceWords.filtered), ("moved", BounceWords.moved),
        ("takesNoMail", BounceWords.takesNoMail), ("hostUnknown", BounceWords.hostUnknown),
        ("sender", BounceWords.sender), ("reverseName", BounceWords.reverseName),
        ("userUnknown", BounceWords.userUnknown), ("perhapsUserUnknown", BounceWords.perhapsUserUnknown),
        ("virus", BounceWords.virus), ("spam", BounceWords.spam), ("authentication", BounceWords.authentication),
        ("blocked", BounceWords.blocked), ("tooMany", BounceWords.tooMany), ("relaying", BounceWords.relaying),
        ("policy", BounceWords.policy), ("loop", BounceWords.loop), ("expired", BounceWords.expired),
        ("network", BounceWords.network), ("refusal", BounceWords.refusal), ("system", BounceWords.system),
        ("protocolFault", BounceWords.protocolFault), ("again", BounceWords.again),
    ]

    @Test("a text is read as the phrases are written", arguments: ["  User\r\n\tUnknown", "USER\u{a0}unknown"])
    func plain(_ text: String) {
        #expect(BounceWords.plain(text) == "user unknown")
        #expect(BounceWords.plain("can\u{2019}t `x") == "can't 'x")
        #expect(BounceWords.plain(String(repeating: "a", count: 9_000)).count == 8_000)
    }

    @Test("each phrase is one that a text can hold: small, with single spaces, and once in its list")
    func phrases() {
        for (name, phrases) in Self.lists {
            for phrase in phrases {
                // A phrase may begin or end with a space of its own, where a text goes on.
                let text = "x\(phrase)x"
                #expect(BounceWords.plain(text) == text, "\(name): '\(phrase)' is never found")
                #expect(phrase.count >= 3, "\(name): '\(phrase)' is in every text")
            }
            #expect(
                Set(phrases).count == phrases.count,
                "\(name) has \(phrases.filter { one in phrases.count { $0 == one } > 1 }) twice")
        }
    }
}
