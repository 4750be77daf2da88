import Testing

@testable import Outreach

@Suite("The text of an SMS")
struct TextMessageTests {
    private func text(_ count: Int, _ character: Character = "a") -> TextMessage {
        TextMessage(String(repeating: character, count: count))
    }

    @Test(
        "is counted in segments of the GSM alphabet",
        arguments: [
            (1, 1), (160, 1), (161, 2), (306, 2), (307, 3), (459, 3), (460, 4),
        ])
    func gsm(_ count: Int, _ segments: Int) {
        let text = text(count)
        #expect(text.encoding == .gsm7 && text.segments == segments && text.units == count)
    }

    @Test("counts a character of the extension table twice, and never tears it apart")
    func extended() {
        #expect(TextMessage("€").units == 2)
        #expect(text(80, "€").segments == 1)
        #expect(text(81, "€").segments == 2)
        // 152 letters and a euro sign: the sign does not fit into what is left of the first segment.
        let torn = TextMessage(String(repeating: "a", count: 152) + "€" + String(repeating: "a", count: 152))
        #expect(torn.units == 306 && torn.segments == 3)
        for character in "^{}\\[~]|€" { #expect(TextMessage("a\(character)").units == 3) }
    }

    @Test(
        "is counted in UTF-16 units where the alphabet lacks a character",
        arguments: [(1, 1), (70, 1), (71, 2), (134, 2), (135, 3)])
    func ucs2(_ count: Int, _ segments: Int) {
        let text = text(count, "ł")
        #expect(text.encoding == .ucs2 && text.segments == segments && text.units == count)
    }

    @Test("counts an emoji as two units, and never tears it apart")
    func emoji() {
        #expect(text(35, "🎉").segments == 1)
        #expect(text(36, "🎉").segments == 3 - 1)
        // 67 is odd: 33 whole emoji fit into each of several segments.
        #expect(text(67, "🎉").segments == 3)
    }

    @Test("has plain quotes, dashes and spaces where that keeps the GSM alphabet")
    func plain() {
        let text = TextMessage("\u{201C}It\u{2019}s here\u{201D}\u{A0}\u{2013} at 10\u{2026}\u{200B}")
        #expect(text.text == "\"It's here\" - at 10..." && text.encoding == .gsm7)
        #expect(TextMessage("e\u{301}").text == "é" && TextMessage("e\u{301}").encoding == .gsm7)
        // An emoji beside them makes it UCS-2 anyway, so nothing is lost.
        let kept = TextMessage("\u{201C}Hooray\u{201D} 🎉")
        #expect(kept.text == "\u{201C}Hooray\u{201D} 🎉" && kept.encoding == .ucs2 && kept.costly == ["🎉"])
    }

    @Test("says what it takes")
    func size() {
        #expect(TextMessage("Hello").size == "1 segment, GSM-7, 5 of 160")
        #expect(text(161).size == "2 segments, GSM-7, 161 of 306")
        #expect(text(71, "ł").size == "2 segments, UCS-2, 71 of 134")
        #expect(TextMessage(" \n ").segments == 0)
    }
}

@Suite("A telephone number")
struct PhoneNumberTests {
    @Test(
        "is read in its international form, however it is written",
        arguments: [
            ("+447700900123", nil, "+447700900123"), ("+44 7700 900-123", nil, "+447700900123"),
            ("+44 (0) 7700 900123", nil, "+447700900123"), ("\u{202A}+49 151 2345 6789\u{202C}", nil, "+4915123456789"),
            ("tel:+33612345678", nil, "+33612345678"), ("0049 151 23456789", "DE", "+4915123456789"),
            ("07700 900123", "GB", "+447700900123"), ("0151 23456789", "DE", "+4915123456789"),
            ("06 12 34 56 78", "FR", "+33612345678"), ("612 345 678", "ES", "+34612345678"),
            ("(415) 555-0100", "US", "+14155550100"), ("1-415-555-0100", "US", "+14155550100"),
            ("0412 345 678", "AU", "+61412345678"), ("079 123 45 67", "ch", "+41791234567"),
        ] as [(String, String?, String)])
    func read(_ written: String, _ country: String?, _ number: String) {
        #expect(PhoneNumber(written, country: country)?.text == number)
    }

    @Test(
        "is none where it could be two, or is something else",
        arguments: [
            ("07700 900123", nil), ("07700 900123", "JP"), ("030 1234567", "DE"), ("020 7946 0000", "GB"),
            ("", "GB"), ("+", nil), ("+44", nil), ("+0447700900123", nil), ("+1234567890123456", nil),
            ("+1 115 555 0100", nil), ("+1415555010", nil), ("call me", "GB"), ("+44 7700 900123 ext 4", nil),
            ("44+7700900123", nil), ("0044 7700 900123", "US"), ("555-0100", "US"),
            ("+٤٤٧٧٠٠٩٠٠١٢٣", nil),
        ] as [(String, String?)])
    func none(_ written: String, _ country: String?) {
        #expect(PhoneNumber(written, country: country) == nil)
    }

    @Test("of an order's texts is the customer's own, for which her consent is")
    func ofOrder() {
        var record = StandardOrder(.shipmentDelivered, at: StandardOrder.moment).record
        #expect(record.phone?.text == "+447700900123")
        record.facts.phone = "+447700900456"
        record.facts.shippingAddress?.phone = "07700 900789"
        #expect(record.phone?.text == "+447700900123")
        #expect(record.phones.map(\.text) == ["+447700900456", "+447700900123", "+447700900789"])
        record.facts.customer?.phone = nil
        #expect(record.phone == nil)
    }
}

@Suite("A mail's template as an SMS")
struct ShortTextTests {
    @Test(
        "has its words, and links as addresses",
        arguments: [
            ("Hello *you* and __her__", "Hello you and her"),
            ("# Running late\n\nHi Robin,\n\nit *is* late.", "Hi Robin,\nit is late."),
            ("# Alone", "Alone"),
            ("[Track it](https://fig.example/t?a=1&amp;b=2)", "Track it: https://fig.example/t?a=1&b=2"),
            ("<https://fig.example/>", "https://fig.example/"),
            ("[https://fig.example/a](https://fig.example/a)", "https://fig.example/a"),
            ("Write to [us](mailto:hi@fig.example?subject=x)", "Write to us: hi@fig.example"),
            ("![a picture](https://fig.example/a.png)\n\nWords", "Words"),
            ("* one\n* two\n\n1. first\n2. second", "- one\n- two\n1. first\n2. second"),
            ("one\ntwo  \nthree<br>four\\\nfive", "one two three\nfour\nfive"),
            ("> quoted\n> on", "quoted on"), ("a\n\n---\n\nb", "a\nb"),
            ("2 &#42; 3 &lt; 7 &amp; &#x27;x&#x27;", "2 * 3 < 7 & 'x'"),
            ("snake_case and 2 * 3", "snake_case and 2 * 3"),
            ("\\*not emphasis\\*", "*not emphasis*"), ("`code`", "code"), ("<b>bold</b> <!-- no -->", "bold"),
            // What a shopper wrote was escaped: it stays words.
            ("&#91;click&#93;&#40;https&#58;//x.example&#41;", "[click](https://x.example)"), ("&#35; 7", "# 7"),
            ("[broken](", "[broken]("), ("a [b] c", "a [b] c"), ("5 < 6", "5 < 6"),
        ])
    func words(_ markdown: String, _ text: String) {
        #expect(ShortText.text(ofMarkdown: markdown) == text)
    }
}
