import Foundation
import Intake
import Logging
import NIOCore
import NIOPosix
import Outreach
import Platform
import ServiceLifecycle
import Store
import Synchronization

// The socket on which a mail server on this machine delivers the shops' mail. A recipient gets its 250 once the mail is
// in the store, and 451 if it cannot be stored: then the mail server keeps it and tries again. If the connection ends
// between the two, the mail comes again and is recognised by its identity.
//
// Its use of resources is bounded: a few sessions at a time, each with one mail in memory. Further ones wait for their
// greeting, and beyond `Limits.waiting` they are turned away. A session that is silent or lasts too long is ended.

/// Receives mail over LMTP for one or more shops.
struct LMTPServer: Service {
    /// A shop whose mail is accepted.
    struct Shop {
        var delivery: MailboxDelivery
        /// Called when a mail was stored.
        var reading: Wake
    }

    /// What it accepts from clients of the socket.
    struct Limits: Sendable {
        /// Sessions at a time; each may hold a mail of 25 MB, and a copy of it while it is being stored.
        var sessions = 4
        /// How many more may wait for their turn.
        var waiting = 60
        /// How long a session may be idle.
        var idle = Duration.minutes(1)
        /// How long a session may last, including its wait. Postfix ends its own after five minutes.
        var lifetime = Duration.minutes(10)
        var conversation = LMTPConversation.Limits()
    }

    let path: String
    var access = Configuration.SocketAccess()
    let shops: [Shop]
    let store: any ObservationStore
    let clock: DaemonClock
    var trouble: StoreTrouble?
    let logger: Logger
    var limits = Limits()
    /// Called once it is listening.
    var listening: @Sendable () -> Void = {}

    func run() async throws {
        let sessions = LMTPSessions(limits)
        let channel: any NIOCore.Channel
        do {
            channel = try await ServerBootstrap(group: .singletonMultiThreadedEventLoopGroup)
                .serverChannelOption(.backlog, value: 128)
                .childChannelOption(.autoRead, value: false)
                .childChannelInitializer { [shops, limits] channel in
                    channel.eventLoop.makeCompletedFuture {
                        let conversation = LMTPConversation(host: "localhost", limits: limits.conversation) { address in
                            shops.contains { $0.delivery.takes(address) }
                        }
                        try channel.pipeline.syncOperations.addHandler(
                            LMTPSession(conversation, sessions: sessions, limits: limits, keep: keep))
                    }
                }
                .bind(unixDomainSocketPath: path, cleanupExistingSocketFile: true).get()
        } catch {
            throw DaemonProblem(
                line: .configuration,
                reason: "the LMTP socket \(path) cannot be made (\(error)); its folder must exist and belong to the "
                    + "daemon's user (docs/mailbox.md)", status: .configuration)
        }
        do throws(DaemonProblem) { try letIn() } catch {
            try? await channel.close()
            unlink(path)
            throw error
        }
        logger.log(Line.listening, ["address": "\(path)"])
        listening()
        try? await gracefulShutdown()
        try? await channel.close()
        unlink(path)
        sessions.closeAll()
    }

    /// Sets who may connect to the socket. Postfix drops all groups but its own: it connects as that group, or the
    /// socket is open to everybody and its folder controls access.
    private func letIn() throws(DaemonProblem) {
        if let group = access.group {
            guard let entry = getgrnam(group) else {
                throw DaemonProblem(
                    line: .configuration, reason: "there is no group '\(group)' ('lmtp_group' of 'mailbox')",
                    status: .configuration)
            }
            guard chown(path, uid_t.max, entry.pointee.gr_gid) == 0 else {
                throw DaemonProblem(
                    line: .configuration,
                    reason:
                        "the LMTP socket \(path) cannot be given to the group '\(group)'; the daemon has to belong to "
                        + "it (SupplementaryGroups=\(group), docs/mailbox.md)", status: .configuration)
            }
        }
        chmod(path, access.mode)
    }

    /// Stores a mail: one observation for each shop among its recipients, all in one step.
    @Sendable func keep(_ mail: HandedMail) async -> [LMTPConversation.Verdict] {
        let failed = [LMTPConversation.Verdict](repeating: .notNow, count: mail.recipients.count)
        // A stored mail has a timestamp, so the clock must be right.
        guard clock.fault == nil else { return failed }
        let now = clock.now
        let concerned = shops.compactMap { shop in
            let own = mail.recipients.filter(shop.delivery.takes)
            return own.isEmpty ? nil : (shop, own)
        }
        let observations = concerned.map { shop, own in
            shop.delivery.observation(of: mail.bytes, sender: mail.sender, recipients: own, now: now)
        }
        do throws(StoreFailure) { _ = try await store.keep(observations, cursor: nil, now: now) } catch {
            trouble?.note(error, now: now, logger)
            return failed
        }
        for (shop, _) in concerned { shop.reading.call() }
        return mail.recipients.map { recipient in
            concerned.contains { $0.1.contains(recipient) } ? .kept : .notNow
        }
    }
}

/// The current sessions, and whose turn it is.
private final class LMTPSessions: Sendable {
    private struct State {
        var open: [ObjectIdentifier: any NIOCore.Channel] = [:]
        var served: Set<ObjectIdentifier> = []
        var waiting: [(id: ObjectIdentifier, begin: @Sendable () -> Void)] = []
        var isOver = false
    }

    private let limits: LMTPServer.Limits
    private let state = Mutex(State())

    init(_ limits: LMTPServer.Limits) { self.limits = limits }

    /// Admits a session, now or when it is its turn. False if there are too many.
    func enter(_ channel: any NIOCore.Channel, begin: @escaping @Sendable () -> Void) -> Bool {
        let id = ObjectIdentifier(channel)
        let (isIn, isNow) = state.withLock { state in
            guard !state.isOver, state.waiting.count < limits.waiting else { return (false, false) }
            state.open[id] = channel
            guard state.served.count < limits.sessions else {
                state.waiting.append((id, begin))
                return (true, false)
            }
            state.served.insert(id)
            return (true, true)
        }
        if isNow { begin() }
        return isIn
    }

    func leave(_ channel: any NIOCore.Channel) {
        let id = ObjectIdentifier(channel)
        let next = state.withLock { state -> (@Sendable () -> Void)? in
            state.open[id] = nil
            state.waiting.removeAll { $0.id == id }
            guard state.served.remove(id) != nil, let next = state.waiting.first else { return nil }
            state.waiting.removeFirst()
            state.served.insert(next.id)
            return next.begin
        }
        next?()
    }

    func closeAll() {
        let open = state.withLock { state in
            state.isOver = true
            return Array(state.open.values)
        }
        for channel in open { channel.close(promise: nil) }
    }
}

/// One connection: passes bytes to the state machine and performs its steps. It only reads when the machine wants more.
private final class LMTPSession: ChannelInboundHandler {
    typealias InboundIn = ByteBuffer
    typealias OutboundOut = ByteBuffer

    private var conversation: LMTPConversation
    private let sessions: LMTPSessions
    private let limits: LMTPServer.Limits
    private let keep: @Sendable (HandedMail) async -> [LMTPConversation.Verdict]
    private var idle: Scheduled<Void>?
    private var end: Scheduled<Void>?
    private var isKeeping = false
    private var isClosing = false

    init(
        _ conversation: LMTPConversation, sessions: LMTPSessions, limits: LMTPServer.Limits,
        keep: @escaping @Sendable (HandedMail) async -> [LMTPConversation.Verdict]
    ) {
        self.conversation = conversation
        self.sessions = sessions
        self.limits = limits
        self.keep = keep
    }

    func channelActive(context: ChannelHandlerContext) {
        let loop = context.eventLoop.assumeIsolated()
        end = loop.scheduleTask(in: TimeAmount(limits.lifetime)) { self.finish(LMTPConversation.quiet, context) }
        let bound = NIOLoopBound((self, context), eventLoop: context.eventLoop)
        let isIn = sessions.enter(context.channel) {
            bound.eventLoop.execute {
                let (session, context) = bound.value
                guard context.channel.isActive, !session.isClosing else { return }
                session.say(session.conversation.greeting, context)
                session.listen(context)
            }
        }
        if !isIn { finish("421 4.3.2 Too many sessions, try again\r\n", context) }
    }

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        guard !isClosing else { return }
        perform(conversation.take(unwrapInboundIn(data).readableBytesView), context)
    }

    func channelReadComplete(context: ChannelHandlerContext) { listen(context) }

    func channelInactive(context: ChannelHandlerContext) { over(context) }

    func errorCaught(context: ChannelHandlerContext, error: any Error) { context.close(promise: nil) }

    func handlerRemoved(context: ChannelHandlerContext) { over(context) }

    private func over(_ context: ChannelHandlerContext) {
        isClosing = true
        idle?.cancel()
        end?.cancel()
        sessions.leave(context.channel)
    }

    /// Waits for more, unless a mail is being stored.
    private func listen(_ context: ChannelHandlerContext) {
        guard !isKeeping, !isClosing else { return }
        idle?.cancel()
        idle = context.eventLoop.assumeIsolated().scheduleTask(in: TimeAmount(limits.idle)) {
            if !self.isKeeping { self.finish(LMTPConversation.quiet, context) }
        }
        context.read()
    }

    private func perform(_ steps: [LMTPConversation.Step], _ context: ChannelHandlerContext) {
        for step in steps {
            switch step {
            case .reply(let text): say(text, context)
            case .keep(let mail):
                isKeeping = true
                context.eventLoop.makeFutureWithTask { [keep] in await keep(mail) }.assumeIsolated().whenComplete {
                    guard !self.isClosing else { return }
                    self.isKeeping = false
                    self.perform(self.conversation.settle((try? $0.get()) ?? []), context)
                    self.listen(context)
                }
            case .close: finish("", context)
            }
        }
    }

    private func say(_ text: String, _ context: ChannelHandlerContext) {
        context.writeAndFlush(wrapOutboundOut(ByteBuffer(string: text)), promise: nil)
    }

    /// Sends a final reply, and ends the session once it is sent, or nobody reads it.
    private func finish(_ text: String, _ context: ChannelHandlerContext) {
        guard !isClosing else { return }
        isClosing = true
        context.eventLoop.assumeIsolated().scheduleTask(in: .seconds(5)) { context.close(promise: nil) }
        context.writeAndFlush(wrapOutboundOut(ByteBuffer(string: text))).assumeIsolated().whenComplete { _ in
            context.close(promise: nil)
        }
    }
}
