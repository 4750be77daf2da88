import DNS
import Outreach
import Platform

// Whether mailboxes will believe that the shop's mail is the shop's: SPF (RFC 7208), DKIM (RFC 6376) and DMARC (RFC
// 7489) of the domain in From. Gmail, Yahoo and Microsoft refuse or hide mail that fails them. The records are read as
// a person would read them, to say in one sentence what to change; no receiver's verdict is computed.

/// What DNS has for the From domain of a shop.
struct SenderRecords: Sendable {
    typealias Finding = DoctorReport.Finding

    var domain: String
    /// The host that mail is handed to.
    var relay: String
    var spf: DNSResolver.Answer
    /// The record of `_dmarc.` and the domain, or otherwise of the domain above it.
    var dmarc: DNSResolver.Answer
    /// The known or likely selectors that have a key.
    var dkim: [String]
    /// True if the selectors that were tried are all that the relay uses.
    var knowsSelectors: Bool

    /// A relay that many shops use: what its users have to add to their DNS, and its limits.
    struct KnownRelay: Sendable {
        var name: String
        /// The suffixes of the relay's host names.
        var hosts: [String]
        /// The `include:` for SPF; nil if the relay's own return path passes SPF.
        var include: String?
        /// The selectors that it signs with; empty if each account has its own.
        var selectors: [String]
        /// What it limits, as a sentence without its full stop.
        var limit: String?
        /// True where a mailbox's password does not log in: access tokens do.
        var takesNoPassword = false
    }

    static let knownRelays = [
        KnownRelay(
            name: "Gmail", hosts: ["gmail.com", "google.com", "googlemail.com"], include: "_spf.google.com",
            selectors: ["google"], limit: "Google lets an account send about 2,000 mails a day (a free one 500)"),
        KnownRelay(
            name: "Microsoft 365", hosts: ["office365.com", "outlook.com"], include: "spf.protection.outlook.com",
            selectors: ["selector1", "selector2"],
            limit: "Microsoft lets a mailbox write to 10,000 recipients a day and 30 a minute", takesNoPassword: true),
        KnownRelay(name: "Amazon SES", hosts: ["amazonaws.com"], include: nil, selectors: [], limit: nil),
        KnownRelay(
            name: "SendGrid", hosts: ["sendgrid.net"], include: nil, selectors: ["s1", "s2"], limit: nil),
        KnownRelay(
            name: "Mailgun", hosts: ["mailgun.org"], include: "mailgun.org", selectors: [], limit: nil),
        KnownRelay(name: "Postmark", hosts: ["postmarkapp.com", "mtasv.net"], include: nil, selectors: [], limit: nil),
    ]

    /// The relay with that host, if it is one that many shops use.
    static func known(_ host: String) -> KnownRelay? {
        let host = host.lowercased()
        return knownRelays.first { $0.hosts.contains { host == $0 || host.hasSuffix("." + $0) } }
    }

    /// Queries DNS.
    ///
    /// - Parameter selectors: those that the operator named; if there are none, those that the relay is known to use
    ///   are tried.
    static func ask(
        _ resolver: DNSResolver, domain: String, relay: String, selectors: [String] = []
    ) async -> SenderRecords {
        let known = known(relay)
        let tried = selectors.isEmpty ? known?.selectors ?? [] : selectors
        async let spf = resolver.look(up: domain, .txt)
        var found: [String] = []
        for selector in tried.prefix(10) {
            if case .records(let texts) = await resolver.look(up: "\(selector)._domainkey.\(domain)", .txt),
                texts.contains(where: isKey)
            {
                found.append(selector)
            }
        }
        return SenderRecords(
            domain: domain, relay: relay, spf: await spf, dmarc: await policy(of: domain, resolver), dkim: found,
            knowsSelectors: !tried.isEmpty)
    }

    /// The DMARC record of a domain, or of one above it (RFC 7489, 6.6.3; without the list of public suffixes, every
    /// domain above it with a dot is tried).
    private static func policy(of domain: String, _ resolver: DNSResolver) async -> DNSResolver.Answer {
        var name = domain[...]
        var answer = DNSResolver.Answer.none
        for _ in 0..<5 {
            answer = await resolver.look(up: "_dmarc.\(name)", .txt)
            if case .records(let texts) = answer, texts.contains(where: isPolicy) { return answer }
            if case .failure = answer { return answer }
            guard let dot = name.firstIndex(of: ".") else { break }
            name = name[name.index(after: dot)...]
            if !name.contains(".") { break }
        }
        return .none
    }

    private static func isPolicy(_ text: String) -> Bool { text.lowercased().hasPrefix("v=dmarc1") }

    /// A key for signing: an empty `p=` revokes the key (RFC 6376, 3.6.1).
    private static func isKey(_ text: String) -> Bool {
        text.split(separator: ";").contains { part in
            let value = part.filter { !$0.isWhitespace }
            return value.hasPrefix("p=") && value.count > 2
        }
    }

    // MARK: - What it means

    /// One sentence for each thing that is wrong, or one if all is well.
    var findings: [Finding] {
        let what = "sender \(domain)"
        var findings = [spfFinding(what), dkimFinding(what), dmarcFinding(what)].compactMap(\.self)
        if let limit = Self.known(relay)?.limit {
            findings.append(
                Finding(
                    .fine, what,
                    "\(limit); beyond that it refuses all mail for a while ('per_day' of 'smtp' stays below)")
            )
        }
        if Self.freeDomains.contains(domain.lowercased()), Self.known(relay)?.hosts.contains(domain) != true {
            findings.append(
                Finding(
                    .broken, what, "mail from a \(domain) address through \(relay) fails DMARC and is not delivered",
                    fix: "use an address of a domain of the shop's own in 'brand: from' of shop.yaml"))
        }
        return findings
    }

    private static let freeDomains: Set<String> = [
        "gmail.com", "googlemail.com", "yahoo.com", "outlook.com", "hotmail.com", "live.com", "icloud.com", "aol.com",
        "gmx.de", "gmx.net", "web.de", "orange.fr", "mail.ru", "yandex.ru",
    ]

    private func spfFinding(_ what: String) -> Finding? {
        switch spf {
        case .failure(let reason): return Finding(.poor, what, "DNS could not be queried for SPF: \(reason)")
        case .none: return noSPF(what)
        case .records(let texts):
            let records = texts.map { $0.lowercased() }.filter { $0 == "v=spf1" || $0.hasPrefix("v=spf1 ") }
            guard let record = records.first else { return noSPF(what) }
            if records.count > 1 {
                return Finding(
                    .broken, what, "there are \(records.count) SPF records, which counts as none (RFC 7208, 3.2)",
                    fix: "merge them into one TXT record that begins with v=spf1")
            }
            let terms = record.split(separator: " ").dropFirst().map(String.init)
            if terms.contains("+all") || terms.contains("all") {
                return Finding(
                    .broken, what, "its SPF record ends with +all: anybody may send as the shop",
                    fix: "end it with ~all or -all")
            }
            let lookups = terms.count { term in
                ["include:", "a", "mx", "exists:", "redirect="].contains { prefix in
                    prefix.count <= 2
                        ? term == prefix || term.hasPrefix(prefix + ":") || term.hasPrefix(prefix + "/")
                        : term.hasPrefix(prefix)
                }
            }
            if lookups > 10 {
                return Finding(
                    .broken, what, "its SPF record asks for \(lookups) further lookups, and only 10 are allowed",
                    fix: "remove the 'include:' of services that no longer send mail for the shop")
            }
            if let relay = Self.known(relay), let include = relay.include,
                !terms.contains(where: { $0.hasSuffix("include:\(include)") || $0.hasSuffix("redirect=\(include)") })
            {
                return Finding(
                    .poor, what, "its SPF record does not name \(relay.name), through which the mail goes",
                    fix: "add 'include:\(include)' to the TXT record that begins with v=spf1")
            }
            return Finding(.fine, what, "SPF is set up")
        }
    }

    private func noSPF(_ what: String) -> Finding {
        let include = Self.known(relay)?.include.map { "include:\($0) " } ?? "(what your relay says) "
        return Finding(
            .poor, what, "there is no SPF record, so mailboxes trust its mail less",
            fix: "add the TXT record \"v=spf1 \(include)~all\" to \(domain)")
    }

    private func dkimFinding(_ what: String) -> Finding? {
        if !dkim.isEmpty { return Finding(.fine, what, "DKIM is set up (\(dkim.joined(separator: ", ")))") }
        let name = Self.known(relay)?.name ?? relay
        guard knowsSelectors else {
            return Finding(
                .fine, what,
                "DKIM was not looked at: nobody says by which selectors \(name) signs ('dkim_selectors' of 'smtp')")
        }
        return Finding(
            .poor, what, "no DKIM key was found, so what \(name) sends is probably not signed as the shop's",
            fix: "switch on DKIM for \(domain) at \(name) and add the records that it shows")
    }

    private func dmarcFinding(_ what: String) -> Finding? {
        switch dmarc {
        case .failure(let reason): return Finding(.poor, what, "DNS could not be queried for DMARC: \(reason)")
        case .none:
            return Finding(
                .poor, what, "there is no DMARC record, which Gmail, Yahoo and Microsoft require of bulk senders",
                fix: "add the TXT record \"v=DMARC1; p=none\" to _dmarc.\(domain)")
        case .records(let texts):
            let records = texts.filter(Self.isPolicy)
            let tags = records.first.map { record in
                record.lowercased().split(separator: ";").map { $0.filter { !$0.isWhitespace } }
            }
            guard records.count == 1, let tags, tags.contains(where: { $0.hasPrefix("p=") && $0.count > 2 }) else {
                return Finding(
                    .broken, what, "its DMARC record cannot be read: it needs exactly one, with v=DMARC1 and p=",
                    fix: "make it \"v=DMARC1; p=none\"")
            }
            return Finding(.fine, what, "DMARC is set up")
        }
    }
}
