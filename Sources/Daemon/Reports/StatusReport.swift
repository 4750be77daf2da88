import Delivery
package import Outreach
package import Store

/// How the daemon is doing, according to what it stored: what `bookbag status` prints.
package struct StatusReport: Report {
    /// One shop.
    package struct Shop: Encodable, Sendable {
        package var shop: String
        /// True if the configuration has it, or no configuration can be read.
        package var served: Bool
        @Stamped package var liveSince: Moment
        /// Up to when its changes were read, by Shopify's clock.
        @Stamped package var cursor: Moment?
        @Stamped package var lastGoodCycle: Moment?
        package var toRead: Int
        @Stamped package var toReadSince: Moment?
        /// Orders that cannot be read.
        package var parked: Int
        package var pendingEvents: Int
        @Stamped package var pendingSince: Moment?
        /// Messages by state.
        package var effects: [String: Int]
        /// Attempts whose outcome was ever unknown.
        package var attemptsInDoubt: Int
        /// Messages whose outcome is unknown now.
        package var messagesInDoubt: Int
        package var unwritten: [Unwritten]
        /// When the mailbox was last read without an error; nil if there is none.
        @Stamped package var mailboxRead: Moment?
        /// Why the mailbox cannot be read, and since when.
        @Nullable package var mailboxFault: String?
        @Stamped package var mailboxFailingSince: Moment?
        /// Mails that came and are not judged yet.
        package var mailsToJudge: Int
        @Stamped package var mailsToJudgeSince: Moment?
        @Nullable package var clockFault: String?
        /// The triggers whose mails cannot be sent for lack of a relay.
        @Nullable package var noRelayFor: String?
        @Nullable package var shopFault: String?
        @Nullable package var triggerFault: String?
        /// `shopFault`, otherwise `triggerFault`.
        @Nullable package var lastFault: String?
        @Nullable package var heldReload: Held?
        /// Set while the brake holds all mail.
        @Nullable package var brake: Held?
        /// What people have paused.
        package var pauses: [Paused]
        @Stamped package var restoredBackupOf: Moment?
    }

    /// Something that somebody paused.
    package struct Paused: Encodable, Sendable {
        /// `news`.
        package var what: String
        package var by: String
        @Stamped package var since: Moment
        /// Nil where it lasts until somebody ends it.
        @Stamped package var until: Moment?
    }

    /// Messages that wait because their template fails.
    package struct Unwritten: Encodable, Sendable {
        package var trigger: String
        package var count: Int
        @Stamped package var since: Moment
        @Nullable package var detail: String?
    }

    /// Something that waits for confirmation, and how many people it affects.
    package struct Held: Encodable, Sendable {
        package var people: Int
        @Stamped package var since: Moment
        /// What a held edit would do, to follow "it would"; nil for the brake.
        @Nullable package var would: String?
    }

    /// A route that is closed.
    package struct ClosedChannel: Encodable, Sendable {
        package var shop: String
        /// `email`, `webhook helpdesk`.
        package var name: String
        package var channel: String
        package var endpoint: String
        @Nullable package var reason: String?
        @Nullable package var detail: String?
        package var failures: Int
    }

    /// Something that will not recover by itself, and what a person can do about it.
    package struct Need: Encodable, Sendable {
        /// Nil if it concerns all shops.
        @Nullable package var shop: String?
        package var what: String
        package var fix: String
        /// True if something is stuck until it is fixed: `status` then ends with status 1.
        package var isUrgent: Bool
    }

    package var shops: [Shop]
    package var closedChannels: [ClosedChannel]
    package var carriers: [CarrierReport]
    /// Open parcels that nobody can be asked about.
    package var parcelsOfNobody: Int
    package var databaseBytes: Int64
    package var schemaVersion: Int
    @Stamped package var lastMoment: Moment
    @Nullable package var storeFault: String?
    /// The server that has the store, in words; nil for a file.
    @Nullable package var storeServer: String?
    package var needs: [Need]
    @Stamped package var at: Moment

    /// Whether something is stuck until a person has fixed it.
    package var isUrgent: Bool { needs.contains(where: \.isUrgent) }
}

extension StatusReport {
    /// Reads the report's data.
    ///
    /// - Parameters:
    ///   - named: the shops in the configuration; nil if none can be read.
    ///   - isProbing: whether to test that the store can be written, which waits for the disk.
    ///   - hasDaemon: whether a daemon works on the store; nil where nobody looked.
    package init(
        _ store: Store, named: Set<String>?, now: Moment, isProbing: Bool = true, hasDaemon: Bool? = nil
    ) async throws(StoreFailure) {
        let status = try await store.status(now: now)
        func isServed(_ shop: String) -> Bool { named?.contains(shop) ?? true }
        storeFault = nil
        shops = []
        for shop in status.shops {
            let unwritten = try await store.unwritten(shop: shop.shop)
            shops.append(Shop(shop, unwritten: unwritten, served: isServed(shop.shop), now: now))
        }
        closedChannels = try await store.channelStates()
            .filter { $0.value.failures > 0 && isServed($0.key.shop) }
            .map { route, state in
                ClosedChannel(
                    shop: route.shop, name: ChannelKind.standard.title(of: route), channel: route.channel.rawValue,
                    endpoint: route.target, reason: state.reason,
                    detail: state.detail, failures: state.failures)
            }
            .sorted { ($0.shop, $0.name) < ($1.shop, $1.name) }
        let parcels = try await store.parcelCounts()
        carriers = CarrierReport.all(try await store.carrierStates(), parcels: parcels, now: now)
        parcelsOfNobody = parcels[""] ?? 0
        databaseBytes = Int64(status.bytes)
        schemaVersion = status.schemaVersion
        lastMoment = status.lastMoment
        storeServer = try await store.server(now: now)?.words
        at = now
        needs = []
        if isProbing {
            do throws(StoreFailure) { try await store.probe() } catch { storeFault = error.description }
        }
        needs = findNeeds()
        if hasDaemon == false {
            needs.insert(
                Need(
                    shop: nil, what: "no daemon is running on this store: nothing is read or sent",
                    fix: "systemctl start bookbag; 'journalctl -u bookbag -n 50' says why it ended", isUrgent: false),
                at: 0)
        }
    }

    private func findNeeds() -> [Need] {
        var needs: [Need] = []
        if let storeFault {
            needs.append(
                Need(
                    shop: nil, what: "the store cannot be written", fix: storeFault, isUrgent: true))
        }
        for shop in shops where shop.served {
            func need(_ what: String, _ fix: String, isUrgent: Bool = true) {
                needs.append(Need(shop: shop.shop, what: what, fix: fix, isUrgent: isUrgent))
            }
            if let fault = shop.clockFault {
                need(
                    "the clock is not trusted, so nothing is decided or sent: \(fault)",
                    "set the clock right (timedatectl); if it is right and once ran ahead, run 'bookbag clock accept'")
            }
            if let fault = shop.shopFault {
                need("the shop cannot be read: \(fault)", "run 'bookbag doctor', which names what the shop refuses")
            }
            if let fault = shop.mailboxFault {
                let since = shop.mailboxFailingSince.map { " since \($0.toTheMinute)" } ?? ""
                need(
                    "the mailbox cannot be read\(since), so bounces and answers wait there: \(fault)",
                    "run 'bookbag doctor', which tests the login; it is also tried again automatically")
            }
            if let fault = shop.triggerFault {
                need(
                    "an edit of the trigger files is not in force: \(fault)",
                    "fix the file and save it; 'bookbag check' shows every mistake")
            }
            if let triggers = shop.noRelayFor {
                need(
                    "these triggers write mails, but no relay is configured: \(triggers)",
                    "add 'smtp:' to bookbag.yaml and restart, or set the triggers to 'mode: shadow'")
            }
            if let held = shop.brake {
                need(
                    "the brake holds all mail: \(counted(held.people, "shopper")) had been written to within an hour",
                    "run 'bookbag triggers confirm --shop \(shop.shop)' if that was intended, otherwise fix the trigger first"
                )
            }
            if let held = shop.heldReload {
                need(
                    "an edit is held: it would \(held.would ?? "write to \(counted(held.people, "shopper")) at once")",
                    "run 'bookbag triggers confirm --shop \(shop.shop)' if it is intended, otherwise undo the edit",
                    isUrgent: false)
            }
            for one in shop.unwritten {
                need(
                    "\(counted(one.count, "message")) of '\(one.trigger)' cannot be written: \(one.detail ?? "")",
                    "fix the template and save it; they are then sent immediately if they are still news",
                    isUrgent: false)
            }
        }
        for channel in closedChannels {
            needs.append(
                Need(
                    shop: channel.shop,
                    what: "\(channel.name) is closed: \(channel.detail ?? channel.reason ?? "unknown")",
                    fix: channel.channel == "email"
                        ? "run 'bookbag doctor'; the relay is tried again automatically, and immediately after a restart"
                        : channel.reason == Failure.disabled
                            ? "run 'bookbag outbox open \(channel.name)' once it takes messages again"
                            : "fix the endpoint; it is tried again automatically, and immediately after a restart",
                    isUrgent: true))
        }
        for carrier in carriers where carrier.closedUntil != nil && carrier.isRefused {
            needs.append(
                Need(
                    shop: nil, what: "the carrier \(carrier.carrier) refuses our login",
                    fix: "check its keys under 'carriers:' and restart", isUrgent: false))
        }
        return needs
    }
}

extension CarrierReport {
    /// The carrier refuses our login, which only a person can fix.
    fileprivate var isRefused: Bool { reason == "auth_error" || reason == "config_error" }
}

extension StatusReport.Shop {
    fileprivate init(_ shop: ShopStatus, unwritten: [UnwrittenMessages], served: Bool, now: Moment) {
        let remembered = shop.remembered
        self.shop = shop.shop
        self.served = served
        liveSince = shop.state.liveSince.shop
        cursor = shop.state.cursor
        lastGoodCycle = remembered[.lastGoodCycle]
        toRead = shop.toRead
        toReadSince = shop.toReadSince
        parked = shop.parked
        pendingEvents = shop.pendingEvents
        pendingSince = shop.pendingSince
        effects = Dictionary(uniqueKeysWithValues: shop.effects.map { ($0.key.rawValue, $0.value) })
        attemptsInDoubt = shop.inDoubt
        messagesInDoubt = shop.inDoubtNow
        self.unwritten = unwritten.map {
            StatusReport.Unwritten(trigger: $0.trigger, count: $0.count, since: $0.since, detail: $0.detail)
        }
        mailboxRead = remembered[.mailboxRead]
        mailboxFault = remembered[.mailboxFault]
        mailboxFailingSince = remembered[.mailboxFailingSince]
        mailsToJudge = shop.mailsToJudge
        mailsToJudgeSince = shop.mailsToJudgeSince
        clockFault = remembered[.clockFault]
        noRelayFor = remembered[.noRelay]
        shopFault = remembered[.shopFault]
        triggerFault = remembered[.lastFault]
        lastFault = remembered[.shopFault] ?? remembered[.lastFault]
        heldReload = remembered[.heldReload].map {
            StatusReport.Held(people: $0.people, since: $0.since, would: $0.gives == nil ? nil : $0.would)
        }
        brake = remembered[.brake].map { StatusReport.Held(people: $0.people, since: $0.since, would: nil) }
        pauses = (remembered[.pauses] ?? Pauses()).inForce(at: now).map {
            StatusReport.Paused(what: $0.kind.rawValue, by: $0.by, since: $0.since, until: $0.until)
        }
        restoredBackupOf = shop.restoration?.backupAt
    }
}
