# tissue-mask: masks of phantoms, of films drawn here, of what is no mammogram.
. tests/tap.sh
cd "$T"
phantom --out ph --patients 4 --height 400 --seed 5 --malignant 0 --benign 0
# says WORDS: the message of the last `fails`.
says() { ok "$(grep -qF -e "$1" fails.err; echo $?)" "... $1"; }
# column N FILE: a column of a manifest, without its name.
column() { tail -n +2 "$2" | cut -f "$1"; }

cc=$(ls ph/images | grep CC | head -1)

# A manifest.
tissue-mask --out ph/found --replace ph/manifest.tsv > ph/found.tsv 2> err
is "$?/$(wc -c < err | tr -d ' ')" 0/0 "finds the breasts, without a word"
is "$(ls ph/found | xargs)" "$(ls ph/images | sed 's/^/images_/' | xargs)" "one mask for each image"
is "$(column 13 ph/found.tsv | sort -u | xargs)" "$(ls ph/found | sed 's|^|found/|' | xargs)" \
    "named in the manifest"
is "$(cut -f 1-12 ph/found.tsv)" "$(cut -f 1-12 ph/manifest.tsv)" "which is otherwise as it was"
patch-sample -n 5 --size 32 ph/found.tsv > patches.sts
ok $? "patch-sample draws with them"
tissue-mask --out ph/found --replace ph/manifest.tsv | cmp -s - ph/found.tsv
ok $? "same images, same manifest"
tissue-mask --out again ph/manifest.tsv | cmp -s - ph/manifest.tsv
is "$?/$(ls again)" 0/ "images that have a mask keep it"
tissue-mask --out other --replace ph/manifest.tsv > ph/other.tsv
is "$(column 13 ph/other.tsv | sort -u | xargs)" "$(ls "$PWD"/other/* | xargs)" \
    "masks outside the root are named in full"
ok "$(cmp -s "other/images_$cc" "ph/found/images_$cc"; echo $?)" "and are the same"
tissue-mask --out ph/stdin --root ph --replace - < ph/manifest.tsv | sed 's|stdin/|found/|' > stdin.tsv
cmp -s stdin.tsv ph/found.tsv
ok $? "a manifest from standard input"
head -1 ph/manifest.tsv > none.tsv
tissue-mask --out nothing none.tsv | cmp -s - none.tsv
ok $? "a manifest without images"
one=ph/images/$(ls ph/images | grep MLO | head -1)
tissue-mask --image "$one" --out one.png > out
is "$?/$(wc -c < out | tr -d ' ')" 0/0 "one image"
cmp -s one.png "ph/found/images_$(basename "$one")"
ok $? "has the mask that it has in the manifest"
tissue-mask --image - --out piped.png < "$one" && cmp -s one.png piped.png
ok $? "from standard input too"

# The muscle.
tissue-mask --out cut --replace --pectoral cut --log log ph/manifest.tsv > cut.tsv
is "$(for m in cut/*; do cmp -s "$m" "other/${m#cut/}" && echo "$m"; done | sort | xargs)" \
    "$({ ls cut/*CC*; sed -n 's|.*"images/\([^"]*\)".*"not found".*|cut/images_\1|p' log; } | sort | xargs)" \
    "the muscle is cut out of the MLO views alone, where it is found"
ok "$(grep -q '"pectoral": "cut"' log; echo $?)" "and it is found"
is "$(grep -c . log)" "$(ls cut | wc -l | tr -d ' ')" "the log has a line for each image"
is "$(sed 's/.*"pectoral": "\([^"]*\)".*/\1/' log | grep -c 'not an MLO view')" 4 \
    "and says what became of the muscle"
is "$(grep -c '_L_.*"wall": "left"\|_R_.*"wall": "right"' log)" "$(grep -c . log)" \
    "and where the chest wall is"
tissue-mask --image "$one" --pectoral cut --out one-cut.png
cmp -s one-cut.png "cut/images_$(basename "$one")"
ok $? "one image is cut as in the manifest"

# Options that matter.
tissue-mask --image "$one" --contrast 0.2 --out contrast.png
tissue-mask --image "$one" --detail 0.05 --out detail.png
tissue-mask --image "$one" --noise 100 --out noise.png
ok "$(cmp -s one.png contrast.png; echo $((!$?)))" "--contrast matters"
ok "$(cmp -s one.png detail.png; echo $((!$?)))" "--detail matters"
ok "$(cmp -s one.png noise.png; echo $((!$?)))" "--noise matters"

# Archives, names.
(cd ph/images && zip -q ../../films.zip ./*CC*)
# table IMAGE...: a manifest of these images.
table() {
    printf 'image\tpatient\tsplit\tside\tview\tlabel\n'
    printf '%s\tp\ttrain\t\t\tnormal\n' "$@"
}
members=(ph/images/*CC*)
table "${members[@]/#ph\/images\//films.zip:}" > zip.tsv
tissue-mask --out z zip.tsv > z.tsv
is "$?/$(ls z | xargs)" "0/$(ls ph/images | grep CC | sed 's/^/films.zip_/' | xargs)" \
    "members of an archive"
cp "ph/images/$cc" a_b.png
mkdir a && cp a_b.png a/b.png
table a_b.png a/b.png > clash.tsv
fails 1 "two images whose masks would have one name" tissue-mask --out c clash.tsv
says "a_b.png and a/b.png would share the mask a_b.png"
ok "$([ ! -e c ]; echo $?)" "and nothing is made"

# Images that are none, and the like.
awk 'BEGIN { print "P2\n50 60\n255"; for (i = 0; i < 3000; i++) print 0 }' > black.pgm
awk 'BEGIN { print "P2\n50 60\n255"; for (i = 0; i < 3000; i++) print (i == 1530) ? 255 : 3 }' > dot.pgm
head -c 3000 a_b.png > cut.png
for f in black.pgm dot.pgm cut.png absent.png; do
    fails 1 "$f" tissue-mask --image "$f" --out bad.png
    says "$f: "
    [ ! -e bad.png ]
    ok $? "and no mask"
done
table a_b.png black.pgm cut.png > bad.tsv
fails 1 "a manifest with such images" tissue-mask --out bad bad.tsv
says "bad.tsv:3: ./black.pgm: the image is black"
is "$(wc -c < fails.out | tr -d ' ')" 0 "writes none"
tissue-mask --out bad --skip --log bad.log bad.tsv > left.tsv 2> err
is "$?/$(column 1 left.tsv)" 0/a_b.png "--skip leaves them out"
is "$(grep -c '^tissue-mask: left out: ' err)/$(grep -c '"failed": "' bad.log)" 2/2 \
    "with a warning and a line in the log each"
head -c 200 ph/manifest.tsv > cut.tsv
# Nothing that the manifest names is written over.
cp -r ph flat
(cd flat && for f in images/*; do mv "$f" .; done && sed 's|images/||' manifest.tsv > flat.tsv)
sum=$(cat flat/*.png | cksum)
fails 1 "masks that would be the images" tissue-mask --out flat --replace flat/flat.tsv
says "is a file of the manifest"
is "$(cat flat/*.png | cksum)" "$sum" "they are what they were"
fails 2 "a mask that would be its image" tissue-mask --image "flat/$cc" --out "./flat/$cc"
is "$(cat flat/*.png | cksum)" "$sum" "it is what it was"

fails 1 "a manifest that is cut" tissue-mask --out bad cut.tsv
fails 1 "no manifest" tissue-mask --out bad none-such.tsv
fails 1 "a folder that cannot be made" tissue-mask --out no/such/folder --replace ph/manifest.tsv
fails 1 "a mask on a full disk" tissue-mask --image "$one" --out /dev/full
said=$( (trap '' XFSZ; ulimit -f 0; tissue-mask --image "$one" --out full.png) 2>&1)
is "$?/$said/$(ls full* 2> /dev/null)" "1/tissue-mask: full.png: File too large/" \
    "a mask that does not fit leaves nothing"
fails 1 "a log on a full disk" tissue-mask --image "$one" --out one.png --log /dev/full
tissue-mask --out other --replace ph/manifest.tsv > /dev/full 2> err
is "$?/$(wc -l < err | tr -d ' ')" 1/1 "a manifest on a full disk"
(tissue-mask --out other --replace ph/manifest.tsv; echo "status $?" >&2) 2> err | head -c 0
is "$(cat err)" "status 1" "a reader that is gone: no word"
ok "$(ls other | grep -c tmp)" "nothing half-written is left"

# The command line.
fails 2 "nothing to do" tissue-mask --out x
fails 2 "nowhere to write" tissue-mask ph/manifest.tsv
fails 2 "an image and a manifest" tissue-mask --out x --image "$one" ph/manifest.tsv
fails 2 "two manifests" tissue-mask --out x ph/manifest.tsv ph/manifest.tsv
fails 2 "a word that is none" tissue-mask --out x --pectoral maybe ph/manifest.tsv
fails 2 "a negative number" tissue-mask --out x --noise -1 ph/manifest.tsv
fails 2 "a number that is none" tissue-mask --out x --contrast nan ph/manifest.tsv
fails 2 "a radius of half the image" tissue-mask --out x --detail 0.5 ph/manifest.tsv

# Memory.
case $BUILD in
*-san) skip "the sanitizers need more address space" ;;
*)
    phantom --out big --patients 1 --height 3400 --width 2550
    (ulimit -v 262144 && tissue-mask --image big/images/p00001_?_MLO.png --pectoral cut --out big.png)
    ok $? "an image of 2550 x 3400 takes less than 256 MiB"
    ;;
esac
done_testing 67
