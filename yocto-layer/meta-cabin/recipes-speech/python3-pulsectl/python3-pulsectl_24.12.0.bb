SUMMARY = "Volumes and sources of PulseAudio and PipeWire"
DESCRIPTION = "A ctypes binding to libpulse: lists streams and sources, sets volumes, and tells what changes."
HOMEPAGE = "https://github.com/mk-fg/python-pulse-control"
BUGTRACKER = "https://github.com/mk-fg/python-pulse-control/issues"
SECTION = "devel/python"
LICENSE = "MIT"
LIC_FILES_CHKSUM = "file://COPYING;md5=f1d10048469ff90123263eb5e214061d"

SRC_URI[sha256sum] = "288d6715232ac6f3dcdb123fbecaa2c0b9a50ea4087e6e87c3f841ab0a8a07fc"

PYPI_PACKAGE = "pulsectl"
UPSTREAM_CHECK_PYPI_PACKAGE = "${PYPI_PACKAGE}"

inherit pypi setuptools3

RDEPENDS:${PN} += "\
    libpulse \
    python3-core \
    python3-ctypes \
"
