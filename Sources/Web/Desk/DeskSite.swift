import Daemon
import Foundation
import Logging
import Outreach
import Platform
import Store

// The desk: what shopkeepers, those who answer and operators see.
//
//     /login…                    how one gets in
//     /SHOP/today                what went out, what waits, what was held back and why
//     /SHOP/inbox                what customers wrote, and /NUMBER, a conversation; /NUMBER/file/…, a file of it,
//                                and /NUMBER/small/…, a thumbnail; /past, mail from before, to be judged
//     /SHOP/approvals            what shoppers would be offered, to approve or refuse
//     /SHOP/orders/NUMBER        all of an order
//     /SHOP/messages/NUMBER      a message as it was sent, and /mail, which its frame shows
//     /SHOP/triggers             the files in force, their faults, a held edit
//     /SHOP/edit                 the files to edit, try and save, and their versions
//     /SHOP/settings             shop.yaml, key by key
//     /SHOP/pause                by POST: holds news for a while, or ends that
//     /SHOP/analytics            the figures, and the rows behind each
//     /SHOP/customers/KEY        a customer over all orders
//     /SHOP/operations           queues, channels, sources, sessions, audit
//     /SHOP/setup                what a fresh installation still lacks
//     /SHOP/find                 by POST: what is looked for is personal, and stands in no address
//     /SHOP/changes              "look again"
//
// SHOP is the permanent domain without `.myshopify.com`. GET changes nothing; whatever acts is a POST from a page of
// the desk, answered with 303, so that going back repeats nothing.

/// The desk as a function from requests to answers.
struct DeskSite: WebSite {
    let core: DaemonCore
    let site: Configuration.Site
    let people: PeopleBook
    let pages: Pages
    let lookAgain: LookAgain
    let gate: Gate
    let keptFigures = KeptFigures()
    let edits: EditDesk
    let checkups: Checkups
    let thumbnails: Thumbnails

    init(
        core: DaemonCore, site: Configuration.Site, people: PeopleBook, pages: Pages, lookAgain: LookAgain,
        edits: EditDesk? = nil, checkups: Checkups = Checkups(), thumbnails: Thumbnails = Thumbnails()
    ) {
        self.core = core
        self.site = site
        self.people = people
        self.pages = pages
        self.lookAgain = lookAgain
        self.edits = edits ?? EditDesk(wake: lookAgain.wake)
        self.checkups = checkups
        self.thumbnails = thumbnails
        gate = Gate(site: site, framesOwn: true)
    }

    var store: Store { core.store }

    /// Cookies whose name begins with `__Host-` cannot be set by a neighbouring host or in the clear (RFC 6265bis).
    var cookiePrefix: String { site.isSecure ? "__Host-" : "" }

    func respond(to request: WebRequest) async -> WebResponse {
        var response: WebResponse
        if let refusal = gate.refusal(of: request) {
            response = refusal
        } else {
            do {
                response = try await route(request)
            } catch {
                let failure = (error as? StoreFailure)?.cause.rawValue ?? "unknown"
                core.logger.log(Line.pageFailed, ["reason": "\(failure)"])
                response = .text(
                    "The store cannot be read just now. Try again; 'bookbag status' says more.", status: 503)
            }
        }
        return gate.dressed(response)
    }

    private func route(_ request: WebRequest) async throws -> WebResponse {
        guard let parts = request.parts else { return notFound() }
        if parts.first == "static", parts.count == 2, request.method != "POST" {
            return pages.files.file(parts[1]) ?? notFound()
        }
        if request.method == "POST", !gate.isOwn(request) {
            return .text("This was not sent by a page of the desk.", status: 403)
        }
        if parts.first == "login" { return try await login(request, parts) }
        guard let visitor = try await visitor(of: request) else {
            if request.method == "POST" { return .text("You are not logged in.", status: 401) }
            return toLogin(wanting: parts)
        }
        if parts == ["logout"], request.method == "POST" { return try await logout(visitor) }
        guard let first = parts.first else { return home(visitor) }
        guard let shop = visitor.shops.first(where: { ShopDomain.short($0) == first }), parts.count > 1 else {
            return notFound(visitor)
        }
        var visit = Visit(visitor: visitor, shop: shop, facts: try await store.rememberedFacts(shop: shop))
        // Whoever answers sees on every page that somebody waits.
        if request.method != "POST", visitor.may(DeskPage.inbox.roles) || parts[1] == DeskPage.today.rawValue {
            visit.unclaimed = try await store.unclaimedConversations(shop: shop)
        }
        guard let page = DeskPage(parts[1]) else { return notFound(visitor) }
        guard visitor.may(page.roles) else {
            return notice(
                "This page is not yours", ["Your entry in people.yaml has another role."], visit: visit, status: 403)
        }
        return try await show(page, Array(parts.dropFirst(2)), request, visit)
    }

    private func show(
        _ page: DeskPage, _ rest: [String], _ request: WebRequest, _ visit: Visit
    ) async throws -> WebResponse {
        let isPost = request.method == "POST"
        // An open browser asks for the answer of a POST again at the same address.
        if !isPost, page == .approvals, !rest.isEmpty { return .seeOther("\(visit.path)/approvals") }
        if !isPost, page == .inbox, rest.count == 2, Self.isAct(rest[1], onConversation: rest[0]) {
            return .seeOther("\(visit.path)/inbox/\(rest[0])")
        }
        switch (page, rest.count, isPost) {
        case (.today, 0, false): return try await today(request, visit)
        case (.inbox, 0, false): return try await inbox(request, visit)
        case (.inbox, 1, false) where rest[0] == "past": return try await pastMail(request, visit)
        case (.inbox, 1, true) where rest[0] == "past": return try await judgePast(request, visit)
        case (.inbox, 1, false): return try await conversation(rest[0], request, visit)
        case (.inbox, 1, true) where rest[0] == "write": return try await write(request, visit)
        case (.inbox, 1, true) where rest[0] == "away": return try await away(request, visit)
        case (.inbox, 3, false) where rest[1] == "file": return try await file(rest[2], of: rest[0], visit)
        case (.inbox, 3, false) where rest[1] == "small": return try await thumbnail(rest[2], of: rest[0], visit)
        case (.inbox, 2, true): return try await act(onConversation: rest[0], rest[1], request, visit)
        case (.approvals, 0, false): return try await approvals(visit)
        case (.approvals, 2, true): return try await judgeOffer(rest[0], rest[1], request, visit)
        case (.orders, 1, false): return try await order(rest[0], visit)
        case (.find, 0, true): return try await find(request, visit)
        case (.find, 0, false): return try await findForm(visit)
        case (.messages, 1, false): return try await message(rest[0], request, visit)
        case (.messages, 2, false) where rest[1] == "mail": return try await mail(rest[0], request, visit)
        case (.messages, 2, true): return try await act(on: rest[0], rest[1], visit)
        case (.triggers, 0, false): return try await triggers(visit)
        case (.triggers, 1, true) where rest[0] == "confirm": return try await confirm(request, visit)
        case (.analytics, 0, false): return try await analytics(request, visit)
        case (.analytics, 1, false) where rest[0] == "csv": return try await figuresSheet(request, visit)
        case (.analytics, 1, false) where rest[0] == "rows": return try await figureRows(request, visit)
        case (.customers, 1, false): return try await customer(rest[0], request, visit)
        case (.customers, 2, true): return try await act(onCustomer: rest[0], rest[1], request, visit)
        case (.triggers, 1, false) where rest[0] == "held": return try await heldEdit(request, visit)
        case (.edit, _, _): return try await edit(rest, request, visit)
        case (.settings, 0, false): return try await settings(request, visit)
        case (.settings, 0, true): return try await changeSettings(request, visit)
        case (.pause, 1, true): return try await pause(rest[0], request, visit)
        case (.operations, 0, false): return try await operations(request, visit)
        case (.operations, 1, true) where rest[0] == "open": return try await openChannel(request, visit)
        case (.operations, 1, true) where rest[0] == "doctor": return await runDoctor(visit)
        case (.operations, 1, false) where rest[0] == "doctor": return doctor(visit)
        case (.operations, 1, true) where rest[0] == "end-session": return try await endSession(request, visit)
        case (.setup, 0, false): return try await setup(visit)
        case (.changes, 0, false):
            return WebResponse(200, headers: ["content-type": "text/event-stream"], body: .lookAgain(lookAgain))
        default: return notFound(visit.visitor)
        }
    }

    // MARK: - Who

    /// Somebody who is logged in.
    struct Visitor: Sendable {
        var person: Person
        /// Nil where the proxy says who it is.
        var session: DeskSession?
        /// The served shops that are theirs.
        var shops: [String]

        func may(_ roles: Set<Role>) -> Bool { !person.roles.isDisjoint(with: roles) }
    }

    /// A visitor at a shop of theirs.
    struct Visit: Sendable {
        var visitor: Visitor
        var shop: String
        /// What is remembered of the shop, read once for the whole page.
        var facts: RememberedFacts
        /// How many conversations need a person, as far as it was counted.
        var unclaimed = 0
        var zone: Zone { (facts[.profile] ?? ShopProfile(domain: shop)).zone }
        var path: String { "/\(ShopDomain.short(shop))" }
    }

    /// Who asks; nil where nobody is logged in, or they are not listed any more.
    func visitor(of request: WebRequest) async throws -> Visitor? {
        if let header = site.userHeader, request.peer == .socket {
            guard let name = request.headers[header.lowercased()], let person = people[name] else { return nil }
            return visitor(person, session: nil)
        }
        guard let token = request.cookie(cookiePrefix + "desk"), Tokens.isToken(token),
            let session = try await store.session(tokenDigest: Tokens.digest(token), now: core.now()),
            let person = people[session.person]
        else { return nil }
        return visitor(person, session: session)
    }

    private func visitor(_ person: Person, session: DeskSession?) -> Visitor {
        let shops = core.configuration.shops.map(\.domain).filter { person.serves($0) }
        return Visitor(person: person, session: session, shops: shops)
    }

    /// The first page that is theirs.
    func home(_ visitor: Visitor) -> WebResponse {
        guard let shop = visitor.shops.first, let page = DeskPage.tabs.first(where: { visitor.may($0.roles) }) else {
            return pages.desk(
                NoticePage(
                    title: "Nothing here is yours",
                    lines: ["Your entry in people.yaml names no shop that is served, or no role."]),
                frame(title: "Nothing here is yours", visitor: visitor), status: 403)
        }
        return .seeOther("/\(ShopDomain.short(shop))/\(page.rawValue)")
    }

    // MARK: - Frames

    func frame(title: String, visitor: Visitor? = nil) -> DeskFrame {
        DeskFrame(
            title: title, style: pages.files.style, script: pages.files.script, brand: "Bookbag",
            person: visitor?.person.name)
    }

    /// The frame of a page of a shop.
    func frame(
        title: String, page: DeskPage?, visit: Visit, isLive: Bool = false
    ) -> DeskFrame {
        let facts = visit.facts
        var frame = frame(title: title, visitor: visit.visitor)
        frame.brand = core.post.brand(visit.shop)?.name ?? ShopDomain.short(visit.shop)
        frame.home = "\(visit.path)/today"
        frame.stream = isLive ? "\(visit.path)/changes" : nil
        frame.find = "\(visit.path)/find"
        frame.tabs = DeskPage.tabs.filter { visit.visitor.may($0.roles) }.map {
            DeskFrame.Tab(
                name: $0.title, path: "\(visit.path)/\($0.rawValue)", isCurrent: $0 == page,
                count: $0 == .inbox ? Self.counted(visit.unclaimed) : nil)
        }
        if visit.visitor.shops.count > 1 {
            frame.shops = visit.visitor.shops.map {
                DeskFrame.Shop(
                    name: core.post.brand($0)?.name ?? ShopDomain.short($0), path: "/\(ShopDomain.short($0))/today",
                    isCurrent: $0 == visit.shop)
            }
        }
        frame.pauses = pausesShown(visit)
        if let fault = facts[.clockFault] {
            frame.banners.append(
                DeskFrame.Banner(words: "The clock is not trusted, so nothing is decided or sent: \(fault)"))
        }
        if let brake = facts[.brake] {
            frame.banners.append(
                DeskFrame.Banner(
                    words:
                        "The brake holds all mail: \(brake.people) shoppers had been written to within an hour. 'bookbag triggers confirm' releases it."
                ))
        }
        return frame
    }

    func notFound(_ visitor: Visitor? = nil) -> WebResponse {
        pages.desk(
            NoticePage(
                title: "There is no such page",
                lines: ["It may never have been, or belong to a shop that is not yours."],
                back: "/", backWords: "To the first page"),
            frame(title: "There is no such page", visitor: visitor), status: 404)
    }

    func notice(_ title: String, _ lines: [String], visit: Visit, status: Int) -> WebResponse {
        pages.desk(
            NoticePage(title: title, lines: lines, back: "/", backWords: "To the first page"),
            frame(title: title, page: nil, visit: visit), status: status)
    }

    /// Records what somebody did, also in the journal.
    func log(_ entry: AuditEntry) {
        let facts = ["who": entry.who, "shop": entry.shop, "what": entry.what, "about": entry.about]
        core.logger.log(Line.desk, Logger.Metadata(facts.filter { !$0.value.isEmpty }.map { ($0, "\($1)") }) { $1 })
    }
}

/// A page that says one thing.
struct NoticePage: PageContent {
    static let template = "notice"
    var title: String
    var lines: [String]
    var back: String?
    var backWords: String?
}

/// The pages of a shop, and who may see them.
enum DeskPage: String, CaseIterable, Sendable {
    case today, inbox, orders, messages, triggers, edit, settings, pause, operations, find, changes
    case analytics, customers, setup, approvals

    init?(_ part: String) { self.init(rawValue: part) }

    /// One of these roles is needed.
    var roles: Set<Role> {
        switch self {
        case .today, .analytics: [.shop]
        case .orders, .messages, .find, .changes, .customers: Set(Role.allCases)
        case .inbox: [.answer]
        case .approvals: [.approve]
        case .triggers, .edit, .settings: [.shop, .edit]
        case .pause: [.shop, .operate]
        case .operations: [.operate]
        case .setup: [.shop, .edit, .operate]
        }
    }

    /// Those with a tab, in this order; a visitor begins at the first that is theirs.
    static let tabs: [DeskPage] = [
        .today, .inbox, .approvals, .find, .triggers, .edit, .settings, .analytics, .operations,
    ]

    var title: String {
        switch self {
        case .today: "Today"
        case .inbox: "Inbox"
        case .approvals: "Approvals"
        case .orders, .find: "Orders"
        case .messages: "Messages"
        case .triggers: "Triggers"
        case .edit: "Edit"
        case .settings: "Settings"
        case .pause: "Pause"
        case .analytics: "Analytics"
        case .customers: "Customers"
        case .operations: "Operations"
        case .setup: "Setup"
        case .changes: "Changes"
        }
    }
}
