import Intake
import Logging
import Outreach
import Platform
import ServiceLifecycle
import Store

/// Creates the services that ask carriers, from the operator's configuration.
struct CarrierWiring {
    let carriers: [Configuration.Carrier]
    let contexts: [String: ShopContext]
    let store: Store
    let learning: Learning
    let transport: any HTTPTransport
    let clock: DaemonClock
    let newParcels: Broadcast
    let putBack: Broadcast
    let heartbeats: Heartbeats
    let metrics: CarrierMetrics
    let logger: Logger

    /// One service for each carrier, and one for each shop whose parcels were last assigned among other carriers.
    func services() async throws(StoreFailure) -> [any Service] {
        var services: [any Service] = []
        let board = CarrierBoard(wakes: newParcels)
        for settings in carriers {
            guard let carrier = Carriers.named(settings.name) else { continue }
            let wake = Wake()
            newParcels.add(wake)
            putBack.add(wake)
            let timekeeper = Timekeeper(
                now: { [clock] in clock.now },
                sleep: { duration throws(CancellationError) in
                    do { try await Task.sleep(for: duration) } catch { throw CancellationError() }
                })
            services.append(
                CarrierService(
                    context: CarrierClient(
                        carrier, access: settings.access, transport: transport, timekeeper: timekeeper),
                    perDay: settings.perDay, contexts: contexts, store: store, learning: learning, clock: clock,
                    wake: wake,
                    heartbeats: heartbeats, metrics: metrics, logger: logger, board: board))
        }
        let sources = carriers.map(\.name).joined(separator: " ")
        for context in contexts.values {
            let before = try await store.remembered(.carriers, shop: context.domain)
            guard before ?? "" != sources else { continue }
            services.append(
                SourceRechoosing(
                    shop: context, sources: sources, store: store, learning: learning, newParcels: newParcels,
                    clock: clock, heartbeats: heartbeats, logger: logger))
        }
        return services
    }
}
