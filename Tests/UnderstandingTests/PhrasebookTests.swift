import Testing

@testable import Understanding

@Suite("Questions of a shop's own")
struct PhrasebookTests {
    private let book: Phrasebook

    init() throws {
        var book = Phrasebook()
        let phrases: [(String, Language, String)] = [
            ("do you ship to Switzerland", .english, "switzerland"),
            ("is delivery to Zurich possible", .english, "switzerland"),
            ("liefert ihr in die Schweiz", .german, "switzerland"),
            ("do you deliver to Ireland", .english, "ireland"),
            ("do you have size 42 in stock", .english, "size"),
            ("why can you not gift wrap it", .english, "wrap"),
        ]
        for (text, language, name) in phrases { book.add(try Phrasing(text), in: language, to: name) }
        self.book = book
    }

    @Test(
        "are found in what says the same, whatever stands around it",
        arguments: [
            ("Do you ship to Switzerland?", "switzerland", ""),
            ("Hi there,\n\nDO YOU SHIP TO SWITZERLAND\n\nthanks", "switzerland", "hi there"),
            ("hello, do you ship to Switzerlnad please", "switzerland", ""),
            ("ship to Switzerland?", "switzerland", ""),
            ("Is delivery to Zürich possible?", "switzerland", ""),
            ("Is delivery to Zurich possible?", "switzerland", ""),
            ("I live in Bern. Do you ship to Switzerland?", "switzerland", "i live in bern"),
            ("Guten Tag, liefert ihr auch in die Schweiz?", "switzerland", ""),
            ("Do you have size 42 in stock?", "size", ""),
            ("Do you deliver to Ireland? Do you ship to Switzerland?", "ireland switzerland", ""),
            ("Why can you not gift wrap it?", "wrap", ""),
        ])
    func found(_ text: String, _ names: String, _ rest: String) {
        let found = book.find(in: text)
        #expect((found?.names ?? []).joined(separator: " ") == names)
        #expect(found?.rest ?? "" == rest)
    }

    @Test(
        "are not found in what only sounds like them",
        arguments: [
            "Do you ship to Germany?", "Do you deliver to Iceland?", "Do you have size 43 in stock?",
            "Why don't you ship to Switzerland?", "Do you not ship to Switzerland?", "Switzerland",
            "What does it cost when you ship to Switzerland by express this week?", "Why can you gift wrap it?",
            "Do you ship to Switzerland 12 times a year?", "Where is my order?", "", "???",
            "> Do you ship to Switzerland?", "Fährt ihr in die Schweiz?",
        ])
    func notFound(_ text: String) { #expect(book.find(in: text) == nil) }

    @Test("are not looked for in essays, and take little time however many there are")
    func bounds() throws {
        let essay = Array(repeating: "We were there on holiday", count: 31).joined(separator: ". ")
        #expect(book.find(in: "Do you ship to Switzerland? " + essay) == nil)
        var many = Phrasebook()
        let places = (0..<2_000).map { "place" + String($0, radix: 26) }
        for place in places { many.add(try Phrasing("do you ship to \(place) now"), in: .english, to: place) }
        let sentences = (0..<25).map { _ in "do you ship to plaza" }.joined(separator: ", ")
        let clock = ContinuousClock()
        let taken = clock.measure { #expect(many.find(in: sentences) == nil) }
        #expect(taken < .seconds(5))
        #expect(Phrasebook().find(in: "Do you ship to Switzerland?") == nil)
    }

    @Test("say enough to be recognised by, and no more than a question")
    func refusals() {
        for text in ["", "Switzerland", "hi thanks", "do it", "hello Switzerland"] {
            #expect(throws: Phrasing.Refusal.tooShort, "\(text)") { try Phrasing(text) }
        }
        #expect(throws: Phrasing.Refusal.tooLong) {
            try Phrasing(Array(repeating: "word", count: 21).joined(separator: " "))
        }
    }

    @Test("are alike where one message would fit both")
    func alike() throws {
        let one = try Phrasing("do you ship to Switzerland")
        #expect(one.likeness(to: try Phrasing("Hello, do you ship to switzerland, please?")) == 1)
        #expect(one.likeness(to: try Phrasing("do you ship to Sweden")) == 0)
        let longer = try Phrasing("so do you ship it to Switzerland")
        #expect(one.likeness(to: longer) > 0 && one.likeness(to: longer) == longer.likeness(to: one))
    }
}
