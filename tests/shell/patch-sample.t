# patch-sample: patches of images made here.
. tests/tap.sh
cd "$T"
records() { grep -ao '"records": *"[0-9]*"' "$1" | tail -1 | tr -dc 0-9; }
# The values of one metadata key, record by record.
values() { grep -ao "\"$1\": *\"[^\"]*\"" "$2" | sed 's/.*: *"//; s/"$//'; }

# breast FILE SEED: a mammogram of 200 x 260 pixels, a bright half-ellipse with some texture on black.
breast() {
    awk -v s="$2" 'BEGIN { print "P2\n200 260\n255"
        for (y = 0; y < 260; y++) for (x = 0; x < 200; x++) { u = x / 170; v = (y - 130) / 115
            print (u * u + v * v < 1) ? 90 + int(40 * sin(x / (5 + s)) + 40 * cos(y / 7 + s)) : 0 } }' > "$1"
}
for i in 0 1 2 3 4 5; do breast "$i.pgm" $i; done
awk 'BEGIN { print "P2\n200 260\n255"; for (y = 0; y < 260; y++) for (x = 0; x < 200; x++)
    print (x >= 40 && x < 70 && y >= 100 && y < 120) ? 3 : 0 }' > outline.pgm

row() { printf '%s\t%s\t%s\tL\tCC\t%s' "$1" "$2" "$3" "$4"; shift 4; [ $# -eq 0 ] || printf '\t%s' "$@"; echo; }
{
    printf '%s\t' image patient split side view label lesion x0 y0 x1 y1 mask; echo tissue
    row 0.pgm P0 train normal
    row 1.pgm P1 train normal
    row 2.pgm P2 train malignant mass '' '' '' '' outline.pgm=3
    row 2.pgm P2 train benign calcification 90 150 110 165
    row 3.pgm P3 test malignant both 30 60 80 110
    row 4.pgm P4 val normal
    row 5.pgm P5 train malignant other
} > set.tsv

s() { patch-sample --size 32 "$@"; }
s -n 20 set.tsv > a.sts 2> err
is "$?/$(wc -c < err | tr -d ' ')" 0/0 "draws patches, without a word"
is "$(records a.sts)" 20 "as many as asked for"
is "$(values source a.sts | sort -u | xargs)" "0.pgm 1.pgm" "normal ones from normal images of the training patients"
is "$(values patient a.sts | sort -u | xargs)/$(values split a.sts | sort -u)" "P0 P1/train" "that say so"
is "$(values index a.sts | xargs)" "$(seq 0 19 | xargs)" "numbered"
is "$(values tissue a.sts | awk '$1 < 0.9' | wc -l | tr -d ' ')" 0 "on tissue"
is "$(values history a.sts | sort | uniq -c | awk '{ print $1, $2, $3 }')" "20 patch-sample $(patch-sample --version | awk '{ print $3 }')" \
    "with their history"
ok "$(values history a.sts | grep -q -e --count -e --start -e "$T"; echo $((!$?)))" "which does not know how many there are, nor folders"

# Bytes.
s -n 20 set.tsv | cmp -s - a.sts
ok $? "same seed, same bytes"
s -n 20 --cache cache set.tsv | cmp -s - a.sts
ok $? "with a cache on disk too"
n=$(ls cache | wc -l)
worth=$(values patient a.sts | sort | uniq -c | awk '{ n += $1; s += $1 * $1 } END { printf "%.9g", n * n / s }')
s -n 20 --cache cache --log log set.tsv | cmp -s - a.sts
ok $? "and from what it holds"
is "$(ls cache | wc -l)/$(cat log)" \
    "$n/{\"records\": 20, \"patients\": 2, \"effective_patients\": $worth, \"items\": 2, \"item_patients\": 2, \"unlocated\": 0, \"outside_box\": 0, \"faint\": 0, \"no_place\": 0, \"decoded\": 0}" \
    "which is not decoded again"
OMP_NUM_THREADS=1 s -n 20 - --root . < set.tsv | cmp -s - a.sts
ok $? "the manifest from standard input"
mkdir -p tables && cp set.tsv tables
s -n 20 --root . tables/set.tsv | cmp -s - a.sts
ok $? "the manifest from another folder"
s -n 20 --seed 2 set.tsv | cmp -s - a.sts
ok $((!$?)) "another seed, other bytes"
s -n 12 set.tsv > b.sts
s -n 8 --start 12 set.tsv > c.sts
is "$(values id b.sts; values id c.sts)" "$(values id a.sts)" "--start goes on where --count stopped"
is "$(values crc32 b.sts | grep -c .; values crc32 c.sts | grep -c .)" "13
9" "in streams of their own"
is "$( (values crc32 b.sts | sed '$d'; values crc32 c.sts | sed '$d') | xargs)" "$(values crc32 a.sts | sed '$d' | xargs)" \
    "with the same data"

# An empty TMPDIR stays empty, also where the run fails.
mkdir tmp
TMPDIR=$T/tmp s -n 5 set.tsv > b.sts
TMPDIR=$T/tmp s -n 5 --size 190 set.tsv > b.sts 2> err
is "$?/$(ls tmp | wc -l | tr -d ' ')" 1/0 "nothing is left in TMPDIR"

# Lesions.
s -n 30 --label malignant set.tsv > m.sts
is "$(values source m.sts | sort -u)/$(values lesion m.sts | sort -u)/$(values label m.sts | sort -u)" 2.pgm/mass/malignant \
    "findings of known place"
s -n 30 --label malignant --lesion mass --split test set.tsv > b.sts
is "$(values lesion b.sts | sort -u)" both "a mass with calcifications is a mass"
s -n 30 --label malignant --lesion calcification --split test set.tsv > b.sts
is "$(values lesion b.sts | sort -u)" both "and a calcification"
s -n 4 --label benign --margin 4 --downscale 2 --size 24 set.tsv > b.sts
is "$(values source b.sts | sort -u)/$(values window b.sts | sort -u)/$(values margin b.sts | sort -u)" 2.pgm/48/4 \
    "--margin and --downscale"
is "$(ts-info b.sts | grep -cE '^tensor +(image|mask|tissue) ')" 3 "a margin brings the tissue along"
s -n 40 --from away set.tsv > b.sts
is "$(values source b.sts | sort -u)/$(values label b.sts | sort -u)" 2.pgm/normal "--from away"
s -n 60 --from both set.tsv > b.sts
is "$(values source b.sts | sort -u | xargs)" "0.pgm 1.pgm 2.pgm" "--from both"
sed '/^1.pgm/s/CC/MLO/' set.tsv > views.tsv
for view in CC MLO; do
    s -n 20 --view $view views.tsv > b.sts
    is "$(values view b.sts | sort -u)/$(values source b.sts | sort -u)" "$view/$([ $view = CC ] && echo 0 || echo 1).pgm" "--view $view"
done
fails 1 "no image of the view" patch-sample -n 1 --view MLO set.tsv
fails 2 "no such view" patch-sample -n 1 --view ML set.tsv
# One patient with ten findings on two images that do not stand together, one with a single finding.
{
    head -1 set.tsv
    for x in 30 45 60 75 90 105 120 135 40; do row 0.pgm P0 train malignant mass $x 120 $((x + 9)) 129; done
    row 1.pgm P1 train malignant mass 60 120 80 140
    row 2.pgm P0 train malignant mass 60 120 80 140
} > many.tsv
# law OPTION...: of 300 patches count P0's and those of her second image, and name the law whose expectation is within
# 25 of both: three binomial deviations, and half of the least distance between two laws.
law() {
    s -n 300 --label malignant "$@" many.tsv > b.sts
    awk -v a="$(values patient b.sts | grep -c P0)" -v b="$(values source b.sts | grep -c 2.pgm)" '
        function near(word, x, y) { if ((a - x)^2 < 625 && (b - y)^2 < 625) print word }
        BEGIN { near("patient", 150, 75); near("image", 200, 100); near("finding", 273, 27) }'
}
is "$(law)/$(law --by patient)" patient/patient "--by patient, the default: the patients evenly, then her images"
is "$(law --by image)" image "--by image: two of three are hers"
is "$(law --by finding)" finding "--by finding: ten of eleven are hers"
ok "$(values history b.sts | grep -q -e '--by finding'; echo $?)" "which the history tells"
s -n 300 --label malignant --log log many.tsv > b.sts
n=$(values patient b.sts | grep -c P0)
is "$(grep -o '"patients": [0-9]*, "effective_patients": [0-9.]*, "items": [0-9]*, "item_patients": [0-9]*' log)" \
    "$(awk -v n="$n" 'BEGIN { printf "\"patients\": 2, \"effective_patients\": %.9g, \"items\": 11, \"item_patients\": 2",
        90000 / (n * n + (300 - n) * (300 - n)) }')" "--log: patients, and how many they are worth"
s --each 2 --label malignant --log log set.tsv > b.sts
is "$(records b.sts)/$(grep -c '"unlocated": 1' log)" 2/1 "--each: two of the finding, one of unknown place"
s --each 3 set.tsv > b.sts
is "$(values source b.sts | xargs)" "0.pgm 0.pgm 0.pgm 1.pgm 1.pgm 1.pgm" "--each: in turn"
s --each 3 --start 4 set.tsv > c.sts
is "$(values id c.sts | xargs)" "$(values id b.sts | tail -2 | xargs)" "--each with --start"
s -n 3 --label benign --max-box 19 set.tsv > b.sts 2> err
is "$?/$(cat err)" "1/patch-sample: set.tsv: nothing to draw from in split train (0 of unknown place, 1 outside the box limits)" \
    "--max-box"
s -n 3 --label benign --min-box 20 --max-box 20 set.tsv > b.sts
is "$?" 0 "--min-box"
s -n 0 set.tsv > b.sts
is "$?/$(records b.sts)" 0/0 "no patch is a stream too"

# A lesion of grey level 153 on tissue of 102: a contrast of 51 / 255 = 0.2; and one that does not show.
awk 'BEGIN { print "P2\n200 260\n255"
    for (y = 0; y < 260; y++) for (x = 0; x < 200; x++) { u = x / 170; v = (y - 130) / 115
        print (u * u + v * v >= 1) ? 0 : (x >= 40 && x < 70 && y >= 100 && y < 120) ? 153 : 102 } }' > 7.pgm
{
    head -1 set.tsv
    row 7.pgm P7 train malignant mass '' '' '' '' outline.pgm=3
    row 7.pgm P7 train malignant mass 80 140 110 160
} > shown.tsv
s -n 20 --label malignant --min-contrast 0.19 --log log shown.tsv > b.sts
is "$?/$(records b.sts)/$(grep -o '"faint": [0-9]*' log)" '0/20/"faint": 1' "--min-contrast leaves out what does not show"
s --each 1 --label malignant --min-contrast 0.19 shown.tsv > b.sts
is "$(records b.sts)" 1 "also finding by finding"
fails 1 "nothing stands out so far" patch-sample --size 32 -n 20 --label malignant --min-contrast 0.21 shown.tsv
ok "$(grep -q 'in any of 2 findings (0 outside the box limits, 2 too faint)' fails.err; echo $?)" "... and says so"

# Places like those of lesions.
s -n 40 --label malignant --lesion mass --max-offset 0.25 set.tsv > masses.sts
s -n 12 --like masses.sts --margin 4 --seed 3 --log log set.tsv > b.sts 2> err
is "$?/$(cat err)/$(records b.sts)" 0//12 "--like draws normal patches"
is "$(values label b.sts | sort -u)/$(ts-info b.sts | grep -cE '^tensor +(image|place|tissue) (U8|F32).40,40. in 12')" normal/3 \
    "which say where a lesion would be"
is "$(values like b.sts | sort -u | comm -23 - <(values id masses.sts | sort -u) | wc -l | tr -d ' ')/$(values like_patient b.sts | sort -u)" 0/P2 \
    "and whose"
far=$(grep -o '"distance": [0-9.]*' log | tr -dc 0-9.)
is "$(grep -o '"examples": [0-9]*, "examples_left_out": [0-9]*' log | tr -dc '0-9 ' | awk '{ print $1 + $2 }')" 40 "the log counts the examples"
s -n 4 --start 8 --like masses.sts --margin 4 --seed 3 set.tsv > c.sts
is "$(values crc32 c.sts | sed '$d' | xargs)" "$(values crc32 b.sts | sed '$d' | tail -4 | xargs)" "patch i is the same whatever came before"
s -n 12 --like masses.sts --candidates 1 --margin 4 --seed 3 --log log set.tsv > c.sts
awk -v far="$far" -v one="$(grep -o '"distance": [0-9.]*' log | tr -dc 0-9.)" 'BEGIN { exit !(0 < far && far < one / 1.5) }'
ok $? "of 1024 candidates one is nearer than of one"
augment --size 32 --seed 1 < b.sts > c.sts
is "$(ts-info c.sts | grep -cE '^tensor +place U8.32,32. in 12')" 1 "augment moves the place along"
s -n 3 --like a.sts set.tsv > c.sts 2> err
is "$?/$(cat err)" "1/patch-sample: a.sts: record 0: no U8 tensor 'mask' of the size of 'image'" "examples without a lesion"
fails 1 "examples of another size" patch-sample --size 30 -n 3 --like masses.sts set.tsv
fails 1 "examples that are not there" patch-sample --size 32 -n 3 --like none.sts set.tsv
fails 2 "--like of lesions" patch-sample -n 1 --label benign --like masses.sts set.tsv
fails 2 "--like and --each" patch-sample --each 1 --like masses.sts set.tsv
fails 2 "no candidates" patch-sample -n 1 --like masses.sts --candidates 0 set.tsv

# Places that were chosen: points and boxes, in the table's order.
tab() { tr ' ' '\t'; }
printf 'y x note image w h\n130 80 a 1.pgm  \n90 60 b 0.pgm 20 10\n131 81 c 1.pgm  \n' | tab > at.tsv
s --at at.tsv --margin 2 set.tsv > b.sts 2> err
is "$?/$(cat err)/$(records b.sts)" 0//3 "--at: a patch of each place"
is "$(values source b.sts | xargs)/$(values x b.sts | xargs)/$(values y b.sts | xargs)" "1.pgm 0.pgm 1.pgm/64 54 65/114 79 115" \
    "in the table's order, centred on points and boxes"
is "$(ts-info b.sts | grep -cE '^tensor +place U8.36,36. in 1,')/$(values label b.sts | sort -u)" 1/normal "normal ones; a box is a place"
s --at at.tsv --margin 2 --start 1 set.tsv > c.sts
is "$(values crc32 c.sts | sed '$d' | xargs)" "$(values crc32 b.sts | sed '$d' | tail -2 | xargs)" "--at with --start"
s --at - --size 16 --downscale 2 set.tsv < at.tsv > c.sts
is "$(values x c.sts | xargs)/$(values window c.sts | sort -u)" "64 54 66/32" "--at from standard input, with --downscale"
# at WORDS STATUS-LINE...: a table of one more row is refused, and says why.
at() {
    (cat at.tsv; printf '%s\n' "$2" | tab) > bad.tsv
    fails 1 "$1" patch-sample --size 32 --at bad.tsv set.tsv
    is "$(cat fails.err)" "patch-sample: bad.tsv:5: $3" "and says so"
}
at "a place outside of the image" "100 190 x 1.pgm  " "a patch of 32 pixels with its margin of 0 round 190,100 does not fit image 1.pgm of 200 x 260"
at "a place that is no tissue" "30 150 x 1.pgm  " "0.000 of the patch round 150,30 on image 1.pgm is tissue, not 0.9"
at "an image that is not there" "30 150 x 9.pgm  " "no image '9.pgm' in the manifest"
at "an image of another split" "130 80 x 3.pgm  " "image 3.pgm is a CC of split test: not what is drawn from"
at "half a box" "130 80 x 1.pgm 5 " "h '' is not a number"
at "a negative place" "-1 80 x 1.pgm  " "y -1 is not from 0 to 65535"
printf 'image x\n1.pgm 3\n' | tab > bad.tsv
fails 1 "a table without y" patch-sample --at bad.tsv set.tsv
head -1 at.tsv > bad.tsv
fails 1 "a table without places" patch-sample --at bad.tsv set.tsv
fails 2 "--at and --count" patch-sample --at at.tsv -n 1 set.tsv
fails 2 "--at of lesions" patch-sample --at at.tsv --label benign set.tsv
fails 2 "--at and --like" patch-sample --at at.tsv --like masses.sts set.tsv
fails 2 "--at and --by" patch-sample --at at.tsv --by image set.tsv

# Endless, until the reader has enough.
(s --endless set.tsv; echo "status $?" >&2) 2> err | ts-head -n 20 > b.sts
is "$(cat err)" "status 0" "--endless ends with its reader"
is "$(values id b.sts)" "$(values id a.sts)" "and makes the same patches"
(s -n 1000000 set.tsv; echo "status $?" >&2) 2> err | head -c 0
is "$(cat err)" "status 1" "without --endless that is a failure, but not worth a word"
s -n 20 set.tsv > /dev/full 2> err
is "$?/$(wc -l < err | tr -d ' ')" 1/1 "a full disk"
(trap '' XFSZ; ulimit -f 1; s -n 20 --cache small set.tsv 2> err | cat > /dev/null; exit "${PIPESTATUS[0]}")
is "$?/$(wc -l < err | tr -d ' ')/$(ls small | wc -l | tr -d ' ')" 1/1/0 "a cache on a full disk: $(cat err)"

# Wrong command lines.
fails 2 "no manifest" patch-sample -n 1
fails 2 "two manifests" patch-sample -n 1 set.tsv set.tsv
fails 2 "how many?" patch-sample set.tsv
fails 2 "--count and --endless" patch-sample -n 1 --endless set.tsv
fails 2 "--count and --each" patch-sample -n 1 --each 1 set.tsv
fails 2 "--by and --each" patch-sample --each 1 --by image set.tsv
fails 2 "drawn by what is not there" patch-sample -n 1 --by lesion set.tsv
fails 2 "an unknown option" patch-sample -n 1 --sice 3 set.tsv
fails 2 "a split that is none" patch-sample -n 1 --split dev set.tsv
fails 2 "a number that is none" patch-sample -n 1 --size 2x set.tsv
fails 2 "size 0" patch-sample -n 1 --size 0 set.tsv
fails 2 "a huge size" patch-sample -n 1 --size 99999999999999999999 set.tsv
fails 2 "a share above 1" patch-sample -n 1 --min-tissue 1.5 set.tsv
fails 2 "a share of nan" patch-sample -n 1 --min-tissue nan set.tsv
fails 2 "--lesion of normal patches" patch-sample -n 1 --lesion mass set.tsv
fails 2 "--max-box of normal patches" patch-sample -n 1 --max-box 9 set.tsv
fails 2 "--min-contrast of normal patches" patch-sample -n 1 --min-contrast 0.1 set.tsv
fails 2 "--from of lesions" patch-sample -n 1 --label benign --from away set.tsv
fails 2 "limits the wrong way" patch-sample -n 1 --label benign --min-box 9 --max-box 8 set.tsv

# Wrong input: one line that names the place.
# says WORDS: the message of the last `fails`.
says() { ok "$(grep -qF -e "$1" fails.err; echo $?)" "... $1"; }
fails 1 "a manifest that is not there" patch-sample -n 1 none.tsv
says none.tsv
sed 's/^3.pgm\tP3/3.pgm\tP1/' set.tsv > bad.tsv
fails 1 "a patient in two splits" patch-sample -n 1 bad.tsv
says "bad.tsv:6: patient 'P1' is in split 'test' here and in 'train' on line 3"
head -c 120 set.tsv > bad.tsv
fails 1 "a cut manifest" patch-sample -n 1 bad.tsv
says "bad.tsv:"
sed 's/^4.pgm/6.pgm/' set.tsv > bad.tsv
fails 1 "an image that is not there" patch-sample -n 1 --split val bad.tsv
says "bad.tsv:7: "
says 6.pgm
head -c 5000 4.pgm > 6.pgm
fails 1 "a cut image" patch-sample -n 1 --split val bad.tsv
says 6.pgm
head -c 300 /dev/urandom > 6.pgm
fails 1 "an image that is none" patch-sample -n 1 --split val bad.tsv
says 6.pgm
awk 'BEGIN { print "P2\n200 200\n255"; for (i = 0; i < 40000; i++) print 3 }' > square.pgm
sed 's/outline.pgm/square.pgm/' set.tsv > bad.tsv
fails 1 "a mask that does not fit" patch-sample -n 1 --label malignant --size 32 bad.tsv
says "bad.tsv:4: square.pgm is 200 x 200 pixels, its image 2.pgm is 200 x 260"
sed 's/\t110\t165/\t210\t165/' set.tsv > bad.tsv
fails 1 "a box beyond its image" patch-sample -n 1 --label benign --size 32 bad.tsv
says "bad.tsv:5: box"
fails 1 "a patch larger than the images" patch-sample -n 1 --size 256 set.tsv
says "no patch of 256 pixels"
fails 1 "a split without images" patch-sample -n 1 --split test set.tsv
says "nothing to draw from in split test"
fails 1 "a cache that is a file" patch-sample -n 1 --cache set.tsv set.tsv
says "set.tsv: not a folder"
fails 1 "a log that cannot be written" patch-sample -n 1 --size 32 --log none/log set.tsv
says none/log

# An archive, read in place.
if command -v zip > /dev/null; then
    zip -q set.zip 0.pgm 1.pgm
    sed -n '1p; s/^\([01].pgm\)/set.zip:\1/p' set.tsv > zip.tsv
    s -n 20 zip.tsv > b.sts
    is "$?/$(values crc32 b.sts | sed '$d' | xargs)" "0/$(values crc32 a.sts | sed '$d' | xargs)" "members of a zip archive"
else
    skip "no zip to make an archive with"
fi

# Options: --help and the page agree.
is "$(patch-sample --help | grep -o '^ .*--[a-z-]*' | grep -o -e '--[a-z-]*$' | sort | xargs)" \
    "$(grep '^\.It Fl' "$TOP/man/patch-sample.1" | grep -o -e '-[a-z-]*' | sed 's/^/-/' | sort -u | xargs)" "options on the page are those of --help"
done_testing 132
