"""deploy/lib/processes.sh, which deploy/up and tests/servers start and watch their processes with; tests/servers."""

import os
import pathlib
import signal
import subprocess
import sys
import tempfile
import unittest

SOURCE = pathlib.Path(sys.argv.pop(1))


class Processes(unittest.TestCase):
    def setUp(self):
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.folder = pathlib.Path(folder.name)

    def bash(self, script: str) -> subprocess.CompletedProcess:
        preamble = f"set -euo pipefail; cd {self.folder}; source {SOURCE}/deploy/lib/processes.sh; trap stop_processes EXIT\n"
        return subprocess.run(["bash", "-c", preamble + script], capture_output=True, text=True, timeout=30)

    def test_a_log_is_added_to(self):
        (self.folder / "log").write_text("of an earlier run\n")
        done = self.bash('spawn it log TERM echo serves; wait "${process_ids[0]}"')
        self.assertEqual(done.returncode, 0, done)
        self.assertEqual((self.folder / "log").read_text(), "of an earlier run\nserves\n")

    def test_a_large_log_is_moved_away_first(self):
        (self.folder / "log").write_text("of an earlier run\n")
        done = self.bash('log_bytes_max=10; spawn it log TERM echo serves; wait "${process_ids[0]}"')
        self.assertEqual(done.returncode, 0, done)
        self.assertEqual((self.folder / "log").read_text(), "serves\n")
        self.assertEqual((self.folder / "log.1").read_text(), "of an earlier run\n")

    def test_what_an_earlier_run_said_does_not_count(self):
        (self.folder / "log").write_text("serves\n")
        done = self.bash('spawn it log TERM echo starts; wait "${process_ids[0]}"; ! has_said serves; has_said starts')
        self.assertEqual(done.returncode, 0, done)

    def test_the_end_of_one_that_the_others_need_is_said_and_returned_from(self):
        done = self.bash('spawn redis a TERM sleep 60; spawn worker b TERM true; watch_processes redis then; echo returned')
        self.assertEqual((done.returncode, done.stdout), (0, "returned\n"), done)
        self.assertEqual(done.stderr, "worker has ended, see b; stopping the others\n")

    def test_one_that_may_end_is_said_once_and_the_rest_is_watched_on(self):
        done = self.bash('spawn redis a TERM true; spawn worker b TERM bash -c "until [[ -e go ]]; do sleep 0.05; done"\n'
                         '{ watch_processes redis "it is slower"; } 2> >(tee said | while read -r line; do '
                         '[[ $line != redis* ]] || touch go; done)\n'
                         'echo returned')
        self.assertEqual((done.returncode, done.stdout), (0, "returned\n"), done)
        said = (self.folder / "said").read_text().splitlines()
        self.assertEqual(said, ["redis has ended, see a. The rest goes on: it is slower",
                                "worker has ended, see b; stopping the others"])


class Servers(unittest.TestCase):
    """tests/servers, with programs of our own in place of the real servers."""

    def setUp(self):
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.folder = pathlib.Path(folder.name)
        (self.folder / "bin").mkdir()
        (self.folder / "kafka" / "libs").mkdir(parents=True)

    def program(self, name: str, script: str):
        file = self.folder / "bin" / name
        file.write_text(f"#!/bin/sh\n{script}\n")
        file.chmod(0o755)

    def test_a_start_that_fails_half_way_leaves_nothing_running(self):
        self.program("java", 'case "$*" in *StorageTool*) exit 0 ;; esac\n'
                             f"echo $$ > {self.folder}/pid; echo Kafka Server started; exec sleep 60")
        self.program("redis-server", "exit 1")
        self.program("redis-cli", "exit 1")
        environment = {**os.environ, "PATH": f"{self.folder}/bin:{os.environ['PATH']}",
                       "PENSTOCK_KAFKA_HOME": f"{self.folder}/kafka"}
        done = subprocess.run([SOURCE / "tests" / "servers", "start", self.folder / "servers"], env=environment,
                              capture_output=True, text=True, timeout=50)
        self.assertEqual(done.returncode, 1, done)
        self.assertIn("gave up waiting: Redis", done.stderr)
        broker = int((self.folder / "pid").read_text())
        with self.assertRaises(ProcessLookupError):
            os.kill(broker, signal.SIGTERM)


if __name__ == "__main__":
    unittest.main(verbosity=2)
