# cbis-mass.awk - mass crops of CBIS-DDSM: manifest on standard output.
#
#     find train val test -name '*.png' | sort | awk -f common.awk -f cbis-mass.awk -
#
# A name: SPLIT/LABEL/..._P_12345_..._is_benign_1.png, or 0 of a malignant mass.  A crop is one finding as large as the
# image; side and view are not known.

function file_path(file) {
    return file
}

BEGIN {
    prog = "cbis-mass"
    FS = "\t"
    no_normals = 1
    size = 128
}

{
    if (!match($0, /^(train|val|test)\/(benign|malignant)\/[^\/]*_P_[0-9]+_[^\/]*\.png$/))
        die_here("'" $0 "' does not tell split, class and patient")
    split($0, part, "/")
    if (match($0, /_is_benign_[01]/) && (part[2] == "benign") != substr($0, RSTART + 11, 1))
        die_here("'" $0 "' is not what its folder says")
    match($0, /_P_[0-9]+_/)
    patient = substr($0, RSTART + 1, RLENGTH - 2)
    if (patient in split_seen && split_seen[patient] != part[1])
        die_here(patient " is in " split_seen[patient] " and in " part[1])
    split_seen[patient] = part[1]
    image($0, patient, "", part[1], "", "")
    region($0, part[2], "mass", "0\t0\t" size "\t" size, "")
}

END {
    finish("the official split")
}
