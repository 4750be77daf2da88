// The files of a mail: taken out of its bytes when somebody asks for one, and removed from them once they are too old.
// Both find them as `MailReading` listed them, so the place of a file in that list is its number.

/// The files in a mail's bytes.
package enum MailFiles {
    /// The file at a place in the mail's list of files, with its content decoded; nil where there is none.
    package static func file(
        _ place: Int, of mail: [UInt8], limits: MailLimits = MailLimits()
    ) -> (file: MailFile, content: [UInt8])? {
        let body = body(of: mail, limits: limits)
        guard body.files.indices.contains(place) else { return nil }
        return (body.files[place], Array(body.parts[place].decoded(limit: limits.bytes)))
    }

    /// The mail without what its files contain: all headers stay, those of the files too.
    package static func removed(from mail: [UInt8], limits: MailLimits = MailLimits()) -> [UInt8] {
        let contents = body(of: mail, limits: limits).parts.map(\.content)
            .filter { !$0.isEmpty }.sorted { $0.startIndex < $1.startIndex }
        var rest: [UInt8] = []
        var index = mail.startIndex
        for content in contents where content.startIndex >= index {
            rest += mail[index..<content.startIndex]
            index = content.endIndex
        }
        return rest + mail[index...]
    }

    private static func body(of mail: [UInt8], limits: MailLimits) -> MailBody {
        var reader = MailPartReader(limits)
        return MailBody(reader.read(mail.count > limits.bytes ? Array(mail.prefix(limits.head)) : mail), limits: limits)
    }
}
