#include <inttypes.h>
#include <math.h>

#include "base/jsonl.h"
#include "io/tsv.h"
#include "stream/summary.h"

static const char *const class_name[] = {"malignant", "other"};

/* ---- text ---- */

static void
write_spread(FILE *f, const struct summary_spread *g)
{
    fprintf(f, "patches %" PRIu64 ", patients %s%zu", g->patches, g->left_out ? "at least " : "",
            g->patients);
    if (g->patients > 0) {
        fprintf(f, ", effective %.6g, largest share %.6g (", summary_effective(g),
                summary_largest_share(g));
        tsv_text(f, g->who);
        fputc(')', f);
    }
    if (g->unknown > 0)
        fprintf(f, ", of unknown patient %" PRIu64, g->unknown);
    fputc('\n', f);
}

static void
write_groups(FILE *f, const struct summary *s)
{
    for (size_t i = 0; i < s->n_groups; i++) {
        const struct summary_group *g = &s->group[i];

        fputs("group      ", f);
        tsv_text(f, g->label[0] ? g->label : "(none)");
        fputs(g->lesion[0] ? " " : "", f);
        tsv_text(f, g->lesion);
        fputs(g->synthetic ? ", synthetic: " : ": ", f);
        write_spread(f, &g->of);
    }
    if (s->groups_left_out > 0)
        fprintf(f, "group      others: patches %" PRIu64 "\n", s->groups_left_out);
    for (int i = 0; i < SUMMARY_CLASSES; i++) {
        fprintf(f, "class      %s: ", class_name[i]);
        write_spread(f, &s->class[i]);
    }
}

static void
write_shape(FILE *f, const size_t *shape, unsigned rank)
{
    fputc('[', f);
    for (unsigned i = 0; i < rank; i++)
        fprintf(f, "%s%zu", i ? "," : "", shape[i]);
    fputc(']', f);
}

void
summary_write_text(FILE *f, const struct summary *s, uint64_t segments)
{
    fprintf(f, "records    %" PRIu64 "\nsegments   %" PRIu64 "\ndata       %" PRIu64 " bytes\n",
            s->records, segments, s->data_bytes);
    for (size_t i = 0; i < sizeof(s->key) / sizeof(s->key[0]); i++) {
        const struct summary_key *k = &s->key[i];

        fprintf(f, "%-10s", k->key);
        for (size_t j = 0; j < k->n; j++) {
            fputs(j ? ", " : " ", f);
            tsv_text(f, k->row[j].value ? k->row[j].value : "(none)");
            fprintf(f, " %" PRIu64, k->row[j].n);
        }
        if (k->left_out > 0)
            fprintf(f, ", others %" PRIu64, k->left_out);
        fputc('\n', f);
    }
    fprintf(f, "patients   %s%zu\n", s->all.left_out ? "at least " : "", s->all.patients);
    write_groups(f, s);
    for (size_t i = 0; i < s->n_tensors; i++) {
        const struct summary_tensor *t = &s->tensor[i];
        uint64_t finite = t->values - t->not_finite;

        fprintf(f, "tensor     ");
        tsv_text(f, t->name);
        fprintf(f, " %s", ts_dtype_name(t->dtype));
        write_shape(f, t->shape, t->rank);
        fprintf(f, " in %" PRIu64, t->records);
        if (finite > 0)
            fprintf(f, ", min %.6g, max %.6g, mean %.6g", t->min, t->max, t->sum / (double)finite);
        if (t->not_finite > 0)
            fprintf(f, ", not finite %" PRIu64, t->not_finite);
        fputc('\n', f);
    }
    if (s->tensors_left_out > 0)
        fprintf(f, "tensor     %" PRIu64 " more, of other names, types or shapes\n",
                s->tensors_left_out);
}

/* ---- JSON ---- */

static void
write_number(FILE *f, const char *key, double v, int known)
{
    if (known && isfinite(v))
        fprintf(f, ",\"%s\":%.17g", key, v);
    else
        fprintf(f, ",\"%s\":null", key);
}

static void
write_object(FILE *f, const struct summary_spread *g)
{
    fprintf(f, "\"patches\":%" PRIu64 ",\"unknown\":%" PRIu64 ",\"patients\":%zu,\"exact\":%s",
            g->patches, g->unknown, g->patients, g->left_out ? "false" : "true");
    write_number(f, "effective", summary_effective(g), 1);
    write_number(f, "largest_share", summary_largest_share(g), 1);
    fputs(",\"largest_patient\":", f);
    if (g->who != NULL)
        jsonl_quote(f, g->who);
    else
        fputs("null", f);
}

static void
write_group_objects(FILE *f, const struct summary *s)
{
    fputs(",\"groups\":[", f);
    for (size_t i = 0; i < s->n_groups; i++) {
        const struct summary_group *g = &s->group[i];

        fputs(i ? ",{\"label\":" : "{\"label\":", f);
        jsonl_quote(f, g->label);
        fputs(",\"lesion\":", f);
        jsonl_quote(f, g->lesion);
        fprintf(f, ",\"synthetic\":%s,", g->synthetic ? "true" : "false");
        write_object(f, &g->of);
        fputc('}', f);
    }
    fprintf(f, "],\"groups_others\":%" PRIu64 ",\"classes\":{", s->groups_left_out);
    for (int i = 0; i < SUMMARY_CLASSES; i++) {
        fprintf(f, "%s\"%s\":{", i ? "," : "", class_name[i]);
        write_object(f, &s->class[i]);
        fputc('}', f);
    }
    fputc('}', f);
}

void
summary_write_json(FILE *f, const struct summary *s, uint64_t segments)
{
    fprintf(f, "{\"records\":%" PRIu64 ",\"segments\":%" PRIu64 ",\"data_bytes\":%" PRIu64,
            s->records, segments, s->data_bytes);
    for (size_t i = 0; i < sizeof(s->key) / sizeof(s->key[0]); i++) {
        const struct summary_key *k = &s->key[i];
        uint64_t missing = 0;
        int comma = 0;

        fprintf(f, ",\"%s\":{", k->key);
        for (size_t j = 0; j < k->n; j++) {
            if (k->row[j].value == NULL) {
                missing = k->row[j].n;
                continue;
            }
            fputs(comma++ ? "," : "", f);
            jsonl_quote(f, k->row[j].value);
            fprintf(f, ":%" PRIu64, k->row[j].n);
        }
        fprintf(f, "},\"%s_missing\":%" PRIu64 ",\"%s_others\":%" PRIu64, k->key, missing, k->key,
                k->left_out);
    }
    fprintf(f, ",\"patients\":%zu,\"patients_exact\":%s", s->all.patients,
            s->all.left_out ? "false" : "true");
    write_group_objects(f, s);
    fputs(",\"tensors\":[", f);
    for (size_t i = 0; i < s->n_tensors; i++) {
        const struct summary_tensor *t = &s->tensor[i];
        uint64_t finite = t->values - t->not_finite;

        fprintf(f, "%s{\"name\":", i ? "," : "");
        jsonl_quote(f, t->name);
        fprintf(f, ",\"dtype\":\"%s\",\"shape\":", ts_dtype_name(t->dtype));
        write_shape(f, t->shape, t->rank);
        fprintf(f, ",\"records\":%" PRIu64 ",\"not_finite\":%" PRIu64, t->records, t->not_finite);
        write_number(f, "min", t->min, finite > 0);
        write_number(f, "max", t->max, finite > 0);
        write_number(f, "mean", t->sum / (double)finite, finite > 0);
        fputc('}', f);
    }
    fprintf(f, "],\"tensors_others\":%" PRIu64 "}\n", s->tensors_left_out);
}

/* ---- the table of patients ---- */

static void
write_row(FILE *f, const char *label, const char *lesion, const char *synthetic,
          const struct summary_spread *g)
{
    tsv_text(f, label);
    fputc('\t', f);
    tsv_text(f, lesion);
    fprintf(f, "\t%s\t%" PRIu64 "\t%zu\t%.6g\t%.6g\t", synthetic, g->patches, g->patients,
            summary_effective(g), summary_largest_share(g));
    tsv_text(f, g->who ? g->who : "");
    fprintf(f, "\t%" PRIu64 "\n", g->unknown);
}

static int
is_exact(const struct summary *s)
{
    int exact = s->all.left_out == 0;

    for (size_t i = 0; i < s->n_groups; i++)
        exact = exact && s->group[i].of.left_out == 0;
    for (int i = 0; i < SUMMARY_CLASSES; i++)
        exact = exact && s->class[i].left_out == 0;
    return exact;
}

int
summary_write_patients(FILE *f, const struct summary *s, struct err *e)
{
    if (s->groups_left_out > 0)
        return err_set(e, "more than %d groups of label, lesion and synthetic", SUMMARY_GROUPS);
    if (!is_exact(s))
        return err_set(e, "too many patients to count: %zu and more", s->all.patients);
    fputs("label\tlesion\tsynthetic\tpatches\tpatients\teffective\tlargest_share\t"
          "largest_patient\tunknown\n",
          f);
    for (size_t i = 0; i < s->n_groups; i++)
        write_row(f, s->group[i].label, s->group[i].lesion, s->group[i].synthetic ? "1" : "0",
                  &s->group[i].of);
    for (int i = 0; i < SUMMARY_CLASSES; i++)
        write_row(f, class_name[i], "all", "all", &s->class[i]);
    return 0;
}
