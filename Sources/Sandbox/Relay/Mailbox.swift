// The mails that the relay accepted: in memory, and optionally in a folder, one `.eml` each, so that a long test can
// restart the sandbox and still count.

public import FoundationEssentials
import Synchronization

/// A stored mail.
public struct KeptMail: Sendable {
    /// From 1, in the order of arrival.
    public let id: Int
    /// By the sandbox's clock.
    public let receivedAt: Date
    /// The envelope.
    public let sender: String
    /// The recipients of RCPT TO.
    public let recipients: [String]
    /// The header Message-ID, with its angle brackets.
    public let messageID: String?
    /// The header Subject, for people.
    public let subject: String
    /// The header From, for people.
    public let from: String
    /// The header To, for people.
    public let to: String
    /// `X-Bookbag-Trigger`.
    public let trigger: String?
    /// `X-Bookbag-Order`.
    public let order: String?
    /// `X-Bookbag-Shipment`.
    public let shipment: String?
    /// The number of bytes.
    public let size: Int
    let hasAttachments: Bool
}

/// All mails that the relay accepted.
public final class Mailbox: Sendable {
    private struct State {
        var mails: [KeptMail] = []
        var bytes: [Int: [UInt8]] = [:]
        var byMessageID: [String: [Int]] = [:]
        var next = 1
    }

    let bell = Bell()
    private let folder: URL?
    private let clock: SandboxClock
    private let state = Mutex(State())

    /// - Parameter folder: a folder for the mails too; existing mails are loaded. Created if missing.
    init(folder: URL?, clock: SandboxClock) throws {
        self.folder = folder
        self.clock = clock
        guard let folder else { return }
        try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
        let names = try FileManager.default.contentsOfDirectory(atPath: folder.path)
            .filter { $0.hasSuffix(".eml") }.compactMap { name in Int(name.dropLast(4)).map { ($0, name) } }
        for (id, name) in names.sorted(by: { $0.0 < $1.0 }) {
            let bytes = try Data(contentsOf: folder.appending(path: name))
            let (envelope, rest) = MailHeader.parse(Array(bytes)[...])
            let mail = ReceivedMail(
                sender: envelope["X-Sandbox-Sender"] ?? "",
                recipients: (envelope["X-Sandbox-Recipients"] ?? "").split(separator: " ").map(String.init),
                bytes: Array(rest))
            let received = envelope["X-Sandbox-Received"].flatMap(ShopTime.parse) ?? clock.now()
            state.withLock { state in
                state.next = id
                Self.file(mail, at: received, in: &state, keepingBytes: false)
            }
        }
    }

    /// Keeps a mail.
    func keep(_ mail: ReceivedMail) {
        let now = clock.now()
        let id = state.withLock { Self.file(mail, at: now, in: &$0, keepingBytes: folder == nil) }
        if let folder {
            // The envelope precedes the mail, as a separate header followed by an empty line.
            let envelope =
                "X-Sandbox-Sender: \(mail.sender)\r\nX-Sandbox-Recipients: \(mail.recipients.joined(separator: " "))\r\n"
                + "X-Sandbox-Received: \(ShopTime.iso(now))\r\n\r\n"
            do {
                try Data(Array(envelope.utf8) + mail.bytes).write(
                    to: folder.appending(path: "\(id).eml"), options: .atomic)
            } catch {
                // The file is a copy for later runs; this run uses memory.
                state.withLock { $0.bytes[id] = mail.bytes }
            }
        }
        bell.ring()
    }

    @discardableResult
    private static func file(
        _ mail: ReceivedMail, at moment: Date, in state: inout State, keepingBytes: Bool
    ) -> Int {
        let id = state.next
        state.next += 1
        let (header, _) = MailHeader.parse(mail.bytes[...])
        let type = header["Content-Type"]?.lowercased() ?? ""
        let kept = KeptMail(
            id: id, receivedAt: moment, sender: mail.sender, recipients: mail.recipients,
            messageID: header["Message-ID"], subject: header["Subject"] ?? "", from: header["From"] ?? mail.sender,
            to: header["To"] ?? mail.recipients.joined(separator: ", "), trigger: header["X-Bookbag-Trigger"],
            order: header["X-Bookbag-Order"], shipment: header["X-Bookbag-Shipment"], size: mail.bytes.count,
            hasAttachments: type.hasPrefix("multipart/mixed"))
        state.mails.append(kept)
        if keepingBytes { state.bytes[id] = mail.bytes }
        if let messageID = kept.messageID { state.byMessageID[messageID, default: []].append(id) }
        return id
    }

    /// All mails, oldest first.
    public var mails: [KeptMail] { state.withLock { $0.mails } }

    /// The number of mails.
    public var count: Int { state.withLock { $0.mails.count } }

    /// One mail.
    public func mail(_ id: Int) -> KeptMail? {
        state.withLock { state in
            let index = state.mails.partition(before: id) { $0.id }
            return state.mails.indices.contains(index) && state.mails[index].id == id ? state.mails[index] : nil
        }
    }

    /// A mail's bytes, as received.
    public func bytes(of id: Int) -> [UInt8]? {
        if let bytes = state.withLock({ $0.bytes[id] }) { return bytes }
        guard let folder, let file = try? Data(contentsOf: folder.appending(path: "\(id).eml")) else { return nil }
        return Array(MailHeader.parse(Array(file)[...]).body)
    }

    /// Mails received more than once with one Message-ID: the Message-ID and the ids.
    public var duplicates: [String: [Int]] { state.withLock { $0.byMessageID.filter { $0.value.count > 1 } } }

    /// Forgets everything.
    public func clear() {
        let ids = state.withLock { state in
            defer { (state.mails, state.bytes, state.byMessageID) = ([], [:], [:]) }
            return state.mails.map(\.id)
        }
        if let folder {
            for id in ids { try? FileManager.default.removeItem(at: folder.appending(path: "\(id).eml")) }
        }
        bell.ring()
    }

    /// Waits until `condition` is true of the mails, or `patience` runs out.
    @discardableResult
    public func wait(atMost patience: Duration, until condition: @escaping @Sendable ([KeptMail]) -> Bool) async -> Bool
    {
        await bell.wait(atMost: patience) { condition(self.mails) }
    }
}

/// The relay's rules for recipients, which may change while it runs.
public final class RelayRules: Sendable {
    private let rules: Mutex<[RelayRule]>

    init(_ rules: [RelayRule]) { self.rules = Mutex(rules) }

    /// Replaces the rules.
    public func set(_ rules: [RelayRule]) { self.rules.withLock { $0 = rules } }

    /// The reply that refuses a recipient; counts against a rule with limited uses.
    func verdict(_ address: String) -> String? {
        rules.withLock { rules in
            guard let index = rules.firstIndex(where: { $0.matches(address) && $0.times != 0 }) else { return nil }
            if let times = rules[index].times { rules[index].times = times - 1 }
            return rules[index].reply
        }
    }
}
