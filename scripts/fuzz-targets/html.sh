# HTML as mails have it: its tokens, its text, what `check` says of it. The shipped templates are the seeds.
timeout=10
longest=16384

seeds() {
    local number=0
    while read -r file; do cp "$file" "$1/$((++number))"; done < <(
        find triggers docs/examples ../shared/liquid/shopify-notifications -name '*.html' -size -16k 2>/dev/null
        find ../shared/liquid/shopify-notifications -name '*.liquid' -size -16k 2>/dev/null)
    for text in '<p>a<b>b</p>' '<a href=x>y<a href="z&amp;q">w' '<!-- x --><style>p{</style><script>1<2</script>' '&#x10FFFF;&#0;&nbsp;&bogus' \
        '<table><tr><td>1<td>2</table>' '<img src="cid:x" alt=">">' '</' '<' '<!doctype html><title>x'; do
        printf '%s' "$text" > "$1/$((++number))"
    done
}

words() {
    for word in '<p>' '</p>' '<a href=' '<img alt=' '<table>' '<td>' '<br/>' '<style>' '</style>' '<script>' '</script>' '<!--' '-->' \
        '<title>' '<h1>' '<ul><li>' '<div style=\"display:none\">' '&nbsp;' '&#x' '&amp;' '<![CDATA[' '{{ a }}' '{% if a %}'; do
        echo "\"$word\""
    done
}
