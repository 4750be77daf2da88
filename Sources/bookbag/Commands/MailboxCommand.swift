import ArgumentParser
import Daemon
import Delivery
import Foundation
import Intake
import Outreach
import Platform
import Store
import Synchronization

/// `bookbag mailbox`: what is in a shop's mailbox besides new mail.
struct MailboxCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "mailbox", abstract: "Look into a shop's mailbox, or read its older mail for the story.",
        subcommands: [CheckCommand.self, HistoryCommand.self])

    /// Which shop's mailbox.
    struct Place: ParsableArguments {
        @OptionGroup var options: CommandOptions
        @Option(help: "The shop, if there are several mailboxes.") var shop: String?

        /// The one shop that is meant, with the folder of its store.
        func read() throws -> (configuration: Configuration, shop: Configuration.Shop, mailbox: Configuration.Mailbox) {
            let configuration = try options.configuration()
            let fetched = configuration.shops.filter { $0.mailbox?.imap != nil }
            let meant = shop.map { name in fetched.filter { $0.domain == name.lowercased() } } ?? fetched
            guard meant.count < 2 else {
                throw ValidationError("there are several mailboxes; name one with --shop DOMAIN")
            }
            guard let one = meant.first, let mailbox = one.mailbox else {
                let whose = shop.map { "'\($0)'" } ?? "any shop"
                throw ValidationError("\(options.config) has no 'mailbox' with a 'url' for \(whose)")
            }
            return (configuration, one, mailbox)
        }
    }

    /// `bookbag mailbox check`.
    struct CheckCommand: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            commandName: "check", abstract: "Say what the newest mails would be taken for.",
            discussion: """
                Reads the newest 50 mails of the mailbox, and of each that is the shop's says what it is. Nothing is kept, \
                changed or sent. Exits with status 1 if the mailbox cannot be read.

                EXAMPLE
                  bookbag mailbox check
                """)

        @OptionGroup var place: Place

        func run() async throws {
            let (_, shop, mailbox) = try place.read()
            for line in try await lines(of: mailbox, shop) { print(line) }
        }

        /// What the newest mails would be taken for, a line each.
        func lines(of mailbox: Configuration.Mailbox, _ shop: Configuration.Shop) async throws -> [String] {
            let engine = TransferEngine()
            guard let settings = MailboxSettings(mailbox, shop: shop.domain, engine: engine) else { return [] }
            let reader = MailboxReader(settings, identity: MailIdentity { _ in "" }, engine: engine)
            let newest: [RawObservation]
            do { newest = try await reader.latest(50, now: DaemonClock.system()) } catch {
                await reader.close()
                complain("\(error)")
                throw ExitStatus.fault
            }
            await reader.close()
            guard !newest.isEmpty else {
                return ["None of the newest 50 mails is to \(mailbox.onlyTo.joined(separator: ", "))."]
            }
            let reading = MailSettings(of: shop, mailbox)
            return newest.map { mail in
                let read = MailReading.read(mail.bytes, settings: reading)
                let subject = read.subject.split(whereSeparator: \.isNewline).joined(separator: " ")
                let shown = String(subject.unicodeScalars.filter { $0.properties.generalCategory != .control })
                return "\(mail.receivedAt)  \(read.kind.rawValue.padded(to: 10))  \(shown.prefix(80))"
            }
        }
    }

    /// `bookbag mailbox history`.
    struct HistoryCommand: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            commandName: "history", abstract: "Read older mail, for the story alone.",
            discussion: """
                Keeps mail that came before the daemon first opened the mailbox, so that 'explain' shows it with its order. \
                Nothing else comes of it: no message ends, no address is silenced, nobody is written to. The daemon judges it \
                meanwhile, and the desk shows what it would have answered to customers of the last 90 days, for your \
                people to say whether that was right. Run it again as you like: what is known is left as it is.

                The daemon has to have opened the mailbox once: what it has not read yet is new mail, and not history.

                EXAMPLE
                  bookbag mailbox history --since 90d
                """)

        @OptionGroup var place: Place
        @Option(help: "Since when: 90d, 4w, or a day such as 2026-11-01.") var since: String
        @Option(help: "How many mails of each folder at most, the newest.") var limit = 10_000

        func run() async throws {
            let (configuration, shop, mailbox) = try place.read()
            let now = DaemonClock.system()
            print(try await keep(mailbox, shop, in: configuration.store, now: now))
        }

        /// Keeps the older mail in a store, and says how much.
        func keep(
            _ mailbox: Configuration.Mailbox, _ shop: Configuration.Shop, in place: StorePlace, now: Moment
        ) async throws -> String {
            guard let since = Since(since, now: now, zone: .utc)?.moment else {
                throw ValidationError("'\(since)' is not a start time; write 90d, 4w or 2026-11-01")
            }
            let engine = TransferEngine()
            guard let settings = MailboxSettings(mailbox, shop: shop.domain, engine: engine) else { return "" }
            let store: Store
            do throws(StoreFailure) {
                store = try Store.open(place, role: .command, create: false, now: now)
            } catch {
                complain("\(error)")
                throw ExitStatus.fault
            }
            guard let text = try await store.cursor(shop: shop.domain, source: MailboxSource.sourceName) else {
                complain("the daemon has not opened the mailbox yet; start it, and run this again a minute later")
                throw ExitStatus.fault
            }
            let cursor = MailboxCursor(text, host: settings.server.host, user: settings.server.user)
            let reader = MailboxReader(settings, identity: MailIdentity(store.mailHash), engine: engine)
            let progress = Progress()
            do {
                let count = try await reader.history(since: since, upTo: cursor, now: now, limit: limit) { page in
                    let new = try await store.keep(page, now: DaemonClock.system())
                    progress.add(page.count, new: new.count)
                }
                await reader.close()
                return
                    "\(count) mails of the shop's since \(since); \(progress.new) were not known. The daemon judges them. What it would have answered stands at the desk: Inbox, 'Mail from before'."
            } catch {
                await reader.close()
                complain("\(error)")
                complain("\(progress.seen) mails were read until then and are kept; run it again to go on")
                throw ExitStatus.fault
            }
        }
    }
}

/// How far the reading has come, told to a person who waits.
private final class Progress: Sendable {
    private let counts = Mutex((seen: 0, new: 0))
    private let isShown = isatty(STDERR_FILENO) == 1

    var seen: Int { counts.withLock(\.seen) }
    var new: Int { counts.withLock(\.new) }

    func add(_ seen: Int, new: Int) {
        let total = counts.withLock { counts in
            counts.seen += seen
            counts.new += new
            return counts.seen
        }
        if isShown { complain("\(total) mails read") }
    }
}

extension MailSettings {
    /// What a shop's mail looks like by its trigger files; by the mailbox alone where these cannot be read.
    fileprivate init(of shop: Configuration.Shop, _ mailbox: Configuration.Mailbox) {
        let folder = try? TriggerFolder(readingFrom: shop.triggers, name: shop.triggers)
        if let set = folder.flatMap({ TriggerSet.load($0, webhooks: Set(shop.webhooks.keys)).set }) {
            self.init(mailbox, settings: set.settings)
        } else {
            self.init()
            border = mailbox.authservID.map { .named($0) }
        }
    }
}

extension String {
    fileprivate func padded(to width: Int) -> String { self + String(repeating: " ", count: max(0, width - count)) }
}
