# cbis-full-mass.awk - whole films of CBIS-DDSM with boxes of masses: manifest on standard output.
#
#     awk -f common.awk -f cbis-full-mass.awk manifest.tsv
#
# The set brings a manifest of its own, which is held against what a manifest must be, counted, and passed on.
# Calcifications have no place in it: their rows stay, so that no normal tissue is drawn from these films.

function file_path(file) {
    return file
}

BEGIN {
    prog = "cbis-full-mass"
    FS = "\t"
    no_normals = 1
}

FNR == 1 {
    for (i = 1; i <= NF; i++)
        col[$i] = i
    n = split("image patient split side view label lesion x0 y0 x1 y1", wanted, " ")
    for (i = 1; i <= n; i++)
        if (!(wanted[i] in col))
            die_here("no column '" wanted[i] "'")
    width = NF
    next
}

{
    if (NF != width)
        die_here(NF " fields, " width " in the header")
    f = $col["image"]
    patient = $col["patient"]
    if (!match(f, /^images\/[0-9]+_(LEFT|RIGHT)_(CC|MLO)\.jpg$/) || patient != "P_" substr(f, 8, index(f, "_") - 8))
        die_here("'" f "' is not patient " patient "'s")
    if ((f ~ /_LEFT_/) != ($col["side"] == "L") || (f ~ /_CC\./) != ($col["view"] == "CC"))
        die_here("'" f "': side " $col["side"] ", view " $col["view"])
    if ($col["split"] !~ /^(train|val|test)$/ || $col["label"] !~ /^(benign|malignant)$/ ||
        $col["lesion"] !~ /^(mass|calcification)$/)
        die_here("split '" $col["split"] "', label '" $col["label"] "', lesion '" $col["lesion"] "'")
    if (patient in split_seen && split_seen[patient] != $col["split"])
        die_here(patient " is in " split_seen[patient] " and in " $col["split"])
    split_seen[patient] = $col["split"]
    if (!(f in n_rows))
        image(f, patient, "", $col["split"], $col["side"], $col["view"])
    if ($col["x0"] == "")
        unplaced++
    region(f, $col["label"], $col["lesion"], $col["x0"] "\t" $col["y0"] "\t" $col["x1"] "\t" $col["y1"], "")
}

END {
    finish("the official test split; " unplaced + 0 " calcifications whose place is not known")
}
