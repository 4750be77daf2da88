import Daemon
import Delivery
import Foundation
import Outreach
import Store

/// What a fresh installation still lacks before mail goes out, and what else it could have.
struct SetupPage: PageContent {
    static let template = "setup"

    /// One thing that is set up, or is not.
    struct Step: Encodable, Equatable, Sendable {
        enum State: String, Encodable, Sendable {
            case done, todo, optional
        }

        var title: String
        var state: State
        /// How it is now, as a sentence.
        var words: String
        /// What to do; empty where there is nothing to do.
        var fix = ""
        /// The page where that is done, or shown; nil where it is done on the machine.
        var path: String?
        var link: String?
        /// What is to be pasted elsewhere.
        var snippet: String?
    }

    var steps: [Step]
    /// How many have to be done still.
    var left: Int
    var doctorPath: String?
}

/// What the steps are made of. It is all known already: nothing outside is asked.
struct SetupFacts: Sendable {
    var configuration: Configuration
    var shop: Configuration.Shop
    var facts: RememberedFacts
    /// What shop.yaml says that is in force, of `settingKeys`; nil before any files were.
    var settings: [String: ShopFileEditor.Value]?
    static let settingKeys = ["mode", "notify", "brand.from", "shopify_sends"]
    /// The state of the relay's route; nil where nothing was ever noted of it.
    var relay: ChannelState?
    /// Whether the relay ever took a mail of this shop's, of whatever kind.
    var relayTook: Bool
    /// What people listed for this shop may do.
    var roles: Set<Role>
    /// How many of those who answer get alerts.
    var hearing = 0
    var effects: [Effect.State: Int]
    /// Letters from before, and how many of them somebody may still judge.
    var past = 0
    var pastOpen = 0
    var mayAnswer = false
    /// The path of the shop's pages.
    var path: String
    var clock: Daemon.Clock
    var mayEdit: Bool
}

extension SetupPage.Step {
    /// All of them, in the order in which one does them.
    static func all(_ known: SetupFacts) -> [SetupPage.Step] {
        [
            shop(known), files(known), brand(known), relay(known), notify(known), people(known), hearing(known),
            shopify(known),
            first(known), live(known), mailbox(known), past(known), carriers(known), pages(known), chat(known),
        ]
    }

    private static func setting(_ key: String, _ known: SetupFacts) -> String? {
        guard case .text(let text) = known.settings?[key] else { return nil }
        return text
    }

    private static func settingsLink(_ step: inout SetupPage.Step, _ known: SetupFacts) {
        guard known.mayEdit else { return }
        (step.path, step.link) = ("\(known.path)/settings", "Settings")
    }

    private static func shop(_ known: SetupFacts) -> SetupPage.Step {
        let title = "The shop is read"
        if let fault = known.facts[.shopFault] {
            return SetupPage.Step(
                title: title, state: .todo, words: "Shopify refuses: \(fault)",
                fix: "'bookbag doctor' names what is refused, and where to allow it.")
        }
        guard let good = known.facts[.lastGoodCycle] else {
            return SetupPage.Step(
                title: title, state: .todo, words: "It was not read yet.",
                fix: "The first reading takes a minute; if this stays, 'journalctl -u bookbag' says why.")
        }
        return SetupPage.Step(title: title, state: .done, words: "Last read on \(known.clock.dayAndTime(good)).")
    }

    private static func files(_ known: SetupFacts) -> SetupPage.Step {
        let title = "Trigger files are in force"
        if let fault = known.facts[.lastFault] {
            return SetupPage.Step(
                title: title, state: .todo, words: "The files on the disk have a mistake: \(fault)",
                fix: "Fix it and save; 'bookbag check' shows every mistake.",
                path: known.mayEdit ? "\(known.path)/edit" : nil, link: known.mayEdit ? "Edit" : nil)
        }
        guard known.settings != nil else {
            return SetupPage.Step(
                title: title, state: .todo, words: "There are none yet.",
                fix: "Put them into \(known.shop.triggers); 'bookbag check' says whether they are right.")
        }
        return SetupPage.Step(title: title, state: .done, words: "What they say is in force.")
    }

    private static func brand(_ known: SetupFacts) -> SetupPage.Step {
        let title = "Mail bears your name"
        let from = setting("brand.from", known)
        // Nobody can own a name under `.example` (RFC 2606).
        let isOwn = from.map { !$0.trimmingCharacters(in: ["\"", "'", ">", " "]).hasSuffix(".example") } ?? false
        var step = SetupPage.Step(
            title: title, state: isOwn ? .done : .todo,
            words: from.map { isOwn ? "Mail comes from \($0)." : "Mail would come from \($0), which is an example." }
                ?? "No sender is set.",
            fix: isOwn ? "" : "Set name, sender and postal address under 'brand' in shop.yaml.")
        if !isOwn { settingsLink(&step, known) }
        return step
    }

    private static func relay(_ known: SetupFacts) -> SetupPage.Step {
        let title = "A relay takes mail"
        guard let smtp = known.shop.smtp else {
            return SetupPage.Step(
                title: title, state: .todo, words: "None is configured, so no mail can go out.",
                fix: "Add 'smtp:' to bookbag.yaml and restart.")
        }
        if let relay = known.relay, relay.failures > 0 {
            return SetupPage.Step(
                title: title, state: .todo,
                words: "It refuses: \(relay.detail ?? relay.reason ?? "it does not say why")",
                fix: "'bookbag doctor' says what to change. It is tried again by itself.")
        }
        if smtp.redirectTo != nil {
            return SetupPage.Step(
                title: title, state: .todo, words: "All mail goes to the one address of 'redirect_to'.",
                fix: "Remove 'redirect_to' from bookbag.yaml, and restart, once customers are to get it.")
        }
        guard known.relayTook else {
            return SetupPage.Step(
                title: title, state: .todo, words: "One is configured, and has not been used yet.",
                fix: "Log in by mail, or 'bookbag preview delivered --send-to ADDRESS' sends you a letter.")
        }
        return SetupPage.Step(title: title, state: .done, words: "It takes what it is given.")
    }

    private static func notify(_ known: SetupFacts) -> SetupPage.Step {
        let title = "Somebody hears of mistakes"
        if let address = setting("notify", known) {
            return SetupPage.Step(
                title: title, state: .done, words: "Refused edits and held mail are reported to \(address).")
        }
        var step = SetupPage.Step(
            title: title, state: .todo, words: "Nobody is told when an edit is refused, or mail is held.",
            fix: "Set 'notify' in shop.yaml to an address.")
        settingsLink(&step, known)
        return step
    }

    private static func people(_ known: SetupFacts) -> SetupPage.Step {
        let title = "Every role has somebody"
        let missing = [(Role.shop, "see Today"), (.edit, "save files and confirm edits"), (.operate, "retry and end")]
            .filter { !known.roles.contains($0.0) }
        guard !missing.isEmpty else {
            return SetupPage.Step(title: title, state: .done, words: "Each role of the desk is somebody's.")
        }
        return SetupPage.Step(
            title: title, state: .todo,
            words: "Nobody may " + missing.map { "\($0.1) ('\($0.0.rawValue)')" }.joined(separator: ", or ") + ".",
            fix: "Give the role to somebody in people.yaml, then 'systemctl reload bookbag'.")
    }

    private static func hearing(_ known: SetupFacts) -> SetupPage.Step {
        let title = "Somebody hears of customers who wait"
        var ways: [String] = []
        if let team = known.shop.handOverTo { ways.append("conversations go to \(team.address)") }
        if let helpdesk = known.shop.helpdeskName { ways.append("conversations go to \(helpdesk)") }
        if known.shop.handOverTo == nil, known.shop.helpdesk == nil, let address = setting("notify", known) {
            ways.append("conversations go to \(address)")
        }
        if known.hearing > 0 {
            ways.append("\(known.hearing) \(known.hearing == 1 ? "person gets" : "people get") alerts")
        }
        guard ways.isEmpty else {
            let words = ways.joined(separator: ", and ")
            return SetupPage.Step(
                title: title, state: .done, words: words.prefix(1).uppercased() + words.dropFirst() + ".")
        }
        return SetupPage.Step(
            title: title, state: known.shop.mailbox == nil ? .optional : .todo,
            words: "Nobody gets an alert, and nobody is notified: what no trigger answers waits in the Inbox unseen.",
            fix:
                "Give somebody who answers an 'alert' in people.yaml, or set 'notify', or 'hand_over_to' in bookbag.yaml."
        )
    }

    private static func shopify(_ known: SetupFacts) -> SetupPage.Step {
        let title = "Nobody is told twice"
        if known.settings?["shopify_sends"] != nil {
            return SetupPage.Step(
                title: title, state: .done, words: "shop.yaml says which of Shopify's notifications stay on.")
        }
        var step = SetupPage.Step(
            title: title, state: .todo,
            words: "It is not said which of Shopify's own notifications stay on, so customers may get both.",
            fix: "Switch off in Shopify what Bookbag sends, and write those that stay, or 'none', in 'shopify_sends'.")
        settingsLink(&step, known)
        return step
    }

    private static func first(_ known: SetupFacts) -> SetupPage.Step {
        let title = "A trigger has fired"
        let fired = known.effects.values.reduce(0, +)
        guard fired > 0 else {
            return SetupPage.Step(
                title: title, state: .todo, words: "Nothing has happened yet that a trigger asks for.",
                fix: "'bookbag replay --since 30d' shows whom the files would have written to.")
        }
        return SetupPage.Step(
            title: title, state: .done, words: "\(fired) message\(fired == 1 ? "" : "s") so far, sent or held back.",
            path: "\(known.path)/today", link: "Today")
    }

    private static func live(_ known: SetupFacts) -> SetupPage.Step {
        let title = "Mail goes out"
        let sent = known.effects[.sent, default: 0]
        let mode = setting("mode", known) ?? "live"
        guard known.settings != nil, mode != "live" else {
            return SetupPage.Step(
                title: title, state: sent > 0 ? .done : .todo,
                words: sent > 0 ? "\(sent) went out." : "Nothing went out yet.",
                fix: sent > 0 ? "" : "The first goes out once the steps above are done and a trigger fires.")
        }
        var step = SetupPage.Step(
            title: title, state: .todo,
            words: mode == "shadow"
                ? "shop.yaml says 'mode: shadow': messages are written and kept to look at, and not sent."
                : "shop.yaml says 'mode: \(mode)': nothing is decided.",
            fix: "Read on Today what would have gone out, then set the mode to 'live'.")
        settingsLink(&step, known)
        return step
    }

    private static func mailbox(_ known: SetupFacts) -> SetupPage.Step {
        let title = "Answers and bounces are read"
        if known.shop.mailboxBelongsToHelpdesk, let helpdesk = known.shop.helpdeskName {
            return SetupPage.Step(
                title: title, state: .done,
                words: "Customers' mail is read in \(helpdesk). Mail that comes back ends no message.")
        }
        guard known.shop.mailbox != nil else {
            return SetupPage.Step(
                title: title, state: .optional,
                words: "No mailbox is read: mail that comes back ends no message, and answers are not shown here.",
                fix: "Add 'mailbox:' to bookbag.yaml, then 'bookbag mailbox check'.")
        }
        if let fault = known.facts[.mailboxFault] {
            return SetupPage.Step(
                title: title, state: .todo, words: "The mailbox cannot be read: \(fault)",
                fix: "'bookbag doctor' tests the login.")
        }
        return SetupPage.Step(title: title, state: .done, words: "The mailbox is read.")
    }

    private static func past(_ known: SetupFacts) -> SetupPage.Step {
        let title = "Mail from before is judged"
        guard known.past > 0 else {
            return SetupPage.Step(
                title: title, state: .optional,
                words:
                    "None was read: each kind of question begins with drafts that your people send, until enough were right.",
                fix: "'bookbag mailbox history --since 90d' reads it, to see what Bookbag would have answered.")
        }
        guard known.pastOpen > 0 else {
            return SetupPage.Step(
                title: title, state: .done, words: "All \(known.past) letters are, or would have been a person's.")
        }
        return SetupPage.Step(
            title: title, state: .optional,
            words:
                "\(known.pastOpen) of \(known.past) letters wait for somebody who answers to say whether Bookbag would have answered them right.",
            fix: known.mayAnswer ? "" : "Whoever has the role 'answer' finds them in the Inbox.",
            path: known.mayAnswer ? "\(known.path)/inbox/past" : nil, link: known.mayAnswer ? "Mail from before" : nil)
    }

    private static func carriers(_ known: SetupFacts) -> SetupPage.Step {
        let title = "Carriers are asked"
        let names = known.configuration.carriers.map(\.name)
        guard !names.isEmpty else {
            return SetupPage.Step(
                title: title, state: .optional,
                words:
                    "None is: parcels are followed by what Shopify knows of them, which comes later and in less detail.",
                fix: "Add 'carriers:' to bookbag.yaml with your keys.")
        }
        return SetupPage.Step(title: title, state: .done, words: names.joined(separator: ", ") + ".")
    }

    private static func pages(_ known: SetupFacts) -> SetupPage.Step {
        let title = "Customers have pages"
        guard let site = known.configuration.pages else {
            return SetupPage.Step(
                title: title, state: .optional,
                words: "There are none: letters have no page of the parcel, and offers no one-click end of ours.",
                fix: "Add 'public:' to bookbag.yaml, and a proxy in front of it.")
        }
        return SetupPage.Step(title: title, state: .done, words: "At \(site.url).")
    }

    private static func chat(_ known: SetupFacts) -> SetupPage.Step {
        let title = "Customers can chat"
        guard let settings = known.shop.chat else {
            return SetupPage.Step(
                title: title, state: .optional, words: "There is no chat on the pages of your shop.",
                fix: "Add 'chat:' with the origins of these pages to bookbag.yaml; it needs 'public:' too.")
        }
        guard let pages = known.configuration.pages else {
            return SetupPage.Step(
                title: title, state: .todo, words: "The chat's script is served nowhere.",
                fix: "Add 'public:' to bookbag.yaml, and a proxy in front of it.")
        }
        let script = "\(pages.url)/chat/\(ShopDomain.short(known.shop.domain))/widget.js"
        let snippet = "<script src=\"\(script)\" defer></script>"
        let places = settings.origins.joined(separator: ", ")
        guard known.shop.smtp != nil else {
            return SetupPage.Step(
                title: title, state: .todo,
                words: "It works on \(places), but no code can be mailed, so nobody in the chat is told of an order.",
                fix: "Add 'smtp:' to bookbag.yaml and restart.", snippet: snippet)
        }
        return SetupPage.Step(
            title: title, state: .done,
            words:
                "It works on \(places), wherever this stands before </body>. In Shopify that is the theme's theme.liquid.",
            snippet: snippet)
    }
}

extension DeskSite {
    func setup(_ visit: Visit) async throws -> WebResponse {
        guard let shop = core.configuration.shops.first(where: { $0.domain == visit.shop }) else {
            return notFound(visit.visitor)
        }
        let kept = try await store.lastGoodSet(shop: visit.shop)
        let files = kept.flatMap { try? JSONDecoder().decode([String: Data].self, from: Data($0.files)) }
        let relay = try await store.channelStates().first {
            $0.key.shop == visit.shop && $0.key.channel == .email
        }
        let past = try await store.pastSums(shop: visit.shop)
        let counters = try await store.counters().filter { $0.shop == visit.shop }
        let effects = counters.filter { $0.name == "effects" }.reduce(into: [Effect.State: Int]()) { counts, counter in
            if let state = counter.labels.first.flatMap(Effect.State.init) { counts[state] = Int(counter.total) }
        }
        let known = SetupFacts(
            configuration: core.configuration, shop: shop, facts: visit.facts,
            settings: files.map {
                ShopFileEditor.values(
                    SetupFacts.settingKeys, in: String(decoding: $0["shop.yaml"] ?? Data(), as: UTF8.self))
            }, relay: relay?.value,
            relayTook: counters.contains {
                $0.name == "deliveries" && $0.labels.first == ChannelName.email.rawValue && $0.labels.last == "accepted"
                    && $0.total > 0
            }, roles: people.roles(at: visit.shop),
            hearing: people.answering(visit.shop).count { $0.alert != nil }, effects: effects,
            past: past.reduce(0) { $0 + $1.all }, pastOpen: past.reduce(0) { $0 + $1.open },
            mayAnswer: visit.visitor.may(DeskPage.inbox.roles),
            path: visit.path, clock: Clock(visit.zone), mayEdit: visit.visitor.may(DeskPage.settings.roles))
        let steps = SetupPage.Step.all(known)
        let page = SetupPage(
            steps: steps, left: steps.count { $0.state == .todo },
            doctorPath: visit.visitor.may(DeskPage.operations.roles) ? "\(visit.path)/operations/doctor" : nil)
        return pages.desk(page, frame(title: "Setup", page: .setup, visit: visit, isLive: true))
    }
}
