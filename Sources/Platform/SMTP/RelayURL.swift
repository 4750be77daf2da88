internal import CCurl
import Glibc

/// A relay's URL as parsed by libcurl, with the TLS settings; refuses any that would send mail or a password
/// unencrypted.
struct RelayURL {
    let text: String
    /// Whether TLS starts with the first byte.
    let isImplicit: Bool
    /// libcurl's CURLUSESSL value.
    let useSSL: Int

    init(_ settings: SMTPSettings) throws(SMTPUnusable) {
        guard let handle = curl_url() else { throw SMTPUnusable(.other, "out of memory") }
        defer { curl_url_cleanup(handle) }
        func part(_ part: CURLUPart, flags: UInt32 = 0) -> String? {
            var text: UnsafeMutablePointer<CChar>?
            guard curl_url_get(handle, part, &text, flags) == CURLUE_OK, let text else { return nil }
            defer { curl_free(text) }
            return String(cString: text)
        }
        guard curl_url_set(handle, CURLUPART_URL, settings.url, 0) == CURLUE_OK, let host = part(CURLUPART_HOST) else {
            throw SMTPUnusable(
                .settings, "the relay's URL is not well-formed; write smtp://host:port or smtps://host:port")
        }
        let scheme = part(CURLUPART_SCHEME)
        guard scheme == "smtp" || scheme == "smtps" else {
            throw SMTPUnusable(.settings, "the relay's URL must begin with smtp:// or smtps://")
        }
        guard part(CURLUPART_USER) == nil, part(CURLUPART_PASSWORD) == nil else {
            throw SMTPUnusable(.settings, "the relay's URL must not carry a user name or password")
        }
        let name = settings.heloName ?? Self.machineName
        guard !name.isEmpty, name.utf8.allSatisfy({ $0 > 0x20 && $0 < 0x7F && $0 != UInt8(ascii: "/") }) else {
            throw SMTPUnusable(.settings, "the HELO name is not a host name")
        }
        isImplicit = scheme == "smtps"
        let isLoopback = AddressPolicy.isLoopback(host: host)
        switch settings.startTLS {
        case .required: useSSL = Int(CURLUSESSL_ALL.rawValue)
        case .opportunistic:
            let mustHide = settings.username != nil && !isLoopback
            useSSL = Int((mustHide ? CURLUSESSL_ALL : CURLUSESSL_TRY).rawValue)
        case .off:
            guard isLoopback || isImplicit else {
                throw SMTPUnusable(.settings, "mail without TLS goes to loopback only; let starttls be required")
            }
            useSSL = Int((isImplicit ? CURLUSESSL_ALL : CURLUSESSL_NONE).rawValue)
        }
        // The path of an SMTP URL is the name sent with EHLO.
        let port = part(CURLUPART_PORT, flags: UInt32(CURLU_DEFAULT_PORT)) ?? (isImplicit ? "465" : "25")
        text = "\(isImplicit ? "smtps" : "smtp")://\(host):\(port)/\(name)"
    }

    private static let machineName: String = {
        var name = [CChar](repeating: 0, count: 256)
        guard gethostname(&name, name.count - 1) == 0 else { return "localhost" }
        let text = String(decoding: name.prefix { $0 != 0 }.map { UInt8(bitPattern: $0) }, as: UTF8.self)
        return text.isEmpty ? "localhost" : text
    }()
}
