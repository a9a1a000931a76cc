# tables.awk - what the tables of table1.mk, ablations.mk and worth.mk share.

# A p as text, of its logarithm: it may lie below what a number can hold.  NA: there is none.
function short(log_p,    e) {
    if (log_p == "NA") return "NA"
    if (log_p > -3) return sprintf("%.3f", 10 ^ log_p)
    e = int(log_p)
    if (e > log_p) e--
    if (10 ^ (log_p - e) >= 9.95) return "1.0e" e + 1
    return sprintf("%.1fe%d", 10 ^ (log_p - e), e)
}

# Of a file of `ts-info --patients`: "malignant: 500 patches of 14 patients (5.2 effective); other: ...".
function tested_on(file) { return of_patients(file, 1) }
# The same by kind: "malignant mass: ...; benign mass: ...; normal: ...".
function trained_on(file) { return of_patients(file, 0) }
function of_patients(file, all,    line, part, n, i, col, text) {
    while ((getline line < file) > 0) {
        n = split(line, part, "\t")
        if (!("label" in col)) { for (i = 1; i <= n; i++) col[part[i]] = i; continue }
        if ((part[col["lesion"]] == "all") != all) continue
        text = text (text ? "; " : "") part[col["label"]] (all || part[col["lesion"]] == "" ? "" : " " part[col["lesion"]]) \
            sprintf(": %d patches of %d patients (%.1f effective)", part[col["patches"]], part[col["patients"]], part[col["effective"]])
    }
    close(file)
    return text
}
