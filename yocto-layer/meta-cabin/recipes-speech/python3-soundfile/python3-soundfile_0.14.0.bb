SUMMARY = "Reads and writes sound files"
DESCRIPTION = "Reads and writes sound files through libsndfile."
HOMEPAGE = "https://github.com/bastibe/python-soundfile"
BUGTRACKER = "https://github.com/bastibe/python-soundfile/issues"
SECTION = "devel/python"
LICENSE = "BSD-3-Clause"
LIC_FILES_CHKSUM = "file://LICENSE;md5=50c87fd45f9555bc1ffe01fe22be78d2"

DEPENDS = "python3-cffi-native"

SRC_URI[sha256sum] = "ba1c1a2d618bca5c406647c83b89f07cc8810fa506a50622a6993ba130c1de11"

PYPI_PACKAGE = "soundfile"
UPSTREAM_CHECK_PYPI_PACKAGE = "${PYPI_PACKAGE}"

inherit pypi python_setuptools_build_meta

RDEPENDS:${PN} += "\
    libsndfile1 \
    python3-cffi \
    python3-numpy \
"
