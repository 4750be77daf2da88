# What a relay says: replies in pieces, extensions, enhanced codes, and what follows from them for a mail.
longest=16384

seeds() {
    python3 - "$1" ../shared/field/relay-account-replies/replies.tsv <<'PYTHON'
import hashlib, os, sys
out, field = sys.argv[1:]
def put(text):
    data = b"\x03" + text.encode()
    with open(f"{out}/{hashlib.sha1(data).hexdigest()}", "wb") as file: file.write(data)
for text in ["220 relay.example ESMTP\r\n250-relay.example\r\n250-PIPELINING\r\n250-SIZE 10240000\r\n250-AUTH PLAIN LOGIN\r\n250 SMTPUTF8\r\n",
             "550 5.1.1 <ada@customer.example>: no such user\r\n", "250-5.0.0 a\n250 2.0.0 b\n", "421 4.3.2 x\r\n", "354\r\n",
             "334 VXNlcm5hbWU6\r\n235 2.7.0 ok\r\n", "999 no\r\n", "25", "250-\r\n251 x\r\n",
             "550-5.1.1 The email account that you tried to reach does not exist. Please try\r\n550-5.1.1 double-checking the address\r\n550 5.1.1 x - gsmtp\r\n"]:
    put(text)
if os.path.exists(field):
    for row in open(field).read().splitlines()[1:]: put(row.split("\t")[1] + "\r\n")
PYTHON
}

words() {
    printf '"250-"\n"250 "\n"550 5.1.1 "\n"\\x0d\\x0a"\n"SIZE "\n"AUTH "\n"4.7.0"\n"STARTTLS"\n"334 "\n'
    for word in 'user unknown' 'mailbox full' 'quota exceeded' 'not verified' 'sender address rejected' 'relay access denied' \
        'account' 'spam' 'virus' 'blocked' 'recipient' 'does not exist' '5.7.1 ' '5.2.2 ' '5.4.1 '; do echo "\"$word\""; done
}
