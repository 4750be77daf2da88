import DNS
import Glibc
import Platform
import Testing

/// A name server on loopback that knows a few names, for one test.
private final class NameServer: Sendable {
    let port: UInt16
    private let socket: Int32

    /// - Parameter answers: records by name and kind; a TXT record by its pieces. A kind of 0 answers nothing at all.
    init(_ answers: [String: (kind: UInt16, values: [[UInt8]])]) throws {
        let descriptor = Glibc.socket(AF_INET, Int32(SOCK_DGRAM.rawValue), 0)
        var address = sockaddr_in()
        address.sin_family = sa_family_t(AF_INET)
        address.sin_addr.s_addr = UInt32(0x7F00_0001).bigEndian
        var length = socklen_t(MemoryLayout<sockaddr_in>.size)
        let bound = withUnsafeMutablePointer(to: &address) {
            $0.withMemoryRebound(to: sockaddr.self, capacity: 1) { pointer in
                bind(descriptor, pointer, length) == 0 && getsockname(descriptor, pointer, &length) == 0
            }
        }
        try #require(bound)
        socket = descriptor
        port = UInt16(bigEndian: address.sin_port)
        startThread {
            while Self.serve(descriptor, answers) {}
        }
    }

    deinit {
        shutdown(socket, Int32(SHUT_RDWR))
        close(socket)
    }

    private static func serve(_ socket: Int32, _ answers: [String: (kind: UInt16, values: [[UInt8]])]) -> Bool {
        var packet = [UInt8](repeating: 0, count: 1500)
        var from = sockaddr_in()
        var length = socklen_t(MemoryLayout<sockaddr_in>.size)
        let count = withUnsafeMutablePointer(to: &from) {
            $0.withMemoryRebound(to: sockaddr.self, capacity: 1) { recvfrom(socket, &packet, 1500, 0, $0, &length) }
        }
        guard count > 12 else { return false }
        var labels: [String] = []
        var at = 12
        while packet[at] != 0 {
            let size = Int(packet[at])
            labels.append(String(decoding: packet[(at + 1)...(at + size)], as: UTF8.self))
            at += size + 1
        }
        let question = Array(packet[12..<(at + 5)])
        let kind = UInt16(packet[at + 1]) << 8 | UInt16(packet[at + 2])
        let found = answers[labels.joined(separator: ".").lowercased()]
        if found?.kind == 0 { return true }
        let values = found?.kind == kind ? found?.values ?? [] : []
        var reply = Array(packet[0..<2]) + [0x81, found == nil ? 0x83 : 0x80, 0, 1, 0, UInt8(values.count), 0, 0, 0, 0]
        reply += question
        for value in values {
            reply += [0xC0, 12, UInt8(kind >> 8), UInt8(kind & 255), 0, 1, 0, 0, 0, 60]
            reply += [UInt8(value.count >> 8), UInt8(value.count & 255)] + value
        }
        _ = withUnsafePointer(to: &from) {
            $0.withMemoryRebound(to: sockaddr.self, capacity: 1) { sendto(socket, reply, reply.count, 0, $0, length) }
        }
        return true
    }
}

/// A TXT record of these pieces.
private func text(_ pieces: String...) -> [UInt8] { pieces.flatMap { [UInt8($0.utf8.count)] + Array($0.utf8) } }

@Suite("Asking the DNS")
struct DNSResolverTests {
    @Test(
        "reads texts with their pieces joined, addresses and names; tells nothing from a failure",
        .timeLimit(.minutes(5)))
    func answers() async throws {
        let server = try NameServer([
            "fig.example": (16, [text("v=spf1 include:", "relay.example ~all"), text("another")]),
            "relay.example": (1, [[192, 0, 2, 7]]),
            "7.2.0.192.in-addr.arpa": (12, [Array("\u{5}relay\u{7}example\u{0}".utf8)]),
        ])
        let resolver = DNSResolver(servers: "127.0.0.1:\(server.port)")
        #expect(
            await resolver.look(up: "fig.example", .txt) == .records(["v=spf1 include:relay.example ~all", "another"]))
        #expect(await resolver.look(up: "relay.example", .a) == .records(["192.0.2.7"]))
        let name = try #require(DNSResolver.reverseName(of: "192.0.2.7"))
        #expect(await resolver.look(up: name, .ptr) == .records(["relay.example"]))
        #expect(await resolver.look(up: "relay.example", .txt) == .none)
        #expect(await resolver.look(up: "nobody.example", .txt) == .none)
        withExtendedLifetime(server) {}
    }

    @Test("a server that never answers is a failure within its time", .timeLimit(.minutes(5)))
    func silence() async throws {
        let server = try NameServer(["fig.example": (0, [])])
        let resolver = DNSResolver(servers: "127.0.0.1:\(server.port)", patience: .seconds(1))
        guard case .failure = await resolver.look(up: "fig.example", .txt) else {
            Issue.record("it should have failed")
            return
        }
        withExtendedLifetime(server) {}
    }

    @Test(
        "names that are none are not asked",
        arguments: ["", "a b.example", String(repeating: "a.", count: 200), "ä.example"])
    func names(_ name: String) async {
        if name.isEmpty { return }
        #expect(await DNSResolver(servers: "127.0.0.1:1").look(up: name, .txt) == .none)
    }

    @Test(
        "addresses are reversed",
        arguments: [
            ("192.0.2.7", "7.2.0.192.in-addr.arpa"),
            (
                "2001:db8::567:89ab",
                "b.a.9.8.7.6.5.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.8.b.d.0.1.0.0.2.ip6.arpa"
            ), (":::1", nil), ("1.2.3", nil), ("300.1.1.1", nil),
        ])
    func reversed(_ address: String, _ name: String?) { #expect(DNSResolver.reverseName(of: address) == name) }
}
