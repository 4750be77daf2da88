// Order numbers in a shopper's words. `#1042` is one by itself; `1042` only beside a word that means order, for
// telephone numbers, postcodes and parcels have digits too.

/// Finds order numbers.
package enum OrderNumbers {
    /// How a shop writes its numbers: `#1042`, or `#DE-1042-B`.
    package struct Style: Hashable, Sendable {
        package var prefix: String
        package var suffix: String

        package init(prefix: String = "#", suffix: String = "") {
            self.prefix = prefix
            self.suffix = suffix
        }

        /// What a shop's orders are called: the form that most of those names have, the first of two that are as many.
        /// `#1042` where there are none.
        ///
        /// The number is the longest run of digits, the last of several: `JF-1042-A`, `#2026-10421`.
        package init(of names: [String]) {
            var counts: [Style: (count: Int, place: Int)] = [:]
            for (place, name) in names.enumerated() {
                guard let style = Style(ofOne: name) else { continue }
                counts[style, default: (0, place)].count += 1
            }
            self = counts.min { ($1.value.count, $0.value.place) < ($0.value.count, $1.value.place) }?.key ?? Style()
        }

        /// The form of one name; nil where it has no number.
        private init?(ofOne name: String) {
            guard name.count <= 100 else { return nil }
            let runs = name.indices.filter { place in
                name[place].isASCIIDigit && (place == name.startIndex || !name[name.index(before: place)].isASCIIDigit)
            }.map { start in start..<(name[start...].firstIndex { !$0.isASCIIDigit } ?? name.endIndex) }
            guard
                let number = runs.max(by: { a, b in
                    name[a].count <= name[b].count
                })
            else { return nil }
            self.init(prefix: String(name[..<number.lowerBound]), suffix: String(name[number.upperBound...]))
        }

        /// What an order of that number is called.
        package func name(of digits: some StringProtocol) -> String { prefix + digits + suffix }
    }

    /// The numbers in a text as the shop writes them, in their order, each once.
    package static func names(in text: String, style: Style = Style()) -> [String] {
        var found: [String] = []
        let words = tokens(of: text)
        for (index, word) in words.enumerated() {
            guard let name = name(at: index, in: words, word: word, style: style) else { continue }
            if !found.contains(where: { $0.lowercased() == name.lowercased() }) { found.append(name) }
            if found.count == 10 { break }
        }
        return found
    }

    private struct Token {
        /// Without punctuation around it.
        var text: String
        /// Whether a comma, a full stop or the like follows.
        var ends: Bool
    }

    private static func tokens(of text: String) -> [Token] {
        var tokens: [Token] = []
        var word = ""
        func end() {
            var bare = word[...]
            while let first = bare.first, ".,;!?()[]{}\"'<>*_„“”‚‘’«»".contains(first) { bare = bare.dropFirst() }
            var ends = false
            while let last = bare.last, ".,;!?()[]{}\"'<>*_„“”‚‘’«»-".contains(last) {
                bare = bare.dropLast()
                ends = true
            }
            if !bare.isEmpty { tokens.append(Token(text: String(bare), ends: ends)) }
            word = ""
        }
        for character in text.prefix(100_000) {
            if character.isWhitespace || character == ":" || character == "：" || character == "=" {
                end()
                continue
            }
            // "order#1042", "注文番号1042": a number begins anew behind a letter that no number has before it.
            if character == "#" || character == "＃" {
                end()
                word = "#"
                continue
            }
            if character.isNumber, let last = word.last, last.isLetter,
                last.unicodeScalars.allSatisfy({ $0.value > 0x2E80 })
            {
                end()
            }
            if let digit = character.wholeNumberValue, character.isNumber, !character.isASCII {
                word += String(digit)
            } else {
                word.append(character)
            }
        }
        end()
        // "# 1042"
        var joined: [Token] = []
        for token in tokens {
            if joined.last?.text == "#", token.text.first?.isNumber == true {
                joined[joined.count - 1] = Token(text: "#" + token.text, ends: token.ends)
            } else {
                joined.append(token)
            }
        }
        return joined
    }

    /// Words that mean order, by their beginnings.
    private static let orders = [
        "order", "bestell", "auftrag", "commande", "cde", "pedido", "orden", "ordine", "encomenda", "ordre", "beställ",
        "bestilling", "tilau",
        "zamówieni", "zamowieni", "заказ", "замовлен", "sipariş", "siparis", "objednáv", "rendelés", "comand",
        "comenzi", "naročil", "narudžb",
        "παραγγελ", "注文", "ご注文", "オーダー", "订单", "訂單", "주문", "purchase", "pesanan", "đơn hàng", "הזמנה", "طلب", "po",
    ]
    /// What may stand between the word and its number.
    private static let fillers: Set<String> = [
        "number", "no", "nr", "num", "numéro", "numero", "número", "numer", "nummer", "n°", "nº", "n", "id", "ref",
        "reference", "código", "is", "ist", "est", "es", "was",
        "with", "mit", "the", "die", "der", "my", "meine", "номер", "№", "番号", "号", "번호", "#", "lautet", "numer:",
        "nro", "kodu", "numarası", "č", "số", "code", "name", "av", "di",
    ]
    private static let numberWords: Set<String> = [
        "number", "no", "nr", "num", "numéro", "numero", "número", "numer", "nummer", "n°", "nº", "номер", "№", "番号",
        "nro", "id", "code", "#", "번호",
    ]

    private static func name(at index: Int, in words: [Token], word: Token, style: Style) -> String? {
        let text = word.text
        if let digits = core(of: text, prefix: style.prefix, suffix: style.suffix),
            style.prefix.count > 1 || style.prefix == "#" && digits.count >= 3
        {
            return style.prefix + digits + style.suffix
        }
        if text.hasPrefix("#") {
            let body = text.dropFirst()
            if isDigits(body), (3...12).contains(body.count) {
                return style.prefix.hasSuffix("#") || style.prefix == "#"
                    ? style.prefix + body + style.suffix : "#" + body
            }
            // Another shop's prefix, or this one's where nobody said what it is.
            let head = body.prefix { !$0.isNumber }
            let number = body.dropFirst(head.count)
            guard !head.isEmpty, head.count <= 8, head.allSatisfy({ $0.isLetter || $0 == "-" || $0 == "_" }) else {
                return nil
            }
            let digits = number.prefix { $0.isASCII && $0.isNumber }
            let tail = number.dropFirst(digits.count)
            guard (3...12).contains(digits.count), tail.count <= 4,
                tail.allSatisfy({ $0.isLetter || $0 == "-" || $0.isNumber })
            else { return nil }
            return text
        }
        // The shop's own form without the sign before it, or plain digits.
        let bare = style.prefix.drop { $0 == "#" }
        let digits = core(of: text, prefix: String(bare), suffix: style.suffix) ?? (isDigits(text[...]) ? text : nil)
        guard let digits, (3...10).contains(digits.count) else { return nil }
        var isNamed = false
        var back = index - 1
        while back >= 0, index - back <= 4 {
            let before = words[back].text.lowercased()
            if numberWords.contains(before) { isNamed = true }
            if let order = orders.first(where: { before.hasPrefix($0) }) {
                if order == "po", before != "po" { return nil }
                if before.contains("nr") || before.contains("num") || before.contains("番号") || before.contains("号")
                    || before.contains("no.")
                {
                    isNamed = true
                }
                // "an order of 100 pieces" names no number; four digits in a row do.
                guard isNamed || digits.count >= 4 else { return nil }
                // A telephone number goes on.
                if !word.ends, index + 1 < words.count, isDigits(words[index + 1].text[...]) { return nil }
                return style.prefix + digits + style.suffix
            }
            guard fillers.contains(before) else { return nil }
            back -= 1
        }
        return nil
    }

    private static func isDigits(_ text: Substring) -> Bool {
        !text.isEmpty && text.utf8.allSatisfy { (0x30...0x39).contains($0) }
    }

    /// The digits between a prefix and a suffix.
    private static func core(of text: String, prefix: String, suffix: String) -> String? {
        let lower = text.lowercased()
        guard lower.hasPrefix(prefix.lowercased()), lower.hasSuffix(suffix.lowercased()),
            text.count > prefix.count + suffix.count
        else { return nil }
        let digits = text.dropFirst(prefix.count).dropLast(suffix.count)
        return isDigits(digits) && digits.count <= 12 ? String(digits) : nil
    }
}

extension Character {
    fileprivate var isASCIIDigit: Bool { ("0"..."9").contains(self) }
}
