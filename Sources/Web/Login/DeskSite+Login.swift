import Daemon
import Foundation
import Outreach
import Store

// The way in.
//
//     an address ──▶ the same answer for all ──▶ a mail with a link and a code ──▶ a button ──▶ a session
//
// Mail scanners open links, and some run scripts and press buttons. So opening a link shows a button and does nothing,
// and pressing it counts only in the browser that asked, which a cookie tells; in any other the page says to type the
// code where it was asked for. A link from `bookbag desk login` was asked for by nobody's browser, so it counts in any:
// it is the way in when no mail goes out.

/// The page to get in by.
struct LoginPage: PageContent {
    static let template = "login"
    /// `address`, `code` or `enter`.
    var step: String
    var path = "/login"
    var problem: String?
}

extension DeskSite {
    /// How long a way in is good.
    static let loginPatience = Duration.minutes(15)

    func login(_ request: WebRequest, _ parts: [String]) async throws -> WebResponse {
        if site.userHeader != nil {
            return pages.desk(
                NoticePage(
                    title: "Your proxy logs you in",
                    lines: ["It named nobody who is listed in people.yaml."]),
                frame(title: "Log in"), status: 403)
        }
        switch (parts.count, request.method == "POST") {
        case (1, false): return page(LoginPage(step: "address"), browser: browser(of: request))
        case (1, true): return try await ask(request)
        case (2, true) where parts[1] == "code": return try await typed(request)
        case (2, false) where Tokens.isToken(parts[1]):
            return page(LoginPage(step: "enter", path: "/login/\(parts[1])"), browser: browser(of: request))
        case (2, true) where Tokens.isToken(parts[1]):
            let key = DeskKey.link(
                Tokens.digest(parts[1]), browser: request.cookie(cookiePrefix + "login").map(Tokens.digest))
            return try await enter(key, wanted: wanted(by: request))
        default: return notFound()
        }
    }

    /// Somebody typed an address: listed or not, the answer is the same and takes as long.
    private func ask(_ request: WebRequest) async throws -> WebResponse {
        let browser = browser(of: request)
        let typed = String((request.form["address"] ?? "").trimmingCharacters(in: .whitespaces).prefix(320))
        let now = core.now()
        let token = Tokens.random()
        let code = Tokens.code()
        let person = people[typed]
        let shop = core.configuration.shops.map(\.domain).first {
            core.post.serves($0) && person?.serves($0) ?? true
        }
        // Written in any case, for writing takes time too.
        let mail = shop.flatMap { shop in
            MailAddress(address: person?.email ?? "nobody@\(site.authority.split(separator: ":")[0])").flatMap {
                core.post.mail(
                    "desk_login", to: $0, subject: "Your way into the desk",
                    body: """
                        # Your way into the desk

                        Open this in the browser in which you asked:

                        [Log in](\(site.url)/login/\(token))

                        Or type this code there: **\(code)**

                        Both are good for a quarter of an hour, once. If you did not ask, do nothing: nobody is let in.
                        """, about: token, shop: shop, now: now)
            }
        }
        var login: DeskLogin?
        if let person, let mail, let shop {
            login = DeskLogin(
                person: person.email, linkDigest: Tokens.digest(token),
                mailed: DeskLogin.Mailed(
                    codeDigest: Tokens.digest(code: code, browser: browser), browserDigest: Tokens.digest(browser),
                    mail: mail, shop: shop), endsAt: now + Self.loginPatience)
        }
        try await store.openLogin(login, now: now)
        if let shop { core.post.send(for: shop) }
        return page(LoginPage(step: "code"), browser: browser)
    }

    private func typed(_ request: WebRequest) async throws -> WebResponse {
        guard let browser = request.cookie(cookiePrefix + "login"), Tokens.isToken(browser) else {
            return page(
                LoginPage(step: "address", problem: "This browser did not ask. Type your address first."),
                browser: Tokens.random(), status: 403)
        }
        let code = Tokens.digest(code: String((request.form["code"] ?? "").prefix(64)), browser: browser)
        return try await enter(
            .code(code, browser: Tokens.digest(browser)), browser: browser, wanted: wanted(by: request))
    }

    /// To the login, from where it goes on to what was asked for if that is a conversation: a mail leads there.
    func toLogin(wanting parts: [String]) -> WebResponse {
        var response = WebResponse.seeOther("/login")
        if let path = Self.conversationPath("/" + parts.joined(separator: "/")) {
            response.cookies = [cookie("to", path, for: .hours(1))]
        }
        return response
    }

    /// A path that leads to a conversation of a shop; nil for any other. Nothing else is gone on to, so that no link
    /// leads elsewhere by way of the login.
    static func conversationPath(_ path: String) -> String? {
        let parts = path.split(separator: "/", omittingEmptySubsequences: false)
        guard parts.count == 4, parts[0].isEmpty, parts[2] == DeskPage.inbox.rawValue,
            !parts[1].isEmpty, parts[1].count <= 100,
            parts[1].allSatisfy({ $0.isASCII && ($0.isLetter || $0.isNumber || $0 == "-" || $0 == ".") }),
            let id = Int64(parts[3]), id > 0
        else { return nil }
        return "/\(parts[1])/\(parts[2])/\(id)"
    }

    private func enter(
        _ key: DeskKey, browser: String = Tokens.random(), wanted: String?
    ) async throws -> WebResponse {
        let now = core.now()
        // Made anew at each login, so that nobody can have set it before (session fixation).
        let token = Tokens.random()
        switch try await store.enter(key, tokenDigest: Tokens.digest(token), now: now) {
        case .entered(let person):
            guard people[person] != nil else { fallthrough }
            log(AuditEntry(who: person, what: "signed_in"))
            var response = WebResponse.seeOther(wanted ?? "/")
            response.cookies = [
                cookie("desk", token, for: DeskSession.lifetime), cookie("login", "", for: .zero),
            ]
            if wanted != nil { response.cookies.append(cookie("to", "", for: .zero)) }
            return response
        case .refused:
            var step = "address"
            if case .code = key { step = "code" }
            return page(
                LoginPage(step: step, problem: "That is unknown, used already, or older than a quarter of an hour."),
                browser: browser, status: 403)
        case .otherBrowser:
            return page(
                LoginPage(
                    step: "elsewhere",
                    problem: "This link was asked for in another browser. Type the code from the mail there."),
                browser: nil, status: 403)
        }
    }

    func logout(_ visitor: Visitor) async throws -> WebResponse {
        if let session = visitor.session {
            let entry = AuditEntry(who: visitor.person.email, what: "signed_out")
            try await store.endSession(session.id, audit: entry, now: core.now())
            log(entry)
        }
        var response = WebResponse.seeOther("/login")
        response.cookies = [cookie("desk", "", for: .zero)]
        return response
    }

    /// The conversation that was asked for before the login.
    private func wanted(by request: WebRequest) -> String? {
        request.cookie(cookiePrefix + "to").flatMap(Self.conversationPath)
    }

    /// What the browser calls itself, now or from here on.
    private func browser(of request: WebRequest) -> String {
        let known = request.cookie(cookiePrefix + "login")
        return known.flatMap { Tokens.isToken($0) ? $0 : nil } ?? Tokens.random()
    }

    private func page(_ content: LoginPage, browser: String?, status: Int = 200) -> WebResponse {
        var response = pages.desk(content, frame(title: "Log in"), status: status)
        if let browser { response.cookies = [cookie("login", browser, for: .hours(1))] }
        return response
    }

    /// Lax, for Strict would ask for a login whenever somebody comes from a mail.
    private func cookie(_ name: String, _ value: String, for time: Duration) -> String {
        "\(cookiePrefix)\(name)=\(value); Path=/; Max-Age=\(time.components.seconds); HttpOnly; SameSite=Lax"
            + (site.isSecure ? "; Secure" : "")
    }
}
