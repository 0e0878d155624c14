"""The shipped unit under a real systemd, in namespaces of its own: credentials by LoadCredential=, rotated."""
import json
import os
import shutil
import subprocess

import parts
import scene
from secrets_test import fresh

CONFIGURATION = """[general]
environment=production
state_directory=/var/lib/integrationsd
[api]
port=0
[status]
port=0
[log]
file=/var/lib/integrationsd/log
[egress]
allow=127.0.0.0/8
[plugins]
isolation=process
[secret_provider.files]
root=$CREDENTIALS_DIRECTORY
layout={tenant}.{secret}.{key}
ttl_seconds=1
"""
DROP_IN = "[Service]\nLoadCredential=acme.siem.signing:/etc/integrationsd.secrets/siem\n"
PROBE = """[Unit]
DefaultDependencies=no
[Service]
Type=oneshot
StandardOutput=file:/out/probe
StandardError=file:/out/probe
ExecStart={python} -B {tests}/programs/systemd/probe.py {tests} {old} {new}
"""


class Systemd(scene.WithFolder):
    @classmethod
    def prepare(cls):
        if os.geteuid() != 0:
            raise parts.Unavailable("namespaces of a systemd are made by root")
        if not os.access("/lib/systemd/systemd", os.X_OK):
            raise parts.Unavailable("there is no systemd")
        tried = subprocess.run(["unshare", "-m", "-p", "-f", "-C", "-u", "-i", "-n", "true"], stderr=subprocess.PIPE,
                               text=True, check=False)
        if tried.returncode != 0:
            raise parts.Unavailable("no namespaces can be made: " + tried.stderr.strip())

    def test_the_unit_starts_with_credentials_and_a_restart_rotates_them(self):
        here, old, new = self.folder, fresh(), fresh()
        tests = scene.REPOSITORY / "tests/kubernetes"
        units = here / "etc/systemd/system"
        (units / "integrationsd.service.d").mkdir(parents=True)
        subprocess.run(["cmake", "--install", scene.BUILD, "--prefix", "/usr", "--component", "daemon"], check=True,
                       stdout=subprocess.DEVNULL, env=os.environ | {"DESTDIR": str(here)})
        shutil.copy(scene.REPOSITORY / "etc/integrationsd.service", units)
        (units / "integrationsd.service.d/credentials.conf").write_text(DROP_IN)
        (units / "probe.service").write_text(PROBE.format(python=parts.python() / "bin/python", tests=tests, old=old, new=new))
        (units / "probe.target").write_text("[Unit]\nRequires=probe.service\nDefaultDependencies=no\n")
        (here / "etc/integrationsd.secrets").mkdir(mode=0o700)
        (here / "etc/integrationsd.secrets/siem").write_text(old)
        (here / "etc/integrationsd.secrets/siem").chmod(0o600)
        (here / "etc/integrationsd.conf").write_text(CONFIGURATION)
        for file, line in (("passwd", "integrationsd:x:9871:9871::/var/lib/integrationsd:/usr/sbin/nologin"),
                           ("group", "integrationsd:x:9871:")):
            shutil.copy(f"/etc/{file}", here / f"etc/{file}")
            with open(here / f"etc/{file}", "a") as accounts:
                accounts.write(line + "\n")
        (here / "out").mkdir()
        subprocess.run(["timeout", "-k", "5", "240", "bash", tests / "programs/systemd/enter.sh", here, "probe.target"], check=False)
        result = here / "out/result"
        self.assertTrue(result.exists(), (here / "out/console").read_text()[-3000:])
        found = json.loads(result.read_text())
        self.assertNotIn("fault", found, found.get("fault", "") + found.get("journal", "") + (here / "out/console").read_text()[-3000:])
        self.assertEqual([found["started"], found["reloaded"], found["restarted"]], ["old", "old", "new"])
        self.assertTrue(found["no_new_privileges"])
        self.assertGreater(found["loaded"], 1)
        self.assertEqual(found["reads_files"], 0, "plugins' constructors read libraries alone under this unit")
        self.assertEqual(found["stopped"], 2)
