/// How a shop is called in addresses of pages.
public enum ShopDomain {
    private static let suffix = ".myshopify.com"

    /// Its permanent domain without Shopify's part; any other domain as it is.
    public static func short(_ domain: String) -> String {
        domain.hasSuffix(suffix) ? String(domain.dropLast(suffix.count)) : domain
    }
}
