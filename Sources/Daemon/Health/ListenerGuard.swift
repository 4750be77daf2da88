import Foundation
import Hummingbird
package import HummingbirdCore
import NIOCore
import Synchronization

// Anyone who reaches one of our ports may open connections and send nothing, or send it a byte at a time. Each takes a
// file descriptor, and a process without descriptors can neither send mail nor read a trigger file. So a listener holds
// a fixed number of connections; one more closes the one that has been idle longest, so that genuine requests are still
// answered. A connection that is idle for a while is closed, and every connection is closed after a minute, which also
// ends headers and bodies that never end. Headers are limited in bytes and in number.

/// How much one of our listeners accepts from clients.
package struct ListenerLimits: Hashable, Sendable {
    /// The maximum number of connections at once.
    package var connections: Int
    /// How long a connection may be idle, or take to send a request's header.
    package var idle: Duration = .seconds(10)
    /// How long a connection may last.
    package var lifetime: Duration = .seconds(60)
    /// The maximum size of a request's whole header.
    package var headBytes = 16 << 10
    /// The maximum number of fields in a request's header.
    package var headFields = 64

    /// For a process that may open this many files: an eighth of them, at most 64. The rest is reserved for the store,
    /// the relay and the shops.
    package init(files: Int) { connections = max(4, min(64, files / 8)) }

    /// How many files this process may open, after raising its limit as far as it may.
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

/// Enforces the limits of one listener.
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

    /// How many connections may exist while idle ones are being closed; beyond that none is accepted.
    package var hardLimit: MaximumAvailableConnections { MaximumAvailableConnections(limits.connections * 2) }

    /// The current number of connections.
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

/// Reports one connection to the guard, and closes it in time.
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
