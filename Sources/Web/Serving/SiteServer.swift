import Daemon
import Foundation
import HTTPTypes
import Hummingbird
import HummingbirdCore
import Logging
import NIOCore
import Platform
import ServiceLifecycle

/// Serves a site over HTTP/1.1, behind the merchant's proxy.
struct SiteServer: Service {
    let name: String
    let place: Configuration.Site.Place
    let site: any WebSite
    let logger: Logger
    var limits: ListenerLimits = Self.limits
    /// Called once it listens, with the port; 0 for a socket.
    var listening: @Sendable (Int) -> Void = { _ in }

    /// As for `/metrics`, but a stream may stay for longer: a quarter of an hour, after which a page opens another.
    static var limits: ListenerLimits {
        var limits = ListenerLimits(files: ListenerLimits.availableFiles())
        limits.lifetime = .seconds(900)
        return limits
    }

    /// How long a request's body may take; one with files may take a minute for each 10 MB.
    static func bodyPatience(_ most: Int) -> Duration { .seconds(max(10, most / 170_000)) }

    func run() async throws {
        var quiet = logger
        quiet.logLevel = .error
        let keeper = ListenerGuard(limits)
        let address: BindAddress
        switch place {
        case .port(let host, let port): address = .hostname(host, port: port)
        case .socket(let path): address = .unixDomainSocket(path: path)
        }
        let application = Application(
            responder: Responder(site: site), server: keeper.http,
            configuration: .init(
                address: address, serverName: nil, availableConnectionsDelegate: keeper.hardLimit),
            onServerRunning: { channel in
                let shown: String
                switch place {
                case .port(let host, let port): shown = "\(host):\(channel.localAddress?.port ?? port)"
                case .socket(let path):
                    // Whoever may write it may connect: the proxy's group.
                    chmod(path, 0o660)
                    shown = path
                }
                logger.log(Line.listening, ["address": "\(shown)", "what": "\(name)"])
                listening(channel.localAddress?.port ?? 0)
            }, logger: quiet)
        try await application.run()
    }

    private struct Responder: HTTPResponder {
        typealias Context = SiteContext
        let site: any WebSite

        func respond(to request: Request, context: SiteContext) async throws -> Response {
            let read: WebRequest?
            do { read = try await self.read(request, context) } catch {
                return Self.plain(408, "The request took too long.")
            }
            guard let read else { return Self.plain(413, "That is more than these pages take.") }
            let answer = await site.respond(to: read)
            var response = Response(status: .init(code: answer.status))
            for (name, value) in answer.headers {
                if let name = HTTPField.Name(name) { response.headers[name] = value }
            }
            for cookie in answer.cookies { response.headers.append(HTTPField(name: .setCookie, value: cookie)) }
            switch answer.body {
            case .bytes(let bytes):
                response.headers[.contentLength] = "\(bytes.count)"
                if read.method != "HEAD" { response.body = ResponseBody(byteBuffer: ByteBuffer(bytes: bytes)) }
            case .lookAgain(let hub): response = stream(response, hub, request)
            }
            return response
        }

        /// The request, read whole, as far as the site takes it; nil where it is too big. Throws where it takes too long.
        private func read(_ request: Request, _ context: SiteContext) async throws -> WebRequest? {
            var headers: [String: String] = [:]
            for field in request.headers {
                let name = field.name.canonicalName
                headers[name] =
                    headers[name].map { "\($0)\(name == "cookie" ? ";" : ",")\(field.value)" } ?? field.value
            }
            let uri = request.head.path ?? "/"
            let parts = uri.split(separator: "?", maxSplits: 1, omittingEmptySubsequences: false)
            var read = WebRequest(
                method: request.method.rawValue, path: String(parts[0]),
                query: parts.count > 1 ? WebRequest.fields(String(parts[1])) : [:], host: request.head.authority,
                headers: headers, body: [], peer: context.peer)
            if request.method == .post {
                let most = await site.greatestBody(of: read)
                let collected = try await withThrowingTaskGroup(of: [UInt8]?.self) { group in
                    group.addTask {
                        var bytes: [UInt8] = []
                        for try await part in request.body {
                            bytes += part.readableBytesView
                            if bytes.count > most { return nil }
                        }
                        return bytes
                    }
                    group.addTask {
                        try await Task.sleep(for: SiteServer.bodyPatience(most))
                        throw CancellationError()
                    }
                    defer { group.cancelAll() }
                    return try await group.next() ?? nil
                }
                guard let collected else { return nil }
                read.body = collected
            }
            return read
        }

        /// "Look again", an empty event each, until the page is left or the daemon stops.
        private func stream(_ response: Response, _ hub: LookAgain, _ request: Request) -> Response {
            guard let (number, changes) = hub.open() else {
                var full = Self.plain(503, "Too many pages are open.")
                full.headers[.retryAfter] = "60"
                return full
            }
            var response = response
            response.body = ResponseBody { writer in
                defer { hub.close(number) }
                // It would not be noticed otherwise that the page was left: nothing is written meanwhile.
                try await request.body.consumeWithInboundCloseHandler { _ in
                    try await writer.write(ByteBuffer(string: "retry: 5000\n\n"))
                    for await _ in changes { try await writer.write(ByteBuffer(string: "data: look\n\n")) }
                } onInboundClosed: {
                    hub.close(number)
                }
                try await writer.finish(nil)
            }
            return response
        }

        private static func plain(_ status: Int, _ words: String) -> Response {
            Response(
                status: .init(code: status), headers: [.contentType: "text/plain; charset=utf-8"],
                body: ResponseBody(byteBuffer: ByteBuffer(string: words + "\n")))
        }
    }

    /// Knows who is at the other end.
    struct SiteContext: RequestContext {
        var coreContext: CoreRequestContextStorage
        let peer: WebRequest.Peer

        init(source: Source) {
            coreContext = .init(source: source)
            peer = source.channel.remoteAddress?.ipAddress.map(WebRequest.Peer.address) ?? .socket
        }
    }
}
