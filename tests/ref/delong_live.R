# delong_live.R FOLDER SEED N ... - random score files for delong, and what pROC makes of them.
#
# For each N, with and without ties: FOLDER/CASE.a.tsv, .b.tsv (the same cases), .c.tsv (others), and the lines
# "CASE what value" of FOLDER/want.  In the last case the curves are so far apart that pROC's p underflows: then
# the logarithm of its formula is wanted (pnorm and pt with log.p).  R 4.2.2, pROC 1.18.0.
suppressMessages(library(pROC))
arg <- commandArgs(trailingOnly = TRUE)
folder <- arg[1]
set.seed(as.integer(arg[2]))
ns <- as.numeric(arg[-(1:2)])
want <- file(file.path(folder, "want"), "w")

write_scores <- function(case, which, y, s)
    writeLines(c("id\tlabel\tscore", sprintf("%d\t%s\t%.17g", seq_along(y), ifelse(y == 1, "malignant", "normal"), s)),
        file.path(folder, paste0(case, ".", which, ".tsv")))

out <- function(case, what, value) cat(sprintf("%s\t%s\t%.17g\n", case, what, value), sep = "", file = want)
log10_normal <- function(z) (pnorm(-abs(z), log.p = TRUE) + log(2)) / log(10)
log10_student <- function(t, df) (pt(-abs(t), df, log.p = TRUE) + log(2)) / log(10)

one <- function(case, n, levels, apart) {
    y <- sample(rep(0:1, length.out = n), n)
    if (n > 50) y[seq_len(n %/% 7)] <- 0
    e <- sample(rep(0:1, length.out = n + 9), n + 9)
    x <- rnorm(n)
    s <- list(a = x + 0.7 * rnorm(n) + apart * y, b = x + 0.9 * rnorm(n) + 0.5 * y, c = rnorm(n + 9) + 0.6 * e)
    if (levels > 0) s <- lapply(s, function(v) floor(v * levels / 6))
    write_scores(case, "a", y, s$a)
    write_scores(case, "b", y, s$b)
    write_scores(case, "c", e, s$c)
    a <- roc(y, s$a, direction = "<", quiet = TRUE)
    b <- roc(y, s$b, direction = "<", quiet = TRUE)
    c <- roc(e, s$c, direction = "<", quiet = TRUE)
    t <- roc.test(a, b, method = "delong", paired = TRUE)
    u <- roc.test(a, c, method = "delong", paired = FALSE)
    ci <- ci.auc(a, method = "delong")
    out(case, c("area_a", "area_b", "var_a", "var_b", "lower", "upper", "z", "p", "log10_p"),
        c(auc(a), auc(b), var(a), var(b), ci[1], ci[3], t$statistic, t$p.value, log10_normal(t$statistic)))
    out(case, c("t", "df", "u", "log10_u"),
        c(u$statistic, u$parameter, u$p.value, log10_student(u$statistic, u$parameter)))
}

for (n in ns) for (levels in c(0, 4, 25)) one(sprintf("n%.0f-%d", n, levels), n, levels, 0.9)
if (length(ns) > 1) one("apart", 20000, 0, 5)
close(want)
