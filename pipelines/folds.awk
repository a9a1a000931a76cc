# folds.awk - a manifest whose patients are dealt to N parts, for cross-fitting:
#
#   awk -v folds=N -v fold=K -f folds.awk MANIFEST > manifest of fold K
#
# Part K is tested on, the next one (of N the first) validated on, the others train.  Patients are dealt by their
# worst label, so that each part has its share of cancers, and within a label in an order that a hash of their names
# gives: it depends neither on the file's order nor on who else is there.  A patient known by a range of numbers alone
# (CDD-CESM's lesion-free images: P31-170) may be anybody within it, and so in two parts: left out, and counted.
function hash(s,    i, h) {
    h = 5381
    for (i = 1; i <= length(s); i++) h = (h * 33 + index(letters, substr(s, i, 1))) % 16777213
    for (i = 1; i <= 3; i++) h = (h * 4093 + 12289) % 16777213
    return h
}
function worse(label) { return label == "malignant" ? 3 : label == "benign" ? 2 : 1 }
function die(text) { print "folds.awk: " text > "/dev/stderr"; failed = 1; exit 1 }

BEGIN {
    FS = OFS = "\t"
    for (i = 32; i < 127; i++) letters = letters sprintf("%c", i)
    if (folds !~ /^[0-9]+$/ || folds < 3) die("folds=" folds ": at least 3 are needed, to test, validate and train")
    if (fold !~ /^[0-9]+$/ || fold < 1 || fold > folds) die("fold=" fold ": is none of 1 to " folds)
}
FNR == 1 {
    for (i = 1; i <= NF; i++) col[$i] = i
    if (!("patient" in col && "label" in col && "split" in col)) die("no columns patient, label, split")
    header = $0
    next
}
{
    p = $col["patient"]
    if (p ~ /^[A-Za-z_]*[0-9]+-[0-9]+$/) { ranges++; next }
    row[++rows] = $0
    of[rows] = p
    if (!(p in worst)) name[++n] = p
    if (worse($col["label"]) > worst[p]) worst[p] = worse($col["label"])
}
END {
    if (failed) exit 1
    for (i = 1; i <= n; i++) key[i] = sprintf("%d %08d %s", worst[name[i]], hash(name[i]), name[i])
    for (i = 2; i <= n; i++) { # by insertion: some hundreds of patients
        k = key[i]; p = name[i]
        for (j = i - 1; j >= 1 && key[j] > k; j--) { key[j + 1] = key[j]; name[j + 1] = name[j] }
        key[j + 1] = k; name[j + 1] = p
    }
    for (i = 1; i <= n; i++) {
        part[name[i]] = (i - 1) % folds + 1
        in_part[part[name[i]], worst[name[i]]]++
    }
    if (n < folds) die(n + 0 " patients are fewer than " folds " folds")
    for (k = 1; k <= folds; k++)
        if (!in_part[k, 3])
            die("fold " k " of " folds " has no patient with a malignant finding: fewer folds")
    next_part = fold % folds + 1
    print header
    for (i = 1; i <= rows; i++) {
        $0 = row[i]
        $col["split"] = part[of[i]] == fold ? "test" : part[of[i]] == next_part ? "val" : "train"
        print
    }
    if (ranges) print "folds.awk: " ranges " rows of patients known by a range alone are left out" > "/dev/stderr"
}
