import Foundation
import Testing

@testable import Intake

/// The numbers of one format of the published data set.
struct NumberFormat: Sendable, CustomTestStringConvertible {
    var courier: String
    var name: String
    var valid: [String]
    var invalid: [String]
    var testDescription: String { name }

    static let all: [NumberFormat] = {
        let folder = Shared.folder.appendingPathComponent("tracking_number_data/couriers")
        let files = (try? FileManager.default.contentsOfDirectory(atPath: folder.path)) ?? []
        return files.sorted().flatMap { file -> [NumberFormat] in
            guard let bytes = Shared.bytes("tracking_number_data/couriers/" + file),
                let tree = try? AnswerTree(body: bytes)
            else { return [] }
            return tree["tracking_numbers"].elements.map { format in
                // Raw, for the space in a number is part of the case.
                func texts(_ tree: AnswerTree) -> [String] {
                    tree.elements.compactMap(\.literal)
                }
                return NumberFormat(
                    courier: tree["courier_code"].text ?? "", name: format["id"].text ?? format["name"].text ?? "",
                    valid: texts(format["test_numbers"]["valid"]), invalid: texts(format["test_numbers"]["invalid"]))
            }
        }
    }()
}

@Suite("tracking numbers")
struct CarriersNumberTests {
    @Test("the whole data set is read", .enabled(if: Shared.isThere))
    func whole() {
        #expect(NumberFormat.all.count == 39)
        #expect(NumberFormat.all.flatMap(\.valid).count == 192)
        #expect(NumberFormat.all.flatMap(\.invalid).count == 88)
    }

    @Test("valid ones are the courier's, and pass its check", .enabled(if: Shared.isThere), arguments: NumberFormat.all)
    func valid(_ format: NumberFormat) {
        for number in format.valid {
            let found = TrackingNumber.candidates(for: number).first { $0.carrier == format.courier }
            #expect(found != nil && found?.checksum != .failed, "\(number)")
        }
    }

    @Test(
        "invalid ones are not the courier's, or fail its check", .enabled(if: Shared.isThere),
        arguments: NumberFormat.all)
    func invalid(_ format: NumberFormat) {
        // Numbers that are wrong in one format of a courier and right in another of the same.
        let right = Set(NumberFormat.all.filter { $0.courier == format.courier }.flatMap(\.valid))
        for number in format.invalid where !right.contains(number) {
            let found = TrackingNumber.candidates(for: number).first { $0.carrier == format.courier }
            #expect(found == nil || found?.checksum == .failed, "\(number)")
        }
    }

    @Test("a wrong check digit comes last, and is still told", arguments: ["1Z5R89390357567128", "RB123456786US"])
    func failed(_ number: String) { #expect(TrackingNumber.candidates(for: number).last?.checksum == .failed) }

    @Test(
        "what is no number has no candidates",
        arguments: [
            "", " ", "1", "hello world", "🎁🎁🎁🎁🎁🎁🎁🎁🎁", String(repeating: "9", count: 100_000), "1Z'; DROP TABLE",
        ])
    func nonsense(_ text: String) { #expect(TrackingNumber.candidates(for: text).isEmpty) }

    @Test("a changed check digit of an S10 number is caught")
    func s10() {
        let number = Array("RB123456785US")
        for digit in "012346789" {
            var other = number
            other[10] = digit
            #expect(TrackingNumber.candidates(for: String(other)).first { $0.carrier == "s10" }?.checksum == .failed)
        }
    }
}
