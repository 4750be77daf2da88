// Answers Admin GraphQL requests: parses, checks, charges, runs. https://shopify.dev/docs/api/admin-graphql

internal import FoundationEssentials
import Synchronization

/// The cost bucket of the shop's plan.
public struct SandboxBucket: Sendable {
    /// The bucket's capacity in points.
    public var maximumAvailable: Double
    /// Points restored per second.
    public var restoreRate: Double

    /// Defaults to the bucket of Shopify's Standard plan.
    public init(maximumAvailable: Double = 2000, restoreRate: Double = 100) {
        self.maximumAvailable = maximumAvailable
        self.restoreRate = restoreRate
    }
}

final class AdminService: Sendable {
    private struct Prepared: Sendable {
        let document: GraphQLDocument
        let operation: GraphQLOperation
        let errors: [GraphQLError]
    }

    let shop: SandboxShop
    let versions = AdminVersions()
    private let bucket: Mutex<CostBucket>
    private let prepared = Mutex<[String: Prepared]>([:])
    private let totals = Mutex<(queries: Int, points: Int)>((0, 0))

    init(shop: SandboxShop, bucket: SandboxBucket) {
        self.shop = shop
        self.bucket = Mutex(
            CostBucket(
                maximum: bucket.maximumAvailable, restoreRate: bucket.restoreRate, now: Self.seconds(shop.clock)))
    }

    private static func seconds(_ clock: SandboxClock) -> Double { clock.now().timeIntervalSince1970 }

    /// The number of queries run, and their total points.
    var spent: (queries: Int, points: Int) { totals.withLock { $0 } }

    private static func failure(_ errors: [GraphQLError]) -> JSON { ["errors": .array(errors.map(\.json))] }

    /// The answer to one request body.
    func answer(_ body: JSON, scopes: Set<String>, throttled: Bool = false) -> JSON {
        guard let text = body["query"]?.string else {
            return Self.failure([GraphQLError(message: "Bad request: no query string present")])
        }
        let operationName = body["operationName"]?.string
        let request: Prepared
        switch prepare(text, operationName) {
        case .failure(let faults): return Self.failure(faults.errors)
        case .success(let known): request = known
        }
        guard request.errors.isEmpty else { return Self.failure(request.errors) }
        let variables: [String: JSON]
        do throws(GraphQLFaults) {
            variables = try GraphQLInput.variables(
                body["variables"] ?? .object([]), for: request.operation, schema: AdminSchema.schema)
        } catch {
            return Self.failure(error.errors)
        }
        return run(request, variables, scopes: scopes, throttled: throttled)
    }

    private func prepare(_ text: String, _ operationName: String?) -> Result<Prepared, GraphQLFaults> {
        let key = text + "\u{0}" + (operationName ?? "")
        if let known = prepared.withLock({ $0[key] }) { return .success(known) }
        let document: GraphQLDocument
        do throws(GraphQLSyntaxError) {
            document = try GraphQLParser.document(text)
        } catch {
            return .failure(
                GraphQLFaults(errors: [GraphQLError(message: error.message, locations: [error.location])]))
        }
        guard let operation = document.operations.first(where: { operationName == nil || $0.name == operationName }),
            operationName != nil || document.operations.count == 1
        else {
            let message =
                operationName.map { "No operation named \"\($0)\"" } ?? "An operation name is required"
            return .failure(GraphQLFaults(errors: [GraphQLError(message: message)]))
        }
        let request = Prepared(
            document: document, operation: operation,
            errors: GraphQLValidator.errors(in: operation, of: document, schema: AdminSchema.schema))
        prepared.withLock { known in
            // A daemon sends a dozen documents; more are somebody experimenting.
            if known.count >= 128 { known.removeAll() }
            known[key] = request
        }
        return .success(request)
    }

    private func run(
        _ request: Prepared, _ variables: [String: JSON], scopes: Set<String>, throttled: Bool
    ) -> JSON {
        let schema = AdminSchema.schema
        let kind = request.operation.kind
        let plan = SelectionPlan(
            [request.operation.selections], document: request.document, schema: schema, variables: variables)
        let requested = QueryCost.requested(plan, kind: kind, schema: schema)
        if requested > QueryCost.limit { return tooDear(requested) }
        let now = Self.seconds(shop.clock)
        guard !throttled, bucket.withLock({ $0.take(requested, now: now) }) else { return throttledAnswer(requested) }

        var executor = GraphQLExecutor()
        var searches: [JSON] = []
        let data: JSON
        if kind == .mutation {
            let key = Self.idempotencyKey(of: request.operation, variables)
            data = executor.run(plan, on: MutationRoot(shop: shop, scopes: scopes, idempotencyKey: key))
        } else {
            (data, executor, searches) = query(plan, scopes: scopes)
        }
        let actual = QueryCost.actual(plan, kind: kind, schema: schema, answer: data, requested: requested)
        let status = bucket.withLock { bucket in
            bucket.giveBack(requested - actual)
            return bucket.status(now: now)
        }
        totals.withLock { totals in
            totals.queries += 1
            totals.points += actual
        }
        notePoll(request, variables)
        var extensions: [JSON.Member] = [
            JSON.Member(
                "cost",
                [
                    "requestedQueryCost": .int(Int64(requested)), "actualQueryCost": .int(Int64(actual)),
                    "throttleStatus": status,
                ])
        ]
        if !searches.isEmpty { extensions.append(JSON.Member("search", .array(searches))) }
        var answer: [JSON.Member] = []
        if !executor.errors.isEmpty { answer.append(JSON.Member("errors", .array(executor.errors.map(\.json)))) }
        answer.append(JSON.Member("data", data))
        answer.append(JSON.Member("extensions", .object(extensions)))
        return .object(answer)
    }

    /// The key of the first field's `@idempotent`.
    private static func idempotencyKey(of operation: GraphQLOperation, _ variables: [String: JSON]) -> String? {
        for case .field(let field) in operation.selections {
            guard let argument = field.directives.first(where: { $0.name == "idempotent" })?.arguments.first else {
                continue
            }
            switch argument.value {
            case .variable(let name): return variables[name]?.string
            case .string(let text): return text
            default: return nil
            }
        }
        return nil
    }

    private func query(_ plan: SelectionPlan, scopes: Set<String>) -> (JSON, GraphQLExecutor, [JSON]) {
        let shop = shop
        let versions = versions
        // All of this holds the shop's lock: the graph is a snapshot of the shop, and nothing is copied.
        return shop.read { state -> Ran in
            let graph = AdminGraph(state: state, shop: shop, scopes: scopes)
            var executor = GraphQLExecutor()
            let data = executor.run(plan, on: QueryRoot(graph: graph, versions: versions))
            return Ran(data: data, executor: executor, searches: graph.searches)
        }.parts
    }

    private struct Ran: Sendable {
        let data: JSON
        let executor: GraphQLExecutor
        let searches: [JSON]
        var parts: (JSON, GraphQLExecutor, [JSON]) { (data, executor, searches) }
    }

    /// Counts the scans by time of update; later pages of one scan are the same scan.
    private func notePoll(_ request: Prepared, _ variables: [String: JSON]) {
        guard variables["after"] ?? .null == .null else { return }
        let texts = variables.values.compactMap(\.string)
        let literal = request.operation.selections.contains { selection in
            guard case .field(let field) = selection, field.name == "orders" else { return false }
            return field.arguments.contains { argument in
                if case .string(let text) = argument.value { return text.contains("updated_at") }
                return false
            }
        }
        if literal || texts.contains(where: { $0.contains("updated_at") }) { shop.notePoll() }
    }

    private func tooDear(_ requested: Int) -> JSON {
        Self.failure([
            GraphQLError(
                message:
                    "Query cost is \(requested), which exceeds the single query max cost limit (\(QueryCost.limit)).\n\n"
                    + "See https://shopify.dev/concepts/about-apis/rate-limits for more information on how the cost of a "
                    + "query is calculated.",
                extensions: [
                    JSON.Member("code", "MAX_COST_EXCEEDED"), JSON.Member("cost", .int(Int64(requested))),
                    JSON.Member("maxCost", .int(Int64(QueryCost.limit))),
                    JSON.Member("documentation", "https://shopify.dev/api/usage/rate-limits"),
                ])
        ])
    }

    private func throttledAnswer(_ requested: Int) -> JSON {
        let status = bucket.withLock { $0.status(now: Self.seconds(shop.clock)) }
        let error = GraphQLError(
            message: "Throttled",
            extensions: [
                JSON.Member("code", "THROTTLED"),
                JSON.Member("documentation", "https://shopify.dev/api/usage/rate-limits"),
            ])
        return [
            "errors": [error.json],
            "extensions": [
                "cost": [
                    "requestedQueryCost": .int(Int64(requested)), "actualQueryCost": nil, "throttleStatus": status,
                ]
            ],
        ]
    }
}
