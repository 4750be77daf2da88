// The entry of libFuzzer for the reader of XML; scripts/fuzz builds and runs it. Whatever the bytes are: no crash and
// no hang, and what was read can be walked over.

@testable import Intake

private func walk(_ tree: AnswerTree, _ left: inout Int) {
    guard left > 0 else { return }
    left -= 1
    _ = (tree.text, tree.flag, tree.count, tree.isNull, tree["status"].text)
    for (name, value) in tree.members where !name.isEmpty { walk(value, &left) }
    for element in tree.elements where tree.kind == .list { walk(element, &left) }
}

@_cdecl("LLVMFuzzerTestOneInput")
public func fuzz(_ start: UnsafePointer<UInt8>, _ count: Int) -> Int32 {
    let bytes = Array(UnsafeBufferPointer(start: start, count: count))
    guard let sheet = try? XMLReader.sheet(of: bytes) else { return 0 }
    let tree = AnswerTree(sheet)
    var left = 5000
    walk(tree, &left)
    _ = tree.find("events")
    precondition(tree == tree, "a tree is not itself")
    return 0
}
