# mini-mias.awk - mini-MIAS, read inside its zip: manifest on standard output.
#
#     awk -f common.awk -f mini-mias.awk labels.txt
#
# A line of labels.txt: image, tissue, class, severity, x, y, radius.  y counts from the bottom:
# row = 1024 - y.  A finding without a place is kept without a box.  The films of one patient are
# 2k-1 (right) and 2k (left).

function file_path(file) {
    return "mini-mias.zip:" file ".pgm"
}

function whole(s) {
    return s ~ /^[0-9]+$/
}

# The box of a circle: half-open, cut at the edge of the film.
function circle(x, y, r,    x0, y0, x1, y1) {
    y = 1024 - y
    x0 = x - r > 0 ? x - r : 0
    y0 = y - r > 0 ? y - r : 0
    x1 = x + r + 1 < 1024 ? x + r + 1 : 1024
    y1 = y + r + 1 < 1024 ? y + r + 1 : 1024
    if (x0 >= x1 || y0 >= y1)
        die_here("a circle outside the film")
    return x0 "\t" y0 "\t" x1 "\t" y1
}

# Patients are dealt to the splits in the order of their worst finding, then of their number: films
# are numbered by class, so that ranges would put all calcifications into one split.
function deal(    s, k, i, turn, dealt) {
    split("train val train test train", turn, " ")
    for (s = 1; s <= n_strata; s++)
        for (k = 1; k <= last_patient; k++)
            if (stratum[k] == s)
                split_of_patient[k] = turn[dealt++ % 5 + 1]
}

BEGIN {
    prog = "mini-mias"
    FS = " "
    split("CALC CIRC SPIC MISC ARCH ASYM NORM", c, " ")
    split("calcification mass mass mass other other -", k, " ")
    for (i in c)
        kind[c[i]] = k[i]
    # Worst first.
    n_strata = split("Mcalcification Mmass Mother Bcalcification Bmass Bother -", c, " ")
    for (i in c)
        rank[c[i]] = i
}

{
    sub(/\r$/, "")
    if (NF == 0)
        next
    if ($1 !~ /^mdb[0-9][0-9][0-9]$/ || !($3 in kind))
        die_here("'" $1 " " $2 " " $3 "' is not an image and its class")
    if (!($1 in findings))
        film[++n_films] = $1
    else if ($3 == "NORM" || normal[$1])
        die_here($1 " is normal and has findings, or stands twice")
    findings[$1] += $3 != "NORM"
    normal[$1] = $3 == "NORM"
    if ($3 != "NORM" && $4 !~ /^[BM]$/)
        unsure[$1] = 1
    if ($3 != "NORM")
        finding[$1, findings[$1]] = $4 "\t" kind[$3] "\t" \
            (whole($5) && whole($6) && whole($7) ? circle($5, $6, $7) : no_box())
    p = int((substr($1, 4) + 1) / 2)
    worst = normal[$1] || unsure[$1] ? n_strata : rank[$4 kind[$3]]
    if (!(p in stratum) || worst < stratum[p])
        stratum[p] = worst
    if (p > last_patient)
        last_patient = p
}

END {
    if (failed)
        exit 1
    deal()
    for (i = 1; i <= n_films; i++) {
        f = film[i]
        n = substr(f, 4) + 0
        p = int((n + 1) / 2)
        if (unsure[f]) {
            left_out("images with a finding whose severity is not known")
            continue
        }
        image(f, "M" p, "", split_of_patient[p], n % 2 ? "R" : "L", "MLO")
        if (normal[f])
            region(f, "normal", "", no_box(), "")
        for (j = 1; j <= findings[f]; j++) {
            split(finding[f, j], part, "\t")
            box = finding[f, j]
            sub(/^[BM]\t[a-z]*\t/, "", box)
            region(f, part[1] == "M" ? "malignant" : "benign", part[2], box, "")
        }
    }
    finish("patients dealt 3:1:1 by class and kind")
}
