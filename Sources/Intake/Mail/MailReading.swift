// What a mail is, found from its bytes alone: a pure function, so the same bytes and settings always give the same
// answer.
//
// The order of the questions matters. Ours that came back to us is nobody's message, whatever else it looks like.
// Reports come before the signs of machines, for they carry all of those. A contact form or a colleague's forward comes
// through a machine or from us, and yet a person wrote it, so it is unwrapped before machines are put aside. Whoever is
// left is a person.

package import Outreach
internal import Platform

/// What this shop's mail looks like.
package struct MailSettings: Hashable, Sendable {
    /// The border whose results are believed; without one nobody is authenticated.
    package var border: MailBorder?
    /// The domains that our mail is from, in lower case: what comes from there with our marks is ours.
    package var domains: [String] = []
    /// Addresses and domains (`@shop.example`) of colleagues, whose forwards are unwrapped. In lower case.
    package var team: [String] = []
    /// The line of our own mails below which nothing is new.
    package var cutLine: String?
    package var orders = OrderNumbers.Style()
    package var limits = MailLimits()

    package init() {}
}

/// A mail that came in, read.
package struct MailReading: Hashable, Sendable {
    package var kind: IncomingClass
    /// Whom a report is about; of an automatic answer, who is away.
    package var recipients: [MailRecipient] = []
    /// Of a report the Message-ID of the mail that it is about, else the mail's own; without brackets, and empty where
    /// there is none.
    package var messageID = ""
    /// Its own Message-ID, without brackets; empty where there is none.
    package var ownID = ""
    /// What it answers, the nearest first: In-Reply-To, then References from the right.
    package var answers: [String] = []
    /// The tokens of ours in the addresses that it came to, and that the returned mail was sent from, the likeliest
    /// first: what follows the plus in `bounces+TOKEN@` and `reply+TOKEN@`, as it was written there.
    package var tokens: [String] = []
    /// Gmail's `Feedback-ID` of the mail that came back.
    package var feedbackID = ""

    /// Who wrote it, by From, or by what was unwrapped. A claim, unless `isAuthenticated`.
    package var from: Correspondent?
    /// Whether our border proved From.
    package var isAuthenticated = false
    /// `contact_form`, `forward` or `marketplace`, where a person's message came through another hand.
    package var relay: String?
    /// The addresses that it came to: To, Cc, Delivered-To and the like.
    package var to: [String] = []
    package var subject = ""

    /// The text as it came, quotes and all.
    package var body = ""
    /// What in `body` was not written now.
    package var cuts: [MailCut] = []
    /// The new words.
    package var text = ""
    /// The new words above the line of our own (`MailSettings.cutLine`); nil where that is not in it.
    package var textAboveLine: String?
    /// The order numbers in the new words, as the shop writes them.
    package var orders: [String] = []
    package var files: [MailFile] = []

    /// Why it was taken for a machine's.
    package var signs: [String] = []
    /// What could not be looked at: too many parts, a packed text.
    package var remarks: [String] = []
    /// Why a person must look at the mail itself: it could not be read.
    package var parked: String?

    /// Whether From names one sender, in one field.
    package var hasOneSender = false

    /// The order number, where there is exactly one.
    package var order: String? { orders.count == 1 ? orders[0] : nil }

    /// Reads a mail.
    package static func read(_ bytes: [UInt8], settings: MailSettings = MailSettings()) -> MailReading {
        var mail = MailReading(kind: .person)
        let limits = settings.limits
        let isLong = bytes.count > limits.bytes
        if isLong {
            mail.remarks.append(
                "it is longer than \(limits.bytes >> 20) MB; only the first \(limits.head >> 20) MB were read")
        }
        guard bytes.contains(where: { $0 > 0x20 }) else {
            mail.parked = "it is empty"
            return mail
        }
        var reader = MailPartReader(limits)
        let tree = reader.read(isLong ? Array(bytes.prefix(limits.head)) : bytes)
        if reader.isCut { mail.remarks.append("it has more parts, or parts inside parts, than are looked at") }
        mail.take(tree, settings: settings)
        return mail
    }

    private mutating func take(_ tree: MailPart, settings: MailSettings) {
        let fields = tree.fields
        takeHeader(fields)
        let body = MailBody(tree, limits: settings.limits)
        self.body = body.text
        files = body.files
        if body.isInTNEF {
            remarks.append("it has a winmail.dat, which only Outlook opens")
            if body.text.isEmpty { parked = "its text is packed in a winmail.dat; ask for it as plain text" }
        }
        if ["multipart/encrypted", "application/pkcs7-mime", "application/x-pkcs7-mime"].contains(tree.type),
            body.text.isEmpty
        {
            parked = "it is encrypted"
        }
        if fields.fields.isEmpty { parked = "it has no header, so nobody can tell who wrote it" }

        if isOurs(fields, settings) {
            kind = .own
        } else if let report = MailReportReader(tree, body: body, limits: settings.limits).report() {
            take(report)
        } else if takeRelayed(fields, body: body, settings: settings) {
            kind = .person
            return
        } else {
            let machine = MachineSigns(fields, body: body, domains: settings.domains)
            signs = machine.signs
            let isReceipt = fields.first("content-type")?.lowercased().hasPrefix("multipart/report") ?? false
            if isReceipt { signs.append("multipart/report") }
            kind = machine.isAutomatic || isReceipt ? .autoReply : machine.isList ? .list : .person
            if kind == .autoReply, machine.isList, !signs.contains(where: { $0.contains("repl") }) { kind = .list }
            if kind == .autoReply, let from {
                recipients = [MailRecipient(address: from.address, reason: "vacation")]
            }
        }
        takeWords(body, range: nil, settings: settings)
        isAuthenticated = SenderProof.isProved(fields, border: settings.border)
    }

    private mutating func takeHeader(_ fields: MailFields) {
        from = fields.fields.first { $0.name == "from" }.flatMap { AddressList.read($0.value, limit: 1).first }
        let froms = fields.fields.filter { $0.name == "from" }
        hasOneSender = froms.count == 1 && AddressList.read(froms[0].value, limit: 2).count == 1
        subject = String((fields.words("subject") ?? "").prefix(1000))
        ownID = fields.first("message-id").flatMap(MessageIDs.first) ?? ""
        messageID = ownID
        var ids = fields.first("in-reply-to").map { MessageIDs.all($0) } ?? []
        ids += (fields.first("references").map { MessageIDs.all($0) } ?? []).reversed()
        var seen: Set<String> = []
        answers = ids.filter { seen.insert($0).inserted }
        var addresses: [String] = []
        var written: [String] = []
        for name in ["delivered-to", "x-original-to", "envelope-to", "x-envelope-to", "to", "cc", "resent-to"] {
            for field in fields.fields where field.name == name {
                for mailbox in AddressList.read(field.value) {
                    written.append(mailbox.address)
                    guard AddressList.isAddress(mailbox.address), !addresses.contains(mailbox.address) else { continue }
                    addresses.append(mailbox.address)
                }
            }
            if addresses.count > 200 { break }
        }
        to = addresses
        tokens = Self.tokens(in: written)
    }

    private mutating func take(_ report: MailReport) {
        switch report.kind {
        case .bounce: kind = .bounce
        case .delayed: kind = .delayed
        case .delivered: kind = .delivered
        case .complaint: kind = .complaint
        }
        recipients = report.recipients
        messageID = report.messageID ?? ""
        tokens += Self.tokens(in: report.envelopeSenders).filter { !tokens.contains($0) }
        feedbackID = String((report.returned?.first("feedback-id") ?? "").onOneLine.prefix(200))
    }

    /// The tokens in addresses, each once.
    private static func tokens(in addresses: [String]) -> [String] {
        var tokens: [String] = []
        for address in addresses {
            guard let at = address.lastIndex(of: "@"), let plus = address[..<at].firstIndex(of: "+") else { continue }
            let base = address[..<plus].lowercased()
            let token = String(address[address.index(after: plus)..<at])
            // "automated-bounces+…", "bounces+…", "reply+…"; and whatever name `bounces_to` has, a token of ours.
            guard
                base.hasSuffix("bounces") || base.hasSuffix("bounce") || base.hasSuffix("reply")
                    || ReturnPath.isToken(token)
            else { continue }
            if (1...200).contains(token.utf8.count), !tokens.contains(token) { tokens.append(token) }
        }
        return tokens
    }

    // MARK: Ours

    /// Whether it is a mail of ours that came round: by the mark that we put into the header, or by the shape of our
    /// Message-IDs (`MessageIdentity`) at a domain of ours.
    private func isOurs(_ fields: MailFields, _ settings: MailSettings) -> Bool {
        if fields.has("x-bookbag-trigger") {
            return settings.domains.isEmpty || settings.domains.contains(from?.domain ?? "")
        }
        guard let at = messageID.lastIndex(of: "@") else { return false }
        let domain = messageID[messageID.index(after: at)...].lowercased()
        let local = messageID[..<at]
        let isShaped =
            local.utf8.count == 32 && local.utf8.allSatisfy { (0x30...0x39).contains($0) || (0x61...0x66).contains($0) }
        let says = fields.first("auto-submitted")?.lowercased().hasPrefix("auto-generated") ?? false
        return isShaped && says && from?.domain == domain
            && (settings.domains.isEmpty || settings.domains.contains(domain))
    }

    // MARK: Words

    private var isForward: Bool {
        let start = subject.lowercased()
        let marks = [
            "fwd:", "fw:", "wg:", "tr:", "rv:", "enc:", "i:", "pd:", "vs: fwd", "vb:", "fwd ", "doorst:", "転送:", "转发:",
            "轉寄:", "πρθ:", "továbbítás:", "ilt:", "rif: fwd",
        ]
        return marks.contains { start.hasPrefix($0) }
    }

    private mutating func takeWords(_ body: MailBody, range: Range<Int>?, settings: MailSettings) {
        var source = body.text
        var marks = body.marks
        if let range {
            var view = String.UnicodeScalarView()
            view.append(contentsOf: Array(body.text.unicodeScalars)[range])
            source = String(view)
            marks = []
        }
        let result = QuoteCutter.cut(
            source, marks: marks, isForward: range == nil && isForward, cutLine: settings.cutLine)
        text = result.words
        if range == nil, let line = settings.cutLine {
            textAboveLine = QuoteCutter.words(above: line, in: source, marks: marks)
        }
        let offset = range?.lowerBound ?? 0
        cuts = result.cuts.map { MailCut(start: $0.start + offset, end: $0.end + offset, why: $0.why) }
        if let range {
            // What stands around her words is the form's or the colleague's.
            let count = body.text.unicodeScalars.count
            if range.lowerBound > 0 { cuts.insert(MailCut(start: 0, end: range.lowerBound, why: .header), at: 0) }
            if range.upperBound < count { cuts.append(MailCut(start: range.upperBound, end: count, why: .header)) }
        }
        orders = OrderNumbers.names(in: text, style: settings.orders)
    }

    private mutating func takeRelayed(_ fields: MailFields, body: MailBody, settings: MailSettings) -> Bool {
        guard let from else { return false }
        let isTeam = settings.team.contains { $0.hasPrefix("@") ? "@" + from.domain == $0 : from.key == $0 }
        let cuts = isTeam ? QuoteCutter.cut(body.text, marks: body.marks, isForward: isForward).cuts : []
        guard
            let relayed = RelayedMail.unwrap(
                body.text, from: from, fields: fields, cuts: cuts, isTeam: isTeam && isForward)
        else { return false }
        relay = relayed.kind
        if let claimed = relayed.claimed { self.from = claimed }
        takeWords(body, range: relayed.range, settings: settings)
        return true
    }
}

extension MailReading {
    /// The mail as far as anything is decided on it.
    package var incoming: IncomingMail {
        var mail = IncomingMail(kind)
        mail.recipients = recipients.compactMap { recipient in
            // Of a bounce only those whom it did not reach.
            guard kind != .bounce || recipient.action == .failed else { return nil }
            return ReturnedRecipient(
                address: recipient.address, isHard: recipient.hardness == .hard, reason: recipient.reason,
                status: recipient.status.isEmpty ? nil : recipient.status)
        }
        mail.sender = relay != nil || hasOneSender ? from?.address : nil
        mail.isAuthenticated = isAuthenticated
        mail.subject = subject
        mail.text = text
        mail.textAboveLine = textAboveLine
        mail.hasFiles = files.contains { !$0.isInline }
        mail.messageID = ownID.isEmpty ? nil : ownID
        mail.references =
            messageID == ownID || messageID.isEmpty ? answers : [messageID] + answers.filter { $0 != messageID }
        mail.tokens = tokens
        mail.orderName = order
        mail.attachments = files.map { MessageFile(name: $0.name, type: $0.type, size: $0.size) }
        mail.recipientAddresses = to
        mail.senderName = from.flatMap { $0.name.isEmpty ? nil : $0.name }
        mail.isRelayed = relay != nil
        // A logo in a signature is smaller.
        mail.hasPhoto = files.contains { $0.type.hasPrefix("image/") && (!$0.isInline || $0.size > 40_000) }
        return mail
    }
}
