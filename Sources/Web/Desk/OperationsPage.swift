import Daemon
import Outreach
import Platform
import Store

/// How the machine does: what needs somebody, what waits, who is logged in, what people did.
struct OperationsPage: PageContent {
    static let template = "operations"

    struct Need: Encodable, Sendable {
        var what: String
        var fix: String
        var isUrgent: Bool
    }
    struct Figure: Encodable, Sendable {
        var number: String
        var words: String
    }
    struct Source: Encodable, Sendable {
        var name: String
        var word: String
        var tone: String
        var waiting: String
        var says: String
        var fix: String?
        /// What is tried again by hand; nil where nothing can be.
        var route: String?
    }
    /// Who works on a store at a server.
    struct Sharing: Encodable, Sendable {
        struct Daemon: Encodable, Sendable {
            var name: String
            var shops: String
        }
        /// The server in words.
        var server: String
        var daemons: [Daemon]
    }
    struct Session: Encodable, Sendable {
        var id: Int64
        var person: String
        var begun: Instant
        var seen: Instant
        var isMine: Bool
    }
    struct Audit: Encodable, Sendable {
        var at: Instant
        var who: String
        var what: String
        var about: String
        var detail: String
    }

    var needs: [Need]
    var pauses: [PauseOffer]
    var figures: [Figure]
    var sources: [Source]
    /// Nil where the store is a file.
    var sharing: Sharing?
    var stuck: [FeedRow]
    var sessions: [Session]
    var endPath: String
    var openPath: String
    var doctorPath: String
    var setupPath: String
    /// When doctor last looked; nil where nobody asked yet.
    var doctorAt: Instant?
    var audit: [Audit]
    var nextAudit: String?
}

extension DeskSite {
    func operations(_ request: WebRequest, _ visit: Visit) async throws -> WebResponse {
        let now = core.now()
        let served = Set(core.configuration.shops.map(\.domain))
        let report = try await StatusReport(store, named: served, now: now, isProbing: false)
        let clock = Clock(visit.zone)
        // What is about no shop concerns all; what is about another shop, only who it belongs to.
        let needs = report.needs.filter { $0.shop == nil || $0.shop == visit.shop }
        let shop = report.shops.first { $0.shop == visit.shop }
        let mine = visit.visitor
        let sessions = try await store.sessions(now: now).filter { isColleague($0.person, of: mine) }
        let before = request.query["before"].flatMap(Int64.init) ?? .max
        let lines = try await store.auditLines(before: before, limit: Self.rowsOfPage)
        let audit = lines.filter { line in
            line.entry.shop.isEmpty ? isColleague(line.entry.who, of: mine) : mine.shops.contains(line.entry.shop)
        }
        let stuck = try await store.feed(shop: visit.shop, states: [.ready, .refused], limit: Self.rowsOfPage)
        let page = OperationsPage(
            needs: needs.map { OperationsPage.Need(what: $0.what, fix: $0.fix, isUrgent: $0.isUrgent) },
            pauses: pauseOffers(visit), figures: Self.figures(shop, report),
            sources: Self.sources(shop, report, clock: clock, now: now),
            sharing: try await store.server(now: now).map { Self.sharing($0, shops: Set(mine.shops)) },
            stuck: stuck.map { FeedRow($0, clock: clock, path: visit.path) },
            sessions: sessions.map {
                OperationsPage.Session(
                    id: $0.id, person: people[$0.person]?.name ?? $0.person, begun: Instant($0.begunAt, clock),
                    seen: Instant($0.seenAt, clock), isMine: $0.id == mine.session?.id)
            }, endPath: "\(visit.path)/operations/end-session",
            openPath: "\(visit.path)/operations/open", doctorPath: "\(visit.path)/operations/doctor",
            setupPath: "\(visit.path)/setup",
            doctorAt: checkups.last(of: visit.shop).map { Instant($0.at, clock) },
            audit: audit.map {
                OperationsPage.Audit(
                    at: Instant($0.at, clock), who: people[$0.entry.who]?.name ?? $0.entry.who,
                    what: $0.entry.what.replacing("_", with: " "), about: $0.entry.about,
                    detail: $0.entry.detail ?? "")
            },
            nextAudit: lines.count == Self.rowsOfPage
                ? lines.last.map { "\(visit.path)/operations?before=\($0.id)" } : nil)
        return pages.desk(page, frame(title: "Operations", page: .operations, visit: visit, isLive: true))
    }

    /// Whether somebody has a shop in common with a visitor.
    private func isColleague(_ email: String, of visitor: Visitor) -> Bool {
        guard let person = people[email] else { return false }
        return visitor.shops.contains { person.serves($0) }
    }

    /// Who serves which of the shops that a visitor may see.
    static func sharing(_ server: StoreServer, shops: Set<String>) -> OperationsPage.Sharing {
        OperationsPage.Sharing(
            server: server.serverWords,
            daemons: server.owners.map { owner in
                var words = owner.shops.filter(shops.contains)
                let others = owner.shops.count - words.count
                if others > 0 { words.append("\(others) other shop\(others == 1 ? "" : "s")") }
                return OperationsPage.Sharing.Daemon(
                    name: owner.name, shops: words.isEmpty ? "none, stands by" : words.joined(separator: ", "))
            })
    }

    private static func figures(_ shop: StatusReport.Shop?, _ report: StatusReport) -> [OperationsPage.Figure] {
        let megabytes = Double(report.databaseBytes) / 1_048_576
        let size = megabytes >= 1024 ? "\(Int(megabytes / 102.4))" : ""
        return [
            OperationsPage.Figure(number: "\(shop?.toRead ?? 0)", words: "orders to read"),
            OperationsPage.Figure(number: "\(shop?.pendingEvents ?? 0)", words: "events to judge"),
            OperationsPage.Figure(number: "\(shop?.effects["ready"] ?? 0)", words: "ready to go out"),
            OperationsPage.Figure(number: "\(shop?.messagesInDoubt ?? 0)", words: "in doubt"),
            OperationsPage.Figure(
                number: size.isEmpty
                    ? "\(Int(megabytes.rounded(.up))) MB" : "\(size.dropLast()).\(size.suffix(1)) GB", words: "store"),
        ]
    }

    private static func sources(
        _ shop: StatusReport.Shop?, _ report: StatusReport, clock: Daemon.Clock, now: Moment
    ) -> [OperationsPage.Source] {
        var sources: [OperationsPage.Source] = []
        if let shop {
            let heard = shop.lastGoodCycle.map { "last read \(length(max(0, (now - $0).wholeMilliseconds))) ago" }
            sources.append(
                OperationsPage.Source(
                    name: "Shopify, orders", word: shop.shopFault == nil ? "well" : "refused",
                    tone: shop.shopFault == nil ? "good" : "bad", waiting: "\(shop.toRead)",
                    says: shop.shopFault ?? heard ?? "not read yet"))
        }
        if let shop, shop.mailboxRead != nil || shop.mailboxFault != nil || shop.mailsToJudge > 0 {
            let heard = shop.mailboxRead.map { "last read \(length(max(0, (now - $0).wholeMilliseconds))) ago" }
            let failing = shop.mailboxFailingSince.map { ", since \(clock.dayAndTime($0))" } ?? ""
            let fault = shop.mailboxFault.map { "\($0)\(failing)" }
            sources.append(
                OperationsPage.Source(
                    name: "Mailbox", word: fault == nil ? "well" : "cannot be read",
                    tone: fault == nil ? "good" : "bad",
                    waiting: "\(shop.mailsToJudge)", says: fault ?? heard ?? "mail is handed over, and not fetched",
                    fix: fault == nil
                        ? nil
                        : "It is tried again by itself. 'bookbag doctor', or the checks below, say what to change."))
        }
        for channel in report.closedChannels where channel.shop == shop?.shop {
            sources.append(
                OperationsPage.Source(
                    name: channel.name, word: "closed", tone: "bad", waiting: "",
                    says: channel.detail ?? channel.reason ?? "",
                    route: Route(
                        shop: channel.shop, channel: ChannelName(rawValue: channel.channel), target: channel.endpoint
                    ).name))
        }
        for carrier in report.carriers {
            let isClosed = carrier.closedUntil != nil
            sources.append(
                OperationsPage.Source(
                    name: carrier.carrier, word: isClosed ? "closed" : "well", tone: isClosed ? "bad" : "good",
                    waiting: "\(carrier.parcels)",
                    says: isClosed
                        ? carrier.detail ?? carrier.reason ?? ""
                        : "\(carrier.answers) answers"
                            + (carrier.callsLeftToday.map { ", \($0) calls left today" } ?? "")))
        }
        return sources
    }

    /// Has a closed channel tried at once.
    func openChannel(_ request: WebRequest, _ visit: Visit) async throws -> WebResponse {
        let now = core.now()
        let states = try await store.channelStates()
        guard let name = request.form["route"],
            let route = states.first(where: {
                $0.key.shop == visit.shop && $0.key.name == name && $0.value.closedUntil != nil
            })?.key
        else {
            return notice(
                "That channel is open", ["It was opened meanwhile, or was never closed."], visit: visit, status: 409)
        }
        let entry = AuditEntry(
            who: visit.visitor.person.email, shop: visit.shop, what: "opened", about: name)
        if try await store.openChannel(route, audit: entry, now: now) { log(entry) }
        core.actedByHand.call()
        return .seeOther("\(visit.path)/operations")
    }

    func endSession(_ request: WebRequest, _ visit: Visit) async throws -> WebResponse {
        guard let id = request.form["session"].flatMap(Int64.init),
            let session = try await store.sessions(now: core.now()).first(where: { $0.id == id }),
            isColleague(session.person, of: visit.visitor)
        else { return .seeOther("\(visit.path)/operations") }
        let entry = AuditEntry(
            who: visit.visitor.person.email, what: "ended_session", about: "session \(id)", detail: session.person)
        try await store.endSession(id, audit: entry, now: core.now())
        log(entry)
        return .seeOther(visit.visitor.session?.id == id ? "/login" : "\(visit.path)/operations")
    }
}
