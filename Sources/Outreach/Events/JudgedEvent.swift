/// What a source's judge reads out of one raw observation: that something happened, to what, and when.
///
/// Told again, by the same mark about the same subject, it is the same event.
public struct JudgedEvent: Hashable, Sendable {
    /// What it belongs to. Of the kinds of aggregates only orders are recorded so far.
    public var aggregate: AggregateID
    public var kind: EventKind
    /// What it is about, within its aggregate.
    public var subject: Subject
    /// What it is recognised by: mostly the observation's own id.
    public var mark: String
    /// When it happened; nil where the source does not say, so that it happened when it was received.
    public var happenedAt: Moment?
    /// The source's name.
    public var source: String

    /// Something of that kind happened to that.
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
    }
}
