import Daemon
import Foundation
import Outreach
import Store

// The code that a page of the shopper's asks for before anything moves goods or money. A link may have been forwarded,
// so it proves little; the code goes to the address of the order, and works once, for one page, for a quarter of an hour.
//
// A page asks for it in two of its posts:
//
//     act=code     `mailCode`, and the page again with a `CodeForm`
//     act=…        `prove`: what the page does, or the form again with why not
//
// A page that needs her for more than one step takes the pass that `prove` gives, a hidden field of its forms from then
// on, and asks `holds(pass:)` in each. A new page needs a case of `PageCode.Kind` and its words in `CodeWords`.

/// What a code is for: one page of one order.
struct PageCode: Hashable, Sendable {
    enum Kind: String, Sendable, CaseIterable {
        /// Choosing what is offered.
        case offer
        /// Having the order sent elsewhere.
        case address
        /// Cancelling it.
        case cancel
        /// Sending something of it back.
        case `return`
    }

    var kind: Kind
    /// Tells pages of the same kind apart, such as the offer's number; nil where an order has one.
    var number: Int64?
    var order: OrderKey

    init(_ kind: Kind, number: Int64? = nil, of record: OrderRecord) {
        self.kind = kind
        self.number = number
        order = OrderKey(shop: record.shop, orderID: record.facts.id)
    }

    /// What the store knows it by.
    var name: String { number.map { "\(kind.rawValue) \($0)" } ?? kind.rawValue }
}

/// The form in which a code is entered, as the partial `code` shows it.
struct CodeForm: Encodable, Sendable {
    /// A hidden field, which says again what the code is for.
    struct Field: Encodable, Sendable {
        var name: String
        var value: String
    }

    var path: String
    /// The value of `act` with the code.
    var act: String
    /// What is confirmed, in a word; nil where the page's words say it.
    var what: String?
    var fields: [Field]
    var label: String
    var confirm: String
    var again: String
    var back: String

    init(
        _ words: PublicWords, path: String, act: String, what: String? = nil, fields: [Field] = [],
        confirm: String? = nil, back: String? = nil
    ) {
        self.path = path
        self.act = act
        self.what = what
        self.fields = fields
        label = words.codeLabel
        self.confirm = confirm ?? words.codeConfirm
        again = words.codeAgain
        self.back = back ?? words.codeBack
    }
}

extension PublicSite {
    /// How often codes may be mailed for an order, whatever the page, and typed.
    static let pageCodes = RateLimit("page_codes", times: 5, per: .hours(1))
    static let pageCodesTyped = RateLimit("page_codes_typed", times: 20, per: .hours(1))
    /// What makes the mails with codes.
    static let codeMail = "page_code"

    /// What came of a code that was entered.
    enum Proof: Hashable, Sendable {
        /// It fits. The pass is a token for the page's next steps.
        case fits(pass: String)
        case wrong
        /// Too many were entered.
        case limited
    }

    /// Mails a code to the address of the order; false if that is asked for too often, or nothing can be mailed.
    func mailCode(
        for page: PageCode, _ record: OrderRecord, _ words: PublicWords, now: Outreach.Moment
    ) async throws -> Bool {
        guard let recipient = record.recipient,
            try await core.store.spend(Self.pageCodes, subject: Self.subject(page), now: now)
        else { return false }
        var generator = SystemRandomNumberGenerator()
        let code = ChatRules.code(generator.next())
        let body = [
            "# \(words.codeMailSubject(Self.plain(record.facts.name)))",
            words.codeMail(code) + " " + words.codeMailPurpose(page.kind), words.codeMailNotYou(page.kind),
        ].joined(separator: "\n\n")
        guard
            let mail = core.post.mail(
                Self.codeMail, to: recipient, subject: words.codeMailSubject(record.facts.name), body: body,
                language: words.language,
                // Two that are asked for in the same moment are two mails, of which the later has the code that fits.
                about: "\(page.name) \(page.order.orderID) \(now.milliseconds) \(generator.next())",
                aggregate: .order(record.facts.id), shop: record.shop, now: now),
            try await core.store.mailCode(by: mail, code: code, for: page.name, of: page.order, now: now)
        else { return false }
        core.post.send(for: record.shop)
        return true
    }

    /// Whether that is the code that was mailed, as somebody typed it.
    func prove(_ typed: String?, for page: PageCode, now: Outreach.Moment) async throws -> Proof {
        guard try await core.store.spend(Self.pageCodesTyped, subject: Self.subject(page), now: now) else {
            return .limited
        }
        let digits = String((typed ?? "").filter { ("0"..."9").contains($0) }.prefix(12))
        let pass = Tokens.random()
        return try await core.store.prove(
            digits, for: page.name, of: page.order, pass: Tokens.digest(pass), now: now) ? .fits(pass: pass) : .wrong
    }

    /// Whether a pass that a form brought is the page's, and still good.
    func holds(pass: String?, for page: PageCode, now: Outreach.Moment) async throws -> Bool {
        guard let pass, Tokens.isToken(pass) else { return false }
        return try await core.store.holds(pass: Tokens.digest(pass), for: page.name, of: page.order, now: now)
    }

    /// What the limits are counted by: the order, whatever the page, so that one link cannot fill its mailbox.
    private static func subject(_ page: PageCode) -> String { "code \(page.order.shop) \(page.order.orderID)" }

    /// An address of which only its owner knows which it is.
    static func masked(_ address: String) -> String {
        let parts = address.split(separator: "@", maxSplits: 1)
        guard parts.count == 2 else { return "…" }
        return "\(parts[0].prefix(1))…@\(parts[1])"
    }
}
