// POST /api/faults sets the faults:
//
//     {"shop": {"next": ["throttled", "dropped"], "always": "locked", "chances": {"slow": 0.1}, "slowness_ms": 500},
//      "relay": {"always": null, "rules": [{"pattern": "bounce@*", "reply": "550 5.1.1 no such user", "times": 1}]},
//      "hooks": {"clear": true}, "index_lag_ms": 2000, "brokers": {"chances": {"dropped": 0.2}},
//      "carriers": {"ups": {"next": ["tooManyRequests"], "quota": {"calls": 5, "seconds": 60}, "token_lifetime_s": 10,
//                           "end_tokens": true}, "all": {"quota": "published"}}}
//
// A carrier's quota is enforced if set: to numbers, to the published one, or to null for none.

struct FaultSwitch {
    let site: SandboxSite

    func apply(_ body: JSON) throws(SandboxRefusal) {
        if let shop = body["shop"] { try set(site.admin.faults, shop) }
        if let hooks = body["hooks"] { try set(site.hooks.faults, hooks) }
        if let texts = body["texts"] { try set(site.twilio.faults, texts) }
        if let zendesk = body["zendesk"] { try set(site.zendesk.faults, zendesk) }
        if let gorgias = body["gorgias"] { try set(site.gorgias.faults, gorgias) }
        if let brokers = body["brokers"] { try set(site.brokers.faults, brokers) }
        if let relay = body["relay"] {
            try set(site.relayFaults, relay)
            if let rules = relay["rules"]?.array {
                site.relayRules.set(
                    rules.compactMap { rule in
                        guard let pattern = rule["pattern"]?.string, let reply = rule["reply"]?.string else {
                            return nil
                        }
                        return RelayRule(pattern, reply: reply, times: rule["times"]?.int.map { Int($0) })
                    })
            }
        }
        if case .object(let carriers)? = body["carriers"] {
            for carrier in carriers { try set(carrier: carrier.name, carrier.value) }
        }
        if let lag = body["index_lag_ms"]?.int { site.shop.manners.indexLag = .milliseconds(lag) }
    }

    private func set(carrier: String, _ body: JSON) throws(SandboxRefusal) {
        let names = carrier == "all" ? SandboxCarriers.names : [carrier]
        for name in names {
            guard let faults = site.carriers.faults(of: name) else {
                throw SandboxRefusal(
                    "there is no carrier '\(name)'; there are \(SandboxCarriers.names.joined(separator: ", ")), and all"
                )
            }
            try set(faults, body)
            switch body["quota"] {
            case nil: break
            case .null: site.carriers.setQuota(nil, of: name)
            case .string("published"):
                site.carriers.setQuota(SandboxCarriers.publishedQuota(of: name), of: name)
            case .some(let quota):
                guard let calls = quota["calls"]?.int, let seconds = quota["seconds"]?.int, calls >= 0, seconds > 0
                else { throw SandboxRefusal("a quota is {\"calls\": 5, \"seconds\": 60}, \"published\" or null") }
                site.carriers.setQuota((Int(calls), Double(seconds)), of: name)
            }
            if let lifetime = body["token_lifetime_s"]?.int {
                site.carriers.setTokenLifetime(Double(lifetime), of: name)
            }
            if body["end_tokens"]?.bool == true { site.carriers.endTokens(of: name) }
        }
    }

    private func set<Fault>(_ faults: SandboxFaults<Fault>, _ body: JSON) throws(SandboxRefusal) {
        func fault(_ name: String) throws(SandboxRefusal) -> Fault {
            guard let fault = Fault(rawValue: name) else {
                let known = Fault.allCases.map(\.rawValue).joined(separator: ", ")
                throw SandboxRefusal("there is no fault '\(name)'; there are \(known)")
            }
            return fault
        }
        if body["clear"]?.bool == true { faults.clear() }
        if let names = body["next"]?.array {
            var next: [Fault] = []
            for name in names { next.append(try fault(name.string ?? "")) }
            faults.next(next)
        }
        if let always = body["always"] { faults.always(always.isNull ? nil : try fault(always.string ?? "")) }
        if case .object(let chances)? = body["chances"] {
            for chance in chances {
                let probability: Double
                switch chance.value {
                case .double(let value): probability = value
                case .int(let value): probability = Double(value)
                default: throw SandboxRefusal("a chance is a number from 0 to 1")
                }
                faults.chance(try fault(chance.name), probability)
            }
        }
        if let slowness = body["slowness_ms"]?.int { faults.slowness = .milliseconds(slowness) }
    }
}
