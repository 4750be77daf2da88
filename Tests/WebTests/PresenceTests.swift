import Daemon
import Foundation
import Outreach
import Platform
import Store
import Testing

@testable import Web

private let cleo = "answer@juniperfig.example"
private let fay = "all@juniperfig.example"

@Suite("Colleagues in the inbox")
struct PresenceTests {
    @Test("who else has a conversation open, and writes in it, is shown while they are there, and only there")
    func here() async throws {
        let bench = try await DeskBench()
        let talk = try await bench.wrote()
        let other = try await bench.wrote(from: "mina@example.com")
        let (mine, theirs) = (try await bench.login(cleo), try await bench.login(fay))
        func page(_ id: Int64, _ cookies: [String: String]) async -> String {
            await bench.ask("/juniperfig/inbox/\(id)", cookies: cookies).text
        }
        // Colleagues are named in a list of the page as well.
        func shows(_ id: Int64) async -> Bool {
            let text = await page(id, mine)
            return text.contains("Fay All has this open") || text.contains("Fay All is writing")
        }
        func say(_ state: String, _ id: Int64) async -> Int {
            await bench.ask(
                "/juniperfig/inbox/\(id)/here", method: "POST", form: ["state": state], cookies: theirs
            ).status
        }
        #expect(await page(talk.id, mine).contains("data-here=\"/juniperfig/inbox/\(talk.id)/here\""))
        #expect(await !shows(talk.id), "a look at the page tells nobody")
        #expect(await say("looks", talk.id) == 200)
        #expect(await page(talk.id, mine).contains("Fay All has this open."))
        #expect(await !page(talk.id, theirs).contains("has this open"), "not to oneself")
        #expect(await !shows(other.id))
        #expect(await say("writes", talk.id) == 200)
        #expect(await page(talk.id, mine).contains("Fay All is writing here."))
        #expect(await say("gone", talk.id) == 200)
        #expect(await !shows(talk.id))
        #expect(await say("looks", talk.id) == 200)
        bench.now = benchStart + Store.presence + .seconds(1)
        #expect(await !shows(talk.id), "a page that was closed without a word")
        #expect(await say("looks", 999) == 404)
        #expect(try await bench.conversation(talk.id).version == talk.version, "nothing of it changes the conversation")
        #expect(try await bench.store.auditLines(limit: 9).allSatisfy { $0.entry.what == "signed_in" })
    }

    @Test("open pages look again where somebody comes, writes or goes, and not at each word of it")
    func news() async throws {
        let bench = try await DeskBench()
        let talk = try await bench.wrote()
        let wake = Wake(sleep: { _ in })
        bench.store.changes.add(wake)
        func isNews(_ state: Bool?) async throws -> Bool {
            _ = await wake.wait(atMost: .seconds(1))
            try await bench.store.note(cleo, isWriting: state, at: talk.id, shop: figs, now: bench.now)
            return await wake.wait(atMost: .seconds(1))
        }
        #expect(try await isNews(false))
        #expect(try await !isNews(false))
        #expect(try await isNews(true))
        #expect(try await !isNews(true))
        #expect(try await isNews(nil))
        #expect(try await !isNews(nil))
    }

    @Test("whoever goes away gives back what they have, put away or not, and is shown as away until they are back")
    func away() async throws {
        let bench = try await DeskBench()
        var talks: [ConversationRecord] = []
        for number in 0..<4 {
            talks.append(try await bench.wrote(from: "p\(number)@example.com"))
        }
        func act(_ index: Int, _ change: (ConversationRecord) -> ConversationChange?) async throws {
            let record = try await bench.conversation(talks[index].id)
            _ = try await bench.store.commit(try #require(change(record)), judged: [], incoming: nil, now: bench.now)
        }
        try await act(0) { ConversationRules.take($0, by: cleo) }
        try await act(1) { ConversationRules.snooze($0, until: benchStart + .days(2), by: cleo, now: benchStart) }
        try await act(2) { ConversationRules.take($0, by: fay) }
        let (mine, theirs) = (try await bench.login(cleo), try await bench.login(fay))
        func say(_ word: String) async -> WebResponse {
            await bench.ask("/juniperfig/inbox/away", method: "POST", form: ["for": word], cookies: mine)
        }
        #expect(await say("nonsense").status == 400)
        #expect(await say("tomorrow").status == 303)
        for index in [0, 1] {
            let record = try await bench.conversation(talks[index].id)
            #expect(record.state == .person && record.holder == nil)
        }
        #expect(try await bench.conversation(talks[2].id).holder == fay)
        #expect(try await bench.conversation(talks[3].id).version == talks[3].version)
        #expect(await bench.ask("/juniperfig/inbox", cookies: mine).text.contains("You are away until"))
        #expect(await bench.ask("/juniperfig/inbox/\(talks[2].id)", cookies: theirs).text.contains("Cleo Answer, away"))
        #expect(await say("back").status == 303)
        #expect(await !bench.ask("/juniperfig/inbox", cookies: mine).text.contains("You are away until"))
        #expect(await say("today").status == 303)
        bench.now = Moment(iso8601: "2026-11-30T00:00:00Z")!
        #expect(await !bench.ask("/juniperfig/inbox", cookies: mine).text.contains("You are away until"), "it ends")
        let done = try await bench.store.auditLines(limit: 20).map(\.entry.what).filter { $0 != "signed_in" }.reversed()
        #expect(Array(done) == ["gave_back", "gave_back", "went_away", "came_back", "went_away"])
    }
}
