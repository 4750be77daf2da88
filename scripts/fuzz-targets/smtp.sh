# What a relay says: replies in pieces, extensions, enhanced codes.
module=Platform
timeout=5
longest=16384
link=(-lcurl -lsystemd)

seeds() {
    local number=0
    for text in '220 relay.example ESMTP\r\n250-relay.example\r\n250-PIPELINING\r\n250-SIZE 10240000\r\n250-AUTH PLAIN LOGIN\r\n250 SMTPUTF8\r\n' \
        '550 5.1.1 <ada@customer.example>: no such user\r\n' '250-5.0.0 a\n250 2.0.0 b\n' '421 4.3.2 x\r\n' '354\r\n' \
        '334 VXNlcm5hbWU6\r\n235 2.7.0 ok\r\n' '999 no\r\n' '25' '250-\r\n251 x\r\n'; do
        printf "\\003$text" > "$1/$((++number))"
    done
}

words() { printf '"250-"\n"250 "\n"550 5.1.1 "\n"\\x0d\\x0a"\n"SIZE "\n"AUTH "\n"4.7.0"\n"STARTTLS"\n"334 "\n'; }
