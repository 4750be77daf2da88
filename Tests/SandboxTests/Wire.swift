import NIOCore
import NIOPosix

/// Says something to a port of this machine and hears everything that comes back until the end.
enum Wire {
    static func exchange(port: Int, _ text: String) async throws -> String {
        let channel = try await ClientBootstrap(group: MultiThreadedEventLoopGroup.singleton)
            .connect(host: "127.0.0.1", port: port) { channel in
                channel.eventLoop.makeCompletedFuture {
                    try NIOAsyncChannel<ByteBuffer, ByteBuffer>(wrappingChannelSynchronously: channel)
                }
            }
        return try await channel.executeThenClose { inbound, outbound in
            try await outbound.write(ByteBuffer(string: text))
            var heard = ""
            do {
                for try await part in inbound { heard += String(buffer: part) }
            } catch is IOError {
                // A reset is an end too.
            }
            return heard
        }
    }
}
