/// How a shop names its orders: Shopify puts the same letters before and after a number, `#1042` unless told otherwise.
public struct OrderStyle: Sendable, Equatable {
    /// Before the number, such as `#` or `#DE-`.
    public var prefix: String
    /// After it, such as `-EU`.
    public var suffix: String

    public init(prefix: String = "#", suffix: String = "") {
        self.prefix = prefix
        self.suffix = suffix
    }

    /// Reads `#DE-{n}`; none unless it says once where the number goes.
    public init?(pattern: String) {
        guard let open = pattern.firstIndex(of: "{"), pattern[open...].hasPrefix("{n}") else { return nil }
        let prefix = String(pattern[..<open])
        let suffix = String(pattern[open...].dropFirst(3))
        guard !prefix.contains("}"), !suffix.contains("{"), prefix.count + suffix.count <= 32 else { return nil }
        self.init(prefix: prefix, suffix: suffix)
    }
}

/// Finds the numbers of orders that a message names. A number is one if it looks like the shop's (`#1042`), or if the
/// words before it say so (order no. 1042). Telephone numbers, dates, sums, postcodes and parcel numbers are not.
struct OrderNumbers {
    /// More are not reported: whoever lists many means something else.
    static let limit = 10

    private struct Piece {
        /// Capital letters, digits, `#` and inner hyphens, as written.
        var text: [UInt8]
        /// Letters as the lexicon's: small and without accents.
        var word: [UInt8]
        var digits: Int
        var letters: Int
        var hashed: Bool
        /// What stands right before and after, 0x20 for nothing.
        var before: UInt32
        var after: UInt32
        /// The next character but one, to tell 12.05 from the end of a sentence.
        var afterNext: UInt32
    }

    private let style: OrderStyle
    private let prefix: [UInt8]
    private let suffix: [UInt8]

    init(style: OrderStyle) {
        self.style = style
        prefix = Self.bare(style.prefix)
        suffix = Self.bare(style.suffix)
    }

    /// Capitals without `#`.
    private static func bare(_ text: String) -> [UInt8] {
        text.utf8.filter { $0 != 0x23 && $0 != 0x20 }.map { (0x61...0x7A).contains($0) ? $0 - 0x20 : $0 }
    }

    /// The numbers, as the shop writes them but without a lone `#` before, each once.
    func find(in letters: Letters) -> [String] {
        let pieces = Self.pieces(letters.scalars)
        var found: [String] = []
        // The words lead to a number: order, my order number is, order no.
        var leads = false
        var digitsBefore: Int?
        for (index, piece) in pieces.enumerated() {
            if piece.digits == 0 {
                if Self.orderWords.contains(piece.word) {
                    // J'ai commandé 500 tasses: a verb, once its accent is gone.
                    leads = index == 0 || !Self.auxiliaries.contains(pieces[index - 1].word)
                } else if !Self.connectors.contains(piece.word) {
                    leads = false
                }
                if !Self.conjunctions.contains(piece.word) { digitsBefore = nil }
                continue
            }
            let named = name(piece, leads: leads || digitsBefore == piece.digits || isAlone(pieces, index))
            if let named, !isSomethingElse(pieces, index) {
                if !found.contains(named), found.count < Self.limit { found.append(named) }
                digitsBefore = piece.digits
            } else {
                digitsBefore = nil
            }
            leads = false
        }
        return found
    }

    /// What the order would be called, if the piece may be an order's number at all.
    private func name(_ piece: Piece, leads: Bool) -> String? {
        let shown = String(decoding: piece.text, as: UTF8.self)
        let core = piece.text.filter { $0 != 0x23 }
        guard piece.digits >= 3, piece.digits <= 16, core.count <= 24 else { return nil }
        if !(prefix.isEmpty && suffix.isEmpty), core.count > prefix.count + suffix.count,
            core.starts(with: prefix), core.suffix(suffix.count).elementsEqual(suffix),
            core.dropFirst(prefix.count).dropLast(suffix.count).allSatisfy(Self.isDigit)
        {
            return style.prefix + String(decoding: core.dropFirst(prefix.count).dropLast(suffix.count), as: UTF8.self)
                + style.suffix
        }
        if piece.letters == 0, core.allSatisfy(Self.isDigit) {
            guard piece.hashed || leads else { return nil }
            return called(core[...])
        }
        // order1042, in one word.
        let glued = core.prefix { !Self.isDigit($0) }
        if Self.orderWords.contains(glued.map { $0 | 0x20 }), core.dropFirst(glued.count).allSatisfy(Self.isDigit) {
            return called(core.dropFirst(glued.count))
        }
        // Some other shop's style, or this one's former: as written.
        return piece.hashed && piece.letters <= 6 || leads && piece.letters <= 4 ? shown : nil
    }

    /// The name of the order with this number; a lone `#` before it is no part of it.
    private func called(_ digits: ArraySlice<UInt8>) -> String {
        let number = String(decoding: digits, as: UTF8.self)
        return prefix.isEmpty && suffix.isEmpty ? number : style.prefix + number + style.suffix
    }

    private func isAlone(_ pieces: [Piece], _ index: Int) -> Bool {
        pieces.count == 1 && pieces[index].digits >= 4 && pieces[index].digits <= 8 && pieces[index].letters == 0
    }

    /// A sum, a date, a time, a postcode, a telephone or parcel number.
    private func isSomethingElse(_ pieces: [Piece], _ index: Int) -> Bool {
        let piece = pieces[index]
        if Self.isMoney(piece.before) || Self.isMoney(piece.after) || piece.before == 0x2B { return true }
        let isInner = piece.after == 0x2E || piece.after == 0x2C || piece.after == 0x3A || piece.after == 0x2F
        if isInner, (0x30...0x39).contains(piece.afterNext) { return true }
        if piece.hashed { return false }
        if piece.before == 0x2E || piece.before == 0x2F
            || piece.before == 0x3A && index > 0 && pieces[index - 1].digits > 0
        {
            return true
        }
        if index > 0, Self.otherNumbers.contains(pieces[index - 1].word) { return true }
        if index > 1, pieces[index - 1].digits == 0, Self.otherNumbers.contains(pieces[index - 2].word),
            Self.connectors.contains(pieces[index - 1].word)
        {
            return true
        }
        if index + 1 < pieces.count, Self.units.contains(pieces[index + 1].word) { return true }
        // 07700 900123: groups of digits are a telephone number.
        if piece.text.first == 0x30, piece.digits >= 3, index + 1 < pieces.count, pieces[index + 1].letters == 0,
            pieces[index + 1].digits >= 3, !pieces[index + 1].hashed
        {
            return true
        }
        return false
    }

    private static func isDigit(_ byte: UInt8) -> Bool { (0x30...0x39).contains(byte) }

    private static func isMoney(_ scalar: UInt32) -> Bool {
        switch scalar {
        case 0x24, 0xA3, 0xA5, 0x20AC, 0x20B9, 0x25: true
        default: false
        }
    }

    private static func pieces(_ scalars: [UInt32]) -> [Piece] {
        var pieces: [Piece] = []
        var index = 0
        while index < scalars.count, pieces.count < 600 {
            guard
                isPart(scalars[index])
                    || scalars[index] == 0x23 && index + 1 < scalars.count
                        && isPart(scalars[index + 1])
            else {
                index += 1
                continue
            }
            let first = index
            var piece = Piece(
                text: [], word: [], digits: 0, letters: 0, hashed: scalars[index] == 0x23, before: 0x20, after: 0x20,
                afterNext: 0x20)
            if piece.hashed {
                piece.text.append(0x23)
                index += 1
            }
            while index < scalars.count, piece.text.count < 40 {
                let value = scalars[index]
                if isPart(value) {
                    if value < 0x80 {
                        let byte = UInt8(value)
                        piece.text.append((0x61...0x7A).contains(byte) ? byte - 0x20 : byte)
                        if isDigit(byte) { piece.digits += 1 } else { piece.letters += 1 }
                    } else {
                        piece.letters += 1
                    }
                    _ = Letters.fold(value, into: &piece.word)
                } else if value == 0x2D, index + 1 < scalars.count, isPart(scalars[index + 1]), piece.text.count > 1 {
                    // A hyphen joins only what has digits on one side: DE-20417, 1042-EU.
                    piece.text.append(0x2D)
                } else {
                    break
                }
                index += 1
            }
            if first > 0 { piece.before = spaceless(scalars, before: first) }
            if index < scalars.count {
                piece.after = scalars[index]
                if piece.after == 0x20, index + 1 < scalars.count, isMoney(scalars[index + 1]) {
                    piece.after = scalars[index + 1]
                }
                if index + 1 < scalars.count { piece.afterNext = scalars[index + 1] }
            }
            pieces.append(piece)
        }
        return pieces
    }

    /// The character before, past one space if it is a currency's sign.
    private static func spaceless(_ scalars: [UInt32], before index: Int) -> UInt32 {
        let near = scalars[index - 1]
        guard near == 0x20, index > 1, isMoney(scalars[index - 2]), scalars[index - 2] != 0x25 else { return near }
        return scalars[index - 2]
    }

    private static func isPart(_ value: UInt32) -> Bool {
        switch value {
        case 0x30...0x39, 0x41...0x5A, 0x61...0x7A: true
        case 0xD7, 0xF7: false
        case 0xC0...0x24F, 0x300...0x36F, 0x1E00...0x1EFF: true
        default: false
        }
    }

    private static func words(_ text: String) -> [[UInt8]] { text.split(separator: " ").map { Array($0.utf8) } }

    /// They lead to an order's number. Not the verbs: "I ordered 500 cups".
    private static let orderWords = Set(
        words(
            """
            order orders ordernumber orderno ordernr orderid purchase purchases bestellung bestellungen bestellnummer \
            bestellnr bestellungsnummer bestellid auftrag auftraege auftragsnummer auftragsnr commande commandes achat \
            achats pedido pedidos orden ordenes compra compras encargo
            """))
    private static let auxiliaries = Set(words("ai as a avons avez ont avais avait"))
    /// They may stand between.
    private static let connectors = Set(
        words(
            """
            no nr num number nbr id ref reference is was for the my code n numero nummer nro ist lautet mit der die das \
            es el la de su mi est le du lo with under ident nummern vom unter meine meiner von called o and os confirmation bestaetigung confirmacion
            """))
    private static let conjunctions = Set(words("and und et y & plus sowie e or oder ou o"))
    /// They lead to some other number.
    private static let otherNumbers = Set(
        words(
            """
            phone tel telephone mobile cell whatsapp fax plz zip postcode postal pincode pin cp telefon handy mobil \
            telefono movil celular tlf portable gsm tracking sendungsnummer trackingnummer guia account iban konto cuenta \
            compte art artikel sku item model modell street strasse str calle rue apt room flat house hausnummer piso \
            vom am dated
            """))
    /// They follow some other number.
    private static let units = Set(
        words(
            """
            euro euros eur dollar dollars usd pounds gbp chf pesos kg g gram grams ml l cm mm m days day tage tagen jours \
            dias weeks wochen hours stunden pieces stueck piezas pcs percent prozent pm am uhr times mal watt volts
            """))
}
