# augment: patches resized, flipped and rotated.
. tests/tap.sh
cd "$T"
records() { grep -ao '"records": *"[0-9]*"' "$1" | tail -1 | tr -dc 0-9; }
values() { grep -ao "\"$1\": *\"[^\"]*\"" "$2" | sed 's/.*: *"//; s/"$//'; }

# Forty patches of 32 pixels with margin 4, of one picture.
awk 'BEGIN { print "P2\n160 160\n255"; for (y = 0; y < 160; y++) for (x = 0; x < 160; x++)
    print 120 + int(50 * sin(x / 9) + 50 * cos(y / 5 + x / 31)) }' > a.pgm
awk 'BEGIN { print "P2\n160 160\n255"; for (i = 0; i < 25600; i++) print (i % 160 < 130) ? 255 : 0 }' > tissue.pgm
{
    printf '%s\t' image patient split side view label lesion x0 y0 x1 y1 mask; echo tissue
    printf '%s\t' a.pgm P1 train L CC malignant mass 60 60 90 85 ''; echo tissue.pgm
} > set.tsv
sample() { patch-sample --label malignant --size 32 "$@" set.tsv; }
sample -n 40 --margin 4 > p.sts
augment < p.sts > a.sts 2> err
is "$?/$(wc -c < err | tr -d ' ')" 0/0 "changes patches, without a word"
is "$(records a.sts)" 40 "one for one"
is "$(values margin a.sts | sort -u)/$(ts-info a.sts | grep -c '^tensor *tissue')" 0/0 "without margin and tissue"
is "$(values parent a.sts)" "$(values id p.sts)" "each tells its parent"
is "$(values id a.sts | sort -u | wc -l | tr -d ' ')" 40 "and has an id of its own"
ok "$(values scale a.sts | awk '!($1 >= 0.8 && $1 <= 1.2) { bad = 1 } END { exit bad }'; echo $?)" "scales from 0.8 to 1.2"
ok "$(values tissue a.sts | awk '!($1 >= 0.9) { bad = 1 } END { exit bad }'; echo $?)" "the tissue share is kept"
is "$(values rotate a.sts | sort -nu | xargs)/$(values flip a.sts | sort -u | xargs)" "0 90 180 270/0 1" "all turns and flips"
is "$(values history a.sts | grep -c 'patch-sample .*\\naugment ')" 40 "history grows by one stage"

augment < p.sts | cmp -s - a.sts
ok $? "same seed, same bytes"
OMP_NUM_THREADS=1 augment < p.sts | cmp -s - a.sts
ok $? "with one thread too"
augment --seed 2 < p.sts | cmp -s - a.sts
ok $((!$?)) "another seed, other bytes"
sample -n 7 --margin 4 | augment > b.sts
is "$(values crc32 b.sts | sed '$d' | xargs)" "$(values crc32 a.sts | head -7 | xargs)" "a record does not depend on how many follow"
augment --variants 3 < p.sts > b.sts
is "$(records b.sts)/$(values id b.sts | sort -u | wc -l | tr -d ' ')" 120/120 "--variants"
is "$(values crc32 b.sts | awk 'NR % 3 == 1' | head -40 | xargs)" "$(values crc32 a.sts | sed '$d' | xargs)" \
    "whose first is what one alone would be"

augment --no-flip --no-rotate < p.sts > b.sts
is "$(values rotate b.sts | sort -u)/$(values flip b.sts | sort -u)" 0/0 "--no-flip and --no-rotate"
is "$(values scale b.sts | xargs)" "$(values scale a.sts | xargs)" "leave the scales as they are"
augment --min-scale 1 --max-scale 1 < p.sts > b.sts
is "$(values scale b.sts | sort -u)" 1 "--min-scale and --max-scale"
augment --size 24 --min-scale 0.6 --max-scale 0.7 < p.sts > b.sts
is "$(values window b.sts | sort -u)/$(ts-info b.sts | grep -cE '^tensor *image.*24')" 24/1 "--size"

# Undone, turned patches are those that were only cut.
augment --min-scale 1 --max-scale 1 < p.sts | augment --undo > b.sts
augment --no-flip --no-rotate --min-scale 1 --max-scale 1 < p.sts > c.sts
is "$(values crc32 b.sts | sed '$d' | xargs)" "$(values crc32 c.sts | sed '$d' | xargs)" "--undo gives the bytes back"
is "$(values seedpixel b.sts | xargs)/$(values bbox b.sts | xargs)" "$(values seedpixel c.sts | xargs)/$(values bbox c.sts | xargs)" \
    "boxes and seed pixels too"
augment --like a.sts < p.sts > b.sts
is "$(values crc32 b.sts | sed '$d' | xargs)" "$(values crc32 a.sts | sed '$d' | xargs)" "--like does it again"
ts-select index=17 < a.sts > one.sts
sample -n 1 --start 17 --margin 4 | augment --like one.sts > b.sts
is "$(values crc32 b.sts | head -1)" "$(values crc32 one.sts | head -1)" "one patch again, from what its record tells"

if /usr/bin/python3 -c 'import numpy' 2> /dev/null; then
    cat > check.py <<'PY'
# The tensors of two streams: each patch of the second is the first's, flipped and then turned by numpy.
import json, struct, sys
import numpy as np

def read(path):
    f, out = open(path, "rb"), []
    while True:
        n = struct.unpack("<Q", f.read(8))[0]
        head = json.loads(f.read(n))
        meta = head.pop("__metadata__")
        if not head:
            return out
        size = max(t["data_offsets"][1] for t in head.values())
        data = f.read(size)
        types = {"F32": np.float32, "U8": np.uint8}
        out.append((meta, {k: np.frombuffer(data[t["data_offsets"][0]:t["data_offsets"][1]], types[t["dtype"]])
                           .reshape(t["shape"]) for k, t in head.items()}))

def turn(a, meta):
    a = np.fliplr(a) if meta["flip"] == "1" else a
    return np.rot90(a, int(meta["rotate"]) // 90)

plain, turned = read(sys.argv[1]), read(sys.argv[2])
assert len(plain) == len(turned) == 40
for (m, p), (n, t) in zip(plain, turned):
    for k in ("image", "mask"):
        assert np.array_equal(turn(p[k], n), t[k]), (m["id"], k)
    x, y = map(int, m["seedpixel"].split(","))
    dot = np.zeros_like(p["mask"])
    dot[y, x] = 1
    x, y = map(int, n["seedpixel"].split(","))
    assert turn(dot, n)[y, x] == 1
    rows, columns = np.nonzero(t["mask"])
    assert n["bbox"] == "%d,%d,%d,%d" % (columns.min(), rows.min(), columns.max() + 1, rows.max() + 1)
PY
    augment --min-scale 1 --max-scale 1 < p.sts > b.sts
    /usr/bin/python3 check.py c.sts b.sts
    ok $? "flips and turns are numpy's"
else
    skip "no numpy to compare with"
fi

# Contract.
fails 1 "empty input" augment
head -c 10000 p.sts > cut.sts
STDIN=cut.sts fails 1 "a cut stream" augment
{ cat p.sts; echo junk; } > junk.sts
STDIN=junk.sts fails 1 "bytes behind the trailer" augment
cat p.sts p.sts > two.sts
augment < two.sts > b.sts
is "$?/$(records b.sts)" 0/80 "two streams are one"
sample -n 3 > bare.sts
STDIN=bare.sts fails 1 "patches without margin" augment
is "$(cat fails.err)" "augment: record 0: no room for scale 0.8: 32 pixels need an image of 40, it has 32" "and says so"
augment --min-scale 1 < bare.sts > b.sts
is "$?" 0 "without a margin patches can only be enlarged"
STDIN=p.sts fails 1 "--like with a shorter stream" augment --like one.sts
ok "$(grep -q 'one.sts has only 1 records' fails.err; echo $?)" "... $(cat fails.err)"
STDIN=p.sts fails 1 "--like without a file" augment --like none.sts
augment < p.sts > /dev/full 2> err
is "$?/$(wc -l < err | tr -d ' ')" 1/1 "a full disk"
sample -n 2000 --margin 4 > many.sts
{ augment < many.sts 2> err; echo "$?" > status; } | head -c 0
is "$(cat status)/$(wc -c < err | tr -d ' ')" 1/0 "a reader that is gone"
STDIN=p.sts fails 2 "an operand" augment p.sts
STDIN=p.sts fails 2 "an unknown option" augment --flip
STDIN=p.sts fails 2 "a scale that is no number" augment --min-scale x
STDIN=p.sts fails 2 "a scale of nan" augment --min-scale nan
STDIN=p.sts fails 2 "a scale of 0" augment --min-scale 0
STDIN=p.sts fails 2 "scales the wrong way" augment --min-scale 1.1 --max-scale 0.9
STDIN=p.sts fails 2 "a share above 1" augment --min-tissue 2
STDIN=p.sts fails 2 "no variant" augment --variants 0
STDIN=p.sts fails 2 "--undo and --variants" augment --undo --variants 2
STDIN=p.sts fails 2 "--undo and --like" augment --undo --like a.sts

is "$(augment --help | grep -o '^ .*--[a-z-]*' | grep -o -e '--[a-z-]*$' | sort | xargs)" \
    "$(grep '^\.It Fl' "$TOP/man/augment.1" | grep -o -e ' -[a-z-]*' | sed 's/^ /-/' | sort -u | xargs)" \
    "options on the page are those of --help"
done_testing 47
