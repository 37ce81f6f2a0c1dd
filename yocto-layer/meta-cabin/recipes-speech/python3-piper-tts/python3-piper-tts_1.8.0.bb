SUMMARY = "Neural text to speech"
DESCRIPTION = "Speaks with a voice of its own format; runs as a process of its own, never inside the Apache-2.0 daemon."
HOMEPAGE = "https://github.com/OHF-voice/piper1-gpl"
BUGTRACKER = "https://github.com/OHF-voice/piper1-gpl/issues"
SECTION = "devel/python"
LICENSE = "GPL-3.0-or-later"
LIC_FILES_CHKSUM = "file://piper_tts-1.8.0.dist-info/licenses/COPYING;md5=8f0e2cd40e05189ec81232da84bd6e1a"

# A wheel because its source archive cannot be built by itself: it fetches espeak-ng and onnxruntime while it is built.
WHEEL[any] = "piper_tts-1.8.0-cp39-abi3-manylinux_2_17_aarch64.manylinux2014_aarch64.manylinux_2_28_aarch64.whl"
WHEEL_SHA256[any] = "3f60c1917de6d8e8033f395878ad3f88f6dfee88a8b05f98971a275f76a38484"

inherit prebuilt_wheel

RDEPENDS:${PN} += "\
    python3-onnxruntime \
    python3-pathvalidate \
"
