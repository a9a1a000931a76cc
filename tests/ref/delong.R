# delong.R - areas, variances and tests by pROC, the oracle of test_delong.c.
#
#   Rscript tests/ref/delong.R > tests/ref/delong.tsv
#
# Made with R 4.2.2 and pROC 1.18.0 (Debian 12: r-base-core, r-cran-proc).  The cases come from whole-number
# recipes that R and C compute alike, so only the results are kept.  `ties` is the number of levels that
# scores are cut to; 0 leaves them as they are.
suppressMessages(library(pROC))

cases <- function(n, ties, part) {
    i <- seq(1, n) + part * 1000
    r <- function(a, b) ((i * a + b) %% 1000003 * 7919 + i %% 9973 * b) %% 999983 / 999983
    y <- as.integer(r(7561, 31) < 0.35)
    x <- r(3571, 77) + r(8123, 15)
    s <- cbind(x + r(6007, 111) + 0.5 * y, x + r(9001, 49) * 1.5 + 0.375 * y)
    if (ties > 0) s <- floor(s * ties / 4)
    list(y = y, s = s)
}

out <- function(kind, n, ties, what, value) cat(sprintf("%s\t%d\t%d\t%s\t%.17g\n", kind, n, ties, what, value), sep = "")

for (n in c(20, 50, 200, 2000, 20000, 1000000)) for (ties in c(0, 20)) {
    d <- cases(n, ties, 0)
    a <- roc(d$y, d$s[, 1], direction = "<", quiet = TRUE)
    b <- roc(d$y, d$s[, 2], direction = "<", quiet = TRUE)
    t <- roc.test(a, b, method = "delong", paired = TRUE)
    out("paired", n, ties, c("area_a", "area_b", "var_a", "var_b", "z", "p", "log10_p"),
        c(auc(a), auc(b), var(a), var(b), t$statistic, t$p.value,
          (pnorm(-abs(t$statistic), log.p = TRUE) + log(2)) / log(10)))
    if (n <= 20000) {
        e <- cases(n + 7, ties, 1)
        c <- roc(e$y, e$s[, 2], direction = "<", quiet = TRUE)
        u <- roc.test(a, c, method = "delong", paired = FALSE)
        out("unpaired", n, ties, c("t", "df", "p"), c(u$statistic, u$parameter, u$p.value))
    }
    if (n <= 2000)
        out("interval", n, ties, c("lower", "upper"), ci.auc(a, conf.level = 0.9, method = "delong")[c(1, 3)])
}
