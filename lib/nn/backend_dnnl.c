/*
 * Convolutions by oneDNN.
 *
 * A primitive is slow to make (it compiles code) and quick to run, so each is made once for its
 * kind, shape and number of threads, and kept; a program uses a few dozen.  Weights are reordered
 * into the layout oneDNN prefers on the way, images where that pays; which shapes are better served
 * by matrix products was measured, see path_of().
 *
 * The first part hides what differs between oneDNN 2 and 3.
 */
#include "nn/backend_parts.h"

#include <assert.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <dnnl.h>
#include <omp.h>

#include "base/rng.h"
#include "nn/lanes.h"

enum kind { FWD, FWD_BIAS, BWD_DATA, BWD_WEIGHTS };

static void
check(dnnl_status_t status, const char *what)
{
    if (status != dnnl_success)
        backend_fail(what, (int)status);
}

/* ---- oneDNN 2: memory descriptors are values, and primitives begin as operation descriptors ----
 */

#if DNNL_VERSION_MAJOR < 3

typedef dnnl_memory_desc_t layout;
typedef const dnnl_memory_desc_t *layout_ref;

static layout_ref
ref(const layout *l)
{
    return l;
}

static layout
layout_make(int ndims, const dnnl_dims_t dims, dnnl_format_tag_t tag)
{
    layout l;

    check(dnnl_memory_desc_init_by_tag(&l, ndims, dims, dnnl_f32, tag), "oneDNN memory descriptor");
    return l;
}

static void
layout_free(layout *l)
{
    (void)l;
}

static dnnl_primitive_desc_t
conv_desc(enum kind kind, dnnl_engine_t engine, layout_ref x, layout_ref w, layout_ref bias,
          layout_ref y, const dnnl_dims_t stride, const dnnl_dims_t pad)
{
    dnnl_convolution_desc_t op;
    dnnl_primitive_desc_t desc;

    if (kind == BWD_DATA)
        check(dnnl_convolution_backward_data_desc_init(&op, dnnl_convolution_direct, x, w, y,
                                                       stride, pad, pad),
              "oneDNN convolution");
    else if (kind == BWD_WEIGHTS)
        check(dnnl_convolution_backward_weights_desc_init(&op, dnnl_convolution_direct, x, w, NULL,
                                                          y, stride, pad, pad),
              "oneDNN convolution");
    else
        check(dnnl_convolution_forward_desc_init(&op, dnnl_forward_training,
                                                 dnnl_convolution_direct, x, w, bias, y, stride,
                                                 pad, pad),
              "oneDNN convolution");
    check(dnnl_primitive_desc_create(&desc, &op, NULL, engine, NULL), "oneDNN convolution");
    return desc;
}

#else /* oneDNN 3: descriptors are handles, and a primitive's descriptor takes everything at once \
       */

typedef dnnl_memory_desc_t layout;
typedef const_dnnl_memory_desc_t layout_ref;

static layout_ref
ref(const layout *l)
{
    return l != NULL ? *l : NULL;
}

static layout
layout_make(int ndims, const dnnl_dims_t dims, dnnl_format_tag_t tag)
{
    layout l;

    check(dnnl_memory_desc_create_with_tag(&l, ndims, dims, dnnl_f32, tag),
          "oneDNN memory descriptor");
    return l;
}

static void
layout_free(layout *l)
{
    check(dnnl_memory_desc_destroy(*l), "oneDNN memory descriptor");
}

static dnnl_primitive_desc_t
conv_desc(enum kind kind, dnnl_engine_t engine, layout_ref x, layout_ref w, layout_ref bias,
          layout_ref y, const dnnl_dims_t stride, const dnnl_dims_t pad)
{
    static const dnnl_dims_t dense = {0, 0};
    dnnl_primitive_desc_t desc;

    if (kind == BWD_DATA)
        check(dnnl_convolution_backward_data_primitive_desc_create(
                  &desc, engine, dnnl_convolution_direct, x, w, y, stride, dense, pad, pad, NULL,
                  NULL),
              "oneDNN convolution");
    else if (kind == BWD_WEIGHTS)
        check(dnnl_convolution_backward_weights_primitive_desc_create(
                  &desc, engine, dnnl_convolution_direct, x, w, NULL, y, stride, dense, pad, pad,
                  NULL, NULL),
              "oneDNN convolution");
    else
        check(dnnl_convolution_forward_primitive_desc_create(&desc, engine, dnnl_forward_training,
                                                             dnnl_convolution_direct, x, w, bias, y,
                                                             stride, dense, pad, pad, NULL),
              "oneDNN convolution");
    return desc;
}

#endif

/* ---- a convolution, ready to run ---- */

/* One tensor of a primitive, where the caller has it and, in another layout, where oneDNN does. */
struct port {
    int arg;                /* DNNL_ARG_ */
    enum scratch_slot slot; /* room for the reordered copy */
    size_t size;            /* of that copy in reals; 0: none, the caller's layout is fine */
    dnnl_memory_t outer, inner;
    dnnl_primitive_t reorder; /* outer to inner, or inner to outer for the result */
};

/* size_t throughout: no padding, so that keys can be hashed and compared as bytes. */
struct key {
    struct conv_shape s;
    size_t kind, blocked, threads;
};

struct conv {
    struct key key;
    struct conv *next; /* in its bucket */
    dnnl_primitive_t primitive;
    struct port in[3], out;
    int inputs;
};

static dnnl_engine_t
engine(void)
{
    static dnnl_engine_t e;

    if (e == NULL)
        check(dnnl_engine_create(&e, dnnl_cpu, 0), "oneDNN engine");
    return e;
}

static dnnl_stream_t
stream(void)
{
    static dnnl_stream_t s;

    if (s == NULL)
        check(dnnl_stream_create(&s, engine(), dnnl_stream_in_order), "oneDNN stream");
    return s;
}

static dnnl_primitive_t
primitive_make(dnnl_primitive_desc_t desc)
{
    dnnl_primitive_t p;

    check(dnnl_primitive_create(&p, desc), "oneDNN primitive");
    check(dnnl_primitive_desc_destroy(desc), "oneDNN primitive");
    return p;
}

/* The port of a tensor that the caller lays out as `have` and the primitive as `want`. */
static struct port
port_make(int arg, enum scratch_slot slot, layout_ref have, layout_ref want, int is_result)
{
    struct port p = {.arg = arg, .slot = slot};
    dnnl_primitive_desc_t desc;

    check(dnnl_memory_create(&p.outer, have, engine(), NULL), "oneDNN memory");
    p.inner = p.outer;
    if (dnnl_memory_desc_equal(have, want))
        return p;
    p.size = dnnl_memory_desc_get_size(want) / sizeof(real);
    check(dnnl_memory_create(&p.inner, want, engine(), NULL), "oneDNN memory");
    check(dnnl_reorder_primitive_desc_create(&desc, is_result ? want : have, engine(),
                                             is_result ? have : want, engine(), NULL),
          "oneDNN reorder");
    p.reorder = primitive_make(desc);
    return p;
}

static int
is_fwd(enum kind kind)
{
    return kind == FWD || kind == FWD_BIAS;
}

static layout_ref
query(dnnl_primitive_desc_t desc, dnnl_query_t what)
{
    return dnnl_primitive_desc_query_md(desc, what, 0);
}

static struct conv *
conv_make(const struct key *key)
{
    const struct conv_shape *s = &key->s;
    enum kind kind = (enum kind)key->kind;
    dnnl_dims_t x_dims = {(dnnl_dim_t)s->n, (dnnl_dim_t)s->ci, (dnnl_dim_t)s->h, (dnnl_dim_t)s->w};
    dnnl_dims_t w_dims = {(dnnl_dim_t)s->co, (dnnl_dim_t)s->ci, (dnnl_dim_t)s->kh,
                          (dnnl_dim_t)s->kw};
    dnnl_dims_t y_dims = {(dnnl_dim_t)s->n, (dnnl_dim_t)s->co,
                          (dnnl_dim_t)conv_out(s->h, s->kh, s->stride, s->pad),
                          (dnnl_dim_t)conv_out(s->w, s->kw, s->stride, s->pad)};
    dnnl_dims_t b_dims = {(dnnl_dim_t)s->co};
    dnnl_dims_t stride = {(dnnl_dim_t)s->stride, (dnnl_dim_t)s->stride};
    dnnl_dims_t pad = {(dnnl_dim_t)s->pad, (dnnl_dim_t)s->pad};
    dnnl_format_tag_t image = key->blocked ? dnnl_format_tag_any : dnnl_nhwc;
    layout x = layout_make(4, x_dims, dnnl_nhwc), x_any = layout_make(4, x_dims, image);
    layout w = layout_make(4, w_dims, dnnl_hwio);
    layout w_any = layout_make(4, w_dims, dnnl_format_tag_any);
    layout y = layout_make(4, y_dims, dnnl_nhwc), y_any = layout_make(4, y_dims, image);
    layout b = layout_make(1, b_dims, dnnl_x);
    dnnl_primitive_desc_t desc =
        conv_desc(kind, engine(), ref(&x_any), ref(&w_any), kind == FWD_BIAS ? ref(&b) : NULL,
                  ref(&y_any), stride, pad);
    struct port px, pw, py;
    struct conv *c = calloc(1, sizeof(*c));

    if (c == NULL)
        backend_fail("out of memory for a convolution", 0);
    c->key = *key;
    px = port_make(kind == BWD_DATA ? DNNL_ARG_DIFF_SRC : DNNL_ARG_SRC, SCRATCH_SRC, ref(&x),
                   query(desc, kind == BWD_DATA ? dnnl_query_diff_src_md : dnnl_query_src_md),
                   kind == BWD_DATA);
    pw = port_make(
        kind == BWD_WEIGHTS ? DNNL_ARG_DIFF_WEIGHTS : DNNL_ARG_WEIGHTS, SCRATCH_WEIGHTS, ref(&w),
        query(desc, kind == BWD_WEIGHTS ? dnnl_query_diff_weights_md : dnnl_query_weights_md),
        kind == BWD_WEIGHTS);
    py = port_make(is_fwd(kind) ? DNNL_ARG_DST : DNNL_ARG_DIFF_DST, SCRATCH_DST, ref(&y),
                   query(desc, is_fwd(kind) ? dnnl_query_dst_md : dnnl_query_diff_dst_md),
                   is_fwd(kind));
    c->in[0] = kind == BWD_DATA ? py : px;
    c->in[1] = kind == BWD_WEIGHTS ? py : pw;
    c->inputs = 2;
    if (kind == FWD_BIAS) /* a vector has one layout, so it needs no slot */
        c->in[c->inputs++] = port_make(DNNL_ARG_BIAS, SCRATCH_SLOTS, ref(&b), ref(&b), 0);
    c->out = is_fwd(kind) ? py : kind == BWD_DATA ? px : pw;
    c->primitive = primitive_make(desc);
    layout_free(&x);
    layout_free(&x_any);
    layout_free(&w);
    layout_free(&w_any);
    layout_free(&y);
    layout_free(&y_any);
    layout_free(&b);
    return c;
}

static struct conv *
conv_find(enum kind kind, const struct conv_shape *s, int blocked)
{
    static struct conv *bucket[256];
    struct key key = {*s, kind, (size_t)blocked, (size_t)omp_get_max_threads()};
    struct conv **at = &bucket[rng_hash(&key, sizeof(key)) % 256];

    while (*at != NULL && memcmp(&(*at)->key, &key, sizeof(key)) != 0)
        at = &(*at)->next;
    if (*at == NULL)
        *at = conv_make(&key);
    return *at;
}

static void
point(dnnl_memory_t memory, const real *p)
{
    /* oneDNN writes to results only; its interface has no const. */
    check(dnnl_memory_set_data_handle(memory, (void *)(uintptr_t)p), "oneDNN memory");
}

static void
reorder(const struct port *p, dnnl_memory_t from, dnnl_memory_t to)
{
    dnnl_exec_arg_t arg[2] = {{DNNL_ARG_FROM, from}, {DNNL_ARG_TO, to}};

    check(dnnl_primitive_execute(p->reorder, stream(), 2, arg), "oneDNN reorder");
}

static void
conv_run(enum kind kind, const struct conv_shape *s, int blocked, const real *const in[3],
         real *out)
{
    struct conv *c = conv_find(kind, s, blocked);
    dnnl_exec_arg_t arg[4];

    for (int i = 0; i < c->inputs; i++) {
        const struct port *p = &c->in[i];

        point(p->outer, in[i]);
        if (p->size) {
            point(p->inner, backend_scratch(p->slot, p->size));
            reorder(p, p->outer, p->inner);
        }
        arg[i] = (dnnl_exec_arg_t){p->arg, p->inner};
    }
    point(c->out.outer, out);
    if (c->out.size)
        point(c->out.inner, backend_scratch(c->out.slot, c->out.size));
    arg[c->inputs] = (dnnl_exec_arg_t){c->out.arg, c->out.inner};
    check(dnnl_primitive_execute(c->primitive, stream(), c->inputs + 1, arg), "oneDNN convolution");
    if (c->out.size)
        reorder(&c->out, c->out.inner, c->out.outer);
    check(dnnl_stream_wait(stream()), "oneDNN stream");
}

/* ---- which way ---- */

enum path {
    PRODUCTS,  /* unfolding and OpenBLAS */
    WINOGRAD,  /* fewer multiplications, and OpenBLAS; oneDNN has this for AVX-512 only */
    WINOGRAD4, /* still fewer, for few channels */
    PLANES,    /* vectors of pixels, for still fewer */
    PLAIN,     /* oneDNN on our images */
    BLOCKED    /* oneDNN on images in its own layout, reordered there and back */
};

/* Whether planes pay for so few channels of results. */
static int
few(enum kind kind, const struct conv_shape *s)
{
    int wide = LANES >= 16;

    if (kind == BWD_DATA)
        return wide ? s->ci < 16 : s->ci == 1;
    return is_fwd(kind) ? s->co < 16 : wide && s->co < 8;
}

/*
 * Measured with oneDNN 2.6.3 on AVX2, in GFLOP/s of one core that can do 94 (bench_backend compares
 * the chosen way with products and with Winograd's):
 *
 *                                  forward            data gradient      weight gradient
 *                                  PL  BL  PR         PL  BL  PR         PL  BL  PR
 *     16 -> 32, 3x3, 256x256       86  62  26         58  63  23         16  42  31
 *     17 -> 16, 3x3, 8 x 64x64     70  40  17         49  52  19         59  43  22
 *     64 -> 64, 3x3, 128x128       42  83  39         45  83  40         11  46  44
 *     256 -> 512, 3x3, 64x64       45  86  72         57  73  70         18  64  70
 *     2048 -> 4096, 3x3, 8x8       27  26  65         28  22  48         25  30  44
 *     64 -> 256, 1x1, 4 x 64x64    66  46  51         46  42  60         48  47  65
 *
 * With wide images oneDNN's own layout saves it from pixels that lie a power of two apart; with
 * many weights and few pixels to use them on, reordering the weights costs more than the
 * convolution.  Odd numbers of channels need no care.
 *
 * Winograd's way has 2.25 times fewer multiplications.  On two cores that can do 178 GFLOP/s
 * together, counting the multiplications of the others (forward, data, weights):
 *
 *                                  best of the others     Winograd
 *     64 -> 64, 4 x 64x64          158  147   68          128  116  140
 *     64 -> 128, 16 x 8x8          162  186  102          160  160  179
 *     256 -> 256, 4 x 16x16        150  160  122          263  250  204
 *     256 -> 512, 4 x 64x64        157  150  146          224  242  263
 *     1024 -> 2048, 16x16          159  149  149          201  173  202
 *     2048 -> 4096, 8x8            126  119  106           77   72   73
 *     2048 -> 4096, 4 x 8x8        151  140  153          201  180  215
 *
 * Its larger tiles win as long as the transformed weights stay in a cache, measured on one core
 * with AVX-512 that can do 138:
 *
 *                                  oneDNN             Winograd 2x2       Winograd 4x4
 *     16 -> 32, 4 x 32x32          117  121  119      151  105  160      226  217  228
 *     32 -> 64, 16 x 16x16         124  127  123      145  150  127      304  293  298
 *     64 -> 128, 16 x 8x8          135  135  132      188  174  172      348  325  330
 *
 *                                  best of the others     Winograd 4x4
 *     64 -> 64, 4 x 64x64          105  104   82          218  229  222
 *     128 -> 256, 128x128          157  155  154          266  255  208
 *     128 -> 256, 8x8               95   90   97           52   83  138
 *     256 -> 512, 64x64            168  162  178          132  177  117
 *
 * and with a handful, in microseconds of one core (forward, data, weights):
 *
 *                                  oneDNN             in planes
 *     9 -> 4, 4 x 64x64            380  214  404      160  164  237
 *     17 -> 4, 4 x 32x32           176   80  174       72   75  115
 *     8 -> 8, 4 x 16x16             25   16   22       17   17   32
 *     1 -> 16, 4 x 64x64            68  374   58      115  159  159   (374: by products)
 *     33 -> 16, 4 x 32x32          330  472  331      442  450  747
 *
 * With AVX2 (the same processor, forbidden the rest) 4x4 tiles win as much, 187 to 259 GFLOP/s
 * instead of 98 to 171, and planes only forward: 9 -> 4, 4 x 64x64, 45 GFLOP/s instead of 27, data
 * 51 instead of 62, weights 45 instead of 48.
 *
 * Small 1x1 kernels, and kernels as large as the image, are one small product, for which reordering
 * the weights would take longer.  With one channel of results a product is slow.
 *
 * A 1x1 kernel that skips pixels goes to the products because oneDNN's weight gradient on NHWC
 * images writes past its working memory when there are fewer input channels than in a block: wrong
 * numbers, different each time, or a crash.  Seen here with 2.6.3, reported for later versions too
 * ("1x1 convolution backward_weights writes past the rtus workspace"); the products lose nothing.
 */
static enum path
path_of(enum kind kind, const struct conv_shape *s)
{
    enum { WIDE = 64, FEW = 512, LEAST = 256, PAIRS = 128 * 128, VECTOR = 16, SMALL = 1 << 20 };
    size_t pixels =
        s->n * conv_out(s->h, s->kh, s->stride, s->pad) * conv_out(s->w, s->kw, s->stride, s->pad);

    if (conv_gemm_direct(s) && s->co > 1 && pixels * s->kh * s->kw * s->ci * s->co <= SMALL)
        return PRODUCTS;
    if (s->kh == 1 && s->kw == 1)
        return s->stride > 1 ? PRODUCTS : PLAIN;
    if (conv_winograd4_can(s) && pixels >= LEAST)
        return WINOGRAD4;
    if (conv_planes_can(s) && s->w >= VECTOR && few(kind, s))
        return PLANES;
    if (s->ci == 1 && kind == BWD_DATA)
        return PRODUCTS;
    if (s->ci < WIDE || s->co < WIDE)
        return PLAIN;
    if (conv_winograd_can(s) && pixels >= LEAST && (kind == BWD_WEIGHTS || s->ci * s->co >= PAIRS))
        return WINOGRAD;
    return kind == BWD_WEIGHTS || pixels <= FEW ? PRODUCTS : BLOCKED;
}

void
backend_conv_fwd(const struct conv_shape *s, const real *x, const real *w, const real *bias,
                 real *y)
{
    enum path path = path_of(FWD, s);

    if (path == PRODUCTS)
        conv_gemm_fwd(s, x, w, bias, y);
    else if (path == WINOGRAD)
        conv_winograd_fwd(s, x, w, bias, y);
    else if (path == WINOGRAD4)
        conv_winograd4_fwd(s, x, w, bias, y);
    else if (path == PLANES)
        conv_planes_fwd(s, x, w, bias, y);
    else
        conv_run(bias != NULL ? FWD_BIAS : FWD, s, path == BLOCKED, (const real *[]){x, w, bias},
                 y);
}

void
backend_conv_bwd_data(const struct conv_shape *s, const real *dy, const real *w, real *dx)
{
    enum path path = path_of(BWD_DATA, s);

    if (path == PRODUCTS)
        conv_gemm_bwd_data(s, dy, w, dx);
    else if (path == WINOGRAD)
        conv_winograd_bwd_data(s, dy, w, dx);
    else if (path == WINOGRAD4)
        conv_winograd4_bwd_data(s, dy, w, dx);
    else if (path == PLANES)
        conv_planes_bwd_data(s, dy, w, dx);
    else
        conv_run(BWD_DATA, s, path == BLOCKED, (const real *[]){dy, w, NULL}, dx);
}

void
backend_conv_bwd_weights(const struct conv_shape *s, const real *x, const real *dy, real *dw)
{
    enum path path = path_of(BWD_WEIGHTS, s);

    if (path == PRODUCTS)
        conv_gemm_bwd_weights(s, x, dy, dw);
    else if (path == WINOGRAD)
        conv_winograd_bwd_weights(s, x, dy, dw);
    else if (path == WINOGRAD4)
        conv_winograd4_bwd_weights(s, x, dy, dw);
    else if (path == PLANES)
        conv_planes_bwd_weights(s, x, dy, dw);
    else
        conv_run(BWD_WEIGHTS, s, path == BLOCKED, (const real *[]){x, dy, NULL}, dw);
}

/* Whether the processor has all the features of `want`: they are bits. */
static int
has(dnnl_cpu_isa_t want)
{
    return ((unsigned)dnnl_get_effective_cpu_isa() & (unsigned)want) == (unsigned)want;
}

const char *
backend_name(void)
{
    static char name[256];
    const dnnl_version_t *v = dnnl_version();

    snprintf(name, sizeof(name), "oneDNN %d.%d.%d (%s), %s", v->major, v->minor, v->patch,
             has(dnnl_cpu_isa_avx512_core) ? "AVX-512"
             : has(dnnl_cpu_isa_avx2)      ? "AVX2"
                                           : "SSE4.1",
             backend_blas_name());
    return name;
}
