internal import Outreach

extension ChannelKind {
    /// The shop's helpdesk, in which each conversation that is handed over has a ticket. No trigger writes there: what is
    /// handed over goes there by itself.
    public static let helpdesk = ChannelKind(
        syntax: ChannelSyntax(.helpdesk, example: "webhook: NAME") {
            $0.fault("'helpdesk' cannot be sent", hint: "write 'do: hand_over'; see docs/helpdesk.md")
            return nil
        }, retries: .helpdesk,
        words: Words(
            title: { _ in "the helpdesk" }, destination: { _ in "the helpdesk" }, id: "post", quotesSummary: true)
    ) { _ in
        .impossible(.off, detail: "no trigger writes to the helpdesk")
    }
    .set(up: .helpdesk)
}

extension RetrySchedule {
    /// For helpdesks: somebody waits for a person, so soon at first.
    public static let helpdesk = RetrySchedule(
        steps: [.seconds(5), .seconds(30), .minutes(2), .minutes(10), .minutes(30), .hours(1)])
}
