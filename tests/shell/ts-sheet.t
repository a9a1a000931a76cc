# ts-sheet: contact sheets of streams.
. tests/tap.sh
patches=$BUILD/tests/make_patches
cd "$T"

# Width and height from a PNG's header.
png_size() { od -An -tu1 -j16 -N8 "$1" | awk '{print $3*256+$4, $7*256+$8}'; }

"$patches" 30 64 > p.sts
ts-sheet --out a.png < p.sts 2> err
is "$?" 0 "draws a stream"
is "$(head -c 8 a.png | od -An -tx1 | tr -d ' ')" 89504e470d0a1a0a "a PNG"
is "$(wc -c < err | tr -d ' ')" 0 "without a word"
set -- $(png_size a.png)
ok $((!($1 > 1200 && $1 <= 1700 && $2 > 800))) "24 records of 3 x 128 px: $1 x $2"
ts-sheet --out b.png < p.sts
cmp -s a.png b.png
ok $? "same input, same bytes"
ok "$(grep -aq 'make_patches 1' a.png && grep -aq 'ts-sheet .*--count 24' a.png; echo $?)" "tells what was drawn"

ts-sheet --out b.png --every 2 -n 5 --columns 1 --zoom 1 < p.sts
"$patches" 5 64 | ts-sheet --out c.png -n 5 --columns 1 --zoom 1
is "$(png_size b.png)" "$(png_size c.png)" "every second of thirty, five of them: the size of five"
cmp -s b.png c.png
ok $((!$?)) "but other records"
ts-sheet --out c.png --every 2 -n 5 --columns 1 --zoom 1 --outline none < p.sts
cmp -s b.png c.png
ok $((!$?)) "--outline none changes the picture"
ts-sheet --out c.png --every 2 -n 5 --columns 1 --zoom 1 --tensors image,mask < p.sts
ok $? "a mask can be drawn as a tensor"
set -- $(ts-sheet --out d.png --zoom 1 --columns 20 < p.sts; png_size d.png
    ts-sheet --out d.png --zoom 1 --columns 20 --tensors base,image < p.sts; png_size d.png)
is $(($1 - $3)) $((20 * 68)) "two columns are a cell and a gutter narrower than three"
ts-sheet --out c.png --every 2 -n 5 --columns 1 --zoom 1 --title 'inserted masses' --caption x,patient \
    --window 0.2,0.7 --lesion-range 0.3 --signed lesion < p.sts
ok $? "title, captions, window and range"
ok "$(grep -aq 'inserted masses' c.png; echo $?)" "the title is in the file too"
ts-sheet --out d.png --auto-window < p.sts
cmp -s a.png d.png
ok $((!$?)) "--auto-window changes the picture"

STDIN=p.sts fails 2 "no --out" ts-sheet
STDIN=p.sts fails 2 "unknown option" ts-sheet --out x.png --nonsense
STDIN=p.sts fails 2 "operand" ts-sheet --out x.png p.sts
for w in 1,0 0.2 0,1,2 -1,1 nan,1 0,2; do
    STDIN=p.sts fails 2 "--window $w" ts-sheet --out x.png --window "$w"
done
STDIN=p.sts fails 2 "--count 0" ts-sheet --out x.png --count 0
STDIN=p.sts fails 2 "--lesion-range 0" ts-sheet --out x.png --lesion-range 0
STDIN=p.sts fails 1 "a tensor that no record has" ts-sheet --out x.png --tensors image,imgae
STDIN=p.sts fails 1 "a sheet beyond 16384 px" ts-sheet --out x.png --columns 1 --zoom 64 -n 10
STDIN=p.sts fails 1 "a folder that is not there" ts-sheet --out nowhere/x.png
STDIN=/dev/null fails 1 "empty input" ts-sheet --out x.png
"$patches" 0 64 > none.sts
STDIN=none.sts fails 1 "a stream without records" ts-sheet --out x.png
head -c 100000 p.sts > cut.sts
STDIN=cut.sts fails 1 "a cut stream" ts-sheet --out x.png -n 1
head -c 1000000 p.sts > cut.sts
STDIN=cut.sts fails 1 "a stream cut behind what is drawn" ts-sheet --out x.png -n 1
(cat p.sts; echo junk) > junk.sts
STDIN=junk.sts fails 1 "bytes behind the trailer" ts-sheet --out x.png -n 1
is "$(ls x.png* 2> /dev/null)" "" "no file is left by a failure"

# ---- blind sheets ----
"$BUILD/tests/set_meta" synthetic=1 < p.sts > made.sts
"$patches" 40 64 > real.sts
cat real.sts made.sts > both.sts
ts-sheet --out blind.png --blind key.tsv --count 20 --seed 3 < both.sts 2> err
is "$?/$(cat err)" 0/ "a blind sheet"
is "$(head -1 key.tsv)" "$(printf 'id\tpatient\tlabel\tlesion\tsynthetic\tnumber')" "its key"
is "$(cut -f 6 key.tsv | sed 1d | xargs)" "$(seq 20 | xargs)" "numbers all patches"
is "$(cut -f 5 key.tsv | sed 1d | sort | uniq -c | awk '{ print $1, $2 }' | xargs)" "10 0 10 1" "half of each kind"
is "$(sed 1d key.tsv | cut -f 1,5 | sort -u | wc -l)" 20 "no record twice"
ok "$(cut -f 5 key.tsv | sed 1d | uniq | wc -l | awk '{ print !($1 > 4) }')" "mixed"
grep -aq make_patches blind.png
is $? 1 "the picture does not say where patches come from"
set -- $(png_size blind.png)
ts-sheet --out c.png --tensors image --outline none --count 20 --caption x < both.sts
is "$*" "$(png_size c.png)" "image alone"
ts-sheet --out again.png --blind again.tsv --count 20 --seed 3 < both.sts
cmp -s again.png blind.png && cmp -s again.tsv key.tsv
ok $? "same seed, same bytes"
ts-sheet --out other.png --blind other.tsv --count 20 --seed 4 < both.sts
cmp -s other.tsv key.tsv
ok $((!$?)) "another seed, another sheet"
ts-head -n 3 < made.sts > three.sts
cat real.sts three.sts | ts-sheet --out x.png --blind x.tsv --count 20
is "$(cut -f 5 x.tsv | sed 1d | sort | uniq -c | awk '{ print $1, $2 }' | xargs)" "3 0 3 1" "as many of each as the fewer there are"
# Draws are fair: of 40 and 30 records each is on one of two sheets of 20 kinds alike, over 60 seeds.
for s in $(seq 60); do
    ts-sheet --out x.png --blind x.tsv --count 20 --zoom 1 --seed "$s" < both.sts
    sed 1d x.tsv
done > many
is "$(awk -F'\t' '$5 == 0 { n[$1]++ } END { for (i in n) { k++; if (n[i] > 30 || n[i] < 3) bad++ } print k + 0, bad + 0 }' many)" "40 0" \
    "every real record is drawn, none too often"
is "$(awk -F'\t' '$5 == 1 { n[$6 <= 10]++ } END { print (n[0] - n[1]) ^ 2 < 90 ^ 2 }' many)" 1 "in either half of the sheet"
rm x.png x.tsv
STDIN=real.sts fails 1 "a blind sheet of real records alone" ts-sheet --out x.png --blind x.tsv
STDIN=both.sts fails 1 "a key in a folder that is not there" ts-sheet --out x.png --blind nowhere/x.tsv
STDIN=both.sts fails 1 "a sheet in one" ts-sheet --out nowhere/x.png --blind x.tsv
STDIN=both.sts fails 2 "--blind with --tensors" ts-sheet --out x.png --blind x.tsv --tensors base
STDIN=both.sts fails 2 "--blind of one record" ts-sheet --out x.png --blind x.tsv --count 1
is "$(ls x.* 2> /dev/null)" "" "no file is left by a failure"

# The page has exactly the options of --help.
ts-sheet --help | grep -o -- ' --[a-z-]*' | sort -u > help
sed -n 's/^\.It .*Fl -\([a-z-]*\).*/ --\1/p' "$TOP/man/ts-sheet.1" | sort -u > page
is "$(cat page)" "$(cat help)" "man page and --help agree"
if command -v mandoc > /dev/null; then
    is "$(mandoc -T lint -W warning "$TOP/man/ts-sheet.1")" "" "the page lints"
else
    skip "mandoc is not installed"
fi
done_testing 55
