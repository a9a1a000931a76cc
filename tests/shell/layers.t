# layers.awk: lib as it is; and that what must not be is seen.
. tests/tap.sh
layers() { (cd "$T" && awk -f "$TOP/tests/layers.awk" lib/*/*.[ch]); }
is "$(awk -f tests/layers.awk lib/*/*.[ch])" "" "no arrow of lib goes up, and none in a circle"

mkdir -p "$T"/lib/{base,io,image,train}
put() { printf '%s\n' "${@:2}" > "$T/lib/$1"; }
put base/a.h '/*' ' * a' ' */'
put base/a.c '#include "base/a.h"'
put io/b.h '#include "base/a.h"'
put io/c_parts.h '/*' ' * c_parts - private to io.' ' */' '#include "io/c.h"'
put io/c.h '#include "io/b.h"'
put io/c.c '#include "io/c.h"' '#include "io/c_parts.h"'
is "$(layers; echo $?)" 0 "arrows that go down, and a private header"
put io/low.h ''
put base/a.c '#include "base/a.h"' '#include "io/low.h"'
is "$(layers)" "lib/base/a.c:2: base includes io/low.h: arrows go down" "up"
put base/a.c '#include "base/a.h"'
put io/b.c '#include "io/c.h"'
is "$(layers | grep -c '^circle: io/')" 1 "in a circle"
rm "$T/lib/io/b.c"
put io/b.c '#include <png.h>'
put image/d.c '#include <png.h>'
is "$(layers | grep -c 'png.h> is included in lib/i[a-z]* too')" 1 "one library in two rooms"
rm "$T/lib/image/d.c"
put io/b.c '#include "b.h"'
is "$(layers)" "lib/io/b.c:1: b.h is in no room" "a header without its room"
rm "$T/lib/io/b.c"
mkdir "$T/lib/attic"
put attic/e.c ''
is "$(layers)" "lib/attic/e.c: lib/attic is no room of tests/layers.awk" "a room that nobody knows"
done_testing 7
