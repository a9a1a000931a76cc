# tune.awk - one line for each log of resnet-train, of validation areas: awk -f tune.awk LOG.jsonl ...
function value(key) { return match($0, "\"" key "\": [0-9.e+-]+") ? substr($0, RSTART + length(key) + 4, RLENGTH - length(key) - 4) : 0 }
function flush() {
    if (name != "")
        printf "%.4f best validation AUC, at %d samples; %.4f at %d; %.0f s; %s\n", best, best_at, last, last_at, took, name
}
FNR == 1 {
    flush()
    name = FILENAME
    sub(/.*\//, "", name); sub(/\.jsonl$/, "", name); gsub(/_/, " ", name)
    sub(/^w/, "width ", name); sub(/ b/, " batch ", name); sub(/ lr/, " lr ", name)
    best = took = 0
}
{ took += value("seconds") }
/"val_auc"/ { last = value("val_auc"); last_at = value("samples"); best = value("best_auc"); best_at = value("best_samples") }
END { flush() }
