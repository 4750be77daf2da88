/// FNV-1a: short, and the same on every machine, which Swift's own hash is not.
struct Hash {
    private(set) var value: UInt64 = 0xcbf2_9ce4_8422_2325

    init() {}

    init(_ bytes: some Sequence<UInt8>) {
        for byte in bytes { add(byte) }
    }

    mutating func add(_ byte: UInt8) { value = (value ^ UInt64(byte)) &* 0x0000_0100_0000_01b3 }

    mutating func add(_ other: UInt64) {
        value = (value ^ (other & 0xFFFF_FFFF)) &* 0x0000_0100_0000_01b3
        value = (value ^ (other >> 32)) &* 0x0000_0100_0000_01b3
    }

    /// Well mixed, for use as an index.
    var mixed: UInt64 {
        var mixed = value ^ (value >> 33)
        mixed = mixed &* 0xff51_afd7_ed55_8ccd
        return mixed ^ (mixed >> 33)
    }
}
