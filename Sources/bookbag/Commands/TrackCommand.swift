import ArgumentParser
import Daemon
import Foundation
import Intake
import Outreach
import Platform

/// `bookbag track`: asks the configured carriers about a number, shows a recorded answer, or lists the carriers that a
/// number could belong to.
struct TrackCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "track", abstract: "Ask the carriers about a parcel, or read a recorded answer.",
        discussion: """
            Asks the configured carriers, the likeliest for the number first, until one knows the parcel, and prints its answer \
            in one form for all carriers. --carrier asks only that one. Nothing is stored, and each call counts against the \
            carrier's quota.

            The exit status is 0 if a carrier knew the parcel, 1 if none did, and 78 if no carrier is set up.

            With --carrier and --answer, a recorded answer is read instead, and no carrier is asked. --detect prints the \
            carriers that the number could belong to, likeliest first.

            Carriers: \(Carriers.all.map(\.name).joined(separator: ", ")).

            EXAMPLES
              bookbag track 1Z5R89390357567127
              bookbag track 1Z5R89390357567127 --carrier ups --answer answer.json --json
              bookbag track 1Z5R89390357567127 --detect
            """)

    @OptionGroup var options: CommandOptions
    @Argument(help: "The tracking number.") var number: String
    @Option(help: "The carrier to ask, or the source of the answer.") var carrier: String?
    @Option(help: "A file with the body of a recorded answer; - is standard input.") var answer: String?
    @Option(name: .customLong("http-status"), help: "The HTTP status that came with the recorded answer.")
    var httpStatus: Int?
    @Flag(help: "Print the carriers that the number could belong to.") var detect = false
    @Flag(help: "Print JSON.") var json = false

    func validate() throws {
        if detect {
            if carrier != nil || answer != nil { throw ValidationError("--detect goes without --carrier and --answer") }
            return
        }
        if answer != nil, carrier == nil {
            throw ValidationError("name the answer's source with --carrier NAME")
        }
        if answer == nil, httpStatus != nil {
            throw ValidationError("--http-status belongs to a recorded answer; give it with --answer FILE")
        }
        if let carrier, Self.named(carrier) == nil {
            throw ValidationError(
                "'\(carrier)' is not a carrier; write one of \(Carriers.all.map(\.name).joined(separator: ", "))")
        }
    }

    /// A carrier by its name, or by an alternative name in the configuration.
    private static func named(_ name: String) -> (any Carrier)? {
        Carriers.named(name) ?? CarrierKeys.aliases[name.lowercased()].flatMap { Carriers.named($0) }
    }

    func run() async throws {
        if detect {
            if TrackingField(number) == .several {
                complain("these are several tracking numbers; give only one")
                throw ExitStatus.fault
            }
            let candidates = TrackingNumber.candidates(for: number)
            print(json ? AnswerReport.json(candidates) : AnswerReport.table(candidates))
            return
        }
        let result: CarrierAnswer
        var isAsked = false
        if let answer, let carrier = carrier.flatMap(Self.named) {
            result = CarrierReading(carrier).answer(
                inRecorded: try body(of: answer), status: httpStatus, number: number,
                ReadingContext(now: DaemonClock.system()))
        } else {
            result = try await ask()
            isAsked = true
        }
        print(json ? AnswerReport.json(result) : AnswerReport.table(result))
        guard isAsked, let call = result.call else { return }
        if let fix = fix(call, of: result.carrier) { complain(fix) }
        throw ExitStatus.fault
    }

    /// What a person can do about an answer without a parcel.
    private func fix(_ call: CallAnswer, of carrier: String) -> String? {
        switch call.kind {
        case .authError where call.isWithheld:
            "\(carrier) shows this number only to the account that created its label; an aggregator under 'carriers' may know it"
        case .authError: "check the login of '\(carrier)' under 'carriers' in \(options.config)"
        case .configError: "check the keys of '\(carrier)' in \(options.config), and the permissions of its account"
        case .rateLimited:
            "ask again " + (call.retryAfter.map { "in \($0.components.seconds) seconds" } ?? "later")
        case .temporaryError: "the carrier or the network has a problem; ask again in a few minutes"
        case .notFound: "a new label is often unknown for a day; is the number right?"
        case .invalidNumber: "is the number right, and is it this carrier's?"
        case .okDuplicate: nil
        }
    }

    // MARK: Asking

    /// Asks one source after another until one knows the parcel; otherwise returns the most informative answer.
    private func ask() async throws -> CarrierAnswer {
        let configuration = try options.configuration()
        let sources = try sources(configuration.carriers)
        let engine = TransferEngine()
        var kept: CarrierAnswer?
        for settings in sources {
            guard let carrier = Carriers.named(settings.name) else { continue }
            let client = CarrierClient(carrier, access: settings.access, transport: engine)
            let answer = try await client.ask([CarrierQuestion(number)]).answers[0]
            guard answer.call != nil else {
                await engine.shutdown(within: .seconds(1))
                return answer
            }
            if sources.count > 1 { complain(AnswerReport.table(answer)) }
            // "Not found" says less than an error, which may hide what a source knows.
            if kept == nil || kept?.call?.kind == .notFound || kept?.call?.kind == .invalidNumber { kept = answer }
        }
        await engine.shutdown(within: .seconds(1))
        guard let kept else { throw ExitStatus.fault }
        return kept
    }

    /// The sources to ask, best first.
    private func sources(_ carriers: [Configuration.Carrier]) throws -> [Configuration.Carrier] {
        if let name = carrier.flatMap(Self.named)?.name {
            guard let settings = carriers.first(where: { $0.name == name }) else {
                complain("'\(name)' is not set up in \(options.config); write it with its login under 'carriers'")
                throw ExitStatus.configuration
            }
            return [settings]
        }
        guard !carriers.isEmpty else {
            complain("\(options.config) names no carrier; write one with its login under 'carriers'")
            throw ExitStatus.configuration
        }
        let names = CarrierChoice(carriers.map(\.name)).sources(for: TrackingFacts(number: number), country: nil)
        guard !names.isEmpty else {
            let likely = TrackingNumber.candidates(for: number).map(\.carrier).joined(separator: ", ")
            complain(
                "none of the carriers in \(options.config) has numbers like this"
                    + (likely.isEmpty ? "" : " (\(likely))") + "; name the one to ask with --carrier NAME")
            throw ExitStatus.fault
        }
        return names.compactMap { name in carriers.first { $0.name == name } }
    }

    // MARK: Recorded answers

    /// A larger body is not an answer about a parcel.
    private static let largest = 16 << 20

    private func body(of path: String) throws -> [UInt8] {
        if path == "-" { return Array(FileHandle.standardInput.readData(ofLength: Self.largest)) }
        guard let file = FileHandle(forReadingAtPath: path) else {
            complain("\(path): there is no such file, or it cannot be read")
            throw ExitStatus.fault
        }
        return Array((try? file.read(upToCount: Self.largest)) ?? Data())
    }
}
