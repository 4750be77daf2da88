// Conversions between Shopify's time types and ours; the Shopify module does not know ours.

package import Outreach
package import Shopify

extension Moment {
    /// The same point in time.
    package init(_ time: Timestamp) { self.init(milliseconds: time.milliseconds) }
}

extension Timestamp {
    /// The same point in time.
    package init(_ moment: Moment) { self.init(milliseconds: moment.milliseconds) }
}

extension WireMoment {
    var moment: Moment { Moment(time) }
}

extension ShopClock {
    /// The given clock and sleep.
    package init(_ timekeeper: Timekeeper) {
        self.init(now: { Timestamp(timekeeper.now()) }, sleep: timekeeper.sleep)
    }
}
