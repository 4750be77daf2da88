import Intake
import Logging
import Outreach
import Platform

/// Asks the model of `understanding:` in bookbag.yaml for a second opinion on what shoppers write. Whoever waits for one
/// is a shopper whose message is not judged yet, and all mail behind it: so it is waited for a bounded time, a model that
/// fails is left alone for a minute, and no minute is spent on asking by more than half. Without an opinion the built-in
/// model's reading counts alone.
actor SecondReader {
    private let model: ChatCompletions
    private let shop: String
    private let metrics: DaemonMetrics
    private let logger: Logger
    private let instant: @Sendable () -> ContinuousClock.Instant
    private let trouble = SourceTrouble()
    /// Until when it is not asked, after a failure.
    private var restsUntil: ContinuousClock.Instant?
    private var minute: ContinuousClock.Instant?
    private var spent = Duration.zero

    /// After a failure it is left alone for so long.
    static let rest = Duration.seconds(60)
    /// So much of each minute may be spent on asking.
    static let share = Duration.seconds(30)

    /// - Parameter instant: the clock for what asking costs; tests bring their own.
    init(
        _ model: ChatCompletions, shop: String, metrics: DaemonMetrics, logger: Logger,
        instant: @escaping @Sendable () -> ContinuousClock.Instant = { .now }
    ) {
        self.model = model
        self.shop = shop
        self.metrics = metrics
        self.logger = logger
        self.instant = instant
    }

    /// What the model takes a message for; nil if it is not asked, or does not answer.
    ///
    /// - Parameters:
    ///   - text: her words, from which what tells who she is is taken out here.
    ///   - questions: the shop's own, which the model may answer with, too.
    func opinion(
        on text: String, read understood: Understood, about record: OrderRecord?, sender: String?,
        questions: OwnQuestions, now: Moment
    ) async -> SecondOpinion? {
        guard understood.isWorthAnOpinion else { return nil }
        let start = instant()
        if let restsUntil, start < restsUntil { return note(.rested) }
        if minute.map({ start - $0 >= .seconds(60) }) ?? true { (minute, spent) = (start, .zero) }
        guard spent < Self.share else { return note(.rested) }
        let words = Redaction(record, sender: sender)(text)
        let intents = Intents.all + questions.intents
        do throws(ModelFailure) {
            let opinion = try await model.opinion(on: words, intents: intents)
            spent += instant() - start
            restsUntil = nil
            if trouble.read(Self.name) { logger.log(Line.modelAnswers, ["shop": "\(shop)"]) }
            _ = note(opinion.intent == understood.asks.first ? .agreed : .differed)
            return opinion
        } catch {
            spent += instant() - start
            restsUntil = instant() + Self.rest
            if trouble.failed(Self.name, SourceFailure(error.description), now: now) {
                logger.log(Line.modelFailed, ["shop": "\(shop)", "reason": "\(error)"])
            }
            return note(.failed)
        }
    }

    private static let name = "model"

    private func note(_ outcome: DaemonMetrics.SecondOpinion) -> SecondOpinion? {
        metrics.secondOpinions.add(1, shop, outcome.rawValue)
        return nil
    }
}

/// The second opinion on one message, asked for once, however often the step that stores the message is repeated.
struct OpinionOnce {
    private let reader: SecondReader?
    private var isAsked = false
    private var opinion: SecondOpinion?

    init(_ reader: SecondReader?) { self.reader = reader }

    /// Has a message take the opinion along; nothing where no model is asked, or none answers.
    ///
    /// - Parameters:
    ///   - text: the customer's words.
    ///   - sender: her name, as the message's head has it.
    mutating func weigh(
        _ message: inout ConversationMessage, text: String, about record: OrderRecord?, sender: String? = nil,
        questions: OwnQuestions, now: Moment
    ) async {
        guard let reader, let understood = message.understood else { return }
        if !isAsked {
            isAsked = true
            opinion = await reader.opinion(
                on: text, read: understood, about: record, sender: sender, questions: questions, now: now)
        }
        if let opinion { message.understood?.hear(opinion) }
    }
}
