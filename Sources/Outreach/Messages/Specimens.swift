/// A template file rendered for the standard order, for judging mails before there are any.
public struct Specimen: Sendable {
    /// `triggers/templates/delay-alert.de.md`.
    public var file: String
    /// The line in the file on which the body begins.
    public var bodyLine: Int
    /// The line in the file that holds the subject.
    public var subjectLine: Int
    public var about: MailStream
    /// True if it goes to the shopper rather than the shop itself.
    public var isForCustomer: Bool
    public var mail: MailText
    /// The unsubscribe page of the standard customer; a marketing mail has to link to it.
    public var unsubscribeURL: String
}

extension TriggerSet {
    /// Every template file that a trigger uses, each once. One that cannot be rendered for the standard order is left
    /// out: `test` and `preview` say why.
    public func specimens() -> [Specimen] {
        var seen: Set<String> = []
        var found: [Specimen] = []
        for trigger in triggers {
            guard let kind = trigger.events.first else { continue }
            let order = StandardOrder(kind, at: StandardOrder.moment)
            var scope = Scope(
                record: order.record, event: order.event, history: order.history, settings: settings,
                now: StandardOrder.moment, zone: StandardOrder.zone, shopZone: StandardOrder.zone,
                shop: StandardOrder.shop)
            scope.pages = .specimen()
            if policy?.returns == nil { scope.pages.returns = nil }
            for line in trigger.lines where line.isMail && !line.template.isEmpty {
                for variant in templates.variants(for: line) where seen.insert(variant.file).inserted {
                    let wanted = variant.locale ?? settings.locale
                    guard
                        let mail = try? templates.render(variant, wanted: wanted, scope, to: line.destination)
                    else { continue }
                    found.append(
                        Specimen(
                            file: variant.file, bodyLine: variant.bodyLine,
                            subjectLine: variant.subjectPosition.line, about: trigger.about,
                            isForCustomer: line.destination == .customer, mail: mail,
                            unsubscribeURL: order.record.facts.customer?.unsubscribeURL ?? ""))
                }
            }
        }
        return found
    }
}
