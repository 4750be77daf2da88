internal import Crypto
internal import Foundation
public import Outreach

// Standard Webhooks 1.0.0 (standard-webhooks/standard-webhooks, spec/standard-webhooks.md). What is signed is
// `id.timestamp.body`, with the body's bytes as they are sent. The timestamp is that of the attempt, new on every
// retry; the id is the same for all of them. While a secret is being replaced, both the new and the old one sign, and
// the receiver accepts either.

/// The three headers that sign a webhook.
public struct WebhookSignature: Hashable, Sendable {
    /// `webhook-id`.
    public var id: String
    /// `webhook-timestamp`: whole seconds since 1970.
    public var timestamp: String
    /// `webhook-signature`: entries separated by spaces.
    public var signature: String

    /// Signs a body with each secret, in order.
    ///
    /// The id must not contain a full stop: otherwise a receiver could be made to read the end of the id as the
    /// timestamp.
    public init(id: String, at moment: Moment, body: [UInt8], secrets: [WebhookSecret]) {
        precondition(!id.contains("."), "a webhook-id has no full stop in it")
        self.id = id
        timestamp = String(moment.seconds)
        let content = Array("\(id).\(timestamp).".utf8) + body
        signature = secrets.map { $0.signature(of: content) }.joined(separator: " ")
    }
}

/// The receiver's side: verifies what `WebhookSignature` created. For tests, for the sandbox, and for anyone who wants
/// to know whether their secret is the right one.
public struct WebhookVerifier: Sendable {
    /// Why a webhook should not be trusted.
    public enum Refusal: String, Error, Hashable, Sendable {
        case missingHeader = "missing_header"
        case badTimestamp = "bad_timestamp"
        case tooOld = "too_old"
        case tooNew = "too_new"
        case noMatch = "no_match"
    }

    private enum Key: Sendable {
        case hmac([UInt8])
        case ed25519([UInt8])
    }

    private let key: Key

    /// How far the sender's clock may be off, in either direction: the same as in the reference libraries.
    public static let tolerance = Duration.seconds(300)

    /// A verifier for signatures made with that secret.
    public init(_ secret: WebhookSecret) throws(WebhookSecret.Fault) {
        switch secret.key {
        case .hmac(let bytes): key = .hmac(bytes)
        case .ed25519(let seed):
            guard let pair = try? Curve25519.Signing.PrivateKey(rawRepresentation: seed) else { throw .keyPair }
            key = .ed25519(Array(pair.publicKey.rawRepresentation))
        }
    }

    /// A verifier with only the public key: `whpk_` and base64 of 32 bytes.
    public init(publicKey text: String) throws(WebhookSecret.Fault) {
        guard text.hasPrefix("whpk_"), let bytes = Base64.bytes(text.dropFirst(5)), bytes.count == 32 else {
            throw .keyPair
        }
        key = .ed25519(bytes)
    }

    /// Checks one request.
    ///
    /// - Parameters:
    ///   - header: returns a header's value by its lower-case name.
    ///   - now: the receiver's clock; nil to leave the timestamp's age unchecked.
    public func verify(_ body: [UInt8], at now: Moment?, header: (String) -> String?) throws(Refusal) {
        guard let id = header("webhook-id"), !id.isEmpty, let stamp = header("webhook-timestamp"),
            let signatures = header("webhook-signature")
        else { throw .missingHeader }
        guard stamp.utf8.allSatisfy({ (0x30...0x39).contains($0) }), let seconds = Int64(stamp), seconds < 1 << 40
        else {
            throw .badTimestamp
        }
        if let now {
            let off = Moment(seconds: now.seconds) - Moment(seconds: seconds)
            if off > Self.tolerance { throw .tooOld }
            if off < .zero - Self.tolerance { throw .tooNew }
        }
        let content = Array("\(id).\(stamp).".utf8) + body
        for entry in signatures.split(separator: " ").prefix(32) {
            let parts = entry.split(separator: ",", maxSplits: 1)
            guard parts.count == 2, let given = Data(base64Encoded: String(parts[1])) else { continue }
            switch (String(parts[0]), key) {
            case ("v1", .hmac(let bytes)):
                // Constant time, wherever the first differing byte is.
                if HMAC<SHA256>.isValidAuthenticationCode(
                    given, authenticating: content, using: SymmetricKey(data: bytes))
                {
                    return
                }
            case ("v1a", .ed25519(let bytes)):
                let pub = try? Curve25519.Signing.PublicKey(rawRepresentation: bytes)
                if pub?.isValidSignature(given, for: content) == true { return }
            default: continue
            }
        }
        throw .noMatch
    }
}
