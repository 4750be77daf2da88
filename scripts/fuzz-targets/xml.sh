# The reader of XML behind all carriers: documents as they come, and documents that are made of the input.
longest=16384

seeds() {
    python3 - "$1" ../shared/carriers/fixtures <<'PYTHON'
import hashlib, os, random, sys
out, fixtures = sys.argv[1:]
def put(data):
    with open(f"{out}/{hashlib.sha1(data).hexdigest()}", "wb") as file: file.write(data)
for folder, _, files in os.walk(fixtures):
    for name in files:
        path = f"{folder}/{name}"
        if name.endswith(".xml") and os.path.getsize(path) < 16000: put(open(path, "rb").read())
for text in ["<a b='c'><d>e</d><f/></a>", "<a><![CDATA[x]]>&#x10FFFF;&#55296;&amp;&lt;</a>",
             "<?xml version='1.0'?><!-- x --><n:a xmlns:n='u'/>", "<!DOCTYPE a [<!ENTITY b 'c'>]><a>&b;</a>"]:
    put(text.encode())
# An input that begins with a zero is a recipe.
chance = random.Random(1)
for length in (8, 40, 200, 2000): put(b"\0" + chance.randbytes(length))
PYTHON
}

words() {
    printf '"<![CDATA["\n"]]>"\n"<!--"\n"-->"\n"<?xml"\n"?>"\n"<!DOCTYPE"\n"/>"\n"</"\n"&#x"\n"&amp;"\n"xmlns:a="\n'
}
