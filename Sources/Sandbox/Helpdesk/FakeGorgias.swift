// Gorgias's API for tickets, as far as a helpdesk of Bookbag's is written to and read
// (https://developers.gorgias.com/reference/tickets): tickets and messages with an external id, notes, statuses.

internal import FoundationEssentials
import Synchronization

/// An account at Gorgias.
public final class FakeGorgias: Sendable {
    private struct Said {
        var id: Int64
        var externalID: String?
        var email: String?
        var isAgents: Bool
        var isPublic: Bool
        var channel: String
        var text: String
        var at: Date
    }

    private struct Ticket {
        var id: Int64
        var externalID: String
        var subject: String
        var status: String
        var customer: String?
        var messages: [Said]
        var updatedAt: Date
        var createdAt: Date
        var assignee: String?
        var isSpam = false
    }

    private struct State {
        var tickets: [Ticket] = []
        var nextID: Int64 = 5000

        mutating func id() -> Int64 {
            nextID += 1
            return nextID
        }
    }

    /// The login: a user's address, and an API key.
    public static let email = "bookbag@juniperfig.example"
    public static let token = "sandbox-gorgias"

    private let clock: SandboxClock
    private let state = Mutex(State())
    /// What goes wrong with what is written.
    public let faults: SandboxFaults<HelpdeskFault>
    let bell = Bell()

    init(clock: SandboxClock, seed: UInt64) {
        self.clock = clock
        faults = SandboxFaults(seed: seed ^ 0x6046)
    }

    /// All tickets, oldest first.
    public var tickets: [KeptTicket] {
        state.withLock { state in
            state.tickets.map { ticket in
                KeptTicket(
                    id: ticket.id, externalID: ticket.externalID, subject: ticket.subject, status: ticket.status,
                    requester: ticket.customer,
                    comments: ticket.messages.map {
                        KeptComment(
                            id: $0.id, author: $0.email, isAgents: $0.isAgents, isPublic: $0.isPublic, text: $0.text)
                    })
            }
        }
    }

    /// A customer writes a mail to the shop, which arrives here.
    ///
    /// - Parameter id: the ticket that it answers; nil for a new one.
    /// - Returns: the ticket's number.
    @discardableResult
    public func receive(
        _ text: String, subject: String = "", from email: String, in id: Int64? = nil, isSpam: Bool = false
    ) -> Int64 {
        let now = clock.now()
        defer { bell.ring() }
        return state.withLock { state in
            let said = Said(
                id: state.id(), email: email, isAgents: false, isPublic: true, channel: "email", text: text, at: now)
            if let id, let index = state.tickets.firstIndex(where: { $0.id == id }) {
                state.tickets[index].status = "open"
                state.tickets[index].messages.append(said)
                state.tickets[index].updatedAt = now
                return id
            }
            let ticket = Ticket(
                id: Int64(state.tickets.count + 201), externalID: "", subject: subject, status: "open",
                customer: email, messages: [said], updatedAt: now, createdAt: now, isSpam: isSpam)
            state.tickets.append(ticket)
            return ticket.id
        }
    }

    /// Somebody gives a ticket to a user; to nobody with nil.
    public func assign(_ id: Int64, to agent: String?) {
        let now = clock.now()
        state.withLock { state in
            guard let index = state.tickets.firstIndex(where: { $0.id == id }) else { return }
            state.tickets[index].assignee = agent
            state.tickets[index].updatedAt = now
        }
    }

    /// An agent, or the customer, says something in a ticket.
    ///
    /// - Parameter agent: nil for the customer.
    public func say(_ text: String, in id: Int64, by agent: String?, isPublic: Bool = true) {
        let now = clock.now()
        state.withLock { state in
            guard let index = state.tickets.firstIndex(where: { $0.id == id }) else { return }
            if agent == nil { state.tickets[index].status = "open" }
            state.tickets[index].messages.append(
                Said(
                    id: state.id(), email: agent ?? state.tickets[index].customer, isAgents: agent != nil,
                    isPublic: isPublic, channel: isPublic ? "email" : "internal-note", text: text, at: now))
            state.tickets[index].updatedAt = now
        }
        bell.ring()
    }

    /// Somebody gives a ticket that status: `open` or `closed`.
    public func set(_ status: String, of id: Int64) {
        let now = clock.now()
        state.withLock { state in
            guard let index = state.tickets.firstIndex(where: { $0.id == id }) else { return }
            state.tickets[index].status = status
            state.tickets[index].updatedAt = now
        }
    }

    // MARK: The API

    /// Answers a request below `/gorgias/api/`.
    func respond(_ request: WebRequest) -> WebResponse {
        let login = Data("\(Self.email):\(Self.token)".utf8).base64EncodedString()
        guard request.headers["authorization"] == "Basic \(login)" else {
            return .json(["error": ["msg": "Unauthorized"]], status: 401)
        }
        let parts = Array(request.parts.dropFirst(2))
        switch (request.method, parts.first, parts.count) {
        case ("GET", "account", 1): return .json(["domain": "sandbox"])
        case ("GET", "tickets", 1): return list(request)
        case ("GET", "tickets", 2):
            guard let ticket = ticket(parts[1]) else { return Self.missing }
            return .json(Self.json(ticket))
        case ("GET", "messages", 1): return messages(request)
        case ("POST", "tickets", _), ("PUT", "tickets", 2): return write(request, parts)
        default: return Self.missing
        }
    }

    private static let missing = WebResponse.json(["error": ["msg": "Not found"]], status: 404)

    private func ticket(_ id: String) -> Ticket? { state.withLock { $0.tickets.first { "\($0.id)" == id } } }

    private func write(_ request: WebRequest, _ parts: [String]) -> WebResponse {
        let fault = request.method == "POST" ? faults.draw() : nil
        if let refusal = faults.refusal(fault) { return refusal }
        guard let body = try? JSON.parse(request.body) else {
            return .json(["error": ["msg": "Invalid JSON"]], status: 400)
        }
        let response: WebResponse
        switch (request.method, parts.count) {
        case ("POST", 1): response = create(body)
        case ("POST", 3) where parts[2] == "messages": response = add(body, to: parts[1])
        case ("PUT", 2): response = update(parts[1], body)
        default: return Self.missing
        }
        bell.ring()
        return faults.spoiled(response, by: fault)
    }

    private func list(_ request: WebRequest) -> WebResponse {
        var tickets = state.withLock { $0.tickets }
        if let name = request.query["external_id"] { tickets = tickets.filter { $0.externalID == name } }
        if request.query["order_by"] == "updated_datetime:desc" {
            tickets.sort { ($0.updatedAt, $0.id) > ($1.updatedAt, $1.id) }
        }
        let limit = request.query["limit"].flatMap { Int($0) } ?? 30
        let start = request.query["cursor"].flatMap { Int($0) } ?? 0
        let page = tickets.dropFirst(start).prefix(limit)
        let next: JSON = start + limit < tickets.count ? .string("\(start + limit)") : .null
        return .json(["data": .array(page.map(Self.json)), "meta": ["next_cursor": next]])
    }

    private func messages(_ request: WebRequest) -> WebResponse {
        guard let ticket = ticket(request.query["ticket_id"] ?? "") else {
            return .json(["data": [], "meta": ["next_cursor": .null]])
        }
        let limit = request.query["limit"].flatMap { Int($0) } ?? 30
        let said = ticket.messages.reversed().prefix(limit)
        return .json(["data": .array(said.map(Self.json)), "meta": ["next_cursor": .null]])
    }

    private static func read(_ body: JSON, id: Int64, at now: Date) -> Said? {
        guard let channel = body["channel"]?.string, let isAgents = body["from_agent"]?.bool,
            let sender = body["sender"], let text = body["body_text"]?.string, body["via"]?.string != nil
        else { return nil }
        return Said(
            id: id, externalID: body["external_id"]?.string, email: sender["email"]?.string, isAgents: isAgents,
            isPublic: channel != "internal-note", channel: channel, text: text, at: now)
    }

    private func create(_ body: JSON) -> WebResponse {
        let now = clock.now()
        return state.withLock { state in
            let said = (body["messages"]?.array ?? []).compactMap { Self.read($0, id: state.id(), at: now) }
            guard !said.isEmpty else {
                return .json(["error": ["msg": "messages is required"]], status: 400)
            }
            let ticket = Ticket(
                id: Int64(state.tickets.count + 201), externalID: body["external_id"]?.string ?? "",
                subject: body["subject"]?.string ?? "", status: body["status"]?.string ?? "open",
                customer: body["customer"]?["email"]?.string, messages: said, updatedAt: now, createdAt: now)
            state.tickets.append(ticket)
            return .json(Self.json(ticket), status: 201)
        }
    }

    private func add(_ body: JSON, to id: String) -> WebResponse {
        let now = clock.now()
        return state.withLock { state in
            guard let index = state.tickets.firstIndex(where: { "\($0.id)" == id }) else { return Self.missing }
            guard let said = Self.read(body, id: state.id(), at: now) else {
                return .json(["error": ["msg": "channel, from_agent, sender and via are required"]], status: 400)
            }
            state.tickets[index].messages.append(said)
            state.tickets[index].updatedAt = now
            return .json(Self.json(said), status: 201)
        }
    }

    private func update(_ id: String, _ body: JSON) -> WebResponse {
        let now = clock.now()
        return state.withLock { state in
            guard let index = state.tickets.firstIndex(where: { "\($0.id)" == id }) else { return Self.missing }
            if let status = body["status"]?.string { state.tickets[index].status = status }
            state.tickets[index].updatedAt = now
            return .json(Self.json(state.tickets[index]), status: 202)
        }
    }

    /// `2026-11-21T10:00:00.000000`: Gorgias leaves the offset out.
    private static func time(_ date: Date) -> String { "\(ShopTime.iso(date).prefix(19)).000000" }

    private static func json(_ ticket: Ticket) -> JSON {
        [
            "id": .int(ticket.id), "external_id": .string(ticket.externalID), "subject": .string(ticket.subject),
            "status": .string(ticket.status), "updated_datetime": .string(time(ticket.updatedAt)),
            "created_datetime": .string(time(ticket.createdAt)), "channel": "email", "spam": .bool(ticket.isSpam),
            "customer": ["id": 1, "email": ticket.customer.map { .string($0) } ?? .null],
            "assignee_user": ticket.assignee.map { ["id": 2, "email": .string($0)] } ?? .null,
        ]
    }

    private static func json(_ said: Said) -> JSON {
        [
            "id": .int(said.id), "external_id": said.externalID.map { .string($0) } ?? .null,
            "from_agent": .bool(said.isAgents), "public": .bool(said.isPublic), "channel": .string(said.channel),
            "via": said.externalID == nil ? "helpdesk" : "api",
            "sender": ["email": said.email.map { .string($0) } ?? .null], "body_text": .string(said.text),
            "stripped_text": .string(said.text), "created_datetime": .string(time(said.at)),
        ]
    }
}
