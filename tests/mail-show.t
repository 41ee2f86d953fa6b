#!/bin/sh
# mail-show on our own messages: what a person would expect of each, written by hand.
# shellcheck source=tests/tap.sh
. "$(dirname "$0")/tap.sh"
cd "$top/tests/mail" || exit 1

shows() { is "$1: $2" "$(mail-show "$1.eml" | jq -rc "$2" | paste -sd '~' -)" "$3"; }
names='[.leaves[] | .filename | select(.)] | join("|")'

shows 01-welcome .subject 'Berth 14 is yours'
shows 01-welcome .from '[["Ida Holm, Harbour Office","harbour@example.net"]]'
shows 01-welcome .date 2026-10-02T06:12:04Z
shows 01-welcome .tree text/plain
shows 02-re-berth-german .subject 'Glückwunsch zum Liegeplatz! Größe paßt?'
shows 02-re-berth-german '[.from,.cc]|flatten|join("|")' 'Jürgen Weiß|juergen.weiss@example.net|Ida Holm, Harbour Office|harbour@example.net'
shows 03-japanese .subject '帆の見積もりについてのご連絡'
shows 03-japanese '[.from,.to]|flatten|join("|")' '田中 由紀|yuki@example.com|Mara Lindqvist|mara@example.org'
shows 04-russian .subject 'Фотографии с регаты'
shows 05-photos "$names" 'парус.png|парус и море 2.png'
shows 06-newsletter .tree 'multipart/alternative(text/plain,multipart/related(text/html,image/png))'
shows 06-newsletter '.leaves[].path' '1~2.1~2.2'
shows 07-invoice "$names" faktura-2026-118.pdf
shows 08-greek .subject 'Καλημέρα από την Κρήτη'
shows 09-forwarded .tree 'multipart/mixed(text/plain,message/rfc822(multipart/mixed(text/plain,text/csv)))'
shows 09-forwarded '.leaves[].path' '1~2~2.1~2.2'
shows 09-forwarded "$names" 'Winter storage.eml|prices.csv'
shows 10-chinese '[.subject,.from[0][0]]|join("|")' '新船的图纸已经完成|李伟'
shows 11-invitation '[.to[][1]]|join("|")' 'mara@example.org|jonas.weber@example.net|yuki@example.com'
shows 12-bounce '.from[0]|join("|")' 'Mail Delivery System|MAILER-DAEMON@example.org'
shows 12-bounce .tree 'multipart/report(text/plain,message/delivery-status,message/rfc822(text/plain))'
shows 13-korean '[.subject,.from[0][0]]|join("|")' '나침반 배송 안내|김민준'
shows 15-arabic '[.subject,.from[0][0]]|join("|")' 'موعد الزيارة|أمل حداد'
shows 18-digest .tree 'multipart/digest(message/rfc822(text/plain),message/rfc822(text/plain))'
shows 19-hebrew .subject 'מזל טוב לרגל ההשקה'
shows 20-french '[.subject,.leaves[1].filename]|join("|")' "Devis : voile d'été, 1 250 €|Devis d'été.pdf"
shows 21-raw-8bit '[.subject,.from[0][0]]|join("|")' 'Båten är tät|Björn Åkesson'
shows 22-utf8-headers '[.subject,.from[0][1]]|join("|")' 'Zażółć gęślą jaźń – próba poczty|łucja@example.org'
shows 23-delivery-slip '[.to,.notes]' '[[],[["group without members","to","undisclosed-recipients"]]]'
shows 24-group .to "[[\"Mara Lindqvist\",\"mara@example.org\"],[\"Hank Otieno\",\"hank@example.com\"],[\"O'Briain, Tomas\",\"tomas@example.com\"]]"
shows 24-group '[.sender,."reply-to",.comments,.keywords]|flatten|join("|")' \
  'Office Printer|printer@example.net|Ida Holm|ida@example.net||harbour@example.net|printed and pinned up at the hut|water, north quay, maintenance'
shows 26-many-parts "$names" 'C:\Users\soren\drawings\keel.png|list of parts (final).csv|soren.vcf'
shows 28-old-uuencode '[.date,.leaves[0].size,.leaves[0].sha256]|join("|")' \
  "1998-10-25T14:15:00Z|27|$(printf 'High water 06:12\nLow 12:24\n' | sha256sum | cut -d ' ' -f 1)"
shows 31-empty .subject ''
# shellcheck disable=SC1112 # as it was written
shows 32-thanks .subject 'Thank you – and 🎵 for the children’s choir'

text_is() { is "text of $1" "$(mail-show "$1.eml" | jq -r '.leaves[0].text_sha256')" "$(printf '%s\n' "$2" | sha256sum | cut -d ' ' -f 1)"; }
text_is 10-chinese '玛拉:

你好!新船的图纸已经完成,龙骨改成了橡木。
下周我到港口来,我们当面谈。

李伟'
text_is 13-korean '안녕하세요, 마라 씨.

주문하신 나침반을 오늘 보냈습니다. 사흘 안에 도착할 예정입니다.

김민준 드림'
text_is 23-delivery-slip '<html><body>
<p>Guten Tag,</p>
<p>Ihre Sendung „Kompaß“ ist unterwegs. Wert: 89&nbsp;€.</p>
<blockquote>Sendungsnummer: 00340434</blockquote>
</body></html>'

# what is not quite right
cd odd || exit 1
shows no-head '[.subject,.tree,.leaves[0].size]|tostring' '[null,"text/plain",74]'
shows nothing '[.tree,.leaves[0].size]|join("|")' 'text/plain|0'
shows byte-order-mark '.from[0][1]' a@example.org
shows mbox-line .subject 'blank before the colon'
shows junk-among-fields .subject junk
shows junk-ends-head '.leaves[0].size' 42
shows repeated-fields '[.from,.subject,.comments,.to]' '[[["","first@example.org"]],"one",["a","b"],[["","x@example.org"],["","y@example.org"]]]'
shows words-split '[.subject,.from[0][0]]|join("|")' 'café日本 "quoted" two wordséé|é b'
shows addresses '.to|map(join("/"))|join("|")' '/jdoe|/a.@example.org|/s..palmer@example.com|x/|/Foo|Bar/c@example.org|unclosed/d@example.org'
shows addresses '.cc|map(join("/"))|join("|")' '/a@example.org|/b@example.org|/e@example.org'
shows missing-close .tree 'multipart/mixed(multipart/alternative(text/plain,text/html),text/plain)'
shows empty-last-part .tree 'multipart/mixed(text/plain)'
shows same-boundary .tree 'multipart/mixed(multipart/mixed(text/plain))'
shows no-boundary .tree 'multipart/mixed()'
shows unquoted-boundary .tree 'multipart/mixed(text/plain)'
shows folded-boundary .tree 'multipart/mixed(text/plain)'
shows names "$names" "a\"b\\c;d.png|café.txt|C:\\TEMP\\x.png|été.pdf|a b (1).txt|unclosed.txt|é.txt|é.txt"
shows encoded-message .tree 'message/rfc822(multipart/mixed(text/plain))'
shows base64-loose '.leaves[0].size' 11
shows dates .date 1969-02-14T03:02:00Z
shows crlf-mixed .tree 'multipart/mixed(text/plain,text/plain)'

printf 'Subject: \317\360\350\342\345\362\n\n\317\360\350\342\345\362\n' > "$work/raw"
is 'the charset that -c names' "$(mail-show -c windows-1251 "$work/raw" | jq -r .subject)" Привет
is 'its text, too' "$(mail-show -c cp1251 "$work/raw" | jq -r '.leaves[0].text_sha256')" "$(echo Привет | sha256sum | cut -d ' ' -f 1)"
exits 'a charset nobody knows' 100 mail-show -c nothing "$work/raw"
exits 'no file named' 100 mail-show
exits 'a file that is not there' 111 mail-show "$work/none"
is 'its document' "$(jq -c . "$work/out")" "{\"file\":\"$work/none\",\"error\":\"No such file or directory\"}"
exits 'a directory' 111 mail-show "$work"
mkfifo "$work/fifo"
exits 'a FIFO' 111 mail-show "$work/fifo"
exits 'the others are shown' 111 mail-show nothing.eml "$work/none" nothing.eml
is 'all of them' "$(jq -c .file "$work/out" | wc -l)" 3
finish
