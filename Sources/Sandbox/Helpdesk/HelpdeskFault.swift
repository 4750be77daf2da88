/// What can go wrong with one request that writes to the sandbox's Zendesk or Gorgias.
public enum HelpdeskFault: String, CaseIterable, Sendable {
    /// HTTP 401, whatever the login.
    case unauthorized
    /// HTTP 422: it does not take this.
    case unprocessable
    /// HTTP 429 with Retry-After: 2.
    case tooManyRequests
    /// HTTP 500.
    case serverError
    /// The connection ends before the answer; it is done.
    case dropped
    /// The connection ends before the answer; it is not done.
    case dropAndForget
    /// The answer comes late, by `slowness`; it is done.
    case slow
}

extension SandboxFaults<HelpdeskFault> {
    /// The answer to a request that is not carried out, if the fault means that.
    func refusal(_ fault: HelpdeskFault?) -> WebResponse? {
        switch fault {
        case .unauthorized: return .json(["error": "Couldn't authenticate you"], status: 401)
        case .unprocessable:
            return .json(["error": "RecordInvalid", "description": "Record validation errors"], status: 422)
        case .tooManyRequests:
            var response = WebResponse.json(["error": "Too Many Requests"], status: 429)
            response.headers.append(("Retry-After", "2"))
            return response
        case .serverError: return .json(["error": "Internal server error"], status: 500)
        case .dropAndForget:
            var response = WebResponse.json(["ok": true])
            response.ending = .cut(after: 0)
            return response
        case .dropped, .slow, nil: return nil
        }
    }

    /// The answer as the fault lets it through.
    func spoiled(_ response: WebResponse, by fault: HelpdeskFault?) -> WebResponse {
        var response = response
        if fault == .dropped { response.ending = .cut(after: 0) }
        if fault == .slow { response.delay = slowness }
        return response
    }
}

/// Something that stands in a ticket of the sandbox's.
public struct KeptComment: Sendable {
    public let id: Int64
    /// The address of whoever wrote it; nil for somebody without one.
    public let author: String?
    /// Whether an agent wrote it.
    public let isAgents: Bool
    public let isPublic: Bool
    public let text: String
}

/// A ticket of the sandbox's.
public struct KeptTicket: Sendable {
    public let id: Int64
    public let externalID: String
    public let subject: String
    public let status: String
    /// The address of whoever it is with.
    public let requester: String?
    public let comments: [KeptComment]
}
