// Gateways in front of a carrier's own service that answer in its place.
//
// Most carriers use a rented gateway: Apigee, AWS API Gateway, IBM API Connect, an OAuth server. A request refused by
// one of these gets its body, not the carrier's, and a recorded body may lack its HTTP status. So if a carrier's file
// finds nothing of its own, the common forms are tried: RFC 6749's `error`, RFC 9457's `status`, Apigee's `fault`,
// AWS's `message`, IBM's `httpCode`. Nothing here looks like a parcel.

enum GatewayRefusal {
    /// What a body says about the call, if it has one of those forms.
    static func kind(of tree: AnswerTree) -> (kind: CallAnswer.Kind, what: String)? {
        guard tree.kind == .object, tree.count <= 24 else { return nil }
        if let code = tree["fault"]["detail"]["errorcode"].text ?? tree["fault"]["faultstring"].text {
            return (words(code) ?? .temporaryError, "fault \(code.prefix(60))")
        }
        if let error = tree["error"].literal, let kind = oauth(error) { return (kind, "error \(error.prefix(40))") }
        for name in ["status", "statusCode", "httpCode", "httpStatus", "code", "status_code", "error_code"] {
            guard let number = tree[name].text.flatMap({ Int($0) }), (400...599).contains(number) else { continue }
            return (CarrierReading.kind(ofStatus: number) ?? .temporaryError, "status \(number)")
        }
        for name in [
            "message", "Message", "error", "error_description", "httpMessage", "code", "title", "errorMessage",
            "detail",
        ] {
            if let text = tree[name].text, let kind = words(text) { return (kind, "\(text.prefix(60))") }
        }
        return nil
    }

    /// RFC 6749, 5.2, and RFC 6750, 3.1.
    private static func oauth(_ error: String) -> CallAnswer.Kind? {
        switch error.lowercased() {
        case "invalid_client", "invalid_grant", "unauthorized_client", "access_denied", "invalid_token",
            "insufficient_scope", "invalid_scope", "unauthorized", "forbidden":
            .authError
        case "unsupported_grant_type", "invalid_request": .configError
        case "temporarily_unavailable", "server_error": .temporaryError
        default: nil
        }
    }

    private static func words(_ text: String) -> CallAnswer.Kind? {
        let text = String(text.prefix(200)).lowercased()
        func has(_ words: String...) -> Bool { words.contains { text.contains($0) } }
        if has(
            "too many requests", "limit exceeded", "rate limit", "ratelimit", "quotaviolation", "spikearrest",
            "throttl", "quota exceeded", "too_many_requests")
        {
            return .rateLimited
        }
        if has(
            "unauthor", "forbidden", "invalid access token", "invalid_access_token", "access token expired",
            "token expired", "invalidapikey", "invalid api key", "failedtoresolveapikey", "authentication",
            "invalid credentials", "missing authentication")
        {
            return .authError
        }
        if has(
            "internal server error", "service unavailable", "bad gateway", "gateway timeout",
            "endpoint request timed out")
        {
            return .temporaryError
        }
        return nil
    }
}
