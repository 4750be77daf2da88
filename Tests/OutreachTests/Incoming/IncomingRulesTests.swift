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

    @Test("a wish in free words ends offers; below news of an order its news too, of whoever is proved to have got it")
    func freeWords() {
        var understood = Understood()
        (understood.asks, understood.isCertain) = (["stop"], true)
        var mail = IncomingMail(.person)
        mail.sender = "robin@example.com"
        mail.isAuthenticated = true
        func wish(isOrderNews: Bool = true, about message: AnsweredMessage? = nil) -> [String] {
            IncomingRules.wish(understood, mail, answering: message, isOrderNews: isOrderNews).map {
                "\($0.stream.rawValue) \($0.who == .order("1") ? "order" : "address")"
            }
        }
        let offers = ["marketing address", "ratings address"]
        #expect(wish() == offers)
        #expect(wish(about: message()) == offers + ["order order"])
        #expect(wish(isOrderNews: false, about: message()) == offers)
        mail.isAuthenticated = false
        #expect(wish(about: message()) == offers, "a forged sender keeps news from nobody")
        (mail.isAuthenticated, mail.sender) = (true, "kim@example.com")
        #expect(wish(about: message()) == offers)
        mail.sender = "robin@example.com"
        for change in [
            { (one: inout Understood) in one.isCertain = false }, { $0.asks = ["stop", "cancel_order"] },
            { $0.needsHuman = true },
        ] {
            var other = understood
            change(&other)
            #expect(IncomingRules.wish(other, mail, answering: message(), isOrderNews: true).isEmpty)
        }
        // An answer to the confirmation takes both back.
        var confirmation = message()
        confirmation.effect.origin = .system
        confirmation.effect.trigger = SystemMail.stopped
        mail.text = "start"
        let back = judge(mail, about: confirmation).revocations
        #expect(back.map(\.stream) == [.marketing, .ratings, .order] && back.last?.orderID == "1")
    }

    @Test("a hard bounce ends the message and silences its address at once, for all mail and for ever")
    func hard() {
        let outcome = judge(bounce(), about: message())
        #expect(outcome.isEndOfMessage && outcome.isHard == true)
        #expect(outcome.silencings.first?.who == .address("Robin@example.com"))
        #expect(outcome.silencings.first?.stream == .all && outcome.silencings.first?.until == nil)
        #expect(outcome.silencings.first?.reason == "bounce")
        #expect(!outcome.detail.contains("@") && !(outcome.silencings.first?.note.contains("@") ?? true))
    }

    @Test("a bounce of no message of ours changes nothing: anybody can write one")
    func stranger() {
        let outcome = judge(bounce())
        #expect(outcome.silencings.isEmpty && !outcome.isEndOfMessage && outcome.isHard == nil)
    }

    @Test(
        "soft bounces silence at the third within seven days, for a month",
        arguments: [(0, false), (1, false), (2, true), (9, true)])
    func soft(_ before: Int, _ silences: Bool) {
        let outcome = judge(bounce(hard: false, reason: "mailbox_full"), about: message(), soft: before)
        #expect(outcome.isEndOfMessage && outcome.isHard == false)
        #expect(outcome.silencings.isEmpty != silences)
        #expect(outcome.silencings.first.map { $0.until == now + .days(30) } ?? true)
    }

    @Test("refusals over policy or spam never count against the address", arguments: ["policy", "spam", "blocked"])
    func policy(_ reason: String) {
        #expect(judge(bounce(hard: false, reason: reason), about: message(), soft: 9).silencings.isEmpty)
        #expect(judge(bounce(hard: true, reason: reason), about: message()).silencings.isEmpty)
    }

    @Test(
        "what is said of our sender, our server or our pace never counts against the address",
        arguments: ["sender_rejected", "relaying", "too_many", "protocol"])
    func ours(_ reason: String) {
        #expect(judge(bounce(hard: false, reason: reason), about: message(), soft: 9).silencings.isEmpty)
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
        #expect(outcome.isEndOfMessage && outcome.isHard == false && outcome.silencings.isEmpty)
    }

    @Test("a complaint silences for good")
    func complaint() {
        let outcome = judge(IncomingMail(.complaint), about: message())
        #expect(outcome.silencings.first?.reason == "complaint" && outcome.silencings.first?.stream == .all)
        #expect(outcome.silencings.first?.until == nil && !outcome.isEndOfMessage)
        #expect(judge(IncomingMail(.complaint)).silencings.isEmpty)
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
        "a lone stop word silences offers and requests for ratings, and no news of an order",
        arguments: [
            "STOP", "stop.", "Unsubscribe", "unsubscribe me!", "Abmelden", "désabonner", "baja", "Uitschrijven",
        ])
    func stop(_ text: String) {
        var mail = IncomingMail(.person)
        mail.sender = "robin@example.com"
        mail.text = text
        let outcome = judge(mail, about: message())
        #expect(outcome.silencings.map(\.stream) == [.marketing, .ratings])
        #expect(outcome.silencings.allSatisfy { $0.who == .address("robin@example.com") && $0.until == nil })
        func confirms(_ standing: Set<MailStream>, isKnown: Bool = true, own: [String] = ["a@fig.example"]) -> Bool {
            IncomingRules.confirms(outcome, standing: standing, isKnown: isKnown, own: own)
        }
        #expect(confirms([]) && confirms([.marketing]), "ratings are news")
        #expect(!confirms([.marketing, .ratings]) && !confirms([.all]), "nothing ends that had not ended")
        #expect(!confirms([], isKnown: false) && !confirms([], own: ["<Robin@Example.com>"]))
    }

    @Test("the confirmation is taken back with one word, by whoever got it")
    func start() {
        var confirmation = message()
        confirmation.effect.origin = .system
        confirmation.effect.trigger = SystemMail.stopped
        func revoked(_ text: String, _ message: AnsweredMessage?, from sender: String = "robin@example.com") -> Int {
            var mail = IncomingMail(.person)
            mail.sender = sender
            mail.text = text
            return judge(mail, about: message).revocations.count
        }
        #expect(revoked("Start.", confirmation) == 3)
        #expect(revoked("start it again please", confirmation) == 0)
        #expect(revoked("START", confirmation, from: "eve@example.com") == 0)
        #expect(revoked("START", message()) == 0 && revoked("START", nil) == 0)
        var other = confirmation
        other.effect.trigger = "login"
        #expect(revoked("START", other) == 0)
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
        #expect(judge(mail).silencings.isEmpty)
    }

    @Test("machines change nothing", arguments: [IncomingClass.autoReply, .list, .own, .delayed, .delivered])
    func machines(_ kind: IncomingClass) {
        var mail = IncomingMail(kind)
        mail.sender = "robin@example.com"
        mail.text = "stop"
        let outcome = judge(mail, about: message())
        #expect(
            outcome.silencings.isEmpty && !outcome.isEndOfMessage && outcome.forward == nil && outcome.isHard == nil)
    }
}
