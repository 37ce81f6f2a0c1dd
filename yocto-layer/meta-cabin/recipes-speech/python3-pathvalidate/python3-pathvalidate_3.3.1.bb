SUMMARY = "Checks file names for piper-tts"
DESCRIPTION = "Checks and mends file names; piper-tts imports it."
HOMEPAGE = "https://github.com/thombashi/pathvalidate"
BUGTRACKER = "https://github.com/thombashi/pathvalidate/issues"
SECTION = "devel/python"
LICENSE = "MIT"
LIC_FILES_CHKSUM = "file://pathvalidate-3.3.1.dist-info/licenses/LICENSE;md5=5936a2ac3ff61cef91b1ebcb9800dbd8"

# A wheel because pure Python; its source archive needs setuptools_scm and a git checkout.
WHEEL[any] = "pathvalidate-3.3.1-py3-none-any.whl"
WHEEL_SHA256[any] = "5263baab691f8e1af96092fa5137ee17df5bdfbd6cff1fcac4d6ef4bc2e1735f"

inherit prebuilt_wheel

RDEPENDS:${PN} += "\
    python3-core \
"
