internal import Crypto
internal import Foundation
public import Platform

/// The signature on Twilio's requests to us (https://www.twilio.com/docs/usage/security): base64 of HMAC-SHA1, under the
/// auth token, over the URL and then each field's name and value, sorted by name.
///
/// The URL is the one that Twilio was told, with or without the port: what a proxy in between made of it, or a `Host`
/// that somebody chose, does not count.
public enum TwilioSignature {
    /// Whether a request carries a signature made with that token. The comparison takes the same time wherever it fails.
    ///
    /// - Parameters:
    ///   - header: the value of `X-Twilio-Signature`.
    ///   - url: scheme, host, perhaps a port, and path.
    public static func isValid(_ header: String, url: String, form: FormFields, token: SecretString) -> Bool {
        guard let mac = Data(base64Encoded: header) else { return false }
        let key = SymmetricKey(data: Data(token.reveal().utf8))
        // No early exit: which form of the URL was signed is nobody's to learn from the time.
        return forms(of: url).reduce(false) { known, url in
            HMAC<Insecure.SHA1>.isValidAuthenticationCode(
                mac, authenticating: Data(signed(url, form).utf8), using: key) || known
        }
    }

    /// The signature, for the sandbox and tests.
    public static func signature(url: String, form: FormFields, token: SecretString) -> String {
        Data(
            HMAC<Insecure.SHA1>.authenticationCode(
                for: Data(signed(url, form).utf8), using: SymmetricKey(data: Data(token.reveal().utf8)))
        ).base64EncodedString()
    }

    /// What is signed. Of a name that repeats, each value counts once, sorted, as in Twilio's own libraries.
    private static func signed(_ url: String, _ form: FormFields) -> String {
        let fields = Set(form.fields).sorted {
            $0.name == $1.name ? bytes($0.value, precede: $1.value) : bytes($0.name, precede: $1.name)
        }
        return url + fields.map { $0.name + $0.value }.joined()
    }

    private static func bytes(_ a: String, precede b: String) -> Bool {
        a.unicodeScalars.lexicographicallyPrecedes(b.unicodeScalars)
    }

    /// The URL with and without its port.
    private static func forms(of url: String) -> [String] {
        guard let parts = URLComponents(string: url), let scheme = parts.scheme, let host = parts.host else {
            return [url]
        }
        let rest = parts.percentEncodedPath + (parts.percentEncodedQuery.map { "?\($0)" } ?? "")
        let port = parts.port ?? (scheme == "https" ? 443 : 80)
        return ["\(scheme)://\(host)\(rest)", "\(scheme)://\(host):\(port)\(rest)"]
    }
}
