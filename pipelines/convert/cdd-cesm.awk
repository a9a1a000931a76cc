# cdd-cesm.awk - CDD-CESM, low-energy CC images at full resolution: manifest on standard output.
#
#     awk -f common.awk -f cdd-cesm.awk findings.tsv regions.csv index.csv
#
# Of images without an exact patient only a range of patient numbers is known.

function file_path(file) {
    return "images/" file
}

function stem(file) {
    sub(/\.[a-z]*$/, "", file)
    return file
}

# Boxes stand with their last pixel, which may lie outside the image.  Six outlines are covered by
# others in the mask file: their region is the box alone.
function add_regions(file, label, kind, w, h,    i, r, x1, y1) {
    for (i = 1; i <= n_outlines[file]; i++) {
        split(outline[file, i], r, "\t")
        x1 = r[4] + 1 < w ? r[4] + 1 : w
        y1 = r[5] + 1 < h ? r[5] + 1 : h
        outlined(file, label, kind, r[2] "\t" r[3] "\t" x1 "\t" y1,
                 (file, r[1]) in covered ? "" : "lesion_masks/" stem(file) ".png=" r[1],
                 x1 - r[2] > y1 - r[3] ? x1 - r[2] : y1 - r[3], w > h ? w : h)
    }
}

BEGIN {
    prog = "cdd-cesm"
    split("IM0119.jpg 2 IM0134.jpg 2 IM0134.jpg 3 IM0143.jpg 2 IM0159.jpg 3 IM0159.jpg 4", c, " ")
    for (i = 1; i < 12; i += 2)
        covered[c[i], c[i + 1]]
}

FILENAME ~ /findings\.tsv$/ {
    rule()
    next
}

FILENAME ~ /regions\.csv$/ {
    if (csv_row()) {
        f = text("file")
        outline[f, ++n_outlines[f]] = number("region") "\t" number("x0") "\t" number("y0") "\t" \
            number("x1") "\t" number("y1")
    }
    next
}

csv_row() {
    f = text("file")
    indexed[f]
    n = (f in n_outlines) ? n_outlines[f] : 0
    class = text("repo_class")
    pathology = text("pathology")
    lo = number("patient_lo")
    hi = number("patient_hi")
    if (n != number("n_regions"))
        die_here(f " has " n " regions, the index says " row["n_regions"])
    free = n == 0 && class == "normal"
    if ((class == "malignant" || class == "mixed") != (pathology == "Malignant")) {
        left_out("images whose class and pathology disagree about cancer")
        next
    }
    if (n == 0 && !free) {
        left_out(class " images without an outline")
        next
    }
    set = split_of(lo, hi)
    if (set == "" || (free && set != "train")) {
        left_out(free ? "lesion-free images whose patient may be in val or test" \
                      : "images whose patient may be in two splits")
        next
    }
    image(f, lo == hi ? "P" lo : "", "P" lo "-" hi, set, text("side"), "CC")
    kind = kind_of(text("findings"), text("tags"), n)
    if (free)
        region(f, "normal", "", no_box(), "")
    else
        add_regions(f, pathology == "Malignant" ? "malignant" : "benign", class == "mixed" ? "other" : kind,
                    number("width"), number("height"))
}

END {
    finish("patients to " train_to " train, to " val_to " val, the others test")
}
