internal import Crypto
internal import Foundation
public import Outreach
public import Platform

/// How Zendesk signs its webhooks: base64 of HMAC-SHA256 over the timestamp, as it is written in its header, and the
/// body (https://developer.zendesk.com/documentation/webhooks/verifying/).
public enum ZendeskSignature {
    /// Whether a request is signed with that secret, and not long ago.
    ///
    /// - Parameter timestamp: ISO 8601.
    public static func isValid(
        _ signature: String, timestamp: String, body: [UInt8], secret: SecretString, now: Moment
    ) -> Bool {
        guard let code = Data(base64Encoded: signature), let at = Moment(iso8601: timestamp) else { return false }
        let off = now - at
        guard off <= WebhookVerifier.tolerance, off >= .zero - WebhookVerifier.tolerance else { return false }
        // Constant time, wherever the first differing byte is.
        return HMAC<SHA256>.isValidAuthenticationCode(
            code, authenticating: Array(timestamp.utf8) + body,
            using: SymmetricKey(data: Data(secret.reveal().utf8)))
    }

    /// The signature, for the sandbox and tests.
    public static func signature(timestamp: String, body: [UInt8], secret: SecretString) -> String {
        Data(
            HMAC<SHA256>.authenticationCode(
                for: Array(timestamp.utf8) + body, using: SymmetricKey(data: Data(secret.reveal().utf8)))
        ).base64EncodedString()
    }
}
