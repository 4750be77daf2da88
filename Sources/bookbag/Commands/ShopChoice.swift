import ArgumentParser
import Daemon
import Outreach
import Store

/// The one shop that a command is about.
struct ShopChoice: ParsableArguments {
    @Option(help: "The shop, if the store has several.") var shop: String?

    /// The shop that is meant; throws where several could be.
    func find(in store: Store) async throws -> String {
        let shops = try await store.shops().filter { shop == nil || shop == $0 }
        guard let only = shops.first, shops.count == 1 else {
            throw ValidationError(
                shops.isEmpty
                    ? "the store has no such shop"
                    : "the store has several shops; add --shop \(shops.joined(separator: " or --shop "))")
        }
        return only
    }
}

/// How long something is to last.
struct LengthOption: ParsableArguments {
    @Option(name: .customLong("for"), help: "How long: 2h, 14d, 4w. Default: until it is ended by hand.")
    var length: String?

    /// When it ends, begun now; nil where nothing was given.
    func end(from now: Moment) throws -> Moment? {
        guard let length else { return nil }
        guard let since = Since(length, now: now, zone: .utc)?.moment, since < now else {
            throw ValidationError("'\(length)' is not a length of time; write 2h, 14d or 4w")
        }
        return now + (now - since)
    }
}
