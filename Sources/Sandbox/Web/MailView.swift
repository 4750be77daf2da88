// Shows one mail. Its HTML is untrusted: it is served so that a browser runs none of its scripts, loads nothing from
// elsewhere and treats it as a separate site.

enum MailView {
    static func json(_ mail: KeptMail, summary: JSON, bytes: [UInt8]) -> JSON {
        let message = MIMEMessage(bytes)
        guard case .object(var members) = summary else { return summary }
        members += [
            JSON.Member("html", .bool(message.html != nil)), JSON.Member("text", .text(message.plain?.text)),
            JSON.Member(
                "headers", .array(message.header.fields.map { ["name": .string($0.name), "value": .string($0.value)] })),
            JSON.Member(
                "attachments",
                .array(
                    message.attachments.map { index, part in
                        [
                            "part": .int(Int64(index)), "name": .string(part.name ?? "part-\(index)"),
                            "type": .string(part.type), "size": .int(Int64(part.bytes.count)),
                        ]
                    })),
        ]
        // The list replaces the summary's flag.
        var seen: Set<String> = []
        members = members.reversed().filter { seen.insert($0.name).inserted }.reversed()
        return .object(members)
    }

    /// The mail as displayed. `sites` maps other sites to paths here: `https://shop.example` to `/site`.
    static func html(_ bytes: [UInt8], id: Int, sites: [String: String]) -> WebResponse {
        let message = MIMEMessage(bytes)
        guard let part = message.html else {
            return .html(Pages.notice("This mail has no HTML part."), status: 404)
        }
        var response = WebResponse.html("<base target=\"_blank\">" + here(part.text, id: id, sites: sites))
        response.headers += [
            (
                "Content-Security-Policy",
                "sandbox allow-popups allow-popups-to-escape-sandbox; default-src 'none'; img-src 'self' data:; "
                    + "style-src 'unsafe-inline'; frame-ancestors 'self'"
            ), ("X-Content-Type-Options", "nosniff"), ("Referrer-Policy", "no-referrer"),
        ]
        return response
    }

    /// Points a mail's attributes to this server if it has the content, and removes the address of other pictures, so
    /// that their alternative text is shown, as in mail programs. Safety does not depend on this: the policy blocks
    /// anything missed here.
    private static func here(_ html: String, id: Int, sites: [String: String]) -> String {
        var text = html
        for opening in ["=\"", "='", "=", "(", "(\"", "('"] {
            text = text.replacing(opening + "cid:", with: opening + "/api/mails/\(id)/cid/")
        }
        for quote in ["\"", "'"] {
            for (site, path) in sites {
                text = text.replacing("=\(quote)\(site)/", with: "=\(quote)\(path)/")
                    .replacing("=\(quote)\(site)\(quote)", with: "=\(quote)\(path)/\(quote)")
            }
            for scheme in ["https:", "http:"] {
                text = text.replacing(" src=\(quote)\(scheme)", with: " data-src=\(quote)\(scheme)")
            }
        }
        return text
    }

    /// A part to save, or a PDF to view.
    static func part(_ bytes: [UInt8], _ index: String) -> WebResponse {
        let parts = MIMEMessage(bytes).parts
        guard let index = Int(index), parts.indices.contains(index) else {
            return .refusal("there is no such part", status: 404)
        }
        let part = parts[index]
        let isPDF = part.type == "application/pdf"
        var response = WebResponse(type: isPDF ? part.type : "application/octet-stream", part.bytes)
        let name = (part.name ?? "part-\(index)").unicodeScalars
            .map { $0.isASCII && $0 != "\"" && $0 != "\\" && $0.value >= 0x20 ? Character($0) : "_" }
        response.headers += [
            ("Content-Disposition", "\(isPDF ? "inline" : "attachment"); filename=\"\(String(name))\""),
            ("X-Content-Type-Options", "nosniff"),
        ]
        return response
    }

    static func inline(_ bytes: [UInt8], contentID: String) -> WebResponse {
        guard let part = MIMEMessage(bytes).parts.first(where: { $0.contentID == contentID }),
            ["image/png", "image/jpeg", "image/gif", "image/webp"].contains(part.type)
        else { return .refusal("there is no such picture", status: 404) }
        var response = WebResponse(type: part.type, part.bytes)
        response.headers.append(("X-Content-Type-Options", "nosniff"))
        return response
    }
}
