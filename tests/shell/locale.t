# Another language changes no number: awk, sort and printf of recipes and scripts under de_DE.UTF-8, whose decimal point
# is a comma, and pictures whatever ~/.gnuplot says.
. tests/tap.sh
command -v localedef > /dev/null && [ -e /usr/share/i18n/locales/de_DE ] || skip_all "no locale to make: the package locales"
command -v gnuplot > /dev/null || skip_all "no gnuplot"
mkdir "$T/locales" "$T/home"
localedef -i de_DE -f UTF-8 "$T/locales/de_DE.UTF-8" 2> /dev/null
echo 'set title "from the home"' > "$T/home/.gnuplot"
unset LC_ALL
is "$(LOCPATH=$T/locales LC_NUMERIC=de_DE.UTF-8 bash -c 'printf %.1f 0,5')" 0,5 "the locale is there, and has a comma"
german() { LOCPATH=$T/locales LANG=de_DE.UTF-8 LC_ALL=de_DE.UTF-8 HOME=$T/home CDPATH=/usr GREP_OPTIONS=-v "$@"; }

is "$(german make -s --eval 'shown: ; @echo "$$LC_ALL/$${CDPATH-}/$${GREP_OPTIONS-}"' shown)" C// "recipes have C"

export LC_ALL=C
mkdir "$T/set"
(cd "$T/set" && phantom --out ph --patients 40 --height 200 --seed 1 &&
    for k in malignant normal; do patch-sample --label $k --count 60 --size 32 --min-tissue 0.5 --seed 1 ph/manifest.tsv > $k.sts; done &&
    ts-cat malignant.sts normal.sts | ts-select 'split=train' |
    shortcut-predict --positive malignant.sts --negative normal.sts --allow-seen > a.tsv &&
    delong a=a.tsv --roc roc.tsv > areas.tsv && lesion-stats --region mask malignant.sts > real.tsv &&
    sed 's/\t0\t/\t1\t/' real.tsv > synthetic.tsv)
unset LC_ALL
cd "$T/set"
plot() { # NAME SCRIPT FILE ...
    LC_ALL=C bash "$TOP/pipelines/$2" "${@:3}" c.svg > /dev/null && german bash "$TOP/pipelines/$2" "${@:3}" d.svg > /dev/null
    [ -s c.svg ] && cmp -s c.svg d.svg
    ok $? "$1: the same picture"
    rm -f c.svg d.svg
}
plot "ROC curves" roc-plot.sh roc.tsv
plot "what lesions measure" lesion-stats.sh real.tsv synthetic.tsv
is "$(german bash "$TOP/pipelines/roc-plot.sh" roc.tsv e.svg; grep -o "AUC [0-9][.,][0-9]*" e.svg | sort -u)" \
    "AUC $(LC_ALL=C awk -F'\t' '$1 == "area" { printf "%.3f", $4 }' areas.tsv)" "the area is delong's"
for p in delong shortcut-predict lesion-stats; do
    case $p in
    delong) set -- a=a.tsv ;;
    shortcut-predict) set -- --positive malignant.sts --negative normal.sts --allow-seen ;;
    lesion-stats) set -- malignant.sts ;;
    esac
    LC_ALL=C $p "$@" < malignant.sts > c.out
    german $p "$@" < malignant.sts > d.out
    cmp -s c.out d.out
    ok $? "$p prints the same"
done
done_testing 8
