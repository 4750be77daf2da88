import Foundation
import Outreach
import Testing

@testable import Store
@testable import Web

@Suite("What the shopper hears of")
struct PreferencesTests {
    private static let own = ["origin": "https://track.juniperfig.example"]

    /// Which kinds are silenced for the shopper of order 1001.
    private func silenced(_ bench: DeskBench, order: Int = 1001) async throws -> [String] {
        var found: [String] = []
        for stream in [MailStream.order, .marketing, .ratings] {
            let isSilenced = try await bench.store.isSilenced(
                shop: figs, address: "robin@example.com", customerID: nil, orderID: "gid://shopify/Order/\(order)",
                stream: stream, now: bench.now)
            if isSilenced { found.append(stream.rawValue) }
        }
        return found
    }

    private func checked(_ answer: WebResponse) -> [String] {
        answer.text.matches(of: /<input type="checkbox" name="(\w+)" value="on" checked>/).map { String($0.1) }
    }

    @Test("a look shows what is written about and changes nothing; a POST sets it; undo puts it back")
    func choosing() async throws {
        let bench = try await DeskBench()
        try await bench.order(1001)
        try await bench.order(1002)
        let path = bench.link(.preferences, order: 1001)
        #expect(checked(await bench.visit(path)) == ["order", "marketing", "ratings"])
        for _ in 0..<3 { #expect(await bench.visit("\(path)?marketing=off&save=1").status == 200) }
        #expect(try await silenced(bench) == [])
        let saved = await bench.visit(
            path, method: "POST", form: ["save": "1", "ratings": "on"], headers: Self.own)
        #expect(saved.status == 200 && saved.text.contains("Saved.") && saved.cookies.isEmpty)
        #expect(checked(saved) == ["ratings"])
        #expect(try await silenced(bench) == ["order", "marketing"])
        #expect(bench.learned.all.map(\.kind) == [.customerUnsubscribed], "the merchant hears of it")
        _ = await bench.visit(path, method: "POST", form: ["save": "1", "ratings": "on"], headers: Self.own)
        #expect(bench.learned.all.count == 1, "said again, it is no event")
        #expect(try await silenced(bench, order: 1002) == ["marketing"], "the news of another order goes on")
        let undo = saved.text.matches(of: /<input type="hidden" name="(\w+)" value="(\w+)">/).prefix { _ in true }
            .map { (String($0.1), String($0.2)) }
        let fields = Dictionary(undo, uniquingKeysWith: { first, _ in first })
        #expect(fields == ["save": "1", "order": "on", "marketing": "on", "ratings": "on"])
        let undone = await bench.visit(path, method: "POST", form: fields, headers: Self.own)
        #expect(checked(undone) == ["order", "marketing", "ratings"])
        #expect(try await silenced(bench) == [])
    }

    @Test("a POST of another page, or that says nothing, changes nothing")
    func foreign() async throws {
        let bench = try await DeskBench()
        try await bench.order(1001)
        let path = bench.link(.preferences, order: 1001)
        #expect(await bench.visit(path, method: "POST", form: ["save": "1"]).status == 403)
        let elsewhere = ["origin": "https://evil.example"]
        #expect(await bench.visit(path, method: "POST", form: ["save": "1"], headers: elsewhere).status == 403)
        #expect(await bench.visit(path, method: "POST", headers: Self.own).status == 400)
        let click = ["List-Unsubscribe": "One-Click"]
        #expect(await bench.visit(path, method: "POST", form: click, headers: Self.own).status == 400)
        #expect(try await silenced(bench) == [])
    }

    @Test("what somebody else stopped is shown as stopped, and neither ticked on nor made the shopper's own")
    func others() async throws {
        let bench = try await DeskBench()
        try await bench.order(1001)
        try await bench.store.silence(
            .address("robin@example.com"), shop: figs, stream: .ratings, reason: "complaint", until: nil,
            now: bench.now)
        let path = bench.link(.preferences, order: 1001)
        let look = await bench.visit(path)
        #expect(look.text.contains("name=\"ratings\" value=\"on\" disabled>") && look.text.contains("had to stop"))
        let form = ["save": "1", "order": "on", "marketing": "on", "ratings": "on"]
        _ = await bench.visit(path, method: "POST", form: form, headers: Self.own)
        #expect(try await silenced(bench) == ["ratings"])
        let standing = try await bench.store.silences(
            of: .address("robin@example.com"), shop: figs, now: bench.now)
        #expect(standing.map(\.reason) == ["complaint"])
    }

    @Test("a one-click and a mail's wish can be taken back here")
    func afterOneClick() async throws {
        let bench = try await DeskBench()
        try await bench.order(1001)
        let click = await bench.visit(
            bench.link(.stop, order: 1001), method: "POST", form: ["List-Unsubscribe": "One-Click"])
        let path = try #require(click.text.firstMatch(of: /\/p\/1\/juniperfig\/preferences\/[A-Za-z0-9_-]+/))
        #expect(checked(await bench.visit(String(path.0))) == ["order", "ratings"])
        let form = ["save": "1", "order": "on", "marketing": "on", "ratings": "on"]
        _ = await bench.visit(String(path.0), method: "POST", form: form, headers: Self.own)
        #expect(try await silenced(bench) == [])
    }

    @Test("the link is good for half a year; then a new one goes to the address on file")
    func expired() async throws {
        let bench = try await DeskBench()
        try await bench.order(1001)
        let path = bench.link(.preferences, order: 1001)
        bench.now = benchStart + .days(180)
        #expect(await bench.visit(path).status == 200)
        bench.now = benchStart + .days(181)
        let old = await bench.visit(path)
        #expect(old.status == 410 && old.text.contains("Send me a new link") && !old.text.contains("checkbox"))
        let form = ["save": "1"]
        #expect(await bench.visit(path, method: "POST", form: form, headers: Self.own).status == 200)
        #expect(try await silenced(bench) == [], "an old link changes nothing")
        let mail = try #require(try await bench.mails("new_link").first)
        #expect(mail.envelope.recipient == "robin@example.com")
        #expect(String(decoding: mail.bytes, as: UTF8.self).contains("/preferences/"))
    }

    @Test("a link to stop mail works for ever, and leads to the preferences for half a year alone")
    func afterHalfAYear() async throws {
        let bench = try await DeskBench()
        try await bench.order(1001)
        let stop = bench.link(.stop, order: 1001)
        #expect(await bench.visit(stop).text.contains("/preferences/"))
        bench.now = benchStart + .days(181)
        let old = await bench.visit(stop)
        #expect(old.status == 200 && !old.text.contains("/preferences/"))
        let click = ["List-Unsubscribe": "One-Click"]
        #expect(await bench.visit(stop, method: "POST", form: click).status == 200)
        #expect(try await silenced(bench) == ["marketing"])
    }

    @Test("an erased customer stays silenced, whatever is ticked, and the order is not spoken of")
    func erased() async throws {
        let bench = try await DeskBench()
        try await bench.order(1001)
        let path = bench.link(.preferences, order: 1001)
        _ = try await bench.store.erase(address: "robin@example.com", shop: figs, now: bench.now)
        let look = await bench.visit(path)
        #expect(look.status == 200 && checked(look) == [] && !look.text.contains("1001"))
        let form = ["save": "1", "order": "on", "marketing": "on", "ratings": "on"]
        #expect(await bench.visit(path, method: "POST", form: form, headers: Self.own).status == 200)
        #expect(try await silenced(bench) == ["order", "marketing", "ratings"])
    }

    @Test("what was chosen is there after a restart, and the page says so")
    func restarted() async throws {
        let file = NSTemporaryDirectory() + "bookbag-web-\(UUID().uuidString).sqlite"
        defer { for ending in ["", "-wal", "-shm"] { try? FileManager.default.removeItem(atPath: file + ending) } }
        let first = try await DeskBench(store: Store.open(path: file, role: .command, now: benchStart))
        try await first.order(1001)
        let path = first.link(.preferences, order: 1001)
        _ = await first.visit(path, method: "POST", form: ["save": "1", "marketing": "on"], headers: Self.own)
        try first.store.close()
        let second = try await DeskBench(store: Store.open(path: file, role: .command, now: benchStart))
        #expect(try await silenced(second) == ["order", "ratings"])
        #expect(checked(await second.visit(path)) == ["marketing"])
        try second.store.close()
    }

    @Test("the changes of one link are limited")
    func limited() async throws {
        let bench = try await DeskBench()
        try await bench.order(1001)
        let path = bench.link(.preferences, order: 1001)
        var statuses: [Int] = []
        for _ in 0..<21 {
            statuses.append(await bench.visit(path, method: "POST", form: ["save": "1"], headers: Self.own).status)
        }
        #expect(statuses == Array(repeating: 200, count: 20) + [429])
    }

    @Test("a new secret opens the links of the one before, and of none older", .timeLimit(.minutes(5)))
    func secrets() async throws {
        let bench = try await DeskBench()
        try await bench.order(1001)
        let first = bench.link(.track, order: 1001)
        let stop = bench.link(.stop, order: 1001)
        try await bench.store.renewLinkSecret(now: bench.now)
        let second = bench.link(.track, order: 1001)
        #expect(first != second)
        for link in [first, second, stop] { #expect(await bench.visit(link).status == 200) }
        _ = await bench.visit(stop, method: "POST", form: ["List-Unsubscribe": "One-Click"])
        #expect(try await silenced(bench) == ["marketing"], "an old link finds the same address")
        try await bench.store.renewLinkSecret(now: bench.now)
        #expect(await bench.visit(first).status == 404)
        #expect(await bench.visit(second).status == 200)
    }

    @Test("a store that is moved takes both secrets along")
    func moved() async throws {
        let copy = NSTemporaryDirectory() + "bookbag-web-\(UUID().uuidString).sqlite"
        defer { for ending in ["", "-wal", "-shm"] { try? FileManager.default.removeItem(atPath: copy + ending) } }
        let bench = try await DeskBench()
        try await bench.order(1001)
        let old = bench.link(.track, order: 1001)
        try await bench.store.renewLinkSecret(now: bench.now)
        let new = bench.link(.track, order: 1001)
        try await bench.store.backup(to: copy, now: bench.now)
        let moved = try await DeskBench(store: Store.open(path: copy, role: .command, now: benchStart))
        for link in [old, new] { #expect(await moved.visit(link).status == 200) }
        #expect(moved.link(.track, order: 1001) == new)
        try moved.store.close()
    }
}
