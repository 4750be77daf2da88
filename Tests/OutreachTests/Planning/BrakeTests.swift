import Testing

@testable import Outreach

@Suite("The brake")
struct BrakeTests {
    @Test(
        "is read as people write it",
        arguments: [
            ("500 per hour", 500), ("1 an Hour", 1), ("0 per hour", nil), ("500", nil), ("500 per day", nil),
            ("many per hour", nil), ("-3 per hour", nil), ("99999999999999999999 per hour", nil),
        ] as [(String, Int?)])
    func read(_ text: String, _ people: Int?) {
        #expect(Brake(text)?.people == people)
    }
}
