// swift-format-ignore-file
// A line of the table is a concept.
extension Lexicon {
    /// The trade in French.
    static let french = """
        order: command*, achat, achats, acheté
        parcel: colis, paquet, paquets, livraison*, envoi, mes articles, mes chaussures, mon article, expédition*
        where: où, ou est, ou en est, ou se trouve, localiser, passé
        when: quand, combien de temps, date de livraison, délai*, aujourd hui, demain, vendredi, quel jour, prévu*, bientôt
        arrive: arriv*, reçoi*, reçu*, recevoir, recevrai*, livré*, livre, livrer, livrée*, réceptionn*, parvenu*
        ship: expédi*, envoyé*, envoyez, parti, partie, part, partira, partir, en route, en chemin, en transit, en cours
        track: suivi, suivre, numéro de suivi, lien de suivi, transporteur, livreur, la poste, colissimo, chronopost, mondial relay, ups, dpd, tracking
        status: statut, état, nouvelle, nouvelles, où en, avancement, en préparation, préparation, info, infos
        late: retard*, en retard, toujours pas, toujours rien, j attends, attend*, tarde, bloqué*, perdu*, depuis, semaines, dépassé*, tardif, encore rien, encore pas, ça fait
        notYet: pas reçu*, pas arrivé*, rien reçu, toujours pas, toujours rien, jamais reçu*, jamais arrivé*, n arrive pas, pas encore, non reçu*, rien eu, j ai rien, pas eu, pas livré*, pas été livré*, pas venu, pas passé, sans nouvelles
        delivered: livré*, remis, distribué*, déposé*, signé, indiqué*, marqué*, noté*, avis de, livraison effectuée, réceptionné, disponible, retiré, soi disant, selon le, prétend*, déclaré*, validé, serait livré
        elsewhere: voisin*, quelqu un d autre, une autre personne, un autre, mauvaise adresse, volé*, vol, signature, pas chez moi, inconnu*, gardien, introuvable, autre porte
        not: pas, rien, aucun*, jamais, personne, ne, n, ni, sans, vide, faux, non
        damaged: cass*, brisé*, abîm*, abim*, endommag*, défectueu*, défaut*, fêl*, ray*, déchir*, troué*, trou, tache*, taché*, en panne, panne, ne fonctionne pas, fonctionne pas, fonctionne plus, marche pas, marche plus, ne s allume, écras*, cabossé*, coulé, fuit, fuite, moisi*, périm*, avarié*, en morceaux, décoll*, mauvais état, tourné, pourri*, se défait, morte, garantie, ne charge pas, ne ferme pas, mouillé*, éventré, détérior*, s écaille
        wrong: mauvais*, erreur*, tromp*, pas le bon, pas la bonne, pas les bons, pas les bonnes, pas ce que, au lieu, à la place, différent*, autre chose, autre, non conforme, inversé*, confondu*, pas bon
        mistaken: reçu .. autre, reçu .. mauvais*, reçu .. erreur, envoyé .. autre, envoyé .. mauvais*, mauvais article, mauvais produit, mauvaise couleur, mauvaise taille, mauvais modèle, pas le bon, pas la bonne, pas ce que j avais, pas ce que j ai, vous êtes trompés, reçu .. différent*, reçu .. au lieu, reçu .. à la place, arrivé .. autre, votre erreur, il manque
        missing: manqu*, incomplet*, oublié*, absent*, seulement, en moins, vide, pas dans la boîte, pas dans le colis, ne contenait pas, que deux, que trois, qu un, qu une, reçu qu, la moitié, il n y avait que
        only: seulement, juste, que
        return: retour*, renvoy*, renvoi*, rendre, rends, rétract*, reprendre, retourn*
        label: étiquette, bon de retour, bordereau
        exchange: échang*, troqu*, taille au dessus, taille en dessous, taille plus, plus grande, plus petite, remplac*, taille de plus, autre taille
        size: taille*, pointure, grand, petit, serré, large, trop grand, trop petit, ne va pas
        refund: rembours*, récupérer l argent, récupérer mon argent, rendre mon argent, rendez moi mon argent, recrédit*, crédité*, avoir, virement
        money: argent, euros, compte, paypal, banque, carte, somme, montant, payé
        address: adresse*, code postal, domicile
        place: rue, numéro de rue, déménag*, bureau, bâtiment, appartement, point relais, ville, chez mon voisin, chez ma, ailleurs, rediriger, au travail, lieu de livraison, pays
        change: chang*, modif*, corrig*, tromp*, nouvel*, nouveau, autre, erreur, erroné*, mauvais*, faux, fausse, ancien*, oublié*, plutôt, rectif*, ajouter, incorrect*, incomplèt*, à la place, rediriger, déménagé, faute, inversé*, mettez, actualis*, mettre à jour, manque, plus la bonne
        cancel: annul*, anul*, résili*, stopper, arrêtez l envoi, abandonner, j annule, supprimer ma commande, retirer ma commande, renonc*
        unwanted: n en veux plus, ne veux plus, plus besoin, changé d avis, par erreur, ne l envoyez pas, n envoyez pas, deux fois, laissez tomber, mauvaise manip, bloquer, pas livrer, pas besoin
        condition: si .. n arrive, si .. pas reçu, si je ne reçois, si .. n est pas là, si .. pas livré, si .. n est pas livré, si .. n est pas arrivé, si vous ne, sinon, autrement, à moins
        invoice: factur*, ticket de caisse, justificatif, tva, preuve d achat, un reçu, reçu de paiement
        price: prix, coût*, combien coûte, réduc*, remise, promo*, code promo, bon d achat, carte cadeau, frais de port, cher, gratuit*, solde*, débité*, prélev*, tarif*, offre
        mails: newsletter*, mail, mails, email*, emails, e mails, pub, publicit*, message*, sms, notification*, offres, liste, promotions, lettre d information, relances, alertes, spam, écrire, écrivez
        stop: désinscri*, désabonn*, desabonn*, stop, arrêt*, plus de, ne plus, retirez, enlevez, assez, résilier, annul*, supprimez, laissez, cessez, cesser, plus recevoir, rayer, trop de, désactiver, plus intéressé, retirer, plus être
        optOut: désinscri*, désabonn*, desabonn*, retirez moi, enlevez moi, rayer, me retirer, laissez moi tranquille, stop pub, stop sms, stop mails
        thanks: merci*, remercie*, mercis
        solved: résolu, trouvé, c est bon, tout va bien, nickel, en ordre, bien reçu, bien arrivé, parfait, fausse alerte, impeccable, c est arrivé, au top
        privacy: rgpd, mes données, données personnelles, confidentialité, supprimer mon compte, vie privée, cnil, consentement, droit à l oubli, fermer mon compte
        account: compte, mot de passe, connecter, connexion, inscription, profil, identifiant, premium
        product: en stock, disponible*, matière, ingrédient*, conseill*, garantie, vegan, dimensions, imperméable, compatible, avez vous, différence, existe, notice, mode d emploi
        buy: si je commande, si j achète, avant de commander, avant d acheter, je veux acheter, je voudrais acheter, comment commander, je voudrais commander, livrez vous, vous livrez, si ça ne va pas, si ça ne me, en commandant, je pense acheter, si la taille, si jamais, envisage d acheter, au cas où, si je prends, si cela ne, s il ne me, si elle ne, si je passe commande, je souhaite commander, j aimerais commander
        outside: banque, bancaire, virement, distributeur, ma carte, carte, cartes, taux de change, devise, vol, hôtel, valise, réserv*, rendez vous, calendrier, réunion, réveil, musique, météo, traduis, recette, impôt*, assurance, prêt, congés, contrat, téléphone portable, train, billet, loyer, salaire, abonnement, avion, liste de courses, sécu
        item: article*, produit*, quantité, couleur, gravure, cadeau
        question: comment, quand, où, quel*, pourquoi, qui, puis je, pouvez vous, est ce, avez vous, combien
        noWish: ne veux pas, veux pas, ne souhaite pas, ne voudrais pas, pas annuler, pas retourner, pas de remboursement, pas d échange, pas d annulation, surtout pas, n annulez pas, pas besoin de, ne pas annuler, ne pas retourner, pas renvoyer, pas rendre, pas de retour
        praise: bravo, super, génial, félicitations, parfait, formidable, magnifique, merci beaucoup, excellent, chapeau, extraordinaire, bien joué, continuez, top, quel service, fantastique, beau travail, merci pour rien, quelle rapidité, quelle efficacité, superbe, champion*, du grand art, applaudissements
        trouble: retard*, perdu*, encore, cassé*, jamais, toujours, mauvais*, rien, semaines, personne, manque, abîmé*, erreur, déçu*, vide, attendre, attente, comme d habitude, comme toujours, abimé*, égaré
        sent: renvoyé*, retourné*, déposé, posté, annulé*, rendu
        signUp: s abonner, m abonner, m inscrire, recevoir la newsletter, recevoir votre newsletter, abonnement à la newsletter
        wish: veux, voudrais, souhaite, aimerais, svp, s il vous plaît, pouvez vous, puis je, besoin, peut on, merci de, pourriez, merci d, veuillez, prière de, pourriez vous, peux, vouloir
        neutral: retard, command, passer, verre, livre, livres, merci, moyen, autour, toujours, jours, faire, cadre, casse, casque, route, tarte, carte
        legal: avocat*, plainte, tribunal, justice, mise en demeure, mettre en demeure, répression des fraudes, dgccrf, huissier, juridique*, poursui*, police, gendarmerie, association de consommateurs, ufc, que choisir, médiateur, signaler votre, signalement, signaler, réclamation, procès, judiciaire*, dommages et intérêts, saisir mon avocat, saisir le tribunal, saisir la justice, saisir le médiateur, saisir les, engager une procédure, poursuites, engager des, médiateur de la, vous signaler, association de défense, mes droits, illégal*, pénal, judiciaires, action en justice, courrier recommandé, lettre recommandée, la loi
        chargeback: opposition, litige paypal, litige, contester le paiement, contester le prélèvement, contester, ma banque, rétrofacturation, chargeback, rejet de prélèvement, assurance carte, récupérer l argent par, annuler le paiement, faire opposition, demandé à ma banque, ma carte bancaire refuse, remboursement par ma banque, réclamation paypal, charge back
        harm: blessé*, blessure*, hôpital, urgences, allergi*, éruption*, coupure, saign*, intoxi*, pris feu, prendre feu, explos*, électrocut*, choc électrique, étouff*, vomi*, malade, danger*, vétérinaire, gonflé*, démangeaison*, irritation*, me suis coupé*, s est coupé*, suis brûlé*, s est brûlé*, brûlure*, boutons sur, plaques sur, plaques rouges, peau brûle, a explosé, avalé, malade après, été malade, voir un médecin, chez le médecin, infection, plaie, cicatrice, évanoui*, asphyxi*
        abuse: con, connard*, conne*, cons, connasse, merde*, merdique, imbécil*, idiot*, crétin*, débil*, incapable*, foutre, foutez, enculé*, salaud*, salope*, putain, escroc*, menteu*, bande de, nuls, guignol*, bouffon*, abruti*, voyou*, voleur*
        anger: honte, honteux, honteuse, inadmissible*, inacceptable*, scandal*, furieu*, en colère, colère, marre, ras le bol, ça suffit, n importe quoi, lamentable*, déplorable*, pire, catastroph*, nul, nulle, minable*, ridicule*, moquez, vous moquez, se moque, foutage, plus jamais, jamais plus, intolérable*, incompéten*, exaspér*, excéd*, à bout, indign*, une blague, c est une blague, insult*, abus*, dégoût*, inqualifiable, mécontent*, remonté*, outré*, ma patience, patience a, exécrable, scandalisé*, grand n importe quoi, avoir honte, amateurs, nuls, allez vous faire, inadmissible, on ne traite pas, calamiteux, calamité, horrible*, pathétique, du n importe quoi, médiocre, mauvais service, service déplorable, l enfer, très déçu*, extrêmement déçu*, énerv*, agac*, révolt*, choqué*
        person: humain*, une personne, vraie personne, conseiller*, conseillère, un agent, opérateur, responsable*, robot*, pas un bot, bot, rappelez, appelez moi, téléphoner, parler à, parler avec, directeur, service client par téléphone, supérieur, patron, gérant, à quelqu un, avec quelqu un, réponse automatique, réponses automatiques, une machine, le directeur, qui peut décider, quelqu un qui peut, être humain, interlocuteur, passez moi
        repeated: troisième fois, deuxième fois, quatrième fois, énième, troisième mail, deuxième mail, troisième message, deuxième message, personne ne répond, personne ne me répond, aucune réponse, sans réponse, pas de réponse, plusieurs fois, plusieurs mails, plusieurs messages, ne répondez pas, ne répondez jamais, répondez jamais, ignor*, relancé, déjà écrit, fois que, combien de fois, mails sans, ne lisez, je vous relance, quatre fois, trois fois, cinq fois, personne ne me, me répond pas, répondez moi, répondre enfin, quelqu un qui travaille, quelqu un lit, sans suite, restés sans, resté sans, combien de mails, combien de messages, personne .. répond*, jamais .. réponse, sans aucune réponse, pas .. de réponse, attends .. réponse, toujours pas .. réponse
        fraud: arnaque*, arnaqu*, fraud*, escroquerie, escroqué*, volé mon argent, vous m avez volé, faux site, usurp*, à mon nom, piraté*, à mon insu, sans mon autorisation, abus de confiance, me voler, malhonnête*, détourn*, arnaqué*, volez, compte a été piraté, compte piraté, volé mes, escroquer, frauduleu*, tromperie, piège
        need: décédé*, décès, mort de, enterrement, obsèques, cancer, suicide, me suicider, mourir, fauteuil roulant, handicap*, médicament*, insuline, loyer, plus d argent, pour manger, sans abri, chômage, urgence médicale, désespér*, deuil, veuve, veuf, alzheimer, vulnérable*, détresse, raisons médicales, aveugle, dépress*, fausse couche, en deuil, rsa, aide à domicile, hospitalisé*, maladie grave
        threat: une étoile, avis négatif*, mauvais avis, zéro étoile, réseaux sociaux, facebook, trustpilot, la presse, journaliste*, 0 million de consommateurs, faire savoir, tout le monde, derniere chance, dernier avertissement, sinon je, sous 0 jours, sous huit jours, délai de rigueur, vous dénoncer, dénonc*, partout, boycott*, préviens tout, prévenir tout, mauvaises notes, avis google, à la télé, signaler sur, faire de la mauvaise, aux médias
        steer: ignore toutes, ignorez toutes, ignore les, ignorez les, instructions précédentes, instructions, oublie tout, oublie les, oubliez les, prompt, tu es maintenant, vous êtes maintenant, fais comme si, modèle de langage, chatgpt, mode développeur
        """
}
