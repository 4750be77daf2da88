/// The phrases with which mail servers and filters say what they do not take. All in lower case, with single spaces,
/// and straight apostrophes; they were collected from the servers' documentation and from reports as they arrive.
enum BounceWords {
    /// A text as the phrases are written.
    static func plain(_ text: String) -> String {
        var out = ""
        var owesSpace = false
        for scalar in text.prefix(8000).lowercased().unicodeScalars {
            if scalar.properties.isWhitespace {
                owesSpace = !out.isEmpty
                continue
            }
            if owesSpace { out.unicodeScalars.append(" ") }
            owesSpace = false
            out.unicodeScalars.append(scalar == "\u{2019}" || scalar == "`" ? "'" : scalar)
        }
        return out
    }

    static let mailboxFull = [
        "mailbox full", "mailbox is full", "mailbox was full", "mailfolder is full", "inbox is full", "inbox full",
        "over quota", "overquota", "quota exceed", "exceeded quota", "exceeds quota", "exceed the quota",
        "quota is full",
        "disk quota", "storage quota", "quota violation", "quota limit", "mail quota", "user is over",
        "exceeded storage",
        "exceeded its storage", "out of storage", "insufficient storage", "mailbox size limit", "mailbox exceeds",
        "mailbox exceeded", "mailbox has exceeded", "exceeded mailbox", "mailbox quota", "mailbox limit",
        "not enough storage", "no space left in mailbox", "account is full", "account full", "too much mail data",
        "exceeded his", "has exceeded the limit", "maildir over", "maildir delivery failed: user over",
        "boîte pleine", "boite pleine", "mailbox pleine", "buzón lleno", "buzon lleno", "casella piena",
        "почтовый ящик переполнен",
        "user has too many messages", "receiving too much", "resolver.rst.recipsizelimit.mailbox", "is full.",
        "mbxfull",
        "has run out of space", "size of the mailbox", "容量オーバー", "mailbox for user is full", "quotaexceeded",
    ]
    static let tooBig = [
        "message too large", "message too big", "message is too big", "message is too large", "message size exceeds",
        "message size exceed", "exceeds maximum", "exceeds the maximum", "exceeded the maximum",
        "exceeded maximum incoming",
        "maximum incoming message size", "exceeds size limit", "size limit exceeded", "exceeds fixed maximum",
        "larger than", "message length exceeds", "maximum message size", "max message size",
        "maximum inbound message size",
        "message file too big", "recipsizelimit", "sendersizelimit", "exceeds administrative limit",
        "message exceeded max", "message exceeds", "too big for", "body is too large", "attachment too large",
        "nachricht ist zu groß",
    ]
    static let mailer = [
        "command output:", "procmail:", "x-unix; 1", "exit status", "exited with", "local delivery failed",
        "pipe to |", "pipe to command", "mailer error", "couldn't create temporary", "mail filter died", "vacation: ",
        "unknown mailer error", "this message has been rejected by the program", "generated from | ", "/usr/local/bin/",
        "local mailer",
    ]
    static let suspended = [
        "account is disabled", "account disabled", "account has been disabled", "account is suspended",
        "account suspended", "account has been suspended", "currently suspended", "account is locked",
        "account is inactive",
        "account inactive", "inactive account", "mailbox is disabled", "mailbox disabled", "mailbox is inactive",
        "mailbox inactive", "mailbox currently suspended", "mailbox suspended", "mailbox is frozen",
        "mailbox temporarily disabled",
        "user is suspended", "user suspended", "user is inactive", "user inactive", "inactive user", "user disabled",
        "user is disabled", "user account is expired", "user(s) account is disabled",
        "account that you tried to reach is disabled",
        "account that you tried to reach is inactive", "account you tried to reach is disabled", "deactivated mailbox",
        "account has been deactivated", "account is deactivated", "address is inactive", "is temporarily disabled",
        "temporarily inactive", "temporarily locked", "temporary locked", "recipient suspend", "recipient is suspended",
        "mailbox unavailable or access denied", "account temporarily", "account closed due", "archivee",
        "has been suspended",
        "account expired", "mailboxdisabled", "not currently accepting", "this account has been disabled", "dormant",
        "inactivity", "konto ist deaktiviert", "konto gesperrt", "postfach gesperrt",
    ]
    static let filtered = [
        "recipient preferences", "blocked by the recipient", "blocked by recipient", "recipient has blocked",
        "recipient blocked",
        "user has blocked", "refuses to accept your", "refuse to receive", "refused to receive", "user reject",
        "user rejected",
        "rejected by user", "rejected by recipient", "rejected by the recipient", "restricted sms",
        "only accepting mail from",
        "only accepts mail from", "only accepts messages from", "not accepting mail from", "not accepting any mail",
        "is not accepting messages", "account is protected by", "resolver.rst.notauthorized",
        "resolver.rst.authrequired",
        "resolver.rst.restrict", "delivery not authorized", "sender not authorized", "not authorized to send to",
        "does not accept mail from you", "does not accept mail from external", "recipient does not accept",
        "unauthorised sender",
        "unauthorized sender", "not permitted to send to", "sender has been blocked", "don't have permission to send",
        "do not have permission to send", "permission to email", "isn't allowed to send", "aren't allowed to send",
        "whitelist", "bounced address", "受信拒否", "not configured to receive", "unable to accept your",
        "individual filter",
        "rejected by content rule of recipient", "reciprejected", "domain or user isn't accepted",
    ]
    static let moved = [
        "has moved", "user has left", "moved to ", "no longer with", "has changed address", "address has changed",
        "has been replaced by", "please forward to", "please try <", "user not local; please try",
        "mailbox has been moved", "is no longer in use and", "has left the company", "hat uns verlassen",
    ]
    static let takesNoMail = [
        "does not accept mail", "doesn't accept mail", "does not accept email", "does not accept e-mail",
        "accepts no mail",
        "domain does not receive", "does not receive mail", "null mx", "nullmx", "no mx record", "no mx found",
        "smtp protocol returned a permanent error", "not accepting network messages", "has no mail exchanger",
        "domain has no mx", "no mail server", "no mail hosts for domain", "couldn't find a mail exchanger",
        "couldn't find any mail exchanger", "no mail exchanger", "no mx for", "mx for domain is empty",
        "name server: .: host not found", "host is not accepting mail",
    ]
    static let hostUnknown = [
        "domain does not exist", "domain doesn't exist", "host unknown", "unknown host", "host not found",
        "domain not found",
        "no such domain", "no such host", "unknown domain", "domain unknown", "invalid domain", "domain invalid",
        "domain is invalid",
        "bad destination host", "bad host", "host or domain name not found", "name or service not known", "nxdomain",
        "couldn't find any host named", "couldn't find any host by that name", "couldn't find host",
        "unable to find host",
        "domain couldn't be found", "domain could not be found", "domain wasn't found", "domain name not found",
        "domain is not reachable", "unrouteable mail domain", "unroutable mail domain", "no route to host or domain",
        "unrouteable address", "unroutable address", "recipient domain must exist", "domain must exist",
        "account or domain may not exist", "destination host name", "illegal host/domain", "unknown recipient domain",
        "mail domain mentioned in email address is unknown", "non-existent host", "non-existent domain",
        "nonexistent domain", "server name resolution failed", "not a valid domain", "domain name does not exist",
        "dns error: domain", "dns domain", "can't resolve", "cannot resolve", "hostnotfound",
        "address resolution failed",
        "unbekannte domain", "domain existiert nicht", "domaine inconnu", "dominio no existe", "dominio inesistente",
        "listed in a hosts",
    ]
    /// It may be found tomorrow.
    static let again = ["try again", "temporary", "temporarily", "timed out", "timeout", "servfail"]
    static let sender = [
        "sender address rejected", "sender rejected", "sender denied", "sender verify failed",
        "sender verification failed",
        "sender address verification", "sender domain", "sender's domain", "domain of sender", "invalid sender",
        "bad sender",
        "sender unknown", "sender invalid", "sender address", "sender email address rejected", "unroutable sender",
        "unrouteable sender", "envelope sender", "mail from not", "bogus mail from", "mail from rejected",
        "mail from:<> rejected",
        "null sender", "empty envelope sender", "from: domain is invalid", "batv", "backscatter",
        "email address is not verified",
        "not owned by", "sender not pre-approved", "returned mail not accepted", "no third-party dsns", "return path",
        "fully qualified sender",
        "emetteur invalide", "your email address has been", "cannot send from", "sender is not",
    ]
    /// Our host's name, which is asked for by its address.
    static let reverseName = [
        "reverse dns", "rdns", "ptr record", "ptr lookup", "reverse lookup", "reverse hostname", "no ptr",
        "missing ptr", "without ptr",
        "client host rejected: cannot find your", "cannot find your hostname", "cannot find your reverse",
        "unresolvable hostname",
        "fix reverse", "valid rdns", "ptr is not", "require ptr", "without a valid sender domain", "no hostname",
    ]
    static let userUnknown = [
        "user unknown", "unknown user", "no such user", "no such recipient", "no such mailbox", "no such person",
        "no such address",
        "no such account", "no such local user", "no mailbox", "user not found", "user not exist",
        "user does not exist",
        "user doesn't exist", "user not known", "user is unknown", "not a known user", "user isn't known",
        "invalid user",
        "user invalid", "bad user", "nonexistent user", "non-existent user", "non existent user", "username not found",
        "user name not found",
        "recipient unknown", "unknown recipient", "recipient not found", "recipient was not found",
        "recipient does not exist",
        "recipient doesn't exist", "recipient not exist", "recipient is not exist", "invalid recipient",
        "recipient invalid", "bad recipient",
        "recipient address unknown", "not a valid recipient", "unknown or illegal user", "unknown or illegal alias",
        "recipnotfound", "recipientnotfound",
        "recipient is not local", "recipient is unknown", "destination addresses were unknown",
        "destination server rejected recipients",
        "mailbox not found", "mailbox unknown", "unknown mailbox", "mailbox does not exist", "mailbox doesn't exist",
        "mailbox not present",
        "mailbox invalid", "invalid mailbox", "not a valid mailbox", "mailbox name not", "mailbox not exist",
        "bad destination mailbox", "bad mailbox",
        "address unknown", "unknown address", "address does not exist", "address doesn't exist", "address not found",
        "address couldn't be found",
        "address could not be found", "address wasn't found", "address was not found", "no such e-mail",
        "email address does not",
        "bad address", "invalid address", "address invalid", "address not present", "not a valid address",
        "address is not valid",
        "address is invalid", "address is wrong", "wrong or no longer valid", "does not like recipient",
        "is not a valid email",
        "address no longer accepts mail", "no longer valid", "address is no longer", "not an active address",
        "mailbox no longer", "no longer available",
        "no longer exists", "account does not exist", "account doesn't exist", "account not found", "no account",
        "account unavailable",
        "account unknown", "unknown account", "email account that you tried to reach does not exist",
        "account has been deleted", "account closed",
        "is not a registered", "badrcptto", "validrcptto", "badrecipientto", "your envelope recipient has been denied",
        "user unavailable",
        "user is terminated", "user terminated", "there is no one at this address", "no one here by that name",
        "not a local address",
        "not listed in domino directory", "not listed in public name", "not listed in the", "in name directory",
        "not unique",
        "wasn't found at", "was not found at", "could not be found at", "couldn't be found at",
        "e-mail address was not found", "email address was not found",
        "unknown local part", "unknown local-part", "local part is not", "vdeliver: invalid", "no valid recipients",
        "recipient not ok",
        "could not find user", "couldn't find user", "can't find user", "unable to find user", "this user doesn't have",
        "doesn't have a yahoo",
        "undeliverable address", "unverified address", "address verification failed", "recipient verify failed",
        "recipient verification failed",
        "utilisateur inconnu", "destinataire inconnu", "adresse inconnue", "destinataire invalide",
        "adresse d au moins un destinataire invalide",
        "unbekannter empfänger", "empfänger unbekannt", "benutzer unbekannt", "empfänger existiert nicht",
        "adresse existiert nicht",
        "empfaenger unbekannt", "usuario desconocido", "no existe ese usuario", "no existe dicha persona",
        "destinatario desconocido", "usuario no existe",
        "utente sconosciuto", "destinatario sconosciuto", "nessun utente simile", "onbekende gebruiker",
        "usuário desconhecido", "destinatário desconhecido",
        "пользователь не найден", "получатель не найден", "нет такого пользователя", "адресат не найден",
        "такого пользователя",
        "あて先不明", "宛先不明", "見つかりませんでした", "ユーザーが見つかりません", "用户不存在", "收件人不存在", "使用者不存在",
        "address rejected. (in reply to rcpt", "5.1.0 address rejected", "recipient address rejected: access denied",
        "access denied. as(2", "not our customer",
        "not valid for this", "user no longer", "is not known here", "unknown to this", "not known at this",
        "dd this user", "unkown user",
    ]
    static let virus = [
        "virus", "malware", "infected", "trojan", "worm.", "phish", "mcspamsignature", "malicious", "eicar",
    ]
    static let spam = [
        "spam", "unsolicited", " ube", "ube,", "bulk email", "bulk mail", "junk", "considered bulk",
        "high probability of", "looks like spam",
        "message content rejected", "rejected due to content", "content rejected", "rejected by content", "suspicious",
        "spamming", "score too high",
        "message rejected under suspicion", "content filter", "cloudmark", "advertis", "rule imposed",
    ]
    static let authentication = [
        "dmarc", "dkim", "spf ", "spf:", "spf)", "spf.", "spf-", "sender policy framework", "sender id",
        "unauthenticated", "not authenticated",
        "authentication required", "must be authenticated", "authentication information", "authentication check",
        "arc ", "5.7.26", "senderid",
    ]
    static let blocked = [
        "blocked", "blacklist", "black list", "blocklist", "block list", "blocking", "denylist", "dnsbl", "rbl",
        "spamhaus", "barracudacentral",
        "spamcop", "sorbs", "listed by", "listed at", "listed in", "ip address", "poor reputation", "bad reputation",
        "low reputation", "reputation",
        "client host rejected", "banned", "not allowed to connect", "connection refused by", "refused to talk",
        "denied access from", "your host",
        "your ip", "your network", "your server", "helo command rejected", "bad helo", "invalid helo",
        "no access from mail server", "dynamic ip", "dynamic address",
        "unresolvable relay host", "access from ip", "connection not accepted", "mail server refused",
    ]
    static let tooMany = [
        "too many", "rate limit", "ratelimit", "throttl", "try again later due to", "sending rate", "limit exceeded",
        "exceeded the rate", "unusual rate",
        "greylist", "graylist", "grey-list", "message rate", "hourly limit", "daily limit", "limit on the number",
        "excessive", "slow down",
    ]
    static let relaying = [
        "relay access", "relaying", "relay denied", "unable to relay", "not relay", "no relay", "to relay", "relay not",
        "relay prohibited", "relay this", "rcpthosts", "not a gateway", "open relay",
    ]
    static let policy = [
        "policy", "policies", "security", "administrative prohibition", "administratively", "prohibited", "violation",
        "not permitted", "compliance",
        "message not accepted", "rejected for", "not allowed", "forbidden", "restricted", "rules", "verboten",
        "unacceptable", "tls required", "must issue a starttls",
        "non-compliant", "not compliant", "rfc ", "rfc5322", "rfc5321", "rfc2822", "duplicate header", "multiple from",
        "bare lf",
    ]
    static let refusal = [
        "access denied", "denied", "rejected", "refused", "not accepted", "unwelcome", "not wanted", "verweigert",
        "abgelehnt", "refusé", "rechazado", "rifiutato",
    ]
    static let loop = [
        "hop count", "too many hops", "routing loop", "mail loop", "loops back", "message loop", "loop detected",
        "delivered-to header", "hops",
    ]
    static let expired = [
        "delivery time expired", "message expired", "expired", "time limit", "retry timeout exceeded",
        "retry time not reached", "queue too long", "too long in queue",
        "been in the queue too long", "undeliverable for", "gave up", "giving up", "not been collected",
        "unable to deliver this message after", "connection timed out",
        "couldn't be delivered for", "timed out", "timeout", "delivery timed",
    ]
    static let network = [
        "network", "connection refused", "connection reset", "connection lost", "lost connection", "connection closed",
        "connection dropped", "no route to host", "unreachable",
        "host is down", "name service error", "dns", "couldn't connect", "can't connect", "cannot connect",
        "unable to connect", "failed to connect", "error transferring", "not responding",
        "did not respond", "no answer from host", "smtp connection", "connection failed",
    ]
    static let system = [
        "system error", "i/o error", "local error", "internal error", "server error", "configuration error",
        "resources temporarily", "insufficient system", "service unavailable",
        "service not available", "out of memory", "disk full", "no space left", "file system", "temporary failure",
        "temporarily deferred", "operating system error", "try again later", "maintenance",
        "insufficient disk",
    ]
    static let protocolFault = [
        "syntax error", "bad sequence", "command not", "unrecognized command", "protocol error", "not implemented",
        "8bit", "smtputf8", "parameters",
    ]
    /// Said of unknown users and of all sorts of things.
    static let perhapsUserUnknown = [
        "mailbox unavailable", "mailbox is unavailable", "mailbox not available", "mailbox unavaiable",
        "recipient address rejected", "recipient rejected", "not a valid", "does not exist",
        "address rejected", "> not found", "user (", "recipient refused",
    ]
}
