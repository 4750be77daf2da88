/// The few SQL fragments that differ between the engines, as SQLite says them; `PostgresText` has the other words for
/// these, and only for these.
enum Dialect {
    /// True if the bytes of an order's record contain those of the next argument.
    static let recordHolds = "instr(orders.record, ?) > 0"
    /// The latest moment given to any step.
    static let lastMoment = "(SELECT last_moment FROM store WHERE one = 1)"
}
