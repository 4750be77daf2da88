import Platform

/// Hands mails over a few kept sessions, as the daemon does but with nothing behind it: what SMTP itself allows.
///
/// - Parameter numbers: port on this machine, mails, bytes of each, sessions.
func benchRelay(_ numbers: [Int]) async throws {
    let (port, mails, size, sessions) = (numbers[0], numbers[1], numbers[2], max(1, numbers[3]))
    let engine = TransferEngine()
    var settings = SMTPSettings(url: "smtp://127.0.0.1:\(port)")
    settings.startTLS = .off
    settings.sessions = sessions
    let relay = SMTPRelay(settings, engine: engine)
    let line = String(repeating: "x", count: 70) + "\r\n"
    let body = Array(("Subject: bench\r\n\r\n" + String(repeating: line, count: max(1, size / line.utf8.count))).utf8)
    let envelope = try SMTPEnvelope(
        from: "bounces@juniperfig.example", recipients: ["shopper@load.example"], message: body)
    // Four in flight for each session, so that none waits for us.
    let (accepted, seconds) = await timed {
        await withTaskGroup(of: Int.self) { group in
            for worker in 0..<(sessions * 4) {
                group.addTask {
                    var accepted = 0
                    for _ in stride(from: worker, to: mails, by: sessions * 4) {
                        if await relay.deliver(envelope).isAccepted { accepted += 1 }
                    }
                    return accepted
                }
            }
            return await group.reduce(0, +)
        }
    }
    figure("mails, \(sessions) sessions", Double(accepted) / seconds, "/s")
    await engine.shutdown(within: .seconds(1))
}
