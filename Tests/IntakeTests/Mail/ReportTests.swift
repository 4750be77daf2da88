import Foundation
import Outreach
import Testing

@testable import Intake

@Suite("What a mail system reports") struct ReportTests {
    /// A report in free text from a daemon.
    private func notice(_ text: String, subject: String = "Undelivered Mail Returned to Sender") -> MailReading {
        MailReading.read(
            letter(
                [
                    "From: Mail Delivery System <MAILER-DAEMON@mx.example>", "To: bounces+t0k3n@juniperfig.example",
                    "Subject: \(subject)",
                ], text))
    }

    /// A report with fields.
    private func status(_ fields: String, text: String = "It did not arrive.") -> MailReading {
        MailReading.read(
            letter(
                [
                    "From: postmaster@mx.example", "To: bounces+t0k3n@juniperfig.example", "Subject: Notice",
                    "Content-Type: multipart/report; report-type=delivery-status; boundary=r",
                ],
                """
                --r

                \(text)
                --r
                Content-Type: message/delivery-status

                Reporting-MTA: dns; mx.example

                \(fields)
                --r
                Content-Type: text/rfc822-headers

                Message-ID: <0a@juniperfig.example>
                Return-Path: <bounces+t0k3n@juniperfig.example>
                To: ada@shopper.example
                --r--

                """
            ))
    }

    @Test("a token of ours is found in the address of a mailbox with any name, and nothing else is")
    func anyName() {
        let token = String(repeating: "a2", count: 16)
        let mail = MailReading.read(
            Array(
                "From: MAILER-DAEMON@far.example\r\nTo: post+\(token)@juniperfig.example\r\nCc: post+sale@juniperfig.example\r\n\r\nIt came back."
                    .utf8))
        #expect(mail.tokens == [token])
    }

    @Test(
        "has the reason that its words give, and is hard only where the address is no good",
        arguments: [
            ("550 5.1.1 User unknown", "user_unknown", true), ("550 No such user here", "user_unknown", true),
            ("550 Requested action not taken: mailbox unavailable", "user_unknown", true),
            ("450 4.2.0 Requested mail action not taken: mailbox unavailable", "unknown", false),
            ("550 5.4.4 Invalid domain", "host_unknown", true),
            (
                "Host or domain name not found. Name service error for name=shoper.example type=A: Host not found",
                "host_unknown", true
            ),
            ("Host not found, try again", "network", false), ("551 5.1.6 The recipient has moved", "moved", true),
            ("556 5.1.10 Recipient address has null MX", "takes_no_mail", true),
            ("552 5.2.2 Mailbox full", "mailbox_full", false),
            ("452 4.2.2 The email account that you tried to reach is over quota", "mailbox_full", false),
            ("552 5.3.4 Message size exceeds fixed maximum message size", "too_big", false),
            ("550 5.2.1 The email account that you tried to reach is disabled", "suspended", false),
            ("550 5.7.1 Message rejected as spam by Content Filtering", "spam", false),
            (
                "554 5.7.1 Service unavailable; Client host [192.0.2.1] blocked using zen.spamhaus.example", "spam",
                false
            ),
            ("550 5.7.26 This mail has been blocked because the sender is unauthenticated", "", false),
            ("550 5.7.1 Email rejected per DMARC policy", "authentication", false),
            ("550 5.7.1 Access denied", "policy", false), ("554 5.7.1 Relay access denied", "relaying", false),
            ("550 5.1.1 Refused due to recipient preferences", "filtered", false),
            ("550 5.1.8 Sender address rejected: Domain not found", "sender_rejected", false),
            ("421 4.7.0 Too many connections", "too_many", false), ("554 5.4.6 Too many hops", "", false),
            ("550 This message contains a virus", "virus", false), ("Connection timed out", "expired", false),
            ("451 4.3.0 Temporary lookup failure", "system", false),
            ("500 5.5.1 Command not recognised", "protocol", false), ("554 Transaction failed", "unknown", false),
            ("550 Unknown error", "unknown", false),
            ("550 5.0.0 Benutzer unbekannt", "user_unknown", true), ("550 Utilisateur inconnu !", "user_unknown", true),
            (
                "550 5.7.1 <ada@shopper.example>: Recipient address rejected: User unknown in relay recipient table",
                "user_unknown", true
            ),
        ])
    func reasons(words: String, reason: String, isHard: Bool) {
        let mail = status(
            """
            Final-Recipient: rfc822; ada@shopper.example
            Action: failed
            Status: 5.0.0
            Diagnostic-Code: smtp; \(words)
            """
        )
        #expect(mail.kind == .bounce)
        #expect(mail.recipients.map(\.address) == ["ada@shopper.example"])
        #expect(mail.recipients.first?.hardness == (isHard ? .hard : .soft), "\(words): \(mail.recipients)")
        if !reason.isEmpty { #expect(mail.recipients.first?.reason == reason, "\(words)") }
        #expect(mail.tokens == ["t0k3n"])
        #expect(mail.messageID == "0a@juniperfig.example")
    }

    @Test(
        "is told from a code alone",
        arguments: [
            ("5.1.1", true), ("5.1.2", true), ("5.1.6", true), ("5.1.10", true), ("5.2.1", false), ("5.2.2", false),
            ("5.3.4", false), ("5.4.4", true), ("5.7.1", false), ("5.0.0", false), ("4.4.1", false), ("4.1.1", false),
        ])
    func codes(code: String, isHard: Bool) {
        let mail = status("Final-Recipient: rfc822; ada@shopper.example\nAction: failed\nStatus: \(code)")
        #expect(mail.recipients.first?.hardness == (isHard ? .hard : .soft))
        #expect(mail.recipients.first?.status == code)
    }

    @Test("tells several recipients apart, and what became of each")
    func several() {
        let mail = status(
            """
            Final-Recipient: rfc822;ada@shopper.example
            Action: failed
            Status: 5.1.1

            Final-Recipient: rfc822;tom@shopper.example
            Action: delayed
            Status: 4.4.1


            """
                + """
                Original-Recipient: rfc822;eve+2B1@shopper.example
                Final-Recipient: rfc822;eve
                Action: relayed
                Status: 2.1.5
                """
        )
        #expect(mail.kind == .bounce)
        #expect(mail.recipients.map(\.action) == [.failed, .delayed, .delivered])
        #expect(mail.recipients.last?.address == "eve+1@shopper.example")
    }

    @Test(
        "is found in free text, with whom it is about",
        arguments: [
            """
            Hi. This is the qmail-send program at mx.example.
            I'm afraid I wasn't able to deliver your message to the following addresses.

            <ada@shopper.example>:
            192.0.2.1 does not like recipient.
            Remote host said: 550 5.1.1 User unknown

            --- Below this line is a copy of the message.

            Return-Path: <x@y.example>
            From: a@b.example
            Message-ID: <0a@juniperfig.example>
            To: ada@shopper.example

            """,
            """
            This message was created automatically by mail delivery software.

            A message that you sent could not be delivered. The following address(es) failed:

              ada@shopper.example
                host mx.shopper.example [192.0.2.1]:
                550 No such user here

            """,
            """
            Sorry, we were unable to deliver your message to the following address.

            <ada@shopper.example>:
            Remote host said:
            550 5.1.1 unknown user [RCPT_TO]

            """,
            "Your message to ada@shopper.example couldn't be delivered.\n\nada wasn't found at shopper.example.\n",
            """
            Ihre Nachricht konnte nicht zugestellt werden.

            Empfänger: ada@shopper.example
            Grund: Empfänger unbekannt

            """,
            """
            К сожалению, Ваше письмо не может быть доставлено:

              ada@shopper.example
              550 пользователь не найден

            """,
            "Votre message n'a pas été remis.\nDestinataire : <ada@shopper.example>\nMotif : destinataire inconnu\n",
            """
            Your message

              To:      ada@shopper.example
              Subject: Your order
              Sent:    Sat, 28 Nov 2026

            did not reach the following recipient(s):

            ada@shopper.example on Sat, 28 Nov 2026 09:12
                The e-mail account does not exist at the organization
                <mx.example #5.1.1>

            """,
            """
               ----- The following addresses had permanent fatal errors -----
            <ada@shopper.example>
                (reason: 550 5.1.1 <ada@shopper.example>... User unknown)

            """,
        ])
    func freeText(text: String) {
        let mail = notice(text)
        #expect(mail.kind == .bounce)
        #expect(mail.recipients.map(\.address) == ["ada@shopper.example"], "\(text)")
        #expect(mail.recipients.first?.hardness == .hard, "\(text): \(mail.recipients)")
        #expect(mail.tokens == ["t0k3n"])
    }

    @Test(
        "of a delay is no failure",
        arguments: [
            """
            THIS IS A WARNING MESSAGE ONLY. YOU DO NOT NEED TO RESEND YOUR MESSAGE.

            <ada@shopper.example>: connect to mx.shopper.example: Connection timed out

            """,
            """
            Your message has been delayed and is still awaiting delivery to the following recipient(s):

            ada@shopper.example
            Message delayed

            """,
        ])
    func delays(text: String) {
        let mail = notice(text, subject: "Delayed Mail (still being retried)")
        #expect(mail.kind == .delayed)
        #expect(mail.recipients.map(\.address) == ["ada@shopper.example"])
        #expect(mail.recipients.first?.hardness == nil)
    }

    @Test(
        "is not what a person writes, whatever she writes about",
        arguments: [
            "Your mail could not be delivered? User unknown? I am ada@shopper.example.",
            "I got: 550 5.1.1 User unknown. Help?",
        ])
    func people(text: String) {
        #expect(ada(text, subject: "Undelivered Mail").kind == .person)
    }

    @Test("of a complaint names the mail")
    func complaint() {
        let mail = MailReading.read(
            letter(
                [
                    "From: fbl@mx.example", "Subject: complaint",
                    "Content-Type: multipart/report; report-type=feedback-report; boundary=r",
                ],
                """
                --r

                Abuse.
                --r
                Content-Type: message/feedback-report

                Feedback-Type: abuse
                Original-Mail-From: <bounces+t0k3n@juniperfig.example>
                --r
                Content-Type: message/rfc822

                To: Ada <ada@shopper.example>
                Message-ID: <0a@juniperfig.example>
                Feedback-ID: late:orders:juniper:bookbag

                x
                --r--

                """
            ))
        #expect(mail.kind == .complaint)
        #expect(mail.recipients == [MailRecipient(address: "ada@shopper.example", reason: "abuse")])
        #expect(mail.tokens == ["t0k3n"])
        #expect(mail.messageID == "0a@juniperfig.example")
        #expect(mail.feedbackID == "late:orders:juniper:bookbag")
    }

    @Test("in Amazon's JSON is read as well")
    func notification() {
        let json =
            #"""
            {"notificationType":"Bounce","bounce":{"bounceType":"Permanent","bounceSubType":"General","bouncedRecipients":[{"emailAddress":"ada@shopper.example","action":"failed","status":"5.1.1","diagnosticCode":"smtp; 550 5.1.1 user unknown"}]},"mail":{"messageId":"0b","source":"bounces+t0k3n@juniperfig.example","destination":["ada@shopper.example"],"headers":[{"name":"Message-ID","value":"<0a@juniperfig.example>"}]}}
            """#
        let mail = MailReading.read(
            letter(["From: no-reply@sns.amazonaws.com", "Subject: AWS Notification"], json + "\n\n--\nunsubscribe"))
        #expect(mail.kind == .bounce)
        #expect(mail.recipients.first?.hardness == .hard)
        #expect(mail.tokens == ["t0k3n"])
        #expect(mail.messageID == "0a@juniperfig.example")
    }
}
