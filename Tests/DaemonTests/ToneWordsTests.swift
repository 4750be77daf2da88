import Foundation
import Testing

@testable import Daemon
@testable import Outreach

@Suite("What the program writes by itself, in a formal tone")
struct FormalWordsTests {
    @Test("says Sie and usted in every letter, with as many places as the warm ones", arguments: ["de", "es"])
    func letters(_ language: String) throws {
        let chat = try #require(ChatLetter.formal[language])
        let stop = try #require(StopConfirmation.formal[language])
        let elsewhere = try #require(ElsewhereNotice.formal[language])
        let warmChat = try #require(ChatLetter.words[language])
        let warmStop = try #require(StopConfirmation.words[language])
        let pairs = [
            (chat.codeSubject, warmChat.codeSubject), (chat.code, warmChat.code), (chat.codeFor, warmChat.codeFor),
            (chat.codeNotYou, warmChat.codeNotYou), (chat.unread, warmChat.unread),
            (chat.unreadAnswer, warmChat.unreadAnswer), (stop.body, warmStop.body),
            (stop.orderBody, warmStop.orderBody), (stop.undo, warmStop.undo),
            (elsewhere.body, ElsewhereNotice.words[language]?.body ?? ""),
        ]
        for (formal, warm) in pairs {
            #expect(FamiliarWords.first(in: formal, language: language) == nil, "\(formal)")
            #expect(formal != warm)
            for place in ["{}", "{order}", "**START**"] {
                #expect(formal.components(separatedBy: place).count == warm.components(separatedBy: place).count)
            }
        }
    }

    @Test("says Sie and usted in answers to STOP, START and HELP, in one segment", arguments: ["de", "es", "fr", "en"])
    func texts(_ language: String) {
        for reply in [TextRules.Reply.stopped, .started, .help] {
            let words = TextReplies.words(
                reply, locale: language, shop: "Juniper & Fig", help: "help@juniperfig.example",
                tones: Tones(others: .formal))
            #expect(FamiliarWords.first(in: words, language: language) == nil, "\(words)")
            let text = TextMessage(words)
            #expect(text.segments == 1 && text.text.contains(reply == .stopped ? "START" : "STOP"), "\(words)")
        }
    }

    @Test("is used where the shop's tone is formal in that language, and only there")
    func used() throws {
        var brand = Brand(name: "Fig", from: MailAddress(address: "orders@fig.example")!)
        brand.tones = Tones(byLanguage: ["de": .formal])
        func code(_ language: String) throws -> String {
            let letter = ChatLetter(
                to: MailAddress(address: "robin@shopper.example")!, language: language, brand: brand,
                shop: "fig.example")
            let mail = letter.code(
                "123456", order: "#1001", about: "a", aggregate: .order("1"),
                now: Moment(iso8601: "2026-03-10T10:00:00Z")!)
            return String(decoding: try #require(mail).message.bytes, as: UTF8.self)
        }
        #expect(try code("de").contains("Ihr Code"))
        #expect(try !code("es").contains("Su c"))
    }
}
