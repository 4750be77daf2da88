// The entry of libFuzzer for Liquid; scripts/fuzz builds and runs it.
//
// The first byte chooses mode, destination and how faults are told; the rest is the template, which is also its own
// partial, and each of whose lines is read as a condition. Whatever it is: no crash, no hang, and no more output than
// the limits allow.

@testable import Liquid

private let data: Value = [
    "a": 1, "b": -2.5, "c": "text <b>&\"' ü", "d": [1, "two", nil, [3, 4], ["k": "v"]],
    "e": ["size": 9, "x": ["y": "z"]],
    "f": true, "g": nil, "h": .range(1, 5), "i": .money(Money(minorUnits: 1_250, currency: "EUR")),
    "j": .moment(Moment(seconds: 1_700_000_000, offset: 3_600)), "k": .drop(TextList(["VIP", "big"])), "l": .int(.max),
    "m": .int(.min),
    "n": .float(.infinity), "o": "2024-02-30 25:00", "p": [["t": 2, "s": "b"], ["t": 1, "s": "a"]],
]

private let options: RenderOptions = {
    var options = RenderOptions()
    options.limits.steps = 20_000
    options.limits.outputBytes = 100_000
    options.limits.assignedBytes = 1_000_000
    options.limits.workBytes = 4_000_000
    return options
}()

private let schema = Schema([
    .init("a", .number), .init("c", .text, canBeEmpty: true), .init("d", .objects), .init("e.x", .anything),
])

@_cdecl("LLVMFuzzerTestOneInput")
public func fuzz(_ start: UnsafePointer<UInt8>, _ count: Int) -> Int32 {
    guard count > 1 else { return 0 }
    let bytes = Array(UnsafeBufferPointer(start: start, count: count))
    let choice = bytes[0]
    let source = Array(bytes.dropFirst())
    var options = options
    options.destination = [.none, .html, .markdown, .header, .url, .json][Int(choice >> 2) % 6]
    options.errors = choice & 2 == 0 ? .inline : .thrown
    guard case .object(let object) = data else { return 0 }
    if let template = try? Template(parsing: source, mode: choice & 1 == 0 ? .lax : .strict) {
        var partials = PartialSet()
        partials.add(template, as: "a")
        options.partials = partials
        if let rendered = try? template.render(Scope(object: object), options) {
            precondition(rendered.bytes.count <= 400_000, "more output than the limits allow")
        }
        _ = template.check(schema)
    }
    for line in source.split(separator: 0x0A).prefix(4) {
        if let condition = try? Condition(parsing: String(decoding: line, as: UTF8.self)) {
            _ = condition.evaluate(Scope(object: object))
            _ = condition.explain(Scope(object: object))
            _ = condition.check(schema)
        }
    }
    if let value = try? JSONReader.value(source) { _ = value.json }
    return 0
}
