#!/bin/sh
# A job that counts until it is told, starting a process in each round; with
# "storm" there are more of them at a time.
echo $$ >ready
i=0
storm() {
	until [ -e enough ]; do
		(:)
	done
}
if [ "$1" = storm ]; then
	storm & storm & storm &
fi
until [ -e enough ]; do
	i=$((i + 1))
	echo "v:$i"
	/bin/true
done
wait
echo ok >"done"
