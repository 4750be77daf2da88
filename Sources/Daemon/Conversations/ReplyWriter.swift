import Intake
package import Logging
package import Outreach
package import Platform
package import Store

/// Has the model of `understanding:` in bookbag.yaml write a reply for one of the shop's people, who asked for it at the
/// desk. What it writes is put into their form, and nothing else is done with it: whom it goes to, which order it is about
/// and whether it goes out at all is theirs.
package struct ReplyWriter: Sendable {
    private let model: ChatCompletions
    private let shop: String
    private let store: Store
    private let planner: @Sendable () -> Planner
    private let logger: Logger

    init(
        _ model: ChatCompletions, shop: String, store: Store, planner: @escaping @Sendable () -> Planner, logger: Logger
    ) {
        self.model = model
        self.shop = shop
        self.store = store
        self.planner = planner
        self.logger = logger
    }

    /// The writer of a shop, as the daemon has it.
    package init(
        _ endpoint: Configuration.Model, shop: String, store: Store, planner: @escaping @Sendable () -> Planner,
        transport: any HTTPTransport, logger: Logger
    ) {
        self.init(
            ChatCompletions(endpoint, transport: transport), shop: shop, store: store, planner: planner, logger: logger)
    }

    /// The model's name, as the operator wrote it.
    package var name: String { model.name }

    /// What came of it.
    package enum Outcome: Hashable, Sendable {
        case text(String)
        /// Why there is none, as a clause.
        case impossible(String)
    }

    /// Conversations that are looked through for examples.
    private static let looked = 50

    /// Writes a reply.
    ///
    /// - Parameter record: the conversation, with the order that it is about.
    package func write(about record: OrderRecord, now: Moment) async throws(StoreFailure) -> Outcome {
        guard let conversation = record.conversation, let asked = conversation.lastIncoming else {
            return .impossible("the customer has written nothing")
        }
        let settings = planner().triggers.settings
        let language = asked.understood?.language ?? record.facts.locale ?? settings.locale
        let facts = facts(about: record, now: now)
        let question = ReplyQuestion(
            record, facts: facts, language: language, tone: settings.tones.tone(in: language),
            examples: try await examples(like: asked, besides: conversation.id, language: language, now: now))
        do throws(ModelFailure) {
            let written = try await model.reply(to: question)
            return facts.suggestion(of: written).map { .text($0) } ?? .impossible("the model wrote nothing")
        } catch {
            logger.log(Line.modelFailed, ["shop": "\(shop)", "reason": "\(error)"])
            return .impossible("the model was asked, and \(error)")
        }
    }

    /// What is in a reply and in no fact.
    package func doubts(in text: String, about record: OrderRecord, now: Moment) -> [ReplyDoubt] {
        facts(about: record, now: now).doubts(in: text)
    }

    private func facts(about record: OrderRecord, now: Moment) -> ReplyFacts {
        let planner = planner()
        return ReplyFacts(
            record, policy: planner.triggers.policy, now: now, zone: record.zone(shopZone: planner.shopZone))
    }

    /// What people of the shop answered lately in the same language, that to the same question first.
    private func examples(
        like asked: ConversationMessage, besides id: Int64, language: String, now: Moment
    ) async throws(StoreFailure) -> [(customer: String, reply: String, of: OrderRecord)] {
        let lines = try await store.inbox(shop: shop, list: .all, limit: Self.looked)
        let all = try await store.conversations(lines.map(\.id).filter { $0 != id }, shop: shop, now: now)
        var found: [(customer: String, reply: String, asks: [String], of: ConversationRecord)] = []
        for record in lines.compactMap({ all[$0.id] }) {
            if let one = record.answersOfPeople(in: language).first {
                found.append((one.customer, one.reply, one.asks, record))
            }
        }
        let wanted = asked.understood?.asks.first
        let same = found.filter { wanted != nil && $0.asks.first == wanted }
        let chosen = (same + found.filter { wanted == nil || $0.asks.first != wanted }).prefix(
            ReplyQuestion.mostExamples)
        let orders = try await store.load(shop: shop, orderIDs: chosen.compactMap(\.of.orderID))
        return chosen.map { one in
            var record = one.of.orderID.flatMap { orders[$0] } ?? OrderRecord.none(shop: shop, at: now)
            record.conversation = one.of
            return (one.customer, one.reply, record)
        }
    }
}
