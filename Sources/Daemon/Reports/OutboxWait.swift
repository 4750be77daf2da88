import Outreach
import Store

/// Why a message is waiting, according to its rows, and until when. Nothing is guessed: what no row says is not shown.
struct OutboxWait: Encodable, Sendable {
    /// What it is waiting for, as a word of a closed set that programs may rely on.
    enum Cause: String, Encodable, Hashable, Sendable {
        /// It has not been decided or composed yet; the reason says why.
        case held
        /// It is being handed over.
        case underWay = "under_way"
        /// Its route is closed.
        case channel
        /// As much as its route may send for now has been sent.
        case limit
        /// The recipient's domain defers mail.
        case domain
        /// As much as may be sent to the recipient's domain for now has been sent.
        case domainLimit = "domain_limit"
        /// The receiver deferred this message.
        case deferred
        /// Its time has not come.
        case time
        /// Nothing holds it: it will be sent on the next turn.
        case next
    }

    var cause: Cause
    /// When it continues, or is checked again; null if nobody knows.
    @Stamped var until: Moment?
    /// One sentence, without its full stop. It contains no address.
    var sentence: String
    /// True if an earlier attempt may have succeeded: the same bytes are sent again.
    var inDoubt: Bool

    private enum CodingKeys: String, CodingKey { case cause, until, sentence, inDoubt }

    /// Why that message is waiting; nil for one that is not.
    ///
    /// - Parameter channel: the state of its route.
    init?(_ line: OutboxLine, channel: ChannelState, now: Moment) {
        let effect = line.effect
        inDoubt = effect.state == .ready && effect.attemptsInDoubt > 0
        switch effect.state {
        case .waiting:
            cause = .held
            _until = Stamped(wrappedValue: effect.dueAt < .distantFuture ? effect.dueAt : nil)
            sentence = ReasonWords.sentence(effect.reason ?? .wait, detail: effect.detail)
        case .ready: (cause, _until, sentence) = Self.ready(line, channel: channel, now: now)
        default: return nil
        }
        if inDoubt { sentence += "; an earlier attempt may have arrived, and the same bytes are sent again" }
    }

    private static func ready(
        _ line: OutboxLine, channel: ChannelState, now: Moment
    ) -> (Cause, Stamped<Moment?>, String) {
        func wait(_ cause: Cause, _ until: Moment?, _ sentence: String) -> (Cause, Stamped<Moment?>, String) {
            (cause, Stamped(wrappedValue: until), sentence)
        }
        let effect = line.effect
        if line.underWaySince != nil { return wait(.underWay, nil, "it is being handed over") }
        let ownWait = effect.dueAt > now
        if channel.failures > 0 {
            let until = [channel.closedUntil, ownWait ? effect.dueAt : nil].compactMap(\.self).max()
            return wait(
                .channel, until.flatMap { $0 > now ? $0 : nil },
                "\(effect.route.name) is closed: \(channel.detail ?? channel.reason ?? "it could not be reached")")
        }
        if let until = channel.limitedUntil, let limit = channel.limitedBy, until > max(now, effect.dueAt) {
            return wait(.limit, until, "the limit of \(limit) is reached")
        }
        if let (domain, state) = line.queue, state.nextAt > effect.dueAt || !ownWait {
            let until = state.nextAt > now ? state.nextAt : nil
            let detail = state.detail.map { ": \($0)" } ?? ""
            switch state.cause {
            case .deferred:
                return wait(
                    .domain, until, "\(domain) is deferring mail, and is tried with one mail at a time\(detail)")
            case .limit: return wait(.domainLimit, until, "the limit for \(domain) is reached\(detail)")
            case nil:
                return wait(
                    .next, nil, "\(domain) accepts mail again, and this one goes after those that have waited longer")
            }
        }
        if ownWait, effect.reason == .deferred || effect.reason == .unavailable {
            return wait(
                .deferred, effect.dueAt, ReasonWords.sentence(effect.reason, detail: effect.detail))
        }
        if ownWait { return wait(.time, effect.dueAt, "it is not due yet") }
        return wait(.next, nil, "nothing holds it: the daemon will send it shortly")
    }
}
