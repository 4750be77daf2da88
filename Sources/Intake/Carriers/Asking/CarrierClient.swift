// Asking a carrier, once, for one batch of numbers.
//
// The desk knows how a call goes and nothing of when to call: it logs in where the carrier wants a token, sends the
// requests that the carrier's file makes, and reads whatever comes back. Each number that was asked for gets an answer,
// always: a parcel's, or one about the call that says why there is none. What the network does is an answer like any
// other (`temporary_error`), so nothing is thrown but cancellation.
//
// Tokens. One is kept for each desk, bought when it is first needed and again when a tenth of its life is left (RFC
// 6749, 4.4); however many ask at once, it is bought once, for carriers count logins and ask about them first. A token
// that is refused is thrown away and bought anew, once for each question; if the new one is refused as well, the login
// is what is wrong. It is never written down: after a restart it is bought again.
//
// Calls. The reply says how many calls were sent that count against the quota, logins included where the carrier counts
// them, and `cost` how many an asking will take at most. Quota, pauses and the choice of numbers are the caller's.

public import Outreach
public import Platform

/// One number to be asked about, and what is known around it.
public struct CarrierQuestion: Hashable, Sendable {
    /// As the shop has it; space and case do not matter.
    public var number: String
    /// When the parcel can have begun at the earliest: older shipments under a used number are others'.
    public var notBefore: Moment?
    /// Where the parcel goes, as two letters, for places without a country.
    public var home: String?

    /// That number.
    public init(_ number: String, notBefore: Moment? = nil, home: String? = nil) {
        self.number = number
        self.notBefore = notBefore
        self.home = home
    }
}

/// What asking brought.
public struct CarrierReply: Sendable {
    /// One for each question, in their order. `number` is as the carrier writes it.
    public var answers: [CarrierAnswer]
    /// How many calls were sent that count against the quota.
    public var calls: Int
    /// Why the carrier could not be asked at all: no login, no connection. Nil if it answered anything.
    public var unreachable: CallAnswer?
    /// When the answer came.
    public var heardAt: Moment
}

/// Asks one carrier over HTTP.
public actor CarrierClient {
    /// Who is asked.
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
        /// Which it is, so that only the one that was refused is thrown away.
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

    /// A desk for that carrier. `transport` carries the calls, `timekeeper` tells when they are answered.
    public init(
        _ carrier: any Carrier, access: CarrierAccess, transport: any HTTPTransport, timekeeper: Timekeeper = .system
    ) {
        self.carrier = carrier
        self.access = access
        self.transport = transport
        self.timekeeper = timekeeper
        reading = CarrierReading(carrier)
    }

    /// True if a token has to be bought before anything can be asked.
    public var needsLogin: Bool {
        access.token == nil && carrier.tokenRequest(access) != nil
            && (token.map { timekeeper.now() >= $0.renewAt } ?? true)
    }

    /// Buys a token, and asks nothing. Gives why there is none; nil if there is one.
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

    /// How many calls of the quota an asking about so many numbers takes at most, a login included where one is due now
    /// and counts.
    public func cost(of count: Int) -> Int {
        let batches = (count + carrier.quota.batch - 1) / max(1, carrier.quota.batch)
        return batches + (needsLogin && carrier.quota.tokensCount ? 1 : 0)
    }

    /// Asks. What cannot be a number is answered here, and not sent.
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
                    // A login that was good and is no more: bought anew, and the same asked again, once.
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

    /// No more registrations than these in one asking; the rest come with the next.
    private static let registrationsAtOnce = 4

    /// Makes numbers known that the carrier was not told of. It begins to look for them only then, so the answer stays
    /// "not found"; it is the next asking that brings the parcel.
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
                    ?? CallAnswer(.notFound, "\(carrier.name): the number is registered now; ask again in some minutes")
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

    /// The token in force, or a new one. Should buying fail while the old one is still good, the old one does.
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
            // A task of its own, because the one who asked first may be cancelled while others wait for the same token.
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
                // OAuth servers say 400 for a client that they do not know (RFC 6749, 5.2).
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
