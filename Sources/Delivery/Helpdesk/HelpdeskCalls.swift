internal import Foundation
internal import Outreach
internal import Platform

/// Why a post to a helpdesk goes no further.
enum HelpdeskStop: Error {
    case verdict(Verdict)
    /// Before it could have accepted anything.
    case cancelled

    /// What is to be decided anew once what happened in the ticket is read.
    static func later(_ reason: String, _ detail: String) -> HelpdeskStop {
        .verdict(.deferred(Failure(reason: reason, detail: detail, retryAfter: .seconds(25))))
    }

    static func refused(_ reason: String, _ detail: String, code: Int? = nil) -> HelpdeskStop {
        .verdict(.refused(Failure(reason: reason, code: code, detail: detail)))
    }
}

/// Calls of a helpdesk's API, and what its answers mean.
struct HelpdeskCalls: Sendable {
    let service: JSONService
    /// The helpdesk, for people.
    let name: String
    let now: Moment

    /// Reads something; nil where there is nothing of that name. Reading leaves nothing in doubt.
    func read<Answer: Decodable>(_ path: String, _: Answer.Type) async throws(HelpdeskStop) -> Answer? {
        let response: HTTPResponse
        do { response = try await service.send(.get, path) } catch {
            if error.kind == .cancelled { throw .cancelled }
            var verdict = Verdict.verdict(for: error)
            if case .deferred(var failure) = verdict {
                failure.inDoubt = false
                verdict = .deferred(failure)
            }
            if case .unavailable(var failure) = verdict {
                failure.inDoubt = false
                verdict = .unavailable(failure)
            }
            throw .verdict(verdict)
        }
        if response.status == 404 { return nil }
        guard (200..<300).contains(response.status) else { throw .verdict(verdict(for: response)) }
        guard let answer = try? JSONDecoder().decode(Answer.self, from: Data(response.body)) else {
            throw .verdict(.deferred(Failure(reason: "answer", detail: "\(name) answered what is not understood")))
        }
        return answer
    }

    /// Writes something, and returns the answer.
    func write<Answer: Decodable>(
        _ method: HTTPRequest.Method, _ path: String, _ body: some Encodable, headers: [HTTPField] = [],
        _: Answer.Type
    ) async throws(HelpdeskStop) -> Answer {
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
        guard let bytes = try? encoder.encode(body) else {
            throw .refused("content", "it cannot be written down; this is a bug in bookbag")
        }
        let response: HTTPResponse
        do { response = try await service.send(method, path, body: Array(bytes), headers: headers) } catch {
            if error.kind == .cancelled, !error.mayHaveArrived { throw .cancelled }
            throw .verdict(.verdict(for: error))
        }
        guard (200..<300).contains(response.status) else { throw .verdict(verdict(for: response)) }
        guard let answer = try? JSONDecoder().decode(Answer.self, from: Data(response.body)) else {
            // It was taken, and nobody knows as what: it is looked for before it is repeated.
            throw .verdict(
                .deferred(
                    Failure(reason: "answer", detail: "\(name) answered what is not understood", inDoubt: true)))
        }
        return answer
    }

    private func verdict(for response: HTTPResponse) -> Verdict {
        let status = response.status
        let wait = response["Retry-After"].flatMap { RetryAfter($0) }?.delay(from: now.seconds)
        func failure(_ reason: String, _ detail: String) -> Failure {
            Failure(
                reason: reason, code: status, detail: "\(detail) (HTTP \(status))",
                retryAfter: wait.map { min($0, .hours(24)) })
        }
        switch status {
        case 400, 413, 422: return .refused(failure("content", "\(name) does not take this"))
        case 401, 403:
            return .unavailable(
                failure("auth", "\(name) does not accept our login; check 'email' and 'token' of 'helpdesk'"))
        case 404: return .refused(failure("gone", "\(name) has no such ticket any more"))
        case 301, 302, 303, 307, 308:
            return .unavailable(failure("redirect", "\(name) is elsewhere; check 'url' of 'helpdesk'"))
        case 408, 409, 429, 502, 503, 504: return .deferred(failure("busy", "\(name) is busy"))
        default: return .deferred(failure("status", "\(name) answered with an error"))
        }
    }
}

extension Result where Success == AttemptAnswer, Failure == HelpdeskStop {
    /// What a channel says of it.
    func answer() throws(CancellationError) -> AttemptAnswer {
        switch self {
        case .success(let answer): return answer
        case .failure(.verdict(let verdict)): return AttemptAnswer(verdict)
        case .failure(.cancelled): throw CancellationError()
        }
    }
}

extension Result where Success == Precedent, Failure == HelpdeskStop {
    /// What a channel says of it: without an answer nothing is repeated.
    func precedent() throws(CancellationError) -> Precedent {
        switch self {
        case .success(let precedent): return precedent
        case .failure(.verdict(let verdict)):
            return .unclear(
                verdict.failure ?? Outreach.Failure(reason: "lookup", detail: "it could not be looked for"))
        case .failure(.cancelled): throw CancellationError()
        }
    }
}
