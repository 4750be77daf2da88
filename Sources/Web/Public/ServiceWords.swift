/// The words of the pages on which a shopper does something with her order herself (`PublicWords`).
enum ServiceWords {
    static let english: [String: String] = [
        "code_words_address":
            "So that nobody else can change it, we have mailed a code to {}. It is good for a quarter of an hour.",
        "code_for_address": "With it you change where this order is sent.",
        "code_not_you_address":
            "If that was not you, do nothing: without the code nothing is changed, and nobody sees the address.",
        "code_words_cancel":
            "So that nobody else can cancel it, we have mailed a code to {}. It is good for a quarter of an hour.",
        "code_for_cancel": "With it you can cancel this order; before that you see what you get back.",
        "code_not_you_cancel": "If that was not you, do nothing: without the code nothing is cancelled.",
        "service_title_address": "Send order {} somewhere else",
        "service_words_address":
            """
        Nothing of it has been sent yet, so you can still change the address. First we mail you a code, so that \
        nobody else can.
        """,
        "service_title_cancel": "Cancel order {}",
        "service_words_cancel":
            """
        Nothing of it has been sent yet, so you can still cancel it. First we mail you a code, so that nobody \
        else can.
        """,
        "service_code": "Mail me the code",
        "service_next": "Continue",
        "service_pass_over": "This page has been open for too long. Have a new code sent, and go on from there.",
        "service_busy_title_address": "We are changing the address",
        "service_busy_title_cancel": "We are cancelling your order",
        "service_busy_words": "That takes a moment. You need not do it again: look here in a minute.",
        "service_look": "Look again",
        "service_done_title_address": "Order {} goes to the new address",
        "service_done_words_address": "The address is changed. You need not do anything else.",
        "service_done_title_cancel": "Order {} is cancelled",
        "service_done_words_cancel": "What you paid goes back the way you paid. Your bank may take a few days.",
        "service_person":
            "This could not be done by itself. One of us looks at it and writes to you; you need not do anything.",
        "service_over_title_address": "The address of order {} cannot be changed here",
        "service_over_title_cancel": "Order {} cannot be cancelled here",
        "service_over_sent":
            "Something of it has been sent, or is being packed. Write to us, and one of us sees what can be done.",
        "service_over_cancelled": "It is cancelled.",
        "service_over_other": "Write to us, and one of us sees what can be done.",
        "service_subject_address": "A new link to change the address of order",
        "service_link_address": "Change the address",
        "service_subject_cancel": "A new link to cancel order",
        "service_link_cancel": "Cancel the order",
        "address_form_title": "Where should order {} go?",
        "address_form_words": "Country: {}. If it is to go to another country, write to us.",
        "address_save": "Send it there",
        "address_again": "Change it again",
        "address_new": "The new address",
        "address_same": "It goes to this address already. Change what is to be different.",
        "address_problems": "The address is not changed yet: please look at the fields that are marked.",
        "address_refused":
            "The address was not changed: something in it was not right. Have a code sent, and correct it.",
        "field_first_name": "First name",
        "field_last_name": "Last name",
        "field_company": "Company (if any)",
        "field_address1": "Street and number",
        "field_address2": "Flat, floor or the like (if any)",
        "field_zip": "Postal code",
        "field_city": "Town or city",
        "field_province": "State, province or county",
        "field_phone": "Phone (for the carrier)",
        "problem_missing": "This is missing.",
        "problem_missing_last_name": "Enter a last name.",
        "problem_missing_address1": "Enter a street and number.",
        "problem_missing_zip": "Enter a postal code.",
        "problem_missing_city": "Enter a town or city.",
        "problem_missing_province": "Choose one.",
        "problem_invalid": "This is not right, or too long.",
        "problem_invalid_zip": "This postal code does not fit.",
        "problem_invalid_phone": "This phone number is not right.",
        "cancel_form_title": "Cancel order {}?",
        "cancel_form_words": "The whole order is cancelled. That cannot be undone.",
        "cancel_sum": "You get {} back, the way you paid. Your bank may take a few days.",
        "cancel_no_sum": "You have not been charged, so there is nothing to pay back.",
        "cancel_unknown_sum": "One of us works out what you get back, and writes to you.",
        "cancel_goods": "What is cancelled",
        "cancel_confirm": "Cancel the order",
        "cancel_keep": "Keep the order",
    ]

    static let german: [String: String] = [
        "code_words_address":
            "Damit niemand anders sie ändert, haben wir einen Code an {} geschickt. Er gilt eine Viertelstunde.",
        "code_for_address": "Mit ihm ändern Sie, wohin diese Bestellung geht.",
        "code_not_you_address":
            """
        Wenn Sie das nicht waren, tun Sie nichts: Ohne den Code wird nichts geändert, und niemand sieht die \
        Adresse.
        """,
        "code_words_cancel":
            "Damit niemand anders sie storniert, haben wir einen Code an {} geschickt. Er gilt eine Viertelstunde.",
        "code_for_cancel": "Mit ihm können Sie diese Bestellung stornieren; vorher sehen Sie, was Sie zurückbekommen.",
        "code_not_you_cancel": "Wenn Sie das nicht waren, tun Sie nichts: Ohne den Code wird nichts storniert.",
        "service_title_address": "Bestellung {} an eine andere Adresse",
        "service_words_address":
            """
        Es ist noch nichts davon verschickt, Sie können die Adresse also noch ändern. Zuerst schicken wir Ihnen \
        einen Code, damit es niemand anders kann.
        """,
        "service_title_cancel": "Bestellung {} stornieren",
        "service_words_cancel":
            """
        Es ist noch nichts davon verschickt, Sie können sie also noch stornieren. Zuerst schicken wir Ihnen \
        einen Code, damit es niemand anders kann.
        """,
        "service_code": "Code schicken",
        "service_next": "Weiter",
        "service_pass_over":
            "Diese Seite war zu lange offen. Lassen Sie sich einen neuen Code schicken, dann geht es weiter.",
        "service_busy_title_address": "Wir ändern die Adresse",
        "service_busy_title_cancel": "Wir stornieren Ihre Bestellung",
        "service_busy_words":
            "Das dauert einen Moment. Sie müssen es nicht noch einmal tun: Sehen Sie in einer Minute hier nach.",
        "service_look": "Noch einmal nachsehen",
        "service_done_title_address": "Bestellung {} geht an die neue Adresse",
        "service_done_words_address": "Die Adresse ist geändert. Sie müssen nichts weiter tun.",
        "service_done_title_cancel": "Bestellung {} ist storniert",
        "service_done_words_cancel":
            """
        Was Sie bezahlt haben, geht den Weg zurück, auf dem Sie bezahlt haben. Ihre Bank braucht vielleicht ein \
        paar Tage.
        """,
        "service_person":
            "Das ging nicht von selbst. Jemand von uns sieht es sich an und schreibt Ihnen; Sie müssen nichts tun.",
        "service_over_title_address": "Die Adresse der Bestellung {} lässt sich hier nicht ändern",
        "service_over_title_cancel": "Bestellung {} lässt sich hier nicht stornieren",
        "service_over_sent":
            """
        Etwas davon ist verschickt oder wird gerade gepackt. Schreiben Sie uns, und jemand von uns sieht, was \
        sich machen lässt.
        """,
        "service_over_cancelled": "Sie ist storniert.",
        "service_over_other": "Schreiben Sie uns, und jemand von uns sieht, was sich machen lässt.",
        "service_subject_address": "Ein neuer Link zum Ändern der Adresse der Bestellung",
        "service_link_address": "Adresse ändern",
        "service_subject_cancel": "Ein neuer Link zum Stornieren der Bestellung",
        "service_link_cancel": "Bestellung stornieren",
        "address_form_title": "Wohin soll die Bestellung {} gehen?",
        "address_form_words": "Land: {}. Soll sie in ein anderes Land gehen, schreiben Sie uns.",
        "address_save": "Dorthin schicken",
        "address_again": "Noch einmal ändern",
        "address_new": "Die neue Adresse",
        "address_same": "Dorthin geht sie schon. Ändern Sie, was anders sein soll.",
        "address_problems": "Die Adresse ist noch nicht geändert: Bitte sehen Sie sich die markierten Felder an.",
        "address_refused":
            """
        Die Adresse wurde nicht geändert: Etwas darin stimmte nicht. Lassen Sie sich einen Code schicken und \
        berichtigen Sie es.
        """,
        "field_first_name": "Vorname",
        "field_last_name": "Nachname",
        "field_company": "Firma (falls nötig)",
        "field_address1": "Straße und Hausnummer",
        "field_address2": "Adresszusatz (falls nötig)",
        "field_zip": "Postleitzahl",
        "field_city": "Ort",
        "field_province": "Bundesstaat, Provinz oder Region",
        "field_phone": "Telefon (für den Paketdienst)",
        "problem_missing": "Das fehlt noch.",
        "problem_missing_last_name": "Geben Sie einen Nachnamen an.",
        "problem_missing_address1": "Geben Sie Straße und Hausnummer an.",
        "problem_missing_zip": "Geben Sie eine Postleitzahl an.",
        "problem_missing_city": "Geben Sie einen Ort an.",
        "problem_missing_province": "Wählen Sie etwas aus.",
        "problem_invalid": "Das stimmt nicht oder ist zu lang.",
        "problem_invalid_zip": "Diese Postleitzahl passt nicht.",
        "problem_invalid_phone": "Diese Telefonnummer stimmt nicht.",
        "cancel_form_title": "Bestellung {} stornieren?",
        "cancel_form_words": "Die ganze Bestellung wird storniert. Das lässt sich nicht rückgängig machen.",
        "cancel_sum":
            """
        Sie bekommen {} zurück, auf dem Weg, auf dem Sie bezahlt haben. Ihre Bank braucht vielleicht ein paar \
        Tage.
        """,
        "cancel_no_sum": "Es wurde noch nichts abgebucht, also ist nichts zurückzuzahlen.",
        "cancel_unknown_sum": "Jemand von uns rechnet aus, was Sie zurückbekommen, und schreibt Ihnen.",
        "cancel_goods": "Was storniert wird",
        "cancel_confirm": "Bestellung stornieren",
        "cancel_keep": "Bestellung behalten",
    ]

    static let french: [String: String] = [
        "code_words_address":
            "Pour que personne d’autre ne la change, nous avons envoyé un code à {}. Il est valable un quart d’heure.",
        "code_for_address": "Il vous permet de changer l’adresse de livraison de cette commande.",
        "code_not_you_address":
            "Si ce n’était pas vous, ne faites rien : sans ce code, rien n’est changé et personne ne voit l’adresse.",
        "code_words_cancel":
            "Pour que personne d’autre ne l’annule, nous avons envoyé un code à {}. Il est valable un quart d’heure.",
        "code_for_cancel": "Il vous permet d’annuler cette commande ; vous verrez d’abord ce qui vous est remboursé.",
        "code_not_you_cancel": "Si ce n’était pas vous, ne faites rien : sans ce code, rien n’est annulé.",
        "service_title_address": "Envoyer la commande {} à une autre adresse",
        "service_words_address":
            """
        Rien n’a encore été expédié : vous pouvez encore changer l’adresse. Nous vous envoyons d’abord un code, \
        pour que personne d’autre ne puisse le faire.
        """,
        "service_title_cancel": "Annuler la commande {}",
        "service_words_cancel":
            """
        Rien n’a encore été expédié : vous pouvez encore l’annuler. Nous vous envoyons d’abord un code, pour que \
        personne d’autre ne puisse le faire.
        """,
        "service_code": "M’envoyer le code",
        "service_next": "Continuer",
        "service_pass_over": "Cette page est restée ouverte trop longtemps. Demandez un nouveau code pour continuer.",
        "service_busy_title_address": "Nous changeons l’adresse",
        "service_busy_title_cancel": "Nous annulons votre commande",
        "service_busy_words": "Cela prend un instant. Inutile de recommencer : regardez ici dans une minute.",
        "service_look": "Regarder à nouveau",
        "service_done_title_address": "La commande {} part à la nouvelle adresse",
        "service_done_words_address": "L’adresse est changée. Vous n’avez rien d’autre à faire.",
        "service_done_title_cancel": "La commande {} est annulée",
        "service_done_words_cancel":
            "Ce que vous avez payé revient par le même moyen de paiement. Votre banque peut prendre quelques jours.",
        "service_person":
            """
        Cela n’a pas pu se faire automatiquement. Quelqu’un de notre équipe s’en occupe et vous écrira ; vous \
        n’avez rien à faire.
        """,
        "service_over_title_address": "L’adresse de la commande {} ne peut pas être changée ici",
        "service_over_title_cancel": "La commande {} ne peut pas être annulée ici",
        "service_over_sent":
            """
        Une partie a été expédiée, ou est en préparation. Écrivez-nous, et quelqu’un de notre équipe verra ce \
        qui est possible.
        """,
        "service_over_cancelled": "Elle est annulée.",
        "service_over_other": "Écrivez-nous, et quelqu’un de notre équipe verra ce qui est possible.",
        "service_subject_address": "Un nouveau lien pour changer l’adresse de la commande",
        "service_link_address": "Changer l’adresse",
        "service_subject_cancel": "Un nouveau lien pour annuler la commande",
        "service_link_cancel": "Annuler la commande",
        "address_form_title": "Où faut-il envoyer la commande {} ?",
        "address_form_words": "Pays : {}. Pour un autre pays, écrivez-nous.",
        "address_save": "Envoyer à cette adresse",
        "address_again": "Changer à nouveau",
        "address_new": "La nouvelle adresse",
        "address_same": "Elle part déjà à cette adresse. Modifiez ce qui doit changer.",
        "address_problems": "L’adresse n’est pas encore changée : vérifiez les champs signalés.",
        "address_refused":
            "L’adresse n’a pas été changée : quelque chose n’y était pas correct. Demandez un code et corrigez-la.",
        "field_first_name": "Prénom",
        "field_last_name": "Nom",
        "field_company": "Société (facultatif)",
        "field_address1": "Numéro et rue",
        "field_address2": "Complément d’adresse (facultatif)",
        "field_zip": "Code postal",
        "field_city": "Ville",
        "field_province": "État, province ou région",
        "field_phone": "Téléphone (pour le transporteur)",
        "problem_missing": "Ceci manque.",
        "problem_missing_last_name": "Indiquez un nom.",
        "problem_missing_address1": "Indiquez un numéro et une rue.",
        "problem_missing_zip": "Indiquez un code postal.",
        "problem_missing_city": "Indiquez une ville.",
        "problem_missing_province": "Choisissez-en un.",
        "problem_invalid": "Ceci n’est pas correct, ou est trop long.",
        "problem_invalid_zip": "Ce code postal ne convient pas.",
        "problem_invalid_phone": "Ce numéro de téléphone n’est pas correct.",
        "cancel_form_title": "Annuler la commande {} ?",
        "cancel_form_words": "Toute la commande est annulée. C’est définitif.",
        "cancel_sum":
            "Vous êtes remboursé de {}, par le moyen de paiement utilisé. Votre banque peut prendre quelques jours.",
        "cancel_no_sum": "Vous n’avez pas été débité : il n’y a rien à rembourser.",
        "cancel_unknown_sum": "Quelqu’un de notre équipe calcule ce qui vous est remboursé et vous écrira.",
        "cancel_goods": "Ce qui est annulé",
        "cancel_confirm": "Annuler la commande",
        "cancel_keep": "Garder la commande",
    ]

    static let spanish: [String: String] = [
        "code_words_address":
            "Para que nadie más la cambie, hemos enviado un código a {}. Vale durante un cuarto de hora.",
        "code_for_address": "Con él cambia la dirección de envío de este pedido.",
        "code_not_you_address":
            "Si no ha sido usted, no haga nada: sin el código no se cambia nada y nadie ve la dirección.",
        "code_words_cancel":
            "Para que nadie más lo cancele, hemos enviado un código a {}. Vale durante un cuarto de hora.",
        "code_for_cancel": "Con él puede cancelar este pedido; antes verá cuánto se le devuelve.",
        "code_not_you_cancel": "Si no ha sido usted, no haga nada: sin el código no se cancela nada.",
        "service_title_address": "Enviar el pedido {} a otra dirección",
        "service_words_address":
            """
        Todavía no se ha enviado nada, así que aún puede cambiar la dirección. Primero le enviamos un código, \
        para que nadie más pueda hacerlo.
        """,
        "service_title_cancel": "Cancelar el pedido {}",
        "service_words_cancel":
            """
        Todavía no se ha enviado nada, así que aún puede cancelarlo. Primero le enviamos un código, para que \
        nadie más pueda hacerlo.
        """,
        "service_code": "Enviarme el código",
        "service_next": "Continuar",
        "service_pass_over": "Esta página ha estado abierta demasiado tiempo. Pida un código nuevo para continuar.",
        "service_busy_title_address": "Estamos cambiando la dirección",
        "service_busy_title_cancel": "Estamos cancelando su pedido",
        "service_busy_words": "Tarda un momento. No hace falta repetirlo: mire aquí dentro de un minuto.",
        "service_look": "Mirar de nuevo",
        "service_done_title_address": "El pedido {} va a la nueva dirección",
        "service_done_words_address": "La dirección está cambiada. No tiene que hacer nada más.",
        "service_done_title_cancel": "El pedido {} está cancelado",
        "service_done_words_cancel": "Lo que pagó vuelve por el mismo medio de pago. Su banco puede tardar unos días.",
        "service_person":
            """
        No se ha podido hacer automáticamente. Una persona de nuestro equipo lo revisa y le escribirá; no tiene \
        que hacer nada.
        """,
        "service_over_title_address": "La dirección del pedido {} no se puede cambiar aquí",
        "service_over_title_cancel": "El pedido {} no se puede cancelar aquí",
        "service_over_sent":
            """
        Una parte se ha enviado o se está preparando. Escríbanos, y alguien de nuestro equipo verá qué se puede \
        hacer.
        """,
        "service_over_cancelled": "Está cancelado.",
        "service_over_other": "Escríbanos, y alguien de nuestro equipo verá qué se puede hacer.",
        "service_subject_address": "Un enlace nuevo para cambiar la dirección del pedido",
        "service_link_address": "Cambiar la dirección",
        "service_subject_cancel": "Un enlace nuevo para cancelar el pedido",
        "service_link_cancel": "Cancelar el pedido",
        "address_form_title": "¿Adónde enviamos el pedido {}?",
        "address_form_words": "País: {}. Si debe ir a otro país, escríbanos.",
        "address_save": "Enviar a esta dirección",
        "address_again": "Cambiarla de nuevo",
        "address_new": "La nueva dirección",
        "address_same": "Ya va a esta dirección. Cambie lo que deba ser distinto.",
        "address_problems": "La dirección aún no está cambiada: revise los campos marcados.",
        "address_refused": "La dirección no se ha cambiado: algo no era correcto. Pida un código y corríjala.",
        "field_first_name": "Nombre",
        "field_last_name": "Apellidos",
        "field_company": "Empresa (opcional)",
        "field_address1": "Calle y número",
        "field_address2": "Piso, puerta u otros datos (opcional)",
        "field_zip": "Código postal",
        "field_city": "Localidad",
        "field_province": "Estado, provincia o región",
        "field_phone": "Teléfono (para el transportista)",
        "problem_missing": "Falta este dato.",
        "problem_missing_last_name": "Indique los apellidos.",
        "problem_missing_address1": "Indique la calle y el número.",
        "problem_missing_zip": "Indique un código postal.",
        "problem_missing_city": "Indique una localidad.",
        "problem_missing_province": "Elija una opción.",
        "problem_invalid": "No es correcto, o es demasiado largo.",
        "problem_invalid_zip": "Este código postal no es válido.",
        "problem_invalid_phone": "Este número de teléfono no es correcto.",
        "cancel_form_title": "¿Cancelar el pedido {}?",
        "cancel_form_words": "Se cancela todo el pedido. No se puede deshacer.",
        "cancel_sum": "Se le devuelven {}, por el mismo medio de pago. Su banco puede tardar unos días.",
        "cancel_no_sum": "No se le ha cobrado nada, así que no hay nada que devolver.",
        "cancel_unknown_sum": "Una persona de nuestro equipo calcula cuánto se le devuelve y le escribirá.",
        "cancel_goods": "Lo que se cancela",
        "cancel_confirm": "Cancelar el pedido",
        "cancel_keep": "Conservar el pedido",
    ]
}
