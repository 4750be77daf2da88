internal import Foundation
package import Outreach
internal import Platform

// A broker sells labels of many carriers. Neither of ours takes a key that makes a repeat safe: so what is bought is
// named before it is bought (a shipment, one of its rates), and looked at before anything is repeated.
//
//     quote ──▶ shipment and rate are written down ──▶ buy ──▶ the label is written down ──▶ (attached) ──▶ void

/// Buys return labels, and gives them back.
package protocol LabelBroker: Sendable {
    var kind: BrokerSettings.Kind { get }
    /// True if it sells what was named once, however often it is asked: then a purchase whose answer was lost is asked for
    /// again at once.
    var sellsOnce: Bool { get }
    /// Asks what a label would cost, which costs nothing.
    ///
    /// - Parameter mark: put down at the broker's with the shipment, for people.
    func quote(_ order: LabelOrder, mark: String, at now: Moment) async throws(LabelStop) -> LabelQuote
    /// What became of the purchase that these ids name (`LabelResult`). It changes nothing.
    func look(at ids: [String: String], at now: Moment) async throws(LabelStop) -> LabelState
    /// Buys the rate that these ids name. It is looked at first.
    func buy(_ ids: [String: String], mark: String, at now: Moment) async throws(LabelStop) -> LabelState
    /// Asks for the money of a label that nobody used. It is looked at first.
    func void(_ ids: [String: String], at now: Moment) async throws(LabelStop) -> LabelVoid
}

/// What a broker asks for.
package struct LabelQuote: Hashable, Sendable {
    package var shipment: String
    package var rates: [LabelRate]
}

/// What a broker knows of a purchase.
package enum LabelState: Hashable, Sendable {
    /// Nothing was bought.
    case none
    /// It is still at it.
    case pending
    case bought(BrokerLabel)
    /// It was bought, and is given back, or is about to be.
    case voided
}

/// A label that was bought.
package struct BrokerLabel: Hashable, Sendable {
    /// The broker's id of what was bought.
    package var id: String
    /// Where it is; nil if that is nowhere to send anybody.
    package var url: String?
    package var tracking: String?
    package var trackingURL: String?
    /// True once a carrier has scanned it.
    package var isUsed = false

    package init(id: String, url: String?, tracking: String?, trackingURL: String?, isUsed: Bool = false) {
        self.id = id
        self.url = url
        self.tracking = tracking
        self.trackingURL = trackingURL
        self.isUsed = isUsed
    }
}

/// What a broker answers to a void.
package enum LabelVoid: Hashable, Sendable {
    /// The carrier is asked for the money.
    case asked
    /// It costs nothing unless it is used, so there is nothing to give back.
    case free
    case rejected
}

/// Why an attempt goes no further.
package enum LabelStop: Error {
    case verdict(Verdict)
    /// Before the far end could have seen anything.
    case cancelled

    static func refused(_ detail: String, code: Int? = nil) -> LabelStop {
        .verdict(.refused(Failure(reason: "content", code: code, detail: detail)))
    }
}

/// An address as both brokers take it.
struct BrokerAddress: Encodable {
    var name: String?
    var company: String?
    var street1: String?
    var street2: String?
    var city: String?
    var state: String?
    var zip: String?
    var country: String?
    var phone: String?

    init(_ facts: AddressFacts) {
        let parts = [facts.firstName, facts.lastName].compactMap(\.self).filter { !$0.isEmpty }
        name = facts.name ?? (parts.isEmpty ? facts.company : parts.joined(separator: " "))
        company = facts.company
        street1 = facts.address1
        street2 = facts.address2
        city = facts.city
        state = facts.provinceCode ?? facts.province
        zip = facts.zip
        country = facts.countryCode
        phone = facts.phone
    }
}

/// What comes from a broker is stored, mailed and shown, so its length and its characters are checked first.
enum BrokerText {
    /// An id of a broker's, which is put into paths.
    static func id(_ text: String?) -> String? {
        guard let text, (1...100).contains(text.utf8.count),
            text.utf8.allSatisfy({ byte in
                (0x30...0x39).contains(byte) || (0x61...0x7A).contains(byte | 0x20) || byte == 0x5F || byte == 0x2D
            })
        else { return nil }
        return text
    }

    /// The number of a parcel.
    static func tracking(_ text: String?) -> String? {
        guard let text, (4...60).contains(text.utf8.count), text.allSatisfy({ $0.isASCII && !$0.isWhitespace }) else {
            return nil
        }
        return text
    }

    /// A web address that somebody may be sent to: https, and http to a broker on this machine alone.
    static func url(_ text: String?, base: String) -> String? {
        guard let text, text.utf8.count <= 2000, text.utf8.allSatisfy({ $0 > 0x20 && $0 < 0x7F }),
            let parts = URLComponents(string: text), let host = parts.host, !host.isEmpty, parts.user == nil,
            parts.password == nil
        else { return nil }
        if parts.scheme == "https" { return text }
        let isLocal = base.hasPrefix("http://") && AddressPolicy.isLoopback(host: host)
        return parts.scheme == "http" && isLocal ? text : nil
    }

    /// A price; nil for what is none.
    static func price(_ amount: String?, _ currency: String?) -> Money? {
        guard let amount, let currency, currency.wholeMatch(of: /[A-Z]{3}/) != nil,
            amount.wholeMatch(of: /[0-9]{1,9}(\.[0-9]{1,6})?/) != nil, let number = Decimal(string: amount)
        else { return nil }
        return Money(amount: CurrencyUnits.rounded(number, in: currency, up: true), currency: currency)
    }

    /// A name of a carrier or a service, cut to a length.
    static func name(_ text: String?) -> String {
        let scalars = (text ?? "").unicodeScalars.filter { $0.value >= 0x20 && $0.value != 0x7F }
        return String(String.UnicodeScalarView(scalars.prefix(60)))
    }

    /// A broker's own word for what is wrong, which quotes nobody: `SHIPMENT.POSTAGE.FAILURE`.
    static func code(_ text: String?) -> String? {
        guard let text, text.wholeMatch(of: /[A-Za-z][A-Za-z0-9._-]{0,60}/) != nil else { return nil }
        return text
    }
}
