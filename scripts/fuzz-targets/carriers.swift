// The entry of libFuzzer for carriers' answers; scripts/fuzz builds and runs it.
//
// The first line names the carrier, or else its first byte chooses one; the rest is the body of its answer, with a status
// of 200 and with one of a fault. Whatever it is: no crash, no hang, no more scans than are believed, and no time that no
// event can have.

@testable import Intake
import Outreach
import Platform

private let now = Moment(seconds: 1_795_255_200)
private let context = ReadingContext(now: now, notBefore: now - .days(60), home: "US")
private let carriers = Carriers.all

@_cdecl("LLVMFuzzerTestOneInput")
public func fuzz(_ start: UnsafePointer<UInt8>, _ count: Int) -> Int32 {
    guard count > 1 else { return 0 }
    let bytes = Array(UnsafeBufferPointer(start: start, count: count))
    let line = bytes.prefix { $0 != 0x0A }
    let body = Array(bytes.dropFirst(line.count + 1))
    let named = line.count < 32 ? Carriers.named(String(decoding: line, as: UTF8.self)) : nil
    let reading = CarrierReading(named ?? carriers[Int(bytes[0]) % carriers.count])
    for status in [200, 404] {
        let response = HTTPResponse(status: status, headers: [], body: body)
        for answer in reading.answers(to: response, asked: ["1Z5R89390357567127", "AA123456785GB"], context) {
            precondition(answer.events.count <= CarrierReading.maximumScans, "more scans than are believed")
            for scan in answer.events + answer.remarks {
                precondition(scan.time <= now + .days(3), "an event of the future")
            }
        }
    }
    let recorded = reading.answer(inRecorded: body, number: "1", context)
    precondition(recorded.events.count <= CarrierReading.maximumScans)
    return 0
}
