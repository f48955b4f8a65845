"""What standalone does with its folder: whose it is, and what happens when its disk is full."""

import errno
import os
import pathlib
import stat
import subprocess
import tempfile
import unittest

from harness.events import completed, deposit, key, unique
from harness.http_client import eventually
from harness.programs import Program, Standalone


class DataFolder(unittest.TestCase):
    def test_one_that_others_can_write_to_is_refused_with_the_command_that_mends_it(self):
        with tempfile.TemporaryDirectory(prefix="penstock-e2e-") as folder:
            os.chmod(folder, 0o1777)
            with Program("penstock", [], Standalone(folder).environment) as program:
                self.assertEqual(program.wait(), 1)
                self.assertIn("chmod 700 " + folder, program.tail())
            self.assertEqual(os.listdir(folder), [])

    def test_nobody_else_can_read_its_files_whatever_the_folder_and_what_was_there(self):
        with tempfile.TemporaryDirectory(prefix="penstock-e2e-") as folder:
            for _ in range(2):
                os.chmod(folder, 0o755)
                with Standalone(folder) as penstock:
                    penstock.ingress.accept(body := completed(deposit(unique("user"), 1)))
                    penstock.admin.settled([key(body)])
                    modes = {f.name: oct(stat.S_IMODE(f.stat().st_mode)) for f in pathlib.Path(folder).iterdir()}
                    self.assertEqual(set(modes.values()), {"0o600"}, modes)
                    self.assertIn("log.db-wal", modes)
                    self.assertEqual(penstock.program.terminate(), 0)
                for name in ("log.db", "state.db"):
                    os.chmod(os.path.join(folder, name), 0o664)


class FullDisk(unittest.TestCase):
    def setUp(self):
        self.folder = tempfile.mkdtemp(prefix="penstock-e2e-")
        self.addCleanup(os.rmdir, self.folder)
        mounted = subprocess.run(["mount", "-t", "tmpfs", "-o", "size=24m,mode=700", "penstock-test", self.folder],
                                 capture_output=True, text=True)
        if mounted.returncode != 0:
            self.skipTest("NOT TESTED: mounting a tmpfs needs the superuser: " + mounted.stderr.strip())
        self.addCleanup(subprocess.run, ["umount", "-l", self.folder], check=True)

    def fill(self, filler: pathlib.Path):
        with open(filler, "wb", buffering=0) as file:
            try:
                while file.write(b"x" * 65536) == 65536:
                    pass
            except OSError as error:
                self.assertEqual(error.errno, errno.ENOSPC)

    def test_it_is_not_ready_and_says_where_and_goes_on_when_there_is_room(self):
        filler = pathlib.Path(self.folder, "filler")
        with Standalone(self.folder) as penstock:
            user = unique("user")
            penstock.ingress.accept(before := completed(deposit(user, 1)))
            penstock.admin.settled([key(before)])
            self.fill(filler)

            eventually("not ready", lambda: penstock.ingress.get("/readyz").status == 503)
            said = eventually("where", lambda: (a := penstock.admin.get("/readyz")).status == 503 and a.body.decode())
            for file in ("log.db", "state.db"):
                self.assertIn(f"disk full: {self.folder}/{file}", said)
            refused, n = 0, 0
            while not refused and n < 100:  # what fits into files that are there is taken
                n += 1
                answer = penstock.ingress.post(completed(deposit(user, 1), padding="x" * 200_000))
                self.assertIn(answer.status, (200, 503))
                refused += answer.status == 503
            self.assertEqual(refused, 1)

            filler.unlink()
            eventually("ready", lambda: penstock.ingress.get("/readyz").status == 200)
            penstock.ingress.accept(completed(deposit(user, 1)))
            eventually("what was acknowledged is there", lambda: penstock.admin.state("/v1/wallets/" + user)
                       ["test_balances"] == {"usd": n + 1})
            self.assertEqual(penstock.program.terminate(), 0)


if __name__ == "__main__":
    unittest.main(verbosity=2)
