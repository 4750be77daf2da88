import ArgumentParser
import Daemon
import Foundation
import Outreach
import Store

/// What can be paused, as it is written on the command line.
private func kind(_ word: String) throws -> PauseKind {
    // A restored backup pauses budgets; people only end that.
    guard let kind = PauseKind(rawValue: word) else {
        throw ValidationError("'\(word)' cannot be paused; write \(alternatives(PauseKind.offered.map(\.rawValue)))")
    }
    return kind
}

/// `bookbag pause`: keep something from shoppers for a while.
struct PauseCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "pause", abstract: "Hold what triggers tell shoppers for a while, without dropping any of it.",
        discussion: """
            The daemon acts on it within half a minute. When the pause ends, what was held is judged again, and what is no longer \
            news is not sent. Mail to the shop itself, webhooks and codes to log in with are not held. 'answers' are what triggers \
            answer to what shoppers write; while they are paused, people do. 'actions' are what is done in Shopify: gifts, refunds, \
            tags.

            EXAMPLES
              bookbag pause news --for 2h
              bookbag pause answers --for 1d
              bookbag pause actions --for 1h
              bookbag pause news            until 'bookbag resume news'
            """)

    @Argument(help: "What to pause: news, answers or actions.", transform: kind) var what: PauseKind
    @OptionGroup var options: CommandOptions
    @OptionGroup var choice: ShopChoice
    @OptionGroup var length: LengthOption

    func run() async throws {
        let now = DaemonClock.system()
        let end = try length.end(from: now)
        let store = try options.store()
        let shop = try await choice.find(in: store)
        let pause = Pause(what, since: now, until: end, by: Self.who)
        try await store.pause(
            pause, shop: shop,
            audit: AuditEntry(
                who: Self.who, shop: shop, what: "paused", about: what.title,
                detail: end.map { "until \($0.iso8601)" } ?? "until it is ended"), now: now)
        let clock = Clock(try await store.profile(shop: shop).zone)
        print(
            "\(what.title.capitalized) \(what.isOrAre) paused"
                + (end.map { " until \(clock.dayAndTime($0))" } ?? "") + "; 'bookbag resume \(what.rawValue)' ends it.")
    }

    /// Who it is in the audit and on the banner.
    static let who = "command line"
}

/// `bookbag resume`: end a pause.
struct ResumeCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "resume", abstract: "End a pause: what it held is judged again, and sent if it is still news.",
        discussion: "EXAMPLE\n  bookbag resume news")

    @Argument(help: "What to resume: news, answers, actions, or budgets after a restore.", transform: kind) var what:
        PauseKind
    @OptionGroup var options: CommandOptions
    @OptionGroup var choice: ShopChoice

    func run() async throws {
        let store = try options.store()
        let shop = try await choice.find(in: store)
        let held = try await store.resume(
            what, shop: shop, audit: AuditEntry(who: PauseCommand.who, shop: shop, what: "resumed", about: what.title),
            now: DaemonClock.system())
        guard let held else {
            complain("\(what.title.capitalized) \(what.isOrAre) not paused.")
            throw ExitStatus.fault
        }
        print(
            "\(what.title.capitalized) \(what == .news ? "goes" : "go") out again; \(held) held \(held == 1 ? "message is" : "messages are") judged."
        )
    }
}
