/// The few fragments of SQL that no text says for both engines. Each engine has its own of these and of nothing else.
enum Dialect {
    /// True where the bytes of an order's record hold those of the next argument.
    static let recordHolds = "instr(orders.record, ?) > 0"
}
