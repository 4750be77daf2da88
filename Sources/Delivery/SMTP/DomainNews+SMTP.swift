internal import Outreach
internal import Platform

extension DomainNews {
    /// What a relay's reply says about the recipient's domain; nil if it is about the relay, about us, or about this
    /// mail. A relay that only queues mail says nothing except that it accepted it: the domain is then its own concern.
    ///
    /// - Parameter verdict: the verdict that follows from the reply.
    init?(_ reply: SMTPReply, _ verdict: Verdict) {
        if case .accepted = verdict {
            self = .answers
            return
        }
        guard let code = reply.code, reply.failure == nil, [.rcpt, .finalDot].contains(reply.phase) else { return nil }
        switch verdict {
        case .refused(let failure) where failure.reason == "mailbox": self = .answers
        case .deferred(let failure) where failure.reason == "mailbox" || failure.reason == "busy":
            guard code / 100 == 4 else { return nil }
            switch (reply.status?.subject, reply.status?.detail) {
            // Greylisting as Postgrey words it: the answer changes within a minute, and says nothing about other mails.
            case (2, 0): return nil
            // One mailbox is full, or temporarily closed.
            case (2, _): self = .answers
            // The relay's own disk or load.
            case (3, _): return nil
            case (nil, _): if reply.phase == .rcpt { self = .defers(failure) } else { return nil }
            default: self = .defers(failure)
            }
        default: return nil
        }
    }
}
