import Foundation
import Liquid
import Outreach

/// What the shopper's pages say, in the shopper's language: English, German, French or Spanish. Others read English.
struct PublicWords: Sendable {
    /// BCP 47, for `lang`.
    let language: String
    private let texts: [String: String]

    static let languages = ["en", "de", "fr", "es"]

    init(_ language: String) {
        self.language = Self.languages.contains(language) ? language : "en"
        texts = Self.all[self.language] ?? [:]
    }

    /// The words for an order's shopper; for nobody known, those that the browser asks for.
    static func of(_ record: OrderRecord?, _ request: WebRequest) -> PublicWords {
        guard let locale = record?.facts.locale ?? record?.facts.customer?.locale else { return of(request) }
        return PublicWords(String(locale.prefix(2)).lowercased())
    }

    /// The words for somebody who wrote in that language; where it is not known, those that the browser asks for.
    static func of(language: String?, _ request: WebRequest) -> PublicWords {
        guard let language, languages.contains(language) else { return of(request) }
        return PublicWords(language)
    }

    static func of(_ request: WebRequest) -> PublicWords {
        let wanted = (request.headers["accept-language"] ?? "").split(separator: ",").prefix(8).map {
            String($0.trimmingCharacters(in: .whitespaces).prefix(2)).lowercased()
        }
        return PublicWords(wanted.first(where: languages.contains) ?? "en")
    }

    private func text(_ key: String) -> String { texts[key] ?? Self.all["en"]?[key] ?? key }

    /// With `{}` replaced by each value in turn.
    private func text(_ key: String, _ values: String...) -> String {
        let parts = text(key).components(separatedBy: "{}")
        return zip(parts, values + [""]).reduce("") { $0 + $1.0 + $1.1 }
    }

    // MARK: - Days

    private func date(_ moment: Liquid.Moment, _ format: String) -> String {
        var options = RenderOptions()
        options.locale = language
        return (try? Template(parsing: "{{ at | date: '\(format)' }}").render(["at": .moment(moment)], options).text)
            ?? ""
    }

    /// `Tuesday, 1 December`.
    func day(_ day: CalendarDay) -> String {
        let (year, month, number) = day.components
        let format =
            language == "de"
            ? "%A, %-d. %B" : language == "en" ? "%A, %-d %B" : language == "es" ? "%A, %-d de %B" : "%A %-d %B"
        return date(Liquid.Moment(year: year, month: month, day: number), format)
    }

    /// `Fri 27 Nov, 18:44`.
    func time(_ moment: Outreach.Moment, _ zone: Outreach.Zone) -> String {
        let offset = Int(zone.day(at: moment).daysSinceEpoch * 86_400) + zone.secondOfDay(at: moment)
        // The wall clock there, said of Greenwich.
        let wall = Liquid.Moment(seconds: Int64(offset))
        return date(wall, language == "de" ? "%a %-d. %b, %H:%M" : "%a %-d %b, %H:%M")
    }

    // MARK: - Tracking

    func order(_ name: String) -> String { text("order", name) }
    func parcel(_ name: String, _ number: Int, of count: Int) -> String {
        text("parcel", name, "\(number)", "\(count)")
    }
    func expected(_ day: CalendarDay) -> String { text("expected", self.day(day)) }
    func delivered(_ day: CalendarDay) -> String { text("delivered", self.day(day)) }
    func promised(_ day: CalendarDay) -> String { text("promised", self.day(day)) }
    func daysLate(_ days: Int) -> String { days == 1 ? text("late1") : text("late", "\(days)") }
    func numberEnding(_ carrier: String, _ end: String) -> String { text("ending", carrier, end) }
    func see(_ carrier: String?) -> String { carrier.map { text("see", $0) } ?? text("see_carrier") }
    func state(_ state: ParcelState) -> String { text("state_\(state.rawValue)") }
    var steps: [String] { [text("packed"), text("handed"), text("way"), text("door")] }
    var deliveredSometime: String { text("arrived") }
    var pickup: String { text("pickup") }
    var outToday: String { text("out") }
    var attempted: String { text("attempted") }
    var problem: String { text("problem") }
    var comingBack: String { text("back") }
    var lost: String { text("lost") }
    var cancelled: String { text("cancelled") }
    var packing: String { text("packing") }
    var packingNote: String { text("packing_note") }
    var lateUnknown: String { text("late_unknown") }
    var onItsWayUnknown: String { text("unknown_day") }
    var sorry: String { text("sorry") }
    var nobodyTells: String { text("nobody") }
    var nothingYet: String { text("nothing") }
    var happened: String { text("happened") }
    var contents: String { text("contents") }
    var wrong: String { text("wrong") }

    // MARK: - Links

    var stopTitle: String { text("stop_title") }
    var stopWords: String { text("stop_words") }
    var stopButton: String { text("stop_button") }
    var stoppedTitle: String { text("stopped_title") }
    var stoppedWords: String { text("stopped_words") }
    var stopRatingsTitle: String { text("stop_ratings_title") }
    var stopRatingsWords: String { text("stop_ratings_words") }
    var stopRatingsButton: String { text("stop_ratings_button") }
    var ratingsStoppedTitle: String { text("ratings_stopped_title") }
    var ratingsStoppedWords: String { text("ratings_stopped_words") }
    var oldTitle: String { text("old_title") }
    var oldWords: String { text("old_words") }
    var newLink: String { text("new_link") }
    var newLinkSubject: String { text("new_subject") }
    var seeParcel: String { text("see_parcel") }
    var sentTitle: String { text("sent_title") }
    var sentWords: String { text("sent_words") }
    // MARK: - Preferences

    var choose: String { text("choose") }
    var choicesTitle: String { text("choices_title") }
    var choicesWords: String { text("choices_words") }
    var choicesSubject: String { text("choices_subject") }
    func newsOfOrder(_ name: String) -> String { text("news_of_order", name) }
    var offers: String { text("offers") }
    var ratings: String { text("ratings") }
    var save: String { text("save") }
    var saved: String { text("saved") }
    var undo: String { text("undo") }
    var stoppedByUs: String { text("stopped_by_us") }

    // MARK: - Ratings

    func rateTitle(_ name: String) -> String { text("rate_title", name) }
    var rateTalkTitle: String { text("rate_talk_title") }
    var rateTalkSubject: String { text("rate_talk_subject") }
    var rateLine: String { text("rate_line") }
    var rateScale: String { text("rate_scale") }
    var rateButton: String { text("rate_button") }
    var rateAgain: String { text("rate_again") }
    var rateNone: String { text("rate_none") }
    var rateThanks: String { text("rate_thanks") }
    var rateThanksWords: String { text("rate_thanks_words") }
    var rateSorry: String { text("rate_sorry") }
    var rateWrite: String { text("rate_write") }
    var rateChange: String { text("rate_change") }
    func rateGiven(_ score: Int) -> String { text("rate_given", "\(score)") }
    var rateClosed: String { text("rate_closed") }
    var rateSubject: String { text("rate_subject") }

    // MARK: - Answers

    var answerTitle: String { text("answer_title") }
    var answerWords: String { text("answer_words") }
    func answerButton(_ button: AnswerButton) -> String { text("answer_\(button.rawValue)") }
    var answerThanks: String { text("answer_thanks") }
    var answerPersonTitle: String { text("answer_person_title") }
    var answerPersonWords: String { text("answer_person_words") }
    var answerNewer: String { text("answer_newer") }
    var answerOld: String { text("answer_old") }

    // MARK: - Offers

    func offerTitle(_ order: String) -> String { text("offer_title", order) }
    var offerWords: String { text("offer_words") }
    var offerLegend: String { text("offer_legend") }
    /// What can be chosen, and what that means; a kind is `refund`, `reship`, `store_credit` or `gift`.
    func offer(_ kind: String) -> String { text("offer_\(kind)") }
    func offerNote(_ kind: String) -> String { text("offer_\(kind)_note") }
    func offerDone(_ kind: String) -> String { text("offer_\(kind)_done") }
    var offerNext: String { text("offer_next") }
    var offerNone: String { text("offer_none") }
    var offerBack: String { text("offer_back") }
    var offerThanks: String { text("offer_thanks") }
    var offerPersonTitle: String { text("offer_person_title") }
    var offerPersonWords: String { text("offer_person_words") }
    var offerOverTitle: String { text("offer_over_title") }
    var offerOverWords: String { text("offer_over_words") }
    func offerCode(_ code: String) -> String { text("offer_your_code", code) }
    var offerCodeSoon: String { text("offer_code_soon") }
    func offerAlso(_ code: String) -> String { text("offer_also", code) }

    // MARK: - Mailed codes

    var codeTitle: String { text("code_title") }
    func codeWords(_ kind: PageCode.Kind, _ address: String) -> String { text("code_words_\(kind.rawValue)", address) }
    var codeLabel: String { text("code_label") }
    var codeWrong: String { text("code_wrong") }
    var codeAgain: String { text("code_again") }
    var codeConfirm: String { text("code_confirm") }
    var codeBack: String { text("code_back") }
    func codeMailSubject(_ order: String) -> String { text("code_mail_subject", order) }
    func codeMail(_ code: String) -> String { text("code_mail", code) }
    /// What the code is for, in a sentence.
    func codeMailPurpose(_ kind: PageCode.Kind) -> String { text("code_for_\(kind.rawValue)") }
    func codeMailNotYou(_ kind: PageCode.Kind) -> String { text("code_not_you_\(kind.rawValue)") }

    // MARK: - What she does herself

    func serviceTitle(_ kind: PageCode.Kind, _ order: String) -> String {
        text("service_title_\(kind.rawValue)", order)
    }
    func serviceWords(_ kind: PageCode.Kind) -> String { text("service_words_\(kind.rawValue)") }
    var serviceCode: String { text("service_code") }
    var serviceNext: String { text("service_next") }
    var servicePassOver: String { text("service_pass_over") }
    func serviceBusyTitle(_ kind: PageCode.Kind) -> String { text("service_busy_title_\(kind.rawValue)") }
    var serviceBusyWords: String { text("service_busy_words") }
    var serviceLook: String { text("service_look") }
    func serviceDoneTitle(_ kind: PageCode.Kind, _ order: String) -> String {
        text("service_done_title_\(kind.rawValue)", order)
    }
    func serviceDoneWords(_ kind: PageCode.Kind) -> String { text("service_done_words_\(kind.rawValue)") }
    var servicePerson: String { text("service_person") }
    func serviceOverTitle(_ kind: PageCode.Kind, _ order: String) -> String {
        text("service_over_title_\(kind.rawValue)", order)
    }
    func serviceOver(_ end: PageEnd) -> String { text("service_over_\(end.rawValue)") }
    func serviceSubject(_ kind: PageCode.Kind) -> String { text("service_subject_\(kind.rawValue)") }
    func serviceLink(_ kind: PageCode.Kind) -> String { text("service_link_\(kind.rawValue)") }
    func addressFormTitle(_ order: String) -> String { text("address_form_title", order) }
    func addressFormWords(_ country: String) -> String { text("address_form_words", country) }
    var addressSave: String { text("address_save") }
    var addressAgain: String { text("address_again") }
    var addressNew: String { text("address_new") }
    var addressSame: String { text("address_same") }
    var addressProblems: String { text("address_problems") }
    var addressRefused: String { text("address_refused") }
    func addressField(_ field: AddressField) -> String { text("field_\(field.rawValue)") }
    /// What is wrong with a field.
    func addressProblem(_ field: AddressField, _ objection: AddressObjection) -> String {
        let own = "problem_\(objection.rawValue)_\(field.rawValue)"
        return texts[own] ?? text("problem_\(objection.rawValue)")
    }
    func cancelFormTitle(_ order: String) -> String { text("cancel_form_title", order) }
    var cancelFormWords: String { text("cancel_form_words") }
    func cancelSum(_ sum: Outreach.Money) -> String {
        text("cancel_sum", sum.amount.formatted(.currency(code: sum.currency).locale(Locale(identifier: language))))
    }
    var cancelNoSum: String { text("cancel_no_sum") }
    var cancelUnknownSum: String { text("cancel_unknown_sum") }
    var cancelGoods: String { text("cancel_goods") }
    var cancelConfirm: String { text("cancel_confirm") }
    var cancelKeep: String { text("cancel_keep") }

    /// What a country is called; nil for a code that is none.
    func country(_ code: String) -> String? { Locale(identifier: language).localizedString(forRegionCode: code) }

    // MARK: - Returns

    func returnTitle(_ order: String) -> String { text("return_title", order) }
    var returnTerms: String { text("return_terms") }
    var returnTermsApproved: String { text("return_terms_approved") }
    var returnTermsPerson: String { text("return_terms_person") }
    func returnLabel(_ who: String) -> String { text("return_label_\(who)") }
    func returnPaid(_ when: String) -> String { text("return_paid_\(when)") }
    func returnRefused(_ why: String) -> String { text("return_refused_\(why)") }
    var returnItems: String { text("return_items") }
    var returnKeep: String { text("return_keep") }
    func returnCount(_ count: Int, of most: Int) -> String {
        most == 1 ? text("return_one") : text("return_count", "\(count)", "\(most)")
    }
    var returnWhy: String { text("return_reason") }
    var returnReasonNone: String { text("return_reason_none") }
    func returnReason(_ reason: String) -> String { text("return_reason_\(reason)") }
    func returnWish(_ wish: String) -> String { text("return_wish_\(wish)") }
    func returnWishNote(_ wish: String) -> String { text("return_wish_\(wish)_note") }
    var returnOwnWords: String { text("return_words") }
    func returnMissing(_ what: String) -> String { text("return_missing_\(what)") }
    var returnBack: String { text("return_back") }
    var returnAsked: String { text("return_asked") }
    var returnNothing: String { text("return_nothing") }
    var returnNothingMore: String { text("return_nothing_more") }
    var returnNotNow: String { text("return_not_now") }
    func returnState(_ name: String, _ state: String) -> String { text("return_is_\(state)", name) }

    var unknownTitle: String { text("none_title") }
    var unknownWords: String { text("none_words") }
    var later: String { text("later") }

    /// Every text has the same number of `{}` in each language, which a test holds.
    static let all: [String: [String: String]] = [
        "en": together([english, OfferWords.english, CodeWords.english, ServiceWords.english, ReturnWords.english]),
        "de": together([german, OfferWords.german, CodeWords.german, ServiceWords.german, ReturnWords.german]),
        "fr": together([french, OfferWords.french, CodeWords.french, ServiceWords.french, ReturnWords.french]),
        "es": together([spanish, OfferWords.spanish, CodeWords.spanish, ServiceWords.spanish, ReturnWords.spanish]),
    ]

    private static func together(_ texts: [[String: String]]) -> [String: String] {
        texts.reduce(into: [:]) { all, some in all.merge(some) { first, _ in first } }
    }

    private static let english = [
        "order": "Order {}", "parcel": "Order {}, parcel {} of {}", "expected": "Expected on {}",
        "delivered": "Delivered on {}", "promised": "We are sorry: it was promised for {}.", "late1": "1 day late",
        "late": "{} days late", "ending": "{}, number ending {}.", "see": "See it at {}",
        "see_carrier": "See it at the carrier’s", "packed": "Packed", "handed": "Handed over", "way": "On its way",
        "door": "At your door", "arrived": "Delivered", "pickup": "Ready to be picked up",
        "out": "Out for delivery today", "attempted": "A delivery was tried", "problem": "Something holds it up",
        "back": "It is coming back to us", "lost": "The carrier cannot find it", "cancelled": "Cancelled",
        "packing": "We are packing your order", "packing_note": "You will see its day here once it is on its way.",
        "late_unknown": "Late, and nobody says until when", "unknown_day": "On its way, without a day yet",
        "sorry": "We are sorry.", "nobody": "No carrier tells us where it is; all we know is that we sent it.",
        "nothing": "The carrier has not scanned it yet.", "happened": "What happened", "contents": "In this parcel",
        "wrong": "Something is wrong", "state_unknown": "News without a place", "state_pre_transit": "Packed by us",
        "state_accepted": "Handed over", "state_in_transit": "On its way", "state_out_for_delivery": "Out for delivery",
        "state_attempted": "A delivery was tried", "state_ready_for_pickup": "Ready to be picked up",
        "state_exception": "Held up", "state_returning": "On its way back", "state_returned": "Back with us",
        "state_delivered": "Delivered", "state_cancelled": "Cancelled", "state_lost": "Given up by the carrier",
        "stop_title": "No more offers?",
        "stop_words": "You get no offers and no other advertising. We still write to you about your orders.",
        "stop_button": "No more offers", "stopped_title": "No more offers",
        "stopped_words": "You get none from us any more. We still write to you about your orders.",
        "old_title": "This link is too old", "old_words": "We can mail you a new one, to the address of the order.",
        "new_link": "Send me a new link", "new_subject": "A new link to your order",
        "see_parcel": "Where is my parcel?",
        "sent_title": "A mail is on its way",
        "sent_words": "If the order still has an address, the new link goes to it. This may take a minute.",
        "none_title": "There is no such page", "none_words": "The link may be cut: open it from the mail once more.",
        "later": "Please try again in a minute.",
        "choose": "Choose what we write to you about",
        "choices_title": "What we write to you about",
        "choices_words": "Untick what you do not want by mail.",
        "choices_subject": "Your link to choose what we write about:",
        "news_of_order": "News of order {}: when it is on its way, and when it is late",
        "offers": "Offers and other advertising",
        "ratings": "Questions about how you liked it",
        "save": "Save",
        "saved": "Saved. This is how it is from now on.",
        "undo": "Undo",
        "stopped_by_us": "We had to stop this one. Write to us if you want it again.",
        "rate_title": "How was the delivery of order {}?", "rate_scale": "From 1, bad, to 5, very good",
        "rate_line": "Anything you want to tell us?", "rate_button": "Send",
        "rate_again":
            "Please press the button once more: mail programs open links by themselves, and we count what you say.",
        "rate_none": "Please choose from 1 to 5.", "rate_thanks": "Thank you",
        "rate_thanks_words": "That helps us.",
        "rate_sorry": "We are sorry. We read every such answer.", "rate_write": "Write to us",
        "rate_change": "You can change it for a week.", "rate_given": "You gave it {} out of 5.",
        "rate_closed": "It can no longer be changed. Write to us if there is anything else.",
        "rate_subject": "Your link to rate order",
        "rate_talk_title": "How did we answer you?", "rate_talk_subject": "Your link to rate our answer",
        "stop_ratings_title": "No more questions?",
        "stop_ratings_words": "We no longer ask you how it was. News of your orders still comes.",
        "stop_ratings_button": "Do not ask me", "ratings_stopped_title": "No more questions",
        "ratings_stopped_words": "We do not ask you any more. News of your orders still comes.",
        "answer_title": "Did our answer help?",
        "answer_words": "A program wrote it. If it did not help, one of us writes to you.",
        "answer_helped": "That helped", "answer_person": "I want a person",
        "answer_thanks": "Good to know. Write to us whenever there is anything else.",
        "answer_person_title": "One of us writes to you",
        "answer_person_words": "A person has your message now, and answers by mail.",
        "answer_newer": "You have written to us since. We answer that first.",
        "answer_old": "Write to us, and we answer you.",
    ]

    private static let german = [
        "order": "Bestellung {}", "parcel": "Bestellung {}, Paket {} von {}", "expected": "Erwartet am {}",
        "delivered": "Zugestellt am {}", "promised": "Es tut uns leid: zugesagt war {}.", "late1": "1 Tag zu spät",
        "late": "{} Tage zu spät", "ending": "{}, Nummer endet auf {}.", "see": "Bei {} ansehen",
        "see_carrier": "Beim Paketdienst ansehen", "packed": "Gepackt", "handed": "Übergeben", "way": "Unterwegs",
        "door": "Bei Ihnen", "arrived": "Zugestellt", "pickup": "Liegt zur Abholung bereit",
        "out": "Kommt heute", "attempted": "Eine Zustellung wurde versucht", "problem": "Etwas hält es auf",
        "back": "Es kommt zu uns zurück", "lost": "Der Paketdienst findet es nicht", "cancelled": "Storniert",
        "packing": "Wir packen Ihre Bestellung", "packing_note": "Hier steht der Tag, sobald sie unterwegs ist.",
        "late_unknown": "Verspätet, und niemand sagt bis wann", "unknown_day": "Unterwegs, noch ohne Tag",
        "sorry": "Es tut uns leid.",
        "nobody": "Kein Paketdienst sagt uns, wo es ist; wir wissen nur, dass wir es verschickt haben.",
        "nothing": "Der Paketdienst hat es noch nicht erfasst.", "happened": "Was geschah",
        "contents": "In diesem Paket", "wrong": "Etwas stimmt nicht", "state_unknown": "Nachricht ohne Ort",
        "state_pre_transit": "Von uns gepackt", "state_accepted": "Übergeben", "state_in_transit": "Unterwegs",
        "state_out_for_delivery": "In der Zustellung", "state_attempted": "Eine Zustellung wurde versucht",
        "state_ready_for_pickup": "Liegt zur Abholung bereit", "state_exception": "Aufgehalten",
        "state_returning": "Auf dem Rückweg", "state_returned": "Wieder bei uns", "state_delivered": "Zugestellt",
        "state_cancelled": "Storniert", "state_lost": "Vom Paketdienst aufgegeben",
        "stop_title": "Keine Angebote mehr?",
        "stop_words": "Nachrichten zu Ihren Bestellungen kommen weiter. Angebote und andere Werbung nicht.",
        "stop_button": "Keine Angebote mehr", "stopped_title": "Keine Angebote mehr",
        "stopped_words": "Sie bekommen keine mehr von uns. Nachrichten zu Ihren Bestellungen kommen weiter.",
        "old_title": "Dieser Link ist zu alt",
        "old_words": "Wir können Ihnen einen neuen schicken, an die Adresse der Bestellung.",
        "new_link": "Neuen Link schicken", "new_subject": "Ein neuer Link zu Ihrer Bestellung",
        "see_parcel": "Wo ist mein Paket?", "sent_title": "Eine Mail ist unterwegs",
        "sent_words": "Hat die Bestellung noch eine Adresse, geht der neue Link dorthin. Das kann eine Minute dauern.",
        "none_title": "Diese Seite gibt es nicht",
        "none_words": "Der Link ist vielleicht abgeschnitten: Öffnen Sie ihn noch einmal aus der Mail.",
        "later": "Bitte versuchen Sie es in einer Minute noch einmal.",
        "choose": "Auswählen, worüber wir schreiben",
        "choices_title": "Worüber wir Ihnen schreiben",
        "choices_words": "Nehmen Sie den Haken weg, wo Sie keine Mail mehr möchten.",
        "choices_subject": "Ihr Link zum Auswählen, worüber wir schreiben:",
        "news_of_order": "Neues zur Bestellung {}: wenn sie unterwegs ist, und wenn sie sich verspätet",
        "offers": "Angebote und andere Werbung",
        "ratings": "Fragen, wie es Ihnen gefallen hat",
        "save": "Speichern",
        "saved": "Gespeichert. So ist es von jetzt an.",
        "undo": "Rückgängig machen",
        "stopped_by_us": "Das mussten wir anhalten. Schreiben Sie uns, wenn Sie es wieder möchten.",
        "rate_title": "Wie war die Lieferung der Bestellung {}?", "rate_scale": "Von 1, schlecht, bis 5, sehr gut",
        "rate_line": "Möchten Sie uns etwas dazu sagen?", "rate_button": "Senden",
        "rate_again":
            "Bitte drücken Sie den Knopf noch einmal: Mailprogramme öffnen Links von selbst, und es zählt, was Sie sagen.",
        "rate_none": "Bitte wählen Sie von 1 bis 5.", "rate_thanks": "Vielen Dank",
        "rate_thanks_words": "Das hilft uns.",
        "rate_sorry": "Das tut uns leid. Wir lesen jede solche Antwort.", "rate_write": "Schreiben Sie uns",
        "rate_change": "Sie können es eine Woche lang ändern.", "rate_given": "Sie haben {} von 5 gegeben.",
        "rate_closed": "Es lässt sich nicht mehr ändern. Schreiben Sie uns, wenn noch etwas ist.",
        "rate_subject": "Ihr Link zum Bewerten der Bestellung",
        "rate_talk_title": "Wie haben wir Ihnen geantwortet?",
        "rate_talk_subject": "Ihr Link zum Bewerten unserer Antwort", "stop_ratings_title": "Keine Fragen mehr?",
        "stop_ratings_words":
            "Wir fragen Sie dann nicht mehr, wie es war. Nachrichten zu Ihren Bestellungen kommen weiter.",
        "stop_ratings_button": "Nicht mehr fragen", "ratings_stopped_title": "Keine Fragen mehr",
        "ratings_stopped_words": "Wir fragen Sie nicht mehr. Nachrichten zu Ihren Bestellungen kommen weiter.",
        "answer_title": "Hat unsere Antwort geholfen?",
        "answer_words": "Ein Programm hat sie geschrieben. Wenn sie nicht geholfen hat, schreibt Ihnen jemand von uns.",
        "answer_helped": "Das hat geholfen", "answer_person": "Ich möchte einen Menschen",
        "answer_thanks": "Gut zu wissen. Schreiben Sie uns, wenn noch etwas ist.",
        "answer_person_title": "Jemand von uns schreibt Ihnen",
        "answer_person_words": "Ihre Nachricht liegt jetzt bei einem Menschen, der Ihnen per Mail antwortet.",
        "answer_newer": "Sie haben uns seitdem geschrieben. Darauf antworten wir zuerst.",
        "answer_old": "Schreiben Sie uns, und wir antworten Ihnen.",
    ]

    private static let french = [
        "order": "Commande {}", "parcel": "Commande {}, colis {} sur {}", "expected": "Attendu le {}",
        "delivered": "Livré le {}", "promised": "Nous sommes désolés : il était promis pour le {}.",
        "late1": "1 jour de retard", "late": "{} jours de retard", "ending": "{}, numéro finissant par {}.",
        "see": "Voir chez {}", "see_carrier": "Voir chez le transporteur", "packed": "Emballé", "handed": "Remis",
        "way": "En route", "door": "Chez vous", "arrived": "Livré", "pickup": "Prêt à être retiré",
        "out": "En livraison aujourd’hui", "attempted": "Une livraison a été tentée",
        "problem": "Quelque chose le retient",
        "back": "Il revient chez nous", "lost": "Le transporteur ne le trouve pas", "cancelled": "Annulé",
        "packing": "Nous préparons votre commande",
        "packing_note": "Le jour sera indiqué ici dès qu’elle sera en route.",
        "late_unknown": "En retard, sans nouvelle date", "unknown_day": "En route, pas encore de date",
        "sorry": "Nous sommes désolés.",
        "nobody": "Aucun transporteur ne nous dit où il est ; nous savons seulement que nous l’avons envoyé.",
        "nothing": "Le transporteur ne l’a pas encore scanné.", "happened": "Ce qui s’est passé",
        "contents": "Dans ce colis", "wrong": "Quelque chose ne va pas", "state_unknown": "Nouvelle sans lieu",
        "state_pre_transit": "Emballé par nous", "state_accepted": "Remis", "state_in_transit": "En route",
        "state_out_for_delivery": "En livraison", "state_attempted": "Une livraison a été tentée",
        "state_ready_for_pickup": "Prêt à être retiré", "state_exception": "Retenu", "state_returning": "Sur le retour",
        "state_returned": "De retour chez nous", "state_delivered": "Livré", "state_cancelled": "Annulé",
        "state_lost": "Abandonné par le transporteur", "stop_title": "Plus d’offres ?",
        "stop_words": "Les nouvelles de vos commandes continuent. Plus d’offres ni d’autre publicité.",
        "stop_button": "Plus d’offres", "stopped_title": "Plus d’offres",
        "stopped_words": "Vous n’en recevrez plus de nous. Les nouvelles de vos commandes continuent.",
        "old_title": "Ce lien est trop ancien",
        "old_words": "Nous pouvons vous en envoyer un nouveau, à l’adresse de la commande.",
        "new_link": "Envoyer un nouveau lien", "new_subject": "Un nouveau lien vers votre commande",
        "see_parcel": "Où est mon colis ?", "sent_title": "Un message est en route",
        "sent_words":
            "Si la commande a encore une adresse, le nouveau lien y est envoyé. Cela peut prendre une minute.",
        "none_title": "Cette page n’existe pas",
        "none_words": "Le lien est peut-être coupé : ouvrez-le encore une fois depuis le message.",
        "later": "Veuillez réessayer dans une minute.",
        "choose": "Choisir ce dont nous vous parlons",
        "choices_title": "Ce dont nous vous parlons",
        "choices_words": "Décochez ce que vous ne voulez plus recevoir.",
        "choices_subject": "Votre lien pour choisir ce dont nous vous parlons :",
        "news_of_order": "Nouvelles de la commande {} : quand elle part, et si elle a du retard",
        "offers": "Offres et autre publicité",
        "ratings": "Questions sur votre satisfaction",
        "save": "Enregistrer",
        "saved": "C’est enregistré, et valable dès maintenant.",
        "undo": "Annuler",
        "stopped_by_us": "Nous avons dû arrêter ces messages. Écrivez-nous si vous en voulez de nouveau.",
        "rate_title": "Comment s’est passée la livraison de la commande {} ?",
        "rate_scale": "De 1, mal, à 5, très bien",
        "rate_line": "Voulez-vous nous dire quelque chose ?", "rate_button": "Envoyer",
        "rate_again":
            "Appuyez encore une fois, s’il vous plaît : les messageries ouvrent les liens d’elles-mêmes, et c’est votre avis qui compte.",
        "rate_none": "Choisissez de 1 à 5, s’il vous plaît.", "rate_thanks": "Merci",
        "rate_thanks_words": "Cela nous aide.",
        "rate_sorry": "Nous sommes désolés. Nous lisons chacune de ces réponses.", "rate_write": "Écrivez-nous",
        "rate_change": "Vous pouvez modifier votre note pendant une semaine.",
        "rate_given": "Vous avez donné {} sur 5.",
        "rate_closed": "Votre note n’est plus modifiable. Écrivez-nous s’il y a autre chose.",
        "rate_subject": "Votre lien pour noter la commande",
        "rate_talk_title": "Comment vous avons-nous répondu ?",
        "rate_talk_subject": "Votre lien pour noter notre réponse", "stop_ratings_title": "Plus de questions ?",
        "stop_ratings_words": "Nous ne vous demanderons plus votre avis. Les nouvelles de vos commandes continuent.",
        "stop_ratings_button": "Ne plus me demander", "ratings_stopped_title": "Plus de questions",
        "ratings_stopped_words":
            "Nous ne vous demandons plus votre avis. Les nouvelles de vos commandes continuent.",
        "answer_title": "Notre réponse vous a-t-elle aidé ?",
        "answer_words": "Un programme l’a écrite. Si elle n’a pas aidé, l’un de nous vous écrit.",
        "answer_helped": "Cela m’a aidé", "answer_person": "Je veux parler à quelqu’un",
        "answer_thanks": "C’est bon à savoir. Écrivez-nous s’il y a autre chose.",
        "answer_person_title": "L’un de nous vous écrit",
        "answer_person_words": "Quelqu’un a maintenant votre message et vous répondra par e-mail.",
        "answer_newer": "Vous nous avez écrit depuis. Nous répondons d’abord à ce message.",
        "answer_old": "Écrivez-nous, et nous vous répondrons.",
    ]

    private static let spanish = [
        "order": "Pedido {}", "parcel": "Pedido {}, paquete {} de {}", "expected": "Previsto para el {}",
        "delivered": "Entregado el {}", "promised": "Lo sentimos: estaba prometido para el {}.",
        "late1": "1 día de retraso", "late": "{} días de retraso", "ending": "{}, número que termina en {}.",
        "see": "Ver en {}", "see_carrier": "Ver en el transportista", "packed": "Empaquetado",
        "handed": "Entregado al transportista",
        "way": "En camino", "door": "En su puerta", "arrived": "Entregado", "pickup": "Listo para recoger",
        "out": "En reparto hoy", "attempted": "Se intentó la entrega", "problem": "Algo lo retiene",
        "back": "Vuelve a nosotros", "lost": "El transportista no lo encuentra", "cancelled": "Cancelado",
        "packing": "Estamos preparando su pedido", "packing_note": "El día aparecerá aquí cuando esté en camino.",
        "late_unknown": "Con retraso, sin nueva fecha", "unknown_day": "En camino, todavía sin fecha",
        "sorry": "Lo sentimos.",
        "nobody": "Ningún transportista nos dice dónde está; solo sabemos que lo enviamos.",
        "nothing": "El transportista aún no lo ha registrado.", "happened": "Qué ha pasado",
        "contents": "En este paquete", "wrong": "Algo va mal", "state_unknown": "Noticia sin lugar",
        "state_pre_transit": "Empaquetado por nosotros", "state_accepted": "Entregado al transportista",
        "state_in_transit": "En camino", "state_out_for_delivery": "En reparto",
        "state_attempted": "Se intentó la entrega", "state_ready_for_pickup": "Listo para recoger",
        "state_exception": "Retenido", "state_returning": "De vuelta", "state_returned": "De nuevo con nosotros",
        "state_delivered": "Entregado", "state_cancelled": "Cancelado", "state_lost": "Dado por perdido",
        "stop_title": "¿No más ofertas?",
        "stop_words": "Las noticias de sus pedidos siguen llegando. Ofertas y otra publicidad, no.",
        "stop_button": "No más ofertas", "stopped_title": "No más ofertas",
        "stopped_words": "Ya no recibirá ninguna de nosotros. Las noticias de sus pedidos siguen llegando.",
        "old_title": "Este enlace es demasiado antiguo",
        "old_words": "Podemos enviarle uno nuevo, a la dirección del pedido.", "new_link": "Enviar un enlace nuevo",
        "new_subject": "Un enlace nuevo a su pedido", "see_parcel": "¿Dónde está mi paquete?",
        "sent_title": "Un correo está en camino",
        "sent_words": "Si el pedido aún tiene dirección, el enlace nuevo va a ella. Puede tardar un minuto.",
        "none_title": "Esa página no existe",
        "none_words": "Quizá el enlace esté cortado: ábralo otra vez desde el correo.",
        "later": "Vuelva a intentarlo dentro de un minuto.",
        "choose": "Elegir sobre qué le escribimos",
        "choices_title": "Sobre qué le escribimos",
        "choices_words": "Desmarque lo que no quiera recibir por correo.",
        "choices_subject": "Su enlace para elegir sobre qué le escribimos:",
        "news_of_order": "Noticias del pedido {}: cuando está en camino y cuando se retrasa",
        "offers": "Ofertas y otra publicidad",
        "ratings": "Preguntas sobre qué le ha parecido",
        "save": "Guardar",
        "saved": "Guardado. Así será a partir de ahora.",
        "undo": "Deshacer",
        "stopped_by_us": "Tuvimos que detener estos mensajes. Escríbanos si los quiere de nuevo.",
        "rate_title": "¿Qué tal fue la entrega del pedido {}?", "rate_scale": "De 1, mal, a 5, muy bien",
        "rate_line": "¿Quiere decirnos algo?", "rate_button": "Enviar",
        "rate_again":
            "Pulse el botón otra vez, por favor: los programas de correo abren los enlaces solos, y cuenta lo que usted diga.",
        "rate_none": "Elija de 1 a 5, por favor.", "rate_thanks": "Gracias",
        "rate_thanks_words": "Nos ayuda.",
        "rate_sorry": "Lo sentimos. Leemos todas estas respuestas.", "rate_write": "Escríbanos",
        "rate_change": "Puede cambiar su valoración durante una semana.", "rate_given": "Ha dado {} de 5.",
        "rate_closed": "Ya no se puede cambiar. Escríbanos si hay algo más.",
        "rate_subject": "Su enlace para valorar el pedido",
        "rate_talk_title": "¿Qué tal le respondimos?",
        "rate_talk_subject": "Su enlace para valorar nuestra respuesta", "stop_ratings_title": "¿No más preguntas?",
        "stop_ratings_words": "Ya no le preguntaremos qué le ha parecido. Las noticias de sus pedidos siguen llegando.",
        "stop_ratings_button": "No preguntarme más", "ratings_stopped_title": "No más preguntas",
        "ratings_stopped_words": "Ya no le preguntamos. Las noticias de sus pedidos siguen llegando.",
        "answer_title": "¿Le ha ayudado nuestra respuesta?",
        "answer_words": "La escribió un programa. Si no le ha ayudado, uno de nosotros le escribe.",
        "answer_helped": "Me ha ayudado", "answer_person": "Quiero hablar con una persona",
        "answer_thanks": "Es bueno saberlo. Escríbanos si hay algo más.",
        "answer_person_title": "Uno de nosotros le escribe",
        "answer_person_words": "Una persona tiene ahora su mensaje y le responderá por correo.",
        "answer_newer": "Nos ha escrito desde entonces. Respondemos primero a eso.",
        "answer_old": "Escríbanos y le responderemos.",
    ]
}
