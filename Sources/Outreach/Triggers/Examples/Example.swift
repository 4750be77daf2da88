internal import Liquid

/// What a trigger file says should come of a case: read with the file, run by `bookbag test`.
public struct Example: Sendable {
    public var name: String
    /// Where it stands in its file.
    public var line: Int
    /// What happens; the trigger's first event unless `given` says otherwise.
    public var event: EventKind
    /// When it happens, by the shop's clock; nil for the standard moment.
    var at: LocalTime?
    var given: [Given]
    /// How many parcels `given: shipments` tells of; nil where it tells of none, so that the order has the usual one.
    var parcels: Int?
    /// When the trigger spoke to the customer before.
    var told: [Told] = []
    var steps: [Step]
    /// What is sent; nothing where it is empty.
    var expected: [Expected]
    /// What stopped it.
    public var because: Reason?

    /// A value laid over the standard order.
    struct Given: Sendable {
        var path: String
        var value: Value
        /// Which parcel a name of `shipment.` is about, from 0.
        var parcel = 0
    }

    /// Time that passes, what is different then, and what happens again.
    struct Step: Sendable {
        var after: Length
        var given: [Given]
        var happenings: [Happening] = []
    }

    /// An event that a step tells of.
    struct Happening: Sendable {
        var kind: EventKind
        /// The parcel that it happens to, where it is one of a parcel.
        var parcel = 0
    }

    /// When the trigger spoke before.
    enum Told: Sendable {
        case at(LocalTime)
        /// So long before the event.
        case ago(Length)
    }

    /// One message that is to be sent.
    struct Expected: Sendable {
        /// Which line of `send` it is.
        var line: String
        var subject: String?
        var contains: [String] = []
        /// Members of a webhook's JSON, each by the way to it and as it is printed.
        var members: [Member] = []
        /// Whether the return label comes with it; nil where the example does not say.
        var hasLabel: Bool?
        var sent: LocalTime?
    }

    /// A member of a webhook's JSON.
    struct Member: Sendable {
        /// `data.order.name`.
        var path: String
        /// As it is printed; nil for one that is missing or null.
        var text: String?
    }

    /// A day and a time of day by the shop's clock.
    struct LocalTime: Sendable, Hashable {
        var day: CalendarDay
        var time: TimeOfDay

        /// Reads `2026-12-04 18:00`.
        init?(_ text: String) {
            let parts = text.split(whereSeparator: { $0 == " " || $0 == "T" })
            guard parts.count == 2, let day = CalendarDay(iso8601: parts[0]), let time = TimeOfDay(String(parts[1]))
            else { return nil }
            self.day = day
            self.time = time
        }

        func moment(in zone: Zone) -> Moment { zone.moment(on: day, secondOfDay: time.minutes * 60) }
    }
}
