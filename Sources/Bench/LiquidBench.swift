import Foundation
import Liquid

/// Measures parsing and rendering of three of Shopify's own notification templates, on one thread.
///
/// Prints one line each, `TEMPLATE parse|render MICROSECONDS`, the best of several rounds: what the engine needs when
/// nothing else disturbs it. `scripts/bench-liquid` runs the same in Ruby and Python beside it.
///
/// - Parameters:
///   - folder: the folder of templates/ and contexts/.
///   - seconds: how long each measurement lasts.
func benchLiquid(folder: String, seconds: Double = 1) throws {
    func bytes(_ path: String) throws -> [UInt8] {
        Array(try Data(contentsOf: URL(fileURLWithPath: folder).appendingPathComponent(path)))
    }
    let context = "contexts/full-single-tracking.json"
    guard case .object(let data) = try JSONReader.value(try bytes(context)) else {
        throw CannotMeasure("Bench: \(folder)/\(context) is not a JSON object")
    }
    let scope = Scope(object: data)
    for name in ["shipping-confirmation", "order-confirmation", "return-label-notification"] {
        let source = String(decoding: try bytes("templates/\(name).liquid"), as: UTF8.self)
        let parsing = try best(seconds) { try Template(parsing: source).name.utf8.count }
        print("\(name) parse \(parsing)")
        let template = try Template(parsing: source)
        let rendering = try best(seconds) { try template.render(scope).bytes.count }
        print("\(name) render \(rendering)")
    }
}

/// The fewest microseconds that one call took, over rounds of many calls.
private func best(_ seconds: Double, _ work: () throws -> Int) throws -> Double {
    let clock = ContinuousClock()
    var best = Double.infinity
    var kept = 0
    let end = clock.now + .seconds(seconds)
    repeat {
        let start = clock.now
        for _ in 0..<20 { kept &+= try work() }
        let spent = clock.now - start
        let (whole, fraction) = spent.components
        best = min(best, (Double(whole) * 1e6 + Double(fraction) / 1e12) / 20)
    } while clock.now < end
    precondition(kept >= 0)
    return (best * 100).rounded() / 100
}
