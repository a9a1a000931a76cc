# shortcut-predict: scores by tissue share and mean grey alone; and what it must refuse.
. tests/tap.sh
patches=$BUILD/tests/make_patches
meta=$BUILD/tests/set_meta
python=/usr/bin/python3
cd "$T"
# Forty patches of as many patients, the malignant ones on less tissue and, by make_patches, brighter.
"$patches" 40 16 > all.sts
{
    ts-select label=malignant 'x<300' < all.sts | "$meta" split=train tissue=0.92
    ts-select label=malignant 'x>=300' < all.sts | "$meta" split=test tissue=0.93
    ts-select label=normal 'x<300' < all.sts | "$meta" split=train tissue=0.98
    ts-select label=normal 'x>=300' < all.sts | "$meta" split=test tissue=0.97
} > some.sts
ts-select label=malignant split=train < some.sts > pos.sts
ts-select label=normal split=train < some.sts > neg.sts
ts-select split=test < some.sts > test.sts
"$patches" 0 16 > none.sts
learn='shortcut-predict --positive pos.sts --negative neg.sts'

$learn --log log < test.sts > s.tsv 2> err
is "$?/$(cat err)" 0/ "scores"
is "$(head -n 1 s.tsv | tr '\t' ' ')/$(wc -l < s.tsv | tr -d ' ')" "id patient label lesion synthetic score/11" \
    "the table of resnet-predict"
is "$(cut -f 1-5 s.tsv | sed -n 2p | tr '\t' ' ')" "000000000000001f P30 malignant mass 0" "what the record says"
is "$(delong s.tsv | awk -F '\t' '$1 == "area" { print $4 }')" 1 "delong reads it; tissue gives these classes away"
is "$(wc -l < log | tr -d ' ')/$(grep -o '"positives": [0-9]*, "negatives": [0-9]*' log)" '1/"positives": 15, "negatives": 15' "the log"
$learn < test.sts | cmp -s - s.tsv
ok $? "same input, same bytes"
shortcut-predict --positive pos.sts --negative neg.sts --negative neg.sts < test.sts > b.tsv
paste s.tsv b.tsv | awk -F '\t' 'NR > 1 && ($6 - $12) ^ 2 > 1e-12 { bad = 1 } END { exit bad }'
ok $? "classes weigh the same: negatives given twice change nothing"
is "$($learn < none.sts | wc -l | tr -d ' ')" 1 "an empty stream: a line of names"

# Nothing but the two numbers counts.
ts-select label=normal < test.sts | "$meta" label=malignant lesion=mass > other.sts
is "$($learn < other.sts | cut -f 6 | sed 1d | xargs)" "$(ts-select label=normal < test.sts | $learn | cut -f 6 | sed 1d | xargs)" \
    "the label of a patch does not change its score"
if $python -c 'import numpy' 2> /dev/null; then
    cat > features.py << 'PY'
import json, sys, numpy as np
def records(path):
    raw, at = open(path, "rb").read(), 0
    while at < len(raw):
        n = int.from_bytes(raw[at:at + 8], "little")
        head = json.loads(raw[at + 8:at + 8 + n])
        meta, at = head.pop("__metadata__"), at + 8 + n
        size = max([v["data_offsets"][1] for v in head.values()], default=0)
        if head:
            a, b = head["image"]["data_offsets"]
            yield float(meta["tissue"]), np.frombuffer(raw[at + a:at + b], "<f4").astype(float).mean()
        at += size
log = json.loads(open("log").read())
scores = [float(line.split("\t")[5]) for line in open("s.tsv").read().splitlines()[1:]]
for (tissue, grey), score in zip(records("test.sts"), scores, strict=True):
    z = log["intercept"]
    for name, x in (("tissue", tissue), ("grey", grey)):
        z += log[name + "_slope"] * (x - log[name + "_mean"]) / log[name + "_sd"]
    assert abs(1 / (1 + np.exp(-z)) - score) < 1e-6, (z, score)
train = list(records("pos.sts")) + list(records("neg.sts"))
assert abs(np.mean([g for _, g in train]) - log["grey_mean"]) < 1e-6
PY
    $python features.py
    ok $? "numpy computes the scores from the stream and the log"
else
    skip "no numpy for $python"
fi

STDIN=pos.sts fails 1 "patients that were learnt from" $learn
grep -q 'record 0: patient P0 was learnt from' fails.err
ok $? "are named"
is "$($learn --allow-seen < pos.sts | wc -l | tr -d ' ')" 16 "and scored if asked for"
STDIN=test.sts fails 1 "files in each other's place" shortcut-predict --positive neg.sts --negative pos.sts
STDIN=test.sts fails 1 "another split" shortcut-predict --positive test.sts --negative neg.sts
grep -q "test.sts: record 0: split is 'test', expected 'train'" fails.err
ok $? "is named"
shortcut-predict --split any --positive pos.sts --negative neg.sts < test.sts | cmp -s - s.tsv
ok $? "--split any takes all"
STDIN=test.sts fails 1 "no positives" shortcut-predict --positive none.sts --negative neg.sts
"$meta" tissue= < neg.sts > no.sts
STDIN=test.sts fails 1 "patches without a share of tissue" shortcut-predict --positive pos.sts --negative no.sts
"$meta" tissue=1.5 < test.sts > bad.sts
STDIN=bad.sts fails 1 "a share above 1" $learn
"$meta" label=strange < neg.sts > bad.sts
STDIN=test.sts fails 1 "an unknown label" shortcut-predict --positive pos.sts --negative bad.sts
head -c 3000 test.sts > cut.sts
STDIN=cut.sts fails 1 "a cut stream" $learn
STDIN=test.sts fails 1 "a cut file" shortcut-predict --positive pos.sts --negative cut.sts
STDIN=test.sts fails 1 "no such file" shortcut-predict --positive pos.sts --negative missing.sts
$learn < test.sts > /dev/full 2> err
is "$?/$(grep -c '^shortcut-predict: ' err)" 1/1 "a full disk"
fails 2 "no streams" shortcut-predict
fails 2 "standard input is taken" shortcut-predict --positive pos.sts --negative -
done_testing 27
