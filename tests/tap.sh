# tap.sh - sourced by the shell tests (tests/shell/*.t), which prove(1) runs from the top folder.
#
# BIN is the folder of the executables, BUILD that of the build; each test works in a scratch folder $T of its own.
set -u
BIN=${BIN:-$PWD/build/bin}
case $BIN in /*) ;; *) BIN=$PWD/$BIN ;; esac
BUILD=${BUILD:-${BIN%/bin}}
TOP=$PWD
PATH=$BIN:$PATH
export LC_ALL=C OMP_NUM_THREADS=${OMP_NUM_THREADS:-2}
T=$(mktemp -d) || exit 1
trap 'rm -rf "$T"' EXIT
tap_n=0
tap_bad=0

# ok STATUS TEXT: passes if STATUS is 0.
ok() {
    tap_n=$((tap_n + 1))
    if [ "$1" -eq 0 ]; then
        echo "ok $tap_n - $2"
    else
        echo "not ok $tap_n - $2"
        tap_bad=$((tap_bad + 1))
    fi
}

# is GOT WANT TEXT
is() {
    [ "$1" = "$2" ]
    ok $? "$3"
    [ "$1" = "$2" ] || printf '# got:  %s\n# want: %s\n' "$1" "$2"
}

# skip REASON [N]: N checks (1) that cannot be made here.
skip() {
    local i
    for ((i = 0; i < ${2:-1}; i++)); do
        tap_n=$((tap_n + 1))
        echo "ok $tap_n # SKIP $1"
    done
}

# skip_all REASON: nothing here can run on this machine.
skip_all() {
    echo "1..0 # SKIP $1"
    exit 0
}

# fails STATUS WHAT COMMAND...: the command must exit with STATUS, say one line on stderr that begins
# with its own name (two lines for a wrong command line), and leave no trailer on stdout.
fails() {
    local want=$1 what=$2 status=0
    shift 2
    "$@" > "$T/fails.out" 2> "$T/fails.err" < "${STDIN:-/dev/null}" || status=$?
    local lines=1
    [ "$want" = 2 ] && lines=2
    if [ "$status" = "$want" ] && [ "$(wc -l < "$T/fails.err")" = "$lines" ] &&
        grep -q "^$(basename "$1"): " "$T/fails.err" && ! grep -aq '"end":"1"' "$T/fails.out"; then
        ok 0 "$what"
    else
        ok 1 "$what"
        echo "# status $status, want $want; stderr:"
        sed 's/^/#   /' "$T/fails.err"
    fi
}

# done_testing N: the plan, and the verdict: N checks were to be made, skipped ones among them.  A test that ends
# early, or a loop over a list that came out short, cannot pass.
done_testing() {
    echo "1..$1"
    [ "$tap_n" = "$1" ] || echo "# $tap_n checks were made, not $1"
    [ "$tap_n" = "$1" ] && [ "$tap_n" -gt 0 ] && [ "$tap_bad" -eq 0 ]
    exit
}
