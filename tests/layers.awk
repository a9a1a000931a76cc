# layers.awk - who may include whom in lib/.
#
#   awk -f tests/layers.awk lib/*/*.[ch]
#
# Arrows between rooms go one way; between modules of a room there is no circle; a library's header is included in one
# room.  A header that says that it is private (its second line) belongs to the modules that include it.
BEGIN {
    may["base"] = " "
    may["io"] = " base "
    may["stream"] = " base io "
    may["image"] = " base io "
    may["patch"] = " base io stream image "
    may["stats"] = " base io stream image "
    may["nn"] = " base "
    may["model"] = " base nn "
    may["train"] = " base io stream image patch stats nn model "
}

function complain(text) {
    print text
    bad = 1
}

FNR == 1 {
    split(FILENAME, part, "/")
    room = part[2]
    module = room "/" part[3]
    sub(/\.[ch]$/, "", module)
    files++
    if (!(room in may)) complain(FILENAME ": lib/" room " is no room of tests/layers.awk")
}
FNR <= 3 && /[Pp]rivate to / { private[module] = 1 }

/^#include "/ {
    split($2, part, "\"")
    to = part[2]
    sub(/\.h$/, "", to)
    if (to !~ /\//) { complain(FILENAME ":" FNR ": " to ".h is in no room"); next }
    there = to
    sub(/\/.*/, "", there)
    if (there != room && index(may[room], " " there " ") == 0)
        complain(FILENAME ":" FNR ": " room " includes " to ".h: arrows go down")
    if (to != module) arrow[module] = arrow[module] " " to
}

/^#include <(png|jpeglib|zlib|archive|archive_entry|jansson|dnnl)\.h>/ {
    library = substr($2, 2, length($2) - 2)
    if (library in home && home[library] != room)
        complain(FILENAME ":" FNR ": <" library "> is included in lib/" home[library] " too")
    home[library] = room
}

# Depth first: a module that is met again on its own path closes a circle.
function walk(m, path,    list, n, i) {
    if (done[m]) return
    if (on[m]) { complain("circle:" substr(path, index(path, " " m " ")) m); done[m] = 1; return }
    on[m] = 1
    n = split(arrow[m], list, " ")
    for (i = 1; i <= n; i++)
        if (!private[list[i]] && !private[m]) walk(list[i], path m " ")
    on[m] = 0
    done[m] = 1
}

END {
    for (m in arrow) walk(m, " ")
    if (files == 0) complain("no files")
    exit bad
}
