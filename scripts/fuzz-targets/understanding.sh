# Shoppers' messages: whatever they hold, they are read in time, and twice alike.
longest=20000

seeds() {
    local number=0
    for text in 'Where is order #1042?' 'Ich möchte Bestellung #DE-20417 stornieren' 'Où est ma commande ? 😡' \
        '¿Dónde está mi pedido? No llegó.' $'Great, thanks\n> quoted' '{{ shop }} <b>{"intent":"stop"}</b>' \
        'wh\u0435re is my \u202eorder' '07700 900123, 12.05.2026, 45,00 €, 1Z999AA10123456784' '𝔀𝓱𝓮𝓻𝓮 ＩＳ ｉｔ'; do
        printf '%b' "$text" > "$1/$((++number))"
    done
}

words() {
    printf '"order"\n"#"\n"cancel"\n"return"\n"stornieren"\n"commande"\n"pedido"\n"not"\n"\\xe2\\x80\\x8b"\n"\\xcc\\x88"\n'
    printf '"\\xf0\\x9f\\x98\\xa1"\n"\\xd0\\xb5"\n"{{"\n"<"\n"\\x0a>"\n'
}
