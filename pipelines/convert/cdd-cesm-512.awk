# cdd-cesm-512.awk - CDD-CESM, low-energy images at 512 x 512: manifest on standard output.
#
#     awk -f common.awk -f cdd-cesm-512.awk findings.tsv regions.csv index.csv
#
# Boxes are half-open here.  One mask file holds all outlines of an image: the box picks the region.

function file_path(file) {
    return "images/" file
}

function side_of_box(box,    c) {
    split(box, c, "\t")
    return c[3] - c[1] > c[4] - c[2] ? c[3] - c[1] : c[4] - c[2]
}

BEGIN {
    prog = "cdd-cesm-512"
}

FILENAME ~ /findings\.tsv$/ {
    rule()
    next
}

FILENAME ~ /regions\.csv$/ {
    if (csv_row()) {
        f = text("file")
        outline[f, ++n_outlines[f]] = number("x0") "\t" number("y0") "\t" number("x1") "\t" \
            number("y1")
    }
    next
}

csv_row() {
    f = text("file")
    indexed[f]
    n = (f in n_outlines) ? n_outlines[f] : 0
    label = text("label")
    lo = number("patient_lo")
    hi = number("patient_hi")
    free = label == "normal"
    if (label !~ /^(normal|benign|malignant)$/)
        die_here("label '" label "'")
    if (free != (n == 0))
        die_here(f ": " label " with " n " regions")
    set = split_of(lo, hi)
    if (set == "" || (free && set != "train")) {
        left_out(free ? "lesion-free images whose patient may be in val or test" \
                      : "images whose patient may be in two splits")
        next
    }
    image(f, lo == hi ? "P" lo : "", "P" lo "-" hi, set, text("side"), text("view"))
    if (free)
        region(f, label, "", no_box(), "")
    mask = f
    sub(/\.[a-z]*$/, ".png", mask)
    kind = kind_of(text("findings"), text("tags"), n)
    for (i = 1; i <= n; i++)
        outlined(f, label, kind, outline[f, i], "masks/" mask, side_of_box(outline[f, i]), 512)
}

END {
    finish("patients to " train_to " train, to " val_to " val, the others test")
}
