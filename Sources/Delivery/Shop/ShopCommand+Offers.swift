package import Outreach

extension ShopCommand {
    /// The message that gives a gift which is part of an offer.
    ///
    /// - Parameters:
    ///   - id: unique within the shop.
    ///   - code: what she enters at the checkout.
    ///   - order: the order's name, for the shop's people.
    package static func giving(
        _ gift: Gift, id: String, code: String, to customer: String, order: String, currency: String,
        settings: ShopSettings, zone: Zone, now: Moment
    ) -> Message {
        let day = gift.lastDay(from: now, calendar: settings.calendar(zone: zone), zone: zone)
        var command = ShopCommand(act: .give, code: code, title: "\(gift.name) \(order) (Bookbag)")
        command.customer = customer
        command.starts = "\(now)"
        command.ends = "\(zone.end(of: day))"
        command.expiresOn = "\(day)"
        switch gift.kind {
        case .share(let share): command.share = "\(share)"
        case .amount: command.amount = CurrencyUnits.written(gift.cost, in: currency)
        case .freeShipping: break
        }
        command.currency = currency
        return Message(
            id: id, kind: .shop, envelope: Message.Envelope(), bytes: command.bytes,
            summary: "\(gift.value(in: currency)), with what was offered")
    }
}
