# phantom: what lands in its folder, from which options, and what does not when it fails.
. tests/tap.sh
check=$BUILD/tests/test_phantom
cd "$T"
small="--height 160 --seed 5"
sums() { (cd "$1" && find . -type f | sort | xargs cksum); }

phantom --patients 12 --out a $small > out 2> err
is "$?" 0 "draws"
is "$(cat out err)" "" "without a word"
ok "$("$check" a/manifest.tsv > checked; echo $?)" "the manifest reads back; masks, boxes and tissue fit"
grep '^not ok\|^#' checked
is "$(ls a/images | wc -l)/$(ls a/tissue | wc -l)" 24/24 "two pictures of each patient, each with its tissue"
is "$(ls a | tr '\n' ' ')" "findings.tsv images manifest.tsv masks tissue " "and nothing else"
is "$(head -1 a/findings.tsv | tr '\t' ' ')" "mask finding label lesion suspicion contrast" "what findings truly are"
is "$(tail -n +2 a/findings.tsv | awk -F '\t' '{ print $1 "=" $2, $3, $4 }')" \
    "$(tail -n +2 a/manifest.tsv | awk -F '\t' '$7 != "" { print $12, $6, $7 }')" "of all that the manifest has"
is "$(tail -n +2 a/manifest.tsv | cut -f2,5 | sort -u | wc -l)" 24 "CC and MLO"
is "$(tail -n +2 a/manifest.tsv | cut -f2,3 | sort -u | wc -l)" 12 "a patient is in one split"
is "$(tail -n +2 a/manifest.tsv | cut -f3 | sort -u | tr '\n' ' ')" "test train val " "there are three splits"
is "$(tail -n +2 a/manifest.tsv | cut -f6,7 | sort -u | tr '\t\n' '- ')" \
    "benign-calcification benign-mass malignant-calcification malignant-mass normal- " "all kinds of lesion"

phantom --patients 12 --out b $small
is "$(sums b)" "$(sums a)" "same seed, same bytes"
phantom --patients 4 --out c $small
is "$(sums c | grep -v '\.tsv')" "$(sums a | grep '_p\?0000[1-4]_\|p0000[1-4]_')" \
    "a picture does not depend on how many there are"
phantom --patients 4 --out f $small --min-contrast 0.3
is "$(awk -F '\t' '$4 == "mass" { n += $6 < 0.2 } END { print n + 0 }' f/findings.tsv)" 0 "--min-contrast: masses stand out"
ok "$(awk -F '\t' '$4 == "mass" { n += $6 < 0.2 } END { exit !n }' a/findings.tsv; echo $?)" "and some would not"
rm -r f
is "$(cat c/manifest.tsv)" "$(head -"$(wc -l < c/manifest.tsv)" a/manifest.tsv)" "nor do its rows"
phantom --patients 5 --out c $small
phantom --patients 2 --start 3 --out s $small
is "$(sums s | grep -v '\.tsv')" "$(sums c | grep '_p\?0000[45]_\|p0000[45]_')" "--start: the same patients, names and pictures"
is "$(head -1 c/manifest.tsv; tail -n +2 s/manifest.tsv)" "$(head -1 c/manifest.tsv; grep 'p0000[45]	' c/manifest.tsv)" "and rows"
is "$(sums s | grep -c images)/$(tail -n +2 s/manifest.tsv | cut -f 2 | uniq | xargs)" "4/p00004 p00005" "and no others"
rm -r c s
phantom --patients 2 --out d --height 160 --seed 6
ok "$(! cmp -s d/images/p00001_*_CC.png a/images/p00001_*_CC.png; echo $?)" "another seed, another picture"

phantom -n 3 -o d --height 160 --sides 2 --malignant 1 --benign 0
is "$(tail -n +2 d/manifest.tsv | cut -f2,4,5,6 | sort -u | wc -l)" 12 "--sides 2: four pictures a patient"
is "$(cut -f6 d/manifest.tsv | grep -c normal)" 6 "one breast of each is normal"
phantom -n 3 -o d --height 160 --malignant 0 --benign 1 --calcification 1
is "$(tail -n +2 d/manifest.tsv | grep -c '=1	')/$(cut -f6 d/manifest.tsv | grep -c benign | tr -d ' ')" \
    "6/$(tail -n +2 d/manifest.tsv | wc -l)" "--benign 1: all are"
is "$(grep -c 'calcification.*=1	' d/manifest.tsv)" 6 "--calcification 1: all first lesions are"
phantom -n 3 -o d --height 160 --malignant 0 --benign 0
is "$(tail -n +2 d/manifest.tsv | cut -f6,7,12 | sort -u)" "normal		" "shares of 0: all are normal"
for splits in 100/0/0:train 0/100/0:val 0/0/100:test; do
    phantom -n 5 -o d --height 160 --start 600 --splits ${splits%:*}
    is "$(tail -n +2 d/manifest.tsv | cut -f2,3 | uniq | tr '\t\n' '- ')" \
        "$(printf "p0060%d-${splits#*:} " 1 2 3 4 5)" "--splits ${splits%:*}, fresh patients"
done
rm -rf d; mkdir d; phantom -n 1 -o d --height 200 --width 120
is "$(od -An -tu1 -j16 -N8 d/images/p00001_*_CC.png | tr -s ' ')" " 0 0 0 120 0 0 0 200" "--height and --width"
is "$(od -An -tu1 -j24 -N2 d/images/p00001_*_CC.png | tr -s ' ')" " 16 0" "16-bit grey PNG"
ok "$(grep -aq 'phantom [0-9.]* --seed 1 --height 200 --width 120' d/images/p00001_*_CC.png; echo $?)" \
    "the picture says how it was made"

# Wrong command lines.
fails 2 "no --out" phantom
fails 2 "empty --out" phantom --out ""
fails 2 "unknown option" phantom --out e --what
fails 2 "operand" phantom --out e f
for bad in "--patients 0" "--patients x" "--patients -1" "--start -1" "--start 10000001" "--seed 1.5" "--height 127" "--height 5000" "--sides 3" \
    "--malignant 1.1" "--malignant nan" "--min-contrast -1" "--min-contrast nan" "--benign -0.1" "--malignant 0.6 --benign 0.6" "--calcification 2" \
    "--width 300 --height 800" "--splits 60/20" "--splits 60/20/30" "--splits 60/20/20/0" "--splits a/b/c" \
    "--splits 60/-20/60" "--splits 0060/20/20"; do
    fails 2 "$bad" phantom --out e $bad
done
ok "$(test ! -e e; echo $?)" "none of which made a folder"

# Failures: one line, and no manifest.
fails 1 "a folder that cannot be made" phantom --out no/such/place $small
: > file
fails 1 "a file in the way" phantom --out file $small
phantom -n 1 -o g $small
rm -rf g/masks g/tissue && : > g/tissue
fails 1 "a file in the place of a folder" phantom -n 1 -o g $small
phantom -n 1 -o g2 $small
rm -rf g2/images && ln -s /dev/full g2/images
fails 1 "an old manifest goes when the new pictures fail" phantom -n 1 -o g2 $small
ok "$(test ! -e g2/manifest.tsv -a ! -e g2/manifest.tsv.tmp -a ! -e g2/findings.tsv.tmp; echo $?)" "and no half of the new one is left"

phantom -n 100000 -o h $small 2> err &
pid=$!
for _ in $(seq 200); do
    [ -e h/images/p00002_L_CC.png ] || [ -e h/images/p00002_R_CC.png ] && break
    sleep 0.05
done
kill -TERM $pid
wait $pid
is "$?/$(wc -l < err)/$(grep -c '^phantom: h: stopped after' err)" 1/1/1 "stopped: one line, exit 1"
is "$(ls h | tr '\n' ' ')/$(find h -name '*.tmp' | wc -l)" "images masks tissue /0" "no manifest, no half-written file"

if [ "$(id -u)" = 0 ] && mkdir full && mount -t tmpfs -o size=256k tmpfs full 2> /dev/null; then
    fails 1 "full disk" phantom -n 50 -o full/x $small
    ok "$(grep -q 'No space left' fails.err; echo $?)" "which it says"
    is "$(find full/x -name 'manifest*' -o -name '*.tmp' | wc -l)" 0 "and leaves neither manifest nor half-written file"
    umount full
else
    skip "a full disk needs root and tmpfs" 3
fi

# The page has the options of --help and no others.
phantom --help | grep -o -- '--[a-z-]*' | sort -u > help
sed -n 's/^\.It.* Fl -\([a-z-]*\).*/--\1/p' "$TOP/man/phantom.1" | sort -u > page
is "$(cat page)" "$(cat help)" "the manual page lists the options of --help"
is "$(phantom --help | sed -n 1p)" "usage: phantom [options]" "--help goes to standard output"
done_testing 71
