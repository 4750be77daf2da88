// The entry of libFuzzer for the reader of XML; scripts/fuzz builds and runs it.
//
// Bytes that begin with a zero are a recipe: of them a document is made whose tree is known, with every way of writing
// it that XML allows (quotes, CDATA, references, comments, prefixes, blanks), and it must be read as that tree. All
// other bytes are the document. Whatever it is: no crash, no hang, and no entity that the document declares itself.

@testable import Intake

/// What a recipe makes: an element with attributes, and elements or a text in it.
private struct Element {
    var name: String
    var attributes: [(name: String, value: String)] = []
    var children: [Element] = []
    var text = ""

    func isSaid(by tree: AnswerTree) -> Bool {
        let members = tree.members
        if children.isEmpty, attributes.isEmpty, text.isEmpty {
            return tree.isNull || tree.literal?.isEmpty == true
        }
        // A text hides the attributes beside it.
        if children.isEmpty, !text.isEmpty { return tree.literal == text }
        guard tree.kind == .object, members.count == attributes.count + children.count else { return false }
        return zip(members, attributes).allSatisfy { $0.name == "@" + $1.name && $0.value.literal == $1.value }
            && zip(members.dropFirst(attributes.count), children).allSatisfy { member, child in
                member.name == child.name && child.isSaid(by: member.value)
            }
    }
}

/// Reads a recipe, and writes the document as it goes.
private struct Cook {
    var recipe: ArraySlice<UInt8>
    var document = ""

    mutating func chance(_ sides: Int) -> Int { Int(recipe.popFirst() ?? 0) % sides }

    mutating func name() -> String { ["a", "status", "Event-1", "ü", "_x.y"][chance(5)] }

    mutating func blank() -> String { ["", " ", "\n", " \t\r\n"][chance(4)] }

    /// A text and a way of writing it.
    mutating func text(isAttribute: Bool) -> (meant: String, written: String) {
        var (meant, written) = ("", "")
        for _ in 0..<chance(5) {
            let piece = ["x", "<", "&", "]]", "\"'", "ü", "\u{1F4E6}", " y ", "-->"][chance(9)]
            meant += piece
            switch chance(isAttribute ? 2 : 4) {
            case 2 where !piece.contains("]]"): written += "<![CDATA[\(piece)]]>"
            case 3: written += escaped(piece) + "<!-- < & -->" + (chance(2) == 0 ? "<?pi > ?>" : "")
            case 1:
                for scalar in piece.unicodeScalars {
                    written += chance(2) == 0 ? "&#\(scalar.value);" : "&#x\(String(scalar.value, radix: 16));"
                }
            default: written += escaped(piece)
            }
        }
        return (meant, written)
    }

    private func escaped(_ piece: String) -> String {
        piece.replacing("&", with: "&amp;").replacing("<", with: "&lt;").replacing(">", with: "&gt;")
            .replacing("\"", with: "&quot;").replacing("'", with: "&apos;")
    }

    mutating func element(depth: Int) -> Element {
        let name = name()
        let prefix = chance(4) == 0 ? "ns:" : ""
        var element = Element(name: name)
        document += "<" + prefix + name
        for _ in 0..<chance(3) {
            let (meant, written) = text(isAttribute: true)
            let attribute = "\(self.name())\(element.attributes.count)"
            element.attributes.append((attribute, meant))
            let quote = chance(2) == 0 ? "\"" : "'"
            document += " " + blank() + attribute + blank() + "=" + blank() + quote + written + quote
        }
        document += blank()
        switch depth < 20 ? chance(4) : 0 {
        case 1:
            let (meant, written) = text(isAttribute: false)
            // White space alone beside attributes is no text.
            let isText = element.attributes.isEmpty || !meant.allSatisfy(\.isWhitespace)
            element.text = isText ? meant : ""
            document += ">" + written + "</" + prefix + name + blank() + ">"
        case 2, 3:
            document += ">"
            for _ in 0...chance(3) {
                document += blank()
                element.children.append(self.element(depth: depth + 1))
                document += chance(3) == 0 ? "<!---->" : blank()
            }
            document += "</" + prefix + name + ">"
        default: document += "/>"
        }
        return element
    }
}

private func visit(_ tree: AnswerTree, _ left: inout Int) {
    guard left > 0 else { return }
    left -= 1
    _ = (tree.text, tree.flag, tree.count)
    for member in tree.members { visit(member.value, &left) }
}

@_cdecl("LLVMFuzzerTestOneInput")
public func fuzz(_ start: UnsafePointer<UInt8>, _ count: Int) -> Int32 {
    let bytes = Array(UnsafeBufferPointer(start: start, count: count))
    if bytes.first == 0 {
        var cook = Cook(recipe: bytes[1...])
        cook.document = cook.chance(2) == 0 ? "" : "<?xml version='1.0' encoding='UTF-8'?>\n<!-- x -->"
        let meant = cook.element(depth: 0)
        guard let sheet = try? XMLReader.sheet(of: Array(cook.document.utf8)) else {
            preconditionFailure("sound XML that is refused: \(cook.document)")
        }
        let members = AnswerTree(sheet).members
        precondition(
            members.count == 1 && members[0].name == meant.name && meant.isSaid(by: members[0].value),
            "another tree than is written: \(cook.document)")
        return 0
    }
    guard let sheet = try? XMLReader.sheet(of: bytes) else { return 0 }
    precondition(!bytes.starts(with: Array("<!DOCTYPE".utf8)), "a document type")
    let tree = AnswerTree(sheet)
    var left = 5000
    visit(tree, &left)
    _ = tree.find("events")
    precondition(tree == tree, "a tree is not itself")
    return 0
}
