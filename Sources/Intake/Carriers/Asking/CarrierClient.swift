// Asking a carrier, once, for one batch of numbers.
//
// The client knows how to make a call but not when: it logs in if the carrier needs a token, sends the requests from
// the carrier's file, and reads whatever comes back. Each requested number always gets an answer: about the parcel, or
// about the call, saying why there is none. A network failure is an answer like any other (`temporary_error`), so only
// cancellation is thrown.
//
// Tokens. Each client keeps one, fetched when first needed and again when a tenth of its life is left (RFC 6749, 4.4);
// concurrent callers share one fetch, because carriers count logins. A refused token is discarded and fetched again,
// once per question; if the new one is refused too, the login is wrong. It is never stored: after a restart it is
// fetched again.
//
// Calls. The reply says how many calls counted against the quota, including logins if the carrier counts them, and
// `cost` gives the most that a question will take. Quota, pauses and the choice of numbers are up to the caller.

public import Outreach
public import Platform

/// One number to ask about, with its context.
public struct CarrierQuestion: Hashable, Sendable {
    /// As in the shop; spaces and case do not matter.
    public var number: String
    /// The earliest possible start of the parcel: older shipments under a reused number are other parcels.
    public var notBefore: Moment?
    /// The destination country, as two letters, for places without a country.
    public var home: String?

    /// That number.
    public init(_ number: String, notBefore: Moment? = nil, home: String? = nil) {
        self.number = number
        self.notBefore = notBefore
        self.home = home
    }
}

/// The result of a question.
public struct CarrierReply: Sendable {
    /// One per question, in the same order. `number` is as the carrier writes it.
    public var answers: [CarrierAnswer]
    /// How many calls counted against the quota.
    public var calls: Int
    /// Why the carrier could not be asked at all: no login, no connection. Nil if it answered anything.
    public var unreachable: CallAnswer?
    /// When the answer came.
    public var heardAt: Moment
}

/// Asks one carrier over HTTP.
public actor CarrierClient {
    /// The carrier to ask.
    public nonisolated let carrier: any Carrier
    private let access: CarrierAccess
    private let transport: any HTTPTransport
    private let timekeeper: Timekeeper
    private let reading: CarrierReading
    private var token: Token?
    private var purchase: Task<Login, Never>?
    private var purchases = 0

    private struct Token: Sendable {
        var value: SecretString
        /// Its number, so that only the refused token is discarded.
        var number: Int
        var renewAt: Moment
        var endsAt: Moment
    }

    private enum Sent {
        case answered(HTTPResponse)
        case failed(CallAnswer)
    }

    private struct Login: Sendable {
        var outcome: Outcome
        enum Outcome: Sendable {
            case bought(Token)
            case failed(CallAnswer)
            case cancelled
        }
    }

    /// A client for that carrier. `transport` carries the calls, `timekeeper` gives the time of the answers.
    public init(
        _ carrier: any Carrier, access: CarrierAccess, transport: any HTTPTransport, timekeeper: Timekeeper = .system
    ) {
        self.carrier = carrier
        self.access = access
        self.transport = transport
        self.timekeeper = timekeeper
        reading = CarrierReading(carrier)
    }

    /// True if a token has to be fetched before anything can be asked.
    public var needsLogin: Bool {
        access.token == nil && carrier.tokenRequest(access) != nil
            && (token.map { timekeeper.now() >= $0.renewAt } ?? true)
    }

    /// Only fetches a token. Returns why there is none; nil if there is one.
    ///
    /// - Throws: `CancellationError`, like `ask`.
    public func logIn() async throws(CancellationError) -> CallAnswer? {
        var reply = CarrierReply(answers: [], calls: 0, unreachable: nil, heardAt: timekeeper.now())
        switch try await login(&reply) {
        case .bought: return nil
        case .failed(let call): return call
        case .cancelled: throw CancellationError()
        }
    }

    /// The most calls of the quota that a question about this many numbers takes, including a login if one is due now
    /// and counts.
    public func cost(of count: Int) -> Int {
        let batches = (count + carrier.quota.batch - 1) / max(1, carrier.quota.batch)
        return batches + (needsLogin && carrier.quota.tokensCount ? 1 : 0)
    }

    /// Asks the carrier. Impossible numbers are answered here, and not sent.
    ///
    /// - Throws: `CancellationError` when the task is cancelled or the transport shuts down; nothing else.
    public func ask(_ questions: [CarrierQuestion]) async throws(CancellationError) -> CarrierReply {
        var answers: [String: CarrierAnswer] = [:]
        var reply = CarrierReply(answers: [], calls: 0, unreachable: nil, heardAt: timekeeper.now())
        let texts = questions.map { TrackingNumber($0.number).text }
        var asked: [String: CarrierQuestion] = [:]
        var numbers: [String] = []
        for (text, question) in zip(texts, questions) where answers[text] == nil && asked[text] == nil {
            guard (1...64).contains(text.utf8.count), text.utf8.allSatisfy({ (0x21...0x7E).contains($0) }) else {
                answers[text] = CarrierAnswer(
                    carrier: carrier.name, number: question.number,
                    call: CallAnswer(.invalidNumber, "\(carrier.name): not asked, for it cannot be a tracking number"))
                continue
            }
            asked[text] = question
            numbers.append(text)
        }
        if !numbers.isEmpty { try await ask(numbers, asked, into: &answers, &reply) }
        if carrier.registersFirst {
            try await register(numbers.filter { answers[$0]?.call?.isUnregistered ?? false }, into: &answers, &reply)
        }
        reply.answers = texts.map { text in
            answers[text]
                ?? CarrierAnswer(
                    carrier: carrier.name, number: text,
                    call: CallAnswer(.temporaryError, "\(carrier.name): was not asked about this number"))
        }
        return reply
    }

    private func ask(
        _ numbers: [String], _ asked: [String: CarrierQuestion], into answers: inout [String: CarrierAnswer],
        _ reply: inout CarrierReply
    ) async throws(CancellationError) {
        var held: Token?
        var refused = false
        func fail(_ numbers: [String], _ call: CallAnswer) {
            for number in numbers {
                answers[number] = CarrierAnswer(carrier: carrier.name, number: number, call: call)
            }
        }
        var waiting = numbers
        while !waiting.isEmpty {
            var access = self.access
            if access.token == nil, carrier.tokenRequest(access) != nil {
                switch try await login(&reply) {
                case .bought(let token):
                    held = token
                    access.token = token.value
                case .failed(let call):
                    reply.unreachable = call
                    return fail(waiting, call)
                case .cancelled: throw CancellationError()
                }
            }
            var again: [String] = []
            var heard = false
            for request in carrier.requests(for: waiting, access) {
                reply.calls += 1
                switch try await send(request.request) {
                case .failed(let call):
                    fail(request.numbers, call)
                    reply.unreachable = heard ? nil : call
                case .answered(let response):
                    let questions = request.numbers.map { number in
                        var question = asked[number] ?? CarrierQuestion(number)
                        question.number = number
                        return question
                    }
                    let heardNow = reading.answers(to: response, asked: questions, now: timekeeper.now())
                    heard = true
                    reply.unreachable = nil
                    // A token that is no longer valid: fetch a new one and ask once more.
                    if held != nil, !refused, !heardNow.isEmpty,
                        heardNow.allSatisfy({ $0.call?.kind == .authError && $0.call?.isWithheld == false })
                    {
                        again += request.numbers
                    }
                    for (number, answer) in zip(request.numbers, heardNow) { answers[number] = answer }
                }
            }
            reply.heardAt = timekeeper.now()
            guard let token = held, !again.isEmpty else { return }
            if self.token?.number == token.number { self.token = nil }
            refused = true
            waiting = again
        }
    }

    /// The most registrations in one question; the rest come with the next.
    private static let registrationsAtOnce = 4

    /// Registers numbers that the carrier does not know. It starts looking for them only then, so the answer stays "not
    /// found"; the next question returns the parcel.
    private func register(
        _ numbers: [String], into answers: inout [String: CarrierAnswer], _ reply: inout CarrierReply
    ) async throws(CancellationError) {
        guard !numbers.isEmpty else { return }
        for request in carrier.registrations(of: numbers, access).prefix(Self.registrationsAtOnce) {
            reply.calls += 1
            var refusals: [String: CallAnswer] = [:]
            switch try await send(request.request) {
            case .failed(let call): for number in request.numbers { refusals[number] = call }
            case .answered(let response):
                refusals = reading.refusals(
                    in: response, registering: request.numbers, ReadingContext(now: timekeeper.now()))
            }
            for number in request.numbers {
                answers[number]?.call =
                    refusals[number]
                    ?? CallAnswer(.notFound, "\(carrier.name): the number is registered now; ask again shortly")
            }
        }
    }

    private func send(_ request: HTTPRequest) async throws(CancellationError) -> Sent {
        do throws(TransferFailure) {
            return .answered(try await transport.send(request))
        } catch {
            if error.kind == .cancelled { throw CancellationError() }
            return .failed(CallAnswer(.temporaryError, "\(carrier.name): no answer, \(error)"))
        }
    }

    // MARK: Login

    /// The current token, or a new one. If fetching fails while the old one is still valid, the old one is used.
    private func login(_ reply: inout CarrierReply) async throws(CancellationError) -> Login.Outcome {
        let now = timekeeper.now()
        if let token, now < token.renewAt { return .bought(token) }
        let outcome: Login.Outcome
        if let purchase {
            outcome = await purchase.value.outcome
        } else {
            guard let request = carrier.tokenRequest(access) else {
                return .failed(CallAnswer(.configError, "\(carrier.name): there is no login to be made"))
            }
            if carrier.quota.tokensCount { reply.calls += 1 }
            purchases += 1
            let number = purchases
            // A separate task, because the first caller may be cancelled while others wait for the same token.
            let purchase = Task { [name = carrier.name, transport, timekeeper] in
                Login(
                    outcome: await Self.buy(
                        number, request, name: name, transport: transport, timekeeper: timekeeper))
            }
            self.purchase = purchase
            outcome = await purchase.value.outcome
            self.purchase = nil
            if case .bought(let bought) = outcome { token = bought }
        }
        if case .failed = outcome, let token, timekeeper.now() < token.endsAt { return .bought(token) }
        return outcome
    }

    private static func buy(
        _ number: Int, _ request: HTTPRequest, name: String, transport: any HTTPTransport, timekeeper: Timekeeper
    ) async -> Login.Outcome {
        do throws(TransferFailure) {
            let response = try await transport.send(request)
            let now = timekeeper.now()
            if let token = CarrierToken(response) {
                return .bought(
                    Token(
                        value: token.token, number: number, renewAt: now + token.lifetime * 9 / 10,
                        endsAt: now + token.lifetime))
            }
            let status = response.status
            let kind: CallAnswer.Kind =
                switch status {
                // OAuth servers answer 400 for an unknown client (RFC 6749, 5.2).
                case 400, 401, 403: .authError
                case 429: .rateLimited
                case 400..<500: .configError
                default: .temporaryError
                }
            let wait = response["Retry-After"].flatMap { RetryAfter($0) }.map { $0.delay(from: now.seconds) }
            let what = (200..<300).contains(status) ? "an answer without a token" : "HTTP status \(status)"
            return .failed(CallAnswer(kind, "\(name): the login failed, \(what)", retryAfter: wait))
        } catch {
            if error.kind == .cancelled { return .cancelled }
            return .failed(CallAnswer(.temporaryError, "\(name): the login failed, \(error)"))
        }
    }
}
