import ArgumentParser
import Daemon
import Delivery
import Foundation
import Outreach
import Store

extension OutboxCommand {
    /// `bookbag outbox show`: opens one message.
    struct Show: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            commandName: "show", abstract: "Show one message: its recipient, its content and its history.",
            discussion: "EXAMPLES\n  bookbag outbox show 42\n  bookbag outbox show 42 --eml > mail.eml")

        @OptionGroup var options: CommandOptions
        @Argument(help: "Its number, from 'outbox list' or 'explain'.") var id: Int64
        @Option(help: "The shop's permanent domain, if several shops have a message with that number.") var shop:
            String?
        @Flag(help: "Print the mail itself, byte for byte, or a webhook's body.") var eml = false
        @Flag(help: "Print the HTML.") var html = false
        @Flag(help: "Print its history as JSON.") var json = false

        func run() async throws {
            let store = try options.store()
            guard let domain = try await OutboxCommand.shop(of: id, named: shop, store),
                let (story, message) = try await store.effectStory(id, shop: domain)
            else { throw ExitStatus.fault }
            if eml || html {
                guard let bytes = message.flatMap({ eml ? $0.bytes : $0.html }) else {
                    complain(
                        "Message \(id) has no \(eml ? "bytes" : "HTML")\(message == nil ? " yet, or no longer" : "").")
                    throw ExitStatus.fault
                }
                FileHandle.standardOutput.write(Data(bytes))
                return
            }
            let clock = Clock(try await store.profile(shop: story.line.effect.shop).zone)
            let report = MessageReport(story, message, clock: clock, now: DaemonClock.system())
            print(json ? try report.json() : report.text)
        }
    }

    /// `bookbag outbox retry`.
    struct Retry: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            commandName: "retry", abstract: "Retry messages at once, even refused ones.",
            discussion:
                "A closed channel is tried at once too. The daemon acts on it within a minute.\n\nEXAMPLE\n  bookbag outbox retry 42 43"
        )

        @OptionGroup var options: CommandOptions
        @Argument(help: "Their numbers.") var ids: [Int64]
        @Option(help: "The shop's permanent domain, if several shops have a message with that number.") var shop:
            String?

        func run() async throws {
            let store = try options.store()
            try await OutboxCommand.each(ids, of: shop, store, did: "will be retried") {
                id, shop throws(StoreFailure) in
                try await store.retry(effectID: id, shop: shop, now: DaemonClock.system())
            } refusal: { effect in
                switch effect.state {
                case .sent: "was sent already"
                case .bounced: "was sent, and came back; 'bookbag outbox show' says why"
                case .waiting: "is not rendered yet; it is sent when its wait is over"
                case .ready, .refused: "no longer has its bytes"
                default: "is '\(effect.state.rawValue)', which is never sent"
                }
            }
        }
    }

    /// `bookbag outbox drop`.
    struct Drop: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            commandName: "drop", abstract: "Withdraw messages that wait or are ready; they are not sent.",
            discussion: "EXAMPLE\n  bookbag outbox drop 42")

        @OptionGroup var options: CommandOptions
        @Argument(help: "Their numbers.") var ids: [Int64]
        @Option(help: "The shop's permanent domain, if several shops have a message with that number.") var shop:
            String?

        func run() async throws {
            let store = try options.store()
            try await OutboxCommand.each(ids, of: shop, store, did: "is withdrawn") { id, shop throws(StoreFailure) in
                try await store.drop(effectID: id, shop: shop, now: DaemonClock.system())
            } refusal: { effect in
                [.waiting, .ready].contains(effect.state)
                    ? "is being sent at this moment; try again" : "is '\(effect.state.rawValue)' already"
            }
        }
    }

    /// Acts on each message and reports it; status 1 if one failed.
    fileprivate static func each(
        _ ids: [Int64], of shop: String?, _ store: Store, did: String,
        _ act: (_ id: Int64, _ shop: String) async throws(StoreFailure) -> Bool, refusal: (Effect) -> String
    ) async throws {
        var failed = false
        for id in ids {
            guard let domain = try await self.shop(of: id, named: shop, store) else {
                failed = true
                continue
            }
            if try await act(id, domain) {
                print("Message \(id) \(did).")
                continue
            }
            failed = true
            if let effect = try await store.effect(id, shop: domain) {
                complain("Message \(id) \(refusal(effect)).")
            }
        }
        if failed { throw ExitStatus.fault }
    }

    /// The shop with a message of that number; prints why and returns nil if none has it, or several have and none is
    /// named.
    fileprivate static func shop(of id: Int64, named shop: String?, _ store: Store) async throws -> String? {
        let shops = try await store.shops(withEffect: id).filter { shop == nil || $0 == shop }
        if shops.count == 1 { return shops[0] }
        complain(
            shops.isEmpty
                ? "There is no message \(id); 'bookbag outbox list' has the numbers."
                : "Several shops have a message \(id): \(shops.joined(separator: ", ")). Name one with --shop.")
        return nil
    }
}
