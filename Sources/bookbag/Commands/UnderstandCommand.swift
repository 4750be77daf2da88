import ArgumentParser
import Foundation
import Understanding

/// `bookbag understand`: says what messages from standard input ask for.
struct UnderstandCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "understand", abstract: "Say what shoppers' messages ask for.",
        discussion: """
            Each line of standard input is one message, {"id": "…", "text": "…", "state": "open", "lang": "en"}, and one \
            line is written for each: "intent", "confidence" (0 to 1), "answered" (a template may answer), "handoff" (a \
            person is asked for at once), "lang" (en, de, fr, es or unclear), "asks" (all that she asks for), "mood" \
            (calm, upset, angry), "orders" (the numbers that she names) and "because" (why no template may answer).

            "state" is the order's: none, open, late, delivered, returning or refunding; without it only her words \
            count. "lang" is the language to expect; it decides only where her words do not.

            A line that cannot be read is reported with its number, the others are answered, and the exit status is 1.

            EXAMPLE
              echo '{"id": "1", "text": "Where is order #1042?", "state": "open"}' | bookbag understand --jsonl
            """)

    @Flag(help: "Read messages from standard input, one JSON object a line.") var jsonl = false
    @Option(help: "How the shop names its orders, with {n} for the number.") var orders = "#{n}"

    /// A message is at most 25 MB with its attachments; no text of a line is as long as this.
    private static let longestLine = 4 << 20

    func validate() throws {
        guard jsonl else { throw ValidationError("give --jsonl, and messages on standard input") }
        guard OrderStyle(pattern: orders) != nil else {
            throw ValidationError("'\(orders)' is not a way to name orders; write '#{n}' or 'DE-{n}'")
        }
    }

    func run() throws {
        guard let style = OrderStyle(pattern: orders) else { return }
        let interpreter = Interpreter(orders: style)
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
        var number = 0
        var faults = 0
        while let line = readLine(strippingNewline: true) {
            number += 1
            if line.allSatisfy(\.isWhitespace) { continue }
            do {
                let message = try UnderstandMessage(line: line, longest: Self.longestLine)
                let reading = interpreter.read(message.text, state: message.state, hint: message.hint)
                var output = try encoder.encode(UnderstandAnswer(message: message, reading: reading))
                output.append(0x0A)
                try FileHandle.standardOutput.write(contentsOf: output)
            } catch let refusal as UnderstandMessage.Refusal {
                faults += 1
                complain("line \(number): \(refusal.reason)")
            }
        }
        if faults > 0 { throw ExitStatus.fault }
    }
}

/// One line of input.
struct UnderstandMessage {
    /// Why a line is no message.
    struct Refusal: Error, Equatable {
        let reason: String
    }

    /// As it came, so that it can be found again: a text or a whole number.
    enum Identifier: Codable, Equatable {
        case text(String)
        case number(Int)

        init(from decoder: any Decoder) throws {
            let value = try decoder.singleValueContainer()
            if let number = try? value.decode(Int.self) {
                self = .number(number)
            } else {
                self = .text(try value.decode(String.self))
            }
        }

        func encode(to encoder: any Encoder) throws {
            var value = encoder.singleValueContainer()
            switch self {
            case .text(let text): try value.encode(text)
            case .number(let number): try value.encode(number)
            }
        }
    }

    private struct Line: Decodable {
        let id: Identifier?
        let text: String?
        let state: String?
        let lang: String?
    }

    let id: Identifier
    let text: String
    let state: OrderState?
    let hint: Language?

    init(line: String, longest: Int) throws(Refusal) {
        guard line.utf8.count <= longest else {
            throw Refusal(reason: "longer than \(longest) bytes")
        }
        let read: Line
        do {
            read = try JSONDecoder().decode(Line.self, from: Data(line.utf8))
        } catch DecodingError.typeMismatch(_, let context) {
            let name = context.codingPath.map(\.stringValue).joined(separator: ".")
            throw Refusal(reason: name.isEmpty ? "not a JSON object" : "'\(name)' is not a text")
        } catch {
            throw Refusal(reason: "not JSON; write {\"id\": \"1\", \"text\": \"Where is my order?\"}")
        }
        guard let id = read.id else { throw Refusal(reason: "'id' is missing") }
        guard let text = read.text else { throw Refusal(reason: "'text' is missing") }
        var state: OrderState?
        if let name = read.state, !name.isEmpty {
            guard let known = OrderState(rawValue: name) else {
                let all = OrderState.allCases.map(\.rawValue).joined(separator: ", ")
                throw Refusal(reason: "'\(name.prefix(40))' is not a state of an order; there are \(all)")
            }
            state = known
        }
        self.id = id
        self.text = text
        self.state = state
        // A shop may have orders in any language; those that we do not know are no hint.
        hint = read.lang.flatMap { Language(rawValue: String($0.prefix(2)).lowercased()) }
    }
}

/// One line of output.
private struct UnderstandAnswer: Encodable {
    let id: UnderstandMessage.Identifier
    let intent: String
    let confidence: Double
    let answered: Bool
    let handoff: Bool
    let lang: String
    let asks: [String]
    let mood: String
    let orders: [String]
    let because: [String]

    init(message: UnderstandMessage, reading: Reading) {
        id = message.id
        intent = reading.intent.scored.rawValue
        confidence = (reading.confidence * 10_000).rounded() / 10_000
        answered = reading.isCertain
        handoff = reading.needsHuman
        lang = reading.language?.rawValue ?? "unclear"
        asks = reading.asks.map(\.rawValue)
        mood = reading.mood.rawValue
        orders = reading.orders
        because = reading.doubts.map(\.rawValue)
    }
}
