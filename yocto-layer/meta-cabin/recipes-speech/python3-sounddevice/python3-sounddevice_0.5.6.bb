SUMMARY = "Microphone and loudspeaker through PortAudio"
DESCRIPTION = "Plays and records sound in Python through the PortAudio library, with callbacks."
HOMEPAGE = "https://python-sounddevice.readthedocs.io"
BUGTRACKER = "https://python-sounddevice.readthedocs.io"
SECTION = "devel/python"
LICENSE = "MIT"
LIC_FILES_CHKSUM = "file://LICENSE;md5=6d5b33fbb7f36a747e1ad68af179ed92"

DEPENDS = "python3-cffi-native"

SRC_URI[sha256sum] = "8ec9fbfde2e32f020b167e348f3ab3bac6625a5f15af524d790108ac7147a410"

PYPI_PACKAGE = "sounddevice"
UPSTREAM_CHECK_PYPI_PACKAGE = "${PYPI_PACKAGE}"

inherit pypi python_setuptools_build_meta

RDEPENDS:${PN} += "\
    portaudio-v19 \
    python3-cffi \
"
