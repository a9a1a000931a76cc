/* The backend without oneDNN: everything by matrix products. */
#include "nn/backend_parts.h"

void
backend_conv_fwd(const struct conv_shape *s, const real *x, const real *w, const real *bias,
                 real *y)
{
    conv_gemm_fwd(s, x, w, bias, y);
}

void
backend_conv_bwd_data(const struct conv_shape *s, const real *dy, const real *w, real *dx)
{
    conv_gemm_bwd_data(s, dy, w, dx);
}

void
backend_conv_bwd_weights(const struct conv_shape *s, const real *x, const real *dy, real *dw)
{
    conv_gemm_bwd_weights(s, x, dy, dw);
}

const char *
backend_name(void)
{
    return backend_blas_name();
}
