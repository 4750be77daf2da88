internal import Outreach

extension ChannelKind {
    /// Texts to shoppers' phones, through Twilio or a gateway that speaks our own format.
    public static let sms = ChannelKind(
        syntax: .sms, retries: .sms,
        words: Words(
            title: { _ in "sms" }, destination: { _ in "SMS to the shopper" }, id: "SMS", quotesSummary: true)
    ) { it in
        guard let number = it.scope.record.phone else {
            return .impossible(.noRecipient, detail: "the customer has no usable phone number")
        }
        do {
            let text = try it.triggers.templates.text(it.line.template, it.scope)
            let message = Message.sms(
                id: MessageIdentity.text(of: it.effect), recipient: number.text, text: text)
            return .message(message, remark: nil)
        } catch {
            return it.waits(for: error)
        }
    }
    .set(up: .sms)
}

extension RetrySchedule {
    /// For texts: the first repeat comes late enough for a lost answer's message to be in the provider's list.
    public static let sms = RetrySchedule(
        steps: [.seconds(30), .minutes(2), .minutes(10), .minutes(30), .hours(1)], shortest: .seconds(10))
}
