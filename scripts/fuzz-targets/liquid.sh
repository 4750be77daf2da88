# Parser, renderer, conditions and checker of Liquid. The suites' templates are the seeds where they are beside the
# package, and chains of filters.

seeds() {
    python3 - "$1" ../shared/liquid <<'PYTHON'
import hashlib, itertools, json, os, random, re, sys
out, suites = sys.argv[1:]
def put(source):
    data = bytes([len(source) & 31]) + source.encode()
    with open(f"{out}/{hashlib.sha1(data).hexdigest()}", "wb") as file: file.write(data)
for name in ("golden.json", "liquid-spec.json"):
    if os.path.exists(f"{suites}/{name}"):
        for test in json.load(open(f"{suites}/{name}"))["tests"]:
            for source in [test["template"], *(test.get("filesystem") or test.get("templates") or {}).values()]:
                if len(source) < 2000: put(source)
# Chains, once and in a loop that feeds itself.
filters = ["split: ''", "split: ','", "json", "base64_encode", "url_encode", "escape", "append: x", "replace: 'a', x", "join: x",
    "concat: l", "map: 'a'", "sort", "uniq", "upcase", "replace_last: 'a', x", "strip_html", "newline_to_br", "truncatewords: 9",
    "times: -18446744073709551616", "abs", "minus: x", "divided_by: -1", "modulo: -1", "round: -3", "date: x", "handle", "squish"]
chance = random.Random(1)
for _ in range(400):
    chain = " | ".join(chance.choices(filters, k=chance.randint(2, 6)))
    start = chance.choice(["'a,b<c'", "9223372036854775808", "d", "x", "-0.0", "(1..9)"])
    put("{% assign x = " + start + " | " + chain + " %}{{ x }}")
    put("{% assign x = " + start + " %}{% assign l = 'a,b' | split: ',' %}{% for i in (1..99) %}{% assign x = x | " + chain
        + " %}{% endfor %}{{ x | size }}")
PYTHON
}

words() {
    for word in if unless elsif else endif case when endcase for endfor in tablerow endtablerow assign capture endcapture raw endraw \
        comment endcomment liquid echo cycle increment decrement ifchanged endifchanged include render break continue doc enddoc \
        limit offset reversed cols contains and or blank empty nil true forloop parentloop self; do echo "\"$word\""; done
    grep -oE '\b[a-z0-9_]+\b' Sources/Liquid/Filters/FilterName.swift | sort -u | sed 's/.*/"| &:"/'
    printf '"{%%"\n"%%}"\n"{{"\n"}}"\n"{%%-"\n"-%%}"\n"(1..9)"\n"%%Y"\n"\\x22"\n"-170141183460469231731687303715884105728"\n'
}
