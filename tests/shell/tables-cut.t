# No test passes on less than its whole reference: each table that a test of tests/unit reads is cut in half, and loses
# its last row, in a scratch copy.
. tests/tap.sh
export OMP_NUM_THREADS=1
case $BUILD in *-san) skip_all "the plain build shows it, sooner" ;; esac
mkdir -p "$T/tests/ref"
cp tests/ref/*.tsv "$T/tests/ref/"
mkdir "$T/whole"
cp tests/ref/*.tsv "$T/whole/"

# cut HOW TABLE; whole TABLE
cut_half() { head -c $(($(wc -c < "$T/whole/$1") / 2)) "$T/whole/$1" > "$T/tests/ref/$1"; }
cut_row() { sed '$d' "$T/whole/$1" > "$T/tests/ref/$1"; }
whole() { cp "$T/whole/$1" "$T/tests/ref/$1"; }
# run TEST: its exit code, its output in $T/out.  Tests read tests/ref of the folder they run in.
run() { (cd "$T" && "$BUILD/tests/$1" > out 2>&1; echo $?); }

read=0
for source in tests/unit/test_*.c; do
    test=$(basename "$source" .c)
    tables=$(grep -o '"tests/ref/[a-z0-9_]*\.tsv"' "$source" | tr -d '"' | sed 's/.*\///' | sort -u)
    [ -n "$tables" ] || continue
    read=$((read + $(wc -w <<< "$tables")))
    case $test in
    test_gan_ref | test_resnet_ref | test_trainings)
        # Slow: all tables in one run, where each has a check that says its name.  Of those that take seconds, the cut
        # that is harder to see, alone.
        ways='half row'
        [ $test = test_gan_ref ] || ways=row
        for how in $ways; do
            for table in $tables; do cut_$how "$table"; done
            is "$(run $test)" 1 "$test with less ($how)"
            for table in $tables; do
                grep -q "^not ok .*$table" "$T/out"
                ok $? "of $table"
                whole "$table"
            done
        done
        ;;
    *)
        is "$(run $test)" 0 "$test with whole tables"
        for table in $tables; do
            cut_half "$table"
            is "$(run $test)" 1 "$test with half of $table"
            cut_row "$table"
            is "$(run $test)" 1 "$test without the last row of $table"
            whole "$table"
        done
        ;;
    esac
done
is $read 26 "tables are read, nearly all there are"
is "$(ls tests/ref/*.tsv | wc -l)" 28 "but for resnet_curves.tsv and trainings_sim.tsv, which are results"
done_testing 64
