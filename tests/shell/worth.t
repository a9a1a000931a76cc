# What the recipes of folds and worth compute in awk: parts of patients, ranks within folds, few cancers, enough patients,
# the fraction of the oracle's gain, the uniformity of p.
. tests/tap.sh
python=/usr/bin/python3
$python -c 'import numpy' 2> /dev/null || skip_all "no numpy for $python"
p=$TOP/pipelines
cd "$T" || exit 1
# refuses NAME WORDS COMMAND...: exit 1, and one line with the words.
refuses() {
    local name=$1 words=$2
    shift 2
    "$@" > out 2> err
    is "$?/$(wc -l < err)/$(grep -c -- "$words" err)" 1/1/1 "$name"
}

# ---- folds ----
# 40 patients: 10 malignant, 10 benign, 20 normal, each with two images.
awk 'BEGIN { OFS = "\t"; print "image", "patient", "split", "label", "lesion", "x0", "y0", "x1", "y1"
    for (v = 1; v <= 2; v++) for (i = 1; i <= 40; i++)
        print i "_" v ".png", "P" i, "train", i <= 10 ? "malignant" : i <= 20 ? "benign" : "normal", i <= 20 ? "mass" : "", 1, 1, i <= 20 ? 20 : "", 21 }' > m.tsv
fold() { awk -v folds="$1" -v fold="$2" -f "$p/folds.awk" "$3"; }
for k in 1 2 3 4 5; do fold 5 $k m.tsv > fold$k.tsv || exit 1; done
tested() { awk -F '\t' -v s="$1" 'NR > 1 && $3 == s { print $2 }' "$2" | sort -u; }
is "$(for k in 1 2 3 4 5; do tested test fold$k.tsv; done | sort | uniq -c | awk '{ print $1 }' | uniq -c | tr -s ' ')" " 40 1" \
    "every patient is tested in one fold"
labels() { awk -F '\t' 'NR > 1 && $3 == "test" && !($2 in seen) { seen[$2]; n[$4]++ } END { print n["malignant"], n["benign"], n["normal"] }' "$1"; }
is "$(for k in 1 2 3 4 5; do labels fold$k.tsv; done | sort -u)" "2 2 4" "with its share of each label"
is "$(tested val fold1.tsv | tr '\n' ' ')/$(tested val fold5.tsv | tr '\n' ' ')" "$(tested test fold2.tsv | tr '\n' ' ')/$(tested test fold1.tsv | tr '\n' ' ')" \
    "the next part validates"
{ head -n 1 m.tsv; sed 1d m.tsv | sort -r; } > turned.tsv
is "$(fold 5 2 turned.tsv | sort | cksum)" "$(sort fold2.tsv | cksum)" "whatever the order of the rows"
printf 'x.png\tP3-170\ttrain\tnormal\t\t\t\t\t\n' | cat m.tsv - > range.tsv
fold 5 2 range.tsv 2> err | cmp -s - fold2.tsv
is "$?/$(cat err)" "0/folds.awk: 1 rows of patients known by a range alone are left out" "a range of patients is nobody"
head -n 5 m.tsv > four.tsv
refuses "fewer patients than folds" '4 patients are fewer than 5 folds' fold 5 1 four.tsv
grep -v 'P[3-9]	\|P10	' m.tsv > two.tsv
refuses "a class missing in a fold" 'fold 3 of 5 has no patient with a malignant finding' fold 5 1 two.tsv
refuses "two folds" 'folds=2: at least 3' fold 2 1 m.tsv
refuses "a fold that is not there" 'fold=6: is none of 1 to 5' fold 5 6 m.tsv

# ---- scores of folds, ranked ----
awk 'BEGIN { srand(1); OFS = "\t"; print "id", "patient", "label", "lesion", "synthetic", "score"
    for (i = 0; i < 300; i++) print i, int(i / 3), i % 2 ? "malignant" : "normal", i % 2 ? "mass" : "", 0, int(50 * rand()) / 50 }' > all
# Of the folds each has a scale of its own.
for k in 0 1 2; do
    awk -F '\t' -v k=$k -v OFS='\t' 'NR == 1 { print; next } $1 % 3 == k { $6 = $6 * (k + 1) + k; print }' all > f$k
done
awk -f "$p/pool-folds.awk" f0 f1 f2 > pooled
is $? 0 "folds are pooled"
$python - <<'PY'
import numpy as np
read = lambda f: [l.rstrip("\n").split("\t") for l in open(f)][1:]
got = {r[0]: float(r[5]) for r in read("pooled")}
assert len(got) == 300
for k in range(3):
    rows = read(f"f{k}")
    s = np.array([float(r[5]) for r in rows])
    want = [((s < v).sum() + (s == v).sum() / 2) / len(s) for v in s]
    assert max(abs(got[r[0]] - w) for r, w in zip(rows, want)) < 1e-8
PY
ok $? "each by the share of its fold below it, ties half"
refuses "a case in two folds" 'id 0 is in two folds' awk -f "$p/pool-folds.awk" f0 f1 f0
sed '1s/score/odds/' f1 > other
refuses "folds of other columns" 'other columns' awk -f "$p/pool-folds.awk" f0 other
refuses "no scores" 'no columns id, score' awk -f "$p/pool-folds.awk" other

# ---- few cancers ----
few() { awk -v cancers="$1" -v kinds=mass -v downscale=1 -v min_box=8 -v max_box=64 -f "$p/few.awk" m.tsv m.tsv; }
is "$(few 3 | awk -F '\t' 'NR > 1 { print $4, $2 }' | sort -u | cut -d ' ' -f 1 | uniq -c | tr -s ' \n' ' /')" " 10 benign/ 3 malignant/ 20 normal/" \
    "three cancers, and all without"
is "$(few 10 | cksum)" "$(cksum < m.tsv)" "all of them"
awk -v cancers=1 -v kinds="mass calcification" -v max_box=64 -f "$p/few.awk" m.tsv m.tsv > out 2> err
is "$?/$(cat err)" "1/few.awk: 0 training patients with a malignant calcification, fewer than 1" "a kind that there is not"
refuses "more than there are" '10 training patients with a malignant mass, fewer than 11' few 11

# ---- enough patients ----
printf 'label\tlesion\tsynthetic\tpatches\tpatients\teffective\tlargest_share\tlargest_patient\tunknown\n' > patients
printf 'malignant\tall\tall\t500\t14\t5.2\t0.38\tP292\t0\nother\tall\tall\t500\t41\t30.5\t0.05\tP7\t0\n' >> patients
refuses "few effective patients" 'set: 5.2 effective test patients with malignant patches (14 patients, the largest has 38 %), 10 are needed' \
    awk -v least=10 -v data=set -f "$p/patients.awk" patients
awk -v least=0 -v data=set -f "$p/patients.awk" patients
is $? 0 "unless told"

# ---- the fraction of the oracle's gain ----
# Three arms and the real ones, with patients and trainings in common, as delong compares them.
mkdir -p w/20
for arm in real pasted generators oracle; do
    for s in 1 2 3; do
        awk -v arm=$arm -v s=$s 'BEGIN { srand(7); OFS = "\t"; print "id", "patient", "label", "lesion", "synthetic", "score"
            worth = arm == "oracle" ? 0.9 : arm == "generators" ? 0.4 : arm == "pasted" ? 0.1 : 0
            for (i = 0; i < 600; i++) { noise = rand() + rand() + rand(); other = (i * 7919 * s * length(arm)) % 101 / 300
                print i, int(i / 4), i % 2 ? "malignant" : "normal", i % 4 == 1 ? "mass" : i % 2 ? "calcification" : "", 0, noise + other + (i % 2) * (0.4 + worth / 2 + s / 100) } }' > $arm$s
    done
done
BIN=$BIN "$p/worth-kinds.sh" "all mass" w/20/none.tsv $(for a in real pasted generators oracle; do echo "$a=${a}1,${a}2,${a}3"; done)
is $? 0 "delong over kinds"
is "$(awk -F '\t' '$2 == "area" && $3 == "real" { print $1 }' w/20/none.tsv | tr '\n' ' ')" "all mass " "each kind has its areas"
grep -vw calcification real1 > masses
is "$(awk -F '\t' '$1 == "mass" && $2 == "area" && $3 == "real" { printf "%.12g", $5 }' w/20/none.tsv)" \
    "$(for s in 1 2 3; do grep -vw calcification real$s > masses; delong masses | awk -F '\t' '$1 == "area" { print $4 }'; done |
        awk '{ sum += $1 } END { printf "%.12g", sum / 3 }')" "masses against all others"
awk -f "$p/worth.awk" w/20/none.tsv > worth.tsv
$python - <<'PY'
import numpy as np
def table(f):
    rows = [l.rstrip("\n").split("\t") for l in open(f)]
    return [dict(zip(rows[0], r)) for r in rows[1:]]
d = {(r["kind"], r["curve"], r["reference"]): r for r in table("w/20/none.tsv") if r["what"] == "difference"}
def diff(k, a, b):
    r = d.get((k, a, b)) or d[k, b, a]
    sign = 1 if (k, a, b) in d else -1
    return sign * float(r["estimate"]), float(r["se"]), (float(r["upper"]) - float(r["estimate"])) / float(r["se"])
worth = table("worth.tsv")
assert len(worth) == 8
for r in worth:
    if r["arm"] in ("real", "oracle"):
        continue
    (g, sg, qg), (o, so, qo), (x, sx, qx) = diff(r["kind"], r["arm"], "real"), diff(r["kind"], "oracle", "real"), diff(r["kind"], r["arm"], "oracle")
    q, c = max(qg, qo, qx), (sg ** 2 + so ** 2 - sx ** 2) / 2
    assert abs(float(r["gain"]) - g) < 1e-9 and abs(float(r["fraction"]) - g / o) < 1e-6
    # An end of the interval is where |g - f o| is q standard errors.
    for f in float(r["fraction_lower"]), float(r["fraction_upper"]):
        assert abs(abs(g - f * o) / np.sqrt(sg ** 2 - 2 * f * c + f * f * so ** 2) / q - 1) < 1e-4, r
    assert float(r["fraction_lower"]) < g / o < float(r["fraction_upper"])
PY
ok $? "gains are delong's, the fraction's ends are Fieller's"
awk -v scale=s -v samples=10 -v seeds=3 -v patients=patients -f "$p/tables.awk" -f "$p/worth-table.awk" worth.tsv > table
is "$?/$(grep -c '^20 *generators' table)/$(grep -c 'malignant: 500 patches of 14 patients (5.2 effective)' table)" 0/2/1 "a table"
if command -v gnuplot > /dev/null; then
    "$p/worth-plot.sh" worth.tsv w.png "it's \`one\`" 2> err
    is "$?/$(cat err)/$(head -c 4 w.png | tail -c 3)" "0//PNG" "a picture"
    refuses "no table" 'no table of worth.awk' "$p/worth-plot.sh" all x.png
else
    skip "no gnuplot" 2
fi

# ---- the same arm twice ----
pairs() { # UNIFORM|SMALL: 20 tables
    for i in $(seq 20); do
        awk -v i="$i" -v how="$1" 'BEGIN { OFS = "\t"; print "what", "estimate", "se", "p"; print "difference", (i % 2 ? 0.01 : -0.01), 0.01, how == "UNIFORM" ? (i - 0.5) / 20 : (i / 20) ^ 4 }' > pair$i
    done
    awk -v cancers=20 -f "$p/same-twice.awk" $(seq -f 'pair%g' 20)
}
# scipy 1.10: kstest([(i - 0.5) / 20]), kstest([(i / 20) ** 4]) in its asymptotic mode: 0.025, 1; 0.47, 1.5e-4.
is "$(pairs UNIFORM | sed -n 2p)" "p below 0.05: 1 of 20.  Distance of the p from uniform ones 0.025, p of that 1.00." "uniform p"
pairs SMALL | sed -n 2p | grep -q '^p below 0.05: 9 of 20.  Distance of the p from uniform ones 0.4[67][0-9]*, p of that 0.00.$'
ok $? "p that are not"
done_testing 29
