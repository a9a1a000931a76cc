#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "image/morph.h"
#include "patch/paste.h"

/* Pixels of a patch of 256 px. */
#define MARGIN 20.0 /* what a mask may have missed of its lesion's body */
#define SIGMA 4.0   /* of the Gaussian whose second derivative answers to lines and specks */
#define WIDEN 8.0   /* what that derivative misses of them to either side */
#define EDGE 8.0    /* over which the lesion fades in from the support's edge */
#define NEAR 4.0    /* specks may lie so far outside their outline */
#define DETAIL 10.0 /* sigma of the Gaussian that tells detail from the rest */

#define REACH 0.75 /* radii of the lesion: how far beyond the margin its spicules are followed */
#define STANDS_OUT 1.75 /* times the mean answer of tissue */
#define WHITE 0.998
#define MOST_WHITE 0.25  /* of the mask */
#define MOST_SUPPORT 0.9 /* of the patch */

/* What is known of a patch while its lesion is taken out; planes of [h][w]. */
struct work {
    size_t h, w, n;
    double unit;
    uint8_t *support; /* where the lesion is */
    double *away;     /* distances: to the mask, later to the support's edge */
    float *answer;    /* of the second derivative; scratch later */
    float *background;
    float *layer; /* image - background on the support, 0 outside */
};

static int
work_init(struct work *k, size_t h, size_t w, struct err *e)
{
    *k = (struct work){.h = h, .w = w, .unit = (double)(h < w ? h : w) / 256};
    if (mem_mul(h, w, &k->n) == -1 || k->n > UINT32_MAX)
        return err_set(e, "size overflow (%zu x %zu)", w, h);
    k->support = mem_array(k->n, 1, e);
    k->away = mem_array_raw(k->n, sizeof(*k->away), e);
    k->answer = mem_array_raw(k->n, sizeof(*k->answer), e);
    k->background = mem_array_raw(k->n, sizeof(*k->background), e);
    k->layer = mem_array_raw(k->n, sizeof(*k->layer), e);
    return k->support && k->away && k->answer && k->background && k->layer ? 0 : -1;
}

static void
work_free(struct work *k)
{
    free(k->support);
    free(k->away);
    free(k->answer);
    free(k->background);
    free(k->layer);
}

/* ---- distances ---- */

/*
 * Distance of each pixel to the nearest one that m sets (or, with `unset`, does not set): down and
 * up the columns, then along each row the lower envelope of parabolas (P. F. Felzenszwalb and D. P.
 * Huttenlocher, Theory of Computing 8, 2012).  More than h + w where there is none.
 */
static int
distances(const uint8_t *m, int unset, size_t h, size_t w, double *d, struct err *e)
{
    double far = (double)(h + w + 1), *z = mem_array_raw(w, sizeof(*z), e);
    double *f = mem_array_raw(w, sizeof(*f), e);
    size_t *v = mem_array_raw(w, sizeof(*v), e);
    int rc = -1;

    if (z == NULL || f == NULL || v == NULL)
        goto out;
    for (size_t i = 0; i < h * w; i++)
        d[i] = (m[i] == 0) == unset ? 0 : i < w ? far : fmin(far, d[i - w] + 1);
    for (size_t i = h * w - w; i-- > 0;)
        d[i] = fmin(d[i], d[i + w] + 1);
    for (size_t y = 0; y < h; y++) {
        double *row = d + y * w;
        size_t k = 0;

        v[0] = 0;
        z[0] = -INFINITY;
        for (size_t x = 0; x < w; x++)
            f[x] = row[x] * row[x] + (double)(x * x);
        for (size_t x = 1; x < w; x++) {
            double s = (f[x] - f[v[k]]) / (2 * (double)(x - v[k]));

            while (s <= z[k]) {
                k--;
                s = (f[x] - f[v[k]]) / (2 * (double)(x - v[k]));
            }
            v[++k] = x;
            z[k] = s;
        }
        for (size_t x = w, last = k; x-- > 0;) {
            double dx;

            while (z[last] > (double)x)
                last--;
            dx = (double)x - (double)v[last];
            row[x] = sqrt(f[v[last]] - (double)(v[last] * v[last]) + dx * dx);
        }
    }
    rc = 0;
out:
    free(z);
    free(f);
    free(v);
    return rc;
}

/* ---- the support ---- */

/*
 * The second derivative of the smoothed patch g, negative, so that what is bright is positive: of
 * specks the mean over all directions; of spicules, which run away from the mask, that across the
 * way there, t' H t with H the Hessian and t at right angles to the gradient of the distance.
 */
static double
answer_at(const struct work *k, const float *g, int specks, size_t x, size_t y)
{
    size_t l = x > 0 ? x - 1 : x, r = x + 1 < k->w ? x + 1 : x;
    const float *up = g + (y > 0 ? y - 1 : y) * k->w, *at = g + y * k->w;
    const float *down = g + (y + 1 < k->h ? y + 1 : y) * k->w;
    double here = 2 * (double)at[x], xx = (double)at[l] - here + (double)at[r];
    double yy = (double)up[x] - here + (double)down[x], xy, gx, gy, g2;

    if (specks)
        return -(xx + yy) / 2;
    xy = ((double)up[l] - (double)up[r] - (double)down[l] + (double)down[r]) / 4;
    gx = k->away[y * k->w + r] - k->away[y * k->w + l];
    gy = k->away[(size_t)(down - g) + x] - k->away[(size_t)(up - g) + x];
    g2 = gx * gx + gy * gy;
    return g2 > 0 ? -(xx * gy * gy - 2 * xy * gx * gy + yy * gx * gx) / g2 : 0;
}

/* Adds to the support what stands out up to `zone` from the mask and, unless these are specks, is
 * connected with the core, which is the support until now. */
static int
add_what_stands_out(struct work *k, double zone, int specks, struct err *e)
{
    uint8_t *found = mem_array_raw(k->n, 1, e), *keep = NULL;
    uint32_t *label = mem_array_raw(k->n, sizeof(*label), e);
    size_t *area = NULL, outside = 0, count = 0;
    double sum = 0;
    long parts;
    int rc = -1;

    if (found == NULL || label == NULL)
        goto out;
    for (size_t i = 0; i < k->n; i++)
        outside += k->away[i] > zone;
    /* A large lesion's zone leaves no tissue to compare with: then all outside its core. */
    for (size_t i = 0; i < k->n; i++)
        if (10 * outside >= k->n ? k->away[i] > zone : !k->support[i]) {
            sum += fabs((double)k->answer[i]);
            count++;
        }
    for (size_t i = 0; i < k->n; i++)
        found[i] = k->support[i] ||
                   (k->away[i] <= zone && (double)k->answer[i] * (double)count > STANDS_OUT * sum);
    if ((parts = morph_components(found, k->h, k->w, 8, label, &area, e)) == -1 ||
        (keep = mem_array((size_t)parts + 1, 1, e)) == NULL)
        goto out;
    for (size_t i = 0; i < k->n; i++)
        keep[label[i]] |= k->support[i] || specks;
    for (size_t i = 0; i < k->n; i++)
        found[i] = found[i] && keep[label[i]] && !k->support[i];
    if (morph_dilate_disc(found, k->h, k->w, WIDEN * k->unit, e) == -1)
        goto out;
    for (size_t i = 0; i < k->n; i++)
        k->support[i] |= found[i];
    rc = 0;
out:
    free(found);
    free(keep);
    free(label);
    free(area);
    return rc;
}

static int
find_support(struct work *k, const float *image, const uint8_t *mask, size_t area, int specks,
             struct err *e)
{
    double zone = NEAR * k->unit;
    float *g = k->layer; /* not needed yet */

    if (distances(mask, 0, k->h, k->w, k->away, e) == -1)
        return -1;
    if (!specks) {
        for (size_t i = 0; i < k->n; i++)
            k->support[i] = k->away[i] <= MARGIN * k->unit;
        zone = MARGIN * k->unit + REACH * sqrt((double)area / M_PI);
    }
    memcpy(g, image, k->n * sizeof(*g));
    if (gauss_smooth(g, k->h, k->w, fmax(1, SIGMA * k->unit), 4, e) == -1)
        return -1;
    for (size_t y = 0; y < k->h; y++)
        for (size_t x = 0; x < k->w; x++)
            k->answer[y * k->w + x] = (float)answer_at(k, g, specks, x, y);
    return add_what_stands_out(k, zone, specks, e);
}

/* ---- the background ---- */

/* A pixel of the support: its place, and those of its neighbours; a missing one is itself. */
struct node {
    uint32_t at, left, right, up, down;
};

/* The pixels of the support, those of even x + y first: within each half none needs another. */
static size_t
list_nodes(const struct work *k, struct node *node, size_t *even)
{
    size_t n = 0;

    for (size_t odd = 0; odd < 2; odd++) {
        for (size_t y = 0; y < k->h; y++)
            for (size_t x = (y + odd) % 2; x < k->w; x += 2) {
                uint32_t i = (uint32_t)(y * k->w + x), w = (uint32_t)k->w;

                if (k->support[i])
                    node[n++] = (struct node){i, x > 0 ? i - 1 : i, x + 1 < k->w ? i + 1 : i,
                                              y > 0 ? i - w : i, y + 1 < k->h ? i + w : i};
            }
        if (!odd)
            *even = n;
    }
    return n;
}

/* One step of over-relaxation at each node; the largest. */
static double
relax(const struct node *node, size_t n, double factor, double *v)
{
    double most = 0;

    for (size_t j = 0; j < n; j++) {
        const struct node *p = &node[j];
        double mean = ((v[p->left] + v[p->right]) + (v[p->up] + v[p->down])) / 4;
        double step = factor * (mean - v[p->at]), size = fabs(step);

        v[p->at] += step;
        most = size > most ? size : most;
    }
    return most;
}

/*
 * Laplace's equation on the support by successive over-relaxation, even and odd pixels in turn; at
 * the patch's edge the surface is level.  Starts from the mean of the pixels at the support's edge.
 * The factor is the best one for a square as wide as the support is where it is widest (D. M.
 * Young, Iterative Solution of Large Linear Systems, 1971), whose sine is its angle here:
 * processors differ in the last digit of sines.  Each sweep leaves 1 - 2 pi / width of the error,
 * or less.
 */
static int
fill_background(struct work *k, const float *image, struct err *e)
{
    static const double tolerance = 0x1p-18; /* of a step */
    double width = 0, factor, rim = 0, most = 1, *v = mem_array_raw(k->n, sizeof(*v), e);
    struct node *node = mem_array_raw(k->n, sizeof(*node), e);
    size_t n, even = 0, n_rim = 0;

    if (v == NULL || node == NULL) {
        free(v);
        free(node);
        return -1;
    }
    n = list_nodes(k, node, &even);
    for (size_t i = 0; i < k->n; i++) {
        v[i] = (double)image[i];
        width = 2 * k->away[i] > width ? 2 * k->away[i] : width;
        if (k->away[i] > 0 && k->away[i] <= 1) {
            rim += v[i];
            n_rim++;
        }
    }
    factor = 2 / (1 + fmin(1, M_PI / width));
    for (size_t j = 0; j < n; j++)
        v[node[j].at] = rim / (double)n_rim;
    for (size_t sweep = 0; sweep < 20 * (k->h + k->w) && most > tolerance; sweep++) {
        double odd;

        most = relax(node, even, factor, v);
        odd = relax(node + even, n - even, factor, v);
        most = odd > most ? odd : most;
    }
    for (size_t i = 0; i < k->n; i++)
        k->background[i] = (float)v[i];
    free(v);
    free(node);
    return 0;
}

/* ---- detail ---- */

/* What is finer than a Gaussian of sigma `DETAIL`, out of p into detail; p keeps the rest. */
static int
split(struct work *k, float *p, float *detail, struct err *e)
{
    memcpy(detail, p, k->n * sizeof(*detail));
    if (gauss_smooth(p, k->h, k->w, DETAIL * k->unit, 4, e) == -1)
        return -1;
    for (size_t i = 0; i < k->n; i++)
        detail[i] -= p[i];
    return 0;
}

/*
 * The layer holds the fine texture of the tissue behind the lesion, too, and the tissue that it
 * goes to has its own: of the variance of detail around each pixel, the share stays that tissue
 * does not explain, so that in the result it is that of the lesion and of tissue once.
 *
 * DEVIATION from J.-S. Lee (IEEE Trans. PAMI 2(2):165-168, 1980), whose local statistics these are:
 * he multiplies by the share, which comes closest to what is behind the noise, but leaves less of
 * it; here the factor is its root.
 */
static int
quieten(struct work *k, struct err *e)
{
    float *detail = k->answer, *local = k->background; /* which are used up here */
    double sum = 0, tissue;
    size_t known = 0;

    if (split(k, k->background, detail, e) == -1)
        return -1;
    for (size_t i = 0; i < k->n; i++)
        if (!k->support[i]) {
            sum += (double)detail[i] * (double)detail[i];
            known++;
        }
    tissue = sum / (double)known;
    if (split(k, k->layer, detail, e) == -1)
        return -1;
    for (size_t i = 0; i < k->n; i++)
        local[i] = detail[i] * detail[i];
    if (gauss_smooth(local, k->h, k->w, DETAIL * k->unit, 4, e) == -1)
        return -1;
    for (size_t i = 0; i < k->n; i++)
        if ((double)local[i] > tissue)
            k->layer[i] += (float)sqrt(1 - tissue / (double)local[i]) * detail[i];
    return 0;
}

/* ---- the whole ---- */

/*
 * t^2 (3 - 2 t) with t the distance to the nearest pixel outside the support over EDGE.  What lies
 * beyond the patch counts as support unless `closed`: a lesion that the patch's edge cuts goes on
 * there, but when it is moved, that edge must not show.
 */
static void
fade(struct work *k, int closed)
{
    for (size_t y = 0; y < k->h; y++)
        for (size_t x = 0; x < k->w; x++) {
            double d = k->away[y * k->w + x], t;

            if (closed) {
                d = fmin(d, fmin((double)(x + 1), (double)(k->w - x)));
                d = fmin(d, fmin((double)(y + 1), (double)(k->h - y)));
            }
            t = fmin(1, d / (EDGE * k->unit + 1));
            k->layer[y * k->w + x] *= (float)(t * t * (3 - 2 * t));
        }
}

/* What can be said of a mask before the lesion is taken out. */
static enum paste_verdict
look_at(const struct paste_config *c, const float *image, const uint8_t *mask, size_t h, size_t w,
        size_t *area)
{
    size_t cut = 0, white = 0, n = 0;

    for (size_t y = 0; y < h; y++)
        for (size_t x = 0; x < w; x++) {
            if (!mask[y * w + x])
                continue;
            n++;
            cut += x == 0 || y == 0 || x + 1 == w || y + 1 == h;
            white += (double)image[y * w + x] >= WHITE;
        }
    *area = n;
    if (n == 0)
        return PASTE_EMPTY;
    if ((double)cut > c->max_cut * 2 * sqrt(M_PI * (double)n))
        return PASTE_CUT;
    return (double)white > MOST_WHITE * (double)n ? PASTE_WHITE : PASTE_GOOD;
}

int
paste_extract(const struct paste_config *c, const float *image, const uint8_t *mask, size_t h,
              size_t w, int specks, float *lesion, struct err *e)
{
    enum paste_verdict verdict;
    size_t area, covered = 0;
    struct work k = {0};
    double sum = 0;
    int rc = -1;

    for (size_t i = 0; i < h * w; i++)
        if (!(image[i] >= 0 && image[i] <= 1))
            return err_set(e, "grey level %g at row %zu, column %zu is outside 0 to 1",
                           (double)image[i], i / w, i % w);
    if ((verdict = look_at(c, image, mask, h, w, &area)) != PASTE_GOOD)
        return (int)verdict;
    if (work_init(&k, h, w, e) == -1 || find_support(&k, image, mask, area, specks, e) == -1)
        goto out;
    for (size_t i = 0; i < k.n; i++)
        covered += k.support[i];
    if (covered == 0 || (double)covered > MOST_SUPPORT * (double)k.n) {
        rc = covered == 0 ? PASTE_FAINT : PASTE_LARGE;
        goto out;
    }
    if (distances(k.support, 1, h, w, k.away, e) == -1 || fill_background(&k, image, e) == -1)
        goto out;
    for (size_t i = 0; i < k.n; i++)
        k.layer[i] = image[i] - k.background[i];
    if (quieten(&k, e) == -1)
        goto out;
    fade(&k, c->centre);
    for (size_t i = 0; i < k.n; i++) {
        sum += mask[i] ? (double)k.layer[i] : 0;
        lesion[i] = k.layer[i] > 0 ? fminf(1, k.layer[i]) : 0;
    }
    rc = sum > 0 ? PASTE_GOOD : PASTE_FAINT;
out:
    work_free(&k);
    return rc;
}
