/// What a shop itself considers late, in addition to what its sources say: the delivery days it promises, and how long
/// a parcel may be silent.
public struct DelayRules: Hashable, Sendable {
    /// The delivery time that the shop promises for a kind of parcel: two business days for Express within the country,
    /// say.
    public struct Promise: Hashable, Sendable {
        /// A part of the shipping method's name, ignoring case; nil for every method.
        public var service: String?
        /// The destination countries, as two letters; empty for every country.
        public var countries: Set<String>
        /// How long after dispatch: days, business days or weeks.
        public var within: Length

        public init(service: String? = nil, countries: Set<String> = [], within: Length) {
            self.service = service
            self.countries = countries
            self.within = within
        }

        /// True if it applies to parcels of that method and country.
        func fits(method: String?, country: String?) -> Bool {
            if !countries.isEmpty, country.map({ !countries.contains($0.uppercased()) }) ?? true { return false }
            guard let service else { return true }
            return method.map { $0.lowercased().contains(service.lowercased()) } ?? false
        }
    }

    /// The first that fits applies.
    public var promises: [Promise]
    /// A parcel in transit is late after this long without a scan; nil for never.
    public var noScan: Length?
    /// A label without a scan is late after this long; nil for never.
    public var notHandedOver: Length?
    /// A parcel without a scan is presumed lost after this long, within the country and to another one; nil for never.
    public var lostAfter: Length?
    public var lostAfterAbroad: Length?
    /// The shop's country, as two letters; nil if it is not known, as every parcel may go abroad then.
    public var home: String?
    /// 1 for Monday to 7 for Sunday.
    public var businessDays: Set<Int>
    public var holidays: Set<CalendarDay>

    /// Defaults: nothing promised; five business days without a scan, three with a label only.
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

    /// The day that the shop promised for a parcel sent at `sent`; nil if it promised none. Days are counted at the
    /// destination.
    func promise(method: String?, country: String?, sent: Moment, zone: Zone) -> CalendarDay? {
        guard let rule = promises.first(where: { $0.fits(method: method, country: country) }) else { return nil }
        return zone.day(at: calendar(zone).moment(rule.within, after: sent, in: zone))
    }

    /// After how much silence a parcel to that country is presumed lost; nil for never.
    func loss(to country: String?) -> Length? {
        guard let home, let country, home.uppercased() == country.uppercased() else { return lostAfterAbroad }
        return lostAfter
    }

    /// Carriers are assumed to work on the shop's business days.
    func calendar(_ zone: Zone) -> BusinessCalendar {
        BusinessCalendar(weekdays: businessDays, holidays: holidays, zone: zone)
    }
}

extension ShopSettings {
    /// The shop's delay rules, with its business days.
    public var delayRules: DelayRules {
        var rules = delays
        rules.businessDays = businessDays
        rules.holidays = holidays
        return rules
    }
}
