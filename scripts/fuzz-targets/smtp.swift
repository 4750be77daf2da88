// The entry of libFuzzer for a relay's replies; scripts/fuzz builds and runs it.
//
// The first byte says in pieces of how many bytes the rest arrives. Whatever it is: no crash, no hang, the same replies
// as in one piece, and no reply longer than its bounds.

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
    for reply in whole ?? [] {
        precondition((200...599).contains(reply.code) && reply.lines.count <= SMTPReplyReader.maximumLines)
        precondition(reply.text.unicodeScalars.count <= SMTPReply.maximumTextScalars)
        _ = reply.status?.description
    }
    return 0
}
