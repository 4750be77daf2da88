// A small picture of a large one that a stranger sent. What comes out is made of points of colour alone: no byte of the
// original is in it, and neither its place, its camera nor what hides behind its end.
//
// The libraries read hostile bytes, so this runs only in a process of its own with limits (`bookbag make-thumbnail`).
// Here stand the limits that need no kernel: a size is read before anything is unpacked, and what is too large is not.

/// Why no thumbnail is made of a file.
public enum PictureFailure: Error, Hashable, Sendable {
    /// It is neither a JPEG nor a PNG, or a damaged one.
    case unreadable
    /// It would take too much to unpack.
    case tooLarge
}

/// Makes thumbnails.
public enum Thumbnail {
    /// The longest side of one, in points.
    public static let longestSide = 320
    /// The longest side of what is read, and the most points: those of a JPEG are read at an eighth of their size.
    static let longestRead = 20_000
    static let mostPoints = (jpeg: 64_000_000, png: 24_000_000)
    private static let quality = 78

    /// A JPEG of a picture, at most `longestSide` wide and high; one that is smaller keeps its size.
    public static func make(of file: [UInt8]) throws(PictureFailure) -> [UInt8] {
        var picture: Picture
        if file.starts(with: [0xFF, 0xD8, 0xFF]) {
            picture = try JPEG.read(file, atLeast: longestSide)
            picture = picture.scaled(toFit: longestSide).turned(by: Orientation.of(file))
        } else if file.starts(with: [0x89, 0x50, 0x4E, 0x47, 0x0D, 0x0A, 0x1A, 0x0A]) {
            picture = try PNG.read(file).scaled(toFit: longestSide)
        } else {
            throw .unreadable
        }
        return try JPEG.write(picture, quality: quality)
    }
}

/// Points of red, green and blue, a byte each, row by row.
struct Picture: Hashable, Sendable {
    var width: Int
    var height: Int
    var points: [UInt8]

    /// Makes it fit into a square, by the mean of the points that become one.
    func scaled(toFit side: Int) -> Picture {
        let longest = max(width, height)
        guard longest > side else { return self }
        let (newWidth, newHeight) = (max(1, width * side / longest), max(1, height * side / longest))
        var new = [UInt8](repeating: 0, count: newWidth * newHeight * 3)
        for y in 0..<newHeight {
            let (top, bottom) = (y * height / newHeight, max(y * height / newHeight + 1, (y + 1) * height / newHeight))
            for x in 0..<newWidth {
                let (left, right) = (x * width / newWidth, max(x * width / newWidth + 1, (x + 1) * width / newWidth))
                var sums = (red: 0, green: 0, blue: 0)
                for row in top..<bottom {
                    var index = (row * width + left) * 3
                    for _ in left..<right {
                        sums.red += Int(points[index])
                        sums.green += Int(points[index + 1])
                        sums.blue += Int(points[index + 2])
                        index += 3
                    }
                }
                let count = (bottom - top) * (right - left)
                let place = (y * newWidth + x) * 3
                new[place] = UInt8(sums.red / count)
                new[place + 1] = UInt8(sums.green / count)
                new[place + 2] = UInt8(sums.blue / count)
            }
        }
        return Picture(width: newWidth, height: newHeight, points: new)
    }

    /// As it was held when it was taken.
    func turned(by orientation: Orientation) -> Picture {
        if orientation == .upright { return self }
        let swaps = orientation.rawValue >= 5
        let (newWidth, newHeight) = swaps ? (height, width) : (width, height)
        var new = [UInt8](repeating: 0, count: points.count)
        for y in 0..<newHeight {
            for x in 0..<newWidth {
                let (fromX, fromY) =
                    switch orientation {
                    case .upright: (x, y)
                    case .mirrored: (width - 1 - x, y)
                    case .upsideDown: (width - 1 - x, height - 1 - y)
                    case .flipped: (x, height - 1 - y)
                    case .transposed: (y, x)
                    case .turnedRight: (y, height - 1 - x)
                    case .transversed: (width - 1 - y, height - 1 - x)
                    case .turnedLeft: (width - 1 - y, x)
                    }
                let (from, to) = ((fromY * width + fromX) * 3, (y * newWidth + x) * 3)
                for channel in 0..<3 { new[to + channel] = points[from + channel] }
            }
        }
        return Picture(width: newWidth, height: newHeight, points: new)
    }
}

/// How the camera was held (Exif 2.32, tag 0x0112): what has to be done to see it upright.
enum Orientation: Int, Sendable {
    case upright = 1
    case mirrored, upsideDown, flipped, transposed, turnedRight, transversed, turnedLeft

    /// Read from a JPEG's Exif block; upright where there is none, or it makes no sense.
    static func of(_ jpeg: [UInt8]) -> Orientation {
        var index = 2
        // Blocks stand before the picture itself; each has its length.
        while index + 4 <= jpeg.count, jpeg[index] == 0xFF {
            let kind = jpeg[index + 1]
            let length = Int(jpeg[index + 2]) << 8 | Int(jpeg[index + 3])
            if kind == 0xDA || length < 2 { break }
            let end = min(jpeg.count, index + 2 + length)
            if kind == 0xE1, end - index > 18, jpeg[(index + 4)..<(index + 10)].elementsEqual(Array("Exif\0\0".utf8)) {
                return exif(jpeg[(index + 10)..<end])
            }
            index += 2 + length
        }
        return .upright
    }

    private static func exif(_ block: ArraySlice<UInt8>) -> Orientation {
        let start = block.startIndex
        let isLittle = block.starts(with: Array("II".utf8))
        func number(_ place: Int, _ size: Int) -> Int? {
            guard place >= 0, start + place + size <= block.endIndex else { return nil }
            let bytes = block[(start + place)..<(start + place + size)]
            let ordered = isLittle ? Array(bytes.reversed()) : Array(bytes)
            return ordered.reduce(0) { $0 << 8 | Int($1) }
        }
        guard isLittle || block.starts(with: Array("MM".utf8)), number(2, 2) == 42, let list = number(4, 4),
            let count = number(list, 2)
        else { return .upright }
        for entry in 0..<min(count, 100) {
            let place = list + 2 + entry * 12
            if number(place, 2) == 0x0112 { return number(place + 8, 2).flatMap(Orientation.init) ?? .upright }
        }
        return .upright
    }
}
