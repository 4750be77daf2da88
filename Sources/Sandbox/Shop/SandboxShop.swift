// A simulated shop with orders, parcels, returns and refunds, changed by verbs from a story, the web page or a test,
// and read over the Admin API like a real shop. Each verb changes what the real shop changes: in particular it leaves
// Order.updatedAt alone where the real one does (tracking events, returns, holds), unless told otherwise.

internal import FoundationEssentials
import Synchronization

/// Why the shop refused a request, in a sentence for people.
public struct SandboxRefusal: Error, CustomStringConvertible, Sendable {
    /// The sentence.
    public let description: String

    init(_ description: String) { self.description = description }
}

/// The shop's identity.
public struct SandboxShopProfile: Sendable {
    /// Its name for customers.
    public var name: String
    /// `NAME.myshopify.com`.
    public var domain: String
    /// The owner's.
    public var email: String
    /// The address of its own site, which does not resolve; the sandbox serves the parts that mails show.
    public var website: String
    /// IANA.
    public var timeZone: String
    /// ISO 4217.
    public var currency: String

    /// Every part has its usual default.
    public init(
        name: String = "Juniper & Fig", domain: String = "juniperfig.myshopify.com",
        email: String = "owner@juniperfig.example", website: String = "https://juniperfig.example",
        timeZone: String = "Europe/London", currency: String = "GBP"
    ) {
        self.name = name
        self.domain = domain
        self.email = email
        self.website = website
        self.timeZone = timeZone
        self.currency = currency
    }
}

/// The shop's deviations from a plain one: delays, and what changes an order's time of update.
public struct SandboxShopManners: Sendable {
    /// How long after a change searches begin to see it.
    public var indexLag: Duration
    /// Whether a carrier's event changes Order.updatedAt. Not determined on a real shop.
    public var trackingMovesOrders: Bool
    /// Whether a return's steps change Order.updatedAt. Observed not to.
    public var returnsMoveOrders: Bool
    /// Whether a hold changes Order.updatedAt. Observed not to.
    public var holdsMoveOrders: Bool
    /// Names, addresses and e-mails are null, as they are for an app without access to protected customer data.
    public var hidesCustomers: Bool
    /// The age at which an app without `read_all_orders` no longer sees an order.
    public var visibleFor: Duration

    /// Every part has its usual default.
    public init(
        indexLag: Duration = .zero, trackingMovesOrders: Bool = false, returnsMoveOrders: Bool = false,
        holdsMoveOrders: Bool = false, hidesCustomers: Bool = false, visibleFor: Duration = .seconds(60 * 86_400)
    ) {
        self.indexLag = indexLag
        self.trackingMovesOrders = trackingMovesOrders
        self.returnsMoveOrders = returnsMoveOrders
        self.holdsMoveOrders = holdsMoveOrders
        self.hidesCustomers = hidesCustomers
        self.visibleFor = visibleFor
    }
}

/// The sandbox's shop. Every verb is one step, and safe to call from anywhere.
public final class SandboxShop: Sendable {
    /// The shop's identity.
    public let profile: SandboxShopProfile
    let clock: SandboxClock
    let bell = Bell()
    private let state = Mutex(ShopState())
    private let mannersBox: Mutex<SandboxShopManners>
    private let base = Mutex("http://127.0.0.1")
    private let pollCount = Mutex(0)

    /// Every part has its usual default.
    public init(
        profile: SandboxShopProfile = SandboxShopProfile(), manners: SandboxShopManners = SandboxShopManners(),
        clock: SandboxClock = .system
    ) {
        self.profile = profile
        self.clock = clock
        mannersBox = Mutex(manners)
    }

    /// The shop's current deviations; they may change while it runs.
    public var manners: SandboxShopManners {
        get { mannersBox.withLock { $0 } }
        set { mannersBox.withLock { $0 = newValue } }
    }

    /// The address of the sandbox's web server, for the links to labels and tracking pages. Set by the server.
    var baseURL: String {
        get { base.withLock { $0 } }
        set { base.withLock { $0 = newValue } }
    }

    /// The number of answered scans of orders by time of update.
    public var polls: Int { pollCount.withLock { $0 } }

    func notePoll() {
        pollCount.withLock { $0 += 1 }
        bell.ring()
    }

    /// The number of orders.
    public var orderCount: Int { state.withLock { $0.orders.count } }

    // MARK: Reading and changing

    /// Reads the shop's state, with the search index up to date.
    func read<Value: Sendable>(_ body: (ShopState) throws -> Value) rethrows -> Value {
        let now = clock.now()
        return try state.withLock { state in
            let orders = state.orders
            state.index.catchUp(now: now) { orders[$0] }
            return try body(state)
        }
    }

    /// Changes one order. `moves` says whether its time of update changes too.
    @discardableResult
    func change<Value: Sendable>(
        _ id: ShopID, moves: Bool = true,
        _ body: (inout OrderRecord, inout ShopState, Date) throws(SandboxRefusal) -> Value
    ) throws(SandboxRefusal) -> Value {
        let now = clock.now()
        let manners = manners
        let result: Result<Value, SandboxRefusal> = state.withLock { state in
            let owner = id.kind == .order ? id.number : state.owners[id]
            // Removed while it changes, so that it is changed in place and not copied.
            guard let owner, var order = state.orders.removeValue(forKey: owner) else {
                return .failure(SandboxRefusal("there is no \(id.kind.rawValue) \(id.number)"))
            }
            let moment = max(now, state.lastChange)
            defer { state.orders[owner] = order }
            do throws(SandboxRefusal) {
                let before = order.updatedAt
                let value = try body(&order, &state, moment)
                state.lastChange = moment
                if moves, order.updatedAt == before { order.updatedAt = moment }
                state.index.note(owner, visibleAt: moment.addingTimeInterval(manners.indexLag.inSeconds))
                return .success(value)
            } catch {
                return .failure(error)
            }
        }
        bell.ring()
        return try result.get()
    }

    /// Changes what belongs to no order.
    func mutate<Value: Sendable>(_ body: (inout ShopState) -> Value) -> Value {
        defer { bell.ring() }
        return state.withLock { body(&$0) }
    }

    /// Adds a new order.
    func insert(_ make: (inout ShopState, Date) -> OrderRecord) -> OrderRecord {
        let now = clock.now()
        let lag = manners.indexLag.inSeconds
        let order = state.withLock { state in
            let order = make(&state, now)
            state.orders[order.id] = order
            state.index.note(order.id, visibleAt: now.addingTimeInterval(lag))
            return order
        }
        bell.ring()
        return order
    }
}

extension Duration {
    /// In seconds, with fractions.
    var inSeconds: Double {
        let (seconds, attoseconds) = components
        return Double(seconds) + Double(attoseconds) / 1e18
    }
}
