// Stand-ins for the network, for the tests of several targets.

internal import Foundation
package import Platform
internal import Synchronization

/// Answers each request with the next line of its script.
package final class ScriptedTransport: HTTPTransport {
    private let state: Mutex<(replies: [Result<HTTPResponse, TransferFailure>], requests: [HTTPRequest])>

    package init(_ replies: [Result<HTTPResponse, TransferFailure>]) { state = Mutex((replies, [])) }

    package convenience init(_ responses: HTTPResponse...) { self.init(responses.map { .success($0) }) }

    package var requests: [HTTPRequest] { state.withLock { $0.requests } }

    package func send(_ request: HTTPRequest) async throws(TransferFailure) -> HTTPResponse {
        let reply = state.withLock { state in
            state.requests.append(request)
            return state.replies.isEmpty ? nil : state.replies.removeFirst()
        }
        guard let reply else { throw TransferFailure(.other, detail: "the script is over") }
        return try reply.get()
    }
}

extension HTTPResponse {
    package static func json(_ text: String, status: Int = 200, _ headers: [HTTPField] = []) -> HTTPResponse {
        HTTPResponse(status: status, headers: headers, body: [UInt8](text.utf8))
    }

    package static func json(_ object: [String: Any], status: Int = 200, _ headers: [HTTPField] = []) -> HTTPResponse {
        HTTPResponse(
            status: status, headers: headers, body: [UInt8](try! JSONSerialization.data(withJSONObject: object)))
    }
}

extension HTTPRequest {
    package var json: [String: Any] {
        (try? JSONSerialization.jsonObject(with: Data(body ?? []))) as? [String: Any] ?? [:]
    }
    package var operation: String { json["operationName"] as? String ?? "" }
    package var variables: [String: Any] { json["variables"] as? [String: Any] ?? [:] }
}

/// Answers each request by a rule.
package final class RoutedTransport: HTTPTransport {
    private let rule: @Sendable (HTTPRequest) -> HTTPResponse
    private let seen = Mutex<[HTTPRequest]>([])

    package init(_ rule: @escaping @Sendable (HTTPRequest) -> HTTPResponse) { self.rule = rule }

    package var requests: [HTTPRequest] { seen.withLock { $0 } }

    package func send(_ request: HTTPRequest) async throws(TransferFailure) -> HTTPResponse {
        seen.withLock { $0.append(request) }
        await Task.yield()
        return rule(request)
    }
}
