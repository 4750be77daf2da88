import Delivery
import Foundation
import Outreach
import Platform
import Shopify

extension ShopChannel {
    /// The channel of a shop that is open, with the clock of a test; nothing in it sleeps.
    static func open(
        _ transport: any HTTPTransport, broker: (any LabelBroker)? = nil, at now: Moment
    ) -> ShopChannel {
        let line = ShopifyLine()
        line.open(
            ShopifyClient(
                endpoint: ShopifyEndpoint(base: "https://juniperfig.myshopify.com"),
                credentials: .token(SecretString("t")), transport: transport,
                clock: ShopClock(
                    now: { Timestamp(milliseconds: now.milliseconds) }, sleep: { _ throws(CancellationError) in })))
        return ShopChannel(line, broker: broker)
    }
}
