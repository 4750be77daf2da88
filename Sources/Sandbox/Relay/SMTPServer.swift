// The relay's socket. Each connection is a SMTPSession on a NIO channel; replies that belong together are sent in one
// write.

internal import NIOCore
internal import NIOPosix

struct SMTPServer: Sendable {
    let port: Int
    let makeSession: @Sendable () -> SMTPSession
    let keep: @Sendable (ReceivedMail) -> Void

    /// Serves until cancelled. `onBound` gets the port.
    func run(onBound: @escaping @Sendable (Int) async -> Void) async throws {
        let makeSession = makeSession
        let keep = keep
        let channel = try await ServerBootstrap(group: MultiThreadedEventLoopGroup.singleton)
            .serverChannelOption(.backlog, value: 256)
            .serverChannelOption(.socketOption(.so_reuseaddr), value: 1)
            .childChannelOption(.tcpOption(.tcp_nodelay), value: 1)
            .childChannelInitializer { channel in
                channel.eventLoop.makeCompletedFuture {
                    try channel.pipeline.syncOperations.addHandler(
                        SMTPHandler(session: makeSession(), keep: keep))
                }
            }
            .bind(host: "127.0.0.1", port: port).get()
        await onBound(channel.localAddress?.port ?? 0)
        await withTaskCancellationHandler {
            try? await channel.closeFuture.get()
        } onCancel: {
            channel.close(promise: nil)
        }
    }
}

private final class SMTPHandler: ChannelInboundHandler {
    typealias InboundIn = ByteBuffer
    typealias OutboundOut = ByteBuffer

    private var session: SMTPSession
    private let keep: (ReceivedMail) -> Void
    private var waiting: [SMTPSession.Step] = []
    private var isWaiting = false

    init(session: SMTPSession, keep: @escaping @Sendable (ReceivedMail) -> Void) {
        self.session = session
        self.keep = keep
    }

    func channelActive(context: ChannelHandlerContext) {
        context.writeAndFlush(wrapOutboundOut(ByteBuffer(string: SMTPSession.greeting + "\r\n")), promise: nil)
    }

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        waiting += session.receive(unwrapInboundIn(data).readableBytesView)
        if !isWaiting { go(context) }
    }

    func errorCaught(context: ChannelHandlerContext, error: any Error) { context.close(promise: nil) }

    private func go(_ context: ChannelHandlerContext) {
        isWaiting = false
        var out = context.channel.allocator.buffer(capacity: 256)
        while !waiting.isEmpty {
            switch waiting.removeFirst() {
            case .reply(let text): out.writeString(text + "\r\n")
            case .keep(let mail): keep(mail)
            case .wait(let duration):
                isWaiting = true
                if out.readableBytes > 0 { context.writeAndFlush(wrapOutboundOut(out), promise: nil) }
                let bound = NIOLoopBound((self, context), eventLoop: context.eventLoop)
                context.eventLoop.scheduleTask(in: .nanoseconds(Int64(duration.inSeconds * 1e9))) {
                    let (handler, context) = bound.value
                    if context.channel.isActive { handler.go(context) }
                }
                return
            case .close:
                if out.readableBytes > 0 { context.writeAndFlush(wrapOutboundOut(out), promise: nil) }
                context.close(promise: nil)
                return
            }
        }
        if out.readableBytes > 0 { context.writeAndFlush(wrapOutboundOut(out), promise: nil) }
    }
}
