internal import Foundation
internal import Platform

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
