package import Delivery
import Foundation
import Outreach
import Platform

extension Configuration.Shop {
    /// How the shop's texts are carried; nil if it sends and gets none.
    package var texts: SMSSettings? { farEnds[.sms]?.first?.sms }

    /// Where the shop's chat may be embedded; nil if it has none.
    package var chat: ChatSettings? { farEnds[.chat]?.first?.chat }

    /// The helpdesk that the shop's conversations are handed over to; nil if they are not.
    package var helpdesk: HelpdeskSettings? {
        handsOverToHelpdesk ? farEnds[.helpdesk]?.first?.helpdesk : nil
    }

    /// Who sells the shop's return labels; nil if nobody does.
    package var broker: BrokerSettings? { farEnds[.shop]?.first?.broker }

    /// What people call it: `Zendesk`.
    package var helpdeskName: String? { helpdesk?.kind.title }

    /// Everything the shop sends to, by route: its relay, its webhooks, and the targets of other channels.
    var routes: [(route: Route, end: FarEnd)] {
        var routes: [(route: Route, end: FarEnd)] = []
        if let smtp { routes.append((.mail(shop: domain), smtp.farEnd)) }
        for (name, webhook) in webhooks.sorted(by: { $0.key < $1.key }) {
            routes.append((.webhook(name, shop: domain), webhook.farEnd(name)))
        }
        // The shop itself is there whatever is configured.
        for (channel, ends) in farEnds.sorted(by: { $0.key.rawValue < $1.key.rawValue }) where channel != .shop {
            for end in ends { routes.append((Route(shop: domain, channel: channel, target: end.target), end)) }
        }
        return routes
    }
}

extension Configuration.SMTP {
    fileprivate var farEnd: FarEnd {
        FarEnd(target: "", host: host(url), limit: connections * 2, limits: limits) { engine in
            SMTPChannel(
                SMTPRelay(self, engine: engine), redirectTo: redirectTo, bouncesTo: bouncesTo)
        }
    }
}

extension Configuration.Webhook {
    fileprivate func farEnd(_ name: String) -> FarEnd {
        FarEnd(target: name, host: host(url), limit: 16) { engine in
            let secrets = try self.secrets.map { try WebhookSecret($0.reveal()) }
            let endpoint = WebhookEndpoint(name: name, url: url, secrets: secrets, allowPrivate: allowPrivate)
            return WebhookChannel([endpoint], over: engine)
        }
    }
}

private func host(_ url: String) -> String { URLComponents(string: url)?.host ?? "" }
