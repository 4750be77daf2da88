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
    let body: MailBody
    let limits: MailLimits

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
