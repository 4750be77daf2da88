import Testing

@testable import Platform

@Suite("SMTP", .timeLimit(.minutes(1)))
struct SMTPRelayTests {
    let engine = TransferEngine()

    private func deliver(_ relay: ScriptedRelay, _ envelope: SMTPEnvelope) async -> SMTPReply {
        await relay.run { await SMTPRelay(.local($0.port), engine: engine).deliver(envelope) }
    }

    @Test("hands a mail over, byte for byte")
    func accepted() async throws {
        let relay = ScriptedRelay()
        let reply = await deliver(relay, try mail())
        #expect(
            reply == SMTPReply(phase: .finalDot, code: 250, status: EnhancedStatus(2, 0, 0), text: "Ok: queued as 0"))
        #expect(reply.isAccepted)
        #expect(
            relay.mails == [
                .init(
                    from: "shop@juniperfig.example", recipients: ["ada@shopper.example"],
                    message: "Subject: Hello\r\n\r\nHow are you?\r\n")
            ])
        #expect(relay.commands.first == "EHLO bookbag.example")
        #expect(relay.commands.contains("MAIL FROM:<shop@juniperfig.example> SIZE=32"))
    }
}
