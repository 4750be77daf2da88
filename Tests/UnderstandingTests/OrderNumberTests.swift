import Testing

@testable import Understanding

@Suite("Numbers of orders")
struct OrderNumberTests {
    private func found(_ text: String, _ style: OrderStyle = OrderStyle()) -> [String] {
        OrderNumbers(style: style).find(in: Letters(text))
    }

    @Test(
        "are found by their sign, or by the words before them",
        arguments: [
            ("Where is #1042?", ["1042"]), ("order 1042", ["1042"]), ("my order number is 1042.", ["1042"]),
            ("Order no. 20331 please", ["20331"]), ("Order ID: 99120", ["99120"]), ("ORDER#5561", ["5561"]),
            ("orders 1041 and 1042", ["1041", "1042"]), ("Bestellung Nr. 4512", ["4512"]),
            ("Bestellnummer 719512", ["719512"]), ("Auftrag 88121 vom 12.05.2026", ["88121"]),
            ("commande n° 7781", ["7781"]), ("commande n°7781", ["7781"]), ("pedido n.º 7781", ["7781"]),
            ("mi pedido es el 331", ["331"]), ("Bestellung #DE-20417 vom 12.05.", ["#DE-20417"]), ("1042", ["1042"]),
            ("#1042 #1042", ["1042"]), ("purchase 00123842", ["00123842"]), ("order １０４２", ["1042"]),
            ("order1042", ["1042"]),
            ("your order confirmation 10422", ["10422"]), ("commandes 1042 et 1043", ["1042", "1043"]),
        ] as [(String, [String])])
    func finds(_ text: String, _ numbers: [String]) { #expect(found(text) == numbers) }

    @Test(
        "are not telephone numbers, dates, times, sums, postcodes, parcels or amounts of things",
        arguments: [
            "call me on 07700 900123", "order by phone 07700 900123", "ordered on 12.05.2026", "order of 12/05/2026",
            "I paid 1042 euros for my order", "my order was $1042", "my order is 1042 €", "PLZ 50667", "postcode 50667",
            "1Z999AA10123456784 says delivered", "tracking number 123456789012", "order 500 g of tea", "at 10:30",
            "+49 170 5550199", "we ordered in 2026", "my flat 1042", "7021645199", "size 420", "12",
            "Bestellung für 1.042,50 Euro",
            "I ordered 500 cups", "j'ai commandé 500 tasses", "invoice 8831",
        ])
    func leavesAlone(_ text: String) { #expect(found(text) == []) }

    @Test("are named in the shop's own style")
    func styles() {
        let german = OrderStyle(prefix: "#DE-")
        #expect(found("Bestellung 20417", german) == ["#DE-20417"])
        #expect(found("de-20417 und #DE-20418", german) == ["#DE-20417", "#DE-20418"])
        #expect(found("#20417", german) == ["#DE-20417"])
        let european = OrderStyle(prefix: "", suffix: "-EU")
        #expect(found("where is 1042-EU", european) == ["1042-EU"])
        #expect(found("order 1042", european) == ["1042-EU"])
        #expect(OrderStyle(pattern: "#DE-{n}") == german)
        #expect(OrderStyle(pattern: "{n}-EU") == european)
        #expect(OrderStyle(pattern: "#DE-") == nil && OrderStyle(pattern: "{n}{n}") == nil)
    }

    @Test("are few")
    func few() {
        let many = (1_000..<1_100).map { "#\($0)" }.joined(separator: " ")
        #expect(found(many).count == OrderNumbers.limit)
    }
}
