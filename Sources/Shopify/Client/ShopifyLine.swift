internal import Synchronization

/// The one client of a shop, for all that ask it: its bucket and its token are the shop's, whoever uses them. Whoever
/// reads the shop opens it, and opens it anew when the clock was put back.
package final class ShopifyLine: Sendable {
    private let held = Mutex<ShopifyClient?>(nil)

    /// Not open yet.
    package init() {}

    /// The client; nil before it is opened.
    package var client: ShopifyClient? { held.withLock { $0 } }

    /// Opens it, or opens it anew.
    package func open(_ client: ShopifyClient) { held.withLock { $0 = client } }
}
