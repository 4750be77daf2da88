import Crypto
import Foundation
import Outreach

/// A code of six digits that follows from what it is good for and when, so that nothing is stored: whoever has it reads
/// the order's mail. It is good in its quarter of an hour and the next; what it starts is done once by itself.
struct MailedCode: Sendable {
    /// 32 bytes, derived for this alone.
    let key: [UInt8]

    /// How long one is the newest.
    private static let length = Duration.minutes(15)

    /// - Parameter what: what exactly is confirmed with it.
    func code(for what: String, at now: Outreach.Moment) -> String { code(what, slot: Self.slot(now)) }

    /// Whether it is the code for that, of now or a quarter of an hour ago.
    func isGood(_ typed: String, for what: String, at now: Outreach.Moment) -> Bool {
        let slot = Self.slot(now)
        return [slot, slot - 1].contains { code(what, slot: $0) == typed }
    }

    private static func slot(_ now: Outreach.Moment) -> Int64 { now.milliseconds / length.wholeMilliseconds }

    private func code(_ what: String, slot: Int64) -> String {
        let mac = HMAC<SHA256>.authenticationCode(
            for: Data("\(slot) \(what)".utf8), using: SymmetricKey(data: Data(key)))
        return ChatRules.code(Array(mac).prefix(8).reduce(UInt64(0)) { $0 << 8 | UInt64($1) })
    }
}
