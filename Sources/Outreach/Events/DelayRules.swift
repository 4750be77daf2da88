/// What a shop itself holds for late, beside what its sources say: the days it promises, and how long a parcel may be
/// silent.
public struct DelayRules: Hashable, Sendable {
    /// The day by which a kind of parcel is to arrive where the shop promised one: two business days for Express within
    /// the country, say.
    public struct Promise: Hashable, Sendable {
        /// What the shipping method's name has in it, whatever the case; nil for every method.
        public var service: String?
        /// The countries it goes to, as two letters; none for every country.
        public var countries: Set<String>
        /// How long after it was sent: days, business days or weeks.
        public var within: Length

        /// Within so long of being sent.
        public init(service: String? = nil, countries: Set<String> = [], within: Length) {
            self.service = service
            self.countries = countries
            self.within = within
        }

        /// Whether it is about parcels of that method and country.
        func fits(method: String?, country: String?) -> Bool {
            if !countries.isEmpty, country.map({ !countries.contains($0.uppercased()) }) ?? true { return false }
            guard let service else { return true }
            return method.map { $0.lowercased().contains(service.lowercased()) } ?? false
        }
    }

    /// The first that fits counts.
    public var promises: [Promise]
    /// After so long without a scan a parcel that was moving is late; nil for never.
    public var noScan: Length?
    /// After so long a label that nothing was scanned of is late; nil for never.
    public var notHandedOver: Length?
    /// 1 for Monday to 7 for Sunday.
    public var businessDays: Set<Int>
    public var holidays: Set<CalendarDay>

    /// The usual: nothing promised; five business days without a scan, three with a label alone.
    public init(
        promises: [Promise] = [], noScan: Length? = Length(5, .businessDays),
        notHandedOver: Length? = Length(3, .businessDays), businessDays: Set<Int> = [1, 2, 3, 4, 5],
        holidays: Set<CalendarDay> = []
    ) {
        self.promises = promises
        self.noScan = noScan
        self.notHandedOver = notHandedOver
        self.businessDays = businessDays
        self.holidays = holidays
    }

    /// The day that the shop promised for a parcel sent at `sent`; nil where it promised none. Days are counted where
    /// it goes.
    func promise(method: String?, country: String?, sent: Moment, zone: Zone) -> CalendarDay? {
        guard let rule = promises.first(where: { $0.fits(method: method, country: country) }) else { return nil }
        return zone.day(at: calendar(zone).moment(rule.within, after: sent, in: zone))
    }

    /// The days that carriers work are taken for the shop's own.
    func calendar(_ zone: Zone) -> BusinessCalendar {
        BusinessCalendar(weekdays: businessDays, holidays: holidays, zone: zone)
    }
}

extension ShopSettings {
    /// What the shop holds for late.
    public var delayRules: DelayRules {
        var rules = delays
        rules.businessDays = businessDays
        rules.holidays = holidays
        return rules
    }
}
