/// The names of months and days, and the shapes of Shopify's named date formats, in one language.
///
/// The names are those of the Unicode CLDR. Shopify documents only some of the English shapes; the others follow each
/// language's convention.
public struct DateLanguage: Sendable {
    let months: [String]
    let shortMonths: [String]
    /// From Sunday on.
    let weekdays: [String]
    let shortWeekdays: [String]
    let formats: [String: String]

    /// English.
    public static let english = DateLanguage(
        months: "January February March April May June July August September October November December",
        shortMonths: "Jan Feb Mar Apr May Jun Jul Aug Sep Oct Nov Dec",
        weekdays: "Sunday Monday Tuesday Wednesday Thursday Friday Saturday",
        shortWeekdays: "Sun Mon Tue Wed Thu Fri Sat",
        date: "%B %-d, %Y", short: "%b %-d, %Y", basic: "%-m/%-d/%Y", at: "%DATE at %-l:%M %P", on: "on %SHORT")
    static let german = DateLanguage(
        months: "Januar Februar März April Mai Juni Juli August September Oktober November Dezember",
        shortMonths: "Jan. Feb. März Apr. Mai Juni Juli Aug. Sept. Okt. Nov. Dez.",
        weekdays: "Sonntag Montag Dienstag Mittwoch Donnerstag Freitag Samstag", shortWeekdays: "So Mo Di Mi Do Fr Sa",
        date: "%-d. %B %Y", short: "%-d. %b %Y", basic: "%d.%m.%Y", at: "%DATE um %H:%M Uhr", on: "am %SHORT")
    static let french = DateLanguage(
        months: "janvier février mars avril mai juin juillet août septembre octobre novembre décembre",
        shortMonths: "janv. févr. mars avr. mai juin juil. août sept. oct. nov. déc.",
        weekdays: "dimanche lundi mardi mercredi jeudi vendredi samedi",
        shortWeekdays: "dim. lun. mar. mer. jeu. ven. sam.",
        date: "%-d %B %Y", short: "%-d %b %Y", basic: "%d/%m/%Y", at: "%DATE à %H:%M", on: "le %SHORT")
    static let spanish = DateLanguage(
        months: "enero febrero marzo abril mayo junio julio agosto septiembre octubre noviembre diciembre",
        shortMonths: "ene feb mar abr may jun jul ago sept oct nov dic",
        weekdays: "domingo lunes martes miércoles jueves viernes sábado", shortWeekdays: "dom lun mar mié jue vie sáb",
        date: "%-d de %B de %Y", short: "%-d %b %Y", basic: "%-d/%-m/%Y", at: "%DATE a las %H:%M", on: "el %SHORT")
    static let italian = DateLanguage(
        months: "gennaio febbraio marzo aprile maggio giugno luglio agosto settembre ottobre novembre dicembre",
        shortMonths: "gen feb mar apr mag giu lug ago set ott nov dic",
        weekdays: "domenica lunedì martedì mercoledì giovedì venerdì sabato",
        shortWeekdays: "dom lun mar mer gio ven sab",
        date: "%-d %B %Y", short: "%-d %b %Y", basic: "%-d/%-m/%Y", at: "%DATE alle %H:%M", on: "il %SHORT")
    static let dutch = DateLanguage(
        months: "januari februari maart april mei juni juli augustus september oktober november december",
        shortMonths: "jan. feb. mrt. apr. mei jun. jul. aug. sep. okt. nov. dec.",
        weekdays: "zondag maandag dinsdag woensdag donderdag vrijdag zaterdag", shortWeekdays: "zo ma di wo do vr za",
        date: "%-d %B %Y", short: "%-d %b %Y", basic: "%-d-%-m-%Y", at: "%DATE om %H:%M", on: "op %SHORT")
    static let portuguese = DateLanguage(
        months: "janeiro fevereiro março abril maio junho julho agosto setembro outubro novembro dezembro",
        shortMonths: "jan. fev. mar. abr. mai. jun. jul. ago. set. out. nov. dez.",
        weekdays: "domingo segunda-feira terça-feira quarta-feira quinta-feira sexta-feira sábado",
        shortWeekdays: "dom. seg. ter. qua. qui. sex. sáb.",
        date: "%-d de %B de %Y", short: "%-d de %b de %Y", basic: "%d/%m/%Y", at: "%DATE às %H:%M", on: "em %SHORT")
    static let japanese = DateLanguage(
        months: "1月 2月 3月 4月 5月 6月 7月 8月 9月 10月 11月 12月",
        shortMonths: "1月 2月 3月 4月 5月 6月 7月 8月 9月 10月 11月 12月",
        weekdays: "日曜日 月曜日 火曜日 水曜日 木曜日 金曜日 土曜日", shortWeekdays: "日 月 火 水 木 金 土",
        date: "%Y年%-m月%-d日", short: "%Y年%-m月%-d日", basic: "%Y/%m/%d", at: "%DATE %H:%M", on: "%SHORT")

    /// The language of a locale such as `de` or `fr-CA`; English if we have no other.
    public static func of(locale: String) -> DateLanguage {
        switch locale.prefix(2).lowercased() {
        case "de": return .german
        case "fr": return .french
        case "es": return .spanish
        case "it": return .italian
        case "nl": return .dutch
        case "pt": return .portuguese
        case "ja": return .japanese
        default: return .english
        }
    }

    private init(
        months: String, shortMonths: String, weekdays: String, shortWeekdays: String, date: String, short: String,
        basic: String, at: String, on: String
    ) {
        self.months = months.split(separator: " ").map(String.init)
        self.shortMonths = shortMonths.split(separator: " ").map(String.init)
        self.weekdays = weekdays.split(separator: " ").map(String.init)
        self.shortWeekdays = shortWeekdays.split(separator: " ").map(String.init)
        let dateAtTime = date + at.dropFirst("%DATE".count)
        formats = [
            "abbreviated_date": short, "basic": basic, "date": date, "date_at_time": dateAtTime, "default": dateAtTime,
            "on_date": on.hasPrefix("%") ? short : String(on.dropLast("%SHORT".count)) + short,
            "short": "%d %b %H:%M", "long": "%B %d, %Y %H:%M",
        ]
    }
}
