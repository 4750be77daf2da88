/// A mail as the templates produced it, before it is composed into bytes. All texts are plain values: whatever they may
/// not contain (a newline in a subject, say) is for the composer to escape or refuse.
public struct MailDraft: Hashable, Sendable {
    /// The body as the template wrote it.
    public enum Body: Hashable, Sendable {
        /// Markdown; the composer turns it into HTML and text in the shop's colours.
        case markdown(String)
        /// HTML as it is; the composer adds the text version.
        case html(String)
    }

    /// A file attached to the mail.
    public struct Attachment: Hashable, Sendable {
        public var name: String
        /// `application/pdf`.
        public var type: String
        public var bytes: [UInt8]

        public init(name: String, type: String, bytes: [UInt8]) {
            self.name = name
            self.type = type
            self.bytes = bytes
        }
    }

    public var from: MailAddress
    public var to: MailAddress
    public var replyTo: MailAddress?
    /// The envelope sender: where bounces go.
    public var sender: String
    public var subject: String
    /// The line that mail programs show beside the subject.
    public var preview: String?
    public var body: Body
    public var attachments: [Attachment]
    /// BCP 47, for the `lang` attribute and `Content-Language`.
    public var language: String
    /// Without angle brackets.
    public var messageID: String
    /// Without angle brackets, oldest first: they make the mails of one order one thread.
    public var references: [String]
    public var date: Moment
    /// Further headers, such as `X-Bookbag-Trigger`; the composer refuses newlines in them.
    public var headers: [Header]
    public var brand: Brand
    /// Why the recipient gets this mail, stated in its footer; nil if it goes to the shop itself.
    public var occasion: Occasion?
    /// Data about the parcels for mail programs that show cards and buttons of their own.
    public var parcels: [ParcelNotice] = []

    /// The page with the buttons below an automatic answer, to which `?say=helped` and `?say=person` are added; nil for
    /// none.
    public var answerPage: String?
    /// True if it answers what she wrote, by itself: it says so to people below, and to machines in `Auto-Submitted`.
    public var isAnswer = false
    /// True if a person wrote it: then no machine is told that a machine did.
    public var isPersonal = false

    /// Why a shopper is written to.
    public enum Occasion: String, Hashable, Sendable {
        /// They placed an order.
        case order
        /// They subscribed to the shop's news.
        case marketing
        /// They wrote, and a program answers.
        case answer
        /// They wrote, and that is over.
        case conversation
    }

    /// A header in addition to those that every mail has.
    public struct Header: Hashable, Sendable {
        public var name: String
        public var value: String

        public init(_ name: String, _ value: String) {
            self.name = name
            self.value = value
        }
    }

    /// A mail without attachments.
    public init(
        from: MailAddress, to: MailAddress, replyTo: MailAddress? = nil, sender: String, subject: String,
        preview: String? = nil,
        body: Body, language: String, messageID: String, references: [String] = [], date: Moment,
        headers: [Header] = [],
        brand: Brand
    ) {
        self.from = from
        self.to = to
        self.replyTo = replyTo
        self.sender = sender
        self.subject = subject
        self.preview = preview
        self.body = body
        attachments = []
        self.language = language
        self.messageID = messageID
        self.references = references
        self.date = date
        self.headers = headers
        self.brand = brand
    }
}

/// A name and an address, validated: the address has the form `local@domain`, and neither contains a control character.
public struct MailAddress: Hashable, Sendable, Codable {
    public let name: String?
    public let address: String

    /// An address with a display name. Nil if the address is not one, or is one that no relay would accept.
    ///
    /// The form is RFC 5321's mailbox without quoted local parts and address literals, which shoppers do not have;
    /// SMTPUTF8 (RFC 6531) letters are allowed.
    public init?(name: String? = nil, address: String) {
        let trimmed = address.trimmingSpaces
        guard Self.isAddress(trimmed) else { return nil }
        let isControl: (Unicode.Scalar) -> Bool = { $0.value < 0x20 || (0x7F...0x9F).contains($0.value) }
        let cleaned = name.map { name in
            name.unicodeScalars.contains(where: isControl)
                ? String(name.unicodeScalars.map { isControl($0) ? " " : Character($0) }) : name
        }
        let shown = cleaned?.trimmingSpaces
        self.name = shown?.isEmpty == false ? shown : nil
        self.address = trimmed
    }

    /// Reads `Juniper & Fig <orders@juniperfig.example>`, `"Name" <address>`, or the address alone.
    public init?(parsing text: String) {
        let trimmed = text.trimmingSpaces
        guard trimmed.hasSuffix(">"), let open = trimmed.lastIndex(of: "<") else {
            self.init(address: trimmed)
            return
        }
        var name = String(trimmed[..<open]).trimmingSpaces
        if name.count >= 2, name.hasPrefix("\""), name.hasSuffix("\"") { name = String(name.dropFirst().dropLast()) }
        self.init(name: name, address: String(trimmed[trimmed.index(after: open)...].dropLast()))
    }

    /// The part after the `@`.
    public var domain: String { String(address[address.index(after: address.lastIndex(of: "@")!)...]) }

    /// Most addresses consist of ASCII letters, digits, full stops and a few signs, which can be checked by bytes. Nil
    /// if only the full rule can tell.
    static func isPlainAddress(_ text: String) -> Bool? {
        guard text.utf8.count <= 254 else { return false }
        var (local, label, labels, previous) = (0, 0, 0, UInt8(ascii: "."))
        var isDomain = false
        for byte in text.utf8 {
            let isWord = byte &- 0x30 < 10 || (byte | 0x20) &- 0x61 < 26
            switch byte {
            case _ where isWord: break
            case UInt8(ascii: "@") where !isDomain:
                guard (1...64).contains(local), previous != UInt8(ascii: ".") else { return false }
                (isDomain, previous, labels, label) = (true, UInt8(ascii: "."), 1, 0)
                continue
            case UInt8(ascii: "."):
                // Two full stops in a row, one at the beginning, or a label that ends in a hyphen.
                if previous == UInt8(ascii: ".") || isDomain && previous == UInt8(ascii: "-") { return false }
                if isDomain { labels += 1 }
                label = -1
            case UInt8(ascii: "-"): if isDomain, previous == UInt8(ascii: ".") { return false }
            case UInt8(ascii: "_"), UInt8(ascii: "+"): if isDomain { return nil }
            default: return nil
            }
            if isDomain { label += 1 } else { local += 1 }
            if isDomain, label > 63 { return false }
            previous = byte
        }
        return isDomain && labels >= 2 && previous != UInt8(ascii: ".") && previous != UInt8(ascii: "-")
    }

    private static func isAddress(_ text: String) -> Bool { isPlainAddress(text) ?? isAnyAddress(text) }

    /// The full rule, including letters of all scripts.
    static func isAnyAddress(_ text: String) -> Bool {
        guard text.utf8.count <= 254, let at = text.lastIndex(of: "@") else { return false }
        let local = text[..<at]
        let domain = text[text.index(after: at)...]
        // Ends are compared by bytes: a mark that combines with a hyphen or a full stop makes another character of it.
        let (hyphen, stop) = (UInt8(ascii: "-"), UInt8(ascii: "."))
        guard (1...64).contains(local.utf8.count), local.utf8.first != stop, local.utf8.last != stop,
            !local.contains(".."),
            local.unicodeScalars.allSatisfy(isLocalScalar)
        else { return false }
        let labels = domain.split(separator: ".", omittingEmptySubsequences: false)
        return labels.count >= 2
            && labels.allSatisfy { label in
                (1...63).contains(label.utf8.count) && label.utf8.first != hyphen && label.utf8.last != hyphen
                    && label.unicodeScalars.allSatisfy(isDomainScalar)
            }
    }

    private static func isLocalScalar(_ scalar: Unicode.Scalar) -> Bool {
        if scalar.isASCIILetterOrDigit { return true }
        return scalar.properties.isAlphabetic || scalar.properties.numericType != nil
            || ".!#$%&'*+/=?^_`{|}~-".unicodeScalars.contains(scalar)
    }

    private static func isDomainScalar(_ scalar: Unicode.Scalar) -> Bool {
        scalar.isASCIILetterOrDigit || scalar == "-" || scalar.properties.isAlphabetic
            || scalar.properties.numericType != nil
            || scalar.properties.generalCategory == .nonspacingMark || scalar.properties.generalCategory == .spacingMark
    }
}

extension Unicode.Scalar {
    /// True for `A` to `Z`, `a` to `z` and `0` to `9`.
    fileprivate var isASCIILetterOrDigit: Bool {
        switch value {
        case 0x30...0x39, 0x41...0x5A, 0x61...0x7A: true
        default: false
        }
    }
}

extension String {
    /// The text without spaces, tabs and newlines at both ends.
    var trimmingSpaces: String {
        // Most texts have none there and are returned unchanged.
        if let first = utf8.first, let last = utf8.last, (0x21..<0x7F).contains(first), (0x21..<0x7F).contains(last) {
            return self
        }
        // Invisible characters count as spaces: they come along when an address is copied.
        let isSpace: (Unicode.Scalar) -> Bool = { $0.properties.isWhitespace || $0.isInvisible }
        let scalars = unicodeScalars
        guard let start = scalars.firstIndex(where: { !isSpace($0) }),
            let end = scalars.lastIndex(where: { !isSpace($0) })
        else { return "" }
        return String(scalars[start...end])
    }
}

/// The shop's name, look and tone, for every mail.
public struct Brand: Hashable, Sendable {
    public var name: String
    public var from: MailAddress
    public var marketingFrom: MailAddress?
    /// The sender of requests for reviews; nil for the sender of marketing mail.
    public var ratingsFrom: MailAddress?
    public var replyTo: MailAddress?
    /// The postal address, for the footer of the mail.
    public var address: String?
    /// `#rrggbb`.
    public var color: String
    public var logo: String?
    /// The shop's own website.
    public var url: String?
    /// How it speaks to shoppers: `tone` of shop.yaml.
    public var tones = Tones()

    public init(
        name: String, from: MailAddress, marketingFrom: MailAddress? = nil, replyTo: MailAddress? = nil,
        address: String? = nil,
        color: String = "#2f5d50", logo: String? = nil, url: String? = nil
    ) {
        self.name = name
        self.from = from
        self.marketingFrom = marketingFrom
        self.replyTo = replyTo
        self.address = address
        self.color = color
        self.logo = logo
        self.url = url
    }
}
