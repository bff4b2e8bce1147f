# The promises 2, 3, 4 and 6, as the facts of a job that the probe prints must
# show them. This is the one list of them.
#
#	awk -f promises.awk FACTS
#		Print each promise that is broken. The status is 1 if there is
#		one, or if there are no facts.
#	awk -v count=1 -f promises.awk FACTS-OF-MANY
#		Print how many jobs with a WORD of their own there are, and how
#		many of them break no promise, share no session with another,
#		and write to no device.

{
	at = index($0, "=")
	key = substr($0, 1, at - 1)
}

# The first fact of a job.
key == "pid" {
	judge()
	split("", fact)
}

{
	fact[key] = substr($0, at + 1)
}

END {
	judge()
	if (count)
		print words + 0, detached + 0
	else
		exit jobs != 1 || broken > 0
}

function must(holds, promise) {
	if (holds)
		return
	broken++
	if (!count)
		print "broken: " promise
}

function no_signal(key) {
	must(fact[key] ~ /^0+$/, "6, clean signals: " key "=" fact[key])
}

function lasting(fd) {
	must(fact["fd" fd] !~ /^\/dev\/(pts\/|tty)|:/,
	    "4, no terminal, pipe or socket on " fd ": " fact["fd" fd])
}

function judge() {
	if (!("pid" in fact))
		return
	jobs++
	broken = 0
	must(fact["sid"] == fact["pid"], "2, leader of its session")
	must(fact["pgid"] == fact["pid"], "2, leader of its group")
	must(fact["ctty"] == "0", "2, no controlling terminal")
	must(fact["fd0"] == "/dev/null", "3, /dev/null on 0: " fact["fd0"])
	must(fact["fds"] == "0 1 2 ", "4, no other descriptor: " fact["fds"])
	lasting(1)
	lasting(2)
	must(fact["SigIgn"] == "0000000000000001",
	    "6, SIGHUP alone ignored: " fact["SigIgn"])
	no_signal("SigBlk")
	no_signal("SigCgt")
	no_signal("SigPnd")
	no_signal("ShdPnd")
	count_word()
}

function count_word() {
	if (!("arg1" in fact) || fact["arg1"] in seen)
		return
	seen[fact["arg1"]]
	words++
	detached += broken == 0 && !(fact["sid"] in sessions) &&
	    fact["fd1"] !~ /^\/dev\// && fact["fd2"] !~ /^\/dev\//
	sessions[fact["sid"]]
}
