import Outreach
import Testing

@Suite("What comes of incoming mail")
struct IncomingRulesTests {
    private let now = Moment(milliseconds: 1_760_000_000_000)

    private var observation: RawObservation {
        RawObservation(
            id: 7, shop: "juniperfig", source: "mailbox", externalID: "a", receivedAt: now, kind: "mail", bytes: [])
    }

    private func message(_ state: Effect.State = .sent, inDoubt: Int = 0) -> AnsweredMessage {
        var effect = Effect(
            to: .mail(shop: "juniperfig"), origin: .trigger, isContact: true, by: "thanks", line: "email",
            keys: ["order:1"], about: .order("1"), dueAt: now, createdAt: now)
        effect.id = 42
        effect.state = state
        effect.attemptsInDoubt = inDoubt
        return AnsweredMessage(
            effect: effect, messageID: "m@juniperfig.example", recipient: "Robin@example.com", subject: "Thanks")
    }

    private func bounce(_ address: String = "robin@EXAMPLE.com", hard: Bool = true, reason: String = "user_unknown")
        -> IncomingMail
    {
        var mail = IncomingMail(.bounce)
        mail.recipients = [ReturnedRecipient(address: address, isHard: hard, reason: reason, status: "5.1.1")]
        return mail
    }

    private func judge(_ mail: IncomingMail, about message: AnsweredMessage? = nil, soft: Int = 0) -> IncomingOutcome {
        IncomingRules.judge(mail, from: observation, about: message, softBefore: soft, now: now)
    }

    @Test("a hard bounce ends the message and silences its address at once, for all mail and for ever")
    func hard() {
        let outcome = judge(bounce(), about: message())
        #expect(outcome.isEndOfMessage && outcome.isHard == true)
        #expect(outcome.silencing?.who == .address("Robin@example.com"))
        #expect(outcome.silencing?.stream == .all && outcome.silencing?.until == nil)
        #expect(outcome.silencing?.reason == "bounce")
        #expect(!outcome.detail.contains("@") && !(outcome.silencing?.note.contains("@") ?? true))
    }

    @Test("a bounce of no message of ours changes nothing: anybody can write one")
    func stranger() {
        let outcome = judge(bounce())
        #expect(outcome.silencing == nil && !outcome.isEndOfMessage && outcome.isHard == nil)
    }

    @Test(
        "soft bounces silence at the third within seven days, for a month",
        arguments: [(0, false), (1, false), (2, true), (9, true)])
    func soft(_ before: Int, _ silences: Bool) {
        let outcome = judge(bounce(hard: false, reason: "mailbox_full"), about: message(), soft: before)
        #expect(outcome.isEndOfMessage && outcome.isHard == false)
        #expect((outcome.silencing != nil) == silences)
        #expect(outcome.silencing.map { $0.until == now + .days(30) } ?? true)
    }

    @Test("refusals over policy or spam never count against the address", arguments: ["policy", "spam", "blocked"])
    func policy(_ reason: String) {
        #expect(judge(bounce(hard: false, reason: reason), about: message(), soft: 9).silencing == nil)
        #expect(judge(bounce(hard: true, reason: reason), about: message()).silencing == nil)
    }

    @Test(
        "what is said of our sender, our server or our pace never counts against the address",
        arguments: ["sender_rejected", "relaying", "too_many", "protocol"])
    func ours(_ reason: String) {
        #expect(judge(bounce(hard: false, reason: reason), about: message(), soft: 9).silencing == nil)
    }

    @Test("letters are handed on, but not what the people's own machine answers, and not without end")
    func handsOn() {
        var mail = IncomingMail(.person)
        mail.sender = "Owner@fig.example"
        var own = message()
        own.effect.origin = .system
        func verdict(_ message: AnsweredMessage?, before: Int = 0) -> IncomingRules.HandingOn {
            IncomingRules.handsOn(mail, about: message, people: "owner@fig.example", before: before)
        }
        guard case .no = verdict(own) else { return #expect(Bool(false), "it would go round for ever") }
        #expect(verdict(message()) == .yes, "whoever tries it out with an address of their own is heard")
        #expect(verdict(nil) == .yes)
        #expect(verdict(nil, before: IncomingRules.letterLimit - 1) == .last)
        guard case .no = verdict(nil, before: IncomingRules.letterLimit) else {
            return #expect(Bool(false), "it would go round for ever")
        }
        // Her answer to the people's answer names our mail to them, too.
        mail.sender = "robin@example.com"
        #expect(verdict(own) == .yes)
    }

    @Test("another address, behind a mailbox that forwards, is no proof against ours")
    func forwarded() {
        let outcome = judge(bounce("elsewhere@example.net"), about: message())
        #expect(outcome.isEndOfMessage && outcome.isHard == false && outcome.silencing == nil)
    }

    @Test("a complaint silences for good")
    func complaint() {
        let outcome = judge(IncomingMail(.complaint), about: message())
        #expect(outcome.silencing?.reason == "complaint" && outcome.silencing?.stream == .all)
        #expect(outcome.silencing?.until == nil && !outcome.isEndOfMessage)
        #expect(judge(IncomingMail(.complaint)).silencing == nil)
    }

    @Test(
        "whatever answers a message in doubt proves that it arrived",
        arguments: [IncomingClass.person, .bounce, .autoReply])
    func proof(_ kind: IncomingClass) {
        var mail = kind == .bounce ? bounce() : IncomingMail(kind)
        mail.sender = "robin@example.com"
        #expect(judge(mail, about: message(.ready, inDoubt: 1)).provesArrival)
        #expect(!judge(mail, about: message(.ready)).provesArrival)
        #expect(!judge(mail, about: message(.sent)).provesArrival)
    }

    @Test(
        "a lone stop word silences offers alone",
        arguments: [
            "STOP", "stop.", "Unsubscribe", "unsubscribe me!", "Abmelden", "désabonner", "baja", "Uitschrijven",
        ])
    func stop(_ text: String) {
        var mail = IncomingMail(.person)
        mail.sender = "robin@example.com"
        mail.text = text
        let outcome = judge(mail, about: message())
        #expect(outcome.silencing?.stream == .marketing && outcome.silencing?.who == .address("robin@example.com"))
    }

    @Test(
        "a stop word among others asks for something else",
        arguments: [
            "please stop my order", "Stop, the address is wrong", "cancel order 1042", "the end of the week is fine",
            "",
        ])
    func noStop(_ text: String) {
        var mail = IncomingMail(.person)
        mail.sender = "robin@example.com"
        mail.text = text
        #expect(judge(mail).silencing == nil)
    }

    @Test("machines change nothing", arguments: [IncomingClass.autoReply, .list, .own, .delayed, .delivered])
    func machines(_ kind: IncomingClass) {
        var mail = IncomingMail(kind)
        mail.sender = "robin@example.com"
        mail.text = "stop"
        let outcome = judge(mail, about: message())
        #expect(outcome.silencing == nil && !outcome.isEndOfMessage && outcome.forward == nil && outcome.isHard == nil)
    }
}
