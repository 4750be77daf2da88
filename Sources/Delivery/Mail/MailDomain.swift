internal import CGMime
internal import Outreach

extension MailHeaders {
    /// An address with its domain in DNS form (IDNA 2008): `ada@müller.example` is `ada@xn--mller-kva.example`, which
    /// every relay accepts. Only the part before the `@` needs SMTPUTF8 (RFC 6531). It is returned unchanged if it has
    /// no such form.
    static func withPlainDomain(_ address: String) -> String {
        guard let at = address.lastIndex(of: "@"), !address[at...].utf8.allSatisfy({ $0 < 0x80 }) else {
            return address
        }
        return GMime.exclusively {
            let mailbox = OwnedObject(internet_address_mailbox_new(nil, address))
            return internet_address_mailbox_get_idn_addr(mailbox.cast()).map { String(cString: $0) } ?? address
        }
    }
}
