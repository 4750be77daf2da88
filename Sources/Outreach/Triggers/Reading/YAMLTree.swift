/// A YAML file as it was written: keys in their order, every value as its text, and the position of each.
///
/// All values are kept as text: `no`, `on` and `10:00` stay what they are, and the code that reads a key knows which
/// type it wants.
package struct YAMLTree: Sendable {
    /// What is at a position.
    package indirect enum Content: Sendable {
        /// A text; `quoted` if it was in quotes or in a block, so that nothing in it was meant as YAML.
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
    /// The position of the first letter of the text, if the text is in its file exactly as it was read, on one line.
    var textPosition: Position?

    init(content: Content, position: Position, textPosition: Position? = nil) {
        self.content = content
        self.position = position
        self.textPosition = textPosition
    }

    /// The text, if it is one.
    package var text: String? {
        if case .text(let text, _) = content { return text }
        return nil
    }

    /// What it is, for an error message: `a list`.
    package var kind: String {
        switch content {
        case .text: "a text"
        case .list: "a list"
        case .map: "a set of keys"
        case .nothing: "empty"
        }
    }

    /// The elements of a list; anything else as the only element; empty if nothing was written.
    package var listed: [YAMLTree] {
        switch content {
        case .list(let elements): elements
        case .nothing: []
        default: [self]
        }
    }
}
