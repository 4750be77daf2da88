// Which addresses may we connect to? A URL from someone else (a merchant's webhook, a label link from a source) must
// not reach into the operator's own network: that is "server-side request forgery". Checking the name before the
// request is not enough, because it may resolve to something else a moment later (DNS rebinding). So the policy checks
// the numeric address at the moment libcurl opens the socket, and again before a request uses a connection kept from an
// earlier one.
//
// "Public" follows the IANA special-purpose address registries (RFC 6890 and its updates).

/// Which addresses a request may be sent to.
public enum AddressPolicy: Sendable, Equatable {
    /// Any address: for hosts that the operator named.
    case any
    /// Only addresses of the public Internet. The origins in `exceptOrigins` may be anywhere; a loopback address
    /// written as digits in the request's own URL (`http://127.0.0.1:8080/`, `http://[::1]/`) only if
    /// `allowLiteralLoopback` says so. Redirects follow the same rules, but never get the exception for loopback.
    case publicOnly(exceptOrigins: Set<WebOrigin> = [], allowLiteralLoopback: Bool = false)

    /// The rules for a request whose URL has this origin.
    ///
    /// - Parameters:
    ///   - origin: of the request's URL, as libcurl parsed it, with odd spellings of IPv4 normalised.
    ///   - isRedirect: whether a far end, and not the caller, wrote this URL.
    func allowsEverything(_ origin: WebOrigin, isRedirect: Bool) -> Bool {
        switch self {
        case .any: return true
        case .publicOnly(let exceptOrigins, let allowLiteralLoopback):
            if exceptOrigins.contains(origin) { return true }
            guard allowLiteralLoopback, !isRedirect, let address = IPAddress(origin.host) else { return false }
            return address.isLoopback
        }
    }

    /// Whether a URL's host is this machine: `localhost`, 127.0.0.0/8 or ::1. Never judged by a prefix:
    /// 127.0.0.1.evil.example could be anybody's.
    public static func isLoopback(host: String) -> Bool {
        host.lowercased() == "localhost" || IPAddress(host)?.isLoopback == true
    }

    /// Whether a text is an address of the public Internet.
    public static func isPublic(host: String) -> Bool { IPAddress(host)?.isPublic == true }
}

/// Scheme, host and port of a URL (RFC 6454).
public struct WebOrigin: Hashable, Sendable {
    /// `http` or `https`.
    let scheme: String
    /// Lower case; IPv6 in brackets.
    let host: String
    /// The port, written out or the scheme's own.
    let port: String

    /// The origin of an absolute URL; nil if it is not one.
    public init?(_ url: String) {
        guard let parsed = try? ParsedURL(url) else { return nil }
        self = parsed.webOrigin
    }

    init(scheme: String, host: String, port: String) {
        self.scheme = scheme
        self.host = host
        self.port = port
    }
}

/// An IP address in network byte order, and whether it belongs to the public Internet.
struct IPAddress: Equatable, Sendable {
    /// 4 or 16 bytes.
    let bytes: [UInt8]

    /// Whether this is 127.0.0.0/8 or ::1.
    var isLoopback: Bool {
        bytes.count == 4 ? bytes[0] == 127 : bytes == [UInt8](repeating: 0, count: 15) + [1]
    }

    /// Whether the address is globally reachable unicast. An address not known to be public counts as private.
    var isPublic: Bool {
        bytes.count == 4 ? Self.isPublic4(bytes) : Self.isPublic6(bytes)
    }

    private static let special4: [Network] = [
        Network([0, 0, 0, 0], 8),  // this network
        Network([10, 0, 0, 0], 8),  // private, RFC 1918
        Network([100, 64, 0, 0], 10),  // carrier-grade NAT, RFC 6598
        Network([127, 0, 0, 0], 8),  // loopback
        Network([169, 254, 0, 0], 16),  // link-local, the clouds' metadata services among them
        Network([172, 16, 0, 0], 12),  // private
        Network([192, 0, 0, 0], 24),  // IETF protocol assignments
        Network([192, 0, 2, 0], 24),  // documentation
        Network([192, 31, 196, 0], 24),  // AS112
        Network([192, 52, 193, 0], 24),  // AMT
        Network([192, 88, 99, 0], 24),  // 6to4 relays, withdrawn
        Network([192, 168, 0, 0], 16),  // private
        Network([192, 175, 48, 0], 24),  // AS112
        Network([198, 18, 0, 0], 15),  // benchmarking
        Network([198, 51, 100, 0], 24),  // documentation
        Network([203, 0, 113, 0], 24),  // documentation
        Network([224, 0, 0, 0], 4),  // multicast
        Network([240, 0, 0, 0], 4),  // reserved and broadcast
    ]

    private static let unicast6 = Network([0x20], 3)
    private static let special6: [Network] = [
        Network([0x20, 0x01, 0x00], 23),  // protocol assignments: Teredo, ORCHID, benchmarking
        Network([0x20, 0x01, 0x0D, 0xB8], 32),  // documentation
        Network([0x26, 0x20, 0x00, 0x4F, 0x80, 0x00], 48),  // AS112
        Network([0x3F, 0xFF, 0x00], 20),  // documentation, RFC 9637
    ]
    private static let sixToFour = Network([0x20, 0x02], 16)
    private static let nat64 = Network([0x00, 0x64, 0xFF, 0x9B, 0, 0, 0, 0, 0, 0, 0, 0], 96)

    private static func isPublic4(_ bytes: [UInt8]) -> Bool {
        !special4.contains { $0.contains(bytes) }
    }

    private static func isPublic6(_ bytes: [UInt8]) -> Bool {
        // These embed an IPv4 address, and reach the same host.
        if nat64.contains(bytes) { return isPublic4(Array(bytes[12...])) }
        if sixToFour.contains(bytes) { return isPublic4(Array(bytes[2..<6])) }
        // All global unicast is in 2000::/3: loopback, mapped IPv4, unique local, link-local and multicast lie outside.
        return unicast6.contains(bytes) && !special6.contains { $0.contains(bytes) }
    }

    /// A prefix and how many of its bits count.
    private struct Network: Sendable {
        let prefix: [UInt8]
        let bits: Int

        init(_ prefix: [UInt8], _ bits: Int) {
            self.prefix = prefix
            self.bits = bits
        }

        func contains(_ address: [UInt8]) -> Bool {
            var left = bits
            for (index, byte) in prefix.enumerated() where left > 0 {
                let mask: UInt8 = left >= 8 ? 0xFF : ~(0xFF >> UInt8(left))
                if byte & mask != address[index] & mask { return false }
                left -= 8
            }
            return true
        }
    }
}
