// Shopify's times are ours, and its clock too: only the types differ, for Shopify's own code knows nothing of ours.

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
    /// That clock and that patience.
    package init(_ timekeeper: Timekeeper) {
        self.init(now: { Timestamp(timekeeper.now()) }, sleep: timekeeper.sleep)
    }
}
