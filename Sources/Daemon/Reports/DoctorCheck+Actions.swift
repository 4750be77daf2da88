import Foundation
import Outreach
import Shopify

// What is done in the shop: whether the app may do it, whether anybody may approve what has to be approved, and which
// mails of Shopify's own may go out beside ours.

extension DoctorCheck {
    /// Something that the files have done in the shop, and the line that says so.
    struct Use: Hashable, Sendable {
        var verb: ShopVerb
        /// `'reship' of triggers/late-vip.yaml`.
        var by: String
    }

    /// What a set's triggers have done in the shop, by a line of their own or by a remedy that they decide.
    static func uses(of set: TriggerSet) -> [Use] {
        var uses: [Use] = []
        for trigger in set.triggers where trigger.mode != .off {
            for line in trigger.lines {
                guard let action = line.action else { continue }
                if let verb = ShopVerb(rawValue: action.verb) {
                    uses.append(Use(verb: verb, by: "'\(action.written)' of \(trigger.file)"))
                }
                guard let remedy = line.remedy.flatMap({ set.policy?.remedy($0) }) else { continue }
                for case (let number, .offer(let things, let also)) in remedy.lines.map({ ($0.line, $0.outcome) }) {
                    let gifts = also.map { [Offered.gift($0)] } ?? []
                    for thing in things + gifts {
                        uses.append(
                            Use(
                                verb: thing.verb ?? .give,
                                by: "'\(thing.name)' of the remedy '\(remedy.name)' (policy.yaml, line \(number))"))
                    }
                }
            }
        }
        return uses
    }

    /// The scopes that these need, each with the first line that needs it.
    static func scopes(for uses: [Use]) -> [(scope: String, by: String)] {
        var needed: [(scope: String, by: String)] = []
        for use in uses {
            for scope in use.verb.scopes where !needed.contains(where: { $0.scope == scope }) {
                needed.append((scope, use.by))
            }
        }
        return needed
    }

    /// What shoppers may ask for on the pages that letters link to.
    static func pageUses(of set: TriggerSet) -> [Use] {
        let returns = set.policy?.returns == nil ? [] : [Use(verb: .requestReturn, by: "'returns' of policy.yaml")]
        return PageRequest.allCases.compactMap { request in
            set.link(to: request).map { Use(verb: request.verb, by: "'\(request.linkName)' of \($0)") }
        } + returns
    }

    /// Whether the app may do what the triggers do, and what shoppers may ask for on pages of theirs, with the line that
    /// needs it; a scope is asked for nowhere else.
    static func actions(
        _ inspection: ShopInspection, of shop: Configuration.Shop, servesPages: Bool
    ) -> [Finding] {
        guard let set = set(of: shop) else { return [] }
        let needed = scopes(for: uses(of: set) + (servesPages ? pageUses(of: set) : []))
        guard !needed.isEmpty else { return [] }
        var findings: [Finding] = []
        for (scope, by) in needed where inspection.lacks(scope) {
            findings.append(
                Finding(
                    .broken, "scopes of \(shop.domain)", "the app lacks \(scope): \(by) needs it",
                    fix: "grant it to the app in Shopify's Dev Dashboard and install the app again"))
        }
        if let policy = set.policy, policy.currency != inspection.currency, !inspection.currency.isEmpty {
            findings.append(
                Finding(
                    .broken, "gifts of \(shop.domain)",
                    "policy.yaml counts in \(policy.currency), and the shop's currency is \(inspection.currency), so nothing is given",
                    fix: "write 'amounts_in: \(inspection.currency)', and the sums in that currency"))
        }
        return findings
    }

    /// The trigger files of a shop; nil if they have errors, which another check reports.
    static func set(of shop: Configuration.Shop) -> TriggerSet? {
        guard let folder = try? TriggerFolder(readingFrom: shop.triggers, name: "") else { return nil }
        return TriggerSet.load(folder, webhooks: Set(shop.webhooks.keys)).set
    }

    /// Whether somebody may approve what has to be approved, up to what it may cost.
    static let approvals = DoctorCheck(
        .machine { configuration, _ in
            configuration.shops.flatMap { shop -> [Finding] in
                guard let set = set(of: shop), let policy = set.policy else { return [] }
                let used = Set(set.triggers.filter { $0.mode != .off }.flatMap(\.lines).compactMap(\.remedy))
                return used.sorted().compactMap { policy.remedy($0) }.filter(\.needsApproval).compactMap {
                    unapproved($0, in: policy.currency, shop, configuration)
                }
            }
        })

    private static func unapproved(
        _ remedy: Remedy, in currency: String, _ shop: Configuration.Shop, _ configuration: Configuration
    ) -> Finding? {
        let most = "\(CurrencyUnits.written(remedy.atMost, in: currency)) \(currency)"
        let sum = CurrencyUnits.written(remedy.atMost, in: currency)
        func poor(_ words: String, fix: String) -> Finding {
            Finding(.poor, "approvals of \(shop.domain)", "'\(remedy.name)' of policy.yaml \(words)", fix: fix)
        }
        guard configuration.desk != nil else {
            return poor(
                "has to be approved, and there is no desk to do it at: every offer goes to the Inbox, late",
                fix: "add 'desk:' to bookbag.yaml, or write 'approval: not_needed'")
        }
        let able = configuration.people.all.filter { $0.roles.contains(.approve) && $0.serves(shop.domain) }
        let sums = able.compactMap(\.approveUpTo).compactMap { CurrencyUnits.units($0, in: currency) }
        guard let highest = sums.max() else {
            return poor(
                "has to be approved, and nobody in people.yaml may do it: every offer goes to the Inbox, late",
                fix:
                    "give somebody 'may: [approve]' and 'approve_up_to: \(sum)' in people.yaml, or write 'approval: not_needed'"
            )
        }
        guard highest < remedy.atMost else { return nil }
        return poor(
            "may cost \(most), and nobody in people.yaml may approve more than \(CurrencyUnits.written(highest, in: currency)) \(currency): what is dearer goes to the Inbox, late",
            fix: "write 'approve_up_to: \(sum)' for somebody in people.yaml, or a lower 'at_most'")
    }

    /// Which mails of Shopify's own may go out beside ours. Shopify shows nobody how its notifications are set, so this
    /// says in words what to look at.
    static let shopifyMails = DoctorCheck(
        .shop { shop, _ in
            guard let set = set(of: shop) else { return [] }
            let uses = uses(of: set)
            let what = "Shopify's mails of \(shop.domain)"
            var findings: [Finding] = []
            if let reship = uses.first(where: { $0.verb == .reship }) {
                findings.append(
                    Finding(
                        .fine, what,
                        "a second parcel is an order of its own, which Shopify may confirm by mail beside yours (\(reship.by)); see Settings > Notifications > Order confirmation, for it cannot be seen from here"
                    ))
            }
            if let back = uses.first(where: { $0.verb == .refund || $0.verb == .cancelOrder }) {
                findings.append(
                    Finding(
                        .fine, what,
                        "Shopify is asked for no mail about what Bookbag refunds or cancels (\(back.by)); whoever does it by hand in Shopify's admin chooses there whether one goes out beside yours"
                    ))
            }
            return findings
        })
}
