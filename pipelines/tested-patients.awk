# tested-patients.awk - for the tables of table1.mk and ablations.mk: how many patients they rest on.

# Patients of malignant patches, and of others, in a file of scores: into of["malignant"], of["other"].
function count_patients(scores,    line, part, n, i, col, kind, seen) {
    while ((getline line < scores) > 0) {
        n = split(line, part, "\t")
        if (!("label" in col)) { for (i = 1; i <= n; i++) col[part[i]] = i; continue }
        kind = part[col["label"]] == "malignant" ? "malignant" : "other"
        if (!((kind, part[col["patient"]]) in seen)) { seen[kind, part[col["patient"]]] = 1; of[kind]++ }
    }
    close(scores)
}

function warn_of_few_patients() {
    if (of["malignant"] < 30 || of["other"] < 30)
        print "With less than some 30 patients of a kind, intervals and p by patient are too narrow: do not lean on them."
}
