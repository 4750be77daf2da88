internal import Liquid

extension JSON {
    /// The JSON form of a value in a condition or template: moments and days in ISO 8601, money as amount and currency.
    init(_ value: Liquid.Value) {
        switch value {
        case .null: self = .null
        case .bool(let flag): self = .bool(flag)
        case .int(let number): self = .integer(Int64(number))
        case .float(let number): self = .decimal("\(number)")
        case .string(let text): self = .string(text)
        case .safe(let text): self = .string(text.text)
        case .array(let elements): self = .array(elements.map(JSON.init))
        case .object(let object): self = .object(zip(object.keys, object.values).map { Member($0, JSON($1)) })
        case .range(let first, let last): self = .array([.integer(Int64(first)), .integer(Int64(last))])
        case .moment(let moment):
            self = .string(moment.isDate ? moment.text : Moment(seconds: moment.seconds).iso8601)
        case .money(let money):
            self = .object([Member("amount", .string(money.amount)), Member("currency", .string(money.currency))])
        case .drop(let drop): self = drop.plain.map(JSON.init) ?? .null
        }
    }
}
