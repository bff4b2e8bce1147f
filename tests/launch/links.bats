#!/usr/bin/env bats
# Where the links go, by whose names the program is nohup and setsid.

load ../lib/helpers

# The build's make, not as a part of the one that runs the tests.
build() {
	env -u MAKEFLAGS -u MAKELEVEL make -s -C "$BUILD" \
	    DESTDIR="$BATS_TEST_TMPDIR/root" prefix=/opt "$@"
}

@test "install leaves the names alone, install-links puts them aside" {
	build install
	[ -x root/opt/bin/detach ]
	[ -z "$(find root -name nohup -o -name setsid)" ]
	build install-links
	for name in nohup setsid; do
		[ "$(readlink "root/opt/libexec/detach/$name")" = \
		    /opt/bin/detach ]
	done
	# Again over themselves.
	build install-links
	build uninstall-links
	[ ! -e root/opt/libexec/detach ]
	[ -x root/opt/bin/detach ]
}

@test "the last component of argv[0] is the name" {
	mkdir dir
	ln -s "$DETACH" dir/setsid
	ln -s "$DETACH" dir/nohup
	ln -s "$DETACH" dir/mynohup
	run -1 dir/setsid
	run -125 dir/nohup
	[[ $output == "dir/nohup: missing operand"* ]]
	run -125 bash -c 'exec -a /x/y/nohup "$DETACH"'
	[[ $output == "/x/y/nohup: missing operand"* ]]
	# Any other is detach.
	run -125 dir/mynohup
	[[ $output == "detach: no command"* ]]
	run -125 bash -c 'exec -a "" "$DETACH"'
	[[ $output == "detach: no command"* ]]
}
