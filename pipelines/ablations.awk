# ablations.awk - the table of ablations.mk from delong's numbers:
#
#   awk -v data= -v scale= -v net= -v cancers= -v samples= -v share=PERCENT -v seeds=N -v patients=patients.tsv \
#       -f tables.awk -f ablations.awk gain.tsv change.tsv
#
# gain.tsv compares with the baseline, change.tsv with the unchanged regime.
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
    spread[name] = $col["se_trainings"] * sqrt($col["trainings"])
}
$col["what"] == "difference" {
    tests++
    at[file, name] = tests
    gain[tests] = sprintf("%+.4f [%+.4f, %+.4f]", $col["estimate"], $col["lower"], $col["upper"])
    if ($col["detectable"] > most) most = $col["detectable"]
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
    printf "%s, %d samples a training, %d seeds; tested on %s.\n\n", net, samples, seeds, tested_on(patients)
    printf "%-20s %-21s %-7s  %-27s %7s %7s  %-27s %7s %7s\n", "", "AUC, mean of", "sd over", "gain over the baseline", "", "Holm's", \
        "change of the unchanged", "", "Holm's"
    printf "%-20s %-21s %-7s  %-27s %7s %7s  %-27s %7s %7s\n", "", "trainings [95 %]", "seeds", "(none synthetic) [95 %]", "p", "p", \
        "regime's AUC [95 %]", "p", "p"
    for (i = 1; i <= rows; i++) {
        name = order[i]
        printf "%-20s %-21s %-7s%s%s\n", name, area[name], sprintf("%.4f", spread[name]), difference(1, name), difference(2, name)
    }
    printf "\nIntervals and p hold patients and trainings (delong(1), --trainings); Holm's p is over the %d comparisons of this\n", tests
    printf "table.  Differences below %.3f might have been missed (80 %% power, before Holm).  Not for clinical use.\n", most
}
