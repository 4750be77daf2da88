import Crypto
import Foundation

/// Secrets that a browser or a mail carries. Only their digests are stored.
enum Tokens {
    /// 256 random bits in base64url.
    static func random() -> String {
        var generator = SystemRandomNumberGenerator()
        let bytes = (0..<32).map { _ in UInt8.random(in: 0...255, using: &generator) }
        return Data(bytes).base64EncodedString().replacing("+", with: "-").replacing("/", with: "_")
            .replacing("=", with: "")
    }

    /// Eight characters to type, about 39 bits, without those that look like others: `K7QM-3XPA`.
    static func code() -> String {
        var generator = SystemRandomNumberGenerator()
        let letters = Array("ABCDEFGHJKMNPQRSTUVWXYZ23456789")
        let code = (0..<8).map { _ in letters[Int.random(in: 0..<letters.count, using: &generator)] }
        return String(code[..<4]) + "-" + String(code[4...])
    }

    static func digest(_ token: String) -> [UInt8] { Array(SHA256.hash(data: Data(token.utf8))) }

    /// The digest of a code as somebody typed it, for the browser that asked: without its token the code is no use.
    static func digest(code: String, browser: String) -> [UInt8] {
        let typed = code.uppercased().filter { $0.isLetter || $0.isNumber }
        return digest("\(typed) \(browser)")
    }

    /// Whether it has the shape of a token of ours.
    static func isToken(_ text: String) -> Bool {
        text.utf8.count == 43
            && text.utf8.allSatisfy { byte in
                (0x30...0x39).contains(byte) || (0x41...0x5A).contains(byte) || (0x61...0x7A).contains(byte)
                    || byte == 0x2D || byte == 0x5F
            }
    }
}
