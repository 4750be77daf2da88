// Zendesk's API for tickets, as far as a helpdesk of Bookbag's is written to and read
// (https://developer.zendesk.com/api-reference/ticketing/tickets/tickets/): tickets with an external id, comments with an
// author, notes, statuses, people. A closed ticket takes nothing more. Times are whole seconds, as Zendesk's are.

internal import Crypto
internal import FoundationEssentials
import Synchronization

/// An account at Zendesk.
public final class FakeZendesk: Sendable {
    private struct Person {
        var id: Int64
        var name: String
        var email: String?
        var externalID: String?
        var role: String
    }

    private struct Comment {
        var id: Int64
        var author: Int64
        var isPublic: Bool
        var text: String
        var mark: JSON?
        var at: Date
        /// What Zendesk warns agents of.
        var flags: [Int64] = []
    }

    private struct Ticket {
        var id: Int64
        var externalID: String
        var subject: String
        var status: String
        var requester: Int64
        var follows: Int64?
        var tags: JSON
        var comments: [Comment] = []
        var updatedAt: Date
        var createdAt: Date
        /// How it came: `email`, `api`.
        var via = "api"
        var assignee: Int64?
        var copies: [Int64] = []
    }

    private struct State {
        var people: [Person]
        var tickets: [Ticket] = []
        var keys: [String: Int64] = [:]
        var nextID: Int64 = 1000
        var lookups = 0

        mutating func id() -> Int64 {
            nextID += 1
            return nextID
        }

        /// The number of whoever has that address.
        mutating func person(_ email: String, name: String, role: String) -> Int64 {
            if let known = people.first(where: { $0.email == email }) { return known.id }
            let made = Person(id: id(), name: name, email: email, role: role)
            people.append(made)
            return made.id
        }
    }

    /// The login: an agent's address, and an API token.
    public static let email = "bookbag@juniperfig.example"
    public static let token = "sandbox-zendesk"
    /// What its webhooks are signed with.
    public static let secret = "sandbox-zendesk-hook"

    private let clock: SandboxClock
    private let state: Mutex<State>
    /// What goes wrong with what is written.
    public let faults: SandboxFaults<HelpdeskFault>
    let bell = Bell()

    init(clock: SandboxClock, seed: UInt64) {
        self.clock = clock
        faults = SandboxFaults(seed: seed ^ 0x2E4D)
        state = Mutex(State(people: [Person(id: 1, name: "Bookbag", email: Self.email, role: "admin")]))
    }

    /// All tickets, oldest first.
    public var tickets: [KeptTicket] {
        state.withLock { state in
            state.tickets.map { ticket in
                func person(_ id: Int64) -> Person? { state.people.first { $0.id == id } }
                return KeptTicket(
                    id: ticket.id, externalID: ticket.externalID, subject: ticket.subject, status: ticket.status,
                    requester: person(ticket.requester)?.email,
                    comments: ticket.comments.map { comment in
                        KeptComment(
                            id: comment.id, author: person(comment.author)?.email,
                            isAgents: person(comment.author)?.role != "end-user", isPublic: comment.isPublic,
                            text: comment.text)
                    })
            }
        }
    }

    /// How many people it knows, its own user included.
    public var people: Int { state.withLock { $0.people.count } }

    // MARK: What people do there

    /// A customer writes a mail to the shop, which arrives here.
    ///
    /// - Parameters:
    ///   - id: the ticket that it answers; nil for a new one.
    ///   - flags: what Zendesk warns agents of.
    ///   - via: how it came, if not by mail.
    /// - Returns: the ticket's number.
    @discardableResult
    public func receive(
        _ text: String, subject: String = "", from email: String, name: String? = nil, in id: Int64? = nil,
        flags: [Int64] = [], via: String = "email"
    ) -> Int64 {
        let now = clock.now()
        defer { bell.ring() }
        return state.withLock { state in
            let author = state.person(email, name: name ?? email, role: "end-user")
            let comment = Comment(
                id: state.id(), author: author, isPublic: true, text: text, at: now, flags: flags)
            if let id, let index = state.tickets.firstIndex(where: { $0.id == id }) {
                state.tickets[index].status = "open"
                state.tickets[index].comments.append(comment)
                state.tickets[index].updatedAt = now
                return id
            }
            let ticket = Ticket(
                id: Int64(state.tickets.count + 101), externalID: "", subject: subject, status: "new",
                requester: author, tags: [], comments: [comment], updatedAt: now, createdAt: now, via: via)
            state.tickets.append(ticket)
            return ticket.id
        }
    }

    /// Somebody gives a ticket to an agent; to nobody with nil.
    public func assign(_ id: Int64, to agent: String?) {
        change(id) { state, index in
            state.tickets[index].assignee = agent.map { state.person($0, name: $0, role: "agent") }
        }
    }

    /// Somebody gets copies of what is said in a ticket.
    public func copy(_ id: Int64, to email: String) {
        change(id) { state, index in
            state.tickets[index].copies.append(state.person(email, name: email, role: "end-user"))
        }
    }

    private func change(_ id: Int64, _ body: (inout State, Int) -> Void) {
        let now = clock.now()
        state.withLock { state in
            guard let index = state.tickets.firstIndex(where: { $0.id == id }) else { return }
            body(&state, index)
            state.tickets[index].updatedAt = now
        }
    }

    /// An agent, or whoever the ticket is with, says something in it.
    ///
    /// - Parameter agent: nil for whoever it is with.
    public func say(_ text: String, in id: Int64, by agent: String?, isPublic: Bool = true) {
        let now = clock.now()
        state.withLock { state in
            guard let index = state.tickets.firstIndex(where: { $0.id == id }) else { return }
            var author = state.tickets[index].requester
            if let agent {
                author = state.person(agent, name: agent, role: "agent")
            } else {
                state.tickets[index].status = "open"
            }
            state.tickets[index].comments.append(
                Comment(id: state.id(), author: author, isPublic: isPublic, text: text, at: now))
            state.tickets[index].updatedAt = now
        }
        bell.ring()
    }

    /// Somebody gives a ticket that status.
    public func set(_ status: String, of id: Int64) {
        let now = clock.now()
        state.withLock { state in
            guard let index = state.tickets.firstIndex(where: { $0.id == id }) else { return }
            state.tickets[index].status = status
            state.tickets[index].updatedAt = now
        }
    }

    /// Somebody deletes a ticket.
    public func delete(_ id: Int64) { state.withLock { $0.tickets.removeAll { $0.id == id } } }

    /// The headers of a webhook with that body.
    public func signed(_ body: [UInt8]) -> [(String, String)] {
        let timestamp = ShopTime.iso(clock.now())
        let code = HMAC<SHA256>.authenticationCode(
            for: Data(Array(timestamp.utf8) + body), using: SymmetricKey(data: Data(Self.secret.utf8)))
        return [
            ("X-Zendesk-Webhook-Signature", Data(code).base64EncodedString()),
            ("X-Zendesk-Webhook-Signature-Timestamp", timestamp),
        ]
    }

    // MARK: The API

    /// Answers a request below `/zendesk/api/v2/`.
    func respond(_ request: WebRequest) -> WebResponse {
        let login = Data("\(Self.email)/token:\(Self.token)".utf8).base64EncodedString()
        guard request.headers["authorization"] == "Basic \(login)" else {
            return .json(["error": "Couldn't authenticate you"], status: 401)
        }
        let parts = Array(request.parts.dropFirst(3))
        switch (request.method, parts.first, parts.count) {
        case ("GET", "users", 2) where parts[1] == "me":
            return .json(["user": ["id": 1, "email": .string(Self.email), "role": "admin"]])
        case ("GET", "users", 2) where parts[1] == "search": return findPeople(request)
        case ("GET", "users", 2):
            guard let person = state.withLock({ $0.people.first { "\($0.id)" == parts[1] } }) else {
                return Self.missing
            }
            return .json(["user": Self.json(person)])
        case ("GET", "tickets", 1): return list(request)
        case ("GET", "tickets", 2) where parts[1] == "show_many": return several(request)
        case ("GET", "tickets", 2): return one(parts[1])
        case ("GET", "tickets", 3) where parts[2] == "comments": return comments(parts[1], request)
        case ("POST", _, _), ("PUT", _, _): return write(request, parts)
        default: return Self.missing
        }
    }

    private static let missing = WebResponse.json(["error": "RecordNotFound", "description": "Not found"], status: 404)

    private func write(_ request: WebRequest, _ parts: [String]) -> WebResponse {
        // What goes wrong, goes wrong with tickets.
        let fault = parts.first == "tickets" ? faults.draw() : nil
        if let refusal = faults.refusal(fault) { return refusal }
        guard let body = try? JSON.parse(request.body) else {
            return .json(["error": "InvalidJSON"], status: 400)
        }
        let response: WebResponse
        switch (request.method, parts.first, parts.count) {
        case ("POST", "users", 2) where parts[1] == "create_or_update": response = putPerson(body)
        case ("POST", "tickets", 1): response = create(request, body)
        case ("PUT", "tickets", 2): response = update(parts[1], body)
        default: return Self.missing
        }
        bell.ring()
        return faults.spoiled(response, by: fault)
    }

    private func findPeople(_ request: WebRequest) -> WebResponse {
        let people = state.withLock { $0.people }
        let found = people.filter { person in
            if let query = request.query["query"] { return person.email.map { query == "email:\"\($0)\"" } ?? false }
            return person.externalID != nil && person.externalID == request.query["external_id"]
        }
        return .json(["users": .array(found.map(Self.json)), "count": .int(Int64(found.count))])
    }

    private func putPerson(_ body: JSON) -> WebResponse {
        guard let user = body["user"], let name = user["name"]?.string else {
            return .json(["error": "RecordInvalid"], status: 422)
        }
        let person = state.withLock { state -> Person in
            let email = user["email"]?.string
            let own = user["external_id"]?.string
            if let known = state.people.first(where: {
                email != nil && $0.email == email || own != nil && $0.externalID == own
            }) {
                return known
            }
            let person = Person(id: state.id(), name: name, email: email, externalID: own, role: "end-user")
            state.people.append(person)
            return person
        }
        return .json(["user": Self.json(person)], status: 201)
    }

    private func list(_ request: WebRequest) -> WebResponse {
        let (tickets, people) = state.withLock { ($0.tickets, $0.people) }
        var found = tickets.filter { ticket in request.query["external_id"].map { $0 == ticket.externalID } ?? true }
        if request.query["sort_by"] == "updated_at" {
            found.sort { ($0.updatedAt, $0.id) < ($1.updatedAt, $1.id) }
            if request.query["sort_order"] == "desc" { found.reverse() }
        }
        let size = min(100, request.query["per_page"].flatMap { Int($0) } ?? 100)
        let page = request.query["page"].flatMap { Int($0) } ?? 1
        let part = found.dropFirst((page - 1) * size).prefix(size)
        var body: [JSON.Member] = [
            JSON.Member("tickets", .array(part.map(Self.json))), JSON.Member("count", .int(Int64(found.count))),
            JSON.Member("next_page", page * size < found.count ? .string("page=\(page + 1)") : .null),
        ]
        if request.query["include"] == "users" {
            let wanted = Set(part.flatMap { [$0.requester] + [$0.assignee].compactMap(\.self) })
            body.append(
                JSON.Member("users", .array(people.filter { wanted.contains($0.id) }.map(Self.json))))
        }
        return .json(.object(body))
    }

    private func several(_ request: WebRequest) -> WebResponse {
        let ids = Set((request.query["ids"] ?? "").split(separator: ",").compactMap { Int64($0) })
        guard ids.count <= 100 else { return .json(["error": "TooManyIds"], status: 400) }
        let tickets = state.withLock { $0.tickets.filter { ids.contains($0.id) } }
        return .json(["tickets": .array(tickets.map(Self.json))])
    }

    private func one(_ id: String) -> WebResponse {
        guard let ticket = state.withLock({ $0.tickets.first { "\($0.id)" == id } }) else { return Self.missing }
        return .json(["ticket": Self.json(ticket)])
    }

    private func comments(_ id: String, _ request: WebRequest) -> WebResponse {
        let (ticket, people) = state.withLock { state in
            (state.tickets.first { "\($0.id)" == id }, state.people)
        }
        guard let ticket else { return Self.missing }
        let sorted = request.query["sort_order"] == "desc" ? ticket.comments.reversed() : ticket.comments
        let comments = sorted.map { comment -> JSON in
            [
                "id": .int(comment.id), "type": "Comment", "author_id": .int(comment.author),
                "body": .string(comment.text), "plain_body": .string(comment.text), "public": .bool(comment.isPublic),
                "created_at": .string(ShopTime.iso(comment.at)),
                "metadata": [
                    "system": ["location": "sandbox"], "custom": comment.mark ?? [:],
                    "flags": .array(comment.flags.map { .int($0) }), "trusted": .bool(comment.flags.isEmpty),
                ],
            ]
        }
        var body: JSON = ["comments": .array(comments), "count": .int(Int64(comments.count))]
        if request.query["include"] == "users" {
            let authors = Set(ticket.comments.map(\.author))
            body = [
                "comments": .array(comments), "count": .int(Int64(comments.count)),
                "users": .array(people.filter { authors.contains($0.id) }.map(Self.json)),
            ]
        }
        return .json(body)
    }

    private func create(_ request: WebRequest, _ body: JSON) -> WebResponse {
        guard let ticket = body["ticket"], let comment = ticket["comment"], let text = comment["body"]?.string,
            !text.isEmpty, let requester = ticket["requester_id"]?.int
        else { return .json(["error": "RecordInvalid"], status: 422) }
        let now = clock.now()
        let key = request.headers["idempotency-key"]
        let made = state.withLock { state -> Ticket in
            if let key, let id = state.keys[key], let known = state.tickets.first(where: { $0.id == id }) {
                return known
            }
            var made = Ticket(
                id: Int64(state.tickets.count + 101), externalID: ticket["external_id"]?.string ?? "",
                subject: ticket["subject"]?.string ?? "", status: "new", requester: requester,
                follows: ticket["via_followup_source_id"]?.int, tags: ticket["tags"] ?? [], updatedAt: now,
                createdAt: now)
            made.comments = [
                Comment(
                    id: state.id(), author: comment["author_id"]?.int ?? 1,
                    isPublic: comment["public"]?.bool ?? true, text: text, mark: ticket["metadata"], at: now)
            ]
            state.tickets.append(made)
            if let key { state.keys[key] = made.id }
            return made
        }
        return .json(["ticket": Self.json(made)], status: 201)
    }

    private func update(_ id: String, _ body: JSON) -> WebResponse {
        guard let change = body["ticket"] else { return .json(["error": "RecordInvalid"], status: 422) }
        let now = clock.now()
        return state.withLock { state in
            guard let index = state.tickets.firstIndex(where: { "\($0.id)" == id }) else { return Self.missing }
            guard state.tickets[index].status != "closed" else {
                return .json(
                    [
                        "error": "RecordInvalid", "description": "Record validation errors",
                        "details": ["status": [["description": "Status: closed prevents ticket update"]]],
                    ], status: 422)
            }
            if change["safe_update"]?.bool == true,
                change["updated_stamp"]?.string != ShopTime.iso(state.tickets[index].updatedAt)
            {
                return .json(
                    ["error": "UpdateConflict", "description": "Safe Update prevented the update"], status: 409)
            }
            if let comment = change["comment"], let text = comment["body"]?.string {
                state.tickets[index].comments.append(
                    Comment(
                        id: state.id(), author: comment["author_id"]?.int ?? 1,
                        isPublic: comment["public"]?.bool ?? true, text: text, mark: change["metadata"], at: now))
            }
            if let status = change["status"]?.string { state.tickets[index].status = status }
            state.tickets[index].updatedAt = now
            return .json(["ticket": Self.json(state.tickets[index])])
        }
    }

    private static func json(_ person: Person) -> JSON {
        [
            "id": .int(person.id), "name": .string(person.name), "email": person.email.map { .string($0) } ?? .null,
            "external_id": person.externalID.map { .string($0) } ?? .null, "role": .string(person.role),
        ]
    }

    private static func json(_ ticket: Ticket) -> JSON {
        [
            "id": .int(ticket.id), "external_id": .string(ticket.externalID), "subject": .string(ticket.subject),
            "status": .string(ticket.status), "requester_id": .int(ticket.requester), "tags": ticket.tags,
            "assignee_id": ticket.assignee.map { .int($0) } ?? .null,
            "email_cc_ids": .array(ticket.copies.map { .int($0) }), "via": ["channel": .string(ticket.via)],
            "created_at": .string(ShopTime.iso(ticket.createdAt)),
            "updated_at": .string(ShopTime.iso(ticket.updatedAt)),
            "followup_source_id": ticket.follows.map { .int($0) } ?? .null,
        ]
    }
}
