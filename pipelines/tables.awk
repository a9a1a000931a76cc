# tables.awk - what the tables of table1.mk and ablations.mk share.

# A p as text, of its logarithm: it may lie below what a number can hold.  NA: there is none.
function short(log_p,    e) {
    if (log_p == "NA") return "NA"
    if (log_p > -3) return sprintf("%.3f", 10 ^ log_p)
    e = int(log_p)
    if (e > log_p) e--
    if (10 ^ (log_p - e) >= 9.95) return "1.0e" e + 1
    return sprintf("%.1fe%d", 10 ^ (log_p - e), e)
}

# Patches of each label in a file of scores, into patches[label]; patients of malignant patches, and of others,
# into of["malignant"], of["other"].
function count_tested(scores,    line, part, n, i, col, kind, seen) {
    while ((getline line < scores) > 0) {
        n = split(line, part, "\t")
        if (!("label" in col)) { for (i = 1; i <= n; i++) col[part[i]] = i; continue }
        patches[part[col["label"]]]++
        kind = part[col["label"]] == "malignant" ? "malignant" : "other"
        if (!((kind, part[col["patient"]]) in seen)) { seen[kind, part[col["patient"]]] = 1; of[kind]++ }
    }
    close(scores)
}

# "500 malignant, 500 normal patches of 41 patients ...".
function tested_on(patients,    text) {
    text = patches["malignant"] " malignant"
    if (patches["normal"]) text = text ", " patches["normal"] " normal"
    if (patches["benign"]) text = text ", " patches["benign"] " benign"
    return text " patches of " patients " patients"
}

function warn_of_few_patients() {
    if (of["malignant"] < 30 || of["other"] < 30)
        print "With less than some 30 patients of a kind, intervals and p by patient are too narrow: do not lean on them."
}
