#include "image/pectoral.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "image/morph.h"

/*
 * The edge is sought as a straight line from the top of the breast to the chest wall, the one along
 * which grey levels fall most steadily, and is then bent row by row to where they fall most.  The
 * line comes first because the muscle's edge is the longest straight one, while glands have
 * stronger but shorter edges.  Both steps work on planes seen with the wall at the left: u counts
 * columns from the wall.
 */
#define EDGE_SMOOTH 0.008 /* deviation of the smoothing, as a share of the longer side */
#define MIN_ACROSS 0.06   /* the line meets the top this far from the wall, at least and at most, */
#define MAX_ACROSS 0.95   /* as shares of the width */
#define MIN_DOWN 0.15   /* and the wall this far down, as shares of the height; below the plane's */
#define MAX_DOWN 1.2    /* end too */
#define MAX_PART 0.33   /* the muscle is this part of the breast at most */
#define STEPS 48        /* lines tried in each direction */
#define MIN_FALL 0.0035 /* grey levels fall by this much a pixel, on average along the line */
#define MAX_FALL 0.02   /* a steeper fall counts no more than this */
#define BEND 0.04       /* the edge leaves the line by this share of the longer side at most */

struct view {
    size_t h, w;
    float *p;    /* smoothed */
    uint8_t *in; /* tissue */
};

/* Fall of the grey level per pixel towards (nu, ny), by differences over two pixels each way. */
static double
fall(const struct view *v, long u, long y, double nu, double ny)
{
    long u0 = u - 2 > 0 ? u - 2 : 0, u1 = u + 2 < (long)v->w ? u + 2 : (long)v->w - 1;
    long y0 = y - 2 > 0 ? y - 2 : 0, y1 = y + 2 < (long)v->h ? y + 2 : (long)v->h - 1;
    double du = (double)(v->p[y * (long)v->w + u1] - v->p[y * (long)v->w + u0]) / (double)(u1 - u0);
    double dy = (double)(v->p[y1 * (long)v->w + u] - v->p[y0 * (long)v->w + u]) / (double)(y1 - y0);

    return -(du * nu + dy * ny);
}

/* The mean fall across the line from (across, top) to (0, down); -1 where little is tissue. */
static double
score(const struct view *v, double top, double across, double down)
{
    double len = hypot(across, down - top), nu = (down - top) / len, ny = across / len, sum = 0;
    size_t n = 0, outside = 0;

    for (double t = 0; t < len; t += 4) {
        double u = across * (1 - t / len), y = top + (down - top) * t / len;

        if (y > (double)v->h - 1)
            break;
        n++;
        if (!v->in[(size_t)y * v->w + (size_t)u])
            outside++;
        else
            sum += fmin(MAX_FALL, fmax(-MAX_FALL, fall(v, (long)u, (long)y, nu, ny)));
    }
    return n < 6 || outside * 10 > n ? -1 : sum / (double)n;
}

/* The first row in which the breast stands at the wall. */
static size_t
top_of(const struct view *v)
{
    size_t y = 0;

    while (y + 1 < v->h && !v->in[y * v->w + v->w / 50])
        y++;
    return y;
}

/*
 * Bends the line: in each row the edge may leave it by `reach` columns, and from row to row by one
 * more or less; the path with the largest sum of falls, by dynamic programming.  edge [h] written
 * from row top on; 0 below the line's end.
 */
static int
bend_line(const struct view *v, size_t top, double across, double down, size_t *edge, struct err *e)
{
    size_t reach = (size_t)(BEND * (double)(v->h > v->w ? v->h : v->w)), width = 2 * reach + 1;
    size_t rows = (down < (double)v->h ? (size_t)down : v->h) - top, cells;
    double len = hypot(across, down - (double)top);
    double nu = (down - (double)top) / len, ny = across / len;
    double *best = NULL;
    signed char *from = NULL;
    size_t at = 0;

    if (mem_mul(rows, width, &cells) == -1)
        return err_set(e, "size overflow");
    best = mem_array(cells, sizeof(*best), e);
    from = mem_array(cells, 1, e);
    if (best == NULL || from == NULL) {
        free(best);
        free(from);
        return -1;
    }
    for (size_t i = 0; i < rows; i++) {
        double mid = across * (1 - (double)i / (down - (double)top));

        for (size_t j = 0; j < width; j++) {
            double u = mid + (double)j - (double)reach, gain = 0;

            if (u >= 0 && u < (double)v->w && v->in[(top + i) * v->w + (size_t)u])
                gain = fmin(MAX_FALL, fall(v, (long)u, (long)(top + i), nu, ny));
            /* Leaving the line costs a little, so that flat places do not wander. */
            gain -= 0.1 * MIN_FALL * fabs((double)j - (double)reach) / (double)(reach + 1);
            best[i * width + j] = gain;
            if (i > 0) {
                double most = best[(i - 1) * width + j];

                for (int s = -1; s <= 1; s += 2)
                    if ((s > 0 ? j + 1 < width : j > 0) &&
                        best[(i - 1) * width + j + (size_t)s] > most) {
                        most = best[(i - 1) * width + j + (size_t)s];
                        from[i * width + j] = (signed char)s;
                    }
                best[i * width + j] += most;
            }
        }
    }
    for (size_t j = 1; j < width; j++)
        if (best[(rows - 1) * width + j] > best[(rows - 1) * width + at])
            at = j;
    for (size_t i = rows; i-- > 0;) {
        double u = across * (1 - (double)i / (down - (double)top)) + (double)at - (double)reach;

        edge[top + i] = u > 0 ? (size_t)u : 0;
        at += (size_t)from[i * width + at];
    }
    free(best);
    free(from);
    return 0;
}

static int
search(const struct view *v, size_t *edge, struct err *e)
{
    size_t top = top_of(v);
    double best = 0, across = 0, down = 0, breast = 0;

    for (size_t i = 0; i < v->h * v->w; i++)
        breast += v->in[i];
    for (size_t i = 0; i < STEPS; i++)
        for (size_t j = 0; j < STEPS; j++) {
            double a = (MIN_ACROSS + (MAX_ACROSS - MIN_ACROSS) * (double)i / STEPS) * (double)v->w;
            double d =
                (MIN_DOWN + (MAX_DOWN - MIN_DOWN) * (double)j / STEPS) * (double)v->h + (double)top;
            double s, below = d > (double)v->h ? (d - (double)v->h) / (d - (double)top) : 0;

            if (a * (d - (double)top) / 2 * (1 - below * below) > MAX_PART * breast)
                continue;
            /* Of two edges of equal fall the longer one is the muscle's. */
            s = score(v, (double)top, a, d) * sqrt(hypot(a, d - (double)top) / (double)v->h);

            if (s > best) {
                best = s;
                across = a;
                down = d;
            }
        }
    if (best == 0 || score(v, (double)top, across, down) < MIN_FALL)
        return 0;
    return bend_line(v, top, across, down, edge, e) == -1 ? -1 : 1;
}

int
pectoral_find(const float *p, const uint8_t *tissue, size_t h, size_t w, int right, uint8_t *muscle,
              struct err *e)
{
    struct view v = {.h = h, .w = w};
    double sigma = EDGE_SMOOTH * (double)(h > w ? h : w);
    size_t *edge = mem_array(h, sizeof(*edge), e);
    int found = -1;

    v.p = mem_array_raw(h * w, sizeof(*v.p), e);
    v.in = mem_array_raw(h * w, 1, e);
    if (edge == NULL || v.p == NULL || v.in == NULL)
        goto done;
    memset(muscle, 0, h * w);
    for (size_t y = 0; y < h; y++)
        for (size_t x = 0; x < w; x++) {
            size_t u = right ? w - 1 - x : x;

            v.p[y * w + u] = p[y * w + x];
            v.in[y * w + u] = tissue[y * w + x];
        }
    if (gauss_smooth(v.p, h, w, sigma, 3, e) == -1)
        goto done;
    found = search(&v, edge, e);
    for (size_t y = 0; found == 1 && y < h; y++)
        for (size_t u = 0; u < edge[y]; u++)
            muscle[y * w + (right ? w - 1 - u : u)] = v.in[y * w + u];
done:
    free(edge);
    free(v.p);
    free(v.in);
    return found;
}
