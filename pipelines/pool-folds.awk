# pool-folds.awk - scores of the test parts of all folds as one table, each ranked within its fold:
#
#   awk -f pool-folds.awk FOLD1.tsv FOLD2.tsv ...
#
# Classifiers of different folds do not score alike: a score becomes the share of its fold's scores that are lower
# (those that are equal count half).
BEGIN { FS = OFS = "\t" }
FNR == 1 {
    files++
    if (files == 1) {
        header = $0
        for (i = 1; i <= NF; i++) if ($i == "score") score = i; else if ($i == "id") id = i
        if (!score || !id) { print "pool-folds.awk: " FILENAME ": no columns id, score" > "/dev/stderr"; failed = 1; exit 1 }
    } else if ($0 != header) { print "pool-folds.awk: " FILENAME ": other columns than the first" > "/dev/stderr"; failed = 1; exit 1 }
    next
}
{
    if ($id in seen) { print "pool-folds.awk: " FILENAME ": id " $id " is in two folds" > "/dev/stderr"; failed = 1; exit 1 }
    seen[$id]
    line[files, ++n[files]] = $0
    value[files, n[files]] = $score + 0
}
# Ranks by a merge sort of numbers 1 .. count: order[] holds them ascending.
function sort(f, from, to,    middle, a, b, k) {
    if (from >= to) return
    middle = int((from + to) / 2)
    sort(f, from, middle)
    sort(f, middle + 1, to)
    a = from; b = middle + 1
    for (k = from; k <= to; k++)
        spare[k] = b > to || (a <= middle && value[f, order[a]] <= value[f, order[b]]) ? order[a++] : order[b++]
    for (k = from; k <= to; k++) order[k] = spare[k]
}
END {
    if (failed) exit 1
    print header
    for (f = 1; f <= files; f++) {
        for (i = 1; i <= n[f]; i++) order[i] = i
        sort(f, 1, n[f])
        for (i = 1; i <= n[f]; i = to) {
            for (to = i; to <= n[f] && value[f, order[to]] == value[f, order[i]]; to++) ;
            for (k = i; k < to; k++) rank[order[k]] = ((i - 1) + (to - i) / 2) / n[f]
        }
        for (i = 1; i <= n[f]; i++) {
            $0 = line[f, i]
            $score = sprintf("%.9g", rank[i])
            print
        }
    }
}
