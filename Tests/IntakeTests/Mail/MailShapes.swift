/// Mails of many shapes, written for these tests.
enum MailShapes {
    static var all: [[UInt8]] {
        [outlook, gmail, apple, mixed, nested, calendar, japanese, tnef, noHeader].map { Array($0.utf8) }
    }

    static let gmail = """
        From: Ada <ada@shopper.example>
        To: Juniper & Fig <hello@juniperfig.example>
        Subject: Re: Your order #1042 is on its way
        In-Reply-To: <0123456789abcdef0123456789abcdef@juniperfig.example>
        References: <order.00@juniperfig.example>
         <0123456789abcdef0123456789abcdef@juniperfig.example>
        Message-ID: <CAF1@mail.shopper.example>
        MIME-Version: 1.0
        Content-Type: multipart/alternative; boundary="00000000000f"

        --00000000000f
        Content-Type: text/plain; charset="UTF-8"
        Content-Transfer-Encoding: quoted-printable

        Hi, it still isn=E2=80=99t here =F0=9F=98=9F

        On Sat, 28 Nov 2026 at 09:12, Juniper & Fig <hello@juniperfig.example>
        wrote:

        > Your order #1042 is on its way.
        >
        > Reply to this mail and we will help.
        >

        --00000000000f
        Content-Type: text/html; charset="UTF-8"

        <div dir="ltr">Hi, it still isn&#39;t here</div><br><div class="gmail_quote"><div dir="ltr" class="gmail_attr">On
        Sat, 28 Nov 2026 at 09:12, Juniper &amp; Fig wrote:<br></div><blockquote class="gmail_quote">Your order #1042 is on
        its way.</blockquote></div>

        --00000000000f--
        """

    static let outlook = """
        From: Ada <ada@shopper.example>
        To: hello@juniperfig.example
        Subject: AW: Ihre Bestellung
        MIME-Version: 1.0
        Content-Type: text/html; charset="iso-8859-1"
        Content-Transfer-Encoding: quoted-printable

        <html><head><style>p {color:red}</style></head><body><p>Wo bleibt die Sch=FCrze=3F</p>
        <div id=3D"appendonsend"></div><hr><div id=3D"divRplyFwdMsg" dir=3D"ltr"><b>Von:</b> Juniper<br>
        <b>Gesendet:</b> Samstag<br><b>An:</b> Ada<br><b>Betreff:</b> Ihre Bestellung</div><div>Sie ist unterwegs.</div>
        </body></html>
        """

    static let apple = """
        From: Ada <ada@shopper.example>
        Subject: Fwd: Label
        MIME-Version: 1.0
        Content-Type: text/plain; charset=utf-8

        Is this one right?

        Begin forwarded message:

        > From: Juniper & Fig <hello@juniperfig.example>
        > Subject: Label
        > Date: 28 November 2026 at 09:12:00 GMT
        > To: ada@shopper.example
        >
        > Here is your label.

        Sent from my iPhone
        """

    static let mixed = """
        From: Ada <ada@shopper.example>
        Subject: broken
        MIME-Version: 1.0
        Content-Type: multipart/mixed; boundary="b1"

        --b1
        Content-Type: text/plain; format=flowed; delsp=yes

        It arrived like =
        this:\u{20}
        in pieces.

        --b1
        Content-Type: image/jpeg; name*0*=utf-8''sch%C3%BC; name*1=rze.jpg
        Content-Disposition: attachment; filename="../../sch\u{FC}rze.jpg"
        Content-Transfer-Encoding: base64

        /9j/4AAQSkZJRgABAQAAAQABAAD/2wBDAAgGBgcGBQgHBwcJCQgKDBQNDAsLDBkSEw8UHRof
        """

    static let nested = """
        From: Ada <ada@shopper.example>
        Subject: nested
        MIME-Version: 1.0
        Content-Type: multipart/mixed; boundary=a

        --a
        Content-Type: multipart/related; boundary=b

        --b
        Content-Type: multipart/alternative; boundary=c

        --c
        Content-Type: text/plain

        plain
        --c
        Content-Type: text/html

        <p>rich</p>
        --c--
        --b
        Content-Type: image/png
        Content-ID: <1@x>
        Content-Transfer-Encoding: base64

        iVBORw0KGgo=
        --b--
        --a
        Content-Type: message/rfc822

        From: Tom <tom@shopper.example>
        Subject: inner

        inner words
        --a--
        """

    static let calendar = """
        From: Ada <ada@shopper.example>
        Subject: Accepted: pick-up
        MIME-Version: 1.0
        Content-Type: text/calendar; method=REPLY; charset=utf-8

        BEGIN:VCALENDAR
        METHOD:REPLY
        END:VCALENDAR
        """

    static let japanese = """
        From: =?ISO-2022-JP?B?GyRCMFVMIxsoQg==?= <ada@shopper.example>
        Subject: =?utf-8?B?5rOo5p?= =?utf-8?B?aH?=
        MIME-Version: 1.0
        Content-Type: text/plain; charset=iso-2022-jp

        \u{1B}$B$3$s$K$A$O\u{1B}(B
        """

    static let tnef = """
        From: Ada <ada@shopper.example>
        Subject: packed
        MIME-Version: 1.0
        Content-Type: multipart/mixed; boundary=z

        --z
        Content-Type: application/ms-tnef; name="winmail.dat"
        Content-Transfer-Encoding: base64

        eJ8+IgAA
        --z--
        """

    static let noHeader = "\nThis text has no header at all.\n"
}
