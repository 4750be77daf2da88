/// The words around the code that a page asks for (`PublicWords`): what all pages say, and for each kind of page
/// (`PageCode.Kind`) why a code is asked for, what the mail says it is for, and what happens without it.
enum CodeWords {
    static let english: [String: String] = [
        "code_title": "One more step: the code from our mail",
        "code_label": "Code of six digits",
        "code_wrong": "This code does not fit, or it is too old. Look for our newest mail, or have a new code sent.",
        "code_again": "Send me a new code",
        "code_confirm": "Confirm",
        "code_back": "Back",
        "code_mail_subject": "Your code for order {}",
        "code_mail":
            "Your code is **{}**. It is good for a quarter of an hour: enter it on the page that is open in your browser.",
        "code_words_offer":
            "So that nobody else can choose for you, we have mailed a code to {}. It is good for a quarter of an hour.",
        "code_for_offer": "With it you choose what we offer you for this order.",
        "code_not_you_offer": "If that was not you, do nothing: without the code nothing is chosen.",
    ]

    static let german: [String: String] = [
        "code_title": "Noch ein Schritt: der Code aus unserer Mail",
        "code_label": "Code aus sechs Ziffern",
        "code_wrong":
            """
        Dieser Code passt nicht oder ist zu alt. Sehen Sie in unsere neueste Mail, oder lassen Sie sich \
        einen neuen schicken.
        """,
        "code_again": "Neuen Code schicken",
        "code_confirm": "Bestätigen",
        "code_back": "Zurück",
        "code_mail_subject": "Ihr Code für die Bestellung {}",
        "code_mail":
            """
        Ihr Code ist **{}**. Er gilt eine Viertelstunde: Geben Sie ihn auf der Seite ein, die in Ihrem \
        Browser offen ist.
        """,
        "code_words_offer":
            "Damit niemand anders für Sie wählt, haben wir einen Code an {} geschickt. Er gilt eine Viertelstunde.",
        "code_for_offer": "Mit ihm wählen Sie, was wir Ihnen zu dieser Bestellung anbieten.",
        "code_not_you_offer": "Wenn Sie das nicht waren, tun Sie nichts: Ohne den Code wird nichts gewählt.",
    ]

    static let french: [String: String] = [
        "code_title": "Encore une étape : le code de notre mail",
        "code_label": "Code à six chiffres",
        "code_wrong":
            "Ce code ne convient pas ou est trop ancien. Regardez notre dernier mail, ou demandez un nouveau code.",
        "code_again": "M’envoyer un nouveau code",
        "code_confirm": "Confirmer",
        "code_back": "Retour",
        "code_mail_subject": "Votre code pour la commande {}",
        "code_mail":
            """
        Votre code est **{}**. Il est valable un quart d’heure : saisissez-le sur la page ouverte dans \
        votre navigateur.
        """,
        "code_words_offer":
            """
        Pour que personne d’autre ne choisisse à votre place, nous avons envoyé un code à {}. Il est \
        valable un quart d’heure.
        """,
        "code_for_offer": "Il vous permet de choisir ce que nous vous proposons pour cette commande.",
        "code_not_you_offer": "Si ce n’était pas vous, ne faites rien : sans ce code, rien n’est choisi.",
    ]

    static let spanish: [String: String] = [
        "code_title": "Un paso más: el código de nuestro correo",
        "code_label": "Código de seis cifras",
        "code_wrong":
            "Este código no coincide o es demasiado antiguo. Mire nuestro último correo o pida un código nuevo.",
        "code_again": "Enviarme un código nuevo",
        "code_confirm": "Confirmar",
        "code_back": "Volver",
        "code_mail_subject": "Su código para el pedido {}",
        "code_mail":
            """
        Su código es **{}**. Vale durante un cuarto de hora: introdúzcalo en la página que tiene abierta \
        en su navegador.
        """,
        "code_words_offer":
            "Para que nadie más elija por usted, hemos enviado un código a {}. Vale durante un cuarto de hora.",
        "code_for_offer": "Con él elige lo que le ofrecemos por este pedido.",
        "code_not_you_offer": "Si no ha sido usted, no haga nada: sin el código no se elige nada.",
    ]
}
