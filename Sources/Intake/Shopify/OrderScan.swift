// How changed orders are found. A scan lists orders by `updatedAt`, oldest first, from a little before where the last
// one ended: the list comes from a search index that lags behind the shop, so changes from just before the last scan
// may appear only now. Orders listed again for that reason are not read again: the mark of their last reading shows
// that.
//
// Pages of one list end after 25,000 objects (shopify.dev/docs/api/usage/limits), so a longer list is restarted at the
// last change seen. An order that changes while we page moves to the end of the list and is listed again; none is
// missed.

internal import Outreach
internal import Shopify

/// The position of a scan in its list.
struct OrderScan: Hashable, Sendable {
    /// A further filter: `return_status:in_progress`.
    var filter: String?
    /// Changes at or after this moment; nil for all.
    var from: Moment?
    /// The start of the page.
    var after: String?
    private var listed = 0

    init(filter: String? = nil, from: Moment? = nil) {
        self.filter = filter
        self.from = from
    }

    /// Where Shopify ends a list.
    static let listLimit = 25_000

    /// The search. The moment is quoted, because without quotes only its date counts.
    var query: String {
        [filter, from.map { "updated_at:>='\(Moment(seconds: $0.seconds).iso8601)'" }].compactMap { $0 }.joined(
            separator: " AND ")
    }

    /// Moves past a page. Returns false at the end of the list.
    ///
    /// - Parameter pageSize: how many orders are requested at a time.
    mutating func advance(past page: PageInfo, count: Int, lastChange: Moment?, pageSize: Int) throws(ShopifyFailure)
        -> Bool
    {
        guard page.hasNextPage else { return false }
        listed += count
        if listed + pageSize > Self.listLimit {
            guard let lastChange, lastChange > from ?? .distantPast, lastChange.seconds > (from ?? .distantPast).seconds
            else {
                throw .malformed("more than \(Self.listLimit) orders changed in the same second")
            }
            self = OrderScan(filter: filter, from: lastChange)
            return true
        }
        guard let next = page.endCursor, next != after, count > 0 else {
            throw .malformed("orders.pageInfo leads nowhere")
        }
        after = next
        return true
    }
}

extension ReadMark {
    /// How long after a change we may still read the order's previous state: a change is dated to the second, and
    /// reading by id does not always return the newest copy.
    static let settling = Duration.seconds(5)

    /// The number of returns in a mark.
    static let returnsTold = 5

    /// Whether an order last read with this mark must be read again, given the change time in a scan.
    static func isOutdated(_ mark: ReadMark?, changedAt: Moment) -> Bool {
        guard let mark else { return true }
        return mark.updatedAt < changedAt || mark.readAt < changedAt + settling
    }

    /// The text for these returns: newest first, by number.
    static func text(of returns: [(id: String, status: String?)]) -> String {
        let numbered = returns.map { (number: GlobalID.number($0.id), status: $0.status ?? "") }
        let newest = numbered.sorted { ($0.number.utf8.count, $0.number) > ($1.number.utf8.count, $1.number) }
        return newest.prefix(returnsTold).map { "\($0.number):\($0.status)" }.joined(separator: ",")
    }
}
