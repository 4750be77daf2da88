import Daemon
import Delivery
import Foundation
import Outreach
import Platform
import Testing

@testable import bookbag

/// A toy channel's far end: a bell, which takes any message.
private struct Bell: Channel {
    let code: SecretString

    func send(_ message: Message, at now: Moment) async throws(CancellationError) -> Verdict {
        .accepted(receipt: "ding")
    }
}

private struct BellProblem: Error, CustomStringConvertible {
    let description: String
}

extension ChannelKind {
    /// All that there is of it: how its far ends stand in bookbag.yaml, and how each is opened.
    fileprivate static let bell = ChannelKind(
        syntax: ChannelSyntax(ChannelName(rawValue: "bell"), example: "bell: WHICH") { _ in nil },
        retries: RetrySchedule(steps: [.seconds(1)]),
        words: Words(title: { "bell \($0)" }, destination: { "bell \($0)" }, id: "ring")
    ) { _ in .impossible(.off, detail: "a toy") }
    .set(
        up: ChannelSetup(key: "bells") { tree, reading in
            guard case .map(let entries) = tree.content else {
                reading.faults.add(
                    at: tree.position, "'bells' is \(tree.kind)", hint: "write 'door:' and under it 'code:'")
                return []
            }
            return entries.compactMap { entry in
                guard let keys = reading.fields(entry.value, of: "the bell '\(entry.key)'", ["code", "per_second"]),
                    let code = keys["code"].flatMap({ reading.secret($0.value) })
                else { return nil }
                return FarEnd(
                    target: entry.key, limit: 1,
                    limits: SendLimits(
                        whole: keys["per_second"].flatMap { reading.number($0.value, 1...9) }.map {
                            [SendLimit($0, .second)]
                        } ?? [])
                ) { _ throws -> any Channel in
                    guard code.reveal().count == 4 else { throw BellProblem(description: "its code has four digits") }
                    return Bell(code: code)
                }
            }
        })
}

@Suite("A channel says itself how it is set up")
struct ChannelSetupTests {
    private func read(_ text: String, channels: [ChannelKind] = ChannelKind.standard + [.bell])
        throws(ConfigurationFaults) -> Configuration
    {
        try ConfigurationReader.read(
            text, file: "b.yaml",
            surroundings: .init(
                secrets: SecretSource(credentials: nil, environment: ["TOKEN": "t", "CODE": "1234", "BAD": "1"]),
                stateDirectory: "/tmp", folder: "/etc/bookbag"), channels: channels)
    }

    private let shops = """
        shops:
          - domain: juniperfig.myshopify.com
            token: env:TOKEN
          - domain: fig.myshopify.com
            token: env:TOKEN
            bells: { back: { code: "env:BAD" } }
        """

    @Test("from bookbag.yaml to the open channel, for all shops or for one")
    func opened() async throws {
        let configuration = try read(shops + "\nbells:\n  door: { code: env:CODE, per_second: 2 }\n")
        let bell = ChannelName(rawValue: "bell")
        let (first, second) = (configuration.shops[0], configuration.shops[1])
        let door = try #require(first.farEnds[bell]?.first)
        #expect(door.target == "door" && door.limits.perSecond == 2)
        let engine = TransferEngine()
        let isOpen = try door.open(engine) is Bell
        #expect(isOpen)
        // A shop's own stand in place of everybody's.
        let back = try #require(second.farEnds[bell])
        #expect(back.map(\.target) == ["back"])
        #expect(throws: BellProblem.self) { try back[0].open(engine) }
        await engine.shutdown(within: .seconds(1))
    }

    @Test("and its faults are told with the others', in their lines")
    func faults() {
        func lines(_ text: String, channels: [ChannelKind] = ChannelKind.standard + [.bell]) -> [String] {
            do throws(ConfigurationFaults) { _ = try read(text, channels: channels) } catch {
                return error.faults.map(\.description)
            }
            return []
        }
        let found = lines(shops + "\nbells:\n  door: { code: written, per_second: 99 }\n  side: { cod: env:CODE }\n")
        #expect(
            found.count >= 2 && found.allSatisfy { $0.contains("b.yaml:8:") || $0.contains("b.yaml:9:") }, "\(found)")
        #expect(found.contains { $0.contains("did you mean 'code'?") })
        // A channel that nobody knows has no key.
        let unknown = lines(shops, channels: ChannelKind.standard)
        #expect(unknown.count == 1 && unknown[0].contains("unknown key 'bells'"), "\(unknown)")
    }
}
