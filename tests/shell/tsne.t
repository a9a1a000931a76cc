# tsne: features in, a map out; new points in an old map.
. tests/tap.sh
cd "$T"
make_features() { "$BUILD/tests/make_features" "$@"; }
few="--perplexity 8 --iterations 60"
make_features 60 8 > a.sts
# The same as a table; features as C prints floats, here with more digits than they have.
table() { # N D [FIRST]
    awk -v n="$1" -v d="$2" -v first="${3:-0}" '
        function recipe(i, a, b) { return ((i * a + b) % 1000003 * 7919 + i % 9973 * b) % 999983 / 999983 }
        BEGIN {
            OFS = "\t"; printf "id\tpatient\tlabel\tlesion\tsynthetic"
            for (c = 1; c <= d; c++) printf "\tf%d", c
            print ""
            for (i = first; i < first + n; i++) {
                printf "i%d\tP%d\t%s\t%s\t%d", i, int(i / 2), i % 3 == 0 ? "normal" : i % 3 == 1 ? "benign" : "malignant",
                    i % 3 ? "mass" : "", i % 4 == 0
                for (c = 0; c < d; c++) printf "\t%.17g", recipe(i + 1, 7561 + 12 * c, 31 + 46 * c) + 0.75 * (i % 3 == c % 3)
                print ""
            }
        }'
}
table 60 8 > a.tsv

tsne $few a.sts > out 2> err
is "$?/$(wc -l < out)/$(head -1 out | tr '\t' ' ')" "0/61/id patient label lesion synthetic x y" "a map of a stream"
is "$(sed 's/KL [0-9.]*/KL -/' err)" "tsne: 60 points, KL - (all pairs: --exact-below)" "$(cat err)"
is "$(sed -n '2p;6p' out | cut -f 1-5 | tr '\t' ' ' | xargs -d '\n')" "i0 P0 normal  1 i4 P2 benign mass 1" "what is known is carried over"
is "$(awk -F'\t' 'NR > 1 && !($6 ~ /^-?[0-9.e+-]+$/ && $7 ~ /^-?[0-9.e+-]+$/) { bad++ } END { print bad + 0 }' out)" 0 "coordinates are numbers"
tsne $few < a.sts 2> err | cmp -s - out
ok $? "standard input"
cat a.sts | tsne $few - 2> err | cmp -s - out
ok $? "a pipe, named -"
tsne $few a.tsv 2> err | cmp -s - out
ok $? "a table gives the same bytes"
cat a.tsv | tsne $few 2> err | cmp -s - out
ok $? "from a pipe too"
make_features 25 8 > a1.sts
table 35 8 25 > a2.tsv
tsne $few a1.sts a2.tsv 2> err | cmp -s - out
ok $? "several files are one set"
(cat a1.sts; make_features 35 8 25) | tsne $few 2> err | cmp -s - out
ok $? "two segments of a stream too"
for t in 1 3; do
    tsne $few --threads $t a.sts 2> err | cmp -s - out
    ok $? "--threads $t: the same bytes"
    tsne $few --exact-below 0 --threads $t a.sts > tree$t 2> err
done
cmp -s tree1 tree3
ok $? "with the tree too"

# Every option.
for change in '--perplexity 12' '--pca 3' '--iterations 80' '--early 4' '--rate 100' '--exact-below 0' '--start random' \
    '--exact-below 0 --theta 0.9' '--columns f1,f3,f8'; do
    tsne $few $change a.tsv > other 2> err
    is "$?/$(cmp -s other out; echo $?)/$(wc -l < other)" 0/1/61 "$change changes the map"
done
tsne $few --theta 0.9 a.tsv 2> err | cmp -s - out
ok $? "--theta is 0 below --exact-below"
tsne $few --seed 2 a.tsv 2> err | cmp -s - out
ok $? "the start by principal components needs no seed"
for s in 1 1 2; do
    tsne $few --start random --seed $s a.tsv > random$s 2> err
    mv random$s random.$s.$((k = ${k:-0} + 1))
done
cmp -s random.1.1 random.1.2
ok $? "--start random: the same seed, the same bytes"
cmp -s random.1.1 random.2.3
is $? 1 "another seed, another map"
tsne $few --pca 0 a.sts > raw 2> err
tsne $few --pca 8 a.sts 2> err | cmp -s - raw
ok $? "--pca keeps no more than there are features"
cut -f 1,6- a.tsv | sed 's/\tf\([0-9]*\)/\tg\1/g' > named.tsv
tsne $few --columns g1,g2,g3,g4,g5,g6,g7,g8 named.tsv 2> err | cut -f 1,6- > got
cut -f 1,6- out | cmp -s - got
ok $? "--columns"
tsne $few --iterations 120 --log log.json --progress a.sts > /dev/null 2> err
is "$?/$(wc -l < log.json)/$(sed -n 's/^{"iteration": \([0-9]*\).*/\1/p' log.json | xargs)" "0/4/50 100 120" "--log"
is "$(tail -1 log.json | sed 's/.*"kl": \([0-9.]*\).*/\1/' | xargs printf %.4f)" "$(sed -n 's/.*KL \([0-9.]*\).*/\1/p' err)" \
    "its last KL is the one that is said"
is "$(sed -n 's/.*"points": \([0-9]*\), "features": \([0-9]*\), .*/\1 \2/p' log.json)" "60 8" "its first line says what came in"
tsne --iterations 300 --perplexity 8 a.sts 2> err | awk -F'\t' '
    NR > 1 { x[NR] = $6; y[NR] = $7; l[NR] = $3 }
    END {
        for (i = 2; i <= NR; i++) {
            best = 1e9
            for (j = 2; j <= NR; j++) { d = (x[i] - x[j]) ^ 2 + (y[i] - y[j]) ^ 2; if (j != i && d < best) { best = d; k = j } }
            good += l[i] == l[k]
        }
        exit !(good >= 58)
    }'
ok $? "groups stay together"
awk -F'\t' -v OFS='\t' 'NR > 1 { for (c = 6; c <= NF; c++) $c = 0.5 } 1' a.tsv > alike.tsv
tsne $few alike.tsv > other 2> err
is "$?/$(cut -f 6,7 other | grep -c '[in]')/$(wc -l < other)" 0/0/61 "points all alike have places"
tsne $few --columns f1 a.tsv > other 2> err
is "$?/$(cut -f 6,7 other | grep -c '[in]')" 0/0 "one feature alone does"

# Into an old map.
make_features 12 8 100 > new.sts
into="--into out --into-features a.sts"
tsne $into new.sts > placed 2> err
is "$?/$(wc -l < placed)/$(cat err)" "0/13/tsne: 12 points placed among 60" "--into"
is "$(cut -f 1 placed | sed -n '2p;13p' | xargs)" "i100 i111" "the new points alone"
make_features 5 8 104 | tsne $into 2> err | tail -n +2 | cmp -s - <(sed -n '6,10p' placed)
ok $? "each where it is without the others"
tsne --threads 1 --into out --into-features a.tsv new.sts 2> err | cmp -s - placed
ok $? "--into-features may be a table; --threads changes nothing"
(sed 1q a.tsv; tail -n +2 a.tsv | sort -r; table 1 8 900 | tail -1) > more.tsv
tsne --into out --into-features more.tsv new.sts > other 2> err
is "$?/$(paste placed other | awk -F'\t' 'NR > 1 && ($6 - $13) ^ 2 + ($7 - $14) ^ 2 > 1e-6 { bad++ } END { print bad + 0 }')" 0/0 \
    "joined by id, others passed over"
tsne $into a.sts 2> err | cmp -s - out
ok $? "old points lie where they were"
make_features 0 8 | tsne $into > other 2> err
is "$?/$(wc -l < other)" 0/1 "no new points: a heading"
tsne $into --log log.json new.sts > /dev/null 2> err
is "$(cat log.json)" '{"points": 12, "old": 60}' "--log"
for change in '--perplexity 12' '--pca 3' '--theta 1'; do
    tsne $into $change new.sts > other 2> err
    is "$?/$(cmp -s other placed; echo $?)" 0/1 "--into with $change"
done

# What is refused.
bad() { # WHAT PATTERN COMMAND...
    local what=$1 pattern=$2
    shift 2
    fails 1 "$what" "$@"
    ok "$(grep -q "$pattern" fails.err; echo $?)" "... $(cut -d: -f 2- fails.err)"
}
bad "a perplexity too large" "perplexity of 30 wants more than 90 points, there are 60" tsne a.sts
make_features 3 8 > three.sts
bad "three points" "3 points" tsne --perplexity 2 three.sts
make_features 0 8 > none.sts
bad "no points" "0 points" tsne none.sts
: > empty
bad "an empty file" "is empty" tsne empty
STDIN=empty bad "empty input" "stdin: is empty" tsne
head -c 3000 a.sts > cut.sts
bad "a cut stream" "cut" tsne $few cut.sts
head -c $(($(stat -c %s a.sts) - 128)) a.sts > cut.sts
bad "a stream without its trailer" "trailer" tsne $few cut.sts
(cat a.sts; echo more) > trailing.sts
bad "trailing bytes" "trailing.sts" tsne $few trailing.sts
head -c 5 a.sts > five
bad "five bytes" "five" tsne five
head -c 3000 a.tsv > cut.tsv
bad "a cut table" "the file is cut" tsne $few cut.tsv
make_features 5 7 60 > seven.sts
bad "vectors of another length" "record 0: 7 features, those before have 8" tsne $few a.sts seven.sts
bad "the same ids twice" "id 'i0' comes twice, as points 1 and 61" tsne $few a.sts a1.sts
"$BUILD/tests/make_patches" 5 16 > patches.sts
bad "patches" "no tensor 'features'" tsne patches.sts
make_features 60 8 | "$BUILD/tests/set_meta" id= > noid.sts
bad "records without id" "id is missing" tsne $few noid.sts
for v in nan inf -inf 1e39 x '' '1 '; do
    awk -F'\t' -v OFS='\t' -v v="$v" 'NR == 5 { $8 = v } 1' a.tsv > odd.tsv
    bad "the feature '$v'" "line 5: f3" tsne $few odd.tsv
done
if /usr/bin/python3 -c 'import numpy' 2> /dev/null; then
    for code in 't["features"][2]=np.nan' 't["features"]=t["features"][None]' 't["features"]=t["features"].astype("f8")' \
        't["features"]=t["features"][:0]'; do
        /usr/bin/python3 "$TOP/tests/shell/record.py" a.sts odd.sts "$code"
        bad "$code" "record 0" tsne odd.sts
    done
else
    skip "no numpy" 8
fi
sed '1s/id/ID/' a.tsv > odd.tsv
bad "no column id" "no column 'id'" tsne odd.tsv
sed '1s/f3/f9/' a.tsv > odd.tsv
bad "a feature that is missing" "no column 'f3'" tsne odd.tsv
sed '1s/f3/f2/' a.tsv > odd.tsv
bad "a feature that comes twice" "two columns 'f2'" tsne odd.tsv
bad "columns that are not there" "no column 'f99'" tsne --columns f1,f99 a.tsv
bad "no such file" "nowhere" tsne nowhere
bad "an old map that is none" "no column 'x'" tsne --into a.tsv --into-features a.sts new.sts
sed '3s/^i1/j1/' out > odd.map
bad "a map of other points" "id 'j1' is not in a.sts" tsne --into odd.map --into-features a.sts new.sts
bad "new points of another length" "7 features, those of a.sts have 8" tsne $into seven.sts
bad "a map of too few points" "more than 21 old points, there are 19" tsne --into <(head -20 out) --into-features a.sts --perplexity 7 new.sts
cp a.sts read.sts
fails 2 "a log that is its input" tsne --log ./read.sts read.sts
cmp -s read.sts a.sts
ok $? "which is what it was"
"$BUILD/tests/set_meta" features_of=aaaa < a.sts > net1.sts
"$BUILD/tests/set_meta" features_of=bbbb < new.sts > net2.sts
bad "new points of another network" "features of network bbbb, those of net1.sts are of aaaa" \
    tsne --into out --into-features net1.sts net2.sts
bad "a log that cannot be written" "nowhere" tsne $few --log nowhere/log a.sts
tsne $few a.sts > /dev/full 2> err
is "$?/$(cat err)" "1/tsne: stdout: No space left on device" "a full disk"
tsne $few a.sts 2> /dev/null | head -c 0
ok "$([ "${PIPESTATUS[0]}" != 0 ]; echo $?)" "a closed pipe"
for bad in '--perplexity 1' '--perplexity nan' '--pca -1' '--pca 9000' '--iterations x' '--early 0.5' '--rate -1' '--theta 1.1' \
    '--exact-below 10001' '--start zero' '--seed -1' '--threads x' '--columns' '--into out' '--into-features a.sts' '--log' '--nonsense'; do
    fails 2 "$bad" tsne a.sts $bad
done
done_testing 138
