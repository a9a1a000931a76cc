# worth-table.awk - the table of worth.mk: awk -v scale= -v samples= -v seeds= -v patients= -f tables.awk -f worth-table.awk worth.tsv
BEGIN {
    FS = "\t"
    printf "What synthetic lesions are worth: phantoms, SCALE=%s, the small network, %d samples a training, %d seeds.\n", scale, samples, seeds
    print "Tested on fresh phantoms, " tested_on(patients) "."
    print "50 % of the positives synthetic at first; decay: as the paper has it (mul), or none.  [95 %] hold patients and trainings."
    print "Oracle: real lesions of other phantoms, the most that any generator could give.  Would have found: the gain that"
    print "would have been called significant with 80 % power."
}
NR == 1 { for (i = 1; i <= NF; i++) col[$i] = i; next }
{
    group = $col["kind"] SUBSEP $col["decay"]
    if (!(group in rows)) order[++groups] = group
    row[group, ++rows[group]] = $0
}
function fraction() {
    if ($col["arm"] == "oracle") return "1"
    if ($col["fraction_lower"] == "-inf") return "not known"
    return sprintf("%.2f [%.2f, %.2f]", $col["fraction"], $col["fraction_lower"], $col["fraction_upper"])
}
END {
    for (g = 1; g <= groups; g++) {
        split(order[g], part, SUBSEP)
        printf "\n%s, %s\n", part[1] == "all" ? "all malignant patches" : part[1] == "mass" ? "masses" : part[1] "s",
            part[2] == "none" ? "no decay" : "the paper's decay"
        printf "%-9s %-11s %-22s %-7s %-27s %-9s %-10s %s\n", "cancers", "arm", "AUC [95 %]", "sd over", "gain over real alone", "p", "would", "fraction of the"
        printf "%-9s %-11s %-22s %-7s %-27s %-9s %-10s %s\n", "each kind", "", "", "seeds", "[95 %]", "", "have found", "oracle's gain [95 %]"
        for (i = 1; i <= rows[order[g]]; i++) {
            $0 = row[order[g], i]
            printf "%-9s %-11s %-22s %-7s", $col["cancers"], $col["arm"],
                sprintf("%.3f [%.3f, %.3f]", $col["area"], $col["area_lower"], $col["area_upper"]), sprintf("%.4f", $col["training_sd"])
            if ($col["arm"] != "real")
                printf " %-27s %-9s %-10s %s", sprintf("%+.4f [%+.4f, %+.4f]", $col["gain"], $col["gain_lower"], $col["gain_upper"]),
                    ($col["p"] == "NA" ? "NA" : sprintf("%.3g", $col["p"])), sprintf("%.4f", $col["detectable"]), fraction()
            print ""
        }
    }
    print "\nA fraction is not known where the oracle's own gain is not known to differ from 0.  p is of each comparison by itself."
    print "Not for clinical use."
}
