import Testing

@testable import Outreach

@Suite("What a text asks of the machine")
struct TextRulesTests {
    private static let now = Moment(iso8601: "2026-11-21T10:00:00Z")!
    private static let raw = RawObservation(
        shop: "fig.example", source: "sms", externalID: "SM1", receivedAt: now, kind: "sms.twilio", bytes: [])

    private func judge(
        _ words: String, isStopped: Bool = false, confirmsStops: Bool = true, before: Int = 0,
        from: String = "+447700900123", isAnswered: Bool = false
    ) -> TextRules.Judged {
        var text = IncomingText(
            from: PhoneNumber(from), to: "+447700900000", text: words, receivedAt: Self.now, providerID: "SM1")
        text.isAnswered = isAnswered
        return TextRules.judge(
            text, from: Self.raw, last: nil, isStopped: isStopped, confirmsStops: confirmsStops, before: before)
    }

    @Test(
        "a stop word alone ends all texts, in any case, and is confirmed once",
        arguments: [
            "STOP", "stop", " Stop ", "Stop.", "STOPALL", "stop all", "Unsubscribe", "CANCEL", "end", "QUIT", "revoke",
            "OptOut", "opt out", "ARRET", "arrêt", "Stopp", "abmelden", "baja",
        ])
    func stop(_ word: String) {
        let judged = judge(word)
        #expect(judged.outcome.kind == .keyword && judged.reply == .stopped && !judged.isForPeople)
        #expect(
            judged.outcome.silencings.map(\.stream) == [.all]
                && judged.outcome.silencings.first?.who == .address("+447700900123")
                && judged.outcome.silencings.first?.reason == "opt_out")
        let again = judge(word, isStopped: true)
        #expect(again.reply == nil && !again.outcome.silencings.isEmpty)
    }

    @Test(
        "a wish in free words ends them as well, and a person sees it",
        arguments: [
            "please stop texting me", "Stop sending me these!!", "no more texts please", "Don't text me again",
            "take me off your list", "I want you to remove my number", "Bitte keine SMS mehr",
            "Schreibt mir nicht mehr!",
            "Arrêtez de m'envoyer des messages", "Ne m’écrivez plus", "No más mensajes, por favor",
            "dejad de escribirme ya",
        ])
    func freeWords(_ words: String) {
        let judged = judge(words)
        #expect(judged.outcome.kind == .person && judged.reply == .stopped && judged.isForPeople, "\(judged)")
        #expect(judged.outcome.silencings.count == 1)
    }

    @Test(
        "anything else is a person's",
        arguments: [
            "Where is my parcel?", "please don't stop texting me", "why did you stop sending updates?", "yes", "Yes!",
            "stop by the shop tomorrow?", "I'd like to cancel my order", "the end of the street",
            "help me, it is broken",
            "no more sugar in it please", "", "🎉", "Nie wieder zu spät, danke",
        ])
    func person(_ words: String) {
        let judged = judge(words)
        #expect(judged.outcome.kind == .person && judged.isForPeople && judged.reply == nil, "\(judged)")
        #expect(judged.outcome.silencings.isEmpty && judged.outcome.revocations.isEmpty)
        #expect(judged.outcome.address == "+447700900123")
    }

    @Test("START takes it back, and a yes does where something is stopped")
    func start() {
        for word in ["START", "unstop", "Start!"] {
            #expect(judge(word, isStopped: true).reply == .started)
            #expect(judge(word).reply == nil && judge(word).outcome.kind == .keyword)
        }
        let yes = judge("Yes", isStopped: true)
        #expect(yes.reply == .started && yes.outcome.revocations == [.init(address: "+447700900123", stream: .all)])
    }

    @Test("HELP says who writes, and two machines do not help each other forever")
    func help() {
        for word in ["HELP", "info", "Hilfe", "aide"] { #expect(judge(word).reply == .help) }
        #expect(judge("HELP", before: IncomingRules.letterLimit).reply == nil)
        // STOP acts however often it was said.
        let stop = judge("STOP", before: IncomingRules.letterLimit)
        #expect(stop.reply == nil && stop.outcome.silencings.count == 1)
    }

    @Test("what the provider answers itself is not answered twice")
    func provider() {
        for word in ["STOP", " cancel", "Help"] {
            let judged = judge(word, confirmsStops: false)
            #expect(judged.reply == nil && judged.outcome.kind == .keyword)
        }
        // Words that it does not know are ours to confirm.
        #expect(judge("Stop.", confirmsStops: false).reply == .stopped)
        #expect(judge("arrêt", confirmsStops: false).reply == .stopped)
        #expect(judge("please stop texting", confirmsStops: false).reply == .stopped)
        #expect(judge("hola", isAnswered: true).isForPeople)
        #expect(judge("baja", isAnswered: true).reply == nil)
    }

    @Test("a sender that is no number is read and answered by nobody")
    func name() {
        let judged = judge("STOP", from: "PARCELCO")
        #expect(judged.isForPeople && judged.reply == nil && judged.outcome.silencings.isEmpty)
    }
}
