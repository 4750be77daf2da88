import Testing

@testable import Outreach

@Suite("Streams of mail")
struct MailStreamTests {
    private static func load(_ about: String, brand: String = "") -> (set: TriggerSet?, faults: [String]) {
        let files = [
            "shop.yaml": "brand: { name: Fig, from: orders@fig.example\(brand) }\n",
            "note.yaml": "on: order.placed\nsend: email\nabout: \(about)\n",
            "templates/note.md": "---\nsubject: A\n---\nB\n",
        ]
        let (set, faults) = TriggerSet.load(TriggerFolder(files: files.mapValues { Array($0.utf8) }))
        return (set, faults.map(\.description))
    }

    @Test(
        "each come from their own address, or are refused",
        arguments: [
            ("order", "", "orders@fig.example", nil),
            (
                "marketing", "", nil,
                "mail about 'marketing' goes out from an address of its own, and shop.yaml has none; write 'marketing_from:'"
            ),
            ("marketing", ", marketing_from: hello@fig.example", "hello@fig.example", nil),
            (
                "ratings", "", nil,
                "mail about 'ratings' goes out from an address of its own, and shop.yaml has none; write 'ratings_from:'"
            ),
            ("ratings", ", marketing_from: hello@fig.example", "hello@fig.example", nil),
            (
                "ratings", ", marketing_from: hello@fig.example, ratings_from: smile@fig.example", "smile@fig.example",
                nil
            ),
            ("rating", "", nil, "'about' cannot be 'rating'; did you mean 'ratings'?"),
            // A word of silences alone.
            ("all", "", nil, "'about' cannot be 'all'"),
        ] as [(String, String, String?, String?)])
    func from(_ about: String, _ brand: String, _ from: String?, _ fault: String?) {
        let (set, faults) = Self.load(about, brand: brand)
        #expect(set.flatMap { $0.triggers[0].about.from($0.settings.brand) }?.address == from)
        if let fault { #expect(faults.contains { $0.contains(fault) }, "\(faults)") }
    }

    @Test(
        "each ask for their own consent",
        arguments: [
            (MailStream.order, [true, true, true, true]), (.ratings, [true, true, true, false]),
            (.marketing, [false, true, false, false]),
            (MailStream(rawValue: "of a later program"), [false, true, false, false]),
        ])
    func consent(_ stream: MailStream, _ given: [Bool]) {
        let states: [CustomerFacts.MarketingState?] = [nil, .subscribed, .notSubscribed, .unsubscribed]
        for (state, isGiven) in zip(states, given) {
            var customer = StandardOrder(.orderPlaced, at: StandardOrder.moment).record.facts.customer
            if let state { customer?.marketing = state } else { customer = nil }
            #expect(stream.consent.isGiven(by: customer) == isGiven, "\(stream.rawValue) \(String(describing: state))")
        }
    }

    @Test("are silenced one by one, or all at once")
    func silences() {
        #expect(MailStream.all.silences(.order) && MailStream.all.silences(.ratings))
        #expect(MailStream.marketing.silences(.marketing) && !MailStream.marketing.silences(.ratings))
        #expect(!MailStream.order.silences(.all))
    }

    @Test("have a Feedback-ID of four parts, whatever the trigger is called")
    func feedback() {
        #expect(
            MailStream.marketing.feedbackID(trigger: "answers/größe:x", shop: "fig.myshopify.com")
                == "answers-gr--e-x:marketing:fig:bookbag")
    }
}

@Suite("Tokens to unsubscribe with")
struct UnsubscribeTokensTests {
    private static func tokens(_ secret: UInt8 = 1) -> UnsubscribeTokens {
        UnsubscribeTokens(secret: Array(repeating: secret, count: 32)) { address in
            // A hash of the test's own: what it is made of does not matter here.
            var bytes = [UInt8](repeating: secret, count: 16)
            for (index, byte) in address.lowercased().utf8.enumerated() { bytes[index % 16] &+= byte &* 31 }
            return bytes
        }
    }

    private let shops = ["a.example", "b.example"]

    @Test("say which shop, address and stream, and the same mail has the same")
    func roundTrip() throws {
        let tokens = Self.tokens()
        var seen: Set<String> = []
        for shop in shops {
            for stream in MailStream.allCases {
                for address in [
                    "robin@shopper.example", "a@b.example", String(repeating: "x", count: 200) + "@b.example",
                ] {
                    let token = tokens.token(shop: shop, address: address, stream: stream)
                    #expect(token == tokens.token(shop: shop, address: address, stream: stream))
                    #expect(seen.insert(token).inserted)
                    #expect(
                        token.utf8.count == 47 && token.allSatisfy { "abcdefghijklmnopqrstuvwxyz234567".contains($0) })
                    let wish = try #require(tokens.wish(token, shops: shops))
                    #expect(wish.shop == shop && wish.stream == stream)
                    #expect(
                        tokens.wish(inSubject: "Re: [ext] Unsubscribe \(token.uppercased()).", shops: shops) == wish)
                    // Another store's, or another shop's, say nothing.
                    #expect(Self.tokens(2).wish(token, shops: shops) == nil)
                    #expect(tokens.wish(token, shops: ["c.example"]) == nil)
                }
            }
        }
        #expect("\(tokens)" == "•••")
    }

    @Test("that were changed in any letter, cut or made up are none")
    func forged() {
        let tokens = Self.tokens()
        let token = tokens.token(shop: "a.example", address: "robin@shopper.example", stream: .ratings)
        for index in token.indices {
            var changed = token
            changed.replaceSubrange(index...index, with: token[index] == "a" ? "b" : "a")
            #expect(tokens.wish(changed, shops: shops) == nil, "\(changed)")
        }
        for text in [
            "", "unsubscribe", String(token.dropLast()), token + "a", String(repeating: "b", count: 47), "é" + token,
        ] {
            #expect(tokens.wish(text, shops: shops) == nil)
        }
        #expect(tokens.wish(inSubject: String(repeating: "x ", count: 50_000) + token, shops: shops) == nil)
    }

    @Test("stand in a header that is ASCII, whatever the mailbox is called")
    func header() {
        #expect(
            UnsubscribeTokens.header("t", mailTo: "help+x@fig.example", page: "https://fig.example/u")
                == "<mailto:help+x@fig.example?subject=unsubscribe%20t>, <https://fig.example/u>")
        #expect(
            UnsubscribeTokens.header("t", mailTo: "grüße?a&b@fig.example")
                == "<mailto:gr%C3%BC%C3%9Fe%3Fa%26b@fig.example?subject=unsubscribe%20t>")
    }
}
