// What the words must say before an intent is believed, and what speaks against it. The model finds the intent; these
// rules catch the messages from outside the trade, of which a softmax is often sure.

extension Intent {
    /// Whether words of hers speak of it.
    func hasEvidence(in said: Concepts) -> Bool {
        switch self {
        case .whereIsMyOrder:
            said.hasAny(Concepts(.where, .when, .status, .track, .late, .notYet, .ship))
                && said.hasAny(Concepts(.order, .parcel, .arrive, .ship, .track, .notYet))
                || said.has(.late) && said.hasAny(Concepts(.where, .when))
        case .deliveredNotReceived:
            said.hasAny(Concepts(.delivered, .elsewhere))
                && said.hasAny(Concepts(.not, .elsewhere, .missing, .notYet))
                || said.hasAny(Concepts(.elsewhere)) && said.hasAny(Concepts(.parcel, .order))
        case .damaged: said.has(.damaged)
        case .wrongItem: said.hasAny(Concepts(.wrong, .missing, .only))
        case .startReturn: said.hasAny(Concepts(.return, .refund))
        case .exchange: said.hasAny(Concepts(.exchange, .size))
        case .returnStatus: said.hasAny(Concepts(.return)) || said.has(.sent)
        case .refundStatus: said.hasAny(Concepts(.refund, .money))
        case .changeAddress:
            said.has(.address) && said.hasAny(Concepts(.change, .place))
                || said.has(.place) && said.has(.change)
        case .cancelOrder: said.hasAny(Concepts(.cancel, .unwanted))
        case .thanks: said.hasAny(Concepts(.thanks, .solved))
        case .stop: said.has(.optOut) || said.has(.stop) && said.has(.mails)
        case .changeOrder, .invoice, .price, .product, .privacy, .other, .unclear: true
        }
    }

    /// Whether she speaks of something that makes it mean another thing: a bank's transfer, a purchase to come, an
    /// account.
    func isElsewhere(in said: Concepts) -> Bool {
        let trade = said.hasAny(Concepts(.order, .parcel))
        switch self {
        case .thanks: return false
        case .stop:
            return said.hasAny(Concepts(.outside, .signUp)) && !said.hasAny(Concepts(.mails, .optOut))
                || said.has(.signUp) && !said.has(.optOut) && !said.has(.cancel)
        case .whereIsMyOrder: return said.hasAny(Concepts(.buy, .later)) || said.has(.outside) && !trade
        case .cancelOrder:
            return said.hasAny(Concepts(.buy, .condition))
                || said.hasAny(Concepts(.outside, .account, .mails)) && !said.has(.order)
        case .refundStatus, .startReturn, .exchange, .returnStatus:
            return said.hasAny(Concepts(.buy, .condition))
                || said.has(.outside) && !said.hasAny(Concepts(.order, .parcel, .return, .item))
        case .changeAddress: return said.has(.buy) || said.has(.mails) && !trade && !said.has(.place)
        case .deliveredNotReceived, .damaged, .wrongItem: return said.has(.outside) && !trade
        case .changeOrder, .invoice, .price, .product, .privacy, .other, .unclear: return false
        }
    }

    /// Whether a clause of hers asks for it by name, so that it counts beside another wish.
    func isNamed(in said: Concepts) -> Bool {
        switch self {
        case .changeOrder:
            said.has(.later) || said.has(.change) && said.hasAny(Concepts(.order, .item, .size))
        case .invoice: said.has(.invoice)
        case .price: said.has(.price)
        case .product: said.hasAny(Concepts(.product, .buy))
        case .privacy: said.has(.privacy)
        case .other, .unclear: false
        default: hasEvidence(in: said)
        }
    }

    /// What she would have to say no to.
    var ownConcepts: Concepts {
        switch self {
        case .startReturn, .returnStatus: Concepts(.return, .refund)
        case .refundStatus: Concepts(.refund)
        case .exchange: Concepts(.exchange)
        case .cancelOrder: Concepts(.cancel)
        case .changeAddress: Concepts(.address)
        default: Concepts()
        }
    }

    /// Whether an answer to `self` also serves who asks for `other` in the same breath.
    func covers(_ other: Intent) -> Bool {
        if self == other || other == .thanks { return true }
        switch (self, other) {
        case (.deliveredNotReceived, .whereIsMyOrder), (.refundStatus, .returnStatus),
            (.returnStatus, .refundStatus),
            (.exchange, .startReturn), (.startReturn, .exchange), (.cancelOrder, .startReturn),
            (.refundStatus, .startReturn), (.returnStatus, .startReturn),
            (.startReturn, .refundStatus), (.startReturn, .returnStatus), (.stop, .cancelOrder),
            (.stop, .privacy):
            return true
        default: return false
        }
    }
}
