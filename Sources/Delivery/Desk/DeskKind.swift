internal import Outreach

extension ChannelKind {
    /// What triggers do in the shop's own conversations (`do: hand_over`, `close`, `tag_conversation`). Its far end is
    /// the daemon's own store, so nothing of it is configured.
    public static let desk = ChannelKind(
        syntax: ChannelSyntax(.desk, example: "webhook: NAME") {
            $0.fault("'desk' cannot be sent", hint: "write 'do: hand_over'")
            return nil
        }, retries: .desk,
        words: Words(title: { _ in "the desk" }, destination: { _ in "the desk" }, id: "act", quotesSummary: true)
    ) { it in
        guard let action = it.line.action else { return .impossible(.off, detail: "the trigger does this no more") }
        let act = DeskAct(action, of: it.effect)
        guard let message = try? act.message(id: MessageIdentity.act(of: it.effect)) else {
            return .impossible(.off, detail: "it cannot be written down")
        }
        return .message(message, remark: nil)
    }
}

extension RetrySchedule {
    /// For what is written to our own store: somebody else wrote to the same conversation.
    public static let desk = RetrySchedule(
        steps: [.seconds(1), .seconds(10), .minutes(1)], shortest: .milliseconds(100))
}
