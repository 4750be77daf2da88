# The trigger folder: YAML, trigger files, shop.yaml, templates of each kind, and the trial of all of them. The shipped
# files are the seeds, and what makes a small file grow.
timeout=10
longest=8192

seeds() {
    python3 - "$1" <<'PYTHON'
import hashlib, os, sys
out = sys.argv[1]
def put(kind, text):
    data = bytes([kind]) + text.encode()
    with open(f"{out}/{hashlib.sha1(data).hexdigest()}", "wb") as file: file.write(data)
kinds = {".md": 2, ".html": 3, ".json": 4, ".liquid": 5}
for folder, _, files in os.walk("triggers"):
    for name in files:
        with open(f"{folder}/{name}", encoding="utf8") as file: text = file.read(8000)
        if name == "shop.yaml": put(1, text)
        elif name.endswith(".yaml"): put(0, text)
        elif os.path.splitext(name)[1] in kinds: put(kinds[os.path.splitext(name)[1]], text)
for style in ('"k{0}":&a{0} [{1}]', "k{0}: &a{0} [{1}]", "'k{0}':&a{0} {{x: [{1}]}}"):
    levels = [style.format(n, ",".join([f"*a{n - 1}" if n else "x"] * 9)) for n in range(12)]
    put(0, "{" + ",".join(levels) + "}")
    put(0, "\n".join(levels))
for piece in ("[", "{a: ", "- ", "? ", "&a ", "*a ", "'", '"', "if: {{ ", "|\n  "):
    put(0, "on: shipment.delivered\nif: " + piece * 500)
    put(1, "brand: " + piece * 500)
put(2, "---\nsubject: x\n---\n{% assign x = 'a' %}{% for i in (1..99) %}{% assign x = x | split: '' | json | base64_encode %}{% endfor %}{{ x }}")
put(3, "subject: x\n<a href=\"{{ order.name }}{{ order.note }}\">{% if order.name -%} {{ order.note }}{% endif %}</a>")
PYTHON
}

words() {
    for word in on if unless all any after for until at once_per combine replaces send about mode examples id email webhook template \
        given expect order shipment brand name from notify locale quiet_hours limit segments holidays delays promises; do
        printf '"%s:"\n' "$word"
    done
    printf '"&a"\n"*a"\n"- "\n": "\n"{{ "\n" }}"\n"{%% "\n" %%}"\n"\\"k\\":&a"\n"<<: *a"\n"!!map"\n"---\\x0a"\n"shipment.delivered"\n'
}
