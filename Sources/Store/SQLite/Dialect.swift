/// The few SQL fragments that differ between the engines. Each engine has its own version of these, and only of these.
enum Dialect {
    /// True if the bytes of an order's record contain those of the next argument.
    static let recordHolds = "instr(orders.record, ?) > 0"
}
