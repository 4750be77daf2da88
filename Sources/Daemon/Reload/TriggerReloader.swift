import Delivery
import Foundation
import Glibc
import Logging
package import Outreach
import Platform
import Store

/// Manages the trigger files of one shop: reads the folder, puts a good set into force and stores it, and keeps the
/// last good one if the folder is broken, or if its changes have to be confirmed first.
struct TriggerReloader {
    let shop: Configuration.Shop
    let store: Store
    let metrics: DaemonMetrics
    let logger: Logger
    /// So many mistakes of refused files are told in the journal.
    private static let faultsOfLine = 3

    /// Called when there is mail to the shop itself.
    let notices: Wake
    var readings = TriggerReadings()
    /// Shared with the planning that decides by these triggers.
    var gate = PlanningGate()
    /// What the folders of this machine had when they last agreed with what is in force; nil where no other machine has
    /// one, for the store is a file.
    var bases: FolderBases?

    /// A set, when each of its triggers came into force, and the files it was read from.
    struct InForce: Sendable {
        var set: TriggerSet
        var since: [String: Moment]
        var folder: TriggerFolder
    }

    /// The result of a reading.
    enum Outcome {
        case accepted(InForce)
        /// The files are the ones already in force.
        case unchanged(InForce)
        /// Refused, with lines that say why.
        case refused([String])
        case held(HeldReload)
    }

    /// The set to start with: the folder's, or otherwise the last good one. Throws `DaemonProblem` with status 78 if
    /// there is neither.
    func start(now: Moment, planner: (InForce) -> Planner) async throws -> InForce {
        let kept = try await lastGood()
        let outcome = try await accept(inForce: kept, planner: kept.map(planner), now: now)
        report(outcome)
        switch outcome {
        case .accepted(let good), .unchanged(let good): return good
        case .refused, .held:
            if let kept { return kept }
        }
        throw DaemonProblem(
            line: .configuration,
            reason:
                "the trigger files in '\(shop.triggers)' have mistakes, and there is no earlier good set; `bookbag check '\(shop.triggers)'` shows them all",
            status: .configuration)
    }

    /// What was last put into force, by whichever daemon; nil if nothing was.
    func lastGood() async throws -> InForce? {
        guard let folder = try await store.filesInForce(shop: shop.domain) else { return nil }
        guard let set = await readings.load(folder, webhooks: Set(shop.webhooks.keys), passedBefore: true).set else {
            return nil
        }
        return InForce(set: set, since: try await store.triggersInForce(shop: shop.domain), folder: folder)
    }

    /// Reads the folder and puts it into force, all or nothing.
    ///
    /// - Parameters:
    ///   - inForce: the set in force until then; nil if there is none.
    ///   - planner: the planner in use until then.
    ///   - takeUp: makes a good set decide from now on. Called in the same step in which it is written, before any
    ///     waiting message is judged again.
    func accept(
        inForce: InForce?, planner: Planner?, now: Moment, takeUp: @Sendable (InForce) -> Void = { _ in }
    ) async throws(StoreFailure) -> Outcome {
        let folder: TriggerFolder
        do {
            folder = try TriggerFolder(readingFrom: shop.triggers)
        } catch {
            let reason =
                "\(shop.triggers): the folder cannot be read; check 'triggers:' in the configuration, and who may read it"
            return try await refuse([reason], inForce: inForce, about: "unreadable", now: now)
        }
        var standing = FolderBases.Standing.edited
        if let bases, let inForce {
            standing = bases.standing(of: folder.digest, to: inForce.folder.digest, shop: shop.domain)
            if standing == .behind {
                follow(inForce, from: folder, bases: bases)
                return .unchanged(inForce)
            }
        }
        let today = (planner?.shopZone ?? .utc).day(at: now)
        let (set, faults) = await readings.load(folder, webhooks: Set(shop.webhooks.keys), today: today)
        guard let set else {
            return try await refuse(
                faults.filter { $0.severity == .error }.map(\.description), inForce: inForce, about: folder.digest,
                now: now)
        }
        if let inForce, inForce.folder.digest == folder.digest {
            try await forget([.lastFault, .heldReload, .confirmedReload], now: now)
            let since = try await store.triggersInForce(shop: shop.domain)
            bases?.note(folder.digest, shop: shop.domain)
            return .unchanged(InForce(set: set, since: since, folder: folder))
        }
        if let inForce, var planner {
            planner.triggers = set
            let reload = Reload(from: inForce.set, to: set)
            let rush = try await rush(reload, planner: planner, now: now)
            let people = rush.people
            let usual = try await store.peoplePerDay(shop: shop.domain, now: now)
            let code = folder.confirmationCode
            let confirmed = try await store.remembered(.confirmedReload, shop: shop.domain)
            let given = try await store.givenLately(shop: shop.domain, since: now - .days(30))
            let gifts = reload.generosity(given)
            let isRush = Reload.isHeld(people: people, peoplePerDay: usual)
            let hasParted = standing == .parted
            if isRush || !gifts.isEmpty || hasParted, set.settings.confirm != code, confirmed != code {
                var held = HeldReload(code: code, people: isRush ? people : 0, peoplePerDay: usual, since: now)
                held.gives = gifts.isEmpty ? nil : gifts
                held.replacesOthers = hasParted ? true : nil
                let changes = reload.summary(inForce.folder, folder) + [""] + gifts + (isRush ? rush.lines : [])
                try await store.keepHeld(rush.effects, shop: shop.domain, now: now)
                return try await hold(held, changes, inForce: inForce, about: folder.digest, now: now)
            }
        }
        let files = (try? HeldReload.encoder.encode(folder.files.mapValues { Data($0) })) ?? Data()
        let good = try await gate.pass { () async throws(StoreFailure) -> InForce in
            // What is waiting under an older version is judged again under the new one.
            let since = try await store.setTriggers(
                shop: shop.domain, names: set.triggers.map(\.name),
                goodSet: GoodSet(digest: folder.digest, files: [UInt8](files), acceptedAt: now),
                judgingAgain: inForce != nil, now: now)
            let good = InForce(set: set, since: since, folder: folder)
            takeUp(good)
            return good
        }
        bases?.note(folder.digest, shop: shop.domain)
        try await forget([.lastFault, .heldReload, .confirmedReload], now: now)
        return .accepted(good)
    }

    /// Makes the folder of a machine that does not serve the shop say what is in force, unless it was edited there. Looks
    /// once at each set that comes into force.
    func follow(_ inForce: InForce) {
        guard let bases, bases.mustLook(inForce.folder.digest, shop: shop.domain),
            let folder = try? TriggerFolder(readingFrom: shop.triggers)
        else { return }
        switch bases.standing(of: folder.digest, to: inForce.folder.digest, shop: shop.domain) {
        case .same: bases.note(folder.digest, shop: shop.domain)
        case .behind: follow(inForce, from: folder, bases: bases)
        case .edited: tellElsewhere("it was edited here, and the shop is served elsewhere")
        case .parted: tellElsewhere("it was edited both here and elsewhere, or came from elsewhere")
        }
    }

    private func follow(_ inForce: InForce, from folder: TriggerFolder, bases: FolderBases) {
        do throws(TriggerFolder.WriteFailure) {
            try inForce.folder.write(over: folder, in: shop.triggers)
        } catch {
            switch error {
            case .changed: return tellElsewhere("it is being edited")
            case .notOurs: return tellElsewhere("a link in it leads out of it")
            case .system(let words): return tellElsewhere("it cannot be written: \(words)")
            case .unsure: break
            }
        }
        bases.note(inForce.folder.digest, shop: shop.domain)
        let count = Set(folder.files.keys).union(inForce.folder.files.keys).count {
            folder.files[$0] != inForce.folder.files[$0]
        }
        logger.log(Line.triggersFollowed, ["shop": "\(shop.domain)", "count": "\(count)"])
    }

    private func tellElsewhere(_ why: String) {
        logger.log(
            Line.triggersElsewhere,
            [
                "shop": "\(shop.domain)",
                "reason": "\(why); `bookbag triggers pull` writes what is in force into \(shop.triggers)",
            ])
    }

    /// Tells the shop that its changes are in force.
    func tellAccepted(_ good: InForce, after before: InForce, now: Moment) async throws(StoreFailure) {
        try await tell(
            .accepted, settings: good.set.settings, about: good.folder.digest, subject: "Your changes are in force",
            body: """
                Bookbag has read your files, and works by them from now on.

                \(Self.list(Reload(from: before.set, to: good.set).summary(before.folder, good.folder)))
                """, now: now)
    }

    /// Whom a change would write to at once, or within the hour, who would not have been written to otherwise.
    private func rush(_ reload: Reload, planner: Planner, now: Moment) async throws(StoreFailure) -> Reload.Rush {
        let hastened = reload.hastened
        var rush = Reload.Rush()
        guard !hastened.isEmpty else { return rush }
        let soon = now + .hours(1)
        var last: Int64 = 0
        while true {
            let page = try await store.waitingEffects(shop: shop.domain, after: last, limit: 500)
            guard let end = page.last else { break }
            last = end.id
            let meant = page.filter { $0.isContact && hastened.contains($0.trigger) && $0.dueAt > soon }
            for moment in [now, soon] {
                let judged = try await store.judge(meant, in: PlanningTurn(planner, now: moment), shop: shop.domain)
                for one in judged where one.judgement.decision == .send {
                    guard let record = one.record, let address = record.recipient?.address else { continue }
                    rush.add(
                        trigger: one.effect.trigger, address: address, order: record.facts.name, effect: one.effect.id)
                }
            }
        }
        return rush
    }

    private func forget(_ names: [RememberedName], now: Moment) async throws(StoreFailure) {
        let known = try await store.rememberedFacts(shop: shop.domain)
        if known[.heldReload] != nil, names.contains(.heldReload) {
            try await store.keepHeld([], shop: shop.domain, now: now)
        }
        for name in names where known[RememberedKey<String>(name)] != nil {
            try await store.remember(nil, as: RememberedKey<String>(name), shop: shop.domain, now: now)
        }
    }

    private func refuse(
        _ faults: [String], inForce: InForce?, about digest: String, now: Moment
    ) async throws(StoreFailure) -> Outcome {
        if let first = faults.first {
            let others = faults.count == 1 ? "" : " (and \(faults.count - 1) more)"
            try await store.remember(first + others, as: .lastFault, shop: shop.domain, now: now)
        }
        if let inForce {
            let count = faults.count == 1 ? "a mistake" : "\(faults.count) mistakes"
            try await tell(
                .refused, settings: inForce.set.settings, about: digest,
                subject: "Your edit is not in force: it has \(count)",
                body: """
                    Nothing has changed: Bookbag goes on by the files as they were before. This is what it stumbled over:

                    \(Self.list(Array(faults.prefix(20))))

                    Fix it and save; it is read again by itself.
                    """, now: now)
        }
        return .refused(faults)
    }

    private func hold(
        _ held: HeldReload, _ changes: [String], inForce: InForce, about digest: String, now: Moment
    ) async throws(StoreFailure) -> Outcome {
        var held = held
        if let before = try await store.remembered(.heldReload, shop: shop.domain),
            before.code == held.code
        {
            held.since = before.since
        }
        held.who = Array(changes.prefix(100))
        try await store.remember(held, as: .heldReload, shop: shop.domain, now: now)
        try await tell(
            .held, settings: inForce.set.settings, about: digest,
            subject: "Your edit would \(held.would)",
            body: """
                \(held.reason), so Bookbag waits for your word. Until then it goes on by the files as they were before.

                What was edited, and what would come of it:

                \(Self.list(changes))

                If it is meant, write this line into `shop.yaml` and save:

                    confirm: \(held.code)

                or run `bookbag triggers confirm`. If it is not, take the edit back; \(held.nothingYet).
                """, now: now)
        return .held(held)
    }

    static func list(_ lines: [String]) -> String {
        // As a code block, to show special characters unchanged.
        lines.map { "    " + $0.split(whereSeparator: \.isNewline).joined(separator: " ") }.joined(separator: "\n")
    }

    /// Writes to the shop, if it can be written to.
    ///
    /// - Parameter dueAt: when the mail is sent; nil for shortly.
    func tell(
        _ kind: Notice.Kind, settings: ShopSettings, about digest: String, subject: String, body: String,
        supersedes: Set<Notice.Kind> = [.refused, .held], dueAt: Moment? = nil, now: Moment
    ) async throws(StoreFailure) {
        guard let to = settings.notify, let smtp = shop.smtp else { return }
        let brand = settings.brand
        let draft = MailDraft(
            from: brand.from, to: to, sender: smtp.sender?.address ?? brand.from.address, subject: subject,
            body: .markdown("# \(subject)\n\n\(body)"), language: "en",
            messageID: MessageIdentity.notice(
                shop: shop.domain, kind: kind.rawValue, about: digest, domain: brand.from.domain),
            date: now, brand: brand)
        guard let message = try? MailComposer().compose(draft) else { return }
        // A short delay, since people who edit save more than once.
        let notice = Notice(shop: shop.domain, kind: kind, message: message, dueAt: dueAt ?? now + .seconds(20))
        try await store.put(notice, supersedes: supersedes, now: now)
        notices.call()
    }

    /// Logs the result of a reading.
    func report(_ outcome: Outcome) {
        metrics.reloadHeld.set(0, shop.domain)
        switch outcome {
        case .accepted(let good), .unchanged(let good):
            metrics.reloadSuccessful.set(1, shop.domain)
            metrics.lastReload.set(Double(DaemonClock.system().seconds), shop.domain)
            logger.log(
                Line.triggersLoaded,
                [
                    "shop": "\(shop.domain)", "count": "\(good.set.triggers.count)",
                    "mode": "\(good.set.settings.mode.rawValue)",
                ])
        case .refused(let faults):
            metrics.reloadSuccessful.set(0, shop.domain)
            // One line, with the first few mistakes; 'bookbag check' and the mail have them all.
            let rest = faults.count > Self.faultsOfLine ? " (and \(faults.count - Self.faultsOfLine) more)" : ""
            let first = faults.prefix(Self.faultsOfLine).map { "\($0)" }.joined(separator: " | ")
            logger.log(
                Line.triggersRefused,
                ["shop": "\(shop.domain)", "count": "\(faults.count)", "reason": "\(first)\(rest)"])
        case .held(let held):
            metrics.reloadSuccessful.set(0, shop.domain)
            metrics.reloadHeld.set(1, shop.domain)
            logger.log(
                Line.reloadHeld,
                [
                    "shop": "\(shop.domain)", "count": "\(held.people)",
                    "reason":
                        "it would \(held.would); `bookbag triggers confirm` or 'confirm: \(held.code)' in shop.yaml releases it",
                ])
        }
    }

    /// The state of the folder from outside: names, sizes and times of the files that are read; cheap enough to check
    /// every two seconds.
    func signature() -> [UInt64] {
        var signature: [UInt64] = []
        var folders = [""]
        // Links may form a circle; reading the folder reports that.
        for _ in 0..<1_000 {
            guard let folder = folders.popLast() else { break }
            let place = shop.triggers + "/" + folder
            guard let names = try? FileManager.default.contentsOfDirectory(atPath: place) else { continue }
            for name in names.sorted() {
                let inner = folder.isEmpty ? name : "\(folder)/\(name)"
                let isRead = TriggerFolder.isRead(inner)
                guard isRead || TriggerFolder.isEntered(inner) else { continue }
                var status = stat()
                guard stat("\(place)/\(name)", &status) == 0 else { continue }
                if !isRead {
                    if status.st_mode & S_IFMT == S_IFDIR { folders.append(inner) }
                    continue
                }
                var hash: UInt64 = 0xcbf2_9ce4_8422_2325
                for byte in inner.utf8 { hash = (hash ^ UInt64(byte)) &* 0x100_0000_01b3 }
                signature += [
                    hash, UInt64(bitPattern: Int64(status.st_size)), UInt64(status.st_ino),
                    UInt64(bitPattern: Int64(status.st_mtim.tv_sec)), UInt64(bitPattern: Int64(status.st_mtim.tv_nsec)),
                ]
            }
        }
        return signature
    }
}

extension Store {
    /// The trigger files that were last put into force; nil if none were.
    package func filesInForce(shop: String) async throws(StoreFailure) -> TriggerFolder? {
        guard let kept = try await lastGoodSet(shop: shop),
            let files = try? JSONDecoder().decode([String: Data].self, from: Data(kept.files))
        else { return nil }
        return TriggerFolder(files: files.mapValues { [UInt8]($0) })
    }
}

/// A reload that waits for confirmation, in its stored form.
package struct HeldReload: Codable, Sendable, RememberedValue {
    /// The code that confirms it.
    package var code: String
    package var people: Int
    package var peoplePerDay: Double
    package var since: Moment
    /// What it would give more than on a usual day, a line each; nil if nothing.
    package var gives: [String]?
    /// True if it would undo what was edited on another machine; nil if not.
    package var replacesOthers: Bool?
    /// What was edited, and the orders that each trigger would write about, one line each. It names no shopper.
    package var who: [String]?

    init(code: String, people: Int, peoplePerDay: Double, since: Moment) {
        self.code = code
        self.people = people
        self.peoplePerDay = peoplePerDay
        self.since = since
    }

    /// What it would do, to follow "it would".
    package var would: String {
        var parts: [String] = []
        if replacesOthers == true { parts.append("undo what was edited on another machine") }
        if people > 0 || (gives == nil && replacesOthers != true) {
            parts.append("write to \(people) people at once")
        }
        if gives != nil { parts.append("give more than on a usual day") }
        guard let last = parts.popLast() else { return "" }
        return parts.isEmpty ? last : "\(parts.joined(separator: ", ")), and \(last)"
    }

    /// Why that needs somebody's word, as the beginning of a sentence.
    var reason: String {
        if replacesOthers != true { return "That is more than on a usual day" }
        let isAll = people == 0 && gives == nil
        return isAll ? "Both cannot be in force" : "Both cannot be in force, and it is more than on a usual day"
    }

    /// What has not happened yet.
    package var nothingYet: String { gives == nil ? "nobody has been written to" : "nothing has been given by it" }

    static var encoder: JSONEncoder {
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.sortedKeys]
        return encoder
    }
}

extension RememberedKey where Value == HeldReload {
    /// The reload that waits for confirmation.
    package static var heldReload: Self { Self(.heldReload) }
}
