internal import CTurboJPEG

/// JPEGs, by libjpeg-turbo's own interface, which takes and gives memory and never jumps out of a call.
enum JPEG {
    /// Reads a JPEG at the least of the sizes that it can be read at without losing `side` points.
    static func read(_ file: [UInt8], atLeast side: Int) throws(PictureFailure) -> Picture {
        guard let reader = tjInitDecompress() else { throw .unreadable }
        defer { tjDestroy(reader) }
        var (width, height, sampling, colours): (Int32, Int32, Int32, Int32) = (0, 0, 0, 0)
        let isKnown = file.withUnsafeBufferPointer { bytes in
            tjDecompressHeader3(
                reader, bytes.baseAddress, UInt(bytes.count), &width, &height, &sampling, &colours) == 0
        }
        guard isKnown, width > 0, height > 0 else { throw .unreadable }
        guard max(width, height) <= Thumbnail.longestRead, Int(width) * Int(height) <= Thumbnail.mostPoints.jpeg else {
            throw .tooLarge
        }
        // An eighth, a quarter, a half: what every version of the library reads quickly.
        let longest = Int(max(width, height))
        let part = [8, 4, 2].first { longest / $0 >= side } ?? 1
        let (newWidth, newHeight) = ((Int(width) + part - 1) / part, (Int(height) + part - 1) / part)
        var points = [UInt8](repeating: 0, count: newWidth * newHeight * 3)
        let status = file.withUnsafeBufferPointer { bytes in
            points.withUnsafeMutableBufferPointer { points in
                tjDecompress2(
                    reader, bytes.baseAddress, UInt(bytes.count), points.baseAddress, Int32(newWidth), 0,
                    Int32(newHeight), Int32(TJPF_RGB.rawValue), TJFLAG_LIMITSCANS)
            }
        }
        // One that ends too soon is shown as far as it goes.
        guard status == 0 || tjGetErrorCode(reader) == Int32(TJERR_WARNING.rawValue) else { throw .unreadable }
        return Picture(width: newWidth, height: newHeight, points: points)
    }

    /// Writes a JPEG.
    static func write(_ picture: Picture, quality: Int) throws(PictureFailure) -> [UInt8] {
        guard let writer = tjInitCompress() else { throw .unreadable }
        defer { tjDestroy(writer) }
        var bytes: UnsafeMutablePointer<UInt8>?
        var size: UInt = 0
        let status = picture.points.withUnsafeBufferPointer { points in
            tjCompress2(
                writer, points.baseAddress, Int32(picture.width), 0, Int32(picture.height), Int32(TJPF_RGB.rawValue),
                &bytes, &size, Int32(TJSAMP_420.rawValue), Int32(quality), 0)
        }
        defer { if let bytes { tjFree(bytes) } }
        guard status == 0, let bytes else { throw .unreadable }
        return Array(UnsafeBufferPointer(start: bytes, count: Int(size)))
    }
}
