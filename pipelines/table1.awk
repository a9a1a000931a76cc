# table1.awk - the table of table1.mk from its numbers:
#
#   awk -v data= -v tested= -v scale= -v positives= -v negatives= -v samples= -v seeds=N -v list="0 10 ..." \
#       -v warm= -v warm_on= -v views=views.tsv -v t1=FOLDER -v out=FOLDER \
#       -f tables.awk -f table1.awk areas.tsv plain.tsv areas-shortcut.tsv plain-shortcut.tsv areas-s1.tsv areas-s2.tsv ...
#
# All of the files are delong's; the logs of mix-ratio are read from t1.
BEGIN {
    FS = "\t"
    split("0 10 25 50 75 100", share, " ")
    split("0.829 0.837 0.839 0.846 0.828 0.797", auc, " ")
    split("- 0.10 0.055 1e-4 0.72 1e-8", p, " ")
    for (i = 1; i in share; i++) { paper_auc[share[i]] = auc[i]; paper_p[share[i]] = p[i] }
    regimes = split(list, regime, " ")
    PATIENT = 1; PLAIN = 2; SHORT_PATIENT = 3; SHORT_PLAIN = 4; FIRST_SEED = 5 # files
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
    if (file == PATIENT) patients = $col["units"]
}
$col["what"] == "difference" {
    gain[file, r] = $col["estimate"]
    gain_low[file, r] = $col["lower"]; gain_high[file, r] = $col["upper"]
    log_p[file, r] = $col["log10_p"]; log_holm[file, r] = $col["log10_holm_p"]
}

function level(r) { return r == 0 ? "none" : r " %" }
function interval(f, r) { return sprintf("[%.3f, %.3f]", low[f, r], high[f, r]) }
function joined(words) { sub(/^ +/, "", words); gsub(/ /, ", ", words); sub(/(, )+$/, "", words); return words }

# Synthetic patches that a regime really drew, mean over its seeds.
function drawn(r,    n, name, line, last, all, kind, sum, v, i, k) {
    sum = 0
    for (n = 1; n <= seeds; n++) {
        name = t1 "/mix-r" r "-s" n ".jsonl"
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
    return sum / seeds
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

function areas(    i, f, r, mean, var) {
    printf "%-10s %-16s  %-36s %-15s %s\n", "synthetic", "synthetic", "AUC, scores averaged over seeds,", "AUC of each", "paper's"
    printf "%-10s %-16s  %-36s %-15s %s\n", "at first", "really drawn", "95 % by patient; 95 % plain", "seed: mean, sd", "AUC"
    for (i = 1; i <= regimes; i++) {
        r = regime[i]
        mean = var = 0
        for (f = FIRST_SEED; f <= file; f++) mean += area[f, r] / seeds
        for (f = FIRST_SEED; f <= file; f++) var += (area[f, r] - mean) ^ 2
        printf "%-10s %7.1f %6.2f %%  %-36s %-15s %s\n", level(r), drawn(r), 100 * drawn(r) / samples,
            sprintf("%.3f %s %s", area[PATIENT, r], interval(PATIENT, r), interval(PLAIN, r)),
            sprintf("%.3f, %s", mean, seeds > 1 ? sprintf("%.4f", sqrt(var / (seeds - 1))) : "-"), paper_auc[r]
    }
    printf "%-10s %-16s  %s\n", "shortcut", "", sprintf("%.3f %s %s", area[SHORT_PATIENT, "shortcut"],
        interval(SHORT_PATIENT, "shortcut"), interval(SHORT_PLAIN, "shortcut"))
    print "\nshortcut: logistic regression on tissue share and mean grey alone, trained on the same real patches."
}

function comparisons(    i, f, r, each, verdict) {
    print "\nFixed beforehand: " regimes - 1 " comparisons to the baseline, of scores averaged over seeds, by patient."
    printf "%-10s %-25s %7s %7s %8s %8s  %s\n", "synthetic", "gain over the baseline", "", "Holm's", "p, plain", "paper's", "p of each"
    printf "%-10s %-25s %7s %7s %8s %8s  %s\n", "at first", "[95 %]", "p", "p", "DeLong", "p", "seed, by patient"
    for (i = 2; i <= regimes; i++) {
        r = regime[i]
        each = ""
        for (f = FIRST_SEED; f <= file; f++) each = each " " short(log_p[f, r])
        printf "%-10s %-25s %7s %7s %8s %8s %s\n", level(r),
            sprintf("%+.4f [%+.4f, %+.4f]", gain[PATIENT, r], gain_low[PATIENT, r], gain_high[PATIENT, r]),
            short(log_p[PATIENT, r]), short(log_holm[PATIENT, r]), short(log_p[PLAIN, r]), paper_p[r], each
        if (log_holm[PATIENT, r] != "NA" && log_holm[PATIENT, r] + 0 < log(0.05) / log(10)) verdict = verdict (verdict ? ", " : "") level(r)
    }
    print ""
    print verdict ? "Different from the baseline at 5 %, by patient and after Holm: " verdict "." \
        : "No share is significantly different from the baseline (5 %, by patient, after Holm)."
}

END {
    if (failed) exit 1
    if (tested != data)
        printf "Trained on %s, tested on %s; SCALE=%s.\n", data, tested, scale
    else if (regimes > 1)
        printf "Training with synthetic patches: %s, SCALE=%s.\n", data, scale
    else
        printf "The classifier alone, real patches: %s, SCALE=%s.\n", data, scale
    printf "Trained to tell malignant (%s) from %s; %d samples a training, %d seeds.\n", joined(positives), joined(negatives),
        samples, seeds
    printf "All begin with the same weights, trained on real patches of %s (%s).\n", warm_on, warm
    count_tested(out "/r" regime[1] "-s1.tsv")
    printf "Tested on %s of %s: malignant ones of %d, others of %d.\n", tested_on(patients), tested, of["malignant"], of["other"]
    warn_of_few_patients()
    if (view_line("malignant") ~ /%/)
        printf "CC among malignant patches: %s;\nCC among the others: %s.\n\n", view_line("malignant"), view_line("other")
    else
        print "Views of the patches: not known.\n"
    areas()
    if (regimes > 1) comparisons()
    print "\nIntervals and p by DeLong's method (delong(1)): by patient, patches of one patient are taken to depend on"
    print "each other; plain, as in the paper, they are taken to be independent."
    print "\nWhere the numbers come from, in " out ":"
    print "  areas.tsv            AUC and intervals by patient" (regimes > 1 ? ", gains, p, Holm's p" : "")
    print "  plain.tsv            intervals" (regimes > 1 ? " and p" : "") ", plain"
    printf "  areas-sN.tsv         AUC%s of seed N = 1 to %d, by patient\n", (regimes > 1 ? " and p" : ""), seeds
    print "  *-shortcut.tsv       AUC and intervals of shortcut.tsv; what it learnt: shortcut.jsonl"
    print "  views.tsv            views of the patches (of the first 5000 draws of seed 1 in training)"
    print "  rR-sN.tsv            the scores, R % synthetic at first, seed N"
    print "in " t1 ":"
    print "  mix-rR-sN.jsonl      synthetic patches really drawn: the last line; mean over seeds here"
    print "  rR-sN.ckpt, .jsonl   the weights with the highest validation AUC; the log of their training"
    print "  time.txt             what the trainings took"
    print "Not for clinical use."
}
