/// What an observation of a mailbox is: it stands in the row as its `kind`.
package struct MailKind: Hashable, Sendable {
    /// Whose mail it is.
    package enum Side: String, Hashable, Sendable {
        /// What somebody wrote to the shop.
        case inbox
        /// What the shop's people, or we, wrote: from the folder of sent mail.
        case sent
    }

    package var side: Side
    /// It was read for what was before, on request, and nothing is answered for it.
    package var isHistory: Bool
    /// It was too large: the bytes are its head and the beginning of its text.
    package var isCut: Bool
    /// It could not be had: the bytes say why, for people.
    package var isParked: Bool

    package init(_ side: Side, isHistory: Bool = false, isCut: Bool = false, isParked: Bool = false) {
        self.side = side
        self.isHistory = isHistory
        self.isCut = isCut
        self.isParked = isParked
    }

    /// Reads what ``text`` writes.
    package init?(_ text: String) {
        let words = text.split(separator: ".", omittingEmptySubsequences: false).map(String.init)
        guard words.count >= 2, words[0] == "mail", let side = Side(rawValue: words[1]),
            Set(words[2...]).isSubset(of: ["history", "cut", "parked"])
        else { return nil }
        self.init(
            side, isHistory: words.contains("history"), isCut: words.contains("cut"), isParked: words.contains("parked")
        )
    }

    /// As it stands in the row: `mail.inbox`, `mail.sent.history`.
    package var text: String {
        "mail.\(side.rawValue)" + (isHistory ? ".history" : "") + (isCut ? ".cut" : "") + (isParked ? ".parked" : "")
    }
}
