// The entry of libFuzzer for a relay's replies; scripts/fuzz builds and runs it.
//
// The first byte says in pieces of how many bytes the rest arrives. Whatever it is: no crash, no hang, the same replies
// as in one piece, no reply longer than its bounds; and at the steps that can refuse a mail, it refuses a mail, or calls a
// mailbox gone, only where the code is for good, and its words for people hold no address.

@testable import Delivery
import Outreach
@testable import Platform

private func replies(_ bytes: ArraySlice<UInt8>, inPiecesOf size: Int) -> [SMTPReplyLines]? {
    var reader = SMTPReplyReader()
    var all: [SMTPReplyLines] = []
    var rest = bytes
    while !rest.isEmpty {
        guard let some = try? reader.read(rest.prefix(size)) else { return nil }
        all += some
        rest = rest.dropFirst(size)
    }
    return all
}

@_cdecl("LLVMFuzzerTestOneInput")
public func fuzz(_ start: UnsafePointer<UInt8>, _ count: Int) -> Int32 {
    guard count > 1 else { return 0 }
    let bytes = Array(UnsafeBufferPointer(start: start, count: count))
    let rest = bytes.dropFirst()
    let whole = replies(rest, inPiecesOf: rest.count)
    precondition(whole == replies(rest, inPiecesOf: Int(bytes[0]) + 1), "pieces change what is read")
    for lines in (whole ?? []).prefix(2) {
        precondition((200...599).contains(lines.code) && lines.lines.count <= SMTPReplyReader.maximumLines)
        precondition(lines.text.unicodeScalars.count <= SMTPReply.maximumTextScalars)
        _ = lines.status?.description
        for phase in [SMTPReply.Phase.mailFrom, .rcpt, .finalDot] {
            let reply = SMTPReply(phase: phase, code: lines.code, status: lines.status, text: lines.text)
            let verdict = Verdict.verdict(for: reply)
            let failure = verdict.failure
            precondition(failure != nil || reply.isAccepted, "taken, and nobody said so")
            if verdict.name == "refused" { precondition(lines.code / 100 == 5, "refused for good by \(lines.code)") }
            if failure?.isNoMailbox == true { precondition(verdict.name == "refused", "gone, and not refused") }
            precondition(failure?.detail.contains("@") != true, "an address in words for people")
        }
    }
    return 0
}
