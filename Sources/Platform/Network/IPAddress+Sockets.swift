import Glibc

extension IPAddress {
    /// Parses an address from a URL or as printed by libcurl; IPv6 with or without brackets.
    ///
    /// A zone (`fe80::1%eth0`) is cut off. `nil` if it is not an address.
    init?(_ text: String) {
        var text = Substring(text)
        if text.hasPrefix("["), text.hasSuffix("]") { text = text.dropFirst().dropLast() }
        if let zone = text.firstIndex(of: "%") { text = text[..<zone] }
        var four = in_addr()
        if inet_pton(AF_INET, String(text), &four) == 1 {
            bytes = withUnsafeBytes(of: &four) { Array($0) }
            return
        }
        var six = in6_addr()
        guard inet_pton(AF_INET6, String(text), &six) == 1 else { return nil }
        bytes = withUnsafeBytes(of: &six) { Array($0) }
    }

    /// Reads the address that a socket is about to connect to; `nil` for families other than IP.
    init?(family: Int32, socketAddress: UnsafeRawPointer) {
        switch family {
        case AF_INET:
            var four = socketAddress.loadUnaligned(as: sockaddr_in.self).sin_addr
            bytes = withUnsafeBytes(of: &four) { Array($0) }
        case AF_INET6:
            var six = socketAddress.loadUnaligned(as: sockaddr_in6.self).sin6_addr
            bytes = withUnsafeBytes(of: &six) { Array($0) }
        default: return nil
        }
    }
}
