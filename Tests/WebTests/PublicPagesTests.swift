import Daemon
import Delivery
import Foundation
import Outreach
import Store
import Testing

@testable import Web

@Suite("The shopper's pages")
struct PublicPagesTests {
    @Test("a link shows the parcel: the day first, without a name, an address or a whole number")
    func track() async throws {
        let bench = try await DeskBench()
        try await bench.order(1001)
        let answer = await bench.visit(bench.link(.track, order: 1001))
        #expect(answer.status == 200)
        #expect(answer.text.contains("<h1>Expected on Tuesday, 1 December</h1>"))
        #expect(answer.text.contains("number ending 94GB") && answer.text.contains("Leeds"))
        for secret in ["Robin", "Ashdown", "robin@example.com", "RM000001094GB<", "Customer/7"] {
            #expect(!answer.text.contains(secret), "\(secret)")
        }
        #expect(answer.cookies.isEmpty && answer.headers["x-robots-tag"] == "noindex")
    }

    @Test("each language says the same, with as many places", arguments: PublicWords.languages)
    func languages(_ language: String) async throws {
        let english = try #require(PublicWords.all["en"])
        let words = try #require(PublicWords.all[language])
        #expect(Set(words.keys) == Set(english.keys))
        for (key, text) in words {
            #expect(
                text.components(separatedBy: "{}").count == english[key]?.components(separatedBy: "{}").count, "\(key)")
        }
        let bench = try await DeskBench()
        try await bench.order(1001, locale: "\(language)-XX")
        let answer = await bench.visit(bench.link(.track, order: 1001))
        #expect(answer.text.contains("<html lang=\"\(language)\">"))
        let days = [
            "en": "Tuesday, 1 December", "de": "Dienstag, 1. Dezember", "fr": "mardi 1 décembre",
            "es": "martes, 1 de diciembre",
        ]
        #expect(answer.text.contains(try #require(days[language])), "\(answer.text.prefix(900))")
    }

    @Test("every change of a link makes it nobody's")
    func forged() async throws {
        let bench = try await DeskBench()
        try await bench.order(1001)
        let path = bench.link(.track, order: 1001)
        let sealed = path.split(separator: "/").last.map(String.init) ?? ""
        let letters = Array("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_")
        for index in sealed.indices {
            for letter in [letters[0], letters[17], letters[63]] where sealed[index] != letter {
                var changed = sealed
                changed.replaceSubrange(index...index, with: String(letter))
                let link = SealedLink(
                    path: path.replacing(sealed, with: changed), shops: [figs, looms], keys: bench.store.linkKeys)
                #expect(link == nil)
            }
        }
        for cut in [
            String(path.dropLast()), path + "A", path + "/", path + "=", "/p/1/juniperfig/track/",
            "/p/1/juniperfig/track",
        ] {
            #expect(await bench.visit(cut).status == 404, "\(cut)")
        }
    }

    @Test("a link of one purpose or shop is none of another")
    func other() async throws {
        let bench = try await DeskBench()
        try await bench.order(1001)
        try await bench.order(1001, shop: looms)
        let path = bench.link(.track, order: 1001)
        #expect(await bench.visit(path.replacing("/juniperfig/", with: "/northloom/")).status == 404)
        #expect(await bench.visit(path.replacing("/track/", with: "/stop/")).status == 404)
        #expect(await bench.visit(path.replacing("/p/1/", with: "/p/2/")).status == 404)
        let another = try await DeskBench()
        try await another.order(1001)
        #expect(await another.visit(path).status == 404, "another store's secret")
    }

    @Test("the same facts give the same link, and other facts another")
    func steady() async throws {
        let bench = try await DeskBench()
        #expect(bench.link(.track, order: 1001) == bench.link(.track, order: 1001))
        #expect(bench.link(.track, order: 1001) != bench.link(.track, order: 1002))
        #expect(!bench.link(.track, order: 1001).contains("1001"))
    }

    @Test("half a year after the delivery the page offers a new link, which goes to the address on file")
    func expired() async throws {
        let bench = try await DeskBench()
        try await bench.order(1001, deliveredAt: benchStart + .hours(1))
        let path = bench.link(.track, order: 1001)
        bench.now = benchStart + .days(180)
        #expect(await bench.visit(path).text.contains("Delivered on Sunday, 29 November"))
        bench.now = benchStart + .days(181)
        let old = await bench.visit(path)
        #expect(old.status == 410 && old.text.contains("Send me a new link") && !old.text.contains("Delivered"))
        #expect(try await bench.mails("new_link").isEmpty, "a look mails nothing")
        #expect(await bench.visit(path, method: "POST").status == 403, "a page elsewhere")
        for _ in 0..<12 {
            let sent = await bench.visit(
                path, method: "POST", headers: ["origin": "https://track.juniperfig.example"])
            #expect(sent.status == 200)
            bench.now = bench.now + .minutes(1)
        }
        let mails = try await bench.mails("new_link")
        #expect((1...3).contains(mails.count), "one for every ten minutes")
        #expect(mails[0].envelope.recipient == "robin@example.com")
    }

    @Test("one click stops marketing: 200 without cookie, login or Origin, and again, and for an erased order")
    func oneClick() async throws {
        let bench = try await DeskBench()
        try await bench.order(1001)
        let path = bench.link(.stop, order: 1001)
        func silenced() async throws -> (marketing: Bool, other: Bool) {
            func ask(_ marketing: Bool) async throws -> Bool {
                try await bench.store.isSilenced(
                    shop: figs, address: "Robin@Example.com", customerID: nil, orderID: "gid://shopify/Order/1001",
                    stream: marketing ? .marketing : .order, now: bench.now)
            }
            return (try await ask(true), try await ask(false))
        }
        let look = await bench.visit(path)
        #expect(look.status == 200 && look.text.contains("<form action=\"\(path)\" method=\"post\">"))
        #expect(try await silenced() == (false, false), "a look stops nothing")
        #expect(await bench.visit(path, method: "POST", form: ["x": "y"]).status == 400)
        for _ in 0..<3 {
            let answer = await bench.visit(path, method: "POST", form: ["List-Unsubscribe": "One-Click"])
            #expect(answer.status == 200 && answer.cookies.isEmpty)
            #expect(try await silenced() == (true, false), "news of orders still comes")
        }
        #expect(try await bench.store.silences(shop: figs, limit: 10, now: bench.now).count == 1)
        #expect(bench.learned.all.map(\.kind) == [.customerUnsubscribed], "once, for the merchant")
        #expect(bench.learned.all.map(\.aggregate) == [.order("gid://shopify/Order/1001")])
        #expect(await bench.visit(path).text.contains("method=\"post\"") == false)
        _ = try await bench.store.erase(address: "robin@example.com", shop: figs, now: bench.now)
        #expect(
            await bench.visit(path, method: "POST", form: ["List-Unsubscribe": "One-Click"]).status == 200)
    }

    @Test("one click is beyond the limit of looks; looks are limited")
    func limits() async throws {
        let bench = try await DeskBench()
        try await bench.order(1001)
        let track = bench.link(.track, order: 1001)
        for _ in 0..<60 { #expect(await bench.visit(track).status == 200) }
        #expect(await bench.visit(track).status == 429)
        #expect(await bench.visit("/p/1/juniperfig/track/AAAA").status == 429)
        let stop = bench.link(.stop, order: 1001)
        #expect(await bench.visit(stop, method: "POST", form: ["List-Unsubscribe": "One-Click"]).status == 200)
        bench.now = benchStart + .minutes(1)
        #expect(await bench.visit(track).status == 200)
    }

    @Test("the address of an erased customer opens nothing any more")
    func erased() async throws {
        let bench = try await DeskBench()
        try await bench.order(1001)
        let path = bench.link(.track, order: 1001)
        _ = try await bench.store.erase(address: "robin@example.com", shop: figs, now: bench.now)
        #expect(await bench.visit(path).status == 404)
    }
}
