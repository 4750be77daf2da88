// What is done in Shopify besides codes.
//
// Only refunds take a key by which Shopify knows a repeat, and forgets it after a day. Everything else is safe to repeat
// because of what it is: a tag or an address that overwrites, a hold with a handle that exists once, a draft whose number
// is written down before it becomes an order. Where none of that helps, what was done is looked for before it is done
// again (`precedent`): a refund by the mark in its note, store credit by a second of its expiry that nobody else has.
//
// An act of several steps ends each attempt with what it has reached (`AttemptAnswer.results`), so that the row comes
// before the next step, too.

internal import FoundationEssentials
internal import Outreach
internal import Platform
internal import Shopify

extension ShopChannel {
    func attempt(
        _ command: ActionCommand, _ message: Message, at now: Moment
    ) async throws(CancellationError) -> AttemptAnswer {
        if case .voidLabel(let label) = command.action {
            return try await LabelVoiding(label: label, known: message.known, broker: broker, now: now).attempt()
        }
        guard let client = line.client else { return AttemptAnswer(.deferred(Self.notOpen)) }
        let act = ShopAct(command: command, known: message.known, client: client, now: now)
        if case .buyLabel(let label) = command.action {
            switch try await LabelBuying(order: label, shop: act, broker: broker).attempt() {
            case .success(let answer): return answer
            case .failure(let failure): return AttemptAnswer(try Self.actionVerdict(failure, for: message.summary))
            }
        }
        do throws(ShopifyFailure) {
            return try await act.run()
        } catch {
            return AttemptAnswer(try Self.actionVerdict(error, for: message.summary))
        }
    }

    func precedent(
        of command: ActionCommand, _ message: Message, at now: Moment
    ) async throws(CancellationError) -> Precedent {
        // Both look for themselves.
        if [.buyLabel, .voidLabel].contains(command.action.verb) { return .unknown }
        guard let client = line.client else { return .unclear(Self.notOpen) }
        let act = ShopAct(command: command, known: message.known, client: client, now: now)
        do throws(ShopifyFailure) {
            return try await act.look()
        } catch {
            guard var failure = try Self.actionVerdict(error, for: message.summary).failure else { return .unknown }
            // Looking changes nothing: whether the earlier attempt did is what is in doubt.
            failure.inDoubt = false
            return .unclear(failure)
        }
    }

    /// What an answer that is none means. A scope that only this action needs stops this action alone.
    private static func actionVerdict(
        _ failure: ShopifyFailure, for what: String
    ) throws(CancellationError) -> Verdict {
        if case .forbiddenScope = failure {
            return .deferred(
                Failure(
                    reason: failure.reason, detail: "\(failure) (needed: \(what))", retryAfter: .minutes(30)))
        }
        return try verdict(failure, for: what)
    }
}

/// One attempt of an action.
struct ShopAct {
    let command: ActionCommand
    /// What earlier attempts brought.
    let known: [String: String]
    let client: ShopifyClient
    let now: Moment

    /// Does it, or its next step.
    func run() async throws(ShopifyFailure) -> AttemptAnswer {
        switch command.action {
        case .tagOrder(let tag): return try await self.tag(command.order, tag)
        case .tagCustomer(let tag):
            guard let customer = command.customer else { return refused("the order has no customer account") }
            return try await self.tag(customer, tag)
        case .holdOrder(let note): return try await hold(note)
        case .releaseOrder: return try await release()
        case .storeCredit(let amount, _): return try await credit(amount)
        case .refund(let amount): return try await refund(amount)
        case .reship(let lines): return try await reship(lines)
        case .cancelOrder(let reason): return try await cancel(reason)
        case .changeAddress(let address): return try await changeAddress(to: address)
        case .buyLabel, .voidLabel: return refused("it is done at a label broker")
        case .requestReturn(let draft): return try await requestReturn(draft)
        case .approveReturn(let id, let terms): return try await approve(id, on: terms)
        case .declineReturn(let id, let refusal): return try await decline(id, because: refusal)
        case .settleReturn(let id, let way, let most, _): return try await settle(id, as: way, atMost: most)
        }
    }

    /// Whether an attempt whose answer was lost did it.
    func look() async throws(ShopifyFailure) -> Precedent {
        switch command.action {
        // These overwrite, find themselves done, or look for themselves.
        case .tagOrder, .tagCustomer, .holdOrder, .releaseOrder, .changeAddress, .reship, .cancelOrder, .approveReturn,
            .declineReturn, .buyLabel, .voidLabel:
            return .unknown
        case .requestReturn(let draft):
            guard let ours = try await returnOfOurs() else { return .notDone }
            return .done(receipt: ours.id, results: requestResults(ours.id, ours.name, draft))
        case .settleReturn(let id, let way, _, _):
            guard let paid = try await state(ofReturn: id)?.refunds?.nodes.last?.id else { return .notDone }
            return .done(receipt: paid, results: settleResults(id, refund: paid, way))
        case .refund(let amount):
            guard let ours = ours(try await standing()) else { return .notDone }
            return .done(receipt: ours, results: refundResults(ours, amount))
        case .storeCredit(let amount, _):
            guard let ours = try await creditOfOurs(amount) else { return .notDone }
            return .done(receipt: ours, results: creditResults(ours, amount))
        }
    }

    func refused(_ detail: String) -> AttemptAnswer {
        AttemptAnswer(.refused(Failure(reason: "content", detail: detail)))
    }

    private func tag(_ id: String, _ tag: String) async throws(ShopifyFailure) -> AttemptAnswer {
        let answer = try await client.ask(.tagsAdd, TagVariables(id: id, tags: [tag]), as: TagsAnswer.self)
        guard let errors = answer.data.tagsAdd?.userErrors, !errors.isEmpty else {
            return AttemptAnswer(.accepted(receipt: id))
        }
        return refused(ShopObjection.sentence(errors, to: command.action))
    }
}

private struct TagVariables: Encodable {
    var id: String
    var tags: [String]
}

/// What Shopify objects to.
struct UserError: Decodable {
    var field: [String]?
    var message: String?
    var code: String?
}

private struct TagsAnswer: Decodable {
    struct Payload: Decodable { var userErrors: [UserError]? }
    var tagsAdd: Payload?
}
