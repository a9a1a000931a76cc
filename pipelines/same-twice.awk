# same-twice.awk - of pairs of one arm trained twice, compared by delong --trainings: awk -v cancers=N -f same-twice.awk pair1.tsv ...
#
# If the p-values are right they are uniform: Kolmogorov's distance from that, and its p (M. A. Stephens, J. R. Statist.
# Soc. B 32:115-122, 1970).
BEGIN { FS = "\t" }
FNR == 1 { split("", col); for (i = 1; i <= NF; i++) col[$i] = i; next }
$col["what"] == "difference" {
    n++
    for (i = n - 1; i >= 1 && p[i] > $col["p"]; i--) p[i + 1] = p[i]
    p[i + 1] = $col["p"] + 0
    sum += $col["estimate"]; square += $col["estimate"] ^ 2; se += $col["se"] ^ 2
}
END {
    if (!n) { print "same-twice.awk: no pairs" > "/dev/stderr"; exit 1 }
    for (i = 1; i <= n; i++) {
        low += p[i] < 0.05
        up = i / n - p[i]; down = p[i] - (i - 1) / n
        if (up > d) d = up
        if (down > d) d = down
    }
    x = (sqrt(n) + 0.12 + 0.11 / sqrt(n)) * d
    for (k = 1; k <= 50; k++) tail += 2 * (k % 2 ? 1 : -1) * exp(-2 * k * k * x * x)
    if (x < 0.3 || tail > 1) tail = 1
    printf "One arm, real patches of %s patients with cancer of each kind, trained twice, %d times: differences %+.4f on average, sd %.4f; standard errors said %.4f.\n", cancers, n, sum / n,
        sqrt((square - sum * sum / n) / (n > 1 ? n - 1 : 1)), sqrt(se / n)
    printf "p below 0.05: %d of %d.  Distance of the p from uniform ones %.3f, p of that %.2f.\np:", low, n, d, tail
    for (i = 1; i <= n; i++) printf " %.3f", p[i]
    print ""
}
