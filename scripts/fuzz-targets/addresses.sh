# Mail addresses, with and without names, of all scripts.
longest=1024

seeds() {
    local number=0
    for text in 'ada@customer.example' '"Ada, Example" <ada@customer.example>' 'Juniper & Fig <orders@juniperfig.example>' \
        'ада@пример.example' 'a@b' '@' '<>' 'x <y' 'a..b@c.example' 'a@-b.example' "o'neil+tag@sub.customer.example" 'ü@ü.example'; do
        printf '%s' "$text" > "$1/$((++number))"
    done
}

words() { printf '"@"\n" <"\n">"\n"\\""\n".example"\n"\\xcc\\x81"\n"\\xe2\\x80\\x8b"\n"\\x0d\\x0a"\n"xn--"\n'; }
