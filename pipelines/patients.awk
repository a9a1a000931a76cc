# patients.awk - whether a table has enough test patients, of `ts-info --patients`:
#
#   awk -v least=N -v data=SET -f patients.awk patients.tsv
#
# A class of few effective patients, n^2 / sum n_i^2, says little of others, however many patches it has.
BEGIN { FS = "\t" }
NR == 1 { for (i = 1; i <= NF; i++) col[$i] = i; next }
$col["lesion"] == "all" && $col["effective"] + 0 < least {
    printf "%s: %.1f effective test patients with %s patches (%d patients, the largest has %.0f %%), %s are needed: LEAST_PATIENTS=0 goes on\n",
        data, $col["effective"], $col["label"], $col["patients"], 100 * $col["largest_share"], least > "/dev/stderr"
    bad = 1
}
END { exit bad }
