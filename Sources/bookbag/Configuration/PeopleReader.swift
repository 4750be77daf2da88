import Daemon
import Foundation
import Outreach

/// Makes `People` from people.yaml, or reports all its mistakes at once.
///
///     people:
///       - email: tom@juniperfig.example
///         name: Tom Ashdown
///         may: [shop, answer]
///         shops: [juniperfig]
///         languages: [de, en]
///         teams: [returns]
///         alert: every 30 minutes
struct PeopleReader {
    private var reader: ConfigurationReader
    /// The permanent domains of the shops that are served.
    private let shops: [String]

    /// What may stand at a person. Sums, teams and languages are for answers and approvals, `alert`
    /// for whoever answers.
    private static let keys = ["email", "name", "may", "shops", "languages", "teams", "approve_up_to", "alert"]

    /// Reads the file's text; nil for `people` where it has mistakes.
    static func read(_ text: String, file: String, shops: [String]) -> (people: People?, faults: [String]) {
        let (tree, unreadable) = YAMLReader.read(text, file: file)
        guard let tree else { return (nil, unreadable.map(\.description)) }
        var reader = PeopleReader(reader: ConfigurationReader(faults: FaultList(file: file)), shops: shops)
        reader.reader.faults.add(unreadable)
        let people = reader.people(tree)
        let faults = reader.reader.faults
        return (faults.hasErrors ? nil : people, faults.faults.sorted(by: Fault.precedes).map(\.description))
    }

    /// Reads the file, if there is one.
    static func read(file: String, shops: [String]) -> (people: People?, faults: [String]) {
        guard let data = FileManager.default.contents(atPath: file) else {
            if FileManager.default.fileExists(atPath: file) {
                return (nil, ["\(file): it cannot be read; check who owns it"])
            }
            return (People(), [])
        }
        guard data.count <= 1_000_000, let text = String(data: data, encoding: .utf8) else {
            return (nil, ["\(file): it is not text, or longer than a megabyte"])
        }
        return read(text, file: file, shops: shops)
    }

    private mutating func people(_ tree: YAMLTree) -> People {
        guard let keys = reader.fields(tree, of: "the file", ["people"]) else { return People() }
        guard let entry = keys["people"] else {
            reader.faults.add(
                at: tree.position, "nobody is listed", hint: "write 'people:' and under it '- email: NAME@HOST'")
            return People()
        }
        var people: [Person] = []
        for item in entry.value.listed {
            guard let person = person(item) else { continue }
            if people.contains(where: { $0.email == person.email }) {
                reader.faults.add(at: item.position, "'\(person.email)' is listed twice", hint: "remove one of them")
            }
            people.append(person)
        }
        return People(people)
    }

    private mutating func person(_ tree: YAMLTree) -> Person? {
        guard let keys = reader.fields(tree, of: "a person", Self.keys) else { return nil }
        let email = reader.required(keys["email"], "email", of: "a person", at: tree.position)
        if let email, MailAddress(address: email) == nil {
            reader.faults.add(
                at: keys["email"]!.value.position, "'\(email)' is not a mail address", hint: "write name@host.example")
        }
        var roles: Set<Role> = []
        if let entry = keys["may"] {
            for item in entry.value.listed {
                guard let word = item.text, let role = Role(rawValue: word) else {
                    reader.unknown(
                        item.text ?? item.kind, at: item.position, among: Role.allCases.map(\.rawValue), what: "role")
                    continue
                }
                roles.insert(role)
            }
        } else {
            reader.faults.add(
                at: tree.position, "nothing says what they may do",
                hint: "write 'may: [shop]'; the roles are \(Role.allCases.map(\.rawValue).joined(separator: ", "))")
        }
        let served = keys["shops"].map { entry in
            Set(entry.value.listed.compactMap { shop($0) })
        }
        let alert = alert(keys["alert"], roles)
        guard let email else { return nil }
        return Person(
            email: email, name: keys["name"].flatMap { reader.text($0) } ?? email, roles: roles, shops: served,
            languages: keys["languages"]?.value.listed.compactMap(\.text) ?? [],
            teams: keys["teams"]?.value.listed.compactMap(\.text) ?? [], alert: alert,
            approveUpTo: approveUpTo(keys["approve_up_to"], roles))
    }

    /// Up to which sum somebody may approve an offer.
    private mutating func approveUpTo(_ entry: YAMLTree.Entry?, _ roles: Set<Role>) -> Decimal? {
        guard let entry else { return nil }
        guard let text = entry.value.text, text.wholeMatch(of: /[0-9]{1,9}(\.[0-9]{1,3})?/) != nil,
            let sum = Decimal(string: text)
        else {
            reader.faults.add(
                at: entry.value.position, "'\(entry.value.text ?? entry.value.kind)' is no sum",
                hint: "write it like '150.00', in the shop's currency")
            return nil
        }
        if !roles.isEmpty, !roles.contains(.approve) {
            reader.faults.add(
                at: entry.value.position, "who does not approve needs no sum",
                hint: "add 'approve' to 'may', or remove 'approve_up_to'")
        }
        return sum
    }

    /// When somebody hears by mail of customers who wait.
    private mutating func alert(_ entry: YAMLTree.Entry?, _ roles: Set<Role>) -> AlertSchedule? {
        guard let entry else { return nil }
        guard let text = entry.value.text, let schedule = AlertSchedule(text) else {
            reader.faults.add(
                at: entry.value.position, "'\(entry.value.text ?? entry.value.kind)' says no time",
                hint: "write 'at_once', 'every 30 minutes' (5 minutes to 24 hours), or '08:00'")
            return nil
        }
        if !roles.isEmpty, !roles.contains(.answer) {
            reader.faults.add(
                at: entry.value.position, "only who answers is told of customers who wait",
                hint: "add 'answer' to 'may', or remove 'alert'")
        }
        return schedule
    }

    /// A shop by its permanent domain, or by its name alone.
    private mutating func shop(_ tree: YAMLTree) -> String? {
        guard let word = tree.text else {
            reader.faults.add(at: tree.position, "a shop is \(tree.kind), not a name", hint: "write its domain")
            return nil
        }
        if let shop = shops.first(where: { $0 == word || $0 == "\(word).myshopify.com" }) { return shop }
        reader.unknown(word, at: tree.position, among: shops, what: "shop")
        return nil
    }
}
