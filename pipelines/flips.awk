# flips.awk - called by flips.sh: TEST0 TEST1 MAP0 MAP1 in this order.
#
# Neighbours are the ten nearest patches of other patients on a map: a patch's own patient says nothing of what
# malignant patches have in common.
BEGIN { near = 10 }
FNR == 1 { file++; split("", at); for (i = 1; i <= NF; i++) at[$i] = i; next }
file == 1 { id[++n] = $at["id"]; number[$at["id"]] = n; patient[n] = $at["patient"]; malignant[n] = $at["label"] == "malignant" }
!($at["id"] in number) { print "flips.awk: " FILENAME ": " $at["id"] ": not in the first file" > "/dev/stderr"; failed = 1; exit 1 }
file <= 2 { score[file - 1, number[$at["id"]]] = $at["score"] }
file > 2 { x[file - 3, number[$at["id"]]] = $at["x"]; y[file - 3, number[$at["id"]]] = $at["y"] }

# Share of malignant patches among the neighbours of patch i on map m.
function malignant_near(m, i,    j, k, d, kept, best, which, sum) {
    kept = 0
    for (j = 1; j <= n; j++) {
        if (patient[j] == patient[i]) continue
        d = (x[m, j] - x[m, i]) ^ 2 + (y[m, j] - y[m, i]) ^ 2
        if (kept == near && d >= best[near]) continue
        for (k = kept < near ? ++kept : near; k > 1 && best[k - 1] > d; k--) { best[k] = best[k - 1]; which[k] = which[k - 1] }
        best[k] = d; which[k] = j
    }
    for (k = 1; k <= kept; k++) sum += malignant[which[k]]
    return kept ? sum / kept : 0
}

END {
    if (failed) exit 1
    threshold[0] = t0; threshold[1] = t1
    print "id\tpatient\tlabel\tchange\tscore0\tscore1\tx0\ty0\tx1\ty1\tmalignant_near0\tmalignant_near1" > out
    for (i = 1; i <= n; i++) {
        called0 = score[0, i] > t0; called1 = score[1, i] > t1
        change = called0 == called1 ? (called0 ? "above" : "below") : malignant[i] ? (called1 ? "found" : "lost") : called1 ? "alarmed" : "calmed"
        group = (malignant[i] ? "m " : "o ") change
        count[group]++
        if (!((group, patient[i]) in seen)) { seen[group, patient[i]] = 1; patients[group]++ }
        near0 = malignant[i] ? malignant_near(0, i) : ""; near1 = malignant[i] ? malignant_near(1, i) : ""
        sum0[group] += near0; sum1[group] += near1; others += !malignant[i]; positives += malignant[i]
        printf "%s\t%s\t%s\t%s\t%s\t%s\t%s\t%s\t%s\t%s\t%s\t%s\n", id[i], patient[i], malignant[i] ? "malignant" : "other", change,
            score[0, i], score[1, i], x[0, i], y[0, i], x[1, i], y[1, i], near0, near1 > out
    }
    printf "Malignant test patches that change sides: none synthetic against %s %% synthetic at first, seed 1.\n", share
    printf "Thresholds leave %g %% of the other validation patches below: %.4g and %.4g.\n\n", 100 * specificity, t0, t1
    printf "%-34s %7s %8s   malignant of %d neighbours\n%-34s %7s %8s   before  after\n", "", "patches", "patients", near, "", "", ""
    name["m found"] = "missed before, found after"; name["m lost"] = "found before, missed after"
    name["m above"] = "found by both"; name["m below"] = "missed by both"
    split("m found|m lost|m above|m below", order, "|")
    for (k = 1; k <= 4; k++) {
        g = order[k]
        if (count[g]) printf "%-34s %7d %8d   %5.1f %%  %5.1f %%\n", name[g], count[g], patients[g], 100 * sum0[g] / count[g], 100 * sum1[g] / count[g]
        else printf "%-34s %7d %8d       -       -\n", name[g], 0, 0
    }
    printf "\nOf %d other test patches %d are called malignant before and %d after (%d new, %d no more).\n", others, \
        count["o above"] + count["o calmed"], count["o above"] + count["o alarmed"], count["o alarmed"], count["o calmed"]
    printf "Neighbours: the %d nearest patches of other patients on each classifier's own map; of all %d test patches %.1f %%\n", near, n, 100 * positives / n
    print "are malignant.  Patches of one patient are much alike.  Not for clinical use."
}
