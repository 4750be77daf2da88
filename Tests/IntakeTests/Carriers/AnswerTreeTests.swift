import Foundation
import Outreach
import Testing

@testable import Intake

/// Documents by chance, and what is done to them on the way.
private struct Documents {
    var random: SplitMix

    private mutating func chance(_ of: Int) -> Bool { Int.random(in: 0..<of, using: &random) == 0 }

    private mutating func space() -> String {
        chance(4) ? [" ", "\n", "\t", "\r\n", "  "].randomElement(using: &random)! : ""
    }

    mutating func string() -> String {
        let pieces = [
            "a", "Z", "tracking", " ", "0", "é", "😀", "漢", "\\\"", "\\\\", "\\/", "\\b", "\\f", "\\n", "\\r", "\\t",
            "\\u00e9", "\\u0000", "\\uD83D\\uDE00", "\\u2028", "\\ud83d\\ude80", "/", "{", "}", "[", "]", ",", ":",
            "null",
        ]
        return "\""
            + (0..<Int.random(in: 0...8, using: &random)).map { _ in pieces.randomElement(using: &random)! }
            .joined() + "\""
    }

    mutating func number() -> String {
        [
            "0", "-0", "1", "-17", "1.5", "0.25", "1e3", "-2.5E-3", "1E+2", "9007199254740993", "18446744073709551615",
            "123456789012345678901234567890", "0.1000000000000000055511151231257827",
        ].randomElement(using: &random)!
    }

    mutating func value(_ depth: Int) -> String {
        let body: String
        switch Int.random(in: 0..<(depth > 0 ? 8 : 5), using: &random) {
        case 0: body = string()
        case 1: body = number()
        case 2: body = "true"
        case 3: body = "false"
        case 4: body = "null"
        case 5, 6:
            let members = (0..<Int.random(in: 0...5, using: &random)).map { index in
                // Each name once: what becomes of two is tested apart.
                space() + "\"\(index)" + string().dropFirst() + space() + ":" + value(depth - 1)
            }
            body = "{" + members.joined(separator: ",") + space() + "}"
        default:
            let elements = (0..<Int.random(in: 0...5, using: &random)).map { _ in value(depth - 1) }
            body = "[" + elements.joined(separator: ",") + space() + "]"
        }
        return space() + body + space()
    }

    /// The bytes with some of them cut off, changed, doubled or put in.
    mutating func spoiled(_ document: [UInt8]) -> [UInt8] {
        var bytes = document
        for _ in 0..<Int.random(in: 1...3, using: &random) where !bytes.isEmpty {
            let place = Int.random(in: 0..<bytes.count, using: &random)
            switch Int.random(in: 0..<5, using: &random) {
            case 0: bytes.removeSubrange(place...)
            case 1: bytes[place] = UInt8.random(in: 0...255, using: &random)
            case 2: bytes.remove(at: place)
            case 3: bytes.insert(Array("{}[],:\"\\tfn0-.eE+ ".utf8).randomElement(using: &random)!, at: place)
            default: bytes.insert(bytes[place], at: place)
            }
        }
        return bytes
    }
}

@Suite("bodies as trees")
struct AnswerTreeTests {
    /// Foundation's reading of the same bytes; nil where it refuses them.
    private func foundation(_ bytes: [UInt8]) -> Any? {
        try? JSONSerialization.jsonObject(with: Data(bytes), options: .fragmentsAllowed)
    }

    private func isSame(_ tree: AnswerTree, _ other: Any) -> Bool {
        switch tree.kind {
        case .null: return other is NSNull
        case .text: return tree.literal == other as? String
        case .bool: return (other as? NSNumber)?.boolValue == (tree.text == "true")
        case .number:
            // Foundation makes decimals of long numbers, and does not round them as Swift does.
            guard let number = tree.text.flatMap(Double.init), let other = (other as? NSNumber)?.doubleValue else {
                return false
            }
            return abs(number - other) <= abs(number) * 1e-12
        case .list:
            guard let list = other as? [Any], list.count == tree.count else { return false }
            return zip(tree.elements, list).allSatisfy { isSame($0, $1) }
        case .object:
            guard let object = other as? [String: Any], object.count == tree.count else { return false }
            return tree.members.allSatisfy { member in
                object[member.name].map { isSame(member.value, $0) && isSame(tree[member.name], $0) } ?? false
            }
        }
    }

    @Test("of JSON are those that Foundation reads", arguments: 0..<20)
    func same(_ seed: Int) throws {
        var documents = Documents(random: SplitMix(state: UInt64(seed)))
        for _ in 0..<20 {
            let text = documents.value(4)
            let bytes = Array(text.utf8)
            let other = try #require(foundation(bytes), "\(text)")
            #expect(isSame(AnswerTree(try JSONReader.sheet(of: bytes)), other), "\(text)")
        }
    }

    @Test("of spoilt JSON are those that Foundation reads, but for what is lenient on purpose", arguments: 0..<20)
    func spoilt(_ seed: Int) {
        var documents = Documents(random: SplitMix(state: UInt64(seed) &+ 1000))
        for _ in 0..<60 {
            let bytes = documents.spoiled(Array(documents.value(3).utf8))
            let text = String(decoding: bytes, as: UTF8.self)
            let tree = try? AnswerTree(JSONReader.sheet(of: bytes))
            switch (tree, foundation(bytes)) {
            case (nil, nil): break
            case (let tree?, let other?):
                if !hasTwins(tree) { #expect(isSame(tree, other), "\(text)") }
            case (_?, nil): #expect(isLenient(bytes), "only we read \(text)")
            // Foundation minds no comma too many at the end.
            case (nil, _?): #expect(text.contains(/,\s*[\]}]/), "only Foundation reads \(text.debugDescription)")
            }
        }
    }

    /// Whether an object has two members of one name.
    private func hasTwins(_ tree: AnswerTree) -> Bool {
        let members = tree.members
        if Set(members.map(\.name)).count < members.count { return true }
        return (tree.kind == .list ? tree.elements : members.map(\.value)).contains(where: hasTwins)
    }

    /// Whether there is something that the reader minds less than the standard does: control characters in texts, zeros
    /// before a number, no UTF-8, half a pair of surrogates, a mark of the byte order.
    private func isLenient(_ bytes: [UInt8]) -> Bool {
        if String(validating: bytes, as: UTF8.self) == nil { return true }
        var isInText = false
        var index = 0
        while index < bytes.count {
            let byte = bytes[index]
            if isInText {
                if byte < 0x20 { return true }
                if byte == UInt8(ascii: "\\") {
                    if index + 2 < bytes.count, bytes[index + 1] == UInt8(ascii: "u"),
                        bytes[index + 2] | 0x20 == UInt8(ascii: "d")
                    {
                        return true
                    }
                    index += 1
                }
            } else if byte == UInt8(ascii: "0"), index + 1 < bytes.count, bytes[index + 1].isDigit {
                return true
            }
            if byte == UInt8(ascii: "\"") { isInText.toggle() }
            index += 1
        }
        return false
    }

    @Test("are none of a body that is cut", arguments: 0..<10)
    func cut(_ seed: Int) throws {
        var documents = Documents(random: SplitMix(state: UInt64(seed) &+ 2000))
        let whole = Array("{\"a\":\(documents.value(3))}".utf8)
        for end in 0..<whole.count {
            #expect(throws: AnswerTree.Failure.self) { try AnswerTree(body: Array(whole[..<end])) }
        }
        _ = try AnswerTree(body: whole)
    }

    @Test(
        "are none of what is no JSON",
        arguments: [
            "{", "[1,]", "[,1]", "{\"a\"}", "{\"a\":}", "{\"a\":1,}", "{a:1}", "{'a':1}", "[1 2]", "[1]]", "{}{}",
            "tru", "True",
            "nul", "-", "+1", ".5", "1.", "1e", "1e+", "--1", "1-2", "0x10", "NaN", "Infinity", "\"", "\"\\", "\"\\x\"",
            "\"\\u12\"",
            "\"\\u12G4\"", "\"\\u+123\"", "[\"a\":1]", "{1:2}", "// x\n1", "[1]\u{0}", "\u{FEFF}\u{FEFF}1",
        ])
    func malformed(_ text: String) {
        #expect(throws: AnswerTree.Failure.malformed) { try JSONReader.sheet(of: Array(text.utf8)) }
    }

    @Test("mind little where carriers err and nothing can be mistaken")
    func lenient() throws {
        func text(_ bytes: [UInt8]) throws -> String? { try AnswerTree(body: bytes).literal }
        #expect(try text(Array("\"a\nb\"".utf8)) == "a\nb")
        #expect(try text([0x22, 0x4D, 0xFC, 0x6C, 0x22]) == "M\u{FFFD}l")
        #expect(try text(Array("\"\\ud83d\"".utf8)) == "\u{FFFD}")
        #expect(try text(Array("\"\\ude00\\ud83dx\"".utf8)) == "\u{FFFD}\u{FFFD}x")
        #expect(try text(Array("\"\\ud83d\\u0041\"".utf8)) == "\u{FFFD}A")
        #expect(try text(Array("\u{FEFF} \"a\" ".utf8)) == "a")
        #expect(try AnswerTree(body: Array("[007]".utf8)).elements[0].text == "007")
    }

    @Test("keep a number as it was written")
    func numbers() throws {
        let tree = try AnswerTree(body: Array("{\"id\":9400110200881234567890,\"kg\":1.50}".utf8))
        #expect(tree["id"].text == "9400110200881234567890")
        #expect(tree["kg"].text == "1.50")
        // Sound, and no parcel's number.
        let digits = String(repeating: "7", count: 65)
        #expect(try AnswerTree(body: Array(digits.dropLast().utf8)).text == String(digits.dropLast()))
        #expect(throws: AnswerTree.Failure.tooLarge) { try JSONReader.sheet(of: Array(digits.utf8)) }
    }

    @Test("take the first of two members of one name, however it is written")
    func twins() throws {
        let tree = try AnswerTree(body: Array("{\"a\":1,\"a\":2,\"\\u0062\":3,\"b\":4,\"\":5}".utf8))
        #expect(tree["a"].text == "1")
        #expect(tree["b"].text == "3")
        #expect(tree[""].text == "5")
        #expect(tree.members.map(\.name) == ["a", "a", "b", "b", ""])
    }

    @Test("are bounded in depth and number")
    func bounds() throws {
        func nested(_ depth: Int) -> [UInt8] {
            Array((String(repeating: "[", count: depth) + String(repeating: "]", count: depth)).utf8)
        }
        _ = try AnswerTree(body: nested(AnswerTree.maximumDepth))
        #expect(throws: AnswerTree.Failure.tooLarge) { try AnswerTree(body: nested(AnswerTree.maximumDepth + 1)) }
        func many(_ count: Int) -> [UInt8] {
            Array(("[" + String(repeating: "1,", count: count - 2) + "1]").utf8)
        }
        _ = try AnswerTree(body: many(AnswerTree.maximumNodes))
        #expect(throws: AnswerTree.Failure.tooLarge) { try AnswerTree(body: many(AnswerTree.maximumNodes + 1)) }
        let xml = String(repeating: "<a>", count: 60) + String(repeating: "</a>", count: 60)
        #expect(throws: AnswerTree.Failure.tooLarge) { try AnswerTree(body: Array(xml.utf8)) }
    }

    @Test("have texts without the space around them, and none for what carriers write for nothing")
    func usable() throws {
        let cases: [(String, String?)] = [
            ("\" Leeds \"", "Leeds"), ("\"\\u00a0Leeds\\n\"", "Leeds"), ("\"\u{A0} Leeds\u{3000}\"", "Leeds"),
            ("\"\"", nil),
            ("\"  \"", nil), ("\"null\"", nil), ("\"string\"", nil), ("\" NULL \"", nil), ("true", "true"),
            ("null", nil),
            ("[\"a\"]", "a"), ("[\"a\",\"b\"]", nil), ("[[7]]", "7"), ("{}", nil), ("[]", nil),
        ]
        for (body, text) in cases { #expect(try AnswerTree(body: Array(body.utf8)).text == text, "\(body)") }
    }

    @Test("of a list of one and of a single thing are alike")
    func lists() throws {
        let tree = try AnswerTree(
            body: Array("{\"a\":{\"x\":1},\"b\":[{\"x\":1}],\"c\":\"\",\"d\":null,\"e\":\"null\",\"f\":[]}".utf8))
        #expect(tree["a"].elements.map { $0["x"].text } == ["1"])
        #expect(tree["b"].elements.map { $0["x"].text } == ["1"])
        #expect(tree["b"]["x"].text == "1")
        for name in ["c", "d", "e", "f", "z"] { #expect(tree[name].elements.isEmpty) }
        #expect(tree["a"] == tree["b"].elements[0])
        #expect(tree["a"] != tree["b"])
        #expect(tree["z"]["y"] == .null && tree["z"]["y"].isNull)
    }

    @Test("of XML have its elements, its attributes under @, and its text")
    func xml() throws {
        let body = """
            <?xml version="1.0"?><!-- x --><t:detail xmlns:t="urn:x"><t:pin>12 &amp; 3</t:pin><empty/><blank> </blank>\
            <site code="7" lang='en'>Ottawa</site><only code="8"></only><e n="1"><d>a</d></e><e n="2"/><w><![CDATA[<b>&]]></w></t:detail>
            """
        let root = try AnswerTree(body: Array(body.utf8))
        let tree = root["detail"]
        #expect(root.members.map(\.name) == ["detail"])
        #expect(tree["pin"].text == "12 & 3")
        #expect(tree["empty"].isNull)
        #expect(tree["blank"].kind == .text && tree["blank"].text == nil)
        #expect(tree["site"].text == "Ottawa")
        #expect(tree["only"]["@code"].text == "8")
        #expect(tree.all("e").map { $0["@n"].text } == ["1", "2"])
        #expect(tree["e"]["d"].text == "a")
        #expect(root.find("d")?.text == "a")
        #expect(root.find("nothing") == nil)
        #expect(tree["w"].text == "<b>&")
        for end in 1..<(body.utf8.count - 1) {
            #expect(throws: AnswerTree.Failure.self) { try AnswerTree(body: Array(body.utf8.prefix(end))) }
        }
    }
}

@Suite("tables of codes")
struct CodeTableTests {
    /// The same rules over the rows one by one.
    private struct Rows {
        var rows: [(code: String, state: String)]

        init(_ bytes: [UInt8]) {
            rows = TSV.rows(bytes).map { ($0[0].lowercased(), $0[1]) }
        }

        func state(_ code: String) -> String? {
            let key = code.lowercased()
            if let row = rows.last(where: { $0.code == key }) { return row.state }
            let starred = rows.filter { $0.code.hasSuffix("*") }.map { (String($0.code.dropLast()), $0.state) }
            let beginnings = starred.filter { !$0.0.contains(":*") && key.hasPrefix($0.0) }
            if let longest = beginnings.map({ $0.0.utf8.count }).max() {
                return beginnings.last { $0.0.utf8.count == longest }?.1
            }
            let insides = starred.filter { row in
                guard let star = row.0.range(of: ":*") else { return false }
                let kind = row.0[...star.lowerBound]
                return key.hasPrefix(kind) && key.dropFirst(kind.count).contains(row.0[star.upperBound...])
            }
            return insides.max { $0.0.utf8.count < $1.0.utf8.count }?.1
        }
    }

    static let tables: [(name: String, bytes: [UInt8])] = [
        ("ups", PackageResources.ups_tsv), ("usps", PackageResources.usps_tsv), ("fedex", PackageResources.fedex_tsv),
        ("dhl", PackageResources.dhl_tsv), ("auspost", PackageResources.auspost_tsv),
        ("canadapost", PackageResources.canadapost_tsv), ("royalmail", PackageResources.royalmail_tsv),
        ("gls", PackageResources.gls_tsv), ("regionals", PackageResources.regionals_tsv),
    ]

    @Test("find what their rows say, whatever the case and whatever follows", arguments: tables.map(\.name))
    func lookup(_ name: String) throws {
        let bytes = try #require(Self.tables.first { $0.name == name }).bytes
        let (table, rows) = (CodeTable(bytes), Rows(bytes))
        var random = SplitMix(state: 5)
        var found = 0
        for (code, _) in rows.rows {
            let plain = code.replacingOccurrences(of: "*", with: "")
            for asked in [
                plain, plain.uppercased(), plain + " x", String(plain.dropLast()), "x" + plain, plain + "é",
                plain + String(repeating: "y", count: 300),
                String(plain.map { Bool.random(using: &random) ? Character($0.uppercased()) : $0 }),
            ] {
                let expected = rows.state(asked)
                let meaning = table.meaning(asked)
                #expect(meaning.map { $0.state?.rawValue ?? "info" } == expected, "\(asked)")
                found += meaning == nil ? 0 : 1
                if let colon = asked.firstIndex(of: ":"), asked.hasPrefix("text:") {
                    let rest = String(asked[asked.index(after: colon)...])
                    #expect(table.meaning(of: rest, in: "text:") == meaning)
                }
            }
        }
        #expect(found >= rows.rows.count)
        #expect(table.meaning(nil) == nil && table.meaning("") == nil)
    }
}
