import Intake
import Logging
package import Outreach
import Platform
import ServiceLifecycle
package import Store

/// Removes the files of messages that are kept no longer (`ConversationRules.keepsFiles`): the mails are written again
/// without them, one at a time.
struct FileService: Service {
    let shops: [String]
    let store: Store
    let clock: DaemonClock
    let wake: Wake
    let heartbeats: Heartbeats
    let logger: Logger
    var trouble = StoreTrouble()

    /// Nobody minds an hour more.
    static let pace = Duration.hours(1)

    func run() async throws {
        let loop = Loop(
            Loop.Name("files"), wake: wake, heartbeats: heartbeats, restingBy: clock, trouble: trouble, clock: clock,
            logger: logger)
        await loop.run { _ in
            for shop in shops where try await MailedFiles.removeOld(shop: shop, in: store, now: clock.now) {
                return .again
            }
            return .look(in: Self.pace)
        }
    }
}

/// Files of mails as pages take and give them.
package enum MailedFiles {
    /// So many go with one answer, and so many bytes in all: what mail servers everywhere take.
    package static let most = 10
    package static let mostBytes = 10_000_000

    /// A file that somebody attaches, under a name that any system can save it by.
    package static func attached(name: String, type: String, bytes: [UInt8]) -> MailDraft.Attachment {
        let name = MailFile.cleaned(name)
        return MailDraft.Attachment(name: name.isEmpty ? "file" : name, type: MailFile.cleanedType(type), bytes: bytes)
    }

    /// Removes the files of one mail that are kept no longer; false where none is old enough.
    package static func removeOld(
        shop: String, in store: Store, now: Moment
    ) async throws(StoreFailure) -> Bool {
        guard var mail = try await store.mailWithOldFiles(shop: shop, now: now) else { return false }
        mail.bytes = MailFiles.removed(from: mail.bytes)
        try await store.keepWithoutFiles(mail, shop: shop, now: now)
        return true
    }

    /// The file at a place in a mail's list of files; nil where there is none.
    package static func read(_ place: Int, of mail: [UInt8]) -> (file: MessageFile, content: [UInt8])? {
        guard let found = MailFiles.file(place, of: mail) else { return nil }
        return (
            MessageFile(name: found.file.name, type: found.file.type, size: found.content.count), found.content
        )
    }
}
