// One line to a PostgreSQL server, over libpq in its pipeline mode.
//
// A step's statements are sent and not waited for; whoever looks at an answer (`each`, `changes`) waits for all that was
// sent before. So a step that only writes costs one round trip with its commit, and a loop of writes costs none per row.
// What an unlooked-at statement was refused for comes out at the next answer, or at the commit.
//
// A step that asks the same about many rows asks about all of them `together`: whatever is asked about one row stops there
// the first time, the question is kept, and the next row has its turn; then all questions go out at once, and each row is
// gone through again, now with an answer. So it takes as many round trips as there are questions about one row.
//
// Nothing blocks but `poll`: sending and reading go in one loop, for a server that waits until its answers are read does
// not read what we send.

internal import CPostgres
internal import FoundationEssentials
internal import Glibc
internal import Outreach

/// One line to the server and what is prepared on it. It is used by one thread at a time.
final class PostgresLine {
    /// What each write transaction begins with, so that no two processes write at the same time, and nobody without the
    /// right to.
    enum Fence {
        /// There is no row to look at yet.
        case none
        /// Locks the owner's row and leaves its token: a command.
        case lock
        /// Counts the owner's beat up, under its token: the daemon.
        case own(token: Int64)
    }

    /// A statement, prepared once per connection.
    private final class Statement {
        let name: String
        let text: String
        let values: Int
        let isWrite: Bool

        init(name: String, sql: String) {
            self.name = name
            isWrite = !sql.hasPrefix("SELECT")
            (text, values) = PostgresText.statement(sql)
        }
    }

    /// What the server will answer, in this order.
    private enum Expected {
        /// That a statement is prepared.
        case prepared(String)
        /// The rows of a statement.
        case rows(isKept: Bool)
        /// That a statement changed something.
        case change
        /// What the fence says.
        case fence
        /// That it has come to a mark.
        case mark
    }

    /// What is asked about one of many rows.
    private struct Question: Hashable {
        let sql: String
        let values: [SQLValue]
    }

    /// Stops whoever asks `together` with others, until all have asked.
    private struct Unanswered: Error {}

    let settings: PostgresSettings
    var fence = Fence.none
    /// The beat of the last commit that the server acknowledged, with a fence of one's own.
    private(set) var beat: Int64 = 0
    private var newBeat: Int64?
    private var connection: OpaquePointer?
    private var statements: [String: Statement] = [:]
    private var named = 0
    private var hadOne = false
    private var isEnded = false
    private var expected: [Expected] = []
    /// Why the open transaction cannot go on.
    private var fault: PostgresFault?
    private var isOpen = false
    /// Whether parts of a step get savepoints. Without them a part that has to be undone repeats the whole transaction
    /// with them, for each costs a round trip.
    private var hasSavepoints = false
    /// Statements of the open transaction that may have written.
    private var writes = 0
    /// The bytes of a statement's values, made anew for each.
    private var buffer: [UInt8] = []
    /// The answers to what was asked together.
    private var answers: [Question: OpaquePointer] = [:]
    /// What is to be asked next; nil where nobody asks together with others.
    private var questions: [Question]?
    /// The numbers of shops, which never change.
    private var shops: [String: Int64] = [:]
    /// Called when another connection has taken the place of one that broke.
    var onReconnect: () -> Void = {}
    /// Called between a commit's answer and its being heard, for tests of a line that breaks there.
    var onCommitted: () throws -> Void = {}
    /// How often it was waited for answers.
    private(set) var waits = 0
    /// Whether the server turned out to have lost commits that it had acknowledged.
    private(set) var hasSlept = false
    /// The server's timeline, which a standby's promotion changes; empty where it does not tell.
    private(set) var timeline = ""
    /// How many tokens of claims were given out.
    private var claims: Int64 = 0

    /// Every query of ours seeks rows by an index, in the order in which its tables are named. The server must not guess
    /// better: a new store has no statistics, and it would take whole shops for a few rows, and join them.
    private static let plans =
        ["hashjoin", "mergejoin", "material", "bitmapscan", "seqscan"]
        .map { "SET enable_\($0) = off;" }.joined() + "SET join_collapse_limit = 1; SET from_collapse_limit = 1"

    /// How long nothing may come from a server that owes an answer.
    private static let patience: Int32 = 60_000
    /// So many statements stay prepared: some have lists of any length in them.
    private static let mostStatements = 2_000
    /// So many answers may wait to be read.
    private static let mostExpected = 4_000

    init(_ settings: PostgresSettings) { self.settings = settings }

    deinit {
        forgetAnswers()
        PQfinish(connection)
    }

    // MARK: - The connection

    var isConnected: Bool { connection != nil && PQstatus(connection) == CONNECTION_OK }

    /// Connects, unless the line is there.
    func connect() throws {
        if isConnected { return }
        if isEnded { throw StoreFailure(.broken, "\(settings.name) is closed.") }
        close()
        let keys = settings.words.keys.sorted()
        let texts = keys.map { strdup($0) } + keys.map { strdup(settings.words[$0] ?? "") }
        defer { for text in texts { free(text) } }
        var keywords = texts.prefix(keys.count).map { UnsafePointer($0) } + [nil]
        var values = texts.suffix(keys.count).map { UnsafePointer($0) } + [nil]
        connection = PQconnectdbParams(&keywords, &values, 0)
        guard PQstatus(connection) == CONNECTION_OK else {
            let message = String(cString: PQerrorMessage(connection))
            close()
            throw StoreFailure(connecting: message, path: settings.name)
        }
        guard PQserverVersion(connection) >= 150_000 else {
            let version = PQserverVersion(connection) / 10_000
            close()
            throw StoreFailure(
                .notAStore, "\(settings.name) is PostgreSQL \(version). Bookbag needs version 15 or a later one.")
        }
        guard PQparameterStatus(connection, "server_encoding").map({ String(cString: $0) }) == "UTF8" else {
            close()
            throw StoreFailure(
                .notAStore,
                "\(settings.name) is not in UTF-8. Create the database with: createdb --encoding=UTF8 --template=template0"
            )
        }
        PQsetNoticeProcessor(connection, { _, _ in }, nil)
        guard PQsetnonblocking(connection, 1) == 0, PQenterPipelineMode(connection) == 1 else { throw lost() }
        // Whoever holds the owner's row and is not heard of must let others write.
        try execute(
            """
            SET lock_timeout = '15s'; SET idle_in_transaction_session_timeout = '10s';
            SET standard_conforming_strings = on; \(Self.plans)
            """)
        if case .own = fence { try readTimeline() }
        if hadOne { onReconnect() }
        hadOne = true
    }

    /// Closes the connection for good.
    func end() {
        close()
        isEnded = true
    }

    /// Reads the timeline, which stays the same for as long as the connection does.
    func readTimeline() throws {
        try each(
            """
            SELECT CASE WHEN pg_is_in_recovery() THEN ''
                ELSE substr(pg_walfile_name(pg_current_wal_insert_lsn()), 1, 8) END
            """, []
        ) { timeline = $0[0] }
    }

    /// A token that no claim had before, of a daemon.
    func nextClaim() -> Int64? {
        guard case .own(let token) = fence else { return nil }
        claims += 1
        return token << 32 | claims
    }

    /// Sets the beat from which this line goes on.
    func acknowledge(beat: Int64) { self.beat = beat }

    /// Closes the connection; it is made again when it is needed.
    func close() {
        PQfinish(connection)
        connection = nil
        statements = [:]
        shops = [:]
        expected = []
        isOpen = false
        fault = nil
    }

    /// Runs statements outside of the pipeline, each ended by a semicolon.
    func execute(_ script: String) throws {
        try settle()
        guard PQexitPipelineMode(connection) == 1 else { throw lost() }
        let result = PQexec(connection, script)
        defer { PQclear(result) }
        let status = PQresultStatus(result)
        guard status == PGRES_COMMAND_OK || status == PGRES_TUPLES_OK else {
            let fault = PQstatus(connection) == CONNECTION_OK ? PostgresFault(result) : lost()
            if fault.kind != .lost { PQclear(PQexec(connection, "ROLLBACK")) }
            _ = PQenterPipelineMode(connection)
            throw fault
        }
        guard PQenterPipelineMode(connection) == 1 else { throw lost() }
    }

    private func lost() -> PostgresFault {
        let words = connection.map { String(cString: PQerrorMessage($0)) } ?? ""
        close()
        return PostgresFault(
            .lost, message: words.split(separator: "\n").first.map { String($0) } ?? "the line broke")
    }

    // MARK: - Transactions

    /// Whether a transaction is open that can go on.
    var isInTransaction: Bool { isOpen && fault == nil }

    /// Begins a transaction that reads one snapshot.
    func beginReading() throws {
        try open()
        try send("BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY", [], as: .rows(isKept: false))
    }

    /// Ends it, and waits for nothing.
    func endReading() {
        guard isOpen else { return }
        isOpen = false
        guard fault == nil, (try? send("COMMIT", [], as: .rows(isKept: false))) != nil else { return rollback() }
        guard PQpipelineSync(connection) == 1 else { return close() }
        expected.append(.mark)
        _ = PQflush(connection)
    }

    /// Begins a transaction that writes.
    func beginWriting(hasSavepoints: Bool) throws {
        if hasSlept { throw PostgresFault(.slept) }
        try open()
        self.hasSavepoints = hasSavepoints
        newBeat = nil
        try send("BEGIN", [], as: .rows(isKept: false))
        switch fence {
        case .none: break
        case .lock: for sql in Owners.lock { try send(sql, [], as: .rows(isKept: false)) }
        case .own(let token):
            try send(Owners.beat, [.integer(Owners.leaseMilliseconds), .integer(token), .integer(beat)], as: .fence)
        }
    }

    private func open() throws {
        forgetAnswers()
        if !expected.isEmpty, isConnected { drain() }
        if fault != nil || isOpen { rollback() }
        try connect()
        isOpen = true
        fault = nil
        writes = 0
        hasSavepoints = false
    }

    /// Commits. When it returns, the server has the transaction on disk; when it throws, nothing of it is there, unless
    /// the fault says that nobody knows.
    func commit() throws {
        if let fault { throw fault }
        // Whatever was refused so far is known before the commit goes out; a transaction that nobody waits in is sent
        // with it.
        do {
            try send("COMMIT", [], as: .rows(isKept: true))
            let answers = try settle()
            defer { for answer in answers { PQclear(answer) } }
            try onCommitted()
            guard let answer = answers.last, String(cString: PQcmdStatus(answer)) == "COMMIT" else {
                throw PostgresFault(.refused, state: "25000", message: "the transaction was rolled back")
            }
        } catch {
            guard let fault = error as? PostgresFault, fault.kind == .lost else { throw error }
            try askWhetherCommitted(fault)
        }
        isOpen = false
        if let newBeat { beat = newBeat }
    }

    /// The line broke with a commit on its way: the owner's beat says whether it arrived.
    private func askWhetherCommitted(_ fault: PostgresFault) throws {
        isOpen = false
        guard case .own(let token) = fence else { throw PostgresFault(.unknownOutcome) }
        for attempt in 1...Self.reconnections {
            let now: Int64?
            do {
                try connect()
                now = try value("SELECT beat FROM daemons WHERE token = ?", [.integer(token)])
            } catch {
                if attempt < Self.reconnections { usleep(500_000) }
                continue
            }
            guard let now else { throw PostgresFault(.unknownOutcome) }
            guard now > beat else { throw fault }
            newBeat = now
            return
        }
        throw PostgresFault(.unknownOutcome)
    }

    /// So often, twice a second.
    private static let reconnections = 40

    /// Undoes the open transaction, if there is one.
    func rollback() {
        isOpen = false
        shops = [:]
        guard isConnected else { return close() }
        drain()
        let mayHaveSlept = fault?.kind == .notOwner
        fault = nil
        guard isConnected else { return }
        if PQtransactionStatus(connection) != PQTRANS_IDLE {
            _ = try? send("ROLLBACK", [], as: .rows(isKept: false))
            drain()
            fault = nil
        }
        if mayHaveSlept { try? askWhetherItSlept() }
    }

    private func drain() {
        do { for answer in try settle() { PQclear(answer) } } catch {}
    }

    /// The fence found no row. If it is ours still, its beat has gone back.
    private func askWhetherItSlept() throws {
        guard case .own(let token) = fence,
            let now = try value("SELECT beat FROM daemons WHERE token = ?", [.integer(token)]), now < beat
        else { return }
        hasSlept = true
        try Owners.noteSlept(self, token: token)
        try settle()
    }

    /// Runs part of a step so that it can be undone alone: it is kept if `body` returns true.
    func inSavepoint(_ body: () throws -> Bool) throws {
        guard hasSavepoints else {
            let before = writes
            do {
                if try !body(), writes > before { throw needsSavepoints() }
            } catch {
                if let fault { throw fault }
                if writes > before, !(error is PostgresFault) { throw needsSavepoints() }
                throw error
            }
            return
        }
        try run("SAVEPOINT step", [])
        do {
            if try !body() { try run("ROLLBACK TO step", []) }
            for answer in try settle() { PQclear(answer) }
            try run("RELEASE step", [])
        } catch {
            guard isConnected, (fault.map { $0.kind == .refused } ?? true) else { throw fault ?? error }
            drain()
            let reason: any Error = fault ?? error
            fault = nil
            try run("ROLLBACK TO step", [])
            try run("RELEASE step", [])
            for answer in try settle() { PQclear(answer) }
            throw reason
        }
    }

    private func needsSavepoints() -> PostgresFault {
        let fault = PostgresFault(.needsSavepoints)
        self.fault = fault
        return fault
    }

    // MARK: - Statements

    /// Sends a statement whose answer nobody looks at.
    func run(_ sql: String, _ values: [SQLValue]) throws {
        try mustNotAsk()
        try send(sql, values, as: .rows(isKept: false))
        if expected.count > Self.mostExpected { try settle() }
    }

    /// Sends a statement that changes a row in all but rare cases, and returns whether it did. It is not waited for: where
    /// it turns out to have changed none, the transaction is run once more, and then each is.
    func changed(_ sql: String, _ values: [SQLValue]) throws -> Bool {
        if hasSavepoints { return try changes(sql, values) > 0 }
        try mustNotAsk()
        // The server itself ends the transaction, for the commit may be on its way already.
        try send("WITH changed AS (\(sql) RETURNING 1) SELECT 1 / count(*) FROM changed", values, as: .change)
        if expected.count > Self.mostExpected { try settle() }
        return true
    }

    /// Runs a statement, and returns how many rows it changed.
    func changes(_ sql: String, _ values: [SQLValue]) throws -> Int {
        try mustNotAsk()
        return try answered(sql, [values]) { answers in
            answers.last.flatMap { Int(String(cString: PQcmdTuples($0))) } ?? 0
        }
    }

    /// Runs a statement with each of many lists of values, and returns how many rows it changed in all.
    func changes(_ sql: String, lists: [[SQLValue]]) throws -> Int {
        try mustNotAsk()
        var count = 0
        for start in stride(from: 0, to: lists.count, by: Self.mostTogether) {
            let part = Array(lists[start..<min(start + Self.mostTogether, lists.count)])
            count += try answered(sql, part) { answers in
                answers.reduce(0) { $0 + (Int(String(cString: PQcmdTuples($1))) ?? 0) }
            }
        }
        return count
    }

    /// Visits the rows of a query.
    func each(_ sql: String, _ values: [SQLValue], _ body: (Row) throws -> Void) throws {
        if questions != nil || !answers.isEmpty {
            let question = Question(sql: sql, values: values)
            if let answer = answers[question] {
                for row in 0..<PQntuples(answer) { try body(Row(statement: answer, number: row)) }
                return
            }
            if questions != nil {
                questions?.append(question)
                throw Unanswered()
            }
        }
        try answered(sql, [values]) { answers in
            guard let answer = answers.last else { return }
            for row in 0..<PQntuples(answer) { try body(Row(statement: answer, number: row)) }
        }
    }

    /// Visits the rows of a query that is asked for many lists of values, all in one round trip: the place of the list
    /// and the row.
    func each(_ sql: String, lists: [[SQLValue]], _ body: (Int, Row) throws -> Void) throws {
        guard !lists.isEmpty else { return }
        try answered(sql, lists) { answers in
            for (index, answer) in answers.enumerated() {
                for row in 0..<PQntuples(answer) { try body(index, Row(statement: answer, number: row)) }
            }
        }
    }

    /// What `body` makes of each of many things, with as many round trips as it asks about one of them. It only reads, is
    /// run more than once, and its errors are not caught in it.
    func together<Item, Value>(_ items: [Item], _ body: (Item) throws -> Value) throws -> [Value] {
        if questions != nil { return try asking(items, body) }
        var values: [Value] = []
        values.reserveCapacity(items.count)
        for start in stride(from: 0, to: items.count, by: Self.mostTogether) {
            let part = Array(items[start..<min(start + Self.mostTogether, items.count)])
            defer { forgetAnswers() }
            var found = [Value?](repeating: nil, count: part.count)
            var open = Array(part.indices)
            while !open.isEmpty {
                questions = []
                defer { questions = nil }
                open = try open.filter { index in
                    do {
                        found[index] = try body(part[index])
                        return false
                    } catch is Unanswered { return true }
                }
                let asked = questions ?? []
                questions = nil
                try answer(asked)
            }
            values += found.compactMap(\.self)
        }
        return values
    }

    /// The same within something that is asked together with others: all of it asks before any of it waits.
    private func asking<Item, Value>(_ items: [Item], _ body: (Item) throws -> Value) throws -> [Value] {
        var values: [Value] = []
        var isOpen = false
        for item in items {
            do { values.append(try body(item)) } catch is Unanswered { isOpen = true }
        }
        if isOpen { throw Unanswered() }
        return values
    }

    /// Asks each question once, in one round trip.
    private func answer(_ questions: [Question]) throws {
        var seen: Set<Question> = []
        let asked = questions.filter { seen.insert($0).inserted }
        guard !asked.isEmpty else { return }
        for question in asked { try send(question.sql, question.values, as: .rows(isKept: true)) }
        for (question, answer) in zip(asked, try settle()) { answers[question] = answer }
    }

    private func forgetAnswers() {
        questions = nil
        for answer in answers.values { PQclear(answer) }
        answers = [:]
    }

    /// Whoever asks together with others is run more than once, and so must not write.
    private func mustNotAsk() throws {
        if questions != nil {
            throw StoreFailure(.misuse, "A step wrote while it asked about many rows. This is a bug in bookbag.")
        }
    }

    /// So many are asked about together, at most.
    private static let mostTogether = 256

    /// The number of a shop, which is asked for once.
    func shop(_ domain: String, _ ask: () throws -> Int64?) throws -> Int64? {
        if let known = shops[domain] { return known }
        let number = try ask()
        if let number { shops[domain] = number }
        return number
    }

    /// The single integer of a query outside of any transaction.
    func value(_ sql: String, _ values: [SQLValue] = []) throws -> Int64? {
        var value: Int64?
        try each(sql, values) { value = $0.isNull(0) ? nil : $0.integer(0) }
        return value
    }

    private func answered<Value>(
        _ sql: String, _ lists: [[SQLValue]], _ body: ([OpaquePointer]) throws -> Value
    ) throws -> Value {
        for values in lists { try send(sql, values, as: .rows(isKept: true)) }
        let answers = try settle()
        defer { for answer in answers { PQclear(answer) } }
        return try body(answers)
    }

    private func send(_ sql: String, _ values: [SQLValue], as expectation: Expected) throws {
        if let fault { throw fault }
        guard isConnected else { throw lost() }
        let statement = try prepared(sql)
        guard statement.values == values.count else {
            throw StoreFailure(
                .misuse, "A statement was given another number of values than it has. This is a bug in bookbag.")
        }
        if statement.isWrite { writes += 1 }
        buffer.removeAll(keepingCapacity: true)
        var places: [Int] = []
        var lengths: [Int32] = []
        var formats: [Int32] = []
        places.reserveCapacity(values.count)
        lengths.reserveCapacity(values.count)
        formats.reserveCapacity(values.count)
        for value in values {
            places.append(buffer.count)
            switch value {
            case .null: places[places.count - 1] = -1
            case .integer(let number): buffer += String(number).utf8
            case .text(let text): buffer += PostgresText.stored(text).utf8
            case .bytes(let bytes): buffer += bytes
            case .data(let data): buffer += data
            }
            let isBytes =
                switch value {
                case .bytes, .data: true
                default: false
                }
            lengths.append(Int32(buffer.count - max(0, places[places.count - 1])))
            formats.append(isBytes ? 1 : 0)
            buffer.append(0)
        }
        let isSent = buffer.withUnsafeBytes { bytes in
            let start = bytes.bindMemory(to: CChar.self).baseAddress
            let values = places.map { place in place < 0 ? nil : start.map { $0 + place } }
            return PQsendQueryPrepared(
                connection, statement.name, Int32(values.count), values, lengths, formats, 1)
        }
        guard isSent == 1 else { throw lost() }
        expected.append(expectation)
    }

    private func prepared(_ sql: String) throws -> Statement {
        if let statement = statements[sql] { return statement }
        if statements.count >= Self.mostStatements {
            try settle()
            statements = [:]
            guard PQsendQueryParams(connection, "DEALLOCATE ALL", 0, nil, nil, nil, nil, 1) == 1 else { throw lost() }
            expected.append(.rows(isKept: false))
        }
        named += 1
        let statement = Statement(name: "s\(named)", sql: sql)
        guard PQsendPrepare(connection, statement.name, statement.text, 0, nil) == 1 else { throw lost() }
        expected.append(.prepared(sql))
        statements[sql] = statement
        return statement
    }

    // MARK: - Answers

    /// Waits until everything sent is answered. Throws what was refused first.
    ///
    /// - Returns: the answers that are kept, which the caller clears.
    @discardableResult
    private func settle() throws -> [OpaquePointer] {
        var kept: [OpaquePointer] = []
        do {
            try answer(&kept)
        } catch {
            for answer in kept { PQclear(answer) }
            throw error
        }
        if let fault {
            for answer in kept { PQclear(answer) }
            throw fault
        }
        return kept
    }

    private func answer(_ kept: inout [OpaquePointer]) throws {
        if expected.isEmpty { return }
        waits += 1
        guard PQpipelineSync(connection) == 1 else { throw lost() }
        expected.append(.mark)
        for one in expected {
            if case .mark = one {
                guard let result = try next() else { throw lost() }
                let isMark = PQresultStatus(result) == PGRES_PIPELINE_SYNC
                PQclear(result)
                guard isMark else { throw lost() }
                continue
            }
            // A statement that was not prepared, or not reached, is prepared again when it is wanted.
            var isRight = false
            while let result = try next() {
                switch PQresultStatus(result) {
                case PGRES_TUPLES_OK, PGRES_COMMAND_OK:
                    isRight = true
                    if case .fence = one, PQntuples(result) > 0, !PostgresCell.isNull(result, 0, 0) {
                        newBeat = PostgresCell.integer(result, 0, 0)
                    }
                    if case .rows(isKept: true) = one { kept.append(result) } else { PQclear(result) }
                    continue
                case PGRES_PIPELINE_ABORTED: break
                default:
                    var fault = PostgresFault(result)
                    if PQstatus(connection) != CONNECTION_OK { fault.kind = .lost }
                    note(fault, of: one)
                }
                PQclear(result)
            }
            if !isRight, case .prepared(let sql) = one { statements[sql] = nil }
        }
        expected = []
        if let fault, fault.kind == .lost { close(because: fault) }
    }

    private func close(because fault: PostgresFault) {
        close()
        self.fault = fault
    }

    private func note(_ fault: PostgresFault, of one: Expected) {
        guard self.fault == nil else { return }
        // The fence divides by zero where nobody has that token, and a change that changed nothing does.
        switch one {
        case .fence where fault.state == "22012": self.fault = PostgresFault(.notOwner)
        case .change where fault.state == "22012": self.fault = PostgresFault(.needsSavepoints)
        default: self.fault = fault
        }
    }

    /// The next result; nil at the end of a statement's.
    private func next() throws -> OpaquePointer? {
        while PQisBusy(connection) == 1 {
            let unsent = PQflush(connection)
            guard unsent >= 0 else { throw lost() }
            var socket = pollfd(
                fd: PQsocket(connection), events: Int16(POLLIN) | (unsent == 1 ? Int16(POLLOUT) : 0), revents: 0)
            let ready = poll(&socket, 1, Self.patience)
            if ready < 0, errno == EINTR { continue }
            guard ready > 0 else {
                close()
                throw PostgresFault(.lost, message: "no answer within a minute")
            }
            if socket.revents & ~Int16(POLLOUT) != 0, PQconsumeInput(connection) == 0 { throw lost() }
        }
        return PQgetResult(connection)
    }
}
