import Daemon
import Outreach
import Store

/// What went out, what waits, what was held back and why.
struct TodayPage: PageContent {
    static let template = "today"

    struct Figure: Encodable, Sendable {
        var number: Int64
        var words: String
        /// Its rows.
        var path: String
    }
    struct Choice: Encodable, Sendable {
        var value: String
        var title: String
        var isChosen: Bool
    }
    struct Held: Encodable, Sendable {
        var people: Int
        var usual: String
        var path: String
        /// Whether it would give more than on a usual day.
        var gives: Bool
    }

    var day: String
    var held: Held?
    var fault: String?
    var figures: [Figure]
    var triggers: [Choice]
    var becames: [Choice]
    var path: String
    var rows: [FeedRow]
    /// Whether the list is narrowed, so that an empty one means that nothing matches.
    var isNarrowed: Bool
    var isWaiting: Bool
    /// Whether only what was held back is listed.
    var isHeld: Bool
    var next: String?
    /// What can be paused.
    var pauses: [PauseOffer]
    /// Since when the shop could not be asked, in words.
    var stale: String?
    /// How many conversations need a person, as a sentence; nil for none.
    var waiting: String?
    /// Where they are; nil for whoever may not answer.
    var inbox: String?
    /// Where it says what is left to set up; nil once something went out.
    var setup: String?
}

extension DeskSite {
    /// A page of a list.
    static let rowsOfPage = 30

    func today(_ request: WebRequest, _ visit: Visit) async throws -> WebResponse {
        let now = core.now()
        let facts = visit.facts
        let clock = Clock(visit.zone)
        let day = clock.zone.day(at: now)
        let tallies = try await store.tallies(shop: visit.shop, from: day, to: day)
        let counts = try await store.effectCounts(shop: visit.shop)
        let names = try await store.triggersInForce(shop: visit.shop).keys.sorted()
        let trigger = request.query["trigger"].flatMap { name in names.contains(name) ? name : nil }
        let became = request.query["became"].flatMap(Became.init) ?? .all
        let place = request.query["after"].flatMap(Self.place)
        let lines =
            became == .waiting
            ? try await store.waitingFeed(
                shop: visit.shop, trigger: trigger, after: place, limit: Self.rowsOfPage + 1)
            : try await store.feed(
                shop: visit.shop, states: became.states, trigger: trigger, after: place, limit: Self.rowsOfPage + 1)
        let shown = lines.prefix(Self.rowsOfPage)
        var next: String?
        if lines.count > Self.rowsOfPage, let last = shown.last {
            next = Self.list(visit, trigger, became) + "&after=\(last.at.milliseconds)-\(last.id)"
        }
        func sum(_ became: Became) -> Int64 {
            tallies.filter { became.states.contains($0.state) }.reduce(0) { $0 + $1.count }
        }
        let figures = [
            TodayPage.Figure(number: sum(.sent), words: "went out", path: Self.list(visit, nil, .sent)),
            TodayPage.Figure(
                number: Int64(counts[.waiting, default: 0]), words: "wait", path: Self.list(visit, nil, .waiting)),
            TodayPage.Figure(
                number: sum(.held), words: "held back, each with a reason", path: Self.list(visit, nil, .held)),
            TodayPage.Figure(
                number: sum(.refused), words: "refused by mailboxes", path: Self.list(visit, nil, .refused)),
        ]
        let held = facts[.heldReload].map {
            TodayPage.Held(
                people: $0.people, usual: "\(Int($0.peoplePerDay.rounded()))", path: "\(visit.path)/triggers",
                gives: $0.gives != nil)
        }
        let page = TodayPage(
            day: clock.day(day), held: held, fault: facts[.lastFault], figures: figures,
            triggers: [TodayPage.Choice(value: "", title: "all", isChosen: trigger == nil)]
                + names.map { TodayPage.Choice(value: $0, title: $0, isChosen: $0 == trigger) },
            becames: Became.allCases.map {
                TodayPage.Choice(value: $0.rawValue, title: $0.title, isChosen: $0 == became)
            }, path: "\(visit.path)/today",
            rows: shown.map { FeedRow($0, clock: clock, path: visit.path) },
            isNarrowed: trigger != nil || became != .all || place != nil, isWaiting: became == .waiting,
            isHeld: became == .held, next: next,
            pauses: pauseOffers(visit),
            stale: Self.stale(facts, clock: clock, now: now),
            waiting: Self.counted(visit.unclaimed).map {
                $0 == "1" ? "A customer waits for a person." : "\($0) customers wait for a person."
            }, inbox: visit.visitor.may(DeskPage.inbox.roles) ? "\(visit.path)/inbox" : nil,
            setup: counts[.sent, default: 0] == 0 ? "\(visit.path)/setup" : nil)
        return pages.desk(page, frame(title: "Today", page: .today, visit: visit, isLive: true))
    }

    /// The path of a narrowed list.
    private static func list(_ visit: Visit, _ trigger: String?, _ became: Became) -> String {
        var path = "\(visit.path)/today?became=\(became.rawValue)"
        // The names of triggers are those of files, which need no escape.
        if let trigger { path += "&trigger=\(trigger)" }
        return path
    }

    private static func place(_ text: String) -> FeedPlace? {
        let parts = text.split(separator: "-")
        guard parts.count == 2, let at = Int64(parts[0]), let id = Int64(parts[1]) else { return nil }
        return FeedPlace(decidedAt: Moment(milliseconds: at), id: id)
    }

    /// Why what is shown may be old.
    static func stale(_ facts: RememberedFacts, clock: Daemon.Clock, now: Moment) -> String? {
        if let fault = facts[.shopFault] { return "The shop cannot be asked: \(fault)" }
        guard let good = facts[.lastGoodCycle], now - good > .minutes(15) else { return nil }
        return "The shop was last read on \(clock.dayAndTime(good)). What happened since is not here yet."
    }
}
