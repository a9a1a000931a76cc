#!/usr/bin/env bash
# same-bytes.sh OLD NEW - do the programs of two builds make the same bytes?
#
# OLD and NEW are folders of programs (build/bin).  Each makes streams, checkpoints, tables and pictures of phantoms, by
# every program; what differs is named.  For changes that are to change nothing: keep a copy of build/bin, change, make.
set -eu -o pipefail
[ $# = 2 ] || { echo "usage: tests/same-bytes.sh OLD NEW" >&2; exit 2; }
old=$(realpath "$1") new=$(realpath "$2")
export LC_ALL=C OMP_NUM_THREADS=1
T=$(mktemp -d)
trap 'rm -rf "$T"' EXIT

everything() {
    phantom --out ph --patients 60 --height 400 --seed 1
    # Masks as the programs find them, without phantom's own.
    cut -f 1-12 ph/manifest.tsv > ph/bare.tsv
    tissue-mask --out masks ph/bare.tsv > ph/tissue.tsv
    draw() { patch-sample --root ph --size 32 --seed 3 --log "$1.jsonl" "${@:2}" ph/manifest.tsv > "$1"; }
    draw normal.sts --count 40
    draw mass.sts --label malignant --lesion mass --margin 4 --max-offset 0.25 --count 30
    draw specks.sts --label malignant --lesion calcification --margin 4 --max-offset 0.25 --count 30
    draw val.sts --split val --label malignant --lesion mass --max-offset 0.25 --count 12
    draw test-normal.sts --split test --count 24
    draw test.sts --split test --label malignant --lesion mass --max-offset 0.25 --count 12
    draw by-image.sts --by image --view CC --count 12
    draw each.sts --from both --each 1
    draw like.sts --like val.sts --candidates 32 --count 8
    augment --seed 2 < mass.sts > turned.sts
    augment --size 32 --seed 4 < specks.sts > turned-specks.sts
    augment --undo < turned.sts > undone.sts
    ts-cat val.sts test-normal.sts > held-out.sts
    ts-cat mass.sts normal.sts | ts-shuffle --seed 5 > shuffled.sts
    ts-head --count 20 < shuffled.sts > some.sts
    ts-select 'label=malignant' < some.sts > malignant.sts
    ts-info --records some.sts > some.tsv
    ts-info --patients some.sts > some-patients.tsv
    ts-sheet --out some.png < some.sts

    gan() { gan-train --size 32 --width 0.25 --d-width 0.125 --batch 2 --lr 1e-3 --half-iterations 4 --fade 2 --iterations 6 \
        --ema 0.9 --seed 1 --threads 1 --log "$1.jsonl" --out "$1" "${@:2}" && sed -i 's/"seconds": [^,}]*//g; s/"cpu[^,}]*//g' "$1.jsonl"; }
    gan mass.ckpt --lesion turned.sts --normal normal.sts
    gan specks.ckpt --lesion turned-specks.sts --normal normal.sts --sn d --anti-alias --gp-every 2 --augment fixed
    gan removal.ckpt --lesion turned.sts --normal normal.sts --remove --augment ada
    gan both.ckpt --lesion a=turned.sts --lesion b=turned-specks.sts --normal a=normal.sts --normal b=normal.sts
    gan-gen --threads 1 --seed 1 --variants 2 --model mass.ckpt < test-normal.sts > generated.sts
    gan-gen --threads 1 --seed 1 --model removal.ckpt < test.sts > removed.sts
    gan-gen --threads 1 --seed 1 --model both.ckpt --category b < test-normal.sts > generated-b.sts
    lesion-postproc --threshold 0.01 --log post.jsonl < generated.sts > kept.sts
    lesion-postproc --threshold 0.01 --keep-discarded --keep-generated --whole < generated.sts > all.sts
    lesion-postproc --threshold -0.01 --residual 0.05 < removed.sts > gone.sts
    gan-check --size 32 --updates 6 --batch 4 --threads 1 --lesion turned.sts --normal normal.sts --test-lesion test.sts \
        --test-normal test-normal.sts --generated generated.sts --kept kept.sts > gan-check.tsv
    lesion-paste --lesions turned.sts --seed 2 < normal.sts > pasted.sts
    lesion-paste --lesions test.sts --seed 2 < test-normal.sts > pasted-test.sts
    ts-cat test.sts pasted-test.sts | ts-sheet --blind key.tsv --seed 1 --out blind.png
    awk -F '\t' -v OFS='\t' 'NR == 1 { print "number", "score" } NR > 1 { print $NF, NR % 3 / 2 }' key.tsv > answers.tsv
    read-score key.tsv answers.tsv > read.tsv
    lesion-stats test.sts pasted-test.sts > stats.tsv
    grep -E '^id|	1	' stats.tsv > stats-synthetic.tsv
    lesion-stats test.sts > stats-real.tsv
    lesion-compare stats-real.tsv stats-synthetic.tsv > compared.tsv
    lesion-insert --root ph --out inserted --images all --per-image 2 ph/manifest.tsv < pasted-test.sts

    mix-ratio --positive turned.sts --negative normal.sts --synthetic-positive pasted.sts --every 20 --count 64 --seed 1 \
        --log mix.jsonl > mix.sts
    net() { resnet-train --threads 1 --batch 8 --samples 64 --lr 1e-3 --log "$1.jsonl" --out "$1" "${@:2}" < mix.sts &&
        sed -i 's/"seconds": [^,}]*//g' "$1.jsonl"; }
    net small.ckpt --net small --width 0.25 --schedule one-cycle --average 0.9 --val held-out.sts --every 32
    net resnet.ckpt --width 0.0625 --stem small --schedule constant --keep best --val held-out.sts --every 32
    ts-cat test.sts test-normal.sts > test-all.sts
    for m in small resnet; do resnet-predict --threads 1 --model $m.ckpt < test-all.sts > $m.tsv; done
    shortcut-predict --positive turned.sts --negative normal.sts < test-all.sts > shortcut.tsv
    delong --cluster patient small=small.tsv resnet=resnet.tsv shortcut=shortcut.tsv --roc roc.tsv > delong.tsv
    delong --trainings small=small.tsv,shortcut.tsv resnet=resnet.tsv,shortcut.tsv > trainings.tsv
    for s in test-all pasted-test normal mass; do
        resnet-features --threads 1 --model resnet.ckpt < $s.sts > $s-features.sts 2> /dev/null ||
            augment --undo < $s.sts | resnet-features --threads 1 --model resnet.ckpt > $s-features.sts
    done
    frechet --threads 1 test-all-features.sts pasted-test-features.sts > frechet.tsv
    precision-recall --threads 1 test-all-features.sts pasted-test-features.sts > precision.tsv
    tsne --threads 1 --perplexity 5 --iterations 300 test-all-features.sts normal-features.sts > map.tsv
    copy-check --train turned.sts --real test.sts --synthetic pasted.sts --pairs pairs.sts --count 4 > copies.tsv
    tell-apart --threads 1 --folds 2 --updates 4 --batch 4 test.sts pasted-test.sts > apart.tsv
}

# In one folder after the other: some tables hold whole paths.
for build in "$old" "$new"; do
    mkdir "$T/here"
    (cd "$T/here" && PATH=$build:$PATH && everything)
    mv "$T/here" "$T/$([ -d "$T/old" ] && echo new || echo old)"
done
cd "$T"
diff -rq old new && echo "$(find new -type f | wc -l) files are the same"
