// Mail that others bring: the shop's own contact form, a colleague who forwards, a marketplace that stands between
// shopper and shop. A person wrote it, but not the one in From, and nothing proves who: the address in it is a claim.

internal import Platform

/// What was unwrapped.
struct RelayedMail {
    /// `contact_form`, `forward`, `marketplace`.
    var kind: String
    /// Who is said to have written it.
    var claimed: Correspondent?
    /// Where her words are in the text, in Unicode scalars.
    var range: Range<Int>

    /// - Parameters:
    ///   - text: the mail's text as it came.
    ///   - cuts: what was cut from it.
    ///   - isTeam: whether the address in From is a colleague's.
    static func unwrap(_ text: String, from: Correspondent, fields: MailFields, cuts: [MailCut], isTeam: Bool)
        -> RelayedMail?
    {
        contactForm(text, from: from, fields: fields) ?? marketplace(text, from: from)
            ?? (isTeam ? forward(text, cuts: cuts) : nil)
    }

    // MARK: Shopify's contact form

    private static let formLabels: [String: String] = [
        "name": "name", "email": "email", "e-mail": "email", "phone": "phone", "phone number": "phone",
        "country code": "country",
        "comment": "body", "message": "body", "body": "body", "contenu": "body", "nachricht": "body",
        "kommentar": "body", "mensaje": "body",
        "nom": "name", "nombre": "name", "adresse e-mail": "email", "telefon": "phone", "téléphone": "phone",
        "commentaire": "body",
        "e-mail-adresse": "email", "correo electrónico": "email", "messaggio": "body", "bericht": "body",
        "comentario": "body", "opmerking": "body",
    ]

    private static func contactForm(_ text: String, from: Correspondent, fields: MailFields) -> RelayedMail? {
        let isShopify = ["shopify.com", "shopifyemail.com"].contains {
            from.domain == $0 || from.domain.hasSuffix("." + $0)
        }
        guard isShopify || fields.has("x-shopify-shop-id") else { return nil }
        let scalars = Array(text.unicodeScalars)
        var label: String?
        var mailbox = Correspondent(address: "")
        var body: Int?
        var start = 0
        while start <= scalars.count, start < 200_000 {
            let end = scalars[start...].firstIndex(of: "\n") ?? scalars.count
            var view = String.UnicodeScalarView()
            view.append(contentsOf: scalars[start..<end].prefix(400))
            let line = String(view).trimmed
            // "Email:" with the value below it, or behind it.
            var value = line
            var valueStart = start
            if let colon = line.prefix(24).firstIndex(of: ":"),
                let name = formLabels[line[..<colon].trimmed.lowercased()]
            {
                label = name
                value = line[line.index(after: colon)...].trimmed
                valueStart = end
            }
            if label == "body" {
                body = value.isEmpty || valueStart == end && value.isEmpty ? end : start + (line.count - value.count)
                break
            }
            if !value.isEmpty {
                if label == "name", mailbox.name.isEmpty { mailbox.name = String(value.onOneLine.prefix(200)) }
                if label == "email", mailbox.address.isEmpty {
                    mailbox.address = AddressList.addresses(in: value, limit: 1).first ?? ""
                }
            }
            start = end + 1
        }
        guard let body, !mailbox.address.isEmpty else { return nil }
        return RelayedMail(kind: "contact_form", claimed: mailbox, range: min(body, scalars.count)..<scalars.count)
    }

    // MARK: Marketplaces

    private static let marketplaces = [
        "marketplace.amazon.", "members.ebay.", "messages.etsy.com", "conversations.etsy.com", "allegromail.",
        "kaufland-marktplatz.", "mirakl.net", "otto.market", "marketplace.walmart.", "relay.walmart.com",
    ]

    private static func marketplace(_ text: String, from: Correspondent) -> RelayedMail? {
        guard
            marketplaces.contains(where: {
                from.domain.hasPrefix($0) || from.domain.hasSuffix($0) || from.domain.contains("." + $0)
            })
        else { return nil }
        let scalars = Array(text.unicodeScalars)
        // Amazon puts the words between two lines of dashes: "------------- Begin message -------------".
        var range = 0..<scalars.count
        var start = 0
        while start < scalars.count {
            let end = scalars[start...].firstIndex(of: "\n") ?? scalars.count
            var view = String.UnicodeScalarView()
            view.append(contentsOf: scalars[start..<end].prefix(120))
            let line = String(view).trimmed.lowercased()
            if line.hasPrefix("---") {
                if line.contains("begin message") || line.contains("nachricht beginn")
                    || line.contains("anfang der nachricht") || line.contains("début du message")
                    || line.contains("inizio messaggio") || line.contains("inicio del mensaje")
                {
                    range = min(end + 1, scalars.count)..<scalars.count
                } else if range.lowerBound > 0 {
                    range = range.lowerBound..<max(start, range.lowerBound)
                    break
                }
            }
            start = end + 1
        }
        return RelayedMail(kind: "marketplace", claimed: from, range: range)
    }

    // MARK: A colleague's forward

    private static func forward(_ text: String, cuts: [MailCut]) -> RelayedMail? {
        guard let block = cuts.first(where: { $0.why == .header }) else { return nil }
        let scalars = Array(text.unicodeScalars)
        guard block.end <= scalars.count else { return nil }
        var view = String.UnicodeScalarView()
        view.append(contentsOf: scalars[block.start..<block.end].prefix(4000))
        // Who wrote it comes first in every block, in whatever language.
        for line in String(view).split(separator: "\n") {
            guard let colon = line.prefix(32).firstIndex(where: { $0 == ":" || $0 == "：" }) else { continue }
            guard let found = AddressList.addresses(in: line, limit: 1).first else { continue }
            let mailbox = AddressList.read(Array(line[line.index(after: colon)...].utf8)).first
            let claimed = mailbox?.address == found ? mailbox : Correspondent(address: found)
            return RelayedMail(kind: "forward", claimed: claimed, range: block.end..<scalars.count)
        }
        return nil
    }
}
