/*
 * Convolutions by oneDNN.
 *
 * A primitive is slow to make (it compiles code) and quick to run, so each is made once for its
 * kind, shape and number of threads, and kept; a program uses a few dozen.  Images are NHWC as they
 * are. oneDNN chooses the layout of the weights; where that is not ours, they are reordered on the
 * way.
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

/* One tensor of a primitive: where the caller has it and, if oneDNN wants another layout, where it
 * goes. */
struct port {
    int arg;                /* DNNL_ARG_ */
    enum scratch_slot slot; /* room for the reordered copy */
    size_t size;            /* of that copy in reals; 0: none, the caller's layout is fine */
    dnnl_memory_t outer, inner;
    dnnl_primitive_t reorder; /* outer to inner, or inner to outer for the result */
};

struct key {
    struct conv_shape s;
    size_t kind, threads;
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
    layout x = layout_make(4, x_dims, dnnl_nhwc), y = layout_make(4, y_dims, dnnl_nhwc);
    layout w = layout_make(4, w_dims, dnnl_hwio), any = layout_make(4, w_dims, dnnl_format_tag_any);
    layout b = layout_make(1, b_dims, dnnl_x);
    dnnl_primitive_desc_t desc = conv_desc(kind, engine(), ref(&x), ref(&any),
                                           kind == FWD_BIAS ? ref(&b) : NULL, ref(&y), stride, pad);
    struct conv *c = calloc(1, sizeof(*c));

    if (c == NULL)
        backend_fail("out of memory for a convolution", 0);
    c->key = *key;
    if (kind == BWD_WEIGHTS) {
        c->in[c->inputs++] = port_make(DNNL_ARG_SRC, SCRATCH_SRC, ref(&x), ref(&x), 0);
        c->in[c->inputs++] = port_make(DNNL_ARG_DIFF_DST, SCRATCH_DST, ref(&y), ref(&y), 0);
        c->out = port_make(DNNL_ARG_DIFF_WEIGHTS, SCRATCH_WEIGHTS, ref(&w),
                           dnnl_primitive_desc_query_md(desc, dnnl_query_diff_weights_md, 0), 1);
    } else {
        int fwd = kind != BWD_DATA;

        c->in[c->inputs++] = port_make(fwd ? DNNL_ARG_SRC : DNNL_ARG_DIFF_DST, SCRATCH_SRC,
                                       ref(fwd ? &x : &y), ref(fwd ? &x : &y), 0);
        c->in[c->inputs++] =
            port_make(DNNL_ARG_WEIGHTS, SCRATCH_WEIGHTS, ref(&w),
                      dnnl_primitive_desc_query_md(desc, dnnl_query_weights_md, 0), 0);
        if (kind == FWD_BIAS)
            c->in[c->inputs++] = port_make(DNNL_ARG_BIAS, SCRATCH_OWN, ref(&b), ref(&b), 0);
        c->out = port_make(fwd ? DNNL_ARG_DST : DNNL_ARG_DIFF_SRC, SCRATCH_DST, ref(fwd ? &y : &x),
                           ref(fwd ? &y : &x), 1);
    }
    c->primitive = primitive_make(desc);
    layout_free(&x);
    layout_free(&y);
    layout_free(&w);
    layout_free(&any);
    layout_free(&b);
    return c;
}

static struct conv *
conv_find(enum kind kind, const struct conv_shape *s)
{
    static struct conv *bucket[256];
    struct key key = {.s = *s, .kind = kind, .threads = (size_t)omp_get_max_threads()};
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
conv_run(enum kind kind, const struct conv_shape *s, const real *const in[3], real *out)
{
    struct conv *c = conv_find(kind, s);
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

/*
 * Shapes that matrix products serve instead.  A 1x1 kernel that skips pixels is one of them because
 * oneDNN 2.6.3 gets it wrong: its AVX2 weight gradient on NHWC images of even size returns other
 * numbers each time, and writes past its working memory.
 */
static int
by_products(const struct conv_shape *s)
{
    return s->kh == 1 && s->kw == 1 && s->stride > 1;
}

void
backend_conv_fwd(const struct conv_shape *s, const real *x, const real *w, const real *bias,
                 real *y)
{
    if (by_products(s))
        conv_gemm_fwd(s, x, w, bias, y);
    else
        conv_run(bias != NULL ? FWD_BIAS : FWD, s, (const real *[]){x, w, bias}, y);
}

void
backend_conv_bwd_data(const struct conv_shape *s, const real *dy, const real *w, real *dx)
{
    if (by_products(s))
        conv_gemm_bwd_data(s, dy, w, dx);
    else
        conv_run(BWD_DATA, s, (const real *[]){dy, w, NULL}, dx);
}

void
backend_conv_bwd_weights(const struct conv_shape *s, const real *x, const real *dy, real *dw)
{
    if (by_products(s))
        conv_gemm_bwd_weights(s, x, dy, dw);
    else
        conv_run(BWD_WEIGHTS, s, (const real *[]){x, dy, NULL}, dw);
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
