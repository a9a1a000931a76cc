# The filter in tstream(5) is a complete program.
. tests/tap.sh
cc=${CC:-gcc}
command -v "$cc" > /dev/null || skip_all "no C compiler"
case $BUILD in *-san) san=-fsanitize=address,undefined ;; *) san= ;; esac

sed -n '/^#include <stdlib.h>/,/^\.Ed/{/^\.Ed/!p}' "$TOP/man/tstream.5" > "$T/invert.c"
# shellcheck disable=SC2086
"$cc" -std=c11 -Wall -Wextra -Werror $san -I"$TOP/lib" -o "$T/invert" "$T/invert.c" "$BUILD/libmammopipe.a" \
    -ljansson -lz 2> "$T/err"
ok $? "it compiles without a warning"
sed 's/^/# /' "$T/err"
PATH=$T:$PATH
cd "$T"
"$BUILD/tests/make_patches" 3 8 > in
invert < in > out
is "$?" 0 "it runs"
is "$(ts-info out | awk '$1 == "records" {print $2}')" 3 "every record passes"
range() { ts-info "$1" | sed -n 's/.* image .* mean \([0-9.]*\)$/\1/p'; }
ok "$(awk -v a="$(range in)" -v b="$(range out)" 'BEGIN {exit !(a + b > 0.99999 && a + b < 1.00001)}'; echo $?)" \
    "its grey levels are inverted"
ok "$(ts-info --json --records out | grep -q 'make_patches 1\\ninvert 0[0-9.]*"'; echo $?)" "it leaves its line in the history"
STDIN=/dev/null fails 1 "empty input" invert
invert < in > /dev/full 2> err
is "$? $(wc -l < err)" "1 1" "a full disk"
done_testing 7
