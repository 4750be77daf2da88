import Foundation
import Outreach
import Testing

@testable import Intake

@Suite("Reports that mail systems really sent", .enabled(if: SharedMail.areBouncesThere, "../shared/email is absent"))
struct BounceSamplesTests {
    /// What a mail was read as, in the words of the index.
    private func label(_ mail: MailReading) -> String {
        switch mail.kind {
        case .autoReply: "auto-reply"
        case .person: "not-a-bounce"
        default: mail.kind.rawValue
        }
    }

    @Test("are recognised, with their recipients, and with whose fault it was")
    func index() throws {
        let rows = SharedMail.rows("email/bounces/INDEX.tsv")
        #expect(rows.count >= 50)
        var wrong: [String] = []
        var mails: [String: MailReading] = [:]
        for row in rows {
            let file = try #require(row["file"])
            let mail = try mails[file] ?? MailReading.read(file: #require(SharedMail.bytes("email/bounces/\(file)")))
            mails[file] = mail
            let expected = try #require(row["class"])
            let address = try #require(row["recipient"])
            let isFailure = ["hard", "soft", "failed"].contains(expected)
            var faults: [String] = []
            if label(mail) != (isFailure ? "bounce" : expected) { faults.append("class \(mail.kind.rawValue)") }
            let recipient = mail.recipients.first { $0.address.lowercased() == address.lowercased() }
            if address != "-", recipient == nil { faults.append("recipients \(mail.recipients.map(\.address))") }
            if ["hard", "soft"].contains(expected), recipient?.hardness?.rawValue != expected {
                faults.append("\(recipient?.hardness?.rawValue ?? "nothing") for \(recipient?.reason ?? "-")")
            }
            if let status = row["status"], status.split(separator: ".").count == 3, let recipient,
                recipient.status != status
            {
                print("note: \(file): status \(recipient.status) instead of \(status)")
            }
            if !faults.isEmpty { wrong.append("\(file) \(address) (\(expected)): \(faults.joined(separator: "; "))") }
        }
        let others = mails.values.reduce(0) { $0 + max(0, $1.recipients.count - 1) }
        print("Reports: \(rows.count - wrong.count) of \(rows.count) rows right, \(others) further recipients")
        for line in wrong { print("  wrong: \(line)") }
        #expect(wrong.count <= 2, "at least 95 in 100 rows must be right")
    }

    @Test("name the mail that they are about wherever it came back")
    func originals() throws {
        for (file, id) in [
            ("lhost-sendmail-02.eml", "C6625D0F-A302-4980-BEAB-2AF883EA0116@example.jp"),
            ("lhost-gmx-03.eml", "trinity-a789f317-7b04-44ee-a4e7-bb102ff02906-1417217561570@3capp-mailcom-lxa02"),
            ("lhost-qmail-11.eml", "20240624084801.44371.qmail@nq.example.jp"),
            ("rfc3464-09.eml", "00000000000000000000000000000000000000000@example.org"),
            ("flufl-dsn_01.eml", "F1218V8zDv60gxapzha000001ae@hotmail.com"),
            ("arf-16.eml", "ffffffffffffffffffffffff0000000@example.jp"),
        ] {
            let mail = try MailReading.read(#require(SharedMail.bytes("email/bounces/\(file)")))
            #expect(mail.messageID == id, "\(file)")
        }
    }

    @Test("give the token of the address that they came to")
    func tokens() throws {
        let mail = try MailReading.read(#require(SharedMail.bytes("email/bounces/lhost-postfix-30.eml")))
        #expect(mail.tokens.first?.hasPrefix("OkGew2p6d9r5RJ5x9g1nxNq73zQDL1Zo-") == true)
    }

    @Test("read the same whichever way their lines end", arguments: ["\r\n", "\n"])
    func lineEnds(end: String) throws {
        for file in Set(SharedMail.rows("email/bounces/INDEX.tsv").compactMap { $0["file"] }) {
            let bytes = try #require(SharedMail.bytes("email/bounces/\(file)"))
            var other: [UInt8] = []
            for byte in bytes where byte != 0x0D { other += byte == 0x0A ? Array(end.utf8) : [byte] }
            let first = MailReading.read(bytes)
            let second = MailReading.read(other)
            #expect(first.kind == second.kind, "\(file)")
            #expect(first.recipients == second.recipients, "\(file)")
        }
    }

    @Test("never stop the reader and never keep it long, however they are damaged")
    func mutations() throws {
        var random = SplitMix(state: 20_261_129)
        let files = Set(SharedMail.rows("email/bounces/INDEX.tsv").compactMap { $0["file"] }).sorted()
        let mails = try files.map { try #require(SharedMail.bytes("email/bounces/\($0)")) } + MailShapes.all
        let clock = ContinuousClock()
        for turn in 0..<1500 {
            var mail = mails[Int.random(in: 0..<mails.count, using: &random)]
            for _ in 0..<Int.random(in: 1...12, using: &random) { damage(&mail, with: mails, using: &random) }
            let started = clock.now
            let read = MailReading.read(mail)
            let took = clock.now - started
            #expect(took < .seconds(5), "turn \(turn): \(took)")
            let count = read.body.unicodeScalars.count
            for cut in read.cuts { #expect(cut.start >= 0 && cut.start < cut.end && cut.end <= count) }
            #expect(read.recipients.count <= 400)
        }
    }

    private func damage(_ mail: inout [UInt8], with others: [[UInt8]], using random: inout SplitMix) {
        guard !mail.isEmpty else { return }
        let place = Int.random(in: 0..<mail.count, using: &random)
        switch Int.random(in: 0..<7, using: &random) {
        case 0: mail[place] = UInt8.random(in: 0...255, using: &random)
        case 1: mail.removeSubrange(place..<min(mail.count, place + Int.random(in: 1...200, using: &random)))
        case 2:
            let other = others[Int.random(in: 0..<others.count, using: &random)]
            let start = Int.random(in: 0..<other.count, using: &random)
            mail.insert(contentsOf: other[start..<min(other.count, start + 300)], at: place)
        case 3:
            mail.insert(
                contentsOf: mail[place..<min(mail.count, place + 500)],
                at: Int.random(in: 0...mail.count, using: &random))
        case 4: mail.removeSubrange(place...)
        case 5:
            let words = [
                "\n\n", "\n--", "=?utf-8?B?", "Content-Type: multipart/mixed; boundary=x\n", "\n>", "<", "(", "\"",
                "\u{1B}$B", "%", ";", "\nFrom: a@b\nSent: 1\nTo: c\n",
            ]
            mail.insert(contentsOf: Array(words[Int.random(in: 0..<words.count, using: &random)].utf8), at: place)
        default: mail.swapAt(place, Int.random(in: 0..<mail.count, using: &random))
        }
    }
}
