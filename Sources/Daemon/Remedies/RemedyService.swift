import Delivery
import Foundation
import Logging
import Outreach
import Platform
import ServiceLifecycle
import Store

/// Looks after what is offered to shoppers when something went wrong: tells those who may approve it, reminds them at
/// half time, has the letter written once it is open, and gives to a person whatever comes to nothing, so that nothing
/// ends in silence.
///
/// Each step is a commit that names the version it was made of, with the mails and hand-overs that follow from it. The
/// event that a letter tells of comes before the row that says so; learned a second time, it is the same event.
struct RemedyService: Service {
    let store: Store
    let contexts: [String: ShopContext]
    let people: ListedPeople
    let post: ShopPost
    /// The address of the desk, without a slash at its end; nil where there is none.
    let desk: String?
    let learn: @Sendable ([JudgedEvent], String) async throws -> Void
    let clock: DaemonClock
    let wake: Wake
    /// Called when there is something to do in a shop.
    let newMessages: Broadcast
    let heartbeats: Heartbeats
    let logger: Logger
    var trouble = StoreTrouble()

    /// How often it looks for what is new, where anything can be offered.
    static let pace = Duration.seconds(5)
    /// How many offers are looked after in one step.
    static let batch = 50
    /// A shopper may choose for so long.
    static let openLife = Duration.days(30)
    /// How often it is looked whether something was done in the shop.
    static let pause = Duration.seconds(5)

    func run() async throws {
        let loop = Loop(
            Loop.Name("remedies"), wake: wake, heartbeats: heartbeats, restingBy: clock, trouble: trouble,
            clock: clock, logger: logger)
        await loop.run { _ in
            var isUsed = false
            var moved = false
            for shop in contexts.keys.sorted() {
                guard let context = contexts[shop] else { continue }
                isUsed = isUsed || !(context.rules.planner.triggers.policy?.remedies.isEmpty ?? true)
                if try await turn(shop, now: clock.now) { moved = true }
            }
            if moved { newMessages.call() }
            return .look(in: isUsed ? Self.pace : nil)
        }
    }

    /// Does what is due in a shop; true if anything was.
    func turn(_ shop: String, now: Moment) async throws -> Bool {
        let due = try await store.dueOffers(shop: shop, limit: Self.batch, now: now)
        for offer in due { try await look(at: offer, now: now) }
        return !due.isEmpty
    }

    private func look(at offer: OfferRecord, now: Moment) async throws {
        switch offer.state {
        case .asked: try await ask(offer, now: now)
        case .open: try await open(offer, now: now)
        case .chosen: try await follow(offer, now: now)
        case .refused, .lapsed, .person:
            var after = offer
            after.nextAt = nil
            _ = try await store.write(after, now: now)
        }
    }

    // MARK: - Approval

    private func ask(_ offer: OfferRecord, now: Moment) async throws(StoreFailure) {
        var after = offer
        let end = offer.offer.approveBy ?? now
        let half = offer.decidedAt + (end - offer.decidedAt) / 2
        if now >= end {
            return try await handOver(
                offer, as: .lapsed, note: "Nobody approved the offer in time: \(offer.offer.sentence)", now: now)
        }
        var mails: [SystemMail] = []
        if offer.askedAt == nil {
            after.askedAt = now
            after.nextAt = half
            mails = self.mails(about: offer, isReminder: false, now: now)
        } else if offer.remindedAt == nil, now >= half {
            after.remindedAt = now
            after.nextAt = end
            mails = self.mails(about: offer, isReminder: true, now: now)
        } else {
            after.nextAt = offer.remindedAt == nil ? half : end
        }
        if try await store.write(after, mails: mails, now: now) { post.send(for: offer.shop) }
    }

    /// What those who may approve the sum are told; where nobody may, everybody who approves, else `notify`.
    private func mails(about offer: OfferRecord, isReminder: Bool, now: Moment) -> [SystemMail] {
        guard let context = contexts[offer.shop] else { return [] }
        let all = people.approving(offer.shop)
        let sum = offer.offer.dearest
        let able = all.filter { $0.mayApprove(sum, in: offer.offer.currency) }
        var told = (able.isEmpty ? all : able).compactMap { MailAddress(address: $0.email) }
        if told.isEmpty { told = [context.rules.planner.triggers.settings.notify].compactMap(\.self) }
        let clock = Clock(context.rules.planner.shopZone)
        let subject =
            "\(isReminder ? "Still to be approved" : "To be approved"): at most \(offer.offer.written(sum)) for order \(offer.orderName)"
        var lines = [
            "# \(ForwardedMail.plain(subject))",
            "The customer would be offered \(ForwardedMail.plain(offer.offer.sentence)).",
            "Why: \(ForwardedMail.plain(offer.offer.why))",
        ]
        if let end = offer.offer.approveBy {
            lines.append(
                "If nobody approves or refuses it by \(clock.dayAndTime(end)), it goes to the Inbox. The customer knows nothing of it until then."
            )
        }
        if able.isEmpty {
            lines.append("Nobody in people.yaml may approve this sum: see `approve_up_to`.")
        }
        if let desk {
            lines.append("[Look at it at the desk](\(desk)/\(ShopDomain.short(offer.shop))/approvals)")
        }
        let body = lines.joined(separator: "\n\n")
        return told.compactMap {
            post.mail(
                Self.mail, to: $0, subject: subject, body: body,
                about: "\(offer.number) \(isReminder ? "again" : "first") \($0.address)", shop: offer.shop, now: now)
        }
    }

    /// What makes mails that ask for an approval.
    static let mail = "approval"

    // MARK: - The shopper

    private func open(_ offer: OfferRecord, now: Moment) async throws {
        guard let context = contexts[offer.shop] else { return }
        var after = offer
        let opened = offer.openedAt ?? offer.decidedAt
        if offer.toldAt != nil {
            guard now >= opened + Self.openLife else {
                after.nextAt = opened + Self.openLife
                _ = try await store.write(after, now: now)
                return
            }
            return try await handOver(
                offer, as: .lapsed, note: "The customer did not choose in 30 days: \(offer.offer.sentence)", now: now)
        }
        guard let record = try await store.load(shop: offer.shop, orderIDs: [offer.orderID])[offer.orderID] else {
            after.nextAt = nil
            _ = try await store.write(after, now: now)
            return
        }
        if let also = offer.offer.alsoGive, offer.giftEffect == nil,
            let change = try await gift(also.what.name, of: offer, record: record, context, now: now)
        {
            after.nextAt = now + Self.pause
            // Its part of the sum is booked with it from now on.
            if try await store.write(
                after, booking: .costs(offer.offer.dearest - also.amount), gift: change, reads: record.reads, now: now)
            {
                newMessages.call()
            }
            return
        }
        if let gift = offer.giftEffect, now < opened + Composition.actionPatience,
            let outcome = try await store.outcome(of: gift, shop: offer.shop),
            [.waiting, .ready].contains(outcome.effect.state)
        {
            after.nextAt = now + Self.pause
            _ = try await store.write(after, now: now)
            return
        }
        try await learn(
            [
                JudgedEvent(
                    aggregate: .order(offer.orderID), kind: .remedyOffered,
                    subject: .other("remedy", id: "\(offer.number)"), mark: "offer \(offer.number)",
                    happenedAt: opened, source: "bookbag")
            ], offer.shop)
        after.toldAt = now
        after.nextAt = opened + Self.openLife
        _ = try await store.write(after, now: now)
    }

    private func gift(
        _ name: String, of offer: OfferRecord, record: OrderRecord, _ context: ShopContext, now: Moment
    ) async throws(StoreFailure) -> PlannedChange? {
        let planner = context.rules.planner
        guard let gift = planner.triggers.policy?.gift(name) else { return nil }
        let last = try await store.lastGiven(gift, about: record)
        return OfferSteps(planner: planner, codes: store.giftCodes).gift(
            name, of: offer, record: record, last: last, key: "along", now: now)
    }

    // MARK: - What she chose

    /// Looks whether it was done; what the shop refused goes to a person.
    private func follow(_ offer: OfferRecord, now: Moment) async throws(StoreFailure) {
        var after = offer
        guard let action = offer.actionEffect, let outcome = try await store.outcome(of: action, shop: offer.shop)
        else {
            after.nextAt = nil
            _ = try await store.write(after, now: now)
            return
        }
        switch outcome.effect.state {
        case .waiting, .ready:
            after.nextAt = now + Self.pause
            _ = try await store.write(after, now: now)
        case .sent:
            after.nextAt = nil
            _ = try await store.write(after, now: now)
        case .bounced, .shadowed, .heldOut, .skipped, .withdrawn, .replaced, .refused:
            let what = offer.choice?.shown ?? "something"
            try await handOver(
                offer, as: .person,
                note: "The customer chose \(what), and it could not be done; the order's page says why.",
                now: now)
        }
    }

    private func handOver(
        _ offer: OfferRecord, as state: OfferState, note: String, now: Moment
    ) async throws(StoreFailure) {
        var after = offer
        after.state = state
        after.nextAt = nil
        let change = OfferSteps.handOver(offer, to: state, note: "\(note). \(offer.offer.why)", now: now)
        if try await store.write(after, booking: .freed, others: [change].compactMap(\.self), now: now) {
            newMessages.call()
        }
    }
}
