internal import Foundation

/// Something in a reply that a person has to look at before it goes out: it is in no fact and not in the policy.
public struct ReplyDoubt: Hashable, Sendable {
    public enum Kind: String, Sendable, CaseIterable {
        /// A day, or a length of time.
        case date
        case sum, gift, promise
        /// A number of an order or a parcel that is not hers.
        case number
        case link
        /// Something is to be filled in.
        case blank
    }

    public var kind: Kind
    /// As they stand in the reply.
    public var words: String
}

extension ReplyFacts {
    /// So many are named.
    private static let most = 20

    /// What is in a reply and in no fact, in the order in which it stands there. It errs on the side of asking: words
    /// are found in the four languages of the shipped letters, and what is put in other words is not.
    public func doubts(in text: String) -> [ReplyDoubt] {
        var found: [(at: Int, doubt: ReplyDoubt)] = []
        let words = ReplyWords.words(of: text)
        func note(_ kind: ReplyDoubt.Kind, _ range: ClosedRange<Int>) {
            let said = String(text[words[range.lowerBound].range.lowerBound..<words[range.upperBound].range.upperBound])
            found.append((range.lowerBound, ReplyDoubt(kind: kind, words: said)))
        }
        var index = 0
        while index < words.count {
            if let (length, kind, isKnown) = term(at: index, in: words) {
                if !isKnown { note(kind, index...(index + length - 1)) }
                index += length
            } else {
                index += 1
            }
        }
        for match in text.matches(of: /\[[^\]\n]{1,40}\]/) {
            found.append((words.count, ReplyDoubt(kind: .blank, words: String(match.output))))
        }
        for match in text.matches(of: /(?i)\b(?:[a-z0-9\-]{2,}\.)+[a-z]{2,}(?:\/\S*)?/)
        where !match.output.hasSuffix(".") {
            let domain = String(match.output)
            if domain.contains("/") || domain.split(separator: ".").last.map({ $0.count <= 8 }) ?? false {
                found.append((words.count, ReplyDoubt(kind: .link, words: domain)))
            }
        }
        var seen: Set<ReplyDoubt> = []
        return found.sorted { $0.at < $1.at }.map(\.doubt).filter { seen.insert($0).inserted }.prefix(Self.most).map(
            \.self)
    }

    /// What stands at a word: of how many words it is, of which kind, and whether a fact says it; nil for a word that says
    /// nothing of the kind.
    private func term(at index: Int, in words: [ReplyWords.Word]) -> (
        length: Int, kind: ReplyDoubt.Kind, isKnown: Bool
    )? {
        if let (length, isKnown) = date(at: index, in: words) { return (length, .date, isKnown) }
        if let (length, isKnown) = sum(at: index, in: words) { return (length, .sum, isKnown) }
        let word = words[index].plain
        if ReplyWords.refunds.contains(where: word.hasPrefix) { return (1, .promise, hasRefund) }
        if ReplyWords.promises.contains(where: word.hasPrefix) { return (1, .promise, false) }
        if ReplyWords.gifts.contains(where: word.hasPrefix) { return (1, .gift, hasGifts) }
        let digits = word.filter(\.isNumber).count
        if digits >= 4 || digits > 0 && words[index].text.hasPrefix("#") {
            let plain = ReplyWords.plain(words[index].text)
            return (1, .number, numbers.contains(plain))
        }
        return nil
    }

    private func date(at index: Int, in words: [ReplyWords.Word]) -> (length: Int, isKnown: Bool)? {
        let word = words[index].plain
        func isKnown(_ month: Int, _ day: Int) -> Bool {
            days.contains { $0.components.month == month && $0.components.day == day }
        }
        // 12 March, the 12th of March, 12. März, 12 de marzo.
        if let day = ReplyWords.dayNumber(word) {
            var next = index + 1
            if next < words.count, ["of", "de"].contains(words[next].plain) { next += 1 }
            if next < words.count, let month = ReplyWords.months[words[next].plain] {
                return (next - index + 1, isKnown(month, day))
            }
        }
        if let month = ReplyWords.months[word], index + 1 < words.count,
            let day = ReplyWords.dayNumber(words[index + 1].plain)
        {
            return (2, isKnown(month, day))
        }
        let numbers = word.split(whereSeparator: { "./-".contains($0) }).compactMap { Int($0) }
        if word.contains(where: { "./-".contains($0) }), word.allSatisfy({ $0.isNumber || "./-".contains($0) }) {
            if numbers.count == 3, numbers[0] > 31 { return (1, isKnown(numbers[1], numbers[2])) }
            if numbers.count == 3 || numbers.count == 2 && !word.contains("-"),
                (1...31).contains(numbers[0]), (1...31).contains(numbers[1]),
                !ReplyWords.isMoney(beside: index, in: words)
            {
                return (1, isKnown(numbers[1], numbers[0]) || isKnown(numbers[0], numbers[1]))
            }
        }
        if let weekday = ReplyWords.weekdays[word] { return (1, days.contains { $0.weekday == weekday }) }
        if ReplyWords.soon.contains(word) {
            // "Guten Morgen" is no day.
            let isGreeting = index > 0 && ["guten", "good"].contains(words[index - 1].plain)
            return isGreeting ? nil : (1, false)
        }
        return length(at: index, in: words)
    }

    /// Two days, 5 to 10 working days, next week.
    private func length(at index: Int, in words: [ReplyWords.Word]) -> (length: Int, isKnown: Bool)? {
        let word = words[index].plain
        let isCounted = ReplyWords.counts.contains(word) || word.first?.isNumber == true
        guard isCounted || ReplyWords.nexts.contains(word) else { return nil }
        for next in (index + 1)..<max(index + 1, min(index + 5, words.count)) {
            if ReplyWords.lengths.contains(words[next].plain) { return (next - index + 1, false) }
            let between = words[next].plain
            guard
                ReplyWords.between.contains(between) || between.first?.isNumber == true
                    || ReplyWords.counts.contains(between)
            else { return nil }
        }
        return nil
    }

    private func sum(at index: Int, in words: [ReplyWords.Word]) -> (length: Int, isKnown: Bool)? {
        let word = words[index].plain
        guard let amount = ReplyWords.amount(word) else { return nil }
        if word.hasSuffix("%") { return (1, shares.contains(amount)) }
        if word.contains(where: ReplyWords.isCurrencySign) { return (1, isKnown(amount)) }
        guard index + 1 < words.count else { return nil }
        let next = words[index + 1].plain
        if ReplyWords.percents.contains(next) { return (2, shares.contains(amount)) }
        if next == "pour" || next == "por", index + 2 < words.count,
            ["cent", "ciento"].contains(words[index + 2].plain)
        {
            return (3, shares.contains(amount))
        }
        if ReplyWords.currencies.contains(next) || next.allSatisfy(ReplyWords.isCurrencySign) {
            return (2, isKnown(amount))
        }
        return nil
    }

    private func isKnown(_ amount: Decimal) -> Bool { sums.contains(amount) }
}

/// The words of days, sums, gifts and promises, in English, German, French and Spanish.
enum ReplyWords {
    struct Word {
        var text: Substring
        /// In lower case.
        var plain: String
        var range: Range<String.Index>
    }

    /// The words of a text: what stands between spaces, without marks at either end.
    static func words(of text: String) -> [Word] {
        text.split(whereSeparator: { $0.isWhitespace || "–—()[]„“”\"«»!?;".contains($0) }).compactMap { part in
            var part = part
            while let last = part.last, ",.:'’*_".contains(last) { part.removeLast() }
            while let first = part.first, ",.:'’*_".contains(first) { part.removeFirst() }
            guard !part.isEmpty else { return nil }
            return Word(text: part, plain: part.lowercased(), range: part.startIndex..<part.endIndex)
        }
    }

    /// Letters and digits alone, in lower case.
    static func plain(_ text: some StringProtocol) -> String { text.lowercased().filter { $0.isLetter || $0.isNumber } }

    static let weekdaysInEnglish = ["Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday"]

    /// By their names, from 1 for Monday.
    static let weekdays: [String: Int] = {
        let names = [
            "monday montag lundi lunes", "tuesday dienstag mardi martes", "wednesday mittwoch mercredi miércoles",
            "thursday donnerstag jeudi jueves", "friday freitag vendredi viernes",
            "saturday samstag sonnabend samedi sábado", "sunday sonntag dimanche domingo",
        ]
        return numbered(names)
    }()

    static let months: [String: Int] = numbered([
        "january jan januar jänner janvier enero", "february feb februar février fevrier febrero",
        "march mar märz mars marzo", "april apr avril abril", "may mai mayo", "june jun juni juin junio",
        "july jul juli juillet julio", "august aug août aout agosto", "september sept sep septembre septiembre",
        "october oct oktober okt octobre octubre", "november nov novembre noviembre",
        "december dec dezember dez décembre decembre diciembre",
    ])

    private static func numbered(_ names: [String]) -> [String: Int] {
        var table: [String: Int] = [:]
        for (index, line) in names.enumerated() {
            for name in line.split(separator: " ") { table[String(name)] = index + 1 }
        }
        return table
    }

    /// `12`, `12th`, `1er`.
    static func dayNumber(_ word: String) -> Int? {
        let digits = word.prefix(while: \.isNumber)
        guard let number = Int(digits), (1...31).contains(number),
            ["", "st", "nd", "rd", "th", "er", "º"].contains(word.dropFirst(digits.count))
        else { return nil }
        return number
    }

    static let soon: Set<String> = [
        "today", "tonight", "tomorrow", "heute", "morgen", "übermorgen", "demain", "aujourd'hui", "aujourd’hui",
        "après-demain", "hoy", "mañana",
    ]
    static let counts: Set<String> = [
        "a", "an", "one", "two", "three", "four", "five", "six", "seven", "ten", "few", "ein", "eine", "einem", "einer",
        "einen", "zwei", "drei", "vier", "fünf", "sechs", "sieben", "zehn", "paar", "wenigen", "un", "une", "deux",
        "trois", "quatre", "cinq", "six", "sept", "dix", "quelques", "una", "dos", "tres", "cuatro", "cinco", "siete",
        "diez", "unos", "pocos",
    ]
    static let nexts: Set<String> = [
        "next", "this", "nächste", "nächsten", "nächster", "kommende", "kommenden", "dieser", "diese", "diesem", "la",
        "próxima", "próximo", "prochaine",
    ]
    static let between: Set<String> = [
        "to", "or", "bis", "oder", "à", "ou", "o", "a", "working", "business", "more", "prochaine", "próxima", "to",
        "weitere", "weiteren",
    ]
    static let lengths: Set<String> = [
        "day", "days", "hour", "hours", "week", "weeks", "weekend", "month", "months", "tag", "tage", "tagen",
        "werktag",
        "werktage", "werktagen", "arbeitstage", "arbeitstagen", "stunde", "stunden", "woche", "wochen", "wochenende",
        "monat", "monate", "monaten", "jour", "jours", "heure", "heures", "semaine", "semaines", "mois", "día", "días",
        "dia", "dias", "hora", "horas", "semana", "semanas", "mes", "meses",
    ]
    static let currencies: Set<String> = [
        "eur", "euro", "euros", "gbp", "pound", "pounds", "usd", "dollar", "dollars", "chf", "franken", "francs", "cad",
        "aud",
    ]
    static let percents: Set<String> = ["%", "percent", "prozent"]
    static func isCurrencySign(_ character: Character) -> Bool { "€$£¥".contains(character) }

    /// `10`, `€10`, `10,00€`, `1.234,50`, `10%`; nil for what is no number.
    static func amount(_ word: String) -> Decimal? {
        var digits = word.filter { !isCurrencySign($0) }
        if digits.hasSuffix("%") { digits.removeLast() }
        guard let first = digits.first, first.isNumber,
            digits.allSatisfy({ $0.isASCII && ($0.isNumber || $0 == "." || $0 == ",") })
        else { return nil }
        let last = digits.lastIndex(where: { $0 == "." || $0 == "," })
        guard let last, digits.distance(from: last, to: digits.endIndex) <= 3 else {
            return Decimal(string: digits.filter(\.isNumber))
        }
        return Decimal(
            string: digits[..<last].filter(\.isNumber) + "." + digits[digits.index(after: last)...].filter(\.isNumber))
    }

    /// Whether a number stands for money: with a sign, or beside the name of a currency.
    static func isMoney(beside index: Int, in words: [Word]) -> Bool {
        let near = [index - 1, index + 1].filter(words.indices.contains).map { words[$0].plain }
        return near.contains { currencies.contains($0) || percents.contains($0) || $0.allSatisfy(isCurrencySign) }
    }

    static let refunds = ["refund", "reimburs", "erstatt", "rückerstatt", "zurückerstatt", "rembours", "reembols"]
    static let promises = [
        "promis", "guarant", "replac", "compensat", "warrant", "verspr", "zusicher", "zugesichert", "garant", "ersatz",
        "ersetz", "entschädig", "promet", "remplac", "remplaç", "dédommag", "indemn", "prometo", "reemplaz", "sustitu",
    ]
    static let gifts = [
        "gift", "voucher", "coupon", "discount", "credit", "free", "gutschein", "rabatt", "geschenk", "kostenlos",
        "gratis", "nachlass", "gutschrift", "cadeau", "remise", "gratuit", "offert", "descuento", "regalo", "cupón",
    ]
}
