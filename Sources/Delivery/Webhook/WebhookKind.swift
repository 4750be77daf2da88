internal import Outreach

extension ChannelKind {
    /// A POST to an endpoint that the operator configured.
    public static let webhook = ChannelKind(
        syntax: .webhook, retries: .webhook,
        words: Words(title: { "webhook \($0)" }, destination: { "webhook \($0)" }, id: "webhook-id")
    ) { it in
        let name = it.line.target
        guard it.targets.contains(name) else {
            return .impossible(.unknownWebhook, detail: "no webhook '\(name)' is configured")
        }
        do {
            let body = try it.scope.webhookBody(of: it.effect, by: it.line, it.triggers.templates)
            return .message(
                .webhook(
                    id: MessageIdentity.webhook(of: it.effect), endpoint: name, body: body,
                    summary: it.scope.event.kind.rawValue), remark: nil)
        } catch {
            return it.waits(for: error)
        }
    }
}
