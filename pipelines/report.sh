#!/usr/bin/env bash
# report.sh DATA SCALE TABLE FOLDER VERSION > PAGE.html - one page of all that a run left in FOLDER (build/DATA/SCALE).
#
# The page needs nothing but itself: pictures stand in it, and there are no scripts and no links to elsewhere but those
# to the files beside it.  What was not made is left out, and said to be.
set -eu -o pipefail
export LC_ALL=C
[ $# -eq 5 ] || { echo "usage: report.sh DATA SCALE TABLE FOLDER VERSION > PAGE.html" >&2; exit 2; }
data=$1 scale=$2 table=$3 here=$4 version=$5
here=${here%/}

escape() { sed 's/&/\&amp;/g; s/</\&lt;/g; s/>/\&gt;/g; s/"/\&quot;/g'; }
say() { printf '%s\n' "$*" | escape; }
# link FILE: to a file of the run, by its name there.
link() {
    local name=${1#"$here"/}
    case $name in "$1") name=../$(basename "$1") ;; esac
    printf '<a href="%s">%s</a>' "$(say "$name")" "$(say "$name")"
}
missing() { printf '<p class="missing">Not made: %s</p>\n' "$(say "$1")"; }

# picture FILE CAPTION: the PNG itself, in the page.
picture() {
    [ -s "$1" ] || return 0
    printf '<figure><img alt="%s" src="data:image/png;base64,' "$(say "$2")"
    base64 -w 0 "$1"
    printf '"><figcaption>%s %s</figcaption></figure>\n' "$(say "$2")" "$(link "$1")"
}
# text FILE: as it is printed.
text() {
    [ -s "$1" ] || return 0
    echo '<div class="wide"><pre>'
    escape < "$1"
    printf '</pre></div><p class="from">%s</p>\n' "$(link "$1")"
}
# rows: a table with tabs on standard input, with its line of names.
rows() {
    escape | awk -F'\t' '
        { printf "%s<tr>", NR == 1 ? "<div class=\"wide\"><table><thead>" : ""
          for (i = 1; i <= NF; i++) {
              tag = NR == 1 ? "th" : "td"
              printf "<%s%s>%s</%s>", tag, $i ~ /^[-+]?[0-9.]/ ? " class=\"n\"" : "", $i, tag
          }
          printf "</tr>%s\n", NR == 1 ? "</thead><tbody>" : "" }
        END { if (NR) print "</tbody></table></div>" }'
}

cat <<'PAGE'
<!DOCTYPE html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
PAGE
printf '<title>%s</title>\n' "$(say "mammopipe: $data, SCALE=$scale")"
cat <<'PAGE'
<style>
body { font: 16px/1.5 sans-serif; color: #1a1a1a; background: #fff; margin: 0 auto; padding: 0 1rem 4rem; max-width: 70rem; }
h1 { font-size: 1.7rem; margin: 1.5rem 0 0.3rem; }
h2 { font-size: 1.3rem; margin: 2.5rem 0 0.5rem; border-top: 2px solid #0072b2; padding-top: 0.5rem; }
h3 { font-size: 1.05rem; margin: 1.5rem 0 0.4rem; }
nav a { display: inline-block; margin-right: 1rem; }
a { color: #005a8c; overflow-wrap: anywhere; }
figure { margin: 1rem 0; }
img { max-width: 100%; height: auto; }
code { font-size: 0.85rem; overflow-wrap: anywhere; }
figcaption, .from, .missing { color: #555; font-size: 0.9rem; margin: 0.2rem 0 0; }
.wide { overflow-x: auto; }
pre { font-size: 0.8rem; line-height: 1.35; margin: 0.5rem 0; }
table { border-collapse: collapse; font-size: 0.9rem; margin: 0.5rem 0; }
th, td { padding: 0.15rem 0.7rem 0.15rem 0; text-align: left; border-bottom: 1px solid #ddd; vertical-align: top; }
.n { text-align: right; font-variant-numeric: tabular-nums; }
td.short { color: #b00020; font-weight: bold; }
.caution { background: #fff4d6; border-left: 4px solid #e69f00; padding: 0.5rem 0.8rem; }
@media print {
  body { max-width: none; font-size: 10pt; padding: 0; }
  nav { display: none; }
  a { color: inherit; text-decoration: none; }
  figure, tr { break-inside: avoid; }
  img { max-height: 24cm; }
  h2, h3 { break-after: avoid; }
  .wide { overflow: visible; }
  pre { font-size: 6.5pt; white-space: pre-wrap; }
}
</style>
</head>
<body>
PAGE

printf '<h1>%s</h1>\n' "$(say "Synthetic lesions on $data, SCALE=$scale")"
printf '<p>%s</p>\n' "$(say "mammopipe $version. Lesions grown on real tissue and removed from it by contextual GANs, and what such patches are worth to a classifier (Wu, Wu, Lotter 2020).")"
echo '<p class="caution">Not for clinical use. This page holds pictures of patients where the data do: their terms hold for it too.</p>'
echo '<nav><a href="#run">Run</a><a href="#data">Data</a><a href="#generators">Generators</a><a href="#table1">Table 1</a><a href="#figures">Figures</a><a href="#realism">Realism</a></nav>'

# ---- what was run ----
echo '<h2 id="run">What was run</h2>'
logs=()
mapfile -t classifiers < <(printf '%s\n' "$here"/table1/r*-s*.jsonl | sort -V)
for l in "$here"/{mass,calcification,removal}.jsonl "${classifiers[@]}"; do [ ! -s "$l" ] || logs+=("$l"); done
if [ ${#logs[@]} -gt 0 ]; then
    # A line for each training; then each command once, for all trainings that differ in their seeds alone.
    awk '
        function html(s) { gsub(/&/, "\\&amp;", s); gsub(/</, "\\&lt;", s); gsub(/>/, "\\&gt;", s); return s }
        FNR == 1 { name = FILENAME; sub(/.*\//, "", name); sub(/\.jsonl$/, "", name); order[++n] = name }
        /^{"run": / {
            run = $0; sub(/^{"run": "/, "", run); sub(/", ".*/, "", run); sub(/--seed [0-9]+/, "--seed N", run)
            engine = $0; sub(/.*"engine": "/, "", engine); sub(/".*/, "", engine)
            threads[name] = $0; sub(/.*"threads": /, "", threads[name]); sub(/[,}].*/, "", threads[name])
            starts[name]++; engines[engine]; command[name] = run
        }
        match($0, /"seconds": [0-9.e+-]+/) { seconds[name] += substr($0, RSTART + 11, RLENGTH - 11) }
        END {
            printf "<p>Engine:"
            for (e in engines) { printf "%s %s", sep, html(e); sep = ";" }
            print ".</p>\n<div class=\"wide\"><table><thead><tr><th>training<th class=\"n\">starts<th class=\"n\">threads<th class=\"n\">seconds</tr></thead><tbody>"
            for (i = 1; i <= n; i++)
                printf "<tr><td>%s<td class=\"n\">%d<td class=\"n\">%s<td class=\"n\">%d</tr>\n", html(order[i]), starts[order[i]], threads[order[i]], seconds[order[i]]
            print "</tbody></table></div>"
            for (i = 1; i <= n; i++) {
                run = command[order[i]]
                if (run in said) { names[said[run]] = names[said[run]] ", " order[i]; continue }
                said[run] = ++m; names[m] = order[i]; text[m] = run
            }
            for (i = 1; i <= m; i++) printf "<p><b>%s</b><br><code>%s</code></p>\n", html(names[i]), html(text[i])
        }' "${logs[@]}"
    echo '<p class="from">Seconds by the clock of each training; some ran side by side. Classifiers: rR-sN is R % synthetic patches at first, seed N.</p>'
else
    missing 'any training'
fi
# Generators that were there already (MODELS=) say themselves how they were trained.
for m in mass calcification removal; do
    [ -s "$here/$m.ckpt" ] && [ ! -s "$here/$m.jsonl" ] || continue
    printf '<p><b>%s, trained before</b><br><code>%s</code></p>\n' "$m" \
        "$(say "$(head -c 65536 "$here/$m.ckpt" | grep -ao '"history":"gan-train[^"]*"' | cut -d '"' -f 4)")"
done

# ---- data ----
echo '<h2 id="data">Data</h2>'
if [ -s "$(dirname "$here")/account.txt" ]; then
    # The converter knows which names stand for patients, and which for none.
    text "$(dirname "$here")/account.txt"
else
    awk -F'\t' '
        NR == 1 { for (i = 1; i <= NF; i++) at[$i] = i; next }
        {
            kind = $at["label"] (("lesion" in at) && $at["lesion"] != "" ? " " $at["lesion"] : "")
            for (s = 1; s <= 2; s++) {
                part = s == 1 ? $at["split"] : "all"
                if (!((kind, part, $at["patient"]) in p)) { p[kind, part, $at["patient"]]; patients[kind, part]++ }
                if (!((kind, part, $at["image"]) in im)) { im[kind, part, $at["image"]]; images[kind, part]++ }
                if ($at["lesion"] != "") findings[kind, part]++
            }
            if (!(kind in known)) { known[kind]; order[++n] = kind }
        }
        END {
            printf "patients / images / findings"
            split("train val test all", parts, " ")
            for (s = 1; s <= 4; s++) printf "\t%s", parts[s]
            print ""
            for (k = 1; k <= n; k++) {
                printf "%s", order[k]
                for (s = 1; s <= 4; s++)
                    printf "\t%d / %d / %d", patients[order[k], parts[s]], images[order[k], parts[s]], findings[order[k], parts[s]]
                print ""
            }
        }' "$table" | rows
    echo '<p class="from">Rows of the manifest by label and finding; an image with several kinds of findings counts in each.</p>'
fi

# ---- generators ----
echo '<h2 id="generators">Generators</h2>'
picture "$here/sheet.png" 'Input, generated lesion, both together, post-processed patch, of test patients.'
for m in mass calcification removal; do
    if [ ! -s "$here/$m-check.tsv" ]; then
        missing "$m (too few patients, or gan-check was not run)"
        continue
    fi
    printf '<h3>%s</h3>\n' "$m"
    rows < "$here/$m-check.tsv" | sed 's/<td>short</<td class="short">short</'
    printf '<p class="from">gan-check(1), on test patients. %s</p>\n' "$(link "$here/$m-check.tsv")"
    picture "$here/$m-sheet.png" 'Test patches.'
    picture "$here/$m-curves.png" 'Training.'
done

# ---- table 1 ----
echo '<h2 id="table1">Table 1</h2>'
if [ -s "$here/table1/table.txt" ]; then
    text "$here/table1/table.txt"
    picture "$here/table1/roc.png" 'ROC curves, scores averaged over seeds.'
else
    missing 'make table1'
fi
if [ -s "$here/ablation/table.txt" ]; then
    echo '<h3>Ablations</h3>'
    text "$here/ablation/table.txt"
fi

# ---- figures ----
echo '<h2 id="figures">Figures</h2>'
f=$here/figures
[ -s "$f/fig1.png" ] || missing 'make fig1'
picture "$f/fig1.png" 'Figure 1. Lesions inserted and removed: before and after.'
[ -s "$f/fig4.png" ] || missing 'make fig4'
picture "$f/fig4.png" 'Figure 4. Patches of validation patients, real and synthetic, by the features that the classifier trained on real patches sees (t-SNE).'
if [ -s "$f/fig5.png" ]; then
    picture "$f/fig5.png" 'Figure 5. Malignant test patches that change sides, on the map of each classifier.'
    text "$f/fig5.txt"
    picture "$f/fig5-found.png" 'Missed without synthetic patches, found with them (48 at most).'
    picture "$f/fig5-lost.png" 'Found without synthetic patches, missed with them (48 at most).'
else
    missing 'make fig5'
fi

# ---- realism ----
echo '<h2 id="realism">Realism</h2>'
[ -n "$(ls "$f"/frechet-*.txt 2> /dev/null)" ] || missing 'make realism'
for m in mass calcification; do
    [ -s "$f/frechet-$m.txt" ] || continue
    printf '<h3>%s</h3>\n' "$m"
    text "$f/frechet-$m.txt"
    text "$f/spread-$m.txt"
    text "$f/lesions-$m.txt"
    picture "$f/lesions-$m.png" 'What lesions measure, real and synthetic.'
    text "$f/apart-$m.txt"
    text "$f/copies-$m.txt"
    picture "$f/copies-$m.png" 'Synthetic lesions that are most like one training lesion alone, and that one, turned.'
done
printf '</body>\n</html>\n'
