// What is done in Shopify itself; ShopChannel+Actions.swift has everything but gifts.
//
// Gifts, in Shopify. A code can be made once: its text follows from the effect, and Shopify takes no second discount with
// the same text. So after a lost answer the code is looked for, and one that is there, with our title and our customer,
// is ours (`precedent`). Shopify's index may not know a code yet that was just made; then it is made again, TAKEN, and
// looked for again a little later.

internal import FoundationEssentials
package import Outreach
internal import Platform
package import Shopify

/// Does in a shop what was decided: makes and ends codes, tags, refunds.
package struct ShopChannel: Channel {
    let line: ShopifyLine
    /// Who sells return labels; nil for nobody.
    let broker: (any LabelBroker)?

    /// - Parameters:
    ///   - line: the shop's client, which reading it shares.
    ///   - broker: who sells return labels.
    package init(_ line: ShopifyLine, broker: (any LabelBroker)? = nil) {
        self.line = line
        self.broker = broker
    }

    package func send(_ message: Message, at now: Moment) async throws(CancellationError) -> Verdict {
        try await attempt(message, at: now).verdict
    }

    package func attempt(_ message: Message, at now: Moment) async throws(CancellationError) -> AttemptAnswer {
        if let command = ActionCommand(message) { return try await attempt(command, message, at: now) }
        guard let command = ShopCommand(message) else {
            return AttemptAnswer(.refused(Failure(reason: "content", detail: "what is to be done cannot be read")))
        }
        guard let client = line.client else { return AttemptAnswer(.deferred(Self.notOpen)) }
        do throws(ShopifyFailure) {
            switch command.act {
            case .give: return try await give(command, through: client)
            case .takeBack: return try await takeBack(command, through: client)
            }
        } catch {
            return AttemptAnswer(try Self.verdict(error, for: message.summary))
        }
    }

    package func precedent(of message: Message, at now: Moment) async throws(CancellationError) -> Precedent {
        if let command = ActionCommand(message) { return try await precedent(of: command, message, at: now) }
        // Ending a code twice does no harm.
        guard let command = ShopCommand(message), command.act == .give else { return .unknown }
        guard let client = line.client else { return .unclear(Self.notOpen) }
        do throws(ShopifyFailure) {
            guard let found = try await look(for: command, through: client), found.isOurs else { return .notDone }
            return .done(receipt: found.id, results: command.results(discount: found.id))
        } catch {
            guard var failure = try Self.verdict(error, for: message.summary).failure else { return .unknown }
            // Looking changes nothing: whether the earlier attempt did is what is in doubt.
            failure.inDoubt = false
            return .unclear(failure)
        }
    }

    static let notOpen = Failure(
        reason: "connect", detail: "the shop has not been asked for anything yet", retryAfter: .seconds(2))

    // MARK: - Giving

    private func give(
        _ command: ShopCommand, through client: ShopifyClient
    ) async throws(ShopifyFailure) -> AttemptAnswer {
        let made: CodeMade
        if command.share == nil, command.amount == nil {
            made = try await client.ask(
                .discountCodeFreeShippingCreate, FreeShippingVariables(freeShippingCodeDiscount: CodeInput(command)),
                as: FreeShippingAnswer.self
            ).data.discountCodeFreeShippingCreate
        } else {
            made = try await client.ask(
                .discountCodeBasicCreate, BasicVariables(basicCodeDiscount: CodeInput(command)), as: BasicAnswer.self
            ).data.discountCodeBasicCreate
        }
        let errors = made.userErrors ?? []
        if errors.isEmpty {
            guard let id = made.codeDiscountNode?.id else { throw .malformed("a code was made and has no id") }
            return AttemptAnswer(.accepted(receipt: id), results: command.results(discount: id))
        }
        if errors.contains(where: { $0.code == "TAKEN" }) {
            guard let found = try await look(for: command, through: client) else {
                return AttemptAnswer(
                    .deferred(
                        Failure(
                            reason: "busy", detail: "Shopify says that the code exists, and does not find it yet",
                            retryAfter: .seconds(5))))
            }
            if found.isOurs {
                return AttemptAnswer(.accepted(receipt: found.id), results: command.results(discount: found.id))
            }
            return AttemptAnswer(
                .refused(Failure(reason: "content", detail: "another discount of the shop has this code")))
        }
        return AttemptAnswer(Self.verdict(errors))
    }

    private func takeBack(
        _ command: ShopCommand, through client: ShopifyClient
    ) async throws(ShopifyFailure) -> AttemptAnswer {
        var id = command.discount
        if id == nil {
            guard let found = try await look(for: command, through: client), found.isOurs else {
                return AttemptAnswer(.accepted(receipt: "there is no such code"))
            }
            id = found.id
        }
        let ended = try await client.ask(
            .discountCodeDeactivate, ["id": id ?? ""], as: DeactivateAnswer.self
        ).data.discountCodeDeactivate
        let errors = ended.userErrors ?? []
        // A discount that somebody deleted is as good as ended.
        if errors.isEmpty || errors.allSatisfy({ $0.code == "INVALID" && ($0.field ?? []).contains("id") }) {
            return AttemptAnswer(.accepted(receipt: ended.codeDiscountNode?.id ?? "it is gone"))
        }
        return AttemptAnswer(Self.verdict(errors))
    }

    /// The discount that has the command's code, and whether it is the one that the command makes.
    private func look(
        for command: ShopCommand, through client: ShopifyClient
    ) async throws(ShopifyFailure) -> (id: String, isOurs: Bool)? {
        let answer = try await client.ask(.discountByCode, ["code": command.code], as: ByCodeAnswer.self)
        guard let node = answer.data.codeDiscountNodeByCode else { return nil }
        let discount = node.codeDiscount
        let isHers = discount?.context?.customers?.contains { $0.id == command.customer } ?? false
        return (node.id, discount?.title == command.title && isHers)
    }

    // MARK: - Verdicts

    /// What Shopify objects to in a discount. Its sentences may quote, so only its words are kept.
    private static func verdict(_ errors: [CodeError]) -> Verdict {
        let words = errors.map { error in
            "\(error.code ?? "unknown") at \((error.field ?? []).joined(separator: "."))"
        }
        let detail = "Shopify refuses the code: \(words.joined(separator: ", "))"
        if errors.contains(where: { $0.code == "INTERNAL_ERROR" }) {
            return .deferred(Failure(reason: "server", detail: detail, inDoubt: true))
        }
        return .refused(Failure(reason: "content", detail: detail))
    }

    /// What an answer that is none means. Throws if the attempt was cancelled before Shopify could have seen it.
    static func verdict(
        _ failure: ShopifyFailure, for what: String
    ) throws(CancellationError) -> Verdict {
        switch failure {
        case .throttled(let wait):
            return .deferred(Failure(reason: "busy", detail: failure.what, retryAfter: wait))
        case .rateLimited(let wait):
            return .deferred(Failure(reason: "busy", code: 429, detail: failure.what, retryAfter: wait))
        case .transport(let lost):
            if lost.kind == .cancelled, !lost.mayHaveArrived { throw CancellationError() }
            return .deferred(
                Failure(reason: lost.kind.rawValue, detail: failure.what, inDoubt: lost.mayHaveArrived))
        case .server, .malformed, .tooLarge:
            return .deferred(Failure(reason: failure.reason, detail: failure.what, inDoubt: true))
        case .unauthorized, .forbiddenScope, .shopUnavailable, .overCost, .searchWarning, .invalidQuery, .wrongVersion:
            return .unavailable(
                Failure(reason: failure.reason, detail: "\(failure) (needed: \(what))"))
        }
    }
}

// MARK: - What is asked and answered

/// A discount as it is made: used once, by one customer, until its day ends, with no other.
private struct CodeInput: Encodable {
    struct Customers: Encodable { var add: [String] }
    struct Context: Encodable { var customers: Customers }
    struct CombinesWith: Encodable {
        var orderDiscounts = false
        var productDiscounts = false
        var shippingDiscounts = false
    }
    struct Amount: Encodable {
        var amount: String
        var appliesOnEachItem = false
    }
    struct Value: Encodable {
        var percentage: Double?
        var discountAmount: Amount?
    }
    struct All: Encodable { var all = true }
    struct Gets: Encodable {
        var value: Value
        var items = All()
    }

    var title: String
    var code: String
    var startsAt: String?
    var endsAt: String?
    var usageLimit = 1
    var appliesOncePerCustomer = true
    var combinesWith = CombinesWith()
    var context: Context
    var customerGets: Gets?
    var destination: All?

    init(_ command: ShopCommand) {
        title = command.title
        code = command.code
        startsAt = command.starts
        endsAt = command.ends
        context = Context(customers: Customers(add: [command.customer].compactMap(\.self)))
        if let share = command.share.flatMap(Double.init) {
            customerGets = Gets(value: Value(percentage: share / 100))
        } else if let amount = command.amount {
            customerGets = Gets(value: Value(discountAmount: Amount(amount: amount)))
        } else {
            destination = All()
        }
    }
}

private struct BasicVariables: Encodable { var basicCodeDiscount: CodeInput }
private struct FreeShippingVariables: Encodable { var freeShippingCodeDiscount: CodeInput }

private struct CodeError: Decodable {
    var field: [String]?
    var code: String?
}

private struct CodeNode: Decodable { var id: String }

private struct CodeMade: Decodable {
    var codeDiscountNode: CodeNode?
    var userErrors: [CodeError]?
}

private struct BasicAnswer: Decodable { var discountCodeBasicCreate: CodeMade }
private struct FreeShippingAnswer: Decodable { var discountCodeFreeShippingCreate: CodeMade }
private struct DeactivateAnswer: Decodable { var discountCodeDeactivate: CodeMade }

private struct ByCodeAnswer: Decodable {
    struct Customer: Decodable { var id: String }
    struct Context: Decodable { var customers: [Customer]? }
    struct Discount: Decodable {
        var title: String?
        var context: Context?
    }
    struct Node: Decodable {
        var id: String
        var codeDiscount: Discount?
    }
    var codeDiscountNodeByCode: Node?
}
