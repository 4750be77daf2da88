/// Why a request got no complete answer, which is an everyday event. The caller decides by ``kind`` and ``phase``, and
/// may log both and ``detail``.
public struct TransferFailure: Error, Sendable, Equatable, CustomStringConvertible {
    /// What went wrong. The raw values go to the journal and to metric labels: add cases, do not rename them.
    public enum Kind: String, Sendable, CaseIterable {
        /// The host's name could not be resolved.
        case resolve
        /// No connection: refused, unreachable.
        case connect
        /// The TLS handshake failed, or the certificate is not trusted.
        case tls
        /// A time limit ended it; ``TransferFailure/phase`` says where.
        case timeout
        /// The answer had more bytes than the request allowed.
        case tooLarge = "too_large"
        /// The request's ``AddressPolicy`` does not allow the address.
        case forbiddenAddress = "forbidden_address"
        /// The connection ended before the answer did.
        case dropped
        /// The task was cancelled, or the engine shut down.
        case cancelled
        /// The URL or a header is not well-formed, or the scheme is neither http nor https. Nothing was sent.
        case malformedRequest = "malformed_request"
        /// The answer is not HTTP, or cannot be decompressed.
        case malformedAnswer = "malformed_answer"
        /// Too many redirects, or one that may not be followed.
        case redirect
        /// None of these; ``TransferFailure/detail`` says more.
        case other
    }

    /// How far the exchange had come.
    public enum Phase: String, Sendable, Comparable {
        /// Nothing had been done yet, or the name was being resolved.
        case resolving
        case connecting
        case securing
        /// Connected: from here on the far end may have seen the request and acted on it.
        case requesting
        /// The head of an answer had begun to arrive.
        case answering

        private var order: Int {
            switch self {
            case .resolving: 0
            case .connecting: 1
            case .securing: 2
            case .requesting: 3
            case .answering: 4
            }
        }

        /// Earlier phases come first.
        public static func < (a: Phase, b: Phase) -> Bool { a.order < b.order }
    }

    /// What went wrong.
    public var kind: Kind
    /// How far the exchange had come.
    public var phase: Phase
    /// One short line for people: no header, no body, no query string.
    public var detail: String

    /// Makes a failure, for tests that script the network.
    public init(_ kind: Kind, phase: Phase = .resolving, detail: String = "") {
        self.kind = kind
        self.phase = phase
        self.detail = detail
    }

    /// Whether the far end may have received the request and acted on it.
    public var mayHaveArrived: Bool { phase >= .requesting }

    /// Kind, phase and detail on one line.
    public var description: String {
        let what =
            switch kind {
            case .resolve: "the name was not found"
            case .connect: "no connection"
            case .tls: "no encrypted connection"
            default: "\(kind.rawValue.replacing("_", with: " ")) while \(phase.rawValue)"
            }
        return detail.isEmpty ? what : "\(what): \(detail)"
    }
}
