# The generators that come with the source: small, described, and at work on phantoms they have not seen.
. tests/tap.sh
models=$TOP/examples/models
cd "$T"
phantom --out ph --patients 60 --height 800 --seed 1 2> /dev/null
# draw KIND: patches of patients whose split is test.
draw() {
    case $1 in
    removal) patch-sample --split test --label malignant --lesion mass --max-offset 0.25 --min-box 16 --max-box 64 --min-contrast 0.08 "${@:2}" ph/manifest.tsv ;;
    *) patch-sample --split test --label normal --from clean "${@:2}" ph/manifest.tsv ;;
    esac
}
for kind in mass calcification removal; do draw $kind --size 64 --count 60 --seed 1 > $kind.sts; done
clean_mass='--threshold 0.05'
clean_calcification='--threshold 0.05 --join 64 --min-area 0.001 --edge-only'
clean_removal='--threshold -0.05'
for model in "$models"/*.ckpt; do
    name=$(basename "$model" .ckpt)
    kind=${name##*-}
    [ "$(stat -c %s "$model")" -lt 2000000 ]
    ok $? "$name is smaller than 2 MB"
    gan-gen --model "$model" --seed 1 < $kind.sts > made.sts 2> err
    is "$?/$(cat err)" 0/ "$name works"
    hash=$(head -c 4000 made.sts | grep -ao '"model":"[0-9a-f]*"' | sed 1q | cut -d '"' -f 4)
    grep -q "^| \`$name.ckpt\` .*| $hash |$" "$models/README.md"
    ok $? "$name: the card names these weights ($hash)"
    case $name in phantom-*) ;; *) continue ;; esac
    options=clean_$kind
    kept=$(lesion-postproc ${!options} < made.sts 2>&1 > kept.sts | grep -o '[0-9]* kept' | cut -d ' ' -f 1)
    [ "$kept" -ge 48 ]
    ok $? "$name: of 60 patches at least 80 % are kept: $kept"
    # On the way the patch becomes brighter where a lesion was put in, and darker where one was taken out.
    mkdir -p "$name"
    lesion-stats --region mask < kept.sts | awk -F'\t' 'NR == 1 { for (i = 1; i <= NF; i++) at[$i] = i; next } { s += $at["mean"] } END { print s / (NR - 1) }' > after
    lesion-stats --region mask --plane base < kept.sts | awk -F'\t' 'NR == 1 { for (i = 1; i <= NF; i++) at[$i] = i; next } { s += $at["mean"] } END { print s / (NR - 1) }' > before
    paste before after | awk -v kind=$kind '{ d = $2 - $1; exit !(kind == "removal" ? d < -0.03 : d > 0.01) }'
    ok $? "$name: mean grey of the lesion's place, before and after: $(paste before after | tr '\t' ' ')"
done

# MODELS: taken, not trained; for a data set that has none there, nothing changes.
cd "$TOP"
make -n build/phantom/smoke/mass.ckpt MODELS=examples/models > "$T/plan" 2> /dev/null
is "$(grep -c 'cp examples/models/phantom-mass.ckpt' "$T/plan")/$(grep -c 'gan-train --threads' "$T/plan")" 1/0 "make MODELS= takes them"
make -n build/mini-mias/smoke/mass.ckpt DATA=mini-mias MAMMO_DATA=/nowhere MODELS=examples/models 2> /dev/null | grep -q 'cp examples/models'
is $? 1 "of another data set none are taken"
done_testing 23
