internal import FoundationEssentials

/// The shop's whole state. Guarded by SandboxShop.
struct ShopState: Sendable {
    var orders: [Int64: OrderRecord] = [:]
    var index = OrderIndex()
    var customers: [Int64: CustomerRecord] = [:]
    var customersByEmail: [String: Int64] = [:]
    var events: [OrderEventRecord] = []
    /// The order that each part belongs to, by the part's id.
    var owners: [ShopID: Int64] = [:]
    /// The fulfillments of a number, by the number as carriers compare it. A corrected number stays, and its parcels
    /// are looked up by their current number.
    var fulfillmentsByNumber: [String: [Int64]] = [:]
    /// By their codes, in upper case: Shopify does not distinguish them by case.
    var discounts: [String: DiscountRecord] = [:]
    /// By their customers.
    var credits: [Int64: [CreditRecord]] = [:]
    var drafts: [Int64: DraftRecord] = [:]
    /// Whether each job is done.
    var jobs: [Int64: Bool] = [:]
    /// What was made under each key of `@idempotent`.
    var idempotency: [String: (input: String, made: Int64)] = [:]
    var nextOrderNumber = 1001
    var nextID: Int64 = 5_812_345_678_901
    /// The time of the last change, which never goes back.
    var lastChange = Date(timeIntervalSince1970: 0)

    mutating func newID() -> Int64 {
        // Shopify's ids of one kind are some ten thousands apart, and all above 2^40.
        nextID += 32_768 + nextID % 7
        return nextID
    }

    mutating func newID(_ kind: ShopID.Kind, of order: Int64) -> Int64 {
        let id = newID()
        owners[ShopID(kind, id)] = order
        return id
    }

    /// The order that an object belongs to.
    func order(owning id: ShopID) -> OrderRecord? {
        id.kind == .order ? orders[id.number] : owners[id].flatMap { orders[$0] }
    }
}
