/// Who of the shop's people is away, and until when: nothing is left with them, and nobody expects them to answer.
public struct AwayBoard: Hashable, Sendable, Codable, RememberedValue {
    /// By address, in lower case.
    public var people: [String: Moment] = [:]

    public init() {}

    /// Until when somebody is away; nil for whoever is there.
    public func until(_ person: String, now: Moment) -> Moment? {
        people[person.lowercased()].flatMap { $0 > now ? $0 : nil }
    }
}

extension RememberedKey where Value == AwayBoard {
    /// Who of the shop's people is away.
    public static var away: Self { Self(.away) }
}
