# The reader of JSON behind all carriers, held against Foundation's.
longest=65536

seeds() {
    python3 - "$1" ../shared/carriers/fixtures <<'PYTHON'
import hashlib, os, sys
out, fixtures = sys.argv[1:]
def put(data):
    with open(f"{out}/{hashlib.sha1(data).hexdigest()}", "wb") as file: file.write(data)
for folder, _, files in os.walk(fixtures):
    for name in files:
        path = f"{folder}/{name}"
        if name.endswith(".json") and os.path.getsize(path) < 60000: put(open(path, "rb").read())
for text in ['{"a":[1,2.5e-3,-0,true,false,null,"\\ud83d\\ude00\\u0000"]}', "[" * 60 + "]" * 60, '"\\ud800"', "\ufeff{}",
             '{"a":1,"a":2}', '{"\\u0061":"b"}', "[00,-01,1e999,18446744073709551616]", '["\t\x01"]', "[1,]", "{} {}"]:
    put(text.encode())
PYTHON
}

words() {
    printf '"{\\""\n"\\":"\n"},{"\n"[["\n"\\\\u0000"\n"\\\\ud800"\n"1e999"\n"-0"\n"null"\n"true"\n"false"\n'
}
