"""Progress on the screen: a bar for loops, a line per stage of a study."""

import sys
import time

from tqdm import tqdm


def track(items, what):
    """The items, with a bar on a terminal once five seconds have passed."""
    return tqdm(items, what, leave=False, delay=5, disable=None)


def minutes(seconds):
    """A time left as people say it."""
    return f"{seconds / 3600:.1f} h" if seconds >= 5400 else f"{max(round(seconds / 60), 1)} min" if seconds >= 45 \
        else "under a minute"


class Stage:
    """`[2/5] hold, 3 min left`: rewritten in place on a terminal, a line whenever it changes (at most every 30 s)
    elsewhere."""

    def __init__(self, number, count, name, stream=sys.stdout):
        self.head, self.stream = f"[{number}/{count}] {name}", stream
        self.start = self.said = time.monotonic()
        self.first = None
        self.text = ""
        self.write(self.head)

    def write(self, text):
        if text == self.text:
            return
        self.text, self.said = text, time.monotonic()
        print(f"\r{text:<78}" if self.stream.isatty() else text, end="" if self.stream.isatty() else "\n", flush=True,
              file=self.stream)

    def done(self, share):
        """Tells the time left from the share that is done now (0 .. 1) and when this process began."""
        now = time.monotonic()
        if self.first is None:
            self.first = share, now
        gained, passed = share - self.first[0], now - self.first[1]
        if gained > 0 and passed > 5 and (self.stream.isatty() or now - self.said > 30):
            self.write(f"{self.head}, {minutes(passed * (1 - share) / gained)} left")

    def finish(self, note=""):
        self.write(f"{self.head}: {note or f'{time.monotonic() - self.start:.0f} s'}")
        if self.stream.isatty():
            print(file=self.stream)
