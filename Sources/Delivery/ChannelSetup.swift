// How a channel's targets get from bookbag.yaml to something that sends.
//
// bookbag.yaml ──`read`──▶ `FarEnd`s ──`open`──▶ a `Channel`, with a loop of its own
//
// A channel defines both itself, in its `ChannelKind`; the code that reads the file and the code that starts the loops
// name no channel.

package import Outreach
package import Platform

/// A channel's part of bookbag.yaml, and how it is read.
package struct ChannelSetup: Sendable {
    /// Its key, for all shops or within one: `pagers`.
    package var key: String
    /// Reads the value of the key; faults are recorded, each with its line.
    package var read: @Sendable (YAMLTree, inout any ChannelReading) -> [FarEnd]

    package init(
        key: String, read: @escaping @Sendable (YAMLTree, inout any ChannelReading) -> [FarEnd]
    ) {
        self.key = key
        self.read = read
    }
}

/// What a channel may ask of the code that reads bookbag.yaml.
package protocol ChannelReading {
    var faults: FaultList { get set }
    /// The entries of a map; unknown keys are faults. Nil if it is not a map.
    mutating func fields(_ tree: YAMLTree, of place: String, _ names: [String]) -> [String: YAMLTree.Entry]?
    mutating func text(_ entry: YAMLTree.Entry?) -> String?
    /// The secret that is referred to there, as `credential:NAME`; never a secret written there itself.
    mutating func secret(_ tree: YAMLTree) -> SecretString?
    mutating func number(_ tree: YAMLTree, _ range: ClosedRange<Int>) -> Int?
}

/// One target of a channel, as the operator configured it.
package struct FarEnd: Sendable {
    /// Its name, as in `Route.target`; empty if a shop has at most one.
    package var target: String
    /// Its host, for showing where mail goes; empty if there is none.
    package var host: String
    /// The maximum number of messages in progress at once.
    package var limit: Int
    /// How many may be sent per second, hour or day, in total and to each recipient domain.
    package var limits: SendLimits
    /// The settings for texts, which those that come in are checked with too; nil for any other channel.
    package var sms: SMSSettings?
    /// The settings of the chat, which its pages are checked with too; nil for any other channel.
    package var chat: ChatSettings?
    /// The settings of the helpdesk, which is read with them too; nil for any other channel.
    package var helpdesk: HelpdeskSettings?
    /// Who sells return labels; nil for any other channel than the shop.
    package var broker: BrokerSettings?
    /// Creates the channel. Throws what is wrong with the settings, in words for people and without a secret.
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
