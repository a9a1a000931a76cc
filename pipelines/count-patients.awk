# count-patients.awk - how many patients a manifest has for patch-sample's options.
#
#   awk -f count-patients.awk -v part=train -v label=malignant -v lesion=mass \
#       [-v min_box=N -v max_box=N -v downscale=N] MANIFEST
#
# Counts rows with a place (a box) whose longer side, after downscaling, lies in min_box .. max_box;
# `both` findings count as mass and as calcification; lesion=any takes every kind.
BEGIN { FS = "\t"; if (!downscale) downscale = 1; if (!max_box) max_box = 1e9 }
NR == 1 { for (i = 1; i <= NF; i++) col[$i] = i; next }
$col["split"] == part && $col["label"] == label && $col["x0"] != "" {
    kind = $col["lesion"]
    if (lesion != "any" && kind != lesion && !(kind == "both" && lesion != "other")) next
    w = $col["x1"] - $col["x0"]; h = $col["y1"] - $col["y0"]
    side = (w > h ? w : h) / downscale
    if (side < min_box || side > max_box) next
    if (!($col["patient"] in seen)) { seen[$col["patient"]] = 1; n++ }
}
END { print n + 0 }
