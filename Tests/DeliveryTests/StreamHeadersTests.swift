import Outreach
import Testing

@testable import Delivery

@Suite("The headers of a stream")
struct StreamHeadersTests {
    @Test(
        "have no value of one recipient's, and four fields whatever the names",
        arguments: [
            ("delay-alert", "juniperfig.myshopify.com", "delay-alert:order:juniperfig:bookbag"),
            ("a:b\r\nBcc: x", "", "a-b-Bcc--x:order::bookbag"), ("é🦊", "x.y", "--:order:x:bookbag"),
        ])
    func feedback(_ trigger: String, _ shop: String, _ expected: String) {
        #expect(MailStream.order.feedbackID(trigger: trigger, shop: shop) == expected)
    }

    @Test("name a list where the mail is not about an order itself, and only there")
    func list() throws {
        let from = try #require(MailAddress(address: "news@müller.example"))
        #expect(StreamHeaders.list(.order, from: from).isEmpty)
        let headers = StreamHeaders.list(.marketing, from: from)
        #expect(headers.map(\.name) == ["List-Id", "Precedence"])
        #expect(headers[0].value == "<marketing.xn--mller-kva.example>")
        _ = try MailHeaders.checked(headers)
    }
}
