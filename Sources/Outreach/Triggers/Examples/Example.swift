internal import Liquid

/// A case in a trigger file together with what should come of it: read with the file, run by `bookbag test`.
public struct Example: Sendable {
    public var name: String
    /// Its line in the file.
    public var line: Int
    /// What happens; the trigger's first event unless `given` says otherwise.
    public var event: EventKind
    /// When it happens, by the shop's clock; nil for the standard moment.
    var at: LocalTime?
    var given: [Given]
    /// How many parcels `given: shipments` lists; nil if it is absent, in which case the order has the usual one.
    var parcels: Int?
    /// When the trigger has already written to the customer.
    var told: [Told] = []
    var steps: [Step]
    /// What is sent; empty for nothing.
    var expected: [Expected]
    /// What should have stopped it.
    public var because: Reason?

    /// A value that replaces one of the standard order's.
    struct Given: Sendable {
        var path: String
        var value: Value
        /// Which parcel a name under `shipment.` is about, from 0.
        var parcel = 0
    }

    /// Time that passes, what is different then, and what happens next.
    struct Step: Sendable {
        var after: Length
        var given: [Given]
        var happenings: [Happening] = []
    }

    /// An event in a step.
    struct Happening: Sendable {
        var kind: EventKind
        /// The parcel that it happens to, if it is an event of a parcel.
        var parcel = 0
    }

    /// When the trigger wrote earlier.
    enum Told: Sendable {
        case at(LocalTime)
        /// This long before the event.
        case ago(Length)
    }

    /// One message that should be sent.
    struct Expected: Sendable {
        /// Which line of `send` it comes from.
        var line: String
        var subject: String?
        var contains: [String] = []
        /// Members of a webhook's JSON, each with its path and its printed value.
        var members: [Member] = []
        /// Whether the return label should be attached; nil if the example does not say.
        var hasLabel: Bool?
        /// How many segments an SMS takes; nil if the example does not say.
        var segments: Int?
        var sent: LocalTime?
        /// How something is done, as far as the example says.
        var details: [String: String] = [:]
    }

    /// A member of a webhook's JSON.
    struct Member: Sendable {
        /// `data.order.name`.
        var path: String
        /// The printed value; nil for a member that is missing or null.
        var text: String?
    }

    /// A date and time by the shop's clock.
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
