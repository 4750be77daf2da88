// The entry of libFuzzer for mail addresses; scripts/fuzz builds and runs it. Whatever the text is: no crash, no hang,
// the quick rule says the same as the whole one, and an address that is taken has nothing in it that ends a header.

@testable import Outreach

@_cdecl("LLVMFuzzerTestOneInput")
public func fuzz(_ start: UnsafePointer<UInt8>, _ count: Int) -> Int32 {
    let text = String(decoding: UnsafeBufferPointer(start: start, count: count), as: UTF8.self)
    if let quick = MailAddress.isPlainAddress(text) {
        precondition(quick == MailAddress.isAnyAddress(text), "two rules for one address")
    }
    guard let address = MailAddress(parsing: text) else { return 0 }
    for scalar in (address.address + (address.name ?? "")).unicodeScalars {
        precondition(scalar.value >= 0x20 && scalar.value != 0x7F, "a control character in an address")
    }
    precondition(!address.domain.isEmpty && MailAddress(address: address.address) != nil)
    return 0
}
