# ablations.awk - the table of ablations.mk from delong's numbers:
#
#   awk -v data= -v scale= -v cancers= -v samples= -v share=PERCENT -v seeds=N \
#       -v scores=FILE -f tables.awk -f ablations.awk gain.tsv change.tsv seeds.tsv
#
# scores: of the test patches, any regime's.  gain.tsv compares with the baseline, change.tsv with the unchanged
# regime; in seeds.tsv every seed is a curve, NAME-sN.
BEGIN { FS = "\t" }

FNR == 1 {
    file++
    split("", col)
    for (i = 1; i <= NF; i++) col[$i] = i
    next
}

{ name = $col["curve"] }
$col["what"] == "area" && file == 1 {
    order[++rows] = name
    area[name] = sprintf("%.3f [%.3f, %.3f]", $col["estimate"], $col["lower"], $col["upper"])
    patients = $col["units"]
}
$col["what"] == "area" && file == 3 { seed[name] = $col["estimate"] }
$col["what"] == "difference" && file < 3 {
    tests++
    at[file, name] = tests
    gain[tests] = sprintf("%+.4f [%+.4f, %+.4f]", $col["estimate"], $col["lower"], $col["upper"])
    log_p[tests] = $col["log10_p"]
}

# Holm's method over all tests of the table.
function adjust(    rank, i, best, l, worst, done) {
    worst = -1e9
    for (rank = 0; rank < tests; rank++) {
        best = 0
        for (i = 1; i <= tests; i++)
            if (!(i in done) && (!best || log_p[i] < log_p[best])) best = i
        done[best] = 1
        l = log_p[best] + log(tests - rank) / log(10)
        if (l > worst) worst = l
        holm[best] = worst < 0 ? worst : 0
    }
}

function difference(file, name,    t) {
    if (!((file, name) in at)) return sprintf("  %-27s %7s %7s", "-", "-", "-")
    t = at[file, name]
    return sprintf("  %-27s %7s %7s", gain[t], short(log_p[t]), short(holm[t]))
}

END {
    adjust()
    printf "Ablations: %s, SCALE=%s, %s, %d %% synthetic patches at first.\n", data, scale, cancers, share
    count_tested(scores)
    printf "%d samples a training, %d seeds; tested on %s: malignant ones of %d, others of %d.\n", samples, seeds,
        tested_on(patients), of["malignant"], of["other"]
    warn_of_few_patients()
    print ""
    printf "%-20s %-21s  %-27s %7s %7s  %-27s %7s %7s  %s\n", "", "AUC, scores averaged", "gain over the baseline", "", \
        "Holm's", "change of the unchanged", "", "Holm's", "AUC of each"
    printf "%-20s %-21s  %-27s %7s %7s  %-27s %7s %7s  %s\n", "", "over seeds [95 %]", "(none synthetic) [95 %]", "p", "p", \
        "regime's AUC [95 %]", "p", "p", "seed: mean, sd"
    for (i = 1; i <= rows; i++) {
        name = order[i]
        mean = var = 0
        for (n = 1; n <= seeds; n++) mean += seed[name "-s" n] / seeds
        for (n = 1; n <= seeds; n++) var += (seed[name "-s" n] - mean) ^ 2
        sd = seeds > 1 ? sprintf("%.4f", sqrt(var / (seeds - 1))) : "-"
        printf "%-20s %-21s%s%s  %.3f, %s\n", name, area[name], difference(1, name), difference(2, name), mean, sd
    }
    printf "\nIntervals and p by DeLong's method with patients as clusters (delong(1)); Holm's p is over the\n"
    printf "%d comparisons of this table.  Not for clinical use.\n", tests
}
