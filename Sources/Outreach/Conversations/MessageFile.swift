/// A file that came or went with a message, as lists show it. Its bytes are in the mail itself, at the same place among
/// the mail's files.
public struct MessageFile: Hashable, Sendable, Codable {
    /// In displayable form.
    public var name: String
    /// `image/jpeg`, as whoever sent it says; empty where nobody does.
    public var type: String
    /// In bytes, once decoded; of large ones nearly. 0 where it is not known.
    public var size: Int

    public init(name: String, type: String = "", size: Int = 0) {
        self.name = name
        self.type = type
        self.size = size
    }
}

extension ConversationRules {
    /// How long the files of a message are kept. The message and the names of its files stay.
    public static let keepsFiles = Duration.days(90)
}
