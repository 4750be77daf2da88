import Testing

@testable import Understanding

/// A generator whose sequence depends on the seed only.
private struct Random: RandomNumberGenerator {
    var state: UInt64
    mutating func next() -> UInt64 {
        state = state &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
        return state ^ (state >> 29)
    }
}

@Suite("Text from outside")
struct HostileTextTests {
    private let interpreter = Interpreter()

    @Test("never traps and reads alike twice, whatever the bytes are")
    func randomBytes() {
        var random = Random(state: 20_261_129)
        let states: [OrderState?] = [nil] + OrderState.allCases
        for round in 0..<400 {
            let length = Int.random(in: 0..<300, using: &random)
            // Half of the rounds mostly letters and the signs that the reader knows.
            let bytes = (0..<length).map { _ in
                round % 2 == 0
                    ? UInt8.random(in: 0...255, using: &random)
                    : Array(" .,?!#{}<>\n'-0123456789abcdefghijklmnopqrstuvwxyzÄé😡".utf8).randomElement(using: &random)
                        ?? 0
            }
            let text = String(decoding: bytes, as: UTF8.self)
            let state = states[round % states.count]
            let reading = interpreter.read(text, state: state)
            #expect(reading == interpreter.read(text, state: state))
            #expect((0...1).contains(reading.confidence))
            if reading.isCertain { #expect(reading.intent.isRoutine && !reading.needsHuman) }
        }
    }

    @Test("reads dressed letters, decomposed accents and hidden marks as what they look like")
    func disguises() {
        let plain = interpreter.read("where is my order", state: .open)
        for text in [
            "𝔀𝓱𝓮𝓻𝓮 𝓲𝓼 𝓶𝔂 𝓸𝓻𝓭𝓮𝓻", "ｗｈｅｒｅ ｉｓ ｍｙ ｏｒｄｅｒ", "wh\u{200B}ere is m\u{00AD}y or\u{2060}der", "WHERE IS MY ORDER",
            "\u{202E}where is my order\u{202C}", "wher\u{0435} is my \u{043E}rd\u{0435}r", "whére ìs mŷ ordër",
        ] {
            let reading = interpreter.read(text, state: .open)
            #expect(reading.intent == plain.intent && reading.confidence == plain.confidence, "\(text)")
        }
        #expect(
            interpreter.read("Ist die R\u{FC}cksendung angekommen?", state: .returning)
                == interpreter.read("Ist die Ru\u{308}cksendung angekommen?", state: .returning))
        #expect(
            interpreter.read("Où est mon colis expédié ?", state: .open)
                == interpreter.read("Ou\u{300} est mon colis expe\u{301}die\u{301} ?", state: .open))
    }

    @Test("looks at a bounded part of a long message, and gives it to a person")
    func length() {
        let long = String(repeating: "Where is my order? ", count: 50_000)
        #expect(Letters(long).scalars.count == Letters.limit)
        #expect(Words(long).words.count <= Words.limit)
        #expect(interpreter.read(long, state: .open).doubts.contains(.tooLong))
        let oneWord = String(repeating: "w", count: 1_000_000)
        #expect(!interpreter.read(oneWord).isCertain)
        let marks = "order" + String(repeating: "\u{301}", count: 1_000_000)
        #expect(!interpreter.read(marks).isCertain)
        for opening in ["{", "<a", ">", "#", "a,", "and ", "1 "] {
            _ = interpreter.read(String(repeating: opening, count: 100_000), state: .open)
        }
    }

    @Test("spelling slips are one letter swapped, wrong, missing or doubled")
    func slips() {
        func isSlip(_ typed: String, _ meant: String, isPrefix: Bool = false) -> Bool {
            Lexicon.isSlip(Array(typed.utf8), of: Array(meant.utf8), isPrefix: isPrefix)
        }
        #expect(isSlip("oredr", "order") && isSlip("ordre", "order") && isSlip("ordder", "order"))
        #expect(isSlip("odrer", "order") && isSlip("ordr", "order") && isSlip("orfer", "order"))
        #expect(!isSlip("oreder", "orders") && !isSlip("border", "orders") && !isSlip("or", "order"))
        #expect(isSlip("cancle", "cancel") && isSlip("canclelling", "cancel", isPrefix: true))
        #expect(isSlip("refnuded", "refund", isPrefix: true) && !isSlip("returned", "refund", isPrefix: true))
    }

    @Test("words keep contractions, split elisions, and shorten drawn-out letters")
    func words() {
        func split(_ text: String) -> [String] {
            let words = Words(text)
            return words.words.map { String(decoding: words[$0], as: UTF8.self) }
        }
        #expect(split("I don’t know, it's l'adresse") == ["i", "dont", "know", "its", "l", "adresse"])
        #expect(split("Größe PLEEEASE niño œuf") == ["groesse", "please", "nino", "ouf"])
        #expect(split("order#12 a-b") == ["order", "12", "a", "b"])
    }
}
