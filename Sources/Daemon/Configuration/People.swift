package import Foundation
package import Outreach
package import Platform
import Synchronization

/// What a person may do at the desk. `shop` allows reading what was sent and why; each other role adds something.
package enum Role: String, CaseIterable, Sendable {
    case shop, edit, answer, approve, operate
}

/// A person who may use the desk.
package struct Person: Hashable, Sendable {
    /// In lower case.
    package var email: String
    package var name: String
    package var roles: Set<Role>
    /// The permanent domains of their shops; nil for all.
    package var shops: Set<String>?
    /// BCP 47.
    package var languages: [String]
    package var teams: [String]
    /// When they hear by mail of customers who wait; nil for never.
    package var alert: AlertSchedule?
    /// Up to which sum they may approve an offer, in the shop's currency; nil for none.
    package var approveUpTo: Decimal?

    package init(
        email: String, name: String, roles: Set<Role>, shops: Set<String>? = nil, languages: [String] = [],
        teams: [String] = [], alert: AlertSchedule? = nil, approveUpTo: Decimal? = nil
    ) {
        self.email = email.lowercased()
        self.name = name
        self.roles = roles
        self.shops = shops
        self.languages = languages
        self.teams = teams
        self.alert = alert
        self.approveUpTo = approveUpTo
    }

    /// Whether they may approve that sum, in the smallest unit of the shop's currency.
    package func mayApprove(_ sum: Int64, in currency: String) -> Bool {
        guard roles.contains(.approve), let approveUpTo else { return false }
        return CurrencyUnits.units(approveUpTo, in: currency).map { sum <= $0 } ?? false
    }

    /// Whether the shop is theirs.
    package func serves(_ shop: String) -> Bool { shops?.contains(shop) ?? true }
}

/// Everybody who may use the desk: the content of people.yaml. It is separate from the shop's own files, so that people
/// who edit those cannot give themselves access.
package struct People: Hashable, Sendable {
    package var all: [Person]

    package init(_ all: [Person] = []) { self.all = all }

    /// The person with that address, ignoring case.
    package subscript(email: String) -> Person? {
        let email = email.lowercased()
        return all.first { $0.email == email }
    }
}

/// Who may use the desk now, for the daemon's loops: the desk puts there what it read on SIGHUP.
package final class ListedPeople: Sendable {
    private let people: Mutex<People>
    /// Called when it has changed.
    package let changes = Broadcast()

    package init(_ people: People) { self.people = Mutex(people) }

    package var now: People { people.withLock(\.self) }

    package func replace(_ found: People) {
        people.withLock { $0 = found }
        changes.call()
    }

    /// Those who may approve what a shop's customers are offered.
    func approving(_ shop: String) -> [Person] {
        now.all.filter { $0.roles.contains(.approve) && $0.serves(shop) }
    }

    /// Those who answer a shop's customers.
    func answering(_ shop: String) -> [Person] {
        now.all.filter { $0.roles.contains(.answer) && $0.serves(shop) }
    }
}
