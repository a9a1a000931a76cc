/*
 * The phantom: shares, independence of the pictures, masks against the pictures, the spectrum of
 * its noise.
 *
 * The truth about a lesion is had by drawing the same picture for a normal patient: all else is
 * equal to the bit, so the difference of the two is the lesion.
 *
 * With an argument: checks the folder of that manifest instead (tests/shell/phantom.t).
 */
#include <stdlib.h>
#include <string.h>

#include "patch/phantom.h"
#include "patch/phantom_parts.h"
#include "stream/manifest.h"
#include "../tap.h"

static struct err e;

static struct phantom_opts
small(uint64_t seed)
{
    struct phantom_opts o = {.seed = seed,
                             .h = 320,
                             .w = 240,
                             .sides = 1,
                             .malignant = 0.4,
                             .benign = 0.3,
                             .calcification = 0.4,
                             .train = 0.6,
                             .val = 0.2};

    return o;
}

static int
same(const struct phantom_view *a, const struct phantom_view *b)
{
    size_t n = a->image.h * a->image.w;

    return a->n == b->n && memcmp(a->image.px, b->image.px, n * sizeof *a->image.px) == 0 &&
           memcmp(a->findings.px, b->findings.px, n * sizeof *a->findings.px) == 0 &&
           memcmp(a->tissue.px, b->tissue.px, n) == 0;
}

static void
test_shares(void)
{
    double worst = 0, joint = 0;

    for (uint64_t seed = 0; seed < 100; seed++)
        for (int n = 10; n <= 640; n *= 2) {
            struct phantom_opts o = small(seed);
            uint64_t first = seed % 2 ? 0 : 7 + seed * seed * seed * (uint64_t)n % 9999000;
            int malignant = 0, benign = 0, train = 0, val = 0, clusters = 0, both = 0;

            for (int p = 0; p < n; p++) {
                struct phantom_case c;

                phantom_case(&o, (first + (uint64_t)p) * 2, &c);
                malignant += c.label == LABEL_MALIGNANT;
                benign += c.label == LABEL_BENIGN;
                train += c.split == SPLIT_TRAIN;
                val += c.split == SPLIT_VAL;
                clusters += c.kind == LESION_CALCIFICATION;
                both += c.label == LABEL_MALIGNANT && c.split == SPLIT_TEST;
            }
            double far[] = {malignant - 0.4 * n, benign - 0.3 * n, train - 0.6 * n, val - 0.2 * n,
                            clusters - 0.4 * n};

            for (size_t i = 0; i < sizeof far / sizeof *far; i++)
                worst = tap_larger(worst, fabs(far[i]));
            joint = tap_larger(joint, fabs(both - 0.4 * 0.2 * n) - 0.015 * n);
        }
    tap_ok(worst <= 3,
           "any count of patients, from any on, has the shares asked for within 3 patients (%.2f)",
           worst);
    tap_ok(joint <= 3, "and so has each class within each split, within 3 + 1.5 %% (%.2f)", joint);

    struct phantom_opts o = small(3);

    o.malignant = 1;
    o.benign = o.calcification = 0;
    int all = 1;
    for (uint64_t k = 0; k < 200; k++) {
        struct phantom_case c;

        phantom_case(&o, k, &c);
        all &= c.label == LABEL_MALIGNANT && c.kind == LESION_MASS;
    }
    tap_ok(all, "shares of 1 and 0 are met exactly");
}

static void
test_views(void)
{
    struct phantom_opts o = small(5);
    int split = 1, views = 1, sides = 1, normal = 1, n_left = 0;

    o.sides = 2;
    for (uint64_t p = 0; p < 100; p++) {
        struct phantom_case c[4];

        for (int v = 0; v < 4; v++) {
            phantom_case(&o, 4 * p + (uint64_t)v, &c[v]);
            split &= c[v].split == c[0].split && c[v].patient == p;
            views &= c[v].view == (v % 2 ? VIEW_MLO : VIEW_CC);
        }
        sides &= c[0].side == c[1].side && c[2].side == c[3].side && c[0].side != c[2].side;
        normal &=
            c[2].label == LABEL_NORMAL && c[3].label == LABEL_NORMAL && c[0].label == c[1].label;
        n_left += c[0].side == SIDE_L;
    }
    tap_ok(split, "all pictures of a patient are in one split");
    tap_ok(views && sides, "both views of each side");
    tap_ok(normal, "the other breast is normal");
    tap_ok(n_left > 40 && n_left < 60, "lesions on either side (%d of 100 on the left)", n_left);
}

static void
test_same(void)
{
    struct phantom_opts o = small(7), other = small(8);
    struct phantom_view a, b;
    int equal = 1, differ = 1, order = 1;

    for (uint64_t k = 0; k < 6; k++) {
        if (phantom_draw(&o, k, &a, &e) == -1 || phantom_draw(&o, 5 - k, &b, &e) == -1)
            return (void)tap_ok(0, "draw: %s", e.text);
        differ &= !same(&a, &b);
        phantom_free(&b);
        phantom_draw(&o, k, &b, &e);
        equal &= same(&a, &b);
        phantom_free(&b);
        phantom_draw(&other, k, &b, &e);
        order &= !same(&a, &b);
        phantom_free(&b);
        phantom_free(&a);
    }
    tap_ok(equal, "equal seed and number, equal pictures");
    tap_ok(differ, "another number, another picture");
    tap_ok(order, "another seed, another picture");
}

/* Everything a picture promises, over `count` pictures with lesions. */
static void
test_truth(uint64_t seed, size_t h, size_t w, uint64_t count)
{
    struct phantom_opts o = small(seed), clean;
    int outside = 1, inside = 1, boxes = 1, grey = 1, nothing_else = 1, found = 1;
    double least = 1, t_wrong = 0;

    o.h = h;
    o.w = w;
    o.malignant = 0.5;
    o.benign = 0.5;
    clean = o;
    clean.malignant = clean.benign = 0;
    for (uint64_t k = 0; k < count; k++) {
        struct phantom_view v, n;
        double mm = (double)h / PHANTOM_FIELD_MM;

        if (phantom_draw(&o, k, &v, &e) == -1 || phantom_draw(&clean, k, &n, &e) == -1)
            return (void)tap_ok(0, "draw: %s", e.text);
        found &= v.n >= 1 && n.n == 0;
        for (size_t i = 0; i < h * w; i++) {
            unsigned f = v.findings.px[i];

            outside &= v.tissue.px[i] ? 1 : v.image.px[i] == 0 && f == 0;
            inside &= v.tissue.px[i] ? v.image.px[i] > 0 : 1;
            grey &= f <= v.n;
            grey &= v.tissue.px[i] == n.tissue.px[i];
        }
        for (size_t f = 0; f < v.n; f++) {
            const struct phantom_finding *b = &v.finding[f];
            size_t x0 = w, y0 = h, x1 = 0, y1 = 0, area = 0;
            double gain = 0;

            for (size_t i = 0; i < h; i++)
                for (size_t j = 0; j < w; j++) {
                    if (v.findings.px[i * w + j] != f + 1)
                        continue;
                    x0 = j < x0 ? j : x0;
                    y0 = i < y0 ? i : y0;
                    x1 = j + 1 > x1 ? j + 1 : x1;
                    y1 = i + 1 > y1 ? i + 1 : y1;
                    area++;
                    gain += (double)v.image.px[i * w + j] - (double)n.image.px[i * w + j];
                }
            boxes &= area > 0 && x0 == b->x0 && y0 == b->y0 && x1 == b->x1 && y1 == b->y1;
            gain /= 65535.0 * (double)(area > 0 ? area : 1);
            least = fmin(least, b->kind == LESION_MASS ? gain : 1);
            t_wrong = tap_larger(t_wrong, fabs(b->t - 0.5));
        }
        /* Away from all findings the two pictures are the same. */
        for (size_t i = 0; i < h; i++)
            for (size_t j = 0; j < w; j++) {
                int near = 0;

                if (v.image.px[i * w + j] == n.image.px[i * w + j])
                    continue;
                for (size_t f = 0; f < v.n; f++) {
                    double dx = (double)j - 0.5 * (double)(v.finding[f].x0 + v.finding[f].x1);
                    double dy = (double)i - 0.5 * (double)(v.finding[f].y0 + v.finding[f].y1);

                    near |= hypot(dx, dy) < 45 * mm;
                }
                nothing_else &= near;
            }
        phantom_free(&v);
        phantom_free(&n);
    }
    tap_ok(found, "%zu x %zu: every picture of a patient with lesions shows one", w, h);
    tap_ok(outside, "%zu x %zu: nothing is drawn outside the skin", w, h);
    tap_ok(inside, "%zu x %zu: tissue is never quite black", w, h);
    tap_ok(grey,
           "%zu x %zu: the mask holds numbers of findings, and lesions leave the outline alone", w,
           h);
    tap_ok(boxes, "%zu x %zu: boxes are those of the masks", w, h);
    tap_ok(least > 0.02, "%zu x %zu: masses are brighter than the tissue they cover (least %.3f)",
           w, h, least);
    tap_ok(nothing_else, "%zu x %zu: a lesion changes nothing further away", w, h);
    tap_ok(t_wrong <= 0.5, "%zu x %zu: t lies in [0, 1]", w, h);
}

/* Mann-Whitney's U over n m: the area under the ROC curve. */
static double
area(const double *pos, size_t n, const double *neg, size_t m)
{
    double u = 0;

    for (size_t i = 0; i < n; i++)
        for (size_t j = 0; j < m; j++)
            u += pos[i] > neg[j] ? 1 : pos[i] < neg[j] ? 0 : 0.5;
    return u / ((double)n * (double)m);
}

static double
window(const struct phantom_view *v, double x, double y, double side, double *tissue)
{
    double sum = 0, n = 0;
    size_t s = (size_t)side;
    long x0 = (long)(x - side / 2), y0 = (long)(y - side / 2);

    *tissue = 0;
    if (x0 < 0 || y0 < 0 || x0 + (long)s > (long)v->image.w || y0 + (long)s > (long)v->image.h)
        return 0;
    for (size_t i = 0; i < s; i++)
        for (size_t j = 0; j < s; j++) {
            size_t at = ((size_t)y0 + i) * v->image.w + (size_t)x0 + j;

            sum += v->image.px[at];
            n += 1;
            *tissue += v->tissue.px[at];
        }
    *tissue /= n;
    return sum / n / 65535;
}

/* Brightness does not tell lesions: windows of 19.2 mm around lesions and anywhere. */
static void
test_brightness(void)
{
    enum { MOST = 160 };
    static double lesion[MOST], normal[MOST];
    size_t n = 0, m = 0;
    struct phantom_opts o = small(11);
    struct rng r = rng_at(1, "test", 0);
    double side = 19.2 * (double)o.h / PHANTOM_FIELD_MM, tissue;

    for (uint64_t k = 0; k < 2 * MOST && (n < MOST || m < MOST); k++) {
        struct phantom_view v;

        if (phantom_draw(&o, k, &v, &e) == -1)
            return (void)tap_ok(0, "draw: %s", e.text);
        if (v.n > 0 && n < MOST) {
            const struct phantom_finding *f = &v.finding[0];
            double g = window(&v, 0.5 * (double)(f->x0 + f->x1), 0.5 * (double)(f->y0 + f->y1),
                              side, &tissue);

            if (tissue >= 0.9)
                lesion[n++] = g;
        }
        for (int i = 0, got = 0; v.n == 0 && i < 200 && got < 2 && m < MOST; i++) {
            double g = window(&v, rng_uniform(&r) * (double)o.w, rng_uniform(&r) * (double)o.h,
                              side, &tissue);

            if (tissue >= 0.9) {
                normal[m++] = g;
                got++;
            }
        }
        phantom_free(&v);
    }
    double a = area(lesion, n, normal, m);

    tap_ok(fabs(a - 0.5) < 0.1,
           "mean grey tells %zu lesions from %zu normal windows with an area of %.3f", n, m, a);
}

/* The hidden number: its area is that of the two Beta distributions, and the label has no other way
 * into the picture. */
static void
test_hidden(void)
{
    enum { N = 2000 };
    static double bad[N], good[N];
    struct rng r = rng_at(1, "test", 1);
    struct lesion l;

    for (int i = 0; i < N; i++) {
        lesion_plan(&l, LABEL_MALIGNANT, LESION_MASS, &r);
        bad[i] = l.t;
        lesion_plan(&l, LABEL_BENIGN, LESION_MASS, &r);
        good[i] = l.t;
    }
    /* scipy 1.10: integral of beta(4, 1.5).pdf * beta(1.5, 4).cdf */
    tap_near(area(bad, N, good, N), 0.9538, 0.01,
             "t separates malignant from benign as far as Beta does");
}

/*
 * A spectrum of 1/f^beta means that squared differences grow as distance^(beta - 2), for 2 < beta <
 * 4 and distances well within the octaves drawn.
 */
static void
test_spectrum(void)
{
    double betas[] = {2.4, 2.7, 3.0};

    for (int b = 0; b < 3; b++) {
        struct plane p;
        double near = 0, far = 0;

        for (uint64_t seed = 0; seed < 6; seed++) {
            struct rng r = rng_at(seed, "test", 2);

            if (plane_alloc(&p, 512, 512, &e) == -1 ||
                field_noise(&p, &r, betas[b], 1, 256, &e) == -1)
                return (void)tap_ok(0, "noise: %s", e.text);
            for (size_t i = 0; i < 496; i += 3)
                for (size_t j = 0; j < 496; j += 3) {
                    double a = (double)p.px[i * 512 + j];
                    double n1 = (double)p.px[i * 512 + j + 4] - a,
                           n2 = (double)p.px[(i + 4) * 512 + j] - a;
                    double f1 = (double)p.px[i * 512 + j + 16] - a,
                           f2 = (double)p.px[(i + 16) * 512 + j] - a;

                    near += n1 * n1 + n2 * n2;
                    far += f1 * f1 + f2 * f2;
                }
            plane_free(&p);
        }
        tap_near(2 + log(far / near) / log(4), betas[b], 0.2,
                 "the noise has the spectrum asked for");
    }
}

static void
check_folder(const char *path)
{
    struct manifest m;
    int sizes = 1, values = 1, tissue = 1, boxes = 1, clean = 1;

    if (!tap_ok(manifest_read(path, NULL, &m, &e) == 0, "the manifest is valid"))
        return (void)tap_note("%s", e.text);
    for (size_t i = 0; i < m.n; i++) {
        const struct finding *f = &m.row[i];
        char *at = manifest_path(&m, f->image, &e), *on = manifest_path(&m, f->tissue, &e);
        char *mk = manifest_path(&m, f->mask, &e);
        struct image im = {0};
        struct mask t = {0}, k = {0};

        if (image_read(at, &im, &e) == -1 || mask_read(on, 0, &t, &e) == -1) {
            tap_ok(0, "%s", e.text);
            break;
        }
        sizes &= im.max == 65535 && im.h == t.h && im.w == t.w;
        if (f->has_box) {
            size_t x0 = im.w, y0 = im.h, x1 = 0, y1 = 0;

            if (mask_read(mk, f->mask_value, &k, &e) == -1) {
                tap_ok(0, "%s", e.text);
                break;
            }
            sizes &= k.h == im.h && k.w == im.w;
            for (size_t p = 0; p < k.h * k.w; p++)
                if (k.px[p]) {
                    size_t y = p / k.w, x = p % k.w;

                    x0 = x < x0 ? x : x0;
                    y0 = y < y0 ? y : y0;
                    x1 = x + 1 > x1 ? x + 1 : x1;
                    y1 = y + 1 > y1 ? y + 1 : y1;
                    tissue &= t.px[p] == 1;
                }
            boxes &= x0 == f->x0 && y0 == f->y0 && x1 == f->x1 && y1 == f->y1;
            values &= f->label != LABEL_NORMAL;
        } else
            clean &= f->label == LABEL_NORMAL && f->lesion == LESION_NONE && f->mask[0] == '\0';
        image_free(&im);
        mask_free(&t);
        mask_free(&k);
        free(at);
        free(on);
        free(mk);
    }
    tap_ok(sizes, "masks fit their pictures of 16 bits");
    tap_ok(tissue, "findings lie in the tissue");
    tap_ok(boxes, "boxes are those of the masks");
    tap_ok(values && clean, "findings and labels agree");
    manifest_free(&m);
}

/*
 * What masses look like: of `count` pictures of malignant masses, what each adds to the picture in
 * rings round its centre, R the radius of a disc of its area; what it stands out by; and whether
 * anything is white.
 */
static void
test_masses(uint64_t count)
{
    struct phantom_opts o = small(31), clean;
    size_t masses = 0, denser = 0, lobed = 0, white = 0;
    double rim = 0, near = 0, far = 0, wrong = 0, least = 1, round_least = 1, round_most = 0;

    o.h = 480;
    o.w = 360;
    o.malignant = 1;
    o.benign = o.calcification = 0;
    o.min_contrast = 0.08;
    clean = o;
    clean.malignant = 0;
    for (uint64_t k = 0; k < count; k++) {
        struct phantom_view v, n;
        double cx = 0, cy = 0, area = 0, sum[4] = {0}, m[4] = {0}, in = 0, out = 0, outs = 0;
        double xx = 0, yy = 0, xy = 0;

        if (phantom_draw(&o, k, &v, &e) == -1 || phantom_draw(&clean, k, &n, &e) == -1)
            return (void)tap_ok(0, "draw: %s", e.text);
        for (size_t i = 0; i < o.h * o.w; i++)
            white += v.image.px[i] > 0.985 * 65535;
        for (size_t i = 0; i < o.h * o.w; i++) {
            double x = (double)(i % o.w), y = (double)(i / o.w);

            if (v.findings.px[i] != 1)
                continue;
            cx += x;
            cy += y;
            xx += x * x;
            yy += y * y;
            xy += x * y;
            area++;
        }
        cx /= area;
        cy /= area;
        xx = xx / area - cx * cx;
        yy = yy / area - cy * cy;
        xy = xy / area - cx * cy;

        double radius = sqrt(area / 3.14159265), half = (xx + yy) / 2;
        double spread = sqrt((xx - yy) * (xx - yy) / 4 + xy * xy);
        double aspect = sqrt((half - spread) / (half + spread));
        const struct phantom_finding *f = &v.finding[0];
        double reach = tap_larger((double)(f->x1 - f->x0), (double)(f->y1 - f->y0));

        reach = floor(reach / 2);
        for (size_t i = 0; i < o.h * o.w; i++) {
            double x = (double)(i % o.w), y = (double)(i / o.w), d = hypot(x - cx, y - cy) / radius;
            double gain = ((double)v.image.px[i] - (double)n.image.px[i]) / 65535;
            int inside = v.findings.px[i] == 1;
            int ring = d > 2.5 ? -1 : inside ? (d < 0.5 ? 0 : d > 0.8 ? 1 : -1) : d < 1.6 ? 2 : 3;

            if (ring >= 0) {
                sum[ring] += gain;
                m[ring]++;
            }
            if (inside) {
                in += (double)v.image.px[i] / 65535;
            } else if (v.tissue.px[i] && x >= (double)f->x0 - reach && x < (double)f->x1 + reach &&
                       y >= (double)f->y0 - reach && y < (double)f->y1 + reach) {
                out += (double)v.image.px[i] / 65535;
                outs++;
            }
        }
        wrong = tap_larger(wrong, fabs(f->contrast - (in / area - out / outs)));
        if (v.n == 1) { /* a second lesion may lie near the first */
            least = fmin(least, f->contrast);
            denser += sum[0] / m[0] > sum[1] / m[1];
            rim += sum[1] / m[1];
            near += sum[2] / m[2];
            far += sum[3] / m[3];
            round_least = fmin(round_least, aspect);
            round_most = tap_larger(round_most, aspect);
            lobed += aspect < 0.7;
            masses++;
        }
        phantom_free(&v);
        phantom_free(&n);
    }
    tap_ok(denser * 20 >= masses * 19, "bodies are densest at their core (%zu of %zu)", denser,
           masses);
    tap_ok(rim > 2 * near && near > 2 * far && far >= 0,
           "and fade outwards (%.3f at the rim, %.3f round it, %.3f further out)",
           rim / (double)masses, near / (double)masses, far / (double)masses);
    tap_ok(round_least < 0.6 && round_most > 0.85 && lobed * 10 > masses,
           "they are round and long (axes %.2f to %.2f)", round_least, round_most);
    tap_ok(wrong < 1e-9, "their contrast is what the picture shows (%.1e)", wrong);
    tap_ok(least > 0.06, "and about what was asked for, or more (0.08, least %.3f)", least);
    tap_ok(white == 0, "nothing is white (%zu pixels)", white);
}

int
main(int argc, char **argv)
{
    if (argc > 1) {
        check_folder(argv[1]);
        return tap_done(5);
    }
    test_shares();
    test_views();
    test_same();
    test_truth(21, 320, 240, 20);
    test_truth(22, 128, 64, 60);
    test_truth(23, 200, 200, 12);
    test_brightness();
    test_hidden();
    test_spectrum();
    test_masses(60);
    return tap_done(45);
}
