# To be sourced. What a script leaves out because something is missing is said, and listed by
# .ci/run at its end (in the file that NOT_RUN names).

# WHAT...: this can't be done here, and no package would change that.
not_run() {
    echo "not run: $*"
    [ -z "${NOT_RUN:-}" ] || echo "$*" >>"$NOT_RUN"
}

# WHAT...: this needs something that can be installed; so with CI=true it is an error.
missing() {
    if [ "${CI:-}" = true ]; then
        echo "missing: $*" >&2
        exit 1
    fi
    not_run "$*"
}
