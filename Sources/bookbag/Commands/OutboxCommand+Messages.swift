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
            commandName: "show", abstract: "Open one message: to whom, what it says, and what became of it.",
            discussion: "EXAMPLES\n  bookbag outbox show 42\n  bookbag outbox show 42 --eml > mail.eml")

        @OptionGroup var options: CommandOptions
        @Argument(help: "Its number, as 'outbox list' and 'explain' have it.") var id: Int64
        @Option(help: "The shop's permanent domain, where several shops have a message of that number.") var shop:
            String?
        @Flag(help: "Print the mail itself, byte for byte, or a webhook's body.") var eml = false
        @Flag(help: "Print the HTML.") var html = false
        @Flag(help: "Print what became of it as JSON.") var json = false

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
            commandName: "retry", abstract: "Let messages be tried again at once, refused ones included.",
            discussion:
                "A channel that is closed is tried at once, too. The daemon takes them up within a minute.\n\nEXAMPLE\n  bookbag outbox retry 42 43"
        )

        @OptionGroup var options: CommandOptions
        @Argument(help: "Their numbers.") var ids: [Int64]
        @Option(help: "The shop's permanent domain, where several shops have a message of that number.") var shop:
            String?

        func run() async throws {
            let store = try options.store()
            try await OutboxCommand.each(ids, of: shop, store, did: "will be tried again") {
                id, shop throws(StoreFailure) in
                try await store.retry(effectID: id, shop: shop, now: DaemonClock.system())
            } refusal: { effect in
                switch effect.state {
                case .sent: "was sent already"
                case .bounced: "was sent, and came back; 'bookbag outbox show' says why"
                case .waiting: "is not written yet; it goes when its wait is over"
                case .ready, .refused: "has no bytes any more"
                default: "is '\(effect.state.rawValue)', which nothing is sent of"
                }
            }
        }
    }

    /// `bookbag outbox drop`.
    struct Drop: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            commandName: "drop", abstract: "Take messages back that wait or are ready; they are not sent.",
            discussion: "EXAMPLE\n  bookbag outbox drop 42")

        @OptionGroup var options: CommandOptions
        @Argument(help: "Their numbers.") var ids: [Int64]
        @Option(help: "The shop's permanent domain, where several shops have a message of that number.") var shop:
            String?

        func run() async throws {
            let store = try options.store()
            try await OutboxCommand.each(ids, of: shop, store, did: "is taken back") { id, shop throws(StoreFailure) in
                try await store.drop(effectID: id, shop: shop, now: DaemonClock.system())
            } refusal: { effect in
                [.waiting, .ready].contains(effect.state)
                    ? "is being handed over at this moment; try again" : "is '\(effect.state.rawValue)' already"
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
