# times.awk - what trainings took, from the logs of resnet-train: awk -f times.awk LOG.jsonl ...
BEGIN { print "training\tseconds" }
FNR == 1 {
    name = FILENAME
    sub(/.*\//, "", name); sub(/\.jsonl$/, "", name)
    order[++n] = name
}
match($0, /"seconds": [0-9.e+-]+/) { took[name] += substr($0, RSTART + 11, RLENGTH - 11) }
END {
    for (i = 1; i <= n; i++) {
        printf "%s\t%.0f\n", order[i], took[order[i]]
        all += took[order[i]]
    }
    printf "%d trainings took %.0f s in sum, each by its own clock\n", n, all
}
