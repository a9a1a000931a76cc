/*
 * The generator, the discriminator, their losses, the gradient penalty and every parameter's
 * gradient against PyTorch (tests/ref/gan_step.py, where weights and inputs are defined).
 *
 *   test_gan_ref                                        the committed norms and projections
 *   test_gan_ref FILE.safetensors SIZE WIDTH BATCH FADE SEED [OPTIONS]  whole tensors, of --dump
 *
 * Relative to each tensor's norm: 1e-8 in the double build, 1e-3 in float, where rounding made up
 * to 4e-5 on every processor, backend and number of threads tried.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/rng.h"
#include "nn/grad.h"
#include "nn/ops.h"
#include "stream/tstream.h"
#include "train/gan.h"
#include "tap.h"

static const double tolerance = sizeof(real) == 8 ? 1e-8 : 1e-3;

struct step {
    size_t size, batch;
    double width, fade;
    uint64_t seed;
    int ablated;     /* no lesion channel, two classes */
    int conditional; /* three categories, and patches of the second */
    int sn_d;        /* spectral normalisation of the discriminator alone */
    int anti_alias;
    size_t gp_every, attention;
    int match; /* features of a classifier: 1 + its enum classifier_net, or 0 */
};

static size_t
number_behind(const char *line, const char *option, size_t otherwise)
{
    const char *at = strstr(line, option);

    return at ? strtoul(at + strlen(option), NULL, 10) : otherwise;
}

/* What an option of gan_step.py changes, found in its line. */
static void
read_options(struct step *s, const char *line)
{
    s->ablated = strstr(line, "--ablated") != NULL;
    s->conditional = strstr(line, "--conditional") != NULL;
    s->sn_d = strstr(line, "--sn d") != NULL;
    s->anti_alias = strstr(line, "--anti-alias") != NULL;
    s->attention = number_behind(line, "--attention ", s->size / 8);
    s->gp_every = number_behind(line, "--gp-every ", 1);
    s->match = strstr(line, "--feature-match small") != NULL      ? 1 + NET_SMALL
               : strstr(line, "--feature-match resnet50") != NULL ? 1 + NET_RESNET50
                                                                  : 0;
}

/* What our code computed: a scalar (n = 0) or a tensor, by the name the reference gives it. */
struct item {
    char name[96];
    size_t n;
    double scalar, *v;
};

struct items {
    struct item item[256];
    size_t n;
};

static void
put_scalar(struct items *s, const char *name, double value)
{
    struct item *x = &s->item[s->n++];

    snprintf(x->name, sizeof(x->name), "%s", name);
    x->scalar = value;
}

static void
put_tensor(struct items *s, const char *prefix, const char *name, const struct tensor *t)
{
    struct item *x = &s->item[s->n++];

    snprintf(x->name, sizeof(x->name), "%s%s", prefix, name);
    x->n = t->n;
    x->v = calloc(t->n, sizeof(double));
    for (size_t i = 0; i < t->n; i++)
        x->v[i] = (double)t->v[i];
}

static const struct item *
find(const struct items *s, const char *name)
{
    for (size_t i = 0; i < s->n; i++)
        if (strcmp(s->item[i].name, name) == 0)
            return &s->item[i];
    return NULL;
}

/* Network.start() of gan_model.py: biases 0.1 (2u - 1), gammas 0.5 + 0.5 u instead of our zeros. */
static void
start(struct params *ps, uint64_t seed)
{
    for (size_t i = 0; i < ps->n; i++) {
        struct param *p = ps->p[i];
        size_t len = strlen(p->name);
        struct rng r = rng_at(seed, p->name, 0);

        for (size_t k = 0; p->w.rank == 1 && k < p->w.n; k++) {
            double u = rng_uniform(&r);

            p->w.v[k] =
                (real)(len > 5 && strcmp(p->name + len - 5, ".bias") == 0 ? 0.1 * (2 * u - 1)
                                                                          : 0.5 + 0.5 * u);
        }
    }
}

static struct tensor *
draw(struct tape *t, const struct step *s, const char *what, size_t side)
{
    const size_t shape[4] = {s->batch, side, side, 1};
    struct tensor *x = tape_const(t, 4, shape, NULL);

    for (size_t k = 0; k < s->batch; k++) {
        struct rng r = rng_at(s->seed, what, k);

        for (size_t i = 0; i < side * side; i++)
            x->v[k * side * side + i] = (real)rng_uniform(&r);
    }
    return x;
}

static void
put_gradients(struct items *out, const char *prefix, struct tape *t, struct tensor *loss,
              struct params *ps)
{
    struct tensor *w[128], *g[128];

    for (size_t i = 0; i < ps->n; i++)
        w[i] = &ps->p[i]->w;
    grad_of(t, loss, w, ps->n, 0, g);
    for (size_t i = 0; i < ps->n; i++)
        put_tensor(out, prefix, ps->p[i]->name, g[i]);
}

static void
put_sigmas(struct items *out, const char *prefix, const struct params *ps)
{
    for (size_t i = 0; i < ps->n; i++)
        if (ps->p[i]->spectral) {
            const struct param *p = ps->p[i];
            size_t len = strlen(p->name) - strlen(".weight");
            char name[96];
            double sigma = 0;

            for (size_t a = 0; a < p->in; a++)
                for (size_t b = 0; b < p->out; b++)
                    sigma += (double)(p->v[a] * p->w.v[a * p->out + b] * p->u[b]);
            snprintf(name, sizeof(name), "%s%.*s", prefix, (int)len, p->name);
            put_scalar(out, name, sigma);
        }
}

/* A classifier that has seen the real patches, then the benign ones. */
static void
start_match(struct feature_match *m, const struct step *s, struct tape *t, size_t side)
{
    static const char *const batch[] = {"real", "benign"};
    const struct classifier_config c = {
        .net = (enum classifier_net)(s->match - 1), .width = 0.125, .bn = NORM_UPDATE, .fixed = 1};
    size_t n = s->batch * side * side;
    real *patch = malloc(n * sizeof(real));
    struct err e;

    *m = (struct feature_match){0};
    if (classifier_init(&m->model.net, &c, &e) == -1)
        exit(1);
    classifier_start(&m->model.net, s->seed);
    if (feature_match_init(m, s->size, 1, 0.5, &e) == -1)
        exit(1);
    for (uint64_t i = 0; i < 2; i++) {
        memcpy(patch, draw(t, s, batch[i], side)->v, n * sizeof(real));
        feature_match_see(m, t, 0, patch, s->batch, side, i);
    }
    free(patch);
}

static void
run(const struct step *s, struct items *out)
{
    struct gan_config c = {.net = {.size = s->size,
                                   .width = s->width,
                                   .leak = 0.2,
                                   .spectral = !s->sn_d,
                                   .attention = s->attention,
                                   .anti_alias = s->anti_alias,
                                   .whole = s->ablated,
                                   .categories = s->conditional ? 3 : 0},
                           .d_width = s->width,
                           .d_spectral = 1,
                           .mid = 2048,
                           .border = (size_t)lround(10.0 * (double)s->size / 256),
                           .batch = s->batch,
                           .classes = {LOGITS, LOGITS, LOGITS},
                           .aux = 0.1,
                           .gp_lambda = 10,
                           .gp_k = 1,
                           .gp_sigma = 0.0124,
                           .gp_every = s->gp_every,
                           .seed = s->seed};
    size_t side = s->fade > 0 ? s->size : s->size / 2, pixels = side * side;
    size_t category = s->conditional;
    struct tensor *real_, *benign, *normal, *x, *z, *noisy, *lesion, *fake, *loss;
    struct gan_losses l = {0};
    struct feature_match match = {0};
    struct gan g;
    struct tape *t;
    struct err e;

    if (s->ablated)
        c.classes[0] = 2;
    if (gan_init(&g, &c, &e) == -1)
        exit(1);
    t = g.tape;
    start(&g.g.params, s->seed);
    start(&g.d.params, s->seed);
    if (s->match)
        start_match(&match, s, t, side);
    real_ = draw(t, s, "real", side);
    benign = draw(t, s, "benign", side);
    normal = draw(t, s, "normal", side);
    x = draw(t, s, "input", side);
    z = tape_const(t, 2, (const size_t[]){s->batch, generator_scalars(&g.g)}, NULL);
    noisy = tape_const(t, 4, real_->shape, real_->v);
    for (size_t k = 0; k < s->batch; k++) {
        struct rng r = rng_at(s->seed, "noise", k), q = rng_at(s->seed, "scalars", k);
        size_t n = generator_scalars(&g.g);

        for (size_t i = 0; i < pixels; i++)
            noisy->v[k * pixels + i] += (real)(0.0124 * rng_normal(&r));
        for (size_t i = 0; i < n; i++)
            z->v[k * n + i] = (real)(2 * rng_uniform(&q) - 1);
    }

    /* The discriminator's loss. */
    params_use(t, &g.g.params, 1);
    params_use(t, &g.d.params, 1);
    tape_record(t, 0);
    generator_forward(t, &g.g, category, x, z, s->fade, &lesion, &fake);
    put_tensor(out, "d.logits.", "real", discriminator_forward(t, &g.d, category, real_, s->fade));
    put_tensor(out, "d.logits.", "fake", discriminator_forward(t, &g.d, category, fake, s->fade));
    if (s->ablated) {
        benign = normal = NULL;
    } else {
        put_tensor(out, "d.logits.", "benign",
                   discriminator_forward(t, &g.d, category, benign, s->fade));
        put_tensor(out, "d.logits.", "normal",
                   discriminator_forward(t, &g.d, category, normal, s->fade));
    }
    tape_record(t, 1);
    loss = gan_loss_d(t, &c, &g.d, category, real_, fake, benign, normal, noisy, s->fade, &l);
    put_scalar(out, "d.loss.real", l.real);
    put_scalar(out, "d.loss.fake", l.fake);
    put_scalar(out, "d.loss.benign", l.benign);
    put_scalar(out, "d.loss.normal", l.input);
    put_scalar(out, "d.penalty", l.penalty * c.gp_lambda);
    put_scalar(out, "d.loss", l.d_total);
    put_gradients(out, "d.grad.", t, loss, &g.d.params);

    /* The generator's. */
    generator_forward(t, &g.g, category, x, z, s->fade, &lesion, &fake);
    loss = discriminator_cross_entropy(t, discriminator_forward(t, &g.d, category, fake, s->fade),
                                       LOGIT_REAL, c.classes[category]);
    if (s->match) {
        struct tensor *off = feature_match_loss(t, &match, 0, fake);

        put_scalar(out, "g.feature", (double)off->v[0]);
        loss = nn_add(t, loss, nn_affine(t, off, match.weight, 0));
    }
    put_scalar(out, "g.loss", (double)loss->v[0]);
    put_tensor(out, "g.", "lesion", lesion);
    put_tensor(out, "g.", "image", fake);
    put_gradients(out, "g.grad.", t, loss, &g.g.params);
    put_sigmas(out, "d.sigma.", &g.d.params);
    put_sigmas(out, "g.sigma.", &g.g.params);
    gan_free(&g);
    feature_match_free(&match);
}

static void
items_free(struct items *s)
{
    for (size_t i = 0; i < s->n; i++)
        free(s->item[i].v);
    s->n = 0;
}

/* One line of a committed reference; counts it. */
static void
compare_line(const char *line, const struct items *ours, uint64_t seed, int *scalars, int *tensors)
{
    char name[96], purpose[128];
    double want, norm, p[3], sum = 0, off = 0;
    size_t n;
    const struct item *x;

    if (sscanf(line, "scalar\t%95s\t%lf", name, &want) == 2) {
        ++*scalars;
        x = find(ours, name);
        tap_ok(x != NULL && fabs(x->scalar - want) <= tolerance * fabs(want), "%s is %.9g", name,
               want);
        return;
    }
    if (sscanf(line, "tensor\t%95s\t%zu\t%lf\t%lf\t%lf\t%lf", name, &n, &norm, &p[0], &p[1],
               &p[2]) != 6)
        return;
    ++*tensors;
    x = find(ours, name);
    if (!tap_ok(x != NULL && x->n == n, "%s: %zu numbers", name, n))
        return;
    for (size_t i = 0; i < n; i++)
        sum += x->v[i] * x->v[i];
    off = fabs(sqrt(sum) - norm);
    for (uint64_t k = 0; k < 3; k++) {
        struct rng r;
        double dot = 0;

        snprintf(purpose, sizeof(purpose), "projection.%s", name);
        r = rng_at(seed, purpose, k);
        for (size_t i = 0; i < n; i++)
            dot += x->v[i] * rng_normal(&r);
        off = tap_larger(off, fabs(dot - p[k]));
    }
    tap_ok(off <= 3 * tolerance * norm, "%s: norm and projections off by %.1e of the norm", name,
           off / norm);
}

/* A committed reference of so many scalars and tensors. */
static void
compare_file(const char *path, int want_scalars, int want_tensors)
{
    struct step s;
    struct items ours = {.n = 0};
    char line[512];
    int scalars = 0, tensors = 0;
    FILE *f = fopen(path, "r");

    if (!tap_ok(f != NULL && fgets(line, sizeof(line), f) != NULL, "%s", path))
        return;
    if (tap_ok(sscanf(line,
                      "# gan_step.py --size %zu --width %lf --batch %zu --fade %lf --seed %lu",
                      &s.size, &s.width, &s.batch, &s.fade, &s.seed) == 5,
               "%s", line + 2)) {
        read_options(&s, line);
        run(&s, &ours);
        while (fgets(line, sizeof(line), f) != NULL)
            compare_line(line, &ours, s.seed, &scalars, &tensors);
        tap_ok(scalars == want_scalars && tensors == want_tensors, "%s: %d scalars, %d tensors",
               path, scalars, tensors);
    }
    items_free(&ours);
    fclose(f);
}

/*
 * Whole tensors: the norm of the difference relative to the norm.  Returns how many checks there
 * must be.
 */
static int
compare_dump(char **argv)
{
    struct step s = {.size = strtoul(argv[2], NULL, 10),
                     .width = strtod(argv[3], NULL),
                     .batch = strtoul(argv[4], NULL, 10),
                     .fade = strtod(argv[5], NULL),
                     .seed = strtoul(argv[6], NULL, 10)};
    struct items ours = {.n = 0};
    struct ts_record want = {0};
    struct err e;
    int checks;

    read_options(&s, argv[7] != NULL ? argv[7] : "");
    if (!tap_ok(ts_load(argv[1], (size_t)1 << 32, &want, &e) == 0, "%s", argv[1]))
        return 1;
    checks = 2 + 2 * (int)want.n_tensors;
    run(&s, &ours);
    for (size_t i = 0; i < want.n_tensors; i++) {
        const struct ts_tensor *w = &want.tensor[i];
        const struct item *x = find(&ours, w->name);
        double diff = 0, norm = 0;

        if (!tap_ok(x != NULL && x->n * ts_dtype_size(w->dtype) == w->bytes, "%s", w->name))
            continue;
        for (size_t k = 0; k < x->n; k++) {
            double v = w->dtype == TS_F64 ? ((const double *)w->data)[k]
                                          : (double)((const float *)w->data)[k];

            diff += (x->v[k] - v) * (x->v[k] - v);
            norm += v * v;
        }
        tap_ok(sqrt(diff) <= tolerance * sqrt(norm), "%s: error %.1e of the norm", w->name,
               sqrt(diff / norm));
    }
    tap_ok(want.n_tensors >= 40, "%zu tensors were compared", want.n_tensors);
    ts_clear(&want);
    items_free(&ours);
    return checks;
}

int
main(int argc, char **argv)
{
    if (argc >= 7)
        return tap_done(compare_dump(argv));
    compare_file("tests/ref/gan_step_64.tsv", 42, 61);
    compare_file("tests/ref/gan_step_full.tsv", 34, 48);
    compare_file("tests/ref/gan_step_fade.tsv", 34, 54);
    compare_file("tests/ref/gan_step_half.tsv", 34, 44);
    compare_file("tests/ref/gan_step_ablated.tsv", 32, 52);
    compare_file("tests/ref/gan_step_conditional.tsv", 34, 54);
    compare_file("tests/ref/gan_step_options.tsv", 17, 67);
    compare_file("tests/ref/gan_step_match.tsv", 35, 44);
    compare_file("tests/ref/gan_step_match_resnet.tsv", 35, 54);
    return tap_done(1280);
}
