// A shop that is not one: it has orders, parcels, returns and refunds, moved by verbs that a story, a merchant at the
// web page or a test calls, and read over the Admin API as the real shop is. Each verb moves what the real shop moves:
// in particular it leaves Order.updatedAt alone where the real one was seen to (tracking events, returns, holds),
// unless told otherwise.

internal import FoundationEssentials
import Synchronization

/// Why the shop did not do what it was asked, in a sentence for people.
public struct SandboxRefusal: Error, CustomStringConvertible, Sendable {
    /// The sentence.
    public let description: String

    init(_ description: String) { self.description = description }
}

/// Who the shop is.
public struct SandboxShopProfile: Sendable {
    /// As customers know it.
    public var name: String
    /// `NAME.myshopify.com`.
    public var domain: String
    /// The owner's.
    public var email: String
    /// Where its own site would be: a name that leads nowhere, so the sandbox serves what mails show of it.
    public var website: String
    /// IANA.
    public var timeZone: String
    /// ISO 4217.
    public var currency: String

    /// All of its parts, each with what is usual where it is left out.
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

/// How the shop differs from a plain one: what is late, and what moves an order's time of update.
public struct SandboxShopManners: Sendable {
    /// How long after a change searches begin to see it.
    public var indexLag: Duration
    /// Whether a carrier's event moves Order.updatedAt. On the real shop this could not be settled.
    public var trackingMovesOrders: Bool
    /// Whether a return's steps move Order.updatedAt. Seen not to.
    public var returnsMoveOrders: Bool
    /// Whether a hold moves Order.updatedAt. Seen not to.
    public var holdsMoveOrders: Bool
    /// Names, addresses and e-mails are null, as they are for an app without access to protected customer data.
    public var hidesCustomers: Bool
    /// How long since an order was placed until an app without `read_all_orders` no longer sees it.
    public var visibleFor: Duration

    /// All of its parts, each with what is usual where it is left out.
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
    /// Who the shop is.
    public let profile: SandboxShopProfile
    let clock: SandboxClock
    let bell = Bell()
    private let state = Mutex(ShopState())
    private let mannersBox: Mutex<SandboxShopManners>
    private let base = Mutex("http://127.0.0.1")
    private let pollCount = Mutex(0)

    /// All of its parts, each with what is usual where it is left out.
    public init(
        profile: SandboxShopProfile = SandboxShopProfile(), manners: SandboxShopManners = SandboxShopManners(),
        clock: SandboxClock = .system
    ) {
        self.profile = profile
        self.clock = clock
        mannersBox = Mutex(manners)
    }

    /// The shop's manners now; they may change while it runs.
    public var manners: SandboxShopManners {
        get { mannersBox.withLock { $0 } }
        set { mannersBox.withLock { $0 = newValue } }
    }

    /// Where the sandbox's web server stands, for the links to labels and tracking pages. Set by the server.
    var baseURL: String {
        get { base.withLock { $0 } }
        set { base.withLock { $0 = newValue } }
    }

    /// How many scans of orders by time of update have been answered.
    public var polls: Int { pollCount.withLock { $0 } }

    func notePoll() {
        pollCount.withLock { $0 += 1 }
        bell.ring()
    }

    /// How many orders there are.
    public var orderCount: Int { state.withLock { $0.orders.count } }

    // MARK: Reading and changing

    /// Rereads at the shop's state, searches up to date.
    func read<Value: Sendable>(_ body: (ShopState) throws -> Value) rethrows -> Value {
        let now = clock.now()
        return try state.withLock { state in
            let orders = state.orders
            state.index.catchUp(now: now) { orders[$0] }
            return try body(state)
        }
    }

    /// Changes one order. `moves` says whether its time of update moves too.
    @discardableResult
    func change<Value: Sendable>(
        _ id: ShopID, moves: Bool = true,
        _ body: (inout OrderRecord, inout ShopState, Date) throws(SandboxRefusal) -> Value
    ) throws(SandboxRefusal) -> Value {
        let now = clock.now()
        let manners = manners
        let result: Result<Value, SandboxRefusal> = state.withLock { state in
            let owner = id.kind == .order ? id.number : state.owners[id]
            // Taken out while it changes, so that it is changed in place and not copied.
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

    /// Puts a new order in.
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
    /// In seconds, with their fraction.
    var inSeconds: Double {
        let (seconds, attoseconds) = components
        return Double(seconds) + Double(attoseconds) / 1e18
    }
}
