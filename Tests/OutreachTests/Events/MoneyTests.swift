import Foundation
import Outreach
import Testing

@Suite("Money in records")
struct MoneyTests {
    @Test(
        "is written as one text and read again as it was, to the last digit",
        arguments: ["0", "12.5", "-3.99", "1234567890123456.789", "0.001"])
    func roundTrip(_ amount: String) throws {
        let money = Money(amount: try #require(Decimal(string: amount)), currency: "KWD")
        let data = try JSONEncoder().encode([money])
        #expect(String(decoding: data, as: UTF8.self) == "[\"\(amount) KWD\"]")
        #expect(try JSONDecoder().decode([Money].self, from: data) == [money])
    }

    @Test("is refused without an amount or a currency", arguments: ["12.5", "GBP", "", "twelve GBP"])
    func refused(_ text: String) {
        #expect(throws: DecodingError.self) {
            try JSONDecoder().decode([Money].self, from: JSONEncoder().encode([text]))
        }
    }
}
