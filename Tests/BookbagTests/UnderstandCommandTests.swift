import Testing
import Understanding

@testable import bookbag

@Suite("Lines of bookbag understand")
struct UnderstandCommandTests {
    private func read(_ line: String) throws(UnderstandMessage.Refusal) -> UnderstandMessage {
        try UnderstandMessage(line: line, longest: 1_000)
    }

    @Test("have an id and a text, and may have a state and a language")
    func whole() throws {
        let message = try read(#"{"id": "a/1", "text": "Hallo\nda", "state": "open", "lang": "de-CH", "kind": "x"}"#)
        #expect(message.id == .text("a/1") && message.text == "Hallo\nda")
        #expect(message.state == .open && message.hint == .german)
        let short = try read(#"{"id": 7, "text": "", "state": null, "lang": "nl"}"#)
        #expect(short.id == .number(7) && short.state == nil && short.hint == nil)
        #expect(try read(#"{"id": "1", "text": "x", "state": "none"}"#).state == .noOrder)
    }

    @Test(
        "are refused with the reason",
        arguments: [
            ("{", "not JSON; write {\"id\": \"1\", \"text\": \"Where is my order?\"}"),
            ("[1]", "not a JSON object"),
            (#"{"text": "x"}"#, "'id' is missing"),
            (#"{"id": "1"}"#, "'text' is missing"),
            (#"{"id": "1", "text": 5}"#, "'text' is not a text"),
            (#"{"id": [], "text": "x"}"#, "'id' is not a text"),
            (
                #"{"id": "1", "text": "x", "state": "lost"}"#,
                "'lost' is not a state of an order; there are none, open, late, delivered, returning, refunding"
            ),
        ])
    func refusals(_ line: String, _ reason: String) {
        #expect(throws: UnderstandMessage.Refusal(reason: reason)) { try read(line) }
    }

    @Test("are not read without end")
    func long() {
        let line = #"{"id": "1", "text": ""# + String(repeating: "x", count: 1_000) + #""}"#
        #expect(throws: UnderstandMessage.Refusal(reason: "longer than 1000 bytes")) { try read(line) }
    }
}
