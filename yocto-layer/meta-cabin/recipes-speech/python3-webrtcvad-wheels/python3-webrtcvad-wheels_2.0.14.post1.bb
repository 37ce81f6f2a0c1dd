SUMMARY = "WebRTC voice activity detector"
DESCRIPTION = "A cheap gate before the neural voice activity detector."
HOMEPAGE = "https://github.com/daanzu/py-webrtcvad-wheels"
BUGTRACKER = "https://github.com/daanzu/py-webrtcvad-wheels/issues"
SECTION = "devel/python"
LICENSE = "MIT"
LIC_FILES_CHKSUM = "file://LICENSE;md5=425b45e5a79ac786f2f8e977a3beaad4"

SRC_URI[sha256sum] = "c740e93d24b5d0d7ecdd5548c43e37e2c88564826e869c861d5e3fa7f1cee7ff"

PYPI_PACKAGE = "webrtcvad_wheels"
UPSTREAM_CHECK_PYPI_PACKAGE = "${PYPI_PACKAGE}"

inherit pypi python_setuptools_build_meta

RDEPENDS:${PN} += "\
    python3-core \
"
