import Testing

@testable import Outreach

@Suite("A mail address, byte by byte")
struct MailAddressBytesTests {
    @Test(
        "is one that a relay would take",
        arguments: [
            ("robin@shopper.example", true), ("r.o'b-i+n_9@a-b.shopper.example", true), ("Åsa@shopper.example", true),
            ("робин@покупатель.example", true), ("r@-\u{301}.example", false), (".\u{301}r@shopper.example", false),
            (" robin@shopper.example ", true),
            ("robin", false), ("robin@", false), ("@shopper.example", false), ("robin@example", false),
            (".robin@shopper.example", false), ("robin.@shopper.example", false), ("ro..bin@shopper.example", false),
            ("robin@-shopper.example", false), ("robin@shopper-.example", false), ("robin@shopper..example", false),
            ("robin@shopper.example.", false), ("robin@shopper.example-", false), ("ro bin@shopper.example", false),
            ("robin@shopper_x.example", false), ("robin@@shopper.example", false), ("a@b@shopper.example", false),
            ("robin\n@shopper.example", false), ("\"robin\"@shopper.example", false), ("robin@[192.0.2.1]", false),
            (String(repeating: "r", count: 64) + "@shopper.example", true),
            (String(repeating: "r", count: 65) + "@shopper.example", false),
            ("r@" + String(repeating: "s", count: 63) + ".example", true),
            ("r@" + String(repeating: "s", count: 64) + ".example", false),
        ] as [(String, Bool)])
    func shape(_ text: String, _ isOne: Bool) {
        #expect((MailAddress(address: text) != nil) == isOne)
    }

    @Test("is told by its bytes as by the rule, wherever the bytes tell")
    func plain() {
        var random = SystemRandomNumberGenerator()
        let parts = [
            "a", "b9", ".", "..", "-", "@", "@", "_", "+", "x.example", "é", " ", "!", "\u{301}",
            String(repeating: "s", count: 62),
        ]
        var told = 0
        for _ in 0..<50_000 {
            let text = (0..<Int.random(in: 1...8, using: &random)).map { _ in parts.randomElement(using: &random)! }
                .joined()
            guard let plain = MailAddress.isPlainAddress(text) else { continue }
            #expect(plain == MailAddress.isAnyAddress(text), "\(text)")
            told += 1
        }
        #expect(told > 10_000)
    }
}
