# common.awk - what the converters share: CSV, kinds of lesions, splits, the manifest, its account.
#
# A converter defines file_path(), calls image() and region(), and at the end finish(), which writes
# the manifest(5) to standard output and who is in it to standard error.  No row is written before
# everything is known to be sound.
#
# Variables (name=value): train_to, val_to, min_patients.  README says what is decided here and why.
# A converter of a set that has no normal images sets no_normals.

function die(text) {
    printf "%s: %s\n", prog, text | "cat 1>&2"
    close("cat 1>&2")
    failed = 1
    exit 1
}

function die_here(text) {
    die(FILENAME ":" FNR ": " text)
}

# Splits a line of CSV (quoted fields, "" for a quote in them) into f[1..n]; returns n.
function csv(line, f,    n, i, c, quoted, field) {
    sub(/\r$/, "", line)
    if (FNR == 1)
        sub(/^\357\273\277/, "", line)
    n = 1
    field = ""
    for (i = 1; i <= length(line); i++) {
        c = substr(line, i, 1)
        if (quoted && c == "\"" && substr(line, i + 1, 1) == "\"") {
            field = field c
            i++
        } else if (c == "\"")
            quoted = !quoted
        else if (c == "," && !quoted) {
            f[n++] = field
            field = ""
        } else if (c == "\t")
            die_here("a tab in a field")
        else
            field = field c
    }
    if (quoted)
        die_here("a quoted field has no end on its line")
    f[n] = field
    return n
}

# Reads a line of a CSV file into row[column name].  Returns 0 for the header line.
function csv_row(    n, i) {
    n = csv($0, fields)
    if (FNR == 1) {
        width = n
        for (i = 1; i <= n; i++)
            name[i] = fields[i]
        return 0
    }
    if (n != width)
        die_here(n " fields, " width " in the header")
    split("", row)
    for (i = 1; i <= n; i++)
        row[name[i]] = fields[i]
    return 1
}

# A field of the row, from a column that must be there; number() also wants a whole number.
function text(column) {
    if (!(column in row))
        die_here("no column '" column "'")
    return row[column]
}

function number(column) {
    if (text(column) !~ /^[0-9]+$/)
        die_here(column " '" row[column] "' is not a whole number")
    return row[column] + 0
}

# A line of findings.tsv.
function rule(    part) {
    if (/^#/ || NF == 0)
        return
    if (split($0, part, "\t") < 2 || part[1] !~ /^(specks|ignore|other|several|mass|calcification)$/)
        die_here("'" part[1] "' is not a rule")
    n_rules++
    rule_does[n_rules] = part[1]
    rule_is[n_rules] = part[2]
}

# The kind of lesion that findings and tags tell of; n_outlines of them on the image.  Sets specks, for outlined().
# rule_hits counts images per rule, which the tests hold against the table.
function kind_of(findings, tags, n_outlines,    s, i, mass, calcification, other) {
    specks = 0
    s = tolower(findings " | " tags)
    gsub(/[ ]+/, " ", s)
    for (i = 1; i <= n_rules; i++) {
        if (s !~ rule_is[i])
            continue
        rule_hits[i]++
        if (rule_does[i] == "specks")
            specks = 1
        else if (rule_does[i] == "ignore")
            gsub(rule_is[i], "", s)
        else if (rule_does[i] == "mass")
            mass = 1
        else if (rule_does[i] == "calcification")
            calcification = 1
        else if (rule_does[i] == "other" || n_outlines > 1)
            other = 1
    }
    if (other || !(mass || calcification))
        return "other"
    return mass && calcification ? "both" : mass ? "mass" : "calcification"
}

# The split of a patient known to be one of lo..hi; "" where that range meets two splits.
function split_of(lo, hi) {
    if (lo > train_to && hi <= val_to)
        return "val"
    return hi <= train_to ? "train" : lo > val_to ? "test" : ""
}

# An image: what its rows share.  patient is "P12", or "" where only a range of them, `who`, is
# known.
function image(file, patient, who, set, side, view) {
    if (file in n_rows)
        die_here("image '" file "' twice")
    order[++n_images] = file
    n_rows[file] = 0
    patient_of[file] = patient
    set_of[file] = set
    side_of[file] = side
    view_of[file] = view
    front[file] = file_path(file) "\t" (patient == "" ? who : patient) "\t" set "\t" side "\t" view
}

# One row of that image: a finding (box and mask may be empty), or none (kind and box empty).
function region(file, label, kind, box, mask) {
    rows[file, ++n_rows[file]] = front[file] "\t" label "\t" kind "\t" box "\t" mask "\t"
    tally(file, label, kind == "" ? "-" : kind)
    tally(file, label, "all")
}

# The row of an outline, its box `side` pixels long on an image of `longest`: a lesion of the image's label and kind,
# or one of its harmless specks.
function outlined(file, label, kind, box, mask, side, longest) {
    if (specks && side <= 20 * longest / 512) {
        n_specks++
        if (!(file in speck_seen)) { speck_seen[file]; speck_images++ }
        if (!(patient_of[file] in speck_patient)) { speck_patient[patient_of[file]]; speck_patients++ }
        label = "benign"
        kind = "calcification"
    }
    region(file, label, kind, box, mask)
}

function no_box() {
    return "\t\t\t"
}

# Counts patients, images and regions once each.  Of images whose patient is not known, two of one
# side and view are two people: that many there are at least.
function tally(file, label, kind,    key, set, pass, seat) {
    for (pass = 1; pass <= 2; pass++) {
        set = pass == 1 ? set_of[file] : "sum"
        key = label SUBSEP kind SUBSEP set
        if (!((key, file) in seen)) {
            seen[key, file] = 1
            images[key]++
            if (patient_of[file] == "") {
                seat = key SUBSEP side_of[file] SUBSEP view_of[file]
                if (++taken[seat] > unknown[key])
                    unknown[key] = taken[seat]
            } else if (!((key, patient_of[file]) in seen)) {
                seen[key, patient_of[file]] = 1
                known[key]++
            }
        }
        if (label != "normal")
            regions[key]++
    }
}

function left_out(why) {
    if (!(why in drop))
        drop_order[++n_drops] = why
    drop[why]++
}

# One group of the account: patients, images and outlines of a class and kind in a split.
function group(label, kind, set,    key) {
    key = label SUBSEP kind SUBSEP set
    return sprintf("  %5s %5d %5d", (unknown[key] ? ">=" : "") known[key] + unknown[key],
                   images[key], regions[key])
}

function account(note,    i, j, k, head, line, labels, kinds, sets) {
    split("malignant benign normal", labels, " ")
    split("mass calcification both other all", kinds, " ")
    split("train val test sum", sets, " ")
    head = line = sprintf("%-23s", "")
    for (k = 1; k <= 4; k++) {
        head = head sprintf("  %-17s", sets[k] == "sum" ? "in all" : sets[k])
        line = line "  pat.  img. found"
    }
    sub(/ +$/, "", head)
    print prog ": " note "\n" head "\n" line | "cat 1>&2"
    for (i = 1; i <= 3; i++)
        for (j = 1; j <= 5; j++)
            if (images[labels[i], kinds[j], "sum"] > 0) {
                line = sprintf("%-9s %-13s", labels[i], kinds[j])
                for (k = 1; k <= 4; k++)
                    line = line group(labels[i], kinds[j], sets[k])
                print line | "cat 1>&2"
            }
    if (n_specks)
        printf "macrocalcifications beside other findings: %d outlines of %d images, %d patients, are benign calcifications\n",
            n_specks, speck_images, speck_patients | "cat 1>&2"
    for (i = 1; i <= n_drops; i++)
        printf "left out: %d %s\n", drop[drop_order[i]], drop_order[i] | "cat 1>&2"
    close("cat 1>&2")
}

function enough(label,    n) {
    n = known[label, "all", "sum"] + unknown[label, "all", "sum"]
    if (n < min_patients)
        die(n + 0 " patients in class " label ", fewer than min_patients=" min_patients + 0)
}

# note: how patients were split.
function finish(note,    i, j, f) {
    if (failed)
        exit 1
    for (f in n_outlines)
        if (!(f in indexed))
            die("regions.csv: '" f "' is not in index.csv")
    account(note)
    enough("malignant")
    if (!no_normals)
        enough("normal")
    if (images["benign", "all", "sum"] > 0)
        enough("benign")
    print "image\tpatient\tsplit\tside\tview\tlabel\tlesion\tx0\ty0\tx1\ty1\tmask\ttissue"
    for (i = 1; i <= n_images; i++)
        for (j = 1; j <= n_rows[order[i]]; j++)
            print rows[order[i], j]
}

BEGIN {
    FS = "\t"
    min_patients = 10
    # The last patient numbers of train and val in CDD-CESM.
    train_to = 220
    val_to = 274
}
