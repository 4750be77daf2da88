// The entry of libFuzzer for the trigger folder; scripts/fuzz builds and runs it.
//
// The first byte chooses which file of an otherwise sound folder the rest is. Whatever it is: no crash, no hang, and where
// there is no set there is an error that says why.

@testable import Outreach

private let sound: [String: [UInt8]] = [
    "shop.yaml": "brand: { name: Juniper & Fig, from: orders@juniperfig.example }\n",
    "delivered.yaml": "on: shipment.delivered\nsend: email\n",
    "templates/delivered.md": "---\nsubject: It is there\n---\nHello {{ order.name }}\n{% render 'part' %}\n",
    "templates/partials/part.liquid": "Bye.\n",
].mapValues { Array($0.utf8) }

private let places = [
    "delivered.yaml", "shop.yaml", "templates/delivered.md", "templates/delivered.html", "templates/delivered.json",
    "templates/partials/part.liquid",
]

@_cdecl("LLVMFuzzerTestOneInput")
public func fuzz(_ start: UnsafePointer<UInt8>, _ count: Int) -> Int32 {
    guard count > 1 else { return 0 }
    let bytes = Array(UnsafeBufferPointer(start: start, count: count))
    var files = sound
    let place = places[Int(bytes[0]) % places.count]
    files[place] = Array(bytes.dropFirst())
    if place.hasSuffix(".html") { files["templates/delivered.md"] = nil }
    let trial = TriggerTrial(TriggerFolder(files: files), webhooks: ["shop"], today: nil)
    let finding = trial.run()
    precondition(finding.isGood != finding.faults.contains { $0.severity == .error }, "a set or an error, and not both")
    precondition(finding.faults.allSatisfy { $0.line >= 1 && $0.column >= 1 }, "a fault without a place")
    return 0
}
