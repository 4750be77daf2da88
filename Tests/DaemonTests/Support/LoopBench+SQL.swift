import GRDB

extension LoopBench {
    /// Runs SQL in the store from outside: to make it refuse something.
    func sql(_ text: String) throws {
        try DatabaseQueue(path: folder + "/bookbag.db").write { try $0.execute(sql: text) }
    }
}
