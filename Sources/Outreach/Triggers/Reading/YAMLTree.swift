/// A YAML file as it was written: keys in their order, every value as its text, and the place of each.
///
/// No value is taken for anything but text here: `no`, `on` and `10:00` mean what they say, and whoever reads a key
/// knows what it wants.
package struct YAMLTree: Sendable {
    /// What stands at a place.
    package indirect enum Content: Sendable {
        /// A text; `quoted` when it stood in quotes or in a block, so that nothing in it was meant as YAML.
        case text(String, quoted: Bool)
        case list([YAMLTree])
        case map([Entry])
        /// Nothing was written: `if:` and then the next key.
        case nothing
    }

    /// A key and its value.
    package struct Entry: Sendable {
        package var key: String
        package var keyPosition: Position
        package var value: YAMLTree
    }

    package var content: Content
    package var position: Position
    /// Where the first letter of the text stands, when the text stands in its file as it was read, on one line.
    var textPosition: Position?

    init(content: Content, position: Position, textPosition: Position? = nil) {
        self.content = content
        self.position = position
        self.textPosition = textPosition
    }

    /// The text, when it is one.
    package var text: String? {
        if case .text(let text, _) = content { return text }
        return nil
    }

    /// What it is, for a message: `a list`.
    package var kind: String {
        switch content {
        case .text: "a text"
        case .list: "a list"
        case .map: "a set of keys"
        case .nothing: "empty"
        }
    }

    /// The elements of a list; of anything else, itself alone; nothing where nothing was written.
    package var listed: [YAMLTree] {
        switch content {
        case .list(let elements): elements
        case .nothing: []
        default: [self]
        }
    }
}
