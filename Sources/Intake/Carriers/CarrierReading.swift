public import Outreach
public import Platform

/// Turns any response from a carrier into answers.
public struct CarrierReading: Sendable {
    /// Whose answers.
    public var carrier: any Carrier

    /// The most scans of one parcel that we believe. USPS sends at most 99; a body with more than this is not about a
    /// parcel.
    public static let maximumScans = 2_000

    /// Reads answers of this carrier.
    public init(_ carrier: any Carrier) { self.carrier = carrier }

    /// One answer per requested number, in the same order. A number missing from the body was not found; a body with
    /// only other numbers is an error, because it is about somebody else's parcel.
    public func answers(to response: HTTPResponse, asked: [String], _ context: ReadingContext) -> [CarrierAnswer] {
        let told = told(status: response.status, body: response.body)
        let wait = response["Retry-After"].flatMap { RetryAfter($0) }.map {
            $0.delay(from: context.now.seconds)
        }
        return asked.map { number in answer(for: number, in: told, alone: asked.count == 1, wait: wait, context) }
    }

    /// The same for questions with their own contexts. The body is read once.
    public func answers(to response: HTTPResponse, asked: [CarrierQuestion], now: Moment) -> [CarrierAnswer] {
        let told = told(status: response.status, body: response.body)
        let wait = response["Retry-After"].flatMap { RetryAfter($0) }.map { $0.delay(from: now.seconds) }
        return asked.map { question in
            answer(
                for: question.number, in: told, alone: asked.count == 1, wait: wait,
                ReadingContext(now: now, notBefore: question.notBefore, home: question.home))
        }
    }

    /// The answer in a recorded body. The number picks one of several; if none matches, the first is used and flagged.
    public func answer(inRecorded body: [UInt8], status: Int? = nil, number: String, _ context: ReadingContext)
        -> CarrierAnswer
    {
        let told = told(status: status, body: body)
        let answer = answer(for: number, in: told, alone: true, wait: nil, context)
        guard answer.call?.kind == .temporaryError,
            let first = told.lazy.compactMap({ told -> String? in
                if case .parcel(let shipment) = told { shipment.parcel.number } else { nil }
            }).first,
            Self.plain(first) != Self.plain(number)
        else { return answer }
        var other = self.answer(for: first, in: told, alone: true, wait: nil, context)
        if other.call == nil { other.flags = Set(other.flags + [.otherNumber]).sorted() }
        return other
    }

    // MARK: One number

    private func answer(
        for number: String, in told: [Told], alone: Bool, wait: Duration?, _ context: ReadingContext
    ) -> CarrierAnswer {
        var shipments: [ToldParcel] = []
        var call: CallAnswer?
        var others = false
        for item in told {
            switch item {
            case .parcel(let shipment):
                guard Self.speaks(shipment.parcel, of: number) ?? alone else {
                    others = true
                    continue
                }
                shipments.append(shipment.parcel)
            case .unregistered(let about, let message):
                guard about.map({ Self.same($0, number) || alone }) ?? true, call == nil else { continue }
                call = CallAnswer(.notFound, "\(carrier.name): \(message)")
                call?.isUnregistered = true
            case .withheld(let about, let message):
                guard about.map({ Self.same($0, number) || alone }) ?? true, call == nil else { continue }
                call = CallAnswer(.authError, "\(carrier.name): \(message)")
                call?.isWithheld = true
            case .call(let about, let kind, let message):
                guard about.map({ Self.same($0, number) || alone }) ?? true else { continue }
                if call == nil {
                    call = CallAnswer(
                        kind, "\(carrier.name): \(message)", retryAfter: kind == .rateLimited ? wait : nil)
                }
            }
        }
        if shipments.contains(where: { $0.events.count > Self.maximumScans }) {
            return CarrierAnswer(
                carrier: carrier.name, number: number,
                call: .init(.temporaryError, "\(carrier.name): more than \(Self.maximumScans) scans for one parcel"))
        }
        if !shipments.isEmpty {
            let judgement = Judgement(
                carrier: carrier.name, habit: Zone(named: carrier.habit) ?? .utc, home: carrier.home,
                context: context, asked: TrackingFacts(number: number).key)
            return judgement.answer(from: shipments, number: number)
        }
        if let call { return CarrierAnswer(carrier: carrier.name, number: number, call: call) }
        if others, alone {
            return CarrierAnswer(
                carrier: carrier.name, number: number,
                call: .init(.temporaryError, "\(carrier.name): the answer is about another number"))
        }
        var nothing = CallAnswer(.notFound, "\(carrier.name): nothing about this number")
        nothing.isUnregistered = carrier.registersFirst
        return CarrierAnswer(carrier: carrier.name, number: number, call: nothing)
    }

    // MARK: The body

    private func told(status: Int?, body: [UInt8]) -> [Told] {
        let tree: AnswerTree
        do {
            tree = try AnswerTree(body: body)
        } catch {
            if let kind = Self.kind(ofStatus: status) {
                return [.call(number: nil, kind, "HTTP status \(status ?? 0)")]
            }
            let what =
                switch error {
                case .empty: "an empty answer"
                case .html: "a web page instead of data"
                case .malformed: "a truncated or malformed answer"
                case .tooLarge: "an answer larger than any parcel's"
                }
            return [.call(number: nil, .temporaryError, what)]
        }
        let told = carrier.read(AnswerBody(status: status, tree: tree))
        if !told.isEmpty {
            // A well-formed body with a server error status is still an error.
            if let status, status >= 500, told.contains(where: { if case .parcel = $0 { true } else { false } }) {
                return [.call(number: nil, .temporaryError, "HTTP status \(status)")]
            }
            return told
        }
        if let refusal = GatewayRefusal.kind(of: tree), status.map({ $0 >= 400 }) ?? true {
            return [.call(number: nil, refusal.kind, refusal.what)]
        }
        if let kind = Self.kind(ofStatus: status) { return [.call(number: nil, kind, "HTTP status \(status ?? 0)")] }
        return [.call(number: nil, .temporaryError, "an answer in an unknown form")]
    }

    /// The meaning of an HTTP status if the body does not say (RFC 9110, 15).
    static func kind(ofStatus status: Int?) -> CallAnswer.Kind? {
        switch status {
        case nil, .some(200..<300): nil
        case 401, 403: .authError
        case 404: .notFound
        case 429: .rateLimited
        case 408, .some(500...): .temporaryError
        case .some(400..<500): .configError
        default: .temporaryError
        }
    }

    /// Whether a parcel is the requested one; nil if it has no number at all.
    private static func speaks(_ parcel: ToldParcel, of number: String) -> Bool? {
        let names = [parcel.number].compactMap(\.self) + parcel.aliases
        return names.isEmpty ? nil : names.contains { same($0, number) }
    }

    private static func plain(_ number: String) -> String {
        String(decoding: number.utf8.filter { !$0.isSpace && $0 != UInt8(ascii: "-") }, as: UTF8.self).uppercased()
    }

    /// Whether two spellings are the same number: ignoring spaces, case and a routing prefix (420 and a ZIP code).
    private static func same(_ a: String, _ b: String) -> Bool {
        if a == b { return true }
        let (x, y) = (plain(a), plain(b))
        if x == y { return true }
        let (long, short) = x.utf8.count > y.utf8.count ? (x, y) : (y, x)
        return long.hasPrefix("420") && short.utf8.count >= 20 && long.hasSuffix(short)
    }
}
