/// The words of the page on which a shopper chooses what she is offered (`PublicWords`).
enum OfferWords {
    static let english: [String: String] = [
        "offer_title": "We are sorry about your order {}",
        "offer_words": "Something went wrong with it. Choose how we make it good.",
        "offer_legend": "What would you like?",
        "offer_refund": "My money back",
        "offer_refund_note": "It goes back the way you paid. Your bank may take a few days.",
        "offer_refund_done": "We send your money back the way you paid. Your bank may take a few days.",
        "offer_reship": "The same goods again",
        "offer_reship_note": "We send them to the same address, at no cost to you.",
        "offer_reship_done": "We send the same goods again, to the same address and at no cost to you.",
        "offer_store_credit": "The sum as credit in our shop",
        "offer_store_credit_note": "You can use it for any order once you are signed in.",
        "offer_store_credit_done":
            "We put the sum on your account in our shop. You can use it for any order once you are signed in.",
        "offer_gift": "A code for your next order",
        "offer_gift_note": "It works once, for you alone.",
        "offer_gift_done": "You get a code for your next order.",
        "offer_next": "Continue",
        "offer_none": "Please choose one of these first.",
        "offer_back": "Choose something else",
        "offer_thanks": "Thank you, we have it",
        "offer_person_title": "One of us looks at it",
        "offer_person_words":
            """
        Something about this order has changed since we wrote to you. One of us looks at it and writes to \
        you; you need not do anything.
        """,
        "offer_over_title": "This offer is over",
        "offer_over_words": "It was not chosen in time. One of us has it, and you can always write to us.",
        "offer_your_code": "Your code: {}",
        "offer_code_soon": "Your code is being made. Open this page again in a minute.",
        "offer_also": "And this is for you besides, a code for your next order: {}",
    ]

    static let german: [String: String] = [
        "offer_title": "Es tut uns leid um Ihre Bestellung {}",
        "offer_words": "Damit ist etwas schiefgegangen. Wählen Sie, wie wir es wiedergutmachen.",
        "offer_legend": "Was möchten Sie?",
        "offer_refund": "Mein Geld zurück",
        "offer_refund_note":
            "Es geht den Weg zurück, auf dem Sie bezahlt haben. Ihre Bank braucht vielleicht ein paar Tage.",
        "offer_refund_done":
            """
        Wir schicken Ihr Geld auf dem Weg zurück, auf dem Sie bezahlt haben. Ihre Bank braucht vielleicht \
        ein paar Tage.
        """,
        "offer_reship": "Dieselbe Ware noch einmal",
        "offer_reship_note": "Wir schicken sie an dieselbe Adresse, ohne Kosten für Sie.",
        "offer_reship_done": "Wir schicken dieselbe Ware noch einmal, an dieselbe Adresse und ohne Kosten für Sie.",
        "offer_store_credit": "Den Betrag als Guthaben in unserem Shop",
        "offer_store_credit_note": "Sie können es für jede Bestellung einlösen, wenn Sie angemeldet sind.",
        "offer_store_credit_done":
            """
        Wir schreiben den Betrag Ihrem Konto in unserem Shop gut. Sie können ihn für jede Bestellung \
        einlösen, wenn Sie angemeldet sind.
        """,
        "offer_gift": "Einen Code für die nächste Bestellung",
        "offer_gift_note": "Er gilt einmal, nur für Sie.",
        "offer_gift_done": "Sie bekommen einen Code für Ihre nächste Bestellung.",
        "offer_next": "Weiter",
        "offer_none": "Bitte wählen Sie zuerst etwas aus.",
        "offer_back": "Etwas anderes wählen",
        "offer_thanks": "Danke, wir haben es notiert",
        "offer_person_title": "Jemand von uns sieht es sich an",
        "offer_person_words":
            """
        An dieser Bestellung hat sich etwas geändert, seit wir Ihnen geschrieben haben. Jemand von uns \
        sieht es sich an und schreibt Ihnen; Sie müssen nichts tun.
        """,
        "offer_over_title": "Dieses Angebot ist vorbei",
        "offer_over_words":
            "Es wurde nicht rechtzeitig gewählt. Jemand von uns hat es, und Sie können uns jederzeit schreiben.",
        "offer_your_code": "Ihr Code: {}",
        "offer_code_soon": "Ihr Code wird gerade erstellt. Öffnen Sie diese Seite in einer Minute noch einmal.",
        "offer_also": "Und das ist außerdem für Sie, ein Code für die nächste Bestellung: {}",
    ]

    static let french: [String: String] = [
        "offer_title": "Nous sommes désolés pour votre commande {}",
        "offer_words": "Quelque chose s’est mal passé. Choisissez comment nous pouvons réparer cela.",
        "offer_legend": "Que préférez-vous ?",
        "offer_refund": "Être remboursé",
        "offer_refund_note":
            "L’argent revient par le moyen de paiement utilisé. Votre banque peut prendre quelques jours.",
        "offer_refund_done":
            "Nous vous remboursons par le moyen de paiement utilisé. Votre banque peut prendre quelques jours.",
        "offer_reship": "Recevoir les mêmes articles",
        "offer_reship_note": "Nous les envoyons à la même adresse, sans frais pour vous.",
        "offer_reship_done": "Nous renvoyons les mêmes articles à la même adresse, sans frais pour vous.",
        "offer_store_credit": "La somme en avoir dans notre boutique",
        "offer_store_credit_note": "Vous pourrez l’utiliser pour toute commande, une fois connecté.",
        "offer_store_credit_done":
            """
        Nous créditons la somme sur votre compte dans notre boutique. Vous pourrez l’utiliser pour toute \
        commande, une fois connecté.
        """,
        "offer_gift": "Un code pour votre prochaine commande",
        "offer_gift_note": "Il est valable une fois, pour vous seul.",
        "offer_gift_done": "Vous recevez un code pour votre prochaine commande.",
        "offer_next": "Continuer",
        "offer_none": "Veuillez d’abord faire un choix.",
        "offer_back": "Choisir autre chose",
        "offer_thanks": "Merci, c’est noté",
        "offer_person_title": "Quelqu’un de notre équipe s’en occupe",
        "offer_person_words":
            """
        Cette commande a changé depuis notre mail. Quelqu’un de notre équipe s’en occupe et vous écrira ; \
        vous n’avez rien à faire.
        """,
        "offer_over_title": "Cette offre est terminée",
        "offer_over_words":
            """
        Elle n’a pas été choisie à temps. Quelqu’un de notre équipe s’en occupe, et vous pouvez toujours \
        nous écrire.
        """,
        "offer_your_code": "Votre code : {}",
        "offer_code_soon": "Votre code est en préparation. Rouvrez cette page dans une minute.",
        "offer_also": "Et voici en plus un code pour votre prochaine commande : {}",
    ]

    static let spanish: [String: String] = [
        "offer_title": "Lamentamos lo ocurrido con su pedido {}",
        "offer_words": "Algo ha salido mal. Elija cómo quiere que lo arreglemos.",
        "offer_legend": "¿Qué prefiere?",
        "offer_refund": "Que me devuelvan el dinero",
        "offer_refund_note": "Vuelve por el mismo medio de pago. Su banco puede tardar unos días.",
        "offer_refund_done": "Le devolvemos el dinero por el mismo medio de pago. Su banco puede tardar unos días.",
        "offer_reship": "Los mismos artículos otra vez",
        "offer_reship_note": "Los enviamos a la misma dirección, sin coste para usted.",
        "offer_reship_done": "Enviamos los mismos artículos otra vez, a la misma dirección y sin coste para usted.",
        "offer_store_credit": "El importe como saldo en nuestra tienda",
        "offer_store_credit_note": "Podrá usarlo en cualquier pedido cuando haya iniciado sesión.",
        "offer_store_credit_done":
            """
        Abonamos el importe en su cuenta de nuestra tienda. Podrá usarlo en cualquier pedido cuando haya \
        iniciado sesión.
        """,
        "offer_gift": "Un código para su próximo pedido",
        "offer_gift_note": "Sirve una vez, solo para usted.",
        "offer_gift_done": "Recibe un código para su próximo pedido.",
        "offer_next": "Continuar",
        "offer_none": "Elija primero una opción.",
        "offer_back": "Elegir otra cosa",
        "offer_thanks": "Gracias, ya lo tenemos",
        "offer_person_title": "Una persona de nuestro equipo lo revisa",
        "offer_person_words":
            """
        Algo ha cambiado en este pedido desde que le escribimos. Una persona de nuestro equipo lo revisa \
        y le escribirá; no tiene que hacer nada.
        """,
        "offer_over_title": "Esta oferta ha terminado",
        "offer_over_words":
            "No se eligió a tiempo. Una persona de nuestro equipo lo tiene, y siempre puede escribirnos.",
        "offer_your_code": "Su código: {}",
        "offer_code_soon": "Su código se está creando. Abra esta página de nuevo dentro de un minuto.",
        "offer_also": "Y además, un código para su próximo pedido: {}",
    ]
}
