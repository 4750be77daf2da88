// How a channel's far ends get from bookbag.yaml to something that sends.
//
//   bookbag.yaml ──`read`──▶ far ends ──`open`──▶ a `Channel`, with a loop of its own
//
// A channel says both for itself, beside its `ChannelKind`; whoever reads the file and whoever starts the loops name no
// channel.

package import Outreach
package import Platform

/// What of bookbag.yaml belongs to a channel, and how it is read.
package struct ChannelSetup: Sendable {
    /// Its key, for all shops or within one: `pagers`.
    package var key: String
    /// Reads what stands under the key; faults are noted, each with its line.
    package var read: @Sendable (YAMLTree, inout any ChannelReading) -> [FarEnd]

    package init(
        key: String, read: @escaping @Sendable (YAMLTree, inout any ChannelReading) -> [FarEnd]
    ) {
        self.key = key
        self.read = read
    }
}

/// What a channel may ask of whoever reads bookbag.yaml.
package protocol ChannelReading {
    var faults: FaultList { get set }
    /// The keys of a map; those that nobody reads are faults, and nil is one that is no map.
    mutating func fields(_ tree: YAMLTree, of place: String, _ names: [String]) -> [String: YAMLTree.Entry]?
    mutating func text(_ entry: YAMLTree.Entry?) -> String?
    /// The secret that is named there, as `credential:NAME`; never what is written there itself.
    mutating func secret(_ tree: YAMLTree) -> SecretString?
    mutating func number(_ tree: YAMLTree, _ range: ClosedRange<Int>) -> Int?
}

/// One far end of a channel, as the operator set it up.
package struct FarEnd: Sendable {
    /// Which one, as in `Route.target`; empty where a shop has one at most.
    package var target: String
    /// Its host, for what is told of where mail goes; empty where there is none.
    package var host: String
    /// How many messages are under way at once, at most.
    package var limit: Int
    /// How many may be sent in a second, an hour or a day, in all and to each recipient domain.
    package var limits: SendLimits
    /// Makes the channel. Throws what is wrong with the settings, in words for people and without a secret.
    package var open: @Sendable (TransferEngine) throws -> any Channel

    package init(
        target: String, host: String = "", limit: Int, limits: SendLimits = SendLimits(),
        open: @escaping @Sendable (TransferEngine) throws -> any Channel
    ) {
        self.target = target
        self.host = host
        self.limit = limit
        self.limits = limits
        self.open = open
    }
}
