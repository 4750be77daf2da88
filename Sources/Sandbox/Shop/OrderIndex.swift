// Finds orders as Shopify's search does: not in the shop's tables but in an index that follows them, sometimes late. It
// is ordered by the time of the last update, so that a poll reads only what is new, however many orders there are.

internal import FoundationEssentials

/// The search index of the shop's orders.
struct OrderIndex: Sendable {
    /// An order's position: by time of update, then by id.
    struct Place: Hashable, Sendable, Comparable {
        /// Microseconds since 1970.
        let time: Int64
        let id: Int64

        init(_ date: Date, _ id: Int64) {
            time = Self.microseconds(date)
            self.id = id
        }

        init(time: Int64, id: Int64) {
            self.time = time
            self.id = id
        }

        static func microseconds(_ date: Date) -> Int64 { Int64((date.timeIntervalSince1970 * 1_000_000).rounded()) }

        static func < (one: Place, other: Place) -> Bool { (one.time, one.id) < (other.time, other.id) }
    }

    private struct Change: Sendable {
        let visibleAt: Date
        let id: Int64
    }

    private var pending: [Change] = []
    /// Sorted; old positions of an order stay until there are too many of them.
    private var places: [Place] = []
    private var current: [Int64: Int64] = [:]
    private var sorted = true
    /// Orders by id, which is the order in which they were placed.
    private(set) var ids: [Int64] = []
    private(set) var withReturns: [String: Set<Int64>] = [:]
    private var returnStatus: [Int64: String] = [:]

    var count: Int { current.count }

    /// An order is new or has changed; searches see it from `visibleAt` on.
    mutating func note(_ id: Int64, visibleAt: Date) { pending.append(Change(visibleAt: visibleAt, id: id)) }

    /// Adds orders that have become visible. `order` returns an order's current state.
    mutating func catchUp(now: Date, order: (Int64) -> OrderRecord?) {
        let due = pending.firstIndex { $0.visibleAt > now } ?? pending.count
        guard due > 0 else { return }
        let changes = pending[..<due]
        pending.removeFirst(due)
        for change in changes {
            guard let record = order(change.id) else { continue }
            let place = Place(record.updatedAt, record.id)
            let known = current.updateValue(place.time, forKey: record.id)
            if known == nil { insert(id: record.id) }
            if known != place.time { insert(place) }
            file(record)
        }
        settle()
    }

    private mutating func insert(id: Int64) {
        if let last = ids.last, last > id {
            ids.insert(id, at: ids.partition(before: id) { $0 })
        } else {
            ids.append(id)
        }
    }

    private mutating func insert(_ place: Place) {
        if let last = places.last, place < last { sorted = false }
        places.append(place)
    }

    private mutating func file(_ record: OrderRecord) {
        let status = record.returnStatus
        guard returnStatus[record.id] ?? "NO_RETURN" != status else { return }
        if let old = returnStatus[record.id] { withReturns[old]?.remove(record.id) }
        returnStatus[record.id] = status == "NO_RETURN" ? nil : status
        if status != "NO_RETURN" { withReturns[status, default: []].insert(record.id) }
    }

    private mutating func settle() {
        if places.count > 64, places.count > 2 * current.count {
            places.removeAll { current[$0.id] != $0.time }
        }
        if !sorted {
            places.sort()
            sorted = true
        }
    }

    /// An order's time in the index; nil if it is not there yet.
    func place(of id: Int64) -> Place? { current[id].map { Place(time: $0, id: id) } }

    /// Visits orders by time of update, forwards from a position or backwards from before one, until `visit` stops it.
    func visitByUpdate(from start: Place?, reverse: Bool = false, _ visit: (Int64) -> Bool) {
        let middle = start.map { start in places.partition(before: start) { $0 } } ?? (reverse ? places.count : 0)
        if reverse {
            for place in places[..<middle].reversed() where current[place.id] == place.time && !visit(place.id) {
                return
            }
        } else {
            for place in places[middle...] where current[place.id] == place.time && !visit(place.id) { return }
        }
    }
}

extension Array {
    /// The first index whose key is not less than `key`, in an array sorted by it.
    func partition<Key: Comparable>(before key: Key, by keyOf: (Element) -> Key) -> Int {
        var low = 0
        var high = count
        while low < high {
            let middle = (low + high) / 2
            if keyOf(self[middle]) < key { low = middle + 1 } else { high = middle }
        }
        return low
    }
}
