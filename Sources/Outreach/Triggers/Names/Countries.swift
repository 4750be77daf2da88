internal import Foundation

// Countries and languages as conditions, promises and file names write them: two letters, as in Shopify. A shop in the
// United Kingdom writes UK and means GB; a country or language written out in full never matches. What was meant is
// looked up by the names that the system has for them.

/// The countries of ISO 3166-1 by their two-letter codes.
enum Countries {
    /// Kosovo has no code of its own there; Shopify, like everybody else, writes XK.
    static let codes = Set(
        """
        AD AE AF AG AI AL AM AO AQ AR AS AT AU AW AX AZ BA BB BD BE BF BG BH BI BJ BL BM BN BO BQ BR BS BT BV BW BY BZ CA CC CD CF CG CH CI CK CL CM CN
        CO CR CU CV CW CX CY CZ DE DJ DK DM DO DZ EC EE EG EH ER ES ET FI FJ FK FM FO FR GA GB GD GE GF GG GH GI GL GM GN GP GQ GR GS GT GU GW GY HK HM
        HN HR HT HU ID IE IL IM IN IO IQ IR IS IT JE JM JO JP KE KG KH KI KM KN KP KR KW KY KZ LA LB LC LI LK LR LS LT LU LV LY MA MC MD ME MF MG MH MK
        ML MM MN MO MP MQ MR MS MT MU MV MW MX MY MZ NA NC NE NF NG NI NL NO NP NR NU NZ OM PA PE PF PG PH PK PL PM PN PR PS PT PW PY QA RE RO RS RU RW
        SA SB SC SD SE SG SH SI SJ SK SL SM SN SO SR SS ST SV SX SY SZ TC TD TF TG TH TJ TK TL TM TN TO TR TT TV TW TZ UA UG UM US UY UZ VA VC VE VG VI
        VN VU WF WS XK YE YT ZA ZM ZW
        """.split(whereSeparator: \.isWhitespace).map(String.init))

    /// Names people write that the system does not know.
    private static let words = [
        "uk": "GB", "england": "GB", "scotland": "GB", "wales": "GB", "great britain": "GB", "britain": "GB",
        "gbr": "GB", "usa": "US", "america": "US", "united states of america": "US", "holland": "NL", "nld": "NL",
        "el": "GR", "deu": "DE", "ger": "DE", "aut": "AT", "che": "CH", "fra": "FR", "irl": "IE", "esp": "ES",
        "ita": "IT", "can": "CA", "aus": "AU", "eire": "IE", "czech republic": "CZ",
    ]

    /// The code that a text means; nil if it cannot be told.
    static func meant(by text: String) -> String? {
        let lower = text.trimmingSpaces.lowercased()
        if let known = words[lower] { return known }
        if codes.contains(lower.uppercased()) { return lower.uppercased() }
        for language in ["en", "de", "fr", "es"] {
            let locale = Locale(identifier: language)
            for code in codes where locale.localizedString(forRegionCode: code)?.lowercased() == lower { return code }
        }
        return nil
    }

    /// How to fix a text that is not a code.
    static func hint(for text: String) -> String {
        meant(by: text).map { "write \"\($0)\"" } ?? "write a country's two letters, such as \"GB\" or \"DE\""
    }
}

/// The languages of ISO 639-1 by their two-letter codes.
enum Languages {
    static let codes = Set(
        """
        aa ab ae af ak am an ar as av ay az ba be bg bh bi bm bn bo br bs ca ce ch co cr cs cu cv cy da de dv dz ee el en eo es et eu fa ff fi fj fo fr
        fy ga gd gl gn gu gv ha he hi ho hr ht hu hy hz ia id ie ig ii ik io is it iu ja jv ka kg ki kj kk kl km kn ko kr ks ku kv kw ky la lb lg li ln
        lo lt lu lv mg mh mi mk ml mn mr ms mt my na nb nd ne ng nl nn no nr nv ny oc oj om or os pa pi pl ps pt qu rm rn ro ru rw sa sc sd se sg si sk
        sl sm sn so sq sr ss st su sv sw ta te tg th ti tk tl tn to tr ts tt tw ty ug uk ur uz ve vi vo wa wo xh yi yo za zh zu
        """.split(whereSeparator: \.isWhitespace).map(String.init))

    /// Three-letter codes of languages that also have a two-letter one.
    private static let longer = [
        "eng": "en", "deu": "de", "ger": "de", "fra": "fr", "fre": "fr", "spa": "es", "ita": "it", "nld": "nl",
        "dut": "nl", "por": "pt", "dan": "da", "swe": "sv", "nor": "no", "fin": "fi", "pol": "pl", "ces": "cs",
        "cze": "cs", "jpn": "ja", "zho": "zh", "chi": "zh", "rus": "ru", "ell": "el", "gre": "el", "tur": "tr",
    ]

    /// True for a tag whose language exists: `en`, `fr-CA`, `fil`.
    static func isLanguage(_ tag: String) -> Bool {
        guard Locales.isTag(tag) else { return false }
        let language = String(tag.lowercased().prefix { $0 != "-" && $0 != "_" })
        if language.count == 2 { return codes.contains(language) }
        guard longer[language] == nil else { return false }
        let name = Locale(identifier: "en").localizedString(forLanguageCode: language)
        return name != nil && name?.lowercased() != language
    }

    /// The tag that a text means; nil if it cannot be told.
    static func meant(by text: String) -> String? {
        let lower = text.trimmingSpaces.lowercased()
        if let known = longer[lower] { return known }
        if isLanguage(lower) { return Locales.canonical(lower) }
        for language in ["en", "de", "fr", "es"] {
            let locale = Locale(identifier: language)
            for code in codes where locale.localizedString(forLanguageCode: code)?.lowercased() == lower { return code }
        }
        return nil
    }
}
