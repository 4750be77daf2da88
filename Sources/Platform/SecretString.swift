/// A password, token or key: text that is used, and never shown.
///
/// Printing it, interpolating it, dumping it or logging it gives `•••`. Whoever needs the text calls ``reveal()``,
/// which is easy to search for.
public struct SecretString: Sendable, Hashable, CustomStringConvertible, CustomDebugStringConvertible, CustomReflectable
{
    private let text: String

    /// Takes a text into hiding.
    public init(_ text: String) { self.text = text }

    /// The text itself, for the one place that sends it.
    public func reveal() -> String { text }

    /// Whether there is no text at all.
    public var isEmpty: Bool { text.isEmpty }

    /// Always `•••`.
    public var description: String { "•••" }
    /// Always `•••`.
    public var debugDescription: String { "•••" }
    /// Shows no children, so that `dump` finds nothing.
    public var customMirror: Mirror { Mirror(self, children: []) }
}
