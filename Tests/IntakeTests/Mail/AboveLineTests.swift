import Outreach
import Testing

@testable import Intake

@Suite("What stands above our line") struct AboveLineTests {
    private static let line = TeamAnswer.line

    @Test(
        "is what was written there, without what the mail program put between",
        arguments: [
            (
                "It comes on Tuesday.\n\nOn Mon, 3 Nov 2026 at 10:00, Fig <a+b@fig.example> wrote:\n> LINE\n> story",
                "It comes on Tuesday."
            ),
            (
                "Ja, am Dienstag.\n\nAm 03.11.2026 um 10:00 schrieb Fig <a+b@fig.example>:\n\n> LINE\n> story",
                "Ja, am Dienstag."
            ),
            (
                "Yes.\n\n-----Original Message-----\nFrom: Fig <a+b@fig.example>\nSent: Monday\nTo: team\nSubject: x\n\nLINE\nstory",
                "Yes."
            ),
            ("Yes.\n\nLINE\nstory\n> more", "Yes."), ("one\n\ntwo\n> LINE", "one\n\ntwo"),
            ("LINE\nstory\n\nwritten below", ""), ("> LINE\n> story\n\nwritten below", ""),
            ("", ""),
        ] as [(String, String)])
    func above(text: String, words: String) {
        guard !text.isEmpty else {
            #expect(QuoteCutter.words(above: Self.line, in: "no line here") == nil)
            return
        }
        let text = text.replacing("LINE", with: Self.line)
        #expect(QuoteCutter.words(above: Self.line, in: text) == words)
    }

    @Test("is read from a mail, and a mail without the line has none")
    func read() {
        var settings = MailSettings()
        settings.cutLine = Self.line
        func mail(_ text: String) -> IncomingMail {
            MailReading.read(letter(["From: ada@fig.example", "Subject: Re: x"], text), settings: settings).incoming
        }
        #expect(mail("Yes.\n> \(Self.line)\n> the whole story").textAboveLine == "Yes.")
        #expect(mail("> \(Self.line)\n> the whole story\nYes.").textAboveLine?.isEmpty == true)
        #expect(mail("Yes.").textAboveLine == nil && mail("Yes.").text == "Yes.")
        let html = MailReading.read(
            letter(
                ["From: ada@fig.example", "Content-Type: text/html"],
                "<div>Yes, <b>Tuesday</b>.</div><blockquote><p>\(Self.line)</p><p>story</p></blockquote>"),
            settings: settings)
        #expect(html.textAboveLine == "Yes, Tuesday.")
    }
}
