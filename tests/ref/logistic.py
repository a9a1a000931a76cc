#!/usr/bin/python3
"""logistic.py - logistic regression by scikit-learn, the oracle of test_logistic.c.

    python3 tests/ref/logistic.py > tests/ref/logistic.tsv

Made with scikit-learn 1.2.1, numpy 1.24.2 (Debian 12).  The cases come from whole-number recipes
that Python and C compute alike, so only the results are kept.  Classes weigh the same, features are
standardised with these weights, and the slopes (not the intercept) carry the ridge:
scikit-learn's C is 1 / ridge where the weights of all cases sum to 1.
"""
import numpy as np
import sklearn
from sklearn.linear_model import LogisticRegression


def recipe(i, a, b):
    return ((i * a + b) % 1000003 * 7919 + i % 9973 * b) % 999983 / 999983


def cases(n, gap):
    """Two features, of which the first also moves with the class, by `gap`."""
    i = np.arange(1, n + 1)
    y = (recipe(i, 7561, 31) < 0.2).astype(int)
    share = recipe(i, 3571, 77)
    return y, np.stack([share + gap * y, 0.3 * share + recipe(i, 8123, 15) ** 2], 1)


print(f"# scikit-learn {sklearn.__version__} numpy {np.__version__}")
for n in (40, 3000):
    for gap in (0.0, 0.3, 2.0):  # at 2.0 a threshold tells the classes apart
        for ridge in (1e-1, 1e-6):
            y, x = cases(n, gap)
            w = np.where(y == 1, 0.5 / y.sum(), 0.5 / (n - y.sum()))
            z = x - w @ x
            z /= np.sqrt(w @ z**2)
            fit = LogisticRegression(C=1 / ridge, solver="newton-cholesky", tol=1e-13, max_iter=1000)
            fit.fit(z, y, sample_weight=w)
            odds = fit.decision_function(z)
            for what, value in (("intercept", fit.intercept_[0]), ("slope0", fit.coef_[0][0]),
                                ("slope1", fit.coef_[0][1]), ("odds_first", odds[0]),
                                ("odds_last", odds[-1])):
                print(f"{n}\t{gap:g}\t{ridge:g}\t{what}\t{value:.15g}")
