# The scripts of pipelines/figures.mk: which patches change sides, against a count by hand; pictures; the report page.
. tests/tap.sh
cd "$T"
flips=$TOP/pipelines/flips.sh

# Validation: ten others with scores 0.1 .. 1.0 (0.8 of them at or below 0.8), and 0.05 higher with synthetic patches.
val() { awk -v add="$1" 'BEGIN { OFS = "\t"; print "id", "patient", "label", "lesion", "synthetic", "score"
    for (i = 1; i <= 10; i++) print "v" i, "V" i, i % 2 ? "normal" : "benign", "", 0, i / 10 + add
    for (i = 1; i <= 3; i++) print "w" i, "W" i, "malignant", "mass", 0, 0.001 }'; }
val 0 > val0.tsv
val 0.05 > val1.tsv
# Test patches: id, patient, label, score before and after, place before and after.
cat > cases <<'END'
a P1 malignant 0.79 0.86 0 0 0 0
b P2 malignant 0.81 0.85 1 0 1 0
c P3 malignant 0.90 0.95 2 0 2 0
d P4 malignant 0.10 0.20 3 0 90 0
e P5 normal 0.85 0.80 4 0 4 0
f P5 benign 0.20 0.99 5 0 5 0
g P1 malignant 0.80 0.90 0.5 0 0.5 0
END
test_scores() { awk -v c="$1" 'BEGIN { OFS = "\t"; print "id", "patient", "label", "lesion", "synthetic", "score" }
    { print $1, $2, $3, "", 0, $c }' cases; }
map() { awk -v c="$1" 'BEGIN { OFS = "\t"; print "id", "patient", "label", "lesion", "synthetic", "x", "y" }
    { print $1, $2, $3, $3 == "malignant" ? "mass" : "", 0, $c, $(c + 1) + $c / 10 }' cases; }
test_scores 4 > test0.tsv
test_scores 5 | { read -r names; echo "$names"; sort -r; } > test1.tsv # in another order
map 6 > map0.tsv
map 8 > map1.tsv
"$flips" 0.8 50 val0.tsv val1.tsv test0.tsv test1.tsv map0.tsv map1.tsv out.tsv > out.txt
is $? 0 "flips.sh"
is "$(grep -o 'below: .*' out.txt)" "below: 0.8 and 0.85." "the thresholds leave eight of ten others at or below them"
is "$(awk -F'\t' 'NR > 1 { printf "%s:%s ", $1, $4 }' out.tsv)" "a:found b:lost c:above d:below e:calmed f:alarmed g:found " \
    "who changes sides: above a threshold, not at it"
is "$(awk '/^missed before, found after/ { print $5, $6 }' out.txt)" "2 1" "patches and patients that are found"
is "$(grep -o '^Of 2 other.*' out.txt)" "Of 2 other test patches 1 are called malignant before and 1 after (1 new, 1 no more)." \
    "false alarms are told too"
# With five patches of other patients all are neighbours: of a, b c d malignant, e f not.
is "$(awk -F'\t' '$1 == "a" { printf "%.2f %.2f", $11, $12 }' out.tsv)" "0.60 0.60" "its own patient is no neighbour"
# More patches than neighbours: the ten nearest.
awk 'BEGIN { for (i = 0; i < 30; i++) print "n" i, "Q" i, i < 10 ? "malignant" : "normal", 0.5, 0.5, i, 0, 29 - i, 0
    print "z", "Z", "malignant", 0.5, 0.5, -1, 0, -1, 0 }' > cases
test_scores 4 > test0.tsv
test_scores 5 > test1.tsv
map 6 > map0.tsv
map 8 > map1.tsv
"$flips" 0.8 50 val0.tsv val1.tsv test0.tsv test1.tsv map0.tsv map1.tsv near.tsv > near.txt
is "$(awk -F'\t' '$1 == "z" { print $11, $12 }' near.tsv)" "1 0" "neighbours are the ten nearest on each map"
grep -v n3 map1.tsv > short.tsv
sed 's/n3/other/' map1.tsv > alien.tsv
"$flips" 0.8 50 val0.tsv val1.tsv test0.tsv test1.tsv map0.tsv alien.tsv x.tsv > /dev/null 2> err
is "$?/$(ls x.tsv 2> /dev/null)/$(wc -l < err)" "1//1" "a patch that the scores do not know: one line, nothing written"

# ---- pictures ----
png() { head -c 8 "$1" 2> /dev/null | od -An -tx1 | tr -d ' \n'; }
for out in map.png map.svg; do
    "$TOP/pipelines/map-plot.sh" map0.tsv $out "it's a <map>" 2> err
    is "$?/$(cat err)" 0/ "map-plot.sh: $out"
done
is "$(png map.png)" 89504e470d0a1a0a "a PNG"
grep -q 'real malignant mass (11)' map.svg
ok $? "the legend tells what there is, and how much"
"$TOP/pipelines/flips-plot.sh" out.tsv flips.svg 50 "sides" 2> err
is "$?/$(cat err)" 0/ "flips-plot.sh"
is "$(grep -q 'missed without synthetic patches, found with them (2)' flips.svg && grep -q 'found without, missed with (1)' flips.svg; echo $?)" 0 \
    "both sides in the legend"
for script in map-plot.sh flips-plot.sh; do
    "$TOP/pipelines/$script" cases no.png 50 > /dev/null 2> err
    is "$?/$(ls no.png 2> /dev/null)/$(grep -c "^$script: cases: " err)" 1//1 "$script: no table: says so, no picture"
    "$TOP/pipelines/$script" map0.tsv no.gif 50 > /dev/null 2>&1
    is $? 2 "$script: another kind of picture"
done

# ---- the report ----
mkdir -p build/set/smoke/table1 build/set/smoke/figures
printf 'image\tpatient\tsplit\tside\tview\tlabel\tlesion\nA.png\t<P1>\ttrain\tL\tCC\tmalignant\tmass\nB.png\tP2\ttest\tL\tCC\tnormal\t\n' > build/set/table.tsv
"$TOP/pipelines/report.sh" set smoke build/set/table.tsv build/set/smoke 1.2.3 > bare.html 2> err
is "$?/$(cat err)" 0/ "a report of nothing"
grep -q 'Not made: make table1' bare.html && grep -q 'Not made: mass' bare.html
ok $? "says what is not there"
here=build/set/smoke
cp map.png $here/sheet.png
cp map.png $here/figures/fig4.png
printf 'measure\tvalue\tdemanded\tverdict\nkept\t0.5\t>= 0.8\tshort\n' > $here/mass-check.tsv
echo 'a < b & c' > $here/table1/table.txt
echo '{"run": "gan-train 1.2.3 --name <x> --seed 7", "engine": "BLAS", "threads": 2}' > $here/mass.jsonl
echo '{"iteration": 1, "seconds": 61.5}' >> $here/mass.jsonl
echo 'FOUND' > $here/figures/fig5.txt
cp "$TOP/examples/models/phantom-removal.ckpt" $here/removal.ckpt
for r in r10-s1 r100-s1 r25-s1; do echo '{"run": "resnet-train 1.2.3", "engine": "BLAS", "threads": 1}' > $here/table1/$r.jsonl; done
"$TOP/pipelines/report.sh" set smoke build/set/table.tsv build/set/smoke 1.2.3 > full.html
grep -q 'a &lt; b &amp; c' full.html && grep -q -- '--name &lt;x&gt; --seed N' full.html
ok $? "texts are escaped"
grep -q '<td>mass<td class="n">1<td class="n">2<td class="n">61' full.html
ok $? "trainings with their starts, threads and seconds"
is "$(grep -o '<tr><td>r[0-9]*' full.html | tr -d '\n')" "<tr><td>r10<tr><td>r25<tr><td>r100" "classifiers by their share"
grep -q '<b>removal, trained before</b><br><code>gan-train .* --remove --size 64' full.html
ok $? "a generator that was there tells how it was trained"
grep -q 'class="short">short<' full.html
ok $? "what falls short shows"
is "$(grep -c 'src="data:image/png;base64,' full.html)" 2 "pictures stand in the page"
is "$(grep -oE '(src|href)="[^d#"][^"]*"' full.html | grep -c '//')" 0 "and nothing is fetched"
grep -q '<script' full.html
is $? 1 "no scripts"
python=/usr/bin/python3
if $python -c '' 2> /dev/null; then
    for page in bare full; do
        $python - $page.html <<'PY' > why
import sys
from html.parser import HTMLParser
class Check(HTMLParser):
    empty = {"meta", "img", "br"}
    optional = {"td", "th"}
    def __init__(self):
        super().__init__()
        self.open = []
    def handle_starttag(self, tag, attributes):
        if tag in self.empty: return
        while self.open and self.open[-1] in self.optional and tag in self.optional: self.open.pop()
        self.open.append(tag)
    def handle_endtag(self, tag):
        while self.open and self.open[-1] in self.optional and self.open[-1] != tag: self.open.pop()
        if not self.open or self.open.pop() != tag: sys.exit("line %d: </%s>" % (self.getpos()[0], tag))
c = Check()
c.feed(open(sys.argv[1]).read())
sys.exit("open: %s" % c.open if c.open else 0)
PY
        ok $? "$page.html: every element is closed $(cat why)"
    done
else
    skip "no $python" 2
fi
cd "$TOP"

# ---- recipes ----
for target in fig1 fig4 fig5 realism report; do
    is "$(make -s $target DATA=cbis-mass MAMMO_DATA=/nowhere 2>&1 | grep -c 'crops of lesions')" 1 "$target of crops: refused, with the reason"
done
together() { make -np -j2 "$@" DATA=cbis-mass MAMMO_DATA=/nowhere 2> /dev/null | grep -c '^\.NOTPARALLEL:'; }
is "$(together fig1)/$(together fig1 realism)" 0/1 "two recipes in one command are made one after the other"
done_testing 36
