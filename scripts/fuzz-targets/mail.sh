# Mail that comes in: its parts, letters, reports, quotes. Real reports are the seeds, where they are there.
module=Intake
timeout=10
longest=16384
link=(-lcurl -lsystemd)

seeds() {
    local number=0
    while read -r file; do cp "$file" "$1/$((++number))"; done < <(
        find ../shared/email -name '*.eml' -size -16k 2>/dev/null)
    printf 'From: a@b.example\nSubject: =?utf-8?q?=C3?= =?utf-8?q?=A9?=\n\nHi\n\nOn 1 Nov 2026, B wrote:\n> x\n' > "$1/$((++number))"
    printf 'From: a@b.example\nContent-Type: multipart/mixed; boundary=b\n\n--b\nContent-Type: text/html\n\n<p>x<blockquote>y\n--b--\n' \
        > "$1/$((++number))"
}

words() {
    for word in 'Content-Type: ' 'multipart/report' 'message/rfc822' 'message/delivery-status' 'text/html' 'boundary=' 'charset=' 'iso-2022-jp' \
        'utf-7' 'gb2312' 'format=flowed' 'base64' 'quoted-printable' '=?utf-8?B?' '=?gb2312?Q?' '?=' 'Final-Recipient: rfc822;' 'Action: failed' \
        'Status: 5.1.1' 'Diagnostic-Code: smtp; 550' '<blockquote>' 'id=divRplyFwdMsg' '-----Original Message-----' 'From: ' 'Sent: ' 'To: ' \
        'Subject: ' ' wrote:' '-- ' '#1042' 'order 1042' 'filename*0*='; do
        echo "\"$word\""
    done
}
