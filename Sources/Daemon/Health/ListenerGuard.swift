import Foundation
import Hummingbird
package import HummingbirdCore
import NIOCore
import Synchronization

// Whoever reaches one of our ports may open connections and say nothing, or say it a byte at a time. Each costs a file,
// and a process without files can neither send mail nor read a trigger file. So a listener holds a fixed number of
// connections; one more closes the one that has been quiet for the longest, so that who really asks is answered even
// then. A connection that says nothing for a while is closed, and every connection is closed after a minute: heads and
// bodies that never end end there. Heads are bounded in bytes and in fields.

/// How much one of our listeners takes from whoever reaches it.
package struct ListenerLimits: Hashable, Sendable {
    /// How many connections are held at once.
    package var connections: Int
    /// How long a connection may be quiet, or take for a request's head.
    package var idle: Duration = .seconds(10)
    /// How long a connection may last.
    package var lifetime: Duration = .seconds(60)
    /// All heads of a request together.
    package var headBytes = 16 << 10
    /// How many fields a request's head may have.
    package var headFields = 64

    /// For a process that may open so many files: an eighth of them, 64 at most. The rest is kept for the store, the
    /// relay and the shops.
    package init(files: Int) { connections = max(4, min(64, files / 8)) }

    /// How many files this process may open, after it has asked for all that it may have.
    package static func availableFiles() -> Int {
        var limit = rlimit()
        guard getrlimit(__rlimit_resource_t(RLIMIT_NOFILE.rawValue), &limit) == 0 else { return 1024 }
        if limit.rlim_cur < limit.rlim_max {
            var wanted = limit
            wanted.rlim_cur = limit.rlim_max
            if setrlimit(__rlimit_resource_t(RLIMIT_NOFILE.rawValue), &wanted) == 0 { limit = wanted }
        }
        return Int(clamping: limit.rlim_cur)
    }
}

/// Holds one listener to its limits.
package final class ListenerGuard: Sendable {
    private struct Held {
        let channel: any Channel
        var activeAt: NIODeadline
    }

    package let limits: ListenerLimits
    private let held = Mutex<[ObjectIdentifier: Held]>([:])

    package init(_ limits: ListenerLimits) { self.limits = limits }

    /// HTTP/1 with a guard on every connection.
    package var http: HTTPServerBuilder {
        .http1(
            configuration: .init(
                additionalChannelHandlers: [GuardedConnection(self)], idleTimeout: TimeAmount(limits.idle),
                httpDecoderConfiguration: .init(
                    maxHeaderFieldSize: limits.headBytes / 2, maxHeaderListSize: limits.headBytes,
                    maxHeaderFieldCount: limits.headFields)))
    }

    /// How many connections may stand while the quiet ones are being closed; beyond that nobody is let in.
    package var hardLimit: MaximumAvailableConnections { MaximumAvailableConnections(limits.connections * 2) }

    /// How many connections are held now.
    var count: Int { held.withLock(\.count) }

    fileprivate func opened(_ channel: any Channel) {
        let quietest = held.withLock { held -> (any Channel)? in
            held[ObjectIdentifier(channel)] = Held(channel: channel, activeAt: .now())
            guard held.count > limits.connections,
                let oldest = held.min(by: { $0.value.activeAt < $1.value.activeAt })
            else { return nil }
            held[oldest.key] = nil
            return oldest.value.channel
        }
        quietest?.close(promise: nil)
    }

    fileprivate func moved(_ channel: any Channel) {
        held.withLock { $0[ObjectIdentifier(channel)]?.activeAt = .now() }
    }

    fileprivate func closed(_ channel: any Channel) { held.withLock { $0[ObjectIdentifier(channel)] = nil } }
}

/// Tells the guard of one connection, and ends it in time.
private final class GuardedConnection: ChannelInboundHandler, RemovableChannelHandler {
    typealias InboundIn = Any

    private let keeper: ListenerGuard
    private var end: Scheduled<Void>?

    init(_ keeper: ListenerGuard) { self.keeper = keeper }

    func handlerAdded(context: ChannelHandlerContext) {
        let channel = context.channel
        keeper.opened(channel)
        end = context.eventLoop.scheduleTask(in: TimeAmount(keeper.limits.lifetime)) { channel.close(promise: nil) }
    }

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        keeper.moved(context.channel)
        context.fireChannelRead(data)
    }

    func handlerRemoved(context: ChannelHandlerContext) {
        end?.cancel()
        keeper.closed(context.channel)
    }
}
