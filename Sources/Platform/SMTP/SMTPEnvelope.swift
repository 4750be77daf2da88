// A mail in transit: its sender and recipients (the envelope, which the relay uses, not the header), and its bytes.
//
// Everything that makes a mail dangerous in SMTP is caught here, before any relay sees it. A line break inside an
// address would be another command. A bare CR or LF inside the message may be a line end to one server but not to the
// next, and so can smuggle a second mail past the first ("SMTP smuggling"); RFC 5321, 2.3.8, forbids both, and so do
// we. Lines that begin with a dot get a second one (4.5.2), and the final dot is appended, so that the engine's thread
// only has to copy.

/// A mail with its envelope addresses, checked and ready to send.
public struct SMTPEnvelope: Sendable {
    /// Why a mail cannot be sent as it is. Contains no address and no text of the mail.
    public enum Fault: Error, Sendable, Equatable, CustomStringConvertible {
        /// The sender is not an address; an empty one is allowed.
        case sender
        /// The recipient at this index (from 0) is not an address.
        case recipient(Int)
        case noRecipient
        /// A CR without LF or an LF without CR, at this byte.
        case bareLineBreak(at: Int)
        /// A NUL, at this byte.
        case nul(at: Int)
        /// More than 998 bytes in one line (RFC 5322, 2.1.1); the line counts from 1.
        case longLine(Int)
        /// The envelope id is not 1 to 100 printable ASCII characters.
        case envelopeID

        /// What is wrong, for people.
        public var description: String {
            switch self {
            case .sender: "the envelope sender is not an e-mail address"
            case .recipient(let index): "recipient \(index + 1) is not an e-mail address"
            case .noRecipient: "the mail has no recipient"
            case .bareLineBreak(let offset):
                "the mail has a bare CR or LF at byte \(offset); lines must end in CRLF"
            case .nul(let offset): "the mail has a NUL at byte \(offset)"
            case .longLine(let line): "line \(line) of the mail is longer than 998 bytes"
            case .envelopeID: "the envelope id must be 1 to 100 printable ASCII characters"
            }
        }
    }

    /// When the relays on the way should report to the sender (RFC 3461). Left out if the relay does not offer DSN.
    public struct Notification: OptionSet, Sendable, Hashable {
        /// One bit per occasion.
        public let rawValue: UInt8
        /// Makes a set of its bits.
        public init(rawValue: UInt8) { self.rawValue = rawValue }
        /// When it could not be delivered.
        public static let failure = Notification(rawValue: 1)
        /// When it takes unusually long.
        public static let delay = Notification(rawValue: 2)
        /// When it was delivered.
        public static let success = Notification(rawValue: 4)
    }

    /// Where bounces go; empty for a mail that must not be answered by another.
    public let from: String
    /// The recipients, at least one. All get it or none: one refusal ends the attempt before the message is sent.
    public let recipients: [String]
    /// Whether an address or the header needs a relay that takes UTF-8 (RFC 6531).
    public let needsSMTPUTF8: Bool
    /// Whether the message has bytes above 127, and so needs a relay with 8BITMIME (RFC 6152).
    public let needsEightBit: Bool
    /// Returned in a bounce as `Original-Envelope-Id` (RFC 3461), if DSN is offered.
    public let envelopeID: String?
    /// When to report; `nil` leaves it to the relays, an empty set asks for no report at all.
    public let notify: Notification?
    /// How many bytes the message has.
    public let size: Int
    /// The message as sent: leading dots doubled, with the final dot.
    let wire: [UInt8]

    /// Checks a mail and prepares it for sending.
    ///
    /// - Parameters:
    ///   - message: header and body, lines ending in CRLF; a missing last CRLF is added.
    ///   - hasUTF8Header: whether the header contains raw UTF-8. Addresses are checked separately.
    /// - Throws: the first problem found.
    public init(
        from: String, recipients: [String], message: [UInt8], hasUTF8Header: Bool = false, envelopeID: String? = nil,
        notify: Notification? = nil
    ) throws(Fault) {
        guard from.isEmpty || isMailbox(from) else { throw .sender }
        guard !recipients.isEmpty else { throw .noRecipient }
        if let bad = recipients.firstIndex(where: { !isMailbox($0) }) { throw .recipient(bad) }
        if let envelopeID {
            let isPrintable = envelopeID.utf8.allSatisfy { (0x20...0x7E).contains($0) }
            guard (1...100).contains(envelopeID.utf8.count), isPrintable else { throw .envelopeID }
        }
        self.from = from
        self.recipients = recipients
        self.envelopeID = envelopeID
        self.notify = notify
        let line = try LineForm(message)
        wire = line.bytes
        size = line.size
        needsEightBit = line.isEightBit
        needsSMTPUTF8 = hasUTF8Header || ([from] + recipients).contains { !$0.utf8.allSatisfy { $0 < 0x80 } }
    }
}

/// A message as sent.
private struct LineForm {
    var bytes: [UInt8] = []
    var size: Int
    var isEightBit = false

    init(_ message: [UInt8]) throws(SMTPEnvelope.Fault) {
        let (cr, lf, dot) = (UInt8(0x0D), UInt8(0x0A), UInt8(0x2E))
        bytes.reserveCapacity(message.count + message.count / 64 + 8)
        var lineStart = 0
        var lineNumber = 1
        var high: UInt8 = 0
        var previous: UInt8 = 0
        for (offset, byte) in message.enumerated() {
            if byte == 0 { throw .nul(at: offset) }
            if previous == cr, byte != lf { throw .bareLineBreak(at: offset - 1) }
            if byte == lf {
                if previous != cr { throw .bareLineBreak(at: offset) }
                if offset - 1 - lineStart > 998 { throw .longLine(lineNumber) }
                lineStart = offset + 1
                lineNumber += 1
            } else if offset == lineStart, byte == dot {
                bytes.append(dot)
            }
            bytes.append(byte)
            high |= byte
            previous = byte
        }
        if previous == cr { throw .bareLineBreak(at: message.count - 1) }
        size = message.count
        if lineStart < message.count || message.isEmpty {
            if message.count - lineStart > 998 { throw .longLine(lineNumber) }
            bytes += [cr, lf]
            size += 2
        }
        bytes += [dot, cr, lf]
        isEightBit = high >= 0x80
    }
}

/// Whether a text is a mailbox as accepted by MAIL and RCPT (RFC 5321, 4.1.2; UTF-8 by RFC 6531), without anything that
/// could end the command early. Whether the mailbox exists is up to the relay.
private func isMailbox(_ text: String) -> Bool {
    let bytes = Array(text.utf8)
    guard bytes.count <= 320, let at = bytes.lastIndex(of: UInt8(ascii: "@")) else { return false }
    let (local, domain) = (bytes[..<at], bytes[(at + 1)...])
    func isAtomic(_ byte: UInt8) -> Bool { byte > 0x20 && byte != 0x7F && !"<>()[],;:\\\"@".utf8.contains(byte) }
    let isLiteral = domain.first == UInt8(ascii: "[") && domain.last == UInt8(ascii: "]")
    let isDomain =
        isLiteral
        ? domain.dropFirst().dropLast().allSatisfy { isAtomic($0) || $0 == UInt8(ascii: ":") } && domain.count > 2
        : !domain.isEmpty && domain.allSatisfy(isAtomic)
    guard isDomain, !local.isEmpty else { return false }
    guard local.first == UInt8(ascii: "\"") else { return local.allSatisfy(isAtomic) }
    guard local.count >= 2, local.last == UInt8(ascii: "\"") else { return false }
    var isEscaped = false
    for byte in local.dropFirst().dropLast() {
        guard byte >= 0x20, byte != 0x7F else { return false }
        if isEscaped {
            isEscaped = false
        } else if byte == UInt8(ascii: "\\") {
            isEscaped = true
        } else if byte == UInt8(ascii: "\"") {
            return false
        }
    }
    return !isEscaped
}
