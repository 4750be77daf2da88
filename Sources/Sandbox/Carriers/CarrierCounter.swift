// The carriers' shared port. A request is recognised by its path, because every carrier has its own paths; so each
// `endpoint:` in the settings is the same address. The counter checks the login, counts calls against the quota,
// injects the switched-on faults, looks up the parcels in the shop, and lets the carrier's face write the answer.
//
// Faults apply only to calls about parcels, so that "the next call fails" does not hit a login; login faults apply only
// to logins.

internal import FoundationEssentials
import Synchronization

/// What can go wrong with one call to a carrier.
public enum CarrierFault: String, CaseIterable, Sendable {
    /// HTTP 429 with `Retry-After: 2`, in the carrier's own form.
    case tooManyRequests
    /// HTTP 429 without Retry-After.
    case tooManyRequestsBare
    /// HTTP 500 with an HTML page.
    case serverError
    /// HTTP 503 with `Retry-After: 2`.
    case unavailable
    /// HTTP 200 with the carrier's own error in the body.
    case errorInBody
    /// HTTP 200 with an HTML page.
    case html
    /// HTTP 200 with XML where JSON is promised, and JSON where XML is.
    case otherLanguage
    /// HTTP 200 with half of the body, and a matching length.
    case truncated
    /// HTTP 200 with an empty body.
    case empty
    /// The connection ends in the middle of the answer.
    case dropped
    /// The answer comes late, by `slowness`.
    case slow
    /// The token or key is refused.
    case unauthorized
    /// The answer is about somebody else's parcel.
    case otherNumber
    /// The carrier does not know the number.
    case notFound
    /// All scans are of 1970.
    case longAgo
    /// All scans are of 2099.
    case farAhead
    /// Ten thousand scans.
    case manyScans
    /// The first code in the answer is an unpublished one.
    case unknownCode
    /// The carrier accepts us but will not show this number, because its label belongs to somebody else's account. Only
    /// for carriers that do so; others answer as usual.
    case notOurs
    /// The next login is refused.
    case loginRefused
    /// The next login meets HTTP 500.
    case loginError

    var isOfLogin: Bool { self == .loginRefused || self == .loginError }
}

/// The login for the sandbox's carriers; the same for all of them.
public struct SandboxCarrierCredentials: Sendable {
    /// Client id, key or user name.
    public var id: String
    /// Client secret or password.
    public var secret: String

    /// `sandbox-id` and `sandbox-secret` by default.
    public init(id: String = "sandbox-id", secret: String = "sandbox-secret") {
        self.id = id
        self.secret = secret
    }
}

/// All carriers of the sandbox.
public final class SandboxCarriers: Sendable {
    private struct State: Sendable {
        /// Issued tokens, by carrier and token, with their expiry.
        var tokens: [String: [String: Date]] = [:]
        var lifetimes: [String: Double] = [:]
        var quotas: [String: (calls: Int, seconds: Double)] = [:]
        var windows: [String: (start: Date, calls: Int)] = [:]
        var registered: [String: Set<String>] = [:]
        var calls: [String: Int] = [:]
        var logins: [String: Int] = [:]
        var asked: [String: Int] = [:]
        var random: SeededRandom
    }

    static let faces: [any FakeCarrier] = [
        FakeUPS(), FakeFedEx(), FakeUSPS(), FakeDHL(), FakeMyDHL(), FakeRoyalMail(), FakeCanadaPost(),
        FakeAustraliaPost(), FakeGLS(), FakeLaPoste(), FakeHermes(), FakeDPD(), FakeAmazonShipping(), FakeSendle(),
        FakeEasyPost(), FakeShippo(), FakeAfterShip(), FakeSeventeenTrack(), FakeShipEngine(),
    ]

    private let shop: SandboxShop
    private let credentials: SandboxCarrierCredentials
    private let faults: [String: SandboxFaults<CarrierFault>]
    private let state: Mutex<State>

    init(shop: SandboxShop, credentials: SandboxCarrierCredentials = SandboxCarrierCredentials(), seed: UInt64) {
        self.shop = shop
        self.credentials = credentials
        var faults: [String: SandboxFaults<CarrierFault>] = [:]
        for (index, face) in Self.faces.enumerated() {
            faults[face.name] = SandboxFaults(seed: seed ^ 0xCA11 ^ UInt64(index) << 32)
        }
        self.faults = faults
        state = Mutex(State(random: SeededRandom(seed: seed ^ 0x70C3)))
    }

    /// Their names under `carriers:` in the settings.
    public static var names: [String] { faces.map(\.name) }

    /// A carrier's faults; nil if there is no such carrier.
    public func faults(of carrier: String) -> SandboxFaults<CarrierFault>? { faults[carrier] }

    /// The lifetime of a carrier's new tokens; issued ones keep theirs.
    public func setTokenLifetime(_ seconds: Double, of carrier: String) {
        state.withLock { $0.lifetimes[carrier] = seconds }
    }

    /// Expires every issued token now.
    public func endTokens(of carrier: String) { state.withLock { $0.tokens[carrier] = [:] } }

    /// This many calls in this many seconds, and 429 beyond that; nil lifts the limit.
    public func setQuota(_ quota: (calls: Int, seconds: Double)?, of carrier: String) {
        state.withLock { state in
            state.quotas[carrier] = quota
            state.windows[carrier] = nil
        }
    }

    /// A carrier's published quota, which is not enforced unless set.
    static func publishedQuota(of carrier: String) -> (calls: Int, seconds: Double)? {
        faces.first { $0.name == carrier }?.quota
    }

    /// Calls about parcels, requested numbers, and logins, by carrier.
    public var counts: [(carrier: String, calls: Int, numbers: Int, logins: Int)] {
        state.withLock { state in
            Self.faces.map {
                ($0.name, state.calls[$0.name] ?? 0, state.asked[$0.name] ?? 0, state.logins[$0.name] ?? 0)
            }
        }
    }

    // MARK: Answering

    func respond(_ request: WebRequest) -> WebResponse {
        for face in Self.faces {
            if let call = face.call(request) { return respond(request, call, face) }
        }
        return .refusal("no carrier of the sandbox answers at \(request.path)", status: 404)
    }

    private func respond(_ request: WebRequest, _ call: CarrierCall, _ face: any FakeCarrier) -> WebResponse {
        let faults = faults[face.name]
        if case .login(let id, let secret) = call {
            switch faults?.draw(where: \.isOfLogin) {
            case .loginRefused: return face.refusal(.unauthorized)
            case .loginError: return Self.page(500, "Internal Server Error")
            default: return login(id: id, secret: secret, face)
            }
        }
        let fault = faults?.draw { !$0.isOfLogin }
        var response = failure(fault, face) ?? answer(request, call, face, fault)
        switch fault {
        case .html: response = Self.page(200, "We are working on our site")
        case .otherLanguage:
            let isXML = response.header("Content-Type")?.contains("xml") == true
            response =
                isXML ? .json(["status": "ok"]) : .xml("<?xml version=\"1.0\"?><answer><status>ok</status></answer>")
        case .truncated: response.body = Array(response.body.prefix(response.body.count / 2))
        case .empty: response.body = []
        case .dropped: response.ending = .cut(after: response.body.count / 2)
        case .slow: response.delay = faults?.slowness ?? .zero
        case .unknownCode:
            guard var tree = try? JSON.parse(response.body), tree.replaceFirst(face.codeKeys, with: Self.unknownCode)
            else { break }
            response.body = tree.bytes
        default: break
        }
        return response
    }

    /// A code in no carrier's list.
    static let unknownCode = "SANDBOX-9"

    private static func page(_ status: Int, _ title: String) -> WebResponse {
        .html(
            "<!DOCTYPE html><html><head><title>\(title)</title></head><body><h1>\(title)</h1></body></html>",
            status: status)
    }

    private func failure(_ fault: CarrierFault?, _ face: any FakeCarrier) -> WebResponse? {
        switch fault {
        case .tooManyRequests:
            var response = face.refusal(.tooManyCalls)
            response.headers.append(("Retry-After", "2"))
            return response
        case .tooManyRequestsBare: return face.refusal(.tooManyCalls)
        case .serverError: return Self.page(500, "Internal Server Error")
        case .unavailable:
            var response = Self.page(503, "Service Unavailable")
            response.headers.append(("Retry-After", "2"))
            return response
        case .errorInBody:
            var response = face.refusal(.trouble)
            response.status = 200
            return response
        case .unauthorized: return face.refusal(.unauthorized)
        case .notOurs: return face.notOurs
        default: return nil
        }
    }

    private func login(id: String, secret: String, _ face: any FakeCarrier) -> WebResponse {
        let now = shop.clock.now()
        guard id == credentials.id, secret == credentials.secret else {
            state.withLock { $0.logins[face.name, default: 0] += 1 }
            return face.refusal(.unauthorized)
        }
        let (token, lifetime) = state.withLock { state in
            state.logins[face.name, default: 0] += 1
            let lifetime = state.lifetimes[face.name] ?? face.tokenLifetime ?? 3600
            let token = String(state.random.next(), radix: 36) + String(state.random.next(), radix: 36)
            var tokens = (state.tokens[face.name] ?? [:]).filter { $0.value > now }
            tokens[token] = now.addingTimeInterval(lifetime)
            state.tokens[face.name] = tokens
            return (token, lifetime)
        }
        return face.granted(token, lifetime: Int(lifetime))
    }

    private func isGood(_ proof: CarrierProof, _ face: any FakeCarrier) -> Bool {
        switch proof {
        case .none: return false
        case .login(let id, let secret):
            return id == credentials.id && (secret ?? credentials.secret) == credentials.secret
        case .token(let token):
            let now = shop.clock.now()
            return state.withLock { $0.tokens[face.name]?[token].map { $0 > now } ?? false }
        }
    }

    /// Counts a call, and returns whether it is within the quota.
    private func admits(_ face: any FakeCarrier, now: Date) -> (isWithin: Bool, left: Double) {
        state.withLock { state in
            state.calls[face.name, default: 0] += 1
            guard let quota = state.quotas[face.name] else { return (true, 0) }
            var window = state.windows[face.name] ?? (now, 0)
            if now.timeIntervalSince(window.start) >= quota.seconds { window = (now, 0) }
            window.calls += 1
            state.windows[face.name] = window
            return (window.calls <= quota.calls, quota.seconds - now.timeIntervalSince(window.start))
        }
    }

    private func answer(
        _ request: WebRequest, _ call: CarrierCall, _ face: any FakeCarrier, _ fault: CarrierFault?
    ) -> WebResponse {
        let now = shop.clock.now()
        guard isGood(face.proof(request), face) else { return face.refusal(.unauthorized) }
        let (isWithin, left) = admits(face, now: now)
        guard isWithin else {
            var response = face.refusal(.tooManyCalls)
            response.headers.append(("Retry-After", String(max(1, Int(left.rounded(.up))))))
            return response
        }
        switch call {
        case .login, .nonsense: return face.refusal(.nonsense)
        case .register(let numbers):
            guard numbers.count <= face.batch else { return face.refusal(.tooManyNumbers) }
            let known = state.withLock { state in
                let known = state.registered[face.name] ?? []
                state.registered[face.name] = known.union(numbers.map(ShopState.plain))
                return known
            }
            return face.registered(numbers, known: known.intersection(numbers.map(ShopState.plain)), now: now)
        case .ask(let numbers):
            guard numbers.count <= face.batch else { return face.refusal(.tooManyNumbers) }
            guard !numbers.isEmpty else { return face.refusal(.nonsense) }
            let known = state.withLock { state in
                state.asked[face.name, default: 0] += numbers.count
                return state.registered[face.name] ?? []
            }
            return face.answer(
                numbers.map { number in
                    let isRegistered = !face.registersFirst || known.contains(ShopState.plain(number))
                    let parcel = isRegistered ? shop.parcel(number, of: face.carries) : nil
                    return AskedNumber(
                        number: number, parcel: parcel.flatMap { Self.spoilt($0, by: fault, now: now) },
                        isRegistered: isRegistered)
                }, now: now)
        }
    }

    /// A parcel as changed by a fault.
    private static func spoilt(_ parcel: CarrierParcel, by fault: CarrierFault?, now: Date) -> CarrierParcel? {
        var parcel = parcel
        switch fault {
        case .notFound: return nil
        case .otherNumber: parcel.number = "9" + String(parcel.number.reversed())
        case .longAgo:
            for index in parcel.scans.indices { parcel.scans[index].time = Date(timeIntervalSince1970: Double(index)) }
        case .farAhead:
            for index in parcel.scans.indices {
                // 2099-01-01.
                parcel.scans[index].time = Date(timeIntervalSince1970: 4_070_908_800 + Double(index))
            }
        case .manyScans:
            guard let last = parcel.scans.last else { return parcel }
            parcel.scans += (1...10_000).map { index in
                var scan = last
                scan.time = last.time.addingTimeInterval(-Double(index))
                return scan
            }
            parcel.scans.sort { $0.time < $1.time }
        default: break
        }
        return parcel
    }
}
