internal import CPostgres

/// Reads the cells of an answer, all of which are in the server's binary form: integers in network order, bytes and
/// text as they are, a sum of integers as a NUMERIC.
enum PostgresCell {
    static func isNull(_ result: OpaquePointer, _ row: Int32, _ column: Int32) -> Bool {
        PQgetisnull(result, row, column) == 1
    }

    static func integer(_ result: OpaquePointer, _ row: Int32, _ column: Int32) -> Int64 {
        let bytes = bytes(result, row, column)
        switch PQftype(result, column) {
        case numeric: return whole(bytes)
        case text, unknown, varchar, name: return Int64(String(decoding: bytes, as: UTF8.self)) ?? 0
        default:
            // BIGINT, INTEGER, SMALLINT and BOOLEAN: as many bytes as they have, the highest first.
            guard let first = bytes.first else { return 0 }
            return bytes.dropFirst().reduce(Int64(Int8(bitPattern: first))) { $0 << 8 | Int64($1) }
        }
    }

    static func text(_ result: OpaquePointer, _ row: Int32, _ column: Int32) -> String {
        switch PQftype(result, column) {
        case bigint, integer, smallint, numeric: String(integer(result, row, column))
        default: String(decoding: bytes(result, row, column), as: UTF8.self)
        }
    }

    /// The cell's bytes, which stay where they are as long as the answer does; none for NULL.
    static func bytes(_ result: OpaquePointer, _ row: Int32, _ column: Int32) -> UnsafeRawBufferPointer {
        UnsafeRawBufferPointer(
            start: PQgetvalue(result, row, column), count: Int(PQgetlength(result, row, column)))
    }

    /// A NUMERIC without a fraction: the number of its digits to the base of 10,000, the weight of the first, the sign,
    /// the scale, the digits; 16 bits each.
    private static func whole(_ bytes: UnsafeRawBufferPointer) -> Int64 {
        func word(_ index: Int) -> Int64 {
            let high = Int64(bytes[index * 2])
            return high << 8 | Int64(bytes[index * 2 + 1])
        }
        guard bytes.count >= 8 else { return 0 }
        let (count, weight) = (Int(word(0)), Int(Int16(truncatingIfNeeded: word(1))))
        guard weight >= 0 else { return 0 }
        var value: Int64 = 0
        for place in 0...weight { value = value &* 10_000 &+ (place < count ? word(4 + place) : 0) }
        return word(2) == 0x4000 ? -value : value
    }

    // The server's numbers of its types (pg_type.dat).
    private static let name: Oid = 19
    private static let bigint: Oid = 20
    private static let smallint: Oid = 21
    private static let integer: Oid = 23
    private static let text: Oid = 25
    private static let unknown: Oid = 705
    private static let varchar: Oid = 1043
    private static let numeric: Oid = 1700
}
