# views.awk - how often each class shows each view, from `ts-info --records`:
#
#   awk -f views.awk VAL TEST DRAWS
BEGIN {
    FS = OFS = "\t"
    split("validation test training", name, " ")
    print "patches", "class", "view", "number"
}
FNR == 1 {
    file++
    split("", col)
    for (i = 1; i <= NF; i++) col[$i] = i
    next
}
{ n[file, $col["label"] == "malignant", $col["view"] == "" ? "-" : $col["view"]]++ }
END {
    split("CC MLO -", view, " ")
    for (f = 1; f <= 3; f++)
        for (class = 1; class >= 0; class--)
            for (v = 1; v <= 3; v++)
                if ((f, class, view[v]) in n)
                    print name[f], class ? "malignant" : "other", view[v], n[f, class, view[v]]
}
