// The entry of libFuzzer for mail that comes in; scripts/fuzz builds and runs it. Whatever the bytes are: no crash, no
// hang, and every cut lies in the text that it cuts.

@testable import Intake

@_cdecl("LLVMFuzzerTestOneInput")
public func fuzz(_ start: UnsafePointer<UInt8>, _ count: Int) -> Int32 {
    let mail = MailReading.read(Array(UnsafeBufferPointer(start: start, count: count)))
    let length = mail.body.unicodeScalars.count
    var position = 0
    for cut in mail.cuts {
        precondition(cut.start >= position && cut.end > cut.start && cut.end <= length, "a cut beyond the text")
        position = cut.end
    }
    precondition(mail.files.count <= 100 && mail.orders.count <= 10, "more than was asked for")
    return 0
}
