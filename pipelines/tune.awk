# tune.awk - validation areas behind the last update, of logs of resnet-train: awk -f tune.awk W-sN.jsonl ...
#
# One line for each setting W: mean and spread over its seeds.
function value(key) { return match($0, "\"" key "\": [-0-9.e+]+") ? substr($0, RSTART + length(key) + 4, RLENGTH - length(key) - 4) : 0 }
FNR == 1 {
    name = FILENAME
    sub(/.*\//, "", name); sub(/-s[0-9]+\.jsonl$/, "", name); gsub(/_/, " ", name)
    sub(/^w/, "width ", name); sub(/ b/, " batch ", name); sub(/ lr/, " lr ", name)
    if (!(name in n)) order[++m] = name
    n[name]++
}
{ took[name] += value("seconds") }
/"val_auc"/ { last[name, n[name]] = value("val_auc") }
END {
    for (i = 1; i <= m; i++) {
        name = order[i]
        mean = var = 0
        for (k = 1; k <= n[name]; k++) mean += last[name, k] / n[name]
        for (k = 1; k <= n[name]; k++) var += (last[name, k] - mean) ^ 2
        printf "%.4f validation AUC at the end, sd %s over %d seeds; %.0f s each; %s\n", mean, \
            (n[name] > 1 ? sprintf("%.4f", sqrt(var / (n[name] - 1))) : "-"), n[name], took[name] / n[name], name
    }
}
