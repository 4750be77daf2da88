import Foundation
import Intake
import Logging
import Outreach
import Platform
import ServiceLifecycle
import Store

/// Asks one carrier about the parcels that are due, within its quota, and passes its answers on to be learned.
///
/// Each carrier has a loop of its own, so that one that is slow, down or out of quota holds up nobody else's parcels.
/// Nothing is lost on the way: a parcel stays due until its carrier's answer is committed, together with its next time;
/// calls are booked before they are made, so that a crash counts too many and never too few.
struct CarrierService: Service {
    let context: CarrierClient
    /// Calls per day, if the operator set them.
    let perDay: Int?
    /// The shops, by domain.
    let contexts: [String: ShopContext]
    let store: Store
    let learning: Learning
    let clock: DaemonClock
    let wake: Wake
    let heartbeats: Heartbeats
    let metrics: CarrierMetrics
    let logger: Logger
    /// The carriers that cannot be asked at the moment, this one or others.
    var board = CarrierBoard()
    /// A random number from 0 up to 1, for jitter.
    var chance: @Sendable () -> Double = { Double.random(in: 0..<1) }

    /// The loop's name for the watchdog.
    private var name: Loop.Name { Loop.Name("carrier:\(context.carrier.name)") }

    func run() async throws {
        await cancelWhenGracefulShutdown { await ask() }
    }

    private func ask() async {
        var rounds: CarrierPoller?
        var timesPutBack = clock.timesPutBack
        let loop = Loop(
            name, wake: wake, heartbeats: heartbeats, trouble: learning.trouble, clock: clock, logger: logger)
        await loop.run { _ in
            do {
                if timesPutBack != clock.timesPutBack {
                    (rounds, timesPutBack) = (nil, clock.timesPutBack)
                }
                if rounds == nil { rounds = try await begin() }
                return .wait(try await rounds?.turn() ?? Loop.troublePause)
            } catch {
                // Parcels in progress are still due; the quota is read again from the store.
                rounds = nil
                throw error
            }
        }
    }

    /// Continues from the state in the store.
    func begin() async throws -> CarrierPoller {
        let state = try await store.carrierState(context.carrier.name)
        return CarrierPoller(
            service: self,
            budget: CarrierBudget(context.carrier.quota, perDay: perDay, stored: state.windows),
            circuit: CarrierCircuit(
                failures: state.failures, closedUntil: state.closedUntil,
                reason: state.reason.flatMap { CallAnswer.Kind(rawValue: $0) }, detail: state.detail),
            beat: { [heartbeats, name] in heartbeats.beat(name) })
    }
}

extension CarrierBudget {
    /// A carrier's budget as the store has it.
    init(_ quota: CarrierQuota, perDay: Int?, stored: [CarrierWindow]) {
        self.init(
            quota, perDay: perDay,
            kept: stored.map {
                Window(calls: $0.calls, seconds: $0.seconds, day: $0.day, spent: $0.spent, freeAt: $0.freeAt)
            })
    }

    /// It, for the store.
    var stored: [CarrierWindow] {
        windows.map {
            CarrierWindow(seconds: $0.seconds, calls: $0.calls, day: $0.day, spent: $0.spent, freeAt: $0.freeAt)
        }
    }
}

/// Reassigns every open parcel to its sources, once, after the operator has configured other carriers; then it is done.
struct SourceRechoosing: Service {
    let shop: ShopContext
    /// The value to remember for the sources configured now.
    let sources: String
    let store: Store
    let learning: Learning
    let newParcels: Broadcast
    let clock: DaemonClock
    let heartbeats: Heartbeats
    let logger: Logger
    var wake = Wake()

    func run() async throws {
        await cancelWhenGracefulShutdown { await walk() }
        // A service that returns would end the daemon.
        try? await gracefulShutdown()
    }

    private func walk() async {
        var last: Int64 = 0
        let loop = Loop(
            Loop.Name("choosing", shop: shop.domain), wake: wake, heartbeats: heartbeats, trouble: learning.trouble,
            clock: clock, logger: logger)
        await loop.run { _ in
            let open = try await store.openOrders(shop: shop.domain, after: last, limit: 100)
            guard let next = open.last else {
                try await store.remember(sources, as: .carriers, shop: shop.domain, now: clock.now)
                return .done
            }
            try await learning.advance(open.orderIDs, of: shop, now: clock.now)
            last = next
            newParcels.call()
            return .again
        }
    }
}
