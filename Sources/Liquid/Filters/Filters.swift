// How filters are called. Each is a case of one switch over a closed set; its code is in the file for its kind.

extension Renderer {
    mutating func evaluate(_ pipeline: Pipeline) throws(RenderError) -> Value {
        var value = try evaluate(pipeline.value)
        for filter in pipeline.filters {
            try step()
            value = try apply(filter, to: value)
        }
        return value
    }

    /// One call of a filter: its input and its arguments.
    struct Call {
        let filter: Filter
        let input: Value
        let arguments: [Value]
        let named: [(name: String, value: Value)]

        subscript(index: Int) -> Value { index < arguments.count ? arguments[index] : .null }
        subscript(name: String) -> Value? { named.first { $0.name == name }?.value }
        func has(_ index: Int) -> Bool { index < arguments.count }
    }

    private mutating func apply(_ filter: Filter, to input: Value) throws(RenderError) -> Value {
        if filter.name == .unknown { return input }
        var arguments: [Value] = []
        if !filter.arguments.isEmpty {
            arguments.reserveCapacity(filter.arguments.count)
            for argument in filter.arguments { arguments.append(try evaluate(argument)) }
        }
        var named: [(name: String, value: Value)] = []
        for argument in filter.named { named.append((argument.name, try evaluate(argument.value))) }
        let (least, most) = filter.name.arity
        let given = arguments.count + 1 + (named.isEmpty ? 0 : 1)
        guard given >= least && given <= most else {
            throw RenderError(
                .argument,
                "wrong number of arguments (given \(given), expected \(least == most ? "\(least)" : most > 9 ? "\(least)+" : "\(least)..\(most)"))"
            )
        }
        let call = Call(filter: filter, input: input, arguments: arguments, named: named)
        // These read one element and create nothing.
        switch filter.name {
        case .first, .last, .size, .default: return try result(of: call)
        default: break
        }
        var size = weight(of: input, in: filter.name)
        for argument in arguments { size += weight(of: argument, in: filter.name) }
        for argument in named { size += weight(of: argument.value, in: filter.name) }
        try checkSize(size)
        // Each element is compared with a few others.
        let turns = filter.name == .sort || filter.name == .sort_natural ? Int.bitWidth - size.leadingZeroBitCount : 1
        try spend(size * turns)
        let value = try result(of: call)
        let made = weight(of: value, in: filter.name)
        try checkSize(made)
        try spend(made)
        return value
    }

    /// The cost of a value as input or output of a filter.
    @inline(__always)
    private func weight(of value: Value, in filter: FilterName) -> Int {
        switch value {
        case .string(let text): return text.utf8.count
        case .null, .int, .float, .bool, .money, .moment: return 0
        // For filters that process number by number.
        case .range(let first, let last):
            let (span, overflow) = last.subtractingReportingOverflow(first)
            return last < first ? 0 : overflow ? options.limits.outputBytes : min(span, options.limits.outputBytes) * 8
        default: return weight(of: value)
        }
    }

    private mutating func result(of call: Call) throws(RenderError) -> Value {
        let input = call.input
        switch call.filter.name {
        case .unknown: return input
        case .append, .prepend, .replace, .replace_first, .replace_last, .remove, .remove_first, .remove_last, .strip,
            .lstrip, .rstrip, .strip_newlines, .newline_to_br, .split, .join, .strip_html, .escape, .h, .escape_once,
            .squish:
            return try markup(call)
        case .capitalize, .downcase, .upcase, .truncate, .truncatewords, .slice, .url_encode, .url_decode,
            .base64_encode, .base64_decode, .base64_url_safe_encode, .base64_url_safe_decode, .size, .handle,
            .handleize, .camelcase, .json:
            return try text(call)
        case .abs, .at_least, .at_most, .ceil, .divided_by, .floor, .minus, .modulo, .plus, .round, .times:
            return try number(call)
        case .compact, .concat, .find, .find_index, .first, .has, .last, .map, .reject, .reverse, .sort,
            .sort_natural, .sum, .uniq, .where:
            return try list(call)
        case .date: return try date(call)
        case .default:
            let value = call.input
            let isMissing = call["allow_false"]?.isTruthy == true ? value.settled.isNull : !value.isTruthy
            return isMissing || value.isEmpty ? (call.has(0) ? call[0] : .string("")) : value
        case .money, .money_with_currency, .money_without_currency, .money_without_trailing_zeros, .format_address,
            .img_url, .image_url, .product_img_url, .shopify_asset_url, .cdn_asset_url, .payment_icon_png_url,
            .payment_type_img_url, .unit_price_with_measurement, .link_to, .t, .translate, .pluralize,
            .weight_with_unit, .img_tag, .image_tag:
            return try shopify(call)
        }
    }
}

extension FilterName {
    /// The fewest and most values that a call takes, its input included.
    var arity: (Int, Int) {
        switch self {
        case .append, .at_least, .at_most, .concat, .divided_by, .map, .minus, .modulo, .plus, .prepend, .remove,
            .remove_first, .remove_last, .split, .times:
            return (2, 2)
        case .find, .find_index, .has, .reject, .replace, .replace_first, .slice, .where: return (2, 3)
        case .replace_last: return (3, 3)
        case .compact, .join, .round, .sort, .sort_natural, .sum, .uniq: return (1, 2)
        case .date: return (2, 2)
        case .default, .truncate, .truncatewords: return (1, 3)
        case .abs, .base64_decode, .base64_encode, .base64_url_safe_decode, .base64_url_safe_encode, .capitalize,
            .ceil, .downcase, .escape, .escape_once, .first, .floor, .h, .last, .lstrip, .newline_to_br, .reverse,
            .rstrip, .size, .squish, .strip, .strip_html, .strip_newlines, .upcase, .url_decode, .url_encode:
            return (1, 1)
        default: return (1, .max)
        }
    }
}
