internal import Liquid

/// An example, moment by moment: the state of the order from then on, and what happens at that moment.
struct ExampleTimeline {
    /// A moment of the example at which something happens or changes.
    struct Stage {
        var at: Moment
        var order: StandardOrder
        /// What happens, in order.
        var events: [Event]
    }

    /// The first is the starting point; the others are the example's steps.
    let stages: [Stage]

    static let zone = StandardOrder.zone

    /// The stages of an example, in a shop with these settings and questions of its own.
    init(_ example: Example, settings: ShopSettings, questions: OwnQuestions = OwnQuestions()) {
        func text(_ path: String) -> String? { example.given.last { $0.path == path }?.value.textIfString }
        let start = example.at?.moment(in: Self.zone) ?? StandardOrder.moment
        let shopCurrency = text("shop.currency") ?? StandardOrder.currency
        let parcels = ([0] + example.steps.flatMap(\.happenings).map(\.parcel)).max() ?? 0
        var order = StandardOrder(
            example.event, at: start, parcels: example.parcels, all: max(example.parcels ?? 1, parcels + 1),
            before: example.told.count, currency: text("order.currency") ?? shopCurrency, shopCurrency: shopCurrency)
        order.questions = questions
        order.apply(example.given, at: start)
        var stages = [Stage(at: start, order: order, events: order.events)]
        var at = start
        for step in example.steps {
            at = settings.calendar(zone: Self.zone).moment(step.after, after: at, in: Self.zone)
            let events = step.happenings.map { order.happen($0.kind, parcel: $0.parcel, at: at) }
            order.apply(step.given, at: at)
            stages.append(Stage(at: at, order: order, events: events))
        }
        self.stages = stages
    }

    /// When the trigger wrote before the starting point, in order.
    static func moments(_ told: [Example.Told], before start: Moment) -> [Moment] {
        told.map { told in
            switch told {
            case .at(let time): time.moment(in: zone)
            case .ago(let length): moment(length, before: start)
            }
        }.sorted()
    }

    private static func moment(_ length: Length, before moment: Moment) -> Moment {
        switch length.unit {
        case .minutes: return moment - .minutes(length.count)
        case .hours, .businessHours: return moment - .hours(length.count)
        case .days, .businessDays, .weeks:
            let days = length.unit == .weeks ? 7 * length.count : length.count
            return zone.moment(
                on: zone.day(at: moment).adding(days: -days), secondOfDay: zone.secondOfDay(at: moment))
        }
    }
}
