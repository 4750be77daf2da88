public import Outreach
public import Platform

// A return label is behind a link given by Shopify or a carrier. The link is external data: it may lead anywhere, and
// it is as good as the label itself, so it is never logged. The file is attached to a mail in the shop's name, so it
// must be something that can be printed: PDF, or an image. Its type is determined by its bytes and not by the server:
// object stores call everything application/octet-stream, and a page that says "please log in" is happily served as a
// PDF.

/// Why a label could not be fetched.
public struct LabelFailure: Error, Hashable, Sendable {
    /// The kinds; raw values go into the journal and metrics.
    public enum Reason: String, Hashable, Sendable, CaseIterable {
        /// The link is not a URL, or leads to an address that is not public.
        case link
        /// No complete answer: no connection, cut short, too slow.
        case network
        /// The server has nothing there: 404, 403, 410.
        case gone
        /// Any other status than 200.
        case status
        /// Larger than a label can be.
        case tooLarge = "too_large"
        /// The bytes are not a label: a page, or nothing at all.
        case notALabel = "not_a_label"
        /// A label whose end is missing.
        case cut
    }

    public var reason: Reason
    /// The HTTP status, if there was one.
    public var status: Int?
    /// One sentence for people. Never the link.
    public var detail: String
    /// How long the server asked us to wait.
    public var retryAfter: Duration?

    init(_ reason: Reason, status: Int? = nil, retryAfter: Duration? = nil, _ detail: String) {
        self.reason = reason
        self.status = status
        self.detail = detail
        self.retryAfter = retryAfter
    }

    /// Whether it is worth trying again. A label that is "gone" may be there in a minute: carriers give out the link
    /// first.
    public var isWorthAnotherTry: Bool { reason != .link && reason != .tooLarge }
}

/// Fetches return labels.
public struct LabelFetcher: Sendable {
    /// No label is larger: a page of PDF takes some tens or hundreds of kB.
    public static let maximumBytes = 5_000_000

    private let transport: any HTTPTransport
    private let shopOrigins: Set<WebOrigin>

    /// - Parameters:
    ///   - shops: the shops' endpoints: their origins (scheme, host and port) may be anywhere, all others only at
    ///     public addresses.
    public init(_ transport: any HTTPTransport, shops: [String] = []) {
        self.transport = transport
        shopOrigins = Set(shops.compactMap(WebOrigin.init))
    }

    /// Fetches one label, within 20 seconds and over at most 3 redirects, each subject to the same rule for addresses.
    ///
    /// - Parameters:
    ///   - name: the name for the file, without an extension: `Return label 1001`.
    public func fetch(_ url: String, name: String) async throws(CancellationError) -> Result<
        MailDraft.Attachment, LabelFailure
    > {
        guard let target = LinkTarget(url), target.isWeb else {
            return .failure(LabelFailure(.link, "the label's link is not a web address"))
        }
        let request = HTTPRequest(
            .get, url, headers: [HTTPField("Accept", "application/pdf, image/png, image/gif, image/jpeg, */*;q=0.1")],
            timeout: .seconds(20), maximumResponseBytes: Self.maximumBytes, redirects: 3,
            addressPolicy: .publicOnly(exceptOrigins: shopOrigins))
        let response: HTTPResponse
        do {
            response = try await transport.send(request)
        } catch {
            if error.kind == .cancelled { throw CancellationError() }
            return .failure(Self.failure(for: error))
        }
        guard response.status == 200 else { return .failure(Self.failure(for: response)) }
        return Self.attachment(of: response.body, name: name)
    }

    private static func failure(for failure: TransferFailure) -> LabelFailure {
        switch failure.kind {
        case .forbiddenAddress:
            LabelFailure(.link, "the label's link leads into a private network, and was not followed")
        case .malformedRequest: LabelFailure(.link, "the label's link is not a web address")
        case .tooLarge: LabelFailure(.tooLarge, "the label is larger than \(maximumBytes / 1_000_000) MB")
        case .timeout: LabelFailure(.network, "the label did not come in time")
        default:
            LabelFailure(
                .network, "the label could not be fetched: \(failure.kind.rawValue) while \(failure.phase.rawValue)")
        }
    }

    private static func failure(for response: HTTPResponse) -> LabelFailure {
        let isGone = [401, 403, 404, 410].contains(response.status)
        let wait = response["Retry-After"].flatMap { RetryAfter($0) }
        var retryAfter: Duration?
        if case .seconds(let seconds)? = wait { retryAfter = .seconds(min(seconds, 3600)) }
        return LabelFailure(
            isGone ? .gone : .status, status: response.status, retryAfter: retryAfter,
            "the label's server answered \(response.status)")
    }

    /// The bytes as a file to attach, if they are a complete label.
    static func attachment(of bytes: [UInt8], name: String) -> Result<MailDraft.Attachment, LabelFailure> {
        func starts(_ magic: [UInt8]) -> Bool { bytes.starts(with: magic) }
        func ends(_ magic: [UInt8], within count: Int) -> Bool {
            let tail = bytes.suffix(count)
            guard tail.count >= magic.count else { return false }
            return (tail.startIndex...(tail.endIndex - magic.count)).reversed().contains {
                tail[$0...].starts(with: magic)
            }
        }
        func file(_ ending: String, _ type: String, isWhole: Bool) -> Result<MailDraft.Attachment, LabelFailure> {
            guard isWhole else { return .failure(LabelFailure(.cut, "the label's end is missing")) }
            let name = MailHeaders.fileName(name.trimmedEnd)
            let full = name.lowercased().hasSuffix(".\(ending)") ? name : "\(name).\(ending)"
            return .success(MailDraft.Attachment(name: full, type: type, bytes: bytes))
        }
        if starts(Array("%PDF-".utf8)) {
            // ISO 32000-1, annex H.3.4.4: readers look for it in the last 1024 bytes.
            return file("pdf", "application/pdf", isWhole: ends(Array("%%EOF".utf8), within: 1024))
        }
        if starts([0x89, 0x50, 0x4E, 0x47, 0x0D, 0x0A, 0x1A, 0x0A]) {
            return file("png", "image/png", isWhole: ends(Array("IEND".utf8), within: 64))
        }
        if starts(Array("GIF87a".utf8)) || starts(Array("GIF89a".utf8)) {
            return file("gif", "image/gif", isWhole: ends([0x3B], within: 16))
        }
        if starts([0xFF, 0xD8, 0xFF]) {
            return file("jpg", "image/jpeg", isWhole: ends([0xFF, 0xD9], within: 256))
        }
        return .failure(
            LabelFailure(
                .notALabel,
                bytes.isEmpty ? "the label is empty" : "the label's link leads to neither a PDF nor an image"))
    }
}
