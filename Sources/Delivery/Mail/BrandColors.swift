// Contrast as defined by WCAG 2.2 (success criteria 1.4.3 and 1.4.11, "relative luminance" and "contrast ratio"). A
// shop's colour is chosen for its looks; whether it is readable on a white card, or as the background of white text, is
// checked here and corrected by as little as needed: darker or lighter, in the same hue.

/// A 24-bit sRGB colour.
struct RGBColor: Hashable, Sendable {
    var red: Double
    var green: Double
    var blue: Double

    static let white = RGBColor(red: 255, green: 255, blue: 255)
    static let black = RGBColor(red: 0, green: 0, blue: 0)

    init(red: Double, green: Double, blue: Double) {
        self.red = red
        self.green = green
        self.blue = blue
    }

    /// Reads `#rrggbb` and `#rgb`; nil for anything else.
    init?(_ text: String) {
        var digits = Array(text.utf8.drop { $0 == UInt8(ascii: "#") })
        if digits.count == 3 { digits = digits.flatMap { [$0, $0] } }
        guard digits.count == 6, let value = UInt32(String(decoding: digits, as: UTF8.self), radix: 16),
            !digits.contains(UInt8(ascii: "+"))
        else { return nil }
        self.init(red: Double(value >> 16), green: Double(value >> 8 & 255), blue: Double(value & 255))
    }

    /// `#rrggbb`.
    var hex: String {
        let value = Int(red.rounded()) << 16 | Int(green.rounded()) << 8 | Int(blue.rounded())
        let digits = String(value, radix: 16)
        return "#" + String(repeating: "0", count: 6 - digits.count) + digits
    }

    /// Whether it has no visible hue.
    var isGrey: Bool { max(red, green, blue) - min(red, green, blue) < 20 }

    /// 0 for black to 1 for white.
    var luminance: Double {
        func linear(_ channel: Double) -> Double {
            let c = channel / 255
            // x^2.4 by the C library would need Foundation or Glibc; a short Newton iteration for the fifth root does.
            return c <= 0.04045 ? c / 12.92 : power12over5((c + 0.055) / 1.055)
        }
        return 0.2126 * linear(red) + 0.7152 * linear(green) + 0.0722 * linear(blue)
    }

    /// 1 for the same luminance to 21 for black on white.
    func contrast(with other: RGBColor) -> Double {
        let (a, b) = (luminance, other.luminance)
        return (max(a, b) + 0.05) / (min(a, b) + 0.05)
    }

    /// The colour moved by that share (0...1) towards another, channel by channel, rounded to the steps of `hex`.
    func mixed(with other: RGBColor, _ share: Double) -> RGBColor {
        RGBColor(
            red: (red + (other.red - red) * share).rounded(), green: (green + (other.green - green) * share).rounded(),
            blue: (blue + (other.blue - blue) * share).rounded())
    }

    /// This colour, or the nearest darker one (on a light ground) or lighter one (on a dark ground) with enough
    /// contrast.
    func readable(on ground: RGBColor, atLeast ratio: Double) -> RGBColor {
        if contrast(with: ground) >= ratio { return self }
        let goal = ground.luminance > 0.18 ? RGBColor.black : .white
        for step in 1...50 {
            let candidate = mixed(with: goal, Double(step) / 50)
            if candidate.contrast(with: ground) >= ratio { return candidate }
        }
        return goal
    }
}

/// x to the power 12/5 for x in 0...1.
private func power12over5(_ x: Double) -> Double {
    guard x > 0 else { return 0 }
    var root = 1.0
    for _ in 0..<60 {
        let next = (4 * root + x / (root * root * root * root)) / 5
        if abs(next - root) < 1e-14 { break }
        root = next
    }
    // x^(12/5) = x^2 · (x^(1/5))^2
    return x * x * root * root
}

/// The colours of a mail in light and dark mode, derived from the shop's colour.
struct BrandColors: Hashable, Sendable {
    /// The colours of one scheme.
    struct Scheme: Hashable, Sendable {
        var page: RGBColor
        var card: RGBColor
        var text: RGBColor
        var muted: RGBColor
        var line: RGBColor
        var soft: RGBColor
        /// Links and the shop's name: readable on the card and the page.
        var accent: RGBColor
        var button: RGBColor
        var buttonText: RGBColor
        /// Visible against the card: the button itself, or a border if the brand colour is close to the card's.
        var buttonLine: RGBColor
    }

    let light: Scheme
    let dark: Scheme

    /// WCAG AA for text.
    static let textContrast = 4.5
    /// WCAG AA for the shape of a control.
    static let shapeContrast = 3.0

    /// The colours for a brand's `#rrggbb`; an unreadable one is replaced by a muted green.
    init(brand text: String) {
        let brand = RGBColor(text) ?? RGBColor(red: 0x2F, green: 0x5D, blue: 0x50)
        func hex(_ value: UInt32) -> RGBColor {
            RGBColor(red: Double(value >> 16), green: Double(value >> 8 & 255), blue: Double(value & 255))
        }
        func scheme(
            page: UInt32, card: UInt32, text: UInt32, muted: UInt32, line: UInt32, soft: UInt32, isDark: Bool
        )
            -> Scheme
        {
            let card = hex(card)
            // The page is slightly darker than the card, so what is readable on the harder of the two is readable on
            // both.
            let hardest = isDark ? card : hex(page)
            // A black button on white becomes white on black in dark mode: a grey in between would look disabled.
            let brand = isDark && brand.isGrey && brand.contrast(with: card) < Self.shapeContrast ? hex(text) : brand
            let accent = brand.readable(on: hardest, atLeast: isDark ? 5.5 : Self.textContrast)
            var button = isDark ? brand.readable(on: card, atLeast: Self.shapeContrast) : brand
            let buttonText: RGBColor
            let white = RGBColor.white.contrast(with: button)
            if white >= Self.shapeContrast {
                // White text was meant for this colour; slightly darker, it becomes readable.
                button = button.readable(on: .white, atLeast: Self.textContrast)
                buttonText = .white
            } else {
                buttonText = .black
            }
            let seen = button.contrast(with: card) >= Self.shapeContrast
            return Scheme(
                page: hex(page), card: card, text: hex(text), muted: hex(muted), line: hex(line), soft: hex(soft),
                accent: accent, button: button, buttonText: buttonText, buttonLine: seen ? button : accent)
        }
        light = scheme(
            page: 0xF4F4F2, card: 0xFFFFFF, text: 0x1F2422, muted: 0x5F6763, line: 0xE4E5E1, soft: 0xF4F4F2,
            isDark: false)
        dark = scheme(
            page: 0x121413, card: 0x1D201F, text: 0xEDEFEE, muted: 0xA6ADA9, line: 0x363B38, soft: 0x2A2E2C,
            isDark: true)
    }
}
