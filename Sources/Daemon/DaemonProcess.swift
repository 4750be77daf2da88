import Delivery
import Foundation
import Intake
package import Logging
import Outreach
import Platform
import ServiceLifecycle
import Shopify
import Store
import UnixSignals

/// Assembles the daemon and runs it: one group of services over one store. It wires everything and decides nothing.
package struct DaemonProcess {
    let configuration: Configuration
    let logger: Logger
    /// The services other than the loops.
    let companions: Companions

    package init(
        configuration: Configuration, logger: Logger, companions: @escaping Companions = { _ in [] }
    ) {
        self.configuration = configuration
        self.logger = logger
        self.companions = companions
    }

    /// Runs until SIGTERM or SIGINT. Throws `DaemonProblem` if it cannot start.
    package func run() async throws {
        let clock = DaemonClock()
        try configuration.listen?.requireFree()
        let store = try open(clock)
        if store.isCopy {
            logger.log(Line.copied, ["reason": "what its original did since is learned in silence"])
        }
        let domains = configuration.shops.map(\.domain)
        let configured = Set(domains)
        for shop in try await store.shops() where !configured.contains(shop) {
            logger.log(Line.shopNotServed, ["shop": "\(shop)"])
        }
        let shares = ShopShares(store: store, shops: domains)
        let runtime = Runtime(
            clock: clock, store: store,
            beside: try beside(store, clock), metrics: DaemonMetrics(), shares: shares)
        let keeping = Task { await shares.keep() }
        let signals = Task {
            for await _ in await UnixSignalsSequence(trapping: .sigterm, .sigint) { shares.end() }
        }
        defer {
            keeping.cancel()
            signals.cancel()
        }
        var served: [String]?
        repeat {
            do {
                let next = try await shares.take()
                if store.sharesEvery != nil, next != served {
                    logger.log(
                        Line.shopsShared,
                        [
                            "shops": "\(next.isEmpty ? "none" : next.joined(separator: ","))",
                            "count": "\(next.count)", "of": "\(domains.count)",
                        ])
                }
                served = next
                try await serve(Set(next), runtime)
                try await shares.handOver()
            } catch let failure as StoreFailure where failure.cause == .unreachable && store.sharesEvery != nil {
                // The server went away while the loops were ending, or beginning.
                logger.log(Line.storeFailed, ["reason": "\(failure)"])
                await shares.rest()
            }
        } while !shares.isEnding
        try? store.close()
        if runtime.beside !== store { try? runtime.beside.close() }
        logger.log(Line.stopped)
    }

    /// What stays while the shops change that are served.
    private struct Runtime {
        let clock: DaemonClock
        let store: Store
        /// The store for whatever writes for shops that others serve; the same where nobody else does.
        let beside: Store
        let metrics: DaemonMetrics
        let shares: ShopShares
    }

    /// Runs all services until the process is to end, or to serve other shops. Those that it does not serve are known
    /// to its pages alone.
    private func serve(_ served: Set<String>, _ runtime: Runtime) async throws {
        let (clock, store, beside, metrics) = (runtime.clock, runtime.store, runtime.beside, runtime.metrics)
        let owner = "\(ProcessInfo.processInfo.processIdentifier)-\(clock.now.milliseconds)"
        let isAlone = store.sharesEvery == nil
        let inDoubt = try await store.recover(owner: owner, shops: isAlone ? nil : served.sorted(), now: clock.now)
        let trouble = StoreTrouble()
        for (channel, count) in inDoubt.sorted(by: { $0.key.rawValue < $1.key.rawValue }) {
            metrics.inDoubt.add(count, channel.rawValue)
            logger.log(
                Line.inDoubt,
                [
                    "channel": "\(channel.rawValue)", "count": "\(count)",
                    "reason": "an earlier process ended before it heard the answer",
                ])
        }
        let heartbeats = Heartbeats()
        let planning = Wake()
        let time = Wake()
        let engine = TransferEngine()
        let newParcels = Broadcast()
        let putBack = Broadcast()
        for wake in [planning, time] { putBack.add(wake) }
        let learning = Learning(
            store: store, logger: logger, metrics: metrics, newEvents: planning, newMoments: time,
            newParcels: newParcels, trouble: trouble)
        // What pages learn of shops that others serve.
        let learningBeside = Learning(
            store: beside, logger: logger, metrics: metrics, newEvents: Wake(), newMoments: Wake(), trouble: trouble)

        let reloads = ReloadRequest()
        // All shops that are known, and those that are served.
        var known: [String: ShopContext] = [:]
        var contexts: [String: ShopContext] = [:]
        var reloaders: [String: TriggerReloader] = [:]
        var makers: [String: MessageMaker] = [:]
        var services: [any Service] = []
        var mailWakes: [String: Wake] = [:]
        var ticketWakes: [String: Wake] = [:]
        var offices: [String: ShopPost.Office] = [:]
        var lines: [String: ShopifyLine] = [:]
        let newMessages = Broadcast()
        let byHand = Broadcast()
        byHand.add(planning)
        let gate = PlanningGate()
        let readings = TriggerReadings(trials: TriggerTrials())
        let bases = isAlone ? nil : FolderBases(state: configuration.state)
        byHand.add(time)
        var guests: [GuestService.Guest] = []
        for shop in configuration.shops {
            let isServed = served.contains(shop.domain)
            let store = isServed ? store : beside
            let noticed = Wake()
            byHand.add(noticed)
            mailWakes[shop.domain] = noticed
            let reloader = TriggerReloader(
                shop: shop, store: store, metrics: metrics, logger: logger, notices: noticed, readings: readings,
                gate: gate, bases: bases)
            let context: ShopContext
            if isServed {
                context = try await self.context(for: shop, reloader: reloader, store: store, clock: clock)
                reloaders[shop.domain] = reloader
                contexts[shop.domain] = context
                metrics.know(shop: shop.domain)
            } else {
                let guest = try await guest(shop, reloader: reloader, store: store)
                guests.append(GuestService.Guest(shop: shop.domain, context: guest, reloader: reloader))
                guard let guest else { continue }
                context = guest
            }
            known[shop.domain] = context
            offices[shop.domain] = ShopPost.Office(
                brand: { context.rules.inForce.set.settings.brand }, sender: shop.smtp?.sender?.address,
                wake: shop.smtp == nil ? nil : noticed,
                design: { context.rules.inForce.set.templates.design($0, locale: $1) })
            let labels = LabelShelf(LabelFetcher(engine, shops: [shop.endpoint]))
            makers[shop.domain] = MessageMaker(
                configuration: shop, labels: labels, actions: store, codes: store.giftCodes,
                unsubscribe: store.unsubscribeTokens,
                links: configuration.pages.map { PublicLinks(url: $0.url, store: store) })
            guard isServed else { continue }
            try await NoRelay(store: store, logger: logger).look(at: context, now: clock.now)
            services.append(
                LabelService(
                    shop: shop.domain, labels: labels, store: store, clock: clock, planning: planning,
                    heartbeats: heartbeats, logger: logger, trouble: trouble))
            let givenUp = GivenUpNotices(store: store, reloader: reloader, context: context)
            let line = ShopifyLine()
            lines[shop.domain] = line
            let own = FarEnd(target: "", host: shop.domain, limit: 2) { engine in
                ShopChannel(line, broker: shop.broker?.open(engine))
            }
            let tickets = Wake()
            ticketWakes[shop.domain] = tickets
            byHand.add(tickets)
            let told: [ChannelName: Wake] = [.shop: planning, .helpdesk: tickets]
            for (route, end) in shop.routes + [(Route(shop: shop.domain, channel: .shop), own)] {
                // A notice to the shop is sent as mail.
                let wake = route.channel == .email ? noticed : Wake()
                newMessages.add(wake)
                byHand.add(wake)
                services.append(
                    DeliveryService(
                        route: route, channel: try open(route, end, over: engine), context: context,
                        maker: makers[shop.domain], store: store, clock: clock, wake: wake, heartbeats: heartbeats,
                        metrics: metrics, logger: logger, owner: owner, limit: end.limit, limits: end.limits,
                        trouble: trouble, kind: ChannelKind.standard[route.channel], relay: end.host,
                        givenUp: route.channel == .email ? nil : givenUp,
                        planning: told[route.channel]))
            }
        }
        services.append(
            PlanningService(
                store: store, contexts: contexts, makers: makers,
                trouble: TemplateTrouble(store: store, reloaders: reloaders, logger: logger), clock: clock,
                wake: planning,
                newMessages: newMessages, heartbeats: heartbeats, metrics: metrics, logger: logger,
                storeTrouble: trouble, gate: gate))
        services.append(
            TimeService(
                store: store, contexts: contexts, learning: learning, clock: clock, wake: time, heartbeats: heartbeats,
                logger: logger, trouble: trouble))
        var doors: [String: ShopifyHooks.Door] = [:]
        for context in known.values {
            let wake = Wake()
            let secrets = context.configuration.allHookSecrets
            if !secrets.isEmpty { doors[context.domain] = ShopifyHooks.Door(secrets: secrets, wake: wake) }
            // Elsewhere a hint is lost, and the shop is read at its usual time.
            guard served.contains(context.domain) else { continue }
            services.append(
                IntakeService(
                    context: context, store: store, learning: learning, transport: engine,
                    line: lines[context.domain] ?? ShopifyLine(), clock: clock, heartbeats: heartbeats,
                    metrics: metrics, logger: logger, wake: wake))
        }
        services.append(
            GiftService(
                store: store, contexts: contexts, reloaders: reloaders, clock: clock, wake: Wake(),
                newMessages: newMessages, heartbeats: heartbeats, logger: logger, trouble: trouble))
        services.append(
            UnusedLabelService(
                store: store, contexts: contexts, clock: clock, newMessages: newMessages, heartbeats: heartbeats,
                logger: logger, trouble: trouble))
        let people = ListedPeople(configuration.people)
        var desks: [String: TextHooks.Desk] = [:]
        var helpdesks: [String: HelpdeskHooks.Desk] = [:]
        let answers = ShopAnswers(
            makers.reduce(into: [:]) { offices, shop in
                guard let context = known[shop.key] else { return }
                offices[shop.key] = ShopAnswers.Office(planner: { context.rules.planner }, maker: shop.value)
            })
        var chats: [String: ChatDesk] = [:]
        var sockets: [String: [LMTPServer.Shop]] = [:]
        var ratings: [String: RatingJudge] = [:]
        var answerButtons: [String: AnswerButtons] = [:]
        for context in known.values {
            let isServed = served.contains(context.domain)
            let store = isServed ? store : beside
            let learning = isServed ? learning : learningBeside
            let judge = RatingJudge(
                store: store, learner: { context.rules.learner }, learned: { [learning] in learning.report($0) })
            if configuration.pages != nil { ratings[context.domain] = judge }
            let newWords = Wake()
            newMessages.add(newWords)
            putBack.add(newWords)
            byHand.add(newWords)
            let newMail = mailWakes[context.domain] ?? Wake()
            let wiring = SourceWiring(
                context: context, store: store, learning: learning, clock: clock, engine: engine,
                newMail: newMail, newWords: newWords, newMessages: newMessages, heartbeats: heartbeats, logger: logger,
                people: people, ratings: ratings[context.domain])
            byHand.add(wiring.wake)
            if let settings = context.configuration.texts {
                desks[context.domain] = TextHooks.Desk(settings: settings, wake: wiring.wake)
            }
            if let settings = context.configuration.chat, configuration.pages != nil {
                chats[context.domain] = ChatDesk(settings: settings, wake: wiring.wake)
            }
            if isServed {
                services += wiring.services()
                if let copies = wiring.copies { services.append(copies) }
            }
            let journal = ConversationJournal(
                metrics: metrics, newEvents: planning, newMail: newMail, logger: logger)
            let texts =
                context.configuration.texts == nil ? nil : TextForwarder(context: context, store: store)
            let chatForwarder =
                context.configuration.chat == nil ? nil : ChatForwarder(context: context, store: store)
            if let settings = context.configuration.helpdesk {
                let line = HelpdeskLine(
                    settings: settings, context: context, store: store, learning: learning, answers: answers,
                    desk: configuration.desk?.url, engine: engine, clock: clock,
                    tickets: ticketWakes[context.domain] ?? Wake(), newMessages: newMessages,
                    letters: wiring.ticketLetters, journal: journal,
                    heartbeats: heartbeats, logger: logger, trouble: trouble)
                helpdesks[context.domain] = line.hooks
                if isServed { services += line.services }
            }
            if configuration.pages != nil {
                answerButtons[context.domain] = AnswerButtons(
                    store: store, letters: wiring.forwarder, texts: texts, chats: chatForwarder, journal: journal)
            }
            guard isServed else { continue }
            let acts = Wake()
            newMessages.add(acts)
            byHand.add(acts)
            services.append(
                DeliveryService(
                    route: Route(shop: context.domain, channel: .desk),
                    channel: DeskChannel(
                        context: context, store: store, forwarder: wiring.forwarder, texts: texts,
                        chats: chatForwarder, post: ShopPost(offices), journal: journal), context: context,
                    maker: makers[context.domain],
                    store: store, clock: clock, wake: acts, heartbeats: heartbeats, metrics: metrics, logger: logger,
                    owner: owner, limit: 1, trouble: trouble, kind: .desk))
            services.append(
                ConversationService(
                    context: context, store: store, forwarder: wiring.forwarder, texts: texts, chats: chatForwarder,
                    journal: journal, clock: clock, wake: newWords, heartbeats: heartbeats, logger: logger,
                    trouble: trouble))
            if let (socket, shop) = wiring.brought { sockets[socket, default: []].append(shop) }
        }
        for (path, shops) in sockets {
            // All that name it say the same of it, or the configuration would have been refused.
            let access = configuration.shops.compactMap(\.mailbox).first { $0.lmtp == path }?.lmtpAccess
            services.append(
                LMTPServer(
                    path: path, access: access ?? Configuration.SocketAccess(), shops: shops, store: store,
                    clock: clock, trouble: trouble, logger: logger))
        }
        let asking = CarrierWiring(
            carriers: configuration.carriers, contexts: contexts, store: store, learning: learning, transport: engine,
            clock: clock, newParcels: newParcels, putBack: putBack, heartbeats: heartbeats, metrics: metrics.carriers,
            logger: logger)
        services += try await asking.services()
        services.append(
            ReloadService(
                contexts: contexts, reloaders: reloaders, store: store, clock: clock,
                planning: planning,
                notifier: SystemdNotifier(), heartbeats: heartbeats, logger: logger, trouble: trouble,
                request: reloads))
        let hangup = Broadcast()
        services.append(HangupService(request: reloads, others: hangup))
        var core = DaemonCore(
            configuration: configuration, store: beside, logger: logger, now: { clock.now }, post: ShopPost(offices),
            answers: answers, listed: people, hangup: hangup, actedByHand: byHand,
            learn: { [known, learning] events, shop in
                guard let context = known[shop] else { return }
                let learning = served.contains(shop) ? learning : learningBeside
                try await learning.learn(events, of: context, now: clock.now)
            }, ratings: ratings, answerButtons: answerButtons)
        if let site = configuration.pages, !desks.isEmpty {
            core.texts = TextHooks(
                desks: desks, store: beside, logger: logger, now: { clock.now }, url: site.url)
        }
        if configuration.pages != nil, !helpdesks.isEmpty {
            core.helpdesks = HelpdeskHooks(desks: helpdesks, store: beside, logger: logger, now: { clock.now })
        }
        core.chats = chats
        if !isAlone { core.served = served }
        for context in known.values {
            guard let endpoint = context.configuration.understanding else { continue }
            core.writers[context.domain] = ReplyWriter(
                endpoint, shop: context.domain, store: beside, planner: { context.rules.planner }, transport: engine,
                logger: logger)
        }
        core.offers = OfferDesk(store: beside, planner: { [known] in known[$0]?.rules.planner })
        core.pageDesk = PageDesk(store: beside, planner: { [known] in known[$0]?.rules.planner })
        core.returns = ReturnDesk(store: beside, planner: { [known] in known[$0]?.rules.planner })
        if !chats.isEmpty {
            services.append(
                ChatMailService(
                    store: store, contexts: contexts.filter { chats[$0.key] != nil }, newMail: mailWakes, clock: clock,
                    wake: Wake(), heartbeats: heartbeats, logger: logger, trouble: trouble))
        }
        if configuration.pages != nil, !doors.isEmpty {
            core.shopify = ShopifyHooks(
                doors: doors, store: beside, post: core.post,
                notify: { [known] shop in known[shop]?.rules.planner.triggers.settings.notify }, logger: logger,
                now: { clock.now })
        }
        services.append(
            RetentionService(
                store: store, shops: contexts.keys.sorted(), retention: configuration.retention, clock: clock,
                wake: Wake(), heartbeats: heartbeats, logger: logger, trouble: trouble))
        services.append(
            WeeklyReportService(
                store: store, contexts: contexts, post: core.post, clock: clock, wake: Wake(), heartbeats: heartbeats,
                logger: logger, trouble: trouble))
        if let desk = configuration.desk, !configuration.people.all.isEmpty {
            services.append(
                AlertService(
                    store: store, contexts: contexts, people: core.listed, post: core.post, answers: core.answers,
                    desk: desk.url, clock: clock, wake: Wake(), heartbeats: heartbeats, logger: logger,
                    trouble: trouble))
        }
        services.append(
            PriorityService(
                store: store, contexts: contexts, clock: clock, wake: Wake(), heartbeats: heartbeats, logger: logger,
                trouble: trouble))
        let offered = Wake()
        byHand.add(offered)
        newMessages.add(offered)
        services.append(
            RemedyService(
                store: store, contexts: contexts, people: core.listed, post: core.post, desk: configuration.desk?.url,
                learn: core.learn, clock: clock, wake: offered, newMessages: newMessages, heartbeats: heartbeats,
                logger: logger, trouble: trouble))
        let acted = Wake()
        byHand.add(acted)
        services.append(
            ActService(
                store: store, contexts: contexts, servesPages: configuration.pages != nil, learn: core.learn,
                clock: clock, wake: acted, newMessages: newMessages, heartbeats: heartbeats, logger: logger,
                trouble: trouble))
        services.append(
            FileService(
                shops: contexts.keys.sorted(), store: store, clock: clock, wake: Wake(), heartbeats: heartbeats,
                logger: logger, trouble: trouble))
        services += try await companions(core)
        services.append(
            Watchdog(
                notifier: SystemdNotifier(), heartbeats: heartbeats, store: store, clock: clock, metrics: metrics,
                logger: logger, trouble: trouble, contexts: contexts, putBack: putBack))
        if !isAlone {
            services.append(
                TouchService(
                    touches: { () async throws(StoreFailure) in try await store.touches() }, actedByHand: byHand,
                    changes: store.changes, clock: clock, heartbeats: heartbeats, logger: logger, trouble: trouble))
            services.append(
                GuestService(
                    guests: guests, store: store, shares: runtime.shares, clock: clock, heartbeats: heartbeats,
                    logger: logger, trouble: trouble))
        }
        if let listen = configuration.listen {
            services.append(
                HealthServer(
                    listen: listen, metrics: metrics, heartbeats: heartbeats, store: store, clock: clock,
                    logger: logger, shops: served, trouble: trouble))
        }
        var quiet = logger
        quiet.logLevel = .warning
        var group = ServiceGroupConfiguration(
            services: services.map { .init(service: $0) } + [
                .init(
                    service: ShareWatch(shares: runtime.shares),
                    successTerminationBehavior: .gracefullyShutdownGroup)
            ], logger: quiet)
        group.maximumGracefulShutdownDuration = .seconds(20)
        logger.log(Line.started, ["shops": "\(served.count)"])
        do {
            try await ServiceGroup(configuration: group).run()
        } catch is CancellationError {
            // Attempts still in progress after 20 seconds are in doubt, and continue at the next start.
        }
        await engine.shutdown(within: .seconds(1))
    }

    private func open(_ clock: DaemonClock) throws -> Store {
        do {
            try FileManager.default.createDirectory(
                atPath: configuration.state, withIntermediateDirectories: true, attributes: [.posixPermissions: 0o700])
        } catch {
            throw DaemonProblem(
                line: .storeFailed,
                reason: "the folder '\(configuration.state)' cannot be made; create it for the daemon's user",
                status: .fault)
        }
        do {
            return try Store.open(
                configuration.store, role: .daemon, who: "bookbag run on \(ProcessInfo.processInfo.hostName)",
                now: clock.now)
        } catch {
            throw DaemonProblem(line: .storeFailed, reason: "\(error)", status: .fault)
        }
    }

    private func beside(_ store: Store, _ clock: DaemonClock) throws -> Store {
        do { return try store.besideItself(configuration.store, now: clock.now) } catch {
            throw DaemonProblem(line: .storeFailed, reason: "\(error)", status: .fault)
        }
    }

    /// What is known about a shop that another daemon serves, by what that one works by; nil before any has served it.
    private func guest(
        _ shop: Configuration.Shop, reloader: TriggerReloader, store: Store
    ) async throws -> ShopContext? {
        guard let state = try await store.shopState(shop.domain), let triggers = try await reloader.lastGood() else {
            return nil
        }
        let profile =
            try await store.remembered(.profile, shop: shop.domain) ?? ShopProfile(domain: shop.domain)
        var learner = Learner(live: state.liveSince, shopZone: profile.zone, rereadEvery: shop.pollEvery)
        learner.delays = triggers.set.settings.delayRules
        learner.delays.home = profile.countryCode
        if !configuration.carriers.isEmpty { learner.sources = sources() }
        return ShopContext(
            configuration: shop,
            rules: ShopContext.Rules(
                planner: planner(triggers, of: shop, live: state.liveSince, profile: profile, store: store),
                learner: learner, inForce: triggers))
    }

    private func planner(
        _ triggers: TriggerReloader.InForce, of shop: Configuration.Shop, live: LiveSince, profile: ShopProfile,
        store: Store
    ) -> Planner {
        var planner = Planner(triggers: triggers.set, inForceSince: triggers.since, live: live, shop: profile)
        planner.holdOutKey = store.holdOutKey(shop: shop.domain)
        planner.giftCeilings = shop.giftCeilings
        planner.actionCeilings = shop.actionCeilings
        planner.remedyCeilings = shop.remedyCeilings
        planner.servesPages = configuration.pages != nil
        return planner
    }

    /// Which carrier is asked about a parcel.
    private func sources() -> SourceChoice {
        let paces = configuration.carriers.compactMap { carrier in carrier.askEvery.map { (carrier.name, $0) } }
        return CarrierChoice(
            configuration.carriers.map(\.name),
            paces: Dictionary(paces, uniquingKeysWith: { first, _ in first })
        ).choice
    }

    /// What is known about a shop before anything is read: its triggers, and since when it is watched.
    private func context(
        for shop: Configuration.Shop, reloader: TriggerReloader, store: Store, clock: DaemonClock
    ) async throws -> ShopContext {
        let now = clock.now
        let restoring = Restoring(store: store, logger: logger)
        let restoration = try await restoring.begin(shop.domain, now: now)
        var state = try await store.openShop(shop.domain, now: now)
        if shop.mailbox?.imap == nil { try await MailboxHealth(store: store, shop: shop.domain).forget(now: now) }
        for carrier in configuration.carriers {
            state.liveSince = try await store.openSource(carrier.name, shop: shop.domain, now: now)
        }
        let live = state.liveSince
        let profile =
            try await store.remembered(.profile, shop: shop.domain) ?? ShopProfile(domain: shop.domain)
        func planner(_ triggers: TriggerReloader.InForce) -> Planner {
            self.planner(triggers, of: shop, live: live, profile: profile, store: store)
        }
        let triggers = try await reloader.start(now: now, planner: planner)
        var learner = Learner(live: live, shopZone: profile.zone, rereadEvery: shop.pollEvery)
        learner.delays = triggers.set.settings.delayRules
        learner.delays.home = profile.countryCode
        if let restoration {
            learner.catchesUp = true
            try await restoring.withdrawWaits(of: shop.domain, planner: planner(triggers), restoration: restoration)
        }
        // If carriers were configured before and no longer are, their parcels are given back.
        let before = try await store.remembered(.carriers, shop: shop.domain) ?? ""
        if !configuration.carriers.isEmpty || !before.isEmpty {
            learner.sources = sources()
        }
        return ShopContext(
            configuration: shop,
            rules: ShopContext.Rules(planner: planner(triggers), learner: learner, inForce: triggers))
    }

    /// Opens a route of a shop.
    private func open(_ route: Route, _ end: FarEnd, over engine: TransferEngine) throws(DaemonProblem) -> any Channel {
        do {
            return try end.open(engine)
        } catch {
            throw DaemonProblem(
                line: .configuration, reason: "\(ChannelKind.standard.title(of: route)) of \(route.shop): \(error)",
                status: .configuration)
        }
    }
}
