internal import Crypto
internal import Foundation

/// A key of one endpoint, in the form that Standard Webhooks 1.0.0 defines: `whsec_` and base64 of 24 to 64 random
/// bytes for HMAC-SHA256 (v1), or `whsk_` and base64 of an Ed25519 seed and its public key (v1a). Never shown: printing
/// it gives `•••`.
public struct WebhookSecret: Hashable, Sendable, CustomStringConvertible, CustomDebugStringConvertible,
    CustomReflectable
{
    /// What is wrong with a text that should be a secret. It does not contain the text.
    public enum Fault: Error, Hashable, Sendable, CustomStringConvertible {
        case base64
        case length(Int)
        case keyPair
        case publicKey

        /// One sentence for people: what, and how to fix it.
        public var description: String {
            switch self {
            case .base64: "a webhook secret is 'whsec_' and base64; take it as the receiver shows it"
            case .length(let count): "a webhook secret holds 24 to 64 bytes, and this one holds \(count)"
            case .keyPair: "a signing key is 'whsk_' and base64 of a 32-byte seed and its 32-byte public key"
            case .publicKey: "'whpk_' is the receiver's half of a key; signing needs the one that begins with 'whsk_'"
            }
        }
    }

    enum Key: Hashable, Sendable {
        case hmac([UInt8])
        case ed25519(seed: [UInt8])
    }

    let key: Key

    /// Reads a secret. Spaces and newlines around it are ignored; `whsec_` may be missing, and base64's padding too, as
    /// the reference libraries allow.
    public init(_ text: String) throws(Fault) {
        let bare = text.filter { !$0.isWhitespace }
        if bare.hasPrefix("whpk_") { throw .publicKey }
        if bare.hasPrefix("whsk_") {
            guard let bytes = Base64.bytes(bare.dropFirst(5)), bytes.count == 64 || bytes.count == 32,
                let pair = try? Curve25519.Signing.PrivateKey(rawRepresentation: bytes.prefix(32)),
                bytes.count == 32 || Array(pair.publicKey.rawRepresentation) == Array(bytes.suffix(32))
            else { throw .keyPair }
            key = .ed25519(seed: Array(bytes.prefix(32)))
            return
        }
        guard let bytes = Base64.bytes(bare.hasPrefix("whsec_") ? bare.dropFirst(6) : bare[...]) else { throw .base64 }
        guard (24...64).contains(bytes.count) else { throw .length(bytes.count) }
        key = .hmac(bytes)
    }

    /// One entry of `webhook-signature`: `v1,…` or `v1a,…`.
    func signature(of content: [UInt8]) -> String {
        switch key {
        case .hmac(let bytes):
            let code = HMAC<SHA256>.authenticationCode(for: content, using: SymmetricKey(data: bytes))
            return "v1," + Data(code).base64EncodedString()
        case .ed25519(let seed):
            // The seed was checked when the secret was read, and signing with a valid key cannot fail.
            guard let pair = try? Curve25519.Signing.PrivateKey(rawRepresentation: seed),
                let signature = try? pair.signature(for: content)
            else { preconditionFailure("an Ed25519 key that was read can sign") }
            return "v1a," + signature.base64EncodedString()
        }
    }

    /// Always `•••`.
    public var description: String { "•••" }
    /// Always `•••`.
    public var debugDescription: String { "•••" }
    /// Shows no children, so that `dump` finds nothing.
    public var customMirror: Mirror { Mirror(self, children: []) }
}

/// Base64 (RFC 4648, 4), with or without its padding.
enum Base64 {
    /// The text, padded.
    static func text(_ bytes: [UInt8]) -> String { Data(bytes).base64EncodedString() }

    /// The bytes, or nil if a character is not one of base64's.
    static func bytes(_ text: some StringProtocol) -> [UInt8]? {
        var text = String(text)
        while text.hasSuffix("=") { text.removeLast() }
        text += String(repeating: "=", count: (4 - text.utf8.count % 4) % 4)
        return Data(base64Encoded: text).map { Array($0) }
    }
}
