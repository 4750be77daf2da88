internal import FoundationEssentials

/// The root fields `orders` and `ordersCount`: searches the index and returns a page.
struct OrderList {
    let graph: AdminGraph
    let search: OrderSearch

    /// - Parameter field: the answer's key, for the warning's path.
    init(_ graph: AdminGraph, query: String?, field: String) {
        self.graph = graph
        search = query.flatMap { try? OrderSearch.parse($0) } ?? .all
        let unknown = search.terms.compactMap(\.field).filter {
            !OrderSearch.fields.contains($0) && !$0.hasPrefix("metafields.")
        }
        guard !unknown.isEmpty else { return }
        let warnings = unknown.map { name -> JSON in
            [
                "field": .string(name), "message": "Invalid search field for this query.", "code": "invalid_field",
            ]
        }
        graph.searches.append([
            "path": [.string(field)], "query": .text(query), "parsed": search.json, "warnings": .array(warnings),
        ])
    }

    private func matches(_ id: Int64) -> OrderRecord? {
        guard let order = graph.state.orders[id], graph.isVisible(order), let place = graph.state.index.place(of: id)
        else { return nil }
        let indexed = Date(timeIntervalSince1970: Double(place.time) / 1_000_000)
        return search.matches { OrderSearch.fits(order, indexed, $0) } ? order : nil
    }

    /// The few orders that can match, if an id or a return's state is given.
    private var candidates: [Int64]? {
        if let term = search.required.first(where: { $0.field == "id" && $0.comparison == .equal }) {
            return Int64(term.value).map { [$0] } ?? []
        }
        let parts: [OrderSearch] = if case .and(let parts) = search { parts } else { [search] }
        for part in parts {
            let terms: [OrderSearch.Term]
            switch part {
            case .term(let term): terms = [term]
            case .or(let options): terms = options.count == options.flatMap(\.required).count ? part.terms : []
            default: terms = []
            }
            let wanted = terms.flatMap { $0.value.uppercased().split(separator: ",").map(String.init) }
            if !terms.isEmpty, terms.allSatisfy({ $0.field == "return_status" }), !wanted.contains("NO_RETURN") {
                return Array(Set(wanted.flatMap { graph.state.index.withReturns[$0] ?? [] }))
            }
        }
        return nil
    }

    /// The page.
    func connection(_ arguments: GraphQLArguments) throws(GraphQLError) -> Resolved {
        let size = try ConnectionNode.pageSize(arguments, of: "OrderConnection")
        let byUpdate = arguments.string("sortKey") == "UPDATED_AT"
        let reverse = arguments.bool("reverse") != (arguments.int("first") == nil)
        var start: OrderIndex.Place?
        if let cursor = arguments.string("after") ?? arguments.string("before") {
            start = try place(of: try ConnectionNode.Cursor.read(cursor), byUpdate: byUpdate)
        }
        var found: [OrderRecord] = []
        visit(from: start, byUpdate: byUpdate, reverse: reverse) { order in
            found.append(order)
            return found.count <= size
        }
        let more = found.count > size
        if more { found.removeLast() }
        let backwards = arguments.int("first") == nil
        if backwards { found.reverse() }
        let items = found.map { order in
            ConnectionNode.Item(node: OrderNode(order, graph), cursor: cursor(of: order, byUpdate: byUpdate).text)
        }
        return .object(
            ConnectionNode(
                typeName: "OrderConnection", items: items, hasNext: backwards ? start != nil : more,
                hasPrevious: backwards ? more : start != nil))
    }

    private func cursor(of order: OrderRecord, byUpdate: Bool) -> ConnectionNode.Cursor {
        guard byUpdate else { return .init(id: order.id, value: .string(String(order.id))) }
        let time = graph.state.index.place(of: order.id)?.time ?? 0
        return .init(
            id: order.id, value: .string(ShopTime.cursor(Date(timeIntervalSince1970: Double(time) / 1_000_000))))
    }

    private func place(of cursor: ConnectionNode.Cursor, byUpdate: Bool) throws(GraphQLError) -> OrderIndex.Place {
        guard byUpdate else { return .init(time: 0, id: cursor.id) }
        guard let date = cursor.value.string.flatMap(ShopTime.parse) else {
            throw GraphQLError(
                message: "Invalid cursor for current pagination sort.",
                extensions: [JSON.Member("code", "BAD_REQUEST")])
        }
        return .init(date, cursor.id)
    }

    /// Visits what matches, in order, strictly after (or, in reverse, before) `start`.
    private func visit(
        from start: OrderIndex.Place?, byUpdate: Bool, reverse: Bool, _ take: (OrderRecord) -> Bool
    ) {
        if let candidates {
            var places = candidates.compactMap { graph.state.index.place(of: $0) }
            if !byUpdate { places = places.map { .init(time: 0, id: $0.id) } }
            places.sort()
            if reverse { places.reverse() }
            for place in places {
                if let start, reverse ? place >= start : place <= start { continue }
                if let order = matches(place.id), !take(order) { return }
            }
            return
        }
        guard byUpdate else {
            let ids = graph.state.index.ids
            func look(_ id: Int64) -> Bool { matches(id).map(take) ?? true }
            if reverse {
                let end = start.map { start in ids.partition(before: start.id) { $0 } } ?? ids.count
                for id in ids[..<end].reversed() where !look(id) { return }
            } else {
                let begin = start.map { start in ids.partition(before: start.id + 1) { $0 } } ?? 0
                for id in ids[begin...] where !look(id) { return }
            }
            return
        }
        var from = start.map { reverse ? $0 : .init(time: $0.time, id: $0.id + 1) }
        if !reverse {
            for term in search.required where term.field == "updated_at" {
                guard term.comparison == .atLeast || term.comparison == .after, let date = term.date else { continue }
                let bound = OrderIndex.Place(date, 0)
                from = max(from ?? bound, bound)
            }
        }
        graph.state.index.visitByUpdate(from: from, reverse: reverse) { id in matches(id).map(take) ?? true }
    }

    /// How many match, up to `limit`.
    func count(limit: Int) -> Resolved {
        var count = 0
        visit(from: nil, byUpdate: true, reverse: false) { _ in
            count += 1
            return count <= limit
        }
        return .object(
            Record(
                "Count",
                ["count": .int(min(count, limit)), "precision": .text(count > limit ? "AT_LEAST" : "EXACT")]))
    }
}
