// Receives webhooks at /hooks/NAME, checks their signatures, and keeps them for inspection. Standard Webhooks 1.0.0,
// https://github.com/standard-webhooks/standard-webhooks

internal import Crypto
public import FoundationEssentials
import Synchronization

/// A received webhook.
public struct KeptWebhook: Sendable {
    /// From 1, in the order of arrival.
    public let id: Int
    /// The last part of its path.
    public let endpoint: String
    /// By the sandbox's clock.
    public let receivedAt: Date
    /// Names in lower case.
    public let headers: [String: String]
    /// The raw bytes, as signed.
    public let body: [UInt8]
    /// Whether its signature is valid.
    public let signature: SignatureVerdict
    /// The status of our answer.
    public let status: Int

    /// The header `webhook-id`.
    public var webhookID: String? { headers["webhook-id"] }
}

/// Whether a webhook's signature is valid.
public enum SignatureVerdict: String, Sendable {
    case good
    /// No signature in `webhook-signature` matches.
    case wrong
    /// `webhook-id`, `webhook-timestamp` or `webhook-signature` is missing or unreadable.
    case missing
    /// The signature matches, but the time is more than five minutes off.
    case stale
    /// The sandbox has no secret to check with.
    case unchecked
}

/// Signatures of Standard Webhooks.
enum StandardWebhooks {
    /// How far a webhook's time may be off, in seconds, as in the reference libraries.
    static let tolerance: Double = 300

    /// Checks a webhook with any of the secrets: `whsec_` (v1, HMAC-SHA256) or `whpk_` (v1a, Ed25519).
    static func verdict(headers: [String: String], body: [UInt8], secrets: [String], now: Date) -> SignatureVerdict {
        guard !secrets.isEmpty else { return .unchecked }
        guard let id = headers["webhook-id"], let timestamp = headers["webhook-timestamp"],
            let seconds = Int64(timestamp), let signatures = headers["webhook-signature"], !id.isEmpty
        else { return .missing }
        let signed = Data("\(id).\(timestamp).".utf8) + Data(body)
        let given = signatures.split(separator: " ").compactMap { entry -> (String, Data)? in
            let sides = entry.split(separator: ",", maxSplits: 1)
            guard sides.count == 2, let bytes = Data(base64Encoded: String(sides[1])) else { return nil }
            return (String(sides[0]), bytes)
        }
        let fits = secrets.contains { secret in
            given.contains { version, signature in Self.fits(secret, version, signature, signed) }
        }
        guard fits else { return .wrong }
        return abs(now.timeIntervalSince1970 - Double(seconds)) <= tolerance ? .good : .stale
    }

    private static func fits(_ secret: String, _ version: String, _ signature: Data, _ signed: Data) -> Bool {
        if version == "v1", !secret.hasPrefix("whpk_"), !secret.hasPrefix("whsk_") {
            let text = secret.hasPrefix("whsec_") ? String(secret.dropFirst(6)) : secret
            // The reference library accepts secrets without padding.
            let padding = String(repeating: "=", count: (4 - text.utf8.count % 4) % 4)
            guard let key = Data(base64Encoded: text + padding), !key.isEmpty else { return false }
            return HMAC<SHA256>.isValidAuthenticationCode(
                signature, authenticating: signed, using: SymmetricKey(data: key))
        }
        if version == "v1a", secret.hasPrefix("whpk_"), let bytes = Data(base64Encoded: String(secret.dropFirst(5))),
            let key = try? Curve25519.Signing.PublicKey(rawRepresentation: bytes)
        {
            return key.isValidSignature(signature, for: signed)
        }
        return false
    }
}

/// All webhooks received at `/hooks/`.
public final class WebhookReceiver: Sendable {
    private let clock: SandboxClock
    private let secrets: [String]
    private let state = Mutex<(hooks: [KeptWebhook], next: Int)>(([], 1))
    /// What goes wrong.
    public let faults: SandboxFaults<HookFault>
    let bell = Bell()

    init(secrets: [String], clock: SandboxClock, seed: UInt64) {
        self.secrets = secrets
        self.clock = clock
        faults = SandboxFaults(seed: seed ^ 0x4004)
    }

    /// All webhooks, oldest first.
    public var webhooks: [KeptWebhook] { state.withLock { $0.hooks } }

    /// Forgets everything.
    public func clear() {
        state.withLock { $0.hooks = [] }
        bell.ring()
    }

    /// Answers a request to `/hooks/NAME`.
    func respond(_ request: WebRequest, endpoint: String) -> WebResponse {
        guard request.method == "POST" else { return .refusal("a webhook is a POST", status: 405) }
        let fault = faults.draw()
        let now = clock.now()
        let verdict = StandardWebhooks.verdict(
            headers: request.headers, body: request.body, secrets: secrets, now: now)
        var response: WebResponse
        switch fault {
        case .serverError: response = .refusal("the receiver is broken", status: 500)
        case .gone: response = .refusal("nobody listens here any more", status: 410)
        case .tooManyRequests:
            response = .refusal("not so fast", status: 429)
            response.headers.append(("Retry-After", "2"))
        case .slow, .dropped, nil:
            response =
                verdict == .good || verdict == .unchecked
                ? .json(["ok": true]) : .refusal("signature: \(verdict.rawValue)", status: 401)
        }
        if fault == .slow { response.delay = faults.slowness }
        if fault == .dropped { response.ending = .cut(after: 0) }
        let status = response.status
        state.withLock { state in
            state.hooks.append(
                KeptWebhook(
                    id: state.next, endpoint: endpoint, receivedAt: now, headers: request.headers, body: request.body,
                    signature: verdict, status: status))
            state.next += 1
        }
        bell.ring()
        return response
    }
}
