"""The container image, built without a daemon from Debian and from what an installation writes, and run."""
import os
import shutil
import subprocess

import parts
import scene

TOOLS = ("buildah", "debootstrap", "chroot")


def fill_debian(folder):
    parts.run(["debootstrap", "--variant=minbase", "bookworm", folder / "root"])
    parts.run(["tar", "-C", folder / "root", "-cf", folder / "root.tar", "."])
    shutil.rmtree(folder / "root")


class Image(scene.WithFolder):
    @classmethod
    def prepare(cls):
        if os.geteuid() != 0:
            raise parts.Unavailable("images are built as root")
        for tool in TOOLS:
            if not shutil.which(tool):
                raise parts.Unavailable(f"there is no {tool}")
        debian = parts.kept("debian-bookworm-minbase", fill_debian)
        cls.stores = ["--root", cls.folder / "storage", "--runroot", cls.folder / "run"]
        (cls.folder / "base").mkdir()
        os.link(debian / "root.tar", cls.folder / "base/root.tar") if os.stat(debian).st_dev == os.stat(cls.folder).st_dev \
            else shutil.copy(debian / "root.tar", cls.folder / "base/root.tar")
        (cls.folder / "base/Containerfile").write_text("FROM scratch\nADD root.tar /\n")
        cls.buildah("bud", "-t", "localhost/debian:bookworm-slim", cls.folder / "base")
        context = cls.folder / "image"
        subprocess.run(["cmake", "--install", scene.BUILD, "--prefix", "/usr", "--component", "daemon"], check=True,
                       stdout=subprocess.DEVNULL, env=os.environ | {"DESTDIR": str(context / "root")})
        cls.buildah("bud", "--network=host", "--build-arg", "BASE=localhost/debian:bookworm-slim", "-f",
                    scene.REPOSITORY / "etc/container/Containerfile", "-t", "integrationsd", context)
        cls.container = cls.buildah("from", "integrationsd").strip().splitlines()[-1]

    @classmethod
    def buildah(cls, command, *words) -> str:
        environment = os.environ | {"BUILDAH_ISOLATION": "chroot", "STORAGE_DRIVER": "vfs", "TMPDIR": str(cls.folder)}
        return parts.run(["buildah", *cls.stores, command, *words], env=environment)

    def inside(self, *words) -> str:
        return self.buildah("run", "--network=host", self.container, "--", *words)

    def test_it_runs_as_nobodys_user(self):
        self.assertIn("integrationsd", self.inside("/usr/sbin/integrationsd", "--version"))
        user = self.buildah("inspect", "--format", "{{.OCIv1.Config.User}} {{.OCIv1.Config.Entrypoint}}", "--type", "image", "integrationsd")
        self.assertEqual(user.strip(), "10001:10001 [/usr/sbin/integrationsd]")

    def test_every_plugin_finds_its_libraries(self):
        for name in sorted(path.name for path in (self.folder / "image/root/usr/lib/integrationsd/plugins").glob("*.so")):
            self.inside("/usr/bin/ldd", f"/usr/lib/integrationsd/plugins/{name}")
            self.assertNotIn("not found", self.inside("/usr/bin/ldd", f"/usr/lib/integrationsd/plugins/{name}"), name)

    def test_doctor_looks_at_it(self):
        listed = self.inside("/usr/bin/integrationsctl", "--set", "general.environment=test", "--set",
                             "general.state_directory=/var/lib/integrationsd/state", "plugins", "list")
        self.assertIn("webhook", listed)
        self.assertNotIn("refused", listed)
