import Intake
import Testing

@testable import bookbag

@Suite("bookbag mail") struct MailPageTests {
    private func read(_ body: String, subject: String = "Re: Your parcel") -> MailReading {
        MailReading.read(
            file: Array("From: Robin <robin@example.com>\nSubject: \(subject)\nMessage-ID: <a@b>\n\n\(body)\n".utf8))
    }

    @Test("says that a mail asks for no more mail, and says so of no other")
    func stop() throws {
        #expect(MailPage.text(read("Stop")).contains("asks           for no more mail"))
        #expect(try MailPage.json(read("STOP.")).contains(#""asks_to_stop" : true"#))
        let letter = read("Please stop the parcel, I have moved to another street.")
        #expect(!MailPage.text(letter).contains("for no more mail"))
        #expect(try MailPage.json(letter).contains(#""asks_to_stop" : false"#))
    }
}
