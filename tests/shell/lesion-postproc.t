# lesion-postproc: refined lesions on their patches.
. tests/tap.sh
patches=$BUILD/tests/make_patches
cd "$T"
records() { grep -ao '"records": *"[0-9]*"' "$1" | tail -1 | tr -dc 0-9; }

# Of thirty patches every second is darkened instead of brightened.
"$patches" 30 64 > p.sts
lesion-postproc --log a.log < p.sts > a.sts 2> err
is "$?" 0 "refines a stream"
is "$(cat err)" "lesion-postproc: 30 patches: 15 kept (median of peak kept 1.000), 15 empty, 0 too small, 0 cut, 0 not removed" \
    "says what became of it"
is "$(records a.sts)" 15 "writes what it kept"
is "$(wc -l < a.log | tr -d ' ')" 31 "logs a line for each patch and one for all"
is "$(grep -c '"verdict": "empty", "area": 0' a.log)" 15 "with the reason"
is "$(tail -1 a.log | grep -o '"records": 30, "kept": 15, "empty": 15, "small": 0, "cut": 0, "not-removed": 0')" \
    '"records": 30, "kept": 15, "empty": 15, "small": 0, "cut": 0, "not-removed": 0' "and the sums"
ok "$(grep -aq 'make_patches 1.nlesion-postproc .* --threshold 0.1 ' a.sts; echo $?)" "history grows by one stage"
ok "$(grep -aq '"kept": *"1"' a.sts; echo $?)" "kept=1"
box=$(grep -ao '"bbox": *"[0-9,]*"' a.sts | head -1)
is "$box" "$(grep -o '"bbox": "[0-9,]*"' a.log | head -1 | sed "s/: /$(echo "$box" | grep -o ': *')/")" \
    "the box is in record and log"
lesion-postproc < p.sts > b.sts 2> /dev/null
cmp -s a.sts b.sts
ok $? "same input, same bytes"
OMP_NUM_THREADS=1 lesion-postproc < p.sts 2> /dev/null | cmp -s - a.sts
ok $? "with one thread too"

# Record i does not depend on how many follow.
"$patches" 10 64 | lesion-postproc --log c.log > c.sts 2> /dev/null
is "$(head -10 a.log)" "$(head -10 c.log)" "ten of thirty are the first ten"

lesion-postproc --threshold -0.1 --log b.log < p.sts > b.sts 2> /dev/null
is "$(grep -c '"verdict": "kept"' b.log)/$(sed -n '2s/.*"verdict": "\([a-z]*\)".*/\1/p' b.log)" 15/kept \
    "a negative threshold takes the others"
lesion-postproc --keep-generated < p.sts > g.sts 2> err
is "$(ts-info g.sts | grep -cE '^tensor +(generated|combined|lesion|image) ')" 4 "--keep-generated keeps what came in"
lesion-postproc --min-area 0.5 --keep-discarded < p.sts > b.sts 2> err
is "$(records b.sts)/$(grep -ao '"kept": *"small"' b.sts | wc -l | tr -d ' ')" 30/15 "--keep-discarded passes all on, marked"
ok "$(grep -q ': 30 patches: 0 kept (median of peak kept nan), 15 empty, 15 too small, 0 cut, 0 not removed$' err; echo $?)" "none kept is no error"

# One lump in each patch: it has no parts to join, and at 64 px a disc of 1.25 px is one step of the cross.
crc=$(grep -ao '"crc32": *"[0-9a-f]*"' a.sts | head -1)
for change in '--connectivity 8' '--join 8' --disc; do
    lesion-postproc $change < p.sts 2> /dev/null > b.sts
    is "$(grep -acF "$crc" b.sts)" 1 "$change makes no difference to one small lump"
done
for change in '--expand 9' '--disc --expand 20' '--blur 3' --edge-only --absolute-px '--threshold 0.2'; do
    lesion-postproc $change < p.sts 2> /dev/null > b.sts
    is "$(records b.sts)/$(grep -acF "$crc" b.sts)" 15/0 "$change changes the result"
done

# The parts of a record by numpy, if there is one: outside of the mask's reach image is base.
cat > check.py <<'PY'
import json, struct, sys
import numpy as np
f, n = sys.stdin.buffer, 0
while True:
    size = struct.unpack("<Q", f.read(8))[0]
    head = json.loads(f.read(size))
    meta = head.pop("__metadata__")
    data = f.read(max([t["data_offsets"][1] for t in head.values()], default=0))
    if meta.get("end"):
        break
    t = {k: np.frombuffer(data[slice(*v["data_offsets"])], {"F32": "<f4", "U8": "u1"}[v["dtype"]]).reshape(v["shape"])
         for k, v in head.items()}
    assert np.array_equal(t["image"], np.clip(t["base"] + t["lesion"], np.float32(0), np.float32(1)))
    y, x = np.nonzero(t["mask"])
    assert meta["bbox"] == "%d,%d,%d,%d" % (x.min(), y.min(), x.max() + 1, y.max() + 1)
    assert t["lesion"][t["mask"] > 0].max() > .1 and t["mask"].max() == 1
    assert (t["lesion"][:, :max(0, x.min() - 10)] == 0).all()
    n += 1
assert n == 15
PY
if /usr/bin/python3 -c 'import numpy' 2> /dev/null; then
    /usr/bin/python3 check.py < a.sts
    ok $? "numpy reads image = base + lesion, the mask and its box"
else
    skip "no numpy"
fi

# The lump lies 21 pixels from the patch's left and 28 from its right: with a border wide enough it is cut.
lesion-postproc --whole --border 20 < p.sts 2> /dev/null | cmp -s - a.sts
is "$?" 1 "--whole is told in the history"
lesion-postproc --whole --border 20 < p.sts > b.sts 2> /dev/null
is "$(records b.sts)" 15 "--whole keeps a lesion that is whole"
lesion-postproc --whole --border 76 --keep-discarded --log b.log < p.sts > b.sts 2> err
is "$(grep -c '"verdict": "cut"' b.log)/$(grep -ao '"kept": *"cut"' b.sts | wc -l | tr -d ' ')/$(grep -o '[0-9]* cut' err)" "15/15/15 cut" \
    "and discards what comes to the border"

# Removed lesions of phantoms: whether they are gone is measured inside the mask that came with the base.
phantom --out ph --patients 24 --height 800 --seed 4 > /dev/null
for split in train val test; do
    patch-sample --split $split --label malignant --lesion mass --each 2 --size 64 --max-offset 0.25 --min-box 16 --max-box 40 \
        ph/manifest.tsv 2> /dev/null
done | gan-gen --model "$TOP/examples/models/phantom-removal.ckpt" --threads 1 > r.sts
lesion-postproc --threshold -0.05 --keep-discarded --log r.log < r.sts > k.sts 2> err
is "$?" 0 "removals"
is "$(grep -c '"residual": [-0-9]' r.log)/$(grep -ao '"residual": *"[-0-9.]*"' k.sts | wc -l | tr -d ' ')" "$(records r.sts)/$(records r.sts)" \
    "have a residual in log and record"
cat > residual.py <<'PY'
import json, sys
sys.path.insert(0, sys.argv[1])
import numpy as np
from read_stream import read_stream
log = [json.loads(line) for line in open("r.log")]
y, x = np.mgrid[:64, :64]
kept, n = [], 0
for (t, m), line in zip(read_stream(open("k.sts", "rb")), log):
    mask = t["base_mask"] != 0
    at = np.argwhere(mask)
    near = ((y[..., None] - at[:, 0]) ** 2 + (x[..., None] - at[:, 1]) ** 2).min(-1) <= mask.sum() / np.pi
    for plane, word in (("base", "contrast"), ("image", "residual")):
        p = t[plane].astype(float)
        assert abs(p[mask].mean() - p[near & ~mask].mean() - line[word]) < 1e-7, (word, line)
    assert abs(float(m["residual"]) - line["residual"]) < 1e-6
    if m["kept"] == "1":
        kept.append(line["residual"])
    n += 1
assert n == log[-1]["records"] and abs(np.mean(kept) - log[-1]["mean_residual"]) < 1e-7
PY
if /usr/bin/python3 -c 'import numpy' 2> /dev/null; then
    /usr/bin/python3 residual.py "$TOP/examples"
    ok $? "those of numpy, and so is the mean"
else
    skip "no numpy"
fi
lesion-postproc --threshold -0.05 --residual 0.03 --log b.log < r.sts > b.sts 2> /dev/null
is "$(awk -F'"residual": ' '/"verdict": "kept"/ && !($2 + 0 <= 0.03) { n++ } /"not-removed",/ && !($2 + 0 > 0.03) { n++ } END { print n + 0 }' b.log)" 0 \
    "--residual keeps what is gone"
is "$(tail -1 b.log | grep -o '"not-removed": [0-9]*')/$(records b.sts)" \
    "\"not-removed\": $(grep -c '"verdict": "not-removed"' b.log)/$(grep -c '"verdict": "kept"' b.log)" "and counts what is not"
[ "$(grep -c '"verdict": "not-removed"' b.log)" -gt 0 ] && [ "$(records b.sts)" -gt 0 ]
ok $? "of which there are some of each"
lesion-postproc --threshold -0.05 --whole --border 4 --log b.log < r.sts > b.sts 2> /dev/null
[ "$(grep -c '"verdict": "cut"' b.log)" -gt 0 ] && [ "$(records b.sts)" -gt 0 ]
ok $? "--whole discards removals of lesions that are cut themselves"
STDIN=p.sts fails 1 "a removal whose lesion is not known" lesion-postproc --threshold -0.1 --residual 0.1
is "$(cat fails.err)" "lesion-postproc: stdin: record 0: no U8 tensor 'base_mask' of the size of 'base': where the lesion was that is to be removed" \
    "and says so"
STDIN=p.sts fails 2 "--residual of insertions" lesion-postproc --residual 0.1

"$patches" 0 64 | lesion-postproc > b.sts 2> err
is "$?/$(records b.sts)" 0/0 "no records in, none out"
"$patches" 2 64 | lesion-postproc 2> /dev/null | lesion-postproc > b.sts 2> err
is "$?" 0 "its own output is good input"
ok "$(grep -ao '"history": *"[^"]*"' b.sts | head -1 | grep -q 'lesion-postproc.*lesion-postproc'; echo $?)" "with both stages told"

STDIN=/dev/null fails 1 "empty input" lesion-postproc
head -c 100000 p.sts > cut.sts
STDIN=cut.sts fails 1 "a cut stream" lesion-postproc
(cat p.sts; echo junk) > junk.sts
STDIN=junk.sts fails 1 "bytes behind the trailer" lesion-postproc
(cat p.sts p.sts) | lesion-postproc 2> /dev/null > b.sts
is "$?" 0 "two streams one after the other"
sed 's/"base"/"bass"/' p.sts > other.sts
STDIN=other.sts fails 1 "records without base" lesion-postproc
is "$(cat fails.err)" "lesion-postproc: stdin: record 0: no tensor 'base': expected patches made by gan-gen" "and says so"
STDIN=p.sts fails 1 "a log that cannot be opened" lesion-postproc --log nowhere/x.log
STDIN=p.sts fails 1 "a log on a full disk" lesion-postproc --log /dev/full
lesion-postproc < p.sts > /dev/full 2> err
is "$?/$(wc -l < err | tr -d ' ')" 1/1 "a full disk"
"$patches" 300 64 > many.sts
{ lesion-postproc < many.sts 2> err; echo $? > status; } | head -c 0
is "$(cat status)/$(wc -c < err | tr -d ' ')" 1/0 "a closed pipe: exit 1 without a word"

STDIN=p.sts fails 2 "unknown option" lesion-postproc --nonsense
STDIN=p.sts fails 2 "an operand" lesion-postproc p.sts
for bad in '--threshold 1.5' '--threshold x' '--threshold nan' '--connectivity 6' '--join -1' '--min-area 2' \
    '--expand -1' '--expand 1e9' '--border -1' '--threshold -0.1 --residual 2' '--blur inf' '--log'; do
    STDIN=p.sts fails 2 "$bad" lesion-postproc $bad
done

# The page has exactly the options of --help.
lesion-postproc --help | grep -o -- ' --[a-z-]*' | sort -u > help
sed -n 's/^\.It .*Fl -\([a-z-]*\).*/ --\1/p' "$TOP/man/lesion-postproc.1" | sort -u > page
is "$(cat page)" "$(cat help)" "man page and --help agree"
if command -v mandoc > /dev/null; then
    is "$(mandoc -T lint -W warning "$TOP/man/lesion-postproc.1")" "" "the page lints"
else
    skip "mandoc is not installed"
fi
done_testing 68
