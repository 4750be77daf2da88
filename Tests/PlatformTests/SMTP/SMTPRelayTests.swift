import Testing

@testable import Platform

@Suite("SMTP", .timeLimit(.minutes(5)))
struct SMTPRelayTests {
    let engine = TransferEngine()

    private func deliver(_ relay: ScriptedRelay, _ envelope: SMTPEnvelope, within patience: Duration? = nil)
        async throws -> SMTPReply
    {
        try await relay.run { server in
            var settings = SMTPSettings.local(server.port)
            if let patience {
                settings.connectTimeout = patience
                settings.replyTimeout = patience
                settings.blockTimeout = patience
                settings.finalReplyTimeout = patience
            }
            return await SMTPRelay(settings, engine: engine).deliver(envelope)
        }
    }

    @Test("hands a mail over, byte for byte")
    func accepted() async throws {
        let relay = ScriptedRelay()
        let reply = try await deliver(relay, try mail())
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

    struct Refusal: Sendable, CustomTestStringConvertible {
        var step: ScriptedRelay.Step
        var says: String
        var reply: SMTPReply
        /// Whether the session serves the next mail.
        var isKept: Bool
        var testDescription: String { "\(step): \(says)" }
    }

    static let refusals: [Refusal] = [
        Refusal(
            step: .greeting, says: "554 5.7.1 No entry",
            reply: SMTPReply(phase: .greeting, code: 554, status: EnhancedStatus(5, 7, 1), text: "No entry"),
            isKept: false),
        Refusal(
            step: .greeting, says: "421 Too busy", reply: SMTPReply(phase: .greeting, code: 421, text: "Too busy"),
            isKept: false),
        Refusal(
            step: .mailFrom, says: "451 4.3.0 Try again",
            reply: SMTPReply(phase: .mailFrom, code: 451, status: EnhancedStatus(4, 3, 0), text: "Try again"),
            isKept: true),
        Refusal(
            step: .mailFrom, says: "530-5.7.0 Log in\r\n530 5.7.0 first",
            reply: SMTPReply(phase: .mailFrom, code: 530, status: EnhancedStatus(5, 7, 0), text: "Log in first"),
            isKept: true),
        Refusal(
            step: .rcpt("ada@shopper.example"), says: "550 5.1.1 User unknown",
            reply: SMTPReply(
                phase: .rcpt, code: 550, status: EnhancedStatus(5, 1, 1), text: "User unknown", recipient: 0),
            isKept: true),
        Refusal(
            step: .rcpt("ada@shopper.example"), says: "421 4.3.2 Going down",
            reply: SMTPReply(phase: .rcpt, code: 421, status: EnhancedStatus(4, 3, 2), text: "Going down"),
            isKept: false),
        Refusal(
            step: .data, says: "554 5.5.1 No",
            reply: SMTPReply(phase: .data, code: 554, status: EnhancedStatus(5, 5, 1), text: "No"),
            isKept: true),
        Refusal(
            step: .finalDot, says: "552 5.2.2 Mailbox full",
            reply: SMTPReply(phase: .finalDot, code: 552, status: EnhancedStatus(5, 2, 2), text: "Mailbox full"),
            isKept: true),
        Refusal(
            step: .finalDot, says: "421 4.3.2 Going down",
            reply: SMTPReply(phase: .finalDot, code: 421, status: EnhancedStatus(4, 3, 2), text: "Going down"),
            isKept: false),
    ]

    @Test(
        "tells at which step and with which words a relay refused, and goes on with the next mail", arguments: refusals,
        [true, false])
    func refused(_ refusal: Refusal, _ pipelining: Bool) async throws {
        let relay = ScriptedRelay(offers: pipelining ? ["PIPELINING"] : ["HELP"]) { step, count in
            guard step == refusal.step, count == 0 else {
                // A relay does not take DATA when nobody would get the mail.
                let isPointless =
                    !refusal.says.hasPrefix("421")
                    && (refusal.step == .mailFrom || refusal.step == .rcpt("ada@shopper.example"))
                return step == .data && count == 0 && isPointless && pipelining
                    ? .reply("554 5.5.1 No valid recipients") : nil
            }
            return refusal.says.hasPrefix("421") ? .replyAndDrop(refusal.says) : .reply(refusal.says)
        }
        try await relay.run { server in
            let transport = SMTPRelay(.local(server.port), engine: engine)
            let first = await transport.deliver(letter)
            #expect(first == refusal.reply)
            #expect(!first.isAccepted && !first.isInDoubt)
            let second = try await transport.deliver(mail(to: "ben@shopper.example"))
            #expect(second.isAccepted)
            #expect(relay.mails.last?.recipients == ["ben@shopper.example"])
            #expect(server.accepted == (refusal.isKept ? 1 : 2))
        }
    }

    @Test(
        "sends no dot when a refusal was crossed by 354: nobody gets an empty mail",
        arguments: [ScriptedRelay.Step.mailFrom, .rcpt("ada@shopper.example")])
    func crossed(_ step: ScriptedRelay.Step) async throws {
        let relay = ScriptedRelay { at, _ in at == step ? .reply("550 5.1.1 No") : nil }
        let reply = try await deliver(relay, try mail())
        #expect(reply.code == 550)
        #expect(!reply.isInDoubt)
        #expect(relay.mails.isEmpty)
    }

    @Test("sends nothing to anybody when one of several recipients is refused", arguments: [true, false])
    func oneOfSeveral(_ pipelining: Bool) async throws {
        let relay = ScriptedRelay(offers: pipelining ? ["PIPELINING"] : ["HELP"]) { step, _ in
            step == .rcpt("ben@shopper.example") ? .reply("550 5.1.1 No such user") : nil
        }
        let to = ["ada@shopper.example", "ben@shopper.example", "cy@shopper.example"]
        let envelope = try SMTPEnvelope(from: "", recipients: to, message: Array("A: b\r\n\r\n".utf8))
        let reply = try await deliver(relay, envelope)
        #expect(reply.phase == .rcpt)
        #expect(reply.recipient == 1)
        #expect(relay.mails.isEmpty)
        #expect(!relay.commands.contains("DATA"))
        let all = ScriptedRelay(offers: pipelining ? ["PIPELINING"] : ["HELP"])
        #expect(try await deliver(all, envelope).isAccepted == true)
        #expect(all.mails.map(\.recipients) == [to])
        #expect(all.mails.map(\.from) == [""])
    }

    struct Loss: Sendable, CustomTestStringConvertible {
        var step: ScriptedRelay.Step
        var phase: SMTPReply.Phase
        var isInDoubt = false
        var testDescription: String { "\(step)" }
    }

    static let losses: [Loss] = [
        Loss(step: .greeting, phase: .greeting), Loss(step: .ehlo, phase: .ehlo),
        Loss(step: .mailFrom, phase: .mailFrom),
        Loss(step: .rcpt("ada@shopper.example"), phase: .rcpt), Loss(step: .data, phase: .data),
        Loss(step: .finalDot, phase: .finalDot, isInDoubt: true),
    ]

    @Test("tells where a relay hung up, and whether the mail may have arrived", arguments: losses)
    func dropped(_ loss: Loss) async throws {
        let reply = try await deliver(ScriptedRelay { step, _ in step == loss.step ? .drop : nil }, try mail())
        #expect(reply.phase == loss.phase)
        #expect(reply.failure == .dropped)
        #expect(reply.code == nil)
        #expect(reply.isInDoubt == loss.isInDoubt)
    }

    @Test("tells where a relay fell silent, and whether the mail may have arrived", arguments: losses)
    func silent(_ loss: Loss) async throws {
        let relay = ScriptedRelay { step, _ in step == loss.step ? .silence : nil }
        let reply = try await deliver(relay, try mail(), within: .milliseconds(200))
        #expect(reply.phase == loss.phase)
        #expect(reply.failure == .timeout)
        #expect(reply.isInDoubt == loss.isInDoubt)
    }

    @Test("waits longer for the reply to the final dot than for others")
    func finalPatience() async throws {
        let go = Signal()
        let relay = ScriptedRelay { step, _ in
            if step == .finalDot { go.blockingWait() }
            return nil
        }
        try await relay.run { server in
            var settings = SMTPSettings.local(server.port)
            settings.replyTimeout = .milliseconds(300)
            settings.blockTimeout = .milliseconds(300)
            let transport = SMTPRelay(settings, engine: engine)
            let task = Task { await transport.deliver(letter) }
            // Another relay's timeout of the same length shows that this one's has passed.
            let other = ScriptedRelay { step, _ in step == .mailFrom ? .silence : nil }
            await until { !relay.mails.isEmpty }
            let slow = try await deliver(other, letter, within: .milliseconds(400))
            #expect(slow.failure == .timeout)
            go.send()
            #expect(await task.value.isAccepted)
        }
    }

    @Test("has no doubt about a mail that was cut off in the middle")
    func cutOff() async throws {
        let relay = ScriptedRelay { step, _ in step == .message ? .drop : nil }
        let text =
            "Subject: Long\r\n\r\n" + String(repeating: String(repeating: "x", count: 76) + "\r\n", count: 100_000)
        let reply = try await deliver(relay, try mail(text))
        #expect(reply.phase == .finalDot)
        #expect(reply.failure == .dropped)
        #expect(!reply.isInDoubt)
    }

    @Test("delivers a mail larger than any buffer, whole")
    func large() async throws {
        let relay = ScriptedRelay()
        let text = "Subject: Long\r\n\r\n" + String(repeating: String(repeating: "x", count: 76) + "\r\n", count: 4_000)
        #expect(try await deliver(relay, try mail(text)).isAccepted == true)
        #expect(relay.mails.first?.message == text)
    }

    @Test("keeps a session for the next mail, and no more than allowed at once")
    func sessions() async throws {
        let relay = ScriptedRelay()
        try await relay.run { server in
            let transport = SMTPRelay(.local(server.port, sessions: 3), engine: engine)
            for _ in 0..<5 { #expect(await transport.deliver(letter).isAccepted) }
            #expect(server.accepted == 1)
            await withTaskGroup(of: Bool.self) { group in
                for _ in 0..<200 { group.addTask { await transport.deliver(letter).isAccepted } }
                for await isAccepted in group { #expect(isAccepted) }
            }
            #expect(server.accepted <= 3)
            #expect(relay.mails.count == 205)
            #expect(engine.statistics.mailSessions == server.accepted)
        }
    }

    @Test("opens another session when a kept one has died, and nobody notices", arguments: ["drop", "421"])
    func stale(_ how: String) async throws {
        let relay = ScriptedRelay { step, count in
            guard step == .mailFrom, count == 1 else { return nil }
            return how == "drop" ? .drop : .replyAndDrop("421 4.4.2 Idle for too long")
        }
        try await relay.run { server in
            let transport = SMTPRelay(.local(server.port), engine: engine)
            #expect(await transport.deliver(letter).isAccepted)
            #expect(await transport.deliver(letter).isAccepted)
            #expect(server.accepted == 2)
            #expect(relay.mails.count == 2)
        }
    }

    @Test("tries a mail on no third session")
    func staleTwice() async throws {
        let relay = ScriptedRelay { step, count in step == .mailFrom && count > 0 ? .drop : nil }
        try await relay.run { server in
            let transport = SMTPRelay(.local(server.port), engine: engine)
            #expect(await transport.deliver(letter).isAccepted)
            #expect(await transport.deliver(letter).failure == .dropped)
            #expect(server.accepted == 2)
        }
    }

    @Test("answers all who wait when a relay cannot be reached")
    func unreachable() async throws {
        let port = try await ScriptedServer.run({ _ in }) { $0.port }
        let transport = SMTPRelay(.local(port, sessions: 4), engine: engine)
        await withTaskGroup(of: SMTPReply.self) { group in
            for _ in 0..<50 { group.addTask { await transport.deliver(letter) } }
            for await reply in group {
                #expect(reply.phase == .connect)
                #expect(reply.failure == .connect)
            }
        }
    }

    @Test("goes on with the sessions it has when a relay allows no more")
    func fewerThanWished() async throws {
        let relay = ScriptedRelay { step, count in
            step == .greeting && count > 0 ? .replyAndDrop("421 4.7.0 Too many connections") : nil
        }
        try await relay.run { server in
            let transport = SMTPRelay(.local(server.port, sessions: 4), engine: engine)
            #expect(await transport.deliver(letter).isAccepted)
            await withTaskGroup(of: Bool.self) { group in
                for _ in 0..<50 { group.addTask { await transport.deliver(letter).isAccepted } }
                for await isAccepted in group { #expect(isAccepted) }
            }
            #expect(relay.mails.count == 51)
        }
    }

    @Test("holds up nothing else while a relay thinks about a final dot")
    func noBlocking() async throws {
        let go = Signal()
        let relay = ScriptedRelay { step, _ in
            if step == .finalDot { go.blockingWait() }
            return nil
        }
        try await relay.run { server in
            let transport = SMTPRelay(.local(server.port), engine: engine)
            let task = Task { await transport.deliver(letter) }
            await until { !relay.mails.isEmpty }
            try await ScriptedServer.run(answering(ok("x"))) { web in
                let response = try await engine.send(HTTPRequest(.get, web.url, timeout: .seconds(20)))
                #expect(response.status == 200)
            }
            go.send()
            #expect(await task.value.isAccepted)
        }
    }

    @Test(
        "ends an attempt when its task is cancelled, and says if it is in doubt",
        arguments: [ScriptedRelay.Step.mailFrom, .finalDot])
    func cancelled(_ step: ScriptedRelay.Step) async throws {
        let reached = Signal()
        let relay = ScriptedRelay { at, _ in
            guard at == step else { return nil }
            reached.send()
            return .silence
        }
        try await relay.run { server in
            let transport = SMTPRelay(.local(server.port), engine: engine)
            let task = Task { await transport.deliver(letter) }
            await reached.wait()
            task.cancel()
            let reply = await task.value
            #expect(reply.failure == .cancelled)
            #expect(reply.isInDoubt == (step == .finalDot))
        }
    }

    @Test("says goodbye when the engine is shut down")
    func goodbye() async throws {
        let relay = ScriptedRelay()
        try await relay.run { server in
            let transport = SMTPRelay(.local(server.port), engine: engine)
            #expect(await transport.deliver(letter).isAccepted)
            await engine.shutdown(within: .seconds(5))
            #expect(relay.commands.last == "QUIT")
            #expect(await transport.deliver(letter).failure == .cancelled)
        }
    }

    @Test("says goodbye when a session has been idle, and when its relay is let go of", arguments: [true, false])
    func idle(_ isLetGo: Bool) async throws {
        let relay = ScriptedRelay()
        try await relay.run { server in
            var settings = SMTPSettings.local(server.port)
            if !isLetGo { settings.idleTimeout = .milliseconds(50) }
            var transport: SMTPRelay? = SMTPRelay(settings, engine: engine)
            #expect(await transport?.deliver(letter).isAccepted == true)
            if isLetGo { transport = nil }
            await until { relay.commands.last == "QUIT" }
            withExtendedLifetime(transport) {}
        }
    }

    @Test("leaves a session that has grown old between two mails")
    func lifetime() async throws {
        let relay = ScriptedRelay()
        try await relay.run { server in
            var settings = SMTPSettings.local(server.port)
            settings.sessionLifetime = .zero
            let transport = SMTPRelay(settings, engine: engine)
            // Old from the first moment, and still good for the mail that it was opened for.
            #expect(await transport.deliver(letter).isAccepted)
            #expect(await transport.deliver(letter).isAccepted)
            #expect(server.accepted == 2)
        }
    }

    @Test("asks a relay whether it is there")
    func probe() async throws {
        let relay = ScriptedRelay()
        try await relay.run { server in
            let reply = await SMTPRelay(.local(server.port), engine: engine).probe()
            #expect(reply.code == 250)
            #expect(reply.phase == .ehlo)
            #expect(relay.commands.prefix(2) == ["EHLO bookbag.example", "NOOP"])
        }
    }

    @Test("sends no mail and no password in the clear when TLS is required")
    func noTLS() async throws {
        let relay = ScriptedRelay(offers: ["PIPELINING", "AUTH PLAIN LOGIN"])
        try await relay.run { server in
            var settings = SMTPSettings.local(server.port)
            settings.startTLS = .required
            settings.username = "bookbag"
            settings.password = SecretString("hunter2")
            let reply = await SMTPRelay(settings, engine: engine).deliver(letter)
            #expect(reply == SMTPReply(phase: .tls, text: "the relay does not offer STARTTLS", failure: .unsupported))
            #expect(relay.commands.allSatisfy { !$0.hasPrefix("AUTH") && !$0.hasPrefix("MAIL") })
        }
    }

    @Test("does not go on without the login that was asked for")
    func noAuth() async throws {
        let relay = ScriptedRelay()
        try await relay.run { server in
            var settings = SMTPSettings.local(server.port)
            settings.username = "bookbag"
            let reply = await SMTPRelay(settings, engine: engine).deliver(letter)
            #expect(reply.phase == .auth)
            #expect(reply.failure == .unsupported)
            #expect(relay.mails.isEmpty)
        }
    }

    @Test(
        "refuses settings that cannot be used, with the reason",
        arguments: [
            SMTPSettings(url: "http://relay.example"), SMTPSettings(url: "relay"),
            SMTPSettings(url: "smtp://u:p@relay.example"),
            SMTPSettings(url: "smtp://relay.example", startTLS: .off),
            SMTPSettings(url: "smtp://relay.example", heloName: "a b"),
        ])
    func badSettings(_ settings: SMTPSettings) async throws {
        let reply = await SMTPRelay(settings, engine: engine).deliver(letter)
        #expect(reply.failure == .settings)
        #expect(!reply.text.isEmpty)
    }

    @Test(
        "believes no nonsense",
        arguments: [
            "HTTP/1.1 400 Bad Request", "250", "999 what", "250_ok", String(repeating: "x", count: 10_000),
            "250-a\r\n251 b", "\u{0}\u{1}",
        ])
    func nonsense(_ text: String) async throws {
        let reply = try await deliver(
            ScriptedRelay { step, _ in step == .data ? .reply(text) : nil }, try mail(), within: .seconds(5))
        #expect(!reply.isAccepted)
        #expect(reply.failure == .malformedReply)
        let after = try await deliver(
            ScriptedRelay { step, _ in step == .finalDot ? .reply(text == "250" ? "350 hm" : text) : nil }, try mail(),
            within: .seconds(5))
        #expect(!after.isAccepted)
        #expect(after.isInDoubt)
    }
}
