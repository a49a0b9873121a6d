# SPDX-License-Identifier: GPL-2.0-only
"""gil.py ROUNDS: four threads compute under one interpreter lock; prints the ns that it took"""

import sys
import threading
import time


def work(rounds):
    for _ in range(rounds):
        sorted(range(300), key=lambda x: -x)


def main():
    threads = [threading.Thread(target=work, args=(int(sys.argv[1]),)) for _ in range(4)]
    begin = time.monotonic_ns()
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    print(time.monotonic_ns() - begin)


main()
