# Every program has a man page whose options are those of --help, and mammopipe(7) and the README
# name it; names in pages and README exist.
. tests/tap.sh

programs=(filters/*.c)
for source in "${programs[@]}"; do
    p=$(basename "$source" .c)
    "$BIN/$p" --help > "$T/help" 2> "$T/err"
    is "$?/$(wc -c < "$T/err")" 0/0 "$p --help is output, not an error"
    is "$("$BIN/$p" --version)" "$p (mammopipe) $(sed -n 's/.*MP_VERSION "\(.*\)"/\1/p' lib/base/version.h)" \
        "$p --version"
    "$BIN/$p" --help >&- 2> "$T/err"
    is "$?/$(wc -l < "$T/err")" 1/1 "$p notices a closed standard output"
    fails 2 "$p refuses an unknown option" "$BIN/$p" --no-such-option
    if ! [ -e "man/$p.1" ]; then
        ok 1 "$p has a man page"
        continue
    fi
    sed -n '/^options:/,$s/^ *\(-[a-z], \|-[A-Z], \)\{0,1\}--\([a-z0-9-]*\).*/\2/p' "$T/help" |
        grep -vxE 'help|version' | sort > "$T/options"
    grep -E '^\.It Fl' "man/$p.1" | grep -oE 'Fl -[a-z0-9-]+' | sed 's/Fl -//' |
        grep -vxE 'help|version' | sort -u > "$T/paged"
    is "$(diff "$T/options" "$T/paged")" "" "$p: the options of --help are those of its page"
    grep -q "^\.Xr $p 1\|Xr $p 1" man/mammopipe.7
    ok $? "$p is in mammopipe(7)"
    grep -q "\`$p\`" README.md
    ok $? "$p is in the README"
    is "$(grep -c '^\.Sh EXAMPLES' "man/$p.1")" 1 "$p: the page has examples"
done

pages=(man/*.1)
for page in "${pages[@]}"; do
    [ -e "filters/$(basename "$page" .1).c" ]
    ok $? "$page belongs to a program"
done

# The README's pipeline by hand, as far as it goes without a model.
draws=$(grep -E '^    phantom --out ph ' README.md)
draws+=" && $(sed -n 's/^    \(patch-sample .* ph\/manifest.tsv\) .*/\1/p' README.md)"
is "$(cd "$T" && eval "$draws" | ts-info | grep -c 'normal *8')" 1 "the README's patches: $draws"

# Pages of other packages that ours may refer to.
others=" python3.1 gnuplot.1 bash.1 cat.1 head.1 shuf.1 make.1 mkfifo.1 awk.1 jq.1 regex.7 "
names=($(grep -ohE 'Xr [a-z0-9-]+ [157]' man/* | sort -u | sed 's/Xr //; s/ /./'))
for name in "${names[@]}"; do
    [ -e "man/$name" ] || [[ $others == *" $name "* ]]
    ok $? "the page $name exists"
done
[ ${#programs[@]} -ge 20 ] && [ ${#pages[@]} -ge 20 ] && [ ${#names[@]} -ge 20 ]
ok $? "${#programs[@]} programs, ${#pages[@]} pages, ${#names[@]} names of pages were looked at"
done_testing $((8 * ${#programs[@]} + ${#pages[@]} + 1 + ${#names[@]} + 1))
