// What Amazon's SES writes as JSON about a mail of ours: bounces, complaints and deliveries, through SNS as the text of a
// mail.

internal import Foundation
internal import Platform

extension MailReportReader {
    /// What it tells.
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

    /// The report that the mail is in this form, or nil.
    func notification() -> MailReport? {
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
