/// A piece of JSON Schema, with its keys in the order in which they are written.
indirect enum SchemaNode: Sendable {
    case text(String)
    case flag(Bool)
    case number(Int)
    case list([SchemaNode])
    case object([(String, SchemaNode)])

    /// As JSON: two spaces of indentation, one key per line, and a newline at the end.
    var json: String {
        var text = ""
        write(to: &text, indent: "")
        return text + "\n"
    }

    private func write(to text: inout String, indent: String) {
        switch self {
        case .text(let value): text += Self.quoted(value)
        case .flag(let value): text += value ? "true" : "false"
        case .number(let value): text += String(value)
        case .list(let elements):
            if elements.isEmpty {
                text += "[]"
                return
            }
            text += "["
            for (index, element) in elements.enumerated() {
                text += index == 0 ? "\n" : ",\n"
                text += indent + "  "
                element.write(to: &text, indent: indent + "  ")
            }
            text += "\n\(indent)]"
        case .object(let pairs):
            if pairs.isEmpty {
                text += "{}"
                return
            }
            text += "{"
            for (index, pair) in pairs.enumerated() {
                text += index == 0 ? "\n" : ",\n"
                text += "\(indent)  \(Self.quoted(pair.0)): "
                pair.1.write(to: &text, indent: indent + "  ")
            }
            text += "\n\(indent)}"
        }
    }

    private static func quoted(_ value: String) -> String {
        var text = "\""
        for scalar in value.unicodeScalars {
            switch scalar {
            case "\"": text += "\\\""
            case "\\": text += "\\\\"
            case "\n": text += "\\n"
            case "\t": text += "\\t"
            default: text.unicodeScalars.append(scalar)
            }
        }
        return text + "\""
    }
}

extension SchemaNode {
    /// The words of a closed set.
    static func oneOf(_ words: [String], _ description: String? = nil) -> SchemaNode {
        described([("enum", .list(words.map(SchemaNode.text)))], description)
    }

    /// The words of a closed set with what each means, under property names that editors know and validators ignore.
    static func oneOf(_ words: [(String, String)], _ description: String, under names: [String]) -> SchemaNode {
        let meanings = SchemaNode.list(words.map { .text($0.1) })
        return described(
            [("enum", .list(words.map { .text($0.0) }))] + names.map { ($0, meanings) }, description)
    }

    /// A text matching that pattern.
    static func shaped(_ pattern: String, _ description: String? = nil) -> SchemaNode {
        described([("type", .text("string")), ("pattern", .text(pattern))], description)
    }

    /// Any one of these.
    static func any(_ nodes: [SchemaNode], _ description: String? = nil) -> SchemaNode {
        described([("anyOf", .list(nodes))], description)
    }

    /// One, or a list of them.
    static func oneOrMore(_ node: SchemaNode, _ description: String? = nil) -> SchemaNode {
        any([node, .object([("type", .text("array")), ("items", node)])], description)
    }

    /// A reference to a definition by its name.
    static func named(_ name: String, _ description: String? = nil) -> SchemaNode {
        let reference = SchemaNode.object([("$ref", .text("#/definitions/\(name)"))])
        return description.map { reference.described($0) } ?? reference
    }

    /// A map with these keys and no others.
    static func keys(
        _ keys: [(String, SchemaNode)], required: [String] = [], _ description: String? = nil
    ) -> SchemaNode {
        var pairs: [(String, SchemaNode)] = [("type", .text("object")), ("properties", .object(keys))]
        if !required.isEmpty { pairs.append(("required", .list(required.map(SchemaNode.text)))) }
        pairs.append(("additionalProperties", .flag(false)))
        return described(pairs, description)
    }

    /// Something that YAML reads as text, number or boolean, all of which we read as text.
    static let scalar = SchemaNode.object([("type", .list([.text("string"), .text("number"), .text("boolean")]))])

    static let nothing = SchemaNode.object([("type", .text("null"))])

    private static func described(_ pairs: [(String, SchemaNode)], _ description: String?) -> SchemaNode {
        .object((description.map { [("description", SchemaNode.text($0))] } ?? []) + pairs)
    }

    /// The same with a description in front.
    func described(_ description: String) -> SchemaNode {
        guard case .object(let pairs) = self else { return self }
        // Before draft 2019-09 nothing may stand beside a `$ref`.
        if pairs.contains(where: { $0.0 == "$ref" }) {
            return Self.described([("allOf", .list([self]))], description)
        }
        return .object([("description", .text(description))] + pairs.filter { $0.0 != "description" })
    }
}
