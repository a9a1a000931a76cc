# lesion-insert: lesions of patches on their mammograms, and the manifest of the result.
. tests/tap.sh
tools=$BUILD/tests
cd "$T"

phantom --out ph --patients 8 --height 300 --seed 5 --malignant 0.4 --benign 0.2
draw() { patch-sample --split train --label normal --min-tissue 0.5 --seed 1 "$@" ph/manifest.tsv; }
draw --from both --each 3 --size 32 --downscale 2 | "$tools/fake_lesions" > made.sts
lesion-insert --out ph/new ph/manifest.tsv < made.sts > ph/new.tsv 2> err
is "$?/$(wc -l < err)" 0/1 "lesions are laid, and those left out are told"
images=$(ts-info -r made.sts | tail -n +2 | cut -f 4 | sort -u | wc -l)
is "$(grep -c -- '-lesions.png=1' ph/new.tsv)/$(ls ph/new | wc -l)" "$images/$((2 * images))" "one an image, and two files"
is "$(cut -f 1 ph/new.tsv | tail -n +2 | grep -vc '^new/images_p')" 0 "the new manifest has new images alone"
is "$(sed 's/ .*(//' err | grep -o '^[a-z-]*: ')$(grep -o '^[^;]*' err | grep -o '[0-9].*')" \
    "lesion-insert: $images of $(ts-info made.sts | awk '/^records/ { print $2 }') lesions inserted" "counted"

# The manifest: findings stay, an image without findings has a new row for its old one.
is "$(awk -F'\t' 'NR == FNR { if ($7 != "") old[$1 FS $7 FS $8 FS $9 FS $12]; next }
    { i = $1; sub("new/images_", "images/", i); if ((i FS $7 FS $8 FS $9 FS $12) in old) kept++; else if ($12 !~ /lesions/) odd++ }
    END { print odd + 0, (kept > 1) }' ph/manifest.tsv ph/new.tsv)" "0 1" "findings stay"
is "$(awk -F'\t' 'NR > 1 && $7 == ""' ph/new.tsv | wc -l)" 0 "no image of the result is without finding"
is "$(awk -F'\t' -v OFS='\t' 'NR == FNR { a[$1] = $2 FS $3 FS $4 FS $5 FS $13; next }
    FNR > 1 { i = $1; sub("new/images_", "images/", i); if (a[i] != $2 FS $3 FS $4 FS $5 FS $13) bad++ } END { print bad + 0 }' \
    ph/manifest.tsv ph/new.tsv)" 0 "patient, split, side, view and tissue are the image's"
is "$(awk -F'\t' '/lesions.png/ { print $6, $7 }' ph/new.tsv | sort -u)" "malignant mass" "label and kind the record's"

# The round trip: a patch at the new box shows the lesion.
grep -E '^image|lesions.png' ph/new.tsv > ph/only.tsv
patch-sample --split train --label malignant --each 1 --size 32 --downscale 2 --max-offset 0 --min-tissue 0 ph/only.tsv > back.sts
is "$(ts-info back.sts | awk '/^records/ { print $2 }')" "$images" "patch-sample finds the lesions"
is "$(lesion-stats --region mask back.sts | awk -F'\t' 'NR > 1 && $9 < 0.1' | wc -l)" 0 "and they stand out"
is "$(awk -F'\t' 'FNR == 1 { next } NR == FNR { split($17, b, ","); box[$4, $7 + 2 * b[1], $8 + 2 * b[2], $7 + 2 * b[3], $8 + 2 * b[4]]; next }
    { i = $1; sub("new/images_", "images/", i); if (!((i, $8, $9, $10, $11) in box)) bad++ } END { print bad + 0 }' \
    <(ts-info -r made.sts) ph/only.tsv)" 0 "the box is bbox, at the image's scale"

# Bits, by numpy.
if /usr/bin/python3 -c 'import numpy, skimage' 2> /dev/null; then
    draw --from both --each 1 --size 48 | augment --size 48 --no-rotate --min-scale 1 --max-scale 1 --seed 2 > plain.sts
    "$tools/fake_lesions" < plain.sts > fine.sts
    mkdir fine
    lesion-insert --root ph --out fine ph/manifest.tsv < fine.sts > fine.tsv
    /usr/bin/python3 - "$TOP/examples" <<'PY'
import csv, sys
import numpy as np
from skimage.io import imread
sys.path.insert(0, sys.argv[1])
from read_stream import read_stream
bad = n = 0
for t, m in read_stream(open("fine.sts", "rb")):
    name = "fine/" + m["source"].replace("/", "_")[:-4]
    was, now, mask = imread("ph/" + m["source"]), imread(name + ".png"), imread(name + "-lesions.png")
    was = was.astype(float) * (257 if was.dtype == np.uint8 else 1)
    x, y, s = int(m["x"]), int(m["y"]), int(m["window"])
    lesion, inside = np.zeros(was.shape), np.zeros(was.shape, int)
    turn = (lambda p: p[:, ::-1]) if m["flip"] == "1" else (lambda p: p)
    lesion[y:y + s, x:x + s] = turn(t["lesion"])
    inside[y:y + s, x:x + s] = turn(t["mask"])
    want = np.floor(np.clip(was + 65535 * lesion, 0, 65535) + 0.5)
    bad += now.dtype != np.uint16 or (now != want).any() or (mask != inside).any()
    n += 1
sys.exit(bad != 0 or n < 4)
PY
    ok $? "at full resolution every pixel is level + lesion, all others are as they were"
    is "$(cut -f 1 fine.tsv | grep -c "^$(realpath fine)/")" "$(($(wc -l < fine.tsv) - 1))" \
        "a folder outside of the root is named in full"
else
    skip "/usr/bin/python3 has no numpy and skimage" 2
fi

# Again, more, all.
mkdir again
lesion-insert --out again --root ph ph/manifest.tsv < made.sts 2> /dev/null | sed "s|$(realpath again)|new|g" | cmp -s - ph/new.tsv
is "$?/$(for f in again/*; do cmp $f ph/new/${f##*/}; done)" 0/ "same input, same bytes"
lesion-insert --out again --root ph --per-image 3 ph/manifest.tsv < made.sts > more.tsv 2> err
ok "$(test "$(grep -c 'lesions.png=2' more.tsv)" -gt 0; echo $?)" "--per-image: $(grep -c 'lesions.png=' more.tsv) lesions"
is "$(awk -F'\t' '/lesions.png/ { for (i = 1; i <= n; i++) if (f[i] == $1 && $8 < c[i] && a[i] < $10 && $9 < d[i] && b[i] < $11) bad++
    n++; f[n] = $1; a[n] = $8; b[n] = $9; c[n] = $10; d[n] = $11 } END { print bad + 0 }' more.tsv)" 0 "none of them overlap"
cat made.sts made.sts | lesion-insert --out again --root ph --per-image 255 ph/manifest.tsv > twice.tsv 2> err
is "$(sed 's/.*enough, \([0-9]*\) that.*/\1/' err)" \
    "$((2 * $(ts-info made.sts | awk '/^records/ { print $2 }') - $(grep -c 'lesions.png=' twice.tsv)))" "a second of the same is passed over"
ts-head -n 1 < made.sts > one.sts
lesion-insert --out again --root ph --images all ph/manifest.tsv < one.sts > all.tsv
is "$?/$(cut -f 1 all.tsv | sort -u | wc -l)/$(grep -c 'lesions.png' all.tsv)" \
    "0/$(cut -f 1 ph/manifest.tsv | sort -u | wc -l)/1" "--images all keeps the others"
cp all.tsv ph/all.tsv
ok "$(patch-sample --split test --label normal --from both --count 2 --size 32 --min-tissue 0.5 ph/all.tsv | ts-info > /dev/null; echo $?)" \
    "and patches can be drawn from them"
"$tools/make_patches" 0 32 | lesion-insert --out again ph/manifest.tsv > none.tsv 2> err
is "$?/$(cat err)/$(wc -l < none.tsv)" 0//1 "no records, no rows"
"$tools/set_meta" kept=small < one.sts | lesion-insert --out again ph/manifest.tsv 2> err > out
is "$?/$(sed 's/.*, //' err)/$(wc -l < out)" "0/1 discarded/1" "discarded patches are passed over"

# What is refused.
mkdir clean
bad() { # WHAT PATTERN STREAM [OPTIONS]
    local what=$1 pattern=$2
    STDIN=$3 fails 1 "$what" lesion-insert --out clean "${@:4}" ph/manifest.tsv
    ok "$(grep -q -- "$pattern" fails.err; echo $?)" "... $(cut -d: -f 2- fails.err)"
}
for change in source=x.png patient=nobody split=test label=normal label=x lesion=lump x=5000 y= window=0 scale=99 rotate=45 flip=2 margin=16; do
    "$tools/set_meta" "$change" < one.sts > bad.sts
    bad "metadata $change" "stdin: record 0: .*${change%%=*}\|record 0: the patch spans" bad.sts
done
bad "patches without a lesion" "no tensor 'lesion'" <(draw --from both --count 1 --size 32 | "$tools/set_meta" label=benign lesion=mass)
bad "empty input" stdin /dev/null
head -c 5000 made.sts > cut.sts
bad "a cut stream" stdin cut.sts
(cat made.sts; echo junk) > junk.sts
bad "bytes behind the trailer" stdin junk.sts
is "$(ls clean)" "" "nothing has been written"
bad "a folder of one that is not there" "nowhere/new: No such file" one.sts --out nowhere/new
bad "a file in a folder's place" "one.sts: Not a directory" one.sts --out one.sts
STDIN=one.sts fails 1 "no such manifest" lesion-insert --out clean nowhere.tsv
source=$(ts-info -r one.sts | tail -1 | cut -f 4)
awk -F'\t' -v OFS='\t' -v s="$source" '$1 == s { $6 = "benign"; for (i = 7; i <= 12; i++) $i = ""; if (seen++) next } 1' ph/manifest.tsv > ph/unknown.tsv
STDIN=one.sts fails 1 "a lesion at an unknown place" lesion-insert --out clean ph/unknown.tsv
ok "$(grep -q 'does not say where' fails.err; echo $?)" "and says so"

# Input is not written over, and no name leads out of the folder.
cp ph/images/${source##*/} ph/flat.png
sum=$(cksum < ph/flat.png)
head -1 ph/manifest.tsv > ph/flat.tsv
grep "^$source	" ph/manifest.tsv | sed "s|^$source|flat.png|" >> ph/flat.tsv
"$tools/set_meta" source=flat.png < one.sts > flat.sts
STDIN=flat.sts fails 1 "the image's own folder" lesion-insert --out ph/../ph ph/flat.tsv
is "$(cksum < ph/flat.png)/$(ls ph/*-lesions.png 2> /dev/null)" "$sum/" "is left as it was"
sed 's|^flat.png|new/../flat.png|' ph/flat.tsv > ph/dots.tsv
"$tools/set_meta" source=new/../flat.png < one.sts | lesion-insert --out clean --root ph ph/dots.tsv > out
is "$?/$(ls clean | xargs)" "0/new_.._flat-lesions.png new_.._flat.png" "a path with .. stays in the folder"
rm clean/*

lesion-insert --out clean --root ph ph/manifest.tsv < one.sts > /dev/full 2> err
is "$?/$(wc -l < err)" 1/1 "a full disk"
fails 2 "no --out" lesion-insert ph/manifest.tsv
fails 2 "no manifest" lesion-insert --out clean
fails 2 "the manifest on standard input" lesion-insert --out clean -
for bad in '--per-image 0' '--per-image 256' '--images some' '--root' --nonsense; do
    fails 2 "$bad" lesion-insert --out clean ph/manifest.tsv $bad
done
done_testing 75
