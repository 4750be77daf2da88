internal import CAres
internal import Glibc
internal import Platform

// What `doctor` asks the DNS: records that say whether mailboxes will believe the shop's mail. c-ares asks, retries and
// reads the packets; this file gives it a thread and a deadline. A question takes a channel of its own: there are a
// dozen of them, once, while somebody waits at a terminal.

/// Asks the DNS, through the servers of this machine's resolv.conf.
package struct DNSResolver: Sendable {
    /// What is asked for (RFC 1035, RFC 3596).
    package enum Kind: Int32, Sendable {
        case a = 1
        case ptr = 12
        case txt = 16
        case aaaa = 28
    }

    /// What came back.
    package enum Answer: Hashable, Sendable {
        /// The values, at least one: the text of a TXT record with its pieces joined, an address, a host name.
        case records([String])
        /// The name does not exist, or has no record of the kind.
        case none
        /// Nobody could be asked; a sentence for the operator.
        case failure(String)
    }

    /// Which servers, as `HOST:PORT` by comma; nil for those of resolv.conf.
    private let servers: String?
    /// How long a question may take in all.
    private let patience: Duration

    /// The resolver of this machine, or one for tests.
    package init(servers: String? = nil, patience: Duration = .seconds(6)) {
        self.servers = servers
        self.patience = patience
    }

    /// The records of a name.
    package func look(up name: String, _ kind: Kind) async -> Answer {
        guard name.utf8.count <= 253, name.utf8.allSatisfy({ $0 > 0x20 && $0 < 0x7F }) else { return .none }
        let (servers, patience) = (servers, patience)
        return await withCheckedContinuation { continuation in
            startThread { continuation.resume(returning: Self.ask(name, kind, servers: servers, within: patience)) }
        }
    }

    /// The name under which an address is looked up backwards (RFC 1035, 3.5; RFC 3596, 2.5); nil where it is none.
    package static func reverseName(of address: String) -> String? {
        if address.contains(":") {
            var six = in6_addr()
            guard inet_pton(AF_INET6, address, &six) == 1 else { return nil }
            let digits = withUnsafeBytes(of: &six) { $0.flatMap { [$0 >> 4, $0 & 15] } }
            return digits.reversed().map { String($0, radix: 16) }.joined(separator: ".") + ".ip6.arpa"
        }
        let parts = address.split(separator: ".", omittingEmptySubsequences: false)
        guard parts.count == 4, parts.allSatisfy({ UInt8($0) != nil }) else { return nil }
        return parts.reversed().joined(separator: ".") + ".in-addr.arpa"
    }

    private static func ask(_ name: String, _ kind: Kind, servers: String?, within patience: Duration) -> Answer {
        guard isLibraryReady else { return .failure("the DNS library could not be started") }
        var channel: ares_channel?
        var options = ares_options()
        options.timeout = 2_000
        options.tries = 2
        var status = ares_init_options(&channel, &options, (1 << 13) | (1 << 2))
        guard status == 0, let channel else { return .failure(words(status)) }
        defer { ares_destroy(channel) }
        if let servers {
            status = ares_set_servers_ports_csv(channel, servers)
            guard status == 0 else { return .failure(words(status)) }
        }
        let box = Box(kind)
        // The box outlives the channel: c-ares calls back at the latest while the channel is destroyed, above it.
        return withExtendedLifetime(box) {
            ares_query(
                channel, name, 1, kind.rawValue,
                { context, status, _, bytes, count in
                    guard let context else { return }
                    let box = Unmanaged<Box>.fromOpaque(context).takeUnretainedValue()
                    guard box.answer == nil else { return }
                    box.answer = DNSResolver.answer(status, bytes, count, box.kind)
                }, Unmanaged.passUnretained(box).toOpaque())
            let clock = ContinuousClock()
            let deadline = clock.now + patience
            while box.answer == nil {
                guard clock.now < deadline else {
                    ares_cancel(channel)
                    return .failure("no answer within \(patience.components.seconds) seconds")
                }
                turn(channel)
            }
            return box.answer ?? .none
        }
    }

    /// Waits for the sockets of a channel, half a second at most, and lets c-ares work on what they have.
    private static func turn(_ channel: ares_channel) {
        var sockets = [ares_socket_t](repeating: -1, count: 16)
        let bits = ares_getsock(channel, &sockets, 16)
        var polls: [pollfd] = []
        for index in 0..<16 {
            var events: Int16 = 0
            if bits & (1 << index) != 0 { events |= Int16(POLLIN) }
            if bits & (1 << (index + 16)) != 0 { events |= Int16(POLLOUT) }
            if events != 0 { polls.append(pollfd(fd: sockets[index], events: events, revents: 0)) }
        }
        let ready = poll(&polls, nfds_t(polls.count), polls.isEmpty ? 50 : 500)
        if ready <= 0 { ares_process_fd(channel, -1, -1) }
        for one in polls where one.revents != 0 {
            let canRead = one.revents & Int16(POLLIN | POLLERR | POLLHUP) != 0
            let canWrite = one.revents & Int16(POLLOUT) != 0
            ares_process_fd(channel, canRead ? one.fd : -1, canWrite ? one.fd : -1)
        }
    }

    private static func answer(
        _ status: Int32, _ bytes: UnsafeMutablePointer<UInt8>?, _ count: Int32, _ kind: Kind
    ) -> Answer {
        // ARES_ENODATA and ARES_ENOTFOUND: the DNS answered, and there is nothing.
        if status == 1 || status == 4 { return .none }
        guard status == 0, let bytes else { return .failure(words(status)) }
        let values: [String]
        switch kind {
        case .txt: values = texts(bytes, count)
        case .ptr: values = names(bytes, count)
        case .a, .aaaa: values = addresses(bytes, count, kind)
        }
        return values.isEmpty ? .none : .records(Array(values.prefix(50)))
    }

    private static func texts(_ bytes: UnsafeMutablePointer<UInt8>, _ count: Int32) -> [String] {
        var first: UnsafeMutablePointer<ares_txt_ext>?
        guard ares_parse_txt_reply_ext(bytes, count, &first) == 0 else { return [] }
        defer { ares_free_data(first) }
        var values: [[UInt8]] = []
        var next = first
        while let piece = next {
            if piece.pointee.record_start != 0 || values.isEmpty { values.append([]) }
            if let text = piece.pointee.txt {
                values[values.count - 1] += UnsafeBufferPointer(start: text, count: piece.pointee.length)
            }
            next = piece.pointee.next
        }
        return values.map { String(decoding: $0, as: UTF8.self) }
    }

    private static func names(_ bytes: UnsafeMutablePointer<UInt8>, _ count: Int32) -> [String] {
        var host: UnsafeMutablePointer<hostent>?
        var address = in_addr()
        guard ares_parse_ptr_reply(bytes, count, &address, 4, AF_INET, &host) == 0, let host else { return [] }
        defer { ares_free_hostent(host) }
        return host.pointee.h_name.map { [String(cString: $0).lowercased()] } ?? []
    }

    private static func addresses(_ bytes: UnsafeMutablePointer<UInt8>, _ count: Int32, _ kind: Kind) -> [String] {
        var host: UnsafeMutablePointer<hostent>?
        let status =
            kind == .a
            ? ares_parse_a_reply(bytes, count, &host, nil, nil) : ares_parse_aaaa_reply(bytes, count, &host, nil, nil)
        guard status == 0, let host else { return [] }
        defer { ares_free_hostent(host) }
        var values: [String] = []
        var next = host.pointee.h_addr_list
        while let entry = next?.pointee {
            var text = [CChar](repeating: 0, count: Int(INET6_ADDRSTRLEN))
            if inet_ntop(host.pointee.h_addrtype, entry, &text, socklen_t(text.count)) != nil {
                values.append(String(decoding: text.prefix { $0 != 0 }.map { UInt8(bitPattern: $0) }, as: UTF8.self))
            }
            next = next?.advanced(by: 1)
        }
        return values
    }

    private static func words(_ status: Int32) -> String {
        ares_strerror(status).map { String(cString: $0) } ?? "the DNS could not be asked"
    }

    private static let isLibraryReady = ares_library_init(1) == 0

    /// Where the answer is put. It is read and written by the one thread that asks: c-ares calls back from within
    /// `ares_process_fd`, `ares_cancel` or `ares_query`.
    private final class Box {
        let kind: Kind
        var answer: Answer?
        init(_ kind: Kind) { self.kind = kind }
    }
}
