// Mail that is brought to us instead of being fetched: over LMTP, or through a pipe. It becomes the observation that
// the same mail would be from a mailbox, with the same identity, so that one that comes by both ways is one.

package import Outreach

/// Makes observations of mails that are handed over.
package struct MailboxDelivery: Sendable {
    package let shop: String
    private let addresses: ShopAddresses
    private let identity: MailIdentity

    /// - Parameter addresses: those at which the shop is written to.
    package init(shop: String, addresses: ShopAddresses, identity: MailIdentity) {
        self.shop = shop
        self.addresses = addresses
        self.identity = identity
    }

    /// Whether mail to an address is the shop's.
    package func takes(_ address: String) -> Bool { addresses.contains(address) }

    /// The mail as it is kept: with the envelope on top, as a mailbox shows it, so that the tokens in it are seen.
    ///
    /// - Parameters:
    ///   - sender: the envelope sender, empty for a bounce's; nil where it is not known.
    ///   - recipients: the envelope recipients that are the shop's.
    package func observation(
        of mail: [UInt8], sender: String?, recipients: [String], now: Moment
    ) -> RawObservation {
        // A pipe brings lines that end in LF alone.
        let first = mail.firstIndex(of: 0x0A) ?? 0
        let end = first > 0 && mail[first - 1] != 0x0D ? "\n" : "\r\n"
        var top = ""
        if let sender = sender.map(Self.plain) { top += "Return-Path: <\(sender)>" + end }
        for recipient in recipients { top += "Delivered-To: \(Self.plain(recipient))" + end }
        let bytes = Array(top.utf8) + mail
        return RawObservation(
            shop: shop, source: MailboxSource.sourceName, externalID: identity.id(of: mail), receivedAt: now,
            kind: MailKind(.inbox).text, bytes: bytes, address: MailHead(mail).addresses(in: ["from"]).first)
    }

    /// An address as it may stand in a header.
    private static func plain(_ address: String) -> String {
        String(decoding: address.utf8.prefix(320).filter { (0x21...0x7E).contains($0) }, as: UTF8.self)
    }
}

/// The mailbox of a shop to which mail is only brought: there is nothing to fetch.
package struct BroughtMail: ObservationSource {
    package let name = MailboxSource.sourceName

    package init() {}

    package func poll(from cursor: String?, now: Moment) async throws -> SourcePage { SourcePage([], cursor: nil) }

    package func judge(_ observation: RawObservation) throws(SourceFailure) -> [JudgedEvent] {
        guard MailKind(observation.kind) != nil else {
            throw SourceFailure("'\(observation.kind)' is not a kind of mail; was it stored by a newer version?")
        }
        return []
    }
}
