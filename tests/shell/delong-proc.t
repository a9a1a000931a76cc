# delong against pROC, live: random score files, with and without ties, paired and unpaired.
. tests/tap.sh
Rscript -e 'library(pROC)' > /dev/null 2>&1 || skip_all "no R with pROC"
seed=${SEED:-1}
echo "# seed $seed"
Rscript tests/ref/delong_live.R "$T" "$seed" 20 57 300 4000 > "$T/r.out" 2>&1
ok $? "pROC has its answers"
cd "$T"

# got CASE: what delong says, in the words of `want`.
got() {
    delong "$1.a.tsv" "$1.b.tsv" | awk -F'\t' -v OFS='\t' -v c="$1" '
        $1 == "area" { k = ++n == 1 ? "a" : "b"; print c, "area_" k, $4; printf "%s\tvar_%s\t%.17g\n", c, k, $5 ^ 2 }
        $1 == "area" && k == "a" { print c, "lower", $6; print c, "upper", $7 }
        $1 == "difference" { print c, "z", $8; print c, "p", $10; print c, "log10_p", $11 }'
    delong --unpaired "$1.a.tsv" "$1.c.tsv" | awk -F'\t' -v OFS='\t' -v c="$1" '
        $1 == "difference" { print c, "t", $8; print c, "df", $9; print c, "u", $10; print c, "log10_u", $11 }'
}
for c in $(cut -f 1 want | uniq); do
    got "$c"
done | sort > got
sort -o want want
is "$(wc -l < got)" "$(wc -l < want)" "$(wc -l < want) numbers to compare"
# Where pROC's p is 0, its logarithm alone is compared.
for what in area_a area_b var_a var_b lower upper z p log10_p t df u log10_u; do
    paste want got | awk -F'\t' -v what=$what '
        $1 != $4 || $2 != $5 { bad = 1 }
        $2 == what && $3 != 0 {
            e = ($6 - $3) / $3; if (e < 0) e = -e
            n++; if (!(e <= worst)) { worst = e; where = $1 }
        }
        END { printf "%d values, largest relative error %.1g (%s)\n", n, worst, where; exit bad || !n || !(worst < 1e-10) }' > line
    ok $? "$what: $(cat line)"
done
is "$(awk '$1 == "apart" && $2 == "p" { print $3 }' want)" 0 "far apart: p is 0 to pROC"
ok "$(awk '$1 == "apart" && $2 == "log10_p" { exit !($3 < -330) }' got; echo $?)" \
    "and 10^$(awk '$1 == "apart" && $2 == "log10_p" { print $3 }' got) to delong"
done_testing 17
