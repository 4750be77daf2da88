// A return label as a one-page PDF with the minimum of objects (ISO 32000-1, 7.5): enough for every reader, small
// enough to be understood here.

enum LabelPDF {
    /// An A6 label with these lines, and bars that look like a barcode.
    static func make(lines: [String], bars: String) -> [UInt8] {
        var drawing = "q 1.2 w 12 12 273.6 395.5 re S Q\n"
        drawing += "BT /F1 20 Tf 28 370 Td (RETURN LABEL) Tj ET\n"
        for (index, line) in lines.prefix(8).enumerated() {
            drawing += "BT /F2 12 Tf 28 \(340 - index * 18) Td (\(escaped(line))) Tj ET\n"
        }
        var x = 28
        for byte in bars.utf8.prefix(24) {
            for bit in 0..<6 {
                let width = byte >> UInt8(bit) & 1 == 1 ? 2 : 1
                drawing += "\(x) 60 \(width) 90 re f\n"
                x += width + 1
            }
            if x > 262 { break }
        }
        drawing += "BT /F2 11 Tf 28 40 Td (\(escaped(bars))) Tj ET\n"
        let objects = [
            "<< /Type /Catalog /Pages 2 0 R >>",
            "<< /Type /Pages /Kids [3 0 R] /Count 1 >>",
            "<< /Type /Page /Parent 2 0 R /MediaBox [0 0 297.6 419.5] /Contents 4 0 R /Resources << /Font << "
                + "/F1 << /Type /Font /Subtype /Type1 /BaseFont /Helvetica-Bold >> "
                + "/F2 << /Type /Font /Subtype /Type1 /BaseFont /Helvetica >> >> >> >>",
            "<< /Length \(drawing.utf8.count) >>\nstream\n\(drawing)endstream",
        ]
        var text = "%PDF-1.4\n"
        var offsets: [Int] = []
        for (index, object) in objects.enumerated() {
            offsets.append(text.utf8.count)
            text += "\(index + 1) 0 obj\n\(object)\nendobj\n"
        }
        let table = text.utf8.count
        text += "xref\n0 \(objects.count + 1)\n0000000000 65535 f \n"
        for offset in offsets {
            let digits = String(offset)
            text += String(repeating: "0", count: 10 - digits.count) + digits + " 00000 n \n"
        }
        text += "trailer\n<< /Size \(objects.count + 1) /Root 1 0 R >>\nstartxref\n\(table)\n%%EOF\n"
        return Array(text.utf8)
    }

    /// The built-in fonts know ASCII; other letters become question marks on the sandbox's labels.
    private static func escaped(_ text: String) -> String {
        var out = ""
        for character in text {
            if character == "(" || character == ")" || character == "\\" { out.append("\\") }
            out.append(character.isASCII && character != "\n" ? character : "?")
        }
        return out
    }
}
