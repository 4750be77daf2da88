// The entry of libFuzzer for the reader of JSON; scripts/fuzz builds and runs it. Whatever the bytes are: no crash and
// no hang. What Foundation takes we take as well, with the same values; and what we take, written anew from the tree,
// is read as the same tree.

import Foundation
@testable import Intake

/// Whether a tree says what Foundation read. Numbers are kept as written by us, and made doubles by Foundation, so they
/// are only there or not; of two members of one name each may take another.
private func agrees(_ tree: AnswerTree, with value: Any) -> Bool {
    switch tree.kind {
    case .null: return value is NSNull
    case .bool, .number: return value is NSNumber
    case .text: return value as? String == tree.literal
    case .list:
        guard let values = value as? [Any], values.count == tree.count else { return false }
        return zip(tree.elements, values).allSatisfy { agrees($0, with: $1) }
    case .object:
        guard let values = value as? [String: Any] else { return false }
        let members = tree.members
        let names = Set(members.map(\.name))
        guard names == Set(values.keys) else { return false }
        guard names.count == members.count else { return true }
        return members.allSatisfy { member in values[member.name].map { agrees(member.value, with: $0) } ?? false }
    }
}

/// Foundation passes over a comma before the end of a list or object; RFC 8259 and we do not.
private func hasCommaTooMany(_ bytes: [UInt8]) -> Bool {
    let marks = bytes.filter { !$0.isSpace }
    return zip(marks, marks.dropFirst()).contains {
        $0 == UInt8(ascii: ",") && ($1 == UInt8(ascii: "]") || $1 == UInt8(ascii: "}"))
    }
}

private func write(_ text: String, to out: inout [UInt8]) {
    out.append(UInt8(ascii: "\""))
    for unit in text.utf16 { out += Array(("\\u" + String(0x10000 + Int(unit), radix: 16).dropFirst()).utf8) }
    out.append(UInt8(ascii: "\""))
}

private func write(_ tree: AnswerTree, to out: inout [UInt8]) {
    switch tree.kind {
    case .null: out += Array("null".utf8)
    case .bool: out += Array((tree.flag == true ? "true" : "false").utf8)
    case .number: out += Array((tree.text ?? "0").utf8)
    case .text: write(tree.literal ?? "", to: &out)
    case .list, .object:
        out.append(tree.kind == .list ? UInt8(ascii: "[") : UInt8(ascii: "{"))
        if tree.kind == .list {
            for (index, element) in tree.elements.enumerated() {
                if index > 0 { out.append(UInt8(ascii: ",")) }
                write(element, to: &out)
            }
        } else {
            for (index, member) in tree.members.enumerated() {
                if index > 0 { out.append(UInt8(ascii: ",")) }
                write(member.name, to: &out)
                out.append(UInt8(ascii: ":"))
                write(member.value, to: &out)
            }
        }
        out.append(tree.kind == .list ? UInt8(ascii: "]") : UInt8(ascii: "}"))
    }
}

@_cdecl("LLVMFuzzerTestOneInput")
public func fuzz(_ start: UnsafePointer<UInt8>, _ count: Int) -> Int32 {
    let bytes = Array(UnsafeBufferPointer(start: start, count: count))
    // Foundation guesses UTF-16 and UTF-32 where there are zeros.
    let foundation =
        bytes.contains(0) ? nil : try? JSONSerialization.jsonObject(with: Data(bytes), options: .fragmentsAllowed)
    let tree: AnswerTree
    do {
        tree = AnswerTree(try JSONReader.sheet(of: bytes))
    } catch {
        precondition(
            foundation == nil || error == .tooLarge || hasCommaTooMany(bytes), "sound JSON that is refused")
        return 0
    }
    if let foundation { precondition(agrees(tree, with: foundation), "other values than Foundation reads") }
    _ = (tree.find("events")?.text, tree["status"].text, tree.elements.first?.flag, tree.count)
    var written: [UInt8] = []
    write(tree, to: &written)
    guard let again = try? JSONReader.sheet(of: written) else { preconditionFailure("what was read cannot be written") }
    precondition(AnswerTree(again) == tree, "what was written is another tree")
    return 0
}
