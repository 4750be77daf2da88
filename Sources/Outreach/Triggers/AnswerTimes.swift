// When a person answers: the hours in which people are there, the days on which nobody is, and how long they take.
// Nothing is promised that shop.yaml does not say.

/// The hours of some days of the week, by the shop's clock.
public struct BusinessHours: Hashable, Sendable {
    /// 1 for Monday to 7 for Sunday.
    public var weekdays: Set<Int>
    /// Minutes of the day; `end` is after `start`.
    public var start: Int
    public var end: Int
}

/// Days on which nobody answers.
public struct Away: Hashable, Sendable {
    public var from: CalendarDay
    public var until: CalendarDay
    /// What she is told then.
    public var say: LocalText?
}

extension ShopSettings {
    /// When a person answers what was written then; nil where shop.yaml promises nothing.
    public func answerBy(from moment: Moment, shopZone: Zone) -> Moment? {
        guard let answerWithin else { return nil }
        let calendar = calendar(zone: shopZone)
        switch answerWithin.unit {
        case .minutes, .hours, .businessHours:
            let seconds = Int64(answerWithin.count) * (answerWithin.unit == .minutes ? 60 : 3_600)
            return calendar.opened(seconds, after: moment)
        case .days, .weeks, .businessDays:
            let end = calendar.moment(answerWithin, after: moment, in: shopZone)
            guard let back = awayAt(end, shopZone: shopZone)?.until else { return end }
            return calendar.moment(
                answerWithin, after: shopZone.moment(on: back.adding(days: 1), secondOfDay: 0), in: shopZone)
        }
    }

    /// What she is told while nobody is there; nil while somebody is, or where shop.yaml says nothing.
    public func awayNote(at moment: Moment, shopZone: Zone, language: String? = nil) -> String? {
        awayAt(moment, shopZone: shopZone)?.say?.words(for: [language, locale].compactMap(\.self))
    }

    private func awayAt(_ moment: Moment, shopZone: Zone) -> Away? { away(on: shopZone.day(at: moment)) }

    private func away(on day: CalendarDay) -> Away? { away.first { $0.from <= day && day <= $0.until } }
}
