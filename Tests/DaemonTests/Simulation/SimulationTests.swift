import Foundation
import Testing

/// Days of a shop in one process, in which processes die at any step, answers are lost, the disk fills up, the clock
/// jumps and another process takes over. `scripts/simulation-test --seed 17` tells the story of one seed.
@Suite("A shop's days, simulated")
struct SimulationTests {
    private static let environment = ProcessInfo.processInfo.environment
    private static let seeds: ClosedRange<UInt64> = {
        if let seed = environment["BOOKBAG_SEED"].flatMap({ UInt64($0) }) { return seed...seed }
        return 1...(environment["BOOKBAG_SEEDS"].flatMap { UInt64($0) } ?? 5)
    }()

    @Test(
        "lose nothing, tell nothing twice, pass no budget and no limit, and give a reason for every no",
        .timeLimit(.minutes(2 + seeds.count / 4)))
    func days() async throws {
        let isTelling = Self.environment["BOOKBAG_SEED"] != nil
        var (sent, repeated, deaths) = (0, 0, 0)
        // Each has a thread of its own, so the processor's cores share them.
        try await withThrowingTaskGroup(of: (UInt64, Simulation.Outcome).self) { group in
            var left = Self.seeds.makeIterator()
            func begin() {
                guard let seed = left.next() else { return }
                group.addTask { (seed, try await Simulation(seed: seed, isTelling: isTelling).play()) }
            }
            for _ in 0..<ProcessInfo.processInfo.activeProcessorCount { begin() }
            for try await (seed, outcome) in group {
                for line in outcome.lines { print(line) }
                #expect(
                    outcome.faults.isEmpty,
                    "seed \(seed): \(outcome.faults.prefix(5).joined(separator: "; ")). BOOKBAG_SEED=\(seed) tells it."
                )
                sent += outcome.sent
                repeated += outcome.repeated
                deaths += outcome.deaths
                begin()
            }
        }
        guard Self.seeds.count >= 10 else { return }
        // A simulation in which nothing goes wrong shows nothing.
        #expect(sent > 5 * Self.seeds.count && repeated > Self.seeds.count / 10 && deaths > Self.seeds.count)
    }

    @Test("are the same again for the same seed")
    func again() async throws {
        for seed in Self.seeds.prefix(3) {
            let once = try await Simulation(seed: seed, isTelling: true).play()
            let again = try await Simulation(seed: seed, isTelling: true).play()
            #expect(once.lines == again.lines)
            #expect(once.trace == again.trace)
        }
    }
}
