import DNS
import Outreach
import Platform

// Whether the address that mail goes out from has a name, which leads back to it (RFC 1912, 2.1). Gmail, Yahoo and
// Microsoft refuse mail from addresses that have none. Of a relay that many shops use the provider sees to that; of one
// of the shop's own, its address is looked at: it mostly is the one that it sends from. A relay on this machine sends
// from an address that nothing here knows.

/// What the DNS has for the address of a relay of the shop's own.
struct RelayName: Sendable {
    typealias Finding = DoctorReport.Finding

    /// One of its addresses.
    struct Address: Hashable, Sendable {
        var address: String
        /// Its PTR records.
        var names: DNSResolver.Answer
        /// Whether one of these names has the address.
        var leadsBack: Bool
    }

    var relay: String
    var addresses: [Address]

    /// Asks the DNS; nil where the address that it sends from is not to be known from here.
    static func ask(_ resolver: DNSResolver, relay: String) async -> RelayName? {
        guard SenderRecords.known(relay) == nil, !AddressPolicy.isLoopback(host: relay) else { return nil }
        var found: [String] = []
        if DNSResolver.reverseName(of: relay) != nil {
            found = [relay]
        } else {
            for kind in [DNSResolver.Kind.a, .aaaa] {
                if case .records(let addresses) = await resolver.look(up: relay, kind) { found += addresses.prefix(3) }
            }
        }
        var addresses: [Address] = []
        for address in found where AddressPolicy.isPublic(host: address) {
            guard let reverse = DNSResolver.reverseName(of: address) else { continue }
            let names = await resolver.look(up: reverse, .ptr)
            var leadsBack = false
            if case .records(let texts) = names {
                for name in texts.prefix(3) {
                    let kind: DNSResolver.Kind = address.contains(":") ? .aaaa : .a
                    if case .records(let own) = await resolver.look(up: name, kind), own.contains(address) {
                        leadsBack = true
                    }
                }
            }
            addresses.append(Address(address: address, names: names, leadsBack: leadsBack))
        }
        return addresses.isEmpty ? nil : RelayName(relay: relay, addresses: addresses)
    }

    /// One sentence for each address that has no name of its own, and one where all is well.
    var findings: [Finding] {
        let what = "relay \(relay)"
        let findings = addresses.compactMap { one -> Finding? in
            switch one.names {
            case .failure(let reason):
                return Finding(.poor, what, "the DNS could not be asked for the name of \(one.address): \(reason)")
            case .none:
                return Finding(
                    .poor, what,
                    "its address \(one.address) has no name (PTR); if mail goes out from there, Gmail and Microsoft refuse it",
                    fix: "have whoever gave you the address set its reverse DNS to \(relay)")
            case .records(let names):
                guard !one.leadsBack else { return nil }
                return Finding(
                    .poor, what,
                    "its address \(one.address) is called \(names[0]) (PTR), and that name does not lead back to it",
                    fix: "let the reverse DNS name a host that has the address \(one.address)")
            }
        }
        return findings.isEmpty ? [Finding(.fine, what, "its address has a name that leads back to it")] : findings
    }
}
