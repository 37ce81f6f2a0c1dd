SUMMARY = "Python bindings of FFmpeg"
DESCRIPTION = "Decodes audio for faster-whisper. The wheel carries its own FFmpeg."
HOMEPAGE = "https://pyav.basswood-io.com"
BUGTRACKER = "https://pyav.basswood-io.com"
SECTION = "devel/python"
LICENSE = "BSD-3-Clause & LGPL-2.1-or-later"
LIC_FILES_CHKSUM = "file://av-19.0.2.dist-info/licenses/LICENSE.txt;md5=a9c4cea4308c4521674ecd7c3255d8af"

# A wheel because faster-whisper needs a newer FFmpeg than the LTS release has; the wheel carries one, LGPL-2.1-or-later, in av.libs.
WHEEL[any] = "av-19.0.2-cp312-abi3-manylinux_2_28_aarch64.whl"
WHEEL_SHA256[any] = "04c8e412642c652cb2b1997a9cb2114546ee7d894600c631f4be8ceb26a0d0d2"

inherit prebuilt_wheel

RDEPENDS:${PN} += "\
    python3-core \
"
