# worth.awk - gains of the arms, and the fraction of the oracle's gain that each catches:
#
#   awk -f worth.awk N/DECAY.tsv ... > worth.tsv
#
# The files are worth-kinds.sh's, of the folder of a number of cancers and the name of a decay.  The interval of the
# fraction g / o of two gains that share the arm of real patches alone is E. C. Fieller's (J. R. Statist. Soc. B
# 16:175-185, 1954): all f for which g - f o does not differ from 0.  It has ends only where the oracle's own gain is
# known not to be 0; elsewhere they are -inf and inf.
BEGIN {
    FS = OFS = "\t"; OFMT = CONVFMT = "%.12g"
    arms = split("real pasted generators oracle", arm, " ")
    print "cancers", "decay", "kind", "arm", "area", "area_lower", "area_upper", "training_sd", "gain", "gain_lower", "gain_upper", "p", \
        "detectable", "fraction", "fraction_lower", "fraction_upper"
}
function flush(    k, i, a, g, o, vg, vo, c, q, A, B, C, D, lo, hi) {
    for (k = 1; k <= kinds; k++)
        for (i = 1; i <= arms; i++) {
            a = kind[k] SUBSEP arm[i]
            if (!(a in area)) continue
            g = gain(kind[k], arm[i], "real"); o = gain(kind[k], "oracle", "real")
            lo = "-inf"; hi = "inf"
            if (arm[i] != "real" && arm[i] != "oracle") {
                vg = se(kind[k], arm[i], "real") ^ 2; vo = se(kind[k], "oracle", "real") ^ 2
                c = (vg + vo - se(kind[k], arm[i], "oracle") ^ 2) / 2
                q = quantile(kind[k], arm[i], "real")
                if (quantile(kind[k], "oracle", "real") > q) q = quantile(kind[k], "oracle", "real")
                if (quantile(kind[k], arm[i], "oracle") > q) q = quantile(kind[k], arm[i], "oracle")
                A = o * o - q * q * vo; B = o * g - q * q * c; C = g * g - q * q * vg
                D = B * B - A * C
                if (A > 0 && D >= 0) { lo = (B - sqrt(D)) / A; hi = (B + sqrt(D)) / A }
            }
            if (arm[i] == "real")
                print cancers, decay, kind[k], arm[i], area[a], low[a], high[a], spread[a], "", "", "", "", "", "", "", ""
            else
                print cancers, decay, kind[k], arm[i], area[a], low[a], high[a], spread[a], g, \
                    g - quantile(kind[k], arm[i], "real") * se(kind[k], arm[i], "real"), \
                    g + quantile(kind[k], arm[i], "real") * se(kind[k], arm[i], "real"), \
                    p[kind[k], arm[i], "real"], detectable[kind[k], arm[i], "real"], \
                    arm[i] == "oracle" ? 1 : o != 0 ? g / o : "NA", arm[i] == "oracle" ? "" : lo, arm[i] == "oracle" ? "" : hi
        }
    split("", area); split("", diff); kinds = 0; split("", seen)
}
function gain(k, a, b) { return (k, a, b) in diff ? diff[k, a, b] : 0 }
function se(k, a, b) { return error[k, a, b] }
# What delong multiplied the standard error by.
function quantile(k, a, b) { return factor[k, a, b] }
FNR == 1 {
    if (NR > 1) flush()
    split("", col)
    for (i = 1; i <= NF; i++) col[$i] = i
    n = split(FILENAME, part, "/")
    cancers = part[n - 1]
    decay = part[n]
    sub(/\.tsv$/, "", decay)
    next
}
$col["what"] == "area" {
    if (!($1 in seen)) { seen[$1]; kind[++kinds] = $1 }
    a = $1 SUBSEP $col["curve"]
    area[a] = $col["estimate"]; low[a] = $col["lower"]; high[a] = $col["upper"]; spread[a] = $col["se_trainings"] * sqrt($col["trainings"])
}
$col["what"] == "difference" {
    a = $col["curve"]; b = $col["reference"]
    diff[$1, a, b] = $col["estimate"]; diff[$1, b, a] = -$col["estimate"]
    error[$1, a, b] = error[$1, b, a] = $col["se"]
    factor[$1, a, b] = factor[$1, b, a] = $col["se"] > 0 ? ($col["upper"] - $col["estimate"]) / $col["se"] : 2
    p[$1, a, b] = p[$1, b, a] = $col["p"]
    detectable[$1, a, b] = detectable[$1, b, a] = $col["detectable"]
}
END { if (NR) flush() }
