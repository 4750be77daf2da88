// What became of a mail of ours, told by a machine: bounces, delays, deliveries (RFC 3464 in RFC 6522's multipart, or
// free text), complaints (RFC 5965), and what Amazon's SES writes as JSON.
//
// Structure comes first: the fields of a `message/delivery-status` are believed for who and what, and only the reason
// is looked for in words. Where there is no such part, the notice itself is read: nearly all programs begin a line with
// the address and say below it what the server said. The rules are general, not one for each program: a report is taken
// to have a notice, then perhaps status fields, then perhaps the mail that comes back, whole or only its header.
//
// Anybody can write such a mail. What is found here says what the report claims; whether it is about a mail of ours is
// decided by the token in the address it came to, or by the Message-ID of the mail that came back.

internal import Foundation
internal import Platform

/// One recipient that a report is about.
package struct MailRecipient: Hashable, Sendable {
    package enum Action: String, Hashable, Sendable { case failed, delayed, delivered }
    package enum Hardness: String, Hashable, Sendable { case hard, soft }

    package var address: String
    package var action: Action?
    /// The enhanced status code (RFC 3463), `5.1.1`; empty where the report gives none.
    package var status: String
    /// Of what failed: whether the address is to blame.
    package var hardness: Hardness?
    /// A word of `BounceReason`, or what the report says: `abuse`, `delivered`, `vacation`.
    package var reason: String

    package init(
        address: String, action: Action? = nil, status: String = "", hardness: Hardness? = nil, reason: String
    ) {
        self.address = address
        self.action = action
        self.status = status
        self.hardness = hardness
        self.reason = reason
    }
}

/// A report about a mail of ours.
struct MailReport {
    enum Kind { case bounce, delayed, delivered, complaint }

    var kind: Kind
    var recipients: [MailRecipient]
    /// The Message-ID of the mail that it is about, without brackets.
    var messageID: String?
    var returned: MailFields?
    /// Addresses that may hold a token of ours, beside those the report came to.
    var envelopeSenders: [String] = []
}

/// Reads reports.
struct MailReportReader {
    private let mail: MailPart
    private let body: MailBody
    private let limits: MailLimits

    init(_ mail: MailPart, body: MailBody, limits: MailLimits) {
        self.mail = mail
        self.body = body
        self.limits = limits
    }

    /// The report that the mail is, or nil.
    func report() -> MailReport? {
        if let report = notification() { return report }
        var parts = Parts(mail, intoMessages: false)
        let sender = MailSender(mail.fields)
        if parts.status.isEmpty, parts.feedback == nil, sender.isDaemon {
            // Some gateways pack the report into a mail of their own.
            let inner = Parts(mail, intoMessages: true)
            if !inner.status.isEmpty { parts = inner }
        }
        let returned = parts.returned.flatMap { fields(of: $0) }
        if let feedback = parts.feedback { return complaint(feedback, returned: returned) }
        let notice = Notice(body.text.isEmpty ? parts.notice(limits) : body.text, skipping: sender.own)
        let back = returned ?? notice.returned
        if !parts.status.isEmpty, let report = structured(parts.status, notice: notice, returned: back) {
            return report
        }
        return told(notice, sender: sender, returned: back)
    }

    // MARK: Parts

    private struct Parts {
        var status: [MailPart] = []
        var feedback: MailPart?
        var returned: MailPart?
        var texts: [MailPart] = []

        init(_ mail: MailPart, intoMessages: Bool) {
            mail.walk(intoMessages: intoMessages) { part in
                switch part.type {
                case "message/delivery-status", "message/global-delivery-status": status.append(part)
                case "message/feedback-report": feedback = feedback ?? part
                case "message/rfc822", "message/global", "text/rfc822-headers", "message/rfc822-headers",
                    "message/global-headers":
                    // The last one, where the report itself is in a message.
                    if intoMessages || returned == nil { returned = part }
                case "text/plain", "text/html": texts.append(part)
                default: break
                }
            }
        }

        func notice(_ limits: MailLimits) -> String {
            guard let text = texts.first(where: { $0.type == "text/plain" }) ?? texts.first else { return "" }
            let source = MailCharset.text(text.decoded(limit: limits.textBytes), label: text.parameters["charset"])
            return text.type == "text/html" ? HTMLWords(source).text : source
        }
    }

    /// The header of the mail that came back.
    private func fields(of part: MailPart) -> MailFields? {
        if let child = part.children.first, !child.fields.fields.isEmpty { return child.fields }
        var reader = MailPartReader(limits)
        let fields = reader.read(Array(part.decoded(limit: limits.head))).fields
        return fields.fields.isEmpty ? nil : fields
    }

    // MARK: RFC 3464

    private func structured(_ parts: [MailPart], notice: Notice, returned: MailFields?) -> MailReport? {
        var recipients: [MailRecipient] = []
        var messageID: String?
        var senders: [String] = []
        let groups = parts.flatMap { StatusFields.groups($0.decoded(limit: limits.head), limits: limits) }
        let count = groups.count { $0.has("final-recipient") || $0.has("original-recipient") || $0.has("action") }
        for group in groups.prefix(limits.parts) {
            for name in ["x-original-message-id", "original-message-id"] {
                messageID = messageID ?? group.first(name).flatMap(MessageIDs.first)
            }
            for field in group.fields where field.name.hasPrefix("x-") && field.name.hasSuffix("-sender") {
                senders += AddressList.addresses(in: StatusFields.typed(field.text).value)
            }
            guard let recipient = recipient(group, notice: notice, isOnly: count == 1, returned: returned) else {
                continue
            }
            if !recipients.contains(where: { $0.address.lowercased() == recipient.address.lowercased() }) {
                recipients.append(recipient)
            }
        }
        guard !recipients.isEmpty else { return nil }
        let kind: MailReport.Kind =
            recipients.contains { $0.action == .failed }
            ? .bounce : recipients.contains { $0.action == .delayed } ? .delayed : .delivered
        return finished(
            MailReport(
                kind: kind, recipients: recipients, messageID: messageID, returned: returned, envelopeSenders: senders))
    }

    private func recipient(_ group: MailFields, notice: Notice, isOnly: Bool, returned: MailFields?) -> MailRecipient? {
        let final = group.first("final-recipient").map { StatusFields.address($0) } ?? ""
        let original = group.first("original-recipient").map { StatusFields.address($0) } ?? ""
        let diagnostic = StatusFields.typed(group.first("diagnostic-code") ?? "")
        let statusField = group.first("status") ?? ""
        guard group.has("final-recipient") || group.has("original-recipient") || group.has("action") else { return nil }

        var address = final
        // A name inside the other system, or none: then what we wrote is better.
        if !AddressList.isAddress(final) || !Correspondent(address: final).domain.contains(".") {
            if AddressList.isAddress(original) { address = original }
        }
        if diagnostic.kind == "x-notes", let told = notice.entries.first?.address, notice.entries.count == 1,
            Correspondent(address: told).local == Correspondent(address: address).local
        {
            // Domino puts its own name for the host here, and the address as it was written into the notice.
            address = told
        }
        if !AddressList.isAddress(address), isOnly {
            address =
                notice.entries.first?.address ?? Self.receivers(returned).first
                ?? (address.isEmpty ? "" : address)
        }
        guard !address.isEmpty else { return nil }

        let given = String(statusField.trimmed.prefix { $0.isNumber || $0 == "." })
        var evidence = BounceReason.Evidence()
        evidence.status = given.split(separator: ".").count == 3 && "245".contains(given.first ?? " ") ? given : ""
        evidence.kind = diagnostic.kind
        let comment = String(statusField.dropFirst(given.count)).trimmed
        evidence.words = diagnostic.value
        let block = notice.block(for: address) ?? notice.block(for: original) ?? (isOnly ? notice.words : "")
        evidence.command = BounceStatus.command(in: BounceWords.plain(diagnostic.value + " " + block))
        if evidence.words.isEmpty { evidence.words = comment }
        evidence.status = BounceStatus.better(of: evidence.status, in: BounceWords.plain(evidence.words))

        let action: MailRecipient.Action
        switch (group.first("action") ?? "").lowercased().prefix(while: \.isLetter) {
        case "failed", "failure", "undeliverable", "expired": action = .failed
        case "delayed": action = .delayed
        case "delivered", "deliverable", "relayed", "expanded": action = .delivered
        default:
            action = evidence.status.hasPrefix("2") ? .delivered : evidence.status.hasPrefix("4") ? .delayed : .failed
        }
        guard action != .delivered else {
            return MailRecipient(address: address, action: action, status: evidence.status, reason: "delivered")
        }
        var reason = BounceReason.unknown
        // What the server said; else what the notice says about it.
        let isExact = !evidence.status.isEmpty && !evidence.status.hasSuffix(".0.0")
        if !evidence.words.isEmpty || isExact { reason = BounceReason(evidence) }
        if reason == .unknown, !block.isEmpty || !notice.words.isEmpty {
            var more = evidence
            more.words = comment + " " + (isOnly ? notice.words : block)
            let told = BounceReason(more)
            if told != .unknown { reason = told }
            if evidence.status.isEmpty { evidence.status = BounceStatus.better(of: "", in: BounceWords.plain(block)) }
        }
        if reason == .unknown { reason = BounceReason(evidence) }
        return MailRecipient(
            address: address, action: action, status: evidence.status,
            hardness: action == .failed ? (reason.isHard ? .hard : .soft) : nil, reason: reason.rawValue)
    }

    // MARK: Free text

    private func told(_ notice: Notice, sender: MailSender, returned: MailFields?) -> MailReport? {
        let subject = (mail.fields.words("subject") ?? "").lowercased()
        let failed = mail.fields.all("x-failed-recipients").flatMap { AddressList.addresses(in: $0) }
        let isReport =
            mail.type == "multipart/report" && mail.parameters["report-type"]?.lowercased() == "delivery-status"
        let words = BounceWords.plain(notice.words)
        let isTold =
            ReportWords.subjects.contains { subject.contains($0) }
            || ReportWords.notices.contains { words.contains($0) }
        guard !failed.isEmpty || isReport || sender.isDaemon && isTold, !MachineSigns.isAutoReplySubject(subject) else {
            return nil
        }
        var addresses = failed
        if addresses.isEmpty { addresses = notice.entries.map(\.address) }
        let receivers = Self.receivers(returned)
        if addresses.isEmpty { addresses = receivers.filter { words.contains($0.lowercased()) } }
        if addresses.isEmpty, notice.mentioned.count == 1 { addresses = notice.mentioned }
        if addresses.isEmpty { addresses = Array(receivers.prefix(limits.parts)) }
        if addresses.isEmpty { addresses = Array(notice.mentioned.prefix(1)) }
        guard !addresses.isEmpty else { return nil }

        let isDelayed =
            ReportWords.delays.contains { subject.contains($0) }
            || ReportWords.delays.contains { words.contains($0) } && !ReportWords.finals.contains { words.contains($0) }
        var seen: Set<String> = []
        let recipients = addresses.filter { seen.insert($0.lowercased()).inserted }.map { address in
            let block = notice.block(for: address)
            var evidence = BounceReason.Evidence()
            evidence.words = block ?? notice.words
            evidence.command = BounceStatus.command(in: BounceWords.plain(evidence.words))
            evidence.status = BounceStatus.better(of: "", in: BounceWords.plain(evidence.words))
            var reason = BounceReason(evidence)
            if reason == .unknown, addresses.count == 1 {
                evidence.words = subject + " " + notice.words
                reason = BounceReason(evidence)
            }
            return MailRecipient(
                address: address, action: isDelayed ? .delayed : .failed, status: evidence.status,
                hardness: isDelayed ? nil : reason.isHard ? .hard : .soft, reason: reason.rawValue)
        }
        return finished(
            MailReport(kind: isDelayed ? .delayed : .bounce, recipients: recipients, returned: returned))
    }

    /// Whom the mail that came back was for.
    private static func receivers(_ returned: MailFields?) -> [String] {
        guard let returned else { return [] }
        for names in [["to", "cc"], ["x-original-to", "envelope-to", "x-rcpt-to"], ["delivered-to"]] {
            let found = names.flatMap { name in
                returned.fields.filter { $0.name == name }.flatMap { AddressList.read($0.value).map(\.address) }
            }.filter { AddressList.isAddress($0) }
            if !found.isEmpty { return found }
        }
        return []
    }

    /// Fills in what all reports have in common.
    private func finished(_ report: MailReport) -> MailReport {
        var report = report
        report.messageID =
            report.returned?.first("message-id").flatMap(MessageIDs.first) ?? report.messageID
            ?? mail.fields.first("in-reply-to").flatMap(MessageIDs.first)
            ?? mail.fields.first("references").flatMap(MessageIDs.last)
            ?? Notice.messageID(in: body.text)
        for name in ["return-path", "errors-to", "x-envelope-from", "sender"] {
            report.envelopeSenders += AddressList.addresses(in: report.returned?.first(name) ?? "")
        }
        return report
    }

    // MARK: RFC 5965

    private func complaint(_ part: MailPart, returned: MailFields?) -> MailReport {
        let groups = StatusFields.groups(part.decoded(limit: limits.head), limits: limits)
        let fields = MailFields(fields: groups.flatMap(\.fields))
        let kind = (fields.first("feedback-type") ?? "abuse").lowercased().trimmed
        var addresses: [String] = []
        for name in ["original-rcpt-to", "removal-recipient", "redacted-address"] where addresses.isEmpty {
            addresses = fields.all(name).flatMap { AddressList.addresses(in: StatusFields.typed($0).value) }
        }
        if addresses.isEmpty { addresses = Self.receivers(returned) }
        var report = MailReport(
            kind: .complaint,
            recipients: addresses.prefix(limits.parts).map {
                MailRecipient(address: $0, reason: String(kind.prefix(40)))
            }, returned: returned)
        report.envelopeSenders = fields.all("original-mail-from").flatMap { AddressList.addresses(in: $0) }
        return finished(report)
    }

    // MARK: SES

    /// What Amazon SES tells through SNS, as the text of a mail.
    private struct Notification: Decodable {
        struct Mail: Decodable {
            struct Header: Decodable {
                var name: String
                var value: String
            }
            var messageId: String?
            var source: String?
            var destination: [String]?
            var headers: [Header]?
        }
        struct Bounce: Decodable {
            struct Recipient: Decodable {
                var emailAddress: String
                var action: String?
                var status: String?
                var diagnosticCode: String?
            }
            var bounceType: String?
            var bounceSubType: String?
            var bouncedRecipients: [Recipient]?
        }
        struct Complaint: Decodable {
            struct Recipient: Decodable { var emailAddress: String }
            var complainedRecipients: [Recipient]?
            var complaintFeedbackType: String?
        }
        struct Delivery: Decodable {
            var recipients: [String]?
            var smtpResponse: String?
        }
        var notificationType: String?
        var eventType: String?
        var mail: Mail
        var bounce: Bounce?
        var complaint: Complaint?
        var delivery: Delivery?
    }

    private struct Envelope: Decodable {
        var Message: String
    }

    private func notification() -> MailReport? {
        guard body.text.hasPrefix("{"), body.text.contains("\"mail\"") || body.text.contains("\\\"mail\\\""),
            let end = Self.endOfObject(body.text)
        else { return nil }
        var source = Data(body.text.utf8.prefix(end))
        if let envelope = try? JSONDecoder().decode(Envelope.self, from: source) {
            source = Data(envelope.Message.utf8)
        }
        guard let told = try? JSONDecoder().decode(Notification.self, from: source),
            told.notificationType ?? told.eventType != nil
        else { return nil }
        var report: MailReport
        if let bounce = told.bounce {
            let isPermanent = bounce.bounceType?.lowercased() == "permanent"
            let recipients = (bounce.bouncedRecipients ?? []).prefix(limits.parts).map { one in
                var evidence = BounceReason.Evidence()
                evidence.words = one.diagnosticCode ?? ""
                evidence.status = BounceStatus.better(
                    of: one.status ?? "", in: BounceWords.plain(one.diagnosticCode ?? ""))
                var reason = BounceReason(evidence)
                if reason == .unknown, isPermanent, ["General", "NoEmail"].contains(bounce.bounceSubType) {
                    reason = .userUnknown
                }
                return MailRecipient(
                    address: one.emailAddress.onOneLine, action: one.action == "delayed" ? .delayed : .failed,
                    status: evidence.status, hardness: reason.isHard ? .hard : .soft, reason: reason.rawValue)
            }
            report = MailReport(kind: .bounce, recipients: Array(recipients))
        } else if let complaint = told.complaint {
            report = MailReport(
                kind: .complaint,
                recipients: (complaint.complainedRecipients ?? []).prefix(limits.parts).map {
                    MailRecipient(
                        address: $0.emailAddress.onOneLine,
                        reason: String((complaint.complaintFeedbackType ?? "abuse").onOneLine.prefix(40)))
                })
        } else if let delivery = told.delivery {
            let status = BounceStatus.better(of: "", in: BounceWords.plain(delivery.smtpResponse ?? ""))
            report = MailReport(
                kind: .delivered,
                recipients: (delivery.recipients ?? told.mail.destination ?? []).prefix(limits.parts).map {
                    MailRecipient(address: $0.onOneLine, action: .delivered, status: status, reason: "delivered")
                })
        } else {
            return nil
        }
        let header = told.mail.headers?.first { $0.name.lowercased() == "message-id" }?.value
        report.messageID = header.flatMap(MessageIDs.first) ?? told.mail.messageId.map { $0.onOneLine }
        report.envelopeSenders = [told.mail.source ?? ""].filter { AddressList.isAddress($0) }
        return report
    }

    /// Where the JSON that a text begins with ends, in bytes of UTF-8: other lines follow it.
    private static func endOfObject(_ text: String) -> Int? {
        var depth = 0
        var isString = false
        var isEscaped = false
        for (index, byte) in text.utf8.enumerated() {
            if isString {
                if isEscaped {
                    isEscaped = false
                } else if byte == UInt8(ascii: "\\") {
                    isEscaped = true
                } else if byte == UInt8(ascii: "\"") {
                    isString = false
                }
            } else if byte == UInt8(ascii: "\"") {
                isString = true
            } else if byte == UInt8(ascii: "{") {
                depth += 1
                if depth > 40 { return nil }
            } else if byte == UInt8(ascii: "}") {
                depth -= 1
                if depth == 0 { return index + 1 }
            }
        }
        return nil
    }
}

/// The fields of a delivery status (RFC 3464, 2.1): groups of headers with empty lines between.
enum StatusFields {
    static func groups(_ content: ArraySlice<UInt8>, limits: MailLimits) -> [MailFields] {
        var groups: [MailFields] = []
        var fields: [MailField] = []
        var index = content.startIndex
        while index < content.endIndex, groups.count < limits.parts {
            let line = MailPartReader.line(content, at: index)
            index = line.next
            let isBlank = line.text.allSatisfy { $0 == 0x20 || $0 == 0x09 }
            if isBlank {
                if !fields.isEmpty { groups.append(MailFields(fields: fields)) }
                fields = []
            } else if line.text.first == 0x20 || line.text.first == 0x09, let last = fields.indices.last {
                if fields[last].value.count < limits.fieldBytes {
                    fields[last].value += [0x20] + line.text.drop { $0 == 0x20 || $0 == 0x09 }.prefix(limits.fieldBytes)
                }
            } else if let colon = line.text.prefix(80).firstIndex(of: UInt8(ascii: ":")), fields.count < limits.fields {
                let name = String(decoding: line.text[..<colon], as: UTF8.self).trimmed.lowercased()
                let value = line.text[(colon + 1)...].drop { $0 == 0x20 || $0 == 0x09 }
                // Some programs leave the empty line out between recipients.
                let isSecond = name == "final-recipient" && fields.contains { $0.name == name }
                if isSecond {
                    groups.append(MailFields(fields: fields))
                    fields = []
                }
                fields.append(MailField(name: name, value: Array(value.prefix(limits.fieldBytes).trimmingEnd)))
            }
        }
        if !fields.isEmpty { groups.append(MailFields(fields: fields)) }
        return groups
    }

    /// A value with its type before a semicolon: `smtp; 550 5.1.1 No such user`.
    static func typed(_ value: String) -> (kind: String, value: String) {
        guard let semicolon = value.prefix(40).firstIndex(of: ";") else { return ("", value.trimmed) }
        return (value[..<semicolon].trimmed.lowercased(), value[value.index(after: semicolon)...].trimmed)
    }

    /// The address in `rfc822; <ada@shopper.example>`, with RFC 3461's escapes read.
    static func address(_ value: String) -> String {
        var text = typed(value).value
        if let found = AddressList.addresses(in: text, limit: 1).first { text = found }
        guard text.contains("+") else { return text }
        var out = ""
        var rest = text[...]
        while let next = rest.first {
            let digits = rest.dropFirst().prefix(2)
            // Only what stands for a letter that an address may have; a plain `+` is the address's own.
            if next == "+", digits.count == 2, digits.allSatisfy({ $0.isNumber || ("A"..."F").contains($0) }),
                let byte = UInt8(digits, radix: 16), byte == 0x2B || byte == 0x3D || byte == 0x40
            {
                out.unicodeScalars.append(Unicode.Scalar(byte))
                rest = rest.dropFirst(3)
            } else {
                out.append(next)
                rest = rest.dropFirst()
            }
        }
        return out
    }
}

/// The words of a report, line by line, up to the mail that came back.
struct Notice {
    /// An address that a line begins with, or that is named as the recipient, with the lines about it.
    struct Entry {
        var address: String
        var words: String
    }

    /// All of the notice.
    private(set) var words = ""
    private(set) var entries: [Entry] = []
    /// All addresses in it, but for the sender's own and those of machines.
    private(set) var mentioned: [String] = []
    /// The header of the mail that came back below the notice.
    private(set) var returned: MailFields?

    private static let longest = 400

    init(_ text: String, skipping own: Set<String>) {
        let lines = text.split(separator: "\n", omittingEmptySubsequences: false).prefix(4000)
        let end = Self.returnedStart(Array(lines)) ?? lines.count
        if end < lines.count {
            var reader = MailPartReader(MailLimits())
            let source = lines[end...].prefix(400).joined(separator: "\n")
            returned = reader.read(Array(source.utf8)).fields
        }
        let notice = lines.prefix(min(end, Self.longest))
        words = notice.joined(separator: "\n")
        var open: Int?
        for line in notice {
            if let address = Self.named(line), !Self.isOurs(address, own) {
                let key = address.lowercased()
                if let same = entries.firstIndex(where: { $0.address.lowercased() == key }) {
                    open = same
                } else if entries.count < 100 {
                    entries.append(Entry(address: address, words: ""))
                    open = entries.count - 1
                }
            }
            if let open, entries[open].words.utf8.count < 4000 { entries[open].words += line + "\n" }
        }
        mentioned = AddressList.addresses(in: words).filter { !Self.isOurs($0, own) }
    }

    /// What the notice says about an address.
    func block(for address: String) -> String? {
        guard !address.isEmpty else { return nil }
        let key = address.lowercased()
        return entries.first { $0.address.lowercased() == key }?.words
    }

    private static func isOurs(_ address: String, _ own: Set<String>) -> Bool {
        let mailbox = Correspondent(address: address)
        return own.contains(mailbox.key)
            || ["postmaster", "mailer-daemon", "abuse", "noreply", "no-reply"].contains(mailbox.local)
    }

    /// The labels after which a report names whom it could not reach.
    private static let labels: Set<String> = [
        "to", "recipient", "recipients", "recipient address", "final recipient", "final-recipient",
        "original-recipient",
        "address", "failed recipient", "failed address", "rcpt to", "e-mail", "email", "email address", "an",
        "empfänger",
        "adresse", "destinataire", "destinatario", "destinatário", "ontvanger", "odbiorca", "получатель", "адресат",
        "user", "for",
    ]

    /// What comes before an address in a sentence about it.
    private static let lead: [String] = [
        "your message to", "your mail to", "your email to", "your e-mail to", "message to", "delivered to",
        "deliver to", "delivery to",
        "deliver mail to", "deliver message to", "wasn't delivered to", "not delivered to", "sent to", "send to",
        "addressed to", "mail an",
        "nachricht an", "message à", "mensaje a", "messaggio a", "bericht aan", "could not reach", "reach", "for",
        "recipient", "address", "user",
    ]

    /// The address that a line is about, if it is about one.
    private static func named(_ line: Substring) -> String? {
        let text = line.prefix(500).trimmed
        guard text.contains("@") else { return nil }
        // An envelope sender in the words of a server.
        let lower = text.lowercased()
        if lower.contains("mail from:") || lower.hasPrefix("from:") || lower.hasPrefix("sender")
            || lower.hasPrefix("subject:")
        {
            return nil
        }
        let bare = text.drop { "<\"'(*-•>[ ".contains($0) }
        if let word = bare.split(whereSeparator: { $0.isWhitespace || "<>()[]\",;:'".contains($0) }).first,
            AddressList.isAddress(word.trimmedDots)
        {
            return word.trimmedDots
        }
        guard let found = AddressList.addresses(in: text, limit: 1).first,
            let range = lower.firstRange(of: found.lowercased())
        else { return nil }
        let before = lower[..<range.lowerBound].trimmed
        let label = String(before.drop { "<\"'(*- ".contains($0) }.prefix { $0 != ":" }).trimmed
        if before.hasSuffix(":") || before.hasSuffix(": <") || before.hasSuffix(":<"), labels.contains(label) {
            return found
        }
        let plain = before.trimmingCharacters(in: CharacterSet(charactersIn: "<\"'(: "))
        return lead.contains { plain.hasSuffix($0) } ? found : nil
    }

    /// The line in which the mail that came back begins: several header lines one after the other, without indent.
    private static func returnedStart(_ lines: [Substring]) -> Int? {
        func isHeader(_ line: Substring) -> Bool {
            guard let colon = line.prefix(40).firstIndex(of: ":"), colon > line.startIndex else { return false }
            return line[..<colon].utf8.allSatisfy {
                ($0 | 0x20 >= 0x61 && $0 | 0x20 <= 0x7A) || $0 == 0x2D || (0x30...0x39).contains($0)
            }
        }
        let known = [
            "received", "return-path", "message-id", "from", "subject", "date", "mime-version", "delivered-to",
            "dkim-signature", "x-",
        ]
        for (index, line) in lines.enumerated() where isHeader(line) {
            let start = line.lowercased()
            guard known.contains(where: { start.hasPrefix($0) }) else { continue }
            if index > 0, !lines[index - 1].trimmed.isEmpty, !lines[index - 1].hasPrefix("-") { continue }
            var names: Set<String> = []
            for next in lines[index...].prefix(14) {
                if next.first == " " || next.first == "\t" { continue }
                guard isHeader(next) else { break }
                names.insert(next.prefix { $0 != ":" }.lowercased())
            }
            let isMail = !names.isDisjoint(with: ["received", "return-path", "message-id", "mime-version", "from"])
            if names.count >= 3, isMail { return index }
        }
        return nil
    }

    /// A Message-ID that the notice names in its own words.
    static func messageID(in text: String) -> String? {
        for line in text.split(separator: "\n").prefix(400) where line.prefix(200).lowercased().contains("message-id") {
            if let id = MessageIDs.first(String(line)) { return id }
        }
        return nil
    }
}

extension StringProtocol {
    /// Without full stops at its end: `ada@shopper.example... User unknown`.
    fileprivate var trimmedDots: String {
        var text = self[...]
        while text.last == "." { text = text.dropLast() }
        return String(text)
    }
}

/// Message-IDs in header fields.
enum MessageIDs {
    /// All of them, without brackets.
    static func all(_ field: String, limit: Int = 100) -> [String] {
        var found: [String] = []
        var rest = field[...]
        while found.count < limit, let open = rest.firstIndex(of: "<"),
            let close = rest[open...].firstIndex(of: ">")
        {
            let id = rest[rest.index(after: open)..<close].filter { !$0.isWhitespace }
            if !id.isEmpty, id.utf8.count <= 900 { found.append(id) }
            rest = rest[rest.index(after: close)...]
        }
        if found.isEmpty {
            let bare = field.trimmed
            if bare.contains("@"), !bare.contains(where: \.isWhitespace), bare.utf8.count <= 900 { found = [bare] }
        }
        return found
    }

    static func first(_ field: String) -> String? { all(field, limit: 1).first }
    static func last(_ field: String) -> String? { all(field).last }
}

/// What reports say in their subjects and notices.
enum ReportWords {
    static let subjects = [
        "delivery status notification", "undeliver", "non-deliver", "nondeliver", "not deliver", "delivery fail",
        "delivery failure", "mail delivery", "delivery report", "delivery notification",
        "delivery error", "delivery problem", "delivery has failed", "returned mail", "returning message",
        "return to sender", "returned to sender", "failure notice", "failed mail", "mail failure", "mail failed",
        "message failed", "could not be delivered", "couldn't be delivered", "could not deliver", "unable to deliver",
        "undelivered", "rejected", "mail system error", "message delay", "delayed", "warning: could not",
        "message status", "bounce", "blocked by", "message you sent blocked", "permanent error", "deferred",
        "could not send", "unzustellbar", "nicht zugestellt", "nicht zustellbar", "zustellung", "fehlgeschlagen",
        "zurückgesandt", "non remis",
        "non distribu", "échec de la remise", "échec", "notification d'état", "retour de", "no se puede entregar",
        "no entregado", "no entregable", "no se ha podido entregar", "error en la entrega", "devuelto",
        "mancato recapito", "non recapitat", "impossibile recapitare",
        "onbestelbaar", "niet bezorgd", "niet afgeleverd", "não entregue", "falha na entrega", "falha de entrega",
        "não entregável", "nie dostarczon", "niedostarczon", "zwrot", "olevererad", "kunde inte levereras",
        "kan ikke leveres", "ikke leveret", "ei voitu toimittaa",
        "недоставлен", "не доставлен", "возврат", "не может быть доставлен", "配信", "配信不能", "返送", "届きません", "エラーメール",
        "送信できません", "退信", "无法投递", "投递失败", "系统退信", "반송", "전송 실패", "nedoručiteln", "nedoruč", "kézbesíthetetlen",
        "teslim edilemedi",
    ]
    static let notices = [
        "could not be delivered", "couldn't be delivered", "cannot be delivered", "can't be delivered",
        "was not delivered", "wasn't delivered", "not delivered", "has not been delivered", "undeliverable",
        "unable to deliver", "wasn't able to deliver", "not able to deliver", "failed to deliver", "delivery failed",
        "delivery has failed", "delivery to the following", "permanent error", "permanent fatal errors",
        "following address(es) failed",
        "could not deliver", "did not reach the following", "message was undeliverable", "returned to sender",
        "returned message", "mail system at host", "reporting-mta", "will be retried", "has been delayed",
        "no such user", "user unknown", "was rejected", "has been rejected", "was blocked by", "nicht zugestellt",
        "unzustellbar", "pas pu être", "n'a pas été remis", "no se pudo entregar", "no ha podido ser entregado",
        "impossibile consegnare", "non è stato possibile",
        "kon niet worden", "не может быть доставлено", "не удалось доставить", "не было доставлено", "配信できません",
        "お届けできません", "送信できませんでした", "无法送达", "无法投递", "não pôde ser entregue", "nie mogła zostać dostarczona",
        "nie można dostarczyć",
    ]
    static let delays = [
        "delayed", "still undelivered", "still being retried", "still awaiting delivery", "will be retried",
        "will keep trying", "will continue to", "will continue trying", "continue to try", "warning only",
        "warning message only", "do not need to resend",
        "not yet been delivered", "could not send message for past", "has not yet", "temporary failure report",
        "delivery will be attempted", "no action is required", "delivery is delayed", "noch nicht zugestellt",
        "verzögert", "weiterhin versucht", "retardé", "sera retenté", "retrasado",
        "задержано", "ritardat", "vertraagd", "atrasada", "warning: could not send",
    ]
    static let finals = [
        "permanent error", "permanent fatal", "giving up", "given up", "gave up", "could not be delivered",
        "undeliverable", "delivery has failed", "delivery failed", "no further attempts", "returned",
        "will not be retried",
    ]
}
