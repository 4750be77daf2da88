public import Foundation

/// What a shop gives, to whom, how often and how much of it: policy.yaml.
public struct Policy: Sendable {
    /// Its file in the folder.
    public static let file = "policy.yaml"

    /// The currency of all its sums, ISO 4217: the shop's own.
    public var currency: String
    /// In the order of the file.
    public var gifts: [Gift]
    /// What all gifts together may cost. All of them hold.
    public var giftBudget: [Allowance]
    /// What is offered when something went wrong, in the order of the file.
    public var remedies: [Remedy] = []
    /// What all remedies together may cost. All of them hold.
    public var remedyBudget: [Allowance] = []
    /// Which return labels may be bought; nil if none may.
    public var labels: LabelPolicy?
    /// What all labels together may cost. All of them hold.
    public var labelBudget: [Allowance] = []
    /// What becomes of the returns that shoppers ask for; nil if that is not said.
    public var returns: ReturnPolicy?
    /// What needs a person is ordered by these: whatever an earlier one holds for comes first.
    var priority: [ConditionClause] = []

    /// The gift of that name.
    public func gift(_ name: String) -> Gift? { gifts.first { $0.name == name } }

    /// The remedy of that name.
    public func remedy(_ name: String) -> Remedy? { remedies.first { $0.name == name } }

    /// Allowances, with what each may come to in the policy's currency. Nil if one of them cannot be counted in it.
    func counted(_ allowances: [Allowance]) -> [(allowance: Allowance, sum: Int64?, count: Int?)]? {
        var all: [(Allowance, Int64?, Int?)] = []
        for allowance in allowances {
            switch allowance.most {
            case .count(let count): all.append((allowance, nil, count))
            case .sum(let sum):
                if let own = allowance.currency, own != currency { return nil }
                guard let units = CurrencyUnits.units(sum, in: currency) else { return nil }
                all.append((allowance, units, nil))
            }
        }
        return all
    }

    /// That an amount has more decimals than its currency.
    static func finer(_ amount: Decimal, _ currency: String) -> Allowance.Misread {
        let decimals = CurrencyUnits.decimals(of: currency)
        return Allowance.Misread(
            message: "'\(amount)' is no amount in \(currency)",
            hint: decimals == 0 ? "\(currency) has no decimals" : "\(currency) has \(decimals) decimals")
    }
}

/// Something that is given by a code.
public struct Gift: Hashable, Sendable {
    /// What the code takes off.
    public enum Kind: Hashable, Sendable {
        /// A share of the order, in percent.
        case share(Decimal)
        /// An amount, in the policy's currency.
        case amount(Decimal)
        case freeShipping
    }

    /// For whom it is given once.
    public enum Scope: String, Sendable, CaseIterable { case customer, order }

    public var name: String
    public var kind: Kind
    /// What it counts as, in the smallest unit of the policy's currency: what it takes off, or what `counts_as` says.
    public var cost: Int64
    /// How long its code can be used, from the day on which it is given.
    public var validFor: Length
    /// Nil if it is given as often as triggers give it.
    public var scope: Scope?
    /// How long a customer gets no second one; nil for ever.
    public var every: Length?
    /// Its line in the file.
    public var line: Int

    /// What it takes off, in words: `10%`, `5.00 GBP`, `free shipping`.
    public func value(in currency: String) -> String {
        switch kind {
        case .share(let share): "\(share)%"
        case .amount: "\(CurrencyUnits.written(cost, in: currency)) \(currency)"
        case .freeShipping: "free shipping"
        }
    }

    /// The last day on which a code that is given at that moment can be used, where the shop is.
    public func lastDay(from moment: Moment, calendar: BusinessCalendar, zone: Zone) -> CalendarDay {
        zone.day(at: calendar.moment(validFor, after: moment, in: zone))
    }

    /// What a letter tells of it where none is made: in previews, examples and shadow mode. Its code can be used nowhere.
    public func specimen(in currency: String, at moment: Moment, calendar: BusinessCalendar, zone: Zone) -> GiftFacts {
        var facts = GiftFacts(
            code: GiftFacts.specimen.code, expiresOn: lastDay(from: moment, calendar: calendar, zone: zone))
        switch kind {
        case .share(let share): facts.share = "\(share)%"
        case .amount: facts.amount = Money(amount: CurrencyUnits.amount(cost, in: currency), currency: currency)
        case .freeShipping: break
        }
        return facts
    }
}
