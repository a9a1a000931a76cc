# A stream of 1 GiB through ts-cat, ts-select, ts-shuffle and ts-info, each within 256 MiB of address space.
. tests/tap.sh
case $BUILD in *-san) skip_all "the sanitizers need more address space" ;; esac
"$BUILD/tests/make_patches" 64 256 > "$T/patches" || exit 1

small() {
    (ulimit -v 262144 && exec "$@")
}

# 1300 records of 852 kB.
small ts-cat --endless "$T/patches" | small ts-select 'x>=0' | small ts-head -n 1300 | small ts-info > "$T/info"
is "${PIPESTATUS[*]}" "0 1 0 0" "ts-cat ends when ts-head has enough, ts-select fails, silently"
is "$(awk '$1 == "records" || $1 == "data" {print $2}' "$T/info" | xargs)" "1300 1107558400" "all arrived"
small ts-cat --endless "$T/patches" | small ts-head -n 300 | small ts-shuffle 2> "$T/err" | small ts-info > "$T/info"
is "${PIPESTATUS[*]}" "0 0 0 0" "ts-shuffle"
is "$(awk '$1 == "records" {print $2}' "$T/info")" 300 "all arrived"
ok "$(grep -q '^ts-shuffle: holds 1[56][0-9] records' "$T/err"; echo $?)" "128 MiB of them were held"
done_testing 5
