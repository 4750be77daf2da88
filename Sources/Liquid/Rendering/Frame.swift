/// The values of one name, in lookup order.
struct Slot {
    /// Set by a loop or a partial's argument, for as long as it lasts.
    var local: Value?
    /// Set by `assign` and `capture`.
    var assigned: Value?
    /// From the data, once looked up; `increment` counts here.
    var environment: Value?
    var isResolved = false
}

/// The variables of a template and of its partials.
///
/// Each program numbers its own names. The slots of the first are one row; those that an included partial adds are
/// further rows. A program gets its slots as pointers, which stay valid as long as the frame lives.
///
/// Sendable: one render creates a frame, and only that render reads and writes it. The only way to pass it on, the drop
/// behind `self`, is visible only to that render, because a render returns bytes.
final class Frame: @unchecked Sendable {
    let scope: Scope
    private var rows: [(UnsafeMutablePointer<Slot>, Int)] = []
    private var names: [String: UnsafeMutablePointer<Slot>] = [:]
    private var first: Program?

    init(scope: Scope) {
        self.scope = scope
    }

    deinit {
        for (row, count) in rows {
            row.deinitialize(count: count)
            row.deallocate()
        }
    }

    private func row(_ count: Int) -> UnsafeMutablePointer<Slot> {
        let row = UnsafeMutablePointer<Slot>.allocate(capacity: max(1, count))
        row.initialize(repeating: Slot(), count: count)
        rows.append((row, count))
        return row
    }

    /// The slots of a program's names, shared with all programs of this frame.
    func slots(for program: Program) -> [UnsafeMutablePointer<Slot>] {
        let count = program.roots.count
        if rows.isEmpty {
            first = program
            let row = row(count)
            return (0..<count).map { row + $0 }
        }
        nameFirst()
        return program.roots.map { slot(named: $0.text) }
    }

    private func nameFirst() {
        guard let program = first, let row = rows.first?.0 else { return }
        for (index, root) in program.roots.enumerated() { names[root.text] = row + index }
        first = nil
    }

    /// The slot of a name known only at run time.
    func slot(named name: String) -> UnsafeMutablePointer<Slot> {
        nameFirst()
        if let slot = names[name] { return slot }
        let slot = row(1)
        names[name] = slot
        return slot
    }

    /// The slot of a name already used; nil if only the data could have it.
    func knownSlot(named name: String) -> UnsafeMutablePointer<Slot>? {
        nameFirst()
        return names[name]
    }

    func environment(_ slot: UnsafeMutablePointer<Slot>) -> Value? {
        slot.pointee.isResolved ? slot.pointee.environment : nil
    }

    /// The value of a name known only at run time.
    func value(named name: String) -> Value {
        if let slot = knownSlot(named: name) {
            if let local = slot.pointee.local { return local }
            if let assigned = slot.pointee.assigned { return assigned }
            if slot.pointee.isResolved { return slot.pointee.environment ?? .null }
        }
        if let value = scope[name], !value.isNull { return value }
        return name == "self" ? .drop(SelfScope(self)) : .null
    }
}

/// The value of `self`: the variables visible where it was written.
///
/// It does not keep the frame alive, because the frame holds it: a name can be assigned to itself.
final class SelfScope: Drop {
    weak let frame: Frame?

    init(_ frame: Frame) { self.frame = frame }

    func value(for key: String) -> Value? { frame?.value(named: key) }
    var printed: Value { .string("Liquid::SelfDrop") }
    func equals(_ value: Value) -> Bool? {
        guard case .drop(let other) = value, let scope = other as? SelfScope else { return false }
        return scope.frame === frame
    }
}

/// `forloop`.
///
/// Sendable: only one render creates, advances and reads it; nothing else can hold it, as with `Frame`.
final class ForLoop: Drop, @unchecked Sendable {
    let name: String
    let length: Int
    let parent: ForLoop?
    var index = 0

    init(name: String, length: Int, parent: ForLoop?) {
        self.name = name
        self.length = length
        self.parent = parent
    }

    var printed: Value { .string("Liquid::ForloopDrop") }

    func value(for key: String) -> Value? {
        switch key {
        case "index": .int(index + 1)
        case "index0": .int(index)
        case "first": .bool(index == 0)
        case "last": .bool(index == length - 1)
        case "length": .int(length)
        case "rindex": .int(length - index)
        case "rindex0": .int(length - index - 1)
        case "parentloop": parent.map { .drop($0) } ?? .null
        case "name": .string(name)
        default: nil
        }
    }
}

/// `tablerowloop`. Sendable for the same reason as `ForLoop`.
final class TableLoop: Drop, @unchecked Sendable {
    let length: Int
    let columns: Int?
    var index = 0
    var row = 1
    var column = 1

    init(length: Int, columns: Int?) {
        self.length = length
        self.columns = columns
    }

    var printed: Value { .string("Liquid::TablerowloopDrop") }

    func value(for key: String) -> Value? {
        switch key {
        case "index": .int(index + 1)
        case "index0": .int(index)
        case "first": .bool(index == 0)
        case "last": .bool(index == length - 1)
        case "length": .int(length)
        case "rindex": .int(length - index)
        case "rindex0": .int(length - index - 1)
        case "col": .int(column)
        case "col0": .int(column - 1)
        case "col_first": .bool(column == 1)
        case "col_last": .bool(column == columns)
        case "row": .int(row)
        default: nil
        }
    }

    func advance() {
        index += 1
        if column == columns {
            column = 1
            row += 1
        } else {
            column += 1
        }
    }
}
