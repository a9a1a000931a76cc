# trainings.R - mean areas over readers by MRMCaov, the oracle of test_trainings.c where cases are independent.
#
#   Rscript tests/ref/trainings.R > tests/ref/trainings_mrmc.tsv
#
# Made with R 4.2.2 and MRMCaov 0.3.0 (github.com/brian-j-smith/MRMCaov, d79e49b) of B. J. Smith and S. L. Hillis:
# random readers and cases, DeLong's covariances, which it gives where arms have as many readers.  Cases are those of delong.R,
# scores as in trainings.py.  Of each arm: estimate, MS(R), Cov2 and standard error.  Of the difference: the patients'
# part C_1 + C_2 - 2 X from the package's covariance matrix, and the standard error with that and both MS(R).
suppressMessages(library(MRMCaov))

cases <- function(n, ties, trainings) {
    i <- seq(1, n)
    r <- function(a, b) ((i * a + b) %% 1000003 * 7919 + i %% 9973 * b) %% 999983 / 999983
    y <- as.integer(r(7561, 31) < 0.35)
    x <- r(3571, 77) + r(8123, 15)
    do.call(rbind, lapply(1:2, function(a) do.call(rbind, lapply(1:trainings, function(j) {
        s <- x + r(6007 + 100 * a + j, 111) * (1 + j / 8) + (0.625 - a / 8) * y
        if (ties > 0) s <- floor(s * ties / 4)
        data.frame(arm = a, training = j, case = i, truth = y, score = s)
    }))))
}

for (n in c(20, 200, 1000)) for (ties in c(0, 20)) for (trainings in c(2, 4)) {
    d <- cases(n, ties, trainings)
    m <- mrmc(empirical_auc(truth, score), arm, training, case, data = d, cov = DeLong)
    means <- summary(m)$test_means
    k <- split(seq_len(nrow(m$data)), m$data$arm)
    off <- function(x) mean(x[row(x) != col(x)])
    p <- off(m$cov[k[[1]], k[[1]]]) + off(m$cov[k[[2]], k[[2]]]) - 2 * mean(m$cov[k[[1]], k[[2]]])
    s <- sum(means[["MS(R)"]]) / trainings
    cat(n, ties, trainings, sprintf("%.17g", c(t(as.matrix(means[, c("Estimate", "MS(R)", "Cov2", "StdErr")])),
                                               p, sqrt(max(p, 0) + s))), sep = "\t")
    cat("\n")
}
