import Outreach
import Testing

@testable import Delivery

@Suite("Addresses that lead nowhere from a mail")
struct AddressReviewTests {
    static func said(_ body: String, _ file: String = "a.md") -> [String] {
        let files = [
            "shop.yaml": "brand: { name: Fig, from: orders@juniperfig.example }\n",
            "a.yaml": "on: shipment.delivered\nsend: email\n",
            "templates/\(file)": "---\nsubject: x\n---\n" + body + "\n",
        ]
        let folder = TriggerFolder(files: files.mapValues { Array($0.utf8) })
        return MailReview.faults(of: nil, in: folder).map { "\($0.line):\($0.column) \($0.message); \($0.hint ?? "")" }
    }

    private static let link = "this link has no address that works in a mail, and is left out"

    @Test(
        "are told with their place and how to fix them",
        arguments: [
            ("See [shop](www.wachs.example)", "4:5 \(link); write 'https://www.wachs.example'"),
            ("[x](wachs.example/x)", "4:1 \(link); write 'https://wachs.example/x'"),
            ("[x](help@wachs.example)", "4:1 \(link); write 'mailto:help@wachs.example'"),
            ("[x](/orders)", "4:1 \(link); write the whole address: https://…"),
            ("[x]()", "4:1 \(link); write a whole one: https://…"),
        ])
    func links(_ body: String, _ expected: String) {
        #expect(Self.said(body) == [expected])
    }

    @Test(
        "pictures too", arguments: ["![c](candle.png)", "![c](data:image/png;base64,AA)", #"![c](C:\Users\ann\c.png)"#])
    func pictures(_ body: String) {
        let said = Self.said(body)
        #expect(
            said.count == 1
                && said[0].hasPrefix("4:1 this picture has no address that works in a mail, and is left out"))
    }

    @Test(
        "and what is fit for a mail, or printed by Liquid, is let be",
        arguments: [
            "[x](https://wachs.example)", "[x](mailto:a@wachs.example)", "[x](tel:+441179000000)",
            "[x]({{ shipment.tracking_url }})", "![c](https://wachs.example/c.png)",
            "[x](https://wachs.example/{{ order.name }})",
        ])
    func fit(_ body: String) { #expect(Self.said(body) == []) }

    @Test("in HTML as well")
    func html() {
        let page =
            #"<html lang="en"><body><h1>x</h1><a href="www.wachs.example">x</a><img src="c.png" alt=""></body></html>"#
        let said = Self.said(page, "a.html")
        #expect(said.count == 2)
        #expect(said.allSatisfy { $0.contains("has no address that works in a mail") })
        #expect(
            Self.said(
                #"<html lang="en"><a href="{{ order.status_url }}">x</a><a href="tel:+44">y</a></html>"#, "a.html")
                == [])
    }

    @Test("a telephone number is a link")
    func telephone() {
        #expect(LinkTarget("tel:+44 117 900")?.url == "tel:+44%20117%20900")
        #expect(LinkTarget("tel:+44117900")?.shown == "+44117900")
        #expect(LinkTarget("tel:javascript") == nil)
    }
}
