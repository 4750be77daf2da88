internal import Liquid

/// What `triggers/shop.yaml` says about the shop, once for all triggers.
public struct ShopSettings: Sendable {
    /// Live, shadow or off, for all triggers; the stricter of this and a trigger's own wins.
    public var mode: TriggerMode
    /// Who is told of refused edits, and who `to: merchant` is.
    public var notify: MailAddress?
    /// How often `notify` gets the figures by mail; nil: never.
    public var report: ReportRhythm?
    public var brand: Brand
    /// The language for shoppers without one of their own, BCP 47.
    public var locale: String
    /// 1 for Monday to 7 for Sunday.
    public var businessDays: Set<Int>
    public var holidays: Set<CalendarDay>
    /// Their line in shop.yaml, for a warning.
    var holidaysLine = 1
    /// When no shopper is written to; nil for no quiet hours.
    public var quietHours: QuietHours?
    /// How many mails one customer gets in a given time; nil for no limit.
    public var limit: Limit?
    /// How many shoppers may be written to within an hour before somebody is asked; nil for no limit.
    public var brake: Brake?
    /// The code that releases a held reload.
    public var confirm: String?
    /// Which of Shopify's own notifications are on, by the names in `ShopifyNotification`; nil if the shop does not
    /// say.
    public var shopifySends: [String]?
    /// How long a return label can be used, in days; Shopify does not say.
    public var labelsExpireAfterDays: Int?
    /// Kinds of customers, each with its conditions, in the order of the file. The first that matches picks the
    /// template.
    public var segments: [Segment]
    /// What the shop itself promises, and how long a parcel may be silent; `delayRules` combines this with the business
    /// days.
    public var delays = DelayRules()
    /// Whether answers go out by themselves.
    public var answers = AnswerModes()
    /// When people answer; empty if shop.yaml does not say.
    public var businessHours: [BusinessHours] = []
    /// How long a person takes to answer; nil if nothing is promised.
    public var answerWithin: Length?
    /// When nobody answers.
    public var away: [Away] = []
    /// Who signs letters; nil for the shop's name.
    public var signOff: LocalText?
    /// How letters speak to shoppers.
    public var tones: Tones { brand.tones }
    /// When a conversation in which nobody waits is over.
    public var letGoAfter = Length(2, .businessDays)
    /// Values that an example sets over the order's own, by name; empty for real orders.
    var given: [String: Value] = [:]

    /// A named kind of customer.
    public struct Segment: Sendable {
        public var name: String
        var clauses: [ConditionClause]
    }

    /// Settings for a shop with this brand and defaults for the rest.
    public init(brand: Brand, notify: MailAddress? = nil, mode: TriggerMode = .live) {
        self.brand = brand
        self.notify = notify
        self.mode = mode
        locale = "en"
        businessDays = [1, 2, 3, 4, 5]
        holidays = []
        segments = []
    }

    /// The days the shop works, in its time zone.
    public func calendar(zone: Zone) -> BusinessCalendar {
        var calendar = BusinessCalendar(weekdays: businessDays, holidays: holidays, zone: zone)
        (calendar.hours, calendar.away) = (businessHours, away)
        return calendar
    }
}

/// Words of the shop's own: one text for all, or one for each language.
public struct LocalText: Hashable, Sendable {
    /// The text for all.
    public var text: String?
    /// By language.
    public var byLanguage: [String: String] = [:]

    /// What somebody is told who reads the first of these languages that there are words in; nil where there are none.
    func words(for languages: [String]) -> String? {
        if let text { return text }
        for language in languages.flatMap(Locales.chain) + ["en"] {
            if let text = byLanguage[language] { return text }
        }
        return byLanguage.min { $0.key < $1.key }?.value
    }
}

/// How often the figures are mailed.
public enum ReportRhythm: String, Sendable, CaseIterable {
    /// On Monday at 08:00 in the shop.
    case weekly
}

/// Whether what is decided is sent.
public enum TriggerMode: String, Sendable, Codable, CaseIterable {
    /// It is sent.
    case live
    /// It is decided, rendered and stored, and nothing is sent.
    case shadow
    /// Events are ignored.
    case off

    /// The more restrictive of the two.
    public func stricter(_ other: TriggerMode) -> TriggerMode {
        let order: [TriggerMode] = [.live, .shadow, .off]
        return order[max(order.firstIndex(of: self)!, order.firstIndex(of: other)!)]
    }
}

/// What Shopify says about the shop itself, for names such as `shop.email`.
public struct ShopProfile: Hashable, Sendable, Codable {
    /// The permanent domain: `juniperfig.myshopify.com`.
    public var domain: String
    public var name: String?
    public var email: String?
    /// The shop's own website.
    public var url: String?
    /// ISO 4217.
    public var currency: String?
    /// ISO 3166-1 alpha-2: where the shop is.
    public var countryCode: String?
    /// Its IANA time zone.
    public var timeZone: String?
    /// How Shopify prints a price in mails: `£{{amount}}`.
    public var moneyFormat: String?
    /// The same with the currency's code: `£{{amount}} GBP`.
    public var moneyWithCurrencyFormat: String?

    /// A shop of which only the domain is known.
    public init(
        domain: String, name: String? = nil, email: String? = nil, url: String? = nil, currency: String? = nil,
        countryCode: String? = nil, timeZone: String? = nil
    ) {
        self.domain = domain
        self.name = name
        self.email = email
        self.url = url
        self.currency = currency
        self.countryCode = countryCode
        self.timeZone = timeZone
    }

    /// Its time zone; UTC if the shop does not say.
    public var zone: Zone { .first(of: timeZone) }
}
