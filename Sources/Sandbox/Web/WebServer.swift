// Serves WebRequest and WebResponse over HTTP/1.1, on loopback. Uses HummingbirdCore's server but not its router,
// because the shop's answers need their own Date and a way to end midway.

import Hummingbird
import HummingbirdCore
internal import Logging
internal import NIOCore
internal import NIOPosix
import ServiceLifecycle

struct WebServer: Sendable {
    /// The maximum size of a request in bytes.
    static let bodyLimit = 4 << 20

    let port: Int
    let logger: Logger
    let respond: @Sendable (WebRequest) async -> WebResponse

    private struct CutShort: Error {}

    /// Serves until cancelled. `onBound` gets the port.
    func run(onBound: @escaping @Sendable (Int) async -> Void) async throws {
        let respond = respond
        let server = try HTTPServerBuilder.http1().buildServer(
            configuration: ServerConfiguration(address: .hostname("127.0.0.1", port: port), serverName: nil),
            eventLoopGroup: MultiThreadedEventLoopGroup.singleton, logger: logger,
            responder: { request, writer, _ in
                let response: WebResponse
                if let asked = try await Self.read(request) {
                    response = await respond(asked)
                } else {
                    response = .refusal("a request may have \(Self.bodyLimit >> 20) MiB at most", status: 413)
                }
                if response.delay > .zero { try await Task.sleep(for: response.delay) }
                try await writer.write(response: Self.head(of: response), body: Self.body(of: response))
            },
            onServerRunning: { channel in await onBound(channel.localAddress?.port ?? 0) })
        try await server.run()
    }

    private static func read(_ request: Request) async throws -> WebRequest? {
        var bytes: [UInt8] = []
        for try await part in request.body {
            guard bytes.count + part.readableBytes <= bodyLimit else { return nil }
            bytes.append(contentsOf: part.readableBytesView)
        }
        var headers: [String: String] = [:]
        for field in request.headers { headers[field.name.canonicalName] = field.value }
        if let authority = request.head.authority { headers["host"] = authority }
        return WebRequest(request.method.rawValue, request.head.path ?? "/", headers: headers, body: bytes)
    }

    private static func head(of response: WebResponse) -> HTTPResponse {
        var fields = HTTPFields()
        for (name, value) in response.headers {
            if let name = HTTPFields.Element.Name(name) { fields.append(.init(name: name, value: value)) }
        }
        if response.stream == nil { fields[.contentLength] = String(response.body.count) }
        return HTTPResponse(status: .init(code: response.status), headerFields: fields)
    }

    private static func body(of response: WebResponse) -> ResponseBody {
        if let stream = response.stream {
            return ResponseBody { writer in
                for await line in stream { try await writer.write(ByteBuffer(bytes: line)) }
                try await writer.finish(nil)
            }
        }
        guard case .cut(let count) = response.ending else {
            return ResponseBody(byteBuffer: ByteBuffer(bytes: response.body))
        }
        let part = ByteBuffer(bytes: response.body.prefix(count))
        return ResponseBody(contentLength: response.body.count) { writer in
            try await writer.write(part)
            throw CutShort()
        }
    }
}
