// What a Shopify design assumes, and our mail has to supply.
//
// Shopify's notification templates link a stylesheet by a path (`/assets/notifications/styles.css`) which Shopify
// itself inlines into the mail before sending it; it cannot be fetched from anywhere. A stylesheet of our own for the
// same classes takes its place, so that a pasted template looks like a mail: a column of 560 points, buttons in the
// shop's colour, lines between the items, one column on a phone. It is placed in the head, which mail programs read; a
// template with its own styles keeps them, since they come after it.

enum PastedDesign {
    /// The text of the `<title>`, on one line; empty if there is none.
    static func title(of html: String) -> String {
        guard let match = html.firstMatch(of: /<title[^>]*>(.*?)<\/title\s*>/.ignoresCase().dotMatchesNewlines()) else {
            return ""
        }
        return MailText(subject: "", body: .html(String(match.1)), language: "").readable
    }

    /// The design with our stylesheet, if it links Shopify's.
    static func styled(_ html: String, accent: String) -> String {
        guard html.contains("notifications/") else { return html }
        let link = /<link\b[^>]*notifications\/(?:inline-)?styles?\.css[^>]*>/.ignoresCase()
        var isFirst = true
        return html.replacing(link) { _ in
            defer { isFirst = false }
            return isFirst ? "<style>\n\(sheet)\n.button__cell { background: \(accent); }\n</style>" : ""
        }
    }

    static let sheet = """
        body { margin: 0; padding: 0; background: #ffffff; }
        body, td, th, p, h1, h2, h3, h4 { font-family: -apple-system, "Segoe UI", Roboto, Helvetica, Arial, sans-serif; color: #3d4246; }
        table { border-collapse: collapse; border-spacing: 0; }
        img { border: 0; max-width: 100%; }
        h1, h2 { font-size: 24px; font-weight: normal; margin: 0 0 10px; }
        h3 { font-size: 20px; font-weight: normal; margin: 0 0 16px; }
        h4 { font-size: 16px; font-weight: 600; margin: 0 0 5px; }
        p { font-size: 16px; line-height: 150%; margin: 0; }
        .body { width: 100%; }
        .row { width: 100%; }
        .container { width: 560px; max-width: 100%; margin: 0 auto; text-align: left; }
        .header__cell { padding: 40px 16px 20px; }
        .shop-name__cell { text-align: left; }
        .shop-name__text { font-size: 30px; margin: 0; }
        .shop-name__text a { text-decoration: none; }
        .order-number__cell { text-align: right; }
        .order-number__text { font-size: 14px; color: #6b7177; text-transform: uppercase; }
        .content__cell { padding: 0 16px 40px; }
        .section__cell { border-top: 1px solid #e5e5e5; padding: 40px 16px; }
        .footer__cell { border-top: 1px solid #e5e5e5; padding: 35px 16px; }
        .actions { margin-top: 20px; }
        .empty-line { line-height: 0; }
        .button { border-radius: 4px; display: inline-table; margin-right: 15px; }
        .button__cell { border-radius: 4px; text-align: center; padding: 16px 24px; }
        a.button__text { color: #ffffff; font-size: 16px; text-decoration: none; }
        .link { display: inline-table; margin-top: 19px; }
        .disclaimer__subtext { font-size: 14px; color: #6b7177; }
        .order-list__item { width: 100%; border-bottom: 1px solid #e5e5e5; }
        .order-list__item__cell { padding: 15px 0; }
        .order-list__item__cell > table { width: 100%; }
        .order-list__product-image, .product-image img { border: 1px solid #e5e5e5; border-radius: 8px; margin-right: 15px; }
        .order-list__product-description-cell { width: 100%; vertical-align: middle; }
        .order-list__item-title { font-size: 16px; font-weight: 600; line-height: 140%; }
        .order-list__item-variant, .order-list__item-refunded, .order-list__item-discount-allocation { font-size: 14px; color: #6b7177; }
        .order-list__price-cell { white-space: nowrap; text-align: right; vertical-align: middle; }
        .order-list__item-price { font-weight: 600; }
        .order-list__item-original-price { font-size: 14px; color: #6b7177; }
        .discount-tag-icon { vertical-align: middle; margin-right: 6px; }
        .subtotal-lines { margin-top: 15px; border-top: 1px solid #e5e5e5; }
        .subtotal-spacer { width: 40%; }
        .subtotal-table { margin-top: 20px; }
        .subtotal-table--total { border-top: 2px solid #e5e5e5; }
        .subtotal-line__title { padding: 5px 0; }
        .subtotal-line__value { padding: 5px 0; text-align: right; white-space: nowrap; }
        .customer-info__item { padding-bottom: 40px; width: 50%; vertical-align: top; }
        .customer-info__item-credit { vertical-align: middle; margin-right: 10px; }
        .return-label__instruction-step, .return-approved__instruction-step { margin-bottom: 10px; }
        .spacer { display: block; min-width: 560px; height: 0; }
        @media (max-width: 600px) {
          .container { width: 94% !important; }
          .spacer { min-width: 0; }
          .button, .link { display: table; width: 100%; text-align: center; margin-right: 0; }
          .customer-info__item { display: block; width: 100%; }
        }
        """
}
