# Converters: the traps of each data set on made-up tables; the real sets where MAMMO_DATA is set.
. tests/tap.sh
convert() { sh "$TOP/pipelines/convert.sh" "$@"; }
# The N-th row of an image in a manifest, its tabs written as bars: row FILE IMAGE [N]
row() { awk -F '\t' -v i="$2" -v n="${3:-1}" '$1 == i && ++k == n' "$1" | tr '\t' '|'; }
fields() { cut -d '|' -f "$1"; }
refused() { # TEXT FOLDER SET [NAME=VALUE ...]: exit 1, TEXT in the last line, not a byte of output
    local what=$1 folder=$2 status=0
    shift 2
    local set=$1
    shift
    convert "$set" "$folder" "$@" > "$T/out" 2> "$T/err" || status=$?
    [ $status = 1 ] && [ ! -s "$T/out" ] && tail -n 1 "$T/err" | grep -q "$what"
    ok $? "refused: $what"
}

# ---- cdd-cesm ----
mkdir "$T/c"
cat > "$T/c/head" << 'EOF'
file,repo_class,side,width,height,cdd_cesm_name,patient_lo,patient_hi,pathology,age,density,birads,findings,tags,machine,n_regions
EOF
cat > "$T/c/rows" << 'EOF'
A.jpg,malignant,R,100,200,x,10,10,Malignant,45,C,5,"High density mass, ""speculated"" margin","malignant mass, speculated",1,2
B.jpg,mixed,L,100,200,x,10,10,Malignant,45,C,5,High density mass,mass,1,2
C.jpg,normal,R,100,200,,5,9,,,,,,,,0
D.jpg,normal,R,100,200,,5,40,,,,,,,,0
E.jpg,normal,L,100,200,,31,39,,,,,,,,0
F.jpg,normal,L,100,200,x,35,35,Benign,45,C,2,Normal,normal,1,1
G.jpg,malignant,L,100,200,x,50,50,Benign,45,C,2,High density mass,mass,1,1
H.jpg,benign,L,100,200,,11,12,,,,,,,,0
K.jpg,malignant,L,100,256,x,12,12,Malignant,45,C,4$2,High density mass$Benign macrocalcification,mass,1,3
IM0134.jpg,malignant,L,300,300,x,60,60,Malignant,45,C,5,Cluster of microcalcifications,calc,1,2
EOF
cat > "$T/c/regions.csv" << 'EOF'
file,region,shape,x0,y0,x1,y1,visible_area_px
A.jpg,1,circle,10,20,30,40,300
A.jpg,2,polygon,50,60,99,205,300
B.jpg,1,circle,10,20,30,40,300
B.jpg,2,circle,50,20,70,40,300
F.jpg,1,circle,10,20,30,40,300
G.jpg,1,circle,10,20,30,40,300
K.jpg,1,circle,10,20,19,29,300
K.jpg,2,circle,10,40,20,49,300
K.jpg,3,circle,50,40,55,45,300
IM0134.jpg,1,circle,10,20,30,40,300
IM0134.jpg,2,circle,12,22,28,38,300
EOF
cat "$T/c/head" "$T/c/rows" > "$T/c/index.csv"
convert cdd-cesm "$T/c" train_to=30 val_to=40 min_patients=1 > "$T/c.tsv" 2> "$T/c.err"
is $? 0 "cdd-cesm converts"
is "$(row "$T/c.tsv" images/A.jpg)" \
    "images/A.jpg|P10|train|R|CC|malignant|mass|10|20|31|41|lesion_masks/A.png=1|" \
    "quoted commas and quotes; the box becomes half-open"
is "$(row "$T/c.tsv" images/A.jpg 2 | fields 8-12)" "50|60|100|200|lesion_masks/A.png=2" \
    "a box is cut at the image's edge"
is "$(for n in 1 2 3; do row "$T/c.tsv" images/K.jpg $n | fields 6,7; done | tr '\n' ' ')" \
    "benign|calcification malignant|mass benign|calcification " "macrocalcifications beside a mass, up to 20 of 512 pixels"
is "$(grep '^macro' "$T/c.err")" "macrocalcifications beside other findings: 2 outlines of 1 images, 1 patients, are benign calcifications" \
    "and said"
is "$(row "$T/c.tsv" images/B.jpg 2 | fields 6,7)" "malignant|other" "a mixed image: kind other"
is "$(row "$T/c.tsv" images/C.jpg)" \
    "images/C.jpg|P5-9|train|R|CC|normal|||||||" \
    "a lesion-free image whose range is all train"
is "$(grep -c '^images/[DEGH]' "$T/c.tsv")" 0 \
    "left out: straddling, lesion-free in val, disputed, benign without outline"
is "$(row "$T/c.tsv" images/F.jpg | fields 3,6,7)" "val|benign|other" \
    "an outlined normal image is benign"
is "$(row "$T/c.tsv" images/IM0134.jpg 2 | fields 3,7,12)" "test|calcification|" \
    "a covered outline has a box and no mask"
is "$(grep 'left out' "$T/c.err" | sort)" "left out: 1 benign images without an outline
left out: 1 images whose class and pathology disagree about cancer
left out: 2 lesion-free images whose patient may be in val or test" \
    "the account of what is left out"
is "$(grep 'malignant all' "$T/c.err" | tr -s ' ')" "malignant all 2 3 5 0 0 0 1 1 2 3 4 7" \
    "patients, images and findings by split"
is "$(grep 'normal *all' "$T/c.err" | tr -s ' ')" "normal all >=1 1 0 0 0 0 0 0 0 >=1 1 0" \
    "unknown patients are counted at least"
sed 's/$/\r/' "$T/c/index.csv" > "$T/x" && mkdir "$T/crlf" && cp "$T/c/regions.csv" "$T/crlf" &&
    mv "$T/x" "$T/crlf/index.csv"
convert cdd-cesm "$T/crlf" train_to=30 val_to=40 min_patients=1 2> /dev/null | cmp -s - "$T/c.tsv"
ok $? "CR LF makes no difference"

mkdir "$T/bad"
bad() { # TEXT SED-PROGRAM [FILE]: refused once FILE is edited
    cp "$T/c/regions.csv" "$T/c/index.csv" "$T/bad"
    sed "$2" "$T/c/${3:-index.csv}" > "$T/bad/${3:-index.csv}"
    refused "$1" "$T/bad" cdd-cesm train_to=30 val_to=40 min_patients=1
}
bad "has 2 regions, the index says 3" '/^A/s/2$/3/'
bad "is not a whole number" '/^A/s/,10,10,/,10,1O,/'
bad "no column 'pathology'" '1s/pathology/pathologie/'
bad "no end on its line" '/^A/s/speculated",/speculated,/'
bad "fields, 16 in the header" '/^C/s/$/,/'
bad "twice" '/^B/s/B.jpg/A.jpg/'
bad "not in index.csv" '$a IM0999.jpg,1,circle,1,1,2,2,3' regions.csv
refused "fewer than min_patients=10" "$T/c" cdd-cesm train_to=30 val_to=40
refused "is this the folder of cdd-cesm" "$T" cdd-cesm
for v in min_patients=x train_to= nonsense=1 'x'; do
    convert cdd-cesm "$T/c" "$v" > "$T/out" 2> "$T/err"
    is "$?$(wc -l < "$T/err")" 21 "wrong variable $v"
done
convert nonsense "$T/c" 2> /dev/null
is $? 2 "an unknown set"

# ---- kinds ----
cat > "$T/kinds.awk" << 'EOF'
function file_path(f) { return f }
FILENAME ~ /findings\.tsv$/ { rule(); next }
{
    got = kind_of($3, $4, $2)
    if (got != $1)
        print $1 " wanted, " got " found: " $3 " | " $4
}
EOF
tr '|' '\t' > "$T/kinds" << 'EOF'
mass|1|High density mass with speculated margin|malignant mass; speculated
mass|3|Multiple  equal density masses$Benign macrocalcification|mass
mass|2|High density mass$Vascular calcifications|suspicious mass; vascular calcification
both|1|High density ulcerating mass with overlying mircocalcifications|
both|1|Mass with multiple calcific foci$Benign macrocalcificaion|benign macrocalcification
calcification|1|Asymmetrical increased density with overlying MICROcalcification|
calcification|1|Normal|suspicious; microcalcifications
other|1|Focal asymmetry|asymmetry
other|1|Pop corn macrocalcification|benign mass; popcorn
other|1|Architectural distortion with overlying macrocalcification|calcifications
other|1|Diffuse edematous changes$Benign macrocalcifications|edema
other|1||
mass|1|High density mass$IMLN|mass; IMLN
other|2|High density mass$IMLN|mass; IMLN
other|2|High density mass and two equal density nodules|mass
calcification|1|Nodular increased density with microcalcifications|
EOF
common=$TOP/pipelines/convert/common.awk rules=$TOP/pipelines/convert/findings.tsv
is "$(awk -f "$common" -f "$T/kinds.awk" "$rules" "$T/kinds" 2>&1)" "" \
    "findings and tags become kinds"

# ---- cdd-cesm-512 ----
mkdir "$T/d"
cat > "$T/d/index.csv" << 'EOF'
file,label,patient_lo,patient_hi,side,view,age,density,birads,findings,tags,machine,source,downscale
P1_R_DM_CC.jpg,malignant,1,1,R,CC,39,D,3,High density mass,malignant mass; speculated,1,512 copy,
P1_R_DM_MLO.jpg,malignant,1,1,R,MLO,39,D,3,Focal asymmetrical increased density,focal asymmetry,1,512 copy,
IM0002.jpg,normal,1,9,R,CC,,,,,,,made here,3.1
IM0003.jpg,normal,1,9,L,CC,,,,,,,made here,3.1
IM0004.jpg,normal,2,9,L,CC,,,,,,,made here,3.1
EOF
cat > "$T/d/regions.csv" << 'EOF'
file,region,x0,y0,x1,y1,area_px
P1_R_DM_CC.jpg,1,268,339,379,462,10337
P1_R_DM_CC.jpg,2,1,2,9,8,20
P1_R_DM_MLO.jpg,1,284,332,383,438,7758
EOF
convert cdd-cesm-512 "$T/d" min_patients=1 > "$T/d.tsv" 2> "$T/d.err"
is "$(row "$T/d.tsv" images/P1_R_DM_CC.jpg 2)" \
    "images/P1_R_DM_CC.jpg|P1|train|R|CC|malignant|mass|1|2|9|8|masks/P1_R_DM_CC.png|" \
    "cdd-cesm-512: boxes are half-open already, one mask for all outlines"
is "$(row "$T/d.tsv" images/P1_R_DM_MLO.jpg | fields 5,7)" "MLO|other" "the view; another kind"
is "$(grep 'normal *all' "$T/d.err" | tr -s ' ')" "normal all >=2 3 0 0 0 0 0 0 0 >=2 3 0" \
    "two left breasts are two people"
refused "fewer than min_patients=3" "$T/d" cdd-cesm-512 min_patients=3
sed -i 's/IM0002.jpg,normal/IM0002.jpg,malignant/' "$T/d/index.csv"
refused "malignant with 0 regions" "$T/d" cdd-cesm-512 min_patients=1

# ---- mini-mias ----
mkdir "$T/m"
cat > "$T/m/labels.txt" << 'EOF'
mdb001 G CIRC B 535 425 197
mdb002 G CIRC B 522 280 69
mdb003 D NORM 
mdb004 F CALC M 10 1000 43
mdb004 F CALC B 500 168 26
mdb005 F CALC M
mdb006 F CALC M *NOTE 3*
mdb007 F ARCH
mdb009 F MISC M 500 500 20
mdb010 F NORM
mdb012 F SPIC M 500 500 20
mdb014 F SPIC M 500 500 20
EOF
convert mini-mias "$T/m" min_patients=1 > "$T/m.tsv" 2> "$T/m.err"
is $? 0 "mini-mias converts"
is "$(row "$T/m.tsv" mini-mias.zip:mdb002.pgm | fields 2,4-12)" \
    "M1|L|MLO|benign|mass|453|675|592|814|" \
    "y counts from the bottom; even films are left; the pair is one patient"
is "$(row "$T/m.tsv" mini-mias.zip:mdb004.pgm | fields 6-11)" \
    "malignant|calcification|0|0|54|68" "a circle is cut at the film's edge"
is "$(row "$T/m.tsv" mini-mias.zip:mdb004.pgm 2 | fields 6)" benign "each finding has its own label"
is "$(row "$T/m.tsv" mini-mias.zip:mdb006.pgm | fields 6-12)" \
    "malignant|calcification|||||" "a finding without a place has no box"
is "$(grep -c mdb007 "$T/m.tsv") $(grep -c 'left out: 1 images with a finding' "$T/m.err")" "0 1" \
    "a finding without a severity: left out, and said"
is "$(cut -f2,3 "$T/m.tsv" | sort -u | cut -f1 | uniq -d)" "" "each patient has one split"
is "$(sed 1d "$T/m.tsv" | cut -f2,3 | sort -u | cut -f2 | sort | uniq -c | tr -s ' \n' ' ')" \
    " 1 test 4 train 1 val " "patients are dealt 3:1:1, worst findings first"
echo 'mdb010 F CIRC B 1 1 1' >> "$T/m/labels.txt"
refused "is normal and has findings" "$T/m" mini-mias min_patients=1
echo 'mdb0011 F CIRC B 1 1 1' > "$T/m/labels.txt"
refused "is not an image and its class" "$T/m" mini-mias min_patients=1
echo 'mdb011 F CIRC B 2000 1 1' > "$T/m/labels.txt"
refused "a circle outside the film" "$T/m" mini-mias min_patients=1

# ---- cbis-mass ----
mkdir -p "$T"/b/{train,val,test}/{benign,malignant}
crop() { touch "$T/b/$1/$2/patientcbis-ddsm__$3_image12_mass34_is_benign_$4.png"; }
crop train benign P_00004 1
crop train malignant P_00004 0
crop train malignant P_00010 0
crop val malignant P_00012 0
crop test benign P_00100 1
convert cbis-mass "$T/b" min_patients=1 > "$T/b.tsv" 2> "$T/b.err"
is $? 0 "cbis-mass converts, without a normal image"
is "$(row "$T/b.tsv" train/malignant/patientcbis-ddsm__P_00004_image12_mass34_is_benign_0.png | cut -d '|' -f 2-)" \
    "P_00004|train|||malignant|mass|0|0|128|128||" "a crop is one mass, as large as the image"
is "$(sed 1d "$T/b.tsv" | cut -f 1 | sort -c 2>&1)/$(wc -l < "$T/b.tsv" | tr -d ' ')" /6 "in the order of the names"
is "$(grep 'malignant all' "$T/b.err" | tr -s ' ')" "malignant all 2 2 2 1 1 1 0 0 0 3 3 3" "patients, crops, masses by split"
refused "3 patients in class malignant" "$T/b" cbis-mass min_patients=4
crop test malignant P_00012 0
refused "P_00012 is in test and in val" "$T/b" cbis-mass min_patients=1
rm "$T"/b/test/malignant/*
crop test malignant P_00200 1
refused "is not what its folder says" "$T/b" cbis-mass min_patients=1
mv "$T"/b/test/malignant/* "$T/b/test/malignant/crop.png"
refused "does not tell split, class and patient" "$T/b" cbis-mass min_patients=1
rm -r "$T/b/val"
refused "is this the folder of cbis-mass" "$T/b" cbis-mass min_patients=1

# ---- cbis-full-mass ----
mkdir "$T/f"
film() { printf '%s\t' "$@" | sed 's/\t$/\n/' >> "$T/f/manifest.tsv"; }
films() { # SPLIT of the second patient, NAME of her film
    rm -f "$T/f/manifest.tsv"
    film image patient split side view label lesion x0 y0 x1 y1
    film images/00001_LEFT_CC.jpg P_00001 val L CC malignant mass 42 402 105 483
    film images/00001_LEFT_CC.jpg P_00001 val L CC benign calcification '' '' '' ''
    film "${2:-images/00007_RIGHT_MLO.jpg}" P_00007 "$1" R MLO benign mass 4 5 6 7
}
films train
convert cbis-full-mass "$T/f" min_patients=1 > "$T/f.tsv" 2> "$T/f.err"
is "$?/$(row "$T/f.tsv" images/00007_RIGHT_MLO.jpg)" "0/images/00007_RIGHT_MLO.jpg|P_00007|train|R|MLO|benign|mass|4|5|6|7||" \
    "cbis-full-mass converts, without a normal film"
is "$(row "$T/f.tsv" images/00001_LEFT_CC.jpg 2 | fields 7-11)/$(grep -c '1 calcifications whose place is not known' "$T/f.err")" "calcification||||/1" \
    "findings without a place stay, and are counted"
is "$(grep 'malignant all' "$T/f.err" | tr -s ' ')" "malignant all 0 0 0 1 1 1 0 0 0 1 1 1" "patients, films, findings by split"
films train images/00008_RIGHT_MLO.jpg
refused "00008_RIGHT_MLO.jpg' is not patient P_00007's" "$T/f" cbis-full-mass min_patients=1
films train images/00007_LEFT_MLO.jpg
refused "side R, view MLO" "$T/f" cbis-full-mass min_patients=1
films other
refused "split 'other'" "$T/f" cbis-full-mass min_patients=1
films train
film images/00007_RIGHT_CC.jpg P_00007 test R CC benign mass 4 5 6 7
refused "P_00007 is in train and in test" "$T/f" cbis-full-mass min_patients=1
sed -i 1s/side/breast/ "$T/f/manifest.tsv"
refused "no column 'side'" "$T/f" cbis-full-mass min_patients=1

# ---- the real sets ----
if [ -z "${MAMMO_DATA:-}" ]; then
    skip "MAMMO_DATA is not set" 44
    done_testing 106
fi
case $MAMMO_DATA in /*) ;; *) MAMMO_DATA=$TOP/$MAMMO_DATA ;; esac
# sample SET LABEL SPLIT: patch-sample accepts the manifest and finds a place.
sample() {
    patch-sample --root "$MAMMO_DATA/$1" --label "$2" --split "$3" --from "${4:-clean}" --count 1 \
        --size 32 "$T/$1.tsv" > "$T/out"
    ok $? "$1: a $2 patch of $3"
}
# totals SET: patients, images and findings of malignant, benign and normal images.
totals() { awk '$2 == "all" { printf "%s %s %s; ", $(NF-2), $(NF-1), $NF }' "$T/$1.err"; }
for set in cdd-cesm cdd-cesm-512 mini-mias; do
    convert $set "$MAMMO_DATA/$set" > "$T/$set.tsv" 2> "$T/$set.err"
    is $? 0 "$set converts"
    sample $set normal train
    for split in train val test; do
        sample $set malignant $split
        sample $set normal $split away
    done
done
convert cbis-mass "$MAMMO_DATA/cbis-mass" > "$T/cbis-mass.tsv" 2> "$T/cbis-mass.err"
is $? 0 "cbis-mass converts"
is "$(totals cbis-mass)" "431 784 784; 479 914 914; " "cbis-mass: patients, images, findings"
is "$(sed 1d "$T/cbis-mass.tsv" | cut -f 2,3 | sort -u | cut -f 1 | uniq -d)" "" "cbis-mass: each patient has one split"
for label in benign malignant; do
    patch-sample --root "$MAMMO_DATA/cbis-mass" --label $label --split test --each 1 --size 64 --downscale 2 \
        --min-tissue 0 "$T/cbis-mass.tsv" | ts-info > "$T/out"
    ok $? "cbis-mass: every $label crop of test is a patch"
    is "$(awk '/^records/ { print $2 }' "$T/out")" "$(ls "$MAMMO_DATA/cbis-mass/test/$label" | wc -l)" "and all of them"
done
convert cbis-full-mass "$MAMMO_DATA/cbis-full-mass" > "$T/cbis-full-mass.tsv" 2> "$T/cbis-full-mass.err"
is $? 0 "cbis-full-mass converts"
is "$(totals cbis-full-mass)" "436 753 826; 478 847 948; " "cbis-full-mass: patients, films, findings"
is "$(awk -F '\t' 'FNR > 1 && $3 != "train" { print $2 }' "$T/cbis-full-mass.tsv" | sort -u |
    comm -12 - <(awk -F '\t' 'FNR > 1 && $3 == "train" { print $2 }' "$T/cbis-mass.tsv" | sort -u))" "" \
    "cbis-full-mass: nobody of val and test is trained on in cbis-mass"
for split in train val test; do sample cbis-full-mass malignant $split; done
is "$(totals cdd-cesm)" "45 46 120; 40 42 85; >=22 43 0; " "cdd-cesm: patients, images, findings"
is "$(totals cdd-cesm-512)" "178 326 689; 31 42 126; >=22 43 0; " "cdd-cesm-512: the same"
is "$(totals mini-mias)" "39 39 40; 55 56 61; 31 33 0; " "mini-mias: the same"
is "$(cat "$T"/cdd-cesm.tsv "$T"/cdd-cesm-512.tsv | cut -f2,3 | sort -u | cut -f1 | uniq -d)" "" \
    "a patient has the same split in both copies of CDD-CESM"
is "$(awk -F '\t' '$2 ~ /-/ { split($2, r, "-"); if (r[2] > 220 || $3 != "train") print }' \
    "$T"/cdd-cesm.tsv "$T"/cdd-cesm-512.tsv)" "" "no range of patients leaves the training range"
cat > "$T/count.awk" << 'EOF'
function file_path(f) { return f }
FILENAME ~ /findings\.tsv$/ { rule(); next }
FILENAME ~ /regions\.csv$/ { if (csv_row()) n[text("file")]++; next }
csv_row() && text("file") in n { kind_of(text("findings"), text("tags"), n[text("file")]) }
END { for (i = 1; i <= n_rules; i++) print rule_hits[i] + 0 }
EOF
for set in cdd-cesm cdd-cesm-512; do
    column=$((3 + (${#set} > 8)))
    data=$MAMMO_DATA/$set
    is "$(awk -f "$common" -f "$T/count.awk" "$rules" "$data/regions.csv" "$data/index.csv")" \
        "$(grep -v '^#' "$rules" | cut -f$column)" "$set: the numbers in findings.tsv"
done
done_testing 106
