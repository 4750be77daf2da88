import Crypto

/// The ids of messages, derived from what they say and to whom, and from nothing else: so a repeat after a crash has
/// the same id, which lets many mailboxes recognise the duplicate and the receiver of a webhook discard it.
public enum MessageIdentity {
    /// The `Message-ID` of an effect's mail, without angle brackets, at the sender's domain.
    public static func mail(of effect: Effect, domain: String) -> String {
        "\(identify("mail", effect.shop, effect.trigger, effect.line, effect.keys[0]))@\(domain)"
    }

    /// The id that starts an order's thread: every mail about the order refers to it, starting with the first.
    public static func thread(shop: String, orderID: String, domain: String) -> String {
        "order.\(identify("thread", shop, orderID))@\(domain)"
    }

    /// The `webhook-id` of an effect. It contains no full stop, which separates the parts of the signed text.
    public static func webhook(of effect: Effect) -> String {
        "msg_\(identify("webhook", effect.shop, effect.trigger, effect.line, effect.keys[0]))"
    }

    /// The id of what an effect does.
    public static func act(of effect: Effect) -> String {
        "act_\(identify("act", effect.shop, effect.trigger, effect.line, effect.keys[0]))"
    }

    /// The id of what a person, or Bookbag itself, has done in the shop.
    public static func decidedAct(of effect: Effect) -> String {
        let parts = identify(
            "decided", effect.shop, effect.origin.rawValue, effect.trigger, effect.line, effect.keys[0])
        return "act_\(parts)"
    }

    /// The id of an effect's text, which a gateway gets as the idempotency key.
    public static func text(of effect: Effect) -> String {
        "sms_\(identify("sms", effect.shop, effect.trigger, effect.line, effect.keys[0]))"
    }

    /// The id of an effect's words in a chat.
    public static func chat(of effect: Effect) -> String {
        "chat_\(identify("chat", effect.shop, effect.trigger, effect.line, effect.keys[0]))"
    }

    /// The id of what a person says in a chat.
    public static func chat(shop: String, kind: String, about key: String) -> String {
        "chat_\(identify("chat", shop, kind, key))"
    }

    /// The id of a text that Bookbag itself sends, such as the confirmation of a stop word.
    public static func text(shop: String, kind: String, about key: String) -> String {
        "sms_\(identify("sms", shop, kind, key))"
    }

    /// What tells a conversation's ticket from every other in the helpdesk.
    public static func ticket(shop: String, _ conversation: Int64, openedAt: Moment) -> String {
        identify("ticket", shop, "\(conversation)", "\(openedAt.milliseconds)")
    }

    /// What tells an effect's answer in a ticket from whatever else is said there.
    public static func answer(of effect: Effect) -> String {
        "answer_\(identify("answer", effect.shop, effect.trigger, effect.line, effect.keys[0]))"
    }

    /// The id of something that is written to a ticket, by its key.
    public static func post(of key: String) -> String { "post_\(identify("post", key))" }

    /// 128 bits of SHA-256 over the parts, each preceded by its length, so that no two lists of parts look alike.
    fileprivate static func identify(_ parts: String...) -> String {
        var hash = SHA256()
        for part in parts {
            hash.update(data: Array("\(part.utf8.count):".utf8))
            hash.update(data: Array(part.utf8))
        }
        return hash.finalize().prefix(16).hexadecimal
    }
}

extension MessageIdentity {
    /// The `Message-ID` of a mail to the shop itself about a set of trigger files, without angle brackets.
    public static func notice(shop: String, kind: String, about digest: String, domain: String) -> String {
        "\(identify("notice", shop, kind, digest))@\(domain)"
    }
}
