// Her words alone. A reply carries what it answers, in as many ways as there are mail programs: lines with `>`, with a
// line before them that says who wrote when (the attribution, in the reader's language, broken over as many as three
// lines), a block of headers (Outlook), an element of HTML. What is not hers is marked as spans over the text as it
// came, each with its reason; nothing is thrown away, so that a person can look at it.
//
// The rules, in their order. What stands below or between quotes is hers. A forward keeps what was forwarded, for that
// is what she wants read; only the block of headers goes. What our own line divides is ours from there on. A signature
// goes from its two dashes to the end, or to the next quote. If nothing is left, everything is hers: the reader then
// sees too much instead of nothing.

internal import Platform

/// A piece of a mail's text that its writer did not write now.
package struct MailCut: Hashable, Sendable {
    package enum Reason: String, Hashable, Sendable {
        case quote, attribution, signature, header
        case cutLine = "cut_line"
    }

    /// The first Unicode scalar that belongs to it, counted from the start of the text.
    package var start: Int
    /// The first that does not any more.
    package var end: Int
    package var why: Reason

    package init(start: Int, end: Int, why: Reason) {
        self.start = start
        self.end = end
        self.why = why
    }
}

/// Finds what to cut.
struct QuoteCutter {
    private struct Line {
        var start: Int
        /// Where its words end; the line feed is behind.
        var end: Int
        /// Without white space around it, in lower case, no longer than is looked at.
        var words: String
        var isBlank: Bool { words.isEmpty }
        var isQuoted: Bool
    }

    private let scalars: [Unicode.Scalar]
    private var lines: [Line] = []
    private var cuts: [MailCut] = []
    /// Where a line was found to begin an attribution or a block of headers: each line is asked once.
    private var begins: [Bool?] = []

    /// The longest line that is looked at for what it means.
    private static let longest = 600
    /// The lines that are looked at; what is below them stays.
    private static let most = 10_000

    /// What is new in a text, and what was cut from it.
    ///
    /// - Parameters:
    ///   - marks: what the markup of an HTML text says.
    ///   - isForward: whether the subject says that something is forwarded.
    ///   - cutLine: the line below which nothing is new, as our mails to the team have it.
    static func cut(_ text: String, marks: [MailCut] = [], isForward: Bool = false, cutLine: String? = nil)
        -> (words: String, cuts: [MailCut])
    {
        var cutter = QuoteCutter(text)
        cutter.find(marks: marks, isForward: isForward, cutLine: cutLine)
        let cuts = cutter.joinedCuts()
        let words = cutter.rest(without: cuts)
        return words.isEmpty ? (text.trimmed, []) : (words, cuts)
    }

    /// What is new above a line of ours; nil where the line is not in the text. Unlike `cut`, which rather shows too much
    /// than nothing, it may be empty.
    static func words(above line: String, in text: String, marks: [MailCut] = []) -> String? {
        var cutter = QuoteCutter(text)
        cutter.find(marks: marks, isForward: false, cutLine: line)
        guard cutter.cuts.contains(where: { $0.why == .cutLine }) else { return nil }
        return cutter.rest(without: cutter.joinedCuts())
    }

    private init(_ text: String) {
        scalars = Array(text.unicodeScalars)
        var start = 0
        while start <= scalars.count {
            let end = scalars[start...].firstIndex(of: "\n") ?? scalars.count
            lines.append(Self.line(scalars[start..<end]))
            start = end + 1
            if lines.count >= Self.most { break }
        }
    }

    private static func line(_ run: ArraySlice<Unicode.Scalar>) -> Line {
        var view = String.UnicodeScalarView()
        view.append(contentsOf: run.prefix(longest))
        let words = String(view).trimmed
        let first = run.first { $0 != " " && $0 != "\t" && $0 != "\u{A0}" }
        return Line(
            start: run.startIndex, end: run.endIndex, words: words.lowercased(),
            isQuoted: first == ">" || first == "\u{FF1E}" || first == "\u{203A}")
    }

    // MARK: Finding

    private mutating func find(marks: [MailCut], isForward: Bool, cutLine: String?) {
        if let cutLine, let line = lines.firstIndex(where: { $0.words.contains(cutLine.trimmed.lowercased()) }) {
            // The attribution above it, and its block of headers, go with it.
            add(lines[line].start, scalars.count, .cutLine)
            lines.removeSubrange(line...)
            for index in lines.indices.suffix(8) where attribution(at: index) != nil || header(at: index) != nil {
                add(lines[index].start, lines[lines.count - 1].end, .attribution)
                lines.removeSubrange(index...)
                break
            }
        }
        var isForwarded = isForward
        if !isForward { for mark in marks where mark.start < mark.end { add(mark.start, mark.end, mark.why) } }
        var index = 0
        var isInForward = false
        while index < lines.count {
            let line = lines[index]
            if line.isBlank {
                index += 1
            } else if let block = header(at: index) {
                let isForward = block.isForward ?? isForwarded
                add(line.start, lines[block.end - 1].end, .header)
                index = block.end
                if isForward {
                    isForwarded = true
                    isInForward = true
                } else if !isInForward {
                    // All that Outlook quotes stands below, with no mark of its own.
                    if index < lines.count { add(lines[index].start, scalars.count, .quote) }
                    return
                }
            } else if isInForward {
                // What was forwarded stays, with all that it quotes in turn.
                index += 1
            } else if line.isQuoted {
                index = quote(from: index)
            } else if let end = attribution(at: index) {
                add(line.start, lines[end - 1].end, .attribution)
                let next = lines[end...].firstIndex { !$0.isBlank }
                if let next, lines[next].isQuoted {
                    index = next
                } else {
                    // No mark before its lines: all that follows is the quote.
                    if end < lines.count { add(lines[end].start, scalars.count, .quote) }
                    return
                }
            } else if let end = signature(at: index) {
                add(line.start, lines[end - 1].end, .signature)
                index = end
            } else if Self.isMobileSignature(line.words) {
                add(line.start, line.end, .signature)
                index += 1
            } else {
                index += 1
            }
        }
    }

    private mutating func add(_ start: Int, _ end: Int, _ why: MailCut.Reason) {
        let end = min(end, scalars.count)
        if start < end { cuts.append(MailCut(start: start, end: end, why: why)) }
    }

    /// A run of quoted lines, with the empty ones between them.
    private mutating func quote(from start: Int) -> Int {
        var end = start + 1
        var index = end
        while index < lines.count, lines[index].isQuoted || lines[index].isBlank {
            index += 1
            if lines[index - 1].isQuoted { end = index }
        }
        add(lines[start].start, lines[end - 1].end, .quote)
        return end
    }

    // MARK: Attributions

    /// Verbs with which mail programs introduce a quote, in the languages that our shoppers write.
    private static let verbs: [String] = [
        "wrote", "writes", "schrieb", "schreef", "a écrit", "a ecrit", "écrit", "escribió", "escribio", "ha scritto",
        "scritto", "scrive", "escreveu", "skrev", "kirjoitti", "napisał", "napisał(a)", "napisała", "napisał/a",
        "pisze",
        "napsal", "napsal(a)", "napsala", "napísal", "napísal(a)", "napísala", "írta", "ezt írta", "a scris",
        "написал", "написал(а)", "написала", "пишет", "писал", "пише", "написав", "написав(ла)", "написала", "написа",
        "yazdı", "şunu yazdı", "şunları yazdı", "έγραψε", "έγραψε/αν", "đã viết", "menulis", "va escriure", "rašė",
        "rakstīja", "kirjutas", "je napisao", "je napisao/la", "je napisala", "je pisal", "napisao", "napisal", "כתב",
        "כתבה", "כתב/ה", "‫כתב", "كتب", "のメール", "さんは書きました", "のメッセージ", "写道", "寫道", "写到", "님이 작성",
        "작성", "の書き込み", "ha escrit", "skrifaði", "เขียนว่า", "ने लिखा",
    ]

    /// The last words of the verbs.
    private static let lastWords = Set(verbs.compactMap { $0.split(separator: " ").last.map(String.init) })

    /// How a first line of an attribution begins that is broken over several.
    private static let openings: [String] = [
        "on ", "am ", "le ", "op ", "w dniu ", "dnia ", "el ", "il ", "il giorno ", "em ", "den ", "dne ", "dňa ",
        "în ",
        "in data ", "a ", "pada ", "vào ", "στις ", "в ", "на ", "ma ", "mon,", "tue,", "wed,", "thu,", "fri,", "sat,",
        "sun,", "ke ", "to ", "pe ", "la ", "su ", "ti ", "dana ", "az ", "во ", "ср,", "пн,", "вт,", "чт,", "пт,",
        "сб,",
        "вс,", "понедельник", "вторник", "среда", "четверг", "пятница", "суббота", "воскресенье", "from ", "von ",
        "date ",
        "lør", "søn", "man", "tirs", "ons", "tors", "fre", "pon,", "śr", "czw", "sob", "niedz",
    ]

    /// The end of the attribution that begins in a line, if one does.
    private func attribution(at start: Int) -> Int? {
        var joined = ""
        for count in 1...4 {
            let index = start + count - 1
            guard index < lines.count, !lines[index].isBlank, !lines[index].isQuoted else { return nil }
            joined += (joined.isEmpty ? "" : " ") + lines[index].words
            guard joined.utf8.count <= Self.longest else { return nil }
            if count > 1 {
                let first = lines[start].words
                let begins =
                    Self.openings.contains { first.hasPrefix($0) } || first.first?.isNumber == true
                    || first.contains("<") && first.contains("@")
                guard begins else { return nil }
            }
            if isAttribution(joined, lineCount: count) {
                let next = lines[(index + 1)...].first { !$0.isBlank }
                // Her own sentence may speak of writing. What makes it an attribution is a day or an address in it, or
                // the quote below.
                if next?.isQuoted == true || Self.isDated(joined) && !Self.isHers(joined) { return index + 1 }
            }
        }
        return nil
    }

    /// Whether there is an address in it, a time of day or a day: digits in two places at least.
    private static func isDated(_ words: String) -> Bool {
        words.contains("@") || words.split { !$0.isNumber }.count >= 2
    }

    private static func isHers(_ words: String) -> Bool {
        [
            "i wrote", "schrieb ich", "j'ai", "j’ai", "he escrito", "ho scritto", "schreef ik", "we wrote",
            "schrieben wir",
        ]
        .contains { words.contains($0) }
    }

    private func isAttribution(_ words: String, lineCount: Int) -> Bool {
        var bare = words[...]
        while let last = bare.last,
            last == "*" || last == "_" || last == "\u{202C}" || last == " " || last == "\u{200F}"
        {
            bare = bare.dropLast()
        }
        guard bare.last == ":" || bare.last == "：" || bare.hasSuffix("：") else {
            // Some write no colon, and then at most a line that ends in the verb.
            guard lineCount == 1, bare.contains("@"), let last = bare.split(separator: " ").last else { return false }
            return Self.lastWords.contains(String(last))
        }
        bare = bare.dropLast()
        // "2025-10-17 11:28 GMT+03:00 Ada <ada@shopper.example>:"
        // and the like in languages that need no verb: a day, a time and an address.
        if bare.hasSuffix(">"), bare.contains("@"), bare.split(whereSeparator: { !$0.isNumber }).count >= 3 {
            return true
        }
        for verb in Self.verbs where bare.contains(verb) {
            // The verb is a word by itself: at the end ("… wrote:"), or before the name ("… schrieb Ada:").
            guard let range = bare.firstRange(of: verb) else { continue }
            let before = range.lowerBound > bare.startIndex ? bare[bare.index(before: range.lowerBound)] : " "
            let after = range.upperBound < bare.endIndex ? bare[range.upperBound] : " "
            // Chinese, Japanese and Korean put no spaces between words.
            let isDense = verb.unicodeScalars.contains { $0.value > 0x2E80 }
            let isWord = isDense || !before.isLetter && !after.isLetter
            if isWord { return true }
        }
        return false
    }

    // MARK: Blocks of headers

    private enum Label: Hashable { case from, date, to, subject, copy }

    private static let labels: [String: Label] = {
        var labels: [String: Label] = [:]
        func mean(_ label: Label, _ words: String) {
            for word in words.split(separator: ",") { labels[word.trimmed] = label }
        }
        mean(
            .from,
            """
            from, von, de, da, van, od, från, fra, lähettäjä, от, від, kimden, gönderen, από, feladó, de la,
            expéditeur, afsender, avsändare, 差出人, 送信者, 发件人, 寄件者, 寄件人, 보낸 사람, 보낸사람, nadawca, remitente, mittente,
            odesílatel, odosielateľ, מאת, من, dari, từ, saatja, nuo, no, absender
            """
        )
        mean(
            .date,
            """
            sent, date, gesendet, datum, envoyé, enviado, enviado el, enviada em, fecha, data, inviato, verzonden,
            wysłano, skickat, sendt, dato, lähetetty, päivämäärä, päiväys, отправлено, дата, надіслано, gönderildi,
            tarih, gönderme tarihi, στάλθηκε, ημερομηνία, elküldve, dátum, trimis, odesláno, odoslané, poslano,
            送信日時, 送信日, 日付, 日時, 发送时间, 发送日期, 日期, 時間, 寄件日期, 보낸 날짜, 날짜, נשלח, תאריך, تاريخ, التاريخ, dikirim, tanggal,
            gửi, ngày, sent at, date sent, envoyé le
            """
        )
        mean(
            .to,
            """
            to, an, à, a, para, aan, do, till, til, vastaanottaja, кому, kime, alıcı, προς, címzett, către, komu,
            destinataire, destinatario, modtager, mottagare, ontvanger, empfänger, 宛先, 收件人, 받는 사람, 받는사람, adresat,
            pre, za, אל, إلى, kepada, đến, kam
            """
        )
        mean(
            .subject,
            """
            subject, betreff, objet, asunto, assunto, oggetto, onderwerp, temat, ämne, emne, aihe, тема, konu, θέμα,
            tárgy, subiect, předmět, predmet, zadeva, 件名, 主题, 主旨, 主題, 제목, נושא, الموضوع, subjek, perihal, chủ đề,
            teema, sujet
            """
        )
        mean(
            .copy,
            """
            cc, bcc, kopie, kopia, kopi, copie, kopie an, копия, bilgi, κοιν, másolat, dw, udw, 抄送, 副本, 참조, cc to,
            reply-to, antwort an, répondre à, ответить, priority, wichtigkeit, importance, importancia, priorità,
            anlagen, attachments, organization, anhang
            """
        )
        return labels
    }()

    private static func label(_ words: String) -> Label? {
        let bare = words.drop { $0 == "*" || $0 == "_" || $0 == " " || $0 == ">" || $0 == "|" }
        guard let colon = bare.prefix(32).firstIndex(where: { $0 == ":" || $0 == "：" }) else { return nil }
        var name = bare[..<colon]
        while let last = name.last, last == "*" || last == "_" || last == " " || last == "\u{A0}" {
            name = name.dropLast()
        }
        return labels[String(name)]
    }

    private static let originals: [String] = [
        "original message", "original-nachricht", "ursprüngliche nachricht", "originalnachricht", "message d'origine",
        "message d’origine", "message original", "mensaje original", "messaggio originale", "oorspronkelijk bericht",
        "originele bericht", "mensagem original", "oryginalna wiadomość", "wiadomość oryginalna",
        "ursprungligt meddelande",
        "originalmeddelande", "original meddelelse", "oprindelig meddelelse", "opprinnelig melding", "original melding",
        "alkuperäinen viesti", "исходное сообщение", "пересылаемое сообщение", "původní zpráva", "pôvodná správa",
        "eredeti üzenet", "mesaj original", "mesajul original", "orijinal mesaj", "özgün ileti", "αρχικό μήνυμα",
        "元のメッセージ", "原始邮件", "原始郵件", "원본 메시지", "reply message", "reply above this line",
        "original email", "originalmail", "ursprüngliche e-mail", "oorspronkelijke bericht", "missatge original",
    ]
    private static let forwards: [String] = [
        "forwarded message", "forwarded by", "begin forwarded message", "weitergeleitete nachricht",
        "anfang der weitergeleiteten", "weitergeleitet von", "message transféré", "message réexpédié",
        "début du message", "mensaje reenviado", "messaggio inoltrato", "inizio messaggio", "doorgestuurd bericht",
        "begin doorgestuurd", "mensagem encaminhada", "mensagem reencaminhada", "início da mensagem",
        "wiadomość przekazana", "przekazana wiadomość", "treść przekazanej", "vidarebefordrat meddelande",
        "vidarebefordrat brev", "videresendt meddelelse", "videresendt melding", "välitetty viesti",
        "välitetyn viestin", "пересланное сообщение", "пересылаемое", "перенаправлене", "přeposlaná zpráva",
        "továbbított üzenet", "mesaj redirecționat", "iletilen mesaj", "yönlendirilen", "προωθημένο μήνυμα",
        "転送メッセージ", "転送されたメッセージ", "转发邮件", "轉寄郵件", "전달된 메시지", "fwd message", "missatge reenviat",
    ]

    /// Whether a line is one of these between dashes, or stands alone: `-----Original Message-----`.
    private static func isRule(_ words: String, of phrases: [String], needsDashes: Bool) -> Bool {
        guard (8...120).contains(words.count) else { return false }
        let isRuled =
            words.hasPrefix("--") || words.hasPrefix("__") || words.hasPrefix("==") || words.hasPrefix("**")
            || words.hasPrefix("——") || words.hasPrefix("> --") || words.hasPrefix("─")
        guard isRuled || !needsDashes && (words.hasSuffix(":") || words.hasSuffix("：")) else { return false }
        return phrases.contains { words.contains($0) }
    }

    /// The block of headers that begins in a line: where it ends, and whether it is a forward's; nil where only the
    /// subject can tell.
    private func header(at start: Int) -> (end: Int, isForward: Bool?)? {
        let first = lines[start].words
        var index = start
        var isForward: Bool?
        var isRuled = false
        if Self.isRule(first, of: Self.forwards, needsDashes: false) {
            isForward = true
            isRuled = true
        } else if Self.isRule(first, of: Self.originals, needsDashes: true) {
            isForward = false
            isRuled = true
        } else if first.count >= 5, first.allSatisfy({ $0 == "_" || $0 == "-" || $0 == "=" || $0 == "─" }) {
            // A line across the page, which means something only with a block below it.
            index += 1
            while index < lines.count, lines[index].isBlank, index < start + 3 { index += 1 }
            guard index < lines.count, Self.label(lines[index].words) != nil else { return nil }
        }
        if isRuled {
            index += 1
            var below = index
            while below < lines.count, lines[below].isBlank, below < index + 3 { below += 1 }
            guard below < lines.count, Self.label(lines[below].words) != nil else {
                // "-----Original Message-----" with nothing like headers below it is still one.
                return first.contains("--")
                    || isForward == true && lines.indices.contains(below) && lines[below].isQuoted
                    ? (index, isForward) : nil
            }
            index = below
        }
        // Labels, with lines between them that go on with an address list, and an empty line here and there (HTML).
        var seen: Set<Label> = []
        var end = index
        var others = 0
        var blanks = 0
        let begin = index
        guard index < lines.count, let opening = Self.label(lines[index].words), opening != .copy else { return nil }
        while index < lines.count, index < begin + 16 {
            let line = lines[index]
            if line.isBlank {
                blanks += 1
                if blanks > 1 { break }
                // What follows an empty line is a header only while some are missing.
                let next = index + 1 < lines.count ? Self.label(lines[index + 1].words) : nil
                guard let next, !seen.contains(next) else { break }
            } else if let label = Self.label(line.words) {
                if seen.contains(label), label == .from { break }
                seen.insert(label)
                end = index + 1
                others = 0
                blanks = 0
            } else {
                others += 1
                // A list of addresses that goes on; what comes after the subject is the text.
                guard others <= 2, !seen.contains(.subject), line.words.contains("@") || line.words.contains(";") else {
                    break
                }
            }
            index += 1
        }
        if isRuled { return (end, isForward) }
        let hasWho = seen.contains(.from) || seen.contains(.to)
        let isBlock =
            seen.count >= 3 && seen.contains(.from) && hasWho && (seen.contains(.date) || seen.contains(.subject))
        // Her own form of three lines ("To: …") begins no block: who wrote comes first or second.
        guard isBlock, opening == .from || opening == .date || opening == .subject || opening == .to else { return nil }
        return (end, isForward)
    }

    private mutating func beginsSomething(at index: Int) -> Bool {
        if begins.isEmpty { begins = Array(repeating: nil, count: lines.count) }
        if let known = begins[index] { return known }
        let begins = attribution(at: index) != nil || header(at: index) != nil
        self.begins[index] = begins
        return begins
    }

    // MARK: Signatures

    /// From two dashes to the end, or to where something else begins.
    private mutating func signature(at start: Int) -> Int? {
        let line = lines[start]
        let raw = scalars[line.start..<line.end]
        let isStandard = raw.elementsEqual("-- ".unicodeScalars)
        guard isStandard || line.words == "--" || line.words == "—" else { return nil }
        var end = start + 1
        var index = start + 1
        var count = 0
        while index < lines.count {
            if lines[index].isQuoted || beginsSomething(at: index) { break }
            if !lines[index].isBlank {
                count += 1
                end = index + 1
            }
            index += 1
            // Dashes that only divide are followed by more than anybody's name and numbers.
            if count > (isStandard ? 40 : 10) { return nil }
        }
        // At the very top there would be nothing of hers.
        return lines[..<start].contains { !$0.isBlank } ? end : nil
    }

    private static let mobile: [String] = [
        "sent from my ", "sent from mail for ", "sent from outlook", "sent from yahoo", "sent from a mobile",
        "sent from samsung", "sent from proton", "sent via ", "sent with proton", "sent using ", "get outlook for ",
        "von meinem ", "von meiner ",
        "gesendet von ", "gesendet mit ", "gesendet über ", "gesendet aus ", "diese nachricht wurde von meinem ",
        "outlook für ", "holen sie sich outlook", "envoyé de mon ", "envoyé depuis ", "envoyé à partir ",
        "télécharger outlook",
        "obtenez outlook", "enviado desde ", "enviado do meu ", "enviado a partir ", "enviado de mi ", "enviado por ",
        "obtener outlook", "obter o outlook", "inviato da ", "inviato dal ", "scarica outlook", "ottieni outlook",
        "verzonden vanaf ", "verzonden met ", "verstuurd vanaf ", "verstuurd met ", "verzonden via ", "outlook voor ",
        "download outlook", "wysłane z ", "wysłano z ", "pobierz aplikację outlook", "skickat från ", "skickat med ",
        "sendt fra ", "sendt via ", "hent outlook", "hämta outlook", "lähetetty ", "hanki outlook", "отправлено с ",
        "отправлено из ", "отправлено со ", "надіслано з ", "odesláno z ", "odesláno ze ", "odoslané z ",
        "iphone-ról küldve",
        "az iphone-omról", "trimis de pe ", "gönderildi ", "iphone'umdan gönderildi", "iphone’umdan gönderildi",
        "στάλθηκε από ",
        "iphoneから送信", "androidから送信", "从我的iphone发送", "发自我的", "從我的 iphone 傳送", "나의 iphone에서 보냄", "iphone에서 보냄",
        "enviat des del ", "poslano z ", "poslano sa ", "dikirim dari ", "được gửi từ ", "נשלח מה", "أرسلت من",
        "sent by ",
    ]
    private static let devices: [String] = [
        "iphone", "ipad", "android", "samsung", "galaxy", "huawei", "handy", "smartphone", "mobil", "phone", "outlook",
        "mail", "blackberry", "tablet", "yahoo", "proton", "gmx", "web.de", "windows", "телефон", "xiaomi", "pixel",
        "nokia",
        "téléphone", "teléfono", "móvil", "telefon", "puhelime", "telemóvel", "celular", "cellulare", "app", "free.fr",
        "orange", "laposte", "tutanota", "posteo", "boxer", "spark", "送信", "发自", "傳送", "보냄", "发送",
    ]

    /// "Sent from my iPhone", and what other telephones and programs write below by themselves.
    private static func isMobileSignature(_ words: String) -> Bool {
        guard words.count <= 120 else { return false }
        let bare = String(words.drop { $0 == "-" || $0 == "—" || $0 == "*" || $0 == "_" || $0 == " " })
        guard mobile.contains(where: { bare.hasPrefix($0) }) else { return false }
        // A question is hers: "Sent from your warehouse yet?"
        return devices.contains { bare.contains($0) } && !bare.contains("?")
    }

    // MARK: What is left

    /// The cuts in their order, where they overlap as one.
    private func joinedCuts() -> [MailCut] {
        var joined: [MailCut] = []
        for cut in cuts.sorted(by: { ($0.start, -$0.end) < ($1.start, -$1.end) }) {
            guard let last = joined.last, cut.start < last.end else {
                joined.append(cut)
                continue
            }
            if cut.end > last.end { joined.append(MailCut(start: last.end, end: cut.end, why: cut.why)) }
        }
        return joined
    }

    private func rest(without cuts: [MailCut]) -> String {
        var view = String.UnicodeScalarView()
        var position = 0
        for cut in cuts {
            if position < cut.start { view.append(contentsOf: scalars[position..<cut.start]) }
            position = max(position, cut.end)
        }
        if position < scalars.count { view.append(contentsOf: scalars[position...]) }
        return String(view).trimmed.withoutEmptyRuns
    }
}

extension String {
    /// With no more than one empty line at a time: what was cut leaves gaps.
    fileprivate var withoutEmptyRuns: String {
        var out = String.UnicodeScalarView()
        var feeds = 0
        for scalar in unicodeScalars {
            feeds = scalar == "\n" ? feeds + 1 : scalar == " " || scalar == "\t" ? feeds : 0
            if feeds <= 2 || scalar != "\n" { out.append(scalar) }
        }
        return String(out)
    }
}
