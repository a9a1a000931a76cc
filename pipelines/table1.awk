# table1.awk - the table of table1.mk from its numbers:
#
#   awk -v data= -v tested= -v scale= -v net= -v positives= -v negatives= -v samples= -v seeds=N -v list="0 10 ..." \
#       -v start=SET -v folds=N -v views=views.tsv -v patients=patients.tsv -v trained=trained.tsv -v mixes="FOLDER ..." -v out=FOLDER \
#       -f tables.awk -f table1.awk areas.tsv plain.tsv areas-shortcut.tsv plain-shortcut.tsv
#
# All of the files are delong's; the logs of mix-ratio are read from the folders `mixes`.
BEGIN {
    FS = "\t"
    split("0 10 25 50 75 100", share, " ")
    split("0.829 0.837 0.839 0.846 0.828 0.797", auc, " ")
    split("- 0.10 0.055 1e-4 0.72 1e-8", p, " ")
    for (i = 1; i in share; i++) { paper_auc[share[i]] = auc[i]; paper_p[share[i]] = p[i] }
    shares = split(list, share, " ")
    BOTH = 1; PLAIN = 2; SHORT_PATIENT = 3; SHORT_PLAIN = 4 # files
}

FNR == 1 {
    file++
    split("", col)
    for (i = 1; i <= NF; i++) col[$i] = i
    next
}

{ r = $col["curve"] }
$col["what"] == "area" {
    area[file, r] = $col["estimate"]
    low[file, r] = $col["lower"]; high[file, r] = $col["upper"]
    if (file == BOTH) spread[r] = $col["se_trainings"] * sqrt($col["trainings"])
}
$col["what"] == "difference" {
    gain[file, r] = $col["estimate"]
    gain_low[file, r] = $col["lower"]; gain_high[file, r] = $col["upper"]
    log_p[file, r] = $col["log10_p"]; log_holm[file, r] = $col["log10_holm_p"]
    if (file == BOTH) detectable[r] = $col["detectable"]
}

function level(r) { return r == 0 ? "none" : r " %" }
function interval(f, r) { return sprintf("[%.3f, %.3f]", low[f, r], high[f, r]) }
function joined(words) { sub(/^ +/, "", words); gsub(/ +/, ", ", words); sub(/(, )+$/, "", words); return words }

# Synthetic patches that a regime really drew, mean over its trainings.
function drawn(r,    n, d, m, folder, name, line, last, all, kind, sum, v, i, k) {
    sum = 0
    m = split(mixes, folder, " ")
    for (d = 1; d <= m; d++)
        for (n = 1; n <= seeds; n++) {
            name = folder[d] "/mix-r" r "-s" n ".jsonl"
            last = ""
            while ((getline line < name) > 0)
                if (line ~ /^\{"draws"/) last = line
            close(name)
            all = 0
            gsub(/[{}"]/, "", last)
            k = split(last, v, /, /)
            for (i = 1; i <= k; i++) {
                split(v[i], kind, /: /)
                if (kind[1] == "draws") all = kind[2]
                if (kind[1] ~ /_synthetic$/) sum += kind[2]
            }
            if (all != samples) {
                print "table1.awk: " name ": " all " draws, not " samples > "/dev/stderr"
                failed = 1
                exit 1
            }
        }
    return sum / seeds / m
}

# "validation 263:303, ..." for one class: CC to MLO.
function view_line(class,    line, part, seen, n, k, i, s) {
    while ((getline line < views) > 0)
        if (split(line, part, "\t") == 4 && part[2] == class) {
            if (!(part[1] in n)) seen[++k] = part[1]
            n[part[1]] += part[4]
            if (part[3] == "CC") n[part[1], "CC"] = part[4]
            if (part[3] == "-") n[part[1], "unknown"] = 1
        }
    close(views)
    for (i = 1; i <= k; i++)
        s = s (i > 1 ? ", " : "") seen[i] " " \
            (n[seen[i], "unknown"] ? "not known" : sprintf("%.0f %%", 100 * n[seen[i], "CC"] / n[seen[i]]))
    return s
}

function areas(    i, r) {
    printf "%-10s %-16s  %-28s %-13s %s\n", "synthetic", "synthetic", "AUC, mean of trainings", "its sd", "paper's"
    printf "%-10s %-16s  %-28s %-13s %s\n", "at first", "really drawn", "[95 %]", "over seeds", "AUC"
    for (i = 1; i <= shares; i++) {
        r = share[i]
        printf "%-10s %7.1f %6.2f %%  %-28s %-13s %s\n", level(r), drawn(r), 100 * drawn(r) / samples,
            sprintf("%.3f %s", area[BOTH, r], interval(BOTH, r)), sprintf("%.4f", spread[r]), paper_auc[r]
    }
    printf "%-10s %-16s  %s\n", "shortcut", "", sprintf("%.3f %s", area[SHORT_PATIENT, "shortcut"],
        interval(SHORT_PATIENT, "shortcut"))
    print "\nshortcut: logistic regression on tissue share and mean grey alone, trained on the same real patches; by patient."
}

function comparisons(    i, r, verdict, least, most) {
    print "\nFixed beforehand: " shares - 1 " comparisons to the baseline."
    printf "%-10s %-26s %7s %7s  %-13s %8s %8s\n", "synthetic", "gain over the baseline", "", "Holm's", "would have", "p, plain", "paper's"
    printf "%-10s %-26s %7s %7s  %-13s %8s %8s\n", "at first", "[95 %]", "p", "p", "found", "DeLong", "p"
    for (i = 2; i <= shares; i++) {
        r = share[i]
        printf "%-10s %-26s %7s %7s  %-13s %8s %8s\n", level(r),
            sprintf("%+.4f [%+.4f, %+.4f]", gain[BOTH, r], gain_low[BOTH, r], gain_high[BOTH, r]),
            short(log_p[BOTH, r]), short(log_holm[BOTH, r]), sprintf("%.4f", detectable[r]), short(log_p[PLAIN, r]), paper_p[r]
        if (log_holm[BOTH, r] != "NA" && log_holm[BOTH, r] + 0 < log(0.05) / log(10)) verdict = verdict (verdict ? ", " : "") level(r)
        if (least == "" || detectable[r] < least) least = detectable[r]
        if (detectable[r] > most) most = detectable[r]
    }
    print ""
    print verdict ? "Different from the baseline at 5 %, after Holm: " verdict "." \
        : "No share is significantly different from the baseline (5 %, after Holm)."
    printf "A gain of %.3f to %.3f would have been called significant, before Holm, with 80 %% power: smaller ones this design\n", least, most
    print "would mostly have missed.  The paper's largest is 0.017."
}

END {
    if (failed) exit 1
    if (tested != data)
        printf "Trained on %s, tested on %s; SCALE=%s.\n", data, tested, scale
    else if (shares > 1)
        printf "Training with synthetic patches: %s, SCALE=%s.\n", data, scale
    else
        printf "The classifier alone, real patches: %s, SCALE=%s.\n", data, scale
    printf "Trained to tell malignant (%s) from %s; %s, %d samples a training, %d seeds.\n", joined(positives), joined(negatives),
        net, samples, seeds
    print start ? "Each seed begins with weights of its own, trained on real patches of " start "." : "Each seed begins with random weights of its own."
    if (folds) printf "%d folds: every patient is tested once, by trainings on others; scores are ranked within folds.\n", folds
    print "Real patches to draw from" (folds ? " in the first fold" : "") ": " trained_on(trained) "."
    print "Tested on " tested_on(patients) "."
    if (view_line("malignant") ~ /%/)
        printf "CC among malignant patches: %s;\nCC among the others: %s.\n\n", view_line("malignant"), view_line("other")
    else
        print "Views of the patches: not known.\n"
    areas()
    if (shares > 1) comparisons()
    print "\nIntervals and p hold patients and trainings: both would be others if it were done again (delong(1), --trainings).  Plain"
    print "DeLong, the paper's test, is of scores averaged over seeds, and takes all patches to be independent."
    print "\nWhere the numbers come from, in " out ":"
    print "  areas.tsv            AUC and intervals" (shares > 1 ? ", gains, p, Holm's p, the gain that would have been found" : "")
    print "  plain.tsv            plain DeLong"
    print "  *-shortcut.tsv       AUC and intervals of shortcut.tsv"
    print "  patients.tsv         patches, patients, effective patients (n^2 / sum n_i^2) that were tested on"
    print "  views.tsv            views of the patches (of the first 5000 draws of seed 1 in training)"
    print "  rR-sN.tsv            the scores, R % synthetic at first, seed N"
    print "in " mixes ":"
    print "  mix-rR-sN.jsonl      synthetic patches really drawn: the last line; mean over trainings here"
    print "  rR-sN.ckpt, .jsonl   the weights; the log of their training"
    print "  time.txt             what the trainings took"
    print "Not for clinical use."
}
