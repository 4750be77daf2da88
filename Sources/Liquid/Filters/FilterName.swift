/// All filters. The set is closed: a template can do nothing else.
enum FilterName: UInt8, Sendable, CaseIterable {
    case unknown
    case abs, append, at_least, at_most, base64_decode, base64_encode, base64_url_safe_decode, base64_url_safe_encode
    case capitalize, ceil, compact, concat, date, `default`, divided_by, downcase, escape, escape_once, find, find_index
    case first, floor, h, has, join, last, lstrip, map, minus, modulo, newline_to_br, plus, prepend, reject, remove
    case remove_first, remove_last, replace, replace_first, replace_last, reverse, round, rstrip, size, slice, sort
    case sort_natural, split, squish, strip, strip_html, strip_newlines, sum, times, truncate, truncatewords, uniq,
        upcase
    case url_decode, url_encode, `where`
    // Shopify's, as used in its notification templates.
    case money, money_with_currency, money_without_currency, money_without_trailing_zeros, format_address
    case img_url, image_url, product_img_url, shopify_asset_url, cdn_asset_url, payment_icon_png_url
    case payment_type_img_url, unit_price_with_measurement, handle, handleize, link_to, t, translate, pluralize
    case weight_with_unit, img_tag, image_tag, json, camelcase

    private static let names: [String: FilterName] = {
        var names: [String: FilterName] = [:]
        for filter in allCases where filter != .unknown { names["\(filter)"] = filter }
        return names
    }()

    init(_ name: String) { self = FilterName.names[name] ?? .unknown }

    /// The names a template can use, for suggestions.
    static var known: [String] { Array(names.keys) }
}
