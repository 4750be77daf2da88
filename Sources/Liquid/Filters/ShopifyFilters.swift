// The filters of Shopify's notification templates (shopify.dev/docs/api/liquid/filters), and `date`.

extension Renderer {
    // MARK: Dates

    /// The moment that a value denotes; nil if it is not a date.
    func moment(_ value: Value) -> Moment? {
        switch value.settled {
        case .moment(let moment): return moment.shown(in: options.zone)
        case .int(let seconds): return Moment(seconds: Int64(seconds)).shown(in: options.zone)
        case .string(let text): return moment(text)
        case .safe(let safe): return moment(safe.text)
        default: return nil
        }
    }

    private func moment(_ text: String) -> Moment? {
        let bytes = text.utf8
        if bytes.isEmpty { return nil }
        if bytes.count <= 5 {
            let lower = text.lowercased()
            if lower == "now" || lower == "today" { return options.now.shown(in: options.zone) }
        }
        if bytes.allSatisfy(\.isDigit) {
            return Int64(text).map { Moment(seconds: $0).shown(in: options.zone) }
        }
        return Moment(parsing: text, now: options.now, zone: options.zone)
    }

    func date(_ call: Call) throws(RenderError) -> Value {
        var format = call.has(0) ? plain(call[0]) : ""
        if let named = call["format"], let name = named.textIfString {
            format = language.formats[name] ?? name
        }
        if format.isEmpty { return call.input }
        guard let moment = moment(call.input) else { return call.input }
        let text = Strftime.string(moment, format, language, zone: options.zone)
        try checkSize(text.utf8.count)
        return .string(text)
    }

    // MARK: Money

    /// An amount as `money` takes it; nil if there is none. A plain number is in hundredths, in every currency
    /// (shopify.dev, Liquid reference, "money": "For currencies without subunits, such as JPY and KRW, tenths and
    /// hundredths of a unit are appended").
    private func amount(_ value: Value) -> Money? {
        switch value.settled {
        case .money(let money): return money
        case .null: return nil
        case .int(let minor): return Money(minorUnits: Int64(minor), currency: options.money.currency, decimals: 2)
        case .string(let text) where text.isEmpty: return nil
        case let other:
            switch other.number {
            case .int(let minor): return Money(minorUnits: Int64(minor), currency: options.money.currency, decimals: 2)
            case .exact(let exact):
                guard let minor = exact.scaled(toDecimals: 0) else { return nil }
                return Money(minorUnits: minor, currency: options.money.currency, decimals: 2)
            case .float, .whole: return nil
            }
        }
    }

    func money(_ value: Value, _ kind: FilterName) -> Value {
        guard let money = amount(value) else { return .string("") }
        let isForeign = !money.currency.isEmpty && money.currency != options.money.currency
        var format = kind == .money_with_currency ? options.money.withCurrency : options.money.plain
        if isForeign { format = "{{amount}} " + money.currency }
        let (before, placeholder, after) = MoneyFormats.parts(format)
        let text = MoneyFormats.amount(money, placeholder, dropsZeros: kind == .money_without_trailing_zeros)
        if kind == .money_without_currency { return .string(text) }
        let isNegative = text.hasPrefix("-")
        let shown = isNegative ? "-" + before + text.dropFirst() + after : before + text + after
        if isEscaping, options.destination == .html, shown.utf8.contains(where: { $0 == 0x3C || $0 == 0x26 }) {
            return .safe(SafeText(shown, for: .html))
        }
        return .string(shown)
    }

    // MARK: The others

    mutating func shopify(_ call: Call) throws(RenderError) -> Value {
        let input = call.input
        switch call.filter.name {
        case .money, .money_with_currency, .money_without_currency, .money_without_trailing_zeros:
            return money(input, call.filter.name)
        case .format_address: return address(input)
        case .shopify_asset_url:
            return input.isNull ? .string("") : .string(options.assets.shopifyAssets + plain(input))
        case .cdn_asset_url: return input.isNull ? .string("") : .string(options.assets.assets + plain(input))
        case .payment_icon_png_url:
            return input.isNull ? .string("") : .string(options.assets.payment + plain(input) + ".png")
        case .payment_type_img_url:
            return input.isNull ? .string("") : .string(options.assets.payment + plain(input) + ".svg")
        case .img_url, .product_img_url, .image_url: return image(call)
        case .unit_price_with_measurement:
            guard case .string(var text) = money(input, .money), !text.isEmpty else { return .string("") }
            let value = call[0].settled
            let unit = Renderer.member(of: value, Name("reference_unit"), nil).text
            let size = Renderer.member(of: value, Name("reference_value"), nil).text
            if !unit.isEmpty { text += "/" + (size.isEmpty || size == "1" ? "" : size) + unit }
            return .string(text)
        case .link_to:
            let url = Escaping.escapedLink(plain(call[0]))
            var tag = "<a href=\"\(url)\""
            if call.has(1) { tag += " title=\"\(Escaping.escaped(plain(call[1]), .html))\"" }
            let label = input.markup(for: options.destination)
            return markupValue(tag + ">" + label + "</a>")
        case .img_tag, .image_tag:
            let url = Escaping.escapedLink(plain(input))
            let alt = call["alt"] ?? call[0]
            return markupValue("<img src=\"\(url)\" alt=\"\(Escaping.escaped(plain(alt), .html))\" />")
        case .t, .translate:
            guard let text = options.translations[plain(input)] else { return input }
            return .string(filled(text, call))
        case .pluralize:
            let count = input.number
            let isOne: Bool
            if case .int(1) = count { isOne = true } else { isOne = count.double == 1 }
            let word = isOne ? plain(call[0]) : call.has(1) ? plain(call[1]) : plain(call[0]) + "s"
            // Shopify's own returns only the word; with the count before it, our templates read naturally.
            return .string(input.text + " " + word)
        default:
            // weight_with_unit: grams, shown in kilograms or the named unit.
            let unit = call.has(0) ? plain(call[0]) : "kg"
            guard let grams = input.number.exact else { return .string("") }
            let divisor: Exact
            switch unit {
            case "g": divisor = Exact(1)
            case "lb": divisor = Exact(mantissa: 45_359_237, exponent: -5)
            case "oz": divisor = Exact(mantissa: 28_349_523_125, exponent: -9)
            default: divisor = Exact(1_000)
            }
            let amount = (grams / divisor)?.rounded(toDecimals: 2, .halfAway)
            return .string((amount.map { Value.float($0.double).text } ?? "") + " " + unit)
        }
    }

    private func markupValue(_ text: String) -> Value {
        options.destination == .html || options.destination == .markdown
            ? .safe(SafeText(text, for: options.destination)) : .string(text)
    }

    private func filled(_ text: String, _ call: Call) -> String {
        var text = text
        for (name, value) in call.named {
            for pattern in ["{{ \(name) }}", "{{\(name)}}"] {
                let parts = Bytes.pieces(text, pattern)
                text = parts.joined(separator: plain(value))
            }
        }
        return text
    }

    /// Name and address on separate lines, in the country's order.
    private func address(_ value: Value) -> Value {
        switch value.settled {
        case .object, .drop: break
        default: return .string("")
        }
        func part(_ key: String) -> String {
            Renderer.member(of: value, Name(key), nil).text
        }
        var name = part("name")
        if name.isEmpty {
            name = [part("first_name"), part("last_name")].filter { !$0.isEmpty }.joined(separator: " ")
        }
        let region = part("province_code").isEmpty ? part("province") : part("province_code")
        let town = [part("city"), region, part("zip")].filter { !$0.isEmpty }.joined(separator: " ")
        let lines = [name, part("company"), part("address1"), part("address2"), town, part("country")]
            .filter { !$0.isEmpty }.map { Escaping.escaped($0, .html) }
        return markupValue("<p>" + lines.joined(separator: "<br>") + "</p>")
    }

    /// A file name without a trailing `_480x` or `_160x160`.
    private static func withoutSize(_ name: String) -> String {
        guard let mark = name.lastIndex(of: "_") else { return name }
        let sides = name[name.index(after: mark)...].split(separator: "x", omittingEmptySubsequences: false)
        let isSize =
            sides.count == 2 && sides.contains { !$0.isEmpty } && sides.allSatisfy { $0.utf8.allSatisfy(\.isDigit) }
        return isSize ? String(name[..<mark]) : name
    }

    /// The URL of an image in a given size: from a text, or from an object's `image` or `src`.
    private func image(_ call: Call) -> Value {
        var source = ""
        switch call.input.settled {
        case .string(let text): source = text
        case .safe(let safe): source = safe.text
        case .object, .drop:
            for key in ["image", "src"] {
                let found = Renderer.member(of: call.input, Name(key), nil)
                if let text = found.textIfString, !text.isEmpty {
                    source = text
                    break
                }
                let inner = Renderer.member(of: found, Name("src"), nil)
                if let text = inner.textIfString, !text.isEmpty {
                    source = text
                    break
                }
            }
        default: break
        }
        if source.isEmpty { return .string("") }
        var size = call.has(0) ? plain(call[0]) : ""
        if size.isEmpty {
            let width = call["width"]?.text ?? ""
            let height = call["height"]?.text ?? ""
            if !width.isEmpty || !height.isEmpty { size = width + "x" + height }
        }
        let isURL = source.hasPrefix("http://") || source.hasPrefix("https://") || source.hasPrefix("//")
        // Only Shopify's own hosts understand a size in the file name; a picture elsewhere is shown as it is.
        if isURL, !source.contains("//cdn.shopify.com/"), !source.contains("/cdn/shop/") { return .string(source) }
        let bytes = Array(source.utf8)
        let query = bytes.firstIndex(of: UInt8(ascii: "?")) ?? bytes.count
        let slash = bytes[..<query].lastIndex(of: UInt8(ascii: "/")) ?? -1
        let dot = bytes[..<query].lastIndex(of: UInt8(ascii: "."))
        var path = source
        if !size.isEmpty, size != "master", let dot, dot > slash {
            var name = String(decoding: bytes[..<dot], as: UTF8.self)
            // Replaces an existing size: with two of them the file would not exist.
            if isURL { name = Self.withoutSize(name) }
            path = name + "_" + size + String(decoding: bytes[dot...], as: UTF8.self)
        }
        return .string(isURL ? path : options.assets.files + path)
    }
}

extension MoneyFormats {
    /// The text before the placeholder, its name, and the text after it.
    static func parts(_ format: String) -> (before: String, placeholder: String, after: String) {
        let bytes = Array(format.utf8)
        guard let open = Bytes.find(Array("{{".utf8), in: bytes, from: 0),
            let close = Bytes.find(Array("}}".utf8), in: bytes, from: open)
        else { return (format, "amount", "") }
        func text(_ range: Range<Int>) -> String { String(decoding: bytes[range], as: UTF8.self) }
        let name = Bytes.stripped(text(open + 2..<close), leading: true, trailing: true)
        return (text(0..<open), name, text(close + 2..<bytes.count))
    }

    /// The amount as a placeholder shows it.
    static func amount(_ money: Money, _ placeholder: String, dropsZeros: Bool) -> String {
        var point = "."
        var separator = ","
        if placeholder.hasSuffix("with_comma_separator") { (point, separator) = (",", ".") }
        if placeholder.hasSuffix("with_apostrophe_separator") { separator = "'" }
        if placeholder.hasSuffix("with_space_separator") { (point, separator) = (",", " ") }
        if placeholder.hasSuffix("with_period_and_space_separator") { (point, separator) = (".", " ") }
        var minor = money.minorUnits
        var decimals = Int(money.decimals)
        var power: Int64 = 1
        for _ in 0..<decimals { power *= 10 }
        if placeholder.hasPrefix("amount_no_decimals") {
            minor = Exact(mantissa: Int128(minor), exponent: -decimals).scaled(toDecimals: 0) ?? minor / power
            decimals = 0
        } else if dropsZeros, decimals > 0, minor % power == 0 {
            minor /= power
            decimals = 0
        }
        return Money.amount(minorUnits: minor, decimals: decimals, point: point, separator: separator)
    }
}

extension Escaping {
    /// A URL for an attribute, without a scheme that runs something.
    static func escapedLink(_ url: String) -> String {
        var out: [UInt8] = []
        write(.string(url), .html, [.tag, .link], to: &out)
        return String(decoding: out, as: UTF8.self)
    }
}

extension Value {
    /// The value as HTML: safe text unchanged, anything else escaped if the output is.
    func markup(for destination: Destination) -> String {
        if case .safe(let safe) = self, safe.destination == destination { return safe.text }
        return destination == .none ? text : Escaping.escaped(text, .html)
    }
}

extension Bytes {
    /// The pieces between each occurrence of a part.
    static func pieces(_ text: String, _ part: String) -> [String] {
        let bytes = Array(text.utf8)
        let wanted = Array(part.utf8)
        var pieces: [String] = []
        var at = 0
        while let found = find(wanted, in: bytes, from: at) {
            pieces.append(String(decoding: bytes[at..<found], as: UTF8.self))
            at = found + wanted.count
        }
        pieces.append(String(decoding: bytes[at...], as: UTF8.self))
        return pieces
    }
}
