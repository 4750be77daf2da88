/// What a source's judge concludes from one raw observation: that something happened, to what, and when.
///
/// When reported again with the same mark about the same subject, it is the same event.
public struct JudgedEvent: Hashable, Sendable {
    /// The aggregate it belongs to. So far only events of orders are recorded.
    public var aggregate: AggregateID
    public var kind: EventKind
    /// What it is about, within its aggregate.
    public var subject: Subject
    /// The mark by which it is recognised: usually the observation's own id.
    public var mark: String
    /// When it happened; nil if the source does not say, in which case it happened when it was received.
    public var happenedAt: Moment?
    /// The source's name.
    public var source: String

    public init(
        aggregate: AggregateID, kind: EventKind, subject: Subject = .order, mark: String, happenedAt: Moment? = nil,
        source: String
    ) {
        self.aggregate = aggregate
        self.kind = kind
        self.subject = subject
        self.mark = mark
        self.happenedAt = happenedAt
        self.source = source
    }
}

extension ImpliedEvent {
    init(_ judged: JudgedEvent) {
        self.init(
            kind: judged.kind, subject: judged.subject, mark: judged.mark, at: judged.happenedAt, source: judged.source,
            scope: judged.subject.key, isGroupedByMark: true)
        isOwn = judged.kind.isOfAction
    }
}
