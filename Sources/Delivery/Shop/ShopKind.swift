internal import Outreach

extension ChannelKind {
    /// The shop itself, where gifts are made, and whatever else is done there.
    public static let shop = ChannelKind(
        syntax: ChannelSyntax(.shop, example: "webhook: NAME") {
            $0.fault("'shop' cannot be sent", hint: "write 'do: { give: NAME }'")
            return nil
        }, retries: .shop,
        words: Words(
            title: { _ in "shop" }, destination: { _ in "the shop" }, id: "action"),
        isAction: true
    ) { it in
        if it.line.gift == nil, let action = it.line.action { return it.command(action) }
        guard let name = it.line.gift, let policy = it.triggers.policy, let gift = policy.gift(name) else {
            return .impossible(.off, detail: "policy.yaml has no such gift")
        }
        guard let customer = it.scope.record.facts.customer?.id else {
            return .impossible(.noRecipient, detail: "the order has no customer whose gift it could be")
        }
        let zone = it.scope.shopZone
        let day = gift.lastDay(from: it.now, calendar: it.scope.settings.calendar(zone: zone), zone: zone)
        var command = ShopCommand(
            act: .give, code: it.codes?.code(of: name, for: it.effect) ?? GiftFacts.specimen.code,
            title: "\(name) \(it.scope.record.facts.name) (Bookbag)")
        command.customer = customer
        command.starts = "\(it.now)"
        command.ends = "\(zone.end(of: day))"
        command.expiresOn = "\(day)"
        switch gift.kind {
        case .share(let share): command.share = "\(share)"
        case .amount: command.amount = CurrencyUnits.written(gift.cost, in: policy.currency)
        case .freeShipping: break
        }
        command.currency = policy.currency
        let message = Message(
            id: MessageIdentity.act(of: it.effect), kind: .shop, envelope: Message.Envelope(), bytes: command.bytes,
            summary: "\(gift.value(in: policy.currency)), for 'give: \(name)' of \(it.trigger.file)")
        return .message(message, remark: nil)
    }
    .set(up: .labels)
}

extension Composition {
    /// What a line of `do` does in the shop, frozen.
    fileprivate func command(_ line: ActionLine) -> Outcome {
        do throws(ActionRefusal) {
            let action = try ShopAction.make(
                line, for: scope.record, currency: triggers.policy?.currency ?? scope.shop.currency,
                today: scope.shopZone.day(at: now), returnID: effect.returnID, policy: triggers.policy)
            let command = ActionCommand(
                action, for: scope.record, mark: codes?.mark(of: effect) ?? GiftCodes.markStart, isPersons: false,
                decidedAt: now, zone: scope.shopZone)
            return .message(
                command.message(id: MessageIdentity.act(of: effect), why: "'\(line.written)' of \(trigger.file)"),
                remark: nil)
        } catch {
            return .impossible(error.reason, detail: error.detail)
        }
    }
}

extension RetrySchedule {
    /// For what is done in the shop: soon at first, for a message waits for it.
    public static let shop = RetrySchedule(
        steps: [.seconds(5), .seconds(20), .minutes(1), .minutes(2), .minutes(5), .minutes(15), .hours(1)],
        shortest: .seconds(2))
}
