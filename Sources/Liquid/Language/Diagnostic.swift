/// One mistake in a template or condition, with its place.
public struct Diagnostic: Error, Sendable, Equatable, CustomStringConvertible {
    /// The template's name; empty for a condition or a template without one.
    public var name: String
    /// From 1.
    public var line: Int
    /// From 1, in characters (Unicode scalars).
    public var column: Int
    /// What is wrong, in the words of Shopify's engine if it has any.
    public var message: String
    /// How to fix it; nil if the message says so.
    public var hint: String?
    /// Whether a message could still go out as it is.
    public var isWarning: Bool

    /// A mistake at a place.
    public init(
        name: String = "", line: Int = 1, column: Int = 1, message: String, hint: String? = nil, isWarning: Bool = false
    ) {
        self.name = name
        self.line = line
        self.column = column
        self.message = message
        self.hint = hint
        self.isWarning = isWarning
    }

    /// `name:line:column: message; hint`.
    public var description: String {
        (name.isEmpty ? "" : name + ":") + "\(line):\(column): \(message)" + (hint.map { "; " + $0 } ?? "")
    }

    /// In the words of Shopify's engine: `Liquid syntax error (line 3): Unknown tag 'foo'`.
    public var liquidText: String {
        "Liquid syntax error (\(name.isEmpty ? "" : name + " ")line \(line)): \(message)"
    }
}

/// Why a template could not be parsed: every mistake found, in text order.
public struct TemplateError: Error, Sendable, Equatable, CustomStringConvertible {
    /// At least one.
    public let diagnostics: [Diagnostic]

    /// The mistakes, one per line.
    public var description: String { diagnostics.map(\.description).joined(separator: "\n") }

    /// The first mistake in the words of Shopify's engine.
    public var liquidText: String { diagnostics.first?.liquidText ?? "Liquid syntax error" }
}

/// Why a template could not be rendered, or the error printed inline in place of a value.
public struct RenderError: Error, Sendable, Equatable, CustomStringConvertible {
    /// The kind of error; the raw values may be logged.
    public enum Kind: String, Sendable {
        /// A value does not suit a filter, tag or comparison.
        case argument
        /// A partial is missing, or its name is not valid.
        case partial
        /// A partial could not be parsed.
        case syntax
        /// A name missing from the data, if names must be known.
        case undefined
        /// Too deep, too long, too much or too slow.
        case limit
    }

    /// The kind of error.
    public var kind: Kind
    /// What is wrong, in the words of Shopify's engine if it has any.
    public var message: String
    /// From 1; 0 when unknown.
    public var line: Int
    /// The partial it happened in; empty for the template itself.
    public var partial: String
    /// Whether it ends the render.
    public var isFatal: Bool

    init(_ kind: Kind, _ message: String, line: Int = 0, partial: String = "", isFatal: Bool = false) {
        self.kind = kind
        self.message = message
        self.line = line
        self.partial = partial
        self.isFatal = isFatal
    }

    /// As Shopify prints it: `Liquid error (line 3): divided by 0`.
    public var description: String {
        let head = kind == .syntax ? "Liquid syntax error" : "Liquid error"
        return head + (line > 0 ? " (\(partial.isEmpty ? "" : partial + " ")line \(line))" : "") + ": " + message
    }
}
