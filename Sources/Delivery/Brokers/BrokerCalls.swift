internal import Foundation
internal import Outreach
internal import Platform

/// Calls of a broker's API, and what its answers mean. What is wrong with the broker stops labels alone, not what else is
/// done in the shop: so nothing here is `unavailable`.
struct BrokerCalls: Sendable {
    let service: JSONService
    /// The broker, for people.
    let name: String
    let now: Moment
    /// Reads the broker's own word out of an error's body.
    let code: @Sendable (_ body: [UInt8]) -> String?

    /// An answer, or the broker's refusal of this very request.
    enum Answer<Content: Sendable>: Sendable {
        case done(Content)
        /// 4xx: nothing was done.
        case objection(status: Int, code: String?)
    }

    /// How long what the operator has to put right is left alone.
    private static let pause = Duration.minutes(30)

    /// Reads something, which leaves nothing in doubt; nil where there is nothing of that name.
    func read<Content: Decodable & Sendable>(_ path: String, _: Content.Type) async throws(LabelStop) -> Content? {
        let response: HTTPResponse
        do { response = try await service.send(.get, path) } catch {
            if error.kind == .cancelled { throw .cancelled }
            throw .verdict(.deferred(failure(of: error, inDoubt: false)))
        }
        if response.status == 404 { return nil }
        guard (200..<300).contains(response.status) else {
            throw .verdict(.deferred(failure(of: response, inDoubt: false)))
        }
        guard let content = try? JSONDecoder().decode(Content.self, from: Data(response.body)) else {
            throw .verdict(.deferred(Failure(reason: "answer", detail: "\(name) answered what is not understood")))
        }
        return content
    }

    /// Writes something.
    ///
    /// - Parameter costs: true if a repeat would cost money, so that a lost answer leaves it in doubt.
    func write<Content: Decodable & Sendable>(
        _ path: String, _ body: some Encodable, costs: Bool, _: Content.Type
    ) async throws(LabelStop) -> Answer<Content> {
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
        guard let bytes = try? encoder.encode(body) else {
            throw .refused("it cannot be written down; this is a bug in bookbag")
        }
        let response: HTTPResponse
        do { response = try await service.send(.post, path, body: Array(bytes)) } catch {
            if error.kind == .cancelled, !error.mayHaveArrived { throw .cancelled }
            throw .verdict(.deferred(failure(of: error, inDoubt: costs && error.mayHaveArrived)))
        }
        switch response.status {
        case 200..<300:
            guard let content = try? JSONDecoder().decode(Content.self, from: Data(response.body)) else {
                throw .verdict(
                    .deferred(
                        Failure(reason: "answer", detail: "\(name) answered what is not understood", inDoubt: costs)))
            }
            return .done(content)
        case 400, 404, 405, 410, 413, 422: return .objection(status: response.status, code: word(response))
        default: throw .verdict(.deferred(failure(of: response, inDoubt: costs && response.status >= 500)))
        }
    }

    private func word(_ response: HTTPResponse) -> String? { BrokerText.code(code(response.body)) }

    private func failure(of error: TransferFailure, inDoubt: Bool) -> Failure {
        Failure(
            reason: error.kind.rawValue, detail: "\(name) could not be reached: \(error.kind.rawValue)",
            inDoubt: inDoubt)
    }

    private func failure(of response: HTTPResponse, inDoubt: Bool) -> Failure {
        let status = response.status
        let asked = response["Retry-After"].flatMap { RetryAfter($0) }?.delay(from: now.seconds)
        func failure(_ reason: String, _ detail: String, least: Duration = .zero) -> Failure {
            Failure(
                reason: reason, code: status, detail: "\(name) \(detail) (HTTP \(status))",
                retryAfter: max(least, min(asked ?? .zero, .hours(24))), inDoubt: inDoubt)
        }
        switch status {
        case 401, 403:
            return failure("auth", "does not accept our key; check 'key' of 'labels'", least: Self.pause)
        case 402: return failure("account", "has no money of yours to pay with; top the account up", least: Self.pause)
        case 300..<400: return failure("redirect", "is elsewhere; check 'url' of 'labels'", least: Self.pause)
        case 408, 409, 425, 429, 502, 503, 504: return failure("busy", "is busy")
        default: return failure("status", "answered with an error")
        }
    }
}
