import Foundation
import Outreach
import Testing

@testable import Delivery

@Suite("The buttons below an automatic answer")
struct AnswerButtonsTests {
    private static let page = "https://track.juniperfig.example/p/1/juniperfig/answer/abc"

    private func draft(
        _ body: MailDraft.Body, language: String = "en", occasion: MailDraft.Occasion? = .answer
    ) -> MailDraft {
        let brand = Brand(name: "Juniper & Fig", from: MailAddress(address: "orders@juniperfig.example")!)
        var draft = MailDraft(
            from: brand.from, to: MailAddress(address: "robin@shopper.example")!, sender: "", subject: "Re: Hello",
            body: body, language: language, messageID: "1@juniperfig.example", date: .distantPast, brand: brand)
        draft.occasion = occasion
        draft.answerPage = Self.page
        return draft
    }

    @Test(
        "stand beside the line that says it is automatic, in four languages, as links and as text",
        arguments: [
            ("en", "That helped", "I want a person", "written by a program"),
            ("de", "Das hat geholfen", "Ich möchte einen Menschen", "hat ein Programm geschrieben"),
            ("fr", "Cela m’a aidé", "Je veux parler à quelqu’un", "écrite par un programme"),
            ("es", "Me ha ayudado", "Quiero hablar con una persona", "escrito un programa"),
        ])
    func languages(_ language: String, _ helped: String, _ person: String, _ note: String) throws {
        let bodies = MailBodies(draft(.markdown("It is in Leeds."), language: language))
        for (say, words) in [("helped", helped), ("person", person)] {
            #expect(bodies.text.contains("\n\(words): \(Self.page)?say=\(say)\n"))
            let link = try #require(bodies.html.range(of: "href=\"\(Self.page)?say=\(say)\""))
            #expect(bodies.html[link.upperBound...].contains(">\(words)</a>"))
        }
        let line = try #require(bodies.html.range(of: note))
        let button = try #require(bodies.html.range(of: "?say=helped"))
        #expect(line.upperBound < button.lowerBound && bodies.text.contains(note))
        // What was said ends before the foot.
        let said = bodies.text.split(separator: "\n-- \n")[0]
        #expect(!said.contains("say="))
    }

    @Test("are below no other mail, and not in a language that we do not have", arguments: [nil, "order", "marketing"])
    func others(_ occasion: String?) {
        let other = draft(.markdown("Hello"), occasion: occasion.flatMap(MailDraft.Occasion.init))
        #expect(!MailBodies(other).html.contains("say=") && !MailBodies(other).text.contains("say="))
        let italian = MailBodies(draft(.markdown("Ciao"), language: "it"))
        #expect(!italian.html.contains("say="))
        var none = draft(.markdown("Hello"))
        none.answerPage = nil
        #expect(!MailBodies(none).html.contains("say=") && MailBodies(none).html.contains("written by a program"))
    }

    @Test("are at the end of a design of the shop's own, with the line itself")
    func ownDesign() {
        for (source, end) in [
            ("<html><BODY><p>It is in Leeds.</p></BODY></html>", "</BODY></html>"), ("<p>It is in Leeds.</p>", ""),
        ] {
            let bodies = MailBodies(draft(.html(source)))
            #expect(bodies.html.contains("written by a program") && bodies.html.contains("?say=person"))
            #expect(bodies.html.hasSuffix(end) && bodies.html.contains("<p>It is in Leeds.</p>"))
            #expect(bodies.text.hasPrefix("It is in Leeds.\n\n-- \nThis answer was written by a program."))
            #expect(bodies.text.contains("That helped: \(Self.page)?say=helped"))
        }
        let plain = MailBodies(draft(.html("<p>Hello</p>"), occasion: .order))
        #expect(!plain.html.contains("program") && !plain.text.contains("-- "))
    }
}
