# tsne against scikit-learn, live: both go down from the same start, and end on maps as good.
#
# At this rate the descent is smooth.  At the default one, 50 for so few points, it is chaotic in the early steps, and
# where it ends is chance: the divergences of single maps, either program's, then differ by some per cent.
. tests/tap.sh
export OMP_NUM_THREADS=1
python=/usr/bin/python3
"$python" -c 'import sklearn' > /dev/null 2>&1 || skip_all "no python3 with scikit-learn"
cd "$T"
awk -v n=250 -v d=20 '
    function recipe(i, a, b) { return ((i * a + b) % 1000003 * 7919 + i % 9973 * b) % 999983 / 999983 }
    BEGIN {
        printf "id"
        for (c = 1; c <= d; c++) printf "\tf%d", c
        for (i = 1; i <= n; i++) {
            printf "\ni%d", i
            for (c = 0; c < d; c++) printf "\t%.9g", recipe(i, 7561 + 12 * c, 31 + 46 * c) + 0.5 * (i % 3 == c % 3)
        }
        print ""
    }' > features.tsv

for method in exact barnes_hut; do
    [ $method = exact ] && below=1000 || below=0
    options="--pca 0 --rate 5 --exact-below $below"
    tsne $options --iterations 0 features.tsv > start.tsv 2> err
    tsne $options --iterations 600 features.tsv > map.tsv 2> err
    "$python" "$TOP/tests/ref/tsne_live.py" features.tsv start.tsv map.tsv 600 5 $method > out 2> python.err
    is "$?/$(wc -l < out)" 0/3 "$method: scikit-learn has its map"
    said=$(sed -n 's/.*KL \([0-9.]*\).*/\1/p' err)
    awk -v said="$said" '$1 == "divergence" { exit !($2 / said < 1.01 && $2 / said > 0.99) }' out
    ok $? "$method: the divergence that is said, $said, is the map's"
    awk '$1 == "divergence" { n++; bad += !($2 < 1.01 * $3) } END { exit !(n == 1 && bad == 0) }' out
    ok $? "$method: no more than 1 % above scikit-learn's: $(sed -n 's/divergence //p' out)"
    awk '$1 == "trustworthiness" { n++; bad += !($2 > $3 - 0.01) } END { exit !(n == 2 && bad == 0) }' out
    ok $? "$method: as trustworthy: $(sed -n 's/trustworthiness //p' out | xargs)"
done
done_testing 8
