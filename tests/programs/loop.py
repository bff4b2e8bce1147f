# A job that counts until it is told; with "threads" four threads do so in
# turn, with "processes" they also start a process in each round. Run with
# -E: unbuffered, by PYTHONUNBUFFERED or -u, python forgets the rest of a write
# that came short.
import os
import subprocess
import sys
import threading

mode = sys.argv[1] if len(sys.argv) > 1 else ""
lock = threading.Lock()
count = 0
failed = []


def run():
    global count
    try:
        while not os.path.exists("enough"):
            with lock:
                count += 1
                print("v:%d" % count, flush=True)
            if mode == "processes":
                subprocess.run(["/bin/true"], check=True)
    except Exception as error:
        failed.append(error)


with open("ready", "w") as ready:
    ready.write("%d\n" % os.getpid())
if mode == "":
    run()
else:
    threads = [threading.Thread(target=run) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
with open("done", "w") as done:
    done.write("%s\n" % (failed or "ok"))
