# few.awk - a manifest with few cancers to train on (read twice):
#
#   awk -v cancers=N -v kinds="mass calcification" -v downscale= -v fine= -v min_box= -v max_box= -f few.awk \
#       MANIFEST MANIFEST > fewer
#
# Of each kind of lesion the malignant findings of the first N training patients stay, of those that have one a patch
# can show (as count-patients.awk counts; calcifications at the downscale `fine`); others go.  Training patients without cancer stay all.
BEGIN { FS = OFS = "\t"; if (!downscale) downscale = 1; if (!fine) fine = downscale; if (!max_box) max_box = 1e9 }
FNR == 1 { pass++; for (i = 1; i <= NF; i++) col[$i] = i; if (pass == 2) print; next }
$col["split"] != "train" { next }
{
    patient = $col["patient"]
    n_kinds = $col["lesion"] == "both" ? split("mass calcification", kind, " ") : split($col["lesion"], kind, " ")
}
pass == 1 && $col["label"] == "malignant" {
    cancer[patient]
    w = $col["x1"] - $col["x0"]; h = $col["y1"] - $col["y0"]
    if ($col["x0"] == "") next
    for (k = 1; k <= n_kinds; k++) {
        side = (w > h ? w : h) / (kind[k] == "calcification" ? fine : downscale)
        if (side >= min_box && side <= max_box && !((kind[k], patient) in stays) && n[kind[k]] < cancers) {
            stays[kind[k], patient]
            n[kind[k]]++
        }
    }
}
pass == 2 && $col["label"] == "malignant" {
    for (k = 1; k <= n_kinds; k++)
        if ((kind[k], patient) in stays) { print; next }
}
pass == 2 && $col["label"] != "malignant" && !(patient in cancer)
END {
    n_kinds = split(kinds, kind, " ")
    for (i = 1; i <= n_kinds; i++) if (n[k = kind[i]] < cancers) {
        print "few.awk: " n[k] + 0 " training patients with a malignant " k ", fewer than " cancers > "/dev/stderr"
        exit 1
    }
}
