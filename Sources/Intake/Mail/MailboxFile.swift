internal import Outreach

/// A file of several mails, each after a line that begins with `From ` (RFC 4155). People save mails so.
package enum MailboxFile {
    /// The mails in a file: one, where it is no mailbox.
    package static func mails(in bytes: [UInt8], limit: Int = 100) -> [[UInt8]] {
        guard bytes.starts(with: "From ".utf8) else { return [bytes] }
        var starts = [0]
        var index = 0
        var isAfterBlank = false
        while index < bytes.count, starts.count < limit {
            let line = MailPartReader.line(bytes[...], at: index)
            if index > 0, isAfterBlank, line.text.starts(with: "From ".utf8), isHeader(bytes, at: line.next) {
                starts.append(index)
            }
            isAfterBlank = line.text.isEmpty
            index = line.next
        }
        return starts.indices.map { place in
            Array(bytes[starts[place]..<(place + 1 < starts.count ? starts[place + 1] : bytes.count)])
        }
    }

    /// Whether a line begins with a header's name: a sentence may begin with "From " too.
    private static func isHeader(_ bytes: [UInt8], at index: Int) -> Bool {
        let line = MailPartReader.line(bytes[...], at: index).text
        guard let colon = line.prefix(60).firstIndex(of: UInt8(ascii: ":")), colon > line.startIndex else {
            return false
        }
        return line[..<colon].allSatisfy { $0 > 0x20 && $0 < 0x7F }
    }
}

extension MailReading {
    /// Reads a file. Of several mails in it the first is returned, with the recipients of all reports of its kind.
    package static func read(file bytes: [UInt8], settings: MailSettings = MailSettings()) -> MailReading {
        let mails = MailboxFile.mails(in: bytes)
        var first = read(mails[0], settings: settings)
        guard mails.count > 1 else { return first }
        first.remarks.append("the file has \(mails.count) mails; this is the first")
        guard first.kind != .person else { return first }
        for mail in mails.dropFirst() {
            let other = read(mail, settings: settings)
            guard other.kind == first.kind else { continue }
            for recipient in other.recipients where !first.recipients.contains(recipient) {
                first.recipients.append(recipient)
            }
        }
        return first
    }
}
