# table1.awk - the table of table1.mk from its numbers:
#
#   awk -v data= -v scale= -v cancers= -v samples= -v t1=FOLDER -v seeds=N \
#       -f table1.awk areas.tsv plain.tsv areas-s1.tsv areas-s2.tsv ...
#
# All of the files are delong's; the logs of mix-ratio are read from FOLDER.
BEGIN {
    FS = "\t"
    split("0.829 0.837 0.839 0.846 0.828 0.797", auc, " ")
    split("- 0.10 0.055 1e-4 0.72 1e-8", p, " ")
    regimes = split("0 10 25 50 75 100", regime, " ")
    for (i = 1; i <= regimes; i++) { paper_auc[regime[i]] = auc[i]; paper_p[regime[i]] = p[i] }
}

FNR == 1 {
    file++ # 1: by patient, 2: plain, 3 ...: one seed each, by patient
    split("", col)
    for (i = 1; i <= NF; i++) col[$i] = i
    next
}

{ r = $col["curve"] }
$col["what"] == "area" {
    area[file, r] = $col["estimate"]
    low[file, r] = $col["lower"]; high[file, r] = $col["upper"]
    cases = $col["positives"] " malignant and " $col["negatives"] " normal patches"
    if (file == 1) patients = $col["units"]
}
$col["what"] == "difference" {
    gain[file, r] = $col["estimate"]
    gain_low[file, r] = $col["lower"]; gain_high[file, r] = $col["upper"]
    p_of[file, r] = $col["p"]; holm[file, r] = $col["holm_p"]
}

function short(p) { return p < 0.001 ? sprintf("%.1e", p) : sprintf("%.3f", p) }

# Share of synthetic patches among all that a regime drew, in percent, mean over its seeds.
function drawn(r,    n, name, line, last, all, kind, sum, part, v, i, k) {
    sum = 0
    for (n = 1; n <= seeds; n++) {
        name = t1 "/mix-r" r "-s" n ".jsonl"
        last = ""
        while ((getline line < name) > 0)
            if (line ~ /^\{"draws"/) last = line
        close(name)
        all = part = 0
        gsub(/[{}"]/, "", last)
        k = split(last, v, /, /)
        for (i = 1; i <= k; i++) {
            split(v[i], kind, /: /)
            if (kind[1] == "draws") all = kind[2]
            if (kind[1] ~ /_synthetic$/) part += kind[2]
        }
        if (all == 0) { print "table1.awk: " name ": no draws" > "/dev/stderr"; failed = 1; exit 1 }
        sum += 100 * part / all
    }
    return sum / seeds
}

END {
    if (failed) exit 1
    printf "Training with synthetic patches: %s, SCALE=%s, %s.\n", data, scale, cancers
    printf "%d samples a training, %d seeds; tested on %s of %d patients.\n\n", samples, seeds, cases, patients
    printf "%-10s %9s  %-21s %-25s %7s %7s %8s  %-15s %-14s\n", "synthetic", "really", "AUC, scores averaged",
        "gain over the baseline", "", "Holm's", "p, plain", "AUC of each", "paper's"
    printf "%-10s %9s  %-21s %-25s %7s %7s %8s  %-15s %-14s\n", "at first", "drawn", "over seeds [95 %]",
        "[95 %]", "p", "p", "DeLong", "seed: mean, sd", "AUC, p"
    for (i = 1; i <= regimes; i++) {
        r = regime[i]
        mean = var = 0
        for (f = 3; f <= file; f++) mean += area[f, r] / seeds
        for (f = 3; f <= file; f++) var += (area[f, r] - mean) ^ 2
        sd = seeds > 1 ? sprintf("%.4f", sqrt(var / (seeds - 1))) : "-"
        printf "%-10s %7.1f %%  %-21s ", (i == 1 ? "none" : r " %"), drawn(r),
            sprintf("%.3f [%.3f, %.3f]", area[1, r], low[1, r], high[1, r])
        if (i == 1)
            printf "%-25s %7s %7s %8s", "-", "-", "-", "-"
        else
            printf "%-25s %7s %7s %8s", sprintf("%+.4f [%+.4f, %+.4f]", gain[1, r], gain_low[1, r], gain_high[1, r]),
                short(p_of[1, r]), short(holm[1, r]), short(p_of[2, r])
        printf "  %-15s %-14s\n", sprintf("%.3f, %s", mean, sd), paper_auc[r] ", " paper_p[r]
    }
    print "\np of each seed alone, by patient:"
    for (i = 2; i <= regimes; i++) {
        printf "  %5s", regime[i] " %"
        for (f = 3; f <= file; f++) printf "  %s", short(p_of[f, regime[i]])
        print ""
    }
    for (i = 2; i <= regimes; i++)
        if (holm[1, regime[i]] < 0.05) verdict = verdict (verdict ? ", " : "") regime[i] " %"
    print ""
    print verdict ? "Different from the baseline at 5 %, by patient and after Holm: " verdict "." \
        : "No share is significantly different from the baseline (5 %, by patient, after Holm)."
    print "Intervals and p by DeLong's method with patients as clusters (delong(1)), scores averaged over"
    print "seeds; plain DeLong, as in the paper, takes patches of one patient for independent."
    print "Not for clinical use."
}
