/// Whose history is asked for, and about what.
public struct HistoryQuestion: Hashable, Sendable {
    public var shop: String
    /// The order that the message would be about; nil if it is about none.
    public var orderID: String?
    public var subject: Subject
    /// The address that would be written to: a mail address, or a phone number for a text.
    public var address: String?
    /// The mail address of the order, by which a guest's other orders are found; nil if it is the same.
    public var orderAddress: String?
    /// The shop's id of the customer.
    public var customerID: String?
    /// The stream that the mail would belong to; `.all` if only a silence of all mail can stop it.
    public var stream: MailStream
    /// The effect being judged, which does not count as its own history; 0 if there is none.
    public var effectID: Int64 = 0
    /// As far back as the shop's limit looks; nil if there is no limit.
    public var countedSince: Moment?
    /// The triggers that replace the one being judged.
    public var replacers: [String] = []
    /// Whether their shadow messages count as well, which they do if the one being judged is a shadow itself.
    public var isShadow = false
    /// True if the message asks for a rating.
    public var asksForRating = false
    /// The effect that asked for the rating that the event tells of.
    public var ratingRequest: Int64?
    /// Of an answer: what would be answered; nil for anything else.
    public var asked: Asked?
    /// Of an action: the message that tells of it; nil for anything else.
    public var teller: Teller?
    /// Of a gift that waits: what has to be known of those before it.
    public var gift: GiftQuestion?
    /// Of whom earlier remedies have to be known; nil where nothing asks for them.
    public var remedies: RemedyQuestion?
    /// The number of the offer that the event tells of.
    public var offer: Int64?
    /// The number of the action that the event tells of.
    public var action: Int64?
    /// Shopify's id of the return whose story has to be known.
    public var returned: String?

    /// A message that would be answered.
    public struct Asked: Hashable, Sendable {
        /// The number of its conversation.
        public var conversation: Int64
        /// Its own number, which is greater than that of every message that was stored before it.
        public var message: Int64
        public var at: Moment

        public init(conversation: Int64, message: Int64, at: Moment) {
            self.conversation = conversation
            self.message = message
            self.at = at
        }
    }

    /// The message that tells of an action: another line of the same occurrence.
    public struct Teller: Hashable, Sendable {
        public var trigger: String
        public var line: String
        /// The action's keys, without what tells repetitions apart.
        public var stems: [String]
    }

    public init(
        shop: String, orderID: String?, subject: Subject, address: String?, customerID: String?,
        stream: MailStream = .order
    ) {
        self.shop = shop
        self.orderID = orderID
        self.subject = subject
        self.address = address
        self.customerID = customerID
        self.stream = stream
    }
}

extension HistoryQuestion {
    /// What has to be known to judge that effect, at that moment if a limit may hold it.
    public init(of effect: Effect, record: OrderRecord?, planner: Planner, now: Moment? = nil) {
        self.init(
            shop: effect.shop, orderID: record.flatMap { $0.isOrder ? $0.facts.id : nil } ?? effect.orderID,
            subject: effect.event?.subjects.first ?? .order,
            address: Self.address(of: effect, record, planner),
            customerID: record?.facts.customer?.id,
            stream: planner.stream(of: effect))
        if [.sms, .chat].contains(planner.decidingChannel(of: effect)) { orderAddress = record?.recipient?.address }
        effectID = effect.id
        if let now, let limit = planner.triggers.settings.limit { countedSince = now - limit.window }
        replacers = planner.triggers.replacers(of: effect.trigger)
        isShadow = planner.isShadow(effect.trigger)
        asksForRating = planner.asksForRating(effect)
        ratingRequest = effect.event?.ratingRequest
        if let event = effect.event, let talk = event.aggregate.conversationID, let message = event.message {
            asked = Asked(conversation: talk, message: message, at: event.happenedAt)
        }
        offer = effect.event?.offerNumber
        action = effect.event?.actionNumber
        returned = planner.returnQuestion(of: effect)
        if let now {
            gift = planner.giftQuestion(of: effect, record: record, now: now)
            remedies = planner.remedyQuestion(of: effect, record: record, now: now)
        }
        if let line = planner.teller(of: effect) {
            teller = Teller(trigger: effect.trigger, line: line.name, stems: effect.keys.map(Planner.stem))
        }
    }

    /// Whom the message would go to.
    private static func address(of effect: Effect, _ record: OrderRecord?, _ planner: Planner) -> String? {
        let channel = planner.decidingChannel(of: effect)
        if channel == .chat { return record?.answerChat }
        guard channel == .sms else { return record?.address(on: channel) ?? record?.answerRecipient?.address }
        return planner.decidingLine(of: effect) == SendLine.answerName
            ? record?.answerNumber?.text : record?.address(on: .sms)
    }
}
