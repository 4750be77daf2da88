import Foundation
import Testing

@testable import Outreach

@Suite("A second opinion on her words") struct SecondOpinionTests {
    private func reading(_ text: String) -> Understood {
        Understood(
            reading: text, about: StandardOrder(.shipmentInTransit, at: StandardOrder.moment).record,
            now: StandardOrder.moment, zone: StandardOrder.zone)
    }

    @Test("takes certainty away where it differs, and gives none")
    func onlyTakes() {
        let texts = [
            "Hi, where is my order?", "Thanks a lot!", "This is the THIRD time I ask!!! I call my lawyer.", "Hm.",
            "I want to return the apron", "Waar is mijn pakket?",
        ]
        for text in texts {
            let alone = reading(text)
            for intent in Intents.names + ["unclear"] {
                for needsHuman in [false, true] {
                    var heard = alone
                    heard.hear(SecondOpinion(intent: intent, needsHuman: needsHuman, author: "m"))
                    #expect(heard.asks == alone.asks && heard.mood == alone.mood && heard.orders == alone.orders)
                    #expect(heard.language == alone.language && heard.author == alone.author)
                    #expect(!heard.isCertain || alone.isCertain, "certain of '\(text)' by \(intent)")
                    #expect(heard.needsHuman || !alone.needsHuman)
                    #expect(!heard.isCertain || intent == alone.asks.first && !needsHuman)
                    #expect(heard.isCertain || !heard.doubts.isEmpty)
                }
            }
        }
    }

    @Test("leaves a message alone where it agrees")
    func agrees() {
        var heard = reading("Hi, where is my order?")
        #expect(heard.isCertain && heard.isWorthAnOpinion)
        heard.hear(SecondOpinion(intent: "where_is_my_order", needsHuman: false, author: "m"))
        #expect(heard.isCertain && heard.doubts.isEmpty && heard.second?.author == "m")
        heard.hear(SecondOpinion(intent: "refund_status", needsHuman: false, author: "m"))
        #expect(!heard.isCertain && heard.doubts == [Understood.disagreement])
    }

    @Test("is not asked for where it can change nothing")
    func worth() {
        #expect(!reading("This is fraud, I call my lawyer").isWorthAnOpinion)
        #expect(!reading("  ").isWorthAnOpinion)
        #expect(reading("Waar is mijn pakket?").isWorthAnOpinion)
    }

    @Test("is stored with what was understood, and what was stored before there was one can be read")
    func stored() throws {
        var understood = reading("Where is my order?")
        understood.hear(SecondOpinion(intent: "other", needsHuman: true, author: "m"))
        #expect(try JSONDecoder().decode(Understood.self, from: JSONEncoder().encode(understood)) == understood)
        let before = try JSONDecoder().decode(
            Understood.self,
            from: Data(
                #"{"asks":["stop"],"mood":"calm","confidence":1,"isCertain":true,"needsHuman":false,"doubts":[],"orders":[],"author":"b"}"#
                    .utf8))
        #expect(before.second == nil && before.asks == ["stop"])
    }
}

@Suite("What a model gets to read") struct RedactionTests {
    private var record: OrderRecord {
        var record = StandardOrder(.shipmentInTransit, at: StandardOrder.moment).record
        record.facts.customer?.firstName = "Robin"
        record.facts.customer?.lastName = "Reed-Müller"
        var address = record.facts.shippingAddress ?? AddressFacts()
        (address.name, address.company, address.address1, address.city) = (
            "Robin Reed-Müller", "The Old Mill Ltd", "Flat 2, Quay Street", "Bath"
        )
        record.facts.shippingAddress = address
        return record
    }

    @Test(
        "her words without what tells who she is",
        arguments: [
            ("where is order #1042?", "where is order [number]"),
            ("mail me: robin@shopper.example, thanks", "mail me: [address] thanks"),
            ("see https://shop.example/t?x=1 or www.shop.example", "see [link] or [link]"),
            ("call +44 20 7946 0018", "call [number] [number] [number] [number]"),
            ("it's robin, robin reed", "it's [name], [name] [name]"),
            ("I live at Quay Street in Bath.", "I live at [name] [name] in [name]."),
            ("the old one took a bath", "the old one took a bath"),
            ("Reed-Müller's parcel is late", "[name] parcel is late"),
            ("My name is Sam Winter and I wait", "My name is [name] [name] and I wait"),
            ("Wo bleibt es?\n\nViele Grüße\nAnnegret", "Wo bleibt es?\n\nViele Grüße\n[name]"),
            ("Where is it?\nKim Lund", "Where is it?\n[name] [name]"),
            ("Where is it?\nThank You", "Where is it?\nThank You"),
            ("Thanks", "Thanks"),
        ])
    func redacts(_ text: String, _ expected: String) {
        #expect(Redaction(record)(text) == expected)
    }

    @Test("whoever is only known from the head of her mail is not named either, and a novel is cut")
    func sender() {
        #expect(Redaction(sender: "Jo van Dyke")("Jo Dyke here, where is it") == "[name] [name] here, where is it")
        #expect(Redaction()(String(repeating: "x ", count: 9_000)).count <= Redaction.longest)
    }
}
