internal import CPNG

/// PNGs, by libpng's simplified interface, which never jumps out of a call.
enum PNG {
    /// Reads a PNG; what is transparent becomes white.
    static func read(_ file: [UInt8]) throws(PictureFailure) -> Picture {
        var image = png_image()
        image.version = UInt32(PNG_IMAGE_VERSION)
        defer { png_image_free(&image) }
        var failure: PictureFailure?
        var picture: Picture?
        file.withUnsafeBytes { bytes in
            guard png_image_begin_read_from_memory(&image, bytes.baseAddress, bytes.count) != 0, image.width > 0,
                image.height > 0
            else {
                failure = .unreadable
                return
            }
            let (width, height) = (Int(image.width), Int(image.height))
            guard max(width, height) <= Thumbnail.longestRead, width * height <= Thumbnail.mostPoints.png else {
                failure = .tooLarge
                return
            }
            // Red, green and blue: PNG_FORMAT_RGB.
            image.format = UInt32(PNG_FORMAT_FLAG_COLOR)
            var white = png_color(red: 255, green: 255, blue: 255)
            var points = [UInt8](repeating: 0, count: width * height * 3)
            let isRead = points.withUnsafeMutableBytes {
                png_image_finish_read(&image, &white, $0.baseAddress, Int32(width * 3), nil) != 0
            }
            if isRead {
                picture = Picture(width: width, height: height, points: points)
            } else {
                failure = .unreadable
            }
        }
        guard let picture else { throw failure ?? .unreadable }
        return picture
    }
}
