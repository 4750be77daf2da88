extension Migration {
    /// How long a hold was to last when it began: an edit of the files can end it, and `explain` then has to tell both.
    static let heldUntil = Migration(
        number: 6, name: "until when a hold was to last",
        sql: """
            ALTER TABLE decisions ADD COLUMN held_until INTEGER;

            """)
}
