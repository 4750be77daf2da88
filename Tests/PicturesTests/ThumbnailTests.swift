import Testing

@testable import Pictures

/// A picture whose left half has one colour and whose right half another.
private func halves(_ width: Int, _ height: Int) -> Picture {
    var points: [UInt8] = []
    for _ in 0..<height { for x in 0..<width { points += x < width / 2 ? [250, 20, 20] : [20, 20, 250] } }
    return Picture(width: width, height: height, points: points)
}

extension Picture {
    fileprivate func point(_ x: Int, _ y: Int) -> [UInt8] { Array(points[((y * width + x) * 3)...].prefix(3)) }
    fileprivate func isRed(_ x: Int, _ y: Int) -> Bool { point(x, y)[0] > 180 && point(x, y)[2] < 80 }
    fileprivate func isBlue(_ x: Int, _ y: Int) -> Bool { point(x, y)[2] > 180 && point(x, y)[0] < 80 }
}

/// A number of four bytes, the highest first.
private func four(_ number: Int) -> [UInt8] { (0..<4).map { UInt8(truncatingIfNeeded: number >> (24 - $0 * 8)) } }

/// A PNG of that size whose points are these, unless its data is given.
private func png(_ width: Int, _ height: Int, rgba: [UInt8] = [], data: [UInt8]? = nil) -> [UInt8] {
    func chunk(_ kind: String, _ body: [UInt8]) -> [UInt8] {
        var crc: UInt32 = 0xFFFF_FFFF
        for byte in Array(kind.utf8) + body {
            crc ^= UInt32(byte)
            for _ in 0..<8 { crc = crc & 1 == 1 ? crc >> 1 ^ 0xEDB8_8320 : crc >> 1 }
        }
        return four(body.count) + Array(kind.utf8) + body + four(Int(crc ^ 0xFFFF_FFFF))
    }
    var raw: [UInt8] = []
    if data == nil { for y in 0..<height { raw += [0] + rgba[(y * width * 4)..<((y + 1) * width * 4)] } }
    // Blocks that are stored as they are (RFC 1951, 3.2.4), and their sum (RFC 1950).
    var packed: [UInt8] = [0x78, 0x01, 0x01]
    packed += [UInt8(raw.count & 0xFF), UInt8(raw.count >> 8 & 0xFF)]
    packed += [UInt8(~raw.count & 0xFF), UInt8(~raw.count >> 8 & 0xFF)] + raw
    var (low, high) = (1, 0)
    for byte in raw { (low, high) = ((low + Int(byte)) % 65_521, (high + low + Int(byte)) % 65_521) }
    packed += four(high << 16 | low)
    return [0x89, 0x50, 0x4E, 0x47, 0x0D, 0x0A, 0x1A, 0x0A]
        + chunk("IHDR", four(width) + four(height) + [8, 6, 0, 0, 0]) + chunk("IDAT", data ?? packed)
        + chunk("IEND", [])
}

/// A JPEG with an Exif block that says how it was held.
private func turned(_ jpeg: [UInt8], _ orientation: UInt8, isLittle: Bool) -> [UInt8] {
    let tiff: [UInt8] =
        isLittle
        ? [0x49, 0x49, 42, 0, 8, 0, 0, 0, 1, 0, 0x12, 1, 3, 0, 1, 0, 0, 0, orientation, 0, 0, 0, 0, 0, 0, 0]
        : [0x4D, 0x4D, 0, 42, 0, 0, 0, 8, 0, 1, 1, 0x12, 0, 3, 0, 0, 0, 1, 0, orientation, 0, 0, 0, 0, 0, 0]
    let body = Array("Exif\0\0".utf8) + tiff
    return [0xFF, 0xD8, 0xFF, 0xE1, 0, UInt8(body.count + 2)] + body + jpeg.dropFirst(2)
}

@Suite("A thumbnail")
struct ThumbnailTests {
    @Test(
        "is a small JPEG with the same picture, of a JPEG at any size", arguments: [(1600, 900), (700, 1400), (40, 30)])
    func jpeg(_ width: Int, _ height: Int) throws {
        let file = try JPEG.write(halves(width, height), quality: 90)
        let small = try JPEG.read(Thumbnail.make(of: file), atLeast: 10_000)
        #expect(max(small.width, small.height) == min(Thumbnail.longestSide, max(width, height)))
        #expect(abs(small.width * height - small.height * width) <= max(width, height))
        #expect(small.isRed(small.width / 4, small.height / 2) && small.isBlue(small.width * 3 / 4, small.height / 2))
    }

    @Test("has no byte of the original: neither what it says of the camera nor what hangs behind it")
    func clean() throws {
        var file = try JPEG.write(halves(640, 480), quality: 90)
        let secret = Array("51.5074 N, 0.1278 W <script>alert(1)</script>".utf8)
        file.insert(contentsOf: [0xFF, 0xFE, 0, UInt8(secret.count + 2)] + secret, at: 2)
        file += secret
        let small = String(decoding: try Thumbnail.make(of: file), as: UTF8.self)
        #expect(!small.contains("script") && !small.contains("51.5"))
    }

    @Test("of a PNG has white where it was transparent")
    func transparent() throws {
        var points: [UInt8] = []
        for y in 0..<20 { for _ in 0..<30 { points += y < 10 ? [255, 0, 0, 0] : [20, 20, 250, 255] } }
        let small = try JPEG.read(Thumbnail.make(of: png(30, 20, rgba: points)), atLeast: 10_000)
        #expect(small.width == 30 && small.height == 20)
        #expect(small.point(15, 2).allSatisfy { $0 > 230 }, "\(small.point(15, 2))")
        #expect(small.isBlue(15, 17))
    }

    @Test("stands upright, however the camera was held", arguments: [true, false])
    func upright(isLittle: Bool) throws {
        let file = try JPEG.write(halves(400, 200), quality: 95)
        // Where the red half is: left, right, right, left, above, above, below, below.
        let red: [(x: Double, y: Double)] = [
            (0.1, 0.5), (0.9, 0.5), (0.9, 0.5), (0.1, 0.5), (0.5, 0.1), (0.5, 0.1), (0.5, 0.9), (0.5, 0.9),
        ]
        for (number, place) in red.enumerated() {
            let held = turned(file, UInt8(number + 1), isLittle: isLittle)
            let small = try JPEG.read(Thumbnail.make(of: held), atLeast: 10_000)
            #expect(small.width == (number < 4 ? 320 : 160) && small.height == (number < 4 ? 160 : 320), "\(number)")
            let (x, y) = (Int(place.x * Double(small.width)), Int(place.y * Double(small.height)))
            #expect(small.isRed(x, y), "\(number + 1)")
            #expect(small.isBlue(small.width - 1 - x, small.height - 1 - y), "\(number + 1)")
        }
        #expect(Orientation.of(turned(file, 0, isLittle: isLittle)) == .upright)
        #expect(Orientation.of(turned(file, 77, isLittle: isLittle)) == .upright)
    }

    @Test("is not made of what would take too much, before any of it is unpacked")
    func bombs() throws {
        #expect(throws: PictureFailure.tooLarge) { try Thumbnail.make(of: png(30_000, 30_000, data: [0x78, 0x01])) }
        #expect(throws: PictureFailure.tooLarge) { try Thumbnail.make(of: png(8_000, 8_000, data: [0x78, 0x01])) }
        var jpeg = try JPEG.write(halves(64, 64), quality: 90)
        // The frame's header: its height and width follow the length and the precision.
        let frame = try #require(jpeg.indices.first { jpeg[$0] == 0xFF && jpeg[$0 + 1] == 0xC0 })
        jpeg.replaceSubrange((frame + 5)..<(frame + 9), with: [0x75, 0x30, 0x75, 0x30])
        #expect(throws: PictureFailure.tooLarge) { try Thumbnail.make(of: jpeg) }
    }

    @Test(
        "is made of nothing else",
        arguments: ["", "GIF89a", "<svg xmlns='http://www.w3.org/2000/svg'/>", "RIFFxxxxWEBP"])
    func others(_ text: String) {
        #expect(throws: PictureFailure.unreadable) { try Thumbnail.make(of: Array(text.utf8)) }
        for start in [[0xFF, 0xD8, 0xFF], [0x89, 0x50, 0x4E, 0x47, 0x0D, 0x0A, 0x1A, 0x0A]] as [[UInt8]] {
            #expect(throws: PictureFailure.unreadable) { try Thumbnail.make(of: start + Array(text.utf8)) }
        }
    }

    @Test("random damage is read or refused", arguments: 0..<8)
    func damaged(_ seed: UInt64) throws {
        var state = seed &* 0x9E37_79B9_7F4A_7C15 &+ 1
        func random(_ count: Int) -> Int {
            state = state &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
            return Int(state >> 33) % count
        }
        let points = [UInt8](repeating: 200, count: 40 * 40 * 4)
        let jpeg = turned(try JPEG.write(halves(200, 120), quality: 80), 6, isLittle: true)
        for sound in [jpeg, png(40, 40, rgba: points)] {
            for _ in 0..<60 {
                var file = sound
                for _ in 0...random(6) { file[random(file.count)] = UInt8(random(256)) }
                if random(3) == 0 { file.removeLast(random(file.count)) }
                guard let small = try? Thumbnail.make(of: file) else { continue }
                #expect(small.starts(with: [0xFF, 0xD8, 0xFF]) && small.count < 200_000)
            }
        }
    }
}
