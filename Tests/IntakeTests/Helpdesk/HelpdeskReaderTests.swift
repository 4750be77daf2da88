import Doubles
import Outreach
import Platform
import Testing

@testable import Intake

private let now = Moment(iso8601: "2026-11-21T10:00:00Z")!

private func service(_ transport: any HTTPTransport) -> JSONService {
    JSONService("https://fig.example", authorization: SecretString("x"), over: transport)
}

@Suite("What helpdesks say of tickets that customers open") struct HelpdeskReaderTests {
    @Test("is read from Zendesk: whose a ticket is, who gets copies, and what it warns of")
    func zendesk() async throws {
        let transport = ScriptedTransport(
            .json(
                #"""
                {"tickets": [
                  {"id": 7, "status": "open", "subject": "My apron", "external_id": null, "requester_id": 2,
                   "assignee_id": 3, "recipient": "hello@fig.example", "email_cc_ids": [5], "collaborator_ids": [3, 5],
                   "via": {"channel": "email", "source": {"rel": null}}, "custom_fields": [{"id": 1, "value": null}],
                   "created_at": "2026-11-21T09:00:00Z", "updated_at": "2026-11-21T09:30:00Z"},
                  {"id": 6, "status": "solved", "subject": null, "external_id": "bookbag-77", "requester_id": 9,
                   "assignee_id": 1, "collaborator_ids": [], "via": {"channel": "api"},
                   "created_at": "2026-11-21T08:00:00Z", "updated_at": "2026-11-21T09:00:00Z"},
                  {"id": 5, "status": "new", "requester_id": 2, "updated_at": "2026-11-21T08:59:00Z"}
                ], "users": [{"id": 2, "name": "Robin", "email": "robin@shopper.example", "role": "end-user"},
                             {"id": 3, "name": "Anna", "email": "anna@fig.example", "role": "agent"}],
                 "next_page": null, "count": 3}
                """#),
            .json(#"{"user": {"id": 1, "role": "admin"}}"#),
            .json(
                #"""
                {"comments": [
                  {"id": 13, "author_id": 2, "public": true, "plain_body": "Auto", "created_at": "2026-11-21T09:02:00Z",
                   "metadata": {"system": {}, "custom": [], "flags": [4], "trusted": true}},
                  {"id": 12, "author_id": 2, "public": true, "body": "Hi", "created_at": "2026-11-21T09:01:00Z",
                   "attachments": [{"file_name": "a.jpg", "content_type": "image/jpeg", "inline": false}],
                   "metadata": {"system": {}, "custom": {}, "flags": [3], "trusted": false}},
                  {"id": 11, "author_id": 8, "public": true, "body": "Gone", "created_at": "2026-11-21T09:00:00Z"}
                ], "users": [{"id": 2, "name": "Robin", "email": "robin@shopper.example", "role": "end-user"}]}
                """#))
        let reader = ZendeskReader(service(transport))
        let page = try await reader.changed(page: nil)
        #expect(page.next == nil && page.tickets.map(\.number) == ["7", "6", "5"])
        let first = page.tickets[0]
        #expect(first.isMail && !first.isOurs && first.taken?.by == "anna@fig.example")
        #expect(first.opening.requester == "robin@shopper.example" && first.opening.isCopied)
        #expect(first.opening.to == "hello@fig.example" && first.opening.url?.hasSuffix("/agent/tickets/7") == true)
        #expect(page.tickets[1].isOurs && page.tickets[1].taken == nil, "it is our own agent's")
        #expect(page.tickets[1].standing.state == .solved && !page.tickets[1].isMail)
        // What is left out proves nothing.
        #expect(!page.tickets[2].isMail && page.tickets[2].createdAt == .distantPast)
        let said = try await reader.comments(of: "7").map(\.comment)
        #expect(said.map(\.id) == ["11", "12", "13"] && said.map(\.author) == [.agent, .customer, .customer])
        #expect(said[1].isDoubted == true && said[1].hasPhoto == true && said[1].files == ["a.jpg"])
        #expect(said[2].isMachines == true && said[2].isDoubted == nil)
    }

    @Test("is read from Gorgias, without spam and chats")
    func gorgias() async throws {
        let transport = ScriptedTransport(
            .json(
                #"""
                {"data": [
                  {"id": 7, "status": "open", "subject": "My apron", "external_id": null, "channel": "email",
                   "spam": false, "customer": {"id": 2, "email": "robin@shopper.example", "name": null},
                   "assignee_user": null, "created_datetime": "2026-11-21T09:00:00.123456",
                   "updated_datetime": "2026-11-21T09:30:00.123456+00:00"},
                  {"id": 6, "status": "open", "channel": "email", "spam": true, "customer": null,
                   "assignee_user": {"id": 4, "email": "Bookbag@fig.example"},
                   "created_datetime": "2026-11-21T08:00:00", "updated_datetime": "2026-11-21T09:00:00"},
                  {"id": 5, "status": "closed", "channel": "chat", "assignee_user": {"id": 5, "email": null},
                   "created_datetime": "2026-11-21T08:00:00", "updated_datetime": "2026-11-21T09:00:00"}
                ], "meta": {"next_cursor": "abc=="}}
                """#))
        let page = try await GorgiasReader(service(transport), agent: "bookbag@fig.example").changed(page: "x/y")
        #expect(transport.requests[0].url.hasSuffix("&cursor=x%2Fy") && page.next == "abc==")
        #expect(page.tickets.map(\.isMail) == [true, false, false])
        #expect(page.tickets.map { $0.taken?.id } == [nil, nil, "assignee 5"])
        #expect(page.tickets[0].opening.requester == "robin@shopper.example")
        #expect(page.tickets[0].createdAt < page.tickets[0].standing.changedAt)
    }

    @Test("a walk of several pages is made twice, and the next one begins where it did")
    func walk() throws {
        let later = now + .minutes(5)
        var walk = TicketWalk(beginning: now, now: now)
        (walk.pages, walk.isRead, walk.newest) = (3, true, later)
        walk.end(now: later)
        #expect(walk.since == now && walk.isSecond && walk.page == nil)
        (walk.pages, walk.isRead, walk.newest) = (3, true, later)
        walk.end(now: later)
        #expect(walk.since == later && !walk.isSecond && walk.from == now)
        // It survives a restart, and a cursor of something else is none.
        let kept = try #require(walk.text.flatMap { TicketWalk($0) })
        #expect(kept.since == later && kept.from == now)
        #expect(TicketWalk("") == nil && TicketWalk("42") == nil)
    }

    @Test("a helpdesk that asks to be left alone is, in the middle of a walk too")
    func resting() async throws {
        let transport = ScriptedTransport(
            .json("{}", status: 429, [HTTPField("Retry-After", "60")]), .json(#"{"tickets": []}"#))
        let source = HelpdeskSource(
            shop: "fig.example", reader: ZendeskReader(service(transport)), pace: HelpdeskPace(), watched: { [] },
            known: { _ in [:] })
        var walk = TicketWalk(beginning: now, now: now)
        walk.page = "2"
        let failed = try await source.poll(from: walk.text, now: now)
        #expect(failed.failure != nil && failed.cursor == nil)
        _ = try await source.poll(from: walk.text, now: now + .seconds(30))
        #expect(transport.requests.count == 1)
        _ = try await source.poll(from: walk.text, now: now + .seconds(61))
        #expect(transport.requests.count == 2)
        // Where mail does not arrive there any more, what comes meanwhile is old.
        let others = HelpdeskSource(
            shop: "fig.example", reader: ZendeskReader(service(transport)), pace: HelpdeskPace(), watched: { [] })
        #expect(try await others.poll(from: walk.text, now: now).cursor?.isEmpty == true)
        #expect(try await others.poll(from: "", now: now).cursor == nil)
    }
}
