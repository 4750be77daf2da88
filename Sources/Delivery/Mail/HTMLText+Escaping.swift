internal import Platform

/// The text with HTML's special characters escaped, for content and for attributes in double or single quotes.
///
/// Control characters and noncharacters, which HTML forbids even as references (HTML standard, 13.2.3.5), become spaces
/// or are dropped.
func escapedForHTML(_ text: String) -> String {
    var out = ""
    out.reserveCapacity(text.utf8.count + text.utf8.count / 8)
    for scalar in text.unicodeScalars {
        switch scalar {
        case "&": out += "&amp;"
        case "<": out += "&lt;"
        case ">": out += "&gt;"
        case "\"": out += "&quot;"
        case "'": out += "&#39;"
        case "\n", "\t": out.unicodeScalars.append(scalar)
        default: if !scalar.isForbiddenInText { out.unicodeScalars.append(scalar) }
        }
    }
    return out
}
